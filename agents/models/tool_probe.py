"""A probe for tools that an endpoint drops without an error: the length of the prompt shows whether the model sees them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from sayso.tools.canonical import JsonObject

from .endpoint import Endpoint
from .plain_requests import open_async_client
from .request_urls import join_path

if TYPE_CHECKING:
    from httpx2 import AsyncClient

PROBE_TOOL: JsonObject = {
    "type": "function",
    "function": {
        "name": "current_weather",
        "description": "The weather in a city as it is now, with temperature, wind and rain.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class ToolsSent(StrEnum):
    """What becomes of tools that an endpoint is sent."""

    SEEN = "seen"
    DROPPED = "dropped"
    REFUSED = "refused"
    UNKNOWN = "unknown"


async def probe_tools(at: Endpoint, seconds: float = 15.0) -> ToolsSent:
    """Find out whether a model sees the tools that its endpoint is sent.

    Ask twice for one token, with a tool and without; tools that the model sees make the prompt longer.
    """
    import httpx2

    async with open_async_client(at, seconds) as client:
        try:
            without = await _count_prompt_tokens(client, at, [])
            if without is None:
                return ToolsSent.UNKNOWN
            with_a_tool = await _count_prompt_tokens(client, at, [PROBE_TOOL])
        except (httpx2.HTTPError, ValueError):
            return ToolsSent.UNKNOWN
    if with_a_tool is None:
        return ToolsSent.REFUSED
    return ToolsSent.SEEN if with_a_tool > without else ToolsSent.DROPPED


async def _count_prompt_tokens(client: AsyncClient, at: Endpoint, tools: Sequence[JsonObject]) -> int | None:
    """Return the length of the prompt by the endpoint's own count; None where it refuses. Raises ValueError where it does not count."""
    body: JsonObject = {"model": at.model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    answer = await client.post(join_path(at.url, "/chat/completions"), json=body | ({"tools": tools} if tools else {}))
    if answer.status_code != 200:
        return None
    answered = answer.json()
    usage = answered.get("usage") if isinstance(answered, dict) else None
    count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    if not isinstance(count, int) or count <= 0:
        raise ValueError("no count")
    return count
