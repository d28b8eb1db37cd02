"""The folders of the standard library and of installed packages, for whichever threads ask for them at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
TRIES = 1000
PAUSE_SECONDS = 0.005


def list_library_folders() -> set[str]:
    """Return the folders in which this Python has its standard library and installed packages."""
    import sysconfig

    return ask_sysconfig(lambda: {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def ask_sysconfig(ask: Callable[[], T]) -> T:
    """Return the value of `ask`, a function that reads `sysconfig`, waiting while another thread sets that up.

    Python 3.11 sets it up at first use without a lock (python/cpython#92452): whoever asks meanwhile gets an error for half of it.
    """
    for _ in range(TRIES):
        try:
            return ask()
        except (AttributeError, RuntimeError):  # a folder is missing; the dictionary grew while it was copied
            time.sleep(PAUSE_SECONDS)
    return ask()
