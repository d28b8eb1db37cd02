"""Check a saved report without the network: the stored pages, the quotes in them, and what the claims say of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sayso.tools.errors import UsageError
from sayso.tools.truth import check_statement
from sayso.tools.web import Snapshot, find_quote, load_snapshot

from .report import SNAPSHOTS as SNAPSHOTS
from .report import Report
from .report_values import Claim, Competitor, Source, hash_text, seal_claim


def read_report(path: Path) -> Report:
    """Read a report that was saved as JSON. Raises UsageError for a file that is none."""
    try:
        return TypeAdapter(Report).validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"The report {path} cannot be read: {error.strerror or error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its form"
        raise UsageError(f"{path} is not a report of sayso research: {where}: {first['msg']}. Give the .json file of a report.") from None


def check_report(report: Report, snapshots: Path) -> list[str]:
    """Return a sentence for each page and claim that is not as it was: a page that is missing or changed, a quote, sentence or source.

    `snapshots` is the folder with the pages as they were read; `sayso research` puts it beside the report.
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
        problems += [f"Claim {number} ({column.name}): {what}" for what in _check_claim(claim, column, sources.get(claim.source), pages)]
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
    return snapshot


def _check_claim(claim: Claim, column: Competitor, source: Source | None, pages: dict[int, Snapshot]) -> Iterator[str]:
    if source is None:
        yield f"its source {claim.source} is not among the report's sources."
        return
    if claim.seal and seal_claim(claim, source) != claim.seal:
        yield "it was changed after the report was made, or points to another source."
    page = pages.get(claim.source)
    if page is None:
        yield "its page cannot be checked."
        return
    if find_quote(claim.quote, page.text) is None:
        yield f"its quote is not on the page: “{claim.quote}”"
    elif claim.written == "model":
        verdict = check_statement(claim.text, page.text, quote=claim.quote, subject=column.name)
        yield from (f"the page does not say “{claim.text}”. {problem}" for problem in verdict.problems[:1])
