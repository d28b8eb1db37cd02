"""Rank texts for a question: BM25 over its words, each of which a text may hold itself or by words that are used alike."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .asking import EVERYDAY_WEIGHT, AskedWord, WordKind
from .judgement import Evidence


class LookUp(Protocol):
    """Finds the texts that hold a word or phrase: their numbers, each with its BM25 score for that word alone."""

    def __call__(self, phrase: str, most: int | None = None) -> dict[int, float]:
        """Return the texts; of a phrase that more than `most` texts hold, any more than `most` of them."""
        ...


MOST_FOR_UNKNOWN = 9.0
"""The most that words may count instead of one that no text holds."""
SPELT_WEIGHT = 0.9
"""How much a word counts that a misspelt one means."""
UNKNOWN_TELLS = {WordKind.COMMON: 0.8, WordKind.NAME: 3.0, WordKind.FOREIGN: 1.0}
"""How much a word that no text holds speaks against an answer, measured by one that a single text holds."""
ENOUGH, LEAST_ENOUGH = 0.501, 0.21
"""The share of what is asked about that makes a strength of 1, in a large index and in a very small one (benchmarks/documents.py)."""
ENGLISH_TEXTS = 30
"""How many texts of the index count as much as what is known of English, in how rare a word is: a small folder tells little of that."""
MOST_HOLDERS = 1_000
"""In more texts, a word is not looked for instead of another: it would tell little, and take long."""
ENOUGH_FOREIGN = 0.33
"""The share of the words of a question that makes a strength of 1, where there are no tables of its language."""


class Holders(dict[int, float]):
    """Some of the texts that hold a word, with their scores; `count` is how many hold it."""

    def __init__(self, scores: dict[int, float], count: int) -> None:
        super().__init__(scores)
        self.count = count


@dataclass(frozen=True, slots=True)
class WeighedWord:
    """A word of the question over all texts; `weight` is what it tells.

    By the number of a text: `scores` for ranking; `proofs`, the same with less for words that are only used alike; `held` (0 to 1).
    """

    asked: AskedWord
    is_known: bool
    weight: float
    scores: dict[int, float]
    held: dict[int, float]
    proofs: dict[int, float]


def weigh(asked: AskedWord, size: int, look_up: LookUp, find_spelling: Callable[[str], str | None]) -> WeighedWord:
    """Look a word and those that may stand instead of it up in an index of `size` texts."""
    found_own, sure = look_up(asked.text), 1.0
    count, own = _count(found_own), _saturate(found_own, size)
    if not count and asked.kind is not WordKind.COMMON and (spelt := find_spelling(asked.text)):
        found_own, sure = look_up(spelt), SPELT_WEIGHT
        count, own = _count(found_own), _saturate(found_own, size)
    weight = _rarity(size, count)
    if count and asked.rarity is not None:
        weight = (size * weight + ENGLISH_TEXTS * asked.rarity * _rarity(size, 1)) / (size + ENGLISH_TEXTS)
    scores = {number: sure * weight * share for number, share in own.items()}
    held = dict.fromkeys(own, sure)
    most = weight if count else MOST_FOR_UNKNOWN
    squares, sure_squares = dict[int, float](), dict[int, float]()
    for phrase, likeness in asked.alternatives:
        found = _saturate(look_up(phrase, MOST_HOLDERS), size)
        if len(found) > MOST_HOLDERS:
            continue
        worth = likeness * min(_rarity(size, len(found)), most)
        for number, share in found.items():
            square = (worth * share) ** 2
            squares[number] = squares.get(number, 0.0) + square
            sure_squares[number] = sure_squares.get(number, 0.0) + square * likeness
            held[number] = max(held.get(number, 0.0), likeness)
    proofs = dict(scores)
    for number, square in squares.items():
        scores[number] = max(scores.get(number, 0.0), math.sqrt(square))
        proofs[number] = max(proofs.get(number, 0.0), math.sqrt(sure_squares[number]))
    if not count:
        weight *= UNKNOWN_TELLS[asked.kind]
    return WeighedWord(asked, bool(count), weight, scores, held, proofs)


def find_best(words: Sequence[WeighedWord], top: int) -> list[tuple[int, float]]:
    """Return the numbers of the best texts, each with its score, the best first."""
    totals = dict[int, float]()
    for word in words:
        for number, score in word.scores.items():
            totals[number] = totals.get(number, 0.0) + score
    return heapq.nsmallest(top, totals.items(), key=lambda each: (-each[1], each[0]))


def cover(words: Sequence[WeighedWord], number: int) -> float:
    """Return the share (0 to 1) of what is asked about that a text holds, itself or in words that are used alike."""
    total = sum(word.weight for word in words)
    return sum(word.weight * word.held.get(number, 0.0) for word in words) / total if total else 0.0


def make_evidence(words: Sequence[WeighedWord], best: Sequence[tuple[int, float]], size: int) -> Evidence:
    """Return what speaks for and against that one of the best texts answers the question.

    English words that are known count by the square of their rarity: common ones are held by some text anyway and tell little.
    """
    missing = tuple(word.asked.text for word in words if not word.is_known)
    misses_name = any(not word.is_known and word.asked.kind is WordKind.NAME for word in words)
    if all(word.asked.kind is WordKind.FOREIGN for word in words):
        return Evidence(max((cover(words, number) for number, _ in best), default=0.0) / ENOUGH_FOREIGN, missing)
    rarest = _rarity(size, 1)
    asked = sum(word.weight**2 / rarest if word.is_known else word.weight for word in words)
    shown = max((_prove(words, number) for number, _ in best), default=0.0)
    return Evidence(shown / asked / _enough(rarest), missing, misses_name)


def _prove(words: Sequence[WeighedWord], number: int) -> float:
    """Return the sum of a text's proofs. It is worth half if the text has none of the words themselves, nor any that says the same."""
    proofs = sum(word.proofs.get(number, 0.0) for word in words)
    return proofs if any(word.held.get(number, 0.0) >= EVERYDAY_WEIGHT for word in words) else proofs / 2


def _enough(rarest: float) -> float:
    """Return the share of what is asked about that makes a strength of 1: less in a small index, which has fewer words to say it with."""
    return min(max(LEAST_ENOUGH, ENOUGH * math.pow(rarest / 5.4, 2.5)), ENOUGH)


def _rarity(size: int, holders: int) -> float:
    """Return the inverse document frequency of BM25, above zero also for a word that every text holds."""
    holders = max(holders, 1)  # of a word that no text holds as if one did: in a small folder most words are in no text
    return math.log(1 + (size - holders + 0.5) / (holders + 0.5))


def _saturate(found: dict[int, float], size: int) -> dict[int, float]:
    """Return BM25 scores without the part that is the same for all texts."""
    rarity = inverse_frequency(size, _count(found))
    return {number: score / rarity for number, score in found.items()}


def _count(found: dict[int, float]) -> int:
    return found.count if isinstance(found, Holders) else len(found)


def inverse_frequency(size: int, holders: int) -> float:
    """Return the inverse document frequency as SQLite's BM25 has it."""
    return max(math.log((size - holders + 0.5) / (holders + 0.5)), 1e-6)
