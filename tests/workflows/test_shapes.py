"""The shapes at their public door: what they give, in which order, and that any of them goes on from any cut."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sayso.tools import WorkflowError, tool
from sayso.workflows import (
    Draft,
    Failed,
    Limits,
    Run,
    Workflow,
    best_of,
    conditional,
    engine,
    iterate,
    map_each,
    parallel,
    reflect,
    sequential,
    step,
)
from sayso.workflows.runs.events import StepEnded

from .replays import everywhere, nothing_left_running
from .small_steps import one_more, size_of, twice


async def count_up(run: Run, value: int) -> list[int]:
    """Workflow code: its steps are kept, itself is run again."""
    return [await run.step(f"more.{index}", one_more, value + index) for index in range(3)]


async def at_least_ten(value: int) -> bool:
    return value >= 10


async def added(left: int, right: int) -> int:
    return left + right


async def write(task: Any) -> str:
    return "draft" if isinstance(task, str) else f"{task.text}+"


async def critique(text: str) -> str:
    return "OK" if text.endswith("++") else "longer"


SHAPES: dict[str, tuple[Workflow[Any, Any], Any, Any]] = {
    "sequential": (sequential(one_more, twice), 3, 8),
    "sequential, and then": (sequential(one_more).then(twice).then(one_more), 3, 9),
    "conditional": (conditional(lambda v: v > 5, {True: one_more, False: twice}), 3, 6),
    "conditional with a default": (conditional(size_of, {"big": one_more}, default=twice), 3, 6),
    "iterate": (iterate(twice, until=lambda v: v > 20, max_rounds=9), 3, 24),
    "parallel": (parallel(one_more, twice), 3, (4, 6)),
    "parallel with a join": (parallel(one_more, twice, join=lambda a, b: a * b), 3, 24),
    "map_each": (map_each(twice), [1, 2, 3], [2, 4, 6]),
    "map_each, two at once": (map_each(twice, concurrency=2), [1, 2, 3, 4, 5], [2, 4, 6, 8, 10]),
    "reflect": (reflect(write, critique, rounds=5), "task", "draft++"),
    "best_of": (best_of(count_up, 3, score=sum), 1, [2, 3, 4]),
    "lambdas around async functions": (
        sequential(
            conditional(lambda v: one_more(v), {4: one_more}),
            iterate(twice, until=lambda v: at_least_ten(v), max_rounds=9),
            parallel(one_more, step(lambda v: twice(v), name="doubled"), join=lambda a, b: added(a, b)),  # pyright: ignore[reportArgumentType]
            best_of(one_more, 2, score=lambda v: twice(v)),
        ),
        3,
        50,
    ),
    "workflow code": (sequential(count_up), 1, [2, 3, 4]),
    "a tool as a step": (sequential(twice, size_of), 6, "big"),
    "a lifted sync function": (sequential(step(lambda v: v - 1, name="less"), one_more), 3, 3),  # pyright: ignore[reportOperatorIssue]
    "nested": (
        sequential(parallel(sequential(one_more, twice), iterate(twice, until=lambda v: v > 9, max_rounds=5)), step(list, name="as_list")),
        3,
        [8, 12],
    ),
}


@pytest.mark.parametrize(("workflow", "value", "output"), SHAPES.values(), ids=SHAPES)
async def test_a_shape_gives_what_it_says_from_every_cut_of_its_journal(workflow: Workflow[Any, Any], value: Any, output: Any) -> None:
    assert await everywhere(workflow, value) == output
    assert (await workflow.run(value)).output == output
    await nothing_left_running()


def test_run_sync_and_calling_a_workflow_give_the_output() -> None:
    flow = sequential(one_more, twice)
    assert flow.run_sync(3).output == 8
    assert asyncio.run(flow(3)) == 8


async def test_then_adds_a_step_to_the_same_workflow_and_leaves_the_first_one_as_it_is() -> None:
    first = sequential(one_more, name="flow", limits=Limits(seconds=9))
    flow = first.then(twice)
    assert (flow.name, flow.limits) == ("flow", Limits(seconds=9))
    assert (await first.run(3)).output == 4
    home = engine()
    await flow.run(3, engine=home, run_id="r1")
    assert [event.name async for event in home.follow_emitted("r1") if isinstance(event, StepEnded)] == ["one_more.0", "twice.1"]


async def test_a_tool_that_wants_more_than_it_is_handed_says_how_to_fix_it() -> None:
    @tool.read
    def both(left: int, right: int) -> int:
        """Adds."""
        return left + right

    assert (await sequential(both.using(right=1)).run(2)).output == 3
    assert (await sequential(both).run({"left": 1, "right": 2})).output == 3  # pyright: ignore[reportArgumentType]
    with pytest.raises(WorkflowError, match=r"both\.using\(left="):
        await sequential(both).run(2)  # pyright: ignore[reportArgumentType]


async def fails(value: int) -> int:
    raise ValueError("broken")


async def test_the_first_failure_cancels_the_other_branches_and_is_raised_as_it_is() -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def waits(value: int) -> int:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return value

    async def fails_then(value: int) -> int:
        await started.wait()
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await parallel(waits, fails_then).run(1)
    assert cancelled.is_set()
    await nothing_left_running()


async def test_failures_can_be_collected() -> None:
    good, bad = (await parallel(one_more, fails, on_error="collect").run(1)).output
    assert (good, type(bad), str(bad.error)) == (2, Failed, "broken")
    assert isinstance((await map_each(fails, on_error="collect").run([1])).output[0], Failed)


async def test_the_events_of_a_run_are_its_story_and_can_be_read_again() -> None:
    home = engine()
    await sequential(one_more, twice).run(1, engine=home, run_id="r1")
    assert [event async for event in home.follow_emitted("r1")][1::2] == [StepEnded("r1", "one_more.0"), StepEnded("r1", "twice.1")]
    assert len([event async for event in home.follow_emitted("r1", since=3)]) == 1


async def test_a_writer_is_given_its_task_its_text_and_the_critique() -> None:
    seen: list[Any] = []

    async def writer(task: Any) -> str:
        seen.append(task)
        return f"text {len(seen)}"

    async def critic(text: str) -> str:
        return f"not {text}"

    assert (await reflect(writer, critic, rounds=1).run("task")).output == "text 2"
    assert seen == ["task", Draft("task", "text 1", "not text 1")]


WORDS = {
    "texts": (Draft("Say it.", "It.", "Longer!"), ("Say it.", "It.", "Longer!")),
    "values": (Draft({"to": "Ada"}, ["It", "is."], {"long": False}), ('{"to": "Ada"}', '["It", "is."]', '{"long": false}')),
    "a list of problems": (Draft("Say it.", "It.", ("Too short.", "No name.")), ("Say it.", "It.", "Too short.\nNo name.")),
}


@pytest.mark.parametrize(("draft", "parts"), WORDS.values(), ids=WORDS)
def test_an_agent_reads_a_draft_as_text(draft: Draft, parts: tuple[str, str, str]) -> None:
    assert str(draft) == "{}\n\nYour last version:\n{}\n\nCritique:\n{}\n\nWrite a better version.".format(*parts)
