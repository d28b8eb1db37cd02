"""What is said of an MCP server: the command that starts it or its address, and what it is given. Read from a text or an mcp.json."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..canonical import sha256
from ..errors import UsageError

_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_OTHER = re.compile(r"\$\{([A-Za-z]+:?[^}]*)\}")
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/|,(?=\s*[\]}])', re.DOTALL)
"""A text, which is kept; and what editors allow in JSON beside it: a comment, a comma after the last entry."""
_OF_EDITORS = (".vscode", ".cursor", ".zed", ".gemini", ".kiro")
"""Folders in which editors keep the settings of the folder above."""
_STDIO = frozenset({"", "stdio", "local"})
_HTTP = frozenset({"http", "streamable-http", "streamable_http", "streamableHttp", "remote"})
_FOLDED = str.maketrans({"-": "_"})
EXAMPLE = 'Write mcp("uvx some-server"), mcp("https://host/mcp") or mcp("mcp.json").'


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSpec:
    """One server: `command` starts it on this machine, or `url` is where it listens.

    `env` and `headers` hold secrets, so they are shown nowhere; and what the environment filled into a command or an address may be one, so
    of these is shown what is `stated`: the words of the command, or the path. `prefix` stands before the names of its tools.
    """

    name: str
    command: tuple[str, ...] = field(default=(), repr=False)
    url: str = field(default="", repr=False)
    stated: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str = ""
    prefix: str = ""
    timeout_seconds: float | None = None

    @property
    def identity(self) -> str:
        """Return what tells this server from others: its command, or its address without what may be a password."""
        if self.command:
            return f"stdio:{shlex.join(self.stated)}"
        return f"http:{self.address}"

    @property
    def address(self) -> str:
        """Return where it listens, without what may be a password; empty for one that a command starts."""
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port is not None else ""
        return f"{parts.scheme}://{parts.hostname or ''}{port}{''.join(self.stated)}" if self.url else ""

    @property
    def pinned_as(self) -> str:
        """Return what a pin holds for: a command that runs in a folder, or names a file there, is another server in another folder."""
        here = Path(self.cwd or ".").absolute()
        names_file = any(not Path(word).is_absolute() and find_named(word, here) is not None for word in self.command)
        return f"{self.identity} in {here}" if self.command and (self.cwd or names_file) else self.identity


def find_named(word: str, folder: Path) -> Path | None:
    """Return the file or folder that a word of a command names, seen from a folder: `server.py`, `--config=a.toml`, `desk.py:app`."""
    if not word or len(word) > 4096:
        return None
    for part in (word, word.rpartition("=")[2]):
        if part and (folder / part).exists():
            return folder / part
        file = part.rpartition(":")[0]
        if file and (folder / file).is_file():
            return folder / file
    return None


def read_servers(server: object, *, env: Mapping[str, str] | None, headers: Mapping[str, str] | None, cwd: str | None) -> list[ServerSpec]:
    """Return the servers that are meant: a command, an address, or all of an mcp.json (a path, or its content as a dict)."""
    if isinstance(server, Mapping):
        return read_config(server, "the configuration", Path.cwd())
    if isinstance(server, Path) or (isinstance(server, str) and server.endswith(".json") and " " not in server.strip()):
        if env or headers or cwd:
            raise UsageError(f"{server} has its servers' settings in it: put env, headers and cwd into that file.")
        return read_file(Path(server))
    if isinstance(server, (list, tuple)) and server and all(isinstance(part, str) for part in server):
        return [_make_local(tuple(server), env or {}, cwd or "")]
    if not isinstance(server, str) or not server.strip():
        raise UsageError(f"{server!r} names no MCP server. {EXAMPLE}")
    if re.match(r"[a-z]+://", server.strip(), re.IGNORECASE):
        return [_make_remote(server.strip(), headers or {})]
    try:
        command = tuple(shlex.split(server, posix=os.name == "posix"))
    except ValueError as error:
        raise UsageError(f"The command {server!r} cannot be read: {error}. {EXAMPLE}") from None
    if headers:
        raise UsageError(f"{server!r} is a command, and headers= are for an address. Give it env= instead.")
    return [_make_local(command, env or {}, cwd or "")]


def _make_local(command: tuple[str, ...], env: Mapping[str, str], cwd: str, name: str = "", **options: Any) -> ServerSpec:
    return ServerSpec(name=name or guess_name(command), command=command, env=dict(env), cwd=cwd, **{"stated": command, **options})


def _make_remote(url: str, headers: Mapping[str, str], name: str = "", **options: Any) -> ServerSpec:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url!r} is not an address of an MCP server: it begins with https:// (or http://) and names a host.")
    if parts.username or parts.password:
        raise UsageError("The address of an MCP server has a password in it. Send it as a header: headers={'Authorization': ...}.")
    return ServerSpec(name=name or parts.hostname, url=url, headers=dict(headers), **{"stated": (parts.path,), **options})


def guess_name(command: Iterable[str]) -> str:
    """Return a name for a server by its command: that of the package or file, without options and runners."""
    words = [word for word in command if not word.startswith("-")]
    runners = {"uvx", "npx", "uv", "run", "python", "python3", "node", "docker", "deno", "bunx", "-m"}
    packaged = [word.rpartition("node_modules/")[2].split("/") for word in words if "node_modules/" in word]
    if packaged:
        return packaged[0][1] if packaged[0][0].startswith("@") and len(packaged[0]) > 1 else packaged[0][0]
    named = [Path(word).name for word in words if Path(word).stem.lower() not in runners]
    return (named or [Path(word).name for word in words] or ["server"])[0]


def read_file(path: Path) -> list[ServerSpec]:
    """Return the servers of an mcp.json. Raises UsageError for one that is not there or not of that form."""
    try:
        text = path.expanduser().read_text(encoding="utf-8-sig")
        given = _read_json(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}.") from None
    folder = path.expanduser().resolve().parent
    return read_config(given, str(path), folder.parent if folder.name in _OF_EDITORS else folder)


def _read_json(text: str) -> object:
    """Read JSON as editors write it, with comments. Raises ValueError, about the text as it stands, for what is none."""
    try:
        return json.loads(text)
    except ValueError:
        with suppress(ValueError):
            return json.loads(_COMMENT.sub(lambda match: match[1] or "", text))
        raise


def read_config(given: object, where: str, folder: Path) -> list[ServerSpec]:
    """Return the servers of a configuration as other hosts have it: {"mcpServers": {"name": {"command": ..., "args": [...]}}}."""
    servers = next((given[key] for key in _KEYS if key in given), None) if isinstance(given, Mapping) else None
    if not isinstance(servers, Mapping):
        raise UsageError(
            f'{where} has no servers. It looks like {{"mcpServers": {{"name": {{"command": "uvx", "args": ["some-server"]}}}}}}.'
        )
    found = [_read_entry(str(name), entry, where, folder) for name, entry in servers.items() if not _is_disabled(entry)]
    if not found:
        raise UsageError(f"{where} names no server that is switched on.")
    return found


_KEYS = ("mcpServers", "servers", "context_servers", "mcp")
"""Under which key hosts list their servers: most of them, VS Code, Zed, opencode."""
_URLS = ("url", "httpUrl", "serverUrl")


def _is_disabled(entry: object) -> bool:
    return isinstance(entry, Mapping) and (entry.get("disabled") is True or entry.get("enabled") is False)


def _read_entry(name: str, entry: object, where: str, folder: Path) -> ServerSpec:
    place = f"{where}, server {name!r}"
    if not isinstance(entry, Mapping):
        raise UsageError(f"{place}: it is {entry!r}, and a server is an object with a command or a url.")
    kind = str(entry.get("type", entry.get("transport", "")))
    options: dict[str, Any] = {"name": name, "prefix": _read_prefix(entry, name, place), "timeout_seconds": _read_timeout(entry, place)}
    if kind == "sse":
        raise UsageError(
            f"{place}: it uses the old transport 'sse'. Give the address of its streamable HTTP (often .../mcp) with type 'http'."
        )
    if kind not in _STDIO | _HTTP:
        raise UsageError(f"{place}: there is no transport {kind!r}. Write type 'stdio' or 'http'.")
    if (key := next((each for each in _URLS if each in entry), "")) != "":
        filled: dict[str, str] = {}
        url = _expand(entry[key], f"{place}, {key}", folder, filled)
        headers = _expand_all(entry.get("headers"), f"{place}, headers", folder)
        return _make_remote(url, headers, stated=(_state(_find_path(url), filled),), **options)
    if "command" not in entry:
        raise UsageError(f"{place}: it has neither a command nor a url.")
    arguments = entry.get("args", [])
    if not isinstance(arguments, list):
        raise UsageError(f'{place}: args is {arguments!r}. Write a list: ["some-server"].')
    first = entry["command"] if isinstance(entry["command"], list) and entry["command"] else [entry["command"]]
    command, stated = list[str](), list[str]()
    for number, part in enumerate([*first, *arguments]):
        filled = {}
        command.append(_expand(part, f"{place}, {'command' if number < len(first) else 'args'}", folder, filled))
        stated.append(_state(command[-1], filled))
    cwd = _expand(entry["cwd"], f"{place}, cwd", folder) if entry.get("cwd") else ""
    env = _expand_all(entry.get("env", entry.get("environment")), f"{place}, env", folder)
    return _make_local(tuple(command), env, str(folder / cwd) if cwd else "", stated=tuple(stated), **options)


def _find_path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""  # whoever makes the server says what is wrong with it


def _state(text: str, filled: Mapping[str, str]) -> str:
    """Return a text with a name in place of each value that the environment `filled` in: it tells values apart, and none of them itself."""
    found = {piece: name for name, value in filled.items() for piece in (value, _find_path(value)) if piece.strip("/")}
    if not found:
        return text
    pattern = re.compile("|".join(map(re.escape, sorted(found, key=len, reverse=True))))
    return pattern.sub(lambda match: f"${{{found[match[0]]}}}~{sha256(match[0])[:8]}", text)


def _read_prefix(entry: Mapping[str, object], name: str, place: str) -> str:
    """Return what goes before the names of a server's tools: what the entry says, else its name."""
    prefix = entry.get("prefix", f"{name.translate(_FOLDED)}_")
    if not isinstance(prefix, str):
        raise UsageError(f'{place}: prefix is {prefix!r}. Write a text: "notes_".')
    return prefix


