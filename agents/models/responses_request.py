"""A request to OpenAI's Responses API as its JSON body. Pure.

Nothing is stored at the provider: what came with a turn (reasoning, ids) is kept as the turn's `ProviderData` and sent back as it came, to
the same host only. A turn that cannot be sent back so is rebuilt from its text and calls, without ids: an id ties an item to another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from sayso.tools import File, Image
from sayso.tools.canonical import JsonObject
from sayso.tools.errors import UsageError
from sayso.tools.media import Part

from ..messages import Sampling
from .model import ModelRequest
from .turns import AssistantTurn, SentCall, SentResult, Turns, UserTurn, choose_tool, is_same_text, make_turns

ENCRYPTED = "reasoning.encrypted_content"
FEWEST_TOKENS = 16
"""OpenAI refuses a smaller `max_output_tokens`."""
NOT_TAKEN = ("top_k", "repetition_penalty", "logit_bias", "stop", "seed")
"""Sampling that the Responses API has no field for."""

# What a request is built without is told by names: fields of the body ("temperature", "reasoning.effort", ...), ENCRYPTED, "json_schema",
# "json_object", fields of items in `input` (`name_item_field`), and items themselves (`name_item`), whose turns are rebuilt.
NOTHING_LEFT_OUT: frozenset[str] = frozenset()


def name_item_field(field: str) -> str:
    """Return the name under which a field of items in `input` is left out."""
    return f"item.{field}"


def name_item(item: Mapping[str, object]) -> list[str]:
    """Return the names under which an item that came with a turn is left out: its id, and what it holds where ids are left out."""
    return [f"item {str(value)[-64:]}" for name in ("id", "encrypted_content", "content") if (value := item.get(name))]


def build_body(model: str, request: ModelRequest, provider: str, without: frozenset[str] = NOTHING_LEFT_OUT) -> JsonObject:
    """Return the body of a request. `provider` says whose data may go back with a turn ("responses HOST")."""
    turns = make_turns(request.messages)
    body: JsonObject = {
        "model": model,
        "input": build_input(turns, provider, without),
        "store": False,
        "include": [ENCRYPTED],
    }
    if request.tools:
        body["tools"] = [_build_tool(tool) for tool in request.tools]
        body |= _build_tool_options(request.sampling, turns)
    if request.schema is not None and (text_format := _build_text_format(request.schema, without)):
        body["text"] = {"format": text_format}
    body |= _build_sampling(request.sampling)
    return _leave_out(_merge(body, request.sampling.extra_body or {}), without)


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
    """Return the format of a typed answer. None where there is none for it: an answer has to be an object, with its type at the root."""
    root = _resolve_root(schema)
    if root.get("type") != "object":
        return None
    if "json_schema" not in without:
        name = re.sub(r"[^a-zA-Z0-9_-]", "_", str(schema.get("title") or "answer"))[:64]
        return {"type": "json_schema", "name": name, "schema": root, "strict": False}
    return {"type": "json_object"} if "json_object" not in without else None


def _resolve_root(schema: Mapping[str, object]) -> JsonObject:
    """Return a schema that is one reference (a model that holds itself) as what it refers to."""
    definitions, reference = schema.get("$defs"), schema.get("$ref")
    if isinstance(definitions, Mapping) and isinstance(reference, str):
        target = definitions.get(reference.removeprefix("#/$defs/"))
        if isinstance(target, Mapping):
            return {**target, "$defs": definitions}
    return dict(schema)


def _build_tool_options(sampling: Sampling, turns: Turns) -> JsonObject:
    """Return how tools may be called; without tools both fields are refused."""
    options: JsonObject = {}
    if sampling.parallel_tool_calls is not None:
        options["parallel_tool_calls"] = sampling.parallel_tool_calls
    if choice := choose_tool(sampling, turns):
        options["tool_choice"] = choice if choice in ("auto", "none", "required") else {"type": "function", "name": choice}
    return options


def _build_sampling(sampling: Sampling) -> JsonObject:
    given = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_output_tokens": None if sampling.max_tokens is None else max(FEWEST_TOKENS, sampling.max_tokens),
        "reasoning": None if sampling.reasoning_effort is None else {"effort": sampling.reasoning_effort},
    }
    return {key: value for key, value in given.items() if value is not None}


# ---- the conversation ----


def build_input(turns: Turns, provider: str, without: frozenset[str] = NOTHING_LEFT_OUT) -> list[JsonObject]:
    """Return the turns as items of `input`, in which every item has an id of its own or none, and every call exactly one output."""
    items: list[JsonObject] = [_build_message("system", turns.instructions)] if turns.instructions else []
    # The ids of ours, for turns that are rebuilt: none that came with a turn may be one of them.
    taken = {call.id for turn in turns.turns if isinstance(turn, AssistantTurn) for call in turn.calls}
    for turn in turns.turns:
        if isinstance(turn, UserTurn):
            items.append(_build_message("user", [build_part(part) for part in turn.parts] or turn.text))
        else:
            items += _build_turn(turn, provider, without, taken)
    return items


def _build_message(role: str, content: str | list[JsonObject]) -> JsonObject:
    return {"type": "message", "role": role, "content": content}


def build_part(part: Part) -> JsonObject:
    """Return a part of a message or of a call's output. Raises UsageError for media that the Responses API does not take."""
    match part:
        case str():
            return {"type": "input_text", "text": part}
        case Image():
            return {"type": "input_image", "image_url": part.data_url, "detail": "auto"}
        case File(url="", name=name):
            return {"type": "input_file", "file_data": part.data_url, "filename": name or "file.pdf"}
        case File(url=url):
            return {"type": "input_file", "file_url": url}
    raise UsageError(f"{part} cannot be sent over OpenAI's Responses API: it takes images and files. For audio use OpenAIChat.")


