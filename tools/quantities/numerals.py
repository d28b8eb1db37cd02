"""Numbers as texts write them: digits in any grouping and script, "1.2 million", 1万, "twenty-five", "a dozen", ½."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from .number_words import find_word_numbers, has_number_word

_WIDE = {0xFF00 + code: chr(0x20 + code) for code in range(1, 0x5F) if code != 0x0C}  # the full-width comma is punctuation
_DIGITS = {base + digit: str(digit) for base in (0x660, 0x6F0, 0x966, 0xE50) for digit in range(10)}
_SAME = {"−": "-", "‐": "-", "‑": "-", "’": "'", "ʼ": "'", "´": "'", "〜": "~", "٫": ".", "٬": ",", "·": "·"}
_SPACES = dict.fromkeys("\u00a0\u202f\u2009\u2007\u2008\u200a\u2006\u2005\u2004\u3000", "\u00a0")
_FLAT = {**_WIDE, **_DIGITS, **{ord(key): value for key, value in (_SAME | _SPACES).items()}}
_WIDE_COMMA = re.compile(r"(?<=\d)，(?=\d{3}(?!\d))")

_GROUPED = r"\d{1,3}(?:(?P<group>[\u00a0 '’,.])\d{3}(?!\d))(?:(?P=group)\d{3}(?!\d))*+"
_INDIAN = r"\d{1,2}(?:,\d{2}){1,5},\d{3}(?!\d)"
DIGITS = re.compile(
    rf"(?<![\d])(?<!\d[.,])(?:(?P<indian>{_INDIAN})(?:\.\d{{1,2}}(?!\d))?|(?P<grouped>{_GROUPED})(?:(?P<point>[.,·])\d+(?!\d|[.,]\d))?"
    r"|\d++(?:[.,·]\d++(?![.,]\d))?|(?<![\w.])[.]\d++)"
)
_EAST = {
    "十": 10,
    "百": 100,
    "千": 1000,
    "万": 10**4,
    "萬": 10**4,
    "億": 10**8,
    "亿": 10**8,
    "兆": 10**12,
    "만": 10**4,
    "억": 10**8,
    "천": 1000,
}
_EAST_TAIL = re.compile(r"[十百千万萬億亿兆만억천]{1,2}")
_EAST_DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_EAST_NUMBER = re.compile(
    r"[〇零一二三四五六七八九十百千万億亿两兩]{1,20}(?=\s?(?:円|元|人|店|年|個|个|种|種|回|名|本|杯|台|家|か国|カ国|ヶ|か月|日|時|点|分|块|%|割|到|至))"
)
_POWERS = {
    3: "k thousand thousands tsd. tsd tausend mille mil mila duizend tusen tusind tys. тыс. тыс тысяч",
    6: "million millions millionen mio. mio mln mln. millones millón milioni milione "
    "miljoen miljoner millioner milhões milhão milionów млн mn",
    9: "billion billions bn milliarden milliarde mrd. mrd milliards milliard miljard miljarder milliarder miliardi млрд",
    2: "hundred",
    5: "lakh lakhs",
    7: "crore crores cr",
}
_POWER = {word: Decimal(10) ** power for power, words in _POWERS.items() for word in words.split()} | {
    "dozen": Decimal(12),
    "dutzend": Decimal(12),
}
_POWER_WORD = re.compile(r"[\u00a0 -]?([^\W\d_]{1,10}\.?)(?![^\W\d_])")
_GLUED_POWER = re.compile(r"[kK](?![^\W_])")
_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75", "⅓": "0.3333", "⅔": "0.6667", "⅛": "0.125"}
_HAS_NUMBER = re.compile(r"[\d½¼¾⅓⅔⅛〇零一二三四五六七八九十百千万億亿两兩]")
_HAS_FRACTION = re.compile(r"[½¼¾⅓⅔⅛/]")
_FRACTION = re.compile(r"(?:(?<![\d.,/])(\d{1,4})[\u00a0 ]?)?([½¼¾⅓⅔⅛])|(?<![\d./-])(?:(\d{1,3})[ \u00a0])?([1-9])/([2-9])(?![\d./-])")


class Numeral(NamedTuple):
    """A number in a text: its value, where it stands, and whether it stands in plain digits (no grouping, point or power)."""

    value: Decimal
    start: int
    end: int
    bare: bool = False
    word: bool = False


def flatten(text: str) -> str:
    """Return a text of the same length with plain digits, hyphens and one kind of hard space, so that places stay the same."""
    return text if text.isascii() else _WIDE_COMMA.sub(",", text.translate(_FLAT))


def may_have_numerals(flat: str) -> bool:
    """Return whether a flattened text may have a number, whatever its language: most sentences have none."""
    return bool(_HAS_NUMBER.search(flat)) or has_number_word(flat)


def find_numerals(flat: str, language: str) -> list[Numeral]:
    """Return the numbers of a flattened text in order. They do not overlap."""
    found: list[Numeral] = []
    if _HAS_NUMBER.search(flat):
        commas = _commas_are_points(flat)
        if commas is None and language == "en":
            commas = False
        fractions = _find_fractions(flat) if _HAS_FRACTION.search(flat) else ()
        found = [*fractions, *_find_east(flat), *_find_digits(flat, commas)]
    found += [Numeral(value, start, end, word=True) for value, start, end in find_word_numbers(flat, language)]
    kept: list[Numeral] = []
    for numeral in sorted(found, key=lambda each: (each.start, -each.end)):
        if not kept or numeral.start >= kept[-1].end:
            kept.append(numeral)
    return kept


def _find_fractions(flat: str) -> Iterator[Numeral]:
    for found in _FRACTION.finditer(flat):
        if found[2]:
            yield Numeral(Decimal(found[1] or 0) + Decimal(_FRACTIONS[found[2]]), *found.span())
        elif int(found[4]) < int(found[5]):
            part = (Decimal(found[4]) / Decimal(found[5])).quantize(Decimal("0.0001"))
            yield Numeral(Decimal(found[3] or 0) + part, *found.span())


def _find_east(flat: str) -> Iterator[Numeral]:
    for found in _EAST_NUMBER.finditer(flat):
        total = part = digit = 0
        for sign in found[0]:
            if sign in _EAST_DIGITS:
                digit = digit * 10 + _EAST_DIGITS[sign]
            elif _EAST[sign] < 10**4:
                part, digit = part + (digit or 1) * _EAST[sign], 0
            else:
                total, part, digit = total + (part + digit or 1) * _EAST[sign], 0, 0
        yield Numeral(Decimal(total + part + digit), *found.span())


def _find_digits(flat: str, commas: bool | None) -> Iterator[Numeral]:
    place = 0
    while found := DIGITS.search(flat, place):
        value, end, bare = _read_digits(found, commas), found.end(), found[0].isdigit()
        value, place = _read_powers(flat, value, end, commas)
        yield Numeral(value, found.start(), place, bare and place == end)


def _read_powers(flat: str, value: Decimal, end: int, commas: bool | None) -> tuple[Decimal, int]:
    if east := _EAST_TAIL.match(flat, end):
        for sign in east[0]:
            value *= _EAST[sign]
        end = east.end()
        rest = DIGITS.match(flat, end)
        if rest and (more := _read_powers(flat, _read_digits(rest, commas), rest.end(), commas))[0] < value:
            return value + more[0], more[1]
        return value, end
    if glued := _GLUED_POWER.match(flat, end):
        return value * 1000, glued.end()
    word = _POWER_WORD.match(flat, end)
    if word and (power := _POWER.get(word[1].casefold()) or _POWER.get(word[1].casefold().rstrip("."))):
        if word[1].casefold() in ("mil", "mille", "k", "cr", "mn") and flat[end : word.start(1)] == "-":
            return value, end
        stop = word.end() if word[1].casefold() in _POWER or not word[1].endswith(".") else word.end() - 1
        return _read_powers(flat, value * power, stop, commas)
    return value, end


def _read_digits(found: re.Match[str], commas: bool | None) -> Decimal:
    """Return the value of digits. A single group of three ("1.250") is thousands, unless the text's other numbers or a leading 0 say no."""
    written = found[0]
    if found["indian"]:
        return Decimal(written.replace(",", ""))
    if not (group := found["group"]):
        return Decimal(re.sub("[,·]", ".", written))
    if not found["point"] and written.count(group) == 1 and group in ",.":
        is_point = commas is (group == ",") if commas is not None else False
        if written.startswith("0") or is_point:
            return Decimal(written.replace(",", "."))
    body, tail = found["grouped"], written[len(found["grouped"]) :]
    if found["point"] == group:  # 1,250,99 is no number that we know: the last part is read as cents
        return Decimal(body.replace(group, "") + "." + tail[1:])
    return Decimal(body.replace(group, "") + re.sub("[,·]", ".", tail))


def _commas_are_points(flat: str) -> bool | None:
    """Return whether the text's clear numbers (12,50 or 12.5) have a decimal comma; None where they do not agree or there are none."""
    signs = Counter(found[1] for found in re.finditer(r"(?<![\d.,:])\d{1,6}([.,])\d{1,2}(?![\d.,])", flat))
    if bool(signs[","]) == bool(signs["."]):
        return None
    return bool(signs[","])


__all__ = ["DIGITS", "Numeral", "find_numerals", "flatten", "may_have_numerals"]
