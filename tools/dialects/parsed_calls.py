"""What a detector and a parser of calls return, and where calls are announced that have begun."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .read_events import Problem, ReadCall
from .signatures import ToolSignatures
from .text_buffer import Incremental

Item = ReadCall | Problem
ParsedCalls = tuple[int, list[Item]]
"""The offset behind the calls, and the calls and problems."""
CallParser = Incremental[ParsedCalls | None]
"""Returns None where the text turns out to be no call."""
BodyParser = Callable[[str, tuple[int, int], ToolSignatures], list[Item]]
"""Parses the body of a section, without its markers, into calls and problems. The span is that of the whole section in the reply."""
WAIT = -2
NOT_HERE = -1
Detection = tuple[int, "Callable[[], Incremental[object]] | None"]
"""Where a block begins and the parser for it; or WAIT, where more text has to arrive to tell; or NOT_HERE."""
NOTHING: Detection = (NOT_HERE, None)
MORE: Detection = (WAIT, None)
Announce = Callable[[str, int], None]
"""Called with the name of a tool, and where the call begins, as soon as it is certain that there is one."""


class CallSink(Protocol):
    """Receives calls while they are parsed."""

    def announce(self, name: str, start: int) -> None: ...
    def add(self, items: list[Item]) -> None: ...
