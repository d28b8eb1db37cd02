"""Authority over runs: who has lost a run begins nothing more of it, who lives gives back what it does not execute."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import Decision, ToolContext, UsageError, tool
from sayso.tools.approval.requests import ApprovalRequest
from sayso.tools.errors import NotFinished
from sayso.workflows import CallFailed, DurableEngine, Run, engine, sequential
from sayso.workflows.durable import records
from sayso.workflows.durable.database import DatabaseLost, Session, connect, find_server, require_json
from sayso.workflows.durable.lease import LeaseTimes, Watch
from sayso.workflows.durable.liveness import FileLocks, Life, is_process_gone, new_owner

from .replays import yes
from .test_takeover import Crew

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks are POSIX")
SHORT = LeaseTimes(renew_seconds=0.05, expire_seconds=0.8, patience_seconds=0.2)


def calling(tool: Any) -> Any:
    """A flow that calls this tool."""

    async def code(run: Run, value: object) -> object:
        return await run.call(tool)

    return sequential(code, name="flow")


@pytest.fixture
def home(database_url: str) -> Iterator[DurableEngine]:
    """An engine with a short lease on a database of each kind."""
    made = DurableEngine(database_url, times=SHORT)
    yield made
    made.close()


async def until(condition: Any) -> None:
    """Wait for what another thread or program does."""
    async with asyncio.timeout(120):
        while not await condition():  # noqa: ASYNC110  it is another thread's doing
            await asyncio.sleep(0.02)


# doubts


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_sync_write_that_goes_on_after_its_time_out_is_not_performed_beside_itself(kind: str, tmp_path: Path) -> None:
    paid: list[str] = []
    may_end, has_ended = threading.Event(), threading.Event()

    async def lookup(key: str) -> str | None:
        return key if key in paid else None

    @tool.write(timeout_seconds=1, lookup=lookup, settles_within_seconds=0.0)  # a busy machine may take a while to begin it
    def pay(context: ToolContext[None]) -> str:
        """Pays, in its own time."""
        may_end.wait(120)
        paid.append(context.key)
        has_ended.set()
        return "paid"

    home = engine() if kind == "memory" else engine(f"sqlite:///{tmp_path}/runs.db")
    with pytest.raises(CallFailed, match="what had begun it may still act"):
        await calling(pay).run("x", engine=home, run_id="r1", approve=yes)
    with pytest.raises(CallFailed, match="what had begun it may still act"):  # asked for again it is still the same answer
        await calling(pay).run("x", engine=home, run_id="r1", approve=yes)
    may_end.set()
    assert await asyncio.to_thread(has_ended.wait, 120)
    assert len(paid) == 1
    if isinstance(home, DurableEngine):
        home.close()


SETTLING: dict[str, tuple[dict[str, Any], str]] = {
    "a negative number": ({"settles_within_seconds": -1}, "Write a number of seconds, 0 or more"),
    "not a number": ({"settles_within_seconds": float("nan")}, "Write a number of seconds, 0 or more"),
    "for ever": ({"settles_within_seconds": float("inf")}, "Write a number of seconds, 0 or more"),
    "a text": ({"settles_within_seconds": "5"}, "Write a number of seconds, 0 or more"),
    "yes": ({"settles_within_seconds": True}, "Write a number of seconds, 0 or more"),
    "without a lookup": ({"settles_within_seconds": 1, "lookup": None}, "and no lookup="),
}


@pytest.mark.parametrize(("options", "told"), SETTLING.values(), ids=SETTLING)
def test_when_a_write_settles_is_a_number_of_seconds_and_goes_with_a_lookup(options: dict[str, Any], told: str) -> None:
    async def lookup(key: str) -> None:
        return None

    settings: Any = {"lookup": lookup, **options}
    with pytest.raises(UsageError, match=told):

        @tool.write(**settings)
        async def pay() -> str:
            """Pays."""
            return "paid"


async def replace_stopped(crew: Crew) -> subprocess.Popen[bytes]:
    """Stop a worker where its run is held, let another one carry the run to its end, and return the stopped one."""
    first = crew.ready()
    await crew.home.submit("desk", "ace", run_id="r1")
    await crew.file("held")
    first.send_signal(signal.SIGSTOP)
    crew.ready()
    await crew.state("done")
    return first


STOPPED = {
    "a look-up that finds nothing": ("lookup", "It is not known whether ORDER happened", 1),
    "keys": ("keys", "Done: ordered burger", 1),
    "neither": ("neither", "It is not known whether ORDER happened", 1),
}


@pytest.mark.parametrize(("merchant", "told", "orders"), STOPPED.values(), ids=STOPPED)
async def test_a_worker_stopped_in_its_write_loses_the_run_and_its_late_write_stays_the_only_one(
    merchant: str, told: str, orders: int, tmp_path: Path, database_url: str
) -> None:
    crew = Crew(tmp_path, database_url, HOLD="before the commit", MERCHANT=merchant, LEASE="0.2 1")
    try:
        first = await replace_stopped(crew)
        assert told in str(await crew.home.result("r1"))
        (crew.folder / "go").write_text("go")
        first.send_signal(signal.SIGCONT)
        await crew.file("go")
        await crew.home.submit("letters", "ada", run_id="r2")
        await crew.state("waiting", run_id="r2")

        async def landed() -> bool:
            return crew.orders() == orders

        await until(landed)
        assert first.poll() is None
        assert (await crew.home.verify("r1")).problems == ()
    finally:
        crew.end()
    assert crew.orders() == orders


async def test_a_worker_that_was_stopped_before_its_write_begins_none_when_it_goes_on(tmp_path: Path, database_url: str) -> None:
    crew = Crew(tmp_path, database_url, HOLD="in a quote", MERCHANT="lookup", LEASE="0.2 1")
    try:
        first = await replace_stopped(crew)
        (crew.folder / "go").write_text("go")
        first.send_signal(signal.SIGCONT)
        await crew.home.submit("desk", "bob", run_id="r2")
        await crew.state("done", run_id="r2")
    finally:
        crew.end()
    with sqlite3.connect(tmp_path / "merchant.db") as database:
        (calls,) = database.execute("SELECT COUNT(*) FROM calls WHERE what = 'order'").fetchone()
    assert (calls, crew.orders()) == (2, 2)


async def test_code_that_blocks_its_event_loop_for_longer_than_the_lease_keeps_its_run(tmp_path: Path, database_url: str) -> None:
    crew = Crew(tmp_path, database_url, HOLD="in a quote", LEASE="0.3 2")
    try:
        crew.ready()
        await crew.home.submit("desk", "ace", run_id="r1")
        await crew.file("held")
        owner = (await crew.home.run("r1")).owner
        crew.ready()
        for _ in range(18):
            await asyncio.sleep(0.15)
            assert (await crew.home.run("r1")).owner == owner
        (crew.folder / "go").write_text("go")
        await crew.state("done")
        assert (crew.orders(), (await crew.home.run("r1")).attempt) == (1, 2)  # the second is after the approval
    finally:
        crew.end()


# what a living program owns and does not execute


@pytest.fixture
def acted() -> list[str]:
    """The keys of what was done."""
    return []


def acting(acted: list[str], after: Any) -> Any:
    """A flow whose write calls `after` once it has happened."""

    @tool.write
    async def act(context: ToolContext[None]) -> str:
        """Acts."""
        acted.append(context.key)
        await after()
        return "acted"

    return calling(act)


async def nothing() -> None:
    """Do nothing."""


async def test_what_a_full_disk_did_not_take_is_written_when_there_is_room_and_the_run_is_given_back(
    tmp_path: Path, acted: list[str]
) -> None:
    home = DurableEngine(f"sqlite:///{tmp_path}/runs.db", times=SHORT)
    raw = home.database.connection.open()
    (pages,) = raw.execute("PRAGMA page_count").fetchone()

    async def fill() -> None:
        raw.execute(f"PRAGMA max_page_count = {pages}")

    @tool.write
    async def act(context: ToolContext[None]) -> str:
        """Acts, and says a lot about it."""
        acted.append(context.key)
        await fill()
        return "acted" * 10_000

    with pytest.raises(DatabaseLost, match="full"):
        await calling(act).run("x", engine=home, run_id="r1", approve=yes)

    async def given_back() -> bool:
        return (await home.run("r1")).state == records.INTERRUPTED

    await until(given_back)  # by the lease's own connection, which found room
    raw.execute("PRAGMA max_page_count = 1000000")
    assert (await calling(act).run("x", engine=home, run_id="r1", approve=yes)).output == "acted" * 10_000
    assert (len(acted), (await home.verify("r1")).problems) == (1, ())
    home.close()


def cut(url: str) -> None:
    """Cut all connections to a Postgres database."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_a_run_goes_on_after_all_connections_were_cut_in_its_write(postgres: str, acted: list[str]) -> None:
    from .postgres_server import new_database

    home = DurableEngine(new_database(postgres), times=SHORT)

    async def cut_all() -> None:
        await asyncio.to_thread(cut, home.database.url)

    assert (await acting(acted, cut_all).run("x", engine=home, run_id="r1", approve=yes)).output == "acted"
    row = await home.run("r1")
    assert (row.state, len(acted), (await home.verify("r1")).problems) == (records.DONE, 1, ())
    assert home.store.lease.carried == {}
    home.close()


