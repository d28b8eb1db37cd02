"""Everything that may happen to programs that carry runs: nothing doubled, nothing lost, nothing stuck, and UNKNOWN only where it must be.

    python tests/chaos/faults.py [--seconds 60] [--only sqlite] [--fault stopped] [--merchant lookup]

Each row is a kind of database, a kind of merchant and a fault. Workers carry runs while the fault happens to them again and again; then it
ends, and every run must have ended within 60 seconds. `--seconds` below 60 makes a shorter form: some faults, some runs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "workflows"))

from kill_workers import approve_all  # noqa: E402
from lossy_proxy import LossyProxy  # noqa: E402
from postgres_server import Server, new_database, own_server  # noqa: E402  the folder of the tests is no package of ours

from sayso.workflows import App, DurableEngine, engine, sequential  # noqa: E402
from sayso.workflows.durable.database import DatabaseLost  # noqa: E402

STUCK_SECONDS = 60
LEASE = (0.5, 2.0)
"""Seconds between renewals and until the lease expires: a tenth of the usual, so that a row takes seconds."""


async def elsewhere(value: str) -> str:
    """The workers have the code."""
    raise AssertionError(value)


class Stage:
    """Workers, a database and what is done to them."""

    def __init__(
        self, url: str, folder: Path, merchant: str, chance: random.Random, postgres: Server | None, fork: str = "", proxied: bool = False
    ) -> None:
        self.url, self.folder, self.chance, self.postgres = url, folder, chance, postgres
        self.environment = {
            **os.environ,
            "DESK": str(folder),
            "MERCHANT": merchant,
            "DIE": "",
            "SLOW": "0.5",
            "LEASE": f"{LEASE[0]} {LEASE[1]}",
            **({"FORK": fork} if fork else {}),
        }
        self.proxy = LossyProxy(url, chance) if proxied else None
        if self.proxy is not None:
            self.url = self.proxy.start()
        self.crew = [self.started() for _ in range(3)]
        for each in self.crew:
            assert each.stdout is not None
            assert each.stdout.readline() == b"working\n"

    def started(self) -> subprocess.Popen[bytes]:
        """A worker of the desk."""
        program = [sys.executable, HERE.parent / "workflows" / "desk.py", self.url]
        with (self.folder / "workers.log").open("ab") as log:
            return subprocess.Popen(program, env=self.environment, stdout=subprocess.PIPE, stderr=log)

    def victim(self) -> int:
        """The number of a worker that something happens to."""
        return self.chance.randrange(len(self.crew))

    def replace(self, index: int) -> None:
        """A worker in the place of one that is gone; one that cannot begin, because the server is away, is started again."""
        working = b""
        while not working:
            self.crew[index].wait()
            self.crew[index] = self.started()
            told = self.crew[index].stdout
            assert told is not None
            working = told.readline()

    def dead(self) -> int:
        """How many workers have ended, though nobody has told them to."""
        return sum(each.poll() is not None for each in self.crew)

    def end(self) -> None:
        """Stop all of it."""
        for each in self.crew:
            each.send_signal(signal.SIGCONT)
            each.terminate()
        for each in self.crew:
            try:
                each.wait(40)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()


# what may happen


async def killed(stage: Stage) -> None:
    """A worker dies."""
    index = stage.victim()
    stage.crew[index].kill()
    await asyncio.to_thread(stage.replace, index)


async def stopped(stage: Stage) -> None:
    """A worker is stopped for longer than its lease holds, and goes on."""
    victim = stage.crew[stage.victim()]
    victim.send_signal(signal.SIGSTOP)
    await asyncio.sleep(LEASE[1] + 1.5)
    victim.send_signal(signal.SIGCONT)


async def stopped_and_killed(stage: Stage) -> None:
    """A worker is stopped for longer than its lease holds, and dies of it."""
    index = stage.victim()
    stage.crew[index].send_signal(signal.SIGSTOP)
    await asyncio.sleep(LEASE[1] + 1.0)
    stage.crew[index].kill()
    await asyncio.to_thread(stage.replace, index)


def terminated(url: str, *, locks: bool) -> None:
    """Cut the connections that hold locks of programs, or all others."""
    import psycopg

    holds = "IN" if locks else "NOT IN"
    with suppress(psycopg.Error), psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "  # type: ignore[call-overload]
            f"AND pid {holds} (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"
        )


async def connections_dropped(stage: Stage) -> None:
    """All connections but those that hold the locks are cut."""
    await asyncio.to_thread(terminated, stage.url, locks=False)


async def locks_dropped(stage: Stage) -> None:
    """The connections that hold the locks are cut."""
    await asyncio.to_thread(terminated, stage.url, locks=True)


async def restarted(stage: Stage) -> None:
    """The server is away for some seconds."""
    assert stage.postgres is not None
    await asyncio.to_thread(stage.postgres.stop, stage.chance.choice([signal.SIGINT, signal.SIGQUIT]))
    await asyncio.sleep(stage.chance.choice([0.1, 4.0]))
    await asyncio.to_thread(stage.postgres.start)


async def killed_and_restarted(stage: Stage) -> None:
    """A worker dies, and the server with it: a failover."""
    index = stage.victim()
    stage.crew[index].kill()
    await restarted(stage)
    await asyncio.to_thread(stage.replace, index)


def set_in_database(url: str, setting: str | None, *, cut: bool = True) -> None:
    """Let all sessions that begin from now on have a setting, or (None) none of those; `cut` ends those that are open."""
    import psycopg

    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True, connect_timeout=5) as connection:
        connection.execute(f'ALTER DATABASE "{name}" {"RESET ALL" if setting is None else f"SET {setting}"}')  # type: ignore[call-overload]
        if cut:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


async def read_only(stage: Stage) -> None:
    """Everybody is connected to a server that may not be written, and stays connected when another one may (riverqueue/river#1225)."""
    await asyncio.to_thread(set_in_database, stage.url, "default_transaction_read_only = on")
    await asyncio.sleep(stage.chance.choice([1.0, LEASE[1] + 1.5]))
    await asyncio.to_thread(set_in_database, stage.url, None, cut=False)


async def idle_sessions_ended(stage: Stage) -> None:
    """The server ends what is idle for a moment, the connections of the locks too."""
    await asyncio.to_thread(set_in_database, stage.url, "idle_session_timeout = '250ms'")
    await asyncio.sleep(LEASE[1] + 2.0)
    await asyncio.to_thread(set_in_database, stage.url, None)


async def too_many_clients(stage: Stage) -> None:
    """Others have all connections of the server when everybody has lost theirs."""
    import psycopg

    taken: list[psycopg.Connection[object]] = []
    await asyncio.to_thread(terminated, stage.url, locks=False)
    with suppress(psycopg.Error):
        while True:
            taken.append(await asyncio.to_thread(psycopg.connect, stage.url, connect_timeout=5))  # type: ignore[arg-type]
    await asyncio.to_thread(terminated, stage.url, locks=True)
    await asyncio.sleep(LEASE[1] + 1.0)
    for each in taken:
        each.close()


async def leases_deleted(stage: Stage) -> None:
    """Somebody tidies up in the database (procrastinate-org/procrastinate#1518), and a worker dies of whom no row is left."""
    import psycopg

    index = stage.victim()
    with suppress(psycopg.Error), psycopg.connect(stage.url, autocommit=True, connect_timeout=5) as connection:
        stage.crew[index].kill()
        connection.execute("DELETE FROM sayso_leases")
    await asyncio.to_thread(stage.replace, index)


async def answers_lost(stage: Stage) -> None:
    """A commit happens, and the connection breaks before anybody is told (PrefectHQ/prefect#10263)."""
    assert stage.proxy is not None
    stage.proxy.share = 0.05
    await asyncio.sleep(2.0)
    stage.proxy.share = 0.0


async def tables_locked(stage: Stage) -> None:
    """A migration of somebody else's holds the tables, or an index is built."""
    import psycopg

    with suppress(psycopg.Error), psycopg.connect(stage.url, connect_timeout=5) as connection:
        connection.execute("SET lock_timeout = '5s'")
        connection.execute("LOCK TABLE sayso_runs, sayso_log, sayso_leases IN SHARE MODE")
        await asyncio.sleep(stage.chance.choice([1.0, LEASE[1] + 1.5]))


async def disk_full(stage: Stage) -> None:
    """No file of a worker can grow, for longer than its lease holds."""
    victim = stage.crew[stage.victim()]
    with suppress(ProcessLookupError):
        _, most = resource.prlimit(victim.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(victim.pid, resource.RLIMIT_FSIZE, (4096, most))
        await asyncio.sleep(stage.chance.choice([1.0, LEASE[1] + 1.5]))
        resource.prlimit(victim.pid, resource.RLIMIT_FSIZE, (most, most))


async def file_locked(stage: Stage) -> None:
    """Somebody else writes to the file for longer than leases hold."""
    other = sqlite3.connect(stage.url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
    with suppress(sqlite3.OperationalError):
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(stage.chance.choice([LEASE[1] + 1.5, 5.0]))
        other.execute("COMMIT")
    other.close()


async def lock_files_removed(stage: Stage) -> None:
    """Somebody tidies up."""
    folder = f"{stage.url.removeprefix('sqlite:///')}-alive"
    for name in os.listdir(folder):  # noqa: PTH208  quick
        os.unlink(f"{folder}/{name}")  # noqa: PTH108


Fault = Callable[[Stage], Awaitable[None]]
FAULTS: dict[str, dict[str, Fault]] = {
    "sqlite": {
        "killed": killed,
        "killed, with forks": killed,
        "stopped": stopped,
        "stopped, then killed": stopped_and_killed,
        "disk full": disk_full,
        "file locked": file_locked,
        "lock files removed": lock_files_removed,
    },
    "postgres": {
        "killed": killed,
        "stopped": stopped,
        "stopped, then killed": stopped_and_killed,
        "connections dropped": connections_dropped,
        "locks dropped": locks_dropped,
        "server restarted": restarted,
        "killed, and restarted": killed_and_restarted,
        "read only": read_only,
        "idle sessions ended": idle_sessions_ended,
        "too many clients": too_many_clients,
        "leases deleted": leases_deleted,
        "answers lost": answers_lost,
        "tables locked": tables_locked,
    },
}
SHORT = {"killed, with forks", "stopped", "locks dropped", "server restarted"}
"""The faults of the shorter form."""
MAY_ACT = {
    "stopped",
    "stopped, then killed",
    "disk full",
    "server restarted",
    "killed, and restarted",
    "read only",
    "idle sessions ended",
    "too many clients",
    "leases deleted",
    "tables locked",
}
"""Faults after which a living or stopped program may still act when another takes over: a lookup that finds nothing is UNKNOWN then."""


async def carried(stage: Stage, fault: Fault, runs: int, times: int) -> Counter[str]:
    """Carry runs through while the fault happens; how they ended, in words."""
    home = engine(stage.url, app=App(name="desk", flows=[sequential(elsewhere, name="desk")]))
    try:
        submitting = asyncio.ensure_future(submitted(home, runs, stage.chance))
        happening = asyncio.ensure_future(happens(stage, fault, times))
        since = None
        while since is None or time.monotonic() - since < STUCK_SECONDS:
            with suppress(DatabaseLost):
                await approve_all(home)
                states = Counter(row.state for row in await home.runs())
                if happening.done() and submitting.done():
                    since = since or time.monotonic()
                    if states["done"] + states["failed"] == runs:
                        break
            await asyncio.sleep(0.2)
        await happening
        await submitting
        return Counter([await ending(home, f"r{index}") for index in range(runs)])
    finally:
        home.close()


async def submitted(home: DurableEngine, runs: int, chance: random.Random) -> None:
    """Submit the runs one after another, so that each worker gets some."""
    for index in range(runs):
        while True:
            try:
                await home.submit("desk", f"shop {index}", run_id=f"r{index}")
                break
            except DatabaseLost:
                await asyncio.sleep(0.5)
        await asyncio.sleep(chance.uniform(0.0, 0.8))


async def happens(stage: Stage, fault: Fault, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(stage.chance.uniform(0.2, 1.2))
        await fault(stage)


async def ending(home: DurableEngine, run_id: str) -> str:
    row = await home.run(run_id)
    problems = (await home.verify(run_id)).problems
    if problems:
        return f"WRONG LOG {run_id}: {problems}"
    if row.state not in ("done", "failed"):
        return f"STUCK {row.state}"
    output = str(row.output)
    return "ordered" if "ordered burger" in output else "unknown" if "not known whether ORDER happened" in output else f"OTHER {row.error}"


def wrong_with(folder: Path, endings: Counter[str], runs: int, merchant: str, fault: str) -> list[str]:
    """What went wrong, in sentences."""
    with sqlite3.connect(folder / "merchant.db") as database:
        database.execute("CREATE TABLE IF NOT EXISTS orders (key TEXT, item TEXT)")
        orders = Counter(key for (key,) in database.execute("SELECT key FROM orders"))
    wrong = [f"{count} orders with one key" for count in orders.values() if count > 1]
    wrong += [f"{count} x {ended}" for ended, count in endings.items() if count and ended not in ("ordered", "unknown")]
    if not endings["ordered"] <= len(orders) <= endings["ordered"] + endings["unknown"]:
        wrong.append(f"{len(orders)} orders, but {endings['ordered']} runs say that they ordered and {endings['unknown']} do not know")
    may_not_know = merchant == "neither" or (merchant == "lookup" and fault in MAY_ACT)
    if endings["unknown"] and not may_not_know:
        wrong.append(f"{endings['unknown']} runs do not know, though nothing could act any more")
    return wrong


def play(kind: str, merchant: str, fault: str, runs: int, times: int, seed: int) -> list[str]:
    """One row of the matrix."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sayso-faults-")))
        postgres = stack.enter_context(own_server()) if kind == "postgres" else None
        url = f"sqlite:///{folder}/runs.db" if postgres is None else new_database(postgres.url)
        stage = Stage(url, folder, merchant, random.Random(seed), postgres, "20" if "forks" in fault else "", fault == "answers lost")
        began = time.monotonic()
        try:
            endings = asyncio.run(carried(stage, FAULTS[kind][fault], runs, times))
            endings["workers that ended"] += stage.dead()
        finally:
            stage.end()
        wrong = wrong_with(folder, endings, runs, merchant, fault)
        print(f"  {kind:8} {merchant:7} {fault:22} {time.monotonic() - began:4.0f} s  {dict(endings)}", flush=True)
        if wrong:
            print((folder / "workers.log").read_text()[-3000:])
        return [f"{kind}, {merchant}, {fault}: {each}" for each in wrong]


def main() -> int:
    """Every row, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=None, help="below 60: a shorter form")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--only", choices=[*FAULTS])
    parser.add_argument("--merchant", choices=["keys", "lookup", "neither"])
    parser.add_argument("--fault")
    given = parser.parse_args()
    is_short = given.seconds is not None and given.seconds < 60
    wrong: list[str] = []
    for kind, faults in FAULTS.items():
        if given.only in (None, kind):
            for fault in faults:
                if given.fault == fault or (given.fault is None and (not is_short or fault in SHORT)):
                    for merchant in [given.merchant] if given.merchant else ["lookup"] if is_short else ["keys", "lookup", "neither"]:
                        runs, times = (6, 1) if is_short else (given.runs, given.times)
                        wrong += play(kind, merchant, fault, runs, times, given.seed)
    for line in wrong:
        print(f"  WRONG {line}")
    print("faults: " + ("something went wrong" if wrong else "nothing doubled, nothing lost, nothing stuck"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
