"""The proxy that the environment names for an address: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not."""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ..errors import UsageError
from .urls import Url


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, and the variable that names it. `authorization` is a header's value, empty without a user name."""

    variable: str
    host: str
    port: int
    authorization: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"the proxy of {self.variable} ({self.host}:{self.port})"


class ProxyRefused(Exception):
    """The proxy was not reached, or does not make the tunnel; the message says which and why."""


def find_proxy(url: Url) -> Proxy | None:
    """Return the proxy for an address, None if it is asked directly. Raises UsageError for a proxy of another kind, or none."""
    from urllib.request import getproxies_environment  # late, for load time

    proxies = getproxies_environment()
    kind = next((kind for kind in (url.scheme, "all") if kind in proxies), "")
    if not kind or _is_excepted(url, proxies.get("no", "")):
        return None
    names = (f"{kind}_proxy", f"{kind}_proxy".upper())
    return _parse_proxy(next((name for name in names if os.environ.get(name)), names[1]), proxies[kind])


def _is_excepted(url: Url, no_proxy: str) -> bool:
    """Return whether NO_PROXY names this host, a domain above it, or everything: a.example, .a.example, *.a.example, a.example:8080, *."""
    for name in no_proxy.lower().split(","):
        ending = name.strip().removeprefix("*").lstrip(".")
        hosts = (url.host, f"{url.host}:{url.port}")
        if name.strip() == "*" or (ending and any(host == ending or host.endswith(f".{ending}") for host in hosts)):
            return True
    return False


def _parse_proxy(variable: str, value: str) -> Proxy:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        port = parts.port or 80
    except ValueError:
        raise UsageError(f"{variable} is not the address of a proxy. Write one such as http://proxy.example:3128, or unset it.") from None
    if parts.scheme != "http" or not parts.hostname or not parts.hostname.isascii():
        what = f"names a proxy that is spoken to by {parts.scheme}" if parts.hostname else "is not the address of a proxy"
        raise UsageError(
            f"{variable} {what}; pages are read through HTTP proxies only, such as http://proxy.example:3128. "
            f"Unset {variable}, or put the host into NO_PROXY to read it directly."
        )
    named = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    return Proxy(variable, parts.hostname, port, f"Basic {b64encode(named.encode()).decode()}" if named else "")
