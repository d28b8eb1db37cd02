"""Guards: what an agent may be told, may say, may call tools with, and may read from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .length import Length as Length
    from .moderation import Moderation as Moderation
    from .patterns import Patterns as Patterns
    from .personal_data import PersonalData as PersonalData
    from .spans import Span as Span
    from .spans import SpanGuard as SpanGuard
    from .topic import Topic as Topic
    from .verdicts import AllowedText as AllowedText
    from .verdicts import Guard as Guard
    from .verdicts import GuardActed as GuardActed
    from .verdicts import RefusedText as RefusedText
    from .verdicts import ReplacedText as ReplacedText
    from .verdicts import TextPlace as TextPlace
    from .word_list import WordList as WordList

_PLACES = {
    "AllowedText": "verdicts",
    "Guard": "verdicts",
    "GuardActed": "verdicts",
    "Length": "length",
    "Moderation": "moderation",
    "Patterns": "patterns",
    "PersonalData": "personal_data",
    "TextPlace": "verdicts",
    "RefusedText": "verdicts",
    "ReplacedText": "verdicts",
    "Span": "spans",
    "SpanGuard": "spans",
    "Topic": "topic",
    "WordList": "word_list",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
