"""A claim beside its sources: the statement that it rests on, and which word and figure of it is which of the statement's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from sayso.tools.truth.figure_pairs import is_same_value
from sayso.tools.truth.figures import Figure, measure
from sayso.tools.truth.grammar import AUXILIARIES, DETERMINERS
from sayso.tools.truth.reading import Reading

from .likeness import measure_likeness, measure_name_likeness, weigh
from .source_reading import SourceReading, is_telling, spells_initials

LEAST = 0.35
"""The least likeness of two words that are taken for each other."""
_TOGETHER = 0.15
_AMOUNTS = frozenset({"measure", "money", "percent"})
_SHARES = frozenset({"money", "percent"})
_AGES = frozenset({"age", "aged", "old"})
_ABOUT = frozenset("about roughly around approximately nearly almost over more than circa some close".split())
_CROWNS = {"DKK", "SEK", "NOK", "ISK", "CZK"}
_POUNDS = {"GBP", "lb"}
"""A pound may be either."""
_ROUNDED = Decimal("0.05")
_NAME, _GIVEN, _FIGURE = 1.2, 0.5, 1.5


class WordPair(NamedTuple):
    """A word of a statement, by its place, and how well it says what a word of the claim says."""

    likeness: float
    place: int


class RemotePair(NamedTuple):
    """A word of another statement than the one that the claim rests on."""

    statement: int
    pair: WordPair


Table = Mapping[int, Sequence[WordPair]]
"""For places of words of the claim, the words of one statement that may say the same."""


@dataclass(frozen=True, slots=True)
class ReadClaim:
    """A claim beside all statements of its sources.

    `names` and `words` are the places of its names and other telling words; `tables` and `figures` have, for each statement, what may say
    the same: of words by place, of figures by number.
    """

    claim: Reading
    sources: SourceReading
    names: tuple[int, ...]
    words: tuple[int, ...]
    tables: tuple[Table, ...]
    figures: tuple[Mapping[int, Sequence[int]], ...]

    @property
    def places(self) -> tuple[int, ...]:
        """Return the places of all telling words."""
        return tuple(sorted((*self.names, *self.words)))


@dataclass(frozen=True, slots=True)
class Alignment:
    """A claim beside the statement that it rests on: `pairs` are words of that one, `remote` those that only others have."""

    read: ReadClaim
    best: int
    pairs: Mapping[int, WordPair]
    remote: Mapping[int, RemotePair]

    @property
    def claim(self) -> Reading:
        """Return the claim."""
        return self.read.claim

    @property
    def evidence(self) -> Reading:
        """Return the statement."""
        return self.read.sources.statements[self.best]

    @property
    def said(self) -> frozenset[int]:
        """Return the places of the statement that the claim says."""
        return frozenset(pair.place for pair in self.pairs.values())

    def find_claimed(self, place: int) -> list[int]:
        """Return the places of the claim that a word of the statement says."""
        return [at for at, pair in self.pairs.items() if pair.place == place]


def read_claim(claim: Reading, sources: SourceReading) -> ReadClaim:
    """Compare a claim with every statement of its sources."""
    names = sources.find_names(claim)
    words = tuple(at for at in range(len(claim.words)) if at not in names and is_telling(claim, at))
    tables = tuple(_compare_words(claim, names, words, each) for each in sources.statements)
    figures = tuple(_compare_figures(claim, each) for each in sources.statements)
    return ReadClaim(claim, sources, names, words, tables, figures)


def _compare_words(claim: Reading, names: Sequence[int], words: Sequence[int], statement: Reading) -> Table:
    found = dict[int, list[WordPair]]()
    for at in (*names, *words):
        text, is_name = claim.words[at].text, at in names
        for place, other in enumerate(statement.words):
            if place in statement.figured or (other.text.casefold() in AUXILIARIES | DETERMINERS and other.stem != claim.words[at].stem):
                continue
            likeness = measure_name_likeness(text, other.text) if is_name else measure_likeness(text, other.text)
            if is_name and not likeness and spells_initials(text, statement, place):
                likeness = 1.0
            if likeness >= LEAST:
                found.setdefault(at, []).append(WordPair(likeness, place))
    return found


def _compare_figures(claim: Reading, statement: Reading) -> Mapping[int, Sequence[int]]:
    found = dict[int, list[int]]()
    for number, figure in enumerate(claim.figures):
        same = [at for at, other in enumerate(statement.figures) if is_same_figure(figure, other, claim)]
        if same:
            found[number] = same
    return found


def is_same_figure(figure: Figure, other: Figure, claim: Reading) -> bool:
    """Return whether a statement's figure is the claim's: equal, in another unit, or rounded where the claim says "about"."""
    if other.kind == "date" and _is_decade(other) and not _is_decade(figure):
        return False  # "in 1980" is no "in the 1980s"
    if is_same_value(figure, other):
        if figure.kind == "count" and other.kind in _SHARES:
            return False  # "5 barrels" is no "5%"
        if figure.kind not in _AMOUNTS:
            return True
        if other.kind == "plain" and figure.unit == "year" and any(word.text.casefold() in _AGES for word in claim.words):
            return True  # "at the age of seven years"
        same = figure.unit == other.unit or {figure.unit, other.unit} == _POUNDS or {figure.unit, other.unit} <= _CROWNS
        return other.kind in _AMOUNTS and (same or (measure(figure) is not None and measure(figure) == measure(other)))
    for one, two in ((figure.value, other.value), (other.value, figure.value)):
        if isinstance(one, Decimal) and isinstance(two, tuple) and two[1] is None and one == two[0]:
            return True  # a year that is read as a number
    before = claim.words[figure.first - 1].text.casefold() if figure.first else ""
    return (bool(figure.bound) or before in _ABOUT) and _is_near(figure, other)


def _is_decade(figure: Figure) -> bool:
    return figure.shown.endswith("0s")


def _is_near(figure: Figure, other: Figure) -> bool:
    ours, theirs = measure(figure), measure(other)
    if ours is not None and theirs is not None:
        one, two = ours[1], theirs[1]
        if ours[0] != theirs[0]:
            return False
    elif isinstance(figure.value, Decimal) and isinstance(other.value, Decimal) and (figure.unit == other.unit or figure.kind == "count"):
        one, two = figure.value, other.value
    else:
        return False
    return bool(two) and abs(one - two) <= _ROUNDED * abs(two) and _count_digits(one) <= _count_digits(two)


def _count_digits(number: Decimal) -> int:
    """Return how many digits of a number say something: 2 of 4,500. What is rounded has no more of them."""
    return len(number.normalize().as_tuple().digits)


def rank_statements(read: ReadClaim) -> list[tuple[float, int]]:
    """Return the statements with how much of the claim each has, the best first. What many statements have counts less."""
    return sorted(((_rate(read, at), -at) for at in range(len(read.tables))), reverse=True)


def _rate(read: ReadClaim, at: int) -> float:
    table, count, total = read.tables[at], len(read.tables), 0.0
    for place in read.places:
        if place in table:
            word = read.claim.words[place]
            weight = weigh(word) if place in read.words else _GIVEN if read.sources.is_given(word) else _NAME
            having = sum(place in each for each in read.tables)
            rare = 1.0 if count < 2 else 1 - 0.6 * (having - 1) / (count - 1)
            total += weight * rare * max(table[place]).likeness
    total += _FIGURE * len(read.figures[at])
    return total / (1 + len(read.sources.statements[at].words) / 400)


def align(read: ReadClaim, best: int) -> Alignment:
    """WordPair the words of a claim with those of one statement, and the others with those of the nearest statement that has them."""
    table, pairs = read.tables[best], dict[int, WordPair]()
    options = {
        at: [pair for pair in table[at] if pair.likeness >= max(table[at]).likeness - _TOGETHER] for at in read.places if at in table
    }
    for at, found in options.items():
        if len(found) == 1:
            pairs[at] = found[0]
    for at, found in options.items():
        if len(found) > 1:
            pairs[at] = _choose(read, best, at, found, pairs)
    near = sorted(range(len(read.tables)), key=lambda each: (abs(each - best), each > best))
    remote = dict[int, RemotePair]()
    for at in read.places:
        where = next((each for each in near if at in read.tables[each]), None)
        if at not in pairs and where is not None:
            remote[at] = RemotePair(where, max(read.tables[where][at]))
    return Alignment(read, best, pairs, remote)


def _choose(read: ReadClaim, best: int, at: int, found: Sequence[WordPair], pairs: Mapping[int, WordPair]) -> WordPair:
    """Return the word that stands nearest to those which the neighbours of a word in the claim are paired with."""
    anchors = [pairs[each].place for each in sorted(pairs, key=lambda each: abs(each - at))[:2]]
    statement = read.sources.statements[best]
    figures = [
        statement.figures[other].first
        for number, others in read.figures[best].items()
        for other in others
        if abs(read.claim.figures[number].first - at) <= 3
    ]
    anchors += figures[:1]
    taken = {pair.place for pair in pairs.values()}

    def rate(pair: WordPair) -> tuple[bool, float]:
        return pair.place not in taken, pair.likeness + sum(1 / (1 + abs(pair.place - anchor)) for anchor in anchors)

    return max(found, key=rate)
