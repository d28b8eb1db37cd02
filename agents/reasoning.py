"""Reasoning that a model writes into its text (`<think>`, `<scratchpad>`), split from the rest while it streams. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sayso.tools.dialects.markers import REASONING

_MARKS = sorted({*REASONING, *REASONING.values()}, key=len, reverse=True)
_MARK = re.compile("|".join(map(re.escape, _MARKS)))
_LONGEST = len(_MARKS[0])
_FIRST = re.compile("[" + re.escape("".join(sorted({mark[0] for mark in _MARKS}))) + "]")
_QUOTES = frozenset("\"'“‘")


class TextPart(NamedTuple):
    """A piece of what is meant for the reader."""

    text: str


class ReasoningPart(NamedTuple):
    """A piece of reasoning."""

    text: str


class OnlyReasoning(NamedTuple):
    """All of the text so far was reasoning, whose begin mark was in the prompt. The text parts before it are to be withdrawn."""

    text: str


Part = TextPart | ReasoningPart | OnlyReasoning


class ReasoningSplitter:
    """Splits a text that comes in pieces. A mark in code or in quotation marks does not count; reasoning without an end goes to the end.

    `open` is the mark of the reasoning that has begun and not ended.
    """

    def __init__(self) -> None:
        self.open: str = ""
        self._pending, self._has_reasoning = "", False
        self._text: list[str] = []
        self._quoting = _Quoting()

    def feed(self, piece: str) -> list[Part]:
        """Return the parts that are certain now."""
        text = self._pending + piece
        parts, at = self._split_up_to_last_mark(text)
        end = _find_certain_end(text, at)
        self._pending = text[end:]
        return [*parts, *self.label_rest(text[at:end])]

    def finish(self) -> list[Part]:
        """Return the rest."""
        parts, rest = self.feed_last("")
        return [*parts, *self.label_rest(rest)]

    def feed_last(self, piece: str) -> tuple[list[Part], str]:
        """Take in the last piece. Return the parts up to the last mark that counts, and the text behind it."""
        text, self._pending = self._pending + piece, ""
        parts, at = self._split_up_to_last_mark(text)
        return parts, text[at:]

    def _split_up_to_last_mark(self, text: str) -> tuple[list[Part], int]:
        """Return the parts up to the last mark that counts, and where it ends."""
        parts: list[Part] = []
        at = looked = 0  # up to `looked`, it is known whether the text stands in code or quotes
        quoting: _Quoting | None = None
        for mark in _MARK.finditer(text):
            if self.open:
                if mark[0] != REASONING[self.open]:
                    continue
            else:
                quoting = quoting or self._quoting.copy()
                quoting.add(text[looked : mark.start()])
                looked = mark.start()
                if quoting.is_open:
                    continue
            before, at = text[at : mark.start()], mark.end()
            if self.open or mark[0] in REASONING or self._has_reasoning:  # a second end without a beginning is only a mark
                parts += self.label_rest(before)
                self.open = mark[0] if mark[0] in REASONING else ""
            else:
                parts.append(OnlyReasoning("".join(self._text) + before))
                self._text.clear()
                self._quoting = _Quoting()
            self._has_reasoning = True
            looked, quoting = at, None
        return parts, at

    def label_rest(self, text: str) -> Iterator[Part]:
        """Yield a text without marks as the part it is: reasoning where reasoning is open."""
        if self.open:
            if text:
                yield ReasoningPart(text)
            return
        if self._has_reasoning and not self._text:  # the empty lines between reasoning and text
            text = text.lstrip()
        if text:
            self._text.append(text)
            self._quoting.add(text)
            yield TextPart(text)


class _Quoting:
    """Knows whether the next character stands in code or in quotation marks. Counted as the text grows: each part is looked at once."""

    __slots__ = ("_fences", "_last", "_run", "_ticks")

    def __init__(self) -> None:
        self._fences = self._ticks = self._run = 0  # "```" so far; backticks on this line; backticks at the end that are no fence yet
        self._last = ""

    def copy(self) -> _Quoting:
        """Return a copy that can look ahead."""
        copy = _Quoting()
        copy._fences, copy._ticks, copy._run, copy._last = self._fences, self._ticks, self._run, self._last
        return copy

    def add(self, text: str) -> None:
        """Take in more of the text."""
        if not text:
            return
        self._last = text[-1]
        line = text.rfind("\n") + 1
        self._ticks = text.count("`", line) + (0 if line else self._ticks)
        if not self._run and "`" not in text:
            return
        joined = "`" * self._run + text
        self._fences += joined.count("```")
        self._run = (len(joined) - len(joined.rstrip("`"))) % 3

    @property
    def is_open(self) -> bool:
        """Tell whether a fence, inline code or a quote is open."""
        return self._fences % 2 == 1 or self._ticks % 2 == 1 or self._last in _QUOTES


def _find_certain_end(text: str, at: int) -> int:
    """Return where the text behind `at` ends that cannot be the beginning of a mark."""
    for first in _FIRST.finditer(text, max(at, len(text) - _LONGEST + 1)):
        rest = text[first.start() :]
        if any(mark.startswith(rest) for mark in _MARKS):
            return first.start()
    return len(text)


def split_reasoning(text: str, *, keep_open: bool = False) -> tuple[str, str]:
    """Return a whole text without its reasoning, and the reasoning. `keep_open` leaves reasoning without an end where it is."""
    if not _FIRST.search(text):
        return text, ""
    splitter = ReasoningSplitter()
    prose, reasoning = list[str](), list[str]()
    parts, rest = splitter.feed_last(text)
    if splitter.open and keep_open:
        parts.append(TextPart(splitter.open + rest))
    else:
        parts += splitter.label_rest(rest)
    for part in parts:
        (prose if isinstance(part, TextPart) else reasoning).append(part.text)
        if isinstance(part, OnlyReasoning):
            prose.clear()
    return "".join(prose), "".join(reasoning)
