"""A function with options: how often it is tried, how long it may take."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from sayso.tools.definition.tool import call_in_thread
from sayso.tools.errors import LimitReached, StepTimeout, UsageError

from ..runs.events import StepRetried
from ..runs.protocols import Run
from ..runs.timing import in_time
from ..workflow import position_name
from .step_functions import is_async, takes_one_value

A = TypeVar("A")
B = TypeVar("B")


class Step(Generic[A, B]):
    """A function with options: how often it is tried, how long it may take. Made by `step`."""

    __slots__ = ("_awaited", "backoff_seconds", "function", "name", "retries", "timeout_seconds")

    def __init__(
        self, function: Callable[[A], Any], name: str, retries: int, backoff_seconds: float, timeout_seconds: float | None
    ) -> None:
        if not callable(function):
            raise UsageError(f"step() takes a function, not {function!r}.")
        check_options(name, retries, backoff_seconds, timeout_seconds)
        self.function, self.name, self.retries = function, position_name(name, "step"), retries
        self.backoff_seconds, self.timeout_seconds = backoff_seconds, timeout_seconds
        takes_one_value(function, name)
        self._awaited = is_async(function)

    def __repr__(self) -> str:
        return f"<step {self.name}>"

    async def __call__(self, value: A) -> B:
        """One try, in the time it has; a sync function runs in a thread."""
        call: Awaitable[B] = self.function(value) if self._awaited else self._in_a_thread(value)
        return await within(call, self.timeout_seconds, self.name)

    async def _in_a_thread(self, value: A) -> Any:
        result = await call_in_thread(self.function, value)
        return await result if inspect.iscoroutine(result) else result  # a lambda, or a decorator's wrapper, around an async call

    async def execute_at(self, run: Run, position: str, value: Any) -> Any:
        """All tries are one step of the run: what is kept is the last one's result."""
        return await run.step(position, self._tried, run, position, value)

    async def _tried(self, run: Run, position: str, value: Any) -> Any:
        if not self.retries:
            return await self(value)

        async def once() -> Any:
            return await self(value)

        async def tell(attempt: int, wait_seconds: float, error: str) -> None:
            await run.emit(StepRetried(run.id, position, attempt, wait_seconds, error))

        return await tried(once, self.retries, self.backoff_seconds, tell)


async def tried(
    work: Callable[[], Awaitable[B]],
    retries: int,
    backoff_seconds: float,
    tell: Callable[[int, float, str], Awaitable[None]],
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
) -> B:
    """What the work gives, tried again so many times after a failure that may pass. `tell` hears of the next attempt, the wait, and why."""
    from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential_jitter

    async def before(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        await tell(state.attempt_number + 1, state.next_action.sleep if state.next_action else 0.0, str(error))

    trying = AsyncRetrying(
        sleep=sleep,
        stop=stop_after_attempt(retries + 1),
        wait=wait_exponential_jitter(multiplier=backoff_seconds, max=60, jitter=backoff_seconds),
        retry=retry_if_exception(_may_pass),
        before_sleep=before,
        reraise=True,
    )
    return await trying(work)


def _may_pass(error: BaseException) -> bool:
    """Whether another try may go better: not after a mistake in the program, and not when a limit is used up."""
    return isinstance(error, Exception) and not isinstance(error, (UsageError, LimitReached))


async def within(work: Awaitable[B], seconds: float | None, name: str) -> B:
    """What the work gives, in the time it has. Raises StepTimeout."""
    if seconds is None:
        return await work
    return await in_time(work, seconds, lambda: StepTimeout(f"The step {name} took longer than its {seconds:g} s."))


def check_options(name: str, retries: int, backoff_seconds: float, timeout_seconds: float | None) -> None:
    """Raises UsageError for an option that is no number."""
    for option, number in {"retries": retries, "backoff_seconds": backoff_seconds, "timeout_seconds": timeout_seconds}.items():
        if number is not None and not (isinstance(number, (int, float)) and number >= 0):
            raise UsageError(f"The step {name} has {option}={number!r}; it takes a number, not below zero.")
