"""How the report writes an amount of money in its own sentences and tables: one notation for one currency. Quotes stay as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from sayso.tools.quantities import Kind, find_amounts

from .report_values import Claim

_SIGNS = {
    **dict.fromkeys("USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP".split(), "$"),
    **dict.fromkeys("SEK NOK DKK ISK".split(), "kr"),
    **dict.fromkeys("JPY CNY".split(), "¥"),
    "EUR": "€", "GBP": "£", "INR": "₹", "KRW": "₩", "PLN": "zł", "CZK": "Kč", "BRL": "R$", "ZAR": "R", "TRY": "₺", "UAH": "₴", "THB": "฿",
    "ILS": "₪", "PHP": "₱",
}  # fmt: skip
_BEHIND = frozenset("SEK NOK DKK ISK PLN CZK".split())
_CENT = Decimal("0.01")


def find_mixed_signs(claims: Iterable[Claim]) -> frozenset[str]:
    """Return the signs that stand for more than one currency in these claims: "$", where one site's prices are in USD and one's in CAD."""
    amounts = (amount for claim in claims for amount in find_amounts(claim.value or claim.text))
    return choose_mixed_signs(amount.unit for amount in amounts if amount.kind is Kind.MONEY)


def choose_mixed_signs(units: Iterable[str]) -> frozenset[str]:
    """Return the signs that stand for more than one of these currencies."""
    by_sign: defaultdict[str, set[str]] = defaultdict(set)
    for unit in units:
        by_sign[_SIGNS.get(unit, "")].add(unit)
    return frozenset(sign for sign, found in by_sign.items() if sign and len(found) > 1)


def write_money(value: Decimal, unit: str, mixed: frozenset[str] = frozenset()) -> str:
    """Return an amount with the sign of its currency, or with its code where it has no sign or the sign is one of the `mixed`."""
    number = f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.2f}" if value == value.quantize(_CENT) else f"{value:f}"
    sign = _SIGNS.get(unit, "")
    if not sign or sign in mixed:
        return f"{number} {unit}"
    return f"{number} {sign}" if unit in _BEHIND else f"{sign}{number}"
