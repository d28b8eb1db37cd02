"""Units beside a number: percent, times of day, measures, and the noun that is counted."""

from __future__ import annotations

import re
from decimal import Decimal

from .found import Kind
from .money import Reading, any_of
from .tables import LIGHT_WORDS, PER_NOUNS, UNIT_SIGNS, UNIT_WORDS

_PERCENT = re.compile(
    r"[ \u00a0]?(?:%|‰|(?i:percent(?:age points?)?|per cent|prozent|pour cent|por ciento|procent|per cento|por cento|pct)(?!\w)|パーセント)"
)
_UNIT_AFTER = re.compile(rf"(?P<gap>[ \u00a0]?-?)(?:(?P<sign>{any_of(UNIT_SIGNS)})|(?i:(?P<word>{any_of(UNIT_WORDS)})))")
_TIME = re.compile(
    r"(?:[:.](?P<minutes>[0-5]\d)(?::[0-5]\d)?)?[ \u00a0]?"
    r"(?:(?P<half>(?i:[ap]\.?m\b\.?))|(?P<clock>Uhr|uur|h\b(?=[ \u00a0]?(?:-|à|bis|to)[ \u00a0]?\d)))"
    r"|:(?P<only>[0-5]\d)(?!:?\d|\w)(?::[0-5]\d)?|[hH](?P<french>[0-5]\d)(?!\d)"
    r"|[ \u00a0]?時(?!間)(?:(?P<east>[0-5]?\d)分|(?P<east_half>半))?"
)
_NOUN_AFTER = re.compile(r"[ \u00a0-]?([^\W\d_][^\W\d_'’]{0,40})(?:-[^\W\d_]{1,30}){0,2}")
_EAST_NOUN = re.compile(r"[ \u00a0]?(店舗|か国|カ国|ヶ国|(?![到至])[\u4e00-\u9fff\u30a0-\u30ff]{1,6})")
_ONLY_GLUED = frozenset(["d", "s", "J.", "Mon.", "Go", "To"])
"""Signs that are words as well, so that they count only without a space: "5d"."""
_ONLY_IN = {"an": "fr", "ore": "it", "lat": "pl", "lata": "pl", "grad": "de", "chili": "it", "mes": "es", "ora": "it"}
"""Units of one language that are other words in others."""
_IRREGULAR = {"people": "person", "children": "child", "women": "woman", "men": "man", "feet": "foot", "personen": "person"}


def read_percent(flat: str, start: int, end: int) -> Reading | None:
    """Return a number as a share of a hundred."""
    found = _PERCENT.match(flat, end)
    return Reading(Kind.PERCENT, "‰" if "‰" in found[0] else "%", start, found.end()) if found else None


def read_time(flat: str, value: Decimal, start: int, end: int) -> tuple[Decimal, int] | None:
    """Return a time of day in hours and where it ends: 9:30, 9.30 Uhr, 9 am, 18h30, 午後9時."""
    written = flat[start:end]
    hour, dot, minutes = written.partition(".")
    found = _TIME.match(flat, end)
    if not found or not hour.isdigit() or int(hour) > 24 or (dot and not (len(minutes) == 2 and int(minutes) < 60)):
        return None
    after = found["minutes"] or found["only"] or found["french"] or found["east"] or minutes or ("30" if found["east_half"] else "0")
    if dot and not (found["half"] or found["clock"]):
        return None
    hours = Decimal(hour) + Decimal(after) / 60
    half = (found["half"] or "").replace(".", "").casefold()
    evening = half == "pm" or flat[max(0, start - 2) : start] == "午後" or flat[max(0, start - 2) : start] in ("下午", "晚上")
    if half and int(hour) > 12:
        return None
    if evening and int(hour) < 12:
        hours += 12
    if half == "am" and int(hour) == 12:
        hours -= 12
    return hours.quantize(Decimal("0.01")).normalize() + 0, found.end()


def read_unit(flat: str, start: int, end: int, language: str = "") -> Reading | None:
    """Return a number as a measure: a weight, length, volume, power, size of data or length of time."""
    found = _UNIT_AFTER.match(flat, end)
    if not found:
        return None
    if (sign := found["sign"]) is not None:
        if sign in _ONLY_GLUED and found["gap"]:
            return None
        return Reading(Kind.MEASURE, UNIT_SIGNS[sign], start, found.end())
    word = found["word"].casefold()
    if _ONLY_IN.get(word, language) != language:
        return None
    unit = UNIT_WORDS[word]
    return Reading(Kind.PERCENT if unit == "%" else Kind.MEASURE, unit, start, found.end())


def read_noun(flat: str, start: int, end: int) -> Reading | None:
    """Return a number as a count of the noun after it: the first plural among the next three words, else the next word."""
    if east := _EAST_NOUN.match(flat, end):
        return Reading(Kind.COUNT, PER_NOUNS.get(east[1], east[1]), start, east.end())
    at, first, words = end, None, 0
    while words < 3 and (found := _NOUN_AFTER.match(flat, at)):
        noun = found[1]
        if noun.casefold() in LIGHT_WORDS or (words and flat[at : found.start(1)] not in (" ", "\u00a0")):
            break
        first = first or found
        if _is_plural(noun):
            return Reading(Kind.COUNT, singular(noun), start, found.end(1))
        at, words = found.end(), words + 1
    return Reading(Kind.COUNT, singular(first[1]), start, first.end(1)) if first else None


def _is_plural(noun: str) -> bool:
    return (len(noun) > 3 and noun.endswith("s") and not noun.endswith(("ss", "us", "is", "ous"))) or noun in _IRREGULAR


def singular(noun: str) -> str:
    """Return the singular of a noun in lower case: English endings by rule, other languages as they stand."""
    noun = noun.casefold()
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if noun.endswith(ending) and len(noun) > len(ending) + 1:
            return noun[: -len(ending)] + instead
    return noun[:-1] if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) and len(noun) > 3 else noun
