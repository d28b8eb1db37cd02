"""Rows of measurements, printed as a table, held against their limits, and written down with date and machine."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

MISSED = 3
"""The exit code of a benchmark that measured more than its limit: Python's own for an error is 1."""
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
    """Print the table; with --write, put it into RESULTS.md in place of the section's last one. Exits with MISSED if a limit is missed."""
    finish_several({title: rows})


def finish_several(tables: Mapping[str, Sequence[Row]]) -> None:
    """Print several tables by their titles, and write them, as `finish` does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help="write the table into RESULTS.md")
    write = parser.parse_args().write
    left = 0
    for title, rows in tables.items():
        section = f"{title}\n\n{date.today().isoformat()}, {machine()}\n\n{table(rows)}\n"
        print(f"## {section}")
        if write:
            results = RESULTS.read_text(encoding="utf-8")
            known, found = find_rows(results, title), {row.what for row in rows}
            if len(rows) < len(known):  # no corpora, no Postgres, no weights here
                left += 1
                told = "".join(f"\n  {what}" for what in known if what not in found)
                print(
                    f"The table of {title!r} stays as it was, because rows of it were not measured:{told}\nWhere these are gone for good, "
                    "remove them from benchmarks/RESULTS.md, then measure again.",
                    file=sys.stderr,
                )
            else:
                RESULTS.write_text(replace_section(results, section), encoding="utf-8")
    if left:
        sys.exit(1)
    sys.exit(0 if all(row.met for rows in tables.values() for row in rows) else MISSED)


def find_rows(results: str, title: str) -> list[str]:
    """Return what the rows of a section's table measure."""
    part = next((part for part in results.split("\n## ") if part.partition("\n")[0] == title), "")
    rows, _ = _split_at_table(part)
    return [row.split(" | ")[0].removeprefix("| ") for row in rows[2:]]


def _split_at_table(part: str) -> tuple[list[str], str]:
    """Return the lines of a section's first table, and what stands below it."""
    lines = part.splitlines()
    begin = next((at for at, line in enumerate(lines) if line.startswith("|")), len(lines))
    end = next((at for at in range(begin, len(lines)) if not lines[at].startswith("|")), len(lines))
    return lines[begin:end], "\n".join(lines[end:]).strip("\n")


def replace_section(results: str, section: str) -> str:
    """Return the results with a section in the place of its last measurement, or at the end. What was written below the old table stays."""
    title = section.partition("\n")[0]
    parts = results.rstrip("\n").split("\n## ")
    for at, part in enumerate(parts):
        if part.partition("\n")[0] == title:
            _, notes = _split_at_table(part)
            parts[at] = section + (f"\n{notes}\n" if notes else "")
            break
    else:
        parts.append(section)
    return "\n\n## ".join(part.strip("\n") for part in parts) + "\n"
