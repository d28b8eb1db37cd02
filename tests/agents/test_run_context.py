"""Instructions and tools that depend on the run, and questions to the person: a resumed run has those that it began with."""

from __future__ import annotations

from typing import Any

import pytest

from sayso import Agent, Approve, Edit, Reject, ScriptedModel, engine, tool
from sayso.agents import Reply, call
from sayso.agents.messages import SystemMessage
from sayso.agents.models.model import ModelRequest
from sayso.tools import Outcome, ToolContext, Trust, UsageError, ask_user
from sayso.tools.errors import ReplayError

from ..workflows.replays import everywhere


@tool.read(trust="tool", secrecy="public")
def look(number: int) -> str:
    """Look."""
    return f"seen {number}"


@tool.write(card="Pay {cents}")
def pay(cents: int) -> str:
    """Pay."""
    return "paid"


def choose(context: ToolContext[Any]) -> list[Any]:
    return [look, pay] if context.deps["admin"] else [look]


async def write(context: ToolContext[Any]) -> str:
    return f"You serve {context.deps['name']}, who asked: {context.user_text}"


def names(request: ModelRequest) -> list[str]:
    tools: Any = request.tools
    return [each["function"]["name"] for each in tools]


def opening(request: ModelRequest) -> str:
    first = request.messages[0]
    assert isinstance(first, SystemMessage)
    return first.text


async def test_each_run_has_the_tools_and_the_instructions_of_its_deps() -> None:
    given: list[list[str]] = []

    def line(request: ModelRequest) -> Reply:
        given.append(names(request))
        return Reply("Done.")

    agent = Agent(ScriptedModel(line, repeat=True), tools=choose, instructions=write)
    first = await agent.run("Hi", deps={"admin": True, "name": "Ada"})
    second = await agent.run("Again", history=first.messages, deps={"admin": False, "name": "Bob"})
    assert given == [["look", "pay"], ["look"]]
    assert [type(message).__name__ for message in second.messages] == [
        "SystemMessage",
        "UserMessage",
        "AssistantMessage",
        "UserMessage",
        "AssistantMessage",
    ]
    assert second.messages[0].text == "You serve Bob, who asked: Again"


async def test_a_resumed_run_keeps_the_tools_and_instructions_it_began_with() -> None:
    said: list[str] = []

    def grow(context: ToolContext[Any]) -> list[Any]:
        return [look] if not said else [look, pay]

    def count(context: ToolContext[Any]) -> str:
        said.append("again")
        return f"number {len(said)}"

    asked: list[tuple[list[str], str]] = []

    def line(request: ModelRequest) -> Reply:
        asked.append((names(request), opening(request)))
        return Reply("Done.") if len(request.messages) > 3 else Reply(calls=(call("ask_user", question="Which?"),))

    agent = Agent(ScriptedModel(line, repeat=True), tools=lambda context: [*grow(context), ask_user], instructions=count)
    result = await agent.run("Go", engine=engine(strict=True))
    result = await result.resume({result.pending[0].digest: Edit({"answer": "this"})})
    assert result.output == "Done."
    assert len({(tuple(tools), text) for tools, text in asked}) == 1


async def test_a_tool_that_is_no_longer_given_is_said_by_name() -> None:
    deps = {"admin": True, "name": "Ada"}
    agent = Agent(ScriptedModel(Reply(calls=(call("pay", cents=5),)), "Done."), tools=choose)
    result = await agent.run("Pay", deps=deps, engine=engine(strict=True))
    deps["admin"] = False
    with pytest.raises(ReplayError, match="had the tool pay when it began, and the function in tools= of agent does not give it any more"):
        await result.resume({result.pending[0].digest: Approve(by="ada")})


async def test_a_run_with_functions_is_carried_on_from_every_cut() -> None:
    def line(request: ModelRequest) -> Reply:
        return Reply("Done.") if len(request.messages) > 3 else Reply(calls=(call("look", number=1), call("pay", cents=2)))

    agent = Agent(ScriptedModel(line, repeat=True), tools=choose, instructions=write)
    assert await everywhere(agent, "Go", deps=lambda: {"admin": True, "name": "Ada"}) == "Done."


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "one tool": ({"tools": look}, r"Write a list of tools: tools=\[...\]"),
    "nothing": ({"tools": None}, r"Write a list of tools: tools=\[...\]"),
    "a function that returns one tool": ({"tools": lambda context: look}, "returned SyncTool; it returns a list of tools"),
    "a function that returns no text": ({"instructions": lambda context: None}, "returned NoneType; it returns the text"),
}


@pytest.mark.parametrize(("options", "why"), WRONG.values(), ids=WRONG)
async def test_what_cannot_be_used_is_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        await Agent(ScriptedModel("Done."), **options).run("Go")


# questions


async def ask(decision: Any, **options: Any) -> Any:
    calls = (call("ask_user", question="Which colour?", choices=["red", "blue"], answer="the model's own"),)
    result = await Agent(ScriptedModel(Reply(calls=calls), "Done."), tools=[ask_user]).run("Go", engine=engine(strict=True), **options)
    (request,) = result.pending
    assert request.card == "The agent asks: Which colour?\n- red\n- blue"
    assert '"answer":""' in request.arguments
    result = await result.resume({request.digest: decision})
    assert result.output == "Done."
    return result.messages[-2].results[0]


ANSWERS: dict[str, tuple[Any, str, Outcome]] = {
    "a choice": (Edit({"answer": "Blue"}), "blue", Outcome.DONE),
    "something else": (Edit({"answer": "green"}), "green (none of the choices)", Outcome.DONE),
    "nothing": (Edit({"answer": " "}), "The user gave no answer.", Outcome.REJECTED),
    "no": (Reject("not now"), "The user said no: not now. Nothing was done.", Outcome.REJECTED),
}


async def test_of_two_choices_that_differ_in_case_the_one_that_was_written_counts() -> None:
    calls = (call("ask_user", question="Which key?", choices=["aB", "AB"]),)
    for written, told in (("AB", "AB"), ("aB", "aB"), ("ab", "ab (none of the choices)")):
        result = await Agent(ScriptedModel(Reply(calls=calls), "Done."), tools=[ask_user]).run("Go")
        result = await result.resume({result.pending[0].digest: Edit({"answer": written})})
        assert result.messages[-2].results[0].text == told  # type: ignore[union-attr]


@pytest.mark.parametrize(("decision", "text", "outcome"), ANSWERS.values(), ids=ANSWERS)
async def test_a_person_answers_where_they_approve(decision: Any, text: str, outcome: Outcome) -> None:
    result = await ask(decision)
    assert (result.text, result.outcome) == (text, outcome)


async def test_an_answer_is_the_words_of_the_user() -> None:
    result = await ask(Edit({"answer": "red"}))
    assert result.trust is Trust.USER

    @tool.write(card="Send it to {address}", from_user=("address",))
    def send(address: str) -> str:
        """Send."""
        return "sent"

    calls = (Reply(calls=(call("ask_user", question="Where to?"),)), Reply(calls=(call("send", address="12 Mill Lane"),)), "Done.")
    asked = await Agent(ScriptedModel(*calls), tools=[ask_user, send]).run("Send it", engine=engine(strict=True))
    asked = await asked.resume({asked.pending[0].digest: Edit({"answer": "To 12 Mill Lane, please"})})
    assert [(row.name, row.source) for row in asked.pending[0].shown] == [("address", "you wrote this")]
