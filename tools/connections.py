"""Close an SQLite connection that threads use in turn."""

from __future__ import annotations

import sqlite3
from typing import Protocol

INTERRUPTS_EVERY = 0.02  # seconds


class Lock(Protocol):
    """A `threading.Lock` or `threading.RLock`."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...

    def release(self) -> None: ...


def close_index(connection: sqlite3.Connection, lock: Lock) -> None:
    """Interrupt the search that is under way, wait for its end, and close.

    A thread continues when Ctrl-C cancels the task that waits for it, and SQLite crashes the process when it closes under a search.
    An interrupt ends only a statement that already runs, so it is repeated until the thread lets go of the lock.
    """
    connection.interrupt()
    while not lock.acquire(timeout=INTERRUPTS_EVERY):
        connection.interrupt()
    _close_and_release(connection, lock)


def close_when_idle(connection: sqlite3.Connection, lock: Lock) -> None:
    """Wait for the end of what is under way, and close."""
    lock.acquire()
    _close_and_release(connection, lock)


def _close_and_release(connection: sqlite3.Connection, lock: Lock) -> None:
    try:
        connection.close()
    finally:
        lock.release()
