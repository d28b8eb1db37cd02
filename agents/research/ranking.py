"""Which of several claims of one fact is kept, what no longer holds, and in which order a site's claims are told."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from sayso.tools.quantities import Kind, find_amounts
from sayso.tools.truth.words import Word, find_words, is_light_stem, stem, tokenize
from sayso.tools.web import find_quote

from . import aspects as known
from .aspects import Aspect, count_cues
from .fitting import DEFINES, rate
from .holding import BEGAN, VOLATILE, is_past, is_stale
from .report_values import Claim
from .sentences import find_stated
from .site_identity import squash_letters
from .site_names import squash_name

if TYPE_CHECKING:
    from .state import VisitedPage

_COUNTER = re.compile(r"^\W*(?:[^\W\d]+ )?\d{1,2}[.:)]\s+")
"""What stands before an item of a list: "Tip 7:", "3."."""
_HOURS = re.compile(r"(\d{1,2}:\d\d)\s?[-–]\s?(\d{1,2}:\d\d)")
LONG_NAME = 4
"""A thing with a name of more words than this is described: "Chrome Burger (mustard, pickle, grilled onion)"."""
MOST_OF_AN_ASPECT = 12
"""How many quoted sentences of one aspect a site has in the report; facts from its data are told in full."""
SHORT_TEXT = 6
"""An address in a script without spaces has more characters than these."""
SAME = 0.8
"""Two sentences with so many of their words in common say the same."""
MANY_WORDS = 4
"""A sentence of fewer words than these is kept beside a longer one that has them all."""


def rank_claims(claims: Sequence[Claim], pages: Sequence[VisitedPage], company: str, aspects: Sequence[Aspect]) -> tuple[Claim, ...]:
    """Return a site's claims without what no longer holds and without repetition, by aspect, the best first.

    Of two that say the same thing the one from data is kept, else the newer, else the one that says more. Of two that contradict each other
    the newer one is kept where the pages say which that is, and one that it overrules, as a claim that no longer holds.
    """
    today = max((page.fetched_at[:10] for page in pages), default="")
    dated = [_date(claim, pages, company, today) for claim in claims]
    in_data = [_find_data_figures(page) for page in pages]
    read = [_Fact(claim, company) for claim in dated if claim is not None]
    labels = [frozenset(squash_letters(each) for field in page.fields for each in (field.subject, field.name)) for page in pages]
    facts = [fact for fact in read if not fact.is_in_data(in_data[fact.claim.source], labels[fact.claim.source])]
    current = [fact for fact in facts if not fact.claim.old and not _is_old_news(fact.claim, pages[fact.claim.source], today)]
    undated_money = any(fact.money and not is_stale(fact.claim.dated, today) for fact in current)
    current = [fact for fact in current if not (undated_money and fact.is_volatile and is_stale(fact.claim.dated, today))]
    told = _Told()
    for fact in sorted(current, key=_weigh, reverse=True):
        if not told.has_like(fact):
            told.add(fact)
    kept = _cap(told.drop_beginnings())
    kept += _choose_overruled(facts, kept)
    order = {id(fact): place for place, fact in enumerate(facts)}
    return tuple(fact.claim for fact in sorted(kept, key=lambda fact: _place(fact, aspects, order)))


def _choose_overruled(facts: Sequence[_Fact], kept: Sequence[_Fact]) -> list[_Fact]:
    """Return what does not hold because a kept fact says otherwise: for each of these the newest such statement, as an old claim."""
    chosen: dict[int, _Fact] = {}
    told = {id(fact) for fact in kept}
    passing = [(place, other) for place, other in enumerate(kept) if other.passing]
    for fact in sorted((each for each in facts if each.passing and id(each) not in told), key=_weigh, reverse=True):
        by = next((place for place, other in passing if place not in chosen and fact.is_contradicted_by(other)), None)
        if by is not None and not any(fact.is_said_by(other) for other in (*kept, *chosen.values())):
            chosen[by] = fact
    for fact in chosen.values():
        fact.claim = replace(fact.claim, old=True)
    return list(chosen.values())


def contradicts(claim: Claim, newer: Claim, company: str) -> bool:
    """Return whether a newer claim says another figure of what an older one tells."""
    return _Fact(claim, company).is_contradicted_by(_Fact(newer, company))


def _is_old_news(claim: Claim, page: VisitedPage, today: str) -> bool:
    """Return whether a claim stands under a date of its own that is long ago, as an item of news does."""
    return claim.written != "data" and claim.dated != page.published[:10] and is_stale(claim.dated, today)


def _read_stems(text: str) -> list[tuple[str, str]]:
    """Return the words of a text with their stems. What they may say in other words is another matter, and costs most of `tokenize`."""
    return [(word, stem(word)) for word, _, _ in find_words(text)]


def _place(fact: _Fact, aspects: Sequence[Aspect], order: Mapping[int, int]) -> tuple[int, int, int]:
    """Return where a claim stands: by aspect; what the business is first, then data, then sentences in their order, then what is past."""
    names = [aspect.name for aspect in aspects]
    topic = names.index(fact.claim.topic) if fact.claim.topic in names else len(names)
    defines = bool(DEFINES.search(fact.claim.text[:90])) and fact.claim.written != "data"
    is_cell = fact.claim.written == "data" and not fact.is_about_business
    return topic, 4 if fact.claim.old else 0 if defines else 1 if is_cell else 2 if fact.claim.written != "data" else 3, order[id(fact)]


def _cap(facts: Sequence[_Fact]) -> list[_Fact]:
    """Return the facts without the sentences of an aspect that say least, where there are too many."""
    quoted: dict[str, list[_Fact]] = {}
    for fact in facts:
        if fact.claim.written != "data":
            quoted.setdefault(fact.claim.topic, []).append(fact)
    left_out = {
        id(fact)
        for same in quoted.values()
        for fact in sorted(same, key=lambda each: -rate(each.claim.text, each.amounts))[MOST_OF_AN_ASPECT:]
    }
    return [fact for fact in facts if id(fact) not in left_out]


def _date(claim: Claim, pages: Sequence[VisitedPage], company: str, today: str) -> Claim | None:
    """Return a claim with the date of its statement; None if the statement is past by its own words."""
    page = pages[claim.source]
    if claim.dated or claim.written == "data":
        return replace(claim, dated=claim.dated or page.published[:10])
    span = find_quote(claim.quote, page.text)
    stated = find_stated(page.text, company, page.published) if span else ()
    first = next((each for each in stated if span and each.span[0] < span[1] and span[0] < each.span[1]), None)
    if first is not None and is_past(first.text, first.own, first.amounts, today):
        return None
    return replace(claim, dated=first.dated if first is not None else page.published[:10])


def _find_data_figures(page: VisitedPage) -> frozenset[Decimal]:
    """Return the figures that a page holds as data."""
    texts = (f"{field.subject} | {field.name}: {field.value}" for field in page.fields)
    return frozenset(amount.value for text in texts for amount in find_amounts(text))


class _Fact:
    """A claim with what it says in figures and words."""

    def __init__(self, claim: Claim, company: str) -> None:
        self.claim = claim
        self.amounts = tuple(amount for amount in find_amounts(_HOURS.sub(r"\1 to \2", _COUNTER.sub("", claim.text))) if not amount.old)
        self.figures = frozenset((amount.value, amount.unit if amount.kind is Kind.MONEY else "") for amount in self.amounts)
        own = squash_name(company)
        # The heading over a label and its value is no part of what they say.
        is_label = claim.written == "data" and not claim.subject and bool(claim.name) and claim.value != claim.text
        self._said = f"{claim.name}: {claim.value}" if is_label else claim.text
        stems = _read_stems(claim.text)
        self.all_stems = frozenset(root for _, root in stems)
        # The words that carry meaning; all of them, where none does ("Basic service: 89").
        words = [(at, *each) for at, each in enumerate(_read_stems(self._said) if is_label else stems) if each[0].isalpha()]
        words = [(at, word, root) for at, word, root in words if not is_light_stem(word, root)] or words
        self._places = [at for at, _, _ in words]
        self.stems = frozenset(root for _, word, root in words if not (name := squash_name(word)) or name not in own)
        self.money = frozenset((amount.value, amount.unit) for amount in self.amounts if amount.kind is Kind.MONEY)
        self.kinds = frozenset((amount.kind, amount.unit) for amount in self.amounts)
        self.overruled_in = frozenset((kind, unit) for kind, unit in self.kinds if kind in (Kind.MONEY, Kind.COUNT, Kind.PERCENT))
        self.passing = frozenset((amount.kind, amount.unit, amount.per) for amount in self.amounts if amount.kind in VOLATILE)
        self.is_volatile = any(amount.kind in (Kind.MONEY, Kind.PERCENT, Kind.TIME, Kind.COUNT) for amount in self.amounts)
        self.is_about_business = claim.written == "data" and not claim.subject and claim.value != claim.text
        self.is_sentence = claim.written == "data" and (claim.value == claim.text or not (claim.subject or claim.name))
        self.subject = frozenset(root for _, root in _read_stems(claim.subject))

    @cached_property
    def _words(self) -> list[Word]:
        words = tokenize(self._said)
        return [words[at] for at in self._places]

    @cached_property
    def plain(self) -> list[frozenset[str | int]]:
        """The words that carry meaning but for the company's name: of each what it may say, by stem or by sense."""
        return [frozenset((word.stem, *word.senses)) for word in self._words if word.stem in self.stems]

    @cached_property
    def meanings(self) -> frozenset[str | int]:
        """All that the words may say."""
        return self.stems.union(*(word.senses for word in self._words))

    def is_in_data(self, figures: Collection[Decimal], labels: Collection[str]) -> bool:
        """Return whether this claim quotes a row that the page's data tells: all its figures, or, where it has none, what it is about."""
        if self.claim.written == "data":
            return False
        first = next(iter(find_amounts(self.claim.quote)), None)
        if self.money and first and first.span[0] < 3:  # a price that stands alone in its line
            return all(value in figures for value, _ in self.money)
        if " | " not in self.claim.quote:
            return False
        if quoted := find_amounts(self.claim.quote):
            return all(amount.value in figures for amount in quoted)
        return any(squash_letters(cell) in labels for cell in self.claim.quote.split(" | "))  # what it is about, or the columns

    def is_beginning_of(self, other: _Fact) -> bool:
        """Return whether a longer sentence says all of this one: "A founded B in 2018." beside "A founded B in 2018, after years in C"."""
        if other is self or self.money or len(other.stems) <= len(self.stems) or len(self.stems) < MANY_WORDS:
            return False
        if (self.claim.written == "data" and not self.is_sentence) or (other.claim.written == "data" and not other.is_sentence):
            return False
        return self.figures <= other.figures and len(self.stems - other.all_stems) <= bool(self.figures)

    def is_said_by(self, other: _Fact) -> bool:
        """Return whether another claim says the same: all figures of this one, about what has the same words."""
        if self.claim.written == other.claim.written == "data" and not (self.is_sentence and other.is_sentence):
            return self._is_same_cell(other)
        street = self.claim.value.partition(",")[0]
        is_street = len(street.split()) > 1 if street.isascii() else len(street) > SHORT_TEXT
        if self.is_about_business and self.figures and is_street and squash_letters(street) in squash_letters(other.claim.text):
            return True  # an address, with or without its town
        if self.figures and not self.figures <= other.figures and not (self.money and other.subject):
            return False
        shared = self._share(other)
        if self.is_about_business and self.figures:
            label = {root for word, root in _read_stems(self.claim.name) if not is_light_stem(word, root)}
            if "found" in label and BEGAN.search(other.claim.text):
                return self.figures <= other.figures
            return self.figures <= other.figures and (
                shared >= 0.5 if not label else not label.isdisjoint(other.all_stems) or shared >= 0.7
            )
        if self.money and other.subject and other.subject <= self.all_stems and len(self.stems - other.all_stems) < 4:
            return self.money <= other.money  # "Espresso: $3.75, 380 calories" beside the price in the menu
        if self.figures:
            return self.figures <= other.figures and (shared >= 0.5 or (bool(other.subject) and other.subject <= self.all_stems))
        return shared >= (0.7 if self.is_about_business else SAME)

    def _is_same_cell(self, other: _Fact) -> bool:
        """Return whether two facts from data are one: the same cell, or the same price of the same thing in a table and in the page's "
        "data."""
        same_value = self.claim.subject == other.claim.subject and self.claim.value.rstrip(".") == other.claim.value.rstrip(".")
        if same_value and (self.claim.name == other.claim.name or len(self.claim.value.split()) > 3):
            return True
        same_label = self.is_about_business and self.claim.name == other.claim.name
        if same_label and _sort_words(self.claim.value) == _sort_words(other.claim.value):
            return True  # "BS2 0XJ Bristol" and "Bristol BS2 0XJ"
        if other.subject and other.subject < self.subject and self.claim.name == other.claim.name:
            values, others = ({value for value, _ in fact.figures} for fact in (self, other))
            if values and values - others <= {amount.value for amount in find_amounts(self.claim.subject)}:
                return True  # a variant at the price of the thing itself
        mine, its = squash_name(self.claim.subject), squash_name(other.claim.subject)
        if self.money and self.money == other.money and min(len(mine), len(its)) > 2 and (mine.startswith(its) or its.startswith(mine)):
            return True  # "Chrome Burger (mustard, pickle)" in the menu, and "Chrome Burger" in the data, at one price
        is_price = bool(self.money) and (not self.claim.name or count_cues(self.claim.name, known.PRICES) > 0)
        return is_price and bool(self.subject) and self.subject == other.subject and self.money <= other.money

    def is_overruled_by(self, other: _Fact) -> bool:
        """Return whether a newer claim gives another figure for the same thing."""
        if self.claim.source == other.claim.source or not self.figures or not other.figures or not self.is_volatile:
            return False
        if not (self.claim.dated < other.claim.dated or (self.claim.dated and not other.claim.dated)):
            return False
        if self.figures & other.figures:
            return False
        shared = self.overruled_in & other.kinds
        counted = any(kind is Kind.COUNT for kind, _ in shared)
        return bool(shared) and (counted or (bool(other.subject) and other.subject <= self.all_stems) or self._share(other) >= 0.6)

    def is_contradicted_by(self, other: _Fact) -> bool:
        """Return whether a newer claim overrules this one and is about the same: one kind of figure, and the same words."""
        if self.passing.isdisjoint(other.passing) or not self.is_overruled_by(other):
            return False
        return (bool(other.subject) and other.subject <= self.all_stems) or (self._share(other) > 0.8 and other._share(self) > 0.8)

    def _share(self, other: _Fact) -> float:
        """Return which part of this claim's words the other one has, by stem or by sense."""
        if not self.stems:
            return 1.0
        if self.meanings.isdisjoint(other.meanings):
            return 0.0
        return sum(not word.isdisjoint(other.meanings) for word in self.plain) / max(1, len(self.plain))


