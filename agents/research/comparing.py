"""Sentences that compare, built from checked claims: the same thing in the same currency, number of places, staff, age.

Each names the claims that it rests on, and says only what their amounts say: nothing is converted, and nothing is compared that has another
unit or period.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from sayso.tools.quantities import Amount, Kind, find_amounts
from sayso.tools.truth.words import is_light, tokenize

from . import aspects as known
from .aspects import count_cues
from .money_words import choose_mixed_signs, write_money
from .report_values import Competitor, Point

MOST_POINTS = 8
_MOST_ITEMS = 4
_SIZES = frozenset(
    "single double triple large small medium regular classic special deluxe basic standard premium plus pro full half mini".split()
)
"""Last words of names that are not what the thing is: "Tonkotsu Double", "Lamp Large"."""
_LONGEST_ITEM = 5
_FOUNDED = re.compile(
    r"(?i:\bfound(?:ed|ing|er)|\bestablished\b|\bstarted (?:by|in)\b|\bopened:|"
    r"\b(?:we|it|he|she|who|business|company|shop|\w+) (?:started|began)\b|opened (?:the|our|"
    r"its|his|her|their) "
    r"(?:\w+ )?(?:first|doors)|\bfirst \w+ opened|gegründet|gründung|gründete|fondée?\b|fondation|fundad[oa]|fundó|opgericht|grundat|"
    r"stiftet)|創業|設立"
)
_STAFF = re.compile(
    r"(?i:\bemploy|\bstaff\b|\bpeople (?:work|at|in our)|\bteam of\b|mitarbeiter|beschäftig|salarié|emplead|medewerkers)|従業員|社員"
)
_BUSINESS = re.compile(
    r"(?i:\b(?:we|our|chain|group|company|family|is an?|has|have|runs?|there are|number of)\b|\b(?:wir|unsere?|nous|nos)\b)"
)


@dataclass(frozen=True, slots=True)
class ComparedFact:
    """A numbered claim of a comparison."""

    number: int
    name: str
    topic: str
    text: str


class _Told(NamedTuple):
    """What one company says of a thing that is compared."""

    name: str
    value: Decimal
    said: str
    number: int


def compare_columns(columns: Sequence[Competitor]) -> tuple[Point, ...]:
    """Return the points of a comparison; the numbers are those of the columns' claims, counted from 1 in their order."""
    told = ((column.name, claim) for column in columns for claim in column.claims)
    rows = [ComparedFact(number, name, claim.topic, claim.text) for number, (name, claim) in enumerate(told, 1) if not claim.old]
    return compare_rows(rows)


def compare_rows(rows: Sequence[ComparedFact]) -> tuple[Point, ...]:
    """Return the points of a comparison of numbered claims."""
    read = [(row, find_amounts(row.text)) for row in rows]
    mixed = choose_mixed_signs(amount.unit for _, amounts in read for amount in amounts if amount.kind is Kind.MONEY)
    points = [*_compare_places(read), *_compare_ages(read), *_compare_staff(read), *_compare_prices(read, mixed)]
    return tuple(points[:MOST_POINTS])


def _compare_ages(read: Sequence[tuple[ComparedFact, Sequence[Amount]]]) -> Iterator[Point]:
    told: dict[str, _Told] = {}
    for row, amounts in read:
        years = [amount for amount in amounts if amount.kind is Kind.YEAR and not amount.unit]
        found = _FOUNDED.search(row.text)
        if not years or not found:
            continue
        begin, end = row.text.rfind(". ", 0, found.start()) + 1, row.text.find(". ", found.end())
        years = [year for year in years if begin <= year.span[0] and (end < 0 or year.span[0] < end)]  # in the same sentence
        if not years:
            continue
        place = found.end()
        year = min(years, key=lambda amount: abs(amount.span[0] - place))
        if row.name not in told or year.value < told[row.name].value:
            told[row.name] = _Told(row.name, year.value, str(year.value), row.number)
    if len(told) > 1:
        ordered = sorted(told.values(), key=lambda each: each.value)
        if ordered[0].value < ordered[-1].value:
            listed = ", ".join(f"{each.name} {each.said}" for each in ordered)
            yield Point(f"Oldest first, by the year in which each says that it began: {listed}.", tuple(each.number for each in ordered))


def _compare_places(read: Sequence[tuple[ComparedFact, Sequence[Amount]]]) -> Iterator[Point]:
    told: dict[str, _Told] = {}
    for row, amounts in read:
        for amount in amounts:
            if amount.kind is not Kind.COUNT or amount.bound not in ("", "from", "over", "plus", "about") or not _is_place(amount.unit):
                continue
            if not (_BUSINESS.search(row.text) or row.text.startswith(row.name)):
                continue
            said = " ".join(row.text[slice(*amount.span)].split())
            if row.name not in told or amount.value > told[row.name].value:
                told[row.name] = _Told(row.name, amount.value, said, row.number)
    yield from _list_highest("Most places first, by their own count", told)


