"""The server that plays Anthropic refuses what the real one refuses: a row for each rule, in the words that people quote."""

from __future__ import annotations

from typing import Any

import pytest

from sayso.testing.anthropic_rules import Refusal, check_request

from .fake_anthropic import text, think, use

Json = dict[str, Any]
HEADERS = {"authorization": "Bearer key", "anthropic-version": "2026-10-21"}
OLDER = {**HEADERS, "anthropic-version": "2023-06-01"}
TOOL = {"name": "search", "input_schema": {"type": "object"}}


def user(*blocks: Json) -> Json:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Json) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def result(wire_id: str, **more: object) -> Json:
    return {"type": "tool_result", "tool_use_id": wire_id, "content": "x", **more}


ASKED = user(text("Hi"))
CALLED = assistant(use("search", {}, "a"))
BOTH = assistant(use("search", {}, "a"), use("search", {}, "b"))


def request(*messages: Json, **fields: object) -> Json:
    return {"model": "claude-opus-5", "max_tokens": 2_000, "messages": list(messages or (ASKED,)), **fields}


def haiku(*messages: Json, **fields: object) -> Json:
    return request(*messages, model="claude-haiku-4-5", **fields)


BUDGET = {"type": "enabled", "budget_tokens": 1_024}
OPEN_SCHEMA = {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {}}}}

RULES: dict[str, tuple[Json, str]] = {
    "a field that is not known": (request(seed=1), "seed: Extra inputs are not permitted"),
    "temperature in the new version": (haiku(temperature=0), "temperature: Extra inputs are not permitted"),
    "a reply that is too long": (haiku(max_tokens=100_000), "100000 > 64000, which is the maximum allowed number of output tokens"),
    "no message": ({**request(), "messages": []}, "at least one message is required"),
    "a system message": (request({"role": "system", "content": "x"}), 'Unexpected role "system"'),
    "the assistant first": (request(assistant(text("Hi")), ASKED), 'first message must use the "user" role'),
    "words in the assistant's mouth": (request(ASKED, assistant(text("Hi"))), "does not support assistant message prefill"),
    "white space at the end": (haiku(ASKED, assistant(text("Hi "))), "cannot end with trailing whitespace"),
    "a message without content": (request(user()), "must have non-empty content"),
    "an empty text": (request(user(text(""))), "must be non-empty"),
    "a blank text": (request(user(text("\n"))), "must contain non-whitespace text"),
    "a field of a block": (request(user({**text("x"), "id": 1})), "messages.0.content.0.text.id: Extra inputs are not permitted"),
    "a call without a result": (request(ASKED, CALLED, ASKED, tools=[TOOL]), "without `tool_result` blocks immediately after: a"),
    "one result of two": (request(ASKED, BOTH, user(result("a")), tools=[TOOL]), "without `tool_result` blocks immediately after: b"),
    "words before a result": (request(ASKED, CALLED, user(text("x"), result("a")), tools=[TOOL]), "without `tool_result` blocks"),
    "a result without a call": (request(user(result("a")), tools=[TOOL]), "unexpected `tool_use_id` found in `tool_result` blocks: a"),
    "two results of a call": (request(ASKED, CALLED, user(result("a"), result("a")), tools=[TOOL]), "must have a single result"),
    "the same id twice": (request(ASKED, CALLED, user(result("a")), CALLED, user(result("a")), tools=[TOOL]), "ids must be unique"),
    "calls without tools": (request(ASKED, CALLED, user(result("a"))), "must define tools"),
    "an error without words": (
        request(ASKED, CALLED, user(result("a", is_error=True, content="")), tools=[TOOL]),
        "content cannot be empty",
    ),
    "a name with a dot": (request(ASKED, assistant(use("a.b", {}, "a")), user(result("a")), tools=[TOOL]), "should match pattern"),
    "an id with a bar": (request(ASKED, assistant(use("s", {}, "a|b")), user(result("a|b")), tools=[TOOL]), "should match pattern"),
    "thinking without a signature": (request(ASKED, assistant({"type": "thinking", "thinking": "x"}), ASKED), "signature: Field required"),
    "thinking that was changed": (request(ASKED, assistant({**think("x"), "thinking": "y"}), ASKED), "Invalid `signature` in `thinking`"),
    "a budget for a new model": (request(thinking=BUDGET), '"thinking.type.enabled" is not supported'),
    "a budget above the reply": (haiku(max_tokens=1_024, thinking=BUDGET), "must be greater than `thinking.budget_tokens`"),
    "a budget and a tool by force": (haiku(thinking=BUDGET, tools=[TOOL], tool_choice={"type": "any"}), "Thinking may not be enabled when"),
    "a budget and calls without thinking": (
        haiku(ASKED, CALLED, user(result("a")), thinking=BUDGET, tools=[TOOL]),
        "Expected `thinking` or `redacted_thinking`, but found `tool_use`",
    ),
    "thinking that cannot be turned off": (request(model="claude-opus-5-5", thinking={"type": "disabled"}), "is not supported"),
    "effort of an older model": (haiku(output_config={"effort": "low"}), "does not support the effort parameter"),
    "a tool by force": (request(model="claude-opus-5-5", tools=[TOOL], tool_choice={"type": "any"}), "is not supported for this model"),
    "a tool that is not there": (request(tools=[TOOL], tool_choice={"type": "tool", "name": "x"}), "not found in provided tools"),
    "a choice without tools": (request(tool_choice={"type": "auto"}), "only be specified while providing tools"),
    "a schema with other keys": (request(output_config=OPEN_SCHEMA), "'additionalProperties' must be explicitly set to false"),
    "a stop that is blank": (request(stop_sequences=["\n"]), "must contain non-whitespace"),
    "five breakpoints": (request(user(*[{**text("x"), "cache_control": {"type": "ephemeral"}}] * 5)), "A maximum of 4 blocks"),
    "a breakpoint on thinking": (
        request(ASKED, assistant({**think("x"), "cache_control": {"type": "ephemeral"}}), ASKED),
        "thinking.cache_control: Extra inputs are not permitted",
    ),
}  # fmt: skip

