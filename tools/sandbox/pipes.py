"""Lines through a child's pipes with a deadline: poll() where the system has it, else a timer that kills the child."""

from __future__ import annotations

import asyncio
import os
import select
import threading
import time
from collections.abc import Callable
from typing import IO, Protocol

CHUNK = 64 * 1024
"""The capacity of a pipe; a larger buffer would be fresh memory from the system for every read."""
WATCH_SECONDS = 0.05
"""How often memory is measured while waiting, where the system has no hard limit."""

SOON_SECONDS = 0.0002
"""How long an event loop may stand still for an answer that is on its way."""
MOST_SELECTED = 1024
"""select() takes descriptors below this. It is the only wait that counts in microseconds."""


class Closed(Exception):
    """The other end is gone."""


class TooLate(Exception):
    """The deadline came first."""


class TooLong(Exception):
    """The line is longer than allowed."""


class TooMuch(Exception):
    """The child has taken more memory than it was given."""


class _Line:
    """One line, as its parts arrive."""

    __slots__ = ("_length", "_limit", "_parts")

    def __init__(self, limit: int, begun: bytes = b"") -> None:
        self._limit, self._length, self._parts = limit, len(begun), [begun]

    def add(self, chunk: bytes) -> bool:
        """Add what was read; return whether the line is whole. Raises Closed or TooLong."""
        if not chunk:
            raise Closed("it closed its end")
        self._parts.append(chunk)
        self._length += len(chunk)
        if chunk.endswith(b"\n"):
            return True
        if self._length > self._limit:
            raise TooLong(f"an answer of more than {self._limit:,} bytes")
        return False

    def join(self) -> bytes:
        """Return the line."""
        return b"".join(self._parts)


class Pipe(Protocol):
    """A connection to a child process."""

    def send(self, text: bytes, deadline: float) -> None:
        """Write all of the text, or raise TooLate or Closed."""

    def read(self, deadline: float, limit: int, watch: Callable[[], None] | None = None) -> bytes:
        """Read one line, or raise TooLate, Closed or TooLong; `watch` is called every WATCH_SECONDS meanwhile."""
        ...

    def is_open(self, *, quiet: bool) -> bool:
        """Return whether the child is there and, where it should be `quiet`, has written nothing."""
        ...

    def close(self) -> None:
        """Close this end."""


def open_pipe(to_child: IO[bytes], from_child: IO[bytes], kill: Callable[[], None]) -> Pipe:
    """Return the kind of pipe that this system supports; `kill` ends the child where reads cannot time out."""
    if hasattr(select, "poll"):
        return PolledPipe(to_child, from_child)
    return WatchedPipe(to_child, from_child, kill)


class PolledPipe:
    """Non-blocking ends and poll(): two system calls for each direction."""

    __slots__ = ("_can_read", "_can_write", "_from", "_in", "_out", "_to")

    def __init__(self, to_child: IO[bytes], from_child: IO[bytes]) -> None:
        self._to, self._from = to_child, from_child
        self._out, self._in = to_child.fileno(), from_child.fileno()
        os.set_blocking(self._out, False)
        os.set_blocking(self._in, False)
        self._can_write, self._can_read = select.poll(), select.poll()
        self._can_write.register(self._out, select.POLLOUT)
        self._can_read.register(self._in, select.POLLIN)

    def send(self, text: bytes, deadline: float) -> None:
        rest = memoryview(text)
        while rest:
            try:
                rest = rest[os.write(self._out, rest) :]
            except BlockingIOError:
                _wait(self._can_write, deadline)
            except OSError:
                raise Closed from None

    def read(self, deadline: float, limit: int, watch: Callable[[], None] | None = None) -> bytes:
        line = _Line(limit)
        while True:
            _wait(self._can_read, deadline, watch)
            if line.add(os.read(self._in, CHUNK)):
                return line.join()

    def exchange_at_once(self, text: bytes) -> tuple[int, bytes]:
        """Return how many bytes could be written, and the answer if it came within SOON_SECONDS. Raises Closed.

        Most answers are there before an event loop could be set to wait for them.
        """
        try:
            written = os.write(self._out, text)
        except BlockingIOError:
            return 0, b""
        except OSError:
            raise Closed from None
        if written < len(text) or self._in >= MOST_SELECTED or not select.select((self._in,), (), (), SOON_SECONDS)[0]:
            return written, b""
        chunk = os.read(self._in, CHUNK)
        if not chunk:
            raise Closed("it closed its end")
        return written, chunk

    async def asend(self, text: bytes) -> None:
        """Write all of the text while the event loop waits; raises Closed."""
        rest = memoryview(text)
        while rest:
            try:
                rest = rest[os.write(self._out, rest) :]
            except BlockingIOError:
                loop = asyncio.get_running_loop()
                await _wait_ready(self._out, loop.add_writer, loop.remove_writer)
            except OSError:
                raise Closed from None

    async def aread(self, limit: int, begun: bytes = b"") -> bytes:
        """Read one line, of which `begun` was read before, while the event loop waits; raises Closed or TooLong."""
        loop = asyncio.get_running_loop()
        line = _Line(limit, begun)
        while True:
            await _wait_ready(self._in, loop.add_reader, loop.remove_reader)
            if line.add(os.read(self._in, CHUNK)):
                return line.join()

    def is_open(self, *, quiet: bool) -> bool:
        events = self._can_read.poll(0)
        return not events or not (quiet or events[0][1] & ~select.POLLIN)

    def close(self) -> None:
        self._to.close()
        self._from.close()


def _wait(poller: select.poll, deadline: float, watch: Callable[[], None] | None = None) -> None:
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TooLate
        if watch is None:
            if poller.poll(left * 1000 + 1):
                return
        elif poller.poll(min(left, WATCH_SECONDS) * 1000 + 1):
            return
        else:
            watch()


async def _wait_ready(descriptor: int, add: Callable[..., None], remove: Callable[[int], bool]) -> None:
    happened = asyncio.get_running_loop().create_future()
    add(descriptor, lambda: None if happened.done() else happened.set_result(None))
    try:
        await happened
    finally:
        remove(descriptor)


class WatchedPipe:
    """Blocking ends, and a timer that kills the child: for systems where pipes cannot be polled (Windows)."""

    __slots__ = ("_from", "_kill", "_to")

    def __init__(self, to_child: IO[bytes], from_child: IO[bytes], kill: Callable[[], None]) -> None:
        self._to, self._from, self._kill = to_child, from_child, kill

    def send(self, text: bytes, deadline: float) -> None:
        with _Watchdog(deadline, self._kill):
            rest = memoryview(text)
            while rest:
                try:
                    rest = rest[os.write(self._to.fileno(), rest) :]
                except OSError:
                    raise Closed from None

    def read(self, deadline: float, limit: int, watch: Callable[[], None] | None = None) -> bytes:
        line = _Line(limit)
        with _Watchdog(deadline, self._kill):
            while not line.add(os.read(self._from.fileno(), CHUNK)):
                pass
        return line.join()

    def is_open(self, *, quiet: bool) -> bool:
        return True  # a closed pipe shows at the next call only

    def close(self) -> None:
        self._to.close()
        self._from.close()


class _Watchdog:
    """Kill the child at the deadline. The blocked read then finds its pipe closed, which becomes TooLate."""

    def __init__(self, deadline: float, kill: Callable[[], None]) -> None:
        self._expired = threading.Event()
        self._kill = kill
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._expire)
        self._timer.daemon = True

    def _expire(self) -> None:
        self._expired.set()
        self._kill()

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._timer.cancel()
        if isinstance(error, Closed) and self._expired.is_set():
            raise TooLate from None
