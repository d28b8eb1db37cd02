"""Many runs in one commit: each counts by its own claim, a bad one keeps no other from being written, and a death loses none."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import Approve
from sayso.workflows import App, DurableEngine, sequential
from sayso.workflows.durable import log_writes, records
from sayso.workflows.durable.chain import Row
from sayso.workflows.durable.database import DatabaseLost
from sayso.workflows.durable.log_writes import Addition, RunEnd

from .test_kill_matrix import workers

RUNS = 12


async def nothing(value: str) -> str:
    """A step."""
    return value


APP = App(name="desk", flows=[sequential(nothing, name="flow"), sequential(nothing, name="desk")])


@pytest.fixture
def home(database_url: str) -> Iterator[DurableEngine]:
    """An engine on a new database."""
    made = DurableEngine(database_url, app=APP)
    yield made
    made.close()


async def queue(home: DurableEngine, *names: str, flow: str = "flow") -> None:
    """Queue runs of these names, one second after the other."""
    for name in names:
        await home.submit(flow, name, run_id=name)


async def claim(home: DurableEngine, owner: str, most: int, **how: Any) -> list[records.Claimed]:
    """Claim as a worker does."""
    find_change, now, is_sqlite = home.store.find_change, home.clock(), home.database.is_sqlite
    return await home.database.do(
        lambda session: log_writes.claim_queued(session, "desk", ("flow",), (), owner, most, None, find_change, now, is_sqlite, **how)
    )


async def count_transactions(home: DurableEngine) -> list[int]:
    """Note how many items each transaction of the database's thread does, from now on."""
    sizes: list[int] = []
    write = home.database._write

    def note(batch: Any, *rest: Any) -> Any:
        sizes.append(len(batch))
        return write(batch, *rest)

    home.database._write = note  # type: ignore[method-assign]
    return sizes


def kept(run: records.RunRow, name: str = "step", value: str = "1") -> Addition:
    """An addition of one result."""
    return Addition(run, (Row(0, 1.0, run.id, "kept", name, value),), (), 1.0)


async def test_of_a_commit_for_many_runs_each_counts_by_its_own_claim(home: DurableEngine) -> None:
    await queue(home, *(f"r{number}" for number in range(RUNS)))
    mine = {each.run.id: each.run for each in await claim(home, "first", RUNS)}
    await home.database.do(  # r3 is given back, and taken by another
        lambda session: records.give_back(session, "r3", mine["r3"].attempt, "first", "queued", home.clock())
    )
    (others,) = await claim(home, "second", RUNS)
    sizes = await count_transactions(home)
    ends = await asyncio.gather(*(home.store.add(kept(run)) for run in mine.values()), return_exceptions=True)
    assert {name for name, end in zip(mine, ends, strict=True) if isinstance(end, records.Superseded)} == {"r3"}
    assert len(sizes) < RUNS / 2  # they were written together
    logs = {name: [(row.kind, row.name) for row in await home.log(name)] for name in mine}
    assert logs.pop("r3")[-1] == ("begun", str(others.run.attempt))
    assert {tuple(log[-1]) for log in logs.values()} == {("kept", "step")}
    assert [(await home.verify(name)).problems for name in mine] == [()] * RUNS


async def test_a_run_whose_words_the_database_refuses_keeps_no_other_from_being_written(home: DurableEngine) -> None:
    await queue(home, "bad", "good", "other")
    runs = {each.run.id: each.run for each in await claim(home, "first", 3)}
    name = "\ud800"  # no text of UTF-8: neither database takes it
    wanted = [kept(runs["bad"], name), kept(runs["good"]), kept(runs["other"])]
    home.store.times = home.store.times.__class__(patience_seconds=0.0)
    ends = await asyncio.gather(*map(home.store.add, wanted), return_exceptions=True)
    assert [isinstance(end, Exception) for end in ends] == [True, False, False]
    assert [[row.name for row in await home.log(name)][-1] for name in ("bad", "good", "other")] == ["1", "step", "step"]
    assert isinstance(ends[0], (DatabaseLost, UnicodeError))


async def test_an_outage_is_one_line_in_the_log_however_many_runs_meet_it(home: DurableEngine, caplog: pytest.LogCaptureFixture) -> None:
    def away(_session: object) -> None:
        raise DatabaseLost("It is gone.")

    home.store.times = home.store.times.__class__(patience_seconds=0.2)
    for _outage in range(2):
        caplog.clear()
        ends = await asyncio.gather(*(home.store.do_patiently(away) for _ in range(RUNS)), return_exceptions=True)
        assert [type(end) for end in ends] == [DatabaseLost] * RUNS
        assert [record.message for record in caplog.records] == ["It is gone. Runs wait for it, each for up to 0.2 s."]
        assert await home.store.do_patiently(lambda _session: "back") == "back"


