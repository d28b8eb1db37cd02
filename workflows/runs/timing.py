"""Await work for a limited time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def in_time(work: Awaitable[T], seconds: float | None, late: Callable[[], Exception]) -> T:
    """Return the result of the work. After `seconds` it is cancelled, and the error that `late` makes is raised; None waits for ever."""
    timer = asyncio.timeout(seconds)
    try:
        async with timer:
            return await work
    except TimeoutError:
        if timer.expired():
            raise late() from None
        raise
