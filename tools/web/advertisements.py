"""Remove from a page the advertisements of others, as far as the page itself says what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .hidden import drop_elements
from .inline_text import short_text

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LABELS = ("h1", "h2", "h3", "h4", "h5", "h6", "p", "span", "small", "div", "b", "strong", "em", "i", "label", "figcaption")
_ADVERTISED = re.compile(
    r"[\[(]?(?:(?:paid )?advertisement|advert|ad|ads|sponsored(?: (?:content|post|link)s?)?|promoted|anzeige|werbung|gesponsert|publicité|"
    r"annonce|sponsorisé|publicidad|anuncio|patrocinado|pubblicità|annuncio|sponsorizzato|advertentie|reklama|reklame|annons|広告|PR|スポンサー)"
    r"[\])]?(?:\s*[:|–—-]\s.{0,80}|\s*:)?",
    re.IGNORECASE,
)
_NAMES = re.compile(
    r"(?:^|[\s_-])(?:advert(?:isement|orial)?s?|ads?|adsbygoogle|sponsored|werbung|anzeigen?|publicit[eé]|publicidad)(?:$|[\s_-])",
    re.IGNORECASE,
)
_FIRST_LETTERS = frozenset("[(apsgwr広ス")
_LONGEST_LABEL, _LONGEST_AD = 120, 800
_BOXES = frozenset(("div", "aside", "section", "li", "p", "ins", "figure", "a", "span"))


def drop_advertisements(tree: HtmlElement) -> None:
    """Remove, in place, the boxes whose first line or heading calls them an advertisement, and those that styles call so."""
    around_content = {above for content in tree.iter("h1", "main") for above in content.iterancestors()}
    drop_elements(tree, [box for box in (*_find_labelled(tree), *_find_named(tree)) if box not in around_content])


def _find_labelled(tree: HtmlElement) -> Iterator[HtmlElement]:
    for element in tree.iter(*_LABELS):
        text = (element.text or "").strip()
        if not text or text[0].lower() not in _FIRST_LETTERS or len(text) > _LONGEST_LABEL:
            continue  # so most texts are told apart without a pattern
        text = " ".join(text.split())
        if not _ADVERTISED.fullmatch(text):
            continue
        box = element.getparent()
        while box is not None and box.tag in _LABELS and "".join(short_text(box, _LONGEST_AD).split()) == "".join(text.split()):
            box = box.getparent()
        if box is not None and box.tag not in ("html", "body", "main") and len(short_text(box, 2 * _LONGEST_AD)) <= _LONGEST_AD:
            yield box


def _find_named(tree: HtmlElement) -> Iterator[HtmlElement]:
    for element in tree.xpath("descendant::*[@class or @id]"):
        if element.tag in _BOXES and _NAMES.search(f"{element.get('class', '')} {element.get('id', '')}"[:500]):
            yield element
