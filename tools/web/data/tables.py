"""Facts out of tables: the header row or column is found, spans are filled in, and a table of plans in columns is read by columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from .day_lines import names_days
from .money import find_money, split_price
from .wording import one_line

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_ROWS = 1_000
MAX_COLUMNS = 60
MAX_CELLS = 10_000
MAX_CELL = 400
_YES = re.compile(r"(?:^|[\s_-])(?:check(?:ed|mark)?|tick|yes|included|true|available|ok|success)(?:$|[\s_-])", re.IGNORECASE)
_NO = re.compile(r"(?:^|[\s_-])(?:cross|times|xmark|no|not|close|minus|dash|false|excluded|unavailable|none)(?:$|[\s_-])", re.IGNORECASE)
_OPEN = frozenset("✓✔✅●○◯◎xX")
_WIDE_DAYS = frozenset("月火水木金土日祝")
_SIGNS = frozenset("✓✔✅☑●•○◯×✗✘❌–—-xX")
_YES_NO = frozenset("yes no ja nein oui non sí si sim não nee nej 有り 無し あり なし 有 無 対応 非対応 included".split())
_UNIT = re.compile(r"(?:per|each|pro|je|par|por|al|per|na) (?!\d)[^\W\d_]", re.IGNORECASE)
SHORT_TITLE = 40
_NOTE = re.compile(r"^\W|[.!?。)]$|\d")
_EMPTY = ("", "-", "–", "—", "n/a", "N/A")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with its text; one that spans several places stands in each of them."""

    text: str
    is_header: bool
    is_own: bool = True
    """Whether the cell starts in this place."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a table says in one cell. Without a header, `subject` is empty and `name` is the label of the row."""

    subject: str
    name: str
    value: str
    row: tuple[str, ...]
    """The texts of the row that the cell stands in."""
    stands_alone: bool
    """Whether the row says the fact by itself, without the header of the column."""
    section: str = ""


Grid = list[list[Cell]]


def mark_icons(tree: HtmlElement) -> None:
    """Write ✓ or ✗ where a cell holds nothing but an icon that means so, and ✗ before a list entry with an icon that takes it back."""
    for box in islice(tree.iter("td", "li"), 8_000):
        if len(box) == 0 or (box.tag == "td" and (len(box) > 4 or (box.text or "").strip())):
            continue
        inner = list(islice(box.iter(), 1, 12))
        is_bare = not any((node.text or "").strip() or (node.tail or "").strip() for node in inner if node.tag not in ("title", "style"))
        if box.tag == "td" and is_bare:
            mark = _read_icon(inner)
            box.text = mark or box.text
        elif box.tag == "li" and not is_bare and not (box.text or "").strip():
            first = inner[0]
            is_icon = first.tag in ("i", "svg", "img", "span") and not "".join(islice(first.itertext(), 4)).strip()
            if is_icon and _read_icon([first, *islice(first.iter(), 1, 6)]) == "✗":
                box.text = "✗ "


def _read_icon(nodes: Sequence[HtmlElement]) -> str:
    """Return what an icon means by the names that it has for programs; empty if they do not tell."""
    hints = [
        value[:100]
        for node in nodes
        for name, value in node.attrib.items()
        if name in ("class", "alt", "title", "aria-label", "data-icon", "name", "href", "xlink:href")
    ]
    hints.extend(node.text or "" for node in nodes if node.tag == "title")
    joined = " ".join(hints)
    return "✗" if _NO.search(joined) else "✓" if _YES.search(joined) else ""


def read_table(table: HtmlElement, heading: str = "") -> list[Fact]:
    """Return the facts of a table."""
    return read_facts(read_grid(table), _read_caption(table) or heading)


_GAP = re.compile(r"\s*(?:\.{4,}|(?: \.){3,}|…{2,}|_{4,})\s*|\s{2,}|\t+|\s[|]\s")
"""What parts the columns of a table that is written as text: spaces, bars, or the leaders of a price list."""


