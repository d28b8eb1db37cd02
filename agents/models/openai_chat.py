"""Any OpenAI-compatible endpoint as a Model: one streamed chat completion, retried until its first word."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import ModelError, ToolsRefused
from sayso.workflows import Usage

from ..messages import Sampling
from . import openai_errors as errors
from .abilities import Abilities, ask_abilities
from .endpoint import Endpoint, describe_missing_key, find_endpoint
from .model import Delta, Downgraded, Finished, ModelRequest, Retrying
from .openai_client import OpenAIClients, post_for_pieces, read_pieces
from .openai_errors import ErrorResponse, RequestRefused
from .openai_exchange import Exchange
from .openai_wire import build_body, find_refused_field
from .reply_deltas import ReplyDeltas
from .requesting import LeftOut, Requester, Slots
from .responses_wire import ResponsesWire

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Opened:
    """An answer that was read up to its first deltas."""

    first: list[Delta]
    pieces: AsyncGenerator[object]
    reader: ReplyDeltas


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
        self.sampling, self._slots, self._clients = sampling or Sampling(), Slots(), OpenAIClients(self._at)
        # OpenAI's own endpoint refuses what other servers added, and its newer models refuse the older word for the length.
        left_out = frozenset({"top_k", "repetition_penalty", "repeat_penalty", "max_tokens"} if self._at.is_openai else ())
        self._requester = Requester(self._at, _find_refused, max_tries, sleep, on_retry, left_out)
        self._responses: Exchange | None = None

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
        """Yield the reply, piece by piece. A model that is to be asked over the Responses API is asked so from then on."""
        if self._responses is None:
            try:
                async with aclosing(self._stream_chat(request)) as deltas:
                    async for delta in deltas:
                        yield delta
                return
            except errors.ResponsesWanted as error:  # a refusal, so nothing has been heard
                self._responses = self._switch_to_responses(request, error)
        async with aclosing(self._responses.stream(merge_sampling(request, self.sampling))) as deltas:
            async for delta in deltas:
                yield delta

    def _switch_to_responses(self, request: ModelRequest, error: errors.ResponsesWanted) -> Exchange:
        """Return how the model is asked from now on, and tell it."""
        wire, chat = ResponsesWire(self._at), self._requester
        if request.notify is not None:
            request.notify(Downgraded("chat completions", str(error)))
        return Exchange(self._at, wire, self._clients, Requester(self._at, wire.find_refused, chat.max_tries, chat.sleep, chat.on_retry))

    async def _stream_chat(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        if not self._at.key:
            raise ModelError(describe_missing_key(self.name, self._at))
        request = merge_sampling(request, self.sampling)
        async with await self._wait_for_slot():
            opened = await self._ask(request, self._open_reply)
            async with aclosing(opened.pieces):
                for delta in opened.first:
                    yield delta
                try:
                    async for piece in opened.pieces:
                        for delta in opened.reader.feed(piece):
                            yield delta
                    finished = self._make_finished(opened.reader)
                except RequestRefused as error:
                    raise errors.explain_refusal(self._at, error.answer, time.time()) from None
                for delta in opened.reader.end():
                    yield delta
                yield finished

    async def _wait_for_slot(self) -> AbstractAsyncContextManager[None]:
        """Return a context that holds one of the endpoint's slots. A server on this machine is asked how many it has."""
        known = await self.abilities() if self._at.is_local else self._abilities
        return self._slots.hold(known.at_once if known is not None else 0)

    async def _ask(self, request: ModelRequest, attempt: Callable[[JsonObject], Awaitable[T]]) -> T:
        """Ask the endpoint until it answers. That the model takes no tools is remembered."""
        try:
            return await self._requester.ask(request, partial(build_body, self.name, request), attempt)
        except ToolsRefused:
            self._takes_tools = False
            raise

    async def _open_reply(self, body: JsonObject) -> _Opened:
        """Send one request and read the answer up to its first deltas: later the text has been shown, and nothing may be tried again."""
        client = await self._clients.get()
        pieces = read_pieces(self._at, await post_for_pieces(self._at, client, "/chat/completions", body), "choices")
        reader = ReplyDeltas()
        try:
            async for piece in pieces:
                if first := reader.feed(piece):
                    return _Opened(first, pieces, reader)
            self._raise_reported_error(reader)
            if not reader.reply.finish:
                raise errors.explain_break(self._at, "it ended before its first word")
        except BaseException:
            await pieces.aclose()
            raise
        return _Opened([], pieces, reader)

    def _make_finished(self, reader: ReplyDeltas) -> Finished:
        reply = reader.reply
        self._raise_reported_error(reader)
        if not reply.finish:
            raise errors.explain_break(self._at, "it ended without a finish reason")
        if reply.finish == "content_filter" and not reply.has_content:
            raise errors.explain_filter(self._at)
        return Finished(reply.finish, _make_usage(self._at, reply.usage))

    def _raise_reported_error(self, reader: ReplyDeltas) -> None:
        reply = reader.reply
        if reply.error or reply.finish == "error":
            error = reply.error or "it ended with the finish reason 'error'"
            text = error if isinstance(error, str) else json.dumps({"error": error}, default=str)
            raise errors.explain_reported_error(self._at, error, text)


def _find_refused(answer: ErrorResponse, body: JsonObject) -> LeftOut | None:
    may_leave_out = answer.status in (400, 422) and not errors.wants_responses(answer.text)
    field = find_refused_field(answer.text, body) if may_leave_out else None
    return None if field is None else LeftOut(frozenset({field}), field)


def merge_sampling(request: ModelRequest, default: Sampling) -> ModelRequest:
    """Return the request, with a model's own sampling where the request has none."""
    from dataclasses import fields, replace

    asked = {field.name: value for field in fields(Sampling) if (value := getattr(request.sampling, field.name)) is not None}
    return replace(request, sampling=replace(default, **asked))


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
