"""Any OpenAI-compatible endpoint as a Model: one streamed chat completion, retried until its first word."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sayso.tools.errors import ModelError, ToolsRefused
from sayso.workflows import Usage

from ..messages import Sampling
from . import openai_errors as errors
from .abilities import Abilities, abilities_of
from .endpoint import Endpoint, endpoint, no_key, tls
from .model import Delta, Finished, ModelRequest, Retrying
from .openai_errors import Answer
from .openai_wire import ReplyReader, body_of, refused_field
from .rate_limits import is_too_long

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from tenacity import RetryCallState


@dataclass(frozen=True, slots=True)
class _Opened:
    """An answer up to its first deltas; the rest is still to come."""

    first: list[Delta]
    chunks: AsyncGenerator[object]
    reader: ReplyReader


class OpenAIChat:
    """A model behind an OpenAI-compatible endpoint. `timeout_seconds` is the longest silence that is waited for, not the length of a reply.

    Whether it takes tools is asked of the endpoint, unless `takes_tools` says it. What it refuses (a sampling option, stream_options, a
    response format) is left out, and remembered for the next request. `constrain` holds written calls to a grammar made from the tools'
    schemas, where the endpoint can do that. Where the endpoint says how many requests it works on at once, more wait here: a server's queue
    is silent, and nobody should take that for a server that hangs.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        sampling: Sampling | None = None,
        timeout_seconds: float = 300,
        takes_tools: bool | None = None,
        constrain: bool = False,
        max_tries: int = 4,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_retry: Callable[[Retrying], None] | None = None,
    ) -> None:
        self.name, self._takes_tools, self.constrain = model, takes_tools, constrain
        self._abilities: Abilities | None = None
        self._at = endpoint(model, base_url, api_key, timeout_seconds)
        self.sampling, self._max_tries, self._sleep, self._on_retry = sampling or Sampling(), max_tries, sleep, on_retry
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        # OpenAI's own endpoint refuses what other servers added, and its newer models refuse the older word for the length.
        self._refused = frozenset({"top_k", "repetition_penalty", "repeat_penalty", "max_tokens"} if self._at.is_openai else ())

    def __repr__(self) -> str:
        return f"OpenAIChat({self.name!r}, base_url={self._at.shown_url!r})"

    @property
    def takes_tools(self) -> bool:
        """Whether calls go through the provider's own field: as was given, else as the endpoint says, else yes."""
        if self._takes_tools is not None:
            return self._takes_tools
        return self._abilities is None or self._abilities.takes_tools

    @property
    def base_url(self) -> str:
        """Where it is asked."""
        return self._at.url

    async def abilities(self) -> Abilities:
        """What the endpoint can do, asked once."""
        if self._abilities is None:
            self._abilities = await abilities_of(self._at)
        return self._abilities

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """The reply, piece by piece. A connection lives as long as its reply, so no event loop is left with one that is open."""
        if not self._at.key:
            raise ModelError(no_key(self.name))
        request = _with_sampling(request, self.sampling)
        async with AsyncExitStack() as closing:
            await closing.enter_async_context(await self._turn())
            client = _client(self._at)
            closing.push_async_callback(client.close)
            opened = await self._opened(client, request)
            closing.push_async_callback(opened.chunks.aclose)
            for delta in opened.first:
                yield delta
            async for chunk in opened.chunks:
                for delta in opened.reader.feed(chunk):
                    yield delta
            yield self._finished(opened.reader)

    async def _turn(self) -> AbstractAsyncContextManager[None]:
        """Held while a request is under way; a server on this machine is asked how many it works on."""
        known = await self.abilities() if self._at.is_local else self._abilities
        at_once = known.at_once if known is not None else 0
        if at_once < 1:
            return nullcontext()
        return self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(at_once))

    async def _opened(self, client: AsyncOpenAI, request: ModelRequest) -> _Opened:
        """The answer with its first words. Only up to there may a request be repeated: later the words have been shown."""
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

        retrying = AsyncRetrying(
            sleep=self._sleep,
            stop=stop_after_attempt(self._max_tries),
            wait=_wait,
            retry=retry_if_exception(_worth_another_try),
            before_sleep=partial(self._tell, request),
            reraise=True,
        )
        try:
            return await retrying(self._fitted, client, request)
        except ModelError as error:
            tries = retrying.statistics["attempt_number"]
            if tries == 1:
                raise
            raise ModelError(
                f"{error} Tried {tries} times.", retryable=error.retryable, retry_after_seconds=error.retry_after_seconds
            ) from None

    def _tell(self, request: ModelRequest, state: RetryCallState) -> None:
        if state.outcome is None or state.next_action is None:
            return
        retrying = Retrying(state.attempt_number, state.next_action.sleep, str(state.outcome.exception()))
        for told in (self._on_retry, request.retrying):
            if told is not None:
                told(retrying)

    async def _fitted(self, client: AsyncOpenAI, request: ModelRequest) -> _Opened:
        """One request, again without what the endpoint refuses; what it took in the end is remembered."""
        from openai import APIStatusError

        refused = self._refused
        while True:
            body = body_of(self.name, request, refused)
            try:
                opened = await self._first_words(client, body)
            except APIStatusError as error:
                answer = Answer(error.status_code, error.response.headers, error.response.text)
                field = refused_field(answer.text, body) if answer.status in (400, 422) else None
                if field is None:
                    raise self._refusal(answer) from None
                refused |= {field}
                continue
            self._refused |= refused
            return opened

    def _refusal(self, answer: Answer) -> ModelError:
        """The error for an answer; that the model takes no tools is remembered."""
        refusal = errors.refusal(self._at, answer, time.time())
        if isinstance(refusal, ToolsRefused):
            self._takes_tools = False
        return refusal

    async def _first_words(self, client: AsyncOpenAI, body: dict[str, Any]) -> _Opened:
        """One request, answered up to its first deltas."""
        chunks = _until_broken(self._at, await _send(self._at, client, body))
        reader = ReplyReader()
        async for chunk in chunks:
            if first := reader.feed(chunk):
                return _Opened(first, chunks, reader)
        if not reader.finish:
            raise errors.broken(self._at, "it ended before its first word")
        return _Opened([], chunks, reader)

    def _finished(self, reader: ReplyReader) -> Finished:
        if not reader.finish:
            raise errors.broken(self._at, "it ended without a finish reason")
        if reader.finish == "content_filter" and not reader.said:
            raise errors.filtered(self._at)
        return Finished(reader.finish, _usage(self._at, reader.usage))


