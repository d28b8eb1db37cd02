"""A page as a tree, as lxml repairs it."""

from __future__ import annotations

import re

from lxml.etree import ParserError, SubElement, XMLSyntaxError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

# libxml2 takes a time that grows with the square of the attributes of one element. Real ones have a few dozen.
_MOST_ATTRIBUTES = 400
_ATTRIBUTE = r"""[\s/]++[^\s/>=<]++(?:\s*+=\s*+(?:"[^"]{0,2000}+"|'[^']{0,2000}+'|[^\s>]{0,200}+))?+"""
_TOO_MANY = re.compile(rf"(<[a-zA-Z][^\s/><]*+(?:{_ATTRIBUTE}){{{_MOST_ATTRIBUTES}}})(?:{_ATTRIBUTE})++")
_BREAK_HINT = re.compile(r"</?wbr\b[^<>]*>", re.IGNORECASE)  # libxml2 does not know that it is empty and nests what follows
_END_OF_PAGE = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)  # browsers show what follows, libxml2 drops it
# References to characters that text in a tree may not have: controls, halves of pairs.
_CONTROL = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01]|6553[45])(?![0-9])|x0*(?:[0-8bcef]|1[0-9a-f]|d[89a-f][0-9a-f]{2}|fff[ef])(?![0-9a-f]));?",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/><]*)[^<>]*>")
_FLAT = frozenset("html head body title script style table tr td th h1 h2 h3 h4 h5 h6 template noscript svg textarea select option".split())
_OF_HEAD = frozenset("base basefont bgsound link meta noscript script style template title".split())
_LINE_ENDS = frozenset("p div li ul ol dl dt dd section article main header footer aside nav form br blockquote center details".split())


def parse_tree(html: str) -> HtmlElement | None:
    """Parse a page without comments. Return None for one of nothing but white space and comments."""
    html = _TOO_MANY.sub(r"\1", _END_OF_PAGE.sub("", _BREAK_HINT.sub("", _CONTROL.sub("", html))))
    tree, is_cut = _parse(html)
    if is_cut:  # what stands deeper than libxml2 goes would be lost, and everything after it
        tree = _parse(_TAG.sub(_flatten, html))[0]
    if tree is not None:
        _begin_body(tree)
    return tree


def _begin_body(tree: HtmlElement) -> None:
    """Put into the body what libxml2 takes for a part of the head: <body> may be left out, and <nav>, <header>, <main> begin it then."""
    head, body = tree.find("head"), tree.find("body")
    shown = [child for child in head if child.tag not in _OF_HEAD] if head is not None else []
    if not shown:
        return
    if body is None:
        body = SubElement(tree, "body")
    text, body.text = body.text, None
    for place, child in enumerate(shown):
        body.insert(place, child)
    shown[-1].tail = f"{shown[-1].tail or ''}{text or ''}" or None


def _parse(html: str) -> tuple[HtmlElement | None, bool]:
    """Return the tree, and whether the parser gave up in the middle."""
    # huge_tree: elements may nest 2,048 deep instead of 256, which an old page of unclosed <font> reaches.
    parser = HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8", no_network=True, huge_tree=True)
    try:
        tree: HtmlElement = document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except (ParserError, XMLSyntaxError):
        return None, False
    return tree, any("depth" in entry.message for entry in parser.error_log.filter_from_fatals())


def _flatten(tag: re.Match[str]) -> str:
    name = tag[2].lower()
    if name in _FLAT:
        return tag[0]
    return "<br>" if name in _LINE_ENDS else ""
