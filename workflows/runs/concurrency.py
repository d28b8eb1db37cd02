"""Run jobs side by side: the first failure cancels the others, and nothing is left running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sayso.tools.errors import ReplayError, UsageError

R = TypeVar("R")

Job = tuple[str, Callable[[], Coroutine[Any, Any, R]]]
"""The name of a job, and the function that starts it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A branch that failed, where failures are collected: `error` is what it raised."""

    name: str
    error: Exception


async def run_jobs(jobs: Iterable[Job[R]], *, concurrency: int | None = None) -> list[R]:
    """Run jobs side by side, at most `concurrency` at once, and return their results in order. The first failure is raised.

    The other jobs are cancelled then, and awaited until they have ended.
    """
    loop = asyncio.get_running_loop()
    if concurrency is None:
        tasks = [loop.create_task(start()) for _, start in jobs]
        await _wait_for_all(tasks)
        return [task.result() for task in tasks]
    results = dict[int, R]()
    waiting = enumerate(jobs)

    async def work() -> None:
        # A worker takes the next job in the same breath in which it ends the last, so a run never looks idle between the two.
        for index, (_, start) in waiting:
            results[index] = await start()

    await _wait_for_all([loop.create_task(work()) for _ in range(concurrency)])
    return [results[index] for index in range(len(results))]


async def collect_jobs(jobs: Iterable[Job[R]], *, concurrency: int | None = None) -> list[R | Failed]:
    """Run jobs as `run_jobs` does, and return a Failed in the place of each that fails. Mistakes in the program are raised all the same."""

    async def collect(name: str, start: Callable[[], Coroutine[Any, Any, R]]) -> R | Failed:
        try:
            return await start()
        except (UsageError, ReplayError):  # a mistake in the program is no branch's failure
            raise
        except Exception as error:  # noqa: BLE001  whatever a branch raises is what it failed with
            return Failed(name, error)

    return await run_jobs(((name, partial(collect, name, start)) for name, start in jobs), concurrency=concurrency)


async def _wait_for_all(tasks: Sequence[asyncio.Task[R]]) -> None:
    """Wait for all, or for the first failure, which cancels the others and is raised when they have ended."""
    if not tasks:
        return
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await _end_all(tasks)
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
    for error in errors:
        if not isinstance(error, asyncio.CancelledError):
            raise error
    if any(task.cancelled() for task in tasks):
        raise asyncio.CancelledError


async def _end_all(tasks: Sequence[asyncio.Task[R]]) -> None:
    """Cancel what still runs and stay until it has ended, however often this is cancelled meanwhile: a write may be under way."""
    left = [task for task in tasks if not task.done()]
    cancelled = False
    for task in left:
        task.cancel()
    while not all(task.done() for task in left):
        try:
            await asyncio.wait(left)
        except asyncio.CancelledError:
            cancelled = True
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at here, or asyncio logs it where this is cancelled and nobody raises it
    if cancelled:
        raise asyncio.CancelledError
