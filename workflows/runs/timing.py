"""What must be done in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def in_time(work: Awaitable[T], seconds: float | None, late: Callable[[], Exception]) -> T:
    """What the work gives; where its seconds are over before that it is cancelled, and what `late` makes is raised. None is for ever."""
    timer = asyncio.timeout(seconds)
    try:
        async with timer:
            return await work
    except TimeoutError:
        if timer.expired():
            raise late() from None
        raise
