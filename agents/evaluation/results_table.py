"""An evaluation as text for a terminal: what did not pass and why, each score with its interval, and what differs from a baseline."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sayso.tools.approval.cards import show_value

from .baselines import BaselineComparison, ScoreDifference
from .statistics import bootstrap_interval
from .suite_results import CaseResult, CaseStatus, Evaluation, group_by_case

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

MOST_ROWS = 40
"""Of more cases than this only those that did not pass have a row."""
MOST_COLUMNS = 5
"""Of more scores than this the rows of cases have none; the table of scores has them all."""
REASON = 400
COLOURS = {CaseStatus.PASSED: "green", CaseStatus.FAILED: "red", CaseStatus.ERROR: "magenta", CaseStatus.UNJUDGED: "yellow"}


def format_evaluation(evaluation: Evaluation, comparison: BaselineComparison | None = None, *, width: int = 120) -> str:
    """Return an evaluation as plain text."""
    from rich.console import Console  # late, for load time

    text = io.StringIO()
    print_evaluation(evaluation, comparison, Console(file=text, width=width, color_system=None, highlight=False))
    return text.getvalue()


def print_evaluation(evaluation: Evaluation, comparison: BaselineComparison | None = None, console: Console | None = None) -> None:
    """Print an evaluation. Where nobody looks at a terminal the lines are 120 characters wide, and have no colours."""
    console = console or make_console()
    groups = group_by_case(evaluation.results)
    shown = {name: group for name, group in groups.items() if len(groups) <= MOST_ROWS or not all(each.passed for each in group)}
    if shown:
        console.print(_make_case_table(evaluation, shown))
    _print_reasons(evaluation.results, console)
    if evaluation.scores:
        console.print(_make_score_table(evaluation))
    if comparison is not None:
        _print_comparison(comparison, console)
    for line in _summarise(evaluation):
        console.print(make_text(line), soft_wrap=True)


def make_console() -> Console:
    """Return where tables are printed: standard output, without colours and 120 characters wide where it is no terminal."""
    from rich.console import Console  # late, for load time

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=120, color_system=None)


def _make_case_table(evaluation: Evaluation, groups: dict[str, tuple[CaseResult, ...]]) -> Table:
    columns = evaluation.columns
    names = list(columns) if len(columns) <= MOST_COLUMNS else []
    table = make_table("case", "result", *names, "cost", "seconds", right=len(names) + 2)
    for name, group in groups.items():
        cells = [_mean(score.value for result in group for score in result.scores if score.score in columns[each]) for each in names]
        cost, seconds = sum(each.cost_usd for each in group), sum(each.record.seconds for each in group)
        word = _describe_group(group)
        colour = COLOURS[next((each.status for each in group if not each.passed), CaseStatus.PASSED)]
        table.add_row(make_text(name), make_text(word, colour), *map(make_text, cells), make_text(_cost(cost)), make_text(f"{seconds:.2f}"))
    return table


def _describe_group(group: Sequence[CaseResult]) -> str:
    if len(group) == 1:
        return str(group[0].status)
    passed = sum(each.passed for each in group)
    return f"passed {passed} of {len(group)}" if passed else str(group[0].status)


def _print_reasons(results: Iterable[CaseResult], console: Console) -> None:
    for result in results:
        if not result.passed or result.difference:
            place = f" ({result.case.place})" if result.case.place else ""
            repeat = f", repeat {result.repeat + 1}" if result.repeat else ""
            console.print(make_text(f"{result.case.name}{place}{repeat}: {result.status}", COLOURS[result.status]), soft_wrap=True)
            answered = f"It answered: {result.record.text}" if result.status is CaseStatus.FAILED and result.record.text else ""
            for line in filter(None, dict.fromkeys((result.reason, answered, result.difference))):
                console.print(make_text(f"  {_shorten(line)}"), soft_wrap=True)
            if result.record.run_id:
                console.print(make_text(f"  run {result.record.run_id}", "dim"), soft_wrap=True)


def _make_score_table(evaluation: Evaluation) -> Table:
    table = make_table("score", "mean", "95 % interval", "passed", "failed", "no value", right=5)
    for summary in evaluation.summaries:
        interval = bootstrap_interval(evaluation.values_of(summary.score)) if summary.values else None
        between = (
            f"{interval.low:.2f} to {interval.high:.2f}" if interval and interval.low is not None and interval.high is not None else "-"
        )
        judged = (str(summary.passed), str(summary.failed)) if summary.passed or summary.failed else ("-", "-")
        missing = summary.of - len(summary.values)
        mean = "-" if summary.mean is None else f"{summary.mean:.2f}"
        cells = (summary.score, mean, between, *judged, f"{missing} of {summary.of}" if missing else "")
        table.add_row(*map(make_text, cells))
    return table


def _print_comparison(comparison: BaselineComparison, console: Console) -> None:
    if comparison.rows:
        table = make_table("compared with the baseline", "before", "now", "difference", "95 % interval", "cases", "cases needed", right=6)
        for row in comparison.rows:
            table.add_row(*_describe_row(row))
        console.print(table)
        console.print(
            make_text('"cases needed": how many cases show a difference of this size with a power of 80 %.', "dim"), soft_wrap=True
        )
    for what, names in (
        ("passed before, and not now", comparison.broken),
        ("passes now, and not before", comparison.repaired),
        ("another input or expected output than before, not compared", comparison.changed),
        ("not in the baseline", comparison.added),
        ("only in the baseline", comparison.gone),
    ):
        if names:
            more = f" and {len(names) - 12} more" if len(names) > 12 else ""
            console.print(make_text(f"{what}: {', '.join(names[:12])}{more}"), soft_wrap=True)


def _describe_row(row: ScoreDifference) -> tuple[Text, ...]:
    difference = row.difference
    between = _format_bounds(difference.low, difference.high, "+.3g")
    needed = "-" if difference.needed is None else f"{difference.needed:,}"
    colour = ("red" if row.is_worse else "green") if difference.seen else ""
    cells = (f"{row.before:.3g}", f"{row.now:.3g}", f"{difference.mean:+.3g}", between, str(difference.cases), needed)
    return (make_text(row.name), *(make_text(cell, colour if index == 2 else "") for index, cell in enumerate(cells)))


def _summarise(evaluation: Evaluation) -> Iterable[str]:
    for each in evaluation.silent_scores:
        yield f"{each.score} has judged nothing: {_shorten('; '.join(each.reasons[:3]) or 'it gives no reason')}"
    results = evaluation.results
    counts = {status: evaluation.count(status) for status in CaseStatus}
    words = [f"{counts[CaseStatus.PASSED]} of {len(results)} passed"]
    words += [f"{counts[status]} {word}" for status, word in _WORDS.items() if counts[status]]
    total = f"{', '.join(words)}. Cost {_cost(evaluation.cost_usd)}, {sum(each.record.seconds for each in results):.1f} s of runs."
    yield total
    if unchecked := list(dict.fromkeys(each.case.name for each in results if each.passed and not (each.scores or each.case.recording))):
        more = f" and {len(unchecked) - 8} more" if len(unchecked) > 8 else ""
        yield f"Nothing is checked in {', '.join(unchecked[:8])}{more}: a case without a condition passes when its run ends."
    if evaluation.not_run:
        reasons = dict.fromkeys(each.reason for each in evaluation.not_run)
        names = dict.fromkeys(each.case.name for each in evaluation.not_run)
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        yield f"Not run: {len(evaluation.not_run)} ({', '.join(list(names)[:8])}{more}). {' '.join(reasons)}"


_WORDS = {CaseStatus.FAILED: "failed", CaseStatus.ERROR: "ended with an error", CaseStatus.UNJUDGED: "not judged"}


def make_table(*heads: str, right: int) -> Table:
    """Return an empty table; its last `right` columns are numbers."""
    from rich.table import Table  # late, for load time

    table = Table(box=None, header_style="bold", pad_edge=False)
    for index, head in enumerate(heads):
        is_number = index >= len(heads) - right
        table.add_column(make_text(head), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table


def make_text(value: str, colour: str = "") -> Text:
    """Return a text as a terminal may print it, every character visible, on one line."""
    from rich.text import Text  # late, for load time

    return Text(show_value(value), style=colour)


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= REASON else f"{line[:REASON]} ... ({len(line)} characters)"


def _mean(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known) / len(known):.2f}" if known else "-"


def _format_bounds(low: float | None, high: float | None, form: str) -> str:
    return "-" if low is None or high is None else f"{low:{form}} to {high:{form}}"


def _cost(cost_usd: float) -> str:
    return f"${cost_usd:.4f}" if cost_usd else "-"
