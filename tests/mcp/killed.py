"""What becomes of one approved order of a client whose server is killed (SIGKILL) at a point, and started again."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path

import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

DESK = Path(__file__).with_name("desk.py")
POINTS = ("after the question", "before the commit", "after the commit", "after the answer")
ORDER = {"what": "burger", "number": 3}


def connect(url: str, folder: Path, die: str) -> Client:
    async def never(context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
        raise AssertionError("the answers are given by hand")

    command = ["-m", "sayso", "mcp", f"{DESK}:app", "--database", url]
    env = {**os.environ, "DESK": str(folder), "DIE": die, "SAYSO_MCP_KEY": "k" * 40}
    return Client(StdioServerParameters(command=sys.executable, args=command, env=env), elicitation_callback=never)


async def order(client: Client, asked: types.InputRequiredResult | None = None) -> types.InputRequiredResult | types.CallToolResult:
    if asked is None:
        return await client.session.call_tool("order", ORDER, allow_input_required=True)
    yes: types.InputResponses = {
        key: types.ElicitResult(action="accept", content={"decision": "approve"}) for key in asked.input_requests or {}
    }
    return await client.session.call_tool("order", ORDER, input_responses=yes, request_state=asked.request_state, allow_input_required=True)


async def see_through(url: str, folder: Path, die: str) -> tuple[list[str], str]:
    """Return the orders at the merchant, and what the client is told in the end."""
    async with connect(url, folder, die) as client:
        asked = await order(client)
        assert isinstance(asked, types.InputRequiredResult)
        if die != "after the question":
            with suppress(MCPError):  # the connection is gone with the server
                await order(client, asked)
        with suppress(ProcessLookupError):
            os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
    async with connect(url, folder, die) as client:
        result = await order(client, asked)
        again = await order(client, asked)
    assert result == again
    assert isinstance(result, types.CallToolResult)
    database = sqlite3.connect(folder / "merchant.db")
    orders = [what for (what,) in database.execute("SELECT what FROM orders")]
    database.close()
    return orders, str(result.structured_content)
