"""Workers claim what is queued: the oldest first, of their own app and flows, each run once, whatever else stands in the queue."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from sayso.tools import Approve, tool
from sayso.tools.errors import Cancelled, NotFinished, UsageError, WorkflowError
from sayso.workflows import App, DurableEngine, Worker, find_stuck, sequential
from sayso.workflows.durable import log_writes, records
from sayso.workflows.durable.chain import Row
from sayso.workflows.durable.log_writes import Addition, RunEnd
from sayso.workflows.durable.records import NewRun
from sayso.workflows.runs.codec import to_json
from sayso.workflows.runs.limits import Intent

from .postgres_server import new_database

BEGUN: list[str] = []


async def begin(value: str) -> str:
    """Note in which order runs are begun."""
    BEGUN.append(value)
    return value


@tool.write(idempotent=True)
async def buy(value: str) -> str:
    """Buy it."""
    BEGUN.append(f"bought {value}")
    return value


@pytest.fixture(autouse=True)
def nothing_begun() -> None:
    """No run."""
    BEGUN.clear()


LIVING = App(name="living", flows=[sequential(begin, name="flow"), sequential(begin, buy, name="shop")])


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


@pytest.fixture
def home(database_url: str, clock: Clock) -> Iterator[DurableEngine]:
    """An application's engine on a database of each kind."""
    made = DurableEngine(database_url, app=LIVING, clock=clock)
    yield made
    made.close()


@asynccontextmanager
async def working(url: str, *apps: App) -> AsyncIterator[list[Worker]]:
    """A worker for each app, at work meanwhile."""
    workers = [Worker(app, url) for app in apps]
    tasks = [asyncio.ensure_future(worker.work()) for worker in workers]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop()
        await asyncio.gather(*tasks)


async def ended(home: DurableEngine, *run_ids: str) -> None:
    """Wait until the runs are over."""
    async with asyncio.timeout(120):
        for run_id in run_ids:
            while (await home.run(run_id)).state not in records.ENDED:  # noqa: ASYNC110  it is the worker's doing
                await asyncio.sleep(0.02)


async def queue(home: DurableEngine, number: int, app: str, flow: str, at: float) -> None:
    """Queue runs of somebody else."""
    new = [NewRun(f"{app}-{flow}-{each}", flow, app, '"x"', "null", records.QUEUED, at + each) for each in range(number)]

    def insert(session: Any) -> None:
        for each in new:
            log_writes.create_or_find(session, each, None, home.database.is_sqlite)

    await home.database.do(insert)


COPY = """
WITH RECURSIVE copies(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copies WHERE number < :most)
INSERT INTO sayso_runs (id, flow, app, input, limits, state, attempt, number, head, created_at, changed_at)
SELECT id || '-' || copies.number, flow, app, input, limits, state, attempt, sayso_runs.number, head, created_at, changed_at
FROM sayso_runs, copies WHERE app = :app AND flow = :flow
"""


async def queue_a_crowd(home: DurableEngine, most: int, app: str, flow: str, at: float) -> None:
    """Queue one run of somebody else, and so many copies of it that nobody will claim."""
    await queue(home, 1, app, flow, at)
    await home.database.do(lambda session: session.execute(COPY, {"most": most, "app": app, "flow": flow}))


async def test_a_run_of_a_living_app_is_begun_whatever_the_dead_have_left_in_the_queue(home: DurableEngine, clock: Clock) -> None:
    await home.submit("flow", "mine", run_id="mine")
    await queue_a_crowd(home, 5000, "dead", "flow", clock.now - 10)
    await queue_a_crowd(home, 1000, "living", "a flow that this worker does not have", clock.now - 10)
    async with working(home.database.url, LIVING):
        await ended(home, "mine")
    assert BEGUN == ["mine"]
    left = await home.database.do(lambda session: session.execute("SELECT count(*) FROM sayso_runs WHERE state = 'queued'").fetchone())
    assert left[0] == 6002


