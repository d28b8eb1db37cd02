"""Turns at a host: one request at a time, and as long a pause between two as its robots.txt asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from .robots import Robots


@dataclass(slots=True)
class HostQueue:
    """The queue at one host. `ended_at` is when its last request ended, by the event loop's clock; None before the first."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    robots: asyncio.Lock = field(default_factory=asyncio.Lock)
    ended_at: float | None = None

    def end(self) -> None:
        """Note that a request has ended now."""
        self.ended_at = asyncio.get_running_loop().time()


class HostTurns:
    """The queues of all hosts, by the event loop that waits in them, and the rules of each origin's robots.txt."""

    def __init__(self) -> None:
        self.rules: dict[str, Robots] = {}
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, HostQueue]] = WeakKeyDictionary()

    def find(self, host: str) -> HostQueue:
        """Return the queue at a host (name and port)."""
        return self._queues.setdefault(asyncio.get_running_loop(), {}).setdefault(host, HostQueue())

    @asynccontextmanager
    async def take(
        self, host: str, pause_seconds: float, wait: Callable[[float], Awaitable[object]], deadline: asyncio.Timeout
    ) -> AsyncIterator[HostQueue]:
        """Wait for a turn at this host and hold it. The time spent waiting does not count towards the deadline."""
        queue, loop = self.find(host), asyncio.get_running_loop()
        began, ends = loop.time(), deadline.when()
        deadline.reschedule(None)
        async with queue.turn:
            if queue.ended_at is not None and (pause := queue.ended_at + pause_seconds - loop.time()) > 0:
                await wait(pause)
            deadline.reschedule(None if ends is None else ends + loop.time() - began)
            yield queue
