"""Anthropic's Messages API as a Model, on their own SDK: thinking goes back signed and in order, calls and results stay together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import ModelError, ToolsRefused
from sayso.workflows import Usage
from sayso.workflows.runs.limits import NO_USAGE

from ..messages import AssistantMessage, NativeCall, ProviderData, Reply, Sampling
from . import provider_errors as errors
from .anthropic_client import AnthropicClients, find_anthropic_endpoint, post_message, read_messages, require_anthropic
from .anthropic_request import THINKING_BLOCKS, AnthropicRequest, build_request, find_refused, is_lasting
from .endpoint import describe_missing_key
from .model import CallDelta, Delta, Downgraded, Finished, ModelRequest, Retrying
from .provider_errors import ErrorResponse, RequestRefused
from .reply_deltas import ReplyDeltas
from .reply_usage import read_anthropic_usage
from .requesting import WHOLE, Requester

if TYPE_CHECKING:
    from httpx2 import AsyncClient

T = TypeVar("T")
_LONGEST_WHOLE_REPLY = 8_000
"""A reply that may be longer is streamed, also where nobody listens: nothing comes while it is written, and idle connections are cut."""
_MOST_PARTS = 8


class _Reader(ReplyDeltas):
    """Reads one reply. `is_whole` tells whether it came to its end: some servers end without saying why."""

    __slots__ = ("is_whole",)

    def __init__(self) -> None:
        super().__init__()
        self.is_whole = False

    def feed(self, piece: object) -> list[Delta]:
        """Return the deltas of one piece."""
        if isinstance(piece, Mapping) and (piece.get("type") in ("message_stop", "message") or "content" in piece):
            self.is_whole = True
        return super().feed(piece)

    @property
    def finish(self) -> str:
        """Return how the reply ended; empty where it did not."""
        return self.reply.finish or (("tool_calls" if self.reply.calls else "stop") if self.is_whole else "")


@dataclass(frozen=True, slots=True)
class _Opened:
    """An answer that was read up to its first deltas."""

    first: list[Delta]
    pieces: AsyncGenerator[object]
    reader: _Reader


@dataclass(slots=True)
class _Asked:
    """One request of the agent's, which may take several of the provider's: a turn of its own tools comes in parts.

    `built` is what was sent last; `content`, `usage` and `calls` are of the parts that are read.
    """

    request: ModelRequest
    streams: bool
    built: AnthropicRequest = field(default_factory=lambda: AnthropicRequest({}))
    content: list[JsonObject] = field(default_factory=list)
    usage: Usage = NO_USAGE
    calls: int = 0
    parts: int = 0
    is_without_thinking: bool = False

    def take(self, reader: _Reader, usage: Usage, provider: str) -> bool:
        """Take in a part that was read to its end. Return whether there is more: the next request then ends with what is there."""
        content: list[JsonObject] = reader.reply.kept.get("content", [])
        self.content += content
        self.usage += usage
        self.calls += len(reader.calls)
        self.parts += 1
        more = reader.finish == "pause_turn" and self.parts < _MOST_PARTS
        if more:
            part = AssistantMessage(reader.reply.text, provider_data=ProviderData(provider, {"content": content}))
            self.request = replace(self.request, messages=[*self.request.messages, part])
        return more

    def make_data(self, provider: str) -> ProviderData | None:
        """Return what goes back with the turn; None where it is nothing but text."""
        if all(block.get("type") == "text" and not block.get("citations") for block in self.content):
            return None
        marks = {"without_thinking": True} if self.is_without_thinking else {}
        return ProviderData(provider, {"content": self.content, **marks})


class AnthropicMessages:
    """A Claude model, or another behind an endpoint that speaks Anthropic's Messages API.

    The key is `api_key`, else ANTHROPIC_API_KEY, which goes to no other host than Anthropic's (or that in ANTHROPIC_BASE_URL). `cache` sets
    breakpoints of the prompt cache: None sets them where there are tools. `timeout_seconds` is the longest silence that is waited for. What
    the model does not take is left out, and told as a ModelDowngraded event. `http_client` is yours to close.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        sampling: Sampling | None = None,
        cache: bool | None = None,
        timeout_seconds: float = 300,
        max_tries: int = 4,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_retry: Callable[[Retrying], None] | None = None,
        http_client: AsyncClient | None = None,
    ) -> None:
        require_anthropic()
        self.name: str = model
        self.sampling: Sampling = sampling or Sampling()
        self.cache: bool | None = cache
        self._at = find_anthropic_endpoint(model, base_url, api_key, timeout_seconds)
        self._clients = AnthropicClients(self._at, http_client)
        self._requester = Requester(self._at, find_refused, max_tries, sleep, on_retry, is_lasting=is_lasting)
        self._provider = f"anthropic {self._at.host}"
        self._told: set[str] = set()
        self.takes_tools: bool = True

    def __repr__(self) -> str:
        return f"AnthropicMessages({self.name!r}, base_url={self._at.shown_url!r})"

    @property
    def base_url(self) -> str:
        """Return the address of the endpoint."""
        return self._at.url

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the reply, piece by piece."""
        asked = self._begin(request, streams=True)
        while True:
            opened = await self._ask(asked, self._open_reply)
            async with aclosing(opened.pieces):
                for delta in _number(opened.first, asked.calls):
                    yield delta
                try:
                    async for piece in opened.pieces:
                        for delta in _number(opened.reader.feed(piece), asked.calls):
                            yield delta
                except RequestRefused as error:
                    raise errors.explain_refusal(self._at, error.answer, time.time()) from None
            self._check_end(opened.reader)
            for delta in _number(opened.reader.end(), asked.calls):
                yield delta
            if not asked.take(opened.reader, read_anthropic_usage(self._at, opened.reader.reply.usage), self._provider):
                yield Finished(opened.reader.finish, asked.usage, asked.make_data(self._provider))
                return

    async def complete(self, request: ModelRequest) -> Reply:
        """Return the whole reply. What breaks in the middle of it is tried again."""
        asked = self._begin(request, streams=False)
        texts: list[str] = []
        thoughts: list[str] = []
        calls: list[NativeCall] = []
        while True:
            reader = await self._ask(asked, self._read_reply)
            texts.append(reader.reply.text)
            thoughts.append(reader.reply.reasoning)
            calls += reader.calls
            if not asked.take(reader, read_anthropic_usage(self._at, reader.reply.usage), self._provider):
                data = asked.make_data(self._provider)
                return Reply("".join(texts), tuple(calls), "".join(thoughts), asked.usage, reader.finish, data)

    def _begin(self, request: ModelRequest, *, streams: bool) -> _Asked:
        if not self._at.key:
            raise ModelError(describe_missing_key(self.name, self._at))
        return _Asked(replace(request, sampling=self.sampling.override(request.sampling)), streams)

    async def _ask(self, asked: _Asked, attempt: Callable[[_Asked, JsonObject], Awaitable[T]]) -> T:
        """Ask the endpoint until it answers, and tell what was left out of the request. That the model takes no tools is remembered."""
        try:
            answer = await self._requester.ask(asked.request, partial(self._build, asked), partial(attempt, asked))
        except ToolsRefused:
            self.takes_tools = False
            raise
        for name, why in asked.built.left_out.items():
            if name not in self._told and asked.request.notify is not None:
                self._told.add(name)
                asked.request.notify(Downgraded(name, why))
        return answer

    def _build(self, asked: _Asked, refused: frozenset[str]) -> JsonObject:
        asked.built = build_request(self.name, self._provider, asked.request, cache=self.cache, refused=refused)
        asked.is_without_thinking = THINKING_BLOCKS in refused
        body = asked.built.body
        return {**body, "stream": asked.streams or WHOLE in refused or body["max_tokens"] > _LONGEST_WHOLE_REPLY}

    async def _open_reply(self, asked: _Asked, body: JsonObject) -> _Opened:
        """Send one request and read the answer up to its first deltas: later the text has been shown, and nothing may be tried again."""
        pieces = await self._send(asked, body)
        reader = _Reader()
        try:
            async for piece in pieces:
                if first := reader.feed(piece):
                    return _Opened(first, pieces, reader)
            self._check_end(reader)
        except BaseException:
            await pieces.aclose()
            raise
        return _Opened([], pieces, reader)

    async def _read_reply(self, asked: _Asked, body: JsonObject) -> _Reader:
        """Send one request and read the answer to its end."""
        reader = _Reader()
        try:
            async with aclosing(await self._send(asked, body)) as pieces:
                async for piece in pieces:
                    reader.feed(piece)
        except errors.EndpointSilent:  # a whole reply is silent until its end, and the longest silence is not the length of a reply
            if body["stream"]:
                raise
            raise RequestRefused(ErrorResponse(408, {}, "")) from None
        self._check_end(reader)
        return reader

    async def _send(self, asked: _Asked, body: JsonObject) -> AsyncGenerator[object]:
        client = await self._clients.get()
        return read_messages(self._at, await post_message(self._at, client, body, asked.built.headers))

    def _check_end(self, reader: _Reader) -> None:
        if not reader.finish:
            raise errors.explain_break(self._at, "it ended without a stop reason")


def _number(deltas: Sequence[Delta], calls: int) -> Sequence[Delta]:
    """Return the deltas of a part, its calls numbered after those of the parts before."""
    return [replace(delta, index=delta.index + calls) if isinstance(delta, CallDelta) else delta for delta in deltas] if calls else deltas