async def test_a_server_that_is_restarted_in_a_write_costs_no_run(acted: list[str]) -> None:
    from .postgres_server import new_database, own_server

    with own_server() as server:
        home = DurableEngine(new_database(server.url), times=LeaseTimes(renew_seconds=0.2, expire_seconds=1.0))

        async def restart() -> None:
            await asyncio.to_thread(server.stop, signal.SIGQUIT)
            threading.Thread(target=server.start).start()

        assert (await acting(acted, restart).run("x", engine=home, run_id="r1", approve=yes)).output == "acted"
        assert ((await home.run("r1")).state, len(acted)) == (records.DONE, 1)
        home.close()


async def test_a_run_whose_task_crashed_is_given_back_and_can_be_resumed_by_the_same_program(home: DurableEngine, acted: list[str]) -> None:
    flow = acting(acted, nothing)
    await home.start(flow, "x", run_id="r1")
    await until(lambda: waiting(home, "r1"))
    execution = home.executions["r1"]
    home.store.lease.carried.pop("r1")  # as if its task had gone without a word
    assert execution.task is not None

    async def given_back() -> bool:
        return (await home.run("r1")).state == records.INTERRUPTED

    await until(given_back)
    execution.task.cancel()
    with suppress(asyncio.CancelledError):
        await execution.task
    other = DurableEngine(home.database.url, times=SHORT)
    with pytest.raises(NotFinished, match="is not being executed"):
        await other.result("r1")
    assert (await flow.run("x", engine=other, run_id="r1", approve=yes)).output == "acted"
    assert len(acted) == 1
    other.close()


