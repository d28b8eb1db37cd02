"""Signals that end a command: the first one asks it to end well, a second one ends it at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from types import FrameType, TracebackType
from typing import Any, NoReturn, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
SIGNALS = {
    "SIGINT": "It was interrupted.",
    "SIGTERM": "It was told to end (SIGTERM).",
    "SIGHUP": "Its terminal was closed (SIGHUP).",
}
PATIENCE = 2.0
"""The seconds for which a command that has ended waits for what its threads still compute."""
THREADS = "sayso-work"
"""How the names of such threads begin."""
SHOW_CURSOR = "\x1b[?25h"


class Stopped(KeyboardInterrupt):
    """A signal has ended a command; the message says so in a sentence."""

    def __init__(self, number: int) -> None:
        self.exit_code: int = 128 + number
        super().__init__(SIGNALS[signal.Signals(number).name])


class StopSignals:
    """Takes the signals that end a command as long as it is entered, and runs work that the first of them cancels.

    with StopSignals() as signals:
        code = signals.run(work())    # raises Stopped
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    def __enter__(self) -> StopSignals:
        for name in SIGNALS:
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) == signal.SIG_IGN:
                continue  # Windows has fewer; nohup and the background of a shell ask for some to be ignored
            try:
                self._before[number] = signal.signal(number, self._take)
            except ValueError:  # not the main thread: signals are somebody else's
                break
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def run(self, work: Coroutine[Any, Any, int]) -> int:
        """Run the work in an event loop and return its exit code. Raises Stopped if a signal came, when the work has ended."""
        code = 0
        try:
            code = asyncio.run(self._run(work))
        except asyncio.CancelledError:  # the signal came when there was nothing left to wait for
            if self.received is None:
                raise
        if self.received is not None:
            raise Stopped(self.received)
        return code

    async def _run(self, work: Coroutine[Any, Any, int]) -> int:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._loop.set_default_executor(_ImpatientThreads())
        try:
            return await work
        except asyncio.CancelledError:
            if self.received is None:
                raise
            raise Stopped(self.received) from None
        finally:
            self._task = None

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            end_at_once(number)
        self.received = number
        if self._loop is None:
            raise Stopped(number)
        if self._task is not None:
            self._task.cancel(str(Stopped(number)))
            self._loop.call_soon_threadsafe(lambda: None)  # wakes it, if it waits for something else


class _ImpatientThreads(ThreadPoolExecutor):
    """Threads that are waited for no longer than PATIENCE when they are no longer needed: nobody takes what they compute."""

    def __init__(self) -> None:
        super().__init__(thread_name_prefix=THREADS)
        self._at_work = set[Future[Any]]()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a function called in a thread."""
        future = super().submit(copy_context().run, partial(fn, *args, **kwargs))  # as asyncio.to_thread: it knows what encloses it
        self._at_work.add(future)
        future.add_done_callback(self._at_work.discard)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take nothing more, and wait a little for what is being computed."""
        super().shutdown(wait=False, cancel_futures=cancel_futures)
        if wait:
            futures.wait(tuple(self._at_work), timeout=PATIENCE)


def end_process(code: int) -> NoReturn:
    """End the program with its exit code, even while a thread computes what nobody takes any more."""
    late = [thread for thread in threading.enumerate() if thread.name.startswith(THREADS)]
    for thread in late:
        thread.join(PATIENCE / 10)  # one that has nothing to do is about to end
    if not any(thread.is_alive() for thread in late):
        sys.exit(code)
    with suppress(OSError):
        sys.stdout.flush()
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def end_at_once(number: int) -> None:
    """End the program here and now, with the terminal as it should be."""
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), SHOW_CURSOR.encode())
    os._exit(128 + number)
