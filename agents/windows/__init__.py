"""The context window: what of a long conversation is sent to the model, so that it fits. Nothing of it is lost: messages keep all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .counting import count_tokens as count_tokens
    from .reading_again import find_left_out as find_left_out
    from .strategies import drop_media as drop_media
    from .strategies import drop_oldest as drop_oldest
    from .strategies import drop_reasoning as drop_reasoning
    from .strategies import keep_last_documents as keep_last_documents
    from .strategies import shorten_calls as shorten_calls
    from .strategies import shorten_results as shorten_results
    from .summaries import summarise_oldest as summarise_oldest
    from .values import ContextTrimmed as ContextTrimmed
    from .values import Item as Item
    from .values import Room as Room
    from .values import Strategy as Strategy
    from .values import TokenCount as TokenCount
    from .values import Window as Window

_PLACES = {
    "ContextTrimmed": "values",
    "Item": "values",
    "Room": "values",
    "Strategy": "values",
    "TokenCount": "values",
    "Window": "values",
    "count_tokens": "counting",
    "drop_media": "strategies",
    "drop_oldest": "strategies",
    "drop_reasoning": "strategies",
    "find_left_out": "reading_again",
    "keep_last_documents": "strategies",
    "shorten_calls": "strategies",
    "shorten_results": "strategies",
    "summarise_oldest": "summaries",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
