"""One request to a search service: politely, again where that may help, and with a refusal told apart from an empty answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...canonical import Json
from ..blocked_search import explain_no_hits
from ..charsets import clean
from ..fetch import Web
from ..page_errors import ConnectionFailed, PageError, PageTimeout
from ..retries import parse_retry_after
from ..search import SearchBlocked, SearchError

if TYPE_CHECKING:
    from tenacity import RetryCallState

MAX_QUERY = 400
LONGEST_WAIT_SECONDS = 20.0
"""A service that asks to wait longer is not waited for: whoever searches is told."""
LONGEST_ANSWER_SECONDS = 10.0
BLOCKED_SECONDS = 60.0
"""How long a service that refuses is not asked again, where it does not say how long itself."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search service sent: its status, its headers by lower-case name, and its text."""

    status: int
    headers: dict[str, str]
    text: str

    def read_json(self) -> Json:
        """Return the text as JSON; None if it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None


Judge = Callable[[Answer], SearchError | None]
"""Says why an answer is a failed search; None if it is an answer, an empty one included."""


@dataclass(kw_only=True, eq=False)
class Asker:
    """Asks one service: one request at a time and `pause_seconds` between two, up to `max_tries` times where an error may pass.

    One that refuses is left alone for as long as it asks for, and one that has failed gets one try until it answers.
    """

    name: str
    web: Web
    judge: Judge
    pause_seconds: float = 1.0
    max_tries: int = 3
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _asked: bool = field(default=False, init=False)
    _failed: SearchError | None = field(default=None, init=False)
    _failed_at: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)

    async def ask(self, url: str, *, method: str = "GET", headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> Answer:
        """Return the answer to a request. Raises SearchBlocked where the service refuses, SearchError for any other failure."""
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt  # late, for load time

        async def sleep(seconds: float) -> None:
            await self.web.wait(seconds)

        async with self._turn:
            self._refuse_again()
            retrying = AsyncRetrying(
                sleep=sleep,
                stop=stop_after_attempt(self.max_tries if self._failed is None else 1),
                wait=_choose_wait,
                retry=retry_if_exception(_may_pass),
                reraise=True,
            )
            if self._asked:
                await self.web.wait(self.pause_seconds)
            self._asked, self._failed = True, None
            try:
                return await retrying(self._ask_once, url, method, headers, body)
            except SearchError as error:
                self._failed, self._failed_at = error, self.web.now()
                raise

    def _refuse_again(self) -> None:
        """Raise the last refusal again while the service wants to be left alone."""
        if self._failed is None or _may_pass(self._failed) or not isinstance(self._failed, SearchBlocked):
            return
        seconds = BLOCKED_SECONDS if self._failed.wait_seconds is None else self._failed.wait_seconds
        if (self.web.now() - self._failed_at).total_seconds() < seconds:
            raise self._failed

    async def _ask_once(self, url: str, method: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Answer:
        try:
            web = replace(self.web, total_seconds=min(self.web.total_seconds, LONGEST_ANSWER_SECONDS))
            response, content = await web.ask(url, method=method, headers=headers, body=body)
        except PageTimeout as error:
            raise SearchError(self.name, f"{urlsplit(url).netloc} did not answer within {error.seconds:g} s") from error
        except ConnectionFailed as error:
            raise SearchError(self.name, f"{urlsplit(url).netloc} could not be reached: {error.reason}") from error
        except PageError as error:
            raise SearchError(self.name, str(error).rstrip("."), retryable=False) from error
        answer = Answer(response.status, {name.lower(): value for name, value in response.headers}, content.decode("utf-8", "replace"))
        failed = self.judge(answer)
        if failed is not None:
            wait_seconds = parse_retry_after(answer.headers.get("retry-after", ""), self.web.now())
            raise failed if wait_seconds is None else failed.with_wait(wait_seconds)
        return answer


def prepare_query(query: str) -> str:
    """Return the words of a query on one line, as long as services take them."""
    return " ".join(clean(query).split())[:MAX_QUERY]


def explain_status(name: str, status: int) -> SearchError | None:
    """Return what a status says of a search, None for one that is an answer."""
    if status == 200:
        return None
    if status == 429:
        return SearchBlocked(name, "too many searches in a short time (status 429)")
    if status in (401, 403):
        return SearchBlocked(name, f"it refuses programs, or this key (status {status})", retryable=False)
    if status >= 500:
        return SearchError(name, f"it has trouble (status {status})")
    return SearchError(name, f"it refused the search (status {status})", retryable=False)


def explain_page(name: str, answer: Answer) -> SearchError:
    """Return what a page of words says of a search whose service answers in JSON: that it keeps programs out, or nothing that helps."""
    why = explain_no_hits(answer.status, answer.text, says_so=False)
    if "programs out" in why:
        return SearchBlocked(name, why, retryable=False)
    return SearchError(name, "its answer is not JSON")


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, SearchError) and error.retryable and (error.wait_seconds or 0) <= LONGEST_WAIT_SECONDS


def _choose_wait(state: RetryCallState) -> float:
    """Return how long to wait: as long as the service asks, else 1, 2, 4 seconds."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_seconds if isinstance(error, SearchError) else None
    return asked if asked is not None else 2.0 ** (state.attempt_number - 1)
