"""The check of `sayso doctor` that tries a database: whether runs can be written to it, found by writing something that is taken back."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.cli.check_result import CheckResult, CheckState
from sayso.cli.options import DATABASE_VARIABLE, DEFAULT_DATABASE
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.workflows.durable.database import Connection

_ROOM = 1_000_000
"""How many bytes a folder must have room for: a few runs."""


def check_database(option: str | None) -> CheckResult:
    """Check whether runs can be stored where every other command would store them. A missing file is not left behind."""
    from sayso.workflows.durable.database import Connection, find_path, refuse_old_sqlite, require_json  # late, for load time

    url = option or os.environ.get(DATABASE_VARIABLE) or (f"sqlite:///{DEFAULT_DATABASE}" if Path(DEFAULT_DATABASE).exists() else None)
    if url is None:
        advice = f"Give --database sqlite:///runs.db, or set {DATABASE_VARIABLE}."
        return CheckResult("database", CheckState.NOT_USED, "none given: runs live as long as their program", advice)
    if url.startswith(("postgres:", "postgresql:")):
        with closing(Connection(url)) as connection:
            return _try_postgres(connection)
    if not url.startswith("sqlite:"):
        meant = f"for the file {url}: sqlite:///{url}" if "://" not in url else "sqlite:///runs.db or postgresql://user@host/name"
        raise UsageError(f"{url!r} is not a database URL. Write {meant}.")
    refuse_old_sqlite(sqlite3.sqlite_version_info)
    with closing(sqlite3.connect(":memory:")) as memory:
        require_json(memory)
    return _check_sqlite_file(Path(find_path(url)))


def _problem(words: str, to_do: str) -> CheckResult:
    return CheckResult("database", CheckState.PROBLEM, words, to_do)


def _try_postgres(connection: Connection) -> CheckResult:
    import psycopg  # late: an extra, which `open` has found

    from sayso.workflows.durable.migrations import MIGRATIONS, find_missing  # late, as above

    raw = connection.open()
    version = raw.execute("SHOW server_version").fetchone()[0]
    find_missing(connection.read(), connection.place, MIGRATIONS, is_sqlite=False)  # UsageError for that of a newer Sayso
    try:
        with raw.transaction(force_rollback=True):
            raw.execute("CREATE TABLE sayso_doctor (id integer)")
    except psycopg.Error as error:
        words = f"Postgres {version} answers, and no table can be made in it: {' '.join(str(error).split())}"
        return _problem(words, "Give its user the right to create tables in its schema.")
    return CheckResult("database", CheckState.FINE, f"Postgres {version} answers, and tables can be made in it")


def _check_sqlite_file(path: Path) -> CheckResult:
    if path.is_dir():
        return _problem(f"{path} is a folder", "Name a file in it: sqlite:///FOLDER/runs.db.")
    exists = path.exists()
    try:
        runs = _try_existing_file(path) if exists else 0
        _try_new_file(path.parent)
    except (OSError, sqlite3.Error) as error:
        return _explain(path, error, exists=exists)
    if not exists:
        return CheckResult("database", CheckState.FINE, f"{path} will be created by the first run; such a file was just made and removed")
    return CheckResult("database", CheckState.FINE, f"{path} holds {runs} run{'' if runs == 1 else 's'}, and can be written to")


def _explain(path: Path, error: OSError | sqlite3.Error, *, exists: bool) -> CheckResult:
    words = str(getattr(error, "strerror", None) or error)
    if "disk is full" in words or "No space left" in words:
        return _problem(f"there is no space for {path}: {words}", f"Make room in {path.parent}, or name a file on another disk.")
    if not exists:
        return _problem(f"{path} cannot be created: {words}", f"Make the folder {path.parent}, and see that you may write there.")
    if "locked" in words:
        return _problem(f"{path} is locked by another program", "Look for a backup or a database browser that has it open.")
    if isinstance(error, OSError):
        return _problem(f"no file can be made beside {path}, and SQLite needs some there: {words}", "Change the permissions of its folder.")
    if "readonly" in words or not os.access(path, os.R_OK | os.W_OK):
        return _problem(f"you may not read and write {path}", "Change the owner or the permissions of the file and of its folder.")
    return _problem(f"{path} cannot be used: {words}", "Name another file, or restore this one.")


def _try_new_file(folder: Path) -> None:
    """Make a database in the folder as a run would, write as much as a few runs do, and remove it. Raises OSError or sqlite3.Error."""
    from tempfile import TemporaryDirectory  # late, for load time

    with (
        TemporaryDirectory(dir=folder, prefix=".sayso-doctor-") as place,
        closing(sqlite3.connect(Path(place) / "runs.db", isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE tried (bytes BLOB)")
        connection.execute("INSERT INTO tried VALUES (zeroblob(?))", (_ROOM,))


def _try_existing_file(path: Path) -> int:
    """Return how many runs a file holds, after a transaction that writes to it and is undone.

    Raises sqlite3.Error; UsageError for a file that a newer Sayso has written.
    """
    from sayso.workflows.durable.migrations import MIGRATIONS, find_missing  # late, for load time

    connection: Any = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=2, isolation_level=None)
    with closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        find_missing(connection, str(path), MIGRATIONS, is_sqlite=True)
        connection.execute("CREATE TABLE sayso_doctor (id INTEGER)")
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        runs: int = connection.execute("SELECT count(*) FROM sayso_runs").fetchone()[0] if "sayso_runs" in tables else 0
        connection.execute("ROLLBACK")
    return runs