async def test_a_program_that_waits_for_a_person_learns_that_its_run_went_on_elsewhere(home: DurableEngine, acted: list[str]) -> None:
    flow, asked = acting(acted, nothing), asyncio.Event()

    async def never(request: ApprovalRequest) -> Decision | None:
        asked.set()
        await asyncio.Event().wait()
        return None

    asking = asyncio.ensure_future(flow.run("x", engine=home, run_id="r1", approve=never))
    await asked.wait()
    statement = "UPDATE sayso_runs SET state = 'interrupted', owner = NULL WHERE id = 'r1'"  # as if it had been stopped for long
    await home.database.do(lambda session: session.execute(statement))
    other = DurableEngine(home.database.url, times=SHORT)
    assert (await flow.run("x", engine=other, run_id="r1", approve=yes)).output == "acted"
    assert (await asyncio.wait_for(asking, 120)).output == "acted"
    assert len(acted) == 1
    other.close()


async def waiting(home: DurableEngine, run_id: str) -> bool:
    return bool(await home.requests(run_id))


async def test_result_does_not_wait_for_a_program_that_was_killed(tmp_path: Path, database_url: str) -> None:
    killed = Carrying(database_url, tmp_path)
    home = DurableEngine(database_url, times=SHORT)
    asking = asyncio.ensure_future(home.result("r1"))
    await asyncio.sleep(0)
    killed.kill()
    with pytest.raises(NotFinished, match="is not being executed"):
        await asyncio.wait_for(asking, 120)
    home.close()


CARRYING = """
import asyncio, os, sys, time
from sayso import Run, sequential
from sayso.workflows.durable.engine import DurableEngine
from sayso.workflows.durable.lease import LeaseTimes
async def code(run: Run, value: str) -> str:
    return await run.wait("never")
async def main() -> None:
    home = DurableEngine(sys.argv[1], times=LeaseTimes(renew_seconds=0.05, expire_seconds=0.4))
    await home.start(sequential(code, name="flow"), "x", run_id="r1")
    while (await home.run("r1")).state != "running":
        await asyncio.sleep(0.01)
    fork = os.fork() if sys.argv[2] == "fork" else -1
    if fork <= 0:  # a child tells by itself that it lives
        print(os.getpid() if fork == 0 else fork, flush=True)
    if fork == 0:
        time.sleep(60)
        os._exit(0)
    await home.result("r1")
asyncio.run(main())
"""


