"""What a call of an MCP server costs on a warm session over pipes, beside the same call by the MCP package's own client.

    python benchmarks/mcp_calls.py

The server is mcp-server-time from the package registry where it is installed here, else one of our own, `_time_server.py`. Calls of both
are made in turns, so a busy machine slows both.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from _table import Row, finish
from mcp import Client, StdioServerParameters

from sayso import Run, ToolContext, mcp, sequential
from sayso.tools.definition.tool import AnyTool
from sayso.tools.mcp import Pins

ARGUMENTS = {"source_timezone": "Europe/Oslo", "time": "12:30", "target_timezone": "Asia/Tokyo"}
NAME, ROUNDS, CALLS = "convert_time", 20, 25


def find_server() -> list[str]:
    """The command of the server: the public one in this environment, else our own."""
    found = shutil.which("mcp-server-time", path=str(Path(sys.executable).parent))
    return [sys.executable, str(Path(__file__).with_name("_time_server.py"))] if found is None else [found]


async def seconds_of(call: Callable[[], Awaitable[object]]) -> float:
    """How long one call takes, of many."""
    start = time.perf_counter()
    for _ in range(CALLS):
        await call()
    return (time.perf_counter() - start) / CALLS


async def compare(tool: AnyTool, bare: Client, run: Run | None) -> tuple[list[float], list[float]]:
    """Seconds of a call by the bare client and by the tool, alone or in a run, in turns."""
    nothing: ToolContext[object] = ToolContext(None)

    async def call_tool() -> object:
        return await (run.call(tool, **ARGUMENTS) if run is not None else tool.perform(ARGUMENTS, nothing))

    async def call_bare() -> object:
        return await bare.call_tool(NAME, ARGUMENTS)

    await seconds_of(call_bare)
    await seconds_of(call_tool)
    pairs = [(await seconds_of(call_bare), await seconds_of(call_tool)) for _ in range(ROUNDS)]
    return [one for one, _ in pairs], [other for _, other in pairs]


def rows(what: str, bare: list[float], own: list[float], limit: float | None) -> list[Row]:
    """The cost of a call, and the middle of the ratios of neighbours."""
    ratio = statistics.median(other / one for one, other in zip(bare, own, strict=True))
    return [Row(f"{what}: a call", statistics.median(own) * 1e3, "ms"), Row(f"{what}: beside the bare client", ratio, "x", limit)]


async def measure() -> list[Row]:
    """All rows."""
    server = find_server()
    with tempfile.TemporaryDirectory() as folder:
        servers = mcp(server, tools=[NAME], pins=f"{folder}/pins.json", secrecy="public")
        ((spec, listed, _),) = await servers.list_all()
        Pins(Path(folder) / "pins.json").pin(spec.pinned_as, listed, "benchmark")
        async with Client(StdioServerParameters(command=server[0], args=server[1:])) as bare, servers.connect() as (tool,):
            alone = await compare(tool, bare, None)
            inside: list[tuple[list[float], list[float]]] = []

            async def work(run: Run, value: str) -> str:
                inside.append(await compare(tool, bare, run))
                return value

            await sequential(work).run("")
    return [
        Row("the bare client: a call", statistics.median(alone[0]) * 1e3, "ms"),
        *rows("a tool", *alone, 1.2),
        *rows("a tool in a run, counted and labelled", *inside[0], 1.2),
    ]


if __name__ == "__main__":
    finish("MCP calls", asyncio.run(measure()))
