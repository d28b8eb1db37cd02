"""Amounts of a text: each number with what it counts, its period, its bound, and whether it is struck through.

One pass: first the spans in which numbers are names or dates, then each number with what stands directly beside it, in a bounded window, so
that a hostile text costs time in proportion to its length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from .found import Amount, Kind, Label
from .labels import find_label_spans
from .money import Signs, read_money
from .number_words import guess_language
from .numerals import Numeral, find_numerals, flatten, may_have_numerals
from .periods import read_bound, read_per
from .phrases import find_phrases
from .units import read_noun, read_percent, read_time, read_unit
from .written_dates import find_written_dates

_YEARS = (1500, 2100)
_FOUR_DIGITS = re.compile(r"(?<![\d])(?<!\d[.,])\d{4}(?![\d]|[.,]\d)")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|ère|er|ème|e|º|ª)(?![^\W_])")
_RATING = re.compile(
    r"[ \u00a0]?(?:/|von|out of|of|sur|de|su)[ \u00a0]?(5|10|100)(?![\d.,]\d|\d|\w)(?:[ \u00a0](?:stars?|points?|Sternen?))?"
)
_RANGE = re.compile(r"[ \u00a0]?(?:-|–|—|~|to|bis|à|a|til|till|tot|until|hasta|and|und|et|y|から|到|至)[ \u00a0]?(?:[$€£¥][ \u00a0]?)?\Z")
_TIMES = re.compile(r"[ \u00a0]?[x×](?![^\W_])")
_DECADE = re.compile(r"'?s(?!\w)|er(?!\w)(?= Jahre)|年代")
_OLD = re.compile(r"~~(?=\S)([^\n]{1,200}?)~~")


def find_amounts(text: str, language: str = "", *, context: str = "") -> tuple[Amount, ...]:
    """Return the amounts of a text in order. `language` (a code such as "de") is guessed where it is not given.

    `context` is the whole text that a sentence is about: it says what "$", "kr" and "cents" mean. Telephone numbers, postcodes, house
    numbers, versions and days are no amounts: see find_labels and find_dates. The year of a date is one.
    """
    find = _find_kept if len(text) + len(context) <= _LONGEST_KEPT else _find_amounts
    return find(text, language, context)


def _find_amounts(text: str, language: str, context: str) -> tuple[Amount, ...]:
    flat = flatten(text)
    said = list(find_phrases(flat))
    if not said and not may_have_numerals(flat):
        return ()
    language = guess_language(context or flat, language)
    if language not in ("", "en"):
        said = []
    numerals = find_numerals(flat, language)
    if not numerals and not said:
        return ()  # a date has a number, too
    signs = Signs(context or flat, language)
    dates = list(find_written_dates(flat, language))
    taken = _Spans([*find_label_spans(flat), *(date.span for date in dates)])
    found: list[Amount] = []
    phrases = _find_phrases(flat, said, signs)
    in_phrases = _Spans([phrase.span for phrase in phrases])
    for numeral in numerals:
        if numeral.start in taken or numeral.start in in_phrases or (found and numeral.start < found[-1].span[1]):
            continue
        if amount := _read(flat, numeral, signs, found[-1].span[1] if found else 0):
            found.append(amount)
    found += phrases
    for date in dates:
        place = flat.find(str(date.year), *date.span)
        if place >= 0:
            found.append(Amount(Decimal(date.year), Kind.YEAR, span=(place, place + 4)))
    found.sort(key=lambda amount: amount.span)
    old = _Spans([match.span() for match in _OLD.finditer(text)])
    return tuple(replace(amount, old=True) if amount.span[0] in old else amount for amount in _join_ranges(flat, _join_cents(flat, found)))


_LONGEST_KEPT = 1_000
_find_kept = lru_cache(8_192)(_find_amounts)  # a research asks for the amounts of each sentence some twenty times


def _find_phrases(flat: str, said: Sequence[Amount], signs: Signs) -> list[Amount]:
    """Return the amounts said in phrases, with their bounds and periods; of two that overlap the longer one."""
    kept: list[Amount] = []
    for amount in sorted(said, key=lambda each: (each.span[0], -each.span[1])):
        if kept and amount.span[0] < kept[-1].span[1]:
            continue
        bound, end = read_bound(flat, *amount.span)
        per, end = read_per(flat, amount.span[0], end, signs) if amount.kind is Kind.MEASURE else ((), end)
        kept.append(replace(amount, bound=amount.bound or bound, per=per, span=(amount.span[0], end)))
    return kept


def find_years(flat: str, dates: Sequence[tuple[int, int]], language: str) -> Iterator[Amount]:
    """Yield the years of a flattened text that stand outside of its dates."""
    years = [found for found in _FOUR_DIGITS.finditer(flat) if _YEARS[0] <= int(found[0]) <= _YEARS[1]]
    if not years:
        return
    taken = _Spans([*find_label_spans(flat), *dates])
    signs = Signs(flat, guess_language(flat, language))
    for found in years:
        amount = None if found.start() in taken else _read(flat, Numeral(Decimal(found[0]), *found.span(), bare=True), signs)
        if amount and amount.kind is Kind.YEAR and not amount.unit:
            yield amount


def find_labels(text: str, language: str = "") -> tuple[Label, ...]:
    """Return the numbers that name something and count nothing: telephone and house numbers, postcodes, versions, days without a year."""
    flat = flatten(text)
    spans = find_label_spans(flat)
    dates = _Spans([date.span for date in find_written_dates(flat, language)]) if spans else ()
    return tuple(Label(text[start:end].strip(), (start, end)) for start, end in spans if start not in dates)


class _Spans:
    """Spans of a text, to ask whether a place is in one."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for start, end in sorted(spans):
            if self.ends and start <= self.ends[-1]:
                self.ends[-1] = max(end, self.ends[-1])
            else:
                self.starts.append(start)
                self.ends.append(end)

    def __contains__(self, place: int) -> bool:
        at = bisect_right(self.starts, place) - 1
        return at >= 0 and place < self.ends[at]


