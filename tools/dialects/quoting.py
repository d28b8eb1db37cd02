"""Quotes and inline code around a call. A call in quotes is a mention, not a request, once the quote is closed on the same line."""

from __future__ import annotations

import re

from .text_buffer import Incremental, TextBuffer, wait_for

_BACKTICKS = re.compile(r"`+")
_CURLY = {"“": "”", "«": "»"}
_OPENING_OF = {close: opening for opening, close in _CURLY.items()}
_DOUBLE_QUOTES = re.compile(r"[\"“”«»]")
_LOOK_BACK = 1000  # characters, for an open <code> tag
_SINGLE = {"'": "'", "‘": "’"}


class QuoteTracker:
    """The quotes that are open on the line of prose so far."""

    __slots__ = ("_last", "_quotes", "at_line_start", "open_backticks")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start a new line: quotes do not span lines, for an unclosed one would hide every call after it."""
        self.at_line_start = True  # nothing but white space so far
        self.open_backticks = 0  # how many opened the inline code
        self._quotes = ""  # the double quotes that are open, outermost first
        self._last = ""  # the last two characters

    def feed(self, piece: str) -> None:
        """Track the quotes of a further piece of prose."""
        start = piece.rfind("\n") + 1
        if start:
            self.reset()
        self._last = (self._last + piece[-2:])[-2:] if len(piece) - start >= 2 else (self._last + piece[start:])[-2:]
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

    def skip_call(self, text: str, start: int, end: int) -> None:
        """Note that a call stood at text[start:end]. Quotes inside of it open nothing."""
        if text.find("\n", start, end) >= 0:
            self.reset()
        self.at_line_start = False
        self._last = text[max(start, end - 2) : end]

    @property
    def closing_quote(self) -> str:
        """Return the character that would close the open quote, or an empty text."""
        if self._quotes:
            return '"' if self._quotes[-1] == '"' else _CURLY[self._quotes[-1]]
        last = self._last[-1:]
        # A single quote opens only where it directly precedes the call and no letter precedes it: elsewhere it is an apostrophe.
        return _SINGLE[last] if last in _SINGLE and last and not self._last[:-1].isalnum() else ""


def find_open_code_tag(text: str, at: int) -> str:
    """Return `</code>` where a <code> is open on this line before `at`, else an empty text."""
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
