"""What a worker's look at a database of a million runs costs, and how soon it begins a run beside 5,000 queued ones of a dead app.

With Postgres as well where a server can be started (see tests/workflows/postgres_server.py).
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from _databases import measure_on_each
from _table import Row, finish

from sayso import App, sequential
from sayso.workflows import DurableEngine, Worker
from sayso.workflows.durable import log_writes, records
from sayso.workflows.durable.liveness import Life

RUNS, LEFT, WAITING, TIMES = 1_000_000, 5_000, 100_000, 50
BEGUN: list[float] = []
OLD = 1_700_000_000


async def begin(value: str) -> str:
    """Note when the run is begun."""
    BEGUN.append(time.perf_counter())
    return value


APP = App(name="living", flows=[sequential(begin, name="flow")])

FILL = """
INSERT INTO sayso_runs (id, flow, app, input, limits, state, attempt, owner, number, head, created_at, changed_at, wake_at)
SELECT 'old-' || n, 'flow', 'living', '"x"', 'null', CASE WHEN n <= {waiting} THEN 'waiting' ELSE 'done' END, 1, NULL, 9, '',
       {old} + n, {old} + n, CASE WHEN n <= {waiting} THEN 4000000000.0 END FROM ({numbers}) numbers
"""
QUEUE = """
INSERT INTO sayso_runs (id, flow, app, input, limits, state, attempt, owner, number, head, created_at, changed_at)
SELECT '{app}-' || n, 'flow', '{app}', '"x"', 'null', 'queued', 0, NULL, 0, '', {since} + n, {since} + n FROM ({numbers}) numbers
"""


def numbers(most: int, *, is_sqlite: bool) -> str:
    """A table of the numbers from 1 on."""
    if is_sqlite:
        return f"WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {most}) SELECT n FROM c"
    return f"SELECT n FROM generate_series(1, {most}) AS n"


async def fill(home: DurableEngine) -> None:
    """A million runs that are over or wait, and what a dead app and a living one have queued."""
    kind = home.database.is_sqlite
    statements = [
        FILL.format(waiting=WAITING, old=OLD, numbers=numbers(RUNS, is_sqlite=kind)),
        QUEUE.format(app="dead", since=int(time.time()), numbers=numbers(LEFT, is_sqlite=kind)),
        QUEUE.format(app="living", since=OLD, numbers=numbers(TIMES, is_sqlite=kind)),
    ]
    for statement in statements:
        await home.database.do(lambda session, statement=statement: session.execute(statement))
    await home.database.do(lambda session: session.execute("ANALYZE sayso_runs"))


async def milliseconds(work: Callable[[], Awaitable[Any]]) -> float:
    """The median of some times."""
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1e3


async def measure(url: str, kind: str) -> list[Row]:
    """Claims and sweeps, each a transaction, and a worker's delay."""
    home = DurableEngine(url, app=APP)
    await fill(home)
    do, find_change, is_sqlite, now = home.database.do, home.store.find_change, home.database.is_sqlite, time.time()
    nothing = await milliseconds(lambda: do(lambda session: session.execute("SELECT 1")))

    def claim(most: int) -> Any:
        return do(
            lambda session: log_writes.claim_queued(session, "living", ("flow",), (), "bench-1", most, None, find_change, now, is_sqlite)
        )

    claimed = await milliseconds(lambda: claim(1))
    look = await milliseconds(lambda: claim(20))

    def sweep(session: Any) -> None:
        records.release_dead(session, lambda *_: Life.ALIVE, now, is_sqlite)
        records.wake(session, now, is_sqlite)

    swept = await milliseconds(lambda: do(sweep))
    delay = await begin_one(home, url)
    home.close()
    return [
        Row(f"{kind}: a transaction that does nothing", nothing, "ms"),
        Row(f"{kind}: claim the oldest run of an app, of a million", claimed, "ms", limit=25),
        Row(f"{kind}: find that an app has none queued", look, "ms", limit=3),
        Row(f"{kind}: sweep a million for dead owners and ended waits", swept, "ms", limit=2),
        Row(f"{kind}: submit to begun, beside 5,000 newer ones of a dead app", delay, "s", limit=1),
    ]


async def begin_one(home: DurableEngine, url: str) -> float:
    """The seconds until a worker begins what is submitted."""
    await home.database.do(lambda session: session.execute("UPDATE sayso_runs SET state = 'done', owner = NULL WHERE state = 'running'"))
    worker = Worker(APP, url)
    working = asyncio.ensure_future(worker.work())
    taken = []
    for number in range(10):
        BEGUN.clear()
        submitted = time.perf_counter()
        await home.submit("flow", "x", run_id=f"new-{number}")
        await home.result(f"new-{number}")
        taken.append(BEGUN[0] - submitted)
    worker.stop()
    await working
    return statistics.median(taken)


if __name__ == "__main__":
    finish("Claims", measure_on_each(measure))