async def test_the_oldest_run_is_begun_first(home: DurableEngine, clock: Clock) -> None:
    """By the time of their submission, and by their ids where that is equal."""
    for run_id, at in (("late", 30.0), ("c", 20.0), ("early", 10.0), ("a", 20.0), ("b", 20.0)):
        clock.now = at
        await home.submit("flow", run_id, run_id=run_id)
    async with working(home.database.url, LIVING):
        await ended(home, "late", "a", "b", "c", "early")
    assert BEGUN == ["early", "a", "b", "c", "late"]


async def test_an_old_run_that_is_woken_or_taken_over_goes_before_newer_ones(home: DurableEngine, clock: Clock) -> None:
    await home.submit("shop", "woken", run_id="woken")
    async with working(home.database.url, LIVING):
        while (await home.run("woken")).state != records.WAITING:  # noqa: ASYNC110  it is the worker's doing
            await asyncio.sleep(0.02)
    open_requests = await home.requests("woken")
    clock.now += 10
    await home.submit("flow", "taken over", run_id="taken-over")
    (claimed,) = await claim(home, "a-program-that-died", 1)
    assert claimed.run.id == "taken-over"
    for number in range(3):
        clock.now += 10
        await home.submit("flow", f"new {number}", run_id=f"new-{number}")
    clock.now += 10
    await home.decide("woken", {open_requests[0].digest: Approve(by="ada")})
    await home.database.do(lambda session: home.store.release_dead(session, clock.now))
    claimed_ids = [[each.run.id for each in await claim(home, "another", most)] for most in (1, 3, 9)]
    assert claimed_ids == [["woken"], ["taken-over", "new-0", "new-1"], ["new-2"]]


async def claim(
    home: DurableEngine, owner: str, most: int, flows: tuple[str, ...] = ("flow", "shop"), *, suspects: bool = False
) -> list[records.Claimed]:
    """Claim as a worker does."""
    now, is_sqlite, find_change = home.clock(), home.database.is_sqlite, home.store.find_change
    return await home.database.do(
        lambda session: log_writes.claim_queued(
            session, "living", flows, (), owner, most, None, find_change, now, is_sqlite, suspects=suspects
        )
    )


async def test_a_run_that_kills_its_programs_comes_after_all_others_and_alone(home: DurableEngine, clock: Clock) -> None:
    async def claim_and_die(*, suspects: bool = False) -> list[str]:
        claimed = await claim(home, f"a-program-that-dies-at-{clock.now}", 1 if suspects else 9, suspects=suspects)
        await home.database.do(lambda session: home.store.release_dead(session, clock.now))
        clock.now += 1
        return [each.run.id for each in claimed]

    await home.submit("flow", "it kills", run_id="killer")
    await home.submit("flow", "it is there", run_id="other")
    assert [await claim_and_die() for _ in range(3)] == [["killer", "other"], ["killer", "other"], []]
    await home.submit("flow", "it is new", run_id="new")
    assert await claim_and_die() == ["new"]
    assert await claim_and_die(suspects=True) == []
    clock.now += 2 * log_writes.SUSPECT_PAUSE_SECONDS
    assert [await claim_and_die(suspects=True) for _ in range(3)] == [["killer"], ["other"], []]


async def lose_programs(home: DurableEngine, clock: Clock, number: int) -> None:
    """Have so many programs in a row claim what there is, and die."""
    for each in range(number):
        clock.now += 1000
        await claim(home, f"lost-{clock.now}-{each}", 9)
        await claim(home, f"lost-{clock.now}-{each}", 1, suspects=True)
        await home.database.do(lambda session: home.store.release_dead(session, clock.now))


async def test_a_run_that_has_lost_ten_programs_waits_for_a_person_and_says_why(home: DurableEngine, clock: Clock) -> None:
    await home.submit("flow", "it kills", run_id="killer")
    await lose_programs(home, clock, records.MOST_DEATHS - 1)
    assert (await home.run("killer")).state == records.QUEUED
    await lose_programs(home, clock, 1)
    assert (await home.run("killer")).state == records.INTERRUPTED
    clock.now += 1e6
    assert [await claim(home, "a-worker", 9, suspects=suspects) for suspects in (False, True)] == [[], []]
    (stuck,) = await find_stuck(home)
    assert (stuck.why.startswith("At least 10 programs in a row were lost"), "sayso resume killer" in stuck.advice) == (True, True)
    with pytest.raises(NotFinished, match="At least 10 programs in a row were lost"):
        await home.result("killer")
    assert (await home.verify("killer")).problems == ()


