"""An evaluation as one HTML file that needs nothing else: what failed stands beside what was expected, with its calls and sources."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sayso.tools.canonical import to_jsonable

from ..research import html_parts
from ..research.html_parts import link_to, name_of, read_style, text_of, write_page
from .html_differences import mark_differences, show_block
from .suite_results import CaseResult, Evaluation, NotRun
from .values import ApprovalRecord, CallRecord, ScoreResult, SourceText

STATUS_WORDS = {"failed": "failed", "error": "error", "unjudged": "not judged", "passed": "passed"}
LONGEST_TEXT, LONGEST_SOURCE, LONGEST_REASON = 20_000, 1_500, 1_000
MOST_SOURCES, MOST_CALLS = 20, 50


def write_evaluation_html(evaluation: Evaluation) -> str:
    """Return an evaluation as a whole HTML page: the scores, each case that did not pass with expected and got side by side, the others.

    Everything that a model or a page said is shown as text.
    """
    others = [result for result in evaluation.results if not result.passed]
    passed = [result for result in evaluation.results if result.passed]
    body = (
        f"{_write_head(evaluation)}<main id=main>\n{_write_scores(evaluation)}{_write_others(others)}{_write_not_run(evaluation.not_run)}"
        f"{_write_passed(passed)}</main>\n{_write_foot(evaluation)}"
    )
    style = read_style(html_parts.__package__ or "", "report_page.css") + read_style(__package__ or "", "evaluation_page.css")
    return write_page(f"{evaluation.suite}: evaluation", style, body, skip="Skip to the results")


def _write_head(evaluation: Evaluation) -> str:
    counts = [(sum(result.status == status for result in evaluation.results), word) for status, word in STATUS_WORDS.items()]
    told = ", ".join(f"<strong>{count} {word}</strong>" if word != "passed" else f"{count} {word}" for count, word in counts if count)
    not_run = f", {len(evaluation.not_run)} not run" if evaluation.not_run else ""
    repeats = f" Each case was executed {evaluation.repeat} times." if evaluation.repeat > 1 else ""
    verdict = "Everything passed." if evaluation.passed else "It did not pass."
    return (
        f"<header><p class=kicker>Evaluation</p><h1>{name_of(evaluation.suite)}</h1>"
        f"<p class=made>{name_of(evaluation.subject)} · {_count(len(evaluation.results), 'result')}: {told or 'none'}{not_run}. "
        f"Cost {_show_cost(evaluation.cost_usd)}.{repeats}</p><p class=verdict>{verdict}</p></header>\n"
    )


def _write_scores(evaluation: Evaluation) -> str:
    if not evaluation.summaries:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{text_of(each.score, 200)}</th><td>{_show_number(each.mean)}</td><td>{each.passed}</td><td>{each.failed}</td>"
        f"<td>{len(each.values)} of {each.of}{_show_reasons(each.reasons)}</td></tr>"
        for each in evaluation.summaries
    )
    heads = "".join(f"<th scope=col>{name}</th>" for name in ("Score", "Mean", "Passed", "Failed", "Has a value"))
    return (
        "<section aria-labelledby=scores><h2 id=scores>Scores</h2><div class=rows role=region aria-label='Table of scores' tabindex=0>"
        f"<table class=figures><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>\n"
    )


def _show_reasons(reasons: Iterable[str]) -> str:
    return "".join(f" <small>{text_of(reason, 300)}</small>" for reason in list(reasons)[:3])


def _write_others(results: list[CaseResult]) -> str:
    if not results:
        return ""
    cases = "".join(_write_case(result, place) for place, result in enumerate(results))
    return f"<section aria-labelledby=others><h2 id=others>What did not pass</h2>{cases}</section>\n"


def _write_case(result: CaseResult, place: int) -> str:
    case, record, word = result.case, result.record, STATUS_WORDS[result.status]
    where = f" <span class=soft>{text_of(case.place)}</span>" if case.place else ""
    given = _show_value(case.input)
    expected, got = _show_sides(result)
    difference = f"<p class=soft>{text_of(result.difference, LONGEST_REASON)}</p>" if result.difference else ""
    return (
        f"<article class=case aria-labelledby=case-{place}><h3 id=case-{place}><span class='badge {result.status}'>{word}</span> "
        f"{name_of(case.name)}{_show_repeat(result.repeat)}{where}</h3>{difference}"
        f"<div class=asked><h4>Input</h4>{show_block(given, LONGEST_TEXT)}</div>"
        f"<div class=sides><div class=side><h4>Expected</h4>{expected}{_list_scores(result.scores)}</div>"
        f"<div class=side><h4>Got</h4>{got}{_list_calls(record.calls)}{_list_approvals(record.approvals)}{_list_sources(record.sources)}"
        f"{_write_facts(result)}</div></div></article>\n"
    )


def _show_sides(result: CaseResult) -> tuple[str, str]:
    """Return the expected output and the one that came, with marks where they differ."""
    case, record = result.case, result.record
    output = record.output if record.output is not None else record.text
    got = record.text if isinstance(case.expected, str) and record.text else _show_value(output)
    error = f"<p class=broken><strong>Error.</strong> {text_of(record.error, LONGEST_REASON)}</p>" if record.error else ""
    if not record.finished:
        error += "<p class=broken><strong>Not finished.</strong> It waits for a decision, or was cancelled.</p>"
    if case.expected is None:
        return "", error + (show_block(got, LONGEST_TEXT) if got else "<p class=soft>No output.</p>" if not error else "")
    expected = _show_value(case.expected)
    if not got:
        return show_block(expected, LONGEST_TEXT), error or "<p class=soft>No output.</p>"
    left, right = mark_differences(expected, got, LONGEST_TEXT)
    return left, error + right


def _show_value(value: object) -> str:
    """Return a value as people read it: text as it is, anything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(to_jsonable(value), ensure_ascii=False, indent=2)
    except (TypeError, ValueError):
        return repr(value)


