"""The words of a question that are worth searching for."""

from __future__ import annotations

import re

from .spaceless import is_single_character, split_for_search

STOP_WORDS = frozenset(
    """
    a an and are as at be but by can could did do does for from had has have how i if in into is it its me my of on or our s shall should
    so t that the their them then there these they this those to us was we were what when where which who whom whose why will with would
    you your
    """.split()
)
"""Words that shape a question but are not its subject."""
MOST_WORDS = 64
MOST_CHARS = 64
_WORD = re.compile(r"[^\W_]+")
_SHORT_FORM = re.compile(r"(?<=\w)['’](?:s|t|re|ve|ll|d|m)\b", re.IGNORECASE)


def query_words(question: str) -> list[str]:
    """Return the words to search for, in lower case, each once, without stop words unless there is nothing else ("who are we?")."""
    words = list(dict.fromkeys(word[:MOST_CHARS] for word in _WORD.findall(split_for_search(_SHORT_FORM.sub(" ", question)).lower())))
    return ([word for word in words if word not in STOP_WORDS] or words)[:MOST_WORDS]


def quote_term(word: str) -> str:
    """Quote the word for FTS5, so that it cannot be an operator."""
    return f'"{word}"*' if is_single_character(word) else f'"{word}"'
