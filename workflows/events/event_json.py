"""Events to JSON and back: one flat object each, with the version and the name of its kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, get_args

from sayso.tools.approval.requests import ApprovalRequest, ShownArgument, read_shown
from sayso.tools.canonical import Json, JsonObject
from sayso.tools.errors import UsageError

from . import event_types
from .event_types import VERSION, AnyEvent, ApprovalRequested, AskedCall, RunEvent, SentMessage

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def name_kind(kind: type[RunEvent]) -> str:
    """Return the name of a class of events in JSON: "model_replied" for ModelReplied."""
    return _CAPITAL.sub("_", kind.__name__).lower()


@cache
def _kinds() -> Mapping[str, type[RunEvent]]:
    return {name_kind(kind): kind for kind in get_args(event_types.AnyEvent)}


def to_dict(event: AnyEvent) -> JsonObject:
    """Return an event as JSON types, on which `json.dumps` never fails. `parent` and the `values` of a request are there for readers."""
    written: JsonObject = {"version": VERSION, "event": name_kind(type(event)), "parent": event.parent}
    for each in fields(event):
        written[each.name] = _write(getattr(event, each.name))
    if isinstance(event, ApprovalRequested):
        written["request"]["values"] = read_shown(event.request.arguments)
    return written


def _write(value: object) -> Json:
    if isinstance(value, (AskedCall, SentMessage, ApprovalRequest, ShownArgument)):
        return {each.name: _write(getattr(value, each.name)) for each in fields(value)}
    return [_write(item) for item in value] if isinstance(value, tuple) else value


def from_dict(data: object) -> AnyEvent:
    """Return the event that `to_dict` has written. Raises UsageError for what is none, or is of a newer version."""
    if not isinstance(data, Mapping) or not isinstance(data.get("event"), str):
        raise UsageError(f"{str(data)[:80]!r} is not an event: it has no 'event', the name of its kind.")
    version = data.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise UsageError(f"The event {data['event']!r} has the version {version!r}; this Sayso reads version {VERSION}.")
    if version > VERSION:
        raise UsageError(f"The event {data['event']!r} has version {version}; this Sayso reads version {VERSION}. Use a newer one.")
    kind = _kinds().get(data["event"])
    if kind is None:
        raise UsageError(f"There is no event {data['event']!r}. Events: {', '.join(sorted(_kinds()))}.")
    names = {each.name for each in fields(kind)}  # what a later Sayso of this version has added is passed over
    try:
        return _make(kind, {name: _read(name, value) for name, value in data.items() if name in names})
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise UsageError(f"The event {data['event']!r} cannot be read: {error}") from None


def _make(kind: Any, values: dict[str, Any]) -> AnyEvent:
    event: AnyEvent = kind(**values)
    return event


def _read(name: str, value: Any) -> Any:
    match name:
        case "messages":
            return tuple(SentMessage(role=each["role"], text=each["text"]) for each in value)
        case "calls":
            return tuple(AskedCall(id=each["id"], tool=each["tool"], arguments=each["arguments"]) for each in value)
        case "request":
            known = {each.name for each in fields(ApprovalRequest)}
            plain: dict[str, Any] = {key: tuple(item) if isinstance(item, list) else item for key, item in value.items() if key in known}
            plain["shown"] = tuple(ShownArgument(**each) for each in value["shown"])
            return ApprovalRequest(**plain)
        case "grants":
            return tuple(tuple(each) for each in value)
        case "waits_for" | "tools" | "dropped" | "shortened":
            return tuple(value)
    return value
