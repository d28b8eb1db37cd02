"""Read a question: the words that it asks about, each with the words that may stand in a passage instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from ..truth.sorted_tables import find_line
from ..truth.words import read_irregular
from .neighbours import find_neighbours, find_rarity
from .query_words import MOST_CHARS, MOST_WORDS, STOP_WORDS, split_as_written
from .stems import stem
from .synonyms import Phrase, Synonyms, read_everyday

OWN_WEIGHT = 1.0
FORM_WEIGHT = 0.95
EVERYDAY_WEIGHT = 0.8
PART_WEIGHT = 0.3
"""How much a word counts instead of another: your own synonyms, "forget" for "forgot", those of the everyday table, a word for a phrase."""

_LIKE_SMALL_WORDS = frozenset(["IT", "May", "US", "WHO"])
"""Names that are written like small words but for their capitals."""


class Alternative(NamedTuple):
    """A word or phrase that may stand instead of another, and how well (0 to 1)."""

    phrase: str
    weight: float


class WordKind(Enum):
    """What it tells that no document has a word of a question."""

    COMMON = auto()
    """An English word, which documents often say in other words."""
    NAME = auto()
    """A name, a number, or what no dictionary of English has: where it is missing, its subject is."""
    FOREIGN = auto()
    """A word of a question that is not in English."""


@dataclass(frozen=True, slots=True)
class AskedWord:
    """A word or phrase that a question asks about, in lower case. `rarity` (0 to 1) is how rare it is in English, if it is in English."""

    text: str
    alternatives: tuple[Alternative, ...] = ()
    kind: WordKind = WordKind.FOREIGN
    rarity: float | None = None


def read_question(question: str, own: Synonyms) -> list[AskedWord]:
    """Return what a question asks about, each word once, without small words unless there is nothing else."""
    written = split_as_written(question)[: 2 * MOST_WORDS]
    words = [word.lower()[:MOST_CHARS] for word in written]
    in_english = _are_english(words)
    asked = {each.text: each for each in _read(written, words, own, in_english=in_english)}
    return list(asked.values())[:MOST_WORDS] or [AskedWord(word) for word in dict.fromkeys(words)]


def is_in_english(question: str) -> bool:
    """Return whether half of the words or more are English."""
    return _are_english([word.lower()[:MOST_CHARS] for word in split_as_written(question)[: 2 * MOST_WORDS]])


def _are_english(words: Sequence[str]) -> bool:
    return 2 * sum(word in STOP_WORDS or _is_english(word) for word in words) >= len(words)


def _read(written: Sequence[str], words: Sequence[str], own: Synonyms, *, in_english: bool) -> Iterator[AskedWord]:
    at = 0
    while at < len(words):
        length = max(own.find_phrase(words, at), read_everyday().find_phrase(words, at) if in_english else 0)
        phrase: Phrase = tuple(words[at : at + max(length, 1)])
        if length or words[at] not in STOP_WORDS or (at > 0 and written[at] in _LIKE_SMALL_WORDS):
            kind = WordKind.FOREIGN
            if in_english:
                is_name = not length and ((at > 0 and written[at][:1].isupper()) or not _is_english(words[at]))
                kind = WordKind.NAME if is_name else WordKind.COMMON
            rarity = max(map(find_rarity, phrase)) if in_english else None
            yield AskedWord(" ".join(phrase), tuple(_find_alternatives(phrase, own, in_english=in_english)), kind, rarity)
        at += len(phrase)


def _find_alternatives(phrase: Phrase, own: Synonyms, *, in_english: bool) -> Iterable[Alternative]:
    found = [Alternative(" ".join(other), OWN_WEIGHT) for other in own.find(phrase)]
    if len(phrase) > 1:
        found += [Alternative(word, PART_WEIGHT) for word in phrase if word not in STOP_WORDS]
    if in_english:
        found += [Alternative(" ".join(other), EVERYDAY_WEIGHT) for other in read_everyday().find(phrase)]
        if len(phrase) == 1:
            found += _find_alike(*phrase)
    best = dict[tuple[str, ...], Alternative]()
    for each in found:
        stems = tuple(map(stem, each.phrase.split()))
        if stems not in best or best[stems].weight < each.weight:
            best[stems] = each
    return best.values()


def _find_alike(word: str) -> Iterator[Alternative]:
    if base := read_irregular().get(word):
        yield Alternative(base, FORM_WEIGHT)
        yield from (Alternative(*neighbour) for neighbour in find_neighbours(base))
    yield from (Alternative(*neighbour) for neighbour in find_neighbours(word))


@lru_cache(4_096)
def _is_english(word: str) -> bool:
    if find_neighbours(word) or word in read_irregular() or read_everyday().find((word,)):
        return True
    return any(find_line("wordnet", form) is not None for form in {word, word.removesuffix("s"), stem(word)} if form.isalpha())
