"""The report of a research as Markdown: the table first, then each competitor with its evidence, what was left out, the sources."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from .money_words import find_mixed_signs
from .price_list import find_price_list
from .report_changes import describe_change
from .report_seals import find_fingerprint, seal_text
from .report_summary import find_untold_points
from .report_values import Claim, Competitor, ReportValues
from .site_identity import find_site

UNKNOWN = "unknown"
COMPARED = "How they compare"
ABOUT = {
    "whom": "",
    "changes": "Since last time",
    "prices": "Prices",
    "gaps": "What is not known",
    "contradictions": "To be checked",
    "limits": "What this rests on",
}
"""The headings of a summary's sentences; those of whom it is about stand first, without one."""
IN_CELL = 3
"""How many claims of an aspect a cell of the table shows; the competitor's own part has all."""
CELL_CHARACTERS = 120
TITLES = {"competitors": "Competitors of {}", "market": "The market for {}", "topic": "{}"}
COLUMNS_AT_ONCE = 4
"""How many sites stand in a table beside the client."""
COLUMNS = {"competitors": "Competitors", "market": "Businesses in this market", "topic": "What was read"}


def write_markdown(report: ReportValues) -> str:
    """Return the report as Markdown."""
    lines = _write_head(report)
    lines += _write_summary(report)
    lines += _write_changes(report)
    lines += _write_table(report)
    lines += _write_contradictions(report)
    lines += _write_columns(report)
    lines += _write_considered(report)
    lines += _write_withdrawn(report)
    lines += _write_failures(report)
    lines += _write_sources(report)
    text = "\n".join(lines).rstrip() + "\n"
    fingerprint = find_fingerprint(report)
    return seal_text(f"{text}\nFingerprint `{fingerprint}`.\n\n<!-- sayso-seal {fingerprint}: -->\n") if fingerprint else text


def escape_markdown(text: str) -> str:
    """Return text of strangers as Markdown that only shows it: no links, no HTML, one line."""
    line = " ".join(text.split())
    for mark in "\\`*_[]<>|#":
        line = line.replace(mark, f"\\{mark}")
    return line


def _write_head(report: ReportValues) -> list[str]:
    title = TITLES.get(report.kind, "{}").format(escape_markdown(report.company))
    lines = [f"# {title}", "", f"Made {report.made_at}. {report.written_by}", ""]
    if report.stopped:
        lines += [f"**Stopped early:** {escape_markdown(report.stopped)} What follows is what was done until then.", ""]
    for each in report.left_out:
        where = f" <{each.url}>" if each.url else ""
        lines.append(f"- Left out, {escape_markdown(each.what)}: {escape_markdown(each.name)}{where}. {escape_markdown(each.why)}")
    return [*lines, ""] if report.left_out else lines


def _write_summary(report: ReportValues) -> list[str]:
    """Write the key points, those of one thing in one paragraph after its name, and the sentences that compare."""
    paragraphs: dict[str, list[str]] = {}
    for point in report.summary:
        paragraphs.setdefault(ABOUT.get(point.about, "Also"), []).append(
            f"{escape_markdown(point.text)} {_mark_claims(point.claims)}".rstrip()
        )
    for compared in find_untold_points(report):
        paragraphs.setdefault(COMPARED, []).append(f"{escape_markdown(compared.text)} {_mark_claims(compared.claims)}".rstrip())
    lines: list[str] = []
    for about, (first, *others) in paragraphs.items():
        lines += [f"**{about}.** {first}" if about else first, "", *(line for told in others for line in (told, ""))]
    return ["## Summary", "", *lines] if lines else []


def _write_changes(report: ReportValues) -> list[str]:
    if not report.changed_since:
        return []
    lines = [f"- {escape_markdown(describe_change(change))}{f' ({change.claim})' if change.claim else ''}" for change in report.changes]
    return [f"## What changed since {report.changed_since[:10]}", "", *(lines or ["Nothing."]), ""]