class Carrying:
    """A program that executes a run and waits in it, perhaps with a child that it has forked."""

    def __init__(self, url: str, folder: Path, how: str = "alone") -> None:
        self._program = subprocess.Popen([sys.executable, "-c", CARRYING, url, how], stdout=subprocess.PIPE, cwd=folder)
        assert self._program.stdout is not None
        with self._program.stdout as told:
            self.fork = int(told.readline())

    async def stop(self, home: DurableEngine) -> None:
        """Stop it, as Ctrl-Z does; not while it writes to a file, which would be locked for as long as it is stopped."""

        def stop(session: Session) -> None:
            self._program.send_signal(signal.SIGSTOP)
            os.waitpid(self._program.pid, os.WUNTRACED)  # until then a thread of it may still take the lock as this one lets go of it

        await home.database.do(stop)

    def kill(self) -> None:
        """Kill it, and not its child."""
        self._program.kill()
        self._program.wait()


async def test_a_stopped_program_loses_its_runs_without_a_worker_too(tmp_path: Path, database_url: str) -> None:
    stopped = Carrying(database_url, tmp_path)
    home = DurableEngine(database_url, times=SHORT)
    await stopped.stop(home)
    try:

        async def code(run: Run, value: str) -> str:
            return str(await run.wait("never"))

        await home.signal("r1/code.0", "never", "at last")
        assert (await sequential(code, name="flow").run("x", engine=home, run_id="r1")).output == "at last"
    finally:
        stopped.kill()
        home.close()


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_jumps_takes_no_run_from_a_living_program(hours: int, tmp_path: Path, database_url: str) -> None:
    living = Carrying(database_url, tmp_path)
    home = DurableEngine(database_url, times=SHORT, clock=lambda: time.time() + hours * 3600)
    try:
        before = await home.run("r1")
        for _ in range(20):
            await home.database.do(lambda session: home.store.release_dead(session, home.clock()))
            await asyncio.sleep(SHORT.expire_seconds / 10)
        after = await home.run("r1")
        assert (after.state, after.owner, after.attempt) == (before.state, before.owner, before.attempt)
    finally:
        living.kill()
        home.close()


# signs of life


class Seen:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


