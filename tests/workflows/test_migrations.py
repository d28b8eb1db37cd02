"""The tables of runs change while programs work: each change is applied once and whole, and programs of older code go on."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, SupportsIndex

import pytest

from sayso.tools import Approve, UsageError, tool
from sayso.workflows import App, Worker, engine, sequential
from sayso.workflows.durable.database import Database
from sayso.workflows.durable.migrations import MIGRATIONS, Migration
from sayso.workflows.durable.run_worker import WorkerLost

from .postgres_server import new_database
from .test_old_database import SAFELY

OLD = Path(__file__).parent / "old_database" / f"sqlite-{sys.version_info.major}.{sys.version_info.minor}.tar.xz"
MADE: list[str] = []


@tool.write
async def order(dish: str) -> str:
    """Order a dish."""
    MADE.append(dish)
    return f"ordered {dish}"


LATER = Migration(901, "what a later version needs", "ALTER TABLE sayso_runs ADD COLUMN colour TEXT; CREATE TABLE sayso_later (id TEXT)")
BREAKING = Migration(902, "what older code gets wrong", "CREATE TABLE sayso_last (id TEXT)", format=99)

HALF = """
import signal, sys
from sayso.workflows.durable.database import Database
from sayso.workflows.durable.migrations import MIGRATIONS, Migration

class Slow(str):
    def split(self, *_):
        yield "CREATE TABLE sayso_half (id TEXT)"
        yield "ALTER TABLE sayso_runs ADD COLUMN half TEXT"
        print("half", flush=True)
        signal.pause()

