"""What a detector and a parser of calls return, and who is told of calls while they are parsed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol, TypeVar

from .read_events import Problem, ReadCall
from .signatures import ToolSignatures

T = TypeVar("T")
Incremental = Generator[None, None, T]
"""A parser that yields to wait for more text and returns a T. Compose with `yield from`."""
Item = ReadCall | Problem
ParsedCalls = tuple[int, list[Item]]
"""The offset behind the calls, and the calls and problems."""
CallParser = Incremental[ParsedCalls | None]
"""Returns None where the text turns out to be no call."""
BodyParser = Callable[[str, tuple[int, int], ToolSignatures], list[Item]]
"""Parses the body of a section, without its markers, into calls and problems. The span is that of the whole section in the reply."""
WAIT = -2
NOT_HERE = -1
Detection = tuple[int, Incremental[object] | None]
"""Where a block begins and the parser for it; or WAIT, where more text has to arrive to tell; or NOT_HERE."""
NOTHING: Detection = (NOT_HERE, None)
MORE: Detection = (WAIT, None)


class CallSink(Protocol):
    """Receives calls while they are parsed."""

    def announce(self, name: str, start: int) -> None: ...
    def add(self, items: list[Item]) -> None: ...


class NoSink:
    """Receives calls and forgets them."""

    def announce(self, name: str, start: int) -> None: ...
    def add(self, items: list[Item]) -> None: ...


NO_SINK = NoSink()


class MentionSink:
    """Collects calls that may be no more than a mention, in quotes. A mention is not announced."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    def announce(self, name: str, start: int) -> None: ...

    def add(self, items: list[Item]) -> None:
        self.items += items
