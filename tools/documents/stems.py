"""Word stems as the index has them (Porter), for looking words up in tables."""

from __future__ import annotations

from functools import lru_cache

from ..truth.words import snowball


@lru_cache(20_000)
def stem(word: str) -> str:
    """Return the stem of a word in lower case, as SQLite's `porter` tokenizer makes it; other than English letters are left alone."""
    return snowball(word, "porter") if word.isascii() and word.isalpha() else word
