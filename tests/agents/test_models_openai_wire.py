"""Chat completions on the wire, as pure functions: messages, and what is left out of a request."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.agents.messages import AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage
from sayso.agents.models.openai_wire import build_messages, find_refused_field, make_wire_id
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
            AssistantMessage("", (SEARCH, ORDER), native=True),
            ToolMessage((ToolResult("3.0", {"found": 2}), ToolResult("3.1", "not on the menu", Outcome.FAILED)), native=True),
        ],
        [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "call00300", "type": "function", "function": {"name": "search", "arguments": '{"query": "burgers"}'}},
                    {"id": "call00301", "type": "function", "function": {"name": "ORDER", "arguments": '{"item": "Käseburger"}'}},
                ],
            },
            {"role": "tool", "tool_call_id": "call00300", "content": '{"found": 2}'},
            {"role": "tool", "tool_call_id": "call00301", "content": "not on the menu"},
        ],
    ),
    "calls written as text": (
        [
            AssistantMessage("search(burgers) ORDER(Käseburger)", (SEARCH, ORDER)),
            ToolMessage((ToolResult("3.0", "two places"), ToolResult("3.1", "done"), ToolResult("9.9", "?"))),
        ],
        [
            {"role": "assistant", "content": "search(burgers) ORDER(Käseburger)"},
            {
                "role": "user",
                "content": "[result of search]\ntwo places\n[end of result]\n\n[result of ORDER]\ndone\n[end of result]\n\n"
                "[result of the call]\n?\n[end of result]",
            },
        ],
    ),
    "a native reply without calls": ([AssistantMessage("", native=True)], [{"role": "assistant", "content": ""}]),
}


@pytest.mark.parametrize(("messages", "wired"), MESSAGES.values(), ids=MESSAGES)
def test_messages_are_wired(messages: list[Message], wired: list[dict[str, Any]]) -> None:
    assert build_messages(messages) == wired


places = st.builds(lambda reply, call: f"{reply}.{call}", st.integers(0, 10**6), st.integers(0, 10**4))


@given(st.lists(places | st.text(max_size=12), unique=True, max_size=40))
def test_every_call_id_becomes_nine_letters_or_digits_of_its_own(ids: list[str]) -> None:
    wired = [make_wire_id(name) for name in ids]
    assert all(len(name) == 9 and name.isalnum() and name.isascii() for name in wired)
    assert len(set(wired)) == len(ids)


BODY = {
    "max_tokens": 9,
    "stream_options": {},
    "temperature": 1,
    "stop": ["x"],
    "response_format": {"type": "json_schema"},
}
REFUSALS = {
    "stream options": ("Unrecognized field: stream_options", "stream_options"),
    "the length by another name": ("'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_tokens"),
    "a length that is too large": ("max_tokens is too large: 100000. This model supports at most 4096 completion tokens.", None),
    "a schema": ("This model does not support response format `json_schema`.", "json_schema"),
    "a grammar": ("failed to parse grammar", "json_schema"),
    "stop": ("Unsupported parameter: 'stop' is not supported with this model.", "stop"),
    "a word that ends in it": ("non_stop is not supported", None),
    "a temperature out of range": ("temperature must be between 0 and 2", None),
    "something else": ("the messages are empty", None),
    "what was not sent": ("'seed' is not supported", None),
}


@pytest.mark.parametrize(("answer", "field"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_names_the_field_to_leave_out(answer: str, field: str | None) -> None:
    assert find_refused_field(answer, BODY) == field
