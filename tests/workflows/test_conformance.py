"""One suite for every engine: memory, an SQLite file, Postgres, Temporal. The same code, the same story."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import Approve, Cancelled, Edit, NotFinished, Reject, ToolContext, UsageError, tool
from sayso.tools.errors import LimitReached, WorkflowError
from sayso.workflows import CallFailed, Limits, Run, map_each, parallel, sequential, step
from sayso.workflows.durable.news import POLL_SECONDS
from sayso.workflows.runs.events import ApprovalAsked, BranchStarted, StepEnded, StepStarted, WriteSettled

from .conftest import make_home

LISTENED_SECONDS = 3 * POLL_SECONDS


@pytest.fixture(params=["memory", "sqlite", "postgres", "temporal"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """An engine of each kind."""
    yield from make_home(request, tmp_path)


class Counted:
    """A step that counts how often it was done."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    async def __call__(self, value: Any) -> Any:
        self.done.append(value)
        return value


@tool.write(card="Note: {text}")
async def note(text: str, context: ToolContext[list[str]]) -> str:
    """Notes."""
    context.deps.append(context.key)
    return f"noted {text}"


async def shout(value: str) -> str:
    return value.upper()


async def test_a_step_is_done_once_however_often_the_run_is_asked_for(home: Any) -> None:
    counted = Counted()
    flow = sequential(step(counted, name="counted"), shout)
    results = [await flow.run("a", engine=home, run_id="r1") for _ in range(3)]
    assert ([result.output for result in results], counted.done) == (["A"] * 3, ["a"])


async def test_starting_the_same_twice_starts_it_once(home: Any) -> None:
    counted = Counted()
    flow = sequential(step(counted, name="counted"))
    await home.start(flow, "first", run_id="r1")
    await home.start(flow.execute, "first", run_id="r1")
    assert (await home.result("r1"), counted.done) == ("first", ["first"])


@pytest.mark.parametrize("early", [True, False], ids=["sent before", "sent while it waits"])
async def test_a_signal_reaches_a_wait_in_either_order_and_the_first_counts(home: Any, early: bool) -> None:
    async def code(run: Run, value: Any) -> Any:
        await run.step("ready", Counted(), 1)
        if early:
            await until_sent.wait()
        ready.set()
        return await run.wait("go", 30)

    ready, until_sent = asyncio.Event(), asyncio.Event()
    await home.start(sequential(code, name="flow").execute, None, run_id="r1")
    if not early:
        await ready.wait()
    await home.signal("r1/code.0", "go", {"n": 1})
    await home.signal("r1/code.0", "go", {"n": 2})
    until_sent.set()
    assert await home.result("r1") == {"n": 1}


async def test_a_wait_ends_with_none_when_its_time_is_over(home: Any) -> None:
    async def code(run: Run, value: Any) -> Any:
        return await run.wait("go", 0.05), await run.wait(None, 0.01)

    assert (await sequential(code).run(None, engine=home, run_id="r1")).output == (None, None)


async def test_children_have_their_places_as_ids_and_run_side_by_side(home: Any) -> None:
    together = asyncio.Barrier(3)

    async def meet(value: int) -> int:
        await together.wait()
        return value

    async def placed(run: Run, value: int) -> str:
        await run.step("meet", meet, value)
        return run.id

    flow = sequential(parallel(placed, placed, placed), name="flow")
    assert (await flow.run(1, engine=home, run_id="r1")).output == tuple(f"r1/parallel.0/placed.{index}" for index in range(3))


async def test_two_steps_at_once_on_one_run_are_refused(home: Any) -> None:
    async def code(run: Run, value: Any) -> Any:
        async with asyncio.TaskGroup() as group:
            group.create_task(run.step("one", asyncio.sleep, 0.01))
            group.create_task(run.step("two", asyncio.sleep, 0.01))

    with pytest.raises(ExceptionGroup) as told:
        await sequential(code).run(None, engine=home, run_id="r1")
    assert told.group_contains(WorkflowError, match="one thing at a time")


