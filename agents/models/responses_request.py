"""A request to OpenAI's Responses API as its JSON body. Pure.

Nothing is stored at the provider: what came with a turn (reasoning, ids) is kept as the turn's `ProviderData` and sent back as it came, to
the same host only. A turn that cannot be sent back so is rebuilt from its text and calls, without ids: an id ties an item to another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sayso.tools import ToolCall, ToolResult
from sayso.tools.canonical import JsonObject, readable_json

from ..messages import AssistantMessage, Message, Sampling, SystemMessage, ToolMessage, UserMessage
from .model import ModelRequest

ENCRYPTED = "reasoning.encrypted_content"
FEWEST_TOKENS = 16
"""OpenAI refuses a smaller `max_output_tokens`."""
NOT_TAKEN = ("top_k", "repetition_penalty", "logit_bias", "stop", "seed")
"""Sampling that the Responses API has no field for."""

NO_RESULT = "The result of this call is not in the history. Nobody knows here what became of it."
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_SURROGATES = re.compile("[\ud800-\udfff]")


# What a request is built without is told by names: fields of the body ("temperature", "reasoning.effort", ...), ENCRYPTED, "json_schema",
# "json_object", fields of items in `input` (`name_item_field`), and items themselves (`name_item`), whose turns are rebuilt.
NOTHING: frozenset[str] = frozenset()


def name_item_field(field: str) -> str:
    """Return the name under which a field of items in `input` is left out."""
    return f"item.{field}"


def name_item(item: Mapping[str, object]) -> list[str]:
    """Return the names under which an item that came with a turn is left out: its id, and what it holds where ids are left out."""
    return [f"item {value}" for name in ("id", "encrypted_content", "content") if (value := item.get(name))]


def build_body(model: str, request: ModelRequest, provider: str, without: frozenset[str] = NOTHING) -> JsonObject:
    """Return the body of a request. `provider` says whose data may go back with a turn ("responses HOST")."""
    sampling = request.sampling
    body: JsonObject = {
        "model": model,
        "input": build_input(request.messages, provider, without),
        "store": False,
        "include": [ENCRYPTED],
    }
    if request.tools:
        body["tools"] = [_build_tool(tool) for tool in request.tools]
    if request.schema is not None and (text_format := _build_text_format(request.schema, without)):
        body["text"] = {"format": text_format}
    body |= _build_sampling(sampling, bool(request.tools))
    return _leave_out(_merge(body, sampling.extra_body or {}), without)


def _leave_out(body: JsonObject, without: frozenset[str]) -> JsonObject:
    """Return the body without what the endpoint has refused."""
    kept = {key: value for key, value in body.items() if key not in without}
    if isinstance(reasoning := kept.get("reasoning"), Mapping):
        kept["reasoning"] = {key: value for key, value in reasoning.items() if f"reasoning.{key}" not in without}
    if ENCRYPTED in without and isinstance(include := kept.get("include"), list):
        kept["include"] = [each for each in include if each != ENCRYPTED]
    return {key: value for key, value in kept.items() if value not in ({}, [])}


def _merge(body: JsonObject, extra: Mapping[str, object]) -> JsonObject:
    """Return the body with the user's own fields: objects are merged, tools and includes joined, everything else is the user's."""
    merged = dict(body)
    for name, value in extra.items():
        own = merged.get(name)
        if isinstance(own, dict) and isinstance(value, Mapping):
            merged[name] = _merge(own, value)
        elif name in ("tools", "include") and isinstance(own, list) and isinstance(value, Sequence) and not isinstance(value, str):
            merged[name] = [*own, *(each for each in value if each not in own)]
        else:
            merged[name] = value
    return merged


def _build_tool(tool: Mapping[str, object]) -> JsonObject:
    """Return a chat completion's tool as the Responses API has it: flat, and without strictness, which is its default."""
    function = tool.get("function")
    return {"type": "function", "strict": False, **(function if isinstance(function, Mapping) else {})}


def _build_text_format(schema: Mapping[str, object], without: frozenset[str]) -> JsonObject | None:
    if "json_schema" not in without:
        name = re.sub(r"[^a-zA-Z0-9_-]", "_", str(schema.get("title") or "answer"))[:64]
        return {"type": "json_schema", "name": name, "schema": dict(schema), "strict": False}
    is_object = schema.get("type") == "object" or "$ref" in schema  # under json_object neither a list nor a bare word is allowed
    return {"type": "json_object"} if is_object and "json_object" not in without else None


