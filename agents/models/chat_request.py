"""Chat completions on the wire: a request as its JSON body. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sayso.tools import Audio, File, Image
from sayso.tools.canonical import JsonObject
from sayso.tools.errors import UsageError
from sayso.tools.media import Media, Part

from ..messages import Sampling
from .model import ModelRequest
from .turns import RESULTS_HOLD, AssistantTurn, SentCall, Turns, UserTurn, choose_tool, make_turns

AFTER_RESULTS = "(I have seen the results.)"
DUMMY_SIGNATURE = "skip_thought_signature_validator"  # Google's own word for calls that its model has not made


def build_body(
    model: str,
    request: ModelRequest,
    without: frozenset[str] = frozenset(),
    *,
    sent_to: str = "",
    caches: bool = False,
) -> JsonObject:
    """Return the body of a request, leaving out or renaming the fields that the endpoint has refused (`without`; "+..." is added).

    `sent_to` is who gets it: what came with a turn goes back to nobody else. `caches` sets breakpoints for the
    provider's prompt cache.
    """
    turns = make_turns(request.messages)
    body: JsonObject = {"model": model, "messages": build_messages(turns, sent_to, without)}
    if caches:
        _mark_for_cache(body["messages"])
    body["stream_options"] = {"include_usage": True}
    if request.grammar:
        body["grammar"] = request.grammar
    if request.tools:
        body["tools"] = [dict(tool) for tool in request.tools]
        body |= _build_tool_options(request.sampling, turns)
    if request.schema is not None and (response_format := _build_response_format(request.schema, without)):
        body["response_format"] = response_format
    body |= _build_sampling(request.sampling)
    if "max_tokens" in without and "max_tokens" in body:
        body["max_completion_tokens"] = body["max_tokens"]
    if "+no_reasoning" in without:
        body["reasoning_effort"] = "none"
    return {key: value for key, value in body.items() if key not in without} | dict(request.sampling.extra_body or {})


def _build_response_format(schema: Mapping[str, object], without: frozenset[str]) -> JsonObject | None:
    if "json_schema" not in without:
        name = re.sub(r"[^a-zA-Z0-9_-]", "_", str(schema.get("title") or "answer"))[:64]
        return {"type": "json_schema", "json_schema": {"name": name, "schema": dict(schema), "strict": False}}
    is_object = schema.get("type") == "object" or "$ref" in schema  # under json_object neither a list nor a bare word is allowed
    return {"type": "json_object"} if is_object and "json_object" not in without else None


def _build_tool_options(sampling: Sampling, turns: Turns) -> JsonObject:
    options: JsonObject = {}
    if sampling.parallel_tool_calls is not None:
        options["parallel_tool_calls"] = sampling.parallel_tool_calls
    if choice := choose_tool(sampling, turns):
        known = choice in ("auto", "none", "required")
        options["tool_choice"] = choice if known else {"type": "function", "function": {"name": choice}}
    return options


def _build_sampling(sampling: Sampling) -> JsonObject:
    given = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "stop": None if sampling.stop is None else list(sampling.stop),
        "seed": sampling.seed,
        "logit_bias": None if sampling.logit_bias is None else dict(sampling.logit_bias),
        "reasoning_effort": sampling.reasoning_effort,
        "top_k": sampling.top_k,
        "repetition_penalty": sampling.repetition_penalty,
        "repeat_penalty": sampling.repetition_penalty,  # llama.cpp's word for it; servers pass over the word they do not know
    }
    return {key: value for key, value in given.items() if value is not None}


def build_messages(turns: Turns, sent_to: str = "", without: frozenset[str] = frozenset()) -> list[JsonObject]:
    """Return the turns as chat messages. The instructions are one message at the beginning: many chat templates take no other."""
    wired: list[JsonObject] = [{"role": "system", "content": turns.instructions}] if turns.instructions else []
    for turn in turns.turns:
        match turn:
            case UserTurn(text, parts):
                _add_user(wired, parts or (text,), without)
            case AssistantTurn(calls=calls) if calls and "+calls_as_text" in without:
                wired.append({"role": "assistant", "content": _put_calls_in_words(turn)})
                told, media = _put_results_in_words(turn)
                _add_user(wired, (told, *media), without)
            case AssistantTurn(results=results):
                wired.append(_build_assistant(turn, sent_to, without))
                wired += [{"role": "tool", "tool_call_id": result.id, "content": result.text} for result in results]
                # A message with a result takes text only.
                if media := [part for result in results for part in result.media]:
                    _add_user(wired, (RESULTS_HOLD, *media), without)
    return wired


def _add_user(wired: list[JsonObject], parts: Sequence[Part], without: frozenset[str]) -> None:
    """Add what the user says: to the user's last message where that is the last, for many endpoints refuse two in a row."""
    last: JsonObject = wired[-1] if wired else {"role": ""}
    if last["role"] == "tool" and "+turn_after_results" in without:
        wired.append({"role": "assistant", "content": AFTER_RESULTS})
    content = [build_part(part) for part in parts] if any(isinstance(part, Media) for part in parts) else "\n\n".join(map(str, parts))
    if last["role"] != "user":
        wired.append({"role": "user", "content": content})
    elif isinstance(last["content"], str) and isinstance(content, str):
        last["content"] += f"\n\n{content}"
    else:
        last["content"] = [*_as_parts(last["content"]), *_as_parts(content)]


