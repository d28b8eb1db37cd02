"""How calls are written and read: one reader for every way in which a model writes a call."""

from __future__ import annotations

from .dialect import DIALECTS, Dialect, collect_signatures, dialect_for_model
from .native import read_native_calls
from .openai_deltas import OpenAIDeltas
from .read_events import (
    AllWasReasoning,
    ArgumentDelta,
    CallDropped,
    CallRead,
    CallStarted,
    CallTextDelta,
    CallWithdrawn,
    Mention,
    Problem,
    ProblemRead,
    ReadCall,
    ReadEvent,
    Reading,
    ReasoningRead,
    TextRead,
)
from .reader import Reader, is_prose, read, split_at_calls
from .signatures import ToolSignatures

__all__ = [
    "DIALECTS",
    "AllWasReasoning",
    "ArgumentDelta",
    "CallDropped",
    "CallRead",
    "CallStarted",
    "CallTextDelta",
    "CallWithdrawn",
    "Dialect",
    "Mention",
    "OpenAIDeltas",
    "Problem",
    "ProblemRead",
    "ReadCall",
    "ReadEvent",
    "Reader",
    "Reading",
    "ReasoningRead",
    "TextRead",
    "ToolSignatures",
    "collect_signatures",
    "dialect_for_model",
    "is_prose",
    "read",
    "read_native_calls",
    "split_at_calls",
]