def _build_sampling(sampling: Sampling, has_tools: bool) -> JsonObject:
    choice = sampling.tool_choice
    named = choice not in (None, "auto", "none", "required")
    given: dict[str, object] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_output_tokens": None if sampling.max_tokens is None else max(FEWEST_TOKENS, sampling.max_tokens),
        "reasoning": None if sampling.reasoning_effort is None else {"effort": sampling.reasoning_effort},
    }
    if has_tools:  # refused without tools
        given["tool_choice"] = {"type": "function", "name": choice} if named else choice
        given["parallel_tool_calls"] = sampling.parallel_tool_calls
    return {key: value for key, value in given.items() if value is not None}


# ---- the conversation ----


def build_input(messages: Sequence[Message], provider: str, without: frozenset[str] = NOTHING) -> list[JsonObject]:
    """Return the transcript as items of `input`, in which every call has an id of its own and exactly one output."""
    building = _Input(provider, without)
    for message in messages:
        building.add(message)
    building.close_calls()
    return building.system + building.items


def _build_content(text: str) -> str:
    """Return the content of a message, or the output of a call, as an item holds it."""
    return text if text.isascii() else _SURROGATES.sub("�", text)


@dataclass(slots=True)
class _Input:
    """The items so far, the ids in them, and the calls that wait for their output: our id to the provider's."""

    provider: str
    without: frozenset[str]
    system: list[JsonObject] = field(default_factory=list)
    items: list[JsonObject] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)
    _open: dict[str, str] = field(default_factory=dict)
    _tools: dict[str, str] = field(default_factory=dict)

    def add(self, message: Message) -> None:
        """Add the items of a message."""
        if isinstance(message, ToolMessage) and message.native:
            for result in message.results:
                self._add_result(result)
            return
        self.close_calls()
        match message:
            case SystemMessage(text):
                self._add_text("system", text, self.system)
            case UserMessage(text=text):
                self._add_text("user", text)
            case AssistantMessage():
                self._add_turn(message)
            case ToolMessage(results, _, shown):
                self._add_text("user", shown or "\n\n".join(self._frame(result) for result in results))

    def close_calls(self) -> None:
        """Add an output for each call that has none: a request with an open call is refused."""
        for call_id in self._open.values():
            self.items.append({"type": "function_call_output", "call_id": call_id, "output": NO_RESULT})
        self._open.clear()

    def _add_text(self, role: str, text: str, items: list[JsonObject] | None = None) -> None:
        if text.strip():  # an empty message is refused by some, and for good: it stays in the history
            (self.items if items is None else items).append({"role": role, "content": _build_content(text)})

    def _add_result(self, result: ToolResult) -> None:
        call_id = self._open.pop(result.call_id, None)
        if call_id is None:
            self.close_calls()
            self._add_text("user", self._frame(result))  # its call was cut off the history
        else:
            self.items.append({"type": "function_call_output", "call_id": call_id, "output": _build_content(result.text)})

    def _frame(self, result: ToolResult) -> str:
        return f"[result of {self._tools.get(result.call_id) or result.origin or 'a call'}]\n{result.text}\n[end of result]"

    def _add_turn(self, message: AssistantMessage) -> None:
        self._tools |= {call.id: call.tool for call in message.calls}
        calls = message.calls if message.native else ()
        items = find_turn_items(message, self.provider, self.without)
        ids = list(_find_ids(items))
        # The same turn twice, in a history that was put together from two: nobody takes an id twice.
        if items and len(set(ids)) == len(ids) and self._ids.isdisjoint(ids):
            self._ids.update(ids)
            self._add_items(items, calls)
        else:
            self._rebuild(message.text, calls)

    def _add_items(self, items: Sequence[Mapping[str, object]], calls: Sequence[ToolCall]) -> None:
        """Add what the provider sent, as it came."""
        waiting = iter(calls)
        for item in items:
            sent = _clean(item, self.without)
            if item.get("type") == "function_call":
                call = next(waiting)
                self._open[call.id] = str(item["call_id"])
                sent |= _mend_call(item, call)
            elif item.get("type") == "reasoning":
                sent.setdefault("summary", [])  # required, also where there is none
            self.items.append(sent)

    def _rebuild(self, text: str, calls: Sequence[ToolCall]) -> None:
        """Add a turn from its text and calls, with ids for the calls that nothing else in the request has."""
        self._add_text("assistant", text)
        for call in calls:
            call_id = self._make_call_id()
            self._open[call.id] = call_id
            arguments = _build_content(readable_json(call.arguments))
            self.items.append({"type": "function_call", "call_id": call_id, "name": fit_name(call.tool), "arguments": arguments})

    def _make_call_id(self) -> str:
        number = len(self.items)
        while f"call_id call_{number}" in self._ids:
            number += 1
        self._ids.add(f"call_id call_{number}")
        return f"call_{number}"


