"""Dates of a text."""

from __future__ import annotations

import re

from .found import FoundDate

_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


def find_dates(text: str, language: str = "") -> tuple[FoundDate, ...]:
    """Return the dates of a text in order; years that stand alone too."""
    return tuple(FoundDate(int(found[1]), int(found[2]), int(found[3]), found.span()) for found in _ISO.finditer(text))
