"""The transport to a server at an address: streamable HTTP, its answers mended before they are held against the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import mcp_types as types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage

from .mending import mend_answer
from .server_spec import ServerSpec


@asynccontextmanager
async def connect_http(
    spec: ServerSpec, call_seconds: float, note_status: Callable[[int], None], problems: list[str]
) -> AsyncIterator[Any]:
    """Yield the streams to a server. `note_status` is told of each HTTP error; `problems` gets what was wrong with a listing."""

    async def note(response: httpx2.Response) -> None:
        if response.status_code >= 400 and response.request.method == "POST":  # of the stream beside it, it says nothing of a call
            note_status(response.status_code)

    timeout = httpx2.Timeout(30.0, read=max(300.0, call_seconds))
    hooks: dict[str, Any] = {"response": [note]}
    async with (
        httpx2.AsyncClient(headers=dict(spec.headers), timeout=timeout, event_hooks=hooks) as client,
        streamable_http_client(spec.url, http_client=client) as (reading, writing),
    ):
        mended_in, mended = anyio.create_memory_object_stream[SessionMessage | Exception](0)

        async def mend() -> None:
            async with mended_in, reading:
                async for message in reading:
                    if isinstance(message, SessionMessage) and isinstance(message.message, types.JSONRPCResponse):
                        problems.extend(mend_answer(message.message.result))
                    await mended_in.send(message)

        mending = asyncio.create_task(mend())
        try:
            yield mended, writing
        finally:
            mending.cancel()
            await asyncio.gather(mending, return_exceptions=True)
            mended.close()
