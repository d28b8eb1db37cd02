"""Where a JSON value or the parenthesis of a call ends: read once, piece by piece, without understanding what is inside."""

from __future__ import annotations

import re
from collections.abc import Generator

from .lenient_json import DEEPEST
from .source import Source, Waiting, reach

_JSON_TOKEN = re.compile(r"""["'“\[\]{}]|//|/\*|\#|[^\s\w,:+.\-$/()…]""")
_CLOSES = {"{": "}", "[": "]", "(": ")"}
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_INSIDE = {quote: re.compile(rf"\\|{re.escape(close)}") for quote, close in _QUOTES.items()}


class JsonEnd:
    """How far a JSON value reaches: `end` is behind its last bracket; -1 when it stops at `stopped` with `open` brackets unclosed."""

    __slots__ = ("end", "open", "stopped")

    def __init__(self, end: int, stopped: int, open_brackets: str, source: Source) -> None:
        if end < 0:
            source.far = max(source.far, stopped)
        self.end = end
        self.stopped = stopped
        self.open = open_brackets


def json_end(source: Source, at: int) -> Generator[None, None, JsonEnd]:
    """The end of the object or list that begins at `at`. It stops early where no JSON can go on."""
    stack: list[str] = []
    place = at
    while True:
        found = _JSON_TOKEN.search(source.text, place)
        if found is None:
            place = max(place, len(source.text) - 1) if not source.ended else len(source.text)
            if source.ended:
                return JsonEnd(-1, place, "".join(stack), source)
            place = _before_slash(source.text, place)
            yield
            continue
        token, place = found[0], found.end()
        if token in "{[":
            stack.append(token)
            if len(stack) > DEEPEST:
                source.barren = found.start()
                return JsonEnd(-1, found.start(), "".join(stack), source)
        elif token in "}]":
            if not stack or _CLOSES[stack.pop()] != token:
                return JsonEnd(-1, found.start(), "".join(stack), source)
            if not stack:
                return JsonEnd(place, place, "", source)
        elif token in _QUOTES:
            place = yield from string_end(source, found.start())
            if place < 0:
                return JsonEnd(-1, len(source.text), "".join(stack) + token, source)
        elif token in ("//", "#", "/*"):
            place = yield from _comment_end(source, place, "*/" if token == "/*" else "\n")
        else:
            yield from reach(source, found.start() + 3)  # what stands here may be a mark
            return JsonEnd(-1, found.start(), "".join(stack), source)


def _before_slash(text: str, place: int) -> int:
    """A slash at the end may be half a comment mark, so it is looked at again."""
    return place if text.endswith("/") else len(text)


def _comment_end(source: Source, at: int, closing: str) -> Waiting:
    while True:
        place = source.text.find(closing, at)
        if place >= 0:
            return place + len(closing)
        if source.ended:
            return len(source.text)
        at = max(at, len(source.text) - 1)
        yield


def string_end(source: Source, at: int) -> Waiting:
    """Behind the closing quote of the string that begins at `at`, or -1."""
    quote = source.text[at]
    inside = _INSIDE[quote]
    place = at + 1
    while True:
        found = inside.search(source.text, place)
        if found is None:
            if source.ended:
                source.far = len(source.text)
                return -1
            place = len(source.text)
            yield
        elif found[0] == "\\":
            place = yield from reach(source, found.end() + 1)
            if place <= found.end():
                return -1
            place = found.end() + 1
        else:
            return found.end()


class CallEnd:
    """The end of NAME(...): `end` is behind its parenthesis, -1 when it is never closed; `commas` separate its arguments."""

    __slots__ = ("commas", "end", "stopped")

    def __init__(self, end: int, commas: list[int], stopped: int, source: Source) -> None:
        if end < 0:
            source.far = max(source.far, stopped)
        self.end = end
        self.commas = commas
        self.stopped = stopped


_CALL_TOKEN = re.compile(r"""["'“‘()\[\]{},]|\n[ \t\r]{0,100}\n""")
_FRESH = re.compile(r"(?:^|[(\[{,=:])\s*[rbuRBU]?$")
_AFTER_QUOTE = re.compile(r"\s*(?:[,)\]}:]|\Z)")


def call_end(source: Source, at: int) -> Generator[None, None, CallEnd]:
    """The end of the call whose parenthesis is open before `at`.

    A quote counts where an argument begins; an apostrophe inside a word does not. A blank line outside quotes ends the attempt.
    """
    stack, commas, place, dead = ["("], list[int](), at, ""
    while True:
        found = _CALL_TOKEN.search(source.text, place)
        if found is None:
            if source.ended:
                return CallEnd(-1, commas, len(source.text), source)
            place = _line_break_before(source.text, max(place, at))
            yield
            continue
        token, place = found[0], found.end()
        if token in _QUOTES:
            if token in dead or not _FRESH.search(source.text[max(at, found.start() - 40) : found.start()]):
                continue
            closed = yield from _argument_string_end(source, found.start())
            if closed < 0:
                dead += token
            else:
                place = closed
        elif token in "([{":
            stack.append(token)
            if len(stack) > DEEPEST:
                return CallEnd(-1, commas, found.start(), source)
        elif token == ",":
            if len(stack) == 1:
                commas.append(found.start())
        elif token in ")]}":
            if any(_CLOSES[bracket] == token for bracket in stack):
                while _CLOSES[stack.pop()] != token:
                    pass
            if not stack:
                return CallEnd(place, commas, place, source)
        else:
            return CallEnd(-1, commas, found.start(), source)


def _line_break_before(text: str, at: int) -> int:
    """From where to look on: a line break at the end of the text may become a blank line."""
    window = text[-101:]
    blank = len(window) - len(window.rstrip(" \t\r"))
    return max(at, len(text) - blank - 1) if window.endswith("\n", 0, len(window) - blank) else len(text)


def _argument_string_end(source: Source, at: int) -> Waiting:
    """The end of a quoted argument: a closing quote that is followed by what can follow an argument; -1 when there is none."""
    text = source.text
    quote = text[at]
    yield from reach(source, at + 3)
    if quote in "\"'" and source.text.startswith(quote * 3, at):
        return (yield from _triple_end(source, at + 3, quote * 3))
    place = at + 1
    while True:
        closed = yield from _string_end_from(source, place, quote)
        if closed < 0:
            return -1
        while True:
            after = _AFTER_QUOTE.match(source.text, closed)
            if after is None:
                break
            if after.end() < len(source.text) or source.ended or source.text[after.end() - 1] in ",)]}:":
                return closed
            yield
        place = closed


def _string_end_from(source: Source, place: int, quote: str) -> Waiting:
    inside = _INSIDE[quote]
    while True:
        found = inside.search(source.text, place)
        if found is None:
            if source.ended:
                source.far = len(source.text)
                return -1
            place = len(source.text)
            yield
        elif found[0] == "\\":
            yield from reach(source, found.end() + 1)
            place = found.end() + 1
        else:
            return found.end()


def _triple_end(source: Source, at: int, quotes: str) -> Waiting:
    while True:
        place = source.text.find(quotes, at)
        if place >= 0:
            return place + 3
        if source.ended:
            source.far = len(source.text)
            return -1
        at = max(at, len(source.text) - 2)
        yield
