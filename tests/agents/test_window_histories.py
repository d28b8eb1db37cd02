"""Whatever the history and whatever the strategies: what is sent fits, is taken by every provider, and has in it what must stay."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from sayso import Agent, Image, ScriptedModel, tool
from sayso.agents import Reply
from sayso.agents.messages import AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage
from sayso.agents.models import anthropic_request, chat_request, responses_request
from sayso.agents.models.model import ModelRequest
from sayso.agents.models.turns import make_turns
from sayso.agents.windows import (
    Item,
    Room,
    Strategy,
    Window,
    drop_media,
    drop_oldest,
    drop_reasoning,
    keep_last_documents,
    shorten_calls,
    shorten_results,
)
from sayso.agents.windows.counting import TokenCounter
from sayso.agents.windows.items import group_messages, has_open_call
from sayso.testing import anthropic_rules, responses_rules
from sayso.testing.rules import CHAT_RULES, Given
from sayso.tools import ToolCall, ToolResult
from sayso.tools.errors import InputTooLong
from sayso.workflows import RunResult

from . import test_anthropic_histories, test_responses_histories
from .changed_histories import change_history

INSTRUCTIONS = "Be brief, and say please."
QUESTION = "And now, after all of that?"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


@tool.read(trust="tool", secrecy="public")
def search(query: str) -> str:
    """Search."""
    return "found"


# What a strategy of somebody's might do.


def drop_every_second(items: Sequence[Item], room: Room) -> Sequence[Item]:
    return items[::2]


def turn_round(items: Sequence[Item], room: Room) -> Sequence[Item]:
    return items[::-1]


def double_everything(items: Sequence[Item], room: Room) -> Sequence[Item]:
    return [*items, *items, Item((UserMessage("from nowhere"),), 10_000)]


def lose_results(items: Sequence[Item], room: Room) -> Sequence[Item]:
    return [item.change(item.messages[0]) for item in items]


def lose_calls(items: Sequence[Item], room: Room) -> Sequence[Item]:
    return [item.change(*item.messages[1:]) if len(item.messages) > 1 else item for item in items]


def drop_all(items: Sequence[Item], room: Room) -> Sequence[Item]:
    return ()


OURS = (drop_reasoning, keep_last_documents, shorten_results, drop_media, shorten_calls, drop_oldest)
THEIRS = (drop_every_second, turn_round, double_everything, lose_results, lose_calls, drop_all)


@st.composite
def plain_histories(draw: st.DrawFn) -> list[Message]:
    """Conversations with long and short results, open calls, images, and what programs do to them."""
    messages: list[Message] = []
    kinds = st.sampled_from(["says", "calls", "calls two", "one by one", "open", "image", "long", "program"])
    for number, kind in enumerate(draw(st.lists(kinds, max_size=14))):
        messages.append(UserMessage(f"Question {number}"))
        calls = tuple(ToolCall(f"{number % 2}.{at}", "search", {"query": "x" * (900 * (kind == "long"))}) for at in range(2))
        match kind:
            case "says":
                messages.append(AssistantMessage(f"Said {number}. " * draw(st.integers(1, 60))))
            case "calls" | "calls two" | "long":
                asked = calls[: 1 + (kind == "calls two")]
                found = tuple(ToolResult(each.id, "found it " * draw(st.integers(0, 400))) for each in asked)
                messages += [AssistantMessage("", asked, True), ToolMessage(found, True), AssistantMessage(f"Found {number}.")]
            case "one by one":  # as other frameworks keep results
                found = tuple(ToolResult(each.id, "found it " * draw(st.integers(0, 400))) for each in calls)
                messages += [AssistantMessage("", calls, True), *(ToolMessage((each,), True) for each in found)]
            case "open":
                messages.append(AssistantMessage("", calls[:1], True))
            case "image":
                picture = Image(data=PNG, name="menu.png")
                messages[-1] = UserMessage("Look.", parts=("Look.", picture))
                shown = ToolResult(calls[0].id, ["a photo", picture])
                messages += [AssistantMessage("", calls[:1], True), ToolMessage((shown,), True), AssistantMessage("Nice.")]
            case _:
                messages += [AssistantMessage("hm"), UserMessage("That does not fit.", by_program=True), AssistantMessage("{}")]
    return change_history(draw, messages)[0]


class Had(NamedTuple):
    """A history, and what providers have given out in it."""

    messages: list[Message]
    blocks: dict[str, Any]
    items: responses_rules.Issued


HISTORIES = st.one_of(
    plain_histories().map(lambda messages: Had(messages, {}, responses_rules.Issued())),
    test_anthropic_histories.histories().map(lambda had: Had(had[0], had[1], responses_rules.Issued())),
    test_responses_histories.histories().map(lambda had: Had(had[0], {}, had[1])),
)
STRATEGIES = st.lists(st.sampled_from([*OURS, *THEIRS]), max_size=6).map(lambda chosen: [*chosen, drop_oldest])


def measure(messages: Sequence[Message]) -> list[Item]:
    return asyncio.run(TokenCounter().measure(group_messages(messages, 0, -1)))


def check_taken(messages: Sequence[Message], tools: Sequence[Any], had: Had) -> None:
    """Raise for what a provider would refuse."""
    request = ModelRequest(messages, tools)
    wired = {"messages": chat_request.build_messages(make_turns(messages)), "tools": list(tools)}
    assert [rule.find_fault(wired, Given(), {}) for rule in CHAT_RULES] == [None] * len(CHAT_RULES)
    built = anthropic_request.build_request("claude-opus-5-5", test_anthropic_histories.HERE, request)
    anthropic_rules.check_request(built.body, {"authorization": "Bearer key", **built.headers}, had.blocks)
    body = responses_request.build_body("gpt", request, test_responses_histories.HERE)
    responses_rules.check_request(body, had.items)


@settings(max_examples=100, deadline=None)
@given(HISTORIES, STRATEGIES, st.one_of(st.integers(300, 700), st.integers(700, 3000)), st.booleans())
def test_what_is_sent_fits_and_is_taken(had: Had, strategies: list[Strategy], tokens: int, reads_again: bool) -> None:
    history = had.messages
    asked: list[ModelRequest] = []

    def answer(request: ModelRequest) -> Reply:
        asked.append(ModelRequest(tuple(request.messages), request.tools))
        return Reply("Fine.")

    window = Window(tokens=tokens, reply_tokens=100, strategies=strategies, read_again=reads_again)
    agent = Agent(ScriptedModel(answer, takes_tools=True), instructions=INSTRUCTIONS, tools=[search], window=window)
    result: RunResult[str] | None = None
    too_long: InputTooLong | None = None
    try:
        result = agent.run_sync(QUESTION, history=history)
    except InputTooLong as refused:
        too_long = refused
    if result is None:
        assert too_long is not None
        assert tokens < 700
        assert too_long.tokens > too_long.room
        assert asked == []
        return
    (request,) = asked
    sent = request.messages
    said = [message for message in history if not isinstance(message, SystemMessage)]
    assert result.messages[:-1] == (SystemMessage(INSTRUCTIONS), *said, UserMessage(QUESTION))
    assert sent[0] == SystemMessage(INSTRUCTIONS)
    assert sent[-1] == UserMessage(QUESTION)
    check_taken(sent, request.tools, had)
    room = (tokens - 100) * 0.9
    before, after = measure(result.messages[:-1]), measure(sent)
    assert sum(item.tokens or 0 for item in after) <= room
    open_calls = [item for item in before if has_open_call(item, ())]
    if sum(item.tokens or 0 for item in open_calls) <= room / 6:
        assert all(item.messages[0] in sent for item in open_calls)
