"""Charts of the prices that compare: for each site from the lowest to the highest, of one thing, in one currency and for one period.

By hand rather than with matplotlib: it is a bar for each site, its numbers are text that scales, prints, is read aloud and follows the
page's colours, and it must not bring a package of 30 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .price_terms import Price, read_prices
from .report_values import Competitor

LEAST = 2
"""The fewest sites that a chart compares."""
MOST_CHARTS = 4


@dataclass(frozen=True, slots=True)
class PriceRange:
    """The prices of a site, the lowest and the highest, and how many there are."""

    name: str
    lowest: Price
    highest: Price
    count: int


@dataclass(frozen=True, slots=True)
class PriceComparison:
    """Prices that compare: of one thing ("" for plans, which have names of their own), in one currency (ISO code), for one period.

    The ranges stand in the order of their lowest prices.
    """

    thing: str
    unit: str
    per: tuple[str, ...]
    ranges: tuple[PriceRange, ...]

    @property
    def title(self) -> str:
        """Return what is compared: "Bike per day, in EUR"."""
        per = f" per {' and '.join(self.per)}" if self.per else ""
        return f"{self.thing.capitalize() or 'Plans'}{per}, in {self.unit}"

    @property
    def is_mixed(self) -> bool:
        """Return whether the dollar, pound or crown sign of one site may mean another currency than that of the next."""
        return self.unit in ("USD", "GBP", "SEK") and not all(each.lowest.has_code for each in self.ranges)


def compare_prices(columns: Sequence[Competitor]) -> tuple[PriceComparison, ...]:
    """Return the prices of the columns that compare, those that most sites have first.

    Nothing is converted: a price compares with one of the same currency and for the same period or amount; and of the same thing, except
    where both are paid each month or year.
    """
    groups: dict[tuple[str, str, tuple[str, ...]], list[Price]] = {}
    for price in read_prices(columns):
        thing = "" if price.is_subscription else price.thing
        if thing or price.is_subscription:
            groups.setdefault((thing, price.unit, price.per), []).append(price)
    compared = [_compare(prices) for prices in groups.values()]
    compared = [each for each in compared if len(each.ranges) >= LEAST]
    order = {column.name: place for place, column in enumerate(columns)}
    compared.sort(key=lambda each: (-len(each.ranges), min(order[found.name] for found in each.ranges)))
    return tuple(compared[:MOST_CHARTS])


def _compare(prices: Sequence[Price]) -> PriceComparison:
    by_site: dict[str, list[Price]] = {}
    for price in prices:
        by_site.setdefault(price.company, []).append(price)
    ranges = [_find_range(name, found) for name, found in by_site.items()]
    first = prices[0]
    return PriceComparison(
        "" if first.is_subscription else first.shown, first.unit, first.per, tuple(sorted(ranges, key=lambda each: each.lowest.value))
    )


def _find_range(name: str, prices: Iterable[Price]) -> PriceRange:
    ordered = sorted(prices, key=lambda price: price.value)
    return PriceRange(name, ordered[0], ordered[-1], len(ordered))
