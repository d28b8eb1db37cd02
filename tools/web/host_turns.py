"""Turns at a host: one request at a time, and as long a pause between two as its robots.txt or its Retry-After asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from .retries import MAX_WAIT_SECONDS
from .robots import Robots

KNOWN_FOR = timedelta(hours=24)
"""How long the rules of a robots.txt are known (RFC 9309, section 2.4)."""
MOST_RULES = 2_000
"""Of how many origins they are known."""
REFUSED_FOR = timedelta(minutes=5)
"""How long a robots.txt that could not be read is not asked for again."""


@dataclass(slots=True)
class HostQueue:
    """The queue at one host. By the event loop's clock: when its last request ended, and until when it wants no other one.

    `closed_with` is the status with which it said so.
    """

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    robots: asyncio.Lock = field(default_factory=asyncio.Lock)
    ended_at: float | None = None
    closed_until: float = 0.0
    closed_with: int = 429

    def end(self) -> None:
        """Note that a request has ended now."""
        self.ended_at = asyncio.get_running_loop().time()

    def close_for(self, seconds: float, status: int) -> None:
        """Note that the host asks to be left alone for so long."""
        self.closed_until, self.closed_with = asyncio.get_running_loop().time() + seconds, status

    @property
    def closed_for(self) -> float:
        """Return how many seconds the host wants to be left alone yet."""
        return max(0.0, self.closed_until - asyncio.get_running_loop().time())

    def find_wait(self, pause_seconds: float) -> float:
        """Return how long to wait before the next request; a host that is closed for long is not waited for."""
        pause = 0.0 if self.ended_at is None else self.ended_at + pause_seconds - asyncio.get_running_loop().time()
        return max(pause, self.closed_for if self.closed_for <= MAX_WAIT_SECONDS else 0.0)


class HostTurns:
    """The queues of all hosts, by the event loop that waits in them, and the rules of each origin's robots.txt."""

    def __init__(self) -> None:
        self._rules: dict[str, tuple[datetime, Robots]] = {}
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, HostQueue]] = WeakKeyDictionary()

    def find(self, host: str) -> HostQueue:
        """Return the queue at a host (name and port)."""
        return self._queues.setdefault(asyncio.get_running_loop(), {}).setdefault(host, HostQueue())

    def find_rules(self, origin: str, now: datetime) -> Robots | None:
        """Return the rules of an origin; None if they are not known, or not any more."""
        known_at, robots = self._rules.get(origin, (now, None))
        if robots is None or now - known_at > (REFUSED_FOR if robots.refusal else KNOWN_FOR):
            return None
        return robots

    def keep_rules(self, origin: str, robots: Robots, now: datetime) -> None:
        """Keep the rules of an origin; of many the oldest give way."""
        while len(self._rules) >= MOST_RULES:
            del self._rules[next(iter(self._rules))]
        self._rules[origin] = (now, robots)

    @asynccontextmanager
    async def take(
        self, host: str, pause_seconds: float, wait: Callable[[float], Awaitable[object]], deadline: asyncio.Timeout
    ) -> AsyncIterator[HostQueue]:
        """Wait for a turn at this host and hold it. The time spent waiting does not count towards the deadline."""
        queue = self.find(host)
        async with AsyncExitStack() as stack:
            with stop_clock(deadline):
                await stack.enter_async_context(queue.turn)
                if (seconds := queue.find_wait(pause_seconds)) > 0:
                    await wait(seconds)
            yield queue


@contextmanager
def stop_clock(deadline: asyncio.Timeout) -> Iterator[None]:
    """Stop the clock of a deadline for as long as the block takes."""
    loop, ends = asyncio.get_running_loop(), deadline.when()
    began = loop.time()
    deadline.reschedule(None)
    try:
        yield
    finally:
        deadline.reschedule(None if ends is None else ends + loop.time() - began)
