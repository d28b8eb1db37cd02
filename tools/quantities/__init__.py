"""The numbers of a text: amounts with currency, unit, period and bound, in any script; dates; and what is only a number by its looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import lazily

if TYPE_CHECKING:
    from .amounts import find_amounts as find_amounts
    from .amounts import find_labels as find_labels
    from .dates import find_dates as find_dates
    from .found import Amount as Amount
    from .found import FoundDate as FoundDate
    from .found import Kind as Kind
    from .found import Label as Label
    from .normalise import monthly_price as monthly_price
    from .normalise import unit_price as unit_price

_PLACES = {
    "Amount": "found",
    "FoundDate": "found",
    "Kind": "found",
    "Label": "found",
    "find_amounts": "amounts",
    "find_dates": "dates",
    "find_labels": "amounts",
    "monthly_price": "normalise",
    "unit_price": "normalise",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
