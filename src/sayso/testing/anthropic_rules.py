"""What Anthropic's Messages API refuses, in its words: `check_request` raises a Refusal, as the real one answers with an error."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Json = dict[str, Any]

_OLD_VERSION, _NEW_VERSION = "2023-06-01", "2026-10-21"
_SAMPLING = {"temperature", "top_p", "top_k"}
_FIELDS = {
    "model", "messages", "max_tokens", "system", "stream", "stop_sequences", "thinking", "tools", "tool_choice", "output_config",
    "metadata", "cache_control", "container", "service_tier", "inference_geo", "speed", "diagnostics",
}  # fmt: skip
_BLOCKS = {
    "text": {"text", "citations", "cache_control"},
    "thinking": {"thinking", "signature"},
    "redacted_thinking": {"data"},
    "tool_use": {"id", "name", "input", "cache_control", "caller", "toolset_name"},
    "tool_result": {"tool_use_id", "content", "is_error", "cache_control", "toolset_name"},
    "server_tool_use": {"id", "name", "input", "cache_control", "caller"},
    "web_search_tool_result": {"tool_use_id", "content", "cache_control", "caller"},
    "image": {"source", "cache_control"},
    "document": {"source", "title", "context", "citations", "cache_control"},
}
# "Models overview", "Thinking", "Effort": which models think how.
_ALWAYS_THINKS = ("claude-fable-5", "claude-mythos-5", "claude-opus-5-5")
_ONLY_ADAPTIVE = (*_ALWAYS_THINKS, "claude-opus-4-7", "claude-opus-4-8", "claude-opus-5", "claude-sonnet-5", "claude-haiku-5-5")
_ADAPTIVE = (*_ONLY_ADAPTIVE, "claude-opus-4-6", "claude-sonnet-4-6")
_EFFORT = (*_ADAPTIVE, "claude-opus-4-5")
_NEVER_FORCED = ("claude-fable-5-1", "claude-fable-5-2", "claude-mythos-5-1", "claude-mythos-5-2", "claude-opus-5-5", "claude-sonnet-5-5")
_LONGEST = (("claude-3-haiku", 4_096), ("claude-3", 8_192), ("claude-opus-4-1", 32_000), ("claude-opus-4-5", 64_000),
            ("claude-sonnet-4-5", 64_000), ("claude-haiku-4-5", 64_000))  # fmt: skip


class Refusal(Exception):
    """The request is refused; the text is the message in the error."""

    def __init__(self, message: str, status: int = 400, kind: str = "invalid_request_error") -> None:
        self.status: int = status
        self.kind: str = kind
        super().__init__(message)


def sign(thinking: str) -> str:
    return "sig-" + hashlib.sha256(thinking.encode()).hexdigest()[:24]


def check_request(body: Json, headers: Mapping[str, str], issued: Mapping[str, Sequence[Json]]) -> None:
    """Raise a Refusal for what the API refuses. `issued` has the blocks of the replies that called tools, by the ids of the calls."""
    for _, _, check in CHECKS:
        check(AskedMessages(body, headers, issued))


class AskedMessages(NamedTuple):
    """A request: its body, its headers with names in small letters, and the blocks that were given out before."""

    body: Json
    headers: Mapping[str, str]
    issued: Mapping[str, Sequence[Json]]


def _check_fields(asked: AskedMessages) -> None:
    body, headers = asked.body, asked.headers
    version = headers.get("anthropic-version")
    if not (headers.get("x-api-key") or headers.get("authorization")):
        raise Refusal("x-api-key header is required", 401, "authentication_error")
    if version not in (_OLD_VERSION, _NEW_VERSION):
        raise Refusal("anthropic-version: header is required")
    for name in body:
        if name not in _FIELDS | (_SAMPLING if version == _OLD_VERSION else set()):
            raise Refusal(f"{name}: Extra inputs are not permitted")
    for name in ("model", "messages", "max_tokens"):
        if name not in body:
            raise Refusal(f"{name}: Field required")


def _check_length(body: Json) -> None:
    longest = next((tokens for prefix, tokens in _LONGEST if body["model"].startswith(prefix)), 128_000)
    if body["max_tokens"] > longest:
        raise Refusal(
            f"max_tokens: {body['max_tokens']} > {longest}, which is the maximum allowed number of output tokens for {body['model']}"
        )
    if body["max_tokens"] < 1:
        raise Refusal("max_tokens: must be greater than or equal to 1")


def _check_system(body: Json) -> None:
    system = body.get("system", "x")
    texts = [system] if isinstance(system, str) else [block["text"] for block in system]
    if not all(each.strip() for each in texts):
        raise Refusal("system: text content blocks must be non-empty")


def _check_blocks(messages: Sequence[Json]) -> None:
    if not messages:
        raise Refusal("messages: at least one message is required")
    for at, message in enumerate(messages):
        if not message["content"] and not (at == len(messages) - 1 and message["role"] == "assistant"):
            raise Refusal(f"messages.{at}: all messages must have non-empty content except for the optional final assistant message")
        for number, block in enumerate(message["content"] if isinstance(message["content"], list) else []):
            _check_block(f"messages.{at}.content.{number}", block)


def _check_block(place: str, block: Json) -> None:
    kind = block.get("type")
    if kind not in _BLOCKS:
        raise Refusal(f"{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags")
    for name in block:
        if name != "type" and name not in _BLOCKS[kind]:
            raise Refusal(f"{place}.{kind}.{name}: Extra inputs are not permitted")
    if kind == "text" and not block["text"].strip():
        raise Refusal(f"messages: text content blocks must {'contain non-whitespace text' if block['text'] else 'be non-empty'}")
    if kind == "thinking" and "signature" not in block:
        raise Refusal(f"{place}.thinking.signature: Field required")
    if kind == "tool_use" and not isinstance(block.get("input"), dict):
        raise Refusal(f"{place}.tool_use.input: Input should be a valid dictionary")
    if kind == "tool_use" and not re.fullmatch(r"[a-zA-Z0-9_-]{1,200}", block["name"]):
        raise Refusal(f"{place}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{{1,200}}$'")
    if kind in ("tool_use", "tool_result") and not re.fullmatch(r"[a-zA-Z0-9_-]+", block["id" if kind == "tool_use" else "tool_use_id"]):
        raise Refusal(f"{place}.{kind}.id: String should match pattern '^[a-zA-Z0-9_-]+$'")
    if kind == "tool_result" and block.get("is_error") and not block.get("content"):
        raise Refusal(f"{place}.tool_result: content cannot be empty if `is_error` is true")


def _check_roles(body: Json) -> None:
    messages = body["messages"]
    for at, message in enumerate(messages):
        if message["role"] not in ("user", "assistant"):
            raise Refusal(f'messages.{at}.role: Unexpected role "{message["role"]}"')
    if messages[0]["role"] != "user":
        raise Refusal('messages: first message must use the "user" role')
    if messages[-1]["role"] == "assistant" and not _as_blocks(messages[-1])[-1]["type"].startswith("server_tool"):
        if body["model"].startswith(_ADAPTIVE):
            raise Refusal("This model does not support assistant message prefill. The conversation must end with a user message.")
        last = _as_blocks(messages[-1])[-1]
        if last["type"] == "text" and last["text"] != last["text"].rstrip():
            raise Refusal("messages: final assistant content cannot end with trailing whitespace")


def _as_blocks(message: Json) -> list[Json]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _check_pairs(messages: Sequence[Json]) -> None:
    """Check that each call has its result first in the next message, and each result its call in the message before."""
    seen: set[str] = set()
    for at, message in enumerate(messages):
        blocks = _as_blocks(message)
        uses = [block["id"] for block in blocks if block["type"] == "tool_use"]
        if len({*uses}) < len(uses) or seen & {*uses}:
            raise Refusal(f"messages.{at}: `tool_use` ids must be unique")
        seen |= {*uses}
        before = _as_blocks(messages[at - 1]) if at else []
        asked = [block["id"] for block in before if block["type"] == "tool_use"]
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        for number, block in enumerate(blocks):
            if block["type"] == "tool_result" and block["tool_use_id"] not in asked:
                raise Refusal(
                    f"messages.{at}.content.{number}: unexpected `tool_use_id` found in `tool_result` blocks: {block['tool_use_id']}. "
                    "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
                )
        first = [block["tool_use_id"] for block in blocks[: len(results)] if block["type"] == "tool_result"]
        if missing := [each for each in asked if each not in first]:
            raise Refusal(
                f"messages.{at - 1}: `tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(missing)}. "
                "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
            )
        if len({*results}) < len(results):
            raise Refusal(
                f"messages.{at}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {results[0]}"
            )
    if any(block["type"] == "tool_use" for block in _as_blocks(messages[-1])):
        raise Refusal(f"messages.{len(messages) - 1}: `tool_use` ids were found without `tool_result` blocks immediately after")


def _check_tools(body: Json) -> None:
    tools, choice = body.get("tools"), body.get("tool_choice")
    if not tools and any(block["type"] in ("tool_use", "tool_result") for message in body["messages"] for block in _as_blocks(message)):
        raise Refusal("Requests which include `tool_use` or `tool_result` blocks must define tools")
    for at, tool in enumerate(tools or []):
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", str(tool.get("name"))):
            raise Refusal(f"tools.{at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
        if tool.get("input_schema", {}).get("type") != "object":
            raise Refusal(f"tools.{at}.custom.input_schema.type: Field required")
        if {"oneOf", "allOf", "anyOf"} & {*tool["input_schema"]}:
            raise Refusal(f"tools.{at}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level")
    if choice is None:
        return
    if not tools:
        raise Refusal("tool_choice may only be specified while providing tools")
    if choice["type"] not in ("auto", "any", "tool", "none"):
        raise Refusal(f"tool_choice: Input tag '{choice['type']}' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'")
    if choice["type"] == "tool" and choice.get("name") not in [tool["name"] for tool in tools]:
        raise Refusal(f"tool_choice.tool.name: Tool '{choice.get('name')}' not found in provided tools")
    if choice["type"] == "none" and "disable_parallel_tool_use" in choice:
        raise Refusal("tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted")
    if choice["type"] in ("any", "tool") and body["model"].startswith(_NEVER_FORCED):
        raise Refusal(f"tool_choice: type '{choice['type']}' is not supported for this model")


def _check_thinking(body: Json) -> None:
    model: str = body["model"]
    thinking: Json = body.get("thinking") or {"type": ""}
    kind = thinking["type"]
    if kind == "enabled":
        if model.startswith(_ONLY_ADAPTIVE):
            raise Refusal(
                '"thinking.type.enabled" is not supported for this model. '
                'Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
            )
        if thinking["budget_tokens"] < 1_024:
            raise Refusal("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
        if thinking["budget_tokens"] >= body["max_tokens"]:
            raise Refusal("`max_tokens` must be greater than `thinking.budget_tokens`")
        if body.get("tool_choice", {}).get("type") in ("any", "tool"):
            raise Refusal("Thinking may not be enabled when tool_choice forces tool use.")
        _check_begins_with_thinking(body["messages"])
    if kind == "adaptive" and not model.startswith(_ADAPTIVE):
        raise Refusal("adaptive thinking is not supported on this model")
    if kind == "disabled" and model.startswith((*_ALWAYS_THINKS, "claude-sonnet-5-5")):
        raise Refusal('"thinking.type.disabled" is not supported for this model.')
    if kind == "between_tools" and not model.startswith("claude-sonnet-5-5"):
        raise Refusal('"thinking.type.between_tools" is not supported for this model.')
    effort = body.get("output_config", {}).get("effort")
    if effort is None:
        return
    if not model.startswith(_EFFORT):
        raise Refusal("This model does not support the effort parameter.")
    levels = ["low", "medium", "high"]
    levels += ["xhigh"] if model.startswith(_ONLY_ADAPTIVE) else []
    levels += ["max"] if model.startswith(_ADAPTIVE) else []
    if effort not in levels:
        raise Refusal(f"output_config.effort: Input should be one of {levels}")


def _check_begins_with_thinking(messages: Sequence[Json]) -> None:
    """With a thinking budget, the calls that are being answered must have come with thinking."""
    for at in range(len(messages) - 1, -1, -1):
        blocks = _as_blocks(messages[at])
        if messages[at]["role"] == "user" and not any(block["type"] == "tool_result" for block in blocks):
            return
        if messages[at]["role"] == "assistant" and blocks[0]["type"] not in ("thinking", "redacted_thinking"):
            raise Refusal(
                f"messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{blocks[0]['type']}`. When "
                "`thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of "
                "`tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns."
            )


def _check_signatures(messages: Sequence[Json], issued: Mapping[str, Sequence[Json]]) -> None:
    """Thinking goes back signed and unchanged, and all of it with the calls of the latest turn."""
    for at, message in enumerate(messages):
        for number, block in enumerate(_as_blocks(message)):
            if block["type"] == "thinking" and block["signature"] != sign(block["thinking"]):
                raise Refusal(f"messages.{at}.content.{number}: Invalid `signature` in `thinking` block")
    latest = max((at for at, message in enumerate(messages) if message["role"] == "assistant"), default=None)
    if latest is None:
        return
    blocks = _as_blocks(messages[latest])
    known = next((issued[block["id"]] for block in blocks if block["type"] == "tool_use" and block["id"] in issued), None)
    if known is None:
        return
    if any("thinking" in block["type"] and block not in blocks for block in known):
        raise Refusal(
            f"messages.{latest}.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. "
            "These blocks must remain as they were in the original response."
        )


def _check_sampling(body: Json) -> None:
    model, thinks = body["model"], body.get("thinking", {}).get("type") in ("enabled", "adaptive")
    for name in _SAMPLING & {*body}:
        if model.startswith(_ONLY_ADAPTIVE):
            raise Refusal(f"`{name}` is deprecated for this model.")
    if thinks and body.get("temperature", 1) != 1:
        raise Refusal("`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.")
    if thinks and body.get("top_p", 1) < 0.95:
        raise Refusal("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled or in adaptive mode.")
    if thinks and "top_k" in body:
        raise Refusal("`top_k` must be unset when thinking is enabled or in adaptive mode.")
    if {"temperature", "top_p"} <= {*body}:
        raise Refusal("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    if not all(words.strip() for words in body.get("stop_sequences", [])):
        raise Refusal("stop_sequences: each stop sequence must contain non-whitespace")


def _check_format(body: Json) -> None:
    format = body.get("output_config", {}).get("format")
    if format is None:
        return
    if body["model"].startswith(("claude-3", "claude-sonnet-4-2", "claude-opus-4-2")):
        raise Refusal("output_config.format: structured outputs are not supported for this model")
    for schema in _find_schemas(format["schema"]):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            raise Refusal("output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false")
        for word in ("minimum", "maximum", "minLength", "maxLength", "pattern", "maxItems", "multipleOf"):
            if word in schema:
                raise Refusal(f"output_config.format.schema: For '{schema.get('type')}' type, property '{word}' is not supported")


def _find_schemas(value: object) -> Iterator[Json]:
    if isinstance(value, dict):
        if "type" in value or "$ref" in value or "anyOf" in value:
            yield value
        for inner in value.values():
            yield from _find_schemas(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _find_schemas(inner)


def _check_breakpoints(body: Json) -> None:
    system = body.get("system")
    blocks = [
        *body.get("tools", []),
        *(system if isinstance(system, list) else []),
        *(block for message in body["messages"] for block in _as_blocks(message)),
    ]
    marked = [block for block in blocks if "cache_control" in block]
    if len(marked) > 4:
        raise Refusal(f"A maximum of 4 blocks with cache_control may be provided. Found {len(marked)}.")


_DOCS = "platform.claude.com/docs/en"
CHECKS: tuple[tuple[str, str, Callable[[AskedMessages], None]], ...] = (
    ("a key, a version, and no field but the API's", f"{_DOCS}/api/versioning", _check_fields),
    ("max_tokens within the model's longest reply", f"{_DOCS}/about-claude/models/overview", lambda asked: _check_length(asked.body)),
    ("no empty system text", f"{_DOCS}/api/errors", lambda asked: _check_system(asked.body)),
    ("only known blocks, none empty", f"{_DOCS}/api/messages", lambda asked: _check_blocks(asked.body["messages"])),
    ("user first, no prefill where the model takes none", f"{_DOCS}/build-with-claude/prefill", lambda asked: _check_roles(asked.body)),
    (
        "each call has its result in the next message",
        f"{_DOCS}/agents-and-tools/tool-use",
        lambda asked: _check_pairs(asked.body["messages"]),
    ),
    ("tools and tool_choice", f"{_DOCS}/agents-and-tools/tool-use", lambda asked: _check_tools(asked.body)),
    (
        "thinking and effort as the model has them",
        f"{_DOCS}/build-with-claude/extended-thinking",
        lambda asked: _check_thinking(asked.body),
    ),
    (
        "thinking goes back signed and unchanged",
        f"{_DOCS}/build-with-claude/extended-thinking",
        lambda asked: _check_signatures(asked.body["messages"], asked.issued),
    ),
    (
        "temperature, top_p and top_k beside thinking",
        f"{_DOCS}/build-with-claude/extended-thinking",
        lambda asked: _check_sampling(asked.body),
    ),
    ("the schemas of structured outputs", f"{_DOCS}/build-with-claude/structured-outputs", lambda asked: _check_format(asked.body)),
    ("four cache breakpoints", f"{_DOCS}/build-with-claude/prompt-caching", lambda asked: _check_breakpoints(asked.body)),
)
"""Each rule: its name, its source, and the function that raises a Refusal."""
