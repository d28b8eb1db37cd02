"""What a text says in numbers: an amount with its unit, period and bound; a date; a number that only names something."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What a number counts."""

    MONEY = "money"
    PERCENT = "percent"
    MEASURE = "measure"  # a physical or data unit, or a length of time: 250 g, 20 GB, 3 months
    COUNT = "count"  # things: 40 shops
    YEAR = "year"  # 1958; of a decade ("the 1990s") the first, with the unit "decade"
    TIME = "time"  # a time of day in hours: 9:30 pm is 21.5
    ORDINAL = "ordinal"  # 3rd
    PLAIN = "plain"  # nothing beside it says what it counts


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in a text.

    `unit` is canonical: an ISO currency ("USD" for "$" unless the text says otherwise), "%", "km", "kg", "hour", "month", or the counted
    noun's singular ("40 shops": "shop"). `per` is canonical and sorted: ("month", "user"), ("100 g",). `bound` is "", "from", "up to",
    "about", "over", "under" or "plus". `old` means struck through (~~ ~~). `span` covers number, unit and period.
    """

    value: Decimal
    kind: Kind
    unit: str = ""
    per: tuple[str, ...] = ()
    bound: str = ""
    old: bool = False
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date in a text, as exact as the text is; an ambiguous one (03/04/2024) has its year only."""

    year: int
    month: int | None
    day: int | None
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Label:
    """A number that names something and counts nothing: a telephone number, postcode, version, house number, or a day without its year."""

    text: str
    span: tuple[int, int]
