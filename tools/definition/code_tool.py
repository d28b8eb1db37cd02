"""A tool that calls other tools while it works: it pauses at each call, the run carries that call out like any other, and it goes on.

What a program keeps of itself between two calls is a text, so a run that waits days for a yes holds no process meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..calls import Outcome

if TYPE_CHECKING:
    from .tool import Tool


@dataclass(frozen=True, slots=True)
class CallsOut:
    """The program waits for the answer to a call; `state` is all of it."""

    state: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """The program has ended; `value` is JSON."""

    value: Any


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a program's call: its value, or the words for why there is none."""

    value: Any
    outcome: Outcome = Outcome.DONE


class Program(Protocol):
    """How such a tool is carried through, piece by piece. Each piece has no effect but its own computing and may be repeated."""

    @property
    def functions(self) -> Mapping[str, Tool[..., Any]]:
        """The tools it may call, by name."""
        ...

    async def start(self, arguments: Mapping[str, Any]) -> CallsOut | Ended:
        """From the beginning to its first call, or its end."""
        ...

    async def go_on(self, state: str, answer: Answered) -> CallsOut | Ended:
        """From a call, with its answer, to the next."""
        ...
