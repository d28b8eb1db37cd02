"""Call a blocking function in a thread of its own, which nobody has to wait for: one that hangs holds neither a run nor the program."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from contextvars import copy_context
from io import IOBase
from itertools import count, islice
from typing import Any, TypeVar

T = TypeVar("T")
MOST_ITEMS = 10_000
"""So many values of a generator are taken; one that goes on is an error, not an endless list."""
_numbers = count(1)


async def call_in_thread(function: Callable[..., T], /, *args: object, **kwargs: object) -> T:
    """Call a blocking function in a thread and return its value. A StopIteration becomes a RuntimeError, as in a coroutine (PEP 479).

    When the caller is cancelled the thread goes on by itself, and ends with the program.
    """
    return await start_thread(function, args, kwargs)


def start_thread(
    function: Callable[..., T], args: tuple[object, ...], kwargs: Mapping[str, object], *, name: str = "", daemon: bool = True
) -> asyncio.Future[T]:
    """Call a function in a thread of that name and return the future of its value. Without `daemon` the program ends after the thread."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    context = copy_context()

    def settle(value: Any, error: BaseException | None) -> None:
        if future.done():  # cancelled meanwhile
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)

    def work() -> None:
        value, error = None, None
        try:
            value = context.run(_call, function, args, kwargs)
        except BaseException as raised:  # noqa: BLE001  handed to whoever awaits it
            error = raised
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=work, name=name or f"sayso {next(_numbers)}", daemon=daemon).start()
    return future


def _call(function: Callable[..., T], args: tuple[object, ...], kwargs: Mapping[str, object]) -> T:
    try:
        value = function(*args, **kwargs)
        return take_all(value) if isinstance(value, Iterator) else value  # type: ignore[return-value]  # a list of what it yields
    except StopIteration as stop:  # no future can hold one: the task that awaits the thread would wait for ever
        raise RuntimeError(f"A next(...) in {getattr(function, '__name__', function)!s} found nothing. Give it a default.") from stop
    except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:  # it would end the event loop, and the run without a word
        raise RuntimeError(f"{getattr(function, '__name__', function)!s} raised {error!r}") from error


def take_all(values: Iterator[Any]) -> object:
    """Return what a generator yields as a list; an open file as it is. Raises RuntimeError for one that does not end."""
    if isinstance(values, IOBase):
        return values
    found = list(islice(values, MOST_ITEMS + 1))
    if len(found) > MOST_ITEMS:
        raise RuntimeError(f"it yields more than {MOST_ITEMS} values")
    return found


async def take_all_async(values: Any) -> list[object]:
    """Return what an async generator yields as a list. Raises RuntimeError for one that does not end."""
    found: list[object] = []
    try:
        async for value in values:
            found.append(value)
            if len(found) > MOST_ITEMS:
                raise RuntimeError(f"it yields more than {MOST_ITEMS} values")
    finally:
        if hasattr(values, "aclose"):
            await values.aclose()
    return found
