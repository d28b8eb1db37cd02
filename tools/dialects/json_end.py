"""Find where a JSON value ends. Characters are read once, as they arrive; nothing inside is interpreted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NoReturn

from .lenient_json import DEEPEST, parse_json
from .parsed_calls import Incremental
from .text_buffer import QUOTES, TextBuffer, find, find_closing_quote, wait_for

# Brackets, quotes and comments, and in the last alternative every character that no JSON has outside of strings.
_JSON_TOKEN = re.compile(r"""["'“\[\]{}]|//|/\*|\#|[^\s\w,:+.\-$/()…=>]|=(?!>|\Z)|(?<!=)>""")
CLOSES = {"{": "}", "[": "]", "(": ")"}


def _check_unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key that is there twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} cannot be written in JSON")


_WINDOW = 1_000  # characters in which most values end
_MOST_LONG_FAILURES = 8
_scan: Callable[[str, int], tuple[object, int]] = json.JSONDecoder(object_pairs_hook=_check_unique, parse_constant=_refuse).scan_once  # type: ignore[attr-defined]


def decode_strict(buffer: TextBuffer, at: int, longest: int = _WINDOW) -> tuple[object, int] | None:
    """Return the value that begins at `at` and its end, where it is whole and strict JSON. It is read at the speed of C."""
    # Never all of a long text for each of many values in it.
    written = buffer.text[at : at + longest]
    try:
        value, end = _scan(written, 0)
    except (ValueError, RecursionError, StopIteration):
        if longest > _WINDOW:
            buffer.long_failures += 1
        elif len(buffer.text) > at + longest and buffer.long_failures < _MOST_LONG_FAILURES:
            return decode_strict(buffer, at, len(buffer.text))
        return None
    brackets = written.count("{", 0, end) + written.count("[", 0, end)
    return (value, at + end) if brackets <= DEEPEST or not _is_deeper(value, DEEPEST) else None


def _is_deeper(value: object, depth: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_is_deeper(each, depth - 1) for each in inside if type(each) is dict or type(each) is list)


class JsonEnd:
    """How far a JSON value reaches: `end` is behind its last bracket, or -1 where it stops at `stopped` with brackets `open`."""

    __slots__ = ("end", "open", "stopped", "value")

    def __init__(self, end: int, stopped: int, open_brackets: str, buffer: TextBuffer, value: object = None) -> None:
        if end < 0:
            buffer.searched_to = max(buffer.searched_to, stopped)
        self.end: int = end
        self.stopped: int = stopped
        self.open: str = open_brackets
        self.value: object = value  # the object or list itself, where it was decoded on the way


def find_json_end(buffer: TextBuffer, at: int) -> Incremental[JsonEnd]:
    """Return the end of the object or list that begins at `at`. Stop early at a character with which no JSON can go on."""
    if whole := decode_whole(buffer, at):
        return whole
    return (yield from walk_to_json_end(buffer, at))


def decode_whole(buffer: TextBuffer, at: int) -> JsonEnd | None:
    """Note that a call's JSON begins here, and return its end where it is whole and strict."""
    buffer.json_at = at
    buffer.json_is_call = False
    buffer.json_items.clear()
    whole = decode_strict(buffer, at)
    return JsonEnd(whole[1], whole[1], "", buffer, whole[0]) if whole else None


def walk_to_json_end(buffer: TextBuffer, at: int) -> Incremental[JsonEnd]:
    """Return the end of JSON that is not whole, or not strict."""
    stack: list[str] = []
    position = at
    while True:
        found = _JSON_TOKEN.search(buffer.text, position)
        if found is None:
            if buffer.ended:
                return JsonEnd(-1, len(buffer.text), "".join(stack), buffer)
            # A slash at the end of the text may be half of a comment's opening, a sign half of an arrow, so it is looked at again.
            position = max(position, len(buffer.text) - 1) if buffer.text.endswith(("/", "=")) else len(buffer.text)
            buffer.certain_to = position
            yield
            continue
        token, position = found[0], found.end()
        if token in "{[":
            if token == "{" and len(stack) == 1 and stack[0] == "[":
                buffer.json_items.append(found.start())
            stack.append(token)
            if len(stack) > DEEPEST:
                buffer.no_start_before = found.start()
                return JsonEnd(-1, found.start(), "".join(stack), buffer)
        elif token in "}]":
            if not stack or CLOSES[stack.pop()] != token:
                return JsonEnd(-1, found.start(), "".join(stack), buffer)
            if not stack:
                return JsonEnd(position, position, "", buffer)
        elif token in QUOTES:
            position = yield from find_closing_quote(buffer, token, position, in_call=True)
            if position < 0:
                return JsonEnd(-1, len(buffer.text), "".join(stack) + token, buffer)
        elif token in ("//", "#", "/*"):
            closing = "*/" if token == "/*" else "\n"
            closed = yield from find(buffer, closing, position, in_call=True)
            position = closed + len(closing) if closed >= 0 else len(buffer.text)
        else:
            buffer.certain_to = found.start()
            # The rest of the marker must have arrived: the caller looks whether one stands here.
            yield from wait_for(buffer, found.start() + 3)
            return JsonEnd(-1, found.start(), "".join(stack), buffer)


def parse_json_at(text: str, at: int, found: JsonEnd, ended: bool) -> tuple[object, tuple[str, ...]] | None:
    """Return the value and its repairs, or None where it cannot be read. Closing brackets are added where nothing else is missing."""
    if found.value is not None:
        return found.value, ()
    written = text[at : found.end if found.end >= 0 else found.stopped]
    notes: tuple[str, ...] = ()
    if found.end < 0:
        last = written.rstrip()[-1:]
        at_marker = text.startswith("</", found.stopped) or text.startswith("<|", found.stopped) or text.startswith("```", found.stopped)
        # The value is complete but for its brackets where a marker follows it, and not in the middle of a pair.
        is_whole = at_marker and last not in ",:{[" and set(found.open) <= {"{", "["}
        if not is_whole and not (ended and found.stopped >= len(text) and found.open == "{" and last == "}"):
            return None
        written = written.rstrip() + "".join("}" if bracket == "{" else "]" for bracket in reversed(found.open))
        notes = ("closing bracket added",)
    try:
        value, repairs = parse_json(written)
    except ValueError:
        return None
    return value, (*notes, *repairs)
