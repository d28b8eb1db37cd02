"""A tool that calls other tools while it works: what its program hands to the run at each pause, and what it gets back.

The program pauses at each call, the run executes that call like any other, and the program continues with the answer. What it saves of
itself between two calls is a text, so a run that waits days for an approval keeps no process alive meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..calls import Outcome


@dataclass(frozen=True, slots=True)
class CallsOut:
    """The program waits for the answer to a call; `state` is the whole program at that point."""

    state: str
    tool: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Ended:
    """The program has ended; `value` is JSON."""

    value: object


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a program's call: its value, or the words for why there is no value."""

    value: object
    outcome: Outcome = Outcome.DONE