def _list_scores(scores: Iterable[ScoreResult]) -> str:
    """List what had to hold: first what does not."""
    ordered = sorted(scores, key=lambda each: (each.passed is not False, each.passed is True))
    rows = "".join(map(_write_score, ordered))
    return f"<ul class='plain scores'>{rows}</ul>" if rows else ""


def _write_score(score: ScoreResult) -> str:
    word = {True: "holds", False: "does not hold", None: "no limit" if score.value is not None else "not judged"}[score.passed]
    kind = {True: "passed", False: "failed", None: "unjudged"}[score.passed]
    value = f" <span class=value>{_show_number(score.value)}</span>" if score.value not in (None, 0.0, 1.0) else ""
    reason = f" <span class=soft>{text_of(score.reason, LONGEST_REASON)}</span>" if score.reason else ""
    details = "".join(f"<li>{text_of(each, LONGEST_REASON)}</li>" for each in score.details[:20])
    listed = f"<ul class=details>{details}</ul>" if details else ""
    return f"<li><span class='badge {kind}'>{word}</span> {text_of(score.score, 200)}{value}{reason}{listed}</li>"


def _list_calls(calls: tuple[CallRecord, ...]) -> str:
    if not calls:
        return ""
    rows = "".join(
        f"<li><code>{text_of(f'{call.tool}({_show_arguments(call.arguments)})', LONGEST_REASON)}</code> "
        f"<span class=soft>{text_of(str(call.outcome) if call.outcome else 'waits for a decision')}"
        f"{f': {text_of(call.text, 400)}' if call.text else ''}</span></li>"
        for call in calls[:MOST_CALLS]
    )
    return f"<h5>Calls</h5><ol class='plain calls'>{rows}{_tell_more(len(calls), MOST_CALLS)}</ol>"


def _list_approvals(approvals: tuple[ApprovalRecord, ...]) -> str:
    if not approvals:
        return ""
    rows = "".join(
        f"<li>{text_of(each.card or each.tool, LONGEST_REASON)} <span class=soft>{text_of(each.decision or 'open')}"
        f"{f': {text_of(each.reason, 300)}' if each.reason else ''}</span></li>"
        for each in approvals[:MOST_CALLS]
    )
    return f"<h5>Approvals</h5><ul class=plain>{rows}{_tell_more(len(approvals), MOST_CALLS)}</ul>"


def _list_sources(sources: tuple[SourceText, ...]) -> str:
    if not sources:
        return ""
    rows = "".join(
        f"<li><details><summary>[{text_of(source.id, 80)}] {text_of(source.url, 200)}</summary>"
        f"{f'<p>{link_to(source.url)}</p>' if source.url else ''}{show_block(source.text, LONGEST_SOURCE)}</details></li>"
        for source in sources[:MOST_SOURCES]
    )
    return f"<h5>Sources</h5><ul class=plain>{rows}{_tell_more(len(sources), MOST_SOURCES)}</ul>"


def _tell_more(count: int, most: int) -> str:
    return f"<li class=soft>{count - most} more</li>" if count > most else ""


def _show_arguments(arguments: object) -> str:
    try:
        plain = to_jsonable(arguments)
    except TypeError:
        return repr(arguments)
    return ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in plain.items()) if isinstance(plain, dict) else ""


def _write_facts(result: CaseResult) -> str:
    record = result.record
    models = f", {', '.join(record.models)}" if record.models else ""
    told = f"run {record.run_id}, {_count(record.turns, 'model call')}, {record.seconds:.2f} s, cost {_show_cost(result.cost_usd)}{models}"
    return f"<p class=soft>{text_of(told, 400)}</p>"


def _write_not_run(left: tuple[NotRun, ...]) -> str:
    if not left:
        return ""
    rows = "".join(
        f"<li>{name_of(each.case.name)}{_show_repeat(each.repeat)} <span class=soft>{text_of(each.reason, LONGEST_REASON)}</span></li>"
        for each in left
    )
    return f"<section aria-labelledby=left><h2 id=left>Not run</h2><ul class=plain>{rows}</ul></section>\n"


def _write_passed(results: list[CaseResult]) -> str:
    if not results:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{name_of(each.case.name)}{_show_repeat(each.repeat)}</th>"
        f"<td>{text_of(each.record.text or _show_value(each.record.output), 200)}</td>"
        f"<td>{', '.join(f'{text_of(score.score, 80)} {_show_number(score.value)}' for score in each.scores)}</td>"
        f"<td>{each.record.seconds:.2f} s</td><td>{_show_cost(each.cost_usd)}</td></tr>"
        for each in results
    )
    heads = "".join(f"<th scope=col>{name}</th>" for name in ("Case", "Output", "Scores", "Time", "Cost"))
    return (
        "<section aria-labelledby=passed><h2 id=passed>What passed</h2>"
        "<div class=rows role=region aria-label='Table of what passed' tabindex=0>"
        f"<table class=figures><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>\n"
    )


def _write_foot(evaluation: Evaluation) -> str:
    stored = f", its runs are in <code>{text_of(evaluation.database, 200)}</code>" if evaluation.database else ""
    return f"<footer><p>Evaluation <code>{text_of(evaluation.id, 200)}</code>{stored}.</p></footer>\n"


def _show_repeat(repeat: int) -> str:
    return f" <span class=soft>repeat {repeat + 1}</span>" if repeat else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _show_cost(usd: float) -> str:
    """Return a cost; where none was counted it is free or unknown, which nobody can tell apart."""
    return f"${usd:.4f}" if usd else "–"


def _show_number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
