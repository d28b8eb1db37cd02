"""Open a database of runs or an export to be looked at: a copy of it is shown, so that what was given stays as it is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence, Set
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sayso.tools.errors import RunError, UsageError
from sayso.tools.private_files import create_private_file
from sayso.workflows.durable.database import Database, Session, connect, explain_error, find_server
from sayso.workflows.durable.migrations import check_format
from sayso.workflows.durable.records import ApprovalRow, RunRow

_OUR_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'sayso_%'"
_NOT_COPIED = {"sayso_about", "sayso_migrations", "sayso_leases", "sayso_desk"}
"""Tables that are about the database itself, or about who works on it now."""
_LOG = ("number", "at", "run", "kind", "name", "value", "hash")


def copy_to_view(source: Path, folder: Path) -> tuple[str, dict[str, Any] | None]:
    """Copy a database or an export into a database in `folder`; return its URL, and the document where it was an export.

    Raises UsageError for what is neither, RunError for what cannot be read.
    """
    if not source.is_file():
        raise UsageError(f"There is no file {source}. Name a database of runs (runs.db), or a file with the output of `sayso export RUN`.")
    target = folder / "view.db"
    with source.open("rb") as file:
        is_database = file.read(16) == b"SQLite format 3\0"
    if is_database:
        _copy_database(source, target)
        return f"sqlite:///{target}", None
    document = _read_export(source)
    _write_export(document, f"sqlite:///{target}", source)
    return f"sqlite:///{target}", document


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment; programs may go on writing to it."""
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=10)) as given:
            tables = {name for (name,) in given.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "sayso_about" not in tables:
                raise UsageError(f"{source} is an SQLite file that holds no runs of Sayso.")
            create_private_file(target)
            with closing(sqlite3.connect(target)) as copy:
                given.backup(copy)
    except sqlite3.Error as error:
        raise RunError(f"The database {source} cannot be read: {explain_error(error)}") from None


def copy_server(url: str, folder: Path) -> str:
    """Copy the runs of a Postgres database, as they are at one moment, into a database in `folder`; return its URL. The server only reads.

    Raises UsageError for one that holds no runs, is newer or cannot be reached, RunError for one that cannot be read.
    """
    target = f"sqlite:///{folder / 'view.db'}"
    server = connect(url)
    database = Database(target)
    try:
        with server.transaction():
            server.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            found = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name LIKE 'sayso_%'"
            tables = {row[0] for row in server.execute(found)}
            if "sayso_about" not in tables:
                raise UsageError(f"The database {find_server(url)} holds no runs of Sayso.")
            check_format(server, find_server(url))
            ours = database.do_now(lambda session: {row[0] for row in session.execute(_OUR_TABLES).fetchall()})
            for table in sorted(tables & ours - _NOT_COPIED):
                _copy_table(server, database, table)
    except find_driver_errors() as error:
        raise RunError(f"The database {find_server(url)} cannot be read: {explain_error(error)}") from None
    finally:
        server.close()
        database.close()
    return target


def _copy_table(server: Any, database: Database, table: str) -> None:
    with server.cursor(name="sayso_view") as rows:  # a part at a time, however many there are
        rows.execute(f"SELECT * FROM {table}")
        columns = [each.name for each in rows.description]
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        while part := rows.fetchmany(2000):
            database.do_now(partial(_insert_all, statement, part))


def _insert_all(statement: str, rows: Sequence[Sequence[object]], session: Session) -> None:
    session.executemany(statement, rows)


def find_driver_errors() -> tuple[type[Exception], ...]:
    """Return the errors of the driver of Postgres."""
    import psycopg  # late: it is there once a connection was made

    return (psycopg.Error,)


def _read_export(source: Path) -> dict[str, Any]:
    wrong = f"{source} is neither a database of runs nor an export: `sayso export RUN > run.json` makes one."
    try:
        document = json.loads(source.read_text())
    except (ValueError, UnicodeDecodeError):
        raise UsageError(wrong) from None
    parts = {"run": dict, "log": list, "approvals": list}
    if not isinstance(document, dict) or not all(isinstance(document.get(name), kind) for name, kind in parts.items()):
        raise UsageError(wrong)
    if document.get("redacted"):
        raise UsageError(f"{source} was exported with --redact: it has no questions and answers, so there is nothing to show.")
    return document


def _write_export(document: Mapping[str, Any], url: str, source: Path) -> None:
    run, missing = document["run"], {"attempt": 0, "for_user": "", "app": ""}
    database = Database(url)

    def write(session: Session) -> None:
        _insert(session, "sayso_runs", RunRow._fields, {**missing, **run}, {"input", "limits"}, {"output", "error"})
        for row in document["log"]:
            _insert(session, "sayso_log", ("root", *_LOG), {**row, "root": run["id"]}, {"value"})
        for row in document["approvals"]:
            _insert(session, "sayso_approvals", ApprovalRow._fields, row, {"request"})

    try:
        database.do_now(write)
    except (KeyError, TypeError, AttributeError, RunError) as error:
        raise UsageError(f"{source} is not a whole export of a run: {error}") from None
    finally:
        database.close()


def _insert(
    session: Session, table: str, columns: Sequence[str], row: Mapping[str, Any], parsed: Set[str], or_none: Set[str] = frozenset()
) -> None:
    """Insert a row of an export. Columns of JSON text were parsed there, and are texts here again; those in `or_none` may hold nothing."""
    values: dict[str, object] = {}
    for column in columns:
        value = row.get(column)
        is_text = column in parsed or (column in or_none and value is not None)
        values[column] = json.dumps(value) if is_text else value
    session.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f':{column}' for column in columns)})", values)
