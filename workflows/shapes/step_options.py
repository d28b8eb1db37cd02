"""Functions with options: retries and a timeout."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar, cast

from sayso.tools.definition.blocking import call_in_thread
from sayso.tools.errors import LimitReached, StepTimeout, UsageError

from ..runs.events import StepRetried
from ..runs.protocols import Run
from ..runs.timing import in_time
from ..workflow import check_name
from .step_functions import check_parameters, is_async

A = TypeVar("A")
B = TypeVar("B")


class Step(Generic[A, B]):
    """A function with options, made by `step`."""

    __slots__ = ("_awaited", "backoff_seconds", "function", "name", "retries", "timeout_seconds")

    def __init__(
        self, function: Callable[[A], object], name: str, retries: int, backoff_seconds: float, timeout_seconds: float | None
    ) -> None:
        if not callable(function):
            raise UsageError(f"step() takes a function, not {function!r}.")
        check_options(name, retries, backoff_seconds, timeout_seconds)
        self.function: Callable[[A], object] = function
        self.name: str = check_name(name, "step")
        self.retries: int = retries
        self.backoff_seconds: float = backoff_seconds
        self.timeout_seconds: float | None = timeout_seconds
        check_parameters(function, name)
        self._awaited = is_async(function)

    def __repr__(self) -> str:
        return f"<step {self.name}>"

    async def __call__(self, value: A) -> B:
        """Execute one try within its timeout; a sync function runs in a thread."""
        call = cast(Awaitable[B], self.function(value)) if self._awaited else self._execute_in_thread(value)
        return await await_within(call, self.timeout_seconds, self.name)

    async def _execute_in_thread(self, value: A) -> B:
        result = await call_in_thread(self.function, value)
        # A lambda, or a decorator's wrapper, around an async call returns a coroutine.
        return cast(B, await result if inspect.iscoroutine(result) else result)

    async def execute_at(self, run: Run, position: str, value: A) -> B:
        """Execute all tries as one step of the run, which stores the last one's result."""
        return await run.step(position, self._execute_tries, run, position, value)

    async def _execute_tries(self, run: Run, position: str, value: A) -> B:
        if not self.retries:
            return await self(value)

        async def execute_once() -> B:
            return await self(value)

        async def emit_retry(attempt: int, wait_seconds: float, error: str) -> None:
            await run.emit(StepRetried(run.id, position, attempt, wait_seconds, error))

        return await retry(execute_once, self.retries, self.backoff_seconds, emit_retry)


async def retry(
    work: Callable[[], Awaitable[B]],
    retries: int,
    backoff_seconds: float,
    emit_retry: Callable[[int, float, str], Awaitable[None]],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> B:
    """Return what `work` returns, tried again after a failure up to `retries` times; the wait doubles each time, up to 60 seconds.

    `emit_retry` is called before each wait with the number of the next attempt, the seconds to wait, and the error.
    """
    from tenacity import (  # late, for load time
        AsyncRetrying,
        RetryCallState,
        retry_if_exception,
        stop_after_attempt,
        wait_exponential,
        wait_random,
    )

    async def before_sleep(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        await emit_retry(state.attempt_number + 1, state.next_action.sleep if state.next_action else 0.0, str(error))

    doubled = wait_exponential(multiplier=backoff_seconds) + wait_random(max=backoff_seconds)
    retrying = AsyncRetrying(
        sleep=sleep,
        stop=stop_after_attempt(retries + 1),
        wait=lambda state: min(doubled(state), 60.0),
        # A mistake in the program fails again, and so does a limit that is used up.
        retry=retry_if_exception(lambda error: isinstance(error, Exception) and not isinstance(error, (UsageError, LimitReached))),
        before_sleep=before_sleep,
        reraise=True,
    )
    return await retrying(work)


async def await_within(work: Awaitable[B], seconds: float | None, name: str) -> B:
    """Return what `work` returns. Raises StepTimeout after `seconds`."""
    if seconds is None:
        return await work
    return await in_time(work, seconds, lambda: StepTimeout(f"The step {name} took longer than its {seconds:g} s."))


def check_options(name: str, retries: int, backoff_seconds: float, timeout_seconds: float | None) -> None:
    """Raise UsageError for an option that is not a number, or below zero."""
    for option, number in {"retries": retries, "backoff_seconds": backoff_seconds, "timeout_seconds": timeout_seconds}.items():
        if number is not None and not (isinstance(number, (int, float)) and number >= 0):
            raise UsageError(f"The step {name} has {option}={number!r}; it takes a number, not below zero.")
