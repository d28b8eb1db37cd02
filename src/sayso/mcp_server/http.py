"""Serve over streamable HTTP: on this machine for whoever may connect here, elsewhere only for whoever has the token."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from sayso.tools.errors import UsageError

from .serving import AppServer

TOKEN_VARIABLE = "SAYSO_MCP_TOKEN"
SHORTEST = 16
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


class NeedsToken:
    """Lets requests through that carry the token, and answers others with 401."""

    def __init__(self, app: Callable[[_Message, _Receive, _Send], Awaitable[None]], token: str) -> None:
        self._app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Serve one request."""
        given = dict(scope.get("headers") or ()).get(b"authorization", b"")
        if scope["type"] == "http" and not hmac.compare_digest(given, self._expected):
            headers = [(b"www-authenticate", b"Bearer"), (b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b"Send the token of this server: Authorization: Bearer ...\n"})
            return
        await self._app(scope, receive, send)


async def serve_http(served: AppServer, host: str, port: int, on_start: Callable[[int], None]) -> None:
    """Serve until stopped; `on_start` is told the port. Raises UsageError for an address that others can reach, without a token."""
    token = os.environ.get(TOKEN_VARIABLE, "")
    if host not in LOOPBACK and not token:
        raise UsageError(
            f"{host} can be reached from other machines. Set {TOKEN_VARIABLE} to a token that clients send, or leave --host out."
        )
    if token and len(token) < SHORTEST:
        raise UsageError(f"{TOKEN_VARIABLE} has {len(token)} characters; it needs at least {SHORTEST}.")
    # With a token a page in a browser that was led here by its own name (DNS rebinding) gets nothing; without one the host is checked.
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False) if host not in LOOPBACK else None
    app: Any = served.server.streamable_http_app(host=host, transport_security=security)
    config = uvicorn.Config(
        NeedsToken(app, token) if token else app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=5
    )
    server = _Server(config, on_start)
    serving = asyncio.ensure_future(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:  # it ends by itself then, and closes what it listens on
        server.should_exit = True
        await serving
        raise


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[int], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: Any = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            self._on_start(self.servers[0].sockets[0].getsockname()[1])
