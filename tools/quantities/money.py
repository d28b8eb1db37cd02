"""Money beside a number: its currency by sign, code or word, before or after it, in any script."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from ..quick_patterns import QuickPattern
from .found import Kind
from .tables import CENT_WORDS, CURRENCY_CODES, CURRENCY_SIGNS, CURRENCY_WORDS


def any_of(forms: Iterable[str]) -> str:
    """Return a pattern for any of the forms, the longest first; a form that ends with a letter ends there."""
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return "|".join(re.escape(form) + (r"(?![^\W\d_])" if re.search(r"[a-zA-ZÀ-ɏа-яА-Я]\Z", form) else "") for form in ordered)


_S = r"[ \u00a0]?"
_SIGNS_BEFORE = tuple(
    sorted(
        {*CURRENCY_SIGNS, *CURRENCY_CODES, *(f"{code}$" for code in CURRENCY_CODES), "R", "euro", "Euro", "eur", "Eur"},
        key=len,
        reverse=True,
    )
)
_SIGN_AFTER = re.compile(rf"{_S}(?:-{_S})?(?P<sign>{any_of([*CURRENCY_SIGNS, *CURRENCY_CODES])})")
_WORD_AFTER = re.compile(rf"[ \u00a0-]?(?i:(?P<word>{any_of(CURRENCY_WORDS)}))")
_CENTS_AFTER = re.compile(rf"{_S}-?(?i:(?P<word>{any_of(CENT_WORDS)}))")
_CODE_LATER = re.compile(rf"{_S}\(?(?P<sign>{'|'.join(sorted(CURRENCY_CODES))})(?![\w])(?!{_S}\d)\)?")
_NO_CENTS = re.compile(r"(?:[.,:]?[-–—]{1,2}|[.,]=)(?![\w$€£¥])")  # 12,- and 149:- and 1'200.–
_MILLIONS = re.compile(r"[ \u00a0]?([mMbB])(?![\w])")
_CENTS_WRITTEN = re.compile(r"\d[\d ,\u00a0]*\.\d\d(?!\d)|\d{1,3}[ ,]\d{3}(?!\d)")
_OTHER_WORDS = frozenset(["try", "real", "won", "crowns"])
_WEIGHING = QuickPattern(r"\b(?:weigh\w*|weight|heavy|lbs?|ounces?|oz|flour|lift\w*|lighter|heavier)\b|(?<=pounds) of\b", re.IGNORECASE)


_DOLLARS = {
    code: re.compile(words)
    for code, words in {
        "AUD": r"A\$|\$AU|\bAUD\b|Australian dollar",
        "CAD": r"C\$|CA\$|\$CA|\bCAD\b|Canadian dollar",
        "NZD": r"NZ\$|\bNZD\b|New Zealand dollar",
        "SGD": r"(?<![A-Z])S\$|\bSGD\b|Singapore dollar",
        "HKD": r"HK\$|\bHKD\b|Hong Kong dollar",
        "MXN": r"MX\$|\bMXN\b|pesos mexicanos",
        "USD": r"US\$|\bUSD\b|US dollar",
    }.items()
}
_CROWNS = QuickPattern(r"\b(DKK|NOK|ISK|SEK)\b")
_YUAN = QuickPattern(r"元|人民币|\b(?:CNY|RMB|yuan)\b")
_EURO = QuickPattern(r"€|\bEUR\b|\b[Ee]uros?\b")
_RAND = re.compile(r"(?<![\w.])R ?\d{2,6}(?![\w-])|\bZAR\b|\bRand\b|South Africa")
_STERLING = QuickPattern(r"£|\bGBP\b|\bpence\b|sterling")


class Signs:
    """What a text's doubtful signs mean in it, by what else it says: "$", "kr", "¥", "cents", "pounds", "R". Most texts never ask."""

    def __init__(self, flat: str, language: str) -> None:
        self.language = language
        self._text = flat[:200_000]

    @cached_property
    def dollar(self) -> str:
        """The currency of "$"."""
        named = [code for code, words in _DOLLARS.items() if words.search(self._text)]
        return named[0] if len(named) == 1 else "USD"

    @cached_property
    def crown(self) -> str:
        """The currency of "kr"."""
        named = {found[1] for found in _CROWNS.finditer(self._text)}
        of_language = {"da": "DKK", "nb": "NOK", "no": "NOK", "nn": "NOK", "is": "ISK"}
        return named.pop() if len(named) == 1 else of_language.get(self.language, "SEK")

    @cached_property
    def yen(self) -> str:
        """The currency of "¥"."""
        return "CNY" if _YUAN.search(self._text) else "JPY"

    @cached_property
    def cents(self) -> str:
        """The currency of "cents"."""
        is_euro = bool(_EURO.search(self._text)) and "$" not in self._text
        return "EUR" if is_euro or self.language in ("de", "fr", "es", "it", "nl") else self.dollar

    @cached_property
    def pounds(self) -> str:
        """The currency of "pounds", or "lb" where they are a weight."""
        return "GBP" if _STERLING.search(self._text) or not _WEIGHING.search(self._text) else "lb"

    @cached_property
    def rand(self) -> bool:
        """Whether "R" is a currency."""
        return len(_RAND.findall(self._text)) > 1


