"""Branches that fail, are cancelled, or bring limits of their own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sayso.tools import LimitReached, WorkflowError, tool
from sayso.workflows import Failed, Limits, RoundsUsedUp, Run, RunResult, best_of, engine, iterate, map_each, parallel, sequential, step
from sayso.workflows.runs.events import RoundEnded, StepRetried

from .replays import everywhere, nothing_left_running, yes
from .small_steps import one_more


async def fails(value: int) -> int:
    raise ValueError(f"{value} is broken")


@tool.read
async def look(value: int) -> int:
    """Looks."""
    return value


async def looks_for_ever(run: Run, value: int) -> int:
    for _ in range(1000):
        await run.call(look, value=value)
    return value


SHAPES = {
    "a step of a row": lambda flow: sequential(one_more, flow),
    "a branch": lambda flow: parallel(one_more, flow),
    "an item": lambda flow: sequential(step(lambda value: [value]), map_each(flow)),
    "a try": lambda flow: best_of(flow, 2, score=int),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
async def test_a_nested_workflow_keeps_its_own_limits(shape: Any) -> None:
    flow = sequential(looks_for_ever, limits=Limits(tool_calls=5))
    with pytest.raises(LimitReached, match="tool_calls = 5"):
        await shape(flow).run(1)


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_a_write_in_a_branch_is_awaited_however_often_the_run_is_cancelled(times: int) -> None:
    writing, may_end, written = asyncio.Event(), asyncio.Event(), list[int]()

    @tool.write
    async def slow_write(value: int) -> int:
        """Writes."""
        writing.set()
        await may_end.wait()
        written.append(value)
        return value

    flow = parallel(sequential(slow_write), sequential(parallel(one_more, sequential(one_more))))
    task = asyncio.ensure_future(flow.run(7, approve=yes))
    await writing.wait()
    for _ in range(times):
        task.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    await asyncio.wait({task})
    assert task.cancelled()
    assert written == [7]
    await nothing_left_running()


async def test_a_mistake_in_the_program_is_not_collected_as_a_failure() -> None:
    async def twice(run: Run, value: int) -> int:
        await run.step("same", one_more, value)
        return int(await run.step("same", one_more, value))

    with pytest.raises(WorkflowError, match="two steps named 'same'"):
        await parallel(one_more, twice, on_error="collect").run(1)


async def test_collected_failures_are_joined_in_their_places_and_the_other_branches_end() -> None:
    def told(*results: Any) -> list[str]:
        return [str(each.error) if isinstance(each, Failed) else str(each) for each in results]

    flow = parallel(fails, one_more, fails, join=told, on_error="collect")
    assert await everywhere(flow, 3) == ["3 is broken", "4", "3 is broken"]
    assert [each.name for each in (await map_each(fails, on_error="collect").run([1, 2])).output] == ["fails.0", "fails.1"]  # type: ignore[union-attr]


async def test_an_async_join_is_a_step_and_an_agent_shaped_one_gets_a_list() -> None:
    async def total(left: int, right: int) -> int:
        return left + right

    async def added(values: list[int]) -> int:
        return sum(values)

    assert await everywhere(parallel(one_more, one_more, join=total), 1) == 4
    assert await everywhere(parallel(one_more, one_more, join=sequential(added)), 1) == 4  # pyright: ignore[reportArgumentType, reportCallIssue]


async def test_an_empty_list_gives_an_empty_list() -> None:
    assert await everywhere(map_each(one_more), []) == []


@pytest.mark.parametrize("concurrency", [1, 2, 3, None])
async def test_no_more_than_so_many_at_once(concurrency: int | None) -> None:
    now = most = 0

    async def counted(value: int) -> int:
        nonlocal now, most
        now += 1
        most = max(most, now)
        for _ in range(value % 3 + 1):
            await asyncio.sleep(0)
        now -= 1
        return value

    assert (await map_each(counted, concurrency=concurrency).run(range(7))).output == list(range(7))
    assert most == (concurrency or 7)


async def test_used_up_rounds_are_a_run_that_ended_early_with_its_best() -> None:
    flow = iterate(one_more, until=lambda value: value > 100, max_rounds=3)
    with pytest.raises(RoundsUsedUp, match="not done after 3 rounds") as caught:
        await flow.run(1, run_id="r1")
    assert (caught.value.best, caught.value.run_id) == (4, "r1")
    assert isinstance(caught.value.partial, RunResult)


async def test_rounds_are_events() -> None:
    home = engine()
    await iterate(one_more, until=lambda value: value > 2, max_rounds=9).run(1, engine=home, run_id="r1")
    assert [event for event in [e async for e in home.follow_emitted("r1")] if isinstance(event, RoundEnded)] == [
        RoundEnded("r1", 0),
        RoundEnded("r1", 1),
    ]


async def test_tries_are_events_that_are_kept_and_the_last_failure_is_raised_as_it_is() -> None:
    home = engine()
    with pytest.raises(ValueError, match="1 is broken"):
        await sequential(step(fails, retries=2, backoff_seconds=0)).run(1, engine=home, run_id="r1")
    tries = [event.attempt for event in [e async for e in home.follow_emitted("r1")] if isinstance(event, StepRetried)]
    assert tries == [2, 3]


@pytest.mark.parametrize("error", [WorkflowError("wrong"), LimitReached("tool_calls", 1, 2)], ids=["a mistake", "a limit"])
async def test_what_another_try_cannot_mend_is_not_tried_again(error: Exception) -> None:
    tries: list[int] = []

    async def hopeless(value: int) -> int:
        tries.append(value)
        raise error

    with pytest.raises(type(error)):
        await sequential(step(hopeless, retries=5, backoff_seconds=0)).run(1)
    assert tries == [1]


async def test_the_whole_workflow_has_its_time_and_nested_ones_have_theirs() -> None:
    async def forever(value: int) -> int:
        await asyncio.Event().wait()
        return value

    inner = sequential(forever, limits=Limits(seconds=0.01))
    with pytest.raises(LimitReached, match=r"seconds = 0\.01 s"):
        await parallel(inner, forever).run(1)
    results = (await parallel(inner, one_more, on_error="collect").run(1)).output
    assert (type(results[0].error), results[1]) == (LimitReached, 2)
    await nothing_left_running()
