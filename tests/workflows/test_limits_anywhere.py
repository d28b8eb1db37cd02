"""Limits hold in any nesting, whoever is fast or slow: what is counted by those who are asked is never more than was allowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.agents import Agent, Finished, ModelRequest, Sampling, TextDelta
from sayso.agents.models.prices import price
from sayso.tools import LimitReached, ToolContext, tool
from sayso.workflows import Limits, Run, Usage, sequential

from .nestings import Pair, nested
from .replays import nothing_left_running, yes

LONGEST = 50  # tokens a reply
PRICED = "gpt-5-mini"


class Street:
    """Where models and tools are: each takes its time, and counts for itself what was used."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.model_calls = self.tool_calls = self.tokens = 0
        self.cost_usd = self.spend_usd = 0.0
        self.agent = Agent(Slow(self), name="clerk", sampling=Sampling(max_tokens=LONGEST))

    async def some_time(self) -> None:
        """A few turns of the event loop."""
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)


class Slow:
    """A model that takes its time and says a number of tokens."""

    name, takes_tools = PRICED, True

    def __init__(self, street: Street) -> None:
        self.street = street

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Any]:
        """Some words."""
        street = self.street
        street.model_calls += 1
        await street.some_time()
        said = street.chance.randint(1, LONGEST)
        cost = price(PRICED, 1, said) or 0.0
        yield TextDelta("words")
        await street.some_time()
        street.tokens += 1 + said
        street.cost_usd += cost
        yield Finished("stop", Usage(1, said, cost))


@tool.read
async def looks(value: int, context: ToolContext[Street]) -> int:
    """Looks."""
    context.deps.tool_calls += 1
    await context.deps.some_time()
    return value + 1


@tool.write(cost_usd=0.07)
async def pays(value: int, context: ToolContext[Street]) -> int:
    """Pays."""
    context.deps.tool_calls += 1
    context.deps.spend_usd += 0.07
    await context.deps.some_time()
    return value + 2


def street_of(run: Run) -> Street:
    assert isinstance(run.scope.deps, Street)
    return run.scope.deps


async def asks(run: Run, value: int) -> int:
    """Asks a model, and goes on with the same number."""
    await run.child("clerk", street_of(run).agent.execute, f"What of {value}?")
    return value


async def waits(run: Run, value: int) -> int:
    """Takes its time."""
    await street_of(run).some_time()
    return value


USERS = [Pair(looks, lambda v: v + 1), Pair(pays, lambda v: v + 2), Pair(asks, lambda v: v), Pair(waits, lambda v: v)]
ALLOWED = {"model_calls": 1.0, "tool_calls": 1.0, "tokens": 30.0, "cost_usd": price(PRICED, 1, LONGEST) or 1.0, "spend_usd": 0.07}


@pytest.mark.parametrize(("limit", "unit"), ALLOWED.items(), ids=ALLOWED)
@settings(max_examples=40)
@given(pair=nested(USERS), times=st.integers(0, 6), seed=st.integers(0, 1 << 20))
def test_no_nesting_and_no_order_uses_more_than_it_may(limit: str, unit: float, pair: Pair, times: int, seed: int) -> None:
    async def main() -> None:
        street, allowed = Street(seed), unit * times
        limits: dict[str, Any] = {limit: allowed}
        try:
            result = await sequential(pair.flow).run(3, approve=yes, deps=street, limits=Limits(**limits))
        except LimitReached as reached:
            result = reached.partial
        used = getattr(street, limit)
        assert used <= allowed + 1e-9
        assert used - 1e-9 <= told(result.usage, limit) <= allowed + 1e-9
        await nothing_left_running()

    asyncio.run(main())


def told(usage: Usage, limit: str) -> float:
    """What a run says that it has used."""
    return usage.input_tokens + usage.output_tokens if limit == "tokens" else float(getattr(usage, limit))
