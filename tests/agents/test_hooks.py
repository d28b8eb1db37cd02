"""Hooks look at each call and each reply, may refuse it and never allow more; a resumed run does what they said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sayso import Agent, Approve, Edit, ScriptedModel, engine, tool
from sayso.agents import Reply, call
from sayso.agents.messages import Message
from sayso.tools import Outcome, ToolCall, ToolContext, ToolResult, UsageError
from sayso.tools.errors import GuardRefused, ToolError

from ..workflows.replays import everywhere

seen: list[object] = []


@tool.read(trust="tool", secrecy="public")
def look(number: int) -> str:
    """Look."""
    return f"seen {number}"


@tool.write(card="Pay {cents}")
def pay(cents: int) -> str:
    """Pay."""
    seen.append(("paid", cents))
    return "receipt 7"


def refuse_large(asked: ToolCall, context: ToolContext[Any]) -> str | None:
    return "over the limit" if asked.arguments.get("number", 0) > context.deps["most"] else None


async def refuse_receipts(asked: ToolCall, result: ToolResult, context: ToolContext[Any]) -> str | None:
    return "a receipt" if "receipt" in result.text else None


def break_down(asked: ToolCall, context: ToolContext[Any]) -> str | None:
    raise KeyError("password")


def answer_oddly(asked: ToolCall, context: ToolContext[Any]) -> Any:
    return True


def make(*calls: Any, tools: Sequence[Any] = (look, pay), **hooks: Any) -> Agent[str]:
    return Agent(ScriptedModel(Reply(calls=calls), "Done.", repeat=False), tools=tools, **hooks)


async def yes(request: object) -> Approve:
    return Approve(by="ada")


ODD = "it returned bool; a hook returns None, or why it refuses"
BEFORE: dict[str, tuple[list[Any], list[tuple[str, Outcome]]]] = {
    "one of two calls": (
        [refuse_large],
        [("Nothing was done: refuse_large refused the call (over the limit).", Outcome.REJECTED), ("seen 1", Outcome.DONE)],
    ),
    "one that fails refuses, and tells the model no more than its kind": (
        [break_down],
        [("Nothing was done: break_down refused the call (it failed with KeyError).", Outcome.REJECTED)] * 2,
    ),
    "one that answers neither yes nor no refuses": (
        [answer_oddly],
        [("Nothing was done: answer_oddly refused the call (it returned bool; a hook returns None, or why it refuses).", Outcome.REJECTED)]
        * 2,
    ),
}


@pytest.mark.parametrize(("hooks", "results"), BEFORE.values(), ids=BEFORE)
async def test_a_hook_before_a_call(hooks: list[Any], results: list[tuple[str, Outcome]]) -> None:
    agent = make(call("look", number=9), call("look", number=1), before_tool=hooks)
    result = await agent.run("Go", deps={"most": 5}, engine=engine(strict=True))
    assert [(each.text, each.outcome) for each in result.messages[-2].results] == results


async def test_a_refused_write_is_not_asked_about_and_an_allowed_one_is_asked_about_all_the_same() -> None:
    refused = await make(call("pay", cents=5), before_tool=[break_down]).run("Go")
    assert refused.output == "Done."
    allowed = await make(call("pay", cents=5), before_tool=[lambda asked, context: None]).run("Go")
    assert [request.card for request in allowed.pending] == ["Pay 5"]


async def test_a_hook_after_a_call_keeps_its_result_from_the_model_and_a_write_stays_done() -> None:
    seen.clear()
    result = await make(call("pay", cents=5), call("look", number=1), after_tool=[refuse_receipts]).run("Go", approve=yes)
    first, second = result.messages[-2].results
    assert (first.text, first.outcome) == (
        "It was done. What pay returned is not shown: refuse_receipts refused it (a receipt).",
        Outcome.DONE,
    )
    assert (second.text, seen) == ("seen 1", [("paid", 5)])


async def test_a_write_whose_result_is_kept_back_does_not_hide_that_it_is_in_doubt() -> None:
    """Else the model asks for it again, and a hurried user says yes again."""

    @tool.write(card="Send")
    def send() -> str:
        """Send."""
        raise ConnectionError("reset after the receipt")

    @tool.write(card="Ship")
    def ship() -> str:
        """Ship."""
        raise ToolError("no receipt")

    calls = (call("send"), call("ship"))
    result = await make(*calls, tools=(send, ship), after_tool=[refuse_receipts]).run("Go", approve=yes)
    told = [(each.text.partition(" What ")[0], each.outcome) for each in result.messages[-2].results]
    doubt = "It is not known whether it was done. It is not tried again; a person has to find out."
    assert told == [(doubt, Outcome.UNKNOWN), ("Nothing was done.", Outcome.FAILED)]


CHANGED = {
    "to what it refuses": ([500], "Nothing was done: at_most_ten refused the call (over ten).", [5, 500]),
    "to what it refuses, the second time": ([7, 500], "Nothing was done: at_most_ten refused the call (over ten).", [5, 7, 500]),
    "to what it refuses, as a text": (["500"], "Nothing was done: at_most_ten refused the call (over ten).", [5, 500]),
    "to what it takes, twice": ([7, 8], "receipt 7", [5, 7, 8]),
}


@pytest.mark.parametrize(("changes", "told", "heard"), CHANGED.values(), ids=CHANGED)
async def test_a_hook_sees_a_call_as_a_person_has_changed_it(changes: list[Any], told: str, heard: list[int]) -> None:
    asked: list[int] = []
    left = [*changes]

    def at_most_ten(call: ToolCall, context: ToolContext[Any]) -> str | None:
        asked.append(call.arguments["cents"])  # type: ignore[arg-type]
        return "over ten" if asked[-1] > 10 else None

    async def change(request: Any) -> Edit | Approve:
        return Edit({"cents": left.pop(0)}, by="ada") if left else Approve(by="ada")

    seen.clear()
    agent = make(call("pay", cents=5), before_tool=[at_most_ten])
    result = await agent.run("Go", approve=change, engine=engine(strict=True))
    assert (result.messages[-2].results[0].text, asked) == (told, heard)
    assert seen == ([("paid", 8)] if told == "receipt 7" else [])


async def test_a_hook_after_a_call_is_asked_about_the_call_that_was_performed() -> None:
    heard: list[object] = []

    def hear(asked: ToolCall, result: ToolResult, context: ToolContext[Any]) -> None:
        heard.append(asked.arguments["cents"])

    async def change(request: Any) -> Edit | Approve:
        return Edit({"cents": 6}, by="ada") if request.arguments == '{"cents":5}' else Approve(by="ada")

    line = call("pay", cents=5)
    model = ScriptedModel(lambda request: Reply("Done.") if len(request.messages) > 2 else Reply(calls=(line,)), repeat=True)
    assert await everywhere(Agent(model, tools=[pay], after_tool=[hear]), "Go", approve=change) == "Done."  # however far it was carried
    assert set(heard) == {6}


async def test_a_resumed_run_does_what_the_hooks_said_of_a_changed_call() -> None:
    def alternate(*given: Any) -> str | None:
        seen.append(given)
        return "now and then" if len(seen) % 2 == 0 else None

    async def change(request: Any) -> Edit | Approve:
        return Edit({"cents": 6}, by="ada") if request.arguments == '{"cents":5}' else Approve(by="ada")

    seen.clear()
    line = call("pay", cents=5)
    model = ScriptedModel(lambda request: Reply("Done.") if len(request.messages) > 2 else Reply(calls=(line,)), repeat=True)
    assert await everywhere(Agent(model, tools=[pay], before_tool=[alternate]), "Go", approve=change) == "Done."


async def test_hooks_of_the_model_end_the_run_with_their_reason() -> None:
    def refuse_long(messages: Sequence[Message], context: ToolContext[Any]) -> str | None:
        return "too many messages" if len(messages) > 1 else None

    with pytest.raises(GuardRefused, match="refuse_long of agent refused what was asked: too many messages"):
        await make(call("look", number=1), before_model=[refuse_long]).run("Go", deps={})

    def refuse_done(reply: Reply, context: ToolContext[Any]) -> str | None:
        return "too short" if reply.text == "Done." else None

    with pytest.raises(GuardRefused, match="refuse_done of agent refused the answer: too short"):
        await make(call("look", number=1), after_model=[refuse_done]).run("Go", deps={})


async def test_a_resumed_run_does_what_the_hooks_said_then() -> None:
    def alternate(*given: Any) -> str | None:
        seen.append(given)
        return "now and then" if len(seen) % 2 else None

    def line(request: Any) -> Reply:
        return Reply("Done.") if len(request.messages) > 2 else Reply(calls=(call("look", number=1), call("look", number=2)))

    seen.clear()
    pass_on = [lambda *given: None]
    model = ScriptedModel(line, repeat=True)
    agent = Agent(model, tools=[look], before_tool=[alternate], after_tool=pass_on, before_model=pass_on)
    assert await everywhere(agent, "Go") == "Done."


WRONG = {"a function": refuse_large, "a text": "refuse_large", "a list of names": ["refuse_large"]}


@pytest.mark.parametrize("hooks", WRONG.values(), ids=WRONG)
def test_what_is_no_list_of_functions_is_refused(hooks: Any) -> None:
    with pytest.raises(UsageError, match=r"Write a list of functions: before_tool=\[check_amount\]"):
        make(before_tool=hooks)
