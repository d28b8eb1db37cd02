"""What the agent loop costs beside a hand-written asyncio loop that also streams, validates arguments and keeps the messages.

python benchmarks/agent_loop.py [--write]
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from itertools import pairwise
from types import FrameType
from typing import Any

from _table import Row, finish
from pydantic import BaseModel

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.agents.models.model import CallDelta, Delta, Finished, ModelRequest, TextDelta
from sayso.cli.long_process import settle_garbage_collector
from sayso.tools import tool
from sayso.workflows import Limits


class Arguments(BaseModel):
    """What the hand-written loop validates with."""

    item: str


@tool.read(trust="tool", secrecy="public")  # a script of ours
async def calories(item: str) -> str:
    """Looks an item up."""
    return "520 calories"


ASKED = Reply(calls=(call("calories", item="cheeseburger"),))


async def by_hand(model: ScriptedModel) -> str:
    """The loop that one would write for one's own program."""
    messages: list[Any] = [{"role": "user", "content": "How many?"}]
    while True:
        text, calls = "", {}
        async for delta in model.stream(ModelRequest(messages)):
            match delta:
                case TextDelta(piece):
                    text += piece
                case CallDelta(index, call_id, name, arguments):
                    known = calls.setdefault(index, [call_id, "", ""])
                    known[1] += name
                    known[2] += arguments
        messages.append({"role": "assistant", "content": text, "tool_calls": list(calls.values())})
        if not calls:
            return text
        for call_id, _name, arguments in calls.values():
            checked = Arguments.model_validate(json.loads(arguments))
            result = await calories.function(**checked.__dict__)
            messages.append({"role": "tool", "tool_call_id": call_id, "content": result})


async def median_us(*loops: Callable[[], Awaitable[Any]], batches: int = 60, runs: int = 50) -> list[float]:
    """Of each loop the median batch, in microseconds a run. They take turns, so that whatever else the machine does meets them alike."""
    taken: list[list[float]] = [[] for _ in loops]
    for _ in range(batches):
        for once, times in zip(loops, taken, strict=True):
            start = time.perf_counter()
            for _ in range(runs):
                await once()
            times.append((time.perf_counter() - start) / runs)
    return [statistics.median(times) * 1e6 for times in taken]


async def count_instructions(once: Callable[[], Awaitable[Any]]) -> int:
    """Return how many bytecode instructions a run takes: the same in every take, however busy the machine is."""
    counted = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal counted
        frame.f_trace_opcodes = True
        counted += event == "opcode"
        return trace

    for _ in range(3):  # what is found once is found by then
        await once()
    sys.settrace(trace)
    try:
        await once()
    finally:
        sys.settrace(None)
    return counted


class Slow:
    """A model whose every call takes 100 ms: a tool call, then an answer."""

    name, takes_tools = "slow", True

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Two turns a run, told apart by the length of the transcript."""
        await asyncio.sleep(0.1)
        if len(request.messages) < 3:
            yield CallDelta(0, "", "calories", '{"item": "cheeseburger"}')
        else:
            yield TextDelta("520 calories")
        yield Finished()


async def turns(number: int) -> list[float]:
    """The time between one model call and the next, in one run of many turns."""
    stamps: list[float] = []

    def line(request: ModelRequest) -> Reply:
        stamps.append(time.perf_counter())
        return ASKED if len(stamps) <= number else Reply("done")

    agent = Agent(ScriptedModel(line, repeat=True), tools=[calories], limits=Limits())
    await agent.run("How many?")
    return [later - earlier for earlier, later in pairwise(stamps)]


async def flatness(number: int = 200, runs: int = 15) -> float:
    """Last ten turns over first ten, each turn its median over several runs."""
    await turns(number)
    columns = list(zip(*[await turns(number) for _ in range(runs)], strict=True))
    medians = [statistics.median(column) for column in columns]
    return statistics.median(medians[-10:]) / statistics.median(medians[1:11])


async def concurrent(number: int = 1000) -> tuple[float, float]:
    """Seconds for that many runs at once, by the clock and of a processor, the medians of seven."""
    agent = Agent(Slow(), tools=[calories])
    taken, computed = [], []
    for _ in range(7):
        start, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(agent.run("How many?") for _ in range(number)))
        taken.append(time.perf_counter() - start)
        computed.append(time.process_time() - cpu)
    return statistics.median(taken), statistics.median(computed)


async def main() -> list[Row]:
    """All rows."""
    lines = (ASKED, "520 calories")

    async def ours() -> None:
        await Agent(ScriptedModel(*lines), tools=[calories]).run("How many?")

    model = ScriptedModel(*lines)
    kept = Agent(model, tools=[calories])

    async def ours_kept() -> None:
        model.requests = 0
        await kept.run("How many?")

    at_once, computed = await concurrent()
    hand, run, anew = await median_us(lambda: by_hand(ScriptedModel(*lines)), ours_kept, ours)
    flat = await flatness()
    settle_garbage_collector()
    settled, settled_computed = await concurrent()
    return [
        Row("one run (model, tool, answer), by hand", hand, "us"),
        Row("one run with an Agent", run, "us"),
        Row("one run with an Agent / by hand", run / hand, "x", limit=3.0),
        Row("one run, the Agent made anew", anew, "us"),
        Row("turn cost, last 10 of 200 / first 10", flat, "x", limit=1.1),
        Row("1,000 concurrent runs of two 100 ms model calls, in a program of yours", at_once, "s"),
        Row("1,000 concurrent runs in a program of yours, of a processor", computed, "s"),
        Row("1,000 concurrent runs, in `sayso worker` and `sayso serve`", settled, "s", limit=0.26),
        Row("1,000 concurrent runs in `sayso worker` and `sayso serve`, of a processor", settled_computed, "s", limit=0.08),
        Row("bytecode instructions of one run, by hand", await count_instructions(lambda: by_hand(ScriptedModel(*lines))), ""),
        Row("bytecode instructions of one run with an Agent", await count_instructions(ours_kept), "", limit=3300),
    ]


if __name__ == "__main__":
    finish("Agent loop", asyncio.run(main()))
