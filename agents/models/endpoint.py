"""Where a model is asked, and with which key: from what was given, else from the environment."""

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
    """Where a model is asked, and with which key; `key_from` says in words where the key came from."""

    model: str
    url: str
    key: str = field(repr=False)
    key_from: str
    timeout_seconds: float

    @property
    def shown_url(self) -> str:
        """The address without a password in it."""
        return re.sub(r"//[^/@]*@", "//", self.url)

    @property
    def host(self) -> str:
        """The machine."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI's own endpoint and not one that speaks like it."""
        return self.host == OPENAI_HOST

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return local(self.host)


def endpoint(model: str, base_url: str | None, api_key: str | None, timeout_seconds: float) -> Endpoint:
    """Where to ask and with which key, from what was given and, where nothing was, from OPENAI_BASE_URL and OPENAI_API_KEY."""
    url = (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).strip()
    host = _host(url)
    if not url.startswith(("http://", "https://")) or not host:
        raise UsageError(f"{url!r} is no base URL. Write it like http://localhost:11434/v1.")
    key, key_from = _key(url, host, api_key)
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"The key {key_from} holds a character that no key has. Copy it again.")
    return Endpoint(model, url, key, key_from, timeout_seconds)


def is_here(url: str) -> bool:
    """Whether the URL leads to this machine."""
    return local(_host(url) or "")


def _host(url: str) -> str | None:
    """The host of a URL whose port is one, too."""
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.port != 0 else None
    except ValueError:
        return None


def no_key(model: str) -> str:
    """What to say when OpenAI is to be asked and there is no key."""
    return (
        f"There is no key for {model!r} at OpenAI. Set OPENAI_API_KEY or give api_key=; "
        "for another endpoint give its base URL, like http://localhost:11434/v1."
    )


def _key(url: str, host: str, api_key: str | None) -> tuple[str, str]:
    if api_key and api_key.strip():
        return api_key.strip(), "given as api_key="
    from_environment = os.environ.get("OPENAI_API_KEY", "").strip()
    if from_environment and (url.startswith("https://") or local(host)):
        return from_environment, "from OPENAI_API_KEY"
    if host == OPENAI_HOST:
        return "", ""
    if from_environment:
        return "none", "'none' (OPENAI_API_KEY is not sent over plain http to another machine)"
    return "none", "'none' (no key was given)"


def local(host: str) -> bool:
    """Whether a host name means this machine."""
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host)) or host.endswith(".localhost")


@cache
def tls() -> ssl.SSLContext:
    """What secure connections are made with. Made once: reading the certificates takes longer than all the rest of a client."""
    import httpx2

    return httpx2.create_ssl_context()
