"""The visible text of a page, in lines as on the page."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from .inline_text import AMOUNT, BLOCKS, short_text

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CELL_END = " | "
_CELLS = frozenset(("td", "th"))
_PARAGRAPHS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "section"))
_RAW = frozenset(("pre", "xmp", "listing"))
_FURNITURE_TAGS = frozenset(("nav", "form", "button", "dialog"))
_FURNITURE_ROLES = frozenset(("navigation", "search", "dialog", "alertdialog", "menu", "menubar"))
_NAVIGATION_NAMES = (
    r"nav|navbar|navigation|breadcrumbs?|cookies?|consent|gdpr|skip-?link|pagination|social|share|sharing|comments?|comment-list"
)
_OFFER_NAMES = r"newsletter|subscribe|popup|modal|related|promo-?bar"
_FURNITURE_NAMES = re.compile(rf"(?:^|[\s_-])(?:(?P<always>{_NAVIGATION_NAMES})|{_OFFER_NAMES})(?:$|[\s_-])", re.IGNORECASE)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary")
_LONG_ROW = 1_500
_LONGEST_PART, _MOST_LINKS = 20_000, 500
_MOST_ALTS = 200
_LONGEST_ALT = 200
_ALT_START, _ALT_END = "\ue010", "\ue011"  # private characters around the words of a picture, until it is known that the text has them not
_ALT = re.compile(f" ?{_ALT_START}([^{_ALT_END}]*){_ALT_END} ?")
_FILE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|avif)$|^(?:img|dsc|image|photo|screenshot)[\s_-]*\d*$", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_WIDE = r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]"
_WIDE_BREAK = re.compile(rf"(?<={_WIDE})[ \t]*\n\s*(?={_WIDE})")


def visible_text(tree: HtmlElement, *, furniture: bool = False, pictures: bool = False, most: int = 0) -> str:
    """Return the text of a tree whose hidden parts were removed, in the lines of the page, the cells of a row joined by ` | `.

    Without `furniture`, navigation, footers of links and banners are left out. With `pictures`, the words that a page gives for its
    pictures stand in their place. With `most`, no more than about so many characters are read.
    """
    text = _Writer(tree, furniture=furniture, pictures=pictures, most=most).write()
    # Nested blocks each break the line: several line breaks count as one, and a form feed stands for an empty line.
    paragraphs = ([line.strip(" |") for line in part.split("\n")] for part in text.split("\f"))
    texts = ("\n".join(line for line in lines if line and line != "-") for lines in paragraphs)
    whole = "\n\n".join(text for text in texts if text)
    return _keep_new_words(whole) if _ALT_START in whole else whole


class _Writer:
    """Walks a tree depth first without recursion: a page may nest thousands deep."""

    def __init__(self, tree: HtmlElement, *, furniture: bool, pictures: bool, most: int) -> None:
        self._tree, self._most = tree, most
        self._furniture = None if furniture else Furniture(tree)
        self._alts_left = _MOST_ALTS if pictures else 0
        self._out: list[str] = []
        self._rows: list[int] = []  # where the open rows start in `_out`; -1 for a row that holds a table

    def write(self) -> str:
        # An element on the stack is entered; its tag and itself in a tuple are left, when all in it has been written.
        stack: list[HtmlElement | tuple[str, HtmlElement]] = [self._tree]
        length, out, root = 0, self._out, self._tree
        while stack:
            element = stack.pop()
            if isinstance(element, tuple):
                tag, element = element
                self._leave(tag)
            elif self._enter(element):
                length += len(out[-1]) if out else 0
                if len(element):
                    stack.append((element.tag, element))
                    stack.extend(reversed(element))
                    continue
                self._leave(element.tag)
            if element is not root and (tail := element.tail):
                out.append(_flatten(tail))
                length += len(out[-1])
            if self._most and length > self._most:
                break
        return "".join(out)

    def _enter(self, element: HtmlElement) -> bool:
        """Write the start of an element. Returns False if nothing in it is written."""
        tag, out = element.tag, self._out
        if not isinstance(tag, str):
            return False
        if self._furniture and element is not self._tree and self._furniture.holds(element):
            out.append("\n")
            return False
        if tag in BLOCKS or tag == "br":
            out.append(_break_before(tag))
            if tag == "tr":
                self._rows.append(len(out))
            elif tag == "table" and self._rows:
                self._rows[-1] = -1
            elif tag in _CELLS and element.get("data-sayso-mark"):
                out.append(element.get("data-sayso-mark", ""))
        elif tag == "img" and self._alts_left:
            self._write_alt(element)
        if element.text:
            out.append(element.text if tag in _RAW else _flatten(element.text))
        return True

    def _leave(self, tag: str) -> None:
        if tag == "tr" and self._rows:
            start = self._rows.pop()
            if start >= 0:
                self._close_row(start)
            elif self._rows:
                self._rows[-1] = -1
        if tag in BLOCKS:
            self._out.append(_break_after(tag))

    def _close_row(self, start: int) -> None:
        """Put the cells of a row into one line, unless it is the layout of a page."""
        row = "".join(self._out[start:])
        if "\n" not in row and "\f" not in row:
            return
        cells = row.split(_CELL_END)
        if len(row) > _LONG_ROW or any(map(_is_laid_out, cells)):
            self._out[start:] = ["\n" if text == _CELL_END else text for text in self._out[start:]]
        else:
            cells = [re.sub(r"\s*\n- ", "; ", cell.strip("\n\f -")) for cell in cells]
            self._out[start:] = [_SPACE.sub(" ", _CELL_END.join(cells))]

    def _write_alt(self, element: HtmlElement) -> None:
        alt = _SPACE.sub(" ", element.get("alt", "")[: _LONGEST_ALT + 1]).strip()
        has_words = " " in alt or any(letter.isdigit() or ord(letter) > 0x2E80 for letter in alt)
        if has_words and len(alt) <= _LONGEST_ALT and not _FILE_NAME.search(alt):
            self._alts_left -= 1
            self._out.append(f" {_ALT_START}{alt}{_ALT_END} ")


def _is_laid_out(cell: str) -> bool:
    """Return whether a cell is a part of the page rather than a value: it has lines of text one under the other."""
    lines = [line for line in re.split(r"[\n\f]", cell) if line.strip() and not line.startswith("- ")]
    return (len(lines) > 2 and len(cell) > 80) or (len(lines) == 2 and len(cell) > 120)


def _keep_new_words(text: str) -> str:
    """Keep the words of pictures that the text itself does not have, each once."""
    said = _ALT.sub(" ", text).casefold()
    seen = set[str]()

    def keep(found: re.Match[str]) -> str:
        words = found[1].casefold()
        if words in seen or words in said:
            return " "
        seen.add(words)
        return f" {found[1]} "

    lines = (line.strip(" |") for line in re.sub(" {2,}", " ", _ALT.sub(keep, text)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join("" if line == "-" else line for line in lines)).strip("\n")


def _flatten(text: str) -> str:
    if not text.isascii() and "\n" in text:
        text = _WIDE_BREAK.sub("", text)  # a line break in the source is no space between Chinese or Japanese letters
    return _SPACE.sub(" ", text)


def _break_before(tag: str) -> str:
    if tag in _CELLS:
        return ""
    if tag == "li":
        return "\n- "
    return "\f" if tag in _PARAGRAPHS else "\n"


def _break_after(tag: str) -> str:
    if tag in _CELLS:
        return _CELL_END
    return "\f" if tag in _PARAGRAPHS else "\n"


class Furniture:
    """Tells the parts that every page of a site repeats: navigation, banners, and footers made of links."""

    def __init__(self, tree: HtmlElement) -> None:
        # Some systems put the whole page into one form, or into a box with "nav" in its name.
        self._around_content: set[HtmlElement] = set()
        for content in tree.iter("h1", "main"):
            for element in content.iterancestors():
                if element in self._around_content:
                    break
                self._around_content.add(element)

    def holds(self, element: HtmlElement) -> bool:
        """Return whether this element is such a part."""
        tag = element.tag
        if tag == "footer":
            return not any(above.tag == "footer" for above in element.iterancestors()) and _is_mostly_links(element)
        if tag in ("html", "body", "main", "article", "td", "tr", "tbody"):
            return False
        named: re.Match[str] | None = None
        attributes = element.attrib
        if not attributes:
            if tag not in _FURNITURE_TAGS:
                return False
        elif not (tag in _FURNITURE_TAGS or attributes.get("role", "").lower() in _FURNITURE_ROLES):
            named = _FURNITURE_NAMES.search(f"{attributes.get('class', '')} {attributes.get('id', '')}"[:500])
            if not named:
                return False
        if element in self._around_content:
            return False
        if tag == "button":
            parent = element.getparent()
            return parent is None or parent.tag not in _HEADINGS  # many a question opens its answer
        if tag == "form" or (named and not named["always"]):
            return not _has_an_offer(element)
        return True


def is_furniture(element: HtmlElement) -> bool:
    """Return whether every page of a site repeats this part. For many elements of one tree, ask one `Furniture`."""
    return Furniture(element).holds(element)


def _has_an_offer(element: HtmlElement) -> bool:
    """Return whether a form or a banner says what something costs, or much else: a product with its button, not a search box."""
    return bool(AMOUNT.search(short_text(element, _LONGEST_PART))) and not _is_mostly_links(element)


def _is_mostly_links(element: HtmlElement) -> bool:
    linked = sum(len(short_text(link, _LONGEST_PART)) for link in islice(element.iter("a"), _MOST_LINKS))
    return linked * 2 > len("".join(short_text(element, _LONGEST_PART).split()))
