"""Spans as OTLP in JSON, as every collector takes it at /v1/traces: nothing has to be installed for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sayso import __version__
from sayso.tools.canonical import Json, JsonObject

from .span_records import Attribute, SpanRecord

FAILED = 2
"""The status of a span that failed, in OTLP."""


def write_otlp(spans: Iterable[SpanRecord], *, service: str = "sayso") -> JsonObject:
    """Return the body of one request to an OTLP/HTTP endpoint: `POST /v1/traces` with `Content-Type: application/json`."""
    resource = {"attributes": _write_attributes({"service.name": service})}
    scope = {"name": "sayso", "version": __version__}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": [_write_span(each) for each in spans]}]}]}


def _write_span(span: SpanRecord) -> JsonObject:
    written: JsonObject = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _write_attributes(span.attributes),
        "status": {"code": FAILED, "message": span.error} if span.error else {},
    }
    return written | ({"parentSpanId": span.parent_id} if span.parent_id else {})


def _write_attributes(attributes: Mapping[str, Attribute]) -> list[JsonObject]:
    return [{"key": key, "value": _write_value(value)} for key, value in sorted(attributes.items())]


def _write_value(value: Attribute) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, tuple):
        return {"arrayValue": {"values": [_write_value(each) for each in value]}}
    return {"stringValue": value}
