"""What many programs on one database do to each other: take over from the dead, not from the slow, and never act twice."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import Approve, UsageError, tool
from sayso.tools.errors import LimitReached, ReplayError
from sayso.workflows import App, DurableEngine, Limits, engine, sequential
from sayso.workflows.durable.database import Database, DatabaseLost

from .postgres_server import new_database

DESK = Path(__file__).with_name("desk.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")


async def elsewhere(value: str) -> str:
    """The workers have the code."""
    raise AssertionError(value)


class Crew:
    """Workers of the desk on one database, and an application that talks to it."""

    def __init__(self, folder: Path, url: str, **environment: str) -> None:
        self.folder, self.url = folder, url
        self.environment = {**os.environ, "DESK": str(folder), "MERCHANT": "keys", "DIE": "", **environment}
        self.workers: list[subprocess.Popen[bytes]] = []
        self.home = engine(url, app=App(name="desk", flows=[sequential(elsewhere, name=name) for name in ("desk", "letters")]))

    def add(self) -> subprocess.Popen[bytes]:
        """One more worker."""
        worker = subprocess.Popen([sys.executable, DESK, self.url], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.workers.append(worker)
        return worker

    def ready(self) -> subprocess.Popen[bytes]:
        """One more worker, which works already."""
        worker = self.add()
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"working\n"
        return worker

    async def state(self, *wanted: str, run_id: str = "r1") -> str:
        """Wait for the run to be in one of the states; requests are approved meanwhile."""
        async with asyncio.timeout(120):
            while True:
                for request in await self.home.requests(run_id):
                    await self.home.decide(run_id, {request.digest: Approve(by="ada")})
                row = await self.home.run(run_id)
                if row.state in wanted:
                    return row.state
                await asyncio.sleep(0.05)

    async def file(self, name: str) -> str:
        """Wait for a file that a worker makes."""
        async with asyncio.timeout(120):
            while True:
                for request in await self.home.requests("r1"):
                    await self.home.decide("r1", {request.digest: Approve(by="ada")})
                if (self.folder / name).exists() and (self.folder / name).read_text():
                    return (self.folder / name).read_text()
                await asyncio.sleep(0.05)

    def orders(self) -> int:
        """How many orders the merchant has."""
        with sqlite3.connect(self.folder / "merchant.db") as database:
            return int(database.execute("SELECT COUNT(*) FROM orders").fetchone()[0])

    def end(self) -> None:
        """Stop all of it."""
        for worker in self.workers:
            worker.send_signal(signal.SIGCONT)
            worker.terminate()
        for worker in self.workers:
            worker.communicate(timeout=120)
        self.home.close()


@pytest.fixture
def crew(tmp_path: Path, database_url: str) -> Iterator[Crew]:
    """A crew on a new database of each kind, its workers held in the order."""
    made = Crew(tmp_path, database_url, HOLD="before the commit")
    yield made
    made.end()


async def test_workers_that_start_at_once_on_a_new_database_share_the_work(crew: Crew) -> None:
    (crew.folder / "held").write_text("nobody")
    for _ in range(2):
        crew.add()
    await crew.home.submit("desk", "ace", run_id="r1")
    await crew.state("done")
    assert crew.orders() == 1
    assert all(worker.poll() is None for worker in crew.workers)


async def test_a_worker_that_is_only_stopped_keeps_its_run(crew: Crew) -> None:
    first = crew.ready()
    await crew.home.submit("desk", "ace", run_id="r1")
    await crew.file("held")
    first.send_signal(signal.SIGSTOP)
    crew.ready()
    row = await crew.home.run("r1")
    assert row.state == "running"
    (crew.folder / "go").write_text("go")
    await crew.home.submit("desk", "bob", run_id="r2")
    await crew.state("done", run_id="r2")  # the second worker has looked around, more than once
    assert ((await crew.home.run("r1")).owner, crew.orders()) == (row.owner, 1)
    first.send_signal(signal.SIGCONT)
    await crew.state("done")
    assert crew.orders() == 2


async def test_a_worker_that_is_told_to_stop_ends_its_write_and_hands_the_run_on(crew: Crew) -> None:
    first = crew.ready()
    await crew.home.submit("desk", "ace", run_id="r1")
    await crew.file("held")
    first.terminate()
    second = crew.ready()
    (crew.folder / "go").write_text("go")
    await crew.state("done")
    assert crew.orders() == 1
    first.communicate(timeout=120)
    assert (first.returncode, second.poll()) == (0, None)


async def test_a_worker_whose_lock_is_lost_takes_it_again_and_keeps_its_run(tmp_path: Path, postgres: str) -> None:
    import psycopg

    crew = Crew(tmp_path, new_database(postgres), HOLD="before the commit", MERCHANT="lookup", LEASE="0.2 2")
    try:
        worker = crew.ready()
        await crew.home.submit("desk", "ace", run_id="r1")
        await crew.file("held")
        with psycopg.connect(crew.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                "(SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()"
            )
        owner = (await crew.home.run("r1")).owner
        crew.ready()
        await crew.home.submit("letters", "ada", run_id="r2")
        await crew.state("waiting", run_id="r2")  # somebody has looked around
        assert (await crew.home.run("r1")).owner == owner
        (crew.folder / "go").write_text("go")
        await crew.state("done")
        assert (crew.orders(), worker.poll(), (await crew.home.verify("r1")).problems) == (1, None, ())
    finally:
        crew.end()


@tool.write(card="Note: {text}")
async def note(text: str) -> str:
    """Writes a note."""
    return f"noted {text}"


async def text_of(value: int) -> str:
    return f"value {value}"


async def other_step(value: int) -> str:
    return f"value {value}"


async def test_a_step_that_changed_its_name_under_a_waiting_run_fails_loudly_and_keeps_the_run(database_url: str) -> None:
    home: Any = engine(database_url)
    old, new = sequential(text_of, note, name="flow"), sequential(other_step, note, name="flow")
    paused = await old.run(1, engine=home, run_id="r1")
    with pytest.raises(ReplayError, match=r"'text_of\.0' next, the code asks for 'other_step\.0'"):
        await new.run(1, engine=home, run_id="r1")
    again = await old.run(1, engine=home, run_id="r1")
    assert [request.digest for request in again.pending] == [request.digest for request in paused.pending]
    home.close()


async def test_a_second_program_waits_for_the_end_of_a_run_that_another_carries(tmp_path: Path, database_url: str) -> None:
    crew = Crew(tmp_path, database_url, HOLD="before the commit")
    try:
        crew.ready()
        await crew.home.submit("desk", "ace", run_id="r1")
        await crew.file("held")
        waiting = asyncio.ensure_future(sequential(elsewhere, name="desk").run("ace", engine=crew.home, run_id="r1"))
        await asyncio.sleep(0)
        (crew.folder / "go").write_text("go")
        assert (await waiting).output == "Done: ordered burger"
    finally:
        crew.end()


TAMPERED = {
    "an approval's card": ("UPDATE sayso_approvals SET card = 'Note: nothing'", "is not the one that the log says was asked"),
    "a kept value": ("UPDATE sayso_log SET value = '\"value 2\"' WHERE kind = 'kept' AND name = 'text_of.0'", r"row 5 \(kept 'text_of.0'"),
    "a row taken out": ("DELETE FROM sayso_log WHERE number = 4", "row 4: missing"),
    "the last rows taken out": ("DELETE FROM sayso_log WHERE number > 6", r"rows 7 to \d+: missing at the end"),
    "a number that is a text": ("UPDATE sayso_log SET number = 'x' WHERE number = 4", r"row 'x': changed, a part of it"),
    "a value that is a blob": ("UPDATE sayso_log SET value = x'00ff' WHERE number = 4", r"row '4': changed, a part of it"),
    "the number of rows": ("UPDATE sayso_runs SET number = '{}'", "the head that is stored with the run"),
    "a request that is none": ("UPDATE sayso_log SET value = 'null' WHERE name = 'ApprovalAsked'", "ApprovalAsked"),
    "the input": ("UPDATE sayso_runs SET input = '2'", "the input that is stored with the run"),
}


@pytest.mark.parametrize(("change", "told"), TAMPERED.values(), ids=TAMPERED)
async def test_the_chain_shows_what_was_changed(change: str, told: str, tmp_path: Path) -> None:
    home = engine(f"sqlite:///{tmp_path}/runs.db")
    flow = sequential(text_of, note, name="flow")
    paused = await flow.run(1, engine=home, run_id="r1")
    await paused.resume({paused.pending[0].digest: Approve(by="ada")})
    assert (await home.verify("r1")).problems == ()
    with sqlite3.connect(tmp_path / "runs.db") as database:
        database.execute(change)
    problems = " ".join((await home.verify("r1")).problems)
    home.close()
    assert re.search(told, problems), problems


async def test_a_keyed_chain_cannot_be_made_anew_without_the_key(tmp_path: Path) -> None:
    from sayso.workflows.durable.chain import Keys, Row, link_rows, verify_rows

    key, guess = Keys("", {"": b"key"}), Keys("", {"": b"guess"})

    rows = link_rows("", 0, [Row(0, 1.0, "r1", "kept", "a", "1"), Row(0, 2.0, "r1", "kept", "b", "2")], key)
    assert verify_rows(rows, 2, rows[-1].hash, key).problems == ()
    forged = link_rows("", 0, [row._replace(value="3") for row in rows], None)
    assert "without the key" in " ".join(verify_rows(forged, 2, forged[-1].hash, key).problems)
    again = link_rows("", 0, [row._replace(value="3") for row in rows], guess)
    assert "changed" in " ".join(verify_rows(again, 2, again[-1].hash, key).problems)


async def test_databases_that_cannot_be_used_are_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, and it is long enough to look like none " * 20)
    cases = {
        f"sqlite:///{tmp_path}/text.db": "not a database",
        f"sqlite:///{tmp_path}/no/such/folder.db": "cannot be opened",
        "sqlite://": "does not name a file",
        "mysql://somewhere/runs": "There is no engine for 'mysql://somewhere/runs'",
        "postgresql://nobody@127.0.0.1:9/runs": "cannot be reached",
    }
    for url, told in cases.items():
        with pytest.raises(UsageError, match=told):
            engine(url)


async def test_a_database_that_is_locked_or_read_only_is_said_in_a_sentence(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/runs.db")
    settings = database._thread.submit
    database.connection.busy_seconds = 0.02
    settings(database.connection.open().execute, "PRAGMA busy_timeout=20").result()
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseLost, match="another program holds it for long"):
        await database.do(lambda session: session.execute("DELETE FROM sayso_runs"))
    other.execute("COMMIT")
    settings(database.connection.open().execute, "PRAGMA query_only=1").result()
    with pytest.raises(DatabaseLost, match="you may not write there"):
        await database.do(lambda session: session.execute("DELETE FROM sayso_runs"))
    other.close()
    database.close()


def test_a_full_disk_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    program = """
import asyncio, resource, sys
from sayso import sequential, step
from sayso.workflows import DurableEngine
from sayso.workflows.durable.database import DatabaseLost
from sayso.workflows.durable.lease import LeaseTimes
big = "x" * 400_000
async def grow(value: str) -> str:
    return big
