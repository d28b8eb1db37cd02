"""Personal data that has a form: cards, accounts, phones, e-mail addresses, numbers of persons. Check digits decide where there are any.

Names, addresses, dates of birth and all that has no form of its own are not found here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sayso.tools.errors import UsageError

from . import checksums
from .spans import Span, SpanGuard

_LEFT = r"(?:(?<![^\W_])|(?<=\\[nrt]))"  # nothing of a word before it, but for the end of a line as JSON writes it
_DIGITS = re.compile(r"(?<!\d)(?<!\d[.,])(\d+)", re.ASCII)  # letters may stand around it: the check digit is proof enough
_MORE_DIGITS = re.compile(r"[ -](\d+)", re.ASCII)
_ENDS = re.compile(r"(?![.,]\d)", re.ASCII)
_FEWEST_DIGITS, _MOST_DIGITS = 12, 19
_IBAN = re.compile(rf"{_LEFT}[A-Za-z]{{2}}\d{{2}}(?=[ -]?[A-Za-z0-9])", re.ASCII)
_LOCAL = re.compile(r"[\w.!#$%&'*+/=?^{|}~-]{1,64}\Z")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:[^\W\d_]{2,63}|xn--[a-z0-9-]{2,59})", re.I)
_SEPARATOR = r"(?:[ .\-/]{1,2}|[ ]?[()][ ]?)?"
_BEFORE_PHONE = r"(?:(?<![\w.,+-])|(?<=\\[nrt]))(?<!97[89] \d )"  # in an ISBN
_AFTER_PHONE = r"(?![^\W_]|-[0-9A-Fa-f])"
_PHONES = (
    re.compile(rf"(?:(?<![\w+])|(?<=\\[nrt]))\+ ?\(?[1-9](?:{_SEPARATOR}\d){{6,14}}(?![^\W_])", re.ASCII),
    re.compile(rf"{_BEFORE_PHONE}(?<!\d\d\d )\(?00[1-9](?:{_SEPARATOR}\d){{7,14}}(?![^\W_])", re.ASCII),
    re.compile(rf"{_BEFORE_PHONE}(?:1[ .-])?(?:\([2-9]\d\d\)[ .-]?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{{4}}{_AFTER_PHONE}", re.ASCII),
    re.compile(rf"{_BEFORE_PHONE}(?:[0-9] ?)?\(\d{{2,5}}\) ?\d{{2,5}}(?:[ -]\d{{2,4}}){{1,3}}{_AFTER_PHONE}", re.ASCII),
    re.compile(
        rf"{_BEFORE_PHONE}(?<!\d\d\d )(?<!(?i:ISBN) )(?<!(?i:ISBN: ))(?!(?<=\d )0\d\d(?: \d{{3}})+(?!\d))"  # nor in an amount
        rf"\(?0[1-9](?:{_SEPARATOR}\d){{6,10}}{_AFTER_PHONE}",
        re.ASCII,
    ),
)
_PHONE_WORD = re.compile(
    r"(?i)(?<![^\W_])(?:tel|tels|phone|telephone|cell|mobile|mob|fax|whatsapp|call|ring|sms|dial|telefon|telefonnummer|handy|mobil|mobilnummer|"
    r"anrufen|rufnummer|t[ée]l[ée]phone|portable|tel[ée]fono|m[óo]vil|celular|telefone|telem[óo]vel|cellulare|telefoon|mobiel|puhelin|komórka|"
    r"тел|телефон|τηλ|電話|电话|手机)(?:\.|ephone)?(?: ?(?:no|nr|number|numero|me|us|him|her|at|on|is|ist)\.?){0,3} ?[:：#=-]? ?"
    rf"(\(?[0-9](?:{_SEPARATOR}\d){{6,13}}){_AFTER_PHONE}"
)
_BEFORE = 60
"""How many characters before a number may say what it is: its "phone number:"."""
_COUNTRY_CODES = frozenset(
    # ITU-T E.164, list of assigned country codes
    """
    1 20 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 246
    247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 27 290 291 297 298 299 30 31 32 33 34 350
    351 352 353 354 355 356 357 358 359 36 370 371 372 373 374 375 376 377 378 380 381 382 383 385 386 387 389 39 40 41 420 421 423 43
    44 45 46 47 48 49 500 501 502 503 504 505 506 507 508 509 51 52 53 54 55 56 57 58 590 591 592 593 594 595 596 597 598 599 60 61 62
    63 64 65 66 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 7 800 808 81 82 84 850 852 853 855
    856 86 870 878 880 881 882 883 886 888 90 91 92 93 94 95 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 98
    992 993 994 995 996 998
    """.split()
)
_MOBILE = "4679"
"""What follows the 0 in numbers that are often written without a space: mobile ones of France, Britain, Australia, Japan, South Africa."""
_DATE = re.compile(r"\d{1,2}([ .\-/])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([ .\-/])\d{1,2}\2\d{1,2}")
Finder = Callable[[str, int], Span | None]
"""Returns the first span that begins at a place or later."""


class PersonalNumber(NamedTuple):
    """The form of a country's numbers of persons, and what its check digits must be."""

    form: re.Pattern[str]
    fits: Callable[[str], bool]


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?<![\w.,-])|(?<=\\[nrt])){pattern}(?![\w-])", re.ASCII | re.I)


