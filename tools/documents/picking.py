"""The sentences of passages that answer a question best, as they stand there."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..truth.words import Word, alike, tokenize
from .claims import MARKS, SENTENCE, unwrap
from .passages import Passage
from .query_words import STOP_WORDS

MOST_SENTENCES = 2
LONGEST_SENTENCE = 400
CONTEXT = 0.5
"""What a word of the question counts in the title and headings of a passage, beside one in the sentence itself."""
NEARLY = 0.9
"""The share of the best score that a further sentence must have to be told as well."""
LEAST = 0.01
HAS_FIGURE = 1.4
_WANTS_FIGURE = re.compile(
    r"\b(?:how (?:much|many|long|far|often|old|big|high|large|late|early|soon)|when|what time|costs?|price)\b", re.IGNORECASE
)


class Picked(NamedTuple):
    """A sentence of a passage, and how much of the question it holds (0 to 1, rare words counting more)."""

    passage: Passage
    text: str
    score: float


def pick_sentences(question: str, passages: Sequence[Passage], most: int = MOST_SENTENCES) -> list[Picked]:
    """Return at most `most` sentences of the passages that hold most of what the question asks, in the order of the passages.

    The passages come with the best first, which counts where sentences hold as much as each other. What stands in the headings of a passage
    counts for each of its sentences. A question for a number or a time is answered rather by a sentence that has one.
    """
    wanted = [word for word in tokenize(question) if word.text.lower() not in STOP_WORDS]
    told = [(passage, list(split_passage_sentences(passage))) for passage in passages]
    words = {text: tokenize(text) for _, texts in told for text in texts}
    weights = _weigh(wanted, list(words.values()))
    wants_figure = _WANTS_FIGURE.search(question) is not None
    scored = [
        (
            _score(weights, words[text], tokenize(f"{passage.title} {' '.join(passage.headings)}"))
            * (HAS_FIGURE if wants_figure and any(sign.isdigit() for sign in text) else 1.0),
            -place,
            -order,
            passage,
            text,
        )
        for place, (passage, texts) in enumerate(told)
        for order, text in enumerate(texts)
    ]
    best = sorted(scored, key=lambda each: each[:3], reverse=True)[:most]
    least = NEARLY * best[0][0] if best else 0.0
    kept = [each for each in best if each[0] >= max(least, LEAST)]
    return [Picked(passage, text, score) for score, _, _, passage, text in sorted(kept, key=lambda each: each[1:3], reverse=True)]


def split_passage_sentences(passage: Passage) -> Iterator[str]:
    """Yield the sentences of a passage without its headings; rows of tables and items of lists are sentences."""
    for line in unwrap(passage.text).split("\n"):
        if line.lstrip().startswith("#"):
            continue
        for found in SENTENCE.finditer(line):
            text = re.sub(r"^\W*?(?=[\w\"“„«(|])", "", found[0].strip().lstrip(MARKS))
            if re.search(r"\w", text) and text not in passage.headings and text != passage.title:
                yield text[:LONGEST_SENTENCE]


def _weigh(wanted: Sequence[Word], sentences: Iterable[Sequence[Word]]) -> list[tuple[Word, float]]:
    """Return the words with their weights, which add up to 1: a word of few sentences counts more."""
    texts = list(sentences)
    holders = Counter(word for word in dict.fromkeys(wanted) for text in texts if _holds(text, word))
    raw = [(word, math.log(1 + (len(texts) + 1) / (holders[word] + 0.5))) for word in dict.fromkeys(wanted)]
    total = sum(weight for _, weight in raw)
    return [(word, weight / total) for word, weight in raw]


def _score(weights: Iterable[tuple[Word, float]], sentence: Sequence[Word], context: Sequence[Word]) -> float:
    return sum(weight * (1.0 if _holds(sentence, word) else CONTEXT if _holds(context, word) else 0.0) for word, weight in weights)


def _holds(text: Iterable[Word], wanted: Word) -> bool:
    return any(alike(word, wanted) for word in text)
