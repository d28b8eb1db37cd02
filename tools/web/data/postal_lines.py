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
_SENTENCES = re.compile(
    r"(?<=[^\W\d_]{3})[.!?]\s+|(?<=\d\d)[.!?]\s+|(?<=\d[A-Z]{2})[.!?]\s+|(?<=\d[ap]m)[.!?]\s+|[。；;]\s*|(?<=[^\W\d_]{2}):\s+|(?<=\d\)),?\s+"
)
_CLOCK = re.compile(
    r"\d{1,2}[:.h]\d\d(?!\d)|(?<![\w.])\d{1,2} (?:to|bis|till|until|à|tot) \d{1,2}(?!\w)|\d\s?(?:[ap]\.?m\b|uhr\b|h\b|uur\b|時)|"
    r"\b(?:open|closed|daily|geöffnet|täglich|ouvert|abierto|aperto|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)\b|"
    r"\b(?:tel|phone|fax|telefon|tél|teléfono)\b|\w+@\w|☎|📞|\+\d\d|^\s*[\d\s()/.-]{6,}\s*$",
    re.IGNORECASE,
)
"""Opening hours and telephone numbers."""
_LEAD = re.compile(r"(?:(?:visit|find|see|meet)\b.{0,20}\bat|at|bei|address|adresse|office|shop|showroom)\s+(?=\d|[A-ZÀ-Þ])", re.IGNORECASE)
_NO_ADDRESS = re.compile(r"[€$£¥]|(?:\b[a-zà-þ]{2,}\b ){3}")
_LONGEST, _MOST_WORDS, _LONGEST_ADDRESS = 160, 24, 120


def find_postal_line(text: str) -> str:
    """Return the address that a line consists of, alone or beside opening hours, a telephone number and the like; empty if it has none."""
    if ("," not in text and text.isascii()) or len(text) > _LONGEST or len(text.split()) > _MOST_WORDS or text[-1:] in "!?":
        return ""
    pieces = [piece.strip(" .,") for piece in _PARTS.split(text)]
    pieces += [part.strip(" .,") for piece in pieces for part in _SENTENCES.split(piece) if part != piece]
    return next((found for piece in pieces if (found := _cut_address(piece))), "")


def _cut_address(text: str) -> str:
    """Return the address in a piece of a line, without the hours or the telephone number that commas part from it; empty without one."""
    parts = [part for part in text.split(",") if part.strip()]
    kept: list[str] = []
    for part in parts:
        if _CLOCK.search(part):
            if kept and _is_address(",".join(kept).strip()):
                break
            rest = _SENTENCES.split(part)[-1]
            kept = [rest] if rest != part and not _CLOCK.search(rest) else []
        else:
            kept.append(part)
    found = _LEAD.sub("", ",".join(kept).strip(" .,"))
    return found if not _NO_ADDRESS.search(found) and len(found) <= _LONGEST_ADDRESS and _is_address(found) else ""


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
