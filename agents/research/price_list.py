"""A price list among the claims of an aspect: what is cheapest and what is dearest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sayso.tools.quantities import Kind, find_amounts

from .report_values import Claim

FEWEST = 4
"""How many prices make a list."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices of things in one currency and for one unit, from the cheapest to the dearest."""

    claims: tuple[Claim, ...]

    @property
    def low(self) -> Claim:
        """Return the claim with the lowest price."""
        return self.claims[0]

    @property
    def high(self) -> Claim:
        """Return the claim with the highest price."""
        return self.claims[-1]

    def describe(self) -> str:
        """Return the list in a few words: "22 prices, 2.95 USD to 10.75 USD"."""
        return f"{len(self.claims)} prices, {self.low.value} to {self.high.value}"


def find_price_list(claims: Sequence[Claim]) -> PriceList | None:
    """Return the longest list of current prices in one currency and for one unit; None where there is none."""
    groups: defaultdict[tuple[str, tuple[str, ...]], list[tuple[Decimal, int, Claim]]] = defaultdict(list)
    for place, claim in enumerate(claims):
        if not claim.subject or not claim.value or claim.old:
            continue
        amounts = [amount for amount in find_amounts(claim.value) if amount.kind is Kind.MONEY]
        if len(amounts) == 1 and not amounts[0].old:
            groups[amounts[0].unit, amounts[0].per].append((amounts[0].value, place, claim))
    longest = max(groups.values(), key=len, default=[])
    return PriceList(tuple(claim for _, _, claim in sorted(longest, key=lambda row: row[:2]))) if len(longest) >= FEWEST else None
