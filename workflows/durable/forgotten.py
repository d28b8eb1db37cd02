"""Close what was forgotten, in a thread of its own.

Python collects garbage in any thread at any moment, even in one that just begins and holds locks of the interpreter. What has to wait for
another thread must not be closed there: both would wait for ever.
"""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue

from .forks import do_in_forks

log: logging.Logger = logging.getLogger(__name__)
_FORGOTTEN: SimpleQueue[Callable[[], None]] = SimpleQueue()  # may be put into in the middle of anything
_THREADS: list[threading.Thread] = []
_REMEMBERED: dict[weakref.finalize[..., object], Callable[[], None]] = {}


def close_when_forgotten(owner: object, close: Callable[[], None]) -> Callable[[], None]:
    """Call `close` soon after `owner` was collected, or at the end of the program. Return what closes it now, and waits for it.

    `close` must not refer to the owner.
    """
    if not _THREADS:
        _THREADS.append(threading.Thread(target=_close_forgotten, name="sayso-forgotten", daemon=True))
        _THREADS[0].start()
    finalizer = weakref.finalize(owner, _FORGOTTEN.put, close)
    finalizer.atexit = False
    _REMEMBERED[finalizer] = close

    def close_now() -> None:
        _REMEMBERED.pop(finalizer, None)
        if finalizer.detach() is not None:
            close()

    return close_now


def _close_forgotten() -> None:
    while True:
        close = _FORGOTTEN.get()
        for finalizer in [each for each in list(_REMEMBERED) if not each.alive]:
            _REMEMBERED.pop(finalizer, None)
        try:
            close()
        except Exception:  # nobody waits for it, and others are still to be closed
            log.exception("What a forgotten engine had open was not closed.")


@atexit.register
def _close_the_rest() -> None:
    for finalizer, close in reversed(list(_REMEMBERED.items())):
        if finalizer.detach() is not None:
            close()


do_in_forks(_THREADS.clear)  # a fork has none of its parent's threads
