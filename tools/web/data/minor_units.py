"""Prices that a page's scripts count in cents: 9500 where the page shows 95.00."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..fields import Field
from .money import find_money

_BARE = re.compile(r"[1-9]\d{2,8}")
_PRICE_NAME = re.compile(r"(?:^|\s)(?:price|amount|cost|fee|preis|prix|precio)s?(?:$|\s)")


def write_whole_units(fields: Sequence[Field], visible: str) -> list[Field]:
    """Return the fields with prices of scripts as the page shows them; of those of which it shows neither form, none.

    Whole numbers without a currency say nothing alone: they may be cents, and the page shows in which way they are meant.
    """
    bare = [field for field in fields if _is_bare(field)]
    if not bare:
        return list(fields)
    shown = {_read(visible[start:end]): visible[start:end] for start, end in find_money(visible)[:500]}
    in_cents = any(int(field.value) in shown for field in bare) and not any(100 * int(field.value) in shown for field in bare)
    if not in_cents:
        return list(fields)
    sign = next(iter(sorted(shown.values(), key=len)), "")
    return [replace(field, value=_write(int(field.value), sign)) if _is_bare(field) else field for field in fields]


def _is_bare(field: Field) -> bool:
    return field.place == "scripts" and bool(_BARE.fullmatch(field.value)) and bool(_PRICE_NAME.search(field.name))


def _read(price: str) -> int:
    """Return a price as it is shown in cents; 0 for one that cannot be read."""
    number = re.search(r"\d[\d.,'’ \xa0]*", price)
    text = re.sub(r"[^\d.,]", "", number[0]).rstrip(".,") if number else ""
    found = re.fullmatch(r"([\d.,]*?)(?:[.,](\d\d))?", text)
    return int(re.sub(r"\D", "", found[1]) or 0) * 100 + int(found[2] or 0) if found else 0


def _write(cents: int, like: str) -> str:
    """Return a number of cents as a price with the currency that another one has."""
    amount = f"{cents // 100}.{cents % 100:02}" if cents % 100 else str(cents // 100)
    return re.sub(r"\d[\d.,'’ \xa0]*\d|\d", amount, like, count=1)
