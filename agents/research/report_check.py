"""Check a saved report without the network: the stored pages, the quotes in them, what the claims say of them, and every other part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sayso.tools.errors import UsageError
from sayso.tools.quantities import find_amounts
from sayso.tools.truth import check_statement
from sayso.tools.truth.words import is_light, tokenize
from sayso.tools.web import Snapshot, find_quote, load_snapshot

from .report import SNAPSHOTS as SNAPSHOTS
from .report import Report
from .report_seals import find_broken_parts, find_fingerprint, is_text_changed, read_fingerprint
from .report_values import VERSION, Claim, Competitor, Source, hash_text, seal_claim
from .site_identity import find_site

_PARTS = {
    "company": "what it is about",
    "made_at": "when it was made",
    "written_by": "by whom it was written",
    "plan": "step {} of its plan",
    "queries": "query {}",
    "client": "the client: its name, address or claims",
    "competitors": "site {}: its name, address, reason or claims",
    "comparison": "sentence {} of the comparison",
    "summary": "sentence {} of the summary",
    "sources": "source {}",
    "failed_pages": "page {} of those that could not be read",
    "considered": "site {} of those that were considered",
    "withdrawn": "sentence {} of those that were taken away",
    "left_out": "entry {} of what was left out",
    "changes": "change {}",
    "contradictions": "contradiction {}",
    "aspects": "aspect {}",
    "stopped": "why it was stopped",
    "changed_since": "the date of the earlier report",
    "kind": "what kind of research it is",
    "version": "the version of its form",
}
"""The parts of a report in words, with the place of an item."""


def read_report(path: Path) -> Report:
    """Read a report that was saved as JSON, of this or an earlier version. Raises UsageError for a file that is none."""
    try:
        report = TypeAdapter(Report).validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"The report {path} cannot be read: {error.strerror or error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        what = f"{'.'.join(map(str, first['loc'])) or 'its form'}: {first['msg']}"
        if first["type"] == "json_invalid":
            breaks_off = "it breaks off before its end, so it was not written or copied whole"
            what = breaks_off if "EOF" in first["msg"] else "it is not JSON"
        raise UsageError(f"{path} is not a report of sayso research: {what}. Give the .json file of a report.") from None
    if report.version > VERSION:
        raise UsageError(
            f"{path} is a report of version {report.version}; this Sayso reads up to version {VERSION}. Read it with a newer Sayso."
        )
    return report


def write_schema() -> str:
    """Return the JSON Schema of a saved report."""
    schema = TypeAdapter(Report).json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Report of sayso research, version {VERSION}"}
    return json.dumps({**head, **{name: value for name, value in schema.items() if name not in head}}, ensure_ascii=False, indent=1) + "\n"


def check_report(report: Report, snapshots: Path) -> list[str]:
    """Return a sentence for each part of a report, and each page beneath it, that is not as it was.

    A page may be missing or changed; a quote, sentence, date or source may be another one; a claim may have been moved. `snapshots` is the
    folder with the pages as they were read; `sayso research` puts it beside the report.
    """
    pages: dict[int, Snapshot] = {}
    problems: list[str] = []
    for source in report.sources:
        found = _load(source, snapshots)
        if isinstance(found, Snapshot):
            pages[source.number] = found
        else:
            problems.append(found)
    sources = {source.number: source for source in report.sources}
    for number, column, claim in report.number_claims():
        whats = _check_claim(claim, column, sources.get(claim.source), pages, sealed=report.version > 1)
        problems += [f"Claim {number} ({column.name}): {what}" for what in whats]
        if claim.source in sources and (other := _find_owner(sources[claim.source].url, column, report)):
            problems.append(f"Claim {number} ({column.name}): its page is {other}’s.")
    claims = {number: claim for number, _, claim in report.number_claims()}
    for place, point in enumerate(report.comparison, 1):
        problems += [f"Sentence {place} of the comparison: {what}" for what in _check_point(point.text, point.claims, claims)]
    for place, key_point in enumerate(report.summary, 1):
        if missing := [number for number in key_point.claims if number not in claims]:
            problems.append(f"Sentence {place} of the summary: there is no claim {missing[0]}.")
    return problems + list(_check_parts(report))


def check_files(report: Report, path: Path) -> list[str]:
    """Return a sentence for each file beside a report's JSON, written with it, that was edited or is of another report."""
    problems: list[str] = []
    fingerprint = find_fingerprint(report)
    for suffix in (".html", ".md") if fingerprint else ():
        file = path.with_suffix(suffix)
        if not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        if is_text_changed(text):
            problems.append(f"{file.name} was edited after it was written.")
        elif read_fingerprint(text) != fingerprint:
            problems.append(f"{file.name} was written from another report than {path.name}.")
    table = path.with_suffix(".csv")
    if fingerprint and table.is_file() and table.read_text(encoding="utf-8", errors="replace").split() != report.csv().split():
        problems.append(f"{table.name} is not the table of {path.name}: it was edited, or another version of Sayso wrote it.")
    return problems