def _write_contradictions(report: ReportValues) -> list[str]:
    """Write a table for each thing of which a site says different amounts: its sides, with both dates."""
    if not report.contradictions:
        return []
    claims = {number: claim for number, _, claim in report.number_claims()}
    sources = {source.number: source for source in report.sources}
    lines = ["## Contradictions", ""]
    for each in report.contradictions:
        lines += [f"{escape_markdown(each.company)}: {escape_markdown(each.what)}", "", "| said | dated | read | |", "|---|---|---|---|"]
        for number in (number for number in each.claims if number in claims):
            claim, source = claims[number], sources.get(claims[number].source)
            dated = claim.dated or (source.published if source is not None else "") or "undated"
            read = source.fetched_at[:10] if source is not None else ""
            older = ", older" if number in each.stale else ""
            lines.append(f"| {escape_markdown(claim.value or claim.text)} ({number}) | {dated}{older} | {read} | [{claim.source}] |")
        lines.append("")
    return lines


def _write_table(report: ReportValues) -> list[str]:
    """Write a row for each aspect and a column for each site, the client first; many sites in several tables, each with the client."""
    aspects = report.aspects or tuple(dict.fromkeys(claim.topic for _, _, claim in report.number_claims()))
    if not report.columns or not aspects:
        return []
    numbers = {id(claim): number for number, _, claim in report.number_claims()}
    mixed = find_mixed_signs(claim for _, _, claim in report.number_claims())
    first = report.columns[: len(report.columns) - len(report.competitors)]
    lines = ["## At a glance", ""]
    for start in range(0, max(1, len(report.competitors)), COLUMNS_AT_ONCE):
        columns = (*first, *report.competitors[start : start + COLUMNS_AT_ONCE])
        names = [f"**{escape_markdown(column.name)}**" if column is report.client else escape_markdown(column.name) for column in columns]
        lines += [f"| | {' | '.join(names)} |", f"|{'---|' * (len(columns) + 1)}"]
        for aspect in aspects:
            cells = [_write_cell([claim for claim in column.claims if claim.topic == aspect], numbers, mixed) for column in columns]
            lines.append(f"| {escape_markdown(aspect)} | {' | '.join(cells)} |")
        lines.append("")
    note = f"“{UNKNOWN}” means that no page that was read says it, not that there is none. Numbers in brackets are claims below."
    return [*lines, note, ""]


def _write_cell(claims: Sequence[Claim], numbers: dict[int, int], mixed: frozenset[str]) -> str:
    """Write what is known of an aspect: a price list by its cheapest and dearest, sentences before single facts of data."""
    current = [claim for claim in claims if not claim.old] or list(claims)
    listed = find_price_list(current)
    others = [claim for claim in current if listed is None or claim not in listed.claims]
    others.sort(key=lambda claim: claim.written == "data" and bool(claim.subject))
    parts: list[str] = []
    if listed is not None:
        parts.append(f"{listed.describe(mixed)}, {len(listed.claims)} prices ({numbers[id(listed.low)]}) ({numbers[id(listed.high)]})")
    parts += [f"{_shorten(escape_markdown(claim.text))} ({numbers[id(claim)]})" for claim in others[: IN_CELL - len(parts)]]
    left = len(others) - (IN_CELL - (listed is not None))
    if left > 0:
        parts.append(f"and {left} more")
    return "<br>".join(parts) or UNKNOWN


def _shorten(text: str) -> str:
    return text if len(text) <= CELL_CHARACTERS else f"{text[:CELL_CHARACTERS].rsplit(' ', 1)[0]} …"


def _mark_claims(numbers: Sequence[int]) -> str:
    return " ".join(f"({number})" for number in numbers)


def _write_columns(report: ReportValues) -> list[str]:
    numbers = {id(claim): number for number, _, claim in report.number_claims()}
    lines = []
    if report.client is not None:
        lines += [f"## The client: {escape_markdown(report.client.name)}", "", *_write_column(report, report.client, numbers)]
    lines += [f"## {COLUMNS.get(report.kind, 'Competitors')}", ""]
    for competitor in report.competitors:
        lines += [f"### {escape_markdown(competitor.name)}", "", *_write_column(report, competitor, numbers)]
    if not report.competitors:
        lines += ["None was found that could be read.", ""]
    return lines


