"""Which host a URL leads to, and whose host it is. Strict: a URL that two readers could take for two hosts is no URL."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from sayso.tools.errors import UsageError

from .providers import PROVIDERS, Provider

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|[0-9a-f:.]*:[0-9a-f:.%]*")
_LOOKS_LIKE_A_HOST = re.compile(r"(localhost|[\w-]+(\.[\w-]+)+\.?|\[[\da-f:.]+\])(:\d{1,5})?", re.I)
_OLLAMA_PORT = 11434
_OPENAI_HOST = "api.openai.com"


class HostPort(NamedTuple):
    """Where a URL leads."""

    scheme: str
    host: str
    port: int


@lru_cache(maxsize=256)
def parse_host_port(url: str) -> HostPort | None:
    """Return where a base URL leads; None where it is none. The host is in lower case, in ASCII, and without the dot at its end."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _encode_host(parts.hostname or "")
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in ("http", "https") or port == 0 or not _HOST.fullmatch(host):
        return None
    if re.search(r"[\s\\\x00-\x1f\x7f]", url):  # where a backslash ends a host, or a tab is passed over, readers differ
        return None
    return HostPort(parts.scheme, host, port or (443 if parts.scheme == "https" else 80))


def _encode_host(host: str) -> str:
    host = host.lower()
    if not host.isascii():
        import idna

        host = idna.encode(host).decode()
    return host[:-1] if host.endswith(".") else host


def normalize_url(url: str) -> str:
    """Return a base URL as it is asked and shown: a host in ASCII, and the path that the provider has where none is given.

    Raises UsageError for what is no base URL, and for one that looks like another host's.
    """
    origin = parse_host_port(url)
    if origin is None:
        shown = re.sub(r"^(\w+://)?.*@", r"\1", url)  # whatever a password has in it
        raise UsageError(f"{show_url(shown)!r} is not a base URL. Write it like http://localhost:11434/v1.")
    parts = urlsplit(url)
    userinfo, at, _ = parts.netloc.rpartition("@")
    if _LOOKS_LIKE_A_HOST.fullmatch(unquote(userinfo)):
        raise UsageError(f"{show_url(url)!r} has a user's name before an '@' that looks like a host. Write the host alone.")
    if not parts.netloc.isascii():
        port = f":{parts.port}" if parts.port else ""
        parts = parts._replace(netloc=f"{userinfo}{at}{origin.host}{port}")
    return urlunsplit(parts._replace(path=_complete_path(parts, origin), fragment=""))


def show_url(url: str) -> str:
    """Return a URL, or a name with one, as it may be shown: without a password, and without keys in its query."""
    url = re.sub(r"//[^/?#\\]*@", "//", url)
    return re.sub(r"(?i)([?&][^=&#]*(?:key|token|secret|password|sig)[^=&#]*=)[^&#]*", r"\1***", url)


def _complete_path(parts: SplitResult, origin: HostPort) -> str:
    path = re.sub(r"/(chat/completions|responses)/?$", "", parts.path)  # copied from a provider's documentation
    if origin.port == _OLLAMA_PORT:
        path = re.sub(r"^/api(/\w+)?/?$", "", path)  # its own protocol's
    known = "" if parts.query else _find_known_path(origin)  # Azure's query says more
    return known if known.startswith(f"{path.rstrip('/')}/") else path  # https://api.groq.com, https://api.groq.com/openai


def _find_known_path(origin: HostPort) -> str:
    if origin.port == _OLLAMA_PORT:
        return "/v1"
    provider = find_host_owner(origin)
    if provider is None:
        return ""
    return urlsplit(provider.url).path if provider.url else "/openai/v1"  # Azure's, whose hosts are its customers'


@lru_cache(maxsize=256)
def find_host_owner(origin: HostPort) -> Provider | None:
    """Return the provider whose own host this is: one that the table names, not one that the environment names."""
    return next((each for each in PROVIDERS if any(_is_at(origin, host) for host in get_hosts(each))), None)


def find_named_by_environment(origin: HostPort) -> list[Provider]:
    """Return the providers whose base URL the environment sets to this place."""
    return [each for each in PROVIDERS if (url := read_url_variable(each)) and parse_host_port(url) == origin]


def get_hosts(provider: Provider) -> tuple[str, ...]:
    """Return the hosts that may get a provider's keys; those on this machine with their port."""
    own = parse_host_port(provider.url)
    if own is None:
        return provider.hosts
    return (f"{own.host}:{own.port}" if is_local_host(own.host) else own.host, *provider.hosts)


def _is_at(origin: HostPort, host: str) -> bool:
    _, _, port = host.partition(":")
    if port:
        return is_local_host(origin.host) and origin.port == int(port)
    return origin.host.endswith(host[1:]) if host.startswith("*.") else origin.host == host


def read_variable(name: str) -> str:
    """Return what the environment has under a name, without the blanks and quotes that an env file may leave around it."""
    return os.environ.get(name, "").strip("\"' \t\r\n")


def read_url_variable(provider: Provider) -> str:
    """Return the base URL that the environment has for a provider, empty where it has none."""
    value = read_variable(provider.url_variable) if provider.url_variable else ""
    if not value:
        return ""
    if provider.prefix == "ollama":
        return _read_ollama_host(value)
    return value


def _read_ollama_host(value: str) -> str:
    """Return the base URL for OLLAMA_HOST, which may be a host, a host and a port, a port, or a URL, and is a server's address, too."""
    scheme, separator, rest = value.partition("://")
    if not separator:
        scheme, rest = "http", scheme
    netloc, slash, path = rest.partition("/")
    host, port = _split_port(netloc)
    if not port:
        port = {"http": "80", "https": "443"}.get(scheme, "") if separator else str(_OLLAMA_PORT)
    if host in ("", "0.0.0.0", "[::]"):
        host = "127.0.0.1"
    return f"{scheme}://{host}:{port}{slash}{path}".rstrip("/") + ("" if path.strip("/") else "/v1")


def _split_port(netloc: str) -> tuple[str, str]:
    found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*):?(\d*)", netloc)
    if found:
        return found[1], found[2]
    return (f"[{netloc}]", "") if netloc.count(":") > 1 else (netloc, "")


def find_gateway() -> str:
    """Return the base URL that OPENAI_BASE_URL names for models of any name; empty where there is none, or it is OpenAI's own."""
    url = read_variable("OPENAI_BASE_URL")
    origin = parse_host_port(url)
    return "" if origin is not None and is_openai_host(origin.host) else url


def is_openai_host(host: str) -> bool:
    """Tell whether a host is OpenAI's own, in any region."""
    return host == _OPENAI_HOST or host.endswith(f".{_OPENAI_HOST}")


def is_local_host(host: str) -> bool:
    """Tell whether a host name means this machine."""
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host)) or host.endswith(".localhost")


def is_local_url(url: str) -> bool:
    """Tell whether the URL leads to this machine."""
    origin = parse_host_port(url)
    return origin is not None and is_local_host(origin.host)