def _with_sampling(request: ModelRequest, default: Sampling) -> ModelRequest:
    """The request, with the model's own sampling where the request has none."""
    from dataclasses import fields, replace

    asked = {field.name: value for field in fields(Sampling) if (value := getattr(request.sampling, field.name)) is not None}
    return replace(request, sampling=replace(default, **asked))


def _client(at: Endpoint) -> AsyncOpenAI:
    import openai

    # A proxy for the web is no way to this machine, and httpx would take it.
    http_client = openai.DefaultAsyncHttpxClient(verify=tls(), trust_env=not at.is_local)
    timeout = openai.Timeout(at.timeout_seconds, connect=min(10.0, at.timeout_seconds))
    return openai.AsyncOpenAI(api_key=at.key, base_url=at.url, max_retries=0, timeout=timeout, http_client=http_client)


async def _send(at: Endpoint, client: AsyncOpenAI, body: dict[str, Any]) -> AsyncStream[object]:
    """The bare request. The pieces come as plain JSON: what endpoints send is often not what openai's types say."""
    import openai

    handled = sys.exception()
    try:
        return await client.post(
            "/chat/completions",
            body=body,
            cast_to=object,
            options={"security": {"bearer_auth": True}},
            stream=True,
            stream_cls=openai.AsyncStream[object],
        )
    except openai.APITimeoutError as error:
        raise _timeout(at, error) from None
    except openai.APIConnectionError as error:
        raise errors.unreachable(at, errors.why(error, handled)) from None


async def _until_broken(at: Endpoint, stream: AsyncStream[object]) -> AsyncGenerator[object]:
    """The pieces of the answer; whatever breaks it becomes a ModelError."""
    import httpx2
    import openai

    handled = sys.exception()
    try:
        kind = stream.response.headers.get("content-type", "")
        if "html" in kind:
            raise errors.not_an_answer(at, await _beginning(stream.response.aiter_text()))
        if "json" in kind and "event-stream" not in kind and "ndjson" not in kind:
            yield _whole(at, (await stream.response.aread()).decode("utf-8", "replace"))
            return
        async for chunk in stream:
            yield chunk
    except openai.APITimeoutError as error:
        raise _timeout(at, error) from None
    except openai.APIConnectionError as error:
        raise errors.broken(at, errors.why(error, handled)) from None
    except httpx2.HTTPError as error:
        raise errors.broken(at, errors.why(error, handled)) from None
    except openai.APIError as error:
        raise errors.reported(at, error.body, error.message, time.time()) from None
    except ValueError as error:
        raise errors.broken(at, f"a piece of it is not JSON ({error})") from None
    finally:
        await stream.close()


def _whole(at: Endpoint, text: str) -> object:
    """An answer that was not streamed."""
    import json

    try:
        body = json.loads(text)
    except ValueError:
        raise errors.not_an_answer(at, text) from None
    if isinstance(body, dict) and body.get("error"):
        raise errors.reported(at, body["error"], text, time.time())
    if not (isinstance(body, dict) and body.get("choices")):
        raise errors.not_an_answer(at, text)
    return body


async def _beginning(pieces: AsyncIterator[str], longest: int = 20_000) -> str:
    text = ""
    async for piece in pieces:
        text += piece
        if len(text) > longest:
            break
    return text[:longest]


def _timeout(at: Endpoint, error: Exception) -> ModelError:
    from httpx2 import ConnectTimeout

    return errors.unreachable(at, "no connection in time") if isinstance(error.__cause__, ConnectTimeout) else errors.silent(at)


def _worth_another_try(error: BaseException) -> bool:
    return isinstance(error, ModelError) and error.retryable and not is_too_long(error.retry_after_seconds)


def _wait(state: RetryCallState) -> float:
    """As long as the endpoint asks; where it does not, about 0.5, 1, 2, 4, ... seconds."""
    from tenacity import wait_exponential_jitter

    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, ModelError) else None
    if asked is not None and state.attempt_number == 1:
        return asked
    # "Try again in 8 ms", said a second time, was not enough.
    return max(asked or 0.0, wait_exponential_jitter(multiplier=0.5, max=30, jitter=0.25)(state))


def _usage(at: Endpoint, usage: Mapping[str, Any]) -> Usage:
    from .prices import price

    sent, written = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    details = usage.get("prompt_tokens_details")
    cached = _count(details, "cached_tokens") if isinstance(details, Mapping) else 0
    cost = price(at.model, sent, written, cached_tokens=cached, base_url=at.url) if sent or written else None
    return Usage(sent, written, cost or 0.0, model_calls=1)


def _count(numbers: Mapping[str, Any], name: str) -> int:
    value = numbers.get(name)
    return max(0, int(value)) if isinstance(value, (int, float)) else 0
