"""pydantic-ai's openai client for a host that is not OpenAI's. Imported late: openai takes long to load."""

from __future__ import annotations

import os

import openai
from openai import Omit


class ForeignHostClient(openai.AsyncOpenAI):
    """An openai client of somebody else's, for a host that is not OpenAI's: it keeps what the environment has for OpenAI to itself."""

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        """Return the headers of each request."""
        named = {line.partition(":")[0].strip().lower() for line in os.environ.get("OPENAI_CUSTOM_HEADERS", "").splitlines()}
        named |= {"openai-organization", "openai-project"}
        return {name: value for name, value in super().default_headers.items() if name.lower() not in named}
