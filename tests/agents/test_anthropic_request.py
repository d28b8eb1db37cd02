"""What is sent to Anthropic's Messages API: each transcript and option as a request that it takes, by the rules in anthropic_rules.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sayso.agents.messages import AssistantMessage, Message, ProviderData, Sampling, SystemMessage, ToolMessage, UserMessage
from sayso.agents.models.anthropic_request import AnthropicRequest, build_request
from sayso.agents.models.model import ModelRequest
from sayso.agents.models.turns import BEGUN_EARLIER, NO_RESULT, NOTHING
from sayso.testing.anthropic_rules import check_request
from sayso.tools import ToolCall, ToolResult
from sayso.tools.calls import Outcome

from .fake_anthropic import redacted, text, think, use

Json = dict[str, Any]
OURS = "anthropic api.anthropic.com"
SEARCH = {"type": "function", "function": {"name": "search", "description": "Search.", "parameters": {"type": "object", "properties": {}}}}
ASKED = UserMessage("What is it?")
MODELS = (
    "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5", "claude-fable-5-2", "claude-opus-5", "claude-opus-4-8",
    "claude-opus-4-6", "claude-sonnet-4-6", "claude-opus-4-5", "claude-sonnet-4-5-20250929", "claude-haiku-4-5", "claude-opus-4-1",
    "claude-3-haiku-20240307",
)  # fmt: skip


def build(messages: Sequence[Message], model: str = "claude-opus-5", tools: Sequence[Mapping[str, object]] = (), **options: Any) -> Json:
    return build_all(messages, model, tools, **options).body


def build_all(
    messages: Sequence[Message],
    model: str = "claude-opus-5",
    tools: Sequence[Mapping[str, object]] = (),
    schema: Mapping[str, object] | None = None,
    cache: bool | None = False,
    **sampling: Any,
) -> AnthropicRequest:
    """Build a request, and hold it to the rules."""
    built = build_request(model, OURS, ModelRequest(messages, tools, Sampling(**sampling), schema), cache=cache)
    check_request(built.body, {"authorization": "Bearer key", **built.headers}, {})
    return built


def asks(*calls: ToolCall, said: str = "", kept: Sequence[Json] | None = None, provider: str = OURS, **data: object) -> AssistantMessage:
    return AssistantMessage(said, calls, True, provider_data=None if kept is None else ProviderData(provider, {"content": kept, **data}))


def call(number: str = "0.0", tool: str = "search", **arguments: object) -> ToolCall:
    return ToolCall(number, tool, arguments)


def results(*contents: str, turn: int = 0, outcome: Outcome = Outcome.DONE) -> ToolMessage:
    return ToolMessage(tuple(ToolResult(f"{turn}.{number}", each, outcome, "search") for number, each in enumerate(contents)), True)


def result(wire_id: str, content: str, **more: object) -> Json:
    return {"type": "tool_result", "tool_use_id": wire_id, "content": content, **more}


def user(*blocks: Json) -> Json:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Json) -> Json:
    return {"role": "assistant", "content": list(blocks)}


Q = user(text("What is it?"))
THOUGHT = [think("Let me see."), redacted(), text("I look."), use("search", {"q": 1}, "toolu_A")]

TURNS: dict[str, tuple[Sequence[Message], Sequence[Json]]] = {
    "one question": ([ASKED], [Q]),
    "a call and its result": (
        [ASKED, asks(call(q=1), said="I look."), results("found")],
        [Q, assistant(text("I look."), use("search", {"q": 1}, "call00000")), user(result("call00000", "found"))],
    ),
    "the blocks of this provider go back as they came": (
        [ASKED, asks(call(q=1), said="I look.", kept=THOUGHT), results("found")],
        [Q, assistant(*THOUGHT), user(result("toolu_A", "found"))],
    ),
    "those of another do not": (
        [ASKED, asks(call(q=1), said="I look.", kept=THOUGHT, provider="anthropic elsewhere.example"), results("found")],
        [Q, assistant(text("I look."), use("search", {"q": 1}, "call00000")), user(result("call00000", "found"))],
    ),
    "nor those of another protocol": (
        [ASKED, asks(call(q=1), kept=THOUGHT, provider="chat api.anthropic.com"), results("found")],
        [Q, assistant(use("search", {"q": 1}, "call00000")), user(result("call00000", "found"))],
    ),
    "nor blocks that say something else than the turn does now": (
        [ASKED, asks(call(q=1), said="[removed]", kept=THOUGHT), results("found")],
        [Q, assistant(text("[removed]"), use("search", {"q": 1}, "call00000")), user(result("call00000", "found"))],
    ),
    "nor blocks with another number of calls than were understood": (
        [ASKED, asks(call(q=1), call("0.1", q=2), kept=THOUGHT), results("one", "two")],
        [
            Q,
            assistant(use("search", {"q": 1}, "call00000"), use("search", {"q": 2}, "call00001")),
            user(result("call00000", "one"), result("call00001", "two")),
        ],
    ),
    "thinking that was not signed is left out": (
        [
            ASKED,
            asks(call(q=1), kept=[{"type": "thinking", "thinking": "hm", "signature": ""}, use("search", {"q": 1}, "toolu_A")]),
            results("x"),
        ],
        [Q, assistant(use("search", {"q": 1}, "toolu_A")), user(result("toolu_A", "x"))],
    ),
    "blank text beside a call is left out": (
        [ASKED, asks(call(), kept=[text("\n\n"), use("search", {}, "toolu_A")]), results("x")],
        [Q, assistant(use("search", {}, "toolu_A")), user(result("toolu_A", "x"))],
    ),
    "input that is no object": (
        [ASKED, asks(call(), kept=[{**use("search", {}, "toolu_A"), "input": '{"q": '}]), results("x")],
        [Q, assistant(use("search", {}, "toolu_A")), user(result("toolu_A", "x"))],
    ),
    "thinking from before a turn that was asked for without it": (
        [
            ASKED,
            asks(call(q=1), said="I look.", kept=THOUGHT),
            results("x"),
            asks(call("1.0"), kept=[think("b"), use("search", {}, "toolu_B")], without_thinking=True),
            results("y", turn=1),
        ],
        [
            Q,
            assistant(*THOUGHT[2:]),
            user(result("toolu_A", "x")),
            assistant(think("b"), use("search", {}, "toolu_B")),
            user(result("toolu_B", "y")),
        ],
    ),
    "results of parallel calls in one message, failures marked": (
        [
            ASKED,
            asks(call(q=1), call("0.1", q=2)),
            ToolMessage((ToolResult("0.0", "one"), ToolResult("0.1", "no", Outcome.REJECTED)), True),
        ],
        [
            Q,
            assistant(use("search", {"q": 1}, "call00000"), use("search", {"q": 2}, "call00001")),
            user(result("call00000", "one"), result("call00001", "no", is_error=True)),
        ],
    ),
    "results in two messages": (
        [
            ASKED,
            asks(call(q=1), call("0.1", q=2)),
            ToolMessage((ToolResult("0.1", "two"),), True),
            ToolMessage((ToolResult("0.0", "one"),), True),
        ],
        [
            Q,
            assistant(use("search", {"q": 1}, "call00000"), use("search", {"q": 2}, "call00001")),
            user(result("call00000", "one"), result("call00001", "two")),
        ],
    ),
    "words between a call and its result come after it": (
        [ASKED, asks(call()), UserMessage("Hurry up."), results("found"), UserMessage("Well?")],
        [Q, assistant(use("search", {}, "call00000")), user(result("call00000", "found"), text("Hurry up.\n\nWell?"))],
    ),
    "a call without its result": (
        [ASKED, asks(call(), call("0.1")), ToolMessage((ToolResult("0.0", "one"),), True), AssistantMessage("Done."), UserMessage("And?")],
        [
            Q,
            assistant(use("search", {}, "call00000"), use("search", {}, "call00001")),
            user(result("call00000", "one"), result("call00001", NO_RESULT, is_error=True)),
            assistant(text("Done.")),
            user(text("And?")),
        ],
    ),
    "a result without its call": (
        [results("found"), ASKED],
        [user(text("[result of the call]\nfound\n[end of result]\n\nWhat is it?"))],
    ),
    "a history that begins with a reply": (
        [AssistantMessage("Hello."), ASKED],
        [user(text(BEGUN_EARLIER)), assistant(text("Hello.")), Q],
    ),
    "empty turns": (
        [ASKED, AssistantMessage(" \n"), UserMessage(""), UserMessage("So?"), AssistantMessage("Yes."), UserMessage("  ")],
        [user(text("What is it?\n\n(empty)\n\nSo?")), assistant(text("Yes.")), user(text(NOTHING))],
    ),
    "nothing at all": ([UserMessage("")], [user(text(NOTHING))]),
    "empty results": (
        [ASKED, asks(call(), call("0.1")), ToolMessage((ToolResult("0.0", ""), ToolResult("0.1", " ", Outcome.FAILED)), True)],
        [
            Q,
            assistant(use("search", {}, "call00000"), use("search", {}, "call00001")),
            user(result("call00000", NOTHING), result("call00001", NOTHING, is_error=True)),
        ],
    ),
    "two runs, each with a call of the same id": (
        [ASKED, asks(call()), results("one"), AssistantMessage("One."), UserMessage("More."), asks(call()), results("two")],
        [
            Q,
            assistant(use("search", {}, "call00000")),
            user(result("call00000", "one")),
            assistant(text("One.")),
            user(text("More.")),
            assistant(use("search", {}, "call00001")),
            user(result("call00001", "two")),
        ],
    ),
    "a provider that gives the same id twice": (
        [
            ASKED,
            asks(call(), kept=[use("search", {}, "c1")]),
            results("one"),
            asks(call("1.0"), kept=[use("search", {}, "c1")]),
            results("two", turn=1),
        ],
        [
            Q,
            assistant(use("search", {}, "c1")),
            user(result("c1", "one")),
            assistant(use("search", {}, "call00001")),
            user(result("call00001", "two")),
        ],
    ),
    "a name that no provider takes": (
        [ASKED, asks(call(tool="web.search:v2")), results("x")],
        [Q, assistant(use("web_search_v2", {}, "call00000")), user(result("call00000", "x"))],
    ),
    "half a character, in words, arguments and results": (
        [UserMessage("a\ud83d"), asks(call(q="b\ud83d"), said="c\ude00"), results("d\ud83d")],
        [user(text("a�")), assistant(text("c�"), use("search", {"q": "b�"}, "call00000")), user(result("call00000", "d�"))],
    ),
    "calls as text": (
        [
            ASKED,
            AssistantMessage("search(q=1)", (call(q=1),)),
            ToolMessage((ToolResult("0.0", "found", origin="search"),), shown="search: found"),
        ],
        [Q, assistant(text("search(q=1)")), user(text("search: found"))],
    ),
}


@pytest.mark.parametrize(("messages", "turns"), TURNS.values(), ids=TURNS)
def test_a_transcript_becomes_turns_that_anthropic_takes(messages: Sequence[Message], turns: Sequence[Json]) -> None:
    assert build(messages, tools=[SEARCH])["messages"] == turns


@pytest.mark.parametrize("messages", [messages for messages, _ in TURNS.values()], ids=TURNS)
@pytest.mark.parametrize("effort", [None, "none", "minimal", "high", "xhigh", "max"])
def test_every_model_takes_every_transcript_however_hard_it_thinks(messages: Sequence[Message], effort: str | None) -> None:
    for model in MODELS:
        for tools in ([], [SEARCH]):
            build(messages, model, tools, cache=True, reasoning_effort=effort, temperature=0.2, top_p=0.9, top_k=3, stop=["\n", "END"])
            build(messages, model, tools, reasoning_effort=effort, tool_choice="required" if tools else None, max_tokens=1_500)


def test_a_last_turn_of_the_assistant_does_not_end_with_white_space() -> None:
    assert build([ASKED, AssistantMessage("It is \n")], "claude-opus-4-1")["messages"][-1] == assistant(text("It is"))


def test_instructions_have_a_field_of_their_own() -> None:
    body = build([SystemMessage("Be brief."), ASKED, SystemMessage("Be kind.")])
    assert (body["system"], body["messages"]) == ("Be brief.\n\nBe kind.", [Q])


OPTIONS: dict[str, tuple[str, Json, Json]] = {
    "nothing asked for": ("claude-opus-5-5", {}, {"max_tokens": 128_000}),
    "a shorter reply": ("claude-opus-5-5", {"max_tokens": 99}, {"max_tokens": 99}),
    "an older model's longest reply": ("claude-3-haiku-20240307", {}, {"max_tokens": 4_096}),
    "effort": ("claude-opus-5-5", {"reasoning_effort": "xhigh"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}}),
    "effort that the model has not": ("claude-opus-4-6", {"reasoning_effort": "xhigh"}, {"output_config": {"effort": "max"}}),
    "minimal": ("claude-haiku-5-5", {"reasoning_effort": "minimal"}, {"output_config": {"effort": "low"}}),
    "no thinking": ("claude-opus-5", {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
    "no thinking before the reply": ("claude-sonnet-5-5", {"reasoning_effort": "none"}, {"thinking": {"type": "between_tools"}}),
    "a budget": ("claude-haiku-4-5", {"reasoning_effort": "high"}, {"thinking": {"type": "enabled", "budget_tokens": 16_384}}),
    "a budget and an effort": (
        "claude-opus-4-5",
        {"reasoning_effort": "max"},
        {"thinking": {"type": "enabled", "budget_tokens": 32_768}, "output_config": {"effort": "high"}},
    ),
    "a budget within max_tokens": (
        "claude-haiku-4-5",
        {"reasoning_effort": "high", "max_tokens": 4_000},
        {"thinking": {"type": "enabled", "budget_tokens": 2_000}},
    ),
    "any tool": ("claude-opus-5", {"tool_choice": "required"}, {"tool_choice": {"type": "any"}}),
    "one tool": ("claude-opus-5", {"tool_choice": "search"}, {"tool_choice": {"type": "tool", "name": "search"}}),
    "no tool": ("claude-opus-5", {"tool_choice": "none", "parallel_tool_calls": False}, {"tool_choice": {"type": "none"}}),
    "one call at a time": (
        "claude-opus-5-5",
        {"parallel_tool_calls": False},
        {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
    ),
    "temperature": ("claude-haiku-4-5", {"temperature": 0.0}, {"temperature": 0.0}),
    "stop": ("claude-opus-5-5", {"stop": ["END"]}, {"stop_sequences": ["END"]}),
    "more": ("claude-opus-5-5", {"extra_body": {"service_tier": "standard_only"}}, {"service_tier": "standard_only"}),
}


@pytest.mark.parametrize(("model", "sampling", "expected"), OPTIONS.values(), ids=OPTIONS)
def test_an_option_is_sent_in_anthropics_words(model: str, sampling: Json, expected: Json) -> None:
    body = build([ASKED], model, [SEARCH], **sampling)
    assert {name: body.get(name) for name in expected} == expected


LEFT_OUT: dict[str, tuple[str, Json, set[str]]] = {
    "sampling of a new model": ("claude-opus-5-5", {"temperature": 0, "top_p": 0.5, "top_k": 3}, {"temperature", "top_p", "top_k"}),
    "temperature while it thinks": ("claude-opus-4-6", {"temperature": 0, "reasoning_effort": "high"}, {"temperature"}),
    "temperature 1 while it thinks": ("claude-opus-4-6", {"temperature": 1, "top_p": 0.97, "reasoning_effort": "high"}, set()),
    "temperature and top_p": ("claude-haiku-4-5", {"temperature": 0, "top_p": 0.5}, {"top_p"}),
    "what Anthropic has not": (
        "claude-haiku-4-5",
        {"seed": 1, "logit_bias": {"1": 1.0}, "repetition_penalty": 1.1},
        {"seed", "logit_bias", "repetition_penalty"},
    ),
    "a tool by force": ("claude-opus-5-5", {"tool_choice": "required"}, {"tool_choice"}),
    "thinking with a tool by force": ("claude-haiku-4-5", {"tool_choice": "search", "reasoning_effort": "low"}, {"reasoning_effort"}),
    "thinking in few tokens": ("claude-haiku-4-5", {"max_tokens": 1_000, "reasoning_effort": "low"}, {"reasoning_effort"}),
    "thinking that cannot be turned off": ("claude-fable-5", {"reasoning_effort": "none"}, {"reasoning_effort"}),
    "a line break to stop at": ("claude-opus-5-5", {"stop": ["\n"]}, {"stop"}),
}


@pytest.mark.parametrize(("model", "sampling", "left_out"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_a_model_does_not_take_is_left_out_and_named(model: str, sampling: Json, left_out: set[str]) -> None:
    assert set(build_all([ASKED], model, [SEARCH], **sampling).left_out) == left_out


def test_only_a_request_with_a_temperature_goes_out_in_the_older_version_of_the_api() -> None:
    assert build_all([ASKED], "claude-haiku-4-5", temperature=0).headers == {"anthropic-version": "2023-06-01"}
    assert build_all([ASKED], "claude-haiku-4-5").headers == {"anthropic-version": "2026-10-21"}
    assert build_all([ASKED], extra_headers={"anthropic-beta": "x"}).headers == {"anthropic-version": "2026-10-21", "anthropic-beta": "x"}


def test_a_model_with_a_budget_does_not_think_about_calls_that_came_without() -> None:
    unthought = [ASKED, asks(call(), kept=THOUGHT, provider="responses api.openai.com"), results("x")]
    built = build_all(unthought, "claude-haiku-4-5", [SEARCH], reasoning_effort="high")
    assert ("thinking" in built.body, set(built.left_out)) == (False, {"reasoning_effort"})
    asked_again = [*unthought, AssistantMessage("It is x."), UserMessage("And now?")]
    assert build(asked_again, "claude-haiku-4-5", [SEARCH], reasoning_effort="high")["thinking"]["type"] == "enabled"


def test_the_cache_ends_after_instructions_and_after_the_conversation_where_that_pays() -> None:
    marked = {"cache_control": {"type": "ephemeral"}}
    with_tools = build([SystemMessage("Be brief."), ASKED], tools=[SEARCH], cache=None)
    assert with_tools["system"] == [{**text("Be brief."), **marked}]
    assert with_tools["messages"] == [user({**text("What is it?"), **marked})]
    assert build([ASKED], tools=[SEARCH, SEARCH], cache=None)["tools"][-1]["cache_control"] == {"type": "ephemeral"}
    assert build([SystemMessage("Be brief."), ASKED], cache=None)["system"] == "Be brief."
    assert build([SystemMessage("Be brief."), ASKED], cache=True)["system"] == [{**text("Be brief."), **marked}]
    assert build([SystemMessage("Be brief."), ASKED], tools=[SEARCH], cache=False)["system"] == "Be brief."


def test_a_conversation_with_calls_goes_to_an_agent_without_tools() -> None:
    body = build([ASKED, asks(call()), results("x"), AssistantMessage("x"), UserMessage("In short?")])
    assert body["tools"] == [{"name": "search", "input_schema": {"type": "object"}}]
    assert body["tool_choice"] == {"type": "none"}


CITY: Json = {
    "title": "City",
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 1}, "people": {"type": "integer", "minimum": 0}},
    "required": ["name", "people"],
}
UNHELD: dict[str, Json] = {
    "keys that are not named": {
        "type": "object",
        "properties": {"by_name": {"type": "object", "additionalProperties": {"type": "integer"}}},
    },
    "any object": {"type": "object", "properties": {"data": {"type": "object"}}},
    "anything": {"type": "object", "properties": {"data": {"title": "Data"}}},
    "a tree": {
        "$ref": "#/$defs/T",
        "$defs": {"T": {"type": "object", "properties": {"of": {"type": "array", "items": {"$ref": "#/$defs/T"}}}}},
    },
    "two that hold each other": {
        "$ref": "#/$defs/A",
        "$defs": {
            "A": {"type": "object", "properties": {"b": {"$ref": "#/$defs/B"}}},
            "B": {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}},
        },
    },
    "a list": {"type": "array", "items": {"type": "string"}},
}


def test_a_typed_answer_is_held_to_its_schema() -> None:
    for model in MODELS:
        build([ASKED], model, [SEARCH], schema=CITY, reasoning_effort="low")
    format = build([ASKED], schema=CITY)["output_config"]["format"]
    assert (format["type"], format["schema"]["required"]) == ("json_schema", ["name", "people"])
    assert "output_config" not in build([ASKED], "claude-3-haiku-20240307", schema=CITY)


@pytest.mark.parametrize("schema", UNHELD.values(), ids=UNHELD)
def test_a_schema_that_anthropic_cannot_hold_a_reply_to_stays_in_the_instructions(schema: Json) -> None:
    assert "output_config" not in build([ASKED], schema=schema)
