"""Fuse what words and what meaning say of texts: one score for the ranking, one strength for the judgement. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from .judgement import Evidence

CANDIDATES = 200
"""How many of the best texts by words and by meaning are looked at."""
WORDS_WEIGHT = 0.5
"""How much a text gains that holds all of what is asked about. An embedder that knows better has a `words_weight` of its own."""
NEAR = 0.35
"""A text with no word in common and less likeness has nothing to do with the question: it is shown only where there is no other."""
WORDS_TELL, MOST_BY_WORDS = 0.25, 1.5
"""How much the strength of words adds to that of meaning, and up to which strength."""
ENOUGH = 1.7
"""What a likeness of 1 is worth as strength: so much that six tenths of it are enough, in a large index."""
MANY, PER_SPREAD, LEAST_ENOUGH = 323, 0.35, 0.6
"""Among how many texts a strength of 1 is enough, how fast less is enough among fewer, and how much is enough among very few."""


def fuse(
    likeness: Mapping[int, float], cover: Callable[[int], float], by_words: Iterable[int], top: int, words_weight: float = WORDS_WEIGHT
) -> list[tuple[int, float]]:
    """Return the numbers of the best texts, each with its score. `by_words` are the best by words alone.

    Words that a text holds count by the square of their share: one word in common says little, and a question in a passage's own words is
    better found by them than by its meaning. Ranks are not added: the best of weak matches would count as much as the best of strong ones.
    """
    nearest = sorted(likeness, key=lambda number: (-likeness[number], number))[:CANDIDATES]
    covered = {number: cover(number) for number in {*nearest, *by_words}}
    near = [number for number in covered if covered[number] or likeness.get(number, 0.0) >= NEAR]
    scores = {number: likeness.get(number, 0.0) + words_weight * covered[number] ** 2 for number in near or covered}
    return sorted(scores.items(), key=lambda each: (-each[1], each[0]))[:top]


def add_likeness(evidence: Evidence, likeness: Mapping[int, float]) -> Evidence:
    """Return the evidence with what the meaning of the nearest text adds."""
    nearest = max(likeness.values(), default=0.0)
    strength = ENOUGH * nearest + WORDS_TELL * min(evidence.strength, MOST_BY_WORDS)
    # A passage would write a name as the question does, so nothing is made easier for a question whose name is in none.
    return replace(evidence, strength=strength if evidence.misses_name else strength / _enough(len(likeness)))


def _enough(size: int) -> float:
    """Return what makes a strength of 1 among `size` texts.

    The nearest of many texts is near by chance. The greatest of n normal numbers lies about sqrt(2 ln n) spreads above their mean, so that
    of fewer texts one that is less near says as much.
    """
    fewer = _spreads(MANY) - _spreads(min(size, MANY))
    return max(LEAST_ENOUGH, 1 - PER_SPREAD * fewer)


def _spreads(size: int) -> float:
    return math.sqrt(2 * math.log(max(size, 1)))
