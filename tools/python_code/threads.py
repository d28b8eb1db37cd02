"""Waiting for an interpreter without blocking the event loop; a cancelled wait ends the interpreter."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def end(pid: int) -> None:
    """Kill an interpreter; the thread that waits for it finds its pipes closed."""
    with suppress(ProcessLookupError):
        os.kill(pid, 9)  # SIGKILL; on Windows any number but 0 and 1 ends it


class _Interpreter:
    """The process that a thread waits for, once there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._over = False

    def started(self, pid: int) -> None:
        with self._lock:
            self._pid = pid
            if self._over:
                end(pid)

    def kill(self) -> None:
        with self._lock:
            self._over = True
            if self._pid is not None:
                end(self._pid)

    def gone(self) -> None:
        """From now on its process id may be somebody else's."""
        with self._lock:
            self._pid = None


async def in_a_thread(work: Callable[[Callable[[int], None]], T]) -> T:
    """What `work` gives; it is handed a function to tell the process id of its interpreter to."""
    interpreter = _Interpreter()

    def perform() -> T:
        try:
            return work(interpreter.started)
        finally:
            interpreter.gone()

    future = asyncio.get_running_loop().run_in_executor(None, perform)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        interpreter.kill()
        await asyncio.wait([future])  # nothing outlives the call
        if not future.cancelled():
            future.exception()
        raise