def _read(flat: str, numeral: Numeral, signs: Signs, floor: int = 0) -> Amount | None:
    value, start, end = numeral.value, numeral.start, numeral.end
    if time := None if numeral.word else read_time(flat, value, start, end):
        return Amount(time[0], Kind.TIME, span=(start, time[1]))
    reading = read_money(flat, start, end, signs, floor) or read_percent(flat, start, end)
    if reading is None and not numeral.word and flat[start - 1 : start].isascii() and flat[start - 1 : start].isalpha():
        return None  # part of a name: H100, mp3
    if reading is None and numeral.bare:
        if (year := _read_year(flat, numeral)) is not None:
            return year
        if ordinal := _ORDINAL.match(flat, end):
            return Amount(value, Kind.ORDINAL, span=(start, ordinal.end()))
    if reading is None and (rating := _RATING.match(flat, end)) and value <= int(rating[1]) and not flat[end : end + 1].isalpha():
        return Amount(value, Kind.PLAIN, f"of {rating[1]}", span=(start, rating.end()))
    bound, after = read_bound(flat, start, end)
    if reading is None and (times := _TIMES.match(flat, after)):
        unit = read_unit(flat, start, end)
        return Amount(value, Kind.PLAIN, "" if unit else "times", bound=bound, span=(start, times.end()))
    reading = reading or read_unit(flat, start, after, signs.language) or read_noun(flat, start, after)
    if reading is None:
        return Amount(value, Kind.PLAIN, bound=bound, span=(start, after))
    if reading.end > start and not bound:
        bound, after = read_bound(flat, reading.start, reading.end)
    else:
        after = reading.end
    per, after = read_per(flat, reading.start, after, signs)
    if not bound:
        bound, after = read_bound(flat, reading.start, after)
    sign = _read_sign(flat, reading.start if reading.kind is Kind.MONEY else start)
    return Amount(value * reading.factor * sign, reading.kind, reading.unit, per, bound, span=(reading.start, max(after, reading.end)))


