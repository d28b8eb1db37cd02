"""Servers that others wrote, from the package registries: a scripted agent uses each, and a person is asked about each call.

`make test` installs them into .venv/public, where there are npm and a network; `SAYSO_PUBLIC_SERVERS` names another folder with them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sayso import Agent, ScriptedModel, mcp
from sayso.tools import Outcome

from .test_hostile_servers import results, say_yes


def find_server(path: str) -> Path:
    program = Path(os.environ.get("SAYSO_PUBLIC_SERVERS") or Path(sys.prefix) / "public") / path
    if not program.exists():
        pytest.skip(f"there is no public server {path}: `make test` installs it where it can")
    return program


async def test_the_filesystem_server_of_the_npm_registry(tmp_path: Path) -> None:
    program = find_server("node_modules/@modelcontextprotocol/server-filesystem/dist/index.js")
    (tmp_path / "a.txt").write_text("hello")
    calls = (
        f'read_text_file(path="{tmp_path}/a.txt")',
        f'write_file(path="{tmp_path}/b.txt", content="x")',
        'read_file(path="/etc/passwd")',
    )
    servers = mcp(["node", str(program), str(tmp_path)])
    waiting = await Agent(ScriptedModel(calls[0]), tools=[servers]).run("go")
    assert [request.card for request in waiting.pending] == ["Call read_text_file of the MCP server server-filesystem."]
    run = await Agent(ScriptedModel(*calls, "Over."), tools=[servers]).run("go", approve=say_yes)
    assert [result.outcome for result in results(run)] == [Outcome.DONE, Outcome.DONE, Outcome.UNKNOWN]
    assert ((tmp_path / "b.txt").read_text(), "Access denied" in results(run)[2].text) == ("x", True)


async def test_the_time_server_of_the_python_registry() -> None:
    program = find_server("python/bin/mcp-server-time")
    agent = Agent(ScriptedModel('get_current_time(timezone="Europe/Oslo")', "Over."), tools=[mcp(str(program))])
    run = await agent.run("go", approve=say_yes)
    assert (results(run)[0].outcome, '"timezone": "Europe/Oslo"' in results(run)[0].text) == (Outcome.DONE, True)
