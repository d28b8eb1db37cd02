"""When a tool was made and its arguments bound: before a run, or inside one. Only what the program fixed before a run began is its own.

A counter says what came first, and the call stack says whether a run is being executed: a tool that was bound in an earlier run and kept
since then holds what that run had read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import NamedTuple

next_number: Callable[[], int] = count(1).__next__
"""Return a number above all that were returned before."""
_RUNS = "sayso.workflows.runs."
_IN_THREAD = (f"{__name__.rpartition('.')[0]}.blocking", "_call")  # what a run executes in a thread begins there
_IMPORT = "importlib._bootstrap"


class Moment(NamedTuple):
    """A place in the order of things in this process, and whether it was inside a run."""

    number: int
    in_run: bool = False


AT_IMPORT = Moment(0)


def note_moment() -> Moment:
    """Return the present moment. What a module makes while it is imported was made before any run, whoever imports it."""
    frame: FrameType | None = sys._getframe(1)
    in_run = False
    while frame is not None and not in_run:
        module = frame.f_globals.get("__name__", "")
        if module == _IMPORT:
            return AT_IMPORT
        in_run = module.startswith(_RUNS) or (module, frame.f_code.co_name) == _IN_THREAD
        frame = frame.f_back
    return Moment(next_number(), in_run)
