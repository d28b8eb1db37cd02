"""Rows of tables and of data, each cell with its header: "Pro | Price = $20 | Users = 5"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_DIGIT = re.compile(r"\d")
_CODES = "EUR|USD|GBP|CHF|JPY|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|INR|CNY"
_MONEY = re.compile(rf"[$€£¥₹₩]|\d\s*(?:円|元|zł|kr\b)|\b(?:{_CODES}|Fr\.?)\s*\d|\d\s*(?:{_CODES})\b")
_MARK = re.compile(r"(?:yes|no|ja|nein|oui|non|sí|✓|✔|✗|✘|❌|✅|×|x|-+|–|—|n/a|included|not included)?$", re.IGNORECASE)
_NO = re.compile(r"(?:no|nein|non|✗|✘|×|x|-+|–|—|n/a|not included|none|❌)$", re.IGNORECASE)
_PRICE_IN_HEADER = re.compile(r"\s*[(:–-]?\s*(?:from\s+|ab\s+)?(?:[$€£¥]\s*\d|\d[\d.,]*\s*(?:€|EUR|CHF|USD)).*$", re.IGNORECASE)
_UNIT_NAMES = frozenset({"unit", "per", "period", "billing", "price", "currency", "unit text", "billing period", "price unit"})
EQUALS = " = "
"""What stands between a header and its value in the text of a row."""


def split_row(line: str) -> list[str]:
    """Return the cells of a line; a cell may be empty. Marks at both ends, as in Markdown, are no cells."""
    bare = line.strip()
    cells = [cell.strip() for cell in bare.split("|")]
    if bare.startswith("|") and bare.endswith("|") and len(cells) > 2:
        return cells[1:-1]
    return cells


def find_header(rows: Sequence[Sequence[str]]) -> tuple[list[str], int]:
    """Return the header of a table and how many rows it takes: rows that name what the others hold. Empty if the first is one of data."""
    first, others = list(rows[0]), rows[1:]
    if not others or all(not cell for cell in first):
        return [], 0
    if any(_MONEY.search(cell) for cell in first):
        # plans with their prices on top: the names are headers of what stands below
        priced = sum(bool(_MONEY.search(cell)) for cell in first)
        below = any(len(row) == len(first) and not any(_MONEY.search(cell) for cell in row) for row in others)
        return ([_PRICE_IN_HEADER.sub("", cell) for cell in first], 1) if priced > 1 and below and not _MONEY.search(first[0]) else ([], 0)
    merged = _merge_headers(first, rows)
    if merged:
        return merged, 2
    for at in range(1, len(first)):
        column = [row[at] for row in others if at < len(row)]
        if _DIGIT.search(first[at]) and not _names_column(first[at], column):
            return [], 0
    valued = [cell for row in others for cell in row[1:]]
    named = any(_DIGIT.search(cell) or _MARK.fullmatch(cell) for cell in valued)
    return (first, 1) if named or not first[0] else ([], 0)


def _names_column(cell: str, column: Sequence[str]) -> bool:
    """Return whether a cell with a digit names its column: a year, or "24 hours" over bare numbers or prices."""
    if re.fullmatch(r"(?:19|20)\d\d", cell) or any(_MONEY.search(each) for each in column):
        return True
    bare = bool(column) and all(re.fullmatch(r"[\d.,\s]*[-–.]*", each) for each in column)
    return bare and bool(re.search(r"[^\W\d]{2,}", cell))


def _merge_headers(first: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one header of two rows, where a cell of the first spans several of the second: "Summer" over "Day" and "Week"."""
    if len(rows) < 3:
        return []
    second, width = rows[1], len(rows[2])
    if not len(first) < width or len(second) not in {width, width - 1} or any(_MONEY.search(cell) for cell in second):
        return []
    spans = len(first) - 1
    below = list(second)[-(width - 1) :]
    if not spans or (width - 1) % spans or any(not cell for cell in below):
        return []
    each = (width - 1) // spans
    return [first[0], *(f"{first[1 + at // each]}, {cell}" for at, cell in enumerate(below))]


def name_cells(cells: Sequence[str], header: Sequence[str], before: Sequence[str]) -> list[str]:
    """Return the cells with their headers. `before` is the row above: a row that lacks its first cell has the one above it."""
    row, heads = list(cells), list(header)
    if header and len(row) == len(header) - 1 and len(before) == len(header):
        row = [before[0], *row]
    elif header and len(row) == len(header) + 1:
        heads = ["", *header]
    return [f"{heads[at]}{EQUALS}{_say(cell)}" if at and at < len(heads) and heads[at] else cell for at, cell in enumerate(row)]


def _say(cell: str) -> str:
    return "no" if _NO.fullmatch(cell) else cell


def is_rows_of_its_own(cells: Sequence[str]) -> bool:
    """Return whether the cells of a line are entries side by side, each with its price: "Basic $5 | Pro $9"."""
    return len(cells) > 1 and sum(bool(_MONEY.search(cell)) for cell in cells) > 1 and bool(_MONEY.search(cells[0]))


def split_data(line: str) -> Iterator[str]:
    """Yield the statements of a line of data, "Subject | name: value; name: value", each as "Subject | name = value"."""
    subject, _, rest = line.partition("|")
    if not rest:
        subject, rest = "", line
    pairs = [(name.strip(), value.strip()) for each in rest.split("; ") for name, _, value in [each.partition(":")] if value.strip()]
    units = " ".join(value for name, value in pairs if name.casefold() in _UNIT_NAMES and not _DIGIT.search(value))
    for name, value in pairs:
        whole = f"{value} {units}" if units and _DIGIT.search(value) and "price" in name.casefold() and units not in value else value
        yield f"{subject.strip()} | {name}{EQUALS}{_say(whole)}" if subject.strip() else f"{name}: {_say(whole)}"