class _Told:
    """Facts that are kept. They are found by what another fact shares with them, as most pairs share no figure and no word."""

    def __init__(self) -> None:
        self.facts: list[_Fact] = []
        self._by_figure: defaultdict[tuple[Decimal, str], list[_Fact]] = defaultdict(list)
        self._by_kind: defaultdict[tuple[Kind, str], list[_Fact]] = defaultdict(list)
        self._by_meaning: defaultdict[str | int, list[int]] = defaultdict(list)

    def add(self, fact: _Fact) -> None:
        """Keep a fact."""
        for figure in fact.figures:
            self._by_figure[figure].append(fact)
        for kind in fact.kinds:
            self._by_kind[kind].append(fact)
        for meaning in fact.meanings:
            self._by_meaning[meaning].append(len(self.facts))
        self.facts.append(fact)

    def has_like(self, fact: _Fact) -> bool:
        """Return whether a fact that was kept says the same as this one, or a newer figure."""
        return self._has_same(fact) or any(fact.is_overruled_by(other) for kind in fact.overruled_in for other in self._by_kind[kind])

    def _has_same(self, fact: _Fact) -> bool:
        if fact.claim.written == "data":
            return any(fact.is_said_by(other) for other in self.facts)
        if fact.figures:
            shared = next(iter(fact.money or fact.figures))  # who says the same says each of these
            return any(fact.is_said_by(other) for other in self._by_figure[shared])
        if not fact.plain:
            return bool(self.facts)
        shares = Counter[int]()
        for word in fact.plain:
            shares.update({place for meaning in word for place in self._by_meaning.get(meaning, ())})
        return max(shares.values(), default=0) / len(fact.plain) >= SAME

    def drop_beginnings(self) -> list[_Fact]:
        """Return the facts without those that a longer one begins with."""
        by_stem: defaultdict[str, list[_Fact]] = defaultdict(list)
        for fact in self.facts:
            for root in fact.all_stems:
                by_stem[root].append(fact)

        def find_longer(fact: _Fact) -> Sequence[_Fact]:
            if fact.figures:
                return self._by_figure[next(iter(fact.figures))]
            return min((by_stem[root] for root in fact.stems), key=len, default=())

        return [fact for fact in self.facts if not any(fact.is_beginning_of(other) for other in find_longer(fact))]


def _sort_words(text: str) -> list[str]:
    return sorted(re.findall(r"\w+", text.casefold()))


def _weigh(fact: _Fact) -> tuple[int, str, float]:
    """Return how much a claim is preferred to others of the same fact.

    First rows of tables, then sentences, then single data of the business; then the newer (no date is the current page), then the fuller.
    """
    rank = 0 if fact.is_about_business else 2 if fact.claim.written == "data" else 1
    words = min(12, len(fact.stems)) / 20
    return (
        rank,
        fact.claim.dated or "9999",
        len(fact.figures) + (-words if rank == 2 and fact.money and len(fact.subject) > LONG_NAME else words),
    )
