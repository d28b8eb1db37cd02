"""How calls are written and read: one reader for every way in which a model writes a call."""

from __future__ import annotations

from .families import dialect_for_model
from .native import native_calls
from .reader import Reader, pieces, read
from .signatures import Shapes, shapes
from .table import DIALECTS, Dialect
from .values import AllWasReasoning, CallRead, CallStarted, Problem, ProblemRead, ReadCall, ReadEvent, Reading, ReasoningRead, TextRead

__all__ = [
    "DIALECTS",
    "AllWasReasoning",
    "CallRead",
    "CallStarted",
    "Dialect",
    "Problem",
    "ProblemRead",
    "ReadCall",
    "ReadEvent",
    "Reader",
    "Reading",
    "ReasoningRead",
    "Shapes",
    "TextRead",
    "dialect_for_model",
    "native_calls",
    "pieces",
    "read",
    "shapes",
]
