"""Make the garbage collector of a process that is Sayso's own, and that works for long, cost less."""

from __future__ import annotations

import gc

NEW_OBJECTS = 10_000
"""How many more containers exist than after the last collection before there is another one: Python's 700 are one waiting run in
fifteen, and each such collection looks at the runs that began since the last one, which all still wait."""


def settle_garbage_collector() -> None:
    """Leave all that is loaded by now out of every later collection, and collect less often.

    A command that serves or works calls it once its app is loaded. An application that uses Sayso decides for itself: docs/operations.md.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
