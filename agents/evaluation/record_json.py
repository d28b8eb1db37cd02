"""Records of runs as plain JSON: without the names of types, and without messages."""

from __future__ import annotations

from typing import Any

from sayso.tools.calls import Outcome
from sayso.tools.canonical import Json, JsonObject
from sayso.workflows.runs.codec import NotJson, strip_types, to_json
from sayso.workflows.runs.limits import Usage

from .values import ApprovalRecord, CallRecord, RunRecord, SourceText


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


def write_record(record: RunRecord, *, with_sources: bool = False) -> JsonObject:
    """Return a record as JSON, with what it has read and the schemas of its tools only on demand: they are long."""
    written: JsonObject = {
        "run": record.run_id,
        "output": to_plain(record.output),
        "text": record.text,
        "error": record.error,
        "finished": record.finished,
        "calls": [write_call(each) for each in record.calls],
        "approvals": [write_approval(each) for each in record.approvals],
        "models": list(record.models),
        "usage": record.usage._asdict(),
        "seconds": record.seconds,
        "first_token_seconds": record.first_token_seconds,
        "tokens_per_second": record.tokens_per_second,
    }
    if with_sources:
        written["sources"] = [list(each) for each in record.sources]
        written["tools"] = to_plain([dict(each) for each in record.tools])
    return written


def read_record(written: Json) -> RunRecord:
    """Return a record from its JSON: what tables, scores and comparisons ask for."""
    return RunRecord(
        run_id=written["run"],
        flow="",
        input=written.get("input"),
        output=written["output"],
        text=written["text"],
        error=written["error"],
        finished=written["finished"],
        calls=tuple(read_call(each) for each in written["calls"]),
        approvals=tuple(ApprovalRecord(**each) for each in written["approvals"]),
        sources=tuple(SourceText(*each) for each in written.get("sources", ())),
        models=tuple(written["models"]),
        tools=tuple(written.get("tools", ())),
        usage=Usage(**written["usage"]),
        seconds=written["seconds"],
        first_token_seconds=written["first_token_seconds"],
        tokens_per_second=written["tokens_per_second"],
    )
