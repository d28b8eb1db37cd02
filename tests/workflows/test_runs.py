"""The rules of a run: one line, names that are positions, results that are kept, waits that last, a pause when all wait."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine
from statistics import median
from typing import Any

import pytest

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.agents.models.model import Finished, ModelRequest, TextDelta
from sayso.tools import Approve, Cancelled, ReplayError, UsageError, WorkflowError, tool
from sayso.workflows import MemoryEngine, Run, engine, map_each, parallel, sequential
from sayso.workflows.runs.codec import NotJson
from sayso.workflows.runs.events import BranchStarted, StepEnded

from .replays import nothing_left_running
from .small_steps import one_more


@tool.write(card="Note: {text}")
async def note(text: str) -> str:
    """Writes a note."""
    return f"noted {text}"


async def one() -> int:
    return 1


async def test_two_steps_at_once_on_one_run_are_refused() -> None:
    async def both(run: Run, value: int) -> Any:
        gate = asyncio.Event()
        first = asyncio.ensure_future(run.step("first", gate.wait))
        await asyncio.sleep(0)
        try:
            return await run.step("second", one)
        finally:
            gate.set()
            await first

    with pytest.raises(WorkflowError, match="'second' while 'first' is under way"):
        await sequential(both).run(1)
    await nothing_left_running()


@pytest.mark.parametrize("strict", [False, True])
async def test_a_name_stands_once(strict: bool) -> None:
    async def twice(run: Run, value: int) -> int:
        await run.step("same", one)
        return int(await run.step("same", one))

    async def children(run: Run, value: int) -> int:
        async def child(run: Run, value: int) -> int:
            return value

        await run.child("same", child, 1)
        return int(await run.child("same", child, 1))

    for code, kind in ((twice, "steps"), (children, "children")):
        with pytest.raises(WorkflowError, match=f"two {kind} named 'same'"):
            await sequential(code).run(1, engine=engine(strict=strict))


async def test_a_child_is_named_below_its_parent() -> None:
    home = engine()
    await parallel(sequential(one_more, name="inner"), one_more).run(1, engine=home, run_id="r1")
    assert [event.run for event in [e async for e in home.follow_emitted("r1")] if isinstance(event, BranchStarted)] == [
        "r1/inner.0",
        "r1/one_more.1",
    ]


async def listens(run: Run, value: str) -> list[Any]:
    return [await run.wait("first"), await run.wait("second", 0)]


async def test_a_signal_may_come_before_or_after_the_wait_and_only_the_first_counts() -> None:
    home = engine()
    await home.start(listens, "x", run_id="early")
    await home.signal("early", "first", 1)
    await home.signal("early", "first", 2)
    await home.start(listens, "x", run_id="late")
    await asyncio.sleep(0)
    await home.signal("late", "first", 1)
    await home.signal("late", "first", 2)
    assert (await home.result("early"), await home.result("late")) == ([1, None], [1, None])


async def test_starting_a_run_again_does_nothing() -> None:
    home, done = engine(), list[int]()

    async def count(run: Run, value: int) -> int:
        async def op() -> int:
            done.append(value)
            return value

        return int(await run.step("count", op))

    await home.start(count, 1, run_id="r1")
    await home.start(count, 1, run_id="r1")
    assert (await home.result("r1"), done) == (1, [1])


async def test_a_run_that_waits_can_be_cancelled() -> None:
    home = engine()
    await home.start(listens, "x", run_id="r1")
    await asyncio.sleep(0)
    await home.cancel("r1")
    with pytest.raises(Cancelled, match="r1") as caught:
        await home.result("r1")
    assert caught.value.run_id == "r1"
    await nothing_left_running()


@pytest.mark.parametrize(
    "value", [{1: "x"}, {"a": object()}, [float("nan")], {"deep": [b"bytes"]}], ids=["a key", "an object", "NaN", "bytes"]
)
async def test_a_strict_engine_lets_only_json_through_and_names_the_place(value: Any) -> None:
    async def gives(_: int) -> Any:
        return value

    assert (await sequential(gives).run(1)).output is value
    with pytest.raises(NotJson, match=r"the result of 'gives\.0' in run r1"):
        await sequential(gives).run(1, engine=engine(strict=True), run_id="r1")


async def test_other_code_on_resume_is_refused_and_the_journal_kept() -> None:
    home = engine(strict=True)
    paused = await sequential(one_more, step_text, note).run(1, engine=home, run_id="r1")
    assert len(paused.pending) == 1
    kept = home.journal("r1")
    other = engine(strict=True).restore(sequential(one_less, step_text, note).execute, 1, "r1", kept)
    with pytest.raises(ReplayError, match=r"'one_more\.0' next, the code asks for 'one_less\.0'"):
        await other.execute(suspends=True)
    again = engine(strict=True)
    same = again.restore(sequential(one_more, step_text, note).execute, 1, "r1", kept)
    resumed = await same.execute(suspends=True)
    assert resumed.pending == paused.pending
    assert (await resumed.resume({resumed.pending[0].digest: Approve()})).output == "noted 2"


async def step_text(value: int) -> str:
    return str(value)


async def one_less(value: int) -> int:
    return value - 1


async def test_a_run_pauses_when_every_live_branch_waits_and_not_before() -> None:
    gate, ended = asyncio.Event(), list[str]()

    async def slow(value: str) -> str:
        await gate.wait()
        ended.append(value)
        return value

    task = asyncio.ensure_future(parallel(note, slow).run("x"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not task.done()
    gate.set()
    paused = await task
    assert ([request.card for request in paused.pending], ended) == (["Note: x"], ["x"])
    resumed = await paused.resume({paused.pending[0].digest: Approve()})
    assert (resumed.output, ended) == (("noted x", "x"), ["x"])  # the finished branch is not done again


@pytest.mark.parametrize("concurrency", [1, 2, None])
async def test_writes_of_a_list_are_asked_about_as_far_as_they_are_under_way(concurrency: int | None) -> None:
    paused = await map_each(note, concurrency=concurrency).run(["a", "b", "c"])
    rounds = [len(paused.pending)]
    while paused.pending:
        paused = await paused.resume({request.digest: Approve() for request in paused.pending})
        rounds.append(len(paused.pending))
    assert paused.output == ["noted a", "noted b", "noted c"]
    assert rounds == {1: [1, 1, 1, 0], 2: [2, 1, 0], None: [3, 0]}[concurrency]


async def test_events_are_told_live_and_from_an_offset() -> None:
    home = engine()
    await home.start(sequential(one_more, one_more).execute, 1, run_id="r1")
    told = [event async for event in home.follow_emitted("r1", since=1)]
    assert [event for event in told if isinstance(event, StepEnded)] == [StepEnded("r1", "one_more.0"), StepEnded("r1", "one_more.1")]


async def test_what_an_engine_does_not_have_is_named() -> None:
    home = MemoryEngine()
    with pytest.raises(UsageError, match=r"no run 'r9'\. Runs: none"):
        await home.signal("r9", "x", 1)
    with pytest.raises(UsageError, match="slash"):
        await sequential(one_more).run(1, engine=home, run_id="a/b")
    paused = await sequential(step_text, note).run(1, engine=home, run_id="r1")
    with pytest.raises(UsageError, match="no open request 'wrong'"):
        await paused.resume({"wrong": Approve()})
    with pytest.raises(UsageError, match="no engine for 'mysql:"):
        engine("mysql://x")


async def test_run_sync_inside_a_loop_says_what_to_write() -> None:
    with pytest.raises(UsageError, match="await"):
        sequential(one_more).run_sync(1)


class Handed:
    """What a caller hands to a run."""


async def held(value: int) -> int:
    return value


async def look(text: str) -> str:
    """Looks."""
    return text


READER = Agent(ScriptedModel(Reply(calls=(call("look", text="x"),)), "Seen."), tools=[tool.read(look)])
OVER: dict[str, Any] = {
    "steps": sequential(held, held),
    "branches": parallel(held, sequential(held)),
    "an agent": READER,
}


@pytest.mark.parametrize("flow", OVER.values(), ids=OVER)
async def test_a_run_that_is_over_is_freed_with_its_result_and_not_when_garbage_is_collected(flow: Any) -> None:
    deps = Handed()
    freed = weakref.ref(deps)
    gc.disable()
    try:
        result = await flow.run(1, deps=deps)
        assert result.finished
        del deps, result
        assert freed() is None
    finally:
        gc.enable()


async def count_containers(go: Callable[[Callable[[], Coroutine[Any, Any, str]]], Coroutine[Any, Any, object]]) -> float:
    """How many objects that the garbage collector must visit one of 40 keeps alive that wait for their models."""
    answered = asyncio.Event()

    async def wait() -> str:
        await answered.wait()
        return "Yes."

    gc.collect()
    before = len(gc.get_objects())
    tasks = [asyncio.ensure_future(go(wait)) for _ in range(40)]
    await asyncio.sleep(0)
    alive = len(gc.get_objects()) - before
    answered.set()
    await asyncio.gather(*tasks)
    return alive / len(tasks)


async def test_a_run_that_waits_for_its_model_keeps_few_containers_alive() -> None:
    class Waiting:
        """A model whose every reply is waited for."""

        name, takes_tools = "waiting", True

        def __init__(self, wait: Callable[[], Coroutine[Any, Any, str]]) -> None:
            self.wait = wait

        async def stream(self, request: ModelRequest) -> AsyncGenerator[TextDelta | Finished]:
            yield TextDelta(await self.wait())
            yield Finished()

    await Agent(ScriptedModel("Yes.")).run("Yes?")
    gc.disable()  # the number is the same in nearly every take: threads of other tests may make or leave some meanwhile
    try:
        bare = [await count_containers(lambda wait: wait()) for _ in range(5)]
        run = [await count_containers(lambda wait: Agent(Waiting(wait)).run("Yes?")) for _ in range(5)]
    finally:
        gc.enable()
    assert median(run) - median(bare) <= 40


async def test_a_result_that_is_there_has_nothing_left_to_decide() -> None:
    paused = await sequential(note).run("x")
    (request,) = paused.pending
    result = await paused.resume({request.digest: Approve()})
    for over in (result, await sequential(held).run(1)):
        assert await over.resume() == over
        with pytest.raises(UsageError, match=f"is finished: it has no open request '{request.digest[:12]}'"):
            await over.resume({request.digest: Approve()})
    assert (await paused.resume()).output == "noted x"
