"""What an export of a run says without its contents: what happened when and how it ended, and nothing that anybody wrote.

Words wander: what a private document says may stand in a prompt, a reply, an argument, an error. So nothing is searched for. What is kept
is listed here, field by field; everything else is left out, and with it every hash that short contents could be guessed from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sayso.workflows.runs.stored_types import find_type

if TYPE_CHECKING:
    from sayso.workflows.durable.chain import Row
    from sayso.workflows.durable.records import ApprovalRow, RunRow
    from sayso.workflows.thumbs import Feedback

_PLACES = ("run", "name")
_DECISION = ("by", "at", "place")
KEPT: dict[str, tuple[str, ...]] = {
    # of each type that Sayso stores, the fields that are kept; of a type that is not here, its name alone
    "ToolCall": ("id", "tool", "span", "notes"),
    "ToolResult": ("call_id", "outcome", "trust", "secrecy"),
    "RaisedResult": ("call_id", "outcome", "trust", "secrecy"),
    "Labels": ("untrusted", "private", "unvouched"),
    "NativeCall": ("id", "name"),
    "Reply": ("calls", "usage", "finish"),
    "AssistantMessage": ("calls", "native"),
    "ToolMessage": ("results", "native"),
    "Usage": ("input_tokens", "output_tokens", "cost_usd", "model_calls", "tool_calls", "spend_usd"),
    "Spent": ("results", "cost_usd"),
    "Intent": ("attempt", "cost_usd"),
    "ApprovalRequest": ("digest", "run_id", "position", "tool", "tool_version", "schema_hash", "proposed_at", "expires_at", "secrets"),
    "Approve": _DECISION,
    "Edit": _DECISION,
    "Reject": _DECISION,
    "Allow": ("until",),
    "Ask": (),
    "Deny": (),
    "StepStarted": _PLACES,
    "StepEnded": _PLACES,
    "StepFailed": _PLACES,
    "StepRetried": (*_PLACES, "attempt", "wait_seconds"),
    "BranchStarted": _PLACES,
    "BranchEnded": _PLACES,
    "BranchFailed": _PLACES,
    "SignalReceived": _PLACES,
    "RoundEnded": ("run", "round"),
    "ApprovalAsked": ("run", "request"),
    "ApprovalDecided": ("run", "digest", "decision"),
    "ApproverFailed": ("run", "digest"),
    "WriteStarted": ("run", "tool"),
    "WriteSettled": ("run", "tool", "outcome"),
}
_STATES = frozenset({"Outcome", "Trust", "Secrecy", "Effect"})
_OF_ROWS: dict[str, tuple[str, ...]] = {"created": ("state", "limits"), "begun": ("by", "limits"), "ended": ("wake_at",)}


def redact_run(row: RunRow) -> dict[str, object]:
    """Return the row of a run without its input, output, error and user."""
    values: dict[str, object] = row._asdict()
    values.update({name: _leave_out(_parse(values[name])) for name in ("input", "output", "error")}, limits=_parse(row.limits))
    return {**values, "for_user": _leave_out(row.for_user or None), "head": _keep_hash(row.head)}


def redact_row(row: Row) -> dict[str, object]:
    """Return a row of the log: of what it says, the fields that are kept."""
    value = _parse(row.value)
    if row.kind in _OF_ROWS and isinstance(value, Mapping):
        value = {name: value[name] for name in _OF_ROWS[row.kind] if name in value}
    else:
        value = redact(value) if row.kind in ("kept", "event", "told") else _leave_out(value)
    return {**row._asdict(), "value": value, "hash": _keep_hash(row.hash)}


def redact_feedback(feedback: Feedback) -> dict[str, object]:
    """Return a thumb without its note."""
    return {**feedback._asdict(), "note": _leave_out(feedback.note or None)}


def redact_approval(row: ApprovalRow) -> dict[str, object]:
    """Return the row of a request without its card and arguments."""
    return {**row._asdict(), "key": None, "card": _leave_out(row.card), "request": redact(_parse(row.request))}


def _parse(text: object) -> Any:
    if isinstance(text, str):
        with suppress(ValueError):
            return json.loads(text)
    return text


def _keep_hash(text: str) -> str | None:
    """Return a hash that was made with a key. From one without, a short text that was left out could be guessed."""
    return text if text.startswith("k") else None


def redact(value: Any) -> Any:
    """Return a stored value with the fields that are kept of the types of Sayso; anything else is left out."""
    if isinstance(value, list):
        return [redact(item) for item in value]
    if not (isinstance(value, dict) and value.keys() == {"$", "="}):
        return _leave_out(value)
    tag, inner = value["$"], value["="]
    if tag in _STATES or tag == "tuple":
        return {"$": tag, "=": redact(inner) if tag == "tuple" else inner}
    if tag not in KEPT:
        return {"$": tag, "=": _leave_out(inner)}
    return {"$": tag, "=": {name: _redact_field(item) for name, item in _name_fields(tag, inner).items() if name in KEPT[tag]}}


def _redact_field(value: Any) -> Any:
    """Return a field that is kept: as it is, but for what other types hold in it."""
    if isinstance(value, list):
        return [_redact_field(item) for item in value]
    return redact(value) if isinstance(value, dict) else value


def _name_fields(tag: str, inner: Any) -> Mapping[str, Any]:
    """Return the fields of a stored value by name; those of a named tuple are stored in their order."""
    if isinstance(inner, Mapping):
        return inner
    names = getattr(find_type(tag), "_fields", ())
    return dict(zip(names, inner, strict=False)) if isinstance(inner, list) else {}


def _leave_out(value: Any) -> str | None:
    """Return what is said in the place of a value: of what kind it was."""
    match value:
        case None:
            return None
        case str():
            return "[text left out]"
        case dict() | list():
            return "[data left out]"
    return "[value left out]"
