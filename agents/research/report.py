"""The report of a research, and how it is written and saved. Its parts stand in report_values.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from sayso.tools.errors import UsageError

from .report_markdown import write_markdown
from .report_saving import write_whole
from .report_values import KINDS, Claim, Competitor, Considered, FailedPage, LeftOut, Point, ReportValues, Source, Withdrawn

__all__ = ("KINDS", "Claim", "Competitor", "Considered", "FailedPage", "LeftOut", "Point", "Report", "Source", "Withdrawn", "make_slug")


FORMATS = ("md", "json", "html", "csv")
SNAPSHOTS = "snapshots"
"""The folder beside a report with the pages as they were read."""


@dataclass(frozen=True, slots=True)
class Report(ReportValues):
    """The result of a research; see ReportValues for its fields."""

    def markdown(self) -> str:
        """Return the report as Markdown."""
        return write_markdown(self)

    def json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    def html(self, snapshots: Path | None = None) -> str:
        """Return the report as one HTML page; with the folder of the stored pages, each quote is shown where it stands in its page."""
        from .report_html import write_html  # late, for load time

        return write_html(self, read_texts(self.sources, snapshots) if snapshots is not None else {})

    def csv(self) -> str:
        """Return the claims of the report as CSV, a row for each."""
        from .report_csv import write_csv  # late, for load time

        return write_csv(self)

    def save(self, path: str | Path, formats: Sequence[str] = ("md", "json")) -> Path:
        """Write the report to `path`, a file ending in .md or a folder, and its other formats beside it; return the path of the first one.

        Formats are md, json, html and csv. The HTML shows the pages that are stored in the folder `snapshots` beside it. Raises UsageError
        for an unknown format, or where the files cannot be written: then none is.
        """
        target = Path(path)
        if target.suffix.lower() not in (".md", ".markdown"):
            target = target / f"{make_slug(self.company)}.md"
        check_formats(formats)
        files = {each: target if each == "md" else target.with_suffix(f".{each}") for each in dict.fromkeys(formats)}
        writers: dict[str, Callable[[], str]] = {
            "md": self.markdown,
            "json": self.json,
            "csv": self.csv,
            "html": lambda: self.html(target.parent / SNAPSHOTS),
        }
        try:
            write_whole({file: writers[each]() for each, file in files.items()})
        except OSError as error:
            raise UsageError(
                f"The report cannot be written to {target}: {error.strerror or error}. Give another place with --out."
            ) from None
        return next(iter(files.values()))


def check_formats(formats: Sequence[str]) -> None:
    """Raise UsageError unless all of these are formats of a report, and there is one."""
    unknown = [each for each in formats if each not in FORMATS]
    if unknown or not formats:
        raise UsageError(f"A report has no format {', '.join(map(repr, unknown)) or 'of no name'}. Formats: {', '.join(FORMATS)}.")


def read_texts(sources: Sequence[Source], snapshots: Path) -> dict[str, str]:
    """Return the texts of the stored pages by the names of their snapshots; one that is missing or cannot be read is left out."""
    texts: dict[str, str] = {}
    for source in sources:
        with suppress(OSError, ValueError, KeyError, TypeError):
            texts[source.snapshot] = str(json.loads((snapshots / f"{source.snapshot}.json").read_text(encoding="utf-8"))["text"])
    return texts


def make_slug(name: str) -> str:
    """Return a file name for a company."""
    slug = "".join(character if character.isalnum() else "-" for character in name.casefold())
    return "-".join(part for part in slug.split("-") if part)[:60] or "report"
