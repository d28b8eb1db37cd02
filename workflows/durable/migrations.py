"""Keep the tables of runs: a numbered list of migrations, each applied once, while programs of older code go on working.

A migration is applied in a transaction of its own, under a lock that one program holds at a time: a program that is killed in the middle
leaves nothing behind, and of two that open a database at once one applies it. Append to MIGRATIONS; never change what stands there.

Older programs must be able to go on, so add columns that have a default, tables and indexes. A change that older code would get wrong
raises `format`: such code then refuses the database by name, and a worker of it that lives ends with one sentence.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from sayso.tools.errors import UsageError

FORMAT = 2
"""The format that this code reads. A database says which one a program must read at least to use it."""


class Session(Protocol):
    """A transaction: what is executed in it happens whole or not at all."""

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> Any:
        """Execute one statement with `:named` values and return the cursor."""
        ...

    def executemany(self, statement: str, rows: Sequence[Sequence[object]], /) -> Any:
        """Execute one statement with `?` for each value, once for each row. Only a session of SQLite can."""
        ...


class Migration(NamedTuple):
    """A change of the tables: SQL statements that SQLite and Postgres both know, with a semicolon between them.

    `format` is what a program must read at least to use the database afterwards. `online` is for indexes alone: where a server's tables
    are large they are built beside the work of others (CREATE INDEX CONCURRENTLY), and other programs go on without them meanwhile.
    """

    number: int
    name: str
    statements: str
    format: int = 2
    online: bool = False


MIGRATIONS = (
    Migration(
        1,
        "runs, their log and inbox, approvals",
        """
        CREATE TABLE IF NOT EXISTS sayso_runs (
            id TEXT PRIMARY KEY,
            flow TEXT NOT NULL,
            app TEXT NOT NULL,
            input TEXT NOT NULL,
            limits TEXT NOT NULL,
            state TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            owner TEXT,
            number INTEGER NOT NULL,
            head TEXT NOT NULL,
            created_at DOUBLE PRECISION NOT NULL,
            changed_at DOUBLE PRECISION NOT NULL,
            wake_at DOUBLE PRECISION,
            output TEXT,
            error TEXT
        );
        CREATE INDEX IF NOT EXISTS sayso_runs_state ON sayso_runs (state, changed_at);
        CREATE TABLE IF NOT EXISTS sayso_log (
            root TEXT NOT NULL,
            number INTEGER NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            run TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            hash TEXT NOT NULL,
            PRIMARY KEY (root, number)
        );
        CREATE TABLE IF NOT EXISTS sayso_inbox (
            root TEXT NOT NULL,
            run TEXT NOT NULL,
            topic TEXT NOT NULL,
            value TEXT NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (run, topic)
        );
        CREATE INDEX IF NOT EXISTS sayso_inbox_root ON sayso_inbox (root);
        CREATE TABLE IF NOT EXISTS sayso_approvals (
            digest TEXT PRIMARY KEY,
            key TEXT NOT NULL,
            root TEXT NOT NULL,
            run TEXT NOT NULL,
            tool TEXT NOT NULL,
            card TEXT NOT NULL,
            request TEXT NOT NULL,
            state TEXT NOT NULL,
            asked_at DOUBLE PRECISION NOT NULL,
            expires_at DOUBLE PRECISION NOT NULL,
            decided_by TEXT,
            decided_at DOUBLE PRECISION
        );
        CREATE INDEX IF NOT EXISTS sayso_approvals_root ON sayso_approvals (root, state);
        CREATE INDEX IF NOT EXISTS sayso_approvals_key ON sayso_approvals (key)
        """,
    ),
    Migration(2, "hashes of the inbox", "ALTER TABLE sayso_inbox ADD COLUMN hash TEXT"),
    Migration(3, "leases of programs", "CREATE TABLE sayso_leases (owner TEXT PRIMARY KEY, beat BIGINT NOT NULL)"),
    Migration(
        4,
        "indexes for what is queued, due, executed and asked",
        """
        CREATE INDEX sayso_runs_queued ON sayso_runs (app, created_at, id) WHERE state = 'queued';
        CREATE INDEX sayso_runs_due ON sayso_runs (wake_at) WHERE state = 'waiting';
        CREATE INDEX sayso_runs_running ON sayso_runs (owner) WHERE state = 'running';
        CREATE INDEX sayso_approvals_open ON sayso_approvals (asked_at, digest) WHERE state = 'proposed'
        """,
    ),
    Migration(5, "how many programs in a row died with a run", "ALTER TABLE sayso_runs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0"),
    Migration(
        6,
        "for whom a run is, and what people think of it",
        """
        ALTER TABLE sayso_runs ADD COLUMN for_user TEXT NOT NULL DEFAULT '';
        CREATE TABLE sayso_feedback (
            root TEXT NOT NULL,
            number INTEGER NOT NULL,
            run TEXT NOT NULL,
            given_by TEXT NOT NULL,
            verdict TEXT NOT NULL,
            note TEXT NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (root, number)
        );
        CREATE INDEX sayso_feedback_verdict ON sayso_feedback (verdict, root)
        """,
    ),
    Migration(
        7,
        "what is used of money caps, and hashes of feedback",
        """
        CREATE TABLE sayso_caps (key TEXT PRIMARY KEY, used_usd DOUBLE PRECISION NOT NULL, ends_at DOUBLE PRECISION NOT NULL);
        ALTER TABLE sayso_feedback ADD COLUMN hash TEXT
        """,
    ),
    Migration(
        8, "an index of the runs of a user", "CREATE INDEX sayso_runs_user ON sayso_runs (for_user, created_at) WHERE for_user <> ''"
    ),
    Migration(
        9,
        "what statistics need of each run, as its log said it when they were last asked for",
        """
        CREATE TABLE sayso_facts (
            root TEXT PRIMARY KEY,
            number INTEGER NOT NULL,
            seconds DOUBLE PRECISION NOT NULL,
            cost_usd DOUBLE PRECISION NOT NULL,
            spend_usd DOUBLE PRECISION NOT NULL,
            input_tokens BIGINT NOT NULL,
            output_tokens BIGINT NOT NULL,
            model_calls INTEGER NOT NULL,
            tool_calls INTEGER NOT NULL,
            versions TEXT NOT NULL
        )
        """,
    ),
    Migration(
        10,
        "the queue in the order in which runs were queued, and those in it that were executed before",
        """
        CREATE INDEX sayso_runs_queue ON sayso_runs (app, changed_at, created_at, id) WHERE state = 'queued';
        CREATE INDEX sayso_runs_resumed ON sayso_runs (app, changed_at, created_at, id) WHERE state = 'queued' AND attempt > 0;
        DROP INDEX sayso_runs_queued
        """,
    ),
    Migration(
        11,
        "indexes of lists: the runs of a user by state, writes of which nobody knows what became, executions by time",
        """
        CREATE INDEX sayso_runs_user_state ON sayso_runs (for_user, state, changed_at) WHERE for_user <> '';
        CREATE INDEX sayso_approvals_unknown ON sayso_approvals (asked_at, digest) WHERE state = 'unknown';
        CREATE INDEX sayso_log_begun ON sayso_log (at) WHERE kind = 'begun'
        """,
        online=True,
    ),
    Migration(
        12,
        "the ids of runs that were forgotten, as hashes: none is executed again",
        """
        CREATE TABLE sayso_forgotten (
            id TEXT PRIMARY KEY,
            number INTEGER NOT NULL,
            head TEXT NOT NULL,
            ended_at DOUBLE PRECISION NOT NULL,
            forgotten_at DOUBLE PRECISION NOT NULL
        )
        """,
    ),
)

LOCK = 7129201
"""The number of the lock under which a server's tables are changed."""
BUILD_LOCK = 7129202
"""The number of the lock of the one program that builds indexes beside the work of others."""
LARGE = 100_000
"""From how many rows of the log on a server's indexes are built beside the work of others: that takes two passes, and waits for others."""
LOCK_WAIT = "2s"
"""How long a change of a table on a server may wait for its lock: as long as it waits, everybody else waits behind it."""

