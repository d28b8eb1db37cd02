"""What a fleet of workers costs a run: processor time, statements and commits with 1, 2 and 4 workers, and how soon a yes is carried out.

990 runs wait for a yes each, all of them are approved, and workers carry them to their end. Processor time, statements and commits say the
same on a busy machine; seconds do not. With Postgres as well where a server can be started (see tests/workflows/postgres_server.py).

python benchmarks/fleet.py [--write]
"""

from __future__ import annotations

import asyncio
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _table import Row, finish

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "workflows"))

from postgres_server import NoServer, new_database, server

from sayso import App, Approve, engine, sequential, tool
from sayso.workflows import DurableEngine

RUNS, A_MINUTE, SECONDS = 990, 1000, 15


async def trivial(value: int) -> int:
    """A step."""
    return value + 1


@tool.write(card="Note {number}", idempotent=True)
async def note(number: int) -> int:
    """Writes nothing anywhere."""
    return number


APP = App(flows=[sequential(trivial, note, name="noted")], name="bench")


async def work(url: str) -> None:
    """Be a worker; at its end print its processor's seconds and how many statements it executed."""
    from sayso.workflows import Worker

    made = Worker(APP, url)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, made.stop)
    raw: Any = made.engine.database.do_now(lambda session: getattr(session, "_connection", session))
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    if made.engine.database.is_sqlite:
        raw.set_trace_callback(count)
    else:
        execute = raw.execute

        def execute_counted(*args: Any, **how: Any) -> Any:
            count()
            return execute(*args, **how)

        raw.execute = execute_counted
    print("working", flush=True)
    before = time.process_time()
    await made.work()
    print(json.dumps({"cpu": time.process_time() - before, "statements": statements}), flush=True)


def start_worker(url: str) -> subprocess.Popen[str]:
    """A worker in a process of its own, which works already."""
    process = subprocess.Popen([sys.executable, __file__, "--worker", url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def stop_all(crew: list[subprocess.Popen[str]]) -> tuple[float, int]:
    """The processor's seconds and the statements of all workers together, which end."""
    told = []
    for each in crew:
        each.terminate()
    for each in crew:
        told.append(json.loads(each.communicate()[0].splitlines()[-1]))
    return sum(each["cpu"] for each in told), sum(each["statements"] for each in told)


async def count_commits(home: DurableEngine) -> int:
    """The commits of the database so far; a server counts those of the last second a little later."""
    if home.database.is_sqlite:
        return 0
    await asyncio.sleep(1.2)
    query = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    return int(await home.database.do(lambda session: session.execute(query).fetchone()[0]))


async def until(home: DurableEngine, state: str, number: int) -> None:
    """Wait until that many runs are in that state."""
    query = "SELECT COUNT(*) FROM sayso_runs WHERE state = :state"
    while await home.database.do(lambda session: session.execute(query, {"state": state}).fetchone()[0]) < number:  # noqa: ASYNC110  workers do it
        await asyncio.sleep(0.1)


async def carry(url: str, workers: int) -> tuple[float, float, float, float]:
    """The seconds, and of each run the processor's milliseconds, statements and commits, for all runs from their yes to their end."""
    home = engine(url, app=APP)
    crew = [start_worker(url)]
    for number in range(RUNS):
        await home.submit("noted", number, run_id=f"r{number}")
    await until(home, "waiting", RUNS)
    stop_all(crew)
    for request in await home.requests():
        await home.decide(request.run_id, {request.digest: Approve(by="bench")})
    before = await count_commits(home)
    begun = time.perf_counter()
    crew = [start_worker(url) for _ in range(workers)]
    await until(home, "done", RUNS)
    seconds = time.perf_counter() - begun
    cpu, statements = stop_all(crew)
    commits = await count_commits(home) - before
    home.close()
    return seconds, cpu / RUNS * 1e3, statements / RUNS, commits / RUNS


async def approve_to_done(url: str) -> float:
    """The median seconds from a yes to the run's end, with a thousand runs a minute on one worker."""
    home, taken = engine(url, app=APP), list[float]()
    crew = [start_worker(url)]

    async def see_through(number: int) -> None:
        await home.submit("noted", number, run_id=f"s{number}")
        while not (requests := await home.requests(f"s{number}")):  # noqa: ASYNC110  the worker does it
            await asyncio.sleep(0.2)
        begun = time.perf_counter()
        await home.decide(f"s{number}", {requests[0].digest: Approve(by="bench")})
        await home.result(f"s{number}")
        taken.append(time.perf_counter() - begun)

    async with asyncio.TaskGroup() as group:
        for number in range(A_MINUTE * SECONDS // 60):
            group.create_task(see_through(number))
            await asyncio.sleep(60 / A_MINUTE)
    stop_all(crew)
    home.close()
    return statistics.median(taken)


async def measure(kind: str, new_url: Any) -> list[Row]:
    """All rows of one kind of database."""
    seconds, alone, statements, commits = await carry(new_url(), 1)
    rows = [
        Row(f"{kind}, one worker: 990 decided runs, from its start", seconds, "s", limit=3),
        Row(f"{kind}, one worker: processor time a run", alone, "ms", limit=3),
        Row(f"{kind}, one worker: statements a run", statements, ""),
    ]
    if kind == "Postgres":
        rows.append(Row(f"{kind}: commits a run, of all programs", commits, ""))
    for workers in (2, 4):
        seconds, cpu, _, _ = await carry(new_url(), workers)
        rows.append(Row(f"{kind}, {workers} workers: 990 decided runs, from their start", seconds, "s"))
        rows.append(Row(f"{kind}, {workers} workers: processor time a run, of that with one", cpu / alone, "x", limit=1.15))
    rows.append(Row(f"{kind}: approve to done, at 1,000 runs a minute", await approve_to_done(new_url()), "s", limit=0.3))
    return rows


def main() -> list[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = iter(range(100))
        rows = asyncio.run(measure("SQLite", lambda: f"sqlite:///{folder}/{next(numbers)}.db"))
    try:
        with server() as url:
            rows += asyncio.run(measure("Postgres", lambda: new_database(url)))
    except NoServer as error:
        print(f"No Postgres here: {error}", file=sys.stderr)
    return rows


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        asyncio.run(work(sys.argv[2]))
    else:
        finish("A fleet of workers", main())
