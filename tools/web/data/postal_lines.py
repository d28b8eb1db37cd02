"""Postal addresses in one line of a page: a street, and a town with its postcode, as the countries write them."""

from __future__ import annotations

import re

_TOWN = r"[A-ZÀ-Þ][^\W\d_]*(?:[ '’-](?:[^\W\d_]+\.?))*"
_CODE_AND_TOWN = re.compile(
    r"(?:[A-Z]{1,2}[ -])?(?:\d{4,5}|\d{3} \d\d|\d\d-\d{3}|\d{4} ?[A-Z]{2}) "
    rf"{_TOWN}(?: \([^\W\d_]{{2,}}\)| \d{{1,2}})?(?: CEDEX)?"
)
_UK = re.compile(rf"(?:{_TOWN} )?[A-Z]{{1,2}}\d[A-Z\d]? \d[A-Z]{{2}}")
_US = re.compile(rf"(?:{_TOWN},? )?(?:[A-Z]{{2}} \d{{5}}(?:-\d{{4}})?|[A-Z]{{2}},? [A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{{2,3}} \d{{4}})")
_WIDE = re.compile(
    r"(?:〒?\s?\d{3}-\d{4}\s?)?(?:東京都|北海道|(?:京都|大阪)府|[\u4e00-\u9fff]{2,3}県)?"
    r"[\u4e00-\u9fff]{1,6}[市区町村][\w\u3040-\u9fff-]{1,20}\d[\d丁目番地号－-]*"
)
_STREET = re.compile(r"(?=.*\d)[^:;!?€$£|@]{4,50}")
_PARTS = re.compile(r"\s+[–—|•·]\s+|\s*[|•·]\s*")
_LONGEST, _MOST_WORDS = 120, 16


def find_postal_line(text: str) -> str:
    """Return the address that a line consists of, alone or beside a telephone number and the like; empty if it has none."""
    if ("," not in text and text.isascii()) or len(text) > _LONGEST or len(text.split()) > _MOST_WORDS or text[-1:] in "!?":
        return ""
    return next((part for part in (piece.strip(" .,") for piece in _PARTS.split(text)) if _is_address(part)), "")


def _is_address(text: str) -> bool:
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    if len(pieces) == 1:
        return bool(_WIDE.fullmatch(text))
    for at in range(1, len(pieces)):
        place = pieces[at]
        if at + 1 < len(pieces) and _US.fullmatch(f"{place}, {pieces[at + 1]}"):
            place = f"{place}, {pieces[at + 1]}"
        streets = pieces[:at]
        numbered = any(_STREET.fullmatch(street) for street in streets)
        if _UK.fullmatch(place) and (numbered or all(street[:1].isupper() for street in streets)):
            return True
        if numbered and (_CODE_AND_TOWN.fullmatch(place) or _US.fullmatch(place)):
            return True
    return False