async def test_a_run_to_which_something_was_sent_meanwhile_does_not_wait_and_its_neighbours_do(home: DurableEngine) -> None:
    await queue(home, "hears", "waits")
    runs = {each.run.id: each.run for each in await claim(home, "first", 2)}
    await home.signal("hears", "letter", "hello")
    ending = (Row(0, 1.0, "", "ended", records.WAITING, "{}"),)
    pauses = [Addition(run, ending, (), 1.0, RunEnd(records.WAITING, known=0)) for run in runs.values()]
    added = await asyncio.gather(*map(home.store.add, pauses))
    assert {run_id: each.goes_on for run_id, each in zip(runs, added, strict=True)} == {"hears": True, "waits": False}
    assert {name: (await home.run(name)).state for name in runs} == {"hears": records.RUNNING, "waits": records.WAITING}


async def test_runs_that_go_on_and_new_ones_take_turns(home: DurableEngine) -> None:
    await queue(home, "old-1", "old-2", "old-3")
    for each in await claim(home, "first", 3):
        await home.database.do(
            lambda session, run=each.run: records.give_back(session, run.id, run.attempt, "first", "queued", home.clock())  # type: ignore[misc]
        )
    await queue(home, "new-1", "new-2", "new-3")
    claimed = [{each.run.id for each in await claim(home, "second", 2, resumed=resumed)} for resumed in (1, 0, 1)]
    assert claimed[0] == {"old-1", "old-2"}  # both have waited longer than any new one
    assert claimed[1] == {"old-3", "new-1"}
    assert claimed[2] == {"new-2", "new-3"}


async def test_a_decided_run_does_not_wait_behind_a_flood_nor_the_flood_behind_many_decided_ones(home: DurableEngine) -> None:
    await queue(home, "decided")
    (first,) = await claim(home, "first", 1)
    await queue(home, *(f"flood-{number}" for number in range(9)))
    give_back = (first.run.id, first.run.attempt, "first", "queued")
    await home.database.do(lambda session: records.give_back(session, *give_back, home.clock()))
    claimed = [[each.run.id for each in await claim(home, "second", 2, resumed=1)] for _ in range(2)]
    assert claimed == [["decided", "flood-0"], ["flood-1", "flood-2"]]


async def test_a_run_that_killed_its_workers_has_its_turn_on_a_busy_fleet(home: DurableEngine) -> None:
    now = [1000.0]
    home.clock = lambda: now[0]
    await queue(home, "killer")
    for death in range(2):
        await claim(home, f"dead-{death}", 1)
        await home.database.do(lambda session: home.store.release_dead(session, now[0]))
    busy = {"suspects": True, "is_busy": True}
    assert await claim(home, "first", 1, **busy) == []
    now[0] += 2 * (log_writes.SUSPECT_PAUSE_SECONDS + log_writes.SUSPECT_BUSY_SECONDS)
    assert [each.run.id for each in await claim(home, "first", 1, **busy)] == ["killer"]


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
async def test_a_worker_that_dies_with_many_runs_under_way_loses_none_and_orders_none_twice(database_url: str, tmp_path: Path) -> None:
    """Of a merchant with neither keys nor a look-up: what was under way is told to be unknown, and nothing else is."""
    home = DurableEngine(database_url, app=APP)
    environment = {"DESK": str(tmp_path), "MERCHANT": "neither", "DIE": "after the commit"}
    await queue(home, *(f"r{number}" for number in range(RUNS)), flow="desk")
    with workers(database_url, 1, environment) as crew:
        async with asyncio.timeout(120):
            while len(requests := await home.requests()) < RUNS:  # noqa: ASYNC110  it is the worker's doing
                await asyncio.sleep(0.05)
            for request in requests:
                await home.decide(request.run_id, {request.digest: Approve(by="ada")})
            while crew[0].poll() is None:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.05)
            with workers(database_url, 1, environment):
                outputs = [str(await home.result(f"r{number}")) for number in range(RUNS)]
    unknown = [output for output in outputs if "It is not known whether ORDER happened" in output]
    done = [output for output in outputs if output == "Done: ordered burger"]
    assert len(unknown) + len(done) == RUNS
    assert unknown  # the one that died, and those beside it
    orders = sqlite3.connect(tmp_path / "merchant.db").execute("SELECT key FROM orders").fetchall()
    assert max(Counter(orders).values()) == 1
    assert len(done) < len(orders) <= RUNS
    home.close()
