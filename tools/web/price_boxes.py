"""A price whose sign, number, cents and period stand in boxes of their own, which styles set side by side, is read as one line."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from .inline_text import BLOCKS, CURRENCY, short_text

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LONGEST = 24
_MOST = 20_000
_SIGN = re.compile(rf"(?:{CURRENCY})")
_NUMBER = re.compile(r"(?:\d{1,3}(?:[.,'’ \xa0]\d{3})+|\d{1,6})(?:[.,]\d{1,2})?[.,]?")
_CENTS = re.compile(r"[.,]?\d\d")
_PERIOD = re.compile(
    r"(?:/|per\b|pro\b|je\b|par\b|al\b|por\b|an?\b|each\b|p\.)\s?[^\W\d_]{1,14}\.?|monthly|yearly|annually|monatlich|jährlich",
    re.IGNORECASE,
)
_JOINED = frozenset(("div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "section", "header", "strong", "b", "sup", "small", "span", "em", "i"))
_ONE_LINE = frozenset(("span", "strong", "b", "sup", "small", "em", "i"))


def join_price_boxes(tree: HtmlElement) -> None:
    """Make spans of the boxes of a price, in place: <div>$</div><div>29</div><div>/mo</div> is one line, "$29 /mo"."""
    leaves = tree.xpath("descendant::*[not(*) and string-length(normalize-space(.))>0 and string-length(normalize-space(.))<4]")
    for element in leaves[:_MOST]:
        if _SIGN.fullmatch((element.text or "").strip()) and element.tag in _JOINED:
            _join(element)


def _join(sign: HtmlElement) -> None:
    """Join the boxes around a sign, if a number stands beside it."""
    box = _find_whole(sign)
    after, before = _find_next(box), _find_previous(box)
    if after is not None and _NUMBER.fullmatch(_read(after)):
        boxes, number = [box, after], after
    elif before is not None and _NUMBER.fullmatch(_read(before)):
        boxes, number = [before, box], before
    else:
        return
    left = boxes[-1]
    if boxes[0] is box and (cents := _find_next(number)) is not None and _CENTS.fullmatch(_read(cents)):
        boxes.append(cents)
        _write_cents(cents, number)
        left = cents
    if (period := _find_next(left)) is not None and _PERIOD.match(_read(period)):
        boxes.append(period)
    if all(each.tag in _ONE_LINE for each in boxes) and len(boxes) < 4:
        return  # a line as it is
    for each in boxes:
        _flatten(each)
        each.tail = "" if each is not boxes[-1] else each.tail
    if boxes[0] is not box:
        boxes[0].tail = " "
    if len(boxes) > 2 and boxes[-1] is period:
        boxes[-2].tail = " "
    parent = boxes[-1].getparent()
    if parent is not None and boxes[-1].getnext() is not None and boxes[-1].getnext().tag not in BLOCKS:
        boxes[-1].tail = f" {boxes[-1].tail or ''}"


def _find_whole(element: HtmlElement) -> HtmlElement:
    """Return the largest box that holds this text and no other: <div><span>$</span></div>."""
    for _ in range(3):
        parent = element.getparent()
        if parent is None or parent.tag not in _JOINED or len(parent) != 1 or (parent.text or "").strip() or (element.tail or "").strip():
            break
        element = parent
    return element


def _find_next(element: HtmlElement) -> HtmlElement | None:
    found = element.getnext()
    return found if found is not None and found.tag in _JOINED and not (element.tail or "").strip() else None


def _find_previous(element: HtmlElement) -> HtmlElement | None:
    found = element.getprevious()
    return found if found is not None and found.tag in _JOINED and not (found.tail or "").strip() else None


def _read(element: HtmlElement) -> str:
    return short_text(element, _LONGEST).strip()


def _write_cents(cents: HtmlElement, number: HtmlElement) -> None:
    """Put a point before cents that have none."""
    text = _read(cents)
    if text[0].isdigit() and _read(number)[-1:].isdigit():
        for child in [*cents]:
            cents.remove(child)
        cents.text = f"{',' if '.' in _read(number) else '.'}{text}"


def _flatten(element: HtmlElement) -> None:
    """Make a box and what is in it parts of a line, without the white space around its text."""
    for each in islice(element.iter(), 8):
        if each.tag in _JOINED:
            each.tag = "span"
        each.text = (each.text or "").strip()
        if each is not element:
            each.tail = (each.tail or "").strip()
