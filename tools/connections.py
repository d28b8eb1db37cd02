"""Close an SQLite connection that threads use in turn."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager


def close_index(connection: sqlite3.Connection, lock: AbstractContextManager[object]) -> None:
    """Interrupt the search that is under way, wait for its end, and close.

    A thread continues when Ctrl-C cancels the task that waits for it, and SQLite crashes the process when it closes under a search.
    """
    connection.interrupt()
    close_when_idle(connection, lock)


def close_when_idle(connection: sqlite3.Connection, lock: AbstractContextManager[object]) -> None:
    """Wait for the end of what is under way, and close."""
    with lock:
        connection.close()
