"""A chart of the prices that compare: for each site the lowest to the highest, in one currency and for one period, as SVG.

By hand rather than with matplotlib: it is a bar for each site, it must be text that scales, prints and follows the page's colours, and it
must not bring a package of 30 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from sayso.tools.quantities import Kind, find_amounts

from .report_values import Claim, Competitor

ROW, LEFT, WIDTH, RIGHT = 30, 170, 640, 110
LEAST = 2
"""The fewest sites that a chart compares."""


@dataclass(frozen=True, slots=True)
class PriceRange:
    """The prices of a site: the lowest, the highest, and how many claims they are from."""

    name: str
    lowest: Decimal
    highest: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class PriceComparison:
    """Prices that compare: one currency (ISO code), one period or measure ("" for a price of something), a range for each site."""

    unit: str
    per: tuple[str, ...]
    ranges: tuple[PriceRange, ...]

    @property
    def title(self) -> str:
        """Return what is compared: "Prices in EUR per month"."""
        return f"Prices in {self.unit}" + (f" per {' and '.join(self.per)}" if self.per else "")


def compare_prices(columns: Sequence[Competitor]) -> PriceComparison | None:
    """Return the prices that most of the columns have in one unit; None where no two columns have any."""
    found: dict[tuple[str, tuple[str, ...]], dict[str, list[Decimal]]] = {}
    for column in columns:
        for claim in column.claims:
            for unit, per, value in _find_prices(claim):
                found.setdefault((unit, per), {}).setdefault(column.name, []).append(value)
    best = max(found.items(), key=lambda item: (len(item[1]), sum(map(len, item[1].values()))), default=None)
    if best is None or len(best[1]) < LEAST:
        return None
    (unit, per), prices = best
    return PriceComparison(unit, per, tuple(PriceRange(name, min(each), max(each), len(each)) for name, each in prices.items()))


def _find_prices(claim: Claim) -> list[tuple[str, tuple[str, ...], Decimal]]:
    """Return the prices of a claim: those of a sentence about prices, or of a value of a page's data. Sales and salaries are none."""
    if claim.old or not (claim.value or "price" in claim.topic.lower()):
        return []
    amounts = find_amounts(claim.value or claim.text)
    return [(each.unit, each.per, each.value) for each in amounts if each.kind is Kind.MONEY and not each.old and 0 < each.value < 100_000]


def draw_prices(prices: PriceComparison) -> str:
    """Return the chart as an SVG element, with its numbers as text."""
    most = max(each.highest for each in prices.ranges)
    scale = Decimal(WIDTH - LEFT - RIGHT) / (most or 1)
    rows = [_draw_row(each, place, scale) for place, each in enumerate(prices.ranges)]
    height = ROW * len(prices.ranges) + 8
    label = escape(f"{prices.title}: " + "; ".join(f"{each.name} {_say_range(each)}" for each in prices.ranges))
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}" class="chart">{"".join(rows)}</svg>'


def _draw_row(each: PriceRange, place: int, scale: Decimal) -> str:
    top = ROW * place + 6
    start, end = LEFT + each.lowest * scale, LEFT + each.highest * scale
    name = each.name if len(each.name) <= 24 else f"{each.name[:23]}…"
    return (
        f'<text x="{LEFT - 10}" y="{top + 14}" text-anchor="end">{escape(name)}</text>'
        f'<rect class="scale" x="{LEFT}" y="{top + 8}" width="{start - LEFT:.1f}" height="2"/>'
        f'<rect class="bar" x="{start - 3:.1f}" y="{top}" width="{end - start + 6:.1f}" height="18" rx="3"/>'
        f'<text x="{end + 10:.1f}" y="{top + 14}">{escape(_say_range(each))}</text>'
    )


def _say_range(each: PriceRange) -> str:
    return f"{each.lowest:f}" if each.lowest == each.highest else f"{each.lowest:f} to {each.highest:f}"
