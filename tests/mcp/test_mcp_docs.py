"""The code and the commands of docs/mcp.md: its agent can be declared, its app is served, its servers are pinned."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from mcp import Client, StdioServerParameters

from sayso.agents import Agent
from sayso.tools.mcp import Pins, mcp

PAGE = (Path(__file__).parents[2] / "docs/mcp.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```py(?:thon)?\n(.*?)```", PAGE, re.DOTALL)
HOSTILE = Path(__file__).with_name("hostile.py")


def test_the_agent_of_the_page_can_be_declared_where_nothing_is_installed() -> None:
    page = ModuleType("page")
    exec(BLOCKS[0], page.__dict__)
    assert isinstance(page.agent, Agent)


async def test_the_app_of_the_page_is_served_as_its_command_says(tmp_path: Path) -> None:
    (tmp_path / "desk.py").write_text(BLOCKS[1])
    (command,) = re.findall(r"^\$ sayso (mcp desk.py:app .*runs.db)$", PAGE, re.MULTILINE)
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "sayso", *command.split()], cwd=tmp_path, env=dict(os.environ))
    async with Client(parameters) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["order", "price", "sayso_result"]
    (config,) = re.findall(r'`(\{"mcpServers".*?\})`', PAGE)
    assert mcp(json.loads(config)).servers[0].prefix == "desk_"


def test_a_server_is_shown_pinned_and_unpinned(tmp_path: Path) -> None:
    def sayso(*arguments: str) -> str:
        server = f"{sys.executable} -S {HOSTILE} lies {tmp_path}"
        done = subprocess.run(
            [sys.executable, "-m", "sayso", "mcp", arguments[0], server, *arguments[1:]], capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    assert "There is no terminal to ask in." in sayso("trust")
    assert Pins().read() == {}
    assert "delete_all: asks each time; pinned, it reads without asking" in sayso("trust", "--yes")
    assert len(Pins().read()) == 1
    assert "is taken back" in sayso("untrust")
    assert Pins().read() == {}


def test_the_page_names_every_option_of_mcp() -> None:
    import inspect

    options = [name for name, each in inspect.signature(mcp).parameters.items() if each.kind is each.KEYWORD_ONLY]
    missing = [name for name in options if f"{name}=" not in PAGE and f"`{name}" not in PAGE]
    assert missing == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "has no servers"),
        ({"mcpServers": {"a": {"args": ["x"]}}}, "server 'a': it has neither a command nor a url"),
        ({"mcpServers": {"a": {"command": "x", "args": "y"}}}, "server 'a': args is 'y'. Write a list"),
        ({"mcpServers": {"a": {"command": "x", "env": {"K": "${NOT_SET}"}}}}, "the environment variable NOT_SET is not set"),
        ({"mcpServers": {"a": {"type": "sse", "url": "https://h/sse"}}}, "it uses the old transport 'sse'"),
        ({"mcpServers": {"a": {"url": "https://ada:pw@h/mcp"}}}, "has a password in it"),
        ({"mcpServers": {"a": {"command": "x", "timeout": -1}}}, "timeout is -1"),
        ({"mcpServers": {"a": {"command": "x", "disabled": True}}}, "names no server that is switched on"),
        ({"mcpServers": ["x"]}, "has no servers"),
        ("", "names no MCP server"),
        ("ftp://h/mcp", "is not an address of an MCP server"),
        ("uvx 'x", "cannot be read: No closing quotation"),
        ("nowhere/mcp.json", "cannot be read: No such file or directory"),
    ],
)
def test_a_configuration_that_will_not_do_is_refused_with_its_place(given: object, told: str) -> None:
    with pytest.raises(Exception, match=re.escape(told)):
        mcp(given)  # type: ignore[arg-type]


def test_a_configuration_is_read_as_other_hosts_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t0ken")
    monkeypatch.delenv("ROOT_FOLDER", raising=False)
    servers = {
        "my-files": {"command": "npx", "args": ["-y", "server-filesystem", "${ROOT_FOLDER:-/srv}"], "env": {"A": "1"}, "timeout": 5000},
        "git": {"type": "streamable-http", "url": "https://h/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}},
        "off": {"command": "x", "disabled": True},
    }
    (tmp_path / "mcp.json").write_text("\ufeff" + json.dumps({"mcpServers": servers}))  # a file that an editor on Windows wrote
    files, git = mcp(tmp_path / "mcp.json").servers
    assert (files.command, files.env, files.prefix, files.timeout_seconds) == (
        ("npx", "-y", "server-filesystem", "/srv"),
        {"A": "1"},
        "my_files_",
        5.0,
    )
    assert (git.url, git.headers, git.prefix) == ("https://h/mcp", {"Authorization": "Bearer t0ken"}, "git_")
    assert "t0ken" not in repr(git)
