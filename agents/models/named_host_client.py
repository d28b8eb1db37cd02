"""The openai client with nothing from the environment. Imported late: openai takes long to load."""

from __future__ import annotations

import os

import openai
from httpx2 import AsyncClient
from openai import Omit
from openai._types import Headers

from .endpoint import Endpoint
from .request_urls import find_address


class NamedHostClient(openai.AsyncOpenAI):
    """A client that sends what its endpoint says, and tries once.

    openai's own sends OPENAI_ORG_ID, OPENAI_PROJECT_ID and all OPENAI_CUSTOM_HEADERS to whatever host it is given.
    """

    def __init__(self, at: Endpoint, http_client: AsyncClient) -> None:
        timeout = openai.Timeout(at.timeout_seconds, connect=min(10.0, at.timeout_seconds))
        # Without any key openai would look for one; the endpoint's headers say how it is sent.
        address = find_address(at)
        super().__init__(
            api_key="none",
            base_url=address.base_url,
            default_query=address.query,
            max_retries=0,
            timeout=timeout,
            http_client=http_client,
        )
        self.api_key = ""
        own = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": self.user_agent}
        self._sent_headers: dict[str, str | Omit] = {**own, **self.platform_headers(), **at.headers}

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        """Return the headers of each request."""
        return self._sent_headers

    def _validate_headers(self, headers: Headers, custom_headers: Headers) -> None:
        """Take any headers: Azure's key has one of its own, and openai would miss "Authorization"."""


class ForeignHostClient(openai.AsyncOpenAI):
    """An openai client of somebody else's, for a host that is not OpenAI's: it keeps what the environment has for OpenAI to itself."""

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        """Return the headers of each request."""
        named = {line.partition(":")[0].strip().lower() for line in os.environ.get("OPENAI_CUSTOM_HEADERS", "").splitlines()}
        named |= {"openai-organization", "openai-project"}
        return {name: value for name, value in super().default_headers.items() if name.lower() not in named}
