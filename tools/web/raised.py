"""Cents that are set high, or in an element of their own, join their price: `$12<sup>99</sup>` is read as $12.99, never as $1299."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from .inline_text import BLOCKS, CURRENCY, Piece, pieces_before, pieces_in, read_piece, short_text, text_after, text_before, write_piece

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_NUMBER = r"\d{1,3}(?:[.,'’ \xa0]\d{3})+|\d+"
_CENTS = re.compile(rf"(?P<cents>\d\d)(?P<after>\s?{CURRENCY}|\s?[*†]+)?|(?P<before>{CURRENCY})\s?(?P<cents2>\d\d)")
_WITH_POINT = re.compile(rf"[.,]\s?(?:\d\d|[-–—]{{1,2}})\s?(?:{CURRENCY})?\s?[*†]*")
_PRICED = re.compile(rf"{CURRENCY}\s?(?:{_NUMBER})\s*$")
_WHOLE = re.compile(rf"(?<![\d.,])(?P<number>{_NUMBER})(?P<point>[.,]?)\s*$")
_WHOLE_AND_SIGN = re.compile(rf"(?<![\d.,])(?P<number>{_NUMBER})(?P<sign>\s?{CURRENCY})\s*$")
_SIGN = re.compile(rf"\s*{CURRENCY}")
_ENDS_IN_DIGIT = re.compile(r"[\d.,'’]*\d$")
_PRICE_NAMES = re.compile(r"price|preis|prix|precio|prezzo|pre[cç]o|amount|cost|kosten|cents?\b|fraction|decimal", re.IGNORECASE)
_CENT_NAMES = re.compile(
    r"(?:^|[\s_-])(?:cents?|fraction|decimals?|centimes?|centavos?|c[eé]ntimos|pence|pennies|subunit|minor|nachkomma\w*|superscript|sup)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIGH = re.compile(r"vertical-align\s*:\s*(?:super|top|text-top)", re.IGNORECASE)
_NOTE_NAMES = re.compile(r"(?:^|[\s_-])(?:foot-?notes?|fn|fnref|ref|reference|cite|note)(?:$|[\s_-])", re.IGNORECASE)
_NAME_PARTS = ("cent", "frac", "dec", "sup", "nachkomma", "minor", "pen", "unit")
_NAMED = (
    f"descendant::*[@class or @style][{' or '.join(f'contains(@class, {part!r})' for part in _NAME_PARTS)} or contains(@style, 'vertical')]"
)
_TINY = "descendant::span[not(*) and string-length(normalize-space(.))=2]"
_LONGEST = 12
_MOST = 30_000


def join_cents(tree: HtmlElement) -> None:
    """Join raised cents to their prices, in place. Raised marks after a number are set off: `5,000<sup>1</sup>` becomes 5,000[1]."""
    for element in [*islice(tree.iter("sup", "small", "sub"), _MOST)]:
        if not _join(element) and element.tag == "sup":
            _set_off(element)
    for element in tree.xpath(_NAMED)[:_MOST]:
        if _CENT_NAMES.search(element.get("class", "")[:300]) or _HIGH.search(element.get("style", "")[:300]):
            _bring_together(element)
            _join(element)
    for element in tree.xpath(_TINY)[:_MOST]:
        previous = element.getprevious()
        if (element.text or "").strip().isdigit() and previous is not None and not (previous.tail or "") and _is_number(previous):
            _join(element, needs_sign=True)


def _is_number(element: HtmlElement) -> bool:
    return bool(re.fullmatch(_NUMBER, short_text(element, _LONGEST).strip()))


def _bring_together(element: HtmlElement) -> None:
    """Put a price and its cents into one line where each is a block, which styles set side by side."""
    before = element.getprevious()
    if element.tag != "div" or before is None or before.tag != "div" or (before.tail or "").strip():
        return
    if _PRICED.search(short_text(before, _LONGEST)) and _CENTS.fullmatch(short_text(element, _LONGEST).strip()):
        before.tag = element.tag = "span"
        before.tail = None


def _join(element: HtmlElement, *, needs_sign: bool = False) -> bool:
    """Join the element to the price before it if it holds its cents. Returns whether it does."""
    text = short_text(element, _LONGEST).strip()
    if not text or element.tag in BLOCKS or len(text) > _LONGEST:
        return False
    before = text_before(element)
    whole = _WHOLE.search(before)
    if whole and (_WITH_POINT.fullmatch(text) or (whole["point"] and _CENTS.fullmatch(text))):
        return _attach(element, text)
    found = _CENTS.fullmatch(text)
    if not found:
        return bool(whole) and _join_sign_between(element, text)
    if _is_note(element):
        return False
    cents, sign = found["cents"] or found["cents2"], (found["before"] or found["after"] or "")
    if whole:
        is_priced = _PRICED.search(before) or _SIGN.match(text_after(element)) or (_SIGN.match(sign) is not None)
        if is_priced or (not needs_sign and _is_in_price(element)):
            return _attach(element, f"{_point(whole['number'])}{cents}{sign}")
        return False
    apart = _WHOLE_AND_SIGN.search(before)  # 12€<sup>99</sup>
    if not apart or needs_sign:
        return False
    for piece in pieces_before(element):
        written = read_piece(piece)
        if written.strip():
            at = written.rfind(apart["sign"].strip())
            if at < 0:
                return False
            write_piece(piece, written[:at].rstrip())
            break
    return _attach(element, f"{_point(apart['number'])}{cents} {apart['sign'].strip()}{sign}")


def _join_sign_between(element: HtmlElement, text: str) -> bool:
    """Join 12<sup>€</sup>99."""
    following = re.match(r"\d\d(?!\d)", element.tail or "")
    if not (following and _SIGN.fullmatch(text)):
        return False
    write_piece((element, "tail"), f"{following[0]} {text}{(element.tail or '')[2:]}")
    return _attach(element, ".")


def _point(number: str) -> str:
    return "," if "." in number else "."


def _attach(element: HtmlElement, text: str) -> bool:
    """Write this text in place of the element's own, right after the text before it."""
    for piece in pieces_before(element):
        written = read_piece(piece)
        write_piece(piece, written.rstrip())
        if written.strip():
            break
    _write(element, text)
    element.tag = "span"
    return True


