"""How calls are written and read: one reader for every way in which a model writes a call."""

from __future__ import annotations

from .native import native_calls
from .reader import Reader, read
from .shapes import Shapes, shapes
from .table import DIALECTS, Dialect, dialect_for_model
from .values import CallRead, CallStarted, Problem, ProblemRead, ReadCall, ReadEvent, Reading, ReasoningRead, TextRead

__all__ = [
    "DIALECTS",
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
    "read",
    "shapes",
]
