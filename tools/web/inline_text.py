"""Walk the text of one line of a page: the pieces in an element, and those before and after it that its reader sees beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lxml.etree import iterwalk

if TYPE_CHECKING:
    from lxml.html import HtmlElement

Piece = tuple["HtmlElement", str]
"""Where a piece of text stands: the element, and "text" or "tail"."""
BLOCKS = frozenset(
    re.findall(
        r"\w+",
        """
        address article aside blockquote body button center dd details dialog dir div dl dt fieldset figcaption figure footer form
        h1 h2 h3 h4 h5 h6 header hgroup hr label legend li main menu nav ol option p pre section summary table tbody td tfoot th
        thead tr ul
        """,
    )
)
_LINE_ENDS = BLOCKS | {"br", "img"}
_MOST_STEPS = 12
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

CURRENCY = (
    r"(?:[$€£¥₹₩₽₺฿₫₪₴₱]|R\$|Rs\.?|(?:EUR|USD|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|PLN|CZK|HUF|INR|BRL|CNY)\b|kr\b|Fr\.|zł|Kč|Ft\b|円|元|원|руб)"
)
AMOUNT = re.compile(rf"{CURRENCY}\s?\d|\d\s?{CURRENCY}|\d[.,]\d\d(?!\d)|\d,-")
"""A sign that a text holds an amount of money. It only has to be quick: amounts are read in `sayso.tools.quantities`."""


def read_piece(piece: Piece) -> str:
    """Return the text of a piece."""
    element, where = piece
    return (element.text if where == "text" else element.tail) or ""


def write_piece(piece: Piece, text: str) -> None:
    """Replace the text of a piece, without the characters that a reference such as &#12; brings in and lxml does not take."""
    element, where = piece
    text = _UNWRITABLE.sub("", text)
    if where == "text":
        element.text = text
    else:
        element.tail = text


def pieces_in(element: HtmlElement) -> Iterator[Piece]:
    """Yield the pieces of text in an element, in order; pieces of white space only are left out."""
    for event, node in iterwalk(element, events=("start", "end")):
        if event == "start":
            if node.text and not node.text.isspace():
                yield node, "text"
        elif node is not element and node.tail and not node.tail.isspace():
            yield node, "tail"


def pieces_before(element: HtmlElement) -> Iterator[Piece]:
    """Yield the pieces of text before an element in its line, the nearest first."""
    node = element
    for _ in range(_MOST_STEPS):
        previous = node.getprevious()
        if previous is None:
            parent = node.getparent()
            if parent is None:
                return
            if parent.text:
                yield parent, "text"
            if parent.tag in _LINE_ENDS:
                return
            node = parent
            continue
        if previous.tail:
            yield previous, "tail"
        if previous.tag in _LINE_ENDS or len(previous) > _MOST_STEPS:
            return
        yield from reversed(list(pieces_in(previous)))
        node = previous


def text_before(element: HtmlElement, most: int = 16) -> str:
    """Return the end of the text before an element in its line."""
    text = ""
    for piece in pieces_before(element):
        text = " ".join(read_piece(piece)[-2 * most :].split("\n")) + text
        if len(text.strip()) >= most:
            break
    return text[-most:]


def text_after(element: HtmlElement, most: int = 12) -> str:
    """Return the start of the text after an element in its line."""
    text, node = "", element
    for _ in range(_MOST_STEPS):
        text += (node.tail or "")[: 2 * most]
        if len(text.strip()) >= most:
            break
        following = node.getnext()
        if following is None:
            node = node.getparent()
            if node is None or node.tag in _LINE_ENDS:
                break
            continue
        if following.tag in _LINE_ENDS:
            break
        text += short_text(following, most)
        node = following
    return text[:most]


def short_text(element: HtmlElement, most: int) -> str:
    """Return the start of the text in an element, without reading all of it."""
    text = ""
    for piece in element.itertext():
        text += str(piece)
        if len(text) > most:
            break
    return text[: most + 1]


def last_letter(element: HtmlElement) -> str:
    """Return the last character of the text in an element."""
    node = element
    while len(node):
        node = node[-1]
        if node.tail:
            return str(node.tail[-1])
    return str(node.text or "")[-1:]


def first_letter(element: HtmlElement) -> str:
    """Return the first character of the text in an element."""
    node = element
    while not node.text and len(node):
        node = node[0]
    return str(node.text or "")[:1]
