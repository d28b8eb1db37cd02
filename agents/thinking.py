"""What a model thinks aloud in its text (`<think>`, `<scratchpad>`), told apart from what it says, while it streams. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sayso.tools.dialects.sections import REASONING

_MARKS = sorted({*REASONING, *REASONING.values()}, key=len, reverse=True)
_MARK = re.compile("|".join(map(re.escape, _MARKS)))
_LONGEST = len(_MARKS[0])
_FIRST = re.compile("[" + re.escape("".join(sorted({mark[0] for mark in _MARKS}))) + "]")


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
        self._pending, self._said, self._thought = "", "", False

    def feed(self, piece: str) -> list[Part]:
        """What is certain now."""
        self._pending += piece
        return [*self._marked(), *self._up_to(self._certain())]

    def finish(self) -> list[Part]:
        """The rest."""
        return [*self._marked(), *self._up_to(len(self._pending))]

    def _up_to(self, end: int) -> Iterator[Part]:
        piece, self._pending = self._pending[:end], self._pending[end:]
        return self._told(piece)

    def _marked(self) -> Iterator[Part]:
        """The parts up to the last mark."""
        while (mark := self._next_mark()) is not None:
            before, self._pending = self._pending[: mark.start()], self._pending[mark.end() :]
            if self.open or mark[0] in REASONING or self._thought:  # a second end without a beginning is only a mark
                yield from self._told(before)
                self.open = mark[0] if mark[0] in REASONING else ""
            else:
                yield AllWasThought(self._said + before)
                self._said = ""
            self._thought = True

    def _next_mark(self) -> re.Match[str] | None:
        for mark in _MARK.finditer(self._pending):
            if self.open:
                if mark[0] == REASONING[self.open]:
                    return mark
            elif not _mentioned(self._said + self._pending[: mark.start()]):
                return mark
        return None

    def _told(self, text: str) -> Iterator[Part]:
        if self.open:
            if text:
                yield Thought(text)
            return
        if self._thought and not self._said:  # the empty lines between a thought and what is said
            text = text.lstrip()
        self._said += text
        if text:
            yield Said(text)

    def _certain(self) -> int:
        """Where the part ends that cannot be the beginning of a mark."""
        for first in _FIRST.finditer(self._pending, max(0, len(self._pending) - _LONGEST + 1)):
            rest = self._pending[first.start() :]
            if any(mark.startswith(rest) for mark in _MARKS):
                return first.start()
        return len(self._pending)


def _mentioned(before: str) -> bool:
    """Whether what follows stands in code or in quotation marks."""
    if before.count("```") % 2:
        return True
    line = before[before.rfind("\n") + 1 :]
    return line.count("`") % 2 == 1 or line.endswith(('"', "'", "“", "‘"))


def parted(text: str, *, keep_open: bool = False) -> tuple[str, str]:
    """What a whole text says, and what is thought aloud in it. `keep_open` leaves a thought without end where it is."""
    if not _FIRST.search(text):
        return text, ""
    thoughts = Thoughts()
    said, thought = list[str](), list[str]()
    parts = thoughts.feed(text) + thoughts.finish()
    if thoughts.open and keep_open:
        parts[-1:] = [Said(thoughts.open + parts[-1].text)]
    for part in parts:
        (said if isinstance(part, Said) else thought).append(part.text)
        if isinstance(part, AllWasThought):
            said.clear()
    return "".join(said), "".join(thought)