def read_text_table(text: str, heading: str = "") -> list[Fact]:
    """Return the facts of a table that is written with spaces between its columns, as in <pre>; empty if the text is none."""
    lines = [_GAP.split(line.strip(" |")) for line in text.split("\n")[:MAX_ROWS] if line.strip(" |-=+")]
    widths = [len(line) for line in lines]
    width = max(widths, default=0)
    if len(lines) < 2 or not 2 <= width <= MAX_COLUMNS or widths.count(width) * 3 < len(lines) * 2:
        return []
    # A header has no name over the names of the rows.
    rows = [line if len(line) == width else ["", *line] for line in lines if len(line) >= width - 1]
    return read_facts([[Cell(one_line(text, MAX_CELL), is_header=False) for text in row] for row in rows if len(row) == width], heading)


def _read_caption(table: HtmlElement) -> str:
    return next((one_line(element.text_content(), 200) for element in islice(table.iter("caption"), 1)), "")


def read_facts(grid: Grid, caption: str) -> list[Fact]:
    """Return the facts of a grid of cells."""
    width = max(map(len, grid), default=0)
    if len(grid) < 2 or width < 2:
        return []
    headers = _count_headers(grid)
    if (halves := _part_beside(grid, headers)) is not None:
        return [fact for half in halves for fact in read_facts(half, caption)]
    if headers == 1 and (times := _read_timetable(grid, caption)):
        return times
    if headers and all(map(_spans_all, grid[:headers])) and any(map(_spans_all, grid[headers:])):
        headers = 0  # the title of the first group of rows, not the name of a column
    if headers == 0 and width == 2:
        return _read_pairs(grid, caption)
    if headers == 0 and all(row[0].is_header for row in grid):
        return _read_plans(grid, 0, caption) if len(grid[0]) > 2 else _read_pairs(grid, caption)
    if headers == 0:
        return _read_rows(grid, ["" for _ in range(width)], 0, caption)
    names = _join_headers(grid[:headers], width)
    if width == 2 and (not names[1] or _is_mixed(grid[headers:])):
        return _read_pairs(grid[headers:], caption)
    if width > 2 and _has_plans(grid[headers:], names):
        return _read_plans([[Cell(name, True) for name in names], *grid[headers:]], 1, caption)
    return _read_rows(grid, names, headers, caption)


def _read_timetable(grid: Grid, caption: str) -> list[Fact]:
    """Return the days of each row of times: a table with a column for each day, and signs that say when it is open."""
    names = [cell.text for cell in grid[0]]
    if len(names) < 4 or not all(names_days(name) or name in _WIDE_DAYS for name in names[1:]):
        return []
    facts = list[Fact]()
    for row in grid[1:]:
        signs = [cell.text for cell in row[1:]]
        if len(row) != len(names) or any(len(sign) > 2 for sign in signs) or not any(map(str.isdigit, row[0].text)):
            return []
        days = [name for name, sign in zip(names[1:], signs, strict=True) if sign in _OPEN]
        if days:
            facts.append(Fact("", ", ".join(days), row[0].text, tuple(cell.text for cell in row), stands_alone=False, section=caption))
    return facts


def _part_beside(grid: Grid, headers: int) -> list[Grid] | None:
    """Return the parts of a table that is written in several runs side by side: name, price, name, price. None for any other."""
    width, body = len(grid[0]), grid[headers:]
    if width < 4 or width % 2 or headers > 1 or any(len(row) != width for row in grid):
        return None
    names = [cell.text for cell in grid[0]] if headers else []
    if names and any(names[at : at + 2] != names[:2] for at in range(2, width, 2)):
        return None
    kinds = [[_kind(row[at].text) for row in body if row[at].text] for at in range(width)]
    if not all(kinds) or any(not row[at].is_own for row in body for at in range(width)):
        return None
    if any(kind != "text" for at in range(0, width, 2) for kind in kinds[at]) or any(
        kind not in ("money", "number") for at in range(1, width, 2) for kind in kinds[at]
    ):
        return None
    return [[row[at : at + 2] for row in grid if any(cell.text for cell in row[at : at + 2])] for at in range(0, width, 2)]


