"""A blocking function, called in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


async def in_a_thread(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """What the function gives. A StopIteration becomes a RuntimeError, as it does in a coroutine."""
    return await asyncio.to_thread(_called, function, args, kwargs)


def _called(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except StopIteration as stop:  # no future can hold one: whoever waits for the thread would wait for ever
        raise RuntimeError(f"A next(...) in {getattr(function, '__name__', function)!s} found nothing. Give it a default.") from stop
