"""Messages as JSON that a program keeps between two requests, and back. Versioned: JSON of a newer version is refused by name.

{"format": "sayso.messages", "version": 1, "messages": [...]}; each message is an object with the `role` of its class and its fields under
their own names. A field that has its default is left out. Labels go along, so keep the JSON where the reader of a page cannot change it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from sayso.tools import Audio, File, Image, Labels, Outcome, Secrecy, ToolCall, ToolResult, Trust
from sayso.tools.canonical import JsonObject, to_jsonable
from sayso.tools.errors import UsageError
from sayso.tools.media import Media, Part, split_parts

from .values import AssistantMessage, Message, ProviderData, SystemMessage, ToolMessage, UserMessage

FORMAT = "sayso.messages"
VERSION = 1
_ROLES: Mapping[str, type[Message]] = {
    "system": SystemMessage,
    "user": UserMessage,
    "assistant": AssistantMessage,
    "tool": ToolMessage,
}
_MEDIA: Mapping[str, type[Media]] = {kind.kind: kind for kind in (Image, Audio, File)}


def to_json(messages: Sequence[Message]) -> JsonObject:
    """Return messages as a JSON object to keep: `json.dumps(messages.to_json(result.messages))`. `from_json` reads it back."""
    return {"format": FORMAT, "version": VERSION, "messages": [_write_message(message) for message in messages]}


def from_json(stored: str | bytes | Mapping[str, object] | list[object]) -> tuple[Message, ...]:
    """Return the messages in JSON that `to_json` made: the object, or its text.

    Raises UsageError for anything else, for a newer version, and for a message that is none; it names the message.
    """
    parsed: object = stored
    if isinstance(stored, (str, bytes)):
        try:
            parsed = json.loads(stored)
        except ValueError as error:
            raise UsageError(f"This is not JSON, so it holds no messages: {error}.") from None
    if not isinstance(parsed, Mapping) or parsed.get("format") != FORMAT:
        raise UsageError(_describe_other_json(parsed))
    version, rows = parsed.get("version"), parsed.get("messages")
    if not isinstance(version, int) or isinstance(version, bool) or version > VERSION:
        raise UsageError(
            f"These messages are JSON of version {version!r}, and this version of Sayso reads up to version {VERSION}. Update Sayso."
        )
    if not isinstance(rows, list):
        raise UsageError("These messages are JSON without a list of messages.")
    return tuple(_read_message(row, f"message {number}") for number, row in enumerate(rows, 1))


def _describe_other_json(parsed: object) -> str:
    if isinstance(parsed, list) and parsed and all(isinstance(row, Mapping) and "role" in row for row in parsed):
        return "This JSON is a list of messages as OpenAI has them. Read it with messages.from_openai(...)."
    return "This JSON was not made by messages.to_json(...), so it holds no messages."


# ---- to JSON ----


def _write_message(message: Message) -> JsonObject:
    role = next(role for role, kind in _ROLES.items() if isinstance(message, kind))
    defaults = type(message)._field_defaults
    fields = {name: getattr(message, name) for name in message._fields}
    return {"role": role} | {name: _write(value) for name, value in fields.items() if name not in defaults or value != defaults[name]}


def _write(value: object) -> object:
    match value:
        case Media():
            return {"media": value.kind} | _drop_empty({name: getattr(value, name) for name in ("url", "data", "media_type", "name")})
        case Labels():
            return [name for name in ("untrusted", "private", "unvouched") if getattr(value, name)]
        case ProviderData(provider, data):
            return {"provider": provider, "data": to_jsonable(data)}
        case ToolCall(call_id, tool, arguments, span, notes):
            return {"id": call_id, "tool": tool, "arguments": to_jsonable(arguments), "span": list(span), "notes": list(notes)}
        case ToolResult():
            content = [_write(part) for part in split_parts(value.content)]
            return {
                "call_id": value.call_id,
                **({"parts": content} if content else {"content": to_jsonable(value.content)}),
                "outcome": value.outcome.value,
                "origin": value.origin,
                "trust": value.trust.value if value.trust else None,
                "secrecy": value.secrecy.value,
            }
        case tuple():
            return [_write(item) for item in value]
    return to_jsonable(value)


def _drop_empty(fields: JsonObject) -> JsonObject:
    return {name: value for name, value in fields.items() if value}


# ---- from JSON ----


class _Wrong(Exception):
    """A value that does not belong where it stands."""


def _read_message(row: object, where: str) -> Message:
    kind = _ROLES.get(str(row.get("role"))) if isinstance(row, Mapping) else None
    if kind is None:
        raise UsageError(f"{where.capitalize()} is not a message: its role is not one of {', '.join(_ROLES)}.")
    fields = {name: value for name, value in cast(Mapping[str, object], row).items() if name != "role"}
    if unknown := sorted(fields.keys() - set(kind._fields)):
        raise UsageError(f"{where.capitalize()} has a field {unknown[0]!r} that a message of role {_role_of(kind)!r} has not.")
    if missing := [name for name in kind._fields if name not in fields and name not in kind._field_defaults]:
        raise UsageError(f"{where.capitalize()} has no {missing[0]!r}.")
    read: dict[str, Any] = {}
    for name, value in fields.items():
        try:
            read[name] = None if value is None and kind._field_defaults.get(name, ...) is None else _READERS[name](value)
        except (_Wrong, KeyError, TypeError, ValueError, AttributeError, UsageError) as error:
            raise UsageError(f"{where.capitalize()} cannot be read: its {name!r} is {str(value)[:80]!r} ({error}).") from None
    return kind(**read)


def _role_of(kind: type[Message]) -> str:
    return next(role for role, each in _ROLES.items() if each is kind)


def _take(kind: type) -> Callable[[object], Any]:
    def take(value: object) -> object:
        if type(value) is not kind:
            raise _Wrong(f"not {kind.__name__}")
        return value

    return take


def _items(value: object) -> Iterator[Mapping[str, Any]]:
    for item in _take(list)(value):
        yield _take(dict)(item)


def _read_labels(value: object) -> Labels:
    names = set(_take(list)(value))
    if not names <= {"untrusted", "private", "unvouched"}:
        raise _Wrong("no such label")
    return Labels(**dict.fromkeys(names, True))


def _read_part(value: object) -> Part:
    if isinstance(value, str):
        return value
    fields = dict(_take(dict)(value))
    return _MEDIA[fields.pop("media")](**{name: _take(str)(text) for name, text in fields.items()})


def _read_call(row: Mapping[str, Any]) -> ToolCall:
    start, end = row.get("span") or (0, 0)
    notes = tuple(_take(str)(note) for note in row.get("notes") or ())
    return ToolCall(_take(str)(row["id"]), _take(str)(row["tool"]), _take(dict)(row["arguments"]), (int(start), int(end)), notes)


def _read_result(row: Mapping[str, Any]) -> ToolResult:
    content = [_read_result_part(part) for part in row["parts"]] if "parts" in row else row["content"]
    if len(content if isinstance(content, list) else ()) == 1 and "parts" in row:
        content = content[0]
    trust = None if row["trust"] is None else Trust(row["trust"])
    return ToolResult(
        _take(str)(row["call_id"]), content, Outcome(row["outcome"]), _take(str)(row["origin"]), trust, Secrecy(row["secrecy"])
    )


def _read_result_part(value: object) -> object:
    return _read_part(value) if isinstance(value, Mapping) and value.get("media") in _MEDIA else value


_READERS: Mapping[str, Callable[[object], Any]] = {
    "text": _take(str),
    "example": _take(bool),
    "by_program": _take(bool),
    "labels": _read_labels,
    "said": lambda value: tuple(_take(str)(text) for text in _take(list)(value)),
    "parts": lambda value: tuple(_read_part(part) for part in _take(list)(value)),
    "calls": lambda value: tuple(_read_call(row) for row in _items(value)),
    "native": _take(bool),
    "reasoning": _take(str),
    "finish": _take(str),
    "provider_data": lambda value: ProviderData(_take(str)(_take(dict)(value)["provider"]), _take(dict)(_take(dict)(value)["data"])),
    "results": lambda value: tuple(_read_result(row) for row in _items(value)),
    "shown": _take(str),
}
