"""The protocols that a model is asked over at an endpoint like OpenAI's: the first, and where the endpoint names another, that one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import NamedTuple

from sayso.tools.errors import ModelError

from ..messages import Reply
from .chat_wire import ChatWire
from .endpoint import Endpoint
from .model import Delta, Downgraded, ModelRequest, Retrying
from .openai_client import OpenAIClients
from .openai_exchange import Exchange, Wire
from .provider_errors import OtherProtocol
from .requesting import Requester
from .responses_wire import ResponsesWire

CHAT = "chat completions"
RESPONSES = "the Responses API"
WITH_REASONING = "reasoning"


class Way(NamedTuple):
    """How a model is asked. `name` is what it goes on without where the endpoint does not take it."""

    name: str
    exchange: Exchange


class Ways:
    """Asks in the first way that the endpoint takes for its model, and remembers which one that is."""

    def __init__(self, ways: Sequence[Way]) -> None:
        self._ways, self._at = tuple(ways), 0

    @property
    def name(self) -> str:
        """Return the name of the way that is taken now."""
        return self._ways[self._at].name

    def put_first(self, name: str) -> Ways:
        """Return ways of which the one of that name is the first."""
        return Ways(sorted(self._ways, key=lambda way: way.name != name))

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the reply, piece by piece. Raises ModelError."""
        refusals: list[str] = []
        while True:
            tried = self._at
            try:
                async with aclosing(self._ways[tried].exchange.stream(request)) as deltas:
                    async for delta in deltas:
                        yield delta
                return
            except OtherProtocol as error:  # a refusal, so nothing has been heard
                self._go_on(request, tried, error, refusals)

    async def complete(self, request: ModelRequest, *, whole: bool) -> Reply:
        """Return the whole reply. Raises ModelError."""
        refusals: list[str] = []
        while True:
            tried = self._at
            try:
                return await self._ways[tried].exchange.complete(request, whole=whole)
            except OtherProtocol as error:
                self._go_on(request, tried, error, refusals)

    def _go_on(self, request: ModelRequest, tried: int, error: OtherProtocol, refusals: list[str]) -> None:
        """Take the way after the one that was tried, and tell it. Raises ModelError where there is none."""
        refusals.append(str(error))
        if self._at != tried and len(refusals) < len(self._ways):
            return  # a request at the same time has gone on already
        # "Function tools with reasoning_effort are not supported": there are tools without it, if nothing else is there.
        helps = any(re.search(r"reasoning.?effort", refusal) for refusal in refusals)
        following, last = tried + 1, len(self._ways) - 1
        if following > last or (following == last and not helps):
            self._at = 0
            raise ModelError(" ".join(refusals)) from None
        if request.notify is not None:
            request.notify(Downgraded(WITH_REASONING if following == last else self.name, str(error)))
        self._at = following


def make_ways(
    at: Endpoint,
    clients: OpenAIClients,
    max_tries: int,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    on_retry: Callable[[Retrying], None] | None = None,
) -> Ways:
    """Return the ways to ask a model: chat completions, the Responses API, and chat completions without reasoning."""
    # OpenAI's own endpoint refuses what other servers added, and its newer models refuse the older word for the length.
    not_there = frozenset({"top_k", "repetition_penalty", "repeat_penalty", "max_tokens"} if at.is_openai else ())

    def make(wire: Wire, left_out: frozenset[str] = frozenset()) -> Exchange:
        return Exchange(at, wire, clients, Requester(at, wire.find_refused, max_tries, sleep, on_retry, left_out))

    return Ways(
        [
            Way(CHAT, make(ChatWire(at), not_there)),
            Way(RESPONSES, make(ResponsesWire(at))),
            Way("chat completions without reasoning", make(ChatWire(at), not_there | {"+no_reasoning"})),
        ]
    )
