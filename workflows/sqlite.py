"""Runs in one SQLite file: what was kept is on the disk before the run goes on, so a run outlives its program.

One program at a time holds the file. Asked for again by its id, after a crash or a reboot, a run goes on over its journal as it does in
memory; a write whose intent was kept and whose end was not is treated as doubt (see `approval`). kill -9 is survived; power loss as far as
the disk keeps what it was told to (synchronous=FULL).
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sayso.tools.errors import UsageError

from .codec import from_json, to_json
from .line import Entry
from .memory import MemoryEngine
from .root import Root
from .run import Scope, WorkflowCode

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, input TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    root TEXT NOT NULL,
    run TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (run, name)
);
CREATE TABLE IF NOT EXISTS inbox (root TEXT NOT NULL, run TEXT NOT NULL, topic TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (run, topic));
"""
VERSION = 1
_OPEN: weakref.WeakValueDictionary[str, SqliteEngine] = weakref.WeakValueDictionary()


def sqlite_engine(path: str) -> SqliteEngine:
    """The engine of that file; the same one for the same file, as long as it is in use in this program."""
    place = os.path.realpath(path)
    known = _OPEN.get(place)
    if known is None:
        known = _OPEN[place] = SqliteEngine(Path(place))
    return known


class SqliteEngine(MemoryEngine):
    """Runs whose journals, inboxes and inputs are in a file."""

    __slots__ = ("_database", "close", "path")

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(strict=True, clock=clock)
        self.path = path
        self._database = _opened(path)
        self.close = weakref.finalize(self, self._database.close)

    def open(self, workflow: WorkflowCode, value: Any, run_id: str | None, fresh: Callable[[], Scope]) -> Root:
        """The run of that id, with all that was kept of it; made if there is none yet. A known run keeps the input it was started with."""
        known = run_id in self._roots
        stored = None if known or run_id is None else self._database.execute("SELECT input FROM runs WHERE id = ?", (run_id,)).fetchone()
        if stored is not None:
            value = from_json(json.loads(stored[0]))
        root = super().open(workflow, value, run_id, fresh)
        if stored is not None:
            self._load(root)
        elif not known:
            written = json.dumps(to_json(value, f"the input of run {root.id}"))
            self._database.execute("INSERT OR IGNORE INTO runs (id, input) VALUES (?, ?)", (root.id, written))
        return root

    def _load(self, root: Root) -> None:
        for run, topic, value in self._database.execute("SELECT run, topic, value FROM inbox WHERE root = ?", (root.id,)):
            root.inbox[run, topic] = from_json(json.loads(value))
        rows = self._database.execute("SELECT run, name, value FROM entries WHERE root = ? ORDER BY number", (root.id,)).fetchall()
        for run, name, written in rows:
            root.journal.setdefault(run, {})[name] = from_json(json.loads(written))
            root.order.append(Entry(run, name, json.loads(written)))

    def attempt(self, root: Root) -> str:
        """Counted in the file, so that an execution after a crash is told from the one before it."""
        self._database.execute("UPDATE runs SET attempts = attempts + 1 WHERE id = ?", (root.id,))
        (number,) = self._database.execute("SELECT attempts FROM runs WHERE id = ?", (root.id,)).fetchone()
        return f"{root.id}#{number}"

    def keep(self, root: Root, entry: Entry) -> None:
        """On the disk before the run goes on."""
        written = json.dumps(entry.value)
        row = (root.id, entry.run, entry.name, written)
        self._database.execute("INSERT INTO entries (root, run, name, value) VALUES (?, ?, ?, ?)", row)
        super().keep(root, entry)

    def forget(self, root: Root, run_id: str, name: str) -> None:
        """Off the disk, so that the step is tried again by whoever resumes the run."""
        self._database.execute("DELETE FROM entries WHERE run = ? AND name = ?", (run_id, name))
        super().forget(root, run_id, name)

    def sent(self, root: Root, run_id: str, topic: str, value: Any) -> None:
        """A decision is on the disk before it is acted on."""
        written = json.dumps(to_json(value, f"the signal {topic!r}"))
        self._database.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?, ?)", (root.id, run_id, topic, written))


def _opened(path: Path) -> sqlite3.Connection:
    """The file, held for this program alone. UsageError says who or what is in the way."""
    try:
        database = sqlite3.connect(path, isolation_level=None, timeout=0.5, check_same_thread=False)
    except sqlite3.OperationalError as error:
        raise UsageError(f"The run file {path} cannot be opened: {error}. Is its folder there, and may you write to it?") from None
    try:
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise UsageError(
                f"The run file {path} was written by a newer Sayso (its format is {version}, this one reads {VERSION}). Update Sayso."
            )
        database.executescript(_SCHEMA)
        database.execute(f"PRAGMA user_version={VERSION}")
    except sqlite3.DatabaseError as error:
        database.close()
        if "locked" in str(error):
            raise UsageError(f"The run file {path} is in use by another program. Wait until it is done, or use another file.") from None
        raise UsageError(f"The run file {path} cannot be used: {error}.") from None
    except UsageError:
        database.close()
        raise
    return database
