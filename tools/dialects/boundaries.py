"""Find where a JSON value or the parenthesis of a call ends. Characters are read once, as they arrive; nothing inside is interpreted."""

from __future__ import annotations

import re

from .lenient_json import DEEPEST
from .text_buffer import Incremental, TextBuffer, wait_for

# Brackets, quotes and comments, and in the last alternative every character that no JSON has outside of strings.
_JSON_TOKEN = re.compile(r"""["'“\[\]{}]|//|/\*|\#|[^\s\w,:+.\-$/()…]""")
_CLOSES = {"{": "}", "[": "]", "(": ")"}
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_INSIDE = {quote: re.compile(rf"\\|{re.escape(close)}") for quote, close in _QUOTES.items()}


class JsonEnd:
    """How far a JSON value reaches: `end` is behind its last bracket, or -1 where it stops at `stopped` with brackets `open`."""

    __slots__ = ("end", "open", "stopped")

    def __init__(self, end: int, stopped: int, open_brackets: str, buffer: TextBuffer) -> None:
        if end < 0:
            buffer.searched_to = max(buffer.searched_to, stopped)
        self.end = end
        self.stopped = stopped
        self.open = open_brackets


def find_json_end(buffer: TextBuffer, at: int) -> Incremental[JsonEnd]:
    """Return the end of the object or list that begins at `at`. Stop early at a character with which no JSON can go on."""
    stack: list[str] = []
    position = at
    while True:
        found = _JSON_TOKEN.search(buffer.text, position)
        if found is None:
            if buffer.ended:
                return JsonEnd(-1, len(buffer.text), "".join(stack), buffer)
            # A slash at the end of the text may be half of a comment's opening, so it is looked at again.
            position = max(position, len(buffer.text) - 1) if buffer.text.endswith("/") else len(buffer.text)
            yield
            continue
        token, position = found[0], found.end()
        if token in "{[":
            stack.append(token)
            if len(stack) > DEEPEST:
                buffer.no_start_before = found.start()
                return JsonEnd(-1, found.start(), "".join(stack), buffer)
        elif token in "}]":
            if not stack or _CLOSES[stack.pop()] != token:
                return JsonEnd(-1, found.start(), "".join(stack), buffer)
            if not stack:
                return JsonEnd(position, position, "", buffer)
        elif token in _QUOTES:
            position = yield from find_string_end(buffer, found.start())
            if position < 0:
                return JsonEnd(-1, len(buffer.text), "".join(stack) + token, buffer)
        elif token in ("//", "#", "/*"):
            position = yield from _find_comment_end(buffer, position, "*/" if token == "/*" else "\n")
        else:
            # The rest of the marker must have arrived: the caller looks whether one stands here.
            yield from wait_for(buffer, found.start() + 3)
            return JsonEnd(-1, found.start(), "".join(stack), buffer)


def _find_comment_end(buffer: TextBuffer, at: int, closing: str) -> Incremental[int]:
    while True:
        position = buffer.text.find(closing, at)
        if position >= 0:
            return position + len(closing)
        if buffer.ended:
            return len(buffer.text)
        at = max(at, len(buffer.text) - 1)
        yield


def find_string_end(buffer: TextBuffer, at: int) -> Incremental[int]:
    """Return the offset behind the closing quote of the string that begins at `at`, or -1."""
    quote = buffer.text[at]
    inside = _INSIDE[quote]
    position = at + 1
    while True:
        found = inside.search(buffer.text, position)
        if found is None:
            if buffer.ended:
                buffer.searched_to = len(buffer.text)
                return -1
            position = len(buffer.text)
            yield
        elif found[0] == "\\":
            position = yield from wait_for(buffer, found.end() + 1)
            if position <= found.end():
                return -1
            position = found.end() + 1
        else:
            return found.end()


class CallEnd:
    """The end of NAME(...): `end` is behind its parenthesis, or -1 where it is never closed. `commas` are the offsets between arguments."""

    __slots__ = ("commas", "end", "stopped")

    def __init__(self, end: int, commas: list[int], stopped: int, buffer: TextBuffer) -> None:
        if end < 0:
            buffer.searched_to = max(buffer.searched_to, stopped)
        self.end = end
        self.commas = commas
        self.stopped = stopped


