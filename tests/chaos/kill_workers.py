"""Workers killed at random while they carry many runs: none is lost, none orders twice.

    python tests/chaos/kill_workers.py --runs 200 --kills 20 [--url postgresql://...]

Without a URL: Postgres with three workers (a server is started), SQLite with two, with `--temporal` Temporal's dev server with three.
`--seconds` below 60 makes a shorter form of it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "workflows"))

from postgres_server import new_database, server  # noqa: E402  the folder of the tests is no package of ours
from temporal_server import new_home, temporal_server  # noqa: E402

from sayso.tools import Approve, UsageError  # noqa: E402
from sayso.workflows import App, DurableEngine, engine, sequential  # noqa: E402


async def elsewhere(value: str) -> str:
    """The workers have the code."""
    raise AssertionError(value)


def started(url: str, folder: Path) -> subprocess.Popen[bytes]:
    """A worker of the desk."""
    environment = {**os.environ, "DESK": str(folder), "MERCHANT": "keys", "DIE": ""}
    if url.startswith("temporal:"):
        environment["LEASE"] = "0.5 2"
    return subprocess.Popen([sys.executable, HERE.parent / "workflows" / "desk.py", url], env=environment, stdout=subprocess.DEVNULL)


def make_home(url: str) -> DurableEngine:
    """The application's engine; on Temporal a death is seen after two seconds."""
    app = App(name="desk", flows=[sequential(elsewhere, name="desk")])
    if url.startswith("temporal:"):
        from sayso.workflows.durable.lease import LeaseTimes
        from sayso.workflows.temporal.temporal_engine import TemporalEngine

        return TemporalEngine(url, app=app, times=LeaseTimes(renew_seconds=0.5, expire_seconds=2))
    return engine(url, app=app)


async def approve_all(home: DurableEngine) -> None:
    """Approve every open request; somebody else may have closed it meanwhile."""
    for request in await home.requests():
        try:
            await home.decide(request.run_id, {request.digest: Approve(by="chaos")})
        except UsageError as error:
            if "no open request" not in str(error):
                raise


async def chaos(url: str, folder: Path, workers: int, runs: int, kills: int, seed: int, patience: float = 0) -> list[str]:
    """Carry the runs through while workers die; gives what went wrong."""
    chance = random.Random(seed)
    home = make_home(url)
    crew = [started(url, folder) for _ in range(workers)]
    begun = time.monotonic()
    for index in range(runs):
        await home.submit("desk", f"shop {index}", run_id=f"r{index}")
    killed, next_kill = 0, begun + 1.0
    try:
        while True:
            await approve_all(home)
            if killed < kills and time.monotonic() >= next_kill:
                victim = chance.randrange(workers)
                crew[victim].send_signal(signal.SIGKILL)
                crew[victim].wait()
                crew[victim] = started(url, folder)
                killed, next_kill = killed + 1, time.monotonic() + chance.uniform(0.3, 1.5)
            states = Counter(row.state for row in await home.runs())
            if states["done"] + states["failed"] + states["cancelled"] == runs and killed == kills:
                break
            if time.monotonic() - begun > float(os.environ.get("CHAOS_SECONDS", 60 + runs)):
                break
            await asyncio.sleep(0.1)
    finally:
        states, orders, wrong = await end(home, crew, folder, runs)
    kind, took = url.partition(":")[0], time.monotonic() - begun
    print(f"  {kind}: {runs} runs, {workers} workers, {killed} kills, {took:.0f} s: {dict(states)}; {orders}")
    return wrong


async def end(home: DurableEngine, crew: list[subprocess.Popen[bytes]], folder: Path, runs: int) -> tuple[Counter[str], str, list[str]]:
    """Stop the workers, and return the states of the runs, the orders in words, and what was lost, doubled or cannot be verified."""
    for each in crew:
        each.terminate()
    for each in crew:
        each.wait(60)
    rows = await home.runs()
    wrong = [f"{row.id}: {problem}" for row in rows for problem in (await home.verify(row.id)).problems]
    home.close()
    states = Counter(row.state for row in rows)
    merchant = sqlite3.connect(folder / "merchant.db")
    made, keys = merchant.execute("SELECT COUNT(*), COUNT(DISTINCT key) FROM orders").fetchone()
    (calls,) = merchant.execute("SELECT COUNT(*) FROM calls WHERE what = 'order'").fetchone()
    if states["done"] != runs:
        wrong.append(f"{runs - states['done']} runs did not end well: {dict(states)}")
    if (made, keys) != (runs, runs):
        wrong.append(f"{made} orders of {keys} keys for {runs} runs")
    return states, f"{made} orders in {calls} calls", wrong


def main() -> int:
    """Both kinds of database, or the one that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--seconds", type=float, default=None, help="below 60: a shorter form")
    parser.add_argument("--url", default=None)
    parser.add_argument("--temporal", action="store_true", help="also on the dev server of Temporal")
    parser.add_argument(
        "--patience", type=float, default=0, help="seconds until a run that is not done counts as stopped, if not 60 and one a run"
    )
    given = parser.parse_args()
    runs, kills = given.runs, given.kills
    if given.seconds is not None and given.seconds < 60:
        runs, kills = min(runs, max(10, int(given.seconds))), min(kills, max(3, int(given.seconds / 6)))
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="sayso-chaos-") as temporary:
        if given.url:
            wrong += asyncio.run(chaos(given.url, Path(temporary), 3, runs, kills, given.seed, given.patience))
        else:
            for name, workers in (("postgres", 3), ("sqlite", 2), *((("temporal", 3),) if given.temporal else ())):
                folder = Path(temporary, name)
                folder.mkdir()
                if name == "temporal":
                    with temporal_server() as target:
                        wrong += asyncio.run(chaos(new_home(target), folder, workers, runs // 8, kills // 4, given.seed, given.patience))
                    continue
                if name == "sqlite":
                    wrong += asyncio.run(
                        chaos(f"sqlite:///{folder}/runs.db", folder, workers, runs // 2, kills // 2, given.seed, given.patience)
                    )
                else:
                    with server() as url:
                        wrong += asyncio.run(chaos(new_database(url), folder, workers, runs, kills, given.seed))
    for line in wrong[:20]:
        print(f"  WRONG {line}")
    print("kill_workers: " + ("something was lost or doubled" if wrong else "nothing lost, nothing doubled"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