def _currency(written: str, signs: Signs) -> str:
    """Return the ISO code of a written currency: a sign, a code, or a name of the tables."""
    canonical = CURRENCY_SIGNS.get(written) or (
        written.rstrip("$") if written.rstrip("$") in CURRENCY_CODES else CURRENCY_WORDS.get(written.casefold(), written)
    )
    match canonical:
        case "$":
            return signs.dollar
        case "kr":
            return signs.crown
        case "JPY":
            return signs.yen
        case "pound":
            return signs.pounds
        case "RMB":
            return "CNY"
        case _:
            return canonical


class Reading(NamedTuple):
    """What a number was found to be: its kind and unit, a factor for its value, and how far the amount reaches."""

    kind: Kind
    unit: str
    start: int
    end: int
    factor: Decimal = Decimal(1)


def read_money(flat: str, start: int, end: int, signs: Signs, floor: int = 0) -> Reading | None:
    """Return a number as money: a currency before or after it, in any order and script. What stands before `floor` is another amount's."""
    tail = _NO_CENTS.match(flat, end)
    after = tail.end() if tail else end
    if before := _sign_before(flat, start, floor):
        return _read_after_sign(flat, *before, (start, end, after), signs)
    if (sign_after := _SIGN_AFTER.match(flat, after)) and not _belongs_to_next(flat, sign_after):
        return Reading(Kind.MONEY, _currency(sign_after["sign"], signs), start, sign_after.end())
    if (cents := _CENTS_AFTER.match(flat, end)) and _is_cents(flat, start, end, cents):
        unit = CENT_WORDS[cents["word"].casefold()]
        return Reading(Kind.MONEY, signs.cents if unit == "$" else unit, start, cents.end(), Decimal("0.01"))
    if (word := _WORD_AFTER.match(flat, end)) and word["word"].casefold() not in _OTHER_WORDS:
        unit = _currency(word["word"], signs)
        return Reading(Kind.MEASURE if unit == "lb" else Kind.MONEY, unit, start, word.end())
    if tail and flat[tail.start() : tail.start() + 2] == ":-":
        return Reading(Kind.MONEY, signs.crown, start, after)
    if tail and flat[tail.start()] in ".," and signs.language not in ("", "en"):
        return Reading(Kind.MONEY, signs.crown if signs.language in ("sv", "nb", "da") else "EUR", start, after)
    return None


def _read_after_sign(flat: str, sign: str, begin: int, span: tuple[int, int, int], signs: Signs) -> Reading | None:
    start, end, after = span
    if sign == "R" and not (signs.rand or _CENTS_WRITTEN.match(flat, start)):
        return None  # R2 is a name, R 199.00 are rand
    unit, factor = "ZAR" if sign == "R" else _currency(sign, signs), 1
    if glued := _MILLIONS.match(flat, end):
        factor, after = 10**6 if glued[1] in "mM" else 10**9, glued.end()
    if (code := _CODE_LATER.match(flat, after)) and sign in ("$", "¥", "£", "€", "kr", "US$"):
        return Reading(Kind.MONEY, _currency(code["sign"], signs), begin, code.end(), Decimal(factor))
    return Reading(Kind.MONEY, unit, begin, after, Decimal(factor))


def _belongs_to_next(flat: str, sign: re.Match[str]) -> bool:
    """Return whether the sign after a number stands before the next one: "3 €5"."""
    return flat[sign.end() : sign.end() + 1].isdigit() and flat[sign.start() : sign.end()] != sign["sign"]


def _sign_before(flat: str, start: int, floor: int) -> tuple[str, int] | None:
    """Return the currency sign that stands before a number, and where."""
    floor = max(floor, start - 10)
    before = flat[floor:start].rstrip(" \u00a0")
    if before.endswith((":", ".")) and not before.endswith(_SIGNS_BEFORE):
        before = before[:-1]
    if not before.endswith(_SIGNS_BEFORE):
        return None
    sign = next(each for each in _SIGNS_BEFORE if before.endswith(each))
    earlier = before[: -len(sign)][-1:] or flat[floor - 1 : floor]
    if earlier.isalpha() and earlier < "\u3040" and sign[0].isalpha():
        return None
    return sign, floor + len(before) - len(sign)


def _is_cents(flat: str, start: int, end: int, found: re.Match[str]) -> bool:
    written = flat[start:end]
    return len(found["word"]) > 2 or found["word"] == "¢" or (written.isdigit() and len(written) < 3)
