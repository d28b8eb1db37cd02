"""The objects in a file of JSON lines, however it is written: a line for each, over several lines, or as one list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sayso.tools.canonical import strict_json

from .problems import RowProblem

Row = Mapping[str, Any]
ONE_LIST, SPREAD = "the file is one JSON list", "an object stands on more than one line"
_NOT_BLANK = re.compile(r"\S")


def read_rows(text: str, found: list[RowProblem]) -> Iterator[tuple[int, Row]]:
    """Yield the objects of a text, with the lines on which they begin; those of a list with their numbers in it.

    What is no object, and whatever else than a line for each object, is added to `found`.
    """
    whole = _read_list(text) if text.lstrip().startswith("[") else None
    if whole is not None:
        what, do = f"{ONE_LIST} of {len(whole)} objects", "Write each object on a line of its own, without brackets and commas."
        found.append(RowProblem(1, "", what, do))
        yield from _number_rows(whole, found)
    elif (objects := _read_sequence(text)) is not None:
        what = f"{SPREAD} ({len(objects)} objects in the file)"
        found.append(RowProblem(objects[0][0], "", what, "Write each object on one line: json.dumps(row), without indent."))
        yield from objects
    else:
        yield from _read_single(text, found)


def _number_rows(items: Sequence[object], found: list[RowProblem]) -> list[tuple[int, Row]]:
    """Return the objects of a list with their numbers in it, which stand for the lines."""
    rows: list[tuple[int, Row]] = []
    for number, item in enumerate(items, 1):
        if isinstance(item, dict):
            rows.append((number, item))
        else:
            found.append(RowProblem(number, "", "is JSON, and no object", 'Write {"messages": [...]}.'))
    return rows


def _read_list(text: str) -> list[object] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, list) else None


def _read_sequence(text: str) -> list[tuple[int, Row]] | None:
    """Return the objects of a text that is nothing but objects, one after the other, if one of them has line breaks in it; else None."""
    decoder, at, line, is_broken = json.JSONDecoder(), 0, 1, False
    rows: list[tuple[int, Row]] = []
    while begin := _NOT_BLANK.search(text, at):
        line += text.count("\n", at, begin.start())
        try:
            row, at = decoder.raw_decode(text, begin.start())
        except ValueError:
            return None
        if not isinstance(row, dict):
            return None
        rows.append((line, row))
        breaks = text.count("\n", begin.start(), at)
        line, is_broken = line + breaks, is_broken or breaks > 0
    return rows if is_broken else None


def _read_single(text: str, found: list[RowProblem]) -> Iterator[tuple[int, Row]]:
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        line = line.removesuffix("\r")
        if not line.strip():
            if any(each.strip() for each in lines[number:]):
                found.append(RowProblem(number, "", "is an empty line between rows", "Leave it out."))
            continue
        try:
            row = strict_json(line)
        except ValueError as error:
            do = "Write the object on one line." if line.strip() in ("{", "[") else "Write it with a JSON library, an object on each line."
            found.append(RowProblem(number, "", f"is not JSON: {error}", do))
            continue
        if not isinstance(row, dict):
            found.append(RowProblem(number, "", "is JSON, and no object", 'Write {"messages": [...]}.'))
            continue
        yield number, row
