"""Agents that ask agents, cut off anywhere and paused anyhow: the run goes on to the same end, and each write happens once."""

from __future__ import annotations

import pytest

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.agents.messages import AssistantMessage
from sayso.agents.models.model import ModelRequest
from sayso.tools import Approve, ToolContext, tool
from sayso.workflows import engine, sequential

from .replays import everywhere


@tool.write(idempotent=True)
async def mail(to: str, context: ToolContext[dict[str, str]]) -> str:
    """Sends."""
    context.deps[context.key] = to
    return "sent"


def line(*lines: Reply) -> ScriptedModel:
    """A model that says the next line by what it said before, as it must when the run goes on elsewhere."""

    def next_line(request: ModelRequest) -> Reply:
        return lines[sum(isinstance(message, AssistantMessage) for message in request.messages)]

    return ScriptedModel(next_line, repeat=True)


def office() -> Agent[str]:
    def clerk(name: str, to: str) -> Agent[str]:
        return Agent(line(Reply(calls=(call("mail", to=to),)), Reply(f"{name} wrote to {to}")), name=name, tools=[mail])

    tools = [clerk(name, to).as_tool(description="Writes letters.") for name, to in (("ann", "ada"), ("ben", "bob"))]
    both = Reply(calls=(call("ann", task="to ada"), call("ben", task="to bob")))
    return Agent(line(both, Reply(calls=(call("ann", task="once more"),)), Reply("Done.")), name="chief", tools=tools)


async def test_it_goes_on_from_every_cut_of_its_journal() -> None:
    assert await everywhere(sequential(office()), "write to both", deps=dict) == "Done."


@pytest.mark.parametrize("strict", [False, True])
async def test_it_goes_on_through_a_pause_for_each_write(strict: bool) -> None:
    sent: dict[str, str] = {}
    result = await office().run("write to both", deps=sent, engine=engine(strict=strict), run_id="r1")
    asked = list[str]()
    while result.pending:
        request = result.pending[-1]
        asked.append(request.run_id)
        result = await result.resume({request.digest: Approve()})
    assert (result.output, asked) == ("Done.", ["r1/ben:0.1", "r1/ann:0.0", "r1/ann:1.0"])
    assert list(sent.values()) == ["bob", "ada", "ada"]
    assert (result.usage.model_calls, result.usage.tool_calls) == (9, 6)