def find_turn_items(message: AssistantMessage, provider: str, without: frozenset[str] = NOTHING) -> list[JsonObject]:
    """Return the items that came with a turn, where they may go back to `provider`; none where the turn has to be rebuilt.

    It has to be where they came from somebody else or were refused, where the message is no longer what was said, or its calls are not
    theirs. Reasoning at the end, of a reply that was cut off, is left out: it is refused without what follows it.
    """
    kept = message.provider_data
    if kept is None or kept.provider != provider:
        return []
    items = [item for item in _filter_objects(kept.data.get("items")) if isinstance(item.get("type"), str)]
    while items and items[-1]["type"] == "reasoning":
        items.pop()
    calls = [item for item in items if item["type"] == "function_call"]
    if (len(calls) != len(message.calls) if message.native else bool(calls)) or not all(call.get("call_id") for call in calls):
        return []
    if not (without.isdisjoint(name for item in items for name in name_item(item)) and _says(items, message.text)):
        return []
    # An id alone is looked up in what the provider has stored, and nothing was.
    is_stored = kept.data.get("stored") is True
    return items if is_stored or all(map(_is_whole, items)) else []


def _is_whole(item: Mapping[str, object]) -> bool:
    return item["type"] != "reasoning" or bool(item.get("encrypted_content") or item.get("content"))


def _says(items: Sequence[Mapping[str, object]], text: str) -> bool:
    """Tell whether the items hold this text. Blanks do not count: several messages are joined with or without them."""
    said = "".join(_find_texts(items))
    return said == text or "".join(said.split()) == "".join(text.split())


def _clean(item: Mapping[str, object], without: frozenset[str]) -> JsonObject:
    """Return an item without the fields that were refused, and without nulls, which are refused where a field is not known."""
    cleaned = {key: value for key, value in item.items() if value is not None and name_item_field(key) not in without}
    if without and isinstance(content := cleaned.get("content"), list):
        cleaned["content"] = [_clean(part, without) if isinstance(part, Mapping) else part for part in content]
    return cleaned


def _mend_call(item: Mapping[str, object], call: ToolCall) -> JsonObject:
    """Return what of a call may not go back as it came: a name that no tool can have, arguments that are not what was understood."""
    mended: JsonObject = {}
    if item.get("name") != call.tool or not _NAME.fullmatch(call.tool):
        mended["name"] = fit_name(call.tool)
    try:
        understood = json.loads(str(item.get("arguments") or "{}")) == dict(call.arguments)
    except ValueError:
        understood = False
    if not understood:
        mended["arguments"] = _build_content(readable_json(call.arguments))
    return mended


def fit_name(name: str) -> str:
    """Return a tool's name as the API takes it back: letters, digits, _ and -, at most 64."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64] or "unknown"


def _find_ids(items: Sequence[Mapping[str, object]]) -> Iterator[str]:
    for item in items:
        yield from (f"{name} {value}" for name in ("id", "call_id") if isinstance(value := item.get(name), str) and value)


def _find_texts(items: Sequence[Mapping[str, object]]) -> Iterator[str]:
    for item in items:
        if item["type"] == "message":
            for part in _filter_objects(item.get("content")):
                yield str(part.get("text") or part.get("refusal") or "")


def _filter_objects(values: object) -> list[JsonObject]:
    return [dict(value) for value in values if isinstance(value, Mapping)] if isinstance(values, (list, tuple)) else []
