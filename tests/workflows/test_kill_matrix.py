"""Programs killed at every point: one order all the same, or an honest "not known", never two.

On SQLite a killed worker is started again; on Postgres a second worker is there from the start and takes over.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sayso.tools import Approve, UsageError
from sayso.workflows import App, DurableEngine, Limits, Workflow, engine, sequential
from sayso.workflows.durable.lease import LeaseTimes

from .temporal_server import new_home

DESK = Path(__file__).with_name("desk.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
SECONDS = 200


@contextmanager
def workers(url: str, number: int, environment: dict[str, str]) -> Iterator[list[subprocess.Popen[str]]]:
    """Workers on a database, the first and those that are added; they are stopped at the end."""
    crew = [started(url, environment) for _ in range(number)]
    try:
        yield crew
    finally:
        for each in crew:
            each.send_signal(signal.SIGCONT)
            each.terminate()
        for each in crew:
            try:
                each.communicate(timeout=120)
            except subprocess.TimeoutExpired:
                each.kill()
                each.communicate()


def started(url: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, DESK, url], env={**os.environ, **environment}, stdout=subprocess.DEVNULL, text=True)


class Story:
    """What became of one run of the desk."""

    def __init__(self, folder: Path, output: str) -> None:
        database = sqlite3.connect(folder / "merchant.db")
        self.output = output
        self.orders = len(database.execute("SELECT * FROM orders").fetchall())
        self.calls = Counter(what for (what,) in database.execute("SELECT what FROM calls"))
        database.close()


async def story(folder: Path, url: str, merchant: str = "keys", die: str = "", again: str = "") -> Story:
    """Start workers and a run, say yes twice, see it through; a worker that died on SQLite is started again."""
    environment = {"DESK": str(folder), "MERCHANT": merchant, "DIE": die}
    if url.startswith("temporal:"):
        environment["LEASE"] = "0.5 2"
    home = home_of(url)
    try:
        with workers(url, 2 if url.startswith("postgres") else 1, environment) as crew:
            # An order costs 2.50: counted twice by whoever takes over, it would go over the limit.
            await home.submit("desk", "ace", run_id="r1", limits=Limits(spend_usd=2.5))
            if die == "while it waits":
                await _waiting(home)
                for each in crew:
                    each.kill()
                    each.wait()
                crew[:] = [started(url, environment)]
            async with asyncio.timeout(SECONDS):
                output = await _seen_through(home, crew, url, environment)
    finally:
        home.close()
    return Story(folder, output)


QUICK = LeaseTimes(renew_seconds=0.5, expire_seconds=2)
"""On Temporal a death is seen when the activity that executes the run is silent for so long."""


def home_of(url: str) -> DurableEngine:
    """The application's engine."""
    app = App(name="desk", flows=[_named("desk")])
    if url.startswith("temporal:"):
        from sayso.workflows.temporal.temporal_engine import TemporalEngine

        return TemporalEngine(url, app=app, times=QUICK)
    return engine(url, app=app)


def _named(name: str) -> Workflow[str, str]:
    async def elsewhere(value: str) -> str:
        raise AssertionError("the workers carry it")

    return sequential(elsewhere, name=name)


async def _waiting(home: DurableEngine) -> None:
    while True:
        if (await home.run("r1")).state == "waiting":
            return
        await asyncio.sleep(0.05)


async def _seen_through(home: DurableEngine, crew: list[subprocess.Popen[str]], url: str, environment: dict[str, str]) -> str:
    while True:
        for index, each in enumerate(crew):
            if each.poll() is not None and (url.startswith("sqlite") or all(one.poll() is not None for one in crew)):
                crew[index] = started(url, environment)
        for request in await home.requests("r1"):
            await home.decide("r1", {request.digest: Approve(by="ada", place="test")})
            with pytest.raises(UsageError):
                await home.decide("r1", {request.digest: Approve(by="bob", place="test")})
        row = await home.run("r1")
        if row.state in ("done", "failed", "cancelled"):
            return str(await home.result("r1"))
        await asyncio.sleep(0.05)


ONE_ORDER = {
    "not killed": ("keys", "", {"model": 2, "order": 1}),
    "killed in a quote": ("keys", "in a quote", {}),
    "killed in the model, before the journal": ("keys", "in the model", {"model": 3, "order": 1}),
    "killed while it waits": ("keys", "while it waits", {"model": 2, "order": 1}),
    "killed in ORDER, before the commit": ("keys", "before the commit", {"model": 2, "order": 1}),
    "killed in ORDER, after the commit": ("keys", "after the commit", {"model": 2, "order": 2}),
    "killed again in the recovery": ("keys", "after the commit:2", {"model": 2, "order": 3}),
    "killed after the receipt": ("keys", "after the receipt", {"model": 3, "order": 1}),
    "killed in the last step": ("keys", "in the last step", {"model": 2, "order": 1}),
    "with a look-up, before the commit": ("lookup", "before the commit", {"model": 2, "order": 1}),
    "with a look-up, after the commit": ("lookup", "after the commit", {"model": 2, "order": 1}),
}


@pytest.mark.parametrize(("merchant", "die", "calls"), ONE_ORDER.values(), ids=ONE_ORDER)
async def test_there_is_one_order_wherever_it_is_killed(
    merchant: str, die: str, calls: dict[str, int], tmp_path: Path, database_url: str
) -> None:
    told = await story(tmp_path, database_url, merchant, die)
    assert (told.orders, told.output) == (1, "Done: ordered burger")
    assert {what: told.calls[what] for what in calls} == calls


ON_TEMPORAL = (
    "killed in the model, before the journal",
    "killed while it waits",
    "killed in ORDER, before the commit",
    "killed in ORDER, after the commit",
)


@pytest.mark.parametrize("row", ON_TEMPORAL)
async def test_there_is_one_order_on_temporal_too(row: str, temporal: str, tmp_path: Path) -> None:
    merchant, die, calls = ONE_ORDER[row]
    told = await story(tmp_path, new_home(temporal), merchant, die)
    assert (told.orders, told.output) == (1, "Done: ordered burger")
    assert {what: told.calls[what] for what in calls} == calls


@pytest.mark.parametrize(("die", "orders"), [("before the commit", 0), ("after the commit", 1)])
async def test_a_merchant_with_neither_key_nor_look_up_is_not_asked_twice(die: str, orders: int, tmp_path: Path, database_url: str) -> None:
    told = await story(tmp_path, database_url, "neither", die)
    assert told.orders == orders
    assert "It is not known whether ORDER happened" in told.output


async def test_the_test_has_teeth_a_merchant_that_lies_about_keys_gets_two_orders(tmp_path: Path, database_url: str) -> None:
    told = await story(tmp_path, database_url, "lies", "after the commit")
    assert told.orders == 2