async def test_a_write_pauses_and_goes_on_with_the_decision(home: Any) -> None:
    written: list[str] = []
    flow = sequential(shout, note, shout, name="flow")
    paused = await flow.run("a", engine=home, run_id="r1", deps=written)
    with pytest.raises(NotFinished, match="Note: A"):
        _ = paused.output
    (request,) = paused.pending
    done = await home.resume("r1", {request.digest: Approve(by="ada", place="a test")})
    assert (done.output, len(written)) == ("NOTED A", 1)
    assert (await home.resume("r1", {})).output == "NOTED A"
    with pytest.raises(UsageError, match="no open request"):
        await home.resume("r1", {request.digest: Approve()})
    assert len(written) == 1


@pytest.mark.parametrize(
    ("decision", "told", "writes"),
    [(Reject("too dear"), "said no: too dear", 0), (Edit({"text": "b"}), "noted b", 1)],
    ids=["rejected", "edited"],
)
async def test_a_no_and_an_edit_end_as_they_say(home: Any, decision: Any, told: str, writes: int) -> None:
    written: list[str] = []

    async def code(run: Run, value: str) -> str:
        try:
            return str(await run.call(note, text=value))
        except Exception as error:  # noqa: BLE001  the text of any refusal is what is looked at
            return str(error)

    flow = sequential(code, name="flow")
    paused = await flow.run("a", engine=home, run_id="r1", deps=written)
    result = await home.resume("r1", {paused.pending[0].digest: decision})
    if isinstance(decision, Edit):
        assert [request.card for request in result.pending] == ["Note: b"]
        result = await home.resume("r1", {result.pending[0].digest: Approve()})
    assert told in result.output
    assert len(written) == writes


async def test_fifty_approvals_of_one_request_make_one_write(home: Any) -> None:
    written: list[str] = []
    flow = sequential(note, name="flow")
    paused = await flow.run("a", engine=home, run_id="r1", deps=written)
    decisions = {paused.pending[0].digest: Approve()}
    ends = await asyncio.gather(*(home.resume("r1", decisions) for _ in range(50)), return_exceptions=True)
    assert len(written) == 1
    assert {end.output for end in ends if not isinstance(end, BaseException)} == {"noted a"}
    assert all(isinstance(end, UsageError) for end in ends if isinstance(end, BaseException))


async def test_branches_wait_side_by_side_and_are_decided_in_any_order(home: Any) -> None:
    written: list[str] = []
    flow = sequential(map_each(note), name="flow")
    result = await flow.run(["a", "b", "c"], engine=home, run_id="r1", deps=written)
    while result.pending:
        result = await home.resume("r1", {result.pending[-1].digest: Approve()})
    assert (list(result.output), len(set(written))) == (["noted a", "noted b", "noted c"], 3)


async def test_a_request_that_has_expired_is_no_write(home: Any) -> None:
    written: list[str] = []
    now = [1_000_000.0]
    home.clock = lambda: now[0]
    flow = sequential(note, name="flow")
    paused = await flow.run("a", engine=home, run_id="r1", deps=written)
    now[0] += 8 * 24 * 3600
    with pytest.raises(CallFailed, match="expired"):
        await home.resume("r1", {paused.pending[0].digest: Approve()})
    assert written == []