def _as_parts(content: str | list[JsonObject]) -> list[JsonObject]:
    return [build_part(content)] if isinstance(content, str) else content


def _put_calls_in_words(turn: AssistantTurn) -> str:
    """Return a turn's text and calls in words, for an endpoint that takes no calls in a request without tools."""
    return "\n".join(filter(None, (turn.text, *(f"[called {call.name} with {call.arguments}]" for call in turn.calls))))


def _put_results_in_words(turn: AssistantTurn) -> tuple[str, list[Media]]:
    pairs = zip(turn.calls, turn.results, strict=True)
    told = "\n\n".join(f"[result of {call.name}]\n{result.text}\n[end of result]" for call, result in pairs)
    return told, [part for result in turn.results for part in result.media]


def build_part(part: Part) -> JsonObject:
    """Return a part of a message as chat completions take it. Raises UsageError for media that they do not."""
    match part:
        case str():
            return {"type": "text", "text": part}
        case Image():
            return {"type": "image_url", "image_url": {"url": part.data_url}}
        case Audio(data=data, media_type="audio/wav" | "audio/mpeg" as kind) if data:
            return {"type": "input_audio", "input_audio": {"data": data, "format": "wav" if kind == "audio/wav" else "mp3"}}
        case File(data=data, name=name) if data:
            return {"type": "file", "file": {"file_data": part.data_url, "filename": name or "file.pdf"}}
    raise UsageError(f"{part} cannot be sent in a chat completion: it takes images, audio as WAV or MP3 data, and files as data.")


def _build_assistant(turn: AssistantTurn, sent_to: str, without: frozenset[str]) -> JsonObject:
    """Return a turn of the model, with the fields that came with it: they are the provider's, opaque, and go back as they came."""
    kept_message, kept_calls = _find_kept(turn, sent_to)
    message: JsonObject = {"role": "assistant", "content": turn.text or None}
    parts = kept_message.pop("content", None)
    for name, value in kept_message.items():
        # What a model thought for a call is wanted with the call; elsewhere it is not, or only by an endpoint that says so.
        if name not in without and (turn.calls or not is_reasoning(name) or f"+{name}" in without):
            message[name] = value
    if not turn.calls:
        return message
    if parts and _join_texts(parts) == turn.text and "content" not in without:
        message["content"] = parts
    if "+reasoning_content" in without:
        # Its thoughts are not known here: another model made the call. A text that is empty counts as none.
        message.setdefault("reasoning_content", " ")
    message["tool_calls"] = [_build_call(call, kept, without) for call, kept in zip(turn.calls, kept_calls, strict=True)]
    return message


def _find_kept(turn: AssistantTurn, sent_to: str) -> tuple[JsonObject, list[Mapping[str, object]]]:
    """Return what this provider sent beside a turn and beside each of its calls; nothing where they are not its calls one to one."""
    nothing: list[Mapping[str, object]] = [{} for _ in turn.calls]
    if turn.provider_data is None or turn.provider_data.provider != sent_to:
        return {}, nothing
    data = turn.provider_data.data
    message, calls = data.get("message"), data.get("calls")
    kept = _filter_objects(calls) if calls else nothing
    if len(kept) != len(turn.calls):
        return {}, nothing
    return (dict(message) if isinstance(message, Mapping) else {}), kept


def _build_call(call: SentCall, kept: Mapping[str, object], without: frozenset[str]) -> JsonObject:
    extra = {name: value for name, value in kept.items() if name not in without}
    function = extra.pop("function", None)
    more = dict(function) if isinstance(function, Mapping) else {}
    if "+thought_signature" in without:
        extra.setdefault("extra_content", {"google": {"thought_signature": DUMMY_SIGNATURE}})
    return {**extra, "id": call.id, "type": "function", "function": {**more, "name": call.name, "arguments": call.arguments}}


def is_reasoning(name: str) -> bool:
    """Tell whether a field of a message holds what the model thought, in any provider's word for it."""
    return name.startswith(("reasoning", "thinking", "thought"))


def _join_texts(parts: object) -> str:
    return "".join(text for part in _filter_objects(parts) if part.get("type") == "text" and isinstance(text := part.get("text"), str))


def _mark_for_cache(messages: list[JsonObject]) -> None:
    """Set breakpoints behind the instructions (the tools stand before them) and behind the last message of the user."""
    last = next((message for message in reversed(messages) if message["role"] == "user"), None)
    for message in (messages[0], last):
        if message is not None and message["role"] in ("system", "user"):
            content = message["content"]
            parts = _as_parts(content)
            message["content"] = [*parts[:-1], {**parts[-1], "cache_control": {"type": "ephemeral"}}]


def _filter_objects(values: object) -> list[Mapping[str, object]]:
    """Return the objects in what should be a list of objects."""
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