_CALL_TOKEN = re.compile(r"""["'“‘()\[\]{},]|\n[ \t\r]{0,100}\n""")
# A quote opens a string behind these; behind a letter it is an apostrophe: ORDER(Fish 'n' chips, Ada's house)
_FRESH = re.compile(r"(?:^|[(\[{,=:])\s*[rbuRBU]?$")
_AFTER_QUOTE = re.compile(r"\s*(?:[,)\]}:]|\Z)")


def find_call_end(buffer: TextBuffer, at: int) -> Incremental[CallEnd]:
    """Return the end of the call whose parenthesis is open before `at`.

    A quote opens a string where an argument begins; inside a word it is an apostrophe. A blank line outside of strings ends the attempt.
    """
    # Quotes in `dead` opened a string that never closes, so further ones are plain characters.
    stack, commas, position, dead = ["("], list[int](), at, ""
    while True:
        found = _CALL_TOKEN.search(buffer.text, position)
        if found is None:
            if buffer.ended:
                return CallEnd(-1, commas, len(buffer.text), buffer)
            position = _keep_line_break(buffer.text, max(position, at))
            yield
            continue
        token, position = found[0], found.end()
        if token in _QUOTES:
            if token in dead or not _FRESH.search(buffer.text[max(at, found.start() - 40) : found.start()]):
                continue
            closed = yield from _find_argument_string_end(buffer, found.start())
            if closed < 0:
                dead += token
            else:
                position = closed
        elif token in "([{":
            stack.append(token)
            if len(stack) > DEEPEST:
                return CallEnd(-1, commas, found.start(), buffer)
        elif token == ",":
            if len(stack) == 1:
                commas.append(found.start())
        elif token in ")]}":
            # A bracket of another kind that was left open is closed along with this one: prose is not balanced.
            if any(_CLOSES[bracket] == token for bracket in stack):
                while _CLOSES[stack.pop()] != token:
                    pass
            if not stack:
                return CallEnd(position, commas, position, buffer)
        else:
            return CallEnd(-1, commas, found.start(), buffer)


def _keep_line_break(text: str, at: int) -> int:
    """Return where to search on: a line break at the end of the text may become a blank line."""
    window = text[-101:]
    blank = len(window) - len(window.rstrip(" \t\r"))
    return max(at, len(text) - blank - 1) if window.endswith("\n", 0, len(window) - blank) else len(text)


def _find_argument_string_end(buffer: TextBuffer, at: int) -> Incremental[int]:
    """Return the end of a quoted argument, or -1. Its closing quote is one that is followed by what can follow an argument."""
    text = buffer.text
    quote = text[at]
    yield from wait_for(buffer, at + 3)
    if quote in "\"'" and buffer.text.startswith(quote * 3, at):
        return (yield from _find_triple_quote(buffer, at + 3, quote * 3))
    position = at + 1
    while True:
        closed = yield from _find_unescaped_quote(buffer, position, quote)
        if closed < 0:
            return -1
        while True:
            after = _AFTER_QUOTE.match(buffer.text, closed)
            if after is None:
                break
            if after.end() < len(buffer.text) or buffer.ended or buffer.text[after.end() - 1] in ",)]}:":
                return closed
            yield
        position = closed


def _find_unescaped_quote(buffer: TextBuffer, position: int, quote: str) -> Incremental[int]:
    inside = _INSIDE[quote]
    while True:
        found = inside.search(buffer.text, position)
        if found is None:
            if buffer.ended:
                buffer.searched_to = len(buffer.text)
                return -1
            position = len(buffer.text)
            yield
        elif found[0] == "\\":
            yield from wait_for(buffer, found.end() + 1)
            position = found.end() + 1
        else:
            return found.end()


def _find_triple_quote(buffer: TextBuffer, at: int, quotes: str) -> Incremental[int]:
    while True:
        position = buffer.text.find(quotes, at)
        if position >= 0:
            return position + 3
        if buffer.ended:
            buffer.searched_to = len(buffer.text)
            return -1
        at = max(at, len(buffer.text) - 2)
        yield