def _write(element: HtmlElement, text: str) -> None:
    pieces: list[Piece] = list(pieces_in(element))
    for piece in pieces[1:]:
        write_piece(piece, "")
    write_piece(pieces[0], text)


def _is_in_price(element: HtmlElement) -> bool:
    node: HtmlElement | None = element
    for _ in range(4):
        if node is None or node.tag == "body":
            return False
        if _PRICE_NAMES.search(f"{node.get('class', '')} {node.get('itemprop', '')} {node.get('id', '')}"[:300]):
            return True
        node = node.getparent()
    return False


def _is_note(element: HtmlElement) -> bool:
    return next(element.iter("a"), None) is not None or bool(
        _NOTE_NAMES.search(f"{element.get('class', '')} {element.get('id', '')}"[:300])
    )


def _set_off(element: HtmlElement) -> None:
    """Keep a raised number from becoming digits of the number before it: 10^12 for a power, 5,000[1] for a note."""
    text = short_text(element, 4).strip()
    if not re.fullmatch(r"[-−]?\d{1,3}", text):
        return
    number = _ENDS_IN_DIGIT.search(text_before(element))
    if not number or (text == "9" and re.search(r"\d[.,]\d\d$", number[0])):  # 1,79<sup>9</sup> is a price of petrol
        return
    if len(text) == 3 and (_SIGN.match(text_after(element)) or _is_in_price(element)):
        return  # thousands: 12<sup>000</sup> ₫
    is_power = number[0].isdigit() and len(number[0]) < 3 and not _is_note(element) and not _PRICED.search(text_before(element))
    _write(element, f"^{text}" if is_power else f"[{text}]")