def read_grid(table: HtmlElement) -> Grid:
    """Return the cells of a table by row and column, with rowspan and colspan filled in."""
    grid: Grid = []
    hanging: dict[int, tuple[int, Cell]] = {}
    left = MAX_CELLS
    for row in islice(table.iter("table", "tr", "thead"), MAX_ROWS):  # <thead><th> without a row is common
        if row.getparent() is not None and row.getparent().tag == "tfoot":
            continue  # totals and notes
        cells: list[Cell] = []
        own = iter(cell for cell in row if cell.tag in ("td", "th"))
        in_head = row.tag in ("thead", "table") or (row.getparent() is not None and row.getparent().tag == "thead")
        while len(cells) < MAX_COLUMNS and left > 0:
            at = len(cells)
            if at in hanging:
                rows, cell = hanging.pop(at)
                cells.append(Cell(cell.text, cell.is_header, is_own=False))
                if rows > 1:
                    hanging[at] = (rows - 1, cell)
                left -= 1
                continue
            element = next(own, None)
            if element is None:
                if not any(place > at for place in hanging):
                    break
                cells.append(Cell("", False))
                continue
            text = one_line(_cell_text(element), MAX_CELL)
            cell = Cell(text, element.tag == "th" or in_head)
            rows = _read_span(element.get("rowspan"), MAX_ROWS)
            for offset in range(min(_read_span(element.get("colspan"), MAX_COLUMNS), MAX_COLUMNS - at)):
                cells.append(cell if offset == 0 else Cell(text, cell.is_header, is_own=False))
                left -= 1
                if rows > 1:
                    hanging[at + offset] = (rows - 1, cell)
        if any(cell.text for cell in cells):
            grid.append(cells)
    return grid


def _cell_text(element: HtmlElement) -> str:
    """Return the text of a cell, with a space where a block or a line ends."""
    if len(element) == 0:
        return element.text or ""
    texts = [element.text or ""]
    for node in islice(element.iter(), 1, 200):
        if not isinstance(node.tag, str):
            continue
        texts.append(f"{' ' if node.tag in ('br', 'p', 'div', 'li', 'ul', 'small') else ''}{node.text or ''}")
        texts.extend(_tails(node, element))
    return "".join(texts)


def _tails(node: HtmlElement, top: HtmlElement) -> list[str]:
    """Return the texts that follow an element and, where it is the last one, those that follow the elements around it."""
    tails: list[str] = []
    if len(node):
        return tails
    while node is not top:
        tails.append(f"{' ' if node.tag in ('p', 'div', 'li') else ''}{node.tail or ''}")
        if node.getnext() is not None:
            break
        node = node.getparent()
    return tails


def _read_span(text: str | None, most: int) -> int:
    return min(max(int(text), 1), most) if text and text.strip().isascii() and text.strip().isdigit() and len(text) < 6 else 1


def _count_headers(grid: Grid) -> int:
    """Return how many rows on top are headers: rows of header cells, or a first row of words over a column of numbers."""
    count = 0
    for row in grid[: min(4, len(grid) - 1)]:
        if not all(cell.is_header or not cell.text for cell in row) or len({cell.text for cell in row if cell.text}) < 2 - (
            count > 0 or _spans_all(row)
        ):
            break
        if count and _spans_all(row) and not all(map(_spans_all, grid[:count])):
            break  # the title of the first rows, below the names of the columns
        count += 1
    if count and count == 1 and _spans_all(grid[0]) and len(grid) > 2 and not any(cell.is_header for cell in grid[1]):
        return 1 + _count_headers(grid[1:])
    if count:
        return count
    first, rest = grid[0], grid[1:]
    if any(_is_numeric(cell.text) or cell.text in _SIGNS for cell in first) or (
        any(cell.is_header for cell in first[:1]) and not first[0].text
    ):
        return 0
    columns = range(1, len(first))
    over_numbers = any(
        first[at].text and sum(_is_numeric(row[at].text) for row in rest if at < len(row)) * 3 >= 2 * len(rest) for at in columns
    )
    return 1 if over_numbers and len({cell.text for cell in first}) == len(first) and all(len(cell.text) < 60 for cell in first) else 0


def _read_section(row: Sequence[Cell], section: str, *, may_title: bool) -> str:
    """Return the title that a row over the whole width gives to what follows, until the next one. A note gives none.

    Where no such row stands on top, it is a title if it is marked as a header, or is short and no sentence.
    """
    text = next((cell.text for cell in row if cell.text), "")
    titles = may_title or row[0].is_header or (len(text) <= SHORT_TITLE and not _NOTE.search(text))
    return text if titles and len(text) <= 80 else section