async def test_a_run_that_workers_have_left_can_be_resumed_and_then_counts_anew(home: DurableEngine, clock: Clock) -> None:
    await home.submit("shop", "a burger", run_id="left")
    await lose_programs(home, clock, records.MOST_DEATHS)
    (request,) = (await home.resume("left", {})).pending
    row = await home.run("left")
    assert (row.state, row.error, BEGUN) == (records.WAITING, None, ["a burger"])
    await home.decide("left", {request.digest: Approve()})
    await lose_programs(home, clock, 1)
    assert (await home.run("left")).state == records.QUEUED


async def test_the_neighbours_of_a_run_that_kills_are_done_and_only_it_is_left(home: DurableEngine, clock: Clock) -> None:
    """Their first step takes 30 seconds; the run among them that kills does so after 5, each time."""
    names = ["a", "b", "c", "killer", "d"]
    for run_id in names:
        await home.submit("flow", run_id, run_id=run_id)
        clock.now += 0.1
    under_way, program = dict[str, tuple[float, Any]](), 0
    while (await home.run("killer")).state != records.INTERRUPTED or under_way:
        for claimed in [*await claim(home, f"program-{program}", 9), *await claim(home, f"program-{program}", 1, suspects=True)]:
            under_way[claimed.run.id] = clock.now, claimed.run
        clock.now += 5
        if "killer" in under_way:
            await home.database.do(lambda session: home.store.release_dead(session, clock.now))
            under_way, program = {}, program + 1
        for run_id, (began, run) in list(under_way.items()):
            if clock.now - began >= 30:
                await home.store.add(Addition(run, (), (), clock.now, RunEnd(records.DONE, output="{}")))
                del under_way[run_id]
    assert {run_id: (await home.run(run_id)).state for run_id in names} == dict.fromkeys(names, "done") | {"killer": "interrupted"}


async def test_a_run_that_workers_have_left_can_be_cancelled_and_still_verifies(home: DurableEngine, clock: Clock) -> None:
    await home.submit("flow", "it kills", run_id="killer")
    await lose_programs(home, clock, records.MOST_DEATHS)
    await home.cancel("killer")
    assert ((await home.run("killer")).state, (await home.verify("killer")).problems) == (records.CANCELLED, ())


@pytest.mark.parametrize("is_seen_first", [True, False], ids=["its death is seen first", "it is cancelled first"])
@pytest.mark.parametrize(("attempt", "state"), [("shop#2.2", "unknown"), ("", "approved")], ids=["begun", "not to be begun after all"])
async def test_of_a_write_that_was_cut_off_in_a_cancelled_run_a_person_is_told(
    attempt: str, state: str, is_seen_first: bool, home: DurableEngine, clock: Clock
) -> None:
    await home.submit("shop", "a burger", run_id="shop")
    (request,) = (await home.resume("shop", {})).pending
    await home.decide("shop", {request.digest: Approve(by="ada")})
    (claimed,) = await claim(home, "lost", 1)
    intent = Row(0, clock.now, request.run_id, "kept", f"intent:{request.position}", json.dumps(to_json(Intent(attempt, 0.0))))
    await home.store.add(Addition(claimed.run, (intent,), (), clock.now))
    if not is_seen_first:
        await home.cancel("shop")
    await home.database.do(lambda session: home.store.release_dead(session, clock.now))
    if is_seen_first:
        await home.cancel("shop")
    else:
        with pytest.raises(Cancelled):
            await home.resume("shop", {})
    (approval,) = await home.approvals("shop")
    assert (approval.state, (await home.verify("shop")).problems) == (state, ())
    assert [stuck.run.id for stuck in await find_stuck(home)] == ["shop"] * (state == "unknown")


