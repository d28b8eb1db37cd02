"""Any OpenAI-compatible endpoint as a Model, over chat completions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from sayso.tools.errors import ModelError, ToolsRefused

from ..messages import Reply, Sampling
from .abilities import Abilities, ask_abilities
from .endpoint import describe_missing_key, find_endpoint
from .model import Delta, ModelRequest, Retrying
from .openai_client import OpenAIClients
from .openai_ways import Ways, make_ways
from .requesting import Slots

if TYPE_CHECKING:
    from httpx2 import AsyncClient


class OpenAIChat:
    """A model behind an OpenAI-compatible endpoint. `timeout_seconds` is the longest silence that is waited for, not the length of a reply.

    Whether it takes tools is asked of the endpoint, unless `takes_tools` says it. What it refuses (a sampling option, stream_options, a
    response format) is left out, and remembered for the next request. `constrain` holds written calls to a grammar made from the tools'
    schemas, where the endpoint can do that. Where the endpoint says how many requests it works on at once, more wait here: a server's queue
    is silent, and nobody should take that for a server that hangs. Requests go over one HTTP client for each event loop, or over
    `http_client`, which is yours to close.
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
        self.name: str = model
        self.constrain: bool = constrain
        self._takes_tools = takes_tools
        self._abilities: Abilities | None = None
        self._sleep = sleep
        self._at = at = find_endpoint(model, base_url, api_key, timeout_seconds)
        self.sampling: Sampling = sampling or Sampling()
        self._slots = Slots()
        self.ways: Ways = make_ways(at, OpenAIClients(at, http_client), max_tries, sleep, on_retry)

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
        """Return what the endpoint can do. It is asked until it answers, and then no more."""
        if self._abilities is None:
            found = await ask_abilities(self._at, self._sleep)
            if not found.answered:
                return found
            self._abilities = found
        return self._abilities

    async def find_length(self) -> int | None:
        """Return how many tokens a prompt and its reply may have together, as the endpoint says; None where it does not."""
        known = await self.abilities()
        if known.context_tokens:
            return known.context_tokens
        from .endpoint_tokens import ask_listed_length  # late, for load time

        return await ask_listed_length(self._at)

    async def count_tokens(self, texts: Sequence[str]) -> Sequence[int] | None:
        """Return how many tokens each text has by the endpoint's own tokenizer; None where it offers none."""
        if not (await self.abilities()).tokenizes:
            return None
        from .endpoint_tokens import count_at_endpoint  # late, for load time

        return await count_at_endpoint(self._at, texts)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the reply, piece by piece. A model that is to be asked over the Responses API is asked so from then on."""
        request = self._prepare(request)
        known = await self.abilities()
        async with self._slots.hold(known.at_once):
            try:
                async with aclosing(self.ways.stream(request)) as deltas:
                    async for delta in deltas:
                        yield delta
            except ToolsRefused:
                self._takes_tools = False
                raise

    async def complete(self, request: ModelRequest) -> Reply:
        """Return the whole reply. llama.cpp and Ollama are asked to stream it all the same: they may write for many minutes."""
        request = self._prepare(request)
        known = await self.abilities()
        async with self._slots.hold(known.at_once):
            try:
                return await self.ways.complete(request, whole=not known.writes_slowly)
            except ToolsRefused:
                self._takes_tools = False
                raise

    def _prepare(self, request: ModelRequest) -> ModelRequest:
        """Return the request, with the model's own sampling where the request has none."""
        if not self._at.key:
            raise ModelError(describe_missing_key(self.name, self._at))
        return replace(request, sampling=self.sampling.override(request.sampling))