Database(sys.argv[1], (*MIGRATIONS, Migration(901, "what takes long", Slow())))
"""


def begin_to_migrate(url: str) -> subprocess.Popen[bytes]:
    """A program that has done half of a migration."""
    program = subprocess.Popen([sys.executable, "-c", HALF, url], stdout=subprocess.PIPE)
    assert program.stdout is not None
    assert program.stdout.readline() == b"half\n"
    return program


async def read(database: Database, statement: str) -> list[tuple[Any, ...]]:
    """What a statement finds."""
    return await database.do(lambda session: list(session.execute(statement).fetchall()))


async def applied(database: Database) -> list[int]:
    """The numbers of what was applied, in order."""
    return [number for (number,) in await read(database, "SELECT number FROM sayso_migrations ORDER BY number")]


NUMBERS = [migration.number for migration in MIGRATIONS]


def test_the_list_is_only_appended_to() -> None:
    assert list(range(1, len(MIGRATIONS) + 1)) == NUMBERS


async def test_programs_that_open_a_new_database_at_once_apply_each_migration_once(database_url: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(lambda _: Database(database_url, (*MIGRATIONS, LATER)), range(8)))
    assert [await applied(each) for each in opened] == [[*NUMBERS, LATER.number]] * 8
    for each in opened:
        each.close()


async def test_a_program_that_is_killed_in_a_migration_leaves_nothing_of_it_and_the_next_applies_it(database_url: str) -> None:
    home = engine(database_url)
    killed = begin_to_migrate(database_url)
    waiting = asyncio.ensure_future(asyncio.to_thread(Database, database_url, (*MIGRATIONS, LATER)))
    killed.kill()
    killed.communicate()
    database = await waiting
    assert await applied(database) == [*NUMBERS, LATER.number]
    with pytest.raises(Exception, match="half"):
        await read(database, "SELECT * FROM sayso_half")
    with pytest.raises(Exception, match="half"):
        await read(database, "SELECT half FROM sayso_runs")
    database.close()
    home.close()


async def test_a_migration_with_a_mistake_leaves_nothing_and_is_said_in_one_sentence(database_url: str) -> None:
    mistaken = Migration(901, "wrong", "CREATE TABLE sayso_half (id TEXT); ALTER TABLE sayso_nothing ADD COLUMN x TEXT")
    for _ in range(2):
        with pytest.raises(UsageError, match=r"cannot be used: .*sayso_nothing"):
            Database(database_url, (*MIGRATIONS, mistaken))
    database = Database(database_url)
    assert await applied(database) == NUMBERS
    database.close()


async def test_a_program_of_older_code_goes_on_while_the_tables_change_and_may_be_started_again(database_url: str) -> None:
    """Older code is code that does not know a migration: the run that waits in it, a new run, and a new start."""
    MADE.clear()
    app = App(name="desk", flows=[sequential(order, name="desk")])
    older = engine(database_url, app=app)
    paused = await app.flow("desk").run("soup", engine=older, run_id="r1")
    newer = Database(database_url, (*MIGRATIONS, LATER))
    (request,) = paused.pending
    assert (await older.resume("r1", {request.digest: Approve(by="ada")})).output == "ordered soup"
    again = engine(database_url, app=app)
    (request,) = (await app.flow("desk").run("cake", engine=again, run_id="r2")).pending
    assert (await older.resume("r2", {request.digest: Approve(by="ada")})).output == "ordered cake"
    assert (MADE, await applied(newer)) == (["soup", "cake"], [*NUMBERS, LATER.number])
    for each in (older, again, newer):
        each.close()


async def test_a_database_that_only_newer_code_can_use_is_refused_by_name(database_url: str) -> None:
    newer = Database(database_url, (*MIGRATIONS, BREAKING))
    for migrations in (MIGRATIONS, (*MIGRATIONS, LATER)):
        with pytest.raises(UsageError, match=r"was written by a newer Sayso \(its format is 99, this one reads 2\)\. Update Sayso\."):
            Database(database_url, migrations)
    assert await applied(newer) == [*NUMBERS, BREAKING.number]
    newer.close()


async def test_a_worker_of_older_code_ends_when_its_database_is_changed_so_that_it_would_get_it_wrong(database_url: str) -> None:
    worker = Worker(App(name="desk", flows=[sequential(order, name="desk")]), database_url)
    working = asyncio.ensure_future(worker.work())
    newer = await asyncio.to_thread(Database, database_url, (*MIGRATIONS, BREAKING))
    with pytest.raises(WorkerLost, match=r"was written by a newer Sayso .* Update Sayso\."):
        await working
    newer.close()


async def test_a_format_that_is_no_number_is_refused_by_name(database_url: str) -> None:
    database = Database(database_url)
    await database.do(lambda session: session.execute("UPDATE sayso_about SET value = 'x2' WHERE name = 'format'"))
    with pytest.raises(UsageError, match=r"its format is x2, this one reads 2"):
        Database(database_url)
    database.close()


def test_an_old_database_is_brought_to_the_tables_of_a_new_one(tmp_path: Path) -> None:
    with tarfile.open(OLD) as archive:
        archive.extractall(tmp_path, **SAFELY)
    shutil.move(tmp_path / "runs.db", tmp_path / "old.db")
    for name in ("old.db", "new.db"):
        Database(f"sqlite:///{tmp_path}/{name}").close()
    assert tables(tmp_path / "old.db") == tables(tmp_path / "new.db")


def tables(path: Path) -> dict[str, Any]:
    """The columns of each of our tables, and our indexes."""
    with closing(sqlite3.connect(path)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'sayso_%'")]
        columns = {name: database.execute(f"PRAGMA table_info({name})").fetchall() for name in names}
        indexes = set(database.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'sayso_%'"))
    return {"columns": columns, "indexes": indexes}


def test_a_connection_that_is_cut_while_it_opens_is_opened_again(postgres: str) -> None:
    """As when a server is restarted: the migration ends its own connection, once."""
    url = new_database(postgres)
    Database(url).close()
    ends = "SELECT pg_terminate_backend(pg_backend_pid())"

    class Cutting(str):
        """Statements, the first time with one that ends the connection."""

        def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
            done.append("tried")
            return [ends] if len(done) == 1 else ["CREATE TABLE sayso_after (id TEXT)"]

    done: list[str] = []
    database = Database(url, (*MIGRATIONS, Migration(901, "cut", Cutting())))
    assert done == ["tried", "tried"]
    database.close()