def _build_turn(turn: AssistantTurn, provider: str, without: frozenset[str], taken: set[str]) -> Iterator[JsonObject]:
    """Yield a turn of the model and the results of its calls: as it came, else rebuilt. `taken` are the ids in the request so far."""
    items = find_turn_items(turn, provider, without)
    ids = _list_values(items, "id")
    # The same turn twice, in a history that was put together from two: nobody takes an id twice.
    if not items or _clashes(ids, taken):
        yield from _rebuild(turn)
        return
    given = [str(item["call_id"]) for item in items if item["type"] == "function_call"]
    call_ids = [call.id for call in turn.calls] if _clashes(given, taken) else given
    taken.update(ids, call_ids)
    calls = iter(zip(turn.calls, call_ids, strict=True))
    for item in items:
        sent = _clean(item, without)
        if item["type"] == "function_call":
            sent |= _mend_call(item, *next(calls))
        elif item["type"] == "reasoning":
            sent.setdefault("summary", [])  # required, also where there is none
        yield sent
    for call_id, result in zip(call_ids, turn.results, strict=True):
        yield _build_output(call_id, result)


def _list_values(items: Sequence[Mapping[str, object]], name: str) -> list[str]:
    return [value for item in items if isinstance(value := item.get(name), str) and value]


def _clashes(ids: Sequence[str], taken: set[str]) -> bool:
    return len(set(ids)) < len(ids) or not taken.isdisjoint(ids)


def _rebuild(turn: AssistantTurn) -> Iterator[JsonObject]:
    if turn.text:
        yield _build_message("assistant", turn.text)
    for call in turn.calls:
        yield {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}
    for result in turn.results:
        yield _build_output(result.id, result)


def _build_output(call_id: str, result: SentResult) -> JsonObject:
    media = [build_part(part) for part in result.media]
    return {"type": "function_call_output", "call_id": call_id, "output": [build_part(result.text), *media] if media else result.text}


def find_turn_items(turn: AssistantTurn, provider: str, without: frozenset[str] = NOTHING_LEFT_OUT) -> list[JsonObject]:
    """Return the items that came with a turn, where they may go back to `provider`; none where the turn has to be rebuilt.

    It has to be where they came from somebody else or were refused, where the turn is no longer what was said, or its calls are not
    theirs. Reasoning at the end, of a reply that was cut off, is left out: it is refused without what follows it.
    """
    kept = turn.provider_data
    if kept is None or kept.provider != provider:
        return []
    items = [item for item in _filter_objects(kept.data.get("output")) if isinstance(item.get("type"), str)]
    while items and items[-1]["type"] == "reasoning":
        items.pop()
    calls = [item for item in items if item["type"] == "function_call"]
    if len(calls) != len(turn.calls) or not all(isinstance(call.get("call_id"), str) and call["call_id"] for call in calls):
        return []
    if not all(isinstance(item.get("id", ""), str) for item in items):
        return []
    if not (without.isdisjoint(name for item in items for name in name_item(item)) and _says(items, turn.text)):
        return []
    # An id alone is looked up in what the provider has stored, and nothing was.
    is_stored = kept.data.get("stored") is True
    return items if is_stored or all(map(_is_whole, items)) else []


def _is_whole(item: Mapping[str, object]) -> bool:
    return item["type"] != "reasoning" or bool(item.get("encrypted_content") or item.get("content"))


def _says(items: Sequence[Mapping[str, object]], text: str) -> bool:
    """Tell whether the items hold this text. Blanks do not count: several messages are joined with or without them."""
    return is_same_text("".join(_find_texts(items)), text)


def _clean(item: Mapping[str, object], without: frozenset[str]) -> JsonObject:
    """Return an item without the fields that were refused, and without nulls, which are refused where a field is not known."""
    cleaned = {key: value for key, value in item.items() if value is not None and name_item_field(key) not in without}
    if without and isinstance(content := cleaned.get("content"), list):
        cleaned["content"] = [_clean(part, without) if isinstance(part, Mapping) else part for part in content]
    return cleaned


def _mend_call(item: Mapping[str, object], call: SentCall, call_id: str) -> JsonObject:
    """Return what of a call may not go back as it came: a name that no tool can have, arguments that are not what was understood."""
    mended: JsonObject = {"call_id": call_id, "name": call.name}
    try:
        understood = json.loads(str(item.get("arguments") or "{}")) == json.loads(call.arguments)
    except ValueError:
        understood = False
    return mended if understood else mended | {"arguments": call.arguments}


def _find_texts(items: Sequence[Mapping[str, object]]) -> Iterator[str]:
    for item in items:
        if item["type"] == "message":
            for part in _filter_objects(item.get("content")):
                yield str(part.get("text") or part.get("refusal") or "")


def _filter_objects(values: object) -> list[JsonObject]:
    return [dict(value) for value in values if isinstance(value, Mapping)] if isinstance(values, (list, tuple)) else []
