"""What a provider sends, read in its own protocol: its text by the dialects, the calls in its own field, and what has to go back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import lazily

if TYPE_CHECKING:
    from .native_calls import read_native_calls as read_native_calls
    from .openai_deltas import OpenAIDeltas as OpenAIDeltas
    from .provider_reply import ProviderReply as ProviderReply
    from .reader import Reader as Reader
    from .reader import read as read

_PLACES = {
    "OpenAIDeltas": "openai_deltas",
    "ProviderReply": "provider_reply",
    "Reader": "reader",
    "read": "reader",
    "read_native_calls": "native_calls",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
