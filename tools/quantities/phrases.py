"""Amounts that English says in phrases: "half past six", "a quarter of an hour", "a day and a half", "one in three", "under-fives"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from .found import Amount, Kind
from .tables import UNIT_WORDS

_NUMBERS = {
    word: number
    for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
}  # fmt: skip
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
_NUMBER = "|".join(_NUMBERS)
_PART = "|".join(_PARTS)
_UNIT = "|".join(sorted((word for word in UNIT_WORDS if word.isascii() and len(word) > 2 and " " not in word), key=len, reverse=True))
_CLOCK = re.compile(
    rf"(?i:\b(?P<past>half past |(?:a )?quarter (?:past|to) )?(?P<hour>{_NUMBER})(?P<clock> o'clock)?"
    r"(?P<day> in the (?:morning|afternoon|evening)| at night)?\b)"
)
_PART_OF_UNIT = re.compile(rf"(?i:\b(?P<count>an?|one|{_NUMBER})?[ -]?(?P<part>{_PART})s? (?:of )?an? (?P<unit>{_UNIT})\b)")
_AND_A_HALF = re.compile(rf"(?i:\b(?:an?|one) (?P<unit>{_UNIT}) and a half\b)")
_ONE_UNIT = re.compile(
    rf"(?i:(?<=\bfor )|(?<=\bin )|(?<=\bwithin )|(?<=\btakes )|(?<=\btake )|(?<=\blasts )|(?<=\bafter )|(?<=\bthan )|(?<=\babout )|"
    rf"(?<=\bof )|(?<=\bhalf ))"
    rf"(?i:an? (?P<unit>{_UNIT})\b(?! and a half))"
)
_SHARE = re.compile(
    rf"(?i:\b(?P<count>an?|{_NUMBER}) (?P<part>{_PART})s?(?= (?:of (?!an? )|more|less|off|cheaper|dearer|higher|lower|extra)))"
    rf"|(?i:\b(?P<some>{_NUMBER}) (?:in|out of) (?P<all>{_NUMBER})\b(?! (?:o'clock|minutes|hours|days)))"
    r"|(?i:\b(?P<half>half) of (?=(?:the|our|its|their|all|them|what|those)\b))"
)
_UNDER = re.compile(r"(?i:\bunder-(?P<age>(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|sixteen|eighteen)e?s|\d{1,2}s)\b)")
_AGES = {**_NUMBERS, "sixteen": 16, "eighteen": 18}


def find_phrases(flat: str) -> Iterator[Amount]:
    """Yield the amounts of a flattened English text that are said in phrases. They may overlap: the longest counts."""
    patterns = _choose_patterns(_fold(flat))
    for found in _CLOCK.finditer(flat) if _CLOCK in patterns else ():
        if found["past"] or found["clock"] or found["day"]:
            yield Amount(_read_clock(found), Kind.TIME, span=found.span())
    for found in _PART_OF_UNIT.finditer(flat) if _PART_OF_UNIT in patterns else ():
        count = _NUMBERS.get(_fold(found["count"] or ""), 1)
        yield _measure(Decimal(count) / _PARTS[_fold(found["part"])], found)
    for found in _AND_A_HALF.finditer(flat) if _AND_A_HALF in patterns else ():
        yield _measure(Decimal("1.5"), found)
    for found in _ONE_UNIT.finditer(flat) if _ONE_UNIT in patterns else ():
        yield _measure(Decimal(1), found)
    for found in _SHARE.finditer(flat) if _SHARE in patterns else ():
        yield Amount(_read_share(found), Kind.PERCENT, "%", span=found.span())
    for found in _UNDER.finditer(flat) if _UNDER in patterns else ():
        age = _fold(found["age"])
        value = int(age[:-1]) if age[0].isdigit() else _AGES.get(age[:-1]) or _AGES[age[:-2]]
        yield Amount(Decimal(value), Kind.PLAIN, bound="under", span=found.span())


def _fold(text: str) -> str:
    """Return a text in small letters: a pattern that takes both cases takes the Turkish "İ" and "ı" for "i" as well."""
    return text.replace("İ", "i").casefold().replace("ı", "i")


_BEFORE_UNIT = tuple(f"{word} a" for word in "for in within takes take lasts after than about of half".split())
_ABOUT_CLOCKS = ("past", "quarter", "o'clock", " in the ", " at night")


def _choose_patterns(lowered: str) -> list[re.Pattern[str]]:
    """Return the patterns without whose words a text in small letters has no phrase of theirs: most texts have none at all."""
    has_number = any(number in lowered for number in _NUMBERS)
    has_part = any(part in lowered for part in _PARTS)
    chosen = [_CLOCK] if has_number and any(words in lowered for words in _ABOUT_CLOCKS) else []
    chosen += [_PART_OF_UNIT] if has_part else []
    chosen += [_AND_A_HALF] if "and a half" in lowered else []
    chosen += [_ONE_UNIT] if any(words in lowered for words in _BEFORE_UNIT) else []
    chosen += [_SHARE] if has_part or (has_number and (" in " in lowered or " out of " in lowered)) else []
    return [*chosen, _UNDER] if "under-" in lowered else chosen


def _read_clock(found: re.Match[str]) -> Decimal:
    hours = Decimal(_NUMBERS[_fold(found["hour"])])
    day, past = _fold(found["day"] or ""), _fold(found["past"] or "")
    if ("afternoon" in day or "evening" in day or "night" in day) and hours < 12:
        hours += 12
    if past:
        hours += Decimal("0.5") if "half" in past else Decimal("-0.25") if " to " in past else Decimal("0.25")
    return hours


def _measure(value: Decimal, found: re.Match[str]) -> Amount:
    return Amount(_round(value), Kind.MEASURE, UNIT_WORDS[_fold(found["unit"])], span=found.span())


def _read_share(found: re.Match[str]) -> Decimal:
    if found["half"]:
        return Decimal(50)
    if found["all"]:
        return _round(100 * Decimal(_NUMBERS[_fold(found["some"])]) / _NUMBERS[_fold(found["all"])])
    return _round(100 * Decimal(_NUMBERS.get(_fold(found["count"]), 1)) / _PARTS[_fold(found["part"])])


def _round(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01")).normalize() + 0