def _spans_all(row: Sequence[Cell]) -> bool:
    """Return whether a row is one text over the whole width: the title of what follows."""
    texts = {cell.text for cell in row if cell.text}
    if len(row) > 2 and len({cell.text for cell in row[1:]}) == 1 and sum(cell.is_own for cell in row) == 2:
        said = row[-1].text
        return len(row) > 3 or (len(said.split()) > 3 and _kind(said) == "text")  # a total, or a note: no value of each column
    return len(row) > 1 and len(texts) == 1 and (sum(cell.is_own for cell in row) == 1 or sum(bool(cell.text) for cell in row) == 1)


def _join_headers(rows: Grid, width: int) -> list[str]:
    """Return the name of each column; several header rows are joined, unless one of them is the title of the table."""
    rows = [row for row in rows if not _spans_all(row)] or rows[-1:]
    names = []
    for at in range(width):
        texts = dict.fromkeys(row[at].text for row in rows if at < len(row) and row[at].text)
        names.append(one_line(" ".join(texts), 120))
    return names


def _is_numeric(text: str) -> bool:
    """Return whether a cell is a value rather than a name: a price, a number with its unit, a time."""
    digits = sum(character.isdigit() for character in text)
    return digits > 0 and digits * 3 >= len(re.sub(r"[\W_]", "", text)) and len(text) < 60


def _kind(text: str) -> str:
    if find_money(text):
        return "money"
    if text in _SIGNS or text.lower() in _YES_NO:
        return "sign"
    return "number" if _is_numeric(text) else "text"


def _has_plans(body: Grid, names: Sequence[str]) -> bool:
    """Return whether each column is a thing and each row a property: the kinds of values agree along rows and differ along columns."""
    body = [row for row in body if not _spans_all(row)]
    rows = [[_kind(cell.text) for cell in row[1:] if cell.text] for row in body if len(row) > 2]
    rows = [row for row in rows if row]
    if not rows:
        return False
    along_rows = sum(len(set(row)) == 1 for row in rows) / len(rows)
    columns = [[_kind(row[at].text) for row in body if at < len(row) and row[at].text] for at in range(1, len(names))]
    columns = [column for column in columns if column]
    along_columns = sum(len(set(column)) == 1 for column in columns) / len(columns) if columns else 1.0
    money_rows = sum("money" in row for row in rows)
    signs = sum(kind == "sign" for row in rows for kind in row)
    if signs and along_columns < 1 and (not names[0] or not money_rows or signs * 2 > sum(map(len, rows))):
        return True
    if not names[0] and along_rows > along_columns:
        return True
    return along_rows > along_columns + 0.3 and (money_rows <= 1 or not names[0])


def _read_pairs(grid: Grid, caption: str) -> list[Fact]:
    """Return labels with their values; the first cell of each row is the label."""
    facts: list[Fact] = []
    section, may_title = caption, _spans_all(grid[0])
    for row in grid:
        texts = [cell.text for cell in row]
        if _spans_all(row):
            section = _read_section(row, section, may_title=may_title)
        elif len(texts) > 1 and texts[0] and texts[1] not in _EMPTY:
            facts.append(Fact("", texts[0].rstrip(" :："), texts[1], tuple(texts[:2]), stands_alone=True, section=section))
    return facts


