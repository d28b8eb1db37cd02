"""The address and key of an endpoint: as given, else from the environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    import ssl

OPENAI_HOST = "api.openai.com"
OPENAI_URL = f"https://{OPENAI_HOST}/v1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address at which a model is asked, and the key; `key_from` says in words where the key came from."""

    model: str
    url: str
    key: str = field(repr=False)
    key_from: str
    timeout_seconds: float

    @property
    def shown_url(self) -> str:
        """Return the address without the password in it."""
        return re.sub(r"//[^/@]*@", "//", self.url)

    @property
    def host(self) -> str:
        """Return the host name."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_openai(self) -> bool:
        """Tell whether this is OpenAI's own endpoint, not one that speaks like it."""
        return self.host == OPENAI_HOST

    @property
    def is_local(self) -> bool:
        """Tell whether it is on this machine."""
        return is_local_host(self.host)


def find_endpoint(model: str, base_url: str | None, api_key: str | None, timeout_seconds: float) -> Endpoint:
    """Return where to ask and with which key: as given, else as OPENAI_BASE_URL and OPENAI_API_KEY say.

    Raises UsageError for a URL or key that cannot be one. The key from the environment is never sent over plain http to another machine.
    """
    url = (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).strip()
    host = _parse_host(url)
    if not url.startswith(("http://", "https://")) or not host:
        raise UsageError(f"{url!r} is not a base URL. Write it like http://localhost:11434/v1.")
    key, key_from = _find_key(url, host, api_key)
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"The key {key_from} holds a character that a key cannot have. Copy it again.")
    return Endpoint(model, url, key, key_from, timeout_seconds)


def is_local_url(url: str) -> bool:
    """Tell whether the URL leads to this machine."""
    return is_local_host(_parse_host(url) or "")


def _parse_host(url: str) -> str | None:
    """Return the host of a URL; None where the URL cannot be parsed."""
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.port != 0 else None
    except ValueError:
        return None


def describe_missing_key(model: str) -> str:
    """Return what to tell a user who wants to ask OpenAI and has no key."""
    return (
        f"There is no key for {model!r} at OpenAI. Set OPENAI_API_KEY or give api_key=; "
        "for another endpoint give its base URL, like http://localhost:11434/v1."
    )


def _find_key(url: str, host: str, api_key: str | None) -> tuple[str, str]:
    if api_key and api_key.strip():
        return api_key.strip(), "given as api_key="
    from_environment = os.environ.get("OPENAI_API_KEY", "").strip()
    if from_environment and (url.startswith("https://") or is_local_host(host)):
        return from_environment, "from OPENAI_API_KEY"
    if host == OPENAI_HOST:
        return "", ""
    if from_environment:
        return "none", "'none' (OPENAI_API_KEY is not sent over plain http to another machine)"
    return "none", "'none' (no key was given)"


def is_local_host(host: str) -> bool:
    """Tell whether a host name means this machine."""
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host)) or host.endswith(".localhost")


@cache
def get_tls_context() -> ssl.SSLContext:
    """Return the context for secure connections. Made once: reading the certificates takes longer than all the rest of a client."""
    import httpx2

    return httpx2.create_ssl_context()
