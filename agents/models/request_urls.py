"""Where the requests to a base URL go, written as people copy it. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from .endpoint import Endpoint

_WHOLE_PATHS = re.compile(r"/(?:chat/completions|responses|completions|embeddings)/?$")


class Address(NamedTuple):
    """A base URL without a query, and the query of every request there."""

    base_url: str
    query: dict[str, str]


def find_address(at: Endpoint) -> Address:
    """Return where requests to an endpoint go.

    A query stays at the end of each address. The address of a request (.../chat/completions) is taken for the base URL before it. Azure's
    host alone is its `/openai/v1`; with an API version it is the deployment that has the model's name.
    """
    parts = urlsplit(at.url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    path = _WHOLE_PATHS.sub("", parts.path).rstrip("/")
    if at.is_azure and path in ("", "/openai"):
        path = f"/openai/deployments/{at.model}" if "api-version" in query else "/openai/v1"
    return Address(urlunsplit((parts.scheme, parts.netloc, path, "", "")), query)


def join_path(url: str, path: str) -> str:
    """Return the address of `path` behind a base URL, its query kept at the end."""
    parts = urlsplit(url)
    whole, _, query = path.partition("?")
    joined = "&".join(filter(None, (parts.query, query)))
    return urlunsplit((parts.scheme, parts.netloc, f"{_WHOLE_PATHS.sub('', parts.path).rstrip('/')}{whole}", joined, ""))


def find_root(at: Endpoint) -> str:
    """Return the address of the server, without the /v1 under which it speaks OpenAI's protocol."""
    return re.sub(r"/v\d+/?$", "", join_path(at.url, "").partition("?")[0])
