"""An order desk that can be killed: three quotes side by side, a choice, an agent that orders behind an approval, a last word.

The merchant is a database of its own, with its own commits. `DIE` in the environment names the point at which the program kills itself,
and how often ("in the order:2"); a file counts, so that the next program does not die of the same.

    python desk.py URL            a worker on that database
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from sayso import Agent, App, Run, ScriptedModel, ToolContext, parallel, sequential, tool
from sayso.agents import Reply, call
from sayso.agents.models.model import ModelRequest
from sayso.workflows import Worker
from sayso.workflows.durable.lease import LeaseTimes

POINTS = (
    "in a quote",
    "in the model",
    "before the commit",
    "after the commit",
    "after the receipt",
    "in the last step",
)


def folder() -> Path:
    return Path(os.environ["DESK"])


def die(point: str) -> None:
    """Kill this very program, if it is its turn."""
    wanted, _, times = os.environ.get("DIE", "").partition(":")
    if point != wanted:
        return
    count = folder() / "deaths"
    died = len(count.read_text()) if count.exists() else 0
    if died < int(times or 1):
        with count.open("a") as out:
            out.write("x")
            out.flush()
            os.fsync(out.fileno())
        os.kill(os.getpid(), signal.SIGKILL)


def hold(point: str) -> None:
    """Stop here until somebody makes the file `go`, if that is wanted; once."""
    if os.environ.get("HOLD") != point or (folder() / "held").exists():
        return
    (folder() / "held").write_text(str(os.getpid()))
    while not (folder() / "go").exists():
        time.sleep(0.02)


def merchant() -> sqlite3.Connection:
    database = sqlite3.connect(folder() / "merchant.db", timeout=30, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE IF NOT EXISTS orders (key TEXT, item TEXT)")
    database.execute("CREATE TABLE IF NOT EXISTS calls (what TEXT)")
    return database


def note(what: str) -> None:
    with merchant() as database:
        database.execute("INSERT INTO calls VALUES (?)", (what,))


def order_row(key: str, item: str, honours_keys: bool) -> None:
    """What the merchant does with an order: with a key that it honours, the same order again is no new one."""
    die("before the commit")
    hold("before the commit")
    fork_a_child()
    time.sleep(SLOW)
    database = merchant()
    database.execute("BEGIN IMMEDIATE")
    known = database.execute("SELECT 1 FROM orders WHERE key = ?", (key,)).fetchone()
    if not (honours_keys and known):
        database.execute("INSERT INTO orders VALUES (?, ?)", (key, item))
    database.execute("INSERT INTO calls VALUES ('order')")
    database.execute("COMMIT")
    database.close()
    die("after the commit")
    time.sleep(SLOW)


SLOW = float(os.environ.get("SLOW", "0"))
"""How long an order takes before and after its commit."""


def fork_a_child() -> None:
    """Leave a child that outlives this program, if that is wanted; it has all open files of the program."""
    if "FORK" in os.environ and os.fork() == 0:
        time.sleep(float(os.environ["FORK"]))
        os._exit(0)


async def looked_up(key: str) -> str | None:
    found = merchant().execute("SELECT item FROM orders WHERE key = ?", (key,)).fetchone()
    return f"ordered {found[0]}" if found else None


def order_tool(kind: str) -> Any:
    """The ORDER tool of a merchant that honours keys, can be asked, does neither, or says that it honours keys and does not."""
    options: dict[str, Any] = {
        "keys": {"idempotent": True},
        "lookup": {"lookup": looked_up, "settles_within_seconds": 0.0},
        "neither": {},
        "lies": {"idempotent": True},
    }[kind]

    @tool.write(name="ORDER", card="Order {item}", cost_usd=2.5, **options)
    async def order(item: str, context: ToolContext[Any]) -> str:
        """Orders."""
        await asyncio.to_thread(order_row, context.key, item, kind == "keys")
        return f"ordered {item}"

    return order


def said(request: ModelRequest) -> Reply | str:
    note("model")
    if len(request.messages) <= 2:
        die("in the model")
        return Reply(calls=(call("ORDER", item="burger"),))
    die("after the receipt")
    note("last word")
    (result,) = request.messages[-1].results  # type: ignore[union-attr]
    return f"Done: {result.text}"


async def quote(shop: str) -> int:
    note("quote")
    die("in a quote")
    hold("in a quote")
    return len(shop)


async def cheapest(prices: Any) -> str:
    return f"the offer for {min(prices)}"


async def last(answer: str) -> str:
    die("in the last step")
    return answer


BUYER = Agent(ScriptedModel(said, repeat=True), name="buyer", instructions="Buy.", tools=[order_tool(os.environ.get("MERCHANT", "keys"))])
FLOW = sequential(parallel(quote, quote, quote), cheapest, BUYER, last, name="desk")


async def letter(run: Run, name: str) -> str:
    return f"{name}: {await run.wait('letter')}"


LETTERS = sequential(letter, name="letters")
APP = App(flows=[FLOW, LETTERS], name="desk")


RENEW, EXPIRE = (float(seconds) for seconds in os.environ.get("LEASE", "5 15").split())
TIMES = LeaseTimes(renew_seconds=RENEW, expire_seconds=EXPIRE)


def make_worker(url: str) -> Any:
    if url.startswith("temporal:"):
        from sayso.workflows.temporal.temporal_worker import TemporalWorker

        return TemporalWorker(APP, url, times=TIMES)
    return Worker(APP, url, times=TIMES)


async def work(url: str) -> None:
    worker = make_worker(url)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    print("working", flush=True)
    await worker.work()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
