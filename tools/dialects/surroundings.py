"""What a call stands in: an open quote or inline code on its line makes it a mention, once the quote or code is closed on that line."""

from __future__ import annotations

import re

from .source import Source, Waiting, reach

_TICKS = re.compile(r"`+")
_CURLY = {"“": "”", "«": "»"}
_CLOSER = {close: quote for quote, close in _CURLY.items()}
_MARKS = re.compile(r"[\"“”«»]")
_FAR = 1000  # characters
_SINGLE = {"'": "'", "‘": "’"}


class Line:
    """The line of prose so far."""

    __slots__ = ("_last", "_quotes", "fresh", "ticks")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """A new line."""
        self.fresh = True  # nothing but white space so far
        self.ticks = 0  # as many backticks opened inline code
        self._quotes = ""  # the quotes that are open
        self._last = ""

    def add(self, piece: str) -> None:
        """More prose."""
        start = piece.rfind("\n") + 1
        if start:
            self.reset()
        self._last = (self._last + piece[-2:])[-2:] if len(piece) - start >= 2 else (self._last + piece[start:])[-2:]
        if self.fresh and piece[start:].strip():
            self.fresh = False
        if piece.find("`", start) >= 0:
            self._count_ticks(piece, start)
        if piece.find('"', start) >= 0 or not piece.isascii():
            self._count_quotes(piece, start)

    def _count_ticks(self, piece: str, start: int) -> None:
        for found in _TICKS.finditer(piece, start):
            size = len(found[0])
            if not self.ticks:
                self.ticks = size
            elif self.ticks == size:
                self.ticks = 0

    def _count_quotes(self, piece: str, start: int) -> None:
        for found in _MARKS.finditer(piece, start):
            mark = found[0]
            if self._quotes.endswith('"' if mark == '"' else _CLOSER.get(mark, "\0")):
                self._quotes = self._quotes[:-1]
            elif mark not in _CLOSER:
                self._quotes = (self._quotes + mark)[-8:]

    def skip(self, text: str, start: int, end: int) -> None:
        """A call stood here."""
        if text.find("\n", start, end) >= 0:
            self.reset()
        self.fresh = False
        self._last = text[max(start, end - 2) : end]

    @property
    def open_quote(self) -> str:
        """What would close the quote that is open; empty where none is."""
        if self._quotes:
            return '"' if self._quotes[-1] == '"' else _CURLY[self._quotes[-1]]
        last = self._last[-1:]
        return _SINGLE[last] if last in _SINGLE and last and not self._last[:-1].isalnum() else ""


def open_tag(text: str, at: int) -> str:
    """What would close the <code> that is open on this line before `at`; empty where none is."""
    start = max(text.rfind("\n", 0, at) + 1, at - _FAR)
    return "</code>" if text.rfind("<code>", start, at) > text.rfind("</code>", start, at) else ""


def closing_in_line(source: Source, mark: str, at: int) -> Waiting:
    """Behind the closing mark on this line, or -1. A single quote closes only right here: elsewhere it is an apostrophe."""
    if mark in ("'", "’"):
        yield from reach(source, at + 1)
        return at + 1 if source.text.startswith(mark, at) else -1
    start, end = source.without.get(mark, (0, -1))
    if start <= at < end:
        return -1  # a long line with many calls behind a quote that is never closed is searched once
    begin = at
    while True:
        place = source.text.find(mark, at)
        line_end = source.text.find("\n", at)
        if place >= 0 and (line_end < 0 or place < line_end):
            return place + len(mark)
        if line_end >= 0 or source.ended:
            source.without[mark] = begin, line_end if line_end >= 0 else len(source.text)
            return -1
        at = max(at, len(source.text) - len(mark) + 1)
        yield
