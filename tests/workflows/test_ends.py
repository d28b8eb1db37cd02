"""How runs end, whoever carries them: a result, an error, a cancellation; and what is told of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import Approve, Cancelled, LimitReached, NotFinished, ToolContext, UsageError, tool
from sayso.tools.errors import RunIdTaken
from sayso.workflows import DurableEngine, Failed, Limits, MemoryEngine, Run, conditional, engine, parallel, sequential, step
from sayso.workflows.runs.events import StepEnded, StepStarted

from .replays import nothing_left_running, yes
from .small_steps import HeldWrite


async def one(value: int) -> int:
    return value + 1


class Gate:
    """A step that is held until it is let go, and tells that it has begun."""

    def __init__(self) -> None:
        self.begun, self.open, self.ended = asyncio.Event(), asyncio.Event(), 0

    async def __call__(self, value: Any) -> Any:
        self.begun.set()
        await self.open.wait()
        self.ended += 1
        return value


@tool.write(card="Note: {text}")
async def note(text: str, context: ToolContext[Any]) -> str:
    """Writes a note."""
    if context.deps is not None:
        context.deps.append(text)
    return f"noted {text}"


async def test_a_run_that_its_caller_carries_can_be_cancelled_by_its_id() -> None:
    home, gate, told = engine(), Gate(), list[Any]()
    task = asyncio.ensure_future(sequential(step(gate, name="held"), one).run(1, engine=home, run_id="r1"))
    await gate.begun.wait()
    await home.cancel("r1")
    with pytest.raises(Cancelled, match="r1") as caught:
        await task
    told.append(caught.value)
    assert (told[0].run_id, gate.ended, task.cancelled()) == ("r1", 0, False)
    with pytest.raises(Cancelled):
        await home.result("r1")
    await nothing_left_running()


async def test_the_task_that_carried_a_cancelled_run_goes_on() -> None:
    home, gate = engine(), Gate()

    async def program() -> str:
        try:
            await sequential(step(gate, name="held")).run(1, engine=home, run_id="r1")
        except Cancelled:
            await asyncio.sleep(0)
            return f"cancelled, {asyncio.current_task().cancelling()} left"  # type: ignore[union-attr]
        return "not cancelled"

    task = asyncio.ensure_future(program())
    await gate.begun.wait()
    await home.cancel("r1")
    await home.cancel("r1")
    assert await task == "cancelled, 0 left"


async def test_a_cancellation_that_comes_too_late_reaches_nobody() -> None:
    home = engine()

    async def last(run: Run, value: int) -> int:
        await home.cancel("r1")
        return value

    async def program() -> int:
        result = await sequential(last).run(7, engine=home, run_id="r1")
        await asyncio.sleep(0)
        return result.output

    with pytest.raises(Cancelled):
        await program()
    assert (await sequential(one).run(7, engine=home, run_id="r2")).output == 8
    await home.cancel("r2")
    assert await home.result("r2") == 8


async def test_nobody_can_approve_a_write_of_a_cancelled_run() -> None:
    home, done = engine(), list[str]()
    paused = await sequential(note).run("x", engine=home, run_id="r1", deps=done)
    await home.cancel("r1")
    for _ in range(2):
        with pytest.raises(Cancelled):
            await paused.resume({paused.pending[0].digest: Approve()})
    assert done == []


async def test_a_cancelled_run_stays_so_across_programs(tmp_path: Path) -> None:
    first, done = DurableEngine(f"sqlite:///{tmp_path}/runs.db"), list[str]()
    paused = await sequential(note).run("x", engine=first, run_id="r1", deps=done)
    await first.cancel("r1")
    first.close()
    second = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    with pytest.raises(Cancelled):
        await sequential(note).run("x", engine=second, run_id="r1", deps=done, approve=yes)
    assert (done, len(paused.pending)) == ([], 1)
    second.close()


async def test_the_caller_that_cancels_its_own_task_can_carry_the_run_on() -> None:
    home, gate = engine(), Gate()
    flow = sequential(step(gate, name="held"), one)
    task = asyncio.ensure_future(flow.run(1, engine=home, run_id="r1"))
    await gate.begun.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    gate.open.set()
    assert (await flow.run(1, engine=home, run_id="r1")).output == 2


@pytest.mark.parametrize("how", ["cancelled", "out of time"])
async def test_a_started_write_is_kept_though_the_run_ends(how: str) -> None:
    held = HeldWrite()

    async def code(run: Run, value: Any) -> Any:
        await run.call(held.act)
        await run.step("next", one, 1)

    home = engine(strict=True)
    limits = Limits(seconds=2) if how == "out of time" else None  # long enough to begin in on a busy machine
    task = asyncio.ensure_future(sequential(code).run("x", engine=home, run_id="r1", approve=yes, limits=limits))
    await asyncio.wait_for(held.begun.wait(), 120)
    if how == "cancelled":
        await home.cancel("r1")
    else:
        await asyncio.sleep(2.1)
    held.may_end.set()
    with pytest.raises((Cancelled, LimitReached)) as caught:
        await task
    assert caught.value.run_id == "r1"
    assert (held.done, home.journal("r1")[-1].name) == (["acted"], "effect:act.0")
    await nothing_left_running()


async def test_the_result_of_a_run_that_its_caller_carries_is_waited_for() -> None:
    home, gate = engine(), Gate()
    task = asyncio.ensure_future(sequential(step(gate, name="held"), one).run(1, engine=home, run_id="r1"))
    await gate.begun.wait()
    asked = asyncio.ensure_future(home.result("r1"))
    await asyncio.sleep(0)
    gate.open.set()
    assert ((await task).output, await asked, await home.result("r1")) == (2, 2, 2)


async def test_the_result_of_a_run_that_failed_or_waits_is_raised() -> None:
    async def breaks(value: int) -> int:
        raise ValueError("broken")

    home = engine()
    with pytest.raises(ValueError, match="broken"):
        await sequential(breaks).run(1, engine=home, run_id="r1")
    with pytest.raises(ValueError, match="broken"):
        await home.result("r1")
    await sequential(note).run("x", engine=home, run_id="r2")
    with pytest.raises(NotFinished, match="Note: x"):
        await home.result("r2")
    home.restore(sequential(note).execute, "x", "r3", ())
    with pytest.raises(NotFinished, match="not being executed"):
        await home.result("r3")


class Flaky:
    """A step that fails so often, then works."""

    def __init__(self, times: int) -> None:
        self.times, self.tries = times, 0

    async def __call__(self, value: int) -> int:
        self.tries += 1
        if self.tries <= self.times:
            raise ConnectionError("endpoint is down")
        return value


@pytest.mark.parametrize("strict", [False, True])
async def test_what_ended_a_run_is_tried_again_when_it_is_run_again(strict: bool) -> None:
    home, flaky, before = engine(strict=strict), Flaky(2), Flaky(0)
    flow = sequential(step(before, name="before"), parallel(step(flaky, name="flaky"), one))
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await flow.run(1, engine=home, run_id="r1")
    assert (await flow.run(1, engine=home, run_id="r1")).output == (1, 2)
    assert (before.tries, flaky.tries) == (1, 3)


async def test_a_failure_that_was_dealt_with_stays_as_it_was(tmp_path: Path) -> None:
    flaky = Flaky(1)
    flow = sequential(
        parallel(step(flaky, name="flaky"), one, on_error="collect"),
        conditional(lambda results: isinstance(results[0], Failed), {True: sequential(sorry, note), False: sequential(fine, note)}),
    )
    first = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    paused = await flow.run(1, engine=first, run_id="r1")
    first.close()
    second = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    again = await flow.run(1, engine=second, run_id="r1")
    assert [request.card for request in again.pending] == [request.card for request in paused.pending] == ["Note: sorry"]
    assert (await again.resume({again.pending[0].digest: Approve()})).output == "noted sorry"
    assert flaky.tries == 1
    second.close()


async def sorry(value: Any) -> str:
    return "sorry"


async def fine(value: Any) -> str:
    return "fine"


async def test_an_error_that_holds_what_is_no_json_is_told_as_itself() -> None:
    class Odd(Exception):
        def __init__(self, text: str) -> None:
            self.connection, self.code = object(), 7
            super().__init__(text)

    async def breaks(value: int) -> int:
        raise Odd("line is dead")

    with pytest.raises(Odd, match="line is dead"):
        await sequential(breaks).run(1, engine=engine(strict=True))


async def test_decisions_are_taken_all_or_none() -> None:
    done: list[str] = []
    paused = await parallel(note, note).run("x", deps=done)
    for wrong in ({paused.pending[0].digest: Approve(), "nobody": Approve()}, {paused.pending[0].digest: True}):
        with pytest.raises(UsageError):
            await paused.resume(wrong)  # type: ignore[arg-type]
    assert len((await paused.resume({})).pending) == 2
    assert done == []


async def test_a_signal_that_is_no_decision_is_refused_at_the_door() -> None:
    home, done = engine(), list[str]()
    (request,) = (await sequential(note).run("x", engine=home, run_id="r1", deps=done)).pending
    for wrong in (True, "yes", {"approve": True}, None):
        with pytest.raises(UsageError, match="is not a decision"):
            await home.signal(request.run_id, request.topic, wrong)
    assert (len((await home.resume("r1", {})).pending), done) == (1, [])


async def test_a_decision_does_not_say_itself_when_it_was_made() -> None:
    now = [1000.0]
    home, done = MemoryEngine(clock=lambda: now[0]), list[str]()
    (request,) = (await sequential(note).run("x", engine=home, run_id="r1", deps=done)).pending
    now[0] = request.expires_at + 1
    await home.signal(request.run_id, request.topic, Approve(at=1001.0))
    with pytest.raises(Exception, match="expired"):
        await home.resume("r1", {})
    assert done == []


async def test_events_of_a_child_are_its_own() -> None:
    home = engine()
    flow = parallel(sequential(one, sequential(one, name="deep"), name="a"), sequential(one, name="b"))
    await flow.run(1, engine=home, run_id="r1")
    told = [event async for event in home.follow_emitted("r1/a.0")]
    assert {event.run for event in told} == {"r1/a.0", "r1/a.0/deep.1"}
    assert [event async for event in home.follow_emitted("r1/a.0", since=2)] == told[2:]
    assert len([event async for event in home.follow_emitted("r1")]) == len(told) + 4


@pytest.mark.parametrize("since", range(6))
@pytest.mark.parametrize("started", [False, True])
async def test_events_are_numbered_from_the_first_also_when_they_are_still_to_come(since: int, started: bool) -> None:
    home, gate, told = engine(), Gate(), list[Any]()
    flow = sequential(step(gate, name="held"), one)
    if started:
        await home.start(flow.execute, 1, run_id="r1")
    carrying = None if started else asyncio.ensure_future(flow.run(1, engine=home, run_id="r1"))
    await gate.begun.wait()

    async def listen() -> None:
        told.extend([event async for event in home.follow_emitted("r1", since=since)])

    listening = asyncio.ensure_future(listen())
    await asyncio.sleep(0)
    gate.open.set()
    await listening
    if carrying is not None:
        await carrying
    all_of_them = [StepStarted("r1", "held.0"), StepEnded("r1", "held.0"), StepStarted("r1", "one.1"), StepEnded("r1", "one.1")]
    assert told == all_of_them[since:]
    await nothing_left_running()


async def test_text_that_is_no_unicode_is_kept_too(tmp_path: Path) -> None:
    async def half(value: str) -> str:
        return value + "\ud83d"

    home = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    assert (await sequential(half).run("x\ud83d", engine=home, run_id="r1")).output == "x\ud83d\ud83d"
    home.close()
    again = DurableEngine(f"sqlite:///{tmp_path}/runs.db")
    assert (await sequential(half).run("x\ud83d", engine=again, run_id="r1")).output == "x\ud83d\ud83d"
    with pytest.raises(RunIdTaken, match=r"another input: .x.ud83d., and now "):
        await sequential(half).run("", engine=again, run_id="r1")
    again.close()
