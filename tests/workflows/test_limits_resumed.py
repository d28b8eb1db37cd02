"""What branches used before a pause is counted before any of them uses more, whoever comes first when the run goes on."""

from __future__ import annotations

from typing import Any

import pytest

from sayso.agents import Agent, AssistantMessage, Reply, ScriptedModel, call
from sayso.agents.models.model import ModelRequest
from sayso.tools import Approve, tool
from sayso.workflows import CallFailed, Failed, Limits, RunResult, Usage, engine, parallel, sequential
from sayso.workflows.runs.protocols import Scope

from .replays import yes

ASKS = Usage(10, 10, 0.25, 1)


@tool.write
async def note(number: int) -> str:
    """Notes."""
    return f"noted {number}"


@tool.read
async def look(number: int) -> int:
    """Looks."""
    return number


def agent(number: int) -> Agent[str]:
    """Looks, asks to write, and says that it is done: three model calls, two tool calls."""
    replies = [
        Reply(calls=(call("look", number=number),), usage=ASKS),
        Reply(calls=(call("note", number=number),), usage=ASKS),
        Reply(f"done {number}", usage=ASKS),
    ]

    def next_reply(request: ModelRequest) -> Reply:
        return replies[sum(isinstance(message, AssistantMessage) for message in request.messages)]

    return Agent(ScriptedModel(next_reply, repeat=True), name=f"agent{number}", tools=[look, note])


def request_of(result: RunResult[Any], number: int) -> str:
    return next(request.digest for request in result.pending if f"{number}" in request.arguments)


LIMITS = {"model calls": Limits(model_calls=7), "tool calls": Limits(tool_calls=4)}


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
async def test_who_was_done_before_a_pause_stays_done_and_the_next_gets_nothing_that_is_used_up(limits: Limits, strict: bool) -> None:
    flow = parallel(agent(1), agent(2), agent(3), on_error="collect")
    result = await flow.run("go", limits=limits, engine=engine(strict=strict), run_id="r1")
    for number in (3, 1, 2):
        result = await result.resume({request_of(result, number): Approve()})
    first, second, third = result.output
    assert (type(first), type(second), third) == (Failed, Failed, "done 3")
    assert "Limit reached" in str(first.error)
    assert result.usage.model_calls <= (limits.model_calls or 9)
    assert result.usage.tool_calls <= (limits.tool_calls or 9)


async def test_usage_is_the_same_from_every_cut() -> None:
    flow = parallel(agent(1), sequential(agent(2), limits=Limits(model_calls=3, tool_calls=2)))
    home = engine(strict=True)
    whole = await flow.run("go", approve=yes, engine=home, run_id="r1")
    entries = home.journal("r1")
    assert whole.usage == Usage(60, 60, 1.5, 6, 4, 0.0)
    for cut in range(len(entries) + 1):
        again = engine(strict=True).restore(flow.execute, "go", "r1", entries[:cut], lambda: Scope(approve=yes))
        try:
            usage = (await again.execute(suspends=True)).usage
        except CallFailed:  # cut between a write's intent and its receipt: nobody knows, and nobody tries again
            continue
        assert usage == whole.usage, f"cut after {cut}"
