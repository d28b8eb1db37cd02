"""Dates of a text: those with a month and a day, and years that stand alone."""

from __future__ import annotations

from functools import lru_cache

from .amounts import find_years
from .found import FoundDate
from .numerals import flatten
from .written_dates import find_written_dates


def find_dates(text: str, language: str = "") -> tuple[FoundDate, ...]:
    """Return the dates of a text in order, and the years that stand alone ("since 1958", "spring 2027")."""
    return (_find_kept if len(text) <= _LONGEST_KEPT else _find_dates)(text, language)


def _find_dates(text: str, language: str) -> tuple[FoundDate, ...]:
    flat = flatten(text)
    found = list(find_written_dates(flat, language))
    years = find_years(flat, [each.span for each in found], language)
    return tuple(sorted([*found, *(FoundDate(int(year.value), None, None, year.span) for year in years)], key=lambda each: each.span))


_LONGEST_KEPT = 1_000
_find_kept = lru_cache(2_048)(_find_dates)  # as often as the amounts
