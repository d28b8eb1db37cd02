"""The rules by which providers refuse a request: a row for each, with its source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from . import anthropic_rules, responses_rules
from .responses_rules import Issued

Body = dict[str, Any]


@dataclass(slots=True)
class Given:
    """What a server has given out so far: the message or the blocks of each call by the call's id, and the items of responses."""

    messages: dict[str, Body] = field(default_factory=dict)
    blocks: dict[str, list[Body]] = field(default_factory=dict)
    items: Issued = field(default_factory=Issued)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its name, where it is from, and a function that returns the words of the refusal, or None for a request that keeps it."""

    name: str
    source: str
    find_fault: Callable[[Body, Given, Mapping[str, str]], str | None]


_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_OPENAI = "developers.openai.com/api/reference/resources/chat"
FIELDS = frozenset(
    (
        "model messages audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens metadata "
        "modalities n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_retention reasoning_effort "
        "response_format safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools "
        "top_logprobs top_p user verbosity web_search_options"
    ).split()
)


def find_unknown_field(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse a field that OpenAI does not have."""
    unknown = next((name for name in body if name not in FIELDS), None)
    return f"Unrecognized request argument supplied: {unknown}" if unknown else None


def find_wrong_order(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse a result that does not follow its call, and a call whose result does not follow it."""
    open_calls: list[str] = []
    for at, message in enumerate(body["messages"]):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                return "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
            open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            return (
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
                f"The following tool_call_ids did not have response messages: {', '.join(open_calls)} (before messages[{at}])"
            )
        open_calls = [call["id"] for call in message.get("tool_calls") or ()]
    return "The last message has tool_calls without results." if open_calls else None


def find_repeated_id(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse two calls of one id in a request."""
    ids = [call["id"] for _, call in iterate_calls(body)]
    return "Duplicate tool call ids in the request." if len(set(ids)) < len(ids) else None


def find_bad_name(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse the name of a call or tool with other characters than letters, digits, _ and -."""
    names = [call["function"]["name"] for _, call in iterate_calls(body)] + [tool["function"]["name"] for tool in body.get("tools") or ()]
    bad = next((name for name in names if not _NAME.fullmatch(name)), None)
    return None if bad is None else f"Invalid function name {bad!r}: string does not match pattern '^[a-zA-Z0-9_-]+$'."


def find_empty_message(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse a message without content, unless it is the model's and has calls."""
    for at, message in enumerate(body["messages"]):
        if not message.get("content") and not message.get("tool_calls"):
            return f"Invalid 'messages[{at}].content': all messages must have non-empty content."
    return None


def find_old_length(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse `max_tokens` where the model takes `max_completion_tokens`."""
    return (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        if ("max_tokens" in body)
        else None
    )


def find_temperature(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse a temperature other than 1 for a model that reasons."""
    if body.get("temperature", 1) == 1:
        return None
    return "Unsupported value: 'temperature' does not support this value with this model. Only the default (1) value is supported."


def find_missing_signature(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse a turn of the model in which the first call has no signature, or another one than it was given (Gemini 3)."""
    for _, message in iterate_asking(body, since_user=True):
        call = message["tool_calls"][0]
        sent = ((call.get("extra_content") or {}).get("google") or {}).get("thought_signature")
        if not sent:
            return "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly."
        if sent not in list_known_values(given, "thought_signature") and sent != "skip_thought_signature_validator":
            return "Corrupted thought signature."
    return None


def find_missing_reasoning(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse a turn with calls that comes without what the model thought (DeepSeek, Kimi)."""
    for at, message in iterate_asking(body, since_user=True):
        if not message.get("reasoning_content"):
            return f"thinking is enabled but reasoning_content is missing in assistant tool call message at index {at}"
    return None


def find_reasoning_without_calls(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse `reasoning_content` in a turn without calls, as DeepSeek's first reasoner did."""
    for message in body["messages"]:
        if message.get("reasoning_content") and not message.get("tool_calls"):
            return "The reasoning_content is not allowed in the input messages."
    return None


def find_other_temperature(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse a temperature other than 1, in Kimi's words."""
    return None if body.get("temperature", 1) == 1 else "invalid temperature: only 1 is allowed for this model"


def find_changed_details(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse a turn with calls whose `reasoning_details` are not those that were given, in their order (OpenRouter)."""
    for _, message in iterate_asking(body, since_user=True):
        before = given.messages.get(message["tool_calls"][0]["id"], {}).get("reasoning_details")
        if before is not None and message.get("reasoning_details") != before:
            return "reasoning_details must be passed back unmodified: Invalid `signature` in `thinking` block"
    return None


def find_wrong_azure_key(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse a request without Azure's header for the key."""
    return None if headers.get("api-key") else "Access denied due to invalid subscription key or wrong API endpoint."


def find_null_content(body: Body, given: Given, headers: Mapping[str, str]) -> str | None:
    """Refuse content that is neither text nor parts where there are no calls (Ollama)."""
    for message in body["messages"]:
        if not isinstance(message.get("content"), (str, list)) and not message.get("tool_calls"):
            return "invalid message content type: <nil>"
    return None


def iterate_calls(body: Body) -> Iterator[tuple[Body, Body]]:
    """Yield each call in the messages, with its message."""
    for message in body["messages"]:
        yield from ((message, call) for call in message.get("tool_calls") or ())


def iterate_asking(body: Body, *, since_user: bool) -> Iterator[tuple[int, Body]]:
    """Yield the turns of the model that have calls; those after the user's last word, if `since_user` says so."""
    messages: Sequence[Body] = body["messages"]
    begin = max((at for at, message in enumerate(messages) if message["role"] == "user"), default=0) if since_user else 0
    yield from ((at, message) for at, message in enumerate(messages) if at >= begin and message.get("tool_calls"))


def list_known_values(given: Given, name: str) -> set[str]:
    """Return what was given out in fields of that name, anywhere in a message."""
    return {value for message in given.messages.values() for value in _find_values(message, name)}


def _find_values(value: object, name: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == name and isinstance(item, str):
                yield item
            yield from _find_values(item, name)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _find_values(item, name)


CHAT_RULES = (
    Rule("each result follows its call, each call has its result", _OPENAI, find_wrong_order),
    Rule("a call's id is its own", "BerriAI/litellm#37792, moonshotai/Kimi-K2#41", find_repeated_id),
    Rule("names are letters, digits, _ and -", _OPENAI, find_bad_name),
    Rule("no message is empty", "platform.claude.com/docs: errors; pydantic/pydantic-ai#1087", find_empty_message),
)
OPENAI_RULES = (
    *CHAT_RULES,
    Rule("no field but OpenAI's", _OPENAI, find_unknown_field),
    Rule("max_completion_tokens for models that reason", "community.openai.com: max_tokens unsupported with o1", find_old_length),
    Rule("temperature 1 for models that reason", "developers.openai.com/docs/guides/reasoning", find_temperature),
)
GEMINI_RULES = (*CHAT_RULES, Rule("signatures go back", "ai.google.dev/gemini-api/docs/thought-signatures", find_missing_signature))
DEEPSEEK_RULES = (
    *CHAT_RULES,
    Rule("reasoning goes back with calls", "api-docs.deepseek.com/guides/thinking_mode", find_missing_reasoning),
    Rule("reasoning does not go back without calls", "api-docs.deepseek.com/guides/reasoning_model", find_reasoning_without_calls),
)
KIMI_RULES = (
    *CHAT_RULES,
    Rule("reasoning goes back with calls", "platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model", find_missing_reasoning),
    Rule("temperature 1", "platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model", find_other_temperature),
)
OPENROUTER_RULES = (*CHAT_RULES, Rule("details go back unmodified", "openrouter.ai/docs/use-cases/reasoning-tokens", find_changed_details))
AZURE_RULES = (*OPENAI_RULES, Rule("the key in api-key", "learn.microsoft.com/azure/ai-services/openai/reference", find_wrong_azure_key))
OLLAMA_RULES = (*CHAT_RULES, Rule("content is text or parts", "ollama/ollama: openai/openai.go", find_null_content))


def _find_response_fault(
    check: Callable[[responses_rules.AskedResponse], None], body: Body, given: Given, headers: Mapping[str, str]
) -> str | None:
    try:
        check(responses_rules.AskedResponse(body, given.items))
    except responses_rules.Broken as broken:
        return str(broken)
    return None


def _find_anthropic_fault(
    check: Callable[[anthropic_rules.AskedMessages], None], body: Body, given: Given, headers: Mapping[str, str]
) -> str | None:
    try:
        check(anthropic_rules.AskedMessages(body, headers, given.blocks))
    except anthropic_rules.Refusal as refusal:
        return str(refusal)
    return None


RESPONSES_RULES = tuple(Rule(name, source, partial(_find_response_fault, check)) for name, source, check in responses_rules.CHECKS)
ANTHROPIC_RULES = tuple(Rule(name, source, partial(_find_anthropic_fault, check)) for name, source, check in anthropic_rules.CHECKS)
