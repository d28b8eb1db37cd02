"""The earlier report with which a research is compared: read, and about the same."""

from __future__ import annotations

from pathlib import Path

from .report import Report
from .report_changes import require_same_subject


def read_earlier(given: Report | Path | str, company: str, kind: str) -> Report:
    """Return an earlier report on the same company, market or topic, as a value or from its JSON file.

    Raises UsageError for a file that is no report, and for a report that is about something else.
    """
    from .report_check import read_report  # late, for load time

    report = given if isinstance(given, Report) else read_report(Path(given))
    require_same_subject(report, " ".join(company.split()), kind)
    return report
