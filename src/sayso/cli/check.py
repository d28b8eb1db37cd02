"""`sayso check`: whether a report still says what its pages say, without the network."""

from __future__ import annotations

import sys
from pathlib import Path

from sayso.agents.research.report_check import SNAPSHOTS, check_report, read_report
from sayso.cli.options import Exit
from sayso.console import escape_controls


def check(report: Path, *, snapshots: Path | None = None) -> int:
    """Check a report against the pages as they were read: quotes, hashes, and what each claim says. Asks nobody.

    Exit code 1 if anything is not as it was.

    Parameters
    ----------
    report
        The JSON file of a report.
    snapshots
        The folder of the pages that were read. Default: snapshots, beside the report.
    """
    made = read_report(report)
    problems = check_report(made, snapshots or report.parent / SNAPSHOTS)
    for problem in problems:
        print(escape_controls(problem))
    if problems:
        print(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}.", file=sys.stderr)
        return Exit.FAILED
    print(f"{len(made.number_claims())} claims stand on {len(made.sources)} pages, each as it was read.")
    return Exit.OK
