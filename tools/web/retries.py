"""What is tried once more, and after which wait: failures that may pass, and what Retry-After asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from .page_errors import PageError

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")
MAX_WAIT_SECONDS = 5.0
"""A host that asks to come back later than that is not waited for."""
TRIES = 2
USUAL_WAIT_SECONDS = 0.5


class MayPass(Exception):
    """A failure that may pass: the same read may work after a wait."""

    def __init__(self, error: PageError, wait_seconds: float | None = None) -> None:
        self.error = error
        self.wait_seconds: float = USUAL_WAIT_SECONDS if wait_seconds is None else wait_seconds
        super().__init__(str(error))


async def try_twice(read: Callable[[], Awaitable[T]], wait: Callable[[float], Awaitable[object]]) -> T:
    """Return what `read` gives, at the second try where the first failure may pass: a read changes nothing, so it may be repeated.

    Raises the PageError of the last try.
    """
    from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt  # late, for load time

    async def sleep(seconds: float) -> None:
        if seconds > 0:
            await wait(seconds)

    retrying = AsyncRetrying(
        sleep=sleep, stop=stop_after_attempt(TRIES), wait=_choose_wait, retry=retry_if_exception_type(MayPass), reraise=True
    )
    try:
        return await retrying(read)
    except MayPass as failure:
        raise failure.error from None


def _choose_wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.wait_seconds if isinstance(error, MayPass) else USUAL_WAIT_SECONDS


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Return how many seconds a Retry-After header asks to wait; None for none, or for one that cannot be read."""
    from email.utils import parsedate_to_datetime

    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - now.astimezone(UTC)).total_seconds())
