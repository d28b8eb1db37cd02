"""Groups of words and phrases that say the same when somebody looks for a passage: a table of everyday ones, and groups of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

from ..errors import UsageError
from .query_words import split_words
from .stems import stem

Phrase = tuple[str, ...]
"""Words in lower case, one or more."""
LONGEST_PHRASE = 5


class Synonyms:
    """Groups of phrases, looked up by stems: "parked" is found under "park"."""

    def __init__(self, groups: Iterable[Iterable[str]]) -> None:
        self._groups: dict[Phrase, list[Sequence[Phrase]]] = {}
        for group in groups:
            phrases = list(_read_group(group))
            for phrase in phrases:
                self._groups.setdefault(_stem_all(phrase), []).append(phrases)

    def find(self, phrase: Phrase) -> list[Phrase]:
        """Return the other phrases of all groups that have this one, each once."""
        wanted = _stem_all(phrase)
        others = [other for group in self._groups.get(wanted, ()) for other in group if _stem_all(other) != wanted]
        return list(dict.fromkeys(others))

    def find_phrase(self, words: Sequence[str], at: int) -> int:
        """Return the length of the longest phrase of two or more words that begins there; 0 if none does."""
        lengths = range(min(LONGEST_PHRASE, len(words) - at), 1, -1)
        return next((length for length in lengths if _stem_all(words[at : at + length]) in self._groups), 0)


@cache
def read_everyday() -> Synonyms:
    """Return the table of everyday words that comes with Sayso."""
    table = (files(__package__ or __name__) / "tables" / "synonyms.txt").read_text(encoding="utf-8")
    lines = (line for line in table.splitlines() if line and not line.startswith("#"))
    return Synonyms(line.split(",") for line in lines)


def check_groups(groups: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Return the groups as tuples. Raises UsageError when one is a string or a mapping's key, or has a single word."""
    if isinstance(groups, (str, Mapping)):
        raise UsageError('synonyms= takes groups of words, such as [("car", "vehicle"), ("PTO", "vacation")].')
    checked = list[tuple[str, ...]]()
    for group in groups:
        words = () if isinstance(group, str) else tuple(group)
        if len(words) < 2 or not all(isinstance(word, str) and split_words(word) for word in words):
            raise UsageError(f'{group!r} in synonyms= is not a group of two or more words or phrases, such as ("car", "vehicle").')
        checked.append(words)
    return tuple(checked)


def _read_group(group: Iterable[str]) -> Iterator[Phrase]:
    for each in group:
        if words := tuple(split_words(each)):
            yield words[:LONGEST_PHRASE]


def _stem_all(words: Sequence[str]) -> Phrase:
    return tuple(map(stem, words))
