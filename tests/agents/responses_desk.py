"""What the tests of the Responses API share: a model, tools, and runs that are driven whole or streamed."""

from __future__ import annotations

from typing import Any

import pytest

from sayso import Agent, tool
from sayso.agents.agent_events import ModelDowngraded
from sayso.agents.models.openai_responses import OpenAIResponses
from sayso.testing.responses_rules import Body
from sayso.workflows import RunEnded, RunResult

from .fake_responses import Calls, FakeResponses, Thinks


class Naps(list[float]):
    """A sleep that takes no time and is remembered."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def responses(server: FakeResponses, **options: Any) -> OpenAIResponses:
    return OpenAIResponses("gpt", base_url=server.base_url, **{"api_key": "key", "takes_tools": True, "sleep": Naps(), **options})


@tool.read
def search(query: str) -> str:
    """Search places."""
    return f"Two places for {query}."


@tool.read
def read(page: int) -> str:
    """Read a page."""
    return f"Page {page}."


@tool.write
def order(dish: str) -> str:
    """Order a dish."""
    return f"{dish} is on its way."


async def run(way: str, agent: Agent[Any], text: object, **options: Any) -> RunResult[Any]:
    """Run the agent whole, where nobody listens, or streamed."""
    if way == "whole":
        return await agent.run(text, **options)
    events = [event async for event in agent.stream_emitted(text, **options)]
    assert isinstance(events[-1], RunEnded)
    return events[-1].result


WAYS = pytest.mark.parametrize("way", ["whole", "streamed"])
SEARCHES = [Thinks("Where?"), Calls("search", {"query": "burgers"})]


def types(body: Body) -> list[str]:
    """Return the input of a request in a word for each item."""
    return [str(item["type"] if "id" in item or "role" not in item else item["role"]) for item in body["input"]]


async def tell(way: str, agent: Agent[Any], text: object, **options: Any) -> tuple[str, list[str]]:
    """Return the answer, and what the model went on without."""
    events = [event async for event in agent.stream_emitted(text, **options)]
    assert isinstance(events[-1], RunEnded)
    return events[-1].result.output, [event.without for event in events if isinstance(event, ModelDowngraded)]
