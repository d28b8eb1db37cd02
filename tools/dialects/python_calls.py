"""A list of calls as Python writes it: [get_time(city="Paris"), toggle(on=True)]. All of it is read, or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator

from .boundaries import call_end
from .call import is_signature, read_arguments
from .json_calls import Item
from .signatures import Shapes
from .source import Source, skip_space
from .values import Problem

Announce = Callable[[str], None]
_HEAD = re.compile(r"([^\W\d][\w.\-:/]*)\(")
_HALF_HEAD = re.compile(r"(?:[^\W\d][\w.\-:/]*)?\Z")


def read_list(
    source: Source, at: int, known: Shapes, announce: Announce, *, marked: bool
) -> Generator[None, None, tuple[int, list[Item]] | None]:
    """The list that opens at `at`. None where it is no list of calls (and, unless `marked`, where one of its names is no tool's)."""
    items: list[Item] = []
    place = at + 1
    while True:
        place = yield from skip_space(source, place)
        if source.text.startswith("]", place) and (items or marked):
            return place + 1, items
        read = yield from read_named(source, place, known, announce, marked=marked)
        if read is None:
            return None
        place, item = read
        items.append(item)
        place = yield from skip_space(source, place)
        following = source.text[place : place + 1]
        if following == ",":
            place += 1
        elif following != "]":
            if not marked:
                return None
            span = (at, place)
            return place, [_unfinished(source, span, known, items)]


def read_named(
    source: Source, at: int, known: Shapes, announce: Announce, *, marked: bool
) -> Generator[None, None, tuple[int, Item] | None]:
    """NAME(...) that stands at `at`: where it ends, and the call or what is wrong with it."""
    while True:
        head = _HEAD.match(source.text, at)
        if head is not None:
            break
        if source.ended or not _HALF_HEAD.match(source.text, at):
            return None
        yield
    shape = known.marked(head[1])
    if shape is None and not marked:
        return None
    if head[1] == "print" and known.find("print") is None:
        return (yield from _printed(source, head.end(), known, announce))
    if shape is not None:
        announce(shape.name)
    found = yield from call_end(source, head.end())
    if found.end < 0:
        if not marked:
            return None
        seen = source.text[at : found.stopped]
        expected = f"a closing parenthesis: {shape.signature}" if shape else "a closing parenthesis"
        return found.stopped, Problem(seen[:200], (at, found.stopped), expected, head[1])
    span = (at, found.end)
    if not marked and shape is not None and is_signature(shape, source.text, head.end(), found.commas, found.end - 1):
        return None
    if shape is None:
        return found.end, known.unknown(head[1], span)
    item = read_arguments(shape, source.text, head.end(), found.commas, found.end - 1, span)
    if not marked and not known.by_name and isinstance(item, Problem):
        return None  # "[read(path)]": without tools nothing says that this is one
    return found.end, item


def _printed(source: Source, at: int, known: Shapes, announce: Announce) -> Generator[None, None, tuple[int, Item] | None]:
    """print(NAME(...)), as Gemma writes a call in its `tool_code`."""
    inner = yield from read_named(source, at, known, announce, marked=True)
    if inner is None:
        return None
    end = yield from skip_space(source, inner[0])
    return (end + 1 if source.text.startswith(")", end) else end), inner[1]


def _unfinished(source: Source, span: tuple[int, int], known: Shapes, items: list[Item]) -> Item:
    return Problem(source.text[span[0] : span[1]][:200], span, "a list of calls that is closed with ']'", items[0].tool)
