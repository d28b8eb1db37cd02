"""The address and key of an endpoint: as given, else from the environment. A key goes to the hosts that it is for, and to no other."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sayso.tools.errors import UsageError

from .hosts import (
    HostPort,
    find_gateway,
    find_host_owner,
    find_named_by_environment,
    is_local_host,
    is_openai_host,
    normalize_url,
    parse_host_port,
    read_variable,
    show_url,
)
from .providers import Protocol, Provider, find_by_bare_name, find_by_key, get_prefixes

if TYPE_CHECKING:
    import ssl

OPENAI_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address at which a model is asked, and the key; `key_from` says in words where the key came from."""

    model: str
    url: str
    key: str = field(repr=False)
    key_from: str
    timeout_seconds: float

    @property
    def origin(self) -> HostPort:
        """Return where it is."""
        origin = parse_host_port(self.url)
        assert origin is not None  # find_endpoint has looked
        return origin

    @property
    def shown_url(self) -> str:
        """Return the address as it may be shown, without a password or key in it."""
        return show_url(self.url)

    @property
    def host(self) -> str:
        """Return the host name."""
        return self.origin.host

    @property
    def provider(self) -> Provider | None:
        """Return the provider whose host this is; None for a host that no provider has."""
        return find_host_owner(self.origin)

    @property
    def is_openai(self) -> bool:
        """Tell whether this is OpenAI's own endpoint, not one that speaks like it."""
        return is_openai_host(self.host)

    @property
    def is_azure(self) -> bool:
        """Tell whether this is Azure's, whose addresses may end in ?api-version=..., and who takes a key in a header of its own."""
        owners = (self.provider, *find_named_by_environment(self.origin))
        return any(each is not None and each.prefix == "azure" for each in owners) or "api-version=" in urlsplit(self.url).query

    @property
    def is_local(self) -> bool:
        """Tell whether it is on this machine."""
        return is_local_host(self.host)

    @property
    def protocol(self) -> Protocol:
        """Return how this address is asked: OpenAI's responses where that is known to be there, else chat completions."""
        has_responses = self.is_openai or (self.is_azure and urlsplit(self.url).path.rstrip("/").endswith("/openai/v1"))
        return Protocol.RESPONSES if has_responses else Protocol.CHAT

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that say who asks: the key, and for a provider's own host what the environment has for it."""
        is_token = self.key.startswith("eyJ")  # Entra ID's, which Azure takes as everybody does
        key = {"api-key": self.key} if self.is_azure and not is_token else {"Authorization": f"Bearer {self.key}"}
        variables = self.provider.header_variables if self.provider else ()
        return key | {name: value for name, variable in variables if (value := read_variable(variable))}

    @property
    def key_advice(self) -> str:
        """Return what to do about a key that is missing or refused."""
        provider = self.provider
        if provider is None or not provider.key_variables:
            return "Give api_key=, or set OPENAI_BASE_URL to this address and OPENAI_API_KEY to its key."
        return f"Set {provider.key_variables[0]} or give api_key=."


def find_endpoint(model: str, base_url: str | None, api_key: str | None, timeout_seconds: float) -> Endpoint:
    """Return where to ask and with which key: as given, else as the environment says.

    A provider's key in the environment goes to that provider's hosts, and to the host that the provider's variable names (OPENAI_BASE_URL
    for OPENAI_API_KEY); over plain http only to this machine. Raises UsageError for a URL or key that cannot be one, and for a model that
    is not known to be OpenAI's where no URL says whose it is.
    """
    url = normalize_url((base_url or read_variable("OPENAI_BASE_URL") or OPENAI_URL).strip())
    origin = parse_host_port(url)
    assert origin is not None  # or normalize_url would have raised
    owner = find_host_owner(origin)
    if owner is not None and origin.scheme == "http" and not is_local_host(origin.host):
        raise UsageError(f"{owner.title} is asked over https: write https://{url.partition('://')[2]}.")
    key, key_from = _find_key(origin, owner, api_key)
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"The key {key_from} holds a character that a key cannot have. Copy it again.")
    if owner is not None and owner.needs_key and (whose := find_by_key(key)) and whose.key_variables != owner.key_variables:
        raise UsageError(f"The key {key_from} is one of {whose.title}'s, and {origin.host} is {owner.title}'s. It was not sent there.")
    if model and not base_url and not find_gateway():
        _check_openai_has(model)
    return Endpoint(model, url, key, key_from, timeout_seconds)


def _check_openai_has(model: str) -> None:
    """Raise UsageError for a model that is not known to be OpenAI's: its prompt would go to a host that nobody named."""
    prefix, colon, _ = model.partition(":")
    known = get_prefixes().get(prefix.strip().lower()) if colon else None
    owner = known or find_by_bare_name(model)
    if owner is not None and owner.prefix == "openai" and known is None:
        return
    whole = model if known else f"{owner.prefix}:{model}" if owner else ""
    advice = f"For a model by its name: model_from({whole!r}). " if whole else ""
    raise UsageError(f"{model!r} is not known to be a model of OpenAI's, and no base_url= says whose it is. {advice}Give base_url=.")


def _find_key(origin: HostPort, owner: Provider | None, api_key: str | None) -> tuple[str, str]:
    if api_key and api_key.strip():
        return api_key.strip(), "given as api_key="
    variables = [name for each in (owner, *find_named_by_environment(origin)) if each for name in each.key_variables]
    set_ones = [name for name in variables if read_variable(name)]
    if set_ones and (origin.scheme == "https" or is_local_host(origin.host)):
        return read_variable(set_ones[0]), f"from {set_ones[0]}"
    if owner is not None and owner.needs_key:
        return "", ""
    if set_ones:
        return "none", f"'none' ({set_ones[0]} is not sent over plain http to another machine)"
    if read_variable("OPENAI_API_KEY"):
        return "none", "'none' (OPENAI_API_KEY is for OpenAI, and for the host that OPENAI_BASE_URL names)"
    return "none", "'none' (no key was given)"


def describe_missing_key(model: str, at: Endpoint) -> str:
    """Return what to tell a user who wants to ask a provider and has no key."""
    title = at.provider.title if at.provider else at.shown_url
    advice = at.key_advice.rstrip(".")
    return f"There is no key for {model!r} at {title}. {advice}; for another endpoint give its base URL, like http://localhost:11434/v1."


@cache
def get_tls_context() -> ssl.SSLContext:
    """Return the context for secure connections. Made once: reading the certificates takes longer than all the rest of a client."""
    import httpx2

    try:
        return httpx2.create_ssl_context()
    except OSError as error:
        file = os.environ.get("SSL_CERT_FILE", "")
        raise UsageError(f"The certificates in SSL_CERT_FILE={file} cannot be read: {error}. Name a PEM file, or unset it.") from error


def check_proxies() -> None:
    """Raise UsageError where the environment names a proxy that is spoken to by SOCKS: requests to models go through HTTP proxies."""
    for name in ("https_proxy", "http_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if os.environ.get(variable, "").lower().startswith("socks"):
                raise UsageError(
                    f"{variable} names a SOCKS proxy, and models are asked through HTTP proxies only, "
                    f"such as http://proxy.example:3128. Set {variable} to one, or unset it."
                )