async def test_a_run_that_gets_further_each_time_is_no_suspect(home: DurableEngine, clock: Clock) -> None:
    await home.submit("flow", "a long way", run_id="long")
    for number in range(4):
        (claimed,) = await claim(home, f"a-program-that-dies-{number}", 1)
        row = Row(0, clock.now, "long", "kept", f"step {number}", "1")
        await home.store.add(Addition(claimed.run, (row,), (), clock.now))
        await home.database.do(lambda session: home.store.release_dead(session, clock.now))


KILLING = """
import asyncio, os, signal, sys
from sayso.workflows import App, Worker, sequential

async def step(value: str) -> str:
    if value == "it kills":
        os.kill(os.getpid(), signal.SIGKILL)
    return value

asyncio.run(Worker(App(name="living", flows=[sequential(step, name="flow")]), sys.argv[1]).work())
"""


async def test_a_run_that_kills_each_worker_at_once_keeps_no_other_from_being_done(home: DurableEngine) -> None:
    await home.submit("flow", "it kills", run_id="killer")
    for _ in range(2):
        worker = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLING, home.database.url)
        assert await worker.wait() == -signal.SIGKILL
    await home.submit("flow", "it is new", run_id="new")
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLING, home.database.url)
    await ended(home, "new")
    worker.kill()
    await worker.wait()
    assert [(await home.run(run_id)).state for run_id in ("new", "killer")] == [records.DONE, records.QUEUED]


async def test_many_that_claim_at_once_share_the_queue_and_leave_nothing(home: DurableEngine, clock: Clock) -> None:
    await queue(home, 300, "living", "flow", clock.now)
    others = [DurableEngine(home.database.url, clock=clock) for _ in range(4)]

    async def claim_all(engine: DurableEngine, owner: str) -> list[str]:
        got: list[str] = []
        while claimed := await claim(engine, owner, 7):
            assert [each.run.created_at for each in claimed] == sorted(each.run.created_at for each in claimed)
            assert {(each.run.state, each.run.owner, each.run.attempt) for each in claimed} == {("running", owner, 1)}
            got += [each.run.id for each in claimed]
        return got

    shares = await asyncio.gather(*(claim_all(each, f"program-{number}") for number, each in enumerate(others)))
    assert sorted(run for share in shares for run in share) == sorted(f"living-flow-{number}" for number in range(300))
    for each in others:
        each.close()


async def test_two_apps_in_one_program_are_served_side_by_side(home: DurableEngine) -> None:
    other = App(name="other", flows=[sequential(begin, name="flow")])
    elsewhere = DurableEngine(home.database.url, app=other)
    async with working(home.database.url, LIVING, other):
        for number in range(5):
            await home.submit("flow", f"living {number}", run_id=f"living-{number}")
            await elsewhere.submit("flow", f"other {number}", run_id=f"other-{number}")
        await ended(home, *(f"{app}-{number}" for app in ("living", "other") for number in range(5)))
    assert sorted(BEGUN) == sorted(f"{app} {number}" for app in ("living", "other") for number in range(5))
    elsewhere.close()


UNREADABLE = {
    "its input": ("sayso_runs", "input", '{"$": "no.such.module:Thing", "=": {"x": 1}}'),
    "its input, of a newer Sayso": ("sayso_runs", "input", '{"$": "Approve", "=": {"by": "ada", "a_newer_field": 1}}'),
    "what was sent to it": ("sayso_inbox", "value", '{"$": "a tag of a newer Sayso", "=": {}}'),
}


