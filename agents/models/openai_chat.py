"""Any OpenAI-compatible endpoint as a Model: one streamed chat completion, retried until its first word."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import ModelError, ToolsRefused
from sayso.workflows import Usage

from ..messages import Sampling
from . import openai_errors as errors
from .abilities import Abilities, ask_abilities
from .endpoint import Endpoint, describe_missing_key, find_endpoint, get_tls_context
from .model import Delta, Finished, ModelRequest, Retrying
from .openai_errors import ErrorResponse
from .openai_wire import ReplyReader, build_body, find_refused_field
from .rate_limits import is_too_long

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from tenacity import RetryCallState


@dataclass(frozen=True, slots=True)
class _Opened:
    """An answer that was read up to its first deltas."""

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
        self._at = find_endpoint(model, base_url, api_key, timeout_seconds)
        self.sampling, self._max_tries, self._sleep, self._on_retry = sampling or Sampling(), max_tries, sleep, on_retry
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        # OpenAI's own endpoint refuses what other servers added, and its newer models refuse the older word for the length.
        self._refused = frozenset({"top_k", "repetition_penalty", "repeat_penalty", "max_tokens"} if self._at.is_openai else ())

    def __repr__(self) -> str:
        return f"OpenAIChat({self.name!r}, base_url={self._at.shown_url!r})"

    @property
    def takes_tools(self) -> bool:
        """Tell whether calls go through the provider's own field: as given, else as the endpoint says, else yes."""
        if self._takes_tools is not None:
            return self._takes_tools
        return self._abilities is None or self._abilities.takes_tools

    @property
    def base_url(self) -> str:
        """Return the address of the endpoint."""
        return self._at.url

    async def abilities(self) -> Abilities:
        """Return what the endpoint can do. It is asked once."""
        if self._abilities is None:
            self._abilities = await ask_abilities(self._at)
        return self._abilities

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the reply, piece by piece. A connection lives as long as its reply, so no event loop is left with an open one."""
        if not self._at.key:
            raise ModelError(describe_missing_key(self.name))
        request = _merge_sampling(request, self.sampling)
        async with AsyncExitStack() as closing:
            await closing.enter_async_context(await self._wait_for_slot())
            client = _make_client(self._at)
            closing.push_async_callback(client.close)
            opened = await self._open_with_retries(client, request)
            closing.push_async_callback(opened.chunks.aclose)
            for delta in opened.first:
                yield delta
            async for chunk in opened.chunks:
                for delta in opened.reader.feed(chunk):
                    yield delta
            yield self._make_finished(opened.reader)

    async def _wait_for_slot(self) -> AbstractAsyncContextManager[None]:
        """Return a context that holds one of the endpoint's slots. A server on this machine is asked how many it has."""
        known = await self.abilities() if self._at.is_local else self._abilities
        at_once = known.at_once if known is not None else 0
        if at_once < 1:
            return nullcontext()
        return self._slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(at_once))

    async def _open_with_retries(self, client: AsyncOpenAI, request: ModelRequest) -> _Opened:
        """Open a reply up to its first deltas, with retries. Only up to there may a request be repeated: later the text has been shown."""
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

        retrying = AsyncRetrying(
            sleep=self._sleep,
            stop=stop_after_attempt(self._max_tries),
            wait=_choose_wait,
            retry=retry_if_exception(_is_worth_retrying),
            before_sleep=partial(self._publish_retry, request),
            reraise=True,
        )
        try:
            return await retrying(self._open_without_refused_fields, client, request)
        except ModelError as error:
            tries = retrying.statistics["attempt_number"]
            if tries == 1:
                raise
            raise ModelError(
                f"{error} Tried {tries} times.", retryable=error.retryable, retry_after_seconds=error.retry_after_seconds
            ) from None

    def _publish_retry(self, request: ModelRequest, state: RetryCallState) -> None:
        if state.outcome is None or state.next_action is None:
            return
        retrying = Retrying(state.attempt_number, state.next_action.sleep, str(state.outcome.exception()))
        for on_retry in (self._on_retry, request.notify):
            if on_retry is not None:
                on_retry(retrying)

    async def _open_without_refused_fields(self, client: AsyncOpenAI, request: ModelRequest) -> _Opened:
        """Open a reply, leaving out the fields that the endpoint refuses, and remember them for the next request."""
        from openai import APIStatusError

        refused = self._refused
        while True:
            body = build_body(self.name, request, refused)
            try:
                opened = await self._open_reply(client, body)
            except APIStatusError as error:
                answer = ErrorResponse(error.status_code, error.response.headers, error.response.text)
                field = find_refused_field(answer.text, body) if answer.status in (400, 422) else None
                if field is None:
                    raise self._make_refusal(answer) from None
                refused |= {field}
                continue
            self._refused |= refused
            return opened

    def _make_refusal(self, answer: ErrorResponse) -> ModelError:
        """Return the error for an answer. That the model takes no tools is remembered."""
        refusal = errors.explain_refusal(self._at, answer, time.time())
        if isinstance(refusal, ToolsRefused):
            self._takes_tools = False
        return refusal

    async def _open_reply(self, client: AsyncOpenAI, body: JsonObject) -> _Opened:
        """Send one request and read the answer up to its first deltas."""
        chunks = _read_chunks(self._at, await _send(self._at, client, body))
        reader = ReplyReader()
        async for chunk in chunks:
            if first := reader.feed(chunk):
                return _Opened(first, chunks, reader)
        if not reader.finish:
            raise errors.explain_break(self._at, "it ended before its first word")
        return _Opened([], chunks, reader)

    def _make_finished(self, reader: ReplyReader) -> Finished:
        if not reader.finish:
            raise errors.explain_break(self._at, "it ended without a finish reason")
        if reader.finish == "content_filter" and not reader.has_content:
            raise errors.explain_filter(self._at)
        return Finished(reader.finish, _make_usage(self._at, reader.usage))


