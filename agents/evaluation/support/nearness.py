"""How near the words of a claim stand to a place of a source: a word counts more the nearer it is, in the claim and in the source.

Brackets do not count; commas, "and" and clauses part words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sayso.tools.truth.grammar import PREPOSITIONS, SMALL, is_verb
from sayso.tools.truth.reading import Reading
from sayso.tools.truth.words import tokenize

from .alignment import Alignment, WordPair
from .likeness import weigh

HALF = 5
"""The distance, in words, at which a word counts half."""
_NEXT_STATEMENT = 0.1
_BEFORE_FIGURES = frozenset("the a an about roughly some nearly almost over more than around approximately early late mid".split())
_INSIDE = frozenset("in during at within inside into throughout".split())
_LISTING = frozenset({"and", "or"})
_MOST_ADJECTIVES = 5
_PARTS = re.compile(r"[,;]|\band\b|\bor\b")
_BRACKETS = re.compile(r"\([^()]*\)")


class Context(NamedTuple):
    """A word or figure of the claim: its place there, its weight, and for each statement where that has it."""

    place: int
    weight: float
    found: Mapping[int, Sequence[WordPair]]


@dataclass(frozen=True, slots=True)
class Gap:
    """What is taken out of the claim: its places, the one that distances are measured from, and the preposition before it."""

    own: frozenset[int]
    at: int
    preposition: str


def find_contexts(match: Alignment) -> Iterator[Context]:
    read = match.read
    for at in read.places:
        is_name = at in read.names
        least, weight = (0.7, 1.2) if is_name else (0.6, weigh(read.claim.words[at]))
        found = {number: [pair for pair in table[at] if pair.likeness >= least] for number, table in enumerate(read.tables) if at in table}
        yield Context(at, weight, found)
    for number, figure in enumerate(read.claim.figures):
        places = {
            at: [WordPair(1.0, read.sources.statements[at].figures[other].first) for other in each[number]]
            for at, each in enumerate(read.figures)
            if number in each
        }
        yield Context(figure.first, 1.0, places)


def measure_fit(match: Alignment, contexts: Sequence[Context], gap: Gap, statement: int, place: int) -> float:
    """Return how near the words around a gap of the claim stand to a place of a statement."""
    claim, source = match.claim, match.read.sources.statements[statement]
    place, total = min(place, len(source.words) - 1), 0.0
    for context in contexts:
        if context.place in gap.own:
            continue
        best = 0.0
        for number, pairs in context.found.items():
            if number == statement:
                far = (measure_distance(source, place, min(pair.place, len(source.words) - 1)) for pair in pairs)
                best = max([best, *(pair.likeness / (1 + distance / HALF) for pair, distance in zip(pairs, far, strict=True))])
            elif abs(number - statement) == 1:
                best = max([best, *(_NEXT_STATEMENT * pair.likeness for pair in pairs)])
        own = measure_distance(claim, min(gap.at, len(claim.words) - 1), min(context.place, len(claim.words) - 1))
        total += context.weight * best / (1 + own / HALF)
    return total


def measure_distance(reading: Reading, one: int, other: int) -> float:
    """Return how far apart two words are: words between them without brackets, more for commas, breaks and clauses."""
    first, last = sorted((one, other))
    distance = last - first
    between = reading.text[reading.words[first].end : reading.words[last].start]
    distance -= sum(len(tokenize(found[0])) + 2 for found in _BRACKETS.finditer(between))
    distance += 3 * bool(_PARTS.search(between))
    begin, end = reading.segment_of[first], reading.segment_of[last]
    distance += 2 * (end - begin)
    distance += sum(2 for each in reading.segments[begin + 1 : end + 1] if each.opener[:1] in {";", "("})
    return max(0, distance + 5 * (reading.segments[begin].clause != reading.segments[end].clause))


def find_preposition(reading: Reading, first: int) -> str:
    """Return the kind of place that a name or figure stands in: the preposition before it, those of one meaning alike."""
    found = _walk_to_preposition(reading, first)
    return "in" if found in _INSIDE else found


def _walk_to_preposition(reading: Reading, first: int) -> str:
    """Return the preposition that a name or figure stands behind, adjectives between them: "in" of "in east-central Poland"."""
    at, adjectives = first - 1, 0
    while at >= 0:
        word = reading.words[at]
        low = word.text.casefold()
        plain = word.text[:1].islower() and low not in SMALL and reading.is_content(at) and not is_verb(reading.words, at)
        beside = reading.text[word.end : reading.words[at + 1].start] in {" ", "-"} if at + 1 < len(reading.words) else False
        listed = low in _LISTING or (at + 1 == first and reading.text[word.end : reading.words[first].start].strip() == ",")
        if listed and low not in _LISTING and word.text[:1].isupper() and at:
            while at and reading.words[at - 1].text[:1].isupper():
                at -= 1
            return _walk_to_preposition(reading, at)
        if low == "and" and adjectives and at and reading.words[at - 1].text[:1].islower():
            at -= 1
            continue
        if at and low in _LISTING and reading.words[at - 1].text[:1].isupper() and at - 1 > 0:
            first = at - 1
            while first and reading.words[first - 1].text[:1].isupper():
                first -= 1
            return _walk_to_preposition(reading, first)
        if low not in _BEFORE_FIGURES and not (plain and beside and adjectives < _MOST_ADJECTIVES):
            return low if low in PREPOSITIONS else ""
        adjectives += reading.is_content(at)
        at -= 1
    return ""
