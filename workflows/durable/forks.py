"""What a forked process must not use of its parent's: locks, connections, threads.

A fork (`os.fork`, multiprocessing's "fork", gunicorn's workers) has the parent's open files and none of its threads. It lets go of the
parent's locks, which would otherwise outlive the parent, and leaves its connections alone: to close one says farewell in the parent's name.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable

_DESCRIPTORS: weakref.WeakKeyDictionary[object, dict[str, int]] = weakref.WeakKeyDictionary()
_IN_USE: weakref.WeakKeyDictionary[object, threading.RLock] = weakref.WeakKeyDictionary()
_ACQUIRED: list[threading.RLock] = []
_WAIT_SECONDS = 5.0
_WHAT_FORKS_DO: list[Callable[[], None]] = []
LEFT_ALONE: list[object] = []
"""What a fork has of its parent's and neither uses nor closes, held here so that nothing closes it as it is collected."""


def close_in_forks(owner: object, descriptors: dict[str, int]) -> None:
    """Close these descriptors in processes that are forked from now on, for as long as `owner` lives."""
    _DESCRIPTORS[owner] = descriptors


def wait_before_forks(owner: object, in_use: threading.RLock) -> None:
    """Fork only while nobody holds this lock, or after some seconds all the same.

    SQLite remembers in the memory of a process which locks its connections have on a file: a process forked in the middle of a transaction
    would wait for ever for a connection that is not there.
    """
    _IN_USE[owner] = in_use


def do_in_forks(work: Callable[[], None]) -> None:
    """Do this at the beginning of each forked process."""
    _WHAT_FORKS_DO.append(work)


def _wait() -> None:
    for in_use in list(_IN_USE.values()):
        if in_use.acquire(timeout=_WAIT_SECONDS):
            _ACQUIRED.append(in_use)


def _go_on() -> None:
    while _ACQUIRED:
        _ACQUIRED.pop().release()


def _begin_fork() -> None:
    _go_on()
    for descriptors in list(_DESCRIPTORS.values()):
        for descriptor in descriptors.values():
            os.close(descriptor)  # the lock is the parent's; closing a copy of it does not release it
        descriptors.clear()
    for work in _WHAT_FORKS_DO:
        work()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_wait, after_in_parent=_go_on, after_in_child=_begin_fork)
