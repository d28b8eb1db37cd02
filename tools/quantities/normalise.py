"""Prices made comparable: per month, per kilogram or litre. The amount that the text has stays as it is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from .found import Amount, Kind

_PER_MONTH = {"month": Decimal(1), "year": 1 / Decimal(12), "quarter": 1 / Decimal(3)}
_CONTENT = {
    "g": ("kg", Decimal("0.001")),
    "kg": ("kg", Decimal(1)),
    "mg": ("kg", Decimal("0.000001")),
    "oz": ("kg", Decimal("0.028349523125")),
    "lb": ("kg", Decimal("0.45359237")),
    "t": ("kg", Decimal(1000)),
    "ml": ("l", Decimal("0.001")),
    "cl": ("l", Decimal("0.01")),
    "dl": ("l", Decimal("0.1")),
    "l": ("l", Decimal(1)),
    "fl oz": ("l", Decimal("0.0295735295625")),
    "gal": ("l", Decimal("3.785411784")),
    "pt": ("l", Decimal("0.473176473")),
}


def monthly_price(amount: Amount) -> Amount | None:
    """Return a price per month, quarter or year as one per month, to the cent. None for any other amount."""
    period = next((each for each in amount.per if each in _PER_MONTH), None)
    if amount.kind is not Kind.MONEY or period is None:
        return None
    per = tuple(sorted({*amount.per, "month"} - ({period} - {"month"})))
    return replace(amount, value=_round(amount.value * _PER_MONTH[period]), per=per)


def unit_price(amount: Amount, content: Amount | None = None) -> Amount | None:
    """Return a price per kg or litre, to the cent: of "3 € per 100 g", or of 12 € with `content` 250 g. None for any other amount."""
    if amount.kind is not Kind.MONEY:
        return None
    if content is not None:
        found = _CONTENT.get(content.unit)
        per, size, rest = "", content.value, amount.per
    else:
        per = next((each for each in amount.per if each.rpartition(" ")[2] in _CONTENT or each in _CONTENT), "")
        number, _, unit = per.partition(" ") if per[:1].isdigit() else ("1", "", per)
        found, size, rest = _CONTENT.get(unit), Decimal(number), tuple(each for each in amount.per if each != per)
    if found is None or size <= 0:
        return None
    return replace(amount, value=_round(amount.value / (size * found[1])), per=tuple(sorted({*rest, found[0]})))


def _round(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"))
