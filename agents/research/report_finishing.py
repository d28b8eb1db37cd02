"""The last stage of a report: what changed since an earlier one, what contradicts itself, the summary, and the seals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from .contradictions import find_contradictions
from .report_changes import find_changes
from .report_seals import seal_report
from .report_summary import summarise
from .report_values import ReportValues

R = TypeVar("R", bound=ReportValues)


def finish_report(report: R, earlier: ReportValues | None = None, texts: Mapping[str, str] | None = None) -> R:
    """Return a report with all that is built from its claims, and sealed.

    With an `earlier` report it says what changed; `texts` are the texts of the pages that were read now, by their addresses.
    """
    built = replace(report, contradictions=find_contradictions(report.columns, report.sources, report.made_at[:10]))
    if earlier is not None:
        built = replace(built, changed_since=earlier.made_at, changes=find_changes(earlier, built, texts))
    return seal_report(replace(built, summary=summarise(built)))
