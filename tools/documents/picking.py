"""The sentences of passages that answer a question best, as they stand there."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from ..quantities import find_amounts, find_dates
from ..truth.words import Word, alike, tokenize
from .asking import read_question
from .claims import MARKS, SENTENCE, unwrap
from .passages import Passage
from .query_words import STOP_WORDS, split_words
from .stems import stem
from .stuffing import count_for
from .synonyms import Synonyms

LONGEST_SENTENCE = 600
CONTEXT = 0.5
"""What a word of the question counts in the title and headings of a passage, beside one in the sentence itself."""
ALIKE = 0.8
"""What a word counts that says the same as one of the question."""
LEAST_WEIGHT = 0.4
"""What the most common word of English counts beside a rare one."""
CLEARLY = 1.4
"""How much better than the next one a sentence has to be to be told alone."""
EXPECTED = 1.4
"""How much a sentence counts that has what is asked for: a number, a time."""
MOST_TOGETHER, MOST_CHARACTERS = 4, 600
"""How many sentences a passage may have that is told whole where no sentence of it is clearly the answer, and how long it may be."""
_WANTS_NUMBER = re.compile(
    r"\b(?:how (?:much|far|often|old|big|high|large|long|late|early|soon)|costs?|price|when|what time)\b", re.IGNORECASE
)
_QUESTION = re.compile(r"(?:.*[?？؟]|[\"“„«].*[?？؟][\"”“»])[\s*_)\]]*", re.DOTALL)
_COUNTED = re.compile(r"\bhow many (\w+(?: \w+)?)", re.IGNORECASE)
_WEEKDAY = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE)


class Picked(NamedTuple):
    """A sentence of a passage, or some that follow each other, and how much of the question is in it (0 to 1, rare words count more)."""

    passage: Passage
    text: str
    score: float


class _Scored(NamedTuple):
    score: float
    text: str


def pick_sentence(sought: str, passages: Sequence[Passage]) -> Picked | None:
    """Return the sentence of the passages that holds most words of a text; None if no sentence holds any."""
    best = max(
        (
            Picked(passage, each.text, each.score)
            for passage, scored in zip(passages, _score_all(sought, passages), strict=True)
            for each in scored
        ),
        key=lambda picked: picked.score,
        default=None,
    )
    return best if best is not None and best.score > 0 else None


def pick_answer(question: str, passages: Sequence[Passage]) -> list[Picked]:
    """Return what of the passages answers a question, in their order: the best first, which counts where they hold as much as each other.

    Of a passage that is the sentence that clearly holds most of what is asked, and a number or a time where one is asked for; where no
    sentence is clearly the best, all of a short passage, or the two best sentences of a long one. Further passages have to be as good.
    """
    scored = _score_all(question, passages, by_rarity=True)
    best = [max((each.score for each in sentences), default=0.0) for sentences in scored]
    top = max(best, default=0.0)
    if top <= 0:
        return []
    first = 0 if best[0] * CLEARLY >= top else best.index(top)
    picked = list[Picked]()
    for place, passage in enumerate(passages):
        if place == first:
            picked.append(Picked(passage, " ".join(_choose(scored[place])), best[place]))
        elif best[place] >= top:
            picked.append(Picked(passage, max(scored[place], key=lambda each: each.score).text, best[place]))
    return picked[:2] if picked[0].passage == passages[first] else sorted(picked[:2], key=lambda each: each.passage != passages[first])


def _choose(scored: Sequence[_Scored]) -> list[str]:
    """Return the sentences of a passage that are told, in its order."""
    ordered = sorted(scored, key=lambda each: each.score, reverse=True)
    if len(ordered) == 1 or ordered[0].score >= CLEARLY * ordered[1].score:
        return [ordered[0].text]
    if len(scored) <= MOST_TOGETHER and sum(len(each.text) for each in scored) <= MOST_CHARACTERS:
        return [each.text for each in scored]
    return [each.text for each in scored if each in ordered[:2]]


def measure_coverage(question: str, text: str) -> float:
    """Return the share (0 to 1) of what a question asks about that is in a text, in these words or in others."""
    wanted, words = _read_wanted(question), _read_words(text)
    return sum(_find_degree(words, each) for each in wanted) / len(wanted) if wanted else 0.0


def split_passage_sentences(passage: Passage) -> Iterator[str]:
    """Yield the sentences of a passage without its headings; rows of tables and items of lists are sentences.

    A question states nothing: it stands with the sentence that follows it, and is left out where none does.
    """
    asked = ""
    for line in unwrap(passage.text).split("\n"):
        if line.lstrip().startswith("#"):
            asked = ""
            continue
        for found in SENTENCE.finditer(line):
            text = re.sub(r"^\W*?(?=[\w\"“„«(|\[])", "", found[0].strip().lstrip(MARKS), count=1)
            if text in passage.headings or text == passage.title:
                asked = ""
            elif _QUESTION.fullmatch(text):
                asked = f"{text[:LONGEST_SENTENCE]} "
            elif re.search(r"\w", text):
                yield asked + text[:LONGEST_SENTENCE]
                asked = ""


class _Wanted(NamedTuple):
    """A word or phrase that is asked about: its stems and those of what may stand instead, each with how much that counts (0 to 1)."""

    single: Mapping[str, float]
    """The stems that say it alone, and how well."""
    phrases: tuple[tuple[tuple[str, ...], float], ...]
    """The stems of several words that say it together, and how well."""
    words: tuple[Word, ...]
    weight: float = 1.0
    """How much it says at all: "leave" and "get" say little beside "guests"."""


class _Words(NamedTuple):
    """The words of a text, by stem and as the truth gate compares them."""

    stems: tuple[str, ...]
    words: tuple[Word, ...]
    known: frozenset[str]


def _read_wanted(question: str) -> list[_Wanted]:
    asked = read_question(question, Synonyms(()))
    found = list[_Wanted]()
    for each in asked:
        single, phrases = dict[str, float](), list[tuple[tuple[str, ...], float]]()
        for text, weight in ((each.text, 1.0), *((other.phrase, other.weight) for other in each.alternatives)):
            stems = _stem_all(text)
            if len(stems) == 1:
                single[stems[0]] = max(weight, single.get(stems[0], 0.0))
            elif stems:
                phrases.append((stems, weight))
        rarity = 1.0 if each.rarity is None else LEAST_WEIGHT + (1 - LEAST_WEIGHT) * each.rarity
        found.append(_Wanted(single, tuple(phrases), tokenize(each.text), rarity))
    return found


@lru_cache(2_048)
def _read_words(text: str) -> _Words:
    stems = _stem_all(text)
    return _Words(stems, tokenize(text), frozenset(stems))


def _stem_all(text: str) -> tuple[str, ...]:
    return tuple(map(stem, split_words(text)))


def _find_degree(text: _Words, wanted: _Wanted) -> float:
    """Return how well a text has what is asked about: 1 in the same words, less in others, 0 not at all."""
    found = max((wanted.single[stem] for stem in text.known & wanted.single.keys()), default=0.0)
    for phrase, weight in wanted.phrases:
        if weight > found and _has_phrase(text, phrase):
            found = weight
    said = found < ALIKE and len(wanted.words) == 1 and any(alike(word, wanted.words[0]) for word in text.words)
    return max(found, ALIKE) if said else found


def _has_phrase(text: _Words, phrase: tuple[str, ...]) -> bool:
    return text.known.issuperset(phrase) and any(
        text.stems[at : at + len(phrase)] == phrase for at in range(len(text.stems) - len(phrase) + 1)
    )


def _score_all(question: str, passages: Sequence[Passage], *, by_rarity: bool = False) -> list[list[_Scored]]:
    """Return the sentences of each passage with how much of the question they hold; `by_rarity` counts common words of English less."""
    told = [list(split_passage_sentences(passage)) for passage in passages]
    wanted = [each if by_rarity else each._replace(weight=1.0) for each in _read_wanted(question)]
    held = [[[_find_degree(_read_words(text), each) for each in wanted] for text in texts] for texts in told]
    weights = _weigh(wanted, [degrees for each in held for degrees in each])
    scored = list[list[_Scored]]()
    for passage, texts, degrees in zip(passages, told, held, strict=True):
        above, counts = _read_words(f"{passage.title} {' '.join(passage.headings)}"), count_for(passage.text)
        context = [CONTEXT * _find_degree(above, each) for each in wanted]
        scored.append(
            [
                _Scored(counts * _score(weights, own, context) * _expect(question, text), text)
                for text, own in zip(texts, degrees, strict=True)
            ]
        )
    return scored


def _expect(question: str, text: str) -> float:
    """Return what a sentence counts by whether it has the kind of thing that is asked for."""
    if counted := _COUNTED.search(question):
        things, words = [word for word in tokenize(counted[1]) if word.text.lower() not in STOP_WORDS], tokenize(text)
        near = [words[at : at + 3] for at, word in enumerate(words) if word.text.isdigit()]
        return EXPECTED if any(alike(word, thing) for after in near for word in after for thing in things) else 1.0
    wants = _WANTS_NUMBER.search(question) is not None
    return EXPECTED if wants and (find_amounts(text) or find_dates(text) or _WEEKDAY.search(text)) else 1.0


def _weigh(wanted: Sequence[_Wanted], degrees: Sequence[Sequence[float]]) -> list[float]:
    """Return the weights of what is asked about, which add up to 1, from how much of each a sentence has: what few have counts more."""
    held = [sum(each[at] for each in degrees) for at in range(len(wanted))]
    raw = [each.weight * math.log(1 + (len(degrees) + 1) / (holders + 0.5)) for each, holders in zip(wanted, held, strict=True)]
    total = sum(raw)
    return [weight / total for weight in raw]


def _score(weights: Sequence[float], own: Sequence[float], context: Sequence[float]) -> float:
    """Return how much of the question a sentence has, itself or in its titles."""
    return sum(weight * max(mine, above) for weight, mine, above in zip(weights, own, context, strict=True))
