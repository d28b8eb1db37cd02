"""Make a tree hold what a reader of the page sees: nothing hidden, old prices struck through, cents joined, table rows as rows."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from .advertisements import drop_advertisements
from .hidden import drop_hidden
from .inline_text import AMOUNT, CURRENCY, first_letter, last_letter, short_text, text_before
from .price_boxes import join_price_boxes
from .raised import join_cents
from .struck import mark_struck
from .styles import read_rules
from .unreadable import drop_unreadable

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_ROLES = {"table": "table", "grid": "table", "row": "tr", "cell": "td", "gridcell": "td", "columnheader": "th", "rowheader": "th"}
_MOST_OPTIONS = 60
_MOST_TABS, _LONGEST_LABEL, _LONG_PANEL = 200, 40, 2_000
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_INLINE = frozenset(
    ("a", "b", "strong", "i", "em", "span", "small", "time", "data", "u", "mark", "label", "ins", "font", "s", "strike", "del")
)
_NOUGHT = re.compile(r"[+~]?0[+%]?")
_END_OF_COUNT = re.compile(r"data-(?:[a-z-]+-)?(?:to|count|target|end|value|number|num|stop|final)")
_FIGURE = re.compile(r"[1-9][\d.,]{0,11}[+%]?")
_ENDS_IN_PRICE = re.compile(rf"\d\s?{CURRENCY}$")
_MOST_NEIGHBOURS = 50_000
_STARTS_WITH_AMOUNT = re.compile(rf"\s*\d{{3}}(?:[ .,'’\xa0]\d{{3}})*(?:[.,]\d\d)?\s?{CURRENCY}")
_LABEL_WITH_NUMBER = re.compile(r"[^\W\d_]{2}[^\d,$€£¥]{0,3}[ \xa0]\d{1,3}\s+$")
_BEFORE_NUMBER = re.compile(r"(?i)\b(?:from|only|now|ab|nur|dès|de|da|vanaf|från|fra|desde)[ \xa0]\d{1,3}\s+$")
_WIDE_LETTERS = 0x2E80  # from here on Chinese, Japanese and Korean


def show_as_seen(tree: HtmlElement) -> None:
    """Change the tree, in place, to what a reader sees. Styles are read from it first, then dropped with all that is hidden."""
    rules = read_rules(tree)
    _list_priced_options(tree)
    _name_panels(tree)
    drop_unreadable(tree, rules)
    drop_hidden(tree, rules)
    drop_advertisements(tree)
    _name_rows(tree)
    _count_up(tree)
    join_price_boxes(tree)
    join_cents(tree)
    _part_neighbours(tree)
    _part_numbers(tree)
    mark_struck(tree, rules)


def _list_priced_options(tree: HtmlElement) -> None:
    """Turn a choice with prices in it into a list: the sizes of a product."""
    for select in [*tree.iter("select")]:
        options = list(select.iter("option"))
        if len(options) <= _MOST_OPTIONS and any(AMOUNT.search(short_text(option, 200)) for option in options):
            select.tag = "ul"
            for option in options:
                option.tag = "li"


def _name_panels(tree: HtmlElement) -> None:
    """Write the label of a tab to the prices in its panel: "Basic (Individuals)" and "Basic (Businesses)" are two plans."""
    tabs: dict[str, tuple[str, HtmlElement]] = {}
    for tab in tree.xpath("descendant::*[@role='tab' or @data-bs-toggle='tab' or @data-toggle='tab']")[:_MOST_TABS]:
        label = " ".join(short_text(tab, 2 * _LONGEST_LABEL).split())
        for panel in {tab.get(name, "").lstrip("#") for name in ("aria-controls", "data-bs-target", "data-target", "href")}:
            if panel and label and len(label) <= _LONGEST_LABEL:
                tabs.setdefault(panel, (label, tab))
    found = (
        [(panel, *tabs[panel.get("id", "")]) for panel in tree.xpath("descendant::*[@id]") if panel.get("id", "") in tabs] if tabs else []
    )
    priced = [
        (panel, label) for panel, label, tab in found if panel.getprevious() is not tab and AMOUNT.search(short_text(panel, _LONG_PANEL))
    ]
    named = Counter(name for panel, _ in priced for name in {_read_heading(heading) for heading in panel.iter(*_HEADINGS)})
    for panel, label in priced if len(priced) > 1 else ():
        same = [heading for heading in panel.iter(*_HEADINGS) if named[_read_heading(heading)] > 1]
        for heading in same:
            mark = heading.makeelement("span")
            mark.text = f" ({label})"
            heading.append(mark)
        if not same and not short_text(panel, _LONG_PANEL).strip().startswith(label):
            over = panel.makeelement("h2")
            over.text, over.tail, panel.text = label, panel.text, None
            panel.insert(0, over)


def _read_heading(heading: HtmlElement) -> str:
    return " ".join(short_text(heading, 2 * _LONGEST_LABEL).split()).casefold()


def _count_up(tree: HtmlElement) -> None:
    """Write the figure at which a script lets a counter end where the page has the nought with which it begins."""
    for element in tree.xpath("descendant::*[@* and not(*)][@*[starts-with(name(), 'data-')] and string-length(normalize-space(.))<3]")[
        :500
    ]:
        if not _NOUGHT.fullmatch((element.text or "").strip()):
            continue
        ends = [
            value.strip() for name, value in element.attrib.items() if _END_OF_COUNT.fullmatch(name) and _FIGURE.fullmatch(value.strip())
        ]
        if len(ends) == 1:
            element.text = (element.text or "").replace("0", ends[0], 1)


def _name_rows(tree: HtmlElement) -> None:
    """Give the parts of a table that is made of other elements the names of a table's parts."""
    for element in tree.xpath("descendant::*[@role]"):
        tag = _ROLES.get(re.sub(r"\s.*", "", element.get("role", "")).lower())
        if tag and element.tag in ("div", "span", "ul", "li", "section", "a", "p"):
            element.tag = tag


