"""Spans of runs, by OpenTelemetry's conventions for generative AI. See docs/events.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .live_spans import Spans as Spans
    from .otlp_json import write_otlp as write_otlp
    from .span_records import SpanRecord as SpanRecord
    from .span_records import SpanRecorder as SpanRecorder

_PLACES = {
    "SpanRecord": "span_records",
    "SpanRecorder": "span_records",
    "Spans": "live_spans",
    "write_otlp": "otlp_json",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
