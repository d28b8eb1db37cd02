"""The visible text of a page, in lines as on the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        """
        address article aside blockquote body button center dd details dialog dir div dl dt fieldset figcaption figure footer form
        h1 h2 h3 h4 h5 h6 header hgroup hr label legend li main menu nav ol option p pre section summary table tbody td tfoot th
        thead tr ul
        """,
    )
)
_CELLS = frozenset(("td", "th"))
_PARAGRAPHS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "section"))
_FURNITURE_TAGS = frozenset(("nav", "form", "button", "dialog"))
_FURNITURE_ROLES = frozenset(("navigation", "search", "dialog", "alertdialog", "menu", "menubar"))
_FURNITURE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|breadcrumbs?|cookies?|consent|gdpr|newsletter|subscribe|social|share|sharing|popup|modal|skip-?link|"
    r"pagination|related|comments?|comment-list|advert(?:isement)?s?|ads?|promo-?bar)(?:$|[\s_-])",
    re.IGNORECASE,
)


def visible_text(tree: HtmlElement, *, furniture: bool = False) -> str:
    """Return the text of a tree whose hidden parts were removed. Without `furniture`, navigation, footers and banners are left out."""
    out: list[str] = []
    _walk(tree, out, furniture)
    # Nested blocks each break the line: several line breaks count as one, and a form feed stands for an empty line.
    paragraphs = (re.split(r"[ \n]*\n[ \n]*", part.strip()) for part in "".join(out).split("\f"))
    texts = ("\n".join(line for line in (line.strip(" |") for line in lines) if line and line != "-") for lines in paragraphs)
    return "\n\n".join(text for text in texts if text)


def _walk(root: HtmlElement, out: list[str], furniture: bool) -> None:
    """Walk depth first without recursion: a page may nest thousands deep."""
    stack: list[tuple[HtmlElement, bool]] = [(root, True)]
    while stack:
        element, entering = stack.pop()
        tag = element.tag
        if not isinstance(tag, str):
            if element is not root and element.tail:
                out.append(_flatten(element.tail))
            continue
        if entering:
            if not furniture and element is not root and is_furniture(element):
                out.append("\n")
                if element.tail:
                    out.append(_flatten(element.tail))
                continue
            out.append(_break_before(tag))
            if element.text:
                out.append(element.text if tag == "pre" else _flatten(element.text))
            stack.append((element, False))
            stack.extend((child, True) for child in reversed(element))
        else:
            out.append(_break_after(tag))
            if element is not root and element.tail:
                out.append(_flatten(element.tail))


def _flatten(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _break_before(tag: str) -> str:
    if tag in _CELLS:
        return ""
    if tag == "li":
        return "\n- "
    if tag in _PARAGRAPHS:
        return "\f"
    return "\n" if tag in _BLOCKS or tag == "br" else ""


def _break_after(tag: str) -> str:
    if tag in _CELLS:
        return " | "
    if tag in _PARAGRAPHS:
        return "\f"
    return "\n" if tag in _BLOCKS else ""


def is_furniture(element: HtmlElement) -> bool:
    """Return whether every page of a site repeats this part: navigation, banners, and footers made of links."""
    tag = element.tag
    if tag == "footer":
        return _is_mostly_links(element)  # many a footer holds the address and the opening hours
    if tag in ("html", "body", "main", "article"):
        return False
    names = f"{element.get('class', '')} {element.get('id', '')}"[:500]
    if not (tag in _FURNITURE_TAGS or element.get("role", "").lower() in _FURNITURE_ROLES or _FURNITURE_NAMES.search(names)):
        return False
    # Some systems put the whole page into one form, or into a box with "nav" in its name.
    return element.find(".//h1") is None and element.find(".//main") is None


def _is_mostly_links(element: HtmlElement) -> bool:
    linked = sum(len(link.text_content()) for link in element.iter("a"))
    return linked * 2 > len("".join(element.text_content().split()))