class Held:
    """A step that is held until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go, self.ended = asyncio.Event(), asyncio.Event(), 0

    async def __call__(self, value: Any) -> Any:
        self.begun.set()
        await self.go.wait()
        self.ended += 1
        return value


async def test_cancelling_stops_a_run_in_a_step(home: Any) -> None:
    held, after = Held(), Counted()
    await home.start(sequential(step(held, name="held"), step(after, name="after"), name="flow").execute, 1, run_id="r1")
    await held.begun.wait()
    await home.cancel("r1")
    with pytest.raises(Cancelled):
        await home.result("r1")
    assert (held.ended, after.done) == (0, [])


async def test_cancelling_in_a_write_lets_it_end_and_stops_before_the_next_step(home: Any) -> None:
    held, after = Held(), Counted()

    @tool.write(card="Hold {value}")
    async def hold(value: int) -> int:
        """Holds."""
        return int(await held(value))

    async def yes(request: Any) -> Approve:
        return Approve()

    flow = sequential(hold, step(after, name="after"), name="flow")
    running = asyncio.ensure_future(flow.run(1, engine=home, run_id="r1", approve=yes))
    await held.begun.wait()
    await home.cancel("r1")
    await asyncio.sleep(LISTENED_SECONDS)  # what is sent from elsewhere is heard meanwhile: it is this cancel again
    held.go.set()
    with pytest.raises(Cancelled):
        await running
    with pytest.raises(Cancelled):
        await home.result("r1")
    assert (held.ended, after.done) == (1, [])
    settled = [event.outcome async for event in home.follow_emitted("r1") if isinstance(event, WriteSettled)]
    assert settled == ["done"]


async def test_a_paused_run_that_is_cancelled_stays_so(home: Any) -> None:
    written: list[str] = []
    flow = sequential(note, name="flow")
    await flow.run("a", engine=home, run_id="r1", deps=written)
    await home.cancel("r1")
    with pytest.raises(Cancelled):
        await flow.run("a", engine=home, run_id="r1", deps=written)
    assert written == []


async def test_events_are_told_once_from_any_number_on_and_for_a_child_alone(home: Any) -> None:
    flow = sequential(shout, parallel(note, note), name="flow")
    written: list[str] = []
    result = await flow.run("a", engine=home, run_id="r1", deps=written)
    while result.pending:
        result = await home.resume("r1", {request.digest: Approve() for request in result.pending})
    told = [event async for event in home.follow_emitted("r1")]
    assert told[:2] == [StepStarted("r1", "shout.0"), StepEnded("r1", "shout.0")]
    assert [event.run for event in told if isinstance(event, BranchStarted)] == [
        "r1/parallel.1",
        "r1/parallel.1/note.0",
        "r1/parallel.1/note.1",
    ]
    assert sum(isinstance(event, ApprovalAsked) for event in told) == 2
    assert len(told) == len(set(map(repr, told)))
    assert [event async for event in home.follow_emitted("r1", since=4)] == told[4:]
    child = [event async for event in home.follow_emitted("r1/parallel.1/note.1")]
    assert child == [event for event in told if event.run == "r1/parallel.1/note.1"]


async def test_what_failed_is_tried_again_when_the_run_is_and_what_was_done_is_not(home: Any) -> None:
    counted, tries = Counted(), []

    async def flaky(value: Any) -> Any:
        tries.append(value)
        if len(tries) == 1:
            raise ConnectionError("down")
        return value

    flow = sequential(step(counted, name="counted"), flaky, name="flow")
    with pytest.raises(ConnectionError):
        await flow.run("a", engine=home, run_id="r1")
    assert (await flow.run("a", engine=home, run_id="r1")).output == "a"
    assert (counted.done, tries) == (["a"], ["a", "a"])


async def test_a_limit_holds_across_a_pause(home: Any) -> None:
    @tool.write(cost_usd=1.0)
    async def pay(text: str) -> str:
        """Pays."""
        return text

    flow = sequential(pay, pay, name="flow")
    first = await flow.run("a", engine=home, run_id="r1", limits=Limits(spend_usd=1.5))
    second = await home.resume("r1", {first.pending[0].digest: Approve()})
    with pytest.raises(LimitReached, match="spend_usd"):
        await home.resume("r1", {second.pending[0].digest: Approve()})


async def test_only_json_goes_through(home: Any) -> None:
    async def opened(value: Any) -> Any:
        return object()

    with pytest.raises(UsageError, match="object"):
        await sequential(opened, name="flow").run(1, engine=home, run_id="r1")


async def test_an_unknown_run_is_named(home: Any) -> None:
    for asked in (home.result("nope"), home.cancel("nope"), home.signal("nope", "go", 1), home.resume("nope", {})):
        with pytest.raises(UsageError, match="nope"):
            await asked
