"""Requests to the Responses API, as pure functions: messages out, and what is left out after a refusal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sayso.agents.messages import AssistantMessage, Message, ProviderData, Sampling, SystemMessage, ToolMessage, UserMessage
from sayso.agents.models.model import ModelRequest
from sayso.agents.models.provider_errors import ErrorResponse
from sayso.agents.models.requesting import LeftOut
from sayso.agents.models.responses_refusals import REASONING, find_refused
from sayso.agents.models.responses_request import build_body, build_input
from sayso.agents.models.turns import BEGUN_EARLIER, NO_RESULT, make_turns
from sayso.tools import ToolCall, ToolResult

HERE = "responses api.openai.com"
SEARCH = ToolCall("0.0", "search", {"query": "burgers"})
READ = ToolCall("0.1", "read", {"page": 2})

THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA1"}
SEARCHES = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_a",
    "name": "search",
    "arguments": '{"query":"burgers"}',
    "status": "completed",
}
READS = {"type": "function_call", "id": "fc_2", "call_id": "call_b", "name": "read", "arguments": '{"page":2}', "status": "completed"}
SAYS = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "phase": "commentary",
    "content": [{"type": "output_text", "text": "Let me see.", "annotations": []}],
}
FOUND = {"type": "function_call_output", "call_id": "call_a", "output": "two places"}


def turn(*items: dict[str, Any], text: str = "", calls: Sequence[ToolCall] = (), provider: str = HERE) -> AssistantMessage:
    return AssistantMessage(text, tuple(calls), native=bool(calls), provider_data=ProviderData(provider, {"output": list(items)}))


def results(*pairs: tuple[str, str]) -> ToolMessage:
    return ToolMessage(tuple(ToolResult(call_id, text) for call_id, text in pairs), native=True)


def user(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": text}


def call(call_id: str, name: str = "search", arguments: str = '{"query": "burgers"}') -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def output(call_id: str, text: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": text}


def build_items(messages: list[Message], without: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Return the items of a transcript; where it begins with a turn of the model, without what is put before that."""
    items = build_input(make_turns(messages), HERE, without)
    return items[1:] if items[0] == user(BEGUN_EARLIER) else items


