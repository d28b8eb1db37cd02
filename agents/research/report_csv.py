"""The table of a report as CSV, a row for each claim, for a spreadsheet."""

from __future__ import annotations

import csv
from io import StringIO

from .report_values import ReportValues

COLUMNS = (
    "site",
    "is client",
    "aspect",
    "number",
    "claim",
    "subject",
    "name",
    "value",
    "no longer so",
    "dated",
    "worded by",
    "quote",
    "page",
    "read",
)


def write_csv(report: ReportValues) -> str:
    """Return the claims of a report as CSV (RFC 4180), the client's first, and a row without a claim for each aspect that is unknown."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    sources = {source.number: source for source in report.sources}
    numbers = {id(claim): number for number, _, claim in report.number_claims()}
    for column in report.columns:
        site, is_client = column.name, "yes" if column is report.client else "no"
        for claim in column.claims:
            source = sources.get(claim.source)
            writer.writerow(
                map(
                    _escape,
                    (
                        site,
                        is_client,
                        claim.topic,
                        str(numbers[id(claim)]),
                        claim.text,
                        claim.subject,
                        claim.name,
                        claim.value,
                        "yes" if claim.old else "",
                        claim.dated or (source.published if source else ""),
                        claim.written,
                        claim.quote,
                        source.url if source else "",
                        source.fetched_at if source else "",
                    ),
                )
            )
        unknown = [aspect for aspect in report.aspects if all(claim.topic != aspect for claim in column.claims)]
        writer.writerows([*map(_escape, (site, is_client, aspect, "", "unknown")), *[""] * (len(COLUMNS) - 5)] for aspect in unknown)
    return out.getvalue()


def _escape(text: str) -> str:
    """Return a cell on one line that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    line = " ".join(text.split())
    return f"'{line}" if line[:1] in ("=", "+", "-", "@") else line
