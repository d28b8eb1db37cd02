"""A text that is still growing, incremental parsing over it, and the quotes that are open in it.

Every parser here is a generator over a TextBuffer. It reads the text as if all of it were there, yields where it needs more than has
arrived, and returns its value. What a parser decides depends on the text alone, never on how the text was cut into pieces: that is why
a streamed reply and the same reply as a whole parse alike.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Incremental = Generator[None, None, T]
"""A parser that yields to wait for more text and returns a T. Compose with `yield from`."""

_NOT_SPACE = re.compile(r"\S")
_BACKTICKS = re.compile(r"`+")
_CURLY = {"“": "”", "«": "»"}
_OPENING_OF = {close: opening for opening, close in _CURLY.items()}
_DOUBLE_QUOTES = re.compile(r"[\"“”«»]")
_LOOK_BACK = 1000  # characters, for an open <code> tag
_SINGLE = {"'": "'", "‘": "’"}


class TextBuffer:
    """The text so far, and whether more can come."""

    __slots__ = ("ended", "no_start_before", "searched_to", "text", "unmatched")

    def __init__(self) -> None:
        self.text = ""
        self.ended = False
        self.searched_to = 0  # how far the failed attempts to parse a call have looked
        self.no_start_before = 0  # no call begins before this offset: a failed attempt from further left showed that
        self.unmatched: dict[str, tuple[int, int]] = {}  # for a closing quote, a part of a line that has none

    def append(self, delta: str) -> None:
        """Add a piece to the end of the text."""
        # While the attribute holds nothing, the string has one owner, and CPython extends it in place instead of copying it.
        text, self.text = self.text, ""
        text += delta
        self.text = text


def wait_for(buffer: TextBuffer, length: int) -> Incremental[int]:
    """Wait until the text is `length` characters long or has ended. Return its length."""
    while len(buffer.text) < length and not buffer.ended:
        yield
    return len(buffer.text)


def skip_space(buffer: TextBuffer, at: int) -> Incremental[int]:
    """Return the offset of the next character that is not white space, or the end of the text."""
    while True:
        found = _NOT_SPACE.search(buffer.text, at)
        if found is not None:
            return found.start()
        at = len(buffer.text)
        if buffer.ended:
            return at
        yield


def find(buffer: TextBuffer, literal: str, at: int) -> Incremental[int]:
    """Return the offset of the next `literal` from `at` on, or -1."""
    while True:
        position = buffer.text.find(literal, at)
        if position >= 0:
            return position
        if buffer.ended:
            buffer.searched_to = len(buffer.text)
            return -1
        at = max(at, len(buffer.text) - len(literal) + 1)  # its beginning may have arrived already
        yield


def skip_repeats(text: str, at: int, marker: str) -> int:
    """Skip a marker that is repeated many times, in steps of 64: ten thousand opening markers in a row cost no more than prose."""
    many = marker * 64
    while text.startswith(many, at):
        at += len(many)
    return at


def match_literal(buffer: TextBuffer, at: int, literals: tuple[str, ...]) -> Incremental[str]:
    """Return the literal that stands at `at`, or an empty text. No literal may be a prefix of another."""
    while True:
        for literal in literals:
            if buffer.text.startswith(literal, at):
                return literal
        here = buffer.text[at : at + 64]
        if buffer.ended or len(here) >= 64 or not any(literal.startswith(here) for literal in literals):
            return ""
        yield


def skip_closing_fence(buffer: TextBuffer, at: int) -> Incremental[int]:
    """Return the offset behind the ``` that closes here, or `at` where none does."""
    position = yield from skip_space(buffer, at)
    yield from wait_for(buffer, position + 3)
    return position + 3 if buffer.text.startswith("```", position) else at


# Quotes and inline code around a call: a call in quotes is a mention, not a request, once the quote is closed on the same line.


class QuoteTracker:
    """The quotes that are open on the line of prose so far."""

    __slots__ = ("_quotes", "at_line_start", "last_characters", "open_backticks")

    def __init__(self) -> None:
        self.at_line_start = True  # nothing but white space so far
        self.open_backticks = 0  # how many opened the inline code
        self._quotes = ""  # the double quotes that are open, outermost first
        self.last_characters = ""  # the last two characters

    def feed(self, piece: str) -> None:
        """Track the quotes of a further piece of prose."""
        start = piece.rfind("\n") + 1
        if start:  # quotes do not span lines, for an unclosed one would hide every call after it
            self.at_line_start, self.open_backticks, self._quotes, self.last_characters = True, 0, "", ""
        self.last_characters = (self.last_characters + piece[max(start, len(piece) - 2) :])[-2:]
        if self.at_line_start and piece[start:].strip():
            self.at_line_start = False
        if piece.find("`", start) >= 0:
            self._count_backticks(piece, start)
        if piece.find('"', start) >= 0 or not piece.isascii():
            self._count_quotes(piece, start)

    def _count_backticks(self, piece: str, start: int) -> None:
        # As in CommonMark, inline code that two backticks open is closed by two and not by one.
        for found in _BACKTICKS.finditer(piece, start):
            size = len(found[0])
            if not self.open_backticks:
                self.open_backticks = size
            elif self.open_backticks == size:
                self.open_backticks = 0

    def _count_quotes(self, piece: str, start: int) -> None:
        for found in _DOUBLE_QUOTES.finditer(piece, start):
            quote = found[0]
            if self._quotes.endswith('"' if quote == '"' else _OPENING_OF.get(quote, "\0")):
                self._quotes = self._quotes[:-1]
            elif quote not in _OPENING_OF:
                self._quotes = (self._quotes + quote)[-8:]

    def find_closing_mark(self, text: str, at: int) -> str:
        """Return what would end the mention that text[at:] stands in: the quote that is open, or `</code>`. Empty where none is open."""
        if self._quotes:
            return '"' if self._quotes[-1] == '"' else _CURLY[self._quotes[-1]]
        last = self.last_characters[-1:]
        # A single quote opens only where it directly precedes the call and no letter precedes it: elsewhere it is an apostrophe.
        if last in _SINGLE and last and not self.last_characters[:-1].isalnum():
            return _SINGLE[last]
        start = max(text.rfind("\n", 0, at) + 1, at - _LOOK_BACK)
        return "</code>" if text.rfind("<code>", start, at) > text.rfind("</code>", start, at) else ""


def find_closing_quote(buffer: TextBuffer, quote: str, at: int) -> Incremental[int]:
    """Return the offset behind the closing quote on this line, or -1. A single quote closes only directly at `at`."""
    if quote in ("'", "’"):
        yield from wait_for(buffer, at + 1)
        return at + 1 if buffer.text.startswith(quote, at) else -1
    start, end = buffer.unmatched.get(quote, (0, -1))
    if start <= at < end:
        return -1  # a long line of many calls behind a quote that is never closed is searched once, not once for each call
    begin = at
    while True:
        position = buffer.text.find(quote, at)
        line_end = buffer.text.find("\n", at)
        if position >= 0 and (line_end < 0 or position < line_end):
            return position + len(quote)
        if line_end >= 0 or buffer.ended:
            buffer.unmatched[quote] = begin, line_end if line_end >= 0 else len(buffer.text)
            return -1
        at = max(at, len(buffer.text) - len(quote) + 1)
        yield
