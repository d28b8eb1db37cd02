"""What guards cost a reply that streams, and how often they take ordinary numbers for personal data.

python benchmarks/guards.py [--write]
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import AsyncGenerator

from _table import Row, finish

from sayso.agents import Agent, Finished, ModelRequest, TextDelta
from sayso.agents.agent_events import TextStreamed
from sayso.agents.guards import Patterns, PersonalData, WordList
from sayso.agents.models.model import Delta

WORDS = [f"{first}{second}" for first in ("ab", "cre", "dis", "en", "for") for second in ("hor", "mon", "tal", "vex", "zil")] * 8
PROSE = "The oven costs 1,299 euros, and arrives on 12.03.2027 between 10:30 and 12; write to the shop or call them for another day. "
DELTA = 4  # characters


class Talker:
    """A model that says the same sentence many times, in small deltas."""

    name, takes_tools = "talker", True

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield about 3,000 deltas."""
        text = PROSE * 100
        for at in range(0, len(text), DELTA):
            yield TextDelta(text[at : at + DELTA])
        yield Finished()


async def seconds(agent: Agent[str]) -> tuple[float, int]:
    """Return how long a reply takes, and how many pieces of it were shown."""
    begin, shown = time.perf_counter(), 0
    async for event in agent.stream_emitted("?"):
        shown += isinstance(event, TextStreamed)
    return time.perf_counter() - begin, shown


async def cost_of_a_delta() -> tuple[float, float, int]:
    """Return what two local guards add to a delta on the median, and what the slowest delta takes by itself, in milliseconds."""
    guards = [PersonalData(), WordList(*[f"{word}{number}" for number, word in enumerate(WORDS)])]
    deltas = len(PROSE) * 100 / DELTA
    bare, guarded = Agent(Talker()), Agent(Talker(), guards=guards)
    taken = [(await seconds(guarded))[0] - (await seconds(bare))[0] for _ in range(5)]
    shown = (await seconds(guarded))[1]
    slowest = 0.0
    held = [guard.hold() for guard in guards]
    for at in range(0, 20 * len(PROSE), DELTA):
        piece, begin = (PROSE * 20)[at : at + DELTA], time.perf_counter()
        for each in held:
            piece = each.feed(piece)
        slowest = max(slowest, time.perf_counter() - begin)
    return statistics.median(taken) / deltas * 1e3, slowest * 1e3, shown


def slowest_text() -> float:
    """Return how long 100,000 characters take that are made to be slow, in seconds."""
    texts = ("1" * 100_000, "12 " * 33_000, "a@" * 50_000, "4111 1111 1111 1111 " * 5_000, "a" * 100_000)
    taken = []
    for text in texts:
        begin = time.perf_counter()
        PersonalData().look(text)
        WordList("bad").look(text)
        taken.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    Patterns(r"(a|a){1,20}b").look("a" * 20_000)
    return max(*taken, 5 * (time.perf_counter() - begin))


def ordinary_numbers(count: int = 20_000) -> float:
    """Return how many of a hundred ordinary numbers are taken for personal data: those of orders and products, times, amounts, hashes."""
    chance = random.Random(3)
    makers = (
        lambda: f"Order {chance.randrange(10**9, 10**10)}",
        lambda: f"Order {chance.randrange(10**11, 10**12)}",
        lambda: f"EAN {chance.randrange(10**12, 10**13)}",
        lambda: f"at {chance.randrange(1_600_000_000, 1_900_000_000)}",
        lambda: f"{chance.randrange(10**4, 10**10):,} EUR",
        lambda: f"{chance.getrandbits(160):040x}",
        lambda: f"{chance.random() * 1000:.12f}",
        lambda: " ".join(str(chance.randrange(1, 100)) for _ in range(12)),
    )
    guard = PersonalData()
    found = sum(bool(list(guard.find(chance.choice(makers)(), 0))) for _ in range(count))
    return 100 * found / count


async def main() -> list[Row]:
    """Return all rows."""
    added, slowest, shown = await cost_of_a_delta()
    return [
        Row("two local guards (personal data, 200 words) add to a delta", added, "ms", limit=1.0),
        Row("the slowest delta by itself", slowest, "ms"),
        Row("pieces in which the 3,075 deltas are shown", shown, "", limit=1000, at_least=True),
        Row("100,000 characters made to be slow", slowest_text(), "s", limit=10),
        Row("ordinary numbers that are taken for personal data", ordinary_numbers(), "%", limit=0.1),
    ]


if __name__ == "__main__":
    finish("Guards", asyncio.run(main()))
