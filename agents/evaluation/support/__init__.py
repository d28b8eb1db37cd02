"""Whether sources support a claim: code that looks for a fact of the claim which they contradict or do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .supporting import Finding as Finding
    from .supporting import Support as Support
    from .supporting import find_support as find_support

_PLACES = {"Finding": "supporting", "Support": "supporting", "find_support": "supporting"}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
