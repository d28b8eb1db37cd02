"""A tunnel through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6) to an address that was checked: the proxy never resolves a name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpcore2  # at the top on purpose: this module is loaded where a proxy is used

from .proxies import Proxy, ProxyRefused

MAX_HEAD_BYTES = 16_384
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")


@dataclass(frozen=True)
class TunnelBackend(httpcore2.AsyncNetworkBackend):
    """Connects to an address through a proxy. What is above it (TLS with the host's name, HTTP) goes through the tunnel unchanged."""

    proxy: Proxy
    network: Any = field(default_factory=httpcore2.AnyIOBackend)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Return the stream to the address once the proxy has made the tunnel. Raises ProxyRefused."""
        try:
            stream: httpcore2.AsyncNetworkStream = await self.network.connect_tcp(
                self.proxy.host, self.proxy.port, timeout, local_address, socket_options
            )
        except (httpcore2.NetworkError, httpcore2.TimeoutException):
            raise ProxyRefused(f"{self.proxy} was not reached") from None
        try:
            await stream.write(self._make_request(host, port), timeout)
            head = await _read_head(stream, timeout)
        except BaseException:
            await stream.aclose()
            raise
        status = _STATUS.match(head)
        if status is None or not 200 <= int(status[1]) < 300 or not head.endswith(b"\r\n\r\n"):
            await stream.aclose()
            raise ProxyRefused(self._explain(int(status[1]) if status else 0, host, port))
        return stream

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self.network.sleep(seconds)

    def _make_request(self, host: str, port: int) -> bytes:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        allowed = f"Proxy-Authorization: {self.proxy.authorization}\r\n" if self.proxy.authorization else ""
        return f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{allowed}\r\n".encode("ascii")

    def _explain(self, status: int, host: str, port: int) -> str:
        if status == 407:
            if self.proxy.authorization:
                return f"{self.proxy} refuses the user name and password that {self.proxy.variable} gives"
            return f"{self.proxy} asks for a user name and password: write {self.proxy.variable} as http://name:password@host:port"
        answer = f"status {status}" if status else "no HTTP answer"
        return f"{self.proxy} makes no tunnel to {host}:{port}, the address that was checked ({answer})"


async def _read_head(stream: httpcore2.AsyncNetworkStream, timeout: float | None) -> bytes:
    """Return what the proxy answers, to the end of its headers; what comes after them would be no answer to us."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < MAX_HEAD_BYTES:
        piece = await stream.read(4_096, timeout)
        if not piece:
            break
        head += piece
    return head