_ABOUT = (
    "CREATE TABLE IF NOT EXISTS sayso_about (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sayso_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at DOUBLE PRECISION NOT NULL)",
)


def migrate(
    session: Session,
    transaction: Callable[[], AbstractContextManager[Session]],
    place: str,
    migrations: tuple[Migration, ...],
    *,
    is_sqlite: bool,
) -> None:
    """Apply what the database does not have yet; one that has it all is only read. UsageError for one that only newer code can use."""
    for migration in find_missing(session, place, migrations, is_sqlite):
        if migration.online and not is_sqlite and _is_large(session):
            _build_online(session, migration)
            continue
        with transaction() as changing:
            if not is_sqlite:  # an SQLite file is locked as a whole by then
                changing.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
                changing.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            for statement in _ABOUT:
                changing.execute(statement)
            if migration in find_missing(changing, place, migrations, is_sqlite):  # or another program was faster
                _apply(changing, migration)


def find_missing(session: Session, place: str, migrations: tuple[Migration, ...], is_sqlite: bool) -> tuple[Migration, ...]:
    """Return the migrations that the database does not have. UsageError for a database that only newer code can use."""
    if _has_table(session, "sayso_about", is_sqlite):
        check_format(session, place)
    if not _has_table(session, "sayso_migrations", is_sqlite):
        return migrations
    applied = {number for (number,) in session.execute("SELECT number FROM sayso_migrations").fetchall()}
    return tuple(migration for migration in migrations if migration.number not in applied)


