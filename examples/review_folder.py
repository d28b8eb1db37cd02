"""Reviews in CSV files: of one file, or of a folder that grows. The same review in two exports is one review."""

from __future__ import annotations

import csv
import hashlib
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from sayso.tools import UsageError

SETTLED_SECONDS = 1


class Review(NamedTuple):
    """A row of a file. `key` is the same wherever the row stands: in another export, or after new rows were put before it."""

    date: str
    text: str
    key: str


def read_reviews(file: Path) -> list[Review]:
    """The rows of a CSV file that has the columns date (2026-05-03) and text."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        table = csv.DictReader(lines, restval="")
        if not {"date", "text"} <= set(table.fieldnames or ()):
            raise UsageError(f"{file} has no columns named date and text in its first line.")
        rows = [(row["date"].strip(), row["text"].strip()) for row in table]
    reviews: list[Review] = []
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        seen[row] += 1  # two guests may write the same on one day
        if row[1]:
            reviews.append(Review(*row, hashlib.sha256(repr((*row, seen[row])).encode()).hexdigest()[:16]))
    return reviews


class ReviewFolder:
    """A folder of CSV files to which files and rows are added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._looked_at: dict[Path, float] = {}
        self._reviews: dict[str, Review] = {}

    def look(self, *, settled: bool = True) -> list[Review]:
        """All reviews that were ever in the folder, the oldest first. A file that cannot be read is told of, once.

        With `settled`, a file that is being written to is left for the next look: its last row may be half a row.
        """
        for file in sorted(self.folder.glob("*.csv")):
            try:
                changed = file.stat().st_mtime
                if changed == self._looked_at.get(file) or (settled and time.time() - changed < SETTLED_SECONDS):
                    continue
                self._looked_at[file] = changed
                self._reviews |= {review.key: review for review in read_reviews(file)}
            except (OSError, UsageError, csv.Error) as error:
                print(f"Left out: {error}", file=sys.stderr, flush=True)
        return sorted(self._reviews.values(), key=lambda review: review.date)
