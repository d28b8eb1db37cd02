"""Choose the main text of a page: the article of an article, all that is visible of a menu, a price list or a list of places."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .inline_text import AMOUNT

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_SITE_SEGMENT = re.compile(r"[a-z]{1,20}(?:[-_][a-z]{1,12}){0,2}(?:\.[a-z]{3,5})?", re.IGNORECASE)
_MOST_ELEMENTS = 6_000  # trafilatura takes up to a second for so many, and for some pages a time that grows with their square
_LONGEST, _DEEPEST = 300_000, 200
_SHORT = 250


def _load_extraction() -> Callable[..., str | None] | None:
    """Return trafilatura's function, which the extra `research` brings; None without it."""
    try:
        from trafilatura import extract
    except ImportError:
        return None
    return extract


_EXTRACT = _load_extraction()  # here, because a worker loads what it needs before it locks itself in


def choose_text(tree: HtmlElement, whole: str, url: str, *, is_article: bool) -> str:
    """Return the main text. `whole` is all the visible text of the tree; `is_article` says that the page calls itself one.

    Without trafilatura (the extra `research`) it is all the visible text.
    """
    if _EXTRACT is None or len(whole) < _SHORT or (not is_article and is_site_page(url)) or _is_too_large(tree, whole):
        return whole
    article = _extract(tree, whole)
    if len(article) < _SHORT or len(whole) <= len(article):
        return whole
    return article if is_article or not _leaves_out_too_much(article, whole) else whole


def is_site_page(url: str) -> bool:
    """Return whether this is a page such as /, /menu.html or /about-us/team, which has no article: everything on it counts."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    return not parts.query and len(segments) <= 2 and all(_SITE_SEGMENT.fullmatch(segment) for segment in segments)


def _is_too_large(tree: HtmlElement, whole: str) -> bool:
    """Return whether trafilatura would take seconds."""
    if len(whole) > _LONGEST or tree.xpath("count(descendant::*)") > _MOST_ELEMENTS:
        return True
    return bool(tree.xpath(f"boolean(descendant::*[count(ancestor::*) > {_DEEPEST}])"))


def _extract(tree: HtmlElement, whole: str) -> str:
    article = _run_extraction(tree, precisely=True)
    # Among many boxes of text the precise reading sometimes takes one.
    return article if len(article) > 0.4 * len(whole) else max(article, _run_extraction(tree, precisely=False), key=len)


def _run_extraction(tree: HtmlElement, *, precisely: bool) -> str:
    assert _EXTRACT is not None
    return _EXTRACT(tree, include_comments=False, include_tables=True, favor_precision=precisely) or ""


def _leaves_out_too_much(article: str, whole: str) -> bool:
    left_out = len(whole) - len(article)
    prices_lost = len(AMOUNT.findall(whole)) - len(AMOUNT.findall(article))
    return (prices_lost >= 2 and left_out < 200 * prices_lost) or len(article) < 0.25 * len(whole)