_REGIONS = frozenset("city cities town towns area street ville stadt ciudad calle map address office".split())
"""What counts how far a business reaches, and not how many places it has: three cities beside nine shops are no comparison."""


def _is_place(unit: str) -> bool:
    return (unit not in _REGIONS and not unit.startswith(("citi", "town")) and count_cues(unit, known.LOCATIONS) > 0) or unit in (
        "café",
        "cafe",
        "outlet",
        "site",
        "filialen",
        "boutique",
        "店舗",
        "studio",
        "salon",
        "station",
    )


def _compare_staff(read: Sequence[tuple[ComparedFact, Sequence[Amount]]]) -> Iterator[Point]:
    told: dict[str, _Told] = {}
    for row, amounts in read:
        counts = [amount for amount in amounts if amount.kind in (Kind.COUNT, Kind.PLAIN) and amount.value >= 1]
        if counts and _STAFF.search(row.text) and row.name not in told:
            said = f"{counts[0].value.normalize():f}"
            told[row.name] = _Told(row.name, counts[0].value, said, row.number)
    yield from _list_highest("Most people first, by their own count", told)


def _list_highest(title: str, told: Mapping[str, _Told]) -> Iterator[Point]:
    if len(told) > 1:
        ordered = sorted(told.values(), key=lambda each: -each.value)
        listed = ", ".join(f"{each.name} {each.said}" for each in ordered)
        yield Point(f"{title}: {listed}.", tuple(each.number for each in ordered))


class _Price(NamedTuple):
    """A price of one thing: `head` is the stem of the thing's last word ("bike" of "City bike, per day"), `column` what the price is "
    "for."""

    row: ComparedFact
    amount: Amount
    item: str
    head: str
    column: str
    shown: str


def _compare_prices(read: Sequence[tuple[ComparedFact, Sequence[Amount]]], mixed: frozenset[str]) -> Iterator[Point]:
    """Yield for each thing that most companies price, in one currency and for one period, who asks how much for it at the least."""
    groups: dict[tuple[str, str, str, tuple[str, ...]], list[_Price]] = {}
    for price in _read_prices(read):
        groups.setdefault((price.head, price.column, price.amount.unit, price.amount.per), []).append(price)
    compared = sorted(((_find_lowest(prices), prices) for prices in groups.values()), key=lambda pair: -len(pair[0]))
    for lowest, prices in compared[:_MOST_ITEMS]:
        if len(lowest) > 1:
            shown = Counter(price.shown for price in prices).most_common(1)[0][0]
            yield Point(_write_prices(shown, lowest, mixed), tuple(price.row.number for price in lowest))


def _read_prices(read: Sequence[tuple[ComparedFact, Sequence[Amount]]]) -> Iterator[_Price]:
    for row, amounts in read:
        money = [amount for amount in amounts if amount.kind is Kind.MONEY and not amount.old]
        if len(money) != 1 or money[0].bound in ("up to", "under", "about") or ":" not in row.text[: money[0].span[0]]:
            continue
        item = row.text[: money[0].span[0]].rpartition(":")[0].strip()
        thing, _, column = re.sub(r" \([^()]*\)|\([^()]*\)", "", item).partition(", ")
        column = "" if count_cues(column, known.PRICES) else column.casefold()
        words = [word for word in tokenize(thing.partition(" - ")[0]) if not is_light(word) and len(word.text) > 2]
        if words and len(words) <= _LONGEST_ITEM and words[-1].text.isalpha() and words[-1].text.casefold() not in _SIZES:
            yield _Price(row, money[0], item, words[-1].stem, column, f"{words[-1].text.casefold()}{f', {column}' if column else ''}")


def _find_lowest(prices: Iterable[_Price]) -> list[_Price]:
    """Return each company's lowest price, the lowest first."""
    lowest: dict[str, _Price] = {}
    for price in prices:
        known_price = lowest.get(price.row.name)
        if known_price is None or price.amount.value < known_price.amount.value:
            lowest[price.row.name] = price
    return sorted(lowest.values(), key=lambda price: price.amount.value)


def _write_prices(word: str, lowest: Sequence[_Price], mixed: frozenset[str]) -> str:
    period = f" per {' and '.join(lowest[0].amount.per)}" if lowest[0].amount.per else ""
    listed = "; ".join(f"{price.row.name} {_write_price(price, mixed)}" for price in lowest)
    same_thing = len({price.item.casefold() for price in lowest}) == 1
    cheapest = f" {lowest[0].row.name} is the cheapest of these." if same_thing and lowest[0].amount.value < lowest[1].amount.value else ""
    return f"The lowest price that each names for “{word}”{period}: {listed}.{cheapest}"


def _write_price(price: _Price, mixed: frozenset[str]) -> str:
    item = re.sub(r" \([^()]*\)|\([^()]*\)", "", price.item.partition(" - ")[0]).removesuffix(", price").strip()
    bound = "from " if price.amount.bound in ("from", "plus") else ""
    return f"{bound}{write_money(price.amount.value, price.amount.unit, mixed)} ({item})"
