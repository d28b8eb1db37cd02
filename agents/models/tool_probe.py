"""Whether an endpoint lets a model see the tools it is sent. Some drop them and say nothing; the length of the prompt tells."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .endpoint import Endpoint, tls

if TYPE_CHECKING:
    from httpx2 import AsyncClient

_TOOL = {
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


async def what_becomes_of_tools(at: Endpoint, seconds: float = 15.0) -> ToolsSent:
    """Ask twice for one token, with a tool and without; tools that the model sees make the prompt longer."""
    import httpx2

    headers = {"Authorization": f"Bearer {at.key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=seconds, trust_env=not at.is_local, verify=tls()) as client:
        try:
            without = await _prompt_tokens(client, at, [])
            if without is None:
                return ToolsSent.UNKNOWN
            with_a_tool = await _prompt_tokens(client, at, [_TOOL])
        except (httpx2.HTTPError, ValueError):
            return ToolsSent.UNKNOWN
    if with_a_tool is None:
        return ToolsSent.REFUSED
    return ToolsSent.SEEN if with_a_tool > without else ToolsSent.DROPPED


async def _prompt_tokens(client: AsyncClient, at: Endpoint, tools: Sequence[Any]) -> int | None:
    """How long the prompt was by the endpoint's own count; None where it refuses. ValueError where it does not count."""
    body: dict[str, Any] = {"model": at.model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    answer = await client.post(f"{at.url.rstrip('/')}/chat/completions", json=body | ({"tools": tools} if tools else {}))
    if answer.status_code != 200:
        return None
    told = answer.json()
    usage = told.get("usage") if isinstance(told, dict) else None
    count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    if not isinstance(count, int) or count <= 0:
        raise ValueError("no count")
    return count