WATCHED: dict[str, tuple[list[tuple[float, int]], bool]] = {
    "seen once": ([(0, 7)], False),
    "unchanged for 15 seconds": ([(each, 7) for each in range(16)], True),
    "unchanged for 14 seconds": ([(each, 7) for each in range(15)], False),
    "renewed in time": ([(each, each // 5) for each in range(60)], False),
    "renewed at the last moment": ([*((each, 7) for each in range(15)), (14.9, 8), (16, 8)], False),
    "not looked at for a minute": ([(0, 7), (60, 7)], False),
    "not looked at for a minute, then unchanged": ([(0, 7), *((60 + each, 7) for each in range(16))], True),
    "a counter that went back": ([*((each, 7) for each in range(15)), (15, 3)], False),
}


@pytest.mark.parametrize(("looks", "expired"), WATCHED.values(), ids=WATCHED)
def test_a_lease_has_expired_once_it_was_seen_unchanged_for_long_enough(looks: list[tuple[float, int]], expired: bool) -> None:
    clock = Seen()
    watch = Watch(LeaseTimes(), clock)
    told = False
    for at, beat in looks:
        clock.now = 100 + at
        told = watch.has_expired("somebody", beat)
    assert told is expired


@pytest.mark.parametrize("times", [(5, 9), (0, 15), (-1, 15)])
def test_a_lease_is_renewed_at_least_twice_before_it_expires(times: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="at least twice before it expires"):
        LeaseTimes(renew_seconds=times[0], expire_seconds=times[1])


def test_a_process_is_gone_when_its_id_is_free_or_somebody_elses() -> None:
    name = new_owner()
    machine, place, pid, started, chance = name.split(".")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    told = {
        "this one": is_process_gone(name),
        "its id is somebody else's by now": is_process_gone(f"{machine}.{place}.{pid}.{int(started) + 1}.{chance}"),
        "nobody has its id": is_process_gone(f"{machine}.{place}.{ended.pid}.{started}.{chance}"),
        "of another machine, boot or container": is_process_gone(f"{machine}.{'0' * 12}.{ended.pid}.{started}.{chance}"),
        "where there is no /proc": is_process_gone(f"{machine}..{ended.pid}.0.{chance}"),
        "of an older version": is_process_gone(f"{machine}-{ended.pid}-{chance}"),
    }
    assert told == {
        "this one": False,
        "its id is somebody else's by now": True,
        "nobody has its id": True,
        "of another machine, boot or container": None,
        "where there is no /proc": None,
        "of an older version": None,
    }


def test_a_zombie_is_dead() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has asked how
    machine, place, _, _, chance = new_owner().split(".")
    assert is_process_gone(f"{machine}.{place}.{ended.pid}.1.{chance}") is True
    ended.wait()


def test_a_lock_file_that_is_not_there_proves_no_death(tmp_path: Path) -> None:
    holder, other = FileLocks(tmp_path / "alive"), FileLocks(tmp_path / "alive")
    holder.hold("ada")
    assert other.find_life("ada") is Life.ALIVE
    (tmp_path / "alive" / "ada").unlink()
    assert other.find_life("ada") is Life.GONE
    holder.hold("ada")  # as each renewal does
    assert other.find_life("ada") is Life.ALIVE
    holder.let_go("ada")
    assert other.find_life("ada") is Life.GONE
    (tmp_path / "alive").mkdir(exist_ok=True)
    (tmp_path / "alive" / "bob").touch()  # its holder died
    assert other.find_life("bob") is Life.DEAD


# forks


async def test_a_fork_of_a_program_that_is_killed_does_not_hold_its_lock(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    killed = Carrying(url, tmp_path, "fork")
    (lock,) = (tmp_path / "runs.db-alive").iterdir()
    assert FileLocks(lock.parent).find_life(lock.name) is Life.ALIVE
    killed.kill()
    told = FileLocks(lock.parent).find_life(lock.name)
    os.kill(killed.fork, signal.SIGKILL)  # raises where the child has not lived until now
    assert told is Life.DEAD


def _use_in_a_fork(home: DurableEngine, told: Any) -> None:
    async def code(run: Run, value: str) -> str:
        return value

    async def use() -> None:
        try:
            await home.runs()
        except UsageError as error:
            told.send(str(error))
        own = DurableEngine(home.database.url, times=SHORT)
        told.send((await sequential(code, name="flow").run("in the fork", engine=own, run_id="fork")).output)
        own.close()
        home.close()

    asyncio.run(use())


async def test_an_engine_is_refused_by_name_in_a_fork_which_makes_one_of_its_own(home: DurableEngine) -> None:
    async def code(run: Run, value: str) -> str:
        return value

    flow = sequential(code, name="flow")
    assert (await flow.run("before", engine=home, run_id="before")).output == "before"
    ours, theirs = multiprocessing.Pipe()
    fork = multiprocessing.get_context("fork").Process(target=_use_in_a_fork, args=(home, theirs))
    fork.start()
    await asyncio.to_thread(fork.join, 120)
    assert fork.exitcode == 0
    assert f"was made by process {os.getpid()}, and this is process {fork.pid}, forked from it" in ours.recv()
    assert ours.recv() == "in the fork"
    assert (await flow.run("after", engine=home, run_id="after")).output == "after"  # the fork has closed nothing of ours


async def test_a_fork_waits_for_the_transaction_that_is_under_way(tmp_path: Path) -> None:
    """Otherwise the fork's own connection would wait for ever: SQLite remembers locks in the memory of the process."""
    home = DurableEngine(f"sqlite:///{tmp_path}/runs.db", times=SHORT)
    begun, may_end = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        begun.set()
        may_end.wait(120)

    holding = asyncio.ensure_future(home.database.do(hold))
    await asyncio.to_thread(begun.wait)
    threading.Timer(0.1, may_end.set).start()
    ours, theirs = multiprocessing.Pipe()
    fork = multiprocessing.get_context("fork").Process(target=_use_in_a_fork, args=(home, theirs))
    fork.start()
    assert may_end.is_set()
    await holding
    await asyncio.to_thread(fork.join, 120)
    assert (fork.exitcode, "forked from it" in ours.recv(), ours.recv()) == (0, True, "in the fork")
    home.close()


# cost, and other versions


async def test_a_lease_costs_one_statement_for_each_renewal_and_none_for_a_step(tmp_path: Path) -> None:
    home = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    statements: list[str] = []
    lease = home.store.lease
    lease.connection.open().set_trace_callback(statements.append)

    async def code(run: Run, value: str) -> str:
        for number in range(50):
            await run.step(f"step {number}", nothing)
        return value

    await sequential(code, name="flow").run("x", engine=home, run_id="r1")
    assert statements == []
    await asyncio.to_thread(lease.renew)
    assert [statement.split()[0] for statement in statements] == ["BEGIN", "INSERT", "COMMIT"]
    home.close()


async def test_a_program_that_begins_while_another_writes_for_long_waits_for_it(tmp_path: Path) -> None:
    home = DurableEngine(f"sqlite:///{tmp_path}/runs.db", times=LeaseTimes(renew_seconds=0.05, expire_seconds=0.4, patience_seconds=20))
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    ending = threading.Timer(0.4, other.close)  # several times as long as one renewal waits
    ending.start()
    assert (await acting([], nothing).run("x", engine=home, run_id="r1")).pending
    ending.join()
    home.close()


async def test_a_lease_table_of_a_newer_version_is_refused_in_a_sentence(tmp_path: Path) -> None:
    home = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    with sqlite3.connect(tmp_path / "runs.db") as database:
        database.execute("DROP TABLE sayso_leases")
        database.execute("CREATE TABLE sayso_leases (program TEXT PRIMARY KEY, beats INTEGER NOT NULL)")
    with pytest.raises(UsageError, match=r"cannot execute runs, because it cannot keep its lease.*no column named owner"):
        await acting([], nothing).run("x", engine=home, run_id="r1")
    home.close()


def test_an_engine_that_is_forgotten_is_closed_by_nobody_who_collects_garbage(tmp_path: Path) -> None:
    """Any thread may collect it, at any moment: one that waited for the database's thread could be what that thread waits for."""

    async def same(value: str) -> str:
        return value

    made, may_end = DurableEngine(f"sqlite:///{tmp_path}/runs.db"), threading.Event()
    asyncio.run(sequential(same).run("x", engine=made, run_id="r1"))
    database_thread, forgotten = made.database._thread, [made]
    database_thread.submit(may_end.wait)
    del made

    def forget() -> None:
        forgotten.clear()
        gc.collect()

    collecting = threading.Thread(target=forget, daemon=True)
    collecting.start()
    collecting.join(10)
    assert not collecting.is_alive()
    may_end.set()
    database_thread.shutdown(wait=True)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="a limit of Linux")
@pytest.mark.parametrize(("asked", "milliseconds"), [("", 11_000), ("?tcp_user_timeout=60000", 60_000)])
def test_a_network_that_drops_everything_is_noticed_as_soon_as_a_silent_server_unless_the_url_says_otherwise(
    asked: str, milliseconds: int, postgres: str
) -> None:
    from .postgres_server import new_database

    with (
        connect(new_database(postgres) + asked) as connection,
        socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as held,
    ):
        assert held.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == milliseconds


def test_messages_name_each_server_of_a_url_and_no_password() -> None:
    urls = (
        "postgresql://ada:secret@first:5433,second/runs?target_session_attrs=read-write",
        "postgresql:///runs",
        "postgresql://[::1]:5433/runs",
    )
    assert [find_server(url) for url in urls] == ["first,second/runs", "local/runs", "::1/runs"]


class WithoutJson(sqlite3.Connection):
    """An SQLite that was built without its JSON functions."""

    def execute(self, *_statement: Any) -> sqlite3.Cursor:
        raise sqlite3.OperationalError("no such table: json_each")


def test_an_sqlite_without_json_is_refused_in_words() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        require_json(connection)
    with (
        closing(sqlite3.connect(":memory:", factory=WithoutJson)) as without,
        pytest.raises(UsageError, match=r"need SQLite's JSON functions.*was built without them. Use another Python, or a Postgres"),
    ):
        require_json(without)


async def test_a_lease_that_somebody_deletes_takes_no_run_from_a_program_that_lives(database_url: str) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def wait(value: str) -> str:
        begun.set()
        await may_end.wait()
        return value

    home, other = DurableEngine(database_url), DurableEngine(database_url)
    running = asyncio.ensure_future(sequential(wait).run("x", engine=home, run_id="r"))
    await begun.wait()
    await other.database.do(lambda session: session.execute("DELETE FROM sayso_leases"))
    released = await other.database.do(lambda session: other.store.release_dead(session, time.time()))
    may_end.set()
    assert released == []
    assert (await running).output == "x"
    for each in (home, other):
        each.close()
