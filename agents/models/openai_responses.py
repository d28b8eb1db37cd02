"""OpenAI's Responses API as a Model: for OpenAI and Azure, and servers that speak it. Nothing is stored at the provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from ..messages import Reply, Sampling
from .abilities import Abilities
from .model import Delta, Downgraded, ModelRequest, Retrying
from .openai_chat import OpenAIChat
from .openai_ways import RESPONSES
from .responses_request import NOT_TAKEN

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
        self.name: str = model
        self.constrain: bool = constrain
        self.sampling: Sampling = sampling or Sampling()
        self._model = OpenAIChat(
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
        self._model.ways = self._model.ways.put_first(RESPONSES)
        self._told: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return repr(self._model).replace("OpenAIChat", "OpenAIResponses", 1)

    @property
    def takes_tools(self) -> bool:
        """Tell whether calls go through the provider's own field: as given, else as the endpoint says, else yes."""
        return self._model.takes_tools

    @property
    def base_url(self) -> str:
        """Return the address of the endpoint."""
        return self._model.base_url

    async def abilities(self) -> Abilities:
        """Return what the endpoint can do. It is asked once."""
        return await self._model.abilities()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the reply, piece by piece."""
        self._tell_missing(request)
        async with aclosing(self._model.stream(request)) as deltas:
            async for delta in deltas:
                yield delta

    async def complete(self, request: ModelRequest) -> Reply:
        """Return the whole reply."""
        self._tell_missing(request)
        return await self._model.complete(request)

    def _tell_missing(self, request: ModelRequest) -> None:
        """Tell once what of the sampling the Responses API has no field for."""
        if request.notify is None or self._model.ways.name != RESPONSES:
            return
        sampling = self.sampling.override(request.sampling)
        missing = {name for name in NOT_TAKEN if getattr(sampling, name) is not None} - self._told
        self._told |= missing
        for name in sorted(missing):
            request.notify(Downgraded(name, "The Responses API has no such parameter."))
