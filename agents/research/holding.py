"""Whether a statement still holds: the date that it has, and what it says of its own time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from sayso.tools.quantities import Amount, Kind, find_dates
from sayso.tools.quick_patterns import QuickPattern
from sayso.tools.truth.statements import Statement

_PAST = QuickPattern(
    r"(?i:\b(?:used to|formerly|previously|was once|were once|no longer|ehemals|früher|einst|nicht mehr|autrefois|jadis|ne \w+ plus|"
    r"antes|ya no|vroeger|"
    r"in those days|back then|in the old days|at (?:the|that) time(?! of\b|\w)|damals)\b|以前は|かつて)"
)
_ENDED = QuickPattern(
    r"(?i:\bdiscontinued\b|\b(?:has|have|was|were|is|are) (?:now |since |permanently )?closed (?:for good|down|in (?:19|20)\d\d|since)|"
    r"\bclosed (?:its|our|the) (?:last|doors)|\bno longer (?:open|exists?|sold|sell|offer|available)|\beingestellt\b|"
    r"\bdauerhaft geschlossen|"
    r"\bnicht mehr (?:im angebot|erhältlich)|\bdéfinitivement fermé)|閉店しました"
)
_WAS = QuickPattern(r"(?:In|Im Jahre?|En|Nel|I) (?:\w+ )?\d{4}\b.*\b(?:had|was|were|hatten?|waren?|avait|étaient|était|tenía|era)\b")
BEGAN = QuickPattern(r"(?i:\b(?:found|open|start|beg[au]n|establish|gründe|gegründe|fond|fund|eröffne|ouv[er]|abri))")
_UNTIL = re.compile(r"(?i:\b(?:until|till|bis(?: ende)?|jusqu'(?:en|à)|hasta|tot|up to the year)\b|まで)[^\d.]{0,24}\Z")
_SINCE = re.compile(r"(?i:\b(?:since|seit|depuis|desde|sinds|sedan|siden|from|ab|as of|für|für das jahr|for)\b)[^\d.]{0,20}\Z")
VOLATILE = frozenset([Kind.MONEY, Kind.PERCENT, Kind.TIME, Kind.COUNT])
_STALE_DAYS = 500


_OPEN = QuickPattern(
    r"(?i:\b(?:open\w*|closed|season|geöffnet|saison|ouvert\w*|fermé\w*|abiert\w*|apert\w*|geopend|gesloten|öppet|åbent|åpent)\b)"
)


def read_date_line(line: str) -> str:
    """Return the date of a line that has little else: "June 3, 2020", "Posted on 14 March 2021 by Anna"."""
    dates = find_dates(line) if len(line) < 60 else ()
    if not dates or not dates[0].month or len(line) - (dates[0].span[1] - dates[0].span[0]) > 25 or ": " in line:
        return ""
    if _OPEN.search(line):  # "Open 14 March – 2 November 2026"
        return ""
    return _write_date(dates[0].year, dates[0].month, dates[0].day)


def find_date(statement: Statement) -> str:
    """Return the date that a statement gives itself ("Last updated June 2022: ..."), or that stands alone over it."""
    for heading in statement.headings[:2]:
        if found := read_date_line(heading):
            return found
    start = statement.text[:45]
    dates = find_dates(start)
    if dates and dates[0].month and ":" in start[dates[0].span[1] : dates[0].span[1] + 2]:
        return _write_date(dates[0].year, dates[0].month, dates[0].day)
    return ""


def _write_date(year: int, month: int | None, day: int | None) -> str:
    return "-".join(filter(None, (f"{year:04}", f"{month:02}" if month else "", f"{day:02}" if month and day else "")))


@lru_cache(4_096)  # for each question about a page, for the page, and when claims are ranked
def _has_ended(text: str) -> bool:
    return bool(_ENDED.search(text))


def is_past(text: str, own: str, amounts: Sequence[Amount], today: str) -> bool:
    """Return whether a statement no longer holds by what it says itself: "In 1958 a burger cost 15 cents", "until 2023", "formerly"."""
    volatile = [amount for amount in amounts if amount.kind in VOLATILE and not amount.old]
    if _has_ended(text) or (volatile and _PAST.search(text)):
        return True
    if not volatile:
        return False
    year = int(today[:4] or 0)
    years = [found for found in find_dates(text) if not year or found.year <= year]
    if year and any(found.year < year and _UNTIL.search(text[: found.span[0]]) for found in years):
        return True
    if any(amount.kind is Kind.MONEY for amount in volatile) and years and year:
        newest = max(years, key=lambda found: found.year)
        since = _SINCE.search(text[max(0, newest.span[0] - 30) : newest.span[0]])
        if newest.year < year - 1 and not since:
            return True
    return bool(years) and bool(_WAS.match(own)) and not BEGAN.search(own) and max(found.year for found in years) < year


def is_stale(dated: str, today: str) -> bool:
    """Return whether a date is so long ago that prices and numbers of then need not hold."""
    return bool(dated and today) and _count_days(today) - _count_days(dated) > _STALE_DAYS


def _count_days(iso: str) -> int:
    parts = [int(part) for part in re.findall(r"\d+", iso[:10])] + [12, 28]
    return parts[0] * 365 + parts[1] * 30 + parts[2] if len(parts) > 4 else parts[0] * 365 + (parts[1] if len(parts) > 3 else 12) * 30
