"""Calls, approvals and other parts of a record as plain JSON."""

from __future__ import annotations

from typing import Any

from sayso.tools.calls import Outcome
from sayso.tools.canonical import Json, JsonObject
from sayso.workflows.runs.codec import NotJson, strip_types, to_json

from .values import ApprovalRecord, CallRecord


def write_call(call: CallRecord) -> JsonObject:
    """Return a call as JSON."""
    return {**call._asdict(), "arguments": to_plain(dict(call.arguments)), "outcome": str(call.outcome) if call.outcome else None}


def write_approval(approval: ApprovalRecord) -> JsonObject:
    """Return what a person was asked, and said, as JSON."""
    return {**approval._asdict(), "arguments": to_plain(dict(approval.arguments)), "edited": to_plain(approval.edited)}


def to_plain(value: object) -> Json:
    """Return a value as JSON data without the names of types; as its repr if it has no JSON form."""
    try:
        return strip_types(to_json(value))
    except NotJson:
        return repr(value)


def read_call(written: Any) -> CallRecord:
    """Return a call from its JSON."""
    return CallRecord(**{**written, "outcome": Outcome(written["outcome"]) if written["outcome"] else None})