def _read_timeout(entry: Mapping[str, object], place: str) -> float | None:
    """Return the seconds of a call. Hosts write milliseconds under `timeout`; whoever means seconds writes a small number."""
    timeout = entry.get("timeout")
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or timeout <= 0:
        raise UsageError(f"{place}: timeout is {timeout!r}. Write milliseconds: 60000.")
    return float(timeout) / 1000 if timeout >= 1000 else float(timeout)


def _expand_all(given: object, place: str, folder: Path) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise UsageError(f"{place} is {type(given).__name__}, and must be an object of texts.")
    return {str(key): _expand(value, f"{place}, {key}", folder) for key, value in given.items()}


def _expand(given: object, place: str, folder: Path, filled: dict[str, str] | None = None) -> str:
    """Return a text with ${NAME}, ${NAME:-default} and ${env:NAME} filled in from the environment, and the folders that editors name.

    What was filled in by the environment is put into `filled`, by name.
    Raises UsageError for a name that is not set, and for what an editor would ask its user.
    """
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise UsageError(f"{place} is {type(given).__name__}, and must be a text.")

    def fill(match: re.Match[str]) -> str:
        if (place_of := {"workspaceFolder": folder, "userHome": Path.home()}.get(match[1])) is not None:
            return str(place_of)
        if (value := os.environ.get(match[1])) and filled is not None:
            filled[match[1]] = value
        value = value or match[2]
        if value is None:
            raise UsageError(f"{place}: the environment variable {match[1]} is not set. Set it, or write ${{{match[1]}:-DEFAULT}}.")
        return value

    for left in _OTHER.finditer(str(given)):
        if not _VARIABLE.fullmatch(left[0]):
            raise UsageError(f"{place}: {left[0]} is for an editor to fill in. Name an environment variable instead: ${{NAME}}.")
    return _VARIABLE.sub(fill, str(given))