def _apply(session: Session, migration: Migration) -> None:
    for statement in migration.statements.split(";"):
        session.execute(statement)
    _note_applied(session, migration)


def _is_large(session: Session) -> bool:
    """Return whether a server's log is so long that writers would wait while an index of it is built, by its own estimate."""
    if not _has_table(session, "sayso_log", is_sqlite=False):
        return False
    row = session.execute("SELECT reltuples FROM pg_class WHERE oid = to_regclass('sayso_log')").fetchone()
    return row is not None and float(row[0]) >= LARGE


def _build_online(session: Session, migration: Migration) -> None:
    """Build indexes while others write, outside a transaction; nothing where another program is at it. One left half-built is made anew."""
    (is_mine,) = session.execute(f"SELECT pg_try_advisory_lock({BUILD_LOCK})").fetchone()
    if not is_mine:
        return
    try:
        for statement in migration.statements.split(";"):
            _, name, rest = re.split(r"CREATE INDEX (\w+)", " ".join(statement.split()), maxsplit=1)
            found = session.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)", {"name": name}).fetchone()
            if found is not None and not found[0]:
                session.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            if found is None or not found[0]:
                session.execute(f"CREATE INDEX CONCURRENTLY {name}{rest}")
        _note_applied(session, migration)
    finally:
        session.execute(f"SELECT pg_advisory_unlock({BUILD_LOCK})")


def _note_applied(session: Session, migration: Migration) -> None:
    values = {"number": migration.number, "name": migration.name, "now": time.time()}
    session.execute(
        "INSERT INTO sayso_migrations (number, name, applied_at) VALUES (:number, :name, :now) ON CONFLICT (number) DO NOTHING", values
    )
    session.execute(
        "INSERT INTO sayso_about (name, value) VALUES ('format', :format) ON CONFLICT (name) DO UPDATE SET value = :format "
        "WHERE CAST(sayso_about.value AS INTEGER) < CAST(:format AS INTEGER)",
        {"format": str(migration.format)},
    )


def check_format(session: Session, place: str) -> None:
    """Raise UsageError for a database that only newer code can use."""
    row = session.execute("SELECT value FROM sayso_about WHERE name = 'format'").fetchone()
    if row is not None and not (row[0].isdecimal() and int(row[0]) <= FORMAT):
        raise UsageError(f"{place} was written by a newer Sayso (its format is {row[0]}, this one reads {FORMAT}). Update Sayso.")


def _has_table(session: Session, name: str, is_sqlite: bool) -> bool:
    where = "FROM sqlite_master WHERE type = 'table' AND name = :name" if is_sqlite else "WHERE to_regclass(:name) IS NOT NULL"
    return session.execute(f"SELECT 1 {where}", {"name": name}).fetchone() is not None