def _read_sign(flat: str, start: int) -> int:
    """Return -1 for a minus that stands directly before an amount and joins nothing."""
    return -1 if flat[start - 1 : start] == "-" and (start < 2 or flat[start - 2] in " \n(|:\u00a0") else 1


def _read_year(flat: str, numeral: Numeral) -> Amount | None:
    value, start, end = numeral.value, numeral.start, numeral.end
    written = flat[start:end]
    if len(written) != 4 or not _YEARS[0] <= value <= _YEARS[1]:
        if len(written) == 2 and flat[start - 1 : start] == "'" and (decade := _DECADE.match(flat, end)):
            return Amount(1900 + value, Kind.YEAR, "decade", span=(start, decade.end()))
        return None
    if decade := _DECADE.match(flat, end):
        return Amount(value, Kind.YEAR, "decade", span=(start, decade.end()))
    if flat[end : end + 1] == "年":
        return Amount(value, Kind.YEAR, span=(start, end + 1))
    if flat[end : end + 1].isalpha() or flat[end : end + 1] == "+" or read_unit(flat, start, end):
        return None
    before = flat[max(0, start - 14) : start].casefold().split()
    if before and before[-1].strip("(") in _YEAR_COMES:
        return Amount(value, Kind.YEAR, span=(start, end))
    noun = read_noun(flat, start, end)
    counts = noun is not None and flat[noun.end - 1] == "s"
    if counts and (value % 50 == 0 or not 1980 <= value <= 2040):
        return None
    if noun is not None and (value % 100 == 0 or value < 1800):
        return None
    return Amount(value, Kind.YEAR, span=(start, end))


_YEAR_COMES = frozenset(
    "in since from until by before after of founded established est. © copyright spring summer autumn fall winter early late mid seit im "
    "jahr jahre bis ab gegründet en depuis desde dal nel sinds sedan siden".split()
)


def _join_cents(flat: str, found: list[Amount]) -> list[Amount]:
    """Return amounts with those in two parts ("20 dollars and 43 cents") made one."""
    joined: list[Amount] = []
    for amount in found:
        low = joined[-1] if joined else None
        if (
            low
            and low.kind is amount.kind is Kind.MONEY
            and low.unit == amount.unit
            and 0 < amount.value < 1
            and low.value == int(low.value)
        ):
            gap = flat[low.span[1] : amount.span[0]]
            if flat[amount.span[1] - 1].isalpha() and gap.strip(" \u00a0") in ("", "and", "und", "et", "y", "och"):
                joined[-1] = replace(low, value=low.value + amount.value, span=(low.span[0], amount.span[1]))
                continue
        joined.append(amount)
    return joined


def _join_ranges(flat: str, found: list[Amount]) -> list[Amount]:
    """Return amounts with those of a range ("12.99-15.99 €", "from 5 to 9 people") sharing their unit, bounded from both sides."""
    for at in range(len(found) - 1):
        low, high = found[at], found[at + 1]
        gap = flat[low.span[1] : high.span[0]]
        if len(gap) > 8 or not _RANGE.match(gap) or Kind.YEAR in (low.kind, high.kind):
            continue
        joins = gap.strip(" \u00a0")
        if joins in ("and", "und", "et", "y") and not re.search(
            r"(?i)(?:between|zwischen|entre|tra) \S{0,4}\Z", flat[max(0, low.span[0] - 14) : low.span[0]]
        ):
            continue
        if high.value <= low.value and low.kind is not Kind.TIME:
            continue
        if Kind.TIME in (low.kind, high.kind):
            other = low if high.kind is Kind.TIME else high
            if (other.kind is Kind.PLAIN or other.unit == "hour") and other.value <= 24:
                found[at : at + 2] = [replace(each, kind=Kind.TIME, unit="", bound="") for each in (low, high)]
            continue
        if low.unit != high.unit and Kind.PLAIN not in (low.kind, high.kind):
            continue
        best = high if low.kind is Kind.PLAIN else low
        per = high.per or low.per
        found[at] = replace(low, kind=best.kind, unit=best.unit, per=per, bound="from")
        found[at + 1] = replace(high, kind=best.kind, unit=best.unit, per=per, bound="up to")
    return found
