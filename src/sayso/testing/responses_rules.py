"""OpenAI's published rules for a request to the Responses API, and its words where one is broken.

Sources: the API reference (developers.openai.com/api/reference/resources/responses), the guides on reasoning and on conversation state, and
the refusals that users have reported: openai-agents-python 569 and 1611, pydantic-ai 2861, 2865, 2881, 2915 and 3230, vercel/ai 7099, 7543
and 12687, litellm 13420, openai/codex 3528 and 8119, agno 3749, microsoft/agent-framework 3295, openai-cs-agents-demo 34.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Body = dict[str, Any]

PARAMETERS = frozenset(
    (
        "background context_management conversation include input instructions max_output_tokens max_tool_calls metadata model "
        "moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention "
        "reasoning safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs "
        "top_p truncation user"
    ).split()
)
ITEM_FIELDS = {
    "message": frozenset({"type", "id", "role", "content", "status", "phase"}),
    "reasoning": frozenset({"type", "id", "summary", "content", "encrypted_content", "status"}),
    "function_call": frozenset({"type", "id", "call_id", "name", "arguments", "status", "namespace", "caller"}),
    "function_call_output": frozenset({"type", "id", "call_id", "output", "status"}),
}
REQUIRED = {
    "message": ("role", "content"),
    "reasoning": ("summary",),
    "function_call": ("call_id", "name", "arguments"),
    "function_call_output": ("call_id", "output"),
}
PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc"}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Broken(Exception):
    """A request that is refused: its status, the words, the parameter, the code."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, dict[str, str | None]] = {
            "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        }


@dataclass
class Issued:
    """What the server has handed out: encrypted thoughts, and which item needs which thought before it."""

    encrypted: dict[str, str] = field(default_factory=dict)
    """Encrypted content by the id of its reasoning item."""
    needs: dict[str, str] = field(default_factory=dict)
    """The id of the thought by the id of the item that followed it."""
    follows: dict[str, str] = field(default_factory=dict)
    """The other way round."""
    stored: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class ResponsesRules:
    """Which model is played: whether it reasons, and whether Azure's older answers are given."""

    reasons: bool = True
    takes_ids_of_nothing_stored: bool = True
    """False plays what Azure and a gateway did: an id is looked up although the content is there."""
    needs_ids: bool = False
    """Azure again: thoughts without an id are refused."""


REASONING_MODEL = ResponsesRules()


def check_request(body: Body, issued: Issued, rules: ResponsesRules = REASONING_MODEL) -> None:
    """Raise Broken for the first rule that the request breaks."""
    for _, _, check in CHECKS:
        check(AskedResponse(body, issued, rules))


class AskedResponse(NamedTuple):
    """A request: its body, what the server has given out before, and the model that is played."""

    body: Body
    issued: Issued
    rules: ResponsesRules = REASONING_MODEL

    @property
    def items(self) -> list[Body]:
        """Return the items of the input; none where it is a text."""
        items = self.body.get("input")
        return items if isinstance(items, list) else []


