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

from sayso.tools import ToolCall, tool
from sayso.workflows import MemoryEngine, Run, Workflow, parallel, sequential
from sayso.workflows.calls.perform import perform_reads


async def trivial(value: int) -> int:
    """As little as a step can do."""
    return value + 1


async def slow(value: int) -> int:
    """A branch of 100 ms."""
    await asyncio.sleep(0.1)
    return value


@tool.read(trust="tool", secrecy="public")  # a script of ours
async def slow_tool(number: int) -> int:
    """A tool of 100 ms."""
    await asyncio.sleep(0.1)
    return number


async def seconds(once: Callable[[], Awaitable[Any]], times: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """The median of several runs, by the clock on the wall."""
    await once()
    taken = []
    for _ in range(times):
        start = clock()
        await once()
        taken.append(clock() - start)
    return statistics.median(taken)


async def computing(once: Callable[[], Awaitable[Any]], times: int) -> float:
    """The same for what does not wait, by the processor's clock: other programs on the machine do not count."""
    return await seconds(once, times, time.process_time)


class Seam(Workflow[int, int]):
    """Nothing but steps."""

    async def execute(self, run: Run, value: int) -> int:
        """A thousand steps."""
        for name in NAMES:
            value = await run.step(name, trivial, value)
        return value


class TenTools(Workflow[int, int]):
    """Ten tool calls of one reply."""

    async def execute(self, run: Run, value: int) -> int:
        """All of them as one step."""
        results = await perform_reads(run, "reads:0.0", [(ToolCall(f"0.{n}", "slow_tool", {"number": n}), slow_tool) for n in range(10)])
        return len(results)


async def told(flow: Workflow[int, int]) -> None:
    """All events of a run, as they come."""
    async for _ in flow.stream_emitted(0):
        pass


NAMES = [f"step.{index}" for index in range(1000)]


async def by_hand(value: int = 0) -> int:
    """A thousand awaits."""
    for _ in NAMES:
        value = await trivial(value)
    return value


async def main() -> list[Row]:
    """All rows."""
    plain = await computing(by_hand, 30)
    seam = await computing(lambda: Seam("seam").run(0), 30)
    flow, long = sequential(*[trivial] * 1000), sequential(*[trivial] * 10_000)
    quiet = await computing(lambda: flow.run(0), 30)
    recorded = await computing(lambda: flow.run(0, engine=MemoryEngine()), 30)
    streamed = await computing(lambda: told(flow), 20)
    ten_times = await computing(lambda: long.run(0), 10)
    gathered = await seconds(lambda: asyncio.gather(*(slow(0) for _ in range(1000))), 9)
    fan = parallel(*[slow] * 1000)
    many, empty = parallel(*[slow] * 10_000), parallel(*[trivial] * 10_000)

    return [
        Row("a plain await", plain * 1e3, "us"),
        Row("the seam: a step above a plain await", (seam - plain) * 1e3, "us", limit=0.5),
        Row("a step of sequential(), no events", quiet * 1e3, "us"),
        Row("a step of sequential(), events recorded", recorded * 1e3, "us", limit=3.0),
        Row("a step of sequential(), events streamed", streamed * 1e3, "us", limit=3.0),
        Row("a step of 10,000 / a step of 1,000", ten_times / 10 / quiet, "x", limit=1.3),
        Row("1,000 branches of 100 ms, plain gather", gathered, "s"),
        Row("1,000 branches of 100 ms, parallel()", await seconds(lambda: fan.run(0), 9), "s", limit=0.13),
        Row("10,000 branches of 100 ms, parallel()", await seconds(lambda: many.run(0), 3), "s"),
        Row("10,000 branches of 100 ms, plain gather", await seconds(lambda: asyncio.gather(*(slow(0) for _ in range(10_000))), 3), "s"),
        Row("a branch that does nothing, of 10,000", await computing(lambda: empty.run(0), 5) * 1e2, "us"),
        Row("10 parallel tool calls of 100 ms, whole run", await seconds(lambda: TenTools("ten").run(0), 9), "s", limit=0.103),
    ]


if __name__ == "__main__":
    finish("Workflows", asyncio.run(main()))
