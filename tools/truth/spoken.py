"""Figures as people say them: "half past six", "a quarter of an hour", "a day and a half", "one in three", "three quarters"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from ..quantities import Amount, Kind

_SMALL = {
    word: number
    for number, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split())
}
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10}
_UNITS = {
    "hour": "hour", "day": "day", "week": "week", "month": "month", "year": "year", "minute": "minute", "kilo": "kg",
    "kilogram": "kg", "litre": "l", "liter": "l", "metre": "m", "meter": "m", "mile": "mile", "kilometre": "km",
    "kilometer": "km", "gram": "g", "pound": "lb",
}  # fmt: skip
_NUMBER = rf"(?P<number>\d{{1,3}}|{'|'.join(_SMALL)})"
_PART = r"(?P<part>half|halves|thirds?|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?)"
_UNIT = rf"(?P<unit>{'|'.join(_UNITS)})s?"
_DAYPART = r"(?:\s+(?:in the (?P<part_of_day>morning|afternoon|evening)|at (?P<night>night)))"
_CLOCK = re.compile(
    rf"\b(?:(?P<past>half|quarter) (?P<way>past|to) )?{_NUMBER}(?:{_DAYPART}|(?P<clock>\s+o'clock))"
    rf"|\b(?P<past2>half|quarter) (?P<way2>past|to) (?P<number2>\d{{1,2}}|{'|'.join(_SMALL)})\b",
    re.IGNORECASE,
)
_WHOLE_AND_HALF = re.compile(rf"\b(?:an?|one) {_UNIT} and a half\b", re.IGNORECASE)
_MIXED = re.compile(rf"\b{_NUMBER} and a half {_UNIT}\b", re.IGNORECASE)
_PART_OF_UNIT = re.compile(rf"\b(?:(?:an?|one|{_NUMBER}) )?(?:{_PART} of an? |(?P<half>half|quarter)[ -](?:an? )?){_UNIT}\b", re.IGNORECASE)
_ONE_IN = re.compile(rf"\b(?P<some>\d{{1,3}}|{'|'.join(_SMALL)}) (?:in|out of) (?P<all>\d{{1,3}}|{'|'.join(_SMALL)})\b", re.IGNORECASE)
_SHARE = re.compile(
    rf"\b(?:(?:an?|one|the|{_NUMBER})[ -])?{_PART}\b(?! of the (?:month|year|week)| (?:floor|time|day|name|person|party|quarter|day)\b)",
    re.IGNORECASE,
)


def find_spoken(text: str) -> Iterator[Amount]:
    """Yield the amounts of a text that are said in words which no digit or unit sign stands for."""
    lower = text.casefold() if len(text.casefold()) == len(text) else text
    if not any(
        word in lower
        for word in ("half", "halves", "third", "quarter", "fifth", "tenth", " in ", " out of ", " at night", "o'clock", "sixth", "eighth")
    ):
        return
    for found in _CLOCK.finditer(lower):
        yield Amount(_read_clock(found), Kind.TIME, span=found.span())
    for found in _WHOLE_AND_HALF.finditer(lower):
        yield Amount(Decimal("1.5"), Kind.MEASURE, _UNITS[found["unit"]], span=found.span())
    for found in _MIXED.finditer(lower):
        yield Amount(_read(found["number"]) + Decimal("0.5"), Kind.MEASURE, _UNITS[found["unit"]], span=found.span())
    for found in _PART_OF_UNIT.finditer(lower):
        yield Amount(
            (_read(found["number"]) if found["number"] else 1) / _read_part(found["part"] or found["half"]),
            Kind.MEASURE,
            _UNITS[found["unit"]],
            span=found.span(),
        )
    for found in _ONE_IN.finditer(lower):
        some, everything = _read(found["some"]), _read(found["all"])
        if 0 < some < everything <= 10 or everything == 100:
            yield Amount(_round(some * 100 / everything), Kind.PERCENT, "%", span=found.span())
    for found in _SHARE.finditer(lower):
        share = _is_share(found, lower)
        if share:
            yield Amount(
                _round((_read(found["number"]) if found["number"] else 1) * 100 / _read_part(found["part"])),
                Kind.PERCENT,
                "%",
                span=found.span(),
            )


def _is_share(found: re.Match[str], text: str) -> bool:
    """Return whether a part is one of something: "a third of them", "half price", "a fifth more"; not "a third man"."""
    after = text[found.end() :].lstrip()
    part = found["part"].rstrip("s")
    if part in {"half", "halve"}:
        return not after.startswith(("past", "hour", "board"))
    named = found[0].startswith(("a ", "an ", "one ")) or found["number"] is not None
    return named and after.startswith(("of ", "more", "less", "fewer", "cheaper", "dearer", "off", "higher", "lower"))


def _read_clock(found: re.Match[str]) -> Decimal:
    hour = _read(found["number"] or found["number2"])
    way, past = found["way"] or found["way2"], found["past"] or found["past2"]
    minutes = {"half": Decimal("0.5"), "quarter": Decimal("0.25")}.get(past or "", Decimal(0))
    value = hour - minutes if way == "to" else hour + minutes
    late = found["part_of_day"] in {"afternoon", "evening"} or (found["night"] and hour > 5)
    return value + 12 if late and hour < 12 else value


def _read(word: str) -> Decimal:
    return Decimal(word) if word.isdigit() else Decimal(_SMALL[word.casefold()])


def _read_part(word: str) -> Decimal:
    return Decimal(_PARTS.get(word, _PARTS.get(word.rstrip("s"), 2)))


def _round(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1")).normalize()
