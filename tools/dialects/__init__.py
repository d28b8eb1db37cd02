"""How calls are written and read: one reader for every way in which a model writes a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import lazily

if TYPE_CHECKING:
    from ..provider_replies.native_calls import read_native_calls as read_native_calls
    from ..provider_replies.openai_deltas import OpenAIDeltas as OpenAIDeltas
    from ..provider_replies.reader import Reader as Reader
    from ..provider_replies.reader import read as read
    from .dialect import DIALECTS as DIALECTS
    from .dialect import Dialect as Dialect
    from .dialect import collect_signatures as collect_signatures
    from .dialect import dialect_for_model as dialect_for_model
    from .read_events import AllWasReasoning as AllWasReasoning
    from .read_events import ArgumentDelta as ArgumentDelta
    from .read_events import CallDropped as CallDropped
    from .read_events import CallRead as CallRead
    from .read_events import CallStarted as CallStarted
    from .read_events import CallTextDelta as CallTextDelta
    from .read_events import CallWithdrawn as CallWithdrawn
    from .read_events import Mention as Mention
    from .read_events import Problem as Problem
    from .read_events import ProblemRead as ProblemRead
    from .read_events import ReadCall as ReadCall
    from .read_events import ReadEvent as ReadEvent
    from .read_events import Reading as Reading
    from .read_events import ReasoningRead as ReasoningRead
    from .read_events import TextRead as TextRead
    from .reader import is_prose as is_prose
    from .reader import split_at_calls as split_at_calls
    from .signatures import ToolSignatures as ToolSignatures

_PLACES = {
    "DIALECTS": "dialect",
    "Dialect": "dialect",
    "collect_signatures": "dialect",
    "dialect_for_model": "dialect",
    "AllWasReasoning": "read_events",
    "ArgumentDelta": "read_events",
    "CallDropped": "read_events",
    "CallRead": "read_events",
    "CallStarted": "read_events",
    "CallTextDelta": "read_events",
    "CallWithdrawn": "read_events",
    "Mention": "read_events",
    "Problem": "read_events",
    "ProblemRead": "read_events",
    "ReadCall": "read_events",
    "ReadEvent": "read_events",
    "Reading": "read_events",
    "ReasoningRead": "read_events",
    "TextRead": "read_events",
    "is_prose": "reader",
    "split_at_calls": "reader",
    "ToolSignatures": "signatures",
    "read_native_calls": ".provider_replies.native_calls",
    "OpenAIDeltas": ".provider_replies.openai_deltas",
    "Reader": ".provider_replies.reader",
    "read": ".provider_replies.reader",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
