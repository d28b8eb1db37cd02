"""Work out dates: the days between two, and a date some days, weeks, months or years before or after another one.

A text is read here as a whole: `2024-03-01 + 45 days`, `3 weeks after March 14, 2019`, `days between 1 May 2024 and 30 May 2024`. There
is no clock, so what depends on today is refused, and so is a date without its year.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Container
from datetime import date, timedelta

from .expression_parser import ParsedExpression
from .instructions import Instruction
from .number_words import SMALL_NUMBERS
from .refusal import CalculationError, ErrorCode

_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_WEEKDAY = rf"(?:(?:{'|'.join(_WEEKDAYS)}),?\s+)?"
_NUMERIC = r"[0-9]{4}([-/.])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{1,2}([-/.])[0-9]{1,2}\2[0-9]{4}"
_DAY_FIRST = rf"(?:the\s+)?[0-9]{{1,2}}(?:st|nd|rd|th)?(?:\s+of\s+|[\s-]*){_MONTH}(?:\s*,?[\s-]*[0-9]{{4}})?"
_MONTH_FIRST = rf"{_MONTH}\s+(?:the\s+)?[0-9]{{1,2}}(?:st|nd|rd|th)?\b(?:\s*,?\s+[0-9]{{4}}|,[0-9]{{4}})?"
_DATE = re.compile(rf"(?<![\w.,/]){_WEEKDAY}(?:{_NUMERIC}|{_DAY_FIRST}|{_MONTH_FIRST})(?![\w/]|[.,-][0-9])", re.IGNORECASE)
MAY_HOLD_DATES = re.compile(
    r"[0-9]{4}[-/.]|[-/.][0-9]{4}|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|today|now|tomorrow|yesterday|ago\b)", re.IGNORECASE
)
"""What a text has in it that may be one for `parse_dates`: most have not, and need no more than this one look."""
_NOW = re.compile(r"\b(?:today|now|tomorrow|yesterday|ago)\b", re.IGNORECASE)
_NUMBERS = {word: str(number) for word, number in SMALL_NUMBERS.items()} | {"a": "1", "an": "1"}
_COUNT = rf"(?:[0-9]+(?:\.[0-9]+)?|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_ONE_SPAN = rf"{_COUNT}[\s-]*(?:days?|weeks?|fortnights?|months?|years?|quarters?)\b"
_SPAN = rf"{_ONE_SPAN}(?:(?:\s*,\s*|\s+)(?:and\s+)?{_ONE_SPAN})*"
_PART = re.compile(rf"({_COUNT})[\s-]*(day|week|fortnight|month|year|quarter)", re.IGNORECASE)
# A date is written D in these.
_ASKED = r"(?:(?:what|which)(?:\s+(?:date|day))?\s+(?:is|was|will\s+be|comes|falls)\s+(?:it\s+)?|the\s+date\s+|add\s+)?"
_SHIFTED = re.compile(rf"{_ASKED}\(?D\)?((?:\s*(?:\+|-|plus|minus|add|subtract)\s*{_SPAN})+)", re.IGNORECASE)
_SHIFT = re.compile(rf"(\+|-|plus|minus|add|subtract)\s*({_SPAN})", re.IGNORECASE)
_RELATIVE = re.compile(rf"{_ASKED}({_SPAN})\s+(after|from|following|before|prior\s+to|to)\s+D", re.IGNORECASE)
_TAKEN = re.compile(rf"(?:subtract|take)\s+({_SPAN})\s+from\s+D", re.IGNORECASE)
_UNITS = r"days?|weeks?|months?|years?"
_BETWEEN = re.compile(
    rf"(?:(?:the\s+)?(?:number|count)\s+of\s+|how\s+many\s+)?(?:({_UNITS})\s+)?(?:(?:are\s+)?(?:there\s+)?|(?:is\s+it\s+)?)"
    rf"(between|from)\s+D\s+(?:and|to|until|till)\s+D(?:\s+in\s+({_UNITS}))?",
    re.IGNORECASE,
)
_MINUS = re.compile(rf"\(?D\)?\s*(-|minus|to|until|till)\s*\(?D\)?(?:\s+in\s+({_UNITS}))?", re.IGNORECASE)
_SPACED = re.compile(r"\s+")


def parse_dates(text: str, start: int, end: int, bound: Container[str]) -> ParsedExpression | None:
    """Return the sum of dates between two places of a text, parsed. None where there is none, or where it is of another form.

    Raise CalculationError for a date with two readings or without a year, for what depends on today, and where a month is too short.
    """
    if (today := _NOW.search(text, start, end)) and today[0] not in bound and _PART.search(text, start, end):
        raise CalculationError(text, today.start(), f"The calculator has no clock: write the date for {today[0]!r}, such as 2024-03-01.")
    plain = text[start:end].translate(_SIGNS)
    found = [each for each in _DATE.finditer(plain) if each[0] not in bound]
    if not 0 < len(found) < 3:
        return None
    shape = _SPACED.sub(" ", _DATE.sub("D", plain)).strip().rstrip(".")
    days = _Days(text, [(each[0], start + each.start()) for each in found])
    if len(found) == 2:
        return _subtract(days, shape)
    if shifted := _SHIFTED.fullmatch(shape):
        spans = [(-1 if sign.lower() in ("-", "minus", "subtract") else 1, span) for sign, span in _SHIFT.findall(shifted[1])]
    elif relative := _RELATIVE.fullmatch(shape):
        if relative[2].lower() == "to" and not shape.lower().startswith("add"):
            return None
        spans = [(-1 if relative[2].lower() in ("before", "prior to") else 1, relative[1])]
    elif taken := _TAKEN.fullmatch(shape):
        spans = [(-1, taken[1])]
    else:
        return None
    day = days.read(0)
    for sign, span in spans:
        day = days.move(day, sign, span)
    return ParsedExpression([("date", 0, day.isoformat())], False, False, (start,))


_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "＋": "+", '"': " ", "'": " ", "“": " ", "”": " ", "\u00a0": " ", "\u202f": " "})


def _subtract(days: _Days, shape: str) -> ParsedExpression | None:
    """Return the time between two dates, in days or in the unit that is asked for."""
    if between := _BETWEEN.fullmatch(shape):
        unit, word = (between[1] or between[3] or "days").lower(), between[2].lower()
        if between[1] and between[3]:
            return None
    elif minus := _MINUS.fullmatch(shape):
        unit, word = (minus[2] or "days").lower(), "-" if minus[1].lower() in ("-", "minus") else "to"
    else:
        return None
    first, last = days.read(0), days.read(1)
    if word == "-":
        first, last = last, first
    if word == "between" and last < first:
        first, last = last, first
    start = (days.starts[0],) * 5
    unit = unit if unit.endswith("s") else f"{unit}s"
    if unit in ("days", "weeks"):
        code: list[Instruction] = [
            ("number", 0, last.toordinal()), ("unit", 1, "days"), ("number", 2, first.toordinal()), ("unit", 3, "days"), ("-", 4, None),
        ]  # fmt: skip
        if unit == "weeks":
            code.append(("convert", 4, (("weeks", 1),)))
        return ParsedExpression(code, True, False, start)
    months = (last.year - first.year) * 12 + last.month - first.month
    whole = months % 12 == 0 if unit == "years" else True
    if first.day != last.day or not whole:
        raise days.refuse(1, f"Between {first} and {last} there is no whole number of {unit}; ask for the days between them.")
    return ParsedExpression([("number", 0, months // (12 if unit == "years" else 1)), ("unit", 1, unit)], True, False, start)


class _Days:
    """The dates of a text, and what is refused of them."""

    def __init__(self, text: str, written: list[tuple[str, int]]) -> None:
        self.text = text
        self.written = [each for each, _ in written]
        self.starts = [start for _, start in written]

    def refuse(self, at: int, reason: str) -> CalculationError:
        return CalculationError(self.text, self.starts[at], reason, ErrorCode.AMBIGUOUS)

    def read(self, at: int) -> date:
        """Return a date of the text."""
        written = self.written[at]
        numbers = [int(number) for number in re.findall("[0-9]+", written)]
        if month := re.search(_MONTH, written, re.IGNORECASE):
            if len(numbers) != 2:
                raise self.refuse(at, f"In which year is {written}? Write a date as 2024-03-01.")
            named = next(each for each, name in enumerate(_MONTHS, 1) if name.startswith(month[0].lower().rstrip(".")[:3]))
            readings = [(numbers[1], named, numbers[0])]
        elif numbers[0] > 31 or re.search("[0-9]{4}", written[:5]):
            readings = [(numbers[0], numbers[1], numbers[2])]
        else:
            readings = [(numbers[2], numbers[1], numbers[0]), (numbers[2], numbers[0], numbers[1])]
        found = sorted({day for each in readings if (day := _make_date(*each))})
        if not found:
            raise self.refuse(at, f"There is no day {written}.")
        said = next((name for name in _WEEKDAYS if written.lower().startswith(name)), "")
        weekdays = {_WEEKDAYS[day.weekday()]: day for day in found}
        if said and said not in weekdays:
            reason = " and ".join(f"{day} is a {name.capitalize()}" for name, day in weekdays.items())
            raise self.refuse(at, f"There is no day {written}: {reason}.")
        if len(found) > 1:
            raise self.refuse(at, f"{written} may have the day first or the month: write {found[0]} or {found[1]}.")
        return found[0]

    def move(self, day: date, sign: int, span: str) -> date:
        """Return a date some time later or earlier: first by the years and months, then by the weeks and days."""
        months, rest = 0, 0
        for count, unit in _PART.findall(span):
            if "." in count:
                raise self.refuse(0, f"A date is moved by whole days, weeks, months or years, not by {count} {unit}s.")
            if len(count) > 6:
                raise self.refuse(0, "This date is outside of the years 1 to 9999.")
            number = int(_NUMBERS.get(count.lower()) or count)
            unit = unit.lower()
            if unit in ("month", "year", "quarter"):
                months += number * {"month": 1, "quarter": 3, "year": 12}[unit]
            else:
                rest += number * {"day": 1, "week": 7, "fortnight": 14}[unit]
        year, month = divmod(day.year * 12 + day.month - 1 + sign * months, 12)
        if months and 0 < year < 10_000 and day.day > (most := monthrange(year, month + 1)[1]):
            end = date(year, month + 1, most)
            reason = f"{day} and {months} month{'s' * (months > 1)} {'later' if sign > 0 else 'earlier'}: that month has no day {day.day}."
            raise self.refuse(0, f"{reason} Write {end} for its last day, or {end + timedelta(1)} for the day after it.")
        try:
            return date(year, month + 1, day.day) + timedelta(sign * rest)
        except (ValueError, OverflowError):
            raise self.refuse(0, "This date is outside of the years 1 to 9999.") from None


def _make_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
