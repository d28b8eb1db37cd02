"""Chat completions on the wire, as pure functions: a request's body."""

from __future__ import annotations

from typing import Any

import pytest

from sayso.agents.messages import AssistantMessage, Message, ProviderData, Sampling, SystemMessage, ToolMessage, UserMessage
from sayso.agents.models.chat_request import build_body, build_messages
from sayso.agents.models.model import ModelRequest
from sayso.agents.models.turns import make_turns
from sayso.tools import Outcome, ToolCall, ToolResult

SEARCH = ToolCall("3.0", "search", {"query": "burgers"})
ORDER = ToolCall("3.1", "ORDER", {"item": "Käseburger"})

MESSAGES: dict[str, tuple[list[Message], list[dict[str, Any]]]] = {
    "plain talk": (
        [SystemMessage("Be brief."), UserMessage("Hi"), AssistantMessage("Hello.", reasoning="a greeting")],
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello."},
        ],
    ),
    "native calls and their results": (
        [
            UserMessage("Hi"),
            AssistantMessage("", (SEARCH, ORDER), native=True),
            ToolMessage((ToolResult("3.0", {"found": 2}), ToolResult("3.1", "not on the menu", Outcome.FAILED)), native=True),
        ],
        [
            {"role": "user", "content": "Hi"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "call00000", "type": "function", "function": {"name": "search", "arguments": '{"query": "burgers"}'}},
                    {"id": "call00001", "type": "function", "function": {"name": "ORDER", "arguments": '{"item": "Käseburger"}'}},
                ],
            },
            {"role": "tool", "tool_call_id": "call00000", "content": '{"found": 2}'},
            {"role": "tool", "tool_call_id": "call00001", "content": "not on the menu"},
        ],
    ),
    "calls written as text": (
        [
            UserMessage("Hi"),
            AssistantMessage("search(burgers) ORDER(Käseburger)", (SEARCH, ORDER)),
            ToolMessage((ToolResult("3.0", "two places"), ToolResult("3.1", "done"), ToolResult("9.9", "?"))),
        ],
        [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "search(burgers) ORDER(Käseburger)"},
            {
                "role": "user",
                "content": "[result of search]\ntwo places\n[end of result]\n\n[result of ORDER]\ndone\n[end of result]\n\n"
                "[result of the call]\n?\n[end of result]",
            },
        ],
    ),
    "a reply without a word": ([UserMessage("Hi"), AssistantMessage("", native=True)], [{"role": "user", "content": "Hi"}]),
}


@pytest.mark.parametrize(("messages", "wired"), MESSAGES.values(), ids=MESSAGES)
def test_messages_are_wired(messages: list[Message], wired: list[dict[str, Any]]) -> None:
    assert build_messages(make_turns(messages)) == wired


# ---- what came with a turn ----

WEATHER = ToolCall("0.0", "weather", {"city": "Rome"})
TIME = ToolCall("0.1", "time", {})
SIGNED: dict[str, object] = {"extra_content": {"google": {"thought_signature": "sig=="}}}


def sent_back(
    data: dict[str, object], *, calls: tuple[ToolCall, ...] = (WEATHER,), text: str = "", without: str = "", to: str = "chat h"
) -> Any:
    """Return the assistant's message of the next request to the host that sent `data` with it."""
    turn = AssistantMessage(text, calls, native=True, provider_data=ProviderData("chat h", data))
    results = [ToolMessage(tuple(ToolResult(call.id, "sunny") for call in calls), native=True)] if calls else []
    return build_messages(make_turns([UserMessage("Hi"), turn, *results]), to, frozenset(without.split()))[1]


def plain(*calls: ToolCall, **fields: object) -> dict[str, object]:
    return sent_back({}, calls=calls) | fields


