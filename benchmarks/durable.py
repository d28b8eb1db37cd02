"""What durable runs cost: a step beside the same step of DBOS bare, runs that wait, and how soon a decision is carried out.

With Postgres as well where a server can be started (see tests/workflows/postgres_server.py).
"""

from __future__ import annotations

import asyncio
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

STEPS, WAITING = 300, 1000


async def trivial(value: int) -> int:
    """A step."""
    return value + 1


@tool.write(card="Note {number}", idempotent=True)
async def note(number: int) -> int:
    """Writes nothing anywhere."""
    return number


LONG = sequential(*[trivial] * STEPS, name="long")
APP = App(flows=[sequential(trivial, note, name="noted"), LONG], name="bench")


async def step_milliseconds(url: str, other_url: str) -> tuple[float, float]:
    """A step of ours and a step of DBOS by itself, in a process and database of its own, taken turn by turn."""
    bare = program("--bare", other_url)
    assert bare.stdin is not None
    assert bare.stdout is not None
    home = engine(url)
    ours, theirs = [], []
    await LONG.run(0, engine=home, run_id="warm")
    for turn in range(5):
        begun = time.perf_counter()
        await LONG.run(0, engine=home, run_id=f"r{turn}")
        ours.append(time.perf_counter() - begun)
        print(turn, file=bare.stdin, flush=True)
        theirs.append(float(bare.stdout.readline()))
    home.close()
    bare.stdin.close()
    bare.wait()
    return statistics.median(ours) / STEPS * 1e3, statistics.median(theirs) / STEPS * 1e3


async def be_bare(url: str) -> None:
    """The same steps on DBOS alone, as it comes: for each line, a workflow; its seconds are printed."""
    from dbos import DBOS, DBOSConfig, SetWorkflowID

    @DBOS.step()
    async def plus(value: int) -> int:
        return value + 1

    @DBOS.workflow()
    async def many(value: int) -> int:
        for _ in range(STEPS):
            value = await plus(value)
        return value

    DBOS(config=DBOSConfig(name="bare", system_database_url=dbos_url(url), log_level="CRITICAL"))
    DBOS.launch()
    await many(0)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        begun = time.perf_counter()
        with SetWorkflowID(line.strip()):
            await many(0)
        print(time.perf_counter() - begun, flush=True)
    DBOS.destroy()


def dbos_url(url: str) -> str:
    """The URL as SQLAlchemy names the driver."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def program(*arguments: str) -> subprocess.Popen[str]:
    """This file in a process of its own, which works already."""
    process = subprocess.Popen([sys.executable, __file__, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def format_bytes(process: subprocess.Popen[str]) -> float:
    """The resident memory of a process."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def waiting(url: str, kind: str) -> list[Row]:
    """Runs that wait for a yes: what they weigh, and how soon they go on after a restart and after a yes."""
    home = engine(url, app=APP)
    crew = program("--worker", url)
    for number in range(WAITING):
        await home.submit("noted", number, run_id=f"r{number}")
    await _states(home, "waiting", WAITING)
    weight = format_bytes(crew)
    crew.send_signal(signal.SIGKILL)
    crew.wait()
    requests = {request.run_id: request for request in await home.requests()}
    for number in range(10, WAITING):
        await _decide(home, requests[f"r{number}"])
    begun = time.perf_counter()
    crew = program("--worker", url)
    await _states(home, "done", 1)
    first = time.perf_counter() - begun
    await _states(home, "done", WAITING - 10)
    everyone = time.perf_counter() - begun
    soon = []
    for number in range(10):
        begun = time.perf_counter()
        await _decide(home, requests[f"r{number}"])
        await home.result(f"r{number}")
        soon.append(time.perf_counter() - begun)
    crew.terminate()
    crew.wait()
    home.close()
    return [
        Row(f"{kind}: a worker that has parked 1,000 runs", weight, "MB", limit=120),
        Row(f"{kind}: 990 of them approved while no worker lived: after its restart, first done", first, "s", limit=6),
        Row(f"{kind}: all of those done", everyone, "s", limit=6),
        Row(f"{kind}: approve to done", statistics.median(soon), "s", limit=1),
    ]


async def _decide(home: Any, request: Any) -> None:
    await home.decide(request.run_id, {request.digest: Approve(by="bench")})


async def _states(home: Any, state: str, number: int) -> None:
    async with asyncio.timeout(300):
        while True:
            if len(await home.runs(state)) >= number:
                return
            await asyncio.sleep(0.1)


async def lease_cost(url: str, kind: str) -> list[Row]:
    """What a lease costs its program: one statement in 5 seconds."""
    home = engine(url)
    lease = home.store.lease
    statements: list[str] = []
    if kind == "SQLite":
        lease.connection.open().set_trace_callback(statements.append)
    seconds = []
    for _ in range(50):
        begun = time.perf_counter()
        await asyncio.to_thread(lease.renew)
        seconds.append(time.perf_counter() - begun)
    home.close()
    rows = [Row(f"{kind}: a renewal of a lease, each {lease.times.renew_seconds:g} s", statistics.median(seconds) * 1e3, "ms")]
    if statements:
        told = [statement for statement in statements if statement.split()[0] not in ("BEGIN", "COMMIT")]
        rows.append(Row(f"{kind}: statements in a renewal; a step has none", len(told) // 50, "", limit=1))
    return rows


def main() -> list[Row]:
    """All rows."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = asyncio.run(step_milliseconds(f"sqlite:///{folder}/steps.db", f"sqlite:///{folder}/bare.db"))
        rows += [
            Row("SQLite: a step of DBOS, bare", bare, "ms"),
            Row("SQLite: a durable step", ours, "ms"),
            Row("SQLite: a durable step / bare", ours / bare, "x", limit=1.1),
        ]
        rows += asyncio.run(lease_cost(f"sqlite:///{folder}/lease.db", "SQLite"))
        rows += asyncio.run(waiting(f"sqlite:///{folder}/waiting.db", "SQLite"))
    try:
        with server() as url:
            ours, bare = asyncio.run(step_milliseconds(new_database(url), new_database(url)))
            rows += [
                Row("Postgres: a step of DBOS, bare", bare, "ms"),
                Row("Postgres: a durable step", ours, "ms"),
                Row("Postgres: a durable step / bare", ours / bare, "x", limit=1.1),
            ]
            rows += asyncio.run(lease_cost(new_database(url), "Postgres"))
            rows += asyncio.run(waiting(new_database(url), "Postgres"))
    except NoServer as error:
        print(f"No Postgres here: {error}", file=sys.stderr)
    return rows


async def work(url: str) -> None:
    """Be a worker."""
    from sayso.workflows import Worker

    made = Worker(APP, url)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, made.stop)
    print("working", flush=True)
    await made.work()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        asyncio.run(work(sys.argv[2]))
    elif sys.argv[1:2] == ["--bare"]:
        asyncio.run(be_bare(sys.argv[2]))
    else:
        finish("Durable runs", main())
