"""Apps whose model, tools, web, deps and steps each leave a mark: as they were, and with one thing changed in each of the others."""

from __future__ import annotations

from typing import Any

from sayso import Agent, App, Limits, ScriptedModel, ToolContext, parallel, sequential, tool
from sayso.agents import Reply, call
from sayso.agents.models.model import ModelRequest
from sayso.tools import ToolError

MARKS: list[str] = []


@tool.egress
async def look_up(what: str) -> str:
    """Asks the web."""
    MARKS.append("the web")
    return f"{what} costs 3 dollars"


@tool.write(card="Order {item}", cost_usd=3.0)
async def order(item: str, context: ToolContext[Any]) -> str:
    """Orders."""
    MARKS.append("an order")
    return f"ordered {item}"


async def shout(text: str) -> str:
    MARKS.append("a step")
    return text.upper()


async def whisper(text: str) -> str:
    MARKS.append("a step")
    return text.lower()


async def fails(text: str) -> str:
    MARKS.append("a step")
    raise ToolError(f"{text} is not to be had")


def buys(request: ModelRequest) -> Reply | str:
    """Looks up, orders, says so."""
    MARKS.append("the model")
    if len(request.messages) <= 2:
        return Reply(calls=(call("look_up", what=request.question),))
    if len(request.messages) <= 4:
        return Reply(calls=(call("order", item="burger"),))
    return "It is on its way."


def delegates(request: ModelRequest) -> Reply | str:
    """Asks the helper once."""
    MARKS.append("the model")
    return Reply(calls=(call("helper", task="a burger"),)) if len(request.messages) <= 2 else "Done."


def app_with(change: str) -> App:
    """The app, with one change in it."""
    first = whisper if change == "code" else shout
    ending = "!" if change == "output" else ""
    words = "Buy what is wanted.\nAsk nothing." if change != "prompt" else "Buy what is wanted.\nAsk nothing, and say thanks."

    def buyer(name: str) -> Agent[str]:
        tools = [look_up] if change == "tools" else [look_up, order]
        return Agent(ScriptedModel(buys, repeat=True), name=name, instructions=words, tools=tools)

    def merged(one: str, other: str) -> str:
        return f"{one}{ending}"

    helper = buyer("helper").as_tool(description="Buys things.")
    chief = Agent(ScriptedModel(delegates, repeat=True), name="chief", instructions="Ask.", tools=[helper])
    return App(
        flows=[
            sequential(first, parallel(shout, whisper, join=merged), name="words"),
            sequential(first, buyer("buyer"), name="buying"),
            sequential(first, chief, name="asking"),
            sequential(first, fails, name="failing"),
            sequential(first, buyer("poor"), name="limited", limits=Limits(model_calls=1)),
        ],
        name="replayed",
        deps=lambda: "deps",
    )


SAME, CODE, PROMPT, OUTPUT, TOOLS = (app_with(change) for change in ("", "code", "prompt", "output", "tools"))
OTHER = App(flows=[sequential(shout, name="other")], name="other")