WEATHER_SENT = {"id": "call00000", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}}
TIME_SENT = {"id": "call00001", "type": "function", "function": {"name": "time", "arguments": "{}"}}
SENT_BACK = {
    "a thought with a call": (
        sent_back({"message": {"reasoning_content": "hm"}}),
        {"role": "assistant", "content": None, "reasoning_content": "hm", "tool_calls": [WEATHER_SENT]},
    ),
    "a thought with an answer is not wanted": (
        sent_back({"message": {"reasoning_content": "hm", "reasoning_details": [1]}}, calls=(), text="Sunny."),
        {"role": "assistant", "content": "Sunny."},
    ),
    "except by an endpoint that says so": (
        sent_back({"message": {"reasoning_content": "hm"}}, calls=(), text="Sunny.", without="+reasoning_content"),
        {"role": "assistant", "content": "Sunny.", "reasoning_content": "hm"},
    ),
    "a field that the endpoint refused": (
        sent_back({"message": {"reasoning_content": "hm", "mood": 1}}, without="reasoning_content"),
        {"role": "assistant", "content": None, "mood": 1, "tool_calls": [WEATHER_SENT]},
    ),
    "a field of nobody's, with an answer": (
        sent_back({"message": {"extra_content": {"google": 1}}}, calls=(), text="Sunny."),
        {"role": "assistant", "content": "Sunny.", "extra_content": {"google": 1}},
    ),
    "each call with its own": (
        sent_back({"calls": [{}, SIGNED]}, calls=(WEATHER, TIME)),
        {"role": "assistant", "content": None, "tool_calls": [WEATHER_SENT, TIME_SENT | SIGNED]},
    ),
    "a field of the function": (
        sent_back({"calls": [{"function": {"signature": "s", "name": "evil"}, "id": "other"}]}),
        {"role": "assistant", "content": None, "tool_calls": [WEATHER_SENT | {"function": {"signature": "s", **WEATHER_SENT["function"]}}]},
    ),
    "not where the calls are others": (
        sent_back({"message": {"reasoning_content": "hm"}, "calls": [SIGNED, SIGNED]}),
        {"role": "assistant", "content": None, "tool_calls": [WEATHER_SENT]},
    ),
    "nothing to another host": (
        sent_back({"message": {"reasoning_content": "hm"}, "calls": [SIGNED]}, to="chat other"),
        {"role": "assistant", "content": None, "tool_calls": [WEATHER_SENT]},
    ),
    "content in parts": (
        sent_back({"message": {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "So:"}]}}, text="So:"),
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "So:"}],
            "tool_calls": [WEATHER_SENT],
        },
    ),
    "parts that say something else": (
        sent_back({"message": {"content": [{"type": "text", "text": "<think>hm</think>So:"}]}}, text="So:"),
        {"role": "assistant", "content": "So:", "tool_calls": [WEATHER_SENT]},
    ),
    "nothing it can be read from": (
        sent_back({"message": "?", "calls": "?"}),
        {"role": "assistant", "content": None, "tool_calls": [WEATHER_SENT]},
    ),
    "a thought that another model had": (
        sent_back({}, to="chat other", without="+reasoning_content"),
        {"role": "assistant", "content": None, "reasoning_content": " ", "tool_calls": [WEATHER_SENT]},
    ),
    "a signature for a call that another model made": (
        sent_back({}, to="chat other", without="+thought_signature"),
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"extra_content": {"google": {"thought_signature": "skip_thought_signature_validator"}}, **WEATHER_SENT}],
        },
    ),
}


@pytest.mark.parametrize(("message", "expected"), SENT_BACK.values(), ids=SENT_BACK)
def test_what_came_with_a_turn_goes_back_to_who_sent_it(message: dict[str, object], expected: dict[str, object]) -> None:
    assert message == expected


# ---- settings ----

TOOL = {"type": "function", "function": {"name": "weather"}}
ASKED: list[Message] = [UserMessage("Hi")]
ANSWERED: list[Message] = [*ASKED, AssistantMessage("", (WEATHER,), native=True), ToolMessage((ToolResult("0.0", "sunny"),), native=True)]
SETTINGS: dict[str, tuple[Sampling, list[Message], bool, dict[str, object]]] = {
    "effort": (Sampling(reasoning_effort="low"), ASKED, False, {"reasoning_effort": "low"}),
    "one call at a time": (Sampling(parallel_tool_calls=False), ASKED, True, {"parallel_tool_calls": False}),
    "no tools, no words about them": (Sampling(parallel_tool_calls=False, tool_choice="required"), ASKED, False, {}),
    "a choice": (Sampling(tool_choice="required"), ASKED, True, {"tool_choice": "required"}),
    "a tool by its name": (
        Sampling(tool_choice="weather"),
        ASKED,
        True,
        {"tool_choice": {"type": "function", "function": {"name": "weather"}}},
    ),
    "with the result the model is free": (Sampling(tool_choice="weather"), ANSWERED, True, {"tool_choice": "auto"}),
    "none stays none": (Sampling(tool_choice="none"), ANSWERED, True, {"tool_choice": "none"}),
    "fields of the user's": (
        Sampling(extra_body={"thinking": {"type": "enabled"}, "seed": 9}, seed=1),
        ASKED,
        False,
        {"seed": 9, "thinking": {"type": "enabled"}},
    ),
}


@pytest.mark.parametrize(("sampling", "messages", "has_tools", "fields"), SETTINGS.values(), ids=SETTINGS)
def test_settings_pass_through(sampling: Sampling, messages: list[Message], has_tools: bool, fields: dict[str, object]) -> None:
    body = build_body("m", ModelRequest(messages, (TOOL,) if has_tools else (), sampling))
    assert {name: body[name] for name in body if name not in ("model", "messages", "stream", "stream_options", "tools")} == fields


def test_breakpoints_stand_behind_the_instructions_and_what_the_user_said_last() -> None:
    body = build_body("m", ModelRequest([SystemMessage("Be kind."), *ANSWERED]), caches=True)
    assert [message["content"] for message in body["messages"]] == [
        [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
        [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}],
        None,
        "sunny",
    ]
