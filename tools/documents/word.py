"""Read the text of a Word document (ECMA-376) as HTML: headings, paragraphs, lists with their numbers, tables, notes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from lxml.etree import _Element

from .errors import FileUnreadable
from .packages import Package, attribute, child, children, descendants, local_name

_LEFT_OUT = frozenset(
    ("del", "moveFrom", "instrText", "delText", "rt", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sdtPr", "Fallback", "txbxContent")
)
"""What was deleted, instructions of fields, readings above ideographs, properties; and text boxes, which follow their paragraph."""
_BREAKS = {"tab": "\t", "ptab": "\t", "br": "<br>", "cr": "<br>", "noBreakHyphen": "-"}
_OFF = frozenset(("0", "false", "off", "none"))
_DEEPEST_STYLE = 20
_MOST_IN_LETTERS = 400


class _Style(NamedTuple):
    level: int  # of a heading; 0 for a text
    number: tuple[str, int] | None  # of a list: its id, and how deep in it
    hidden: bool


class _Level(NamedTuple):
    format: str
    text: str  # "%1.%2." for "4.2."
    start: int


def read_word(package: Package) -> tuple[str, str]:
    """Return title and HTML of the document. Raises FileUnreadable."""
    part = next((name for kind, name in package.find_relations("").values() if kind == "officeDocument"), "word/document.xml")
    tree = package.parse(part)
    if tree is None or local_name(tree) != "document":
        raise FileUnreadable("it holds no Word document: it is another kind of file under this name")
    return _Word(package, part).read(tree)


class _Word:
    def __init__(self, package: Package, part: str) -> None:
        related = dict(package.find_relations(part).values())
        parts = {kind: package.parse(name) for kind, name in related.items() if kind in ("styles", "numbering", "footnotes", "endnotes")}
        self._core = package.parse(next((name for kind, name in package.find_relations("").values() if kind == "core-properties"), ""))
        self._styles = _read_styles(parts.get("styles"))
        self._lists = _read_lists(parts.get("numbering"))
        self._notes = {
            (kind, attribute(note, "id")): note for kind in ("footnote", "endnote") for note in children(parts.get(f"{kind}s"), kind)
        }
        self._counts = dict[str, Counter[int]]()
        self._title = ""

    def read(self, tree: _Element) -> tuple[str, str]:
        html = "".join(self._blocks(child(tree, "body")))
        core = child(self._core, "title")
        return self._title or (core.text or "" if core is not None else ""), html

    def _blocks(self, parent: _Element | None) -> Iterator[str]:
        for element in parent if parent is not None else ():
            match local_name(element):
                case "p":
                    yield from self._paragraph(element)
                case "tbl":
                    yield self._table(element)
                case name if name not in _LEFT_OUT:  # content controls, insertions, custom XML
                    yield from self._blocks(element)

    def _table(self, table: _Element) -> str:
        rows = list[str]()
        for row in descendants_but(table, "tr", "tbl"):
            cells = [f"<td>{''.join(self._blocks(cell))}</td>" for cell in descendants_but(row, "tc", "tbl")]
            rows.append(f"<tr>{''.join(cells)}</tr>")
        return f"<table>{''.join(rows)}</table>"

    def _paragraph(self, paragraph: _Element) -> Iterator[str]:
        properties = child(paragraph, "pPr")
        name = attribute(child(properties, "pStyle"), "val")
        style = self._styles.get(name, self._styles[""])
        text = "" if style.hidden else "".join(self._runs(paragraph)).strip()
        if text:
            own = attribute(child(properties, "outlineLvl"), "val")
            level = int(own) + 1 if own.isdigit() and int(own) < 9 else style.level
            number = _read_number(properties, style.number)
            mark = self._count(*number) if number else ""
            if name.lower() == "title" or level == -1:
                self._title = self._title or re.sub(r"<[^>]+>", " ", text)
                level = 1
            text = f"{escape(mark)} {text}" if mark and mark != "-" else text
            tag = f"h{min(level, 6)}" if level else "li" if mark == "-" else "p"
            yield f"<{tag}>{text}</{tag}>"
        for box in descendants(paragraph, "txbxContent"):
            if not any(local_name(above) == "Fallback" for above in box.iterancestors()):
                yield from self._blocks(box)
        for kind in ("footnote", "endnote"):
            for reference in descendants(paragraph, f"{kind}Reference"):
                yield from self._blocks(self._notes.get((kind, attribute(reference, "id"))))

    def _runs(self, parent: _Element) -> Iterator[str]:
        for element in parent:
            name = local_name(element)
            if name in _LEFT_OUT:
                continue
            if name == "t":
                yield escape(element.text or "")
            elif name in _BREAKS:
                yield _BREAKS[name]
            elif name != "r" or not self._is_hidden(element):
                yield from self._runs(element)

    def _is_hidden(self, run: _Element) -> bool:
        """Return whether nobody sees the run: hidden, or white on white, or smaller than two points."""
        properties = child(run, "rPr")
        if properties is None:
            return False
        style = self._styles.get(attribute(child(properties, "rStyle"), "val"))
        if _is_on(child(properties, "vanish")) or (style is not None and style.hidden):
            return True
        size = attribute(child(properties, "sz"), "val")
        if size.isdigit() and int(size) < 4:
            return True
        is_white = attribute(child(properties, "color"), "val").upper() == "FFFFFF"
        return is_white and not any(
            child(above, f"{local_name(above)}Pr", shade) is not None
            for above in (run, *run.iterancestors())
            for shade in ("shd", "highlight", "tblStyle")
        )

    def _count(self, number: str, depth: int) -> str:
        """Return the mark of the next paragraph of a list: "-" for a bullet, "4.2." for a number."""
        levels = self._lists.get(number, {})
        level = levels.get(depth)
        if level is None or level.format == "none":
            return ""
        counts = self._counts.setdefault(number, Counter())
        counts[depth] = counts[depth] + 1 if depth in counts else level.start
        for deeper in [each for each in counts if each > depth]:
            del counts[deeper]
        if level.format == "bullet":
            return "-"

        def write(found: re.Match[str]) -> str:
            place = int(found[1]) - 1
            above = levels.get(place, level)
            return _write_number(counts.get(place, above.start), above.format)

        return re.sub(r"%([1-9])", write, level.text)


def descendants_but(element: _Element, name: str, inner: str) -> Iterator[_Element]:
    """Yield the elements with that name that are in no inner element of the other name."""
    for each in element:
        if local_name(each) == name:
            yield each
        elif local_name(each) != inner and local_name(each) not in _LEFT_OUT:
            yield from descendants_but(each, name, inner)


def _is_on(switch: _Element | None) -> bool:
    return switch is not None and attribute(switch, "val").lower() not in _OFF


def _read_number(properties: _Element | None, above: tuple[str, int] | None) -> tuple[str, int] | None:
    numbering = child(properties, "numPr")
    if numbering is None:
        return above
    number = attribute(child(numbering, "numId"), "val") or (above[0] if above else "")
    depth = attribute(child(numbering, "ilvl"), "val")
    return None if number in ("", "0") else (number, int(depth) if depth.isdigit() else above[1] if above else 0)


def _read_styles(tree: _Element | None) -> dict[str, _Style]:
    """Return the styles by their id, under "" that of a paragraph without one."""
    named = {attribute(style, "styleId"): style for style in children(tree, "style")}

    def find(name: str, depth: int = 0) -> _Style:
        style = named.get(name)
        if style is None or depth > _DEEPEST_STYLE:
            return _Style(0, None, hidden=False)
        base = find(attribute(child(style, "basedOn"), "val"), depth + 1)
        outline = attribute(child(style, "pPr", "outlineLvl"), "val")
        built_in = re.fullmatch(r"heading ([1-9])", attribute(child(style, "name"), "val"), re.IGNORECASE)
        level = int(outline) + 1 if outline.isdigit() else int(built_in[1]) if built_in else base.level
        if attribute(child(style, "name"), "val").lower() == "title":
            level = -1
        vanish = child(style, "rPr", "vanish")
        number = _read_number(child(style, "pPr"), base.number)
        return _Style(level if level < 10 else 0, number, base.hidden if vanish is None else _is_on(vanish))

    default = next(
        (name for name, style in named.items() if attribute(style, "default") == "1" and attribute(style, "type") == "paragraph"), ""
    )
    return {name: find(name) for name in named} | {"": find(default)}


def _read_lists(tree: _Element | None) -> dict[str, dict[int, _Level]]:
    """Return the levels of each list by its id."""
    kinds = {attribute(kind, "abstractNumId"): kind for kind in children(tree, "abstractNum")}
    found = dict[str, dict[int, _Level]]()
    for number in children(tree, "num"):
        overrides = [child(each, "lvl") for each in children(number, "lvlOverride")]
        levels = [
            *children(kinds.get(attribute(child(number, "abstractNumId"), "val")), "lvl"),
            *(each for each in overrides if each is not None),
        ]
        found[attribute(number, "numId")] = {
            _read_whole(level, "ilvl"): _Level(
                attribute(child(level, "numFmt"), "val") or "decimal",
                attribute(child(level, "lvlText"), "val"),
                _read_whole(child(level, "start"), "val", 1),
            )
            for level in levels
        }
    return found


def _read_whole(element: _Element | None, name: str, default: int = 0) -> int:
    written = attribute(element, name)
    return int(written) if written.isdecimal() and len(written) < 10 else default


def _write_number(number: int, form: str) -> str:
    if not 0 < number < _MOST_IN_LETTERS:
        return str(number)
    match form:
        case "lowerLetter" | "upperLetter":
            letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
            return letter if form == "lowerLetter" else letter.upper()
        case "lowerRoman" | "upperRoman":
            roman = _write_roman(number)
            return roman if form == "lowerRoman" else roman.upper()
        case "decimalZero":
            return f"{number:02}"
        case _:
            return str(number)


def _write_roman(number: int) -> str:
    written = ""
    for value, letters in ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        written += letters * (number // value)
        number %= value
    return written
