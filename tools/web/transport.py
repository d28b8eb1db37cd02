"""One request to one checked address (HTTP/1.1): only this file opens a connection to the web."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from ..errors import UsageError
from .addresses import is_public
from .failed_connections import explain_connection
from .page_errors import ConnectionFailed
from .proxies import ProxyRefused, find_proxy
from .urls import Url

if TYPE_CHECKING:
    import ssl

    import httpcore2

Resolve = Callable[[str, int], Awaitable[Sequence[tuple[str, int]]]]
"""Resolves a host and port to addresses, each with the port to connect to."""


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a request: its URL, and the address that was checked for it."""

    url: Url
    ip: str
    port: int
    user_agent: str
    connect_seconds: float
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    """Headers beside the usual ones, or in their place."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """Status and headers; `chunks` is the body as it arrives, still packed."""

    status: int
    headers: Sequence[tuple[str, str]]
    chunks: AsyncIterator[bytes]

    def header(self, name: str) -> str:
        """Return all values of this header, joined by commas; empty if it is missing. `name` is in lower case."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


class Transport(Protocol):
    """Opens the response of a target. Raises ConnectionFailed, also while the body is read."""

    def open(self, target: Target) -> AbstractAsyncContextManager[Response]: ...


@dataclass(frozen=True)
class HttpTransport:
    """HTTP/1.1 to the address that was checked. Host header and TLS handshake (SNI) hold the host's name.

    Where the environment names a proxy (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, but for NO_PROXY), it makes a tunnel to that very address. What
    is not an address of the public internet was allowed by name, and is reached from here directly.
    """

    ssl_context: ssl.SSLContext | None = None

    @cached_property
    def _ssl(self) -> ssl.SSLContext:
        if self.ssl_context is not None:
            return self.ssl_context
        import httpcore2

        try:
            return httpcore2.default_ssl_context()
        except OSError as error:
            file = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR") or ""
            why = error.strerror or "it holds none"
            raise UsageError(f"The certificates in SSL_CERT_FILE={file} cannot be read: {why}. Name a PEM file, or unset it.") from error

    @asynccontextmanager
    async def open(self, target: Target) -> AsyncIterator[Response]:
        """Connect, send the request, and yield the response while the connection is open. Raises ConnectionFailed."""
        import httpcore2

        scheme = target.url.scheme.encode("ascii")
        origin = httpcore2.Origin(scheme, target.ip.encode("ascii"), target.port)
        request = httpcore2.Request(
            target.method.encode("ascii"),
            httpcore2.URL(scheme=scheme, host=origin.host, port=origin.port, target=target.url.target.encode("ascii")),
            headers=_make_headers(target),
            content=target.body or None,
            extensions={"timeout": {"connect": target.connect_seconds}, "sni_hostname": target.url.host},
        )
        backend = _make_backend(target)
        with _translate_errors(target.url):
            async with httpcore2.AsyncHTTPConnection(
                origin, ssl_context=self._ssl if scheme == b"https" else None, network_backend=backend
            ) as connection:
                response = await connection.handle_async_request(request)
                try:
                    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
                    yield Response(response.status, headers, _read_chunks(target.url, response))
                finally:
                    await response.aclose()


def _make_backend(target: Target) -> httpcore2.AsyncNetworkBackend | None:
    """Return the way through the proxy that the environment names, None for the direct way. Raises UsageError for one of another kind."""
    proxy = find_proxy(target.url) if is_public(target.ip) else None
    if proxy is None:
        return None
    from .tunnel import TunnelBackend  # late, for load time

    return TunnelBackend(proxy)


async def _read_chunks(url: Url, response: httpcore2.Response) -> AsyncIterator[bytes]:
    with _translate_errors(url):
        async for chunk in response.aiter_stream():
            yield chunk


@contextmanager
def _translate_errors(url: Url) -> Iterator[None]:
    import httpcore2

    try:
        yield
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
        raise ConnectionFailed(str(url), explain_connection(error, url.host)) from error
    except ProxyRefused as error:
        raise ConnectionFailed(str(url), str(error)) from error


def _make_headers(target: Target) -> list[tuple[bytes, bytes]]:
    usual = {
        "Host": target.url.authority,
        "User-Agent": target.user_agent,
        "Accept": "text/html, application/xhtml+xml, text/plain;q=0.8",
        "Accept-Language": "en, *;q=0.5",
        "Accept-Encoding": "gzip, deflate",
        "Connection": "close",
    }
    length = {"Content-Length": str(len(target.body))} if target.body or target.method == "POST" else {}
    named = {**usual, **length, **dict(target.headers)}
    return [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in named.items()]


async def system_resolve(host: str, port: int) -> Sequence[tuple[str, int]]:
    """Resolve a host with the operating system. Returns an empty list for an unknown name."""
    import asyncio
    import socket

    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (socket.gaierror, UnicodeError):
        return []
    return list(dict.fromkeys((str(address[0]), port) for *_, address in found))
