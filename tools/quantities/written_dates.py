"""Dates of a text that have more than a year, in the order and language in which it writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache

from ..quick_patterns import QuickChoice
from .found import FoundDate
from .labels import lines_with_digits
from .tables import MONTHS

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_YEAR = r"(?:1[5-9]|20|21)\d{2}(?!\d|[.,]\d|[\w])"
_WRITTEN = (
    # 2024-05-12, 2024/5/12, 2024.05.12; 12.05.2024, 12/05/2024; 2024年5月12日
    r"(?<![\d.-])(?P<iso_year>(?:1[5-9]|20|21)\d{2})(?P<sign>[-/.])(?P<iso_month>\d{1,2})(?P=sign)(?P<iso_day>\d{1,2})(?!\d|[.,-]\d)",
    r"(?<![\d.])(?P<iso2_year>(?:19|20)\d{2})-(?P<iso2_month>0[1-9]|1[0-2])(?![\d-])",
    r"(?<![\d./])(?P<first>\d{1,2})(?P<slash>[./-])[ ]?(?P<second>\d{1,2})(?P=slash)[ ]?"
    r"(?P<year>(?:(?:1[5-9]|20|21)\d{2}|\d{2}))(?!\d|[.,/-]\d)",
    r"(?P<east_year>\d{4})\s?年\s?(?P<east_month>\d{1,2})\s?月(?:\s?(?P<east_day>\d{1,2})\s?日)?",
    # 12 May 2024, 12. Mai 2024, 12 de mayo de 2024; May 12, 2024; May 2024, mayo de 2024
    rf"(?i:(?<![\w])(?:(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?[ \u00a0-](?:de |of )?)?"
    rf"(?P<month>{_MONTH})(?:\.?,? |-)(?:(?:de|del) )?(?P<month_year>{_YEAR}))",
    rf"(?i:(?<![\w])(?P<us_month>{_MONTH})\.? (?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<us_year>{_YEAR}))",
)
DATE = QuickChoice(_WRITTEN)
_MAY_BE_DATE = re.compile(r"(?:1[5-9]|20|21)\d{2}|\d\s?年|\d([./-]) ?\d{1,2}\1 ?\d{2}")
"""What each of the forms has: a year of four digits, the sign for one, or three numbers between the same signs."""


def find_written_dates(flat: str, language: str = "") -> tuple[FoundDate, ...]:
    """Return the dates of a flattened text that have more than a year. Of 03/04/2024 only the year is sure, unless the language helps."""
    found = (_find_kept if len(flat) <= _LONGEST_KEPT else _find_written)(flat)
    return tuple(_read_dates(found, language)) if found else ()


def _find_written(flat: str) -> tuple[tuple[Mapping[str, str], tuple[int, int]], ...]:
    if not _MAY_BE_DATE.search(flat):
        return ()
    lines = lines_with_digits(flat)
    written = DATE.choose(flat)
    matches = (match for start, end in lines for match in written.finditer(flat, start, end))
    return tuple(({name: value for name, value in match.groupdict().items() if value}, match.span()) for match in matches)


_LONGEST_KEPT = 1_000
_find_kept = lru_cache(2_048)(_find_written)  # a sentence is asked for its amounts, labels and dates, in several languages


def _read_dates(written: Iterable[tuple[Mapping[str, str], tuple[int, int]]], language: str) -> Iterator[FoundDate]:
    for groups, span in written:
        if "first" in groups:
            read = _read_short(groups, language)
        else:
            month = next((value for name, value in groups.items() if name.endswith("month")), "")
            day = next((value for name, value in groups.items() if name.endswith("day")), None)
            year = next(value for name, value in groups.items() if name.endswith("year"))
            read = _check(int(year), MONTHS[month.casefold()] if not month.isdigit() else int(month), int(day) if day else None)
        if read:
            yield FoundDate(*read, span)


def _read_short(groups: Mapping[str, str], language: str) -> tuple[int, int | None, int | None] | None:
    first, second = int(groups["first"]), int(groups["second"])
    year = int(groups["year"])
    if len(groups["year"]) == 2:
        if groups["slash"] == "-":
            return None
        year += 2000 if year < 70 else 1900
    if groups["slash"] == "." or first > 12 or (language[:2] not in ("", "en") and second <= 12):
        return _check(year, second, first)
    if second > 12 or language == "en-US":
        return _check(year, first, second)
    return _check(year, second, first) if first == second else (year, None, None)


def _check(year: int, month: int, day: int | None) -> tuple[int, int, int | None] | None:
    try:
        date(year, month, day or 1)
    except ValueError:
        return None
    return year, month, day