async def main() -> None:
    home = DurableEngine(sys.argv[1], times=LeaseTimes(patience_seconds=2))
    flow = sequential(*[step(grow, name=f"grow{n}") for n in range(20)], name="flow")
    if len(sys.argv) > 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, 2_500_000))
        import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        print(len((await flow.run("a", engine=home, run_id="r1")).output))
    except DatabaseLost as error:
        print("LOST", error, flush=True)
        import os; os._exit(1)
asyncio.run(main())
"""
    url = f"sqlite:///{tmp_path}/runs.db"
    full = subprocess.run([sys.executable, "-c", program, url, "full"], capture_output=True, text=True, timeout=60)
    assert (full.returncode, full.stdout[:4]) == (1, "LOST"), full.stderr
    again = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, timeout=60)
    assert (again.returncode, again.stdout) == (0, "400000\n"), again.stderr
    home = DurableEngine(url)
    assert asyncio.run(home.verify("r1")).problems == ()
    home.close()


async def test_a_worker_holds_no_run_that_waits_for_a_signal(tmp_path: Path, database_url: str) -> None:
    crew = Crew(tmp_path, database_url)
    try:
        crew.ready()
        await crew.home.submit("letters", "ada", run_id="r1")
        await crew.state("waiting")
        await crew.home.signal("r1/letter.0", "letter", "hello")
        await crew.state("done")
        assert await crew.home.result("r1") == "ada: hello"
    finally:
        crew.end()


async def test_a_limit_that_was_given_with_a_run_holds_in_the_worker(tmp_path: Path, database_url: str) -> None:
    crew = Crew(tmp_path, database_url)
    try:
        crew.ready()
        await crew.home.submit("desk", "ace", run_id="r1", limits=Limits(spend_usd=2.0))  # an order costs 2.50
        await crew.state("failed")
        with pytest.raises(LimitReached, match="spend_usd"):
            await crew.home.result("r1")
        assert (crew.orders(), (await crew.home.verify("r1")).problems) == (0, ())
        await crew.home.submit("desk", "ace", run_id="r2", limits=Limits(model_calls=1))
        async with asyncio.timeout(120):
            while True:
                for request in await crew.home.requests("r2"):
                    await crew.home.decide("r2", {request.digest: Approve(by="ada")})
                if (await crew.home.run("r2")).state == "failed":
                    break
                await asyncio.sleep(0.05)
        with pytest.raises(LimitReached, match="model_calls"):
            await crew.home.result("r2")
        assert crew.orders() == 1
    finally:
        crew.end()
