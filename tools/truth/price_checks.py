"""Free is not for money, and money is not free."""

from __future__ import annotations

from collections.abc import Iterator

from .matching import Match
from .reading import Reading
from .verdict import Problem, ProblemKind
from .word_kinds import MONEY
from .words import Word, stem, tokenize

_PAYING = frozenset(map(stem, "pay paid payable cost charge chargeable fee price buy purchase surcharge bill".split()))


_EARNED = frozenset("interest dividend dividends compensation damages tax taxes attention".split())
"""What may be paid and is no price: an account that pays no interest is not free."""


def check_free(match: Match) -> Iterator[Problem]:
    """Refuse a price for what the passage gives free, and "free" for what it names a price of."""
    paid = any(match.evidence.figures[each].kind == MONEY and match.evidence.figures[each].value != 0 for each in match.figures.values())
    mine, theirs = _find_price(match.sentence, None), _find_price(match.evidence, match)
    if mine == "paid" and theirs == "free" and not paid:
        yield Problem(ProblemKind.NEGATION, "The passage says that it is free.")
    if mine == "free" and theirs == "paid":
        yield Problem(ProblemKind.NEGATION, "The passage does not say that it is free.")


def _find_price(reading: Reading, match: Match | None) -> str:
    """Return "free" or "paid" for what a statement says of its price; empty if it says neither."""
    places = [at for at in range(len(reading.words)) if match is None or match.is_home(at)]
    free = any(_is_free(reading, at) for at in places)
    prices = [figure for figure in reading.figures if figure.kind == MONEY]
    money = [each for each in prices if match is None or match.is_home(min(each.first, len(reading.words) - 1))]
    if free or (prices and all(figure.value == 0 for figure in prices)):
        return "free"
    paying = [at for at in places if reading.words[at].stem in _PAYING and at not in reading.figured]
    denied = not any(word.text.casefold() in _EARNED for word in reading.words) and any(
        reading.segments[reading.segment_of[at]].negative for at in paying
    )
    if paying and denied:
        return "free"
    return "paid" if paying or money else ""


def _is_free(reading: Reading, at: int) -> bool:
    word = reading.words[at]
    hyphened = reading.text[max(0, word.start - 1) : word.start] == "-"
    return not hyphened and at not in reading.without and not _free().isdisjoint(word.senses) and not _is_included(word)


def _free() -> frozenset[int]:
    return tokenize("free")[0].senses & tokenize("complimentary")[0].senses


def _is_included(word: Word) -> bool:
    return word.text.casefold().startswith("includ")