def _read_rows(grid: Grid, names: Sequence[str], headers: int, caption: str) -> list[Fact]:
    """Return, for each row, what its columns say of the thing that it names."""
    body = grid[headers:]
    if all(_kind(row[0].text) == "money" for row in body):  # no column names a row
        pairs = zip(names, body[0], strict=False) if len(body) == 1 and _find_subject_column(body, len(names)) == 0 else ()
        if len(body) == 1 or _find_subject_column(body, len(names)) == 0:
            return [Fact(name, "price", cell.text, (), stands_alone=False, section=caption) for name, cell in pairs if name and cell.text]
    keys = _find_key_columns(body, len(names))
    at = keys[0]
    facts: list[Fact] = []
    section, may_title = caption, bool(body) and _spans_all(body[0])
    for row in body:
        texts = tuple(cell.text for cell in row)
        if _spans_all(row):
            section = _read_section(row, section, may_title=may_title)
            continue
        if at >= len(texts) or not texts[at] or all(cell.is_header for cell in row):
            continue
        prices = sum(bool(find_money(text)) for text in texts)
        unit = (
            next((column for column, text in enumerate(texts) if column not in keys and _UNIT.match(text)), None) if prices == 1 else None
        )
        named = [f"{names[key]} {texts[key]}" if texts[key].isdigit() and key != at else texts[key] for key in keys if key < len(texts)]
        subject = ", ".join(dict.fromkeys(name.strip() for name in named if name.strip()))
        is_whole = all(cell.is_own for cell in row)
        if not headers and is_whole and names_days(texts[at]) and len(texts) == at + 3 and all(texts[at + 1 :]):
            facts.append(Fact(subject, "", ", ".join(texts[at + 1 :]), texts, stands_alone=True, section=section))
            continue
        for column, text in enumerate(texts):
            if column in keys or column >= len(names) or text in _EMPTY or text == texts[at] or column == unit:
                continue
            is_money = bool(find_money(text))
            if is_money and unit is not None:  # "Licence: per screen and month" beside "Price: €15"
                facts.append(Fact(subject, names[column] or "price", f"{text} {texts[unit]}", texts, stands_alone=False, section=section))
                continue
            name = names[column] or ("price" if is_money else "")
            if name.strip(" .…-–—:|") or (not headers and not is_money):
                facts.append(
                    Fact(subject, name, text, texts, stands_alone=is_whole and (not name or (is_money and prices == 1)), section=section)
                )
    return facts


def _find_key_columns(body: Grid, width: int) -> list[int]:
    """Return the columns that name a row: the one of the names, and the next ones where names repeat ("City bike", "3 days")."""
    first = _find_subject_column(body, width)
    rows = [row for row in body if not _spans_all(row) and len(row) > first and row[first].text]
    keys = [first]
    for column in range(width):
        names = [tuple(row[key].text for key in keys if key < len(row)) for row in rows]
        if len(set(names)) == len(names):
            break
        texts = [row[column].text for row in rows if column < len(row)]
        if (
            column not in keys
            and not any(find_money(text) for text in texts)
            and len(set(texts)) > 1
            and len(keys) < 3
            and width > len(keys) + 1
        ):
            keys.append(column)
    return keys


def _is_mixed(body: Grid) -> bool:
    """Return whether the second column of a table of two holds values of several kinds: its rows are properties of one thing."""
    kinds = [_kind(row[1].text) for row in body if len(row) > 1 and row[1].text]
    return len(set(kinds)) > 1 and kinds.count("money") * 2 < len(kinds)


def _find_subject_column(body: Grid, width: int) -> int:
    """Return the column of the names: the first whose cells are words and differ from each other, else the first."""
    wordy: list[int] = []
    for at in range(min(width, 4)):
        texts = [row[at].text for row in body if at < len(row) and not _spans_all(row)]
        if any(row[at].is_header for row in body if at < len(row)):
            return at
        if texts and sum(_is_numeric(text) for text in texts) * 2 < len(texts):
            if len(set(texts)) * 2 > len(texts):
                return at
            wordy.append(at)
    return wordy[0] if wordy else 0


def _read_plans(grid: Grid, headers: int, caption: str) -> list[Fact]:
    """Return, for each column, what the rows say of the thing over it."""
    if not headers:
        return _read_rows(_turn(grid), _join_headers(_turn(grid)[:1], len(grid)), 1, caption)
    subjects, prices = zip(*(split_price(cell.text) for cell in grid[0]), strict=True)
    heads = tuple(cell.text for cell in grid[0])
    facts: list[Fact] = [
        Fact(subject, "price", price, heads, stands_alone=False, section=caption)
        for subject, price in zip(subjects, prices, strict=True)
        if price
    ]
    section = caption
    for row in grid[1:]:
        texts = tuple(cell.text for cell in row)
        if _spans_all(row) or (texts and not any(texts[1:])):
            section = texts[0] or section
            continue
        for column in range(1, min(len(texts), len(subjects))):
            if texts[0] and subjects[column] and texts[column]:
                facts.append(Fact(subjects[column], texts[0].rstrip(" :："), texts[column], texts, stands_alone=False, section=section))
    return facts


def _turn(grid: Grid) -> Grid:
    width = max(map(len, grid))
    return [[row[at] if at < len(row) else Cell("", False) for row in grid] for at in range(width)]
