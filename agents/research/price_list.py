"""A price list among the claims of an aspect: what is cheapest and what is dearest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sayso.tools.quantities import Kind, find_amounts

from .money_words import write_money
from .report_values import Claim

FEWEST = 4
"""How many prices make a list."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices of things in one currency and for one unit, from the cheapest to the dearest."""

    claims: tuple[Claim, ...]
    lowest: Decimal
    highest: Decimal
    unit: str

    @property
    def low(self) -> Claim:
        """Return the claim with the lowest price."""
        return self.claims[0]

    @property
    def high(self) -> Claim:
        """Return the claim with the highest price."""
        return self.claims[-1]

    def describe(self, mixed: frozenset[str] = frozenset()) -> str:
        """Return the lowest and the highest price: "$2.95 – $10.75"; with codes where the sign is one of the `mixed`."""
        return f"{write_money(self.lowest, self.unit, mixed)} – {write_money(self.highest, self.unit, mixed)}"


def find_price_list(claims: Sequence[Claim]) -> PriceList | None:
    """Return the longest list of current prices in one currency and for one unit; None where there is none."""
    groups: defaultdict[tuple[str, tuple[str, ...]], list[tuple[Decimal, int, Claim]]] = defaultdict(list)
    for place, claim in enumerate(claims):
        if not claim.subject or not claim.value or claim.old:
            continue
        amounts = [amount for amount in find_amounts(claim.value) if amount.kind is Kind.MONEY]
        if len(amounts) == 1 and not amounts[0].old:
            groups[amounts[0].unit, amounts[0].per].append((amounts[0].value, place, claim))
    (unit, _), longest = max(groups.items(), key=lambda item: len(item[1]), default=(("", ()), []))
    if len(longest) < FEWEST:
        return None
    ordered = sorted(longest, key=lambda row: row[:2])
    return PriceList(tuple(claim for _, _, claim in ordered), ordered[0][0], ordered[-1][0], unit)
