"""Text that a page strikes through is written `~~$20~~`: a price that no longer holds must not be read as one that does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .inline_text import AMOUNT, BLOCKS, Piece, pieces_in, read_piece, short_text, write_piece
from .styles import RuleMatches, StyleRule, strikes

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MARK = "~~"
STRUCK_TAGS = ("s", "strike", "del")
_PRICE = r"(?:prices?|preise?|prix|precios?|prezz[oi]|pre[cç]os?|amounts?)"
_FORMER = (
    r"(?:old|was|previous|former|crossed(?:[_-]?out)?|strik\w+|barr[eé]e?|barrato|tachado|anterior|ancien|alte?r?|vorher\w*|statt|streich)"
)
_FULL = r"(?:original|regular|normal|before|full|compare(?:[_-]?at)?|base)"  # old only where another price stands beside it
_OLD_NAMES = re.compile(
    rf"(?:^|[\s_-])(?:{_FORMER}[_-]*{_PRICE}|{_PRICE}[_-]*{_FORMER}|strike[ds]?|strike-?out|crossed-?out|streichpreis)(?:$|[\s_-])", re.I
)
_FULL_NAMES = re.compile(rf"(?:^|[\s_-])(?:{_FULL}[_-]*{_PRICE}|{_PRICE}[_-]*{_FULL})(?:$|[\s_-])", re.I)
_LOOKS = frozenset(("line-through", "!line-through", "text-decoration-line-through", "strikethrough", "text-strikethrough", "text-strike"))
"""Classes of style libraries that do nothing but strike through."""
_LONGEST_PRICE = 60


def mark_struck(tree: HtmlElement, rules: Sequence[StyleRule]) -> None:
    """Write `~~` around struck-through text, in place."""
    struck = dict.fromkeys(_find_struck(tree, RuleMatches(rules, strikes)))
    for element in struck:
        if not any(above in struck for above in element.iterancestors()):
            _mark(element)
    for element in [*tree.iter(*STRUCK_TAGS)]:
        element.tag = "span"  # so that nobody after this drops the text for its tag


def _find_struck(tree: HtmlElement, rules: RuleMatches[bool]) -> Iterator[HtmlElement]:
    yield from tree.iter(*STRUCK_TAGS)
    for element in tree.xpath("descendant::*[contains(@style, 'ine-through') or contains(@style, 'INE-THROUGH')]"):
        if strikes(element.get("style", "")):
            yield element
    yield from (element for element in rules.candidates(tree) if rules.find(element))
    for element in tree.xpath("descendant::*[@class]"):
        names = element.get("class", "")[:300]
        if not _LOOKS.isdisjoint(names.split()) or _has_old_name(element, names):
            yield element


def _has_old_name(element: HtmlElement, names: str) -> bool:
    if _OLD_NAMES.search(names):
        return _is_price(element)
    return bool(_FULL_NAMES.search(names)) and _is_price(element) and _has_price_beside(element)


def _is_price(element: HtmlElement) -> bool:
    text = short_text(element, _LONGEST_PRICE)
    return len(text.strip()) <= _LONGEST_PRICE and bool(AMOUNT.search(text))


def _has_price_beside(element: HtmlElement) -> bool:
    """Return whether the box around a price holds another one."""
    box, own = element.getparent(), len(AMOUNT.findall(short_text(element, _LONGEST_PRICE)))
    for _ in range(2):
        if box is None or box.tag in ("body", "tr", "li"):
            return False
        text = short_text(box, 3 * _LONGEST_PRICE)
        if len(AMOUNT.findall(text)) > own:
            return True
        box = box.getparent()
    return False


def _mark(struck: HtmlElement) -> None:
    """Mark an element, or where it holds blocks each of its lines."""
    waiting = [struck]
    while waiting:
        element = waiting.pop()
        if not len(element):
            _wrap([(element, "text")] if (element.text or "").strip() else [])
            continue
        if next(element.iterdescendants(*BLOCKS, "br"), None) is None:
            _wrap(list(pieces_in(element)))
            continue
        if (element.text or "").strip():
            _wrap([(element, "text")])
        for child in element:
            waiting.append(child)
            if (child.tail or "").strip():
                _wrap([(child, "tail")])


def _wrap(pieces: Iterable[Piece]) -> None:
    """Write the marks at the first and the last letter of some pieces."""
    pieces = list(pieces)
    if not pieces:
        return
    first = read_piece(pieces[0])
    text = first.lstrip()
    if text.startswith(MARK):
        return
    write_piece(pieces[0], f"{first[: len(first) - len(text)]}{MARK}{text}")
    last = read_piece(pieces[-1])
    text = last.rstrip()
    write_piece(pieces[-1], f"{text}{MARK}{last[len(text) :]}")
