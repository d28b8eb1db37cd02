"""When a run pauses: every branch waits or is held back by one that does, and whatever still works is let finish."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import Any

import pytest

from sayso.tools import Approve, tool
from sayso.workflows import DurableEngine, Run, RunResult, engine, map_each, parallel, sequential
from sayso.workflows.runs.inbox import HELD_BACK_SECONDS

from .replays import nothing_left_running


@tool.write(card="Note: {text}")
async def note(text: str) -> str:
    """Writes a note."""
    return f"noted {text}"


async def say(run: Run, value: str) -> Any:
    return await run.call(note, text=value)


async def one(value: int) -> int:
    return value + 1


async def rounds(paused: RunResult[Any]) -> tuple[list[int], Any]:
    """How many requests were open at each pause, saying yes to all of them each time, and the output."""
    counts = [len(paused.pending)]
    while paused.pending:
        paused = await paused.resume({request.digest: Approve() for request in paused.pending})
        counts.append(len(paused.pending))
    await nothing_left_running()
    return counts, paused.output


LONGER = HELD_BACK_SECONDS + 0.02


async def test_a_branch_that_sleeps_is_waited_for() -> None:
    async def sleeps(run: Run, value: str) -> Any:
        await run.wait(None, LONGER)
        return await run.step("after", text_of, value)

    paused = await parallel(say, sleeps).run("x")
    assert await rounds(paused) == ([1, 0], ("noted x", "after x"))


async def text_of(value: str) -> str:
    return f"after {value}"


async def test_a_branch_that_waits_with_a_timeout_is_waited_for_and_is_given_none() -> None:
    async def hopes(run: Run, value: str) -> Any:
        return await run.wait("news", 0.02)

    paused = await parallel(say, hopes).run("x")
    assert await rounds(paused) == ([1, 0], ("noted x", None))


async def test_branches_that_a_semaphore_holds_back_do_not_keep_the_run_from_pausing() -> None:
    lock = asyncio.Semaphore(1)

    async def one_at_a_time(run: Run, value: str) -> Any:
        async with lock:
            return await run.call(note, text=value)

    paused = await map_each(one_at_a_time).run(["a", "b", "c"])
    assert await rounds(paused) == ([1, 1, 1, 0], ["noted a", "noted b", "noted c"])


async def test_a_long_step_is_let_finish_before_the_run_pauses() -> None:
    gate, done = asyncio.Event(), list[str]()

    async def slow(value: str) -> str:
        asyncio.get_running_loop().call_later(LONGER, gate.set)
        await gate.wait()
        done.append(value)
        return value

    assert await rounds(await parallel(say, slow).run("x")) == ([1, 0], ("noted x", "x"))
    assert done == ["x"]


async def test_a_parent_may_wait_beside_its_child() -> None:
    async def both(run: Run, value: str) -> Any:
        async with asyncio.TaskGroup() as group:
            child = group.create_task(run.child("child", say, "child"))
            mine = await run.call(note, text="mine")
        return mine, child.result()

    assert await rounds(await sequential(both).run("x")) == ([2, 0], ("noted mine", "noted child"))


async def test_a_parent_in_a_step_beside_a_child_that_waits_is_let_finish() -> None:
    done: list[int] = []

    async def slow(value: int) -> int:
        for _ in range(30):
            await asyncio.sleep(0)
        done.append(value)
        return value

    async def both(run: Run, value: str) -> Any:
        async with asyncio.TaskGroup() as group:
            child = group.create_task(run.child("child", say, "child"))
            await asyncio.sleep(0)
            mine = await run.step("slow", slow, 1)
        return mine, child.result()

    assert await rounds(await sequential(both).run("x")) == ([1, 0], (1, "noted child"))
    assert done == [1]


async def test_steps_in_a_finally_belong_to_the_end_and_not_to_a_pause() -> None:
    cleaned: list[int] = []

    async def clean(value: int) -> int:
        cleaned.append(value)
        return value

    async def code(run: Run, value: str) -> Any:
        try:
            return await run.call(note, text=value)
        finally:
            await run.step("clean", clean, 1)

    paused = await sequential(code).run("x")
    assert cleaned == []
    assert await rounds(paused) == ([1, 0], "noted x")
    assert cleaned == [1]


async def test_a_pause_is_no_failure_that_code_could_take_it_for() -> None:
    caught: list[BaseException] = []

    async def code(run: Run, value: str) -> Any:
        try:
            return await run.call(note, text=value)
        except Exception as error:
            caught.append(error)
            raise

    paused = await parallel(code, say, on_error="collect").run("x")
    assert caught == []
    assert await rounds(paused) == ([2, 0], ("noted x", "noted x"))


async def test_a_wait_for_something_else_than_a_decision_does_not_pause() -> None:
    async def waits(run: Run, value: str) -> Any:
        return await run.wait("news")

    home = engine()
    task = asyncio.ensure_future(sequential(waits).run("x", engine=home, run_id="r1"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not task.done()
    await home.signal("r1/waits.0", "news", "hello")
    assert (await task).output == "hello"


async def test_a_clock_that_is_set_back_makes_no_wait_longer(database_url: str) -> None:
    now = time.time()

    def read_clock() -> float:
        nonlocal now
        now -= 3600
        return now

    async def waits(run: Run, value: str) -> object:
        return await run.wait("news", 0.01)

    home = DurableEngine(database_url, clock=read_clock)
    async with asyncio.timeout(120):
        assert (await sequential(waits).run("x", engine=home)).output is None
    home.close()


async def test_a_wait_for_news_is_kept_through_a_pause() -> None:
    async def waits(run: Run, value: str) -> Any:
        return await run.wait("news")

    home = engine(strict=True)
    paused = await parallel(say, waits).run("x", engine=home, run_id="r1")
    assert len(paused.pending) == 1
    await home.signal("r1/waits.1", "news", {"a": [1]})
    assert await rounds(paused) == ([1, 0], ("noted x", {"a": [1]}))


async def test_a_run_in_the_background_stays_where_it_is_and_resume_tells_of_the_next_pause() -> None:
    home = engine()
    await home.start(sequential(say, say).execute, "x", run_id="r1")
    paused: RunResult[Any] = await home.resume("r1", {})
    assert await rounds(paused) == ([1, 1, 0], "noted noted x")
    assert await home.result("r1") == "noted noted x"


async def test_a_thousand_branches_pause_together() -> None:
    paused = await map_each(say).run([str(number) for number in range(1000)])
    assert len(paused.pending) == 1000
    assert (await rounds(paused))[0] == [1000, 0]


async def several(value: str) -> list[str]:
    return [value, "2"]


@pytest.mark.parametrize("on_error", ["cancel", "collect"])
async def test_branches_inside_branches_that_pause_leave_nothing_in_the_log(on_error: Any, caplog: pytest.LogCaptureFixture) -> None:
    gc.collect()  # what earlier tests have left is not meant
    caplog.clear()
    flow = parallel(sequential(several, map_each(note, on_error=on_error)), say, on_error=on_error)
    assert len((await flow.run("x")).pending) == 3
    gc.collect()  # asyncio logs an exception that nobody looked at when its task goes
    assert [record.getMessage() for record in caplog.records] == []
