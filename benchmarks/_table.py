"""Rows of measurements, printed as a table, held against their limits, and written down with date and machine."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: what, how much, in which unit, and the most (or with `at_least` the least) it may be."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the limit is kept; True where there is none."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | measured | limit | |", "| --- | ---: | ---: | --- |"]
    for row in rows:
        limit = "" if row.limit is None else f"{'≥' if row.at_least else '≤'} {row.limit:g} {row.unit}"
        verdict = "" if row.limit is None else "met" if row.met else "MISSED"
        lines.append(f"| {row.what} | {row.value:.4g} {row.unit} | {limit} | {verdict} |")
    return "\n".join(lines)


def machine() -> str:
    """What it was measured on."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def finish(title: str, rows: Sequence[Row]) -> None:
    """Print the table; with --write, put it into RESULTS.md in place of the section's last one. Exits 1 if a limit is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help="write the table into RESULTS.md")
    write = parser.parse_args().write
    section = f"{title}\n\n{date.today().isoformat()}, {machine()}\n\n{table(rows)}\n"
    print(f"## {section}")
    if write:
        RESULTS.write_text(replace_section(RESULTS.read_text(encoding="utf-8"), section), encoding="utf-8")
    sys.exit(0 if all(row.met for row in rows) else 1)


def replace_section(results: str, section: str) -> str:
    """Return the results with a section in the place of its last measurement, or at the end. What was written below the old table stays."""
    title = section.partition("\n")[0]
    parts = results.rstrip("\n").split("\n## ")
    for at, part in enumerate(parts):
        if part.partition("\n")[0] == title:
            notes = part.rpartition("\n|")[2].partition("\n")[2].strip("\n")
            parts[at] = section + (f"\n{notes}\n" if notes else "")
            break
    else:
        parts.append(section)
    return "\n\n## ".join(part.strip("\n") for part in parts) + "\n"