OLDER_RULES: dict[str, tuple[Json, str]] = {
    "temperature of a new model": (request(temperature=0), "`temperature` is deprecated for this model"),
    "temperature while it thinks": (haiku(thinking=BUDGET, temperature=0.5), "`temperature` may only be set to 1"),
    "top_p while it thinks": (haiku(thinking=BUDGET, top_p=0.5), "`top_p` must be greater than or equal to 0.95"),
    "top_k while it thinks": (haiku(thinking=BUDGET, top_k=5), "`top_k` must be unset"),
    "temperature and top_p": (haiku(temperature=0.5, top_p=0.5), "cannot both be specified"),
}


@pytest.mark.parametrize(("body", "words"), RULES.values(), ids=RULES)
def test_what_anthropic_refuses_is_refused(body: Json, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_request(body, HEADERS, {})
    assert words in str(refused.value)


@pytest.mark.parametrize(("body", "words"), OLDER_RULES.values(), ids=OLDER_RULES)
def test_what_the_older_version_refuses_is_refused(body: Json, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_request(body, OLDER, {})
    assert words in str(refused.value)


def test_thinking_that_is_missing_from_the_turn_that_is_answered_is_refused() -> None:
    issued = {"a": [think("x"), use("search", {}, "a")]}
    whole = request(ASKED, assistant(*issued["a"]), user(result("a")), tools=[TOOL])
    check_request(whole, HEADERS, issued)
    with pytest.raises(Refusal, match="cannot be modified"):
        check_request(request(ASKED, CALLED, user(result("a")), tools=[TOOL]), HEADERS, issued)


def test_a_request_without_a_key_or_a_version_is_refused() -> None:
    for headers in ({"anthropic-version": "2026-10-21"}, {"x-api-key": "key"}):
        with pytest.raises(Refusal):
            check_request(request(), headers, {})
