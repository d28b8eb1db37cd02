"""A conversation of 10,000 turns in a window of 8,000 tokens: the longest prompt, what a turn costs, how often a prompt begins anew.

Once as one run with 10,000 calls of a tool, once as runs that go on after 10,000 turns, each with the last one's messages.

python benchmarks/long_conversation.py [--write] [--turns 10000]
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence

from _table import Row, finish

from sayso import Agent, Limits, ScriptedModel, tool
from sayso.agents import Reply, call
from sayso.agents.messages import AssistantMessage, Message, UserMessage
from sayso.agents.models.model import ModelRequest
from sayso.agents.windows.counting import TokenCounter
from sayso.agents.windows.items import group_messages

WINDOW = 8000
WORDS = "The burger of the day is on the board beside the door, and whoever comes first gets it. "


@tool.read(trust="tool", secrecy="public")
def look_up(item: str) -> str:
    """Look an item up."""
    return f"{item}: {WORDS * 2}"


class Watched:
    """A script that notes when it is asked, how long the prompt is, and whether it begins as the last one."""

    def __init__(self, turns: int, *, with_calls: bool) -> None:
        self.turns, self.with_calls = turns, with_calls
        self.stamps: list[float] = []
        self.longest = self.begun_anew = 0
        self._last: tuple[Message, ...] = ()
        self._counter = TokenCounter()
        self.model = ScriptedModel(self._answer, repeat=True)

    async def measure(self) -> None:
        """Count the last prompt."""
        items = await self._counter.measure(group_messages(self._last, 0, -1))
        self.longest = max(self.longest, sum(item.tokens or 0 for item in items))

    def _answer(self, request: ModelRequest) -> Reply:
        sent = tuple(request.messages)
        self.begun_anew += sent[: len(self._last)] != self._last
        self._last = sent
        self.stamps.append(time.perf_counter())
        number = len(self.stamps)
        if self.with_calls and number < self.turns:
            return Reply(calls=(call("look_up", item=str(number)),))
        return Reply(f"Answer {number}. {WORDS * 2}")

    def compare(self, taken: Sequence[float]) -> float:
        """Return what the last hundred turns cost beside those after the first hundred, when the window is full."""
        return statistics.median(taken[-100:]) / statistics.median(taken[100:200])


async def one_run(turns: int) -> list[Row]:
    """Rows of one run."""
    watched = Watched(turns, with_calls=True)
    agent = Agent(watched.model, instructions="Be brief.", tools=[look_up], window=WINDOW, limits=Limits())
    await agent.run("Look all of them up.")
    await watched.measure()
    taken = [after - before for before, after in zip(watched.stamps, watched.stamps[1:], strict=False)]
    return [
        Row(f"one run of {turns:,} calls: tokens of its last prompt", watched.longest, "tokens", limit=WINDOW),
        Row("a turn, the last 100 / the second 100", watched.compare(taken), "x", limit=1.5),
        Row("a turn, the last 100", statistics.median(taken[-100:]) * 1e3, "ms"),
        Row("prompts that begin otherwise than the last one", watched.begun_anew / turns * 100, "%", limit=10),
    ]


async def many_runs(turns: int, window: int | bool, runs: int = 300) -> tuple[Watched, list[float]]:
    """Return what was seen of runs that go on with a conversation of that many turns, and how long each took."""
    watched = Watched(turns, with_calls=False)
    agent = Agent(watched.model, instructions="Be brief.", window=window)
    history: Sequence[Message] = [
        message
        for turn in range(turns)
        for message in (UserMessage(f"Question {turn}. {WORDS}"), AssistantMessage(f"Answer {turn}. {WORDS * 2}"))
    ]
    taken: list[float] = []
    for turn in range(runs):
        begun = time.perf_counter()
        history = (await agent.run(f"Question {turns + turn}. {WORDS}", history=history)).messages
        taken.append(time.perf_counter() - begun)
        if window:
            await watched.measure()
    return watched, taken


async def main(turns: int) -> list[Row]:
    """Return all rows."""
    rows = await one_run(turns)
    watched, taken = await many_runs(turns, WINDOW)
    _, without = await many_runs(turns, window=False, runs=50)
    last, last_without = (statistics.median(each[1:]) * 1e3 for each in (taken, without))
    return [
        *rows,
        Row(f"300 runs that go on after {turns:,} turns: tokens of the longest prompt", watched.longest, "tokens", limit=WINDOW),
        Row("prompts of theirs that begin otherwise than the last one", watched.begun_anew / 3, "%", limit=10),
        Row("the first of them, which looks back for what fits", taken[0] * 1e3, "ms"),
        Row("any other (it reads all messages for what an approval may quote)", last, "ms"),
        Row("any other without a window, which sends all messages", last_without, "ms"),
        Row("with a window / without", last / last_without, "x", limit=1.25),
    ]


if __name__ == "__main__":
    given = sys.argv.index("--turns") if "--turns" in sys.argv else 0
    number = int(sys.argv[given + 1]) if given else 10_000
    sys.argv = [each for at, each in enumerate(sys.argv) if not given or at not in (given, given + 1)]
    finish("Long conversations", asyncio.run(main(number)))