@pytest.mark.parametrize(("table", "column", "text"), UNREADABLE.values(), ids=UNREADABLE)
async def test_a_run_that_cannot_be_read_here_is_left_to_workers_that_can(
    home: DurableEngine, table: str, column: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As while a new version is rolled out, when workers of two versions share a queue."""
    await home.submit("flow", "x", run_id="r1")
    await home.submit("flow", "y", run_id="r2")
    await home.signal("r1", "topic", "sent")
    read_before = await home.database.do(lambda session: session.execute(f"SELECT {column} FROM {table}").fetchone()[0])
    where = "id = 'r1'" if table == "sayso_runs" else "root = 'r1'"
    change = f"UPDATE {table} SET {column} = :text WHERE {where}"
    await home.database.do(lambda session: session.execute(change, {"text": text}))
    async with working(home.database.url, LIVING):
        await ended(home, "r2")
        while "Run r1 cannot be read here, and is left to programs that can" not in caplog.text:  # noqa: ASYNC110  the worker's doing
            await asyncio.sleep(0.02)
    assert (await home.run("r1")).state == "queued"
    await home.database.do(lambda session: session.execute(change, {"text": read_before}))
    async with working(home.database.url, LIVING):  # one that can
        await ended(home, "r1")
    assert sorted(BEGUN) == ["x", "y"]


async def test_of_two_transactions_that_wait_for_each_other_both_are_done(postgres: str) -> None:
    """The server undoes one of them; it is done again."""
    homes = [DurableEngine(new_database(postgres))]
    homes.append(DurableEngine(homes[0].database.url))
    await queue(homes[0], 2, "living", "flow", 0.0)
    both_hold_one, tries = threading.Barrier(2), [0, 0]

    def touch(number: int) -> Callable[[Any], None]:
        def work(session: Any) -> None:
            tries[number] += 1
            for each in (number, 1 - number):
                values = {"id": f"living-flow-{each}"}
                session.execute("UPDATE sayso_runs SET attempt = attempt + 1 WHERE id = :id", values)
                if each == number and tries[number] == 1:
                    both_hold_one.wait(120)

        return work

    await asyncio.gather(*(home.database.do(touch(number)) for number, home in enumerate(homes)))
    assert sum(tries) >= 3
    assert [row.attempt for row in await homes[0].runs()] == [2, 2]
    for each in homes:
        each.close()


async def test_a_worker_of_an_app_without_flows_takes_nothing(home: DurableEngine) -> None:
    await home.submit("flow", "x", run_id="r1")
    async with working(home.database.url, App(name="living"), LIVING):
        await ended(home, "r1")
    assert BEGUN == ["x"]


@pytest.mark.parametrize("name", ["", None, 5])
def test_an_app_has_a_name(name: Any) -> None:
    """Runs of programs without an app have none: a worker without a name would take those."""
    with pytest.raises(WorkflowError, match=r"An app cannot be named .*: workers find its runs by that name"):
        App(name=name)


async def test_a_run_is_resumed_with_its_own_app_and_no_other(home: DurableEngine, clock: Clock) -> None:
    home.app = LIVING
    await home.submit("shop", "x", run_id="r1")
    with suppress(NotFinished):
        await home.resume("r1", {})
    (request,) = await home.approvals("r1")
    home.executions.clear()  # as in a new process, of an app with the same tool and other deps
    home.app = App(name="staging", flows=[sequential(begin, buy, name="shop")])
    with pytest.raises(UsageError, match="Run r1 is of the app 'living', and this is the app 'staging'"):
        await home.resume("r1", {request.digest: Approve()})
    assert "bought x" not in BEGUN


def test_no_flow_has_a_name_of_what_mcp_clients_call() -> None:
    with pytest.raises(WorkflowError, match="cannot be named 'mcp:shop'"):
        App(flows=[sequential(begin, name="mcp:shop")])


async def test_a_run_of_a_program_without_an_app_is_taken_by_no_worker(home: DurableEngine) -> None:
    own = DurableEngine(home.database.url)
    paused = await LIVING.flow("shop").run("mine", engine=own, run_id="mine")
    await own.decide("mine", {paused.pending[0].digest: Approve(by="ada")})  # it is queued by that
    await home.submit("flow", "theirs", run_id="theirs")
    async with working(home.database.url, LIVING):
        await ended(home, "theirs")
    assert BEGUN == ["mine", "theirs"]
    assert (await own.resume("mine", {})).output == "mine"
    own.close()
