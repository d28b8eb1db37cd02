"""The report of a research, and how it is written and saved. Its parts stand in report_values.py."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sayso.tools.errors import UsageError

from .report_markdown import write_markdown
from .report_values import KINDS, Claim, Competitor, Considered, FailedPage, Point, ReportValues, Source, Withdrawn

__all__ = ("KINDS", "Claim", "Competitor", "Considered", "FailedPage", "Point", "Report", "Source", "Withdrawn", "make_slug")


@dataclass(frozen=True, slots=True)
class Report(ReportValues):
    """The result of a research; see ReportValues for its fields."""

    def markdown(self) -> str:
        """Return the report as Markdown."""
        return write_markdown(self)

    def json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    def save(self, path: str | Path) -> Path:
        """Write the Markdown to `path` and the JSON beside it; return the path of the Markdown. Raises UsageError where that fails."""
        target = Path(path)
        if target.suffix.lower() not in (".md", ".markdown"):
            target = target / f"{make_slug(self.company)}.md"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.markdown(), encoding="utf-8")
            target.with_suffix(".json").write_text(self.json(), encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"The report cannot be written to {target}: {error.strerror or error}. Give another place with --out."
            ) from None
        return target


def make_slug(name: str) -> str:
    """Return a file name for a company."""
    slug = "".join(character if character.isalnum() else "-" for character in name.casefold())
    return "-".join(part for part in slug.split("-") if part)[:60] or "report"
