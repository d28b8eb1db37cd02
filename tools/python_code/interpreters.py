"""Wait for an interpreter process without blocking the event loop; a cancelled wait kills the interpreter."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def kill_process(pid: int) -> None:
    """Kill an interpreter; the thread that waits for it then finds its pipes closed."""
    with suppress(ProcessLookupError):
        os.kill(pid, 9)  # SIGKILL; on Windows any number but 0 and 1 ends it


class _Interpreter:
    """The process that a thread waits for, once it was started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._cancelled = False

    def set_pid(self, pid: int) -> None:
        with self._lock:
            self._pid = pid
            if self._cancelled:
                kill_process(pid)

    def kill(self) -> None:
        with self._lock:
            self._cancelled = True
            if self._pid is not None:
                kill_process(self._pid)

    def forget(self) -> None:
        """Forget the process id, which may belong to another process from now on."""
        with self._lock:
            self._pid = None


async def run_in_thread(work: Callable[[Callable[[int], None]], T]) -> T:
    """Run `work` in a thread and return its value. `work` is handed a function to which it passes the process id of its interpreter."""
    interpreter = _Interpreter()

    def perform() -> T:
        try:
            return work(interpreter.set_pid)
        finally:
            interpreter.forget()

    future = asyncio.get_running_loop().run_in_executor(None, perform)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        interpreter.kill()
        await asyncio.wait([future])  # nothing outlives the call
        if not future.cancelled():
            future.exception()
        raise
