"""Whom a passage names as another business than the one whose page it is: "our competitor Velo Barn", "unlike us, Spoke House"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from .grammar import PREPOSITIONS
from .lexicon import look_up
from .reading import Reading, read_statement
from .statements import Statement
from .word_pairs import is_proper
from .words import Word, stem

_RIVALS = frozenset(map(stem, "competitor competition rival".split()))
_AGAINST = frozenset("unlike than versus against".split())
_COMPARED = frozenset(map(stem, "compare contrast unlike oppose".split()))
_HINT = re.compile(r"\b(?:compet|rival|unlike|than|versus|against|compar|contrast|oppos)", re.IGNORECASE)
_LONGEST = 1_500
"""How long a statement may be: a longer one is no sentence."""


@lru_cache(64)
def find_rivals(everything: tuple[Statement, ...], owner: tuple[Word, ...]) -> frozenset[str]:
    """Return the stems of the names that the passage sets against its own business."""
    found = set[str]()
    if owner:
        for each in everything:
            if len(each.text) > _LONGEST or not _HINT.search(each.text):
                continue
            reading = read_statement(each.text)
            for clause in {segment.clause for segment in reading.segments}:
                found.update(_find_rival(reading, clause, owner))
    return frozenset(found - {word.stem for word in owner})


def _find_rival(reading: Reading, clause: int, owner: tuple[Word, ...]) -> Iterator[str]:
    subject = _find_opening(reading, clause)
    if any(_is_owner(reading, at, owner) for at in subject):
        return
    called = any(reading.words[at].stem in _RIVALS for at in subject) and not any(
        reading.words[at].text.casefold() == "we" for at in subject
    )
    if called or _is_set_against_us(reading, owner):
        yield from (reading.words[at].stem for at in subject if _is_name(reading, at) and not _is_place(reading, at))


def _find_opening(reading: Reading, clause: int) -> range:
    """Return the places of the words before the verb of a clause, or before its figure, with what stands between commas."""
    parts = [segment for segment in reading.segments if segment.clause == clause]
    if len(parts) > 1 and _compares(reading.words[parts[0].first]):
        parts = parts[1:]  # "Compared with Bright Bikes, Wheelworks has ..."
    first, end = parts[0].first, parts[-1].end
    verb = next((segment.verb for segment in parts if segment.verb is not None and segment.own_subject), None)
    figure = next((figure.first for figure in reading.figures if first <= figure.first < end), end)
    verb = verb if verb is not None else next((segment.verb for segment in parts if segment.verb), None)
    return range(first, min(figure, verb if verb is not None else figure))


def _is_set_against_us(reading: Reading, owner: tuple[Word, ...]) -> bool:
    """Return whether a statement compares with the owner of the page: "unlike us", "compared with Bright Bikes"."""
    for at, word in enumerate(reading.words):
        if not _compares(word):
            continue
        after = at + 1
        while after < len(reading.words) and reading.words[after].text.casefold() in PREPOSITIONS | {"the"}:
            after += 1
        if after == len(reading.words):
            continue
        last = after
        while last + 1 < len(reading.words) and _is_owner(reading, last + 1, owner):
            last += 1
        named = _is_owner(reading, after, owner) and not re.search(
            r"['’]", reading.text[reading.words[last].start : reading.words[last].end + 1]
        )
        if named or reading.words[after].text.casefold() in {"us", "ours", "we"}:
            return True
    return False


def find_rival_subject(text: str, everything: tuple[Statement, ...], owner: tuple[Word, ...]) -> str:
    """Return the name of the rival that a sentence is about; empty where it is about the owner of the page or nobody known as a rival."""
    rivals = find_rivals(everything, owner)
    if not rivals:
        return ""
    reading = read_statement(text)
    subject = _find_opening(reading, 0)
    if any(_is_owner(reading, at, owner) for at in subject):
        return ""
    return " ".join(reading.words[at].text for at in subject if _is_name(reading, at) and reading.words[at].stem in rivals)


def _compares(word: Word) -> bool:
    return word.text.casefold() in _AGAINST or word.stem in _COMPARED


def _is_name(reading: Reading, at: int) -> bool:
    return reading.is_name(at) and not reading.is_small(at) and (at > 0 or is_proper(reading, at) or not look_up(reading.words[at]))


def _is_place(reading: Reading, at: int) -> bool:
    return at > 0 and reading.words[at - 1].text.casefold() in {"in", "near"}


def _is_owner(reading: Reading, at: int, owner: tuple[Word, ...]) -> bool:
    word = reading.words[at]
    return word.text[:1].isupper() and any(word.stem == each.stem for each in owner)
