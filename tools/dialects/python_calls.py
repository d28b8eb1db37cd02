"""Parse a list of calls in Python's syntax: [get_time(city="Paris"), toggle(on=True)]. All of it is calls, or none of it."""

from __future__ import annotations

from .growing import growing, match
from .parenthesized import find_call_end, is_signature, parse_arguments
from .parsed_calls import CallParser, Incremental, Item
from .read_events import Problem
from .text_buffer import TextBuffer, skip_space

_HEAD = growing(r"([^\W\d][\w.\-:/]*)\(")


def parse_call_list(buffer: TextBuffer, at: int, *, marked: bool) -> CallParser:
    """Parse the list that opens at `at`. Return None where it is no list of calls, or, unless `marked`, where a name is no tool's."""
    items: list[Item] = []
    position = at + 1
    while True:
        position = yield from skip_space(buffer, position)
        if buffer.text.startswith("]", position) and (items or marked):
            return position + 1, items
        read = yield from parse_python_call(buffer, position, marked=marked)
        if read is None:
            return None
        position, item = read
        items.append(item)
        position = yield from skip_space(buffer, position)
        following = buffer.text[position : position + 1]
        if following == ",":
            position += 1
        elif following != "]":
            if not marked:
                return None
            return position, [
                Problem(buffer.text[at:position][:200], (at, position), "a list of calls that is closed with ']'", items[0].tool)
            ]


def parse_python_call(buffer: TextBuffer, at: int, *, marked: bool) -> Incremental[tuple[int, Item] | None]:
    """Parse the NAME(...) at `at`. Return the offset behind it, and the call or the problem with it."""
    head = yield from match(buffer, _HEAD, at)
    if head is None:
        return None
    tool = buffer.tools.find_marked(head[1])
    if tool is None and not marked:
        return None
    # Gemma 3 writes print(weather(...)) in a fence `tool_code`.
    if head[1] == "print" and buffer.tools.find("print") is None:
        return (yield from _parse_print(buffer, head.end()))
    if tool is not None:
        buffer.sink.announce(tool.name, at)
    found = yield from find_call_end(buffer, head.end())
    if found.end < 0:
        if not marked:
            return None
        seen = buffer.text[at : found.stopped]
        expected = f"a closing parenthesis: {tool.signature}" if tool else "a closing parenthesis"
        return found.stopped, Problem(seen[:200], (at, found.stopped), expected, head[1])
    span = (at, found.end)
    if not marked and tool is not None and is_signature(tool, buffer.text, head.end(), found.commas, found.end - 1):
        return None
    if tool is None:
        return found.end, buffer.tools.report_unknown(head[1], span)
    item = parse_arguments(tool, buffer.text, head.end(), found.commas, found.end - 1, span)
    if not marked and not buffer.tools.by_name and isinstance(item, Problem):
        return None  # "[read(path)]": without tools nothing says that this is one
    return found.end, item


def _parse_print(buffer: TextBuffer, at: int) -> Incremental[tuple[int, Item] | None]:
    """Parse print(NAME(...)), as Gemma 3 writes a call in a fence `tool_code`."""
    inner = yield from parse_python_call(buffer, at, marked=True)
    if inner is None:
        return None
    end = yield from skip_space(buffer, inner[0])
    return (end + 1 if buffer.text.startswith(")", end) else end), inner[1]
