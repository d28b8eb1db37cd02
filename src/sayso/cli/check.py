"""`sayso check`: whether a report still says what its pages say, without the network."""

from __future__ import annotations

import sys
from pathlib import Path

from sayso.cli.options import Exit
from sayso.console import escape_controls
from sayso.tools.errors import UsageError


def check(report: Path | None = None, *, snapshots: Path | None = None, schema: bool = False) -> int:
    """Check a report against its stored pages: quotes, hashes, and the words of each claim. Needs no model and no network.

    Its HTML, Markdown and CSV beside it are checked as well. Exit code 1 if anything is not as it was.

    Parameters
    ----------
    report
        The JSON file of a report; or one of the files beside it.
    snapshots
        The folder of the pages that were read. Default: snapshots, beside the report.
    schema
        Print the JSON Schema of a report instead.
    """
    from sayso.agents.research.report_check import SNAPSHOTS, check_files, check_report, read_report, write_schema  # late, for load time
    from sayso.agents.research.report_seals import find_fingerprint

    if schema:
        print(write_schema(), end="")
        return Exit.OK
    if report is None:
        raise UsageError("No report was named. Give the .json file of a report, or --schema.")
    path = report.with_suffix(".json") if report.suffix.lower() in (".html", ".md", ".csv") else report
    made = read_report(path)
    problems = [*check_report(made, snapshots or path.parent / SNAPSHOTS), *check_files(made, path)]
    for problem in problems:
        print(escape_controls(problem))
    if problems:
        print(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}.", file=sys.stderr)
        return Exit.FAILED
    fingerprint = find_fingerprint(made)
    told = f" Fingerprint {fingerprint}." if fingerprint else " It is of version 1, in which only its claims were sealed."
    print(f"{len(made.number_claims())} claims stand on {len(made.sources)} pages, each as it was read.{told}")
    return Exit.OK
