"""The words of a question that are worth searching for."""

from __future__ import annotations

import re

from .spaceless import is_single_character, split_for_search

STOP_WORDS = frozenset(
    """
    a about an and any anyone anything are as at be but by can could did do does for from get gets got had has have he her him his how i if
    in into is it its many may me much must my need of on or our s shall she should so some someone something t that the their them
    then there these they this those to us want was we were what when where which who whom whose why will with would you your
    ain aren couldn didn doesn don hadn hasn haven isn mightn mustn needn shan shouldn wasn weren wouldn
    """.split()
)
"""Words that shape a question but are not its subject."""
MOST_WORDS = 64
MOST_CHARS = 64
_WORD = re.compile(r"[^\W_]+")
_SHORT_FORM = re.compile(r"(?<=\w)['’](?:s|t|re|ve|ll|d|m)\b", re.IGNORECASE)


def split_words(question: str) -> list[str]:
    """Return all words of a question in order, in lower case, as they are searched for."""
    return [word.lower()[:MOST_CHARS] for word in split_as_written(question)]


def split_as_written(question: str) -> list[str]:
    """Return all words of a question in order, in its own letters."""
    return _WORD.findall(split_for_search(_SHORT_FORM.sub(" ", question)))


def query_words(question: str) -> list[str]:
    """Return the words to search for, in lower case, each once, without stop words unless there is nothing else ("who are we?")."""
    words = list(dict.fromkeys(split_words(question)))
    return ([word for word in words if word not in STOP_WORDS] or words)[:MOST_WORDS]


def quote_term(word: str) -> str:
    """Quote the word or phrase for FTS5, so that it cannot be an operator."""
    return f'"{word}"*' if is_single_character(word) else f'"{word}"'
