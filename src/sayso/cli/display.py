"""Stored values, errors, times and usage as text for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sayso.tools.approval.cards import escape_lines, show_value
from sayso.tools.canonical import readable_json
from sayso.tools.errors import SaysoError
from sayso.workflows.events.event_log import describe_trimming
from sayso.workflows.events.event_types import AnyEvent, ApprovalTaken, HistoryTrimmed, ModelChanged, RequestDowngraded, RequestRetried
from sayso.workflows.runs.codec import NotJson, read_value, strip_types, to_json
from sayso.workflows.runs.limits import Usage

MAX_LENGTH = 300
MAX_ARGUMENT = 160
"""Characters of an argument that stand in the line of a call."""


def read_text(text: str) -> object:
    """Return a stored value from its JSON text."""
    return read_value(json.loads(text))


def to_plain(value: object) -> object:
    """Return a value as JSON data without the names of types; as its repr if it has no JSON form."""
    try:
        return strip_types(to_json(value))
    except NotJson:
        return repr(value)


def shorten(value: object, limit: int = MAX_LENGTH) -> str:
    """Return a value on one line with every character visible; a longer one is cut, with its number of characters."""
    text = escape_lines(" ".join((value if isinstance(value, str) else readable_json(value)).split()))
    return text if len(text) <= limit else f"{text[:limit]} ... ({len(text)} characters)"


def describe_call(tool: str, arguments: Mapping[str, object]) -> str:
    """Return a call as one reads it: look(item=burger)."""
    given = ", ".join(f"{show_value(name)}={shorten(to_plain(value), MAX_ARGUMENT)}" for name, value in arguments.items())
    return f"{show_value(tool)}({given})"


def describe_input(value: object) -> str:
    """Return what a run was asked: the words in its input if there are any, else the input as JSON."""
    if isinstance(words := getattr(value, "text", None), str):  # of a conversation
        return words
    data = to_plain(value)
    if isinstance(data, dict):
        for name in ("text", "company"):
            if isinstance(data.get(name), str):
                return str(data[name])
    return data if isinstance(data, str) else readable_json(data)


def describe_error(text: str) -> str:
    """Return the sentence of an error that was stored with a run."""
    error = read_text(text)
    if isinstance(error, SaysoError):
        return str(error)
    return f"{type(error).__name__}: {error}" if isinstance(error, Exception) else str(to_plain(error))


TAKEN = {"approve": ("approved", "green"), "edit": ("edited", "yellow"), "reject": ("rejected", "yellow")}


def describe_taken(event: ApprovalTaken) -> tuple[str, str, str]:
    """Return a decision as a word (approved, edited, rejected), a text with who decided and when, and a colour."""
    where = f" ({show_value(event.place)})" if event.place else ""
    when = f" at {format_time(event.decided_at)}" if event.decided_at is not None else ""
    by = f"request {event.digest[:12]}, by {show_value(event.by or 'somebody who gave no name')}{where}{when}"
    by += ", signed" if event.signed else ""
    word, colour = TAKEN[event.decision]
    said = f": {shorten(event.reason, 2000)}" if event.reason else ""
    told = f", to {shorten(event.arguments, 2000)}" if event.decision == "edit" else said
    return word, f"{by}{told}", colour


def describe_remark(event: AnyEvent) -> str:
    """Return what is said of a model that is asked again, otherwise or instead, or with less; "" for any other event."""
    match event:
        case RequestRetried():
            return f"try {event.attempt} failed: {show_value(event.why)} Again in {event.wait_seconds:.0f} s."
        case RequestDowngraded():
            return f"continues without {show_value(event.without)}: {show_value(event.why)}"
        case ModelChanged():
            return f"asks {show_value(event.next)}, as {show_value(event.failed)}: {show_value(event.why)}"
        case HistoryTrimmed() if event.tokens < event.tokens_before:
            return show_value(describe_trimming(event))
        case _:
            return ""


def format_time(at: float) -> str:
    """Return a time (seconds since 1970) as date and time of day in this machine's time zone."""
    try:
        return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{at:g} seconds since 1970"


def format_age(seconds: float) -> str:
    """Return a duration in the largest unit of which it has two."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def format_usage(usage: Usage) -> str:
    """Return usage as a list of words: "2 model calls, 310 tokens in, 25 out, $0.0004"."""
    parts = [f"{usage.model_calls} model call{'s' * (usage.model_calls != 1)}"] if usage.model_calls else []
    if usage.input_tokens or usage.output_tokens:
        parts.append(f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out")
    if usage.cost_usd:
        parts.append(f"${usage.cost_usd:.4f}")
    if usage.tool_calls:
        parts.append(f"{usage.tool_calls} tool call{'s' * (usage.tool_calls != 1)}")
    if usage.spend_usd:
        parts.append(f"${usage.spend_usd:.2f} spent by tools")
    return ", ".join(parts) or "nothing used"
