"""What a model thinks aloud in its text (`<think>`, `<scratchpad>`), told apart from what it says, while it streams. Pure."""

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


class Said(NamedTuple):
    """A piece of what is meant for the reader."""

    text: str


class Thought(NamedTuple):
    """A piece of thinking aloud."""

    text: str


class AllWasThought(NamedTuple):
    """Everything so far was thinking: its end has come, and its beginning was in the prompt. What was said of it is to be taken back."""

    text: str


Part = Said | Thought | AllWasThought


class Thoughts:
    """Parts a text that comes in pieces. A mark in code or in quotation marks is only spoken of; a thought without end goes to the end.

    `open` is the mark of the thought that has begun and not ended.
    """

    def __init__(self) -> None:
        self.open = ""
        self._pending, self._thought = "", False
        self._said: list[str] = []
        self._quoting = _Quoting()

    def feed(self, piece: str) -> list[Part]:
        """Return what is certain now."""
        text = self._pending + piece
        parts, at = self._up_to_last_mark(text)
        end = _certain_end(text, at)
        self._pending = text[end:]
        return [*parts, *self.part_of(text[at:end])]

    def finish(self) -> list[Part]:
        """Return the rest."""
        parts, rest = self.feed_all("")
        return [*parts, *self.part_of(rest)]

    def feed_all(self, piece: str) -> tuple[list[Part], str]:
        """Take in the last piece. Return the parts up to the last mark that counts, and the text behind it."""
        text, self._pending = self._pending + piece, ""
        parts, at = self._up_to_last_mark(text)
        return parts, text[at:]

    def _up_to_last_mark(self, text: str) -> tuple[list[Part], int]:
        """The parts up to the last mark that counts, and where it ends."""
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
            if self.open or mark[0] in REASONING or self._thought:  # a second end without a beginning is only a mark
                parts += self.part_of(before)
                self.open = mark[0] if mark[0] in REASONING else ""
            else:
                parts.append(AllWasThought("".join(self._said) + before))
                self._said.clear()
                self._quoting = _Quoting()
            self._thought = True
            looked, quoting = at, None
        return parts, at

    def part_of(self, text: str) -> Iterator[Part]:
        """Yield a text without marks as what it is, now: thought where a thought is open."""
        if self.open:
            if text:
                yield Thought(text)
            return
        if self._thought and not self._said:  # the empty lines between a thought and what is said
            text = text.lstrip()
        if text:
            self._said.append(text)
            self._quoting.add(text)
            yield Said(text)


class _Quoting:
    """Whether what follows a text stands in code or in quotation marks. Counted as the text grows: each part is looked at once."""

    __slots__ = ("_fences", "_last", "_run", "_ticks")

    def __init__(self) -> None:
        self._fences = self._ticks = self._run = 0  # "```" so far; backticks on this line; backticks at the end that are no fence yet
        self._last = ""

    def copy(self) -> _Quoting:
        """Return one that can look ahead."""
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
        """Whether a fence, inline code or a quote is open."""
        return self._fences % 2 == 1 or self._ticks % 2 == 1 or self._last in _QUOTES


def _certain_end(text: str, at: int) -> int:
    """Where the part behind `at` ends that cannot be the beginning of a mark."""
    for first in _FIRST.finditer(text, max(at, len(text) - _LONGEST + 1)):
        rest = text[first.start() :]
        if any(mark.startswith(rest) for mark in _MARKS):
            return first.start()
    return len(text)


def parted(text: str, *, keep_open: bool = False) -> tuple[str, str]:
    """What a whole text says, and what is thought aloud in it. `keep_open` leaves a thought without end where it is."""
    if not _FIRST.search(text):
        return text, ""
    thoughts = Thoughts()
    said, thought = list[str](), list[str]()
    parts, rest = thoughts.feed_all(text)
    if thoughts.open and keep_open:
        parts.append(Said(thoughts.open + rest))
    else:
        parts += thoughts.part_of(rest)
    for part in parts:
        (said if isinstance(part, Said) else thought).append(part.text)
        if isinstance(part, AllWasThought):
            said.clear()
    return "".join(said), "".join(thought)