def _write_column(report: ReportValues, column: Competitor, numbers: dict[int, int]) -> list[str]:
    lines = [f"<{column.url}>", ""]
    if column.reason:
        shown = f" “{escape_markdown(column.reason_quote)}”" if column.reason_quote else ""
        lines += [f"Chosen because: {escape_markdown(column.reason)}{shown}", ""]
    order = {aspect: place for place, aspect in enumerate(report.aspects)}
    claims = sorted(column.claims, key=lambda claim: order.get(claim.topic, len(order)))
    for topic, of_topic in groupby(claims, key=lambda claim: claim.topic):
        lines += [f"**{escape_markdown(topic)}**", ""]
        lines += _write_claims(list(of_topic), numbers)
    missing = [aspect for aspect in report.aspects if all(claim.topic != aspect for claim in column.claims)]
    if missing:
        lines += [f"Nothing was found on: {', '.join(map(escape_markdown, missing))}.", ""]
    return lines


def _write_claims(claims: Sequence[Claim], numbers: dict[int, int]) -> list[str]:
    """Write the claims of an aspect: sentences as a list, what has a thing and a value as small tables, one for each label."""
    by_name: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.subject and claim.value:
            by_name.setdefault(claim.name, []).append(claim)
    tabled = {id(claim) for group in by_name.values() if len(group) > 1 for claim in group}
    lines = []
    for claim in claims:
        if id(claim) in tabled:
            continue
        lines.append(f"- ({numbers[id(claim)]}) {escape_markdown(claim.text)} [{claim.source}]{_say_date(claim)}")
        if claim.written != "data" and " ".join(claim.quote.split()).rstrip(".") not in " ".join(claim.text.split()):
            lines.append(f"  > “{escape_markdown(claim.quote)}”")
    if lines:
        lines.append("")
    for name, group in by_name.items():
        if len(group) > 1:
            lines += [f"| | {escape_markdown(name)} | |", "|---|---|---|"]
            lines += [
                f"| {escape_markdown(claim.subject)} | {escape_markdown(claim.value)} | "
                f"({numbers[id(claim)]}) [{claim.source}]{_say_date(claim)} |"
                for claim in group
            ]
            lines.append("")
    return lines


def _say_date(claim: Claim) -> str:
    return (f", said {claim.dated}" if claim.dated else "") + (", no longer so" if claim.old else "")


def _write_considered(report: ReportValues) -> list[str]:
    taken = {find_site(column.url).host for column in report.columns}
    left_out = [each for each in report.considered if find_site(each.url).host not in taken]
    if not left_out:
        return []
    lines = ["## Considered and left out", ""]
    for each in left_out:
        shown = f" “{escape_markdown(each.quote)}”" if each.quote else ""
        lines.append(f"- {escape_markdown(each.name or each.host)} <{each.url}>: {escape_markdown(each.reason)}{shown}")
    return [*lines, ""]


def _write_withdrawn(report: ReportValues) -> list[str]:
    lines = []
    if report.replaced_claims:
        word = "sentence was" if report.replaced_claims == 1 else "sentences were"
        why = _list_reasons(report.count_reasons(replaced=True))
        lines.append(f"{report.replaced_claims} {word} replaced by the page's own words{why}.")
    if report.dropped_claims:
        word = "sentence was" if report.dropped_claims == 1 else "sentences were"
        lines.append(f"{report.dropped_claims} {word} dropped{_list_reasons(report.count_reasons(replaced=False))}.")
    return ["## What was taken away", "", *(f"- {line}" for line in lines), ""] if lines else []


def _list_reasons(reasons: Sequence[tuple[str, int]]) -> str:
    """Return the reasons after a colon, those of more than one sentence with their number."""
    return ": " + "; ".join(escape_markdown(f"{reason.rstrip('.')} ({count})") for reason, count in reasons) if reasons else ""


def _write_failures(report: ReportValues) -> list[str]:
    if not report.failed_pages:
        return []
    failures = [f"- <{page.url}>: {escape_markdown(page.why)}" for page in report.failed_pages]
    return ["## Pages that could not be read", "", *failures, ""]


def _write_sources(report: ReportValues) -> list[str]:
    lines = ["## How it was done", "", *(f"- {escape_markdown(step)}" for step in report.plan)]
    lines += ["", "Searched for: " + "; ".join(f"“{escape_markdown(query)}”" for query in report.queries) + ".", ""]
    lines += ["## Sources", ""]
    for source in report.sources:
        dated = f" Dated {source.published}." if source.published else ""
        title = escape_markdown(source.title)
        kind = f" {source.kind.capitalize()}." if source.kind else ""
        lines.append(f"{source.number}. <{source.url}> {title}.{kind}{dated} Read {source.fetched_at}, sha256 `{source.sha256[:16]}`")
    return lines
