"""The proxy that the environment names for an address: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import unquote

from ..errors import UsageError
from .page_errors import UrlRefused
from .urls import Url, parse_url

_PLACE = re.compile(
    r"(?:(?P<user>[^/?#\s]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(?::(?P<port>[0-9]{1,5}))?(?:/[^@?#\s]*)?"
)
"""A proxy's address without its scheme. A path is ignored, as everywhere; an @ in it is the end of a password, cut at its slash."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, and the variable that names it. `authorization` is a header's value, empty without a user name."""

    variable: str
    host: str
    port: int
    authorization: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"the proxy of {self.variable} ({host}:{self.port})"


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
    """Return whether NO_PROXY names this host, a domain above it, its network, or everything; with commas or white space between.

    As curl and requests read it: a.example, .a.example, *.a.example, a.example:8080, 10.0.0.0/8, [2001:db8::1]:8080, *.
    """
    return any(_is_named(url, name) for name in no_proxy.lower().replace(",", " ").split())


def _is_named(url: Url, name: str) -> bool:
    if name == "*":
        return True
    place, _, bits = name.rpartition("://")[2].partition("/")
    host, colon, port = place.rpartition(":")
    if not colon or not port.isdecimal() or (":" in host and not host.startswith("[")):
        host, port = place, ""
    if port and int(port) != url.port:
        return False
    host = host.strip("[]")
    try:
        return ip_address(url.host) in ip_network(f"{host}/{bits}" if bits else host, strict=False)
    except ValueError:  # one of them is a name
        return not url.is_address and not bits and _is_domain(url.host, host)


def _is_domain(host: str, ending: str) -> bool:
    ending = ending.removeprefix("*").strip(".")
    if not ending.isascii():
        try:
            ending = parse_url(f"http://{ending}/").host
        except UrlRefused:
            return False
    return bool(ending) and f".{host}".endswith(f".{ending}")


def _parse_proxy(variable: str, value: str) -> Proxy:
    scheme, parted, rest = value.strip().rpartition("://")
    if parted and scheme.lower() != "http" and scheme.isascii() and scheme.isalnum():
        raise UsageError(
            f"{variable} names a proxy that is spoken to by {scheme.lower()}; pages are read through HTTP proxies only, such as "
            f"http://proxy.example:3128. Unset {variable}, or put the host into NO_PROXY to read it directly."
        )
    found = _PLACE.fullmatch(rest)
    port = int(found["port"] or 80) if found else 0
    if found is None or not 0 < port < 65_536 or scheme.lower() not in ("", "http"):
        raise UsageError(
            f"{variable} is not the address of a proxy. Write one such as http://proxy.example:3128 or "
            "http://name:password@proxy.example:3128 (/ ? # in a password as %2F %3F %23), or unset it."
        )
    name, _, password = (found["user"] or "").partition(":")
    named = f"{unquote(name)}:{unquote(password)}" if name else ""
    return Proxy(variable, found["host"].strip("[]").lower(), port, f"Basic {b64encode(named.encode()).decode()}" if named else "")
