"""OpenAI's Responses API as a Model: for OpenAI and Azure, and servers that speak it. Nothing is stored at the provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from sayso.tools.errors import ModelError, ToolsRefused

from ..messages import Reply, Sampling
from .abilities import Abilities
from .endpoint import describe_missing_key, find_endpoint
from .model import Delta, Downgraded, ModelRequest, Retrying
from .openai_chat import OpenAIChat
from .openai_client import OpenAIClients
from .openai_exchange import Exchange, OtherProtocol
from .requesting import Requester, Slots
from .responses_request import NOT_TAKEN
from .responses_wire import ResponsesWire

if TYPE_CHECKING:
    from httpx2 import AsyncClient


class OpenAIResponses:
    """A model over OpenAI's Responses API, with the arguments of `OpenAIChat`.

    Nothing is stored at the provider (`store=False`): what a turn came with, encrypted reasoning included, is kept in the conversation and
    sent back to the same host. What the endpoint refuses is left out, and remembered. Where there is no Responses API, the model goes on
    over chat completions, which is told as a `Downgraded`.
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
        http_client: AsyncClient | None = None,
    ) -> None:
        self.name, self.constrain, self.sampling = model, constrain, sampling or Sampling()
        self._at = at = find_endpoint(model, base_url, api_key, timeout_seconds)
        wire, self._slots = ResponsesWire(at), Slots()
        self._exchange = Exchange(at, wire, OpenAIClients(at, http_client), Requester(at, wire.find_refused, max_tries, sleep, on_retry))
        self._chat = OpenAIChat(
            model,
            base_url=base_url,
            api_key=api_key,
            sampling=sampling,
            timeout_seconds=timeout_seconds,
            takes_tools=takes_tools,
            constrain=constrain,
            max_tries=max_tries,
            sleep=sleep,
            on_retry=on_retry,
            http_client=http_client,
        )
        self._has_responses = self._may_take_tools = True
        self._told: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"OpenAIResponses({self.name!r}, base_url={self._at.shown_url!r})"

    @property
    def takes_tools(self) -> bool:
        """Tell whether calls go through the provider's own field: as given, else as the endpoint says, else yes."""
        return self._may_take_tools and self._chat.takes_tools

    @property
    def base_url(self) -> str:
        """Return the address of the endpoint."""
        return self._at.url

    async def abilities(self) -> Abilities:
        """Return what the endpoint can do. It is asked once."""
        return await self._chat.abilities()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the reply, piece by piece."""
        async with await self._wait_for_slot():
            if self._has_responses:
                try:
                    async with aclosing(self._exchange.stream(self._prepare(request))) as deltas:
                        async for delta in deltas:
                            yield delta
                    return
                except OtherProtocol as error:
                    self._switch_to_chat(request, error)
                except ToolsRefused:
                    self._may_take_tools = False
                    raise
        async with aclosing(self._chat.stream(request)) as deltas:
            async for delta in deltas:
                yield delta

    async def complete(self, request: ModelRequest) -> Reply:
        """Return the whole reply. A server on this machine that writes slowly is asked to stream it all the same, as by OpenAIChat."""
        async with await self._wait_for_slot():
            if self._has_responses:
                whole = not (self._at.is_local and (await self.abilities()).writes_slowly)
                try:
                    return await self._exchange.complete(self._prepare(request), whole=whole)
                except OtherProtocol as error:
                    self._switch_to_chat(request, error)
                except ToolsRefused:
                    self._may_take_tools = False
                    raise
        return await self._chat.complete(request)

    async def _wait_for_slot(self) -> AbstractAsyncContextManager[None]:
        """Return a context that holds one of the endpoint's slots. A server on this machine is asked how many it has."""
        return self._slots.hold((await self.abilities()).at_once if self._has_responses and self._at.is_local else 0)

    def _prepare(self, request: ModelRequest) -> ModelRequest:
        """Return the request with the model's own sampling, and tell once what of it the API has no field for."""
        if not self._at.key:
            raise ModelError(describe_missing_key(self.name, self._at))
        sampling = self.sampling.override(request.sampling)
        missing = {name for name in NOT_TAKEN if getattr(sampling, name) is not None} - self._told
        if missing and request.notify is not None:
            self._told |= missing
            for name in sorted(missing):
                request.notify(Downgraded(name, "The Responses API has no such parameter."))
        return replace(request, sampling=sampling)

    def _switch_to_chat(self, request: ModelRequest, error: OtherProtocol) -> None:
        self._has_responses = False
        if request.notify is not None:
            request.notify(Downgraded("the Responses API", str(error)))
