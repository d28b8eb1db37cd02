"""Serve over streamable HTTP: on this machine for whoever may connect here, elsewhere only for whoever has a token, or is signed in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from sayso.tools.errors import UsageError
from sayso.web.people import Person, SignIn, TrustedHeader

from .callers import Callers, Door
from .serving import AppServer

TOKEN_VARIABLE = "SAYSO_MCP_TOKEN"
SHORTEST = 16
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def read_callers(people: Sequence[Person] = (), trusted: TrustedHeader | None = None) -> Callers:
    """Return who may call: people by a token of their own or by the word of a proxy, else whoever has SAYSO_MCP_TOKEN.

    Where people are named, SAYSO_MCP_TOKEN makes their tokens, and is none itself: they stay the same when the server starts again.
    """
    token = os.environ.get(TOKEN_VARIABLE, "")
    if token and len(token) < SHORTEST:
        raise UsageError(f"{TOKEN_VARIABLE} has {len(token)} characters; it needs at least {SHORTEST}.")
    if not people and trusted is None:
        return Callers(token)
    # Not the secret of the page: what signs in there says nothing here.
    return Callers(sign_in=SignIn(people, f"mcp\n{token}" if token else None), trusted=trusted)


async def serve_http(served: AppServer, host: str, port: int, on_start: Callable[[int], None], callers: Callers | None = None) -> None:
    """Serve until stopped; `on_start` is told the port. Raises UsageError for an address that others can reach, without a token."""
    callers = callers or read_callers()
    if host not in LOOPBACK and callers.is_open:
        raise UsageError(
            f"{host} can be reached from other machines. Set {TOKEN_VARIABLE} to a token that clients send, name people with --user, or "
            "leave --host out."
        )
    # With a token a page in a browser that was led here by its own name (DNS rebinding) gets nothing; without one the host is checked.
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False) if host not in LOOPBACK else None
    app: Any = served.server.streamable_http_app(host=host, transport_security=security)
    config = uvicorn.Config(Door(app, callers), host=host, port=port, log_level="warning", timeout_graceful_shutdown=5, proxy_headers=False)
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
