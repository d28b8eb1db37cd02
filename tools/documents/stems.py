"""Word stems as the index has them (Porter), for looking words up in tables."""

from __future__ import annotations

import threading
from functools import lru_cache

_STEMMER = threading.local()


@lru_cache(20_000)
def stem(word: str) -> str:
    """Return the stem of a word in lower case, as SQLite's `porter` tokenizer makes it; other than English letters are left alone."""
    if not (word.isascii() and word.isalpha()):
        return word
    from snowballstemmer import stemmer  # late, for load time

    if not hasattr(_STEMMER, "porter"):
        _STEMMER.porter = stemmer("porter")  # it keeps the word it works on: one for each thread
    return str(_STEMMER.porter.stemWord(word))
