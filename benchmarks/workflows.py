"""What a step, a branch and a tool call cost beside plain asyncio.

python benchmarks/workflows.py [--write]
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from _table import Row, finish

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.tools import tool
from sayso.workflows import MemoryEngine, Run, Workflow, parallel, sequential


async def trivial(value: int) -> int:
    """As little as a step can do."""
    return value + 1


async def slow(value: int) -> int:
    """A branch of 100 ms."""
    await asyncio.sleep(0.1)
    return value


@tool.read
async def slow_tool(number: int) -> int:
    """A tool of 100 ms."""
    await asyncio.sleep(0.1)
    return number


async def seconds(once: Callable[[], Awaitable[Any]], times: int) -> float:
    """The median of several runs."""
    await once()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        await once()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


class Seam(Workflow[int, int]):
    """Nothing but steps."""

    async def carry(self, run: Run, value: int) -> int:
        """A thousand steps."""
        for name in NAMES:
            value = await run.step(name, trivial, value)
        return value


NAMES = [f"step.{index}" for index in range(1000)]


async def by_hand(value: int = 0) -> int:
    """A thousand awaits."""
    for _ in NAMES:
        value = await trivial(value)
    return value


async def main() -> list[Row]:
    """All rows."""
    plain = await seconds(by_hand, 30)
    seam = await seconds(lambda: Seam("seam").run(0), 30)
    flow, long = sequential(*[trivial] * 1000), sequential(*[trivial] * 10_000)
    quiet = await seconds(lambda: flow.run(0), 30)
    recorded = await seconds(lambda: flow.run(0, engine=MemoryEngine()), 30)
    ten_times = await seconds(lambda: long.run(0), 10)
    gathered = await seconds(lambda: asyncio.gather(*(slow(0) for _ in range(1000))), 5)
    fan = parallel(*[slow] * 1000)
    many = parallel(*[slow] * 10_000)

    async def ten_tools() -> None:
        asked = Reply(calls=tuple(call("slow_tool", number=number) for number in range(10)))
        await Agent(ScriptedModel(asked, "done"), tools=[slow_tool]).run("go")

    return [
        Row("a plain await", plain * 1e3, "us"),
        Row("the seam: a step above a plain await", (seam - plain) * 1e3, "us", limit=0.5),
        Row("a step of sequential(), no events", quiet * 1e3, "us"),
        Row("a step of sequential(), events recorded", recorded * 1e3, "us", limit=3.0),
        Row("a step of 10,000 / a step of 1,000", ten_times / 10 / quiet, "x", limit=1.3),
        Row("1,000 branches of 100 ms, plain gather", gathered, "s"),
        Row("1,000 branches of 100 ms, parallel()", await seconds(lambda: fan.run(0), 5), "s", limit=0.13),
        Row("10,000 branches of 100 ms, parallel()", await seconds(lambda: many.run(0), 1), "s"),
        Row("10 parallel tool calls of 100 ms, whole run", await seconds(ten_tools, 9), "s", limit=0.103),
    ]


if __name__ == "__main__":
    finish("Workflows", asyncio.run(main()))
