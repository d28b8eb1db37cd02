"""An MCP server with one tool, `convert_time`, for where mcp-server-time is not installed."""

from __future__ import annotations

import asyncio
import datetime
import zoneinfo
from typing import Any

import mcp_types as types
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

NAMES = ("source_timezone", "time", "target_timezone")


async def list_tools(ctx: Any, params: Any) -> types.ListToolsResult:
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in NAMES}, "required": [*NAMES]}
    hints = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
    return types.ListToolsResult(
        tools=[types.Tool(name="convert_time", description="Convert a time.", input_schema=schema, annotations=hints)]
    )


async def call_tool(ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
    source, time, target = [str((params.arguments or {})[name]) for name in NAMES]
    there = datetime.datetime.combine(datetime.date(2026, 1, 1), datetime.time.fromisoformat(time), zoneinfo.ZoneInfo(source))
    return types.CallToolResult(content=[types.TextContent(text=there.astimezone(zoneinfo.ZoneInfo(target)).isoformat())])


async def main() -> None:
    server: Server[Any] = Server("time", version="1", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


if __name__ == "__main__":
    asyncio.run(main())