def _check_parameters(asked: AskedResponse) -> None:
    for name in asked.body:
        if name not in PARAMETERS:
            raise Broken(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    if not isinstance(asked.body.get("model"), str):
        raise Broken("Missing required parameter: 'model'.", "model", "missing_required_parameter")


def _check_input(asked: AskedResponse) -> None:
    if not asked.body.get("input"):
        raise Broken("One of 'input' or 'previous_response_id' or 'prompt' or 'conversation' must be provided.")


def _check_model_options(body: Body, rules: ResponsesRules) -> None:
    if rules.reasons:
        for name in ("temperature", "top_p"):
            if name in body:
                raise Broken(f"Unsupported parameter: '{name}' is not supported with this model.", name)
    else:
        if "reasoning.encrypted_content" in body.get("include", ()):
            raise Broken("Encrypted content is not supported with this model.", "include")
        for part in body.get("reasoning", ()):
            raise Broken(
                f"Unsupported parameter: 'reasoning.{part}' is not supported with this model.", f"reasoning.{part}", "unsupported_parameter"
            )
    if body.get("max_output_tokens", 16) < 16:
        raise Broken(
            "Invalid 'max_output_tokens': integer below minimum value. "
            f"Expected a value >= 16, but got {body['max_output_tokens']} instead.",
            "max_output_tokens",
            "integer_below_min_value",
        )


def _check_tools(body: Body) -> None:
    names = []
    for number, tool in enumerate(body.get("tools", ())):
        if tool.get("type") != "function":
            continue
        if "name" not in tool:
            raise Broken(f"Missing required parameter: 'tools[{number}].name'.", f"tools[{number}].name", "missing_required_parameter")
        if not NAME.fullmatch(tool["name"]):
            raise Broken(f"Invalid 'tools[{number}].name': string does not match pattern.", f"tools[{number}].name", "invalid_value")
        names.append(tool["name"])
        parameters = tool.get("parameters") or {}
        loose = parameters.get("additionalProperties") is not False or set(parameters.get("properties", ())) - set(
            parameters.get("required", ())
        )
        if tool.get("strict", True) and loose:
            raise Broken(
                f"Invalid schema for function '{tool['name']}': "
                "In context=(), 'additionalProperties' is required to be supplied and to be false.",
                f"tools[{number}].parameters",
                "invalid_function_parameters",
            )
    choice = body.get("tool_choice", "auto")
    wanted = choice.get("name") if isinstance(choice, Mapping) else None
    if (wanted and wanted not in names) or (choice == "required" and not body.get("tools")):
        raise Broken(f"Tool choice '{wanted or choice}' not found in 'tools' parameter.", "tool_choice")


def _check_format(body: Body) -> None:
    given = body.get("text", {}).get("format", {"type": "text"})
    if given["type"] == "json_schema":
        for name in ("name", "schema"):
            if name not in given:
                raise Broken(f"Missing required parameter: 'text.format.{name}'.", f"text.format.{name}", "missing_required_parameter")
    if given["type"] == "json_object" and "json" not in str(body.get("input")).lower():
        raise Broken(
            "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.", "input"
        )


def _check_items(items: list[Body]) -> None:
    for number, item in enumerate(items):
        where, kind = f"input[{number}]", item.get("type", "message")
        if kind not in ITEM_FIELDS:
            raise Broken(f"Invalid value: '{kind}'. Supported values are: {', '.join(map(repr, ITEM_FIELDS))}.", where, "invalid_value")
        for name, value in item.items():
            if name not in ITEM_FIELDS[kind]:
                raise Broken(f"Unknown parameter: '{where}.{name}'.", f"{where}.{name}", "unknown_parameter")
            if value is None:
                raise Broken(
                    f"Invalid type for '{where}.{name}': expected one of an array of objects or string, but got null instead.",
                    f"{where}.{name}",
                )
        for name in REQUIRED[kind]:
            if name not in item:
                raise Broken(f"Missing required parameter: '{where}.{name}'.", f"{where}.{name}", "missing_required_parameter")
        if kind == "message":
            _check_message(item, where)
        if kind == "function_call" and not NAME.fullmatch(item["name"]):
            raise Broken(
                f"Invalid '{where}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
                f"{where}.name",
                "invalid_value",
            )
        if "id" in item and kind in PREFIXES and not item["id"].startswith(PREFIXES[kind]):
            raise Broken(
                f"Invalid '{where}.id': '{item['id']}'. Expected an ID that begins with '{PREFIXES[kind]}'.", f"{where}.id", "invalid_value"
            )


def _check_message(item: Body, where: str) -> None:
    if item["role"] not in ("user", "assistant", "system", "developer"):
        raise Broken(
            f"Invalid value: '{item['role']}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.", f"{where}.role"
        )
    if not item["content"]:
        raise Broken(f"Invalid '{where}.content': empty.", f"{where}.content")
    if isinstance(item["content"], list):
        allowed = ("output_text", "refusal") if item["role"] == "assistant" else ("input_text", "input_image", "input_file")
        for number, part in enumerate(item["content"]):
            if part.get("type") not in allowed:
                raise Broken(
                    f"Invalid value: '{part.get('type')}'. Supported values are: {' and '.join(map(repr, allowed))}.",
                    f"{where}.content[{number}]",
                )


def _check_ids(items: list[Body], body: Body, issued: Issued, rules: ResponsesRules) -> None:
    seen: set[str] = set()
    for number, item in enumerate(items):
        if (item_id := item.get("id")) is None:
            if rules.needs_ids and item.get("type") == "reasoning":
                raise Broken(f"Missing required parameter: 'input[{number}].id'.", f"input[{number}].id", "missing_required_parameter")
            continue
        if item_id in seen:
            raise Broken(f"Duplicate item found with id {item_id}. Remove duplicate items from your input and try again.", "input")
        seen.add(item_id)
        content_is_there = item["type"] != "reasoning" or item.get("encrypted_content") or item.get("content")
        if item_id not in issued.stored and not (content_is_there and rules.takes_ids_of_nothing_stored):
            raise Broken(
                f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to false. "
                "Try again with `store` set to true, or remove this item from your input.",
                "input",
                status=404,
            )


def _check_calls(items: list[Body]) -> None:
    called: list[str] = []
    for item in items:
        if item.get("type") == "function_call":
            if item["call_id"] in called:
                raise Broken(f"Duplicate value for 'call_id' of '{item['call_id']}'.", "input")
            called.append(item["call_id"])
    answered: set[str] = set()
    begun: set[str] = set()
    for item in items:
        if item.get("type") == "function_call":
            begun.add(item["call_id"])
        elif item.get("type") == "function_call_output":
            if item["call_id"] not in begun:
                raise Broken(f"No tool call found for function call output with call_id {item['call_id']}.", "input")
            if item["call_id"] in answered:
                raise Broken(f"Duplicate tool output for function call {item['call_id']}.", "input")
            answered.add(item["call_id"])
    for call_id in called:
        if call_id not in answered:
            raise Broken(f"No tool output found for function call {call_id}.", "input")


def _check_reasoning(items: list[Body], body: Body, issued: Issued, rules: ResponsesRules) -> None:
    ids = [item.get("id") for item in items]
    for number, item in enumerate(items):
        if item.get("type") == "reasoning":
            if not rules.reasons:
                raise Broken(
                    "Reasoning input items can only be provided to a reasoning or computer use model. "
                    "Remove reasoning items from your input and try again.",
                    "input",
                )
            encrypted = item.get("encrypted_content")
            if encrypted is not None and encrypted not in issued.encrypted.values():
                raise Broken(
                    f"The encrypted content {encrypted[:4]}...{encrypted[-4:]} could not be verified. "
                    "Reason: Encrypted content could not be decrypted or parsed.",
                    code="invalid_encrypted_content",
                )
            if _find_following(items[number + 1 :]) is None:
                raise Broken(f"Item '{item.get('id')}' of type 'reasoning' was provided without its required following item.", "input")
        thought = issued.needs.get(item.get("id", ""))
        if thought is not None and thought not in ids[:number] and rules.takes_ids_of_nothing_stored:
            kind = item.get("type")
            raise Broken(f"Item '{item['id']}' of type '{kind}' was provided without its required 'reasoning' item: '{thought}'.", "input")


def _find_following(items: list[Body]) -> Body | None:
    """Return the item that a thought is followed by: of the assistant, not of the user and not a result."""
    following = next((item for item in items if item.get("type") != "reasoning"), None)
    if following is None or following.get("type") == "function_call_output":
        return None
    return following if following.get("type") == "function_call" or following.get("role") == "assistant" else None


_API = "developers.openai.com/api/reference/resources/responses"
CHECKS: tuple[tuple[str, str, Callable[[AskedResponse], None]], ...] = (
    ("no parameter but the API's", _API, _check_parameters),
    (
        "options as the model has them",
        "developers.openai.com/docs/guides/reasoning",
        lambda asked: _check_model_options(asked.body, asked.rules),
    ),
    ("tools and tool_choice", _API, lambda asked: _check_tools(asked.body)),
    ("the form of an answer", "developers.openai.com/docs/guides/structured-outputs", lambda asked: _check_format(asked.body)),
    ("an input", _API, _check_input),
    ("items of known types with their fields", _API, lambda asked: _check_items(asked.items)),
    (
        "an id is given once, and of nothing that is not there",
        "openai-agents-python#569, pydantic-ai#2915, vercel/ai#7543",
        lambda asked: _check_ids(asked.items, asked.body, asked.issued, asked.rules),
    ),
    ("each call has one output, after it", "openai-agents-python#1611", lambda asked: _check_calls(asked.items)),
    (
        "reasoning goes back encrypted, before what followed it",
        "developers.openai.com/docs/guides/reasoning, pydantic-ai#2861",
        lambda asked: _check_reasoning(asked.items, asked.body, asked.issued, asked.rules),
    ),
)
"""Each rule: its name, its source, and the function that raises Broken."""
