"""The settings of servers as editors and other hosts write them, each in its own form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sayso import mcp
from sayso.tools import UsageError
from sayso.tools.mcp import McpError
from sayso.tools.mcp.server_spec import ServerSpec

VS_CODE = """{
  // what the editor asks its user
  "inputs": [{"id": "key", "type": "promptString"}],
  "servers": {
    "git-hub": {
      "type": "http",
      "url": "https://h/mcp", /* not http://h */
      "headers": {"Authorization": "Bearer ${env:TOKEN}",},
    },
    "files": {"command": "npx", "args": ["-y", "fs", "${workspaceFolder}/notes", "${userHome}"]},
  },
}"""
CONFIGS: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "VS Code, with comments": (
        ".vscode/mcp.json",
        VS_CODE,
        [
            {"url": "https://h/mcp", "headers": {"Authorization": "Bearer t0ken"}, "prefix": "git_hub_"},
            {"command": ("npx", "-y", "fs", "{folder}/notes", "{home}"), "prefix": "files_"},
        ],
    ),
    "Gemini": ("settings.json", '{"mcpServers": {"a": {"httpUrl": "https://h/mcp", "trust": true}}}', [{"url": "https://h/mcp"}]),
    "Windsurf": ("mcp_config.json", '{"mcpServers": {"a": {"serverUrl": "https://h/mcp"}}}', [{"url": "https://h/mcp"}]),
    "opencode": (
        "opencode.json",
        '{"mcp": {"a": {"type": "local", "command": ["npx", "x"], "environment": {"K": "v"}, "enabled": true}, "b": {"enabled": false}}}',
        [{"command": ("npx", "x"), "env": {"K": "v"}}],
    ),
    "Zed": ("settings.json", '{"context_servers": {"a": {"command": "uvx", "args": ["x"]}}}', [{"command": ("uvx", "x")}]),
    "Claude, with what it approves by itself": (
        "mcp.json",
        '{"mcpServers": {"a": {"command": "uvx", "args": ["x"], "alwaysAllow": ["delete"], "autoApprove": ["delete"]}}}',
        [{"command": ("uvx", "x"), "prefix": "a_"}],
    ),
    "a prefix of one's own": (
        "mcp.json",
        '{"mcpServers": {"a-b": {"command": "x", "prefix": "one_"}, "a_b": {"command": "y", "prefix": ""}}}',
        [{"command": ("x",), "prefix": "one_"}, {"command": ("y",), "prefix": ""}],
    ),
    "an address in a text": ("mcp.json", '{"mcpServers": {"a": {"command": "x", "args": ["http://h//b", ",]"]}}, }', [{}]),
}


@pytest.mark.parametrize(("name", "text", "servers"), CONFIGS.values(), ids=CONFIGS)
def test_the_settings_of_a_host_are_read(
    name: str, text: str, servers: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t0ken")
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    read = mcp(path).servers
    assert len(read) == len(servers)
    for spec, expected in zip(read, servers, strict=True):
        for field, value in expected.items():
            if isinstance(value, tuple):
                value = tuple(each.format(folder=tmp_path, home=Path.home()) for each in value)
            assert getattr(spec, field) == value


FILLED: dict[str, tuple[dict[str, Any], str]] = {
    "an argument": ({"command": "uvx", "args": ["x", "--key", "${env:TOKEN}"]}, "stdio:uvx x --key '${TOKEN}~"),
    "a part of one": ({"command": "uvx", "args": ["x", "--key=${TOKEN}", "y"]}, "stdio:uvx x '--key=${TOKEN}~"),
    "a part of the path": ({"url": "https://h/${TOKEN}/mcp"}, "http:https://h/${TOKEN}~"),
    "the query": ({"url": "https://h/mcp?key=${TOKEN}"}, "http:https://h/mcp"),
    "the address": ({"url": "${ADDRESS}"}, "http:https://h${ADDRESS}~"),
    "a default, which stands in the file": ({"command": "uvx", "args": ["${NONE:-x}"]}, "stdio:uvx x"),
}


@pytest.mark.parametrize(("entry", "shown"), FILLED.values(), ids=FILLED)
def test_what_the_environment_fills_in_is_sent_and_shown_nowhere(
    entry: dict[str, Any], shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(token: str) -> ServerSpec:
        monkeypatch.setenv("TOKEN", token)
        monkeypatch.setenv("ADDRESS", f"https://h/{token}/mcp")
        return mcp({"mcpServers": {"a": entry}}).servers[0]

    one, other = read("t0ken-of-ada"), read("another-t0ken")
    told = f"{one.identity} {one.pinned_as} {one!r}"
    assert (one.identity.startswith(shown), "t0ken" in told) == (True, False), told
    is_filled = "${" in one.identity
    assert (one.identity == other.identity) is not is_filled, "another value is another server, which is not pinned"
    assert ("t0ken-of-ada" in f"{one.command} {one.url}") is not ("NONE" in str(entry))


async def test_an_address_that_nobody_answers_at_is_named_without_what_the_environment_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t0ken")
    servers = mcp({"mcpServers": {"a": {"url": "http://127.0.0.1:9/${TOKEN}/mcp?key=${TOKEN}"}}})
    with pytest.raises(McpError) as raised:
        await servers.list_all()
    assert ("nothing answers at http://127.0.0.1:9/${TOKEN}~" in str(raised.value), "t0ken" in str(raised.value)) == (True, False)


BROKEN = {
    "what an editor asks": ({"command": "x", "env": {"K": "${input:key}"}}, "${input:key} is for an editor to fill in."),
    "a prefix that is none": ({"command": "x", "prefix": 3}, "prefix is 3. Write a text"),
    "an empty command": ({"command": []}, "command is list, and must be a text"),
}


@pytest.mark.parametrize(("entry", "told"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_filled_in_is_said(entry: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as raised:
        mcp({"mcpServers": {"a": entry}})
    assert told in str(raised.value)


def test_comments_are_no_way_around_json(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text('{"mcpServers": {"a": }}  // no')
    with pytest.raises(UsageError, match="is not JSON: Expecting value: line 1 column 22"):
        mcp(path)