def _part_neighbours(tree: HtmlElement) -> None:
    """Put a space between two elements of a line whose words touch: styles set `<b>Name</b><i>$5</i>` apart, without them it is Name$5."""
    touching = (element for element in tree.iter(*_INLINE) if not element.tail)
    for element in islice(touching, _MOST_NEIGHBOURS):
        beside = element.getnext()
        if beside is None or beside.tag not in _INLINE:
            continue
        if _are_apart(short_text(element, _MOST_OPTIONS), last_letter(element), short_text(beside, _MOST_OPTIONS), first_letter(beside)):
            element.tail = " "


def _part_numbers(tree: HtmlElement) -> None:
    """Set a price off from the number at the end of the name before it: `<b>Class 1</b> <i>950 €</i>` is no price of 1 950 €."""
    for element in islice(tree.iter(*_INLINE), _MOST_NEIGHBOURS):
        if not _STARTS_WITH_AMOUNT.match(short_text(element, 24)):
            continue
        beside = element.getprevious()
        if beside is not None and short_text(beside, 24).strip().isdigit():
            continue  # the thousands of one number
        before = text_before(element)
        if _LABEL_WITH_NUMBER.search(before) and not _BEFORE_NUMBER.search(before):
            element.text = f"| {(element.text or '').lstrip()}"


def _are_apart(before: str, last: str, after: str, first: str) -> bool:
    """Return whether two texts that meet are two words. Digits may be parts of one number, letters of one word."""
    if last.isdigit() and first.isdigit():
        return bool(re.search(r"[.,]\d\d$", before)) or not after.strip().isdigit()
    if last.isdigit() or last in ",.)%":
        return first.isalpha() or first in "$€£¥("
    if first.isdigit() and _ENDS_IN_PRICE.search(before):
        return True
    if not last.isalpha() or len(before) == 1:
        return False
    return first.isdigit() or first in "$€£¥(" or (first.isalpha() and len(after) > 1 and ord(last) < _WIDE_LETTERS)
