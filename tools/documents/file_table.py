"""The table of the files in an index, with what shows that they have changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .cutting import PASSAGE_CHARS
from .folder import FileFound
from .passage_index import IndexEntry, PassageIndex

VERSION = 2
"""The version of reading and splitting files: an index of another version is built again."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (file TEXT PRIMARY KEY, size INTEGER, changed_ns INTEGER, sha256 TEXT, first INTEGER, last INTEGER);
CREATE TABLE IF NOT EXISTS unreadable (file TEXT PRIMARY KEY, size INTEGER, changed_ns INTEGER, reason TEXT, limits TEXT);
CREATE TABLE IF NOT EXISTS made_by (version TEXT);
"""


class StoredFile(NamedTuple):
    """A file whose passages are in the index."""

    size: int
    changed_ns: int
    sha256: str


class UnreadableFile(NamedTuple):
    """A file that could not be read, with the reason."""

    size: int
    changed_ns: int
    reason: str


def is_unchanged(known: StoredFile | UnreadableFile, found: FileFound) -> bool:
    """Return whether a file has the same size and time as before."""
    return (known.size, known.changed_ns) == (found.size, found.changed_ns)


class FileTable:
    """The files of an index, each with the range of its passages' numbers."""

    def __init__(self, index: PassageIndex) -> None:
        self._index = index
        with index.changes() as db:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            made_by = f"{VERSION}/{PASSAGE_CHARS}"
            if db.execute("SELECT version FROM made_by").fetchall() != [(made_by,)]:
                for table in ("files", "unreadable", "passages", "made_by"):
                    db.execute(f"DELETE FROM {table}")
                db.execute("INSERT INTO made_by VALUES (?)", (made_by,))

    def read_all(self) -> dict[str, StoredFile]:
        """Return the files in the index, by name."""
        with self._index.changes() as db:
            return {file: StoredFile(*known) for file, *known in db.execute("SELECT file, size, changed_ns, sha256 FROM files")}

    def read_contents(self, files: Iterable[str]) -> dict[str, str]:
        """Return the SHA-256 of each of the files, by name."""
        names = list(dict.fromkeys(files))
        with self._index.reading() as db:
            marks = ",".join("?" * len(names))
            return dict(db.execute(f"SELECT file, sha256 FROM files WHERE file IN ({marks})", names).fetchall())

    def read_unreadable(self, limits: str) -> dict[str, UnreadableFile]:
        """Return the files that took long and could not be read under these limits, by name."""
        with self._index.changes() as db:
            rows = db.execute("SELECT file, size, changed_ns, reason FROM unreadable WHERE limits = ?", (limits,))
            return {file: UnreadableFile(*known) for file, *known in rows}

    def put_unreadable(self, found: FileFound, reason: str, limits: str) -> None:
        """Remember that a file cannot be read, so that it is not tried again while it stays as it is."""
        with self._index.changes() as db:
            row = (found.file, found.size, found.changed_ns, reason, limits)
            db.execute("INSERT OR REPLACE INTO unreadable VALUES (?, ?, ?, ?, ?)", row)

    def put(self, found: FileFound, sha256: str, entries: Iterable[IndexEntry] | None) -> None:
        """Replace a file's passages; None keeps them and only stores the new time."""
        with self._index.changes() as db:
            if entries is None:
                db.execute("UPDATE files SET size = ?, changed_ns = ? WHERE file = ?", (found.size, found.changed_ns, found.file))
                return
            self.forget([found.file])
            numbers = self._index.add_all(entries)
            first, last = (numbers[0], numbers[-1]) if numbers else (0, -1)
            row = (found.file, found.size, found.changed_ns, sha256, first, last)
            db.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)", row)

    def find_numbers(self, file: str) -> range:
        """Return the numbers of a file's passages; none for an unknown file."""
        with self._index.changes() as db:
            row = db.execute("SELECT first, last FROM files WHERE file = ?", (file,)).fetchone()
        return range(0) if row is None else range(row[0], row[1] + 1)

    def forget(self, files: Iterable[str]) -> None:
        """Remove files and their passages."""
        with self._index.changes() as db:
            for file in files:
                for first, last in db.execute("SELECT first, last FROM files WHERE file = ?", (file,)).fetchall():
                    db.execute("DELETE FROM passages WHERE number BETWEEN ? AND ?", (first, last))
                db.execute("DELETE FROM files WHERE file = ?", (file,))
