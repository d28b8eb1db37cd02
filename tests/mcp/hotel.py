"""An MCP server of protocol 2026-07-28 that asks for a form in the middle of a call. It notes each call in the folder of its argument."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

NOTES = Path(sys.argv[1])
FORM: types.ElicitRequestedSchema = {"type": "object", "properties": {"room": {"type": "string"}}, "required": ["room"]}


def note(what: str, line: str) -> None:
    with (NOTES / what).open("a") as file:
        file.write(f"{line}\n")


async def list_tools(ctx: Any, params: Any) -> types.ListToolsResult:
    return types.ListToolsResult(tools=[types.Tool(name="book", description="Book a room.", input_schema={"type": "object"})])


async def call_tool(ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult | types.InputRequiredResult:
    note("called", str(params.request_state))
    if params.request_state is None:
        form = types.ElicitRequestFormParams(message="Which room?", requested_schema=FORM)
        return types.InputRequiredResult(input_requests={"which": types.ElicitRequest(params=form)}, request_state="room 1")
    answer = (params.input_responses or {})["which"]
    assert isinstance(answer, types.ElicitResult)
    if answer.action != "accept":
        return types.CallToolResult(content=[types.TextContent(text=f"not booked: {answer.action}")])
    note("booked", str((answer.content or {})["room"]))
    return types.CallToolResult(content=[types.TextContent(text="booked")])


async def main() -> None:
    server: Server[Any] = Server("hotel", version="1", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


asyncio.run(main())