NUMBERS_OF_PERSONS: Sequence[PersonalNumber] = (
    PersonalNumber(_form(r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]"), checksums.is_codice_fiscale),
    PersonalNumber(_form(r"[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d"), checksums.is_nir),
    PersonalNumber(_form(r"(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z]"), checksums.is_dni),
    PersonalNumber(_form(r"\d{3}\.\d{3}\.\d{3}-\d\d"), checksums.is_cpf),
    PersonalNumber(re.compile(r"(?i)\bcpf\W{0,3}(\d{11})(?![^\W_])", re.ASCII), checksums.is_cpf),
    PersonalNumber(re.compile(r"(?i)\bpesel\W{0,3}(\d{11})(?![^\W_])", re.ASCII), checksums.is_pesel),
    PersonalNumber(_form(r"(?:19|20)?\d{6}[-+]\d{4}"), checksums.is_personnummer),
    PersonalNumber(_form(r"756\.?\d{4}\.?\d{4}\.?\d\d"), checksums.is_ahv),
    PersonalNumber(_form(r"\d{3}-\d\d-\d{4}"), checksums.is_ssn),
)
"""Italy, France, Spain, Brazil, Poland, Sweden, Switzerland, the United States. Eleven digits alone are one only where a word says so."""


class PersonalData(SpanGuard):
    """Replaces personal data that has a form, by "[card number]" and so on; with `replace_with=None` it refuses the text.

    `kinds` are any of "card", "iban", "phone", "email" and "person" (the numbers of persons of eight countries), all by default.
    """

    context = _BEFORE
    longest = 322  # an e-mail address: 64 characters, "@", and 255, and what may stand around it

    def __init__(self, *kinds: str, replace_with: str | None = "[{what}]", **options: Any) -> None:
        for kind in kinds:
            if kind not in _FINDERS:
                raise UsageError(f"PersonalData has no kind {kind!r}. Kinds: {', '.join(_FINDERS)}.")
        self._finders = [finder for kind, finders in _FINDERS.items() if not kinds or kind in kinds for finder in finders]
        super().__init__(replace_with=replace_with, **options)

    def find(self, text: str, start: int) -> Iterator[Span]:
        """Yield the personal data in the text: of what begins at one place the longest, and nothing in what was found."""
        if not _MAY_BE_PERSONAL.search(text, start):
            return
        found = [finder(text, start) for finder in self._finders]
        while best := min((span for span in found if span), key=lambda span: (span.start, -span.end), default=None):
            yield best
            for index, span in enumerate(found):
                if span is not None and span.start < best.end:
                    found[index] = self._finders[index](text, best.end)

    def find_open(self, text: str, start: int) -> int:
        """Return where the first of it may begin that the text does not end yet: in its last word, or in the number that it ends with."""
        first = super().find_open(text, start)
        word = max(text.rfind(blank, first) for blank in " \n\t\r") + 1
        number = len(text.rstrip("0123456789 .,()/+-"))
        found = (tail.search(text, first) for tail in _TAILS)
        return min(max(first, word), max(first, number), *(tail.start() for tail in found if tail is not None))


_MAY_BE_PERSONAL = re.compile(r"[\d@]")
_TAILS = (
    re.compile(rf"{_LEFT}[A-Za-z]{{2}}\d{{2}}[A-Za-z0-9 -]*\Z", re.ASCII),
    re.compile(rf"{_LEFT}[12] ?\d\d ?[\dAB ]*\Z", re.ASCII | re.I),
)
"""The beginnings of an account number and of a French person's number, which have letters and spaces in them."""


# finding


def _find_card(text: str, start: int) -> Span | None:
    """Return the first card number: groups of digits that are one number by network, length and last digit."""
    for group in _DIGITS.finditer(text, start):
        if (span := _join_groups(text, group)) is not None:
            return span
    return None


def _join_groups(text: str, group: re.Match[str]) -> Span | None:
    """Return the longest card number that this group begins: the groups are long ones, or single digits."""
    begin, best, digits, sizes = group.start(), None, "", list[int]()
    following: re.Match[str] | None = group
    while following is not None and len(digits) + len(following[1]) <= _MOST_DIGITS:
        digits += following[1]
        sizes.append(len(following[1]))
        end = following.end()
        even = len(sizes) == 1 or min(sizes[:-1]) >= 3 or max(sizes) == 1
        if len(digits) >= _FEWEST_DIGITS and even and _ENDS.match(text, end) and checksums.is_card(digits):
            best = Span(begin, end, "a card number")
        following = _MORE_DIGITS.match(text, end)
    return best


def _find_iban(text: str, start: int) -> Span | None:
    for found in _IBAN.finditer(text, start):
        length = checksums.find_iban_length(found[0][:2])
        end, taken = found.start(), ""
        while end < len(text) and len(taken) < length:
            if text[end].isalnum():
                taken += text[end]
            elif text[end] not in " -" or text[end - 1] in " -":
                break
            end += 1
        stands_alone = end == len(text) or not (text[end].isalnum() or text[end] == "_")
        if length and len(taken) == length and stands_alone and taken.isascii() and checksums.is_iban(taken):
            return Span(found.start(), end, "an account number")
    return None


def _find_email(text: str, start: int) -> Span | None:
    at = text.find("@", start)
    while at >= 0:
        local = _LOCAL.search(text, max(start, at - 64), at)
        domain = _DOMAIN.match(text, at + 1, at + 257) if local is not None else None
        if local is not None and domain is not None:
            begin = at - len(local[0].lstrip(".'*{|/="))
            begin += text[begin - 1 : begin + 1] in ("\\n", "\\r", "\\t")
            if begin < at:
                return Span(begin, domain.end(), "an e-mail address")
        at = text.find("@", at + 1)
    return None


def _find_by_form(form: re.Pattern[str], fits: Callable[[str], bool], what: str) -> Finder:
    """Return what finds a form; where the form has a group, that is what is found, and before it stands what says so."""
    number, before = (1, _BEFORE) if form.groups else (0, 0)

    def find(text: str, start: int) -> Span | None:
        for found in form.finditer(text, max(0, start - before)):
            if found.start(number) >= start and fits(found[number]):
                return Span(*found.span(number), what)
        return None

    return find


def _is_phone(written: str) -> bool:
    """Return whether a number that looks like one of a phone can be called: its country is there, and it is no date."""
    digits = re.sub(r"\D", "", written)
    if _DATE.match(written):
        return False
    if written.lstrip("( ").startswith("+") or digits.startswith("00"):
        digits = digits.removeprefix("00")
        code = next((digits[:size] for size in (1, 2, 3) if digits[:size] in _COUNTRY_CODES), "")
        return bool(code) and (len(digits) == 11 and digits[1] >= "2" if code == "1" else len(digits) >= 7)
    return (digits != written and len(digits) >= 8) or (
        len(digits) >= 9 and digits[1] in _MOBILE
    )  # without anything between the digits, any number may begin with 0


def _is_called_phone(written: str) -> bool:
    return _DATE.match(written) is None


def _is_person(fits: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda written: fits(re.sub(r"[ .+-]", "", written))


_FINDERS: Mapping[str, Sequence[Finder]] = {
    "card": [_find_card],
    "iban": [_find_iban],
    "phone": [
        *(_find_by_form(form, _is_phone, "a phone number") for form in _PHONES),
        _find_by_form(_PHONE_WORD, _is_called_phone, "a phone number"),
    ],
    "email": [_find_email],
    "person": [_find_by_form(form, _is_person(fits), "a person's number") for form, fits in NUMBERS_OF_PERSONS],
}
