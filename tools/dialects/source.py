"""A text that is still growing, and how to wait for more of it.

Every family reads the text as if it were all there: its functions are generators that yield where they need more than has come. What they
decide depends on the text alone, never on how it was cut into pieces.
"""

from __future__ import annotations

import re
from collections.abc import Generator

Waiting = Generator[None, None, int]
_NOT_SPACE = re.compile(r"\S")


class Source:
    """The text so far, and whether more can come."""

    __slots__ = ("barren", "ended", "far", "text", "without")

    def __init__(self) -> None:
        self.text = ""
        self.ended = False
        self.far = 0  # how far an attempt has looked that came to nothing
        self.without: dict[str, tuple[int, int]] = {}  # for a closing mark, a part of a line where there is none
        self.barren = 0  # before this place nothing can begin: an attempt from before it showed that

    def add(self, delta: str) -> None:
        """Take in a piece. Taken out of its attribute for the moment, the text has one owner and is extended in place, not copied."""
        text, self.text = self.text, ""
        text += delta
        self.text = text


def reach(source: Source, place: int) -> Waiting:
    """Wait until the text is `place` long or has ended; its length."""
    while len(source.text) < place and not source.ended:
        yield
    return len(source.text)


def skip_space(source: Source, at: int) -> Waiting:
    """The next place that is not white space; the end of the text when there is none."""
    while True:
        found = _NOT_SPACE.search(source.text, at)
        if found is not None:
            return found.start()
        at = len(source.text)
        if source.ended:
            return at
        yield


def find(source: Source, literal: str, at: int) -> Waiting:
    """Where `literal` stands next, or -1."""
    while True:
        place = source.text.find(literal, at)
        if place >= 0:
            return place
        if source.ended:
            source.far = len(source.text)
            return -1
        at = max(at, len(source.text) - len(literal) + 1)
        yield


def behind_repeats(text: str, at: int, mark: str) -> int:
    """Behind the mark, as often as it is repeated (nearly: the last sixty are left)."""
    many = mark * 64
    while text.startswith(many, at):
        at += len(many)
    return at


def next_literal(source: Source, at: int, literals: tuple[str, ...]) -> Generator[None, None, str]:
    """Which of the literals stands here; an empty text when none does. No literal may begin another."""
    while True:
        for literal in literals:
            if source.text.startswith(literal, at):
                return literal
        here = source.text[at : at + 64]
        if source.ended or len(here) >= 64 or not any(literal.startswith(here) for literal in literals):
            return ""
        yield


def behind_fence(source: Source, at: int) -> Waiting:
    """Behind the fence that closes here, or `at` where none does."""
    place = yield from skip_space(source, at)
    yield from reach(source, place + 3)
    return place + 3 if source.text.startswith("```", place) else at