def _merge_sampling(request: ModelRequest, default: Sampling) -> ModelRequest:
    """Return the request, with the model's own sampling where the request has none."""
    from dataclasses import fields, replace

    asked = {field.name: value for field in fields(Sampling) if (value := getattr(request.sampling, field.name)) is not None}
    return replace(request, sampling=replace(default, **asked))


def _make_client(at: Endpoint) -> AsyncOpenAI:
    import openai

    # A proxy for the web is no way to this machine, and httpx would take it.
    http_client = openai.DefaultAsyncHttpxClient(verify=get_tls_context(), trust_env=not at.is_local)
    timeout = openai.Timeout(at.timeout_seconds, connect=min(10.0, at.timeout_seconds))
    return openai.AsyncOpenAI(api_key=at.key, base_url=at.url, max_retries=0, timeout=timeout, http_client=http_client)


async def _send(at: Endpoint, client: AsyncOpenAI, body: JsonObject) -> AsyncStream[object]:
    """Send one request. The pieces come as plain JSON: what endpoints send is often not what openai's types say."""
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
        raise _explain_timeout(at, error) from None
    except openai.APIConnectionError as error:
        raise errors.explain_unreachable(at, errors.find_reason(error, handled)) from None


async def _read_chunks(at: Endpoint, stream: AsyncStream[object]) -> AsyncGenerator[object]:
    """Yield the pieces of the answer. Raises ModelError for whatever interrupts it."""
    import httpx2
    import openai

    handled = sys.exception()
    try:
        kind = stream.response.headers.get("content-type", "")
        if "html" in kind:
            raise errors.explain_wrong_answer(at, await _read_beginning(stream.response.aiter_text()))
        if "json" in kind and "event-stream" not in kind and "ndjson" not in kind:
            yield _parse_whole_answer(at, (await stream.response.aread()).decode("utf-8", "replace"))
            return
        async for chunk in stream:
            yield chunk
    except openai.APITimeoutError as error:
        raise _explain_timeout(at, error) from None
    except openai.APIConnectionError as error:
        raise errors.explain_break(at, errors.find_reason(error, handled)) from None
    except httpx2.HTTPError as error:
        raise errors.explain_break(at, errors.find_reason(error, handled)) from None
    except openai.APIError as error:
        raise errors.explain_reported_error(at, error.body, error.message, time.time()) from None
    except ValueError as error:
        raise errors.explain_break(at, f"a piece of it is not JSON ({error})") from None
    finally:
        await stream.close()


def _parse_whole_answer(at: Endpoint, text: str) -> object:
    """Parse an answer that was not streamed."""
    import json

    try:
        body = json.loads(text)
    except ValueError:
        raise errors.explain_wrong_answer(at, text) from None
    if isinstance(body, dict) and body.get("error"):
        raise errors.explain_reported_error(at, body["error"], text, time.time())
    if not (isinstance(body, dict) and body.get("choices")):
        raise errors.explain_wrong_answer(at, text)
    return body


async def _read_beginning(pieces: AsyncIterator[str], longest: int = 20_000) -> str:
    text = ""
    async for piece in pieces:
        text += piece
        if len(text) > longest:
            break
    return text[:longest]


def _explain_timeout(at: Endpoint, error: Exception) -> ModelError:
    from httpx2 import ConnectTimeout

    if isinstance(error.__cause__, ConnectTimeout):
        return errors.explain_unreachable(at, "no connection in time")
    return errors.explain_silence(at)


def _is_worth_retrying(error: BaseException) -> bool:
    return isinstance(error, ModelError) and error.retryable and not is_too_long(error.retry_after_seconds)


def _choose_wait(state: RetryCallState) -> float:
    """Return how long to wait: as long as the endpoint asks; where it does not, about 0.5, 1, 2, 4, ... seconds."""
    from tenacity import wait_exponential_jitter

    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, ModelError) else None
    if asked is not None and state.attempt_number == 1:
        return asked
    # "Try again in 8 ms", for the second time, was not enough.
    return max(asked or 0.0, wait_exponential_jitter(multiplier=0.5, max=30, jitter=0.25)(state))


def _make_usage(at: Endpoint, usage: Mapping[str, object]) -> Usage:
    from .prices import price  # late, for load time

    sent, written = _get_count(usage, "prompt_tokens"), _get_count(usage, "completion_tokens")
    details = usage.get("prompt_tokens_details")
    cached = _get_count(details, "cached_tokens") if isinstance(details, Mapping) else 0
    cost = price(at.model, sent, written, cached_tokens=cached, base_url=at.url) if sent or written else None
    return Usage(sent, written, cost or 0.0, model_calls=1)


def _get_count(numbers: Mapping[str, object], name: str) -> int:
    value = numbers.get(name)
    return max(0, int(value)) if isinstance(value, (int, float)) else 0
