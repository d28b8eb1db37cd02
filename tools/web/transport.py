"""One GET to one checked address: the only place that opens a connection to the web."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from .page_errors import ConnectionFailed
from .urls import Url

if TYPE_CHECKING:
    import ssl

    import httpcore2

Resolve = Callable[[str, int], Awaitable[Sequence[tuple[str, int]]]]
"""The addresses of a host and port, each with the port to connect to."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the URL as named, and the address that was checked for it."""

    url: Url
    ip: str
    port: int
    user_agent: str
    connect_seconds: float


@dataclass(frozen=True, slots=True)
class Response:
    """Status and headers; `chunks` is the body as it stands on the wire, still packed."""

    status: int
    headers: Sequence[tuple[str, str]]
    chunks: AsyncIterator[bytes]

    def header(self, name: str) -> str:
        """All values of this header, joined by commas; empty when there is none."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


class Transport(Protocol):
    """Opens the response of a target. Raises ConnectionFailed, also while the body is read."""

    def open(self, target: Target) -> AbstractAsyncContextManager[Response]: ...


@dataclass(frozen=True)
class HttpTransport:
    """HTTP/1.1 straight to the address, never through a proxy; the name stays in the Host header and the TLS handshake."""

    ssl_context: ssl.SSLContext | None = None

    @cached_property
    def _ssl(self) -> ssl.SSLContext:
        if self.ssl_context is not None:
            return self.ssl_context
        import httpcore2

        return httpcore2.default_ssl_context()

    @asynccontextmanager
    async def open(self, target: Target) -> AsyncIterator[Response]:
        """Connect, ask, and give the response while the connection is open."""
        import httpcore2

        scheme = target.url.scheme.encode("ascii")
        origin = httpcore2.Origin(scheme, target.ip.encode("ascii"), target.port)
        request = httpcore2.Request(
            b"GET",
            httpcore2.URL(scheme=scheme, host=origin.host, port=origin.port, target=target.url.target.encode("ascii")),
            headers=_headers(target),
            extensions={"timeout": {"connect": target.connect_seconds}, "sni_hostname": target.url.host},
        )
        with _failures_named(str(target.url)):
            async with httpcore2.AsyncHTTPConnection(origin, ssl_context=self._ssl if scheme == b"https" else None) as connection:
                response = await connection.handle_async_request(request)
                try:
                    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
                    yield Response(response.status, headers, _chunks(str(target.url), response))
                finally:
                    await response.aclose()


async def _chunks(url: str, response: httpcore2.Response) -> AsyncIterator[bytes]:
    with _failures_named(url):
        async for chunk in response.aiter_stream():
            yield chunk


@contextmanager
def _failures_named(url: str) -> Iterator[None]:
    import httpcore2

    try:
        yield
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
        raise ConnectionFailed(url, _reason(error)) from error


def _headers(target: Target) -> list[tuple[bytes, bytes]]:
    return [
        (b"Host", target.url.authority.encode("ascii")),
        (b"User-Agent", target.user_agent.encode("ascii", "replace")),
        (b"Accept", b"text/html, application/xhtml+xml, text/plain;q=0.8"),
        (b"Accept-Language", b"en, *;q=0.5"),
        (b"Accept-Encoding", b"gzip, deflate"),
        (b"Connection", b"close"),
    ]


def _reason(error: Exception) -> str:
    kind = type(error).__name__
    words = {
        "ConnectError": "no connection",
        "ConnectTimeout": "no connection in time",
        "ReadError": "the connection broke off",
        "RemoteProtocolError": "the server did not keep to HTTP",
    }
    detail = str(error)
    return f"{words.get(kind, kind)}{f' ({detail[:200]})' if detail else ''}"


async def system_resolve(host: str, port: int) -> Sequence[tuple[str, int]]:
    """The addresses that the operating system knows for a host."""
    import asyncio
    import socket

    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (socket.gaierror, UnicodeError):
        return []
    return list(dict.fromkeys((str(address[0]), port) for *_, address in found))
