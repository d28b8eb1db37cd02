"""`step`: what it lifts, how often that is tried, how long it may take; functions, tools, agents and workflows alike."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest

from sayso import events
from sayso.agents import Agent, ScriptedModel
from sayso.tools import StepTimeout, ToolError, UsageError, tool
from sayso.workflows import Run, RunEnded, Timeline, engine, map_each, mermaid, parallel, reflect, sequential, step
from sayso.workflows.runs.events import StepRetried

from .replays import everywhere, nothing_left_running
from .small_steps import one_more, twice


async def test_a_step_is_tried_again_and_each_try_is_an_event() -> None:
    tries: list[int] = []

    async def third_time(value: int) -> int:
        tries.append(value)
        if len(tries) < 3:
            raise ValueError(f"try {len(tries)}")
        return value

    flow = sequential(step(third_time, retries=3, backoff_seconds=0))
    seen = [event async for event in flow.stream_emitted(1)]
    assert [(event.attempt, event.error) for event in seen if isinstance(event, StepRetried)] == [(2, "try 1"), (3, "try 2")]
    assert isinstance(seen[-1], RunEnded)
    assert (seen[-1].result.output, tries) == (1, [1, 1, 1])


async def test_a_step_that_takes_too_long_is_named() -> None:
    async def forever(value: int) -> int:
        await asyncio.Event().wait()
        return value

    with pytest.raises(StepTimeout, match=r"forever took longer than its 0\.01 s"):
        await sequential(step(forever, timeout_seconds=0.01)).run(1)
    await nothing_left_running()


async def test_a_next_that_finds_nothing_in_a_lifted_function_is_an_error_and_no_wait_for_ever() -> None:
    with pytest.raises(RuntimeError, match=r"A next\(\.\.\.\) in first_of found nothing"):
        await sequential(step(first_of)).run([])


def first_of(values: list[int]) -> int:
    return next(iter(values))


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return inner


@pytest.mark.parametrize("kind", [tool.pure, tool.read])
async def test_a_decorator_that_hides_that_a_function_is_async_changes_nothing(kind: Any) -> None:
    assert (await sequential(step(logged(one_more)), kind(logged(one_more))).run(1)).output == 3


async def unsteady(run: Run, value: int) -> int:
    """Fails in its first two tries."""
    value = await run.step("twice", twice, value)
    if not run.id.endswith(".2"):
        raise ConnectionError(f"{run.id.rpartition('/')[2]} is down")
    return value


class Busy:
    """A tool that is busy the first times it is called."""

    def __init__(self, times: int) -> None:
        self.times = times

    def tool(self) -> Any:
        """The tool."""

        @tool.read
        async def shelf(value: int) -> int:
            """Looks on the shelf."""
            self.times -= 1
            if self.times >= 0:
                raise ToolError("busy")
            return value + 1

        return shelf


BODIES: dict[str, tuple[Callable[[], Any], Any]] = {
    "workflow code": (lambda: unsteady, 6),
    "a workflow": (lambda: sequential(unsteady_inside(), one_more), 4),
    "a tool": (lambda: Busy(2).tool(), 4),
    "an agent": (lambda: Agent(ScriptedModel(ConnectionError("down"), ConnectionError("down"), "fine"), name="clerk"), "fine"),
}


def unsteady_inside() -> Any:
    times = [2]

    async def often_down(value: int) -> int:
        times[0] -= 1
        if times[0] >= 0:
            raise ConnectionError("down")
        return value

    return often_down


@pytest.mark.parametrize(("body", "output"), BODIES.values(), ids=BODIES)
async def test_whatever_is_a_step_can_be_tried_again(body: Callable[[], Any], output: Any) -> None:
    flow = sequential(step(body(), retries=2, backoff_seconds=0))
    story = Timeline()
    async for event in flow.run_events(3):
        story.add(event)
    last = story.events[-1]
    assert isinstance(last, events.RunFinished)
    assert last.output == output
    assert [event.attempt for event in story.events if isinstance(event, events.StepRepeated)] == [2, 3]
    assert mermaid(flow, story) == mermaid(flow, story)
    assert "tried again 2x" in mermaid(flow, story)
    assert "failed" not in mermaid(flow, story)


@pytest.mark.parametrize(("body", "output"), BODIES.values(), ids=BODIES)
async def test_after_the_last_try_its_error_is_raised_and_a_run_that_is_resumed_tries_that_one_again(
    body: Callable[[], Any], output: Any
) -> None:
    home, flow = engine(strict=True), sequential(step(body(), retries=1, backoff_seconds=0))
    with pytest.raises((ConnectionError, ToolError)):
        await flow.run(3, engine=home, run_id="r1")
    if body() is not unsteady:  # that one counts its tries
        assert (await home.resume("r1", {})).output == output


async def test_a_tool_that_said_no_is_asked_again_when_the_run_is_resumed(home: Any) -> None:
    with pytest.raises(ToolError, match="busy"):
        await sequential(one_more, Busy(1).tool()).run(3, engine=home, run_id="r1")
    assert (await home.resume("r1", {})).output == 5


async def test_a_step_that_was_tried_again_goes_on_from_every_cut() -> None:
    flow = parallel(step(unsteady, retries=3, backoff_seconds=0), map_of_unsteady())
    assert await everywhere(flow, 3) == (6, [2, 4])
    await nothing_left_running()


def map_of_unsteady() -> Any:
    return sequential(step(lambda _: [1, 2], name="two"), map_each(step(unsteady, retries=2, backoff_seconds=0)))


async def test_an_agent_that_may_try_again_is_still_an_agent_to_reflect() -> None:
    writer = step(Agent(ScriptedModel(ConnectionError("down"), "first", "second"), name="writer"), retries=1, backoff_seconds=0)
    assert (await reflect(writer, Agent(ScriptedModel("no", "OK"))).run("task")).output == "second"


async def test_a_workflow_that_takes_too_long_is_named() -> None:
    async def forever(value: int) -> int:
        await asyncio.Event().wait()
        return value

    with pytest.raises(StepTimeout, match=r"The step slow took longer than its 0\.01 s"):
        await sequential(step(sequential(forever), name="slow", timeout_seconds=0.01)).run(1)
    await nothing_left_running()


@tool.write
async def mail(value: int) -> int:
    """Mails."""
    return value


REFUSED = {
    "a write": (lambda: step(mail, retries=1), "mail writes, and a write is never tried again by itself."),
    "a write inside": (lambda: step(sequential(one_more, mail), retries=1), "sequential writes, and a write is never tried again"),
    "an agent that may write": (lambda: step(Agent(ScriptedModel("x"), name="clerk", tools=[mail]), retries=1), "clerk writes, and"),
    "a step": (lambda: step(step(one_more), retries=1), "<step one_more> is a step already. Give all its options in one step(...)."),  # type: ignore[call-overload]
    "no tries": (lambda: step(sequential(one_more), retries=-1), "The step sequential has retries=-1"),
    "two arguments": (lambda: step(lambda a, b: a), "<lambda> takes 2 arguments; a step takes one value"),  # type: ignore[call-overload]
}


@pytest.mark.parametrize(("build", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_have_options_is_said(build: Callable[[], Any], said: str) -> None:
    with pytest.raises(UsageError) as wrong:
        build()
    assert said in str(wrong.value)