def _load(source: Source, snapshots: Path) -> Snapshot | str:
    named = f"Page {source.number} ({source.url})"
    path = snapshots / f"{source.snapshot}.json"
    if "/" in source.snapshot or "\\" in source.snapshot or not path.is_file():
        return f"{named}: its snapshot {path.name} is missing."
    try:
        snapshot = load_snapshot(path)
    except UsageError:
        return f"{named}: its stored bytes are missing or were changed."
    except (OSError, ValueError, TypeError, KeyError, json.JSONDecodeError):
        return f"{named}: its snapshot {path.name} cannot be read."
    if snapshot.sha256 != source.sha256 or snapshot.final_url != source.url:
        return f"{named}: the snapshot is of another page."
    if source.text_sha256 and hash_text(snapshot.text) != source.text_sha256:
        return f"{named}: the text of its snapshot was changed."
    if snapshot.fetched_at != source.fetched_at:
        return f"{named}: it was read at {snapshot.fetched_at}, not at {source.fetched_at}."
    if snapshot.name != source.snapshot:
        return f"{named}: the address that was asked for was changed."
    return snapshot


def _check_claim(claim: Claim, column: Competitor, source: Source | None, pages: Mapping[int, Snapshot], *, sealed: bool) -> Iterator[str]:
    if source is None:
        yield f"its source {claim.source} is not among the report's sources."
        return
    if sealed and seal_claim(claim, source, column.url) != claim.seal:
        yield "it was changed after the report was made, or points to another source, or was moved from another site."
    elif not sealed and claim.seal and seal_claim(claim, source) != claim.seal:
        yield "it was changed after the report was made, or points to another source."
    page = pages.get(claim.source)
    if page is None:
        yield "its page cannot be checked."
        return
    if find_quote(claim.quote, page.text) is None:
        yield f"its quote is not on the page: “{claim.quote}”"
    elif claim.written == "data":
        if any(word not in page.text for word in claim.value.split() if any(map(str.isdigit, word))):  # a unit may stand in the heading
            yield f"its value “{claim.value}” is not on the page."
    elif claim.written == "model":
        verdict = check_statement(claim.text, page.text, quote=claim.quote, subject=column.name)
        if not verdict.stated:
            yield f"the page does not say “{claim.text}”. {next(iter(verdict.problems), '')}".rstrip()
    elif strange := _find_strange_words(claim.text, f"{page.text}\n{column.name}"):
        yield f"the page does not say “{claim.text}”. It does not have “{strange[0]}”."


def _find_strange_words(text: str, page: str) -> list[str]:
    """Return the words that carry meaning in a sentence built from a page's own words, and that the page does not have."""
    known = {word.stem for word in tokenize(page)}
    return [word.text for word in tokenize(text) if not is_light(word) and word.stem not in known]


def _find_owner(url: str, column: Competitor, report: Report) -> str:
    """Return which other site of the report a page is of; "" where it may be the column's own."""
    domain = find_site(url).domain
    if find_site(column.url).domain == domain:
        return ""
    return next((each.name for each in report.columns if find_site(each.url).domain == domain), "")


def _check_point(text: str, numbers: tuple[int, ...], claims: Mapping[int, Claim]) -> Iterator[str]:
    """Yield why a sentence that compares does not stand on its claims: one is missing, or none of them has one of its numbers."""
    missing = [number for number in numbers if number not in claims]
    if missing:
        yield f"there is no claim {missing[0]}."
        return
    stated = {amount.value for number in numbers for amount in find_amounts(claims[number].text)}
    said = " ".join(claims[number].text for number in numbers)
    strange = [
        digits for digits in re.findall(r"\d+(?:[.,]\d+)*", text) if digits not in said and Decimal(digits.replace(",", "")) not in stated
    ]
    if numbers and strange:
        yield f"none of its claims says “{strange[0]}”."


def _check_parts(report: Report) -> Iterator[str]:
    """Yield a sentence for each part that is not as it was sealed."""
    if report.version < VERSION and not report.seals:
        if report.summary or report.left_out or report.changed_since or any(source.kind for source in report.sources):
            yield "The report: its version and seals were taken away; version 1 had no summary and no kinds of sources."
        return
    for part, what in find_broken_parts(report):
        name, _, place = part.partition(".")
        yield f"The report: {_PARTS.get(name, name.replace('_', ' ')).format(place)} was {what} after the report was made."