INPUTS: dict[str, tuple[list[Message], list[dict[str, Any]]]] = {
    "plain talk": (
        [SystemMessage("Be brief."), UserMessage("Hi"), AssistantMessage("Hello.", reasoning="a greeting"), UserMessage("Bye")],
        [
            {"type": "message", "role": "system", "content": "Be brief."},
            user("Hi"),
            {"type": "message", "role": "assistant", "content": "Hello."},
            user("Bye"),
        ],
    ),
    "instructions in the middle of a history stand before it": (
        [UserMessage("Hi"), SystemMessage("Be brief.")],
        [{"type": "message", "role": "system", "content": "Be brief."}, user("Hi")],
    ),
    "a turn goes back as it came, its result with its id": (
        [turn(THOUGHT, SAYS, SEARCHES, text="Let me see.", calls=[SEARCH]), results(("0.0", "two places"))],
        [THOUGHT, SAYS, SEARCHES, FOUND],
    ),
    "two calls, one thought": (
        [turn(THOUGHT, SEARCHES, READS, calls=[SEARCH, READ]), results(("0.0", "two places"), ("0.1", "page 2"))],
        [THOUGHT, SEARCHES, READS, FOUND, output("call_b", "page 2")],
    ),
    "items of tools of the provider's own go back with it": (
        [turn(THOUGHT, {"type": "web_search_call", "id": "ws_1", "status": "completed"}, SAYS, text="Let me see.")],
        [THOUGHT, {"type": "web_search_call", "id": "ws_1", "status": "completed"}, SAYS],
    ),
    "another host": (
        [turn(THOUGHT, SEARCHES, calls=[SEARCH], provider="responses x.openai.azure.com"), results(("0.0", "two places"))],
        [call("call00000"), output("call00000", "two places")],
    ),
    "another protocol": (
        [turn(THOUGHT, SEARCHES, calls=[SEARCH], provider="chat api.openai.com"), results(("0.0", "two places"))],
        [call("call00000"), output("call00000", "two places")],
    ),
    "nothing came with it": (
        [AssistantMessage("I look.", (SEARCH,), native=True), results(("0.0", "two places"))],
        [{"type": "message", "role": "assistant", "content": "I look."}, call("call00000"), output("call00000", "two places")],
    ),
    "fewer calls understood than came": (
        [turn(THOUGHT, SEARCHES, READS, calls=[SEARCH]), results(("0.0", "x"))],
        [call("call00000"), output("call00000", "x")],
    ),
    "the message was changed": (
        [turn(THOUGHT, SAYS, SEARCHES, text="***", calls=[SEARCH]), results(("0.0", "x"))],
        [{"type": "message", "role": "assistant", "content": "***"}, call("call00000"), output("call00000", "x")],
    ),
    "blanks between two messages are no change": (
        [turn(THOUGHT, SAYS, {**SAYS, "id": "msg_2"}, text="Let me see.\n\nLet me see.")],
        [THOUGHT, SAYS, {**SAYS, "id": "msg_2"}],
    ),
    "arguments were masked": (
        [turn(THOUGHT, SEARCHES, calls=[ToolCall("0.0", "search", {"query": "***"})]), results(("0.0", "x"))],
        [THOUGHT, {**SEARCHES, "arguments": '{"query": "***"}'}, output("call_a", "x")],
    ),
    "arguments that are not JSON": (
        [
            turn(THOUGHT, {**SEARCHES, "arguments": '{"query": "bur'}, calls=[ToolCall("0.0", "search", {})]),
            results(("0.0", "not understood")),
        ],
        [THOUGHT, {**SEARCHES, "arguments": "{}"}, output("call_a", "not understood")],
    ),
    "a name that no tool can have": (
        [
            turn(THOUGHT, {**SEARCHES, "name": "functions.search:1"}, calls=[ToolCall("0.0", "functions.search:1", {})]),
            results(("0.0", "no such tool")),
        ],
        [THOUGHT, {**SEARCHES, "name": "functions_search_1", "arguments": "{}"}, output("call_a", "no such tool")],
    ),
    "a name that was understood": (
        [turn(THOUGHT, {**SEARCHES, "name": "functions.search"}, calls=[SEARCH]), results(("0.0", "two places"))],
        [THOUGHT, SEARCHES, FOUND],
    ),
    "nulls are left out, a summary is there": (
        [
            turn(
                {"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA1", "status": None, "content": None}, SEARCHES, calls=[SEARCH]
            )
        ],
        [THOUGHT, SEARCHES, output("call_a", NO_RESULT)],
    ),
    "a thought that is an id only": (
        [
            turn({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": None}, SEARCHES, calls=[SEARCH]),
            results(("0.0", "x")),
        ],
        [call("call00000"), output("call00000", "x")],
    ),
    "a thought in plain words (vLLM, DeepSeek)": (
        [
            turn(
                {"type": "reasoning", "id": "r", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
                SEARCHES,
                calls=[SEARCH],
            ),
            results(("0.0", "two places")),
        ],
        [{"type": "reasoning", "id": "r", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}, SEARCHES, FOUND],
    ),
    "a reply that was cut off while it thought": ([UserMessage("Hi"), turn(THOUGHT), UserMessage("Again")], [user("Hi\n\nAgain")]),
    "a thought after the last word": ([turn(THOUGHT, SAYS, {**THOUGHT, "id": "rs_2"}, text="Let me see.")], [THOUGHT, SAYS]),
    "the same turn twice": (
        [turn(THOUGHT, SEARCHES, calls=[SEARCH]), results(("0.0", "two places"))] * 2,
        [THOUGHT, SEARCHES, FOUND, call("call00001"), output("call00001", "two places")],
    ),
    "ids that a server gives again in each turn": (
        [
            turn({**SEARCHES, "id": "fc_x"}, calls=[SEARCH]),
            results(("0.0", "one")),
            turn({**SEARCHES, "id": "fc_y"}, calls=[ToolCall("1.0", "search", {"query": "burgers"})]),
            results(("1.0", "two")),
        ],
        [
            {**SEARCHES, "id": "fc_x"},
            output("call_a", "one"),
            {**SEARCHES, "id": "fc_y", "call_id": "call00001"},
            output("call00001", "two"),
        ],
    ),
    "ids that are no texts": (
        [turn({**SEARCHES, "id": 7}, calls=[SEARCH]), results(("0.0", "x"))],
        [call("call00000"), output("call00000", "x")],
    ),
    "one id for two calls": (
        [turn(SEARCHES, {**READS, "call_id": "call_a"}, calls=[SEARCH, READ]), results(("0.0", "x"), ("0.1", "y"))],
        [{**SEARCHES, "call_id": "call00000"}, {**READS, "call_id": "call00001"}, output("call00000", "x"), output("call00001", "y")],
    ),
    "an id that is ours": (
        [
            turn({**SEARCHES, "call_id": "call00001"}, calls=[SEARCH]),
            AssistantMessage("", (READ,), native=True),
            results(("0.1", "page 2")),
        ],
        [
            {**SEARCHES, "call_id": "call00000"},
            output("call00000", NO_RESULT),
            call("call00001", "read", '{"page": 2}'),
            output("call00001", "page 2"),
        ],
    ),
    "a result whose call was cut off the history": (
        [ToolMessage((ToolResult("0.0", "two places", origin="search"),), native=True), UserMessage("And?")],
        [user("[result of the call]\ntwo places\n[end of result]\n\nAnd?")],
    ),
    "a call whose result was cut off the history": (
        [turn(THOUGHT, SEARCHES, READS, calls=[SEARCH, READ]), results(("0.1", "page 2")), UserMessage("And?")],
        [THOUGHT, SEARCHES, READS, output("call_a", NO_RESULT), output("call_b", "page 2"), user("And?")],
    ),
    "empty messages": ([UserMessage(" "), AssistantMessage(""), UserMessage("Hi")], [user("(empty)\n\nHi")]),
    "calls written as text": (
        [AssistantMessage("search(burgers)", (SEARCH,)), ToolMessage((ToolResult("0.0", "two places"),))],
        [{"type": "message", "role": "assistant", "content": "search(burgers)"}, user("[result of search]\ntwo places\n[end of result]")],
    ),
}


@pytest.mark.parametrize(("messages", "items"), INPUTS.values(), ids=INPUTS)
def test_the_transcript_as_items(messages: list[Message], items: list[dict[str, Any]]) -> None:
    assert build_items(messages) == items


def test_a_turn_that_was_stored_goes_back_by_its_ids() -> None:
    bare = {"type": "reasoning", "id": "rs_1", "summary": []}
    kept = ProviderData(HERE, {"output": [bare, SEARCHES], "stored": True})
    message = AssistantMessage("", (SEARCH,), native=True, provider_data=kept)
    assert build_items([message, results(("0.0", "two places"))]) == [bare, SEARCHES, FOUND]


TOOL = {"type": "function", "function": {"name": "search", "description": "Search.", "parameters": {"type": "object"}}}
FLAT = {"type": "function", "strict": False, "name": "search", "description": "Search.", "parameters": {"type": "object"}}
CITY = {"title": "The city", "type": "object", "properties": {"name": {"type": "string"}}}
NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
ALWAYS = {"model": "gpt", "input": [user("Hi")], "store": False, "include": ["reasoning.encrypted_content"]}

BODIES: dict[str, tuple[ModelRequest, dict[str, Any]]] = {
    "nothing asked": (ModelRequest([]), {}),
    "tools": (ModelRequest([], tools=[TOOL]), {"tools": [FLAT]}),
    "a typed answer": (
        ModelRequest([], schema=CITY),
        {"text": {"format": {"type": "json_schema", "name": "The_city", "schema": CITY, "strict": False}}},
    ),
    "a typed answer that holds itself": (
        ModelRequest([], schema={"$defs": {"Node": NODE}, "$ref": "#/$defs/Node"}),
        {"text": {"format": {"type": "json_schema", "name": "answer", "schema": {**NODE, "$defs": {"Node": NODE}}, "strict": False}}},
    ),
    "a typed answer that is no object": (ModelRequest([], schema={"type": "array", "items": CITY}), {}),
    "sampling": (
        ModelRequest([], sampling=Sampling(temperature=0.5, top_p=0.9, max_tokens=99, reasoning_effort="low")),
        {"temperature": 0.5, "top_p": 0.9, "max_output_tokens": 99, "reasoning": {"effort": "low"}},
    ),
    "fewer tokens than the least": (ModelRequest([], sampling=Sampling(max_tokens=1)), {"max_output_tokens": 16}),
    "what the API has no field for": (ModelRequest([], sampling=Sampling(top_k=4, seed=1, stop=("END",), logit_bias={"7": 1})), {}),
    "how tools are called": (
        ModelRequest([], tools=[TOOL], sampling=Sampling(tool_choice="search", parallel_tool_calls=False)),
        {"tools": [FLAT], "tool_choice": {"type": "function", "name": "search"}, "parallel_tool_calls": False},
    ),
    "how tools are called, in a word": (
        ModelRequest([], tools=[TOOL], sampling=Sampling(tool_choice="required")),
        {"tools": [FLAT], "tool_choice": "required"},
    ),
    "how tools are called where there are none": (
        ModelRequest([], sampling=Sampling(tool_choice="required", parallel_tool_calls=True)),
        {},
    ),
    "fields of the user's own": (
        ModelRequest(
            [],
            tools=[TOOL],
            sampling=Sampling(
                reasoning_effort="low",
                extra_body={
                    "reasoning": {"summary": "auto"},
                    "tools": [{"type": "web_search"}],
                    "include": ["web_search_call.action.sources"],
                    "store": True,
                    "prompt_cache_key": "k",
                },
            ),
        ),
        {
            "tools": [FLAT, {"type": "web_search"}],
            "include": ["reasoning.encrypted_content", "web_search_call.action.sources"],
            "reasoning": {"effort": "low", "summary": "auto"},
            "store": True,
            "prompt_cache_key": "k",
        },
    ),
}


@pytest.mark.parametrize(("request_", "body"), BODIES.values(), ids=BODIES)
def test_the_body_of_a_request(request_: ModelRequest, body: dict[str, Any]) -> None:
    assert build_body("gpt", replace(request_, messages=[UserMessage("Hi")]), HERE) == ALWAYS | body


EVERYTHING = ModelRequest(
    [
        UserMessage("Hi"),
        turn(THOUGHT, SEARCHES, calls=[SEARCH]),
        results(("0.0", "two places")),
        turn({**THOUGHT, "id": "rs_9"}, {**SAYS, "id": "msg_9"}, text="Let me see."),
    ],
    schema=CITY,
    sampling=Sampling(temperature=0.5, top_p=0.9, max_tokens=99, reasoning_effort="minimal", extra_body={"reasoning": {"summary": "auto"}}),
)


def said(message: str, param: str | None = None) -> str:
    return json.dumps({"error": {"message": message, "type": "invalid_request_error", "param": param, "code": None}})


FIELDS: dict[str, tuple[str, str, str]] = {
    "gpt-4o": (said("Encrypted content is not supported with this model.", "include"), "reasoning.encrypted_content", ""),
    "Azure, an older version": (
        said("Invalid value: 'reasoning.encrypted_content'. Supported values are: ...", "include[0]"),
        "reasoning.encrypted_content",
        "",
    ),
    "o3": (said("Unsupported parameter: 'temperature' is not supported with this model.", "temperature"), "temperature", "temperature"),
    "gpt-5": (said("Unsupported parameter: 'top_p' is not supported with this model.", "top_p"), "top_p", "top_p"),
    "no reasoning": (
        said("Unsupported parameter: 'reasoning.effort' is not supported with this model.", "reasoning.effort"),
        "reasoning.effort",
        "reasoning_effort",
    ),
    "not that much": (
        said("Unsupported value: 'minimal' is not supported with the 'gpt-5.1' model.", "reasoning.effort"),
        "reasoning.effort",
        "reasoning_effort",
    ),
    "not verified": (
        said("Your organization must be verified to generate reasoning summaries.", "reasoning.summary"),
        "reasoning.summary",
        "reasoning.summary",
    ),
    "no schema": (
        said("Invalid parameter: 'text.format' of type 'json_schema' is not supported with this model.", "text.format"),
        "json_schema",
        "structured output",
    ),
    "vLLM": ('{"detail": [{"type": "extra_forbidden", "loc": ["body", "store"], "msg": "Extra inputs are not permitted"}]}', "store", ""),
    "Kimi": (said("invalid temperature: only 1 is allowed for this model"), "temperature", "temperature"),
    "Claude": (said("`temperature` and `top_p` cannot both be specified for this model. Please use only one."), "top_p", "top_p"),
    "a proxy": (said("max_output_tokens is not supported by this provider"), "max_output_tokens", "max_tokens"),
}


@pytest.mark.parametrize(("answer", "field", "words"), FIELDS.values(), ids=FIELDS)
def test_a_field_that_is_refused_is_left_out(answer: str, field: str, words: str) -> None:
    body = build_body("gpt", EVERYTHING, HERE)
    assert find_refused(ErrorResponse(400, {}, answer), body) == LeftOut(frozenset({field}), words)
    assert len(json.dumps(build_body("gpt", EVERYTHING, HERE, frozenset({field})))) < len(json.dumps(body))


FIELDS_HERE: dict[str, dict[str, Any]] = {
    "temperature": {"temperature": 0.5},
    "top_p": {"top_p": 0.9},
    "parallel_tool_calls": {"parallel_tool_calls": True},
    "tool_choice": {"tool_choice": "required"},
    "reasoning_effort": {"reasoning": {"effort": "low"}},
    "response_format": {"text": {"format": {"type": "json_schema"}}},
    "json_object": {"text": {"format": {"type": "json_object"}}},
}
SAID_OF_CHAT = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "refusal_answers.jsonl").read_text("utf-8").splitlines()]
SAID_HERE = {
    row["name"]: row
    for row in SAID_OF_CHAT
    if row["status"] in (400, 422) and row["sent"] and FIELDS_HERE.keys() >= set(row["sent"]) and "+" not in str(row["without"])
}


@pytest.mark.parametrize("row", SAID_HERE.values(), ids=SAID_HERE)
def test_what_chat_endpoints_say_is_understood_here_too(row: dict[str, Any]) -> None:
    body = {"model": "m", "input": [user("Hi")]}
    for name in row["sent"]:
        body |= FIELDS_HERE[name]
    found = find_refused(ErrorResponse(row["status"], {}, row["body"]), body)
    wanted = row["without"] if isinstance(row["without"], list) else []
    assert sorted(found.names if found else ()) == ["reasoning.effort" if name == "reasoning_effort" else name for name in wanted]


def test_without_a_schema_any_object_is_asked_for_and_then_nothing() -> None:
    answer = ErrorResponse(400, {}, said("text.format is not supported", "text.format"))
    body = build_body("gpt", EVERYTHING, HERE, frozenset({"json_schema"}))
    assert body["text"] == {"format": {"type": "json_object"}}
    assert find_refused(answer, body) == LeftOut(frozenset({"json_object"}), "JSON output")
    assert "text" not in build_body("gpt", EVERYTHING, HERE, frozenset({"json_schema", "json_object"}))


ONE, BOTH = frozenset({"item rs_1"}), frozenset({"item rs_1", "item fc_1", "item rs_9", "item msg_9"})
ITEMS: dict[str, tuple[str, frozenset[str]]] = {
    "another organisation": (
        said("The encrypted content gAAA...c90= could not be verified. Reason: Encrypted content could not be decrypted or parsed."),
        BOTH,
    ),
    "another organisation, with the item": (said("The encrypted content for item rs_1 could not be verified."), ONE),
    "a model that does not reason": (
        said(
            "Reasoning input items can only be provided to a reasoning or computer use model. Remove reasoning items",
            "input",
        ),
        BOTH,
    ),
    "a thought is missing": (
        said("Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_0'.", "input"),
        frozenset({"item rs_1", "item fc_1"}),
    ),
    "what follows a thought is missing": (
        said("Item 'rs_9' of type 'reasoning' was provided without its required following item.", "input"),
        frozenset({"item rs_1", "item fc_1", "item rs_9"}),
    ),
    "twice": (
        said("Duplicate item found with id rs_1. Remove duplicate items from your input and try again.", "input"),
        ONE,
    ),
    "DeepSeek": (said("The `reasoning_text` in the thinking mode must be passed back to the API."), BOTH),
    "looked up in vain": (
        said("Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.", "input"),
        frozenset({"item.id"}),
    ),
    "a field of an item": (said("Unknown parameter: 'input[1].status'.", "input[1].status"), frozenset({"item.status"})),
    "a field of a part": (
        said("Unknown parameter: 'input[4].content[0].annotations'.", "input[4].content[0].annotations"),
        frozenset({"item.annotations"}),
    ),
    "a field, as pydantic says it": (
        '{"detail": [{"type": "extra_forbidden", "loc": ["body", "input", 2, "phase"], "msg": "Extra inputs are not permitted"}]}',
        frozenset({"item.phase"}),
    ),
    "a kind of item": (
        said("Invalid value: 'reasoning'. Supported values are: 'message', 'function_call'.", "input[1].type"),
        BOTH,
    ),
}


@pytest.mark.parametrize(("answer", "names"), ITEMS.values(), ids=ITEMS)
@pytest.mark.parametrize("status", [400, 404, 422])
def test_what_came_with_a_turn_and_is_refused_is_left_out(answer: str, names: frozenset[str], status: int) -> None:
    body = build_body("gpt", EVERYTHING, HERE)
    of_a_field = any(name.startswith("item.") for name in names)
    assert find_refused(ErrorResponse(status, {}, answer), body) == LeftOut(names, "" if of_a_field else REASONING)
    again = build_body("gpt", EVERYTHING, HERE, names)
    assert len(again["input"]) < len(body["input"]) or of_a_field
    assert len(json.dumps(again)) < len(json.dumps(body))


def test_a_turn_of_which_one_item_is_left_out_is_rebuilt_whole() -> None:
    messages = [turn(THOUGHT, SEARCHES, calls=[SEARCH]), results(("0.0", "two places"))]
    assert build_items(messages, frozenset({"item fc_1"})) == [call("call00000"), output("call00000", "two places")]


def test_ids_that_are_refused_and_required_go_with_their_turns() -> None:
    without_ids = build_body("gpt", EVERYTHING, HERE, frozenset({"item.id"}))
    assert "rs_1" not in json.dumps(without_ids)
    assert "gAAA1" in json.dumps(without_ids)
    answer = ErrorResponse(400, {}, said("Missing required parameter: 'input[1].id'.", "input[1].id"))
    refused = find_refused(answer, without_ids)
    assert refused is not None
    assert refused == LeftOut(frozenset({"item gAAA1"}), REASONING)
    assert "gAAA1" not in json.dumps(build_body("gpt", EVERYTHING, HERE, refused.names))


OTHERS = {
    "no such model": (404, said("The model 'gpt-9' does not exist.")),
    "too long": (400, said("Your request exceeds the context window of this model.")),
    "a bad key": (401, said("Incorrect API key provided for reasoning items.")),
    "no eyes": (400, said("Invalid value: 'input_image'. This model does not support image inputs.", "input[3].content[1]")),
    "a filter": (400, said("Your prompt was flagged as potentially violating our usage policy.")),
}


@pytest.mark.parametrize(("status", "answer"), OTHERS.values(), ids=OTHERS)
def test_other_refusals_leave_nothing_out(status: int, answer: str) -> None:
    assert find_refused(ErrorResponse(status, {}, answer), build_body("gpt", EVERYTHING, HERE)) is None
