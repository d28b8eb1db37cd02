"""The words of a question that are worth looking for."""

from __future__ import annotations

import re

from .spaceless import askable, begins_a_pair

STOP_WORDS = frozenset(
    """
    a an and are as at be but by can could did do does for from had has have how i if in into is it its me my of on or our s shall should
    so t that the their them then there these they this those to us was we were what when where which who whom whose why will with would
    you your
    """.split()
)
"""Words that say how a question is asked, not what it is about."""
MOST_WORDS = 64
MOST_CHARS = 64
_WORD = re.compile(r"[^\W_]+")
_SHORT_FORM = re.compile(r"(?<=\w)['’](?:s|t|re|ve|ll|d|m)\b", re.IGNORECASE)


def query_words(question: str) -> list[str]:
    """The words to look for, in lower case, each once; all of them where the question has nothing but small words ("who are we?")."""
    words = list(dict.fromkeys(word[:MOST_CHARS] for word in _WORD.findall(askable(_SHORT_FORM.sub(" ", question)).lower())))
    return ([word for word in words if word not in STOP_WORDS] or words)[:MOST_WORDS]


def quoted(word: str) -> str:
    """The word as FTS5 reads it when it is never to be an operator."""
    return f'"{word}"*' if begins_a_pair(word) else f'"{word}"'
