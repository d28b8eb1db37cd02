"""What a native stream of each provider comes to in events: text, thoughts and arguments as they are written, counts, the first token."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from sayso import Agent, events, tool
from sayso.agents import Reply, call
from sayso.testing import PROVIDERS, ProviderServer
from sayso.workflows import Usage


@tool.read(trust="tool", secrecy="public")
def price(item: str) -> str:
    """Return the price of an item."""
    return f"{item} costs $5"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_pieces_come_to_what_was_replied_and_the_first_is_timed(provider: str) -> None:
    asks = Reply("Let me look.", (call("price", item="bun"), call("price", item='röll "x"')), usage=Usage(100, 20))
    with ProviderServer(provider, asks, "Five dollars.") as server:
        told = [event async for event in Agent(server.model(), tools=[price]).run_events("How much is a bun?")]
    first, second = (event for event in told if isinstance(event, events.ModelReplied))
    arguments = defaultdict[tuple[int, int], str](str)
    for event in told:
        if isinstance(event, events.ArgumentsPiece):
            arguments[event.turn, event.call] += event.text
    assert [json.loads(arguments[0, place]) for place in range(2)] == [json.loads(each.arguments) for each in first.calls]
    assert [event.tool for event in told if isinstance(event, events.CallOpened)] == ["price", "price"]
    assert "".join(event.text for event in told if isinstance(event, events.TextPiece) and event.turn == 1) == second.text
    thoughts = (event.text for event in told if isinstance(event, events.ThoughtPiece) and event.turn == 0)
    assert "".join(thoughts) == first.thoughts
    assert (first.input_tokens, first.output_tokens, first.finish) == (100, 20, "tool_calls")
    assert first.first_token_seconds is not None
    assert 0 <= first.first_token_seconds <= first.seconds
