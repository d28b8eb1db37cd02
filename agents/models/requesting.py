"""Asking a provider, for every model class: tries and waits, refused fields left out, one HTTP client for each event loop."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import ModelError

from . import provider_errors as errors
from .endpoint import Endpoint
from .model import Downgraded, ModelRequest, Notice, Retrying
from .provider_errors import ErrorResponse, RequestRefused
from .rate_limits import is_too_long
from .turns import find_media

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")
WHOLE = "whole"
"""Left out where a reply cannot be had in one piece: it is asked for as a stream."""


class LeftOut(NamedTuple):
    """What a request is built without from now on, by the names that its builder knows. `told` is the user's word for it.

    `told` is empty where the user has not asked for it, and misses nothing.
    """

    names: frozenset[str]
    told: str


@dataclass(slots=True, eq=False)
class Requester:
    """Asks one endpoint until it answers. `left_out` are the fields that it has refused: each request is built without them."""

    at: Endpoint
    find_refused: Callable[[ErrorResponse, JsonObject], LeftOut | None]
    """Returns what of a body a refusal is about, None where nothing can be left out."""
    max_tries: int = 4
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    on_retry: Callable[[Retrying], None] | None = None
    left_out: frozenset[str] = frozenset()
    is_lasting: Callable[[str], bool] = bool
    """Tells whether a field that was refused is left out of later requests, too."""

    async def ask(
        self, request: ModelRequest, build: Callable[[frozenset[str]], JsonObject], attempt: Callable[[JsonObject], Awaitable[T]]
    ) -> T:
        """Return what `attempt` makes of the answer to `build(left_out)`. A retryable ModelError is tried again after its wait.

        `attempt` raises RequestRefused for an answer that is an error, ModelError for anything else. It must not show anybody what it
        reads: what was heard cannot be unsaid, so whatever follows the first word belongs after `ask`. Raises ModelError.
        """
        try:
            return await self._ask_without_refused_fields(request, build, attempt)
        except ModelError as error:
            if self.max_tries == 1 or not is_worth_retrying(error):
                raise
            failed = [error]
        return await self._ask_again(failed, request, build, attempt)

    async def _ask_again(
        self,
        failed: list[ModelError],
        request: ModelRequest,
        build: Callable[[frozenset[str]], JsonObject],
        attempt: Callable[[JsonObject], Awaitable[T]],
    ) -> T:
        """Return the answer to a later try, each after its wait; the first one, which `failed`, counts."""
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt  # late, for load time: most requests are answered

        async def ask() -> T:
            if failed:
                raise failed.pop()
            return await self._ask_without_refused_fields(request, build, attempt)

        retrying = AsyncRetrying(
            sleep=self.sleep,
            stop=stop_after_attempt(self.max_tries),
            wait=choose_wait,
            retry=retry_if_exception(is_worth_retrying),
            before_sleep=partial(self._tell_retry, request),
            reraise=True,
        )
        try:
            return await retrying(ask)
        except ModelError as error:
            tries = retrying.statistics["attempt_number"]
            if not error.retryable:  # another kind of error says what to do about it
                raise
            raise ModelError(
                f"{error} Tried {tries} times.", retryable=error.retryable, retry_after_seconds=error.retry_after_seconds
            ) from None

    async def _ask_without_refused_fields(
        self, request: ModelRequest, build: Callable[[frozenset[str]], JsonObject], attempt: Callable[[JsonObject], Awaitable[T]]
    ) -> T:
        """Ask, leaving out the fields that the endpoint refuses, and remember them for the next request."""
        left_out = self.left_out
        told: list[Notice] = []
        while True:
            body = build(left_out)
            try:
                answer = await attempt(body)
            except RequestRefused as error:
                refused = _find_impatience(error.answer, body) or self.find_refused(error.answer, body)
                if refused is None or refused.names <= left_out:
                    of_media = errors.explain_refused_media(self.at, error.answer, find_media(request.messages))
                    raise of_media or errors.explain_refusal(self.at, error.answer, time.time()) from None
                left_out |= refused.names
                if refused.told:
                    why = f"{self.at.shown_url} refuses it{errors.quote_message(self.at, error.answer.text)}"
                    told.append(Downgraded(refused.told, why))
                continue
            self.left_out |= {field for field in left_out if self.is_lasting(field)}
            for notice in told:
                _tell(notice, request.notify)
            return answer

    def _tell_retry(self, request: ModelRequest, state: RetryCallState) -> None:
        if state.outcome is None or state.next_action is None:
            return
        retrying = Retrying(state.attempt_number, state.next_action.sleep, str(state.outcome.exception()))
        if self.on_retry is not None:
            self.on_retry(retrying)
        _tell(retrying, request.notify)


def _find_impatience(answer: ErrorResponse, body: JsonObject) -> LeftOut | None:
    """Return WHOLE for a whole reply that somebody on the way did not wait for. A stream is not silent for so long."""
    return LeftOut(frozenset({WHOLE}), "") if not body.get("stream") and answer.status in (408, 504, 524) else None


def _tell(notice: Notice, notify: Callable[[Notice], None] | None) -> None:
    if notify is not None:
        notify(notice)


def is_worth_retrying(error: BaseException) -> bool:
    """Tell whether the same request may be answered soon."""
    return isinstance(error, ModelError) and error.retryable and not is_too_long(error.retry_after_seconds)


def choose_wait(state: RetryCallState) -> float:
    """Return how long to wait: as long as the endpoint asks; where it does not, about 0.5, 1, 2, 4, ... seconds."""
    from tenacity import wait_exponential, wait_random  # both the same from 9.0 on: google-genai holds tenacity below 9.2

    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, ModelError) else None
    if asked is not None and state.attempt_number == 1:
        return asked
    # "Try again in 8 ms", for the second time, was not enough.
    return max(asked or 0.0, (wait_exponential(multiplier=0.5, max=30) + wait_random(max=0.25))(state))


class Slots:
    """How many requests an endpoint works on at once, where it says so; more wait here, in each event loop."""

    def __init__(self) -> None:
        self._by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = weakref.WeakKeyDictionary()

    def hold(self, at_once: int) -> AbstractAsyncContextManager[None]:
        """Return a context that holds one of `at_once` slots; 0 is no limit."""
        if at_once < 1:
            return nullcontext()
        return self._by_loop.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(at_once))


_SHARED: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Callable[[], object], tuple[AsyncGenerator[object], object]]]
_SHARED = weakref.WeakKeyDictionary()


async def share_in_loop(make: Callable[[], AbstractAsyncContextManager[T]]) -> T:
    """Return what `make` makes, such as an HTTP client: one for each event loop, closed when the loop ends.

    A client's connections belong to the loop in which they were opened, and every `run_sync` is a loop of its own. `make` is the key, so
    it is a function of a module.
    """
    loop = asyncio.get_running_loop()
    shared = _SHARED.get(loop)
    if shared is None:
        for reference in _SHARED.keyrefs():  # loops that somebody closed without closing their async generators
            if (other := reference()) is not None and other.is_closed():
                _SHARED.pop(other, None)
        shared = _SHARED[loop] = {}
    if make not in shared:
        holding = _hold(make(), loop)
        shared[make] = (holding, await anext(holding))
    return cast("T", shared[make][1])


async def _hold(opened: AbstractAsyncContextManager[T], loop: asyncio.AbstractEventLoop) -> AsyncGenerator[T]:
    """Hold something open until the loop ends: then asyncio closes its async generators, and with it this one."""
    try:
        async with opened as value:
            yield value
    finally:
        _SHARED.pop(loop, None)
