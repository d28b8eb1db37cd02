"""A page as a tree, as lxml repairs it."""

from __future__ import annotations

from lxml.etree import ParserError, XMLSyntaxError
from lxml.html import HtmlElement, HTMLParser, document_fromstring


def parse_tree(html: str) -> HtmlElement | None:
    """Parse a page without comments. Return None for one of nothing but white space and comments."""
    parser = HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8", no_network=True)
    try:
        return document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except (ParserError, XMLSyntaxError):
        return None
