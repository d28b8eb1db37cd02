"""The lines of a page with what they stand in: their element, the heading over them, and the tables and definition lists between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from ..visible import is_furniture
from .money import is_price, split_price
from .wording import one_line

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_LINES = 12_000
MAX_ELEMENTS = 40_000
_MAX_LINE = 10_000
_ENDS_PRICE = re.compile(r"\d ?(?:[$€£¥₹₩₽₺₫円元]|[A-Z]{3}|kr|zł)$")
_MAX_TITLE_LINES = 6
_INLINE = frozenset(
    re.findall(
        r"\w+",
        """
        a abbr acronym b bdi bdo big cite code data dfn em font i ins kbd mark meter output q rp rt ruby s samp small span strike del strong
        sub sup time tt u var wbr
        """,
    )
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "caption", "legend", "summary"))


@dataclass(slots=True)
class Line:
    """A line of text. `parts` are its pieces by the inline element that each stands in directly."""

    element: HtmlElement
    heading: str
    is_heading: bool = False
    parts: list[tuple[str, HtmlElement]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the whole line. A price in a box of its own does not run into the number in the next one."""
        joined = ""
        for text, _ in self.parts:
            joined += f" {text}" if _ENDS_PRICE.search(joined[-12:]) and text[:1].isdigit() else text
            if len(joined) > _MAX_LINE:
                break
        return one_line(joined, 2_000)


@dataclass(frozen=True, slots=True)
class FoundElement:
    """A table or a definition list, and the heading over it."""

    element: HtmlElement
    heading: str


@dataclass(slots=True)
class PageLines:
    """A page in lines. `spans` has, for each element with lines, the numbers of its first line and of the one after its last."""

    lines: list[Line] = field(default_factory=list)
    tables: list[FoundElement] = field(default_factory=list)
    lists: list[FoundElement] = field(default_factory=list)
    preformatted: list[FoundElement] = field(default_factory=list)
    spans: dict[HtmlElement, tuple[int, int]] = field(default_factory=dict)


def read_lines(tree: HtmlElement) -> PageLines:
    """Return the lines of a visible tree, without navigation. Tables and definition lists are kept as elements, without lines."""
    walk = _Walk()
    walk.enter(tree, "")
    left = MAX_ELEMENTS
    while walk.stack and left and len(walk.page.lines) < MAX_LINES:
        top = walk.stack[-1]
        child = next(top.children, None)
        if child is None:
            walk.leave()
            continue
        left -= 1
        tag = child.tag
        if not isinstance(tag, str) or (tag not in _INLINE and _may_be_furniture(child) and is_furniture(child)):
            walk.break_line()
        elif tag == "table" and is_data_table(child):
            walk.page.tables.append(FoundElement(child, top.heading))
            walk.break_line()
        elif tag == "dl":
            walk.page.lists.append(FoundElement(child, top.heading))
            walk.break_line()
        else:
            if tag == "pre":
                walk.page.preformatted.append(FoundElement(child, top.heading))
            walk.enter(child, top.heading)
            continue
        walk.add(child.tail, top.element)
    return walk.page


def _may_be_furniture(element: HtmlElement) -> bool:
    """Return whether a closer look is needed: a plain element without attributes is no navigation."""
    return element.tag in ("nav", "form", "button", "dialog", "footer") or bool(
        element.get("class") or element.get("id") or element.get("role")
    )


@dataclass(slots=True)
class _Open:
    element: HtmlElement
    heading: str
    first_line: int
    children: Iterator[HtmlElement]
    headings: int = 0


class _Walk:
    """The walk over a page in document order, without recursion."""

    def __init__(self) -> None:
        self.page = PageLines()
        self.stack: list[_Open] = []
        self.is_new_line = True

    def break_line(self) -> None:
        self.is_new_line = True

    def enter(self, element: HtmlElement, heading: str) -> None:
        if element.tag not in _INLINE:
            self.break_line()
        self.stack.append(_Open(element, heading, len(self.page.lines), iter(element)))
        self.add(element.text, element)

    def leave(self) -> None:
        """Close an element: what follows its text belongs to the line of the element around it."""
        closed = self.stack.pop()
        lines = self.page.lines
        if closed.element.tag not in _INLINE:
            self.break_line()
            if closed.first_line < len(lines):
                self.page.spans[closed.element] = (closed.first_line, len(lines))
        if not self.stack:
            return
        top = self.stack[-1]
        if closed.element.tag in _HEADINGS:
            text = one_line(" ".join(line.text for line in lines[closed.first_line : closed.first_line + 5]), 200)
            # <h3>$29</h3> is set large and names nothing; <h3>Menu</h3><h4>Starter, main course</h4> is a title and what it is
            if not is_price(text) and not self._is_subtitle(closed):
                top.heading = split_price(text)[0]
                top.headings += 1
        elif closed.headings == 1 and len(lines) - closed.first_line <= _MAX_TITLE_LINES and not _is_repeated(closed.element):
            # <div class="header"><h3>Pro</h3></div> is a heading for what follows it.
            top.heading = closed.heading
            top.headings += 1
        self.add(closed.element.tail, top.element)

    def _is_subtitle(self, closed: _Open) -> bool:
        """Return whether a heading stands directly below one of higher rank, and is the only one of its own around it."""
        before = self.page.lines[closed.first_line - 1] if closed.first_line else None
        parent = closed.element.getparent()
        if before is None or not before.is_heading or parent is None or before.element.getparent() is not parent:
            return False
        return (
            heading_rank(before.element) < heading_rank(closed.element)
            and sum(1 for _ in islice(parent.iterchildren(closed.element.tag), 2)) == 1
        )

    def add(self, text: str | None, element: HtmlElement) -> None:
        if not text:
            return
        if self.is_new_line:
            if not text.strip():
                return
            holder = next((opened for opened in reversed(self.stack) if opened.element.tag not in _INLINE), self.stack[0])
            is_heading = any(opened.element.tag in _HEADINGS for opened in self.stack[-6:]) and not is_price(text)
            self.page.lines.append(Line(holder.element, holder.heading, is_heading))
            self.is_new_line = False
        self.page.lines[-1].parts.append((text, element))


def heading_rank(element: HtmlElement) -> int:
    """Return 1 for h1, 2 for h2 and so on; 9 for any other element."""
    tag = str(element.tag)
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit() else 9


def _is_repeated(element: HtmlElement) -> bool:
    """Return whether an element stands beside others of its kind, as the cards of a grid do."""
    return any(
        other is not None and other.tag == element.tag and other.get("class") == element.get("class")
        for other in (element.getprevious(), element.getnext())
    )


def is_data_table(table: HtmlElement) -> bool:
    """Return whether a table holds data: several rows of several cells, no table within, and no cell that is a page of its own."""
    if (table.get("role") or "").lower() in ("presentation", "none") or table.find(".//table") is not None:
        return False
    rows = wide = long = cells = 0
    for row in islice(table.iter("tr"), 60):
        texts = [cell.text_content() for cell in row if cell.tag in ("td", "th")]
        rows += 1
        wide += len(texts) > 1
        cells += len(texts)
        long += sum(len(text) > 400 for text in texts)
    return rows > 1 and wide > 0 and long * 4 <= cells
