"""The transport to a server at an address: streamable HTTP, its answers mended before they are held against the protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx2
import mcp_types as types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage

from ..canonical import JsonObject
from .mending import mend_answer
from .server_spec import ServerSpec


def _read_request(content: bytes) -> JsonObject | None:
    """Return the request that was sent; None for a notification, an answer to a question and whatever else."""
    try:
        sent = json.loads(content)
    except ValueError:
        return None
    return sent if isinstance(sent, dict) and "method" in sent and "id" in sent else None


LOOPBACK = {"localhost": "localhost", "127.0.0.1": "127.0.0.1", "::1": "[::1]"}


@asynccontextmanager
async def connect_http(
    spec: ServerSpec, call_seconds: float, note_status: Callable[[int, JsonObject], None], problems: list[str]
) -> AsyncIterator[Any]:
    """Yield the streams to a server. `note_status` is told each HTTP error and what was sent, `problems` what is wrong with a listing."""

    async def note(response: httpx2.Response) -> None:
        # Of the stream beside it, of a notification or an answer to a question it says nothing of a call.
        is_error = response.status_code >= 400 and response.request.method == "POST"
        if is_error and (sent := _read_request(response.request.content)) is not None:
            note_status(response.status_code, sent)

    timeout = httpx2.Timeout(30.0, read=max(300.0, call_seconds))
    hooks: dict[str, Any] = {"response": [note]}
    # No proxy leads to a server on this machine, whatever HTTP_PROXY says.
    mounts: Any = {f"all://{LOOPBACK[host]}": None} if (host := urlsplit(spec.url).hostname or "") in LOOPBACK else None
    async with (
        httpx2.AsyncClient(headers=dict(spec.headers), timeout=timeout, event_hooks=hooks, mounts=mounts) as client,
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
