"""`mcp(...)`: the tools of MCP servers, for an agent's `tools=`. They are listed when a run begins, and asked about like any other."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..approval.cards import show_value
from ..approval.requests import Approver
from ..canonical import JsonObject
from ..definition.decorators import tool
from ..definition.moments import note_moment
from ..definition.tool import ToolContext
from ..effects import AnySecrecy, Effect, Secrecy, to_member
from ..errors import ToolError, UsageError
from ..installing import build_install_command
from .errors import McpError
from .listing import ListedTool, choose_effect, choose_secrecy
from .server_spec import ServerSpec, read_servers
from .trust import Pins

log: logging.Logger = logging.getLogger(__name__)
if TYPE_CHECKING:
    from ..definition.schema_tool import SchemaTool
    from .server_questions import Sample
    from .session import McpSession


class _Run(Protocol):
    """A run, as far as its servers are concerned."""

    @property
    def id(self) -> str: ...
    @property
    def scope(self) -> Any: ...
    async def step(self, name: str, op: Any, *args: Any) -> Any: ...


class McpServers:
    """The tools of one or more servers; `mcp(...)` makes it. An agent opens it in each run.

    Outside an agent: `async with servers.connect() as tools`, for `run.call(tool, ...)` or to look at them.
    """

    def __init__(
        self,
        servers: Sequence[ServerSpec],
        *,
        only: Collection[str] | None,
        required: bool,
        secrecy: Secrecy | None,
        sample: Sample | None,
        pins: Pins,
        options: Mapping[str, Any],
    ) -> None:
        self.servers: tuple[ServerSpec, ...] = tuple(servers)
        self._only, self._required, self._secrecy, self._sample = only, required, secrecy, sample
        self._pins, self._options = pins, options
        self._made_at = note_moment()  # its tools are made in a run, and no code of the run has a say in what they do

    def __repr__(self) -> str:
        return f"<MCP servers {', '.join(spec.name for spec in self.servers)}>"

    @asynccontextmanager
    async def open_tools(self, run: _Run, position: str) -> AsyncIterator[OpenedServers]:
        """Yield the tools of the servers for a run, which keeps what they list: a resumed run has the same, and connects when it calls."""
        async with AsyncExitStack() as stack:
            sessions = self._make_sessions(stack, run.scope.approve)
            listed: list[JsonObject] = await run.step(position, self._list_all, sessions)
            yield OpenedServers(self, sessions, listed, self._make_tools(sessions, listed))

    async def list_all(self) -> list[tuple[ServerSpec, list[ListedTool], list[str]]]:
        """Return what each server lists now, with what is wrong with it. Raises McpError."""
        async with AsyncExitStack() as stack:
            sessions = self._make_sessions(stack, None)
            return [(session.spec, await session.list(), session.problems) for session in sessions]

    @asynccontextmanager
    async def connect(self, *, approve: Approver | None = None) -> AsyncIterator[list[SchemaTool]]:
        """Connect, and yield the tools for as long as the block lasts. Raises McpError."""
        async with AsyncExitStack() as stack:
            sessions = self._make_sessions(stack, approve)
            yield self._make_tools(sessions, await self._list_all(sessions))

    def _make_sessions(self, stack: AsyncExitStack, approve: Approver | None) -> list[McpSession]:
        from .open_calls import OpenCalls  # late, for load time: the protocol's package is an extra, and takes a second to load
        from .server_questions import ServerQuestions
        from .session import McpSession, SessionOptions

        options = SessionOptions(**self._options)
        sessions = []
        for spec in self.servers:
            questions = ServerQuestions(spec.name, spec.identity, self._sample)
            session = McpSession(spec, options, questions, OpenCalls(spec.name, approve is not None))
            stack.push_async_callback(session.close)
            sessions.append(session)
        return sessions

    async def list_changed(self, sessions: Sequence[McpSession], before: Sequence[JsonObject]) -> list[JsonObject]:
        """Return what each server lists by now, as JSON. One that cannot be asked has what it had."""
        found = await asyncio.gather(*(session.list_now() for session in sessions), return_exceptions=True)
        return [
            known if isinstance(tools, BaseException) else self._pinned_rows(session, tools)
            for session, tools, known in zip(sessions, found, before, strict=True)
        ]

    def _pinned_rows(self, session: McpSession, tools: Sequence[ListedTool]) -> JsonObject:
        pinned = self._pins.are_pinned(session.spec.pinned_as, tools)
        rows = [{**each.as_json(), "pinned": is_pinned} for each, is_pinned in zip(tools, pinned, strict=True)]
        for problem in session.problems:
            log.warning("The MCP server %s: %s", session.spec.name, problem)
        return {"tools": rows}

    async def _list_all(self, sessions: Sequence[McpSession]) -> list[JsonObject]:
        """Return what each server lists, as JSON: with what each tool may do without asking, or why there is none.

        Raises McpError for a server that is required and not there.
        """
        found = await asyncio.gather(*(session.list() for session in sessions), return_exceptions=True)
        listed: list[JsonObject] = []
        for session, tools in zip(sessions, found, strict=True):
            if isinstance(tools, McpError) and not self._required:
                log.warning("%s This run goes on without its tools.", tools)
                listed.append({"problem": str(tools)})
            elif isinstance(tools, BaseException):
                raise tools
            else:
                listed.append(self._pinned_rows(session, tools))
        return listed

    def make_tools_again(self, sessions: Sequence[McpSession], listed: Sequence[JsonObject]) -> list[SchemaTool]:
        """Return the tools of servers that have changed; of `tools=` those that are there still."""
        return self._make_tools(sessions, listed, names_all=False)

    def _make_tools(self, sessions: Sequence[McpSession], listed: Sequence[JsonObject], *, names_all: bool = True) -> list[SchemaTool]:
        tools: list[SchemaTool] = []
        for session, found in zip(sessions, listed, strict=True):
            for row in found.get("tools", ()):
                if self._only is None or row["name"] in self._only:
                    made = self._make_tool(session, ListedTool.from_json(row), pinned=row["pinned"])
                    if made is not None and any(each.name == made.name for each in tools):
                        # "a.b" and "a-b" of a server are one name to an endpoint; of two servers they are refused where both are given
                        own = any(each.name == made.name and each.identity.startswith(f"mcp {session.spec.identity} ") for each in tools)
                        made = replace(made, name=f"{made.name[:55]}_{row['hash'][:8]}") if own else made
                    tools += [made] if made is not None else []
        if self._only is not None and names_all:
            names = {row["name"] for found in listed for row in found.get("tools", ())}
            if missing := [name for name in self._only if name not in names and all("problem" not in each for each in listed)]:
                raise UsageError(f"{self!r} has no tool {missing[0]!r}. Tools: {', '.join(sorted(names)) or 'none'}.")
        return tools

    def _make_tool(self, session: McpSession, listed: ListedTool, *, pinned: bool) -> SchemaTool | None:
        """Return the tool; None for one whose schema no call could be checked with: the others are there all the same."""
        spec, effect = session.spec, choose_effect(listed, pinned=pinned)
        pinned_as = spec.pinned_as

        async def perform(arguments: Mapping[str, object], context: ToolContext[object]) -> object:
            if effect is not Effect.WRITE and not self._pins.are_pinned(pinned_as, [listed])[0]:
                raise ToolError(
                    f"The MCP server {spec.name} was pinned when this run began, and its pin was taken back. Nothing was done. A new run "
                    "asks about each of its calls."
                )
            if context.answers is not None:
                return await session.go_on(listed, arguments, context.state, context.answers, is_write=effect is Effect.WRITE)
            return await session.call(listed, arguments, is_write=effect is Effect.WRITE)

        shown = f"{spec.prefix}{listed.name}"
        card = f"Call {show_value(listed.name)} of the MCP server {show_value(spec.name)}.".replace("{", "{{").replace("}", "}}")
        try:
            made = tool.from_schema(
                perform,
                name=shown,
                schema=listed.schema,
                description=listed.description,
                effect=effect,
                identity=f"mcp {spec.identity} {listed.name}",
                version=listed.hash,
                card=card,
                trust="untrusted",
                secrecy=self._secrecy or choose_secrecy(effect),
            )
            return replace(made, made_at=self._made_at)
        except UsageError as error:
            log.warning("The tool %r of the MCP server %s is left out: %s", listed.name, spec.name, error)
            return None


class OpenedServers:
    """The tools of servers in a run, and their sessions. A server may change its tools while the run lasts."""

    def __init__(
        self, servers: McpServers, sessions: Sequence[McpSession], listed: Sequence[JsonObject], tools: Sequence[SchemaTool]
    ) -> None:
        self._servers, self._sessions, self._listed = servers, sessions, listed
        self.tools: Sequence[SchemaTool] = tools

    def has_changed(self) -> bool:
        """Return whether a server has said that its tools are others by now, or has listed others before a call."""
        return any(
            session.is_stale or (session.listed and {row["hash"] for row in known.get("tools", ())} != session.hashes)
            for session, known in zip(self._sessions, self._listed, strict=True)
        )

    async def list_again(self, run: _Run, position: str) -> Sequence[SchemaTool]:
        """Return the tools as they are listed now, a step of the run."""
        self._listed = await run.step(position, self._servers.list_changed, self._sessions, self._listed)
        self.tools = self._servers.make_tools_again(self._sessions, self._listed)
        return self.tools


def mcp(
    server: str | Path | Sequence[str] | Mapping[str, Any],
    /,
    *,
    tools: Iterable[str] | None = None,
    prefix: str = "",
    env: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    timeout_seconds: float = 60.0,
    connect_seconds: float = 60.0,
    required: bool = True,
    secrecy: AnySecrecy | None = None,
    sample: Sample | None = None,
    sandbox: bool = True,
    read: Iterable[str | os.PathLike[str]] = (),
    write: Iterable[str | os.PathLike[str]] = (),
    pins: str | os.PathLike[str] | None = None,
) -> McpServers:
    """Return the tools of an MCP server: `Agent(tools=[mcp("uvx mcp-server-time"), mcp("https://host/mcp"), mcp("mcp.json")])`.

    `tools` names those that the agent may have (default: all), `prefix` goes before their names. A server that is started here is given
    `env` and what any program needs, nothing more, and runs behind walls where the system has some: `read` and `write` are files and
    folders beside those that its command names; `sandbox=False` does without. `headers` go to one at an address. Every call of a tool asks
    first, unless a person has pinned the server (`sayso mcp trust`) and it says that the tool only reads. With `required=False` a run
    goes on without a server that is not there. `sample` answers when a server wants a text from a model, after a yes.
    """
    if find_spec("mcp_types") is None:  # looked for when the agent is declared, not loaded: that takes half a second
        raise UsageError(f"MCP needs an extra: {build_install_command('mcp')}")
    for name, seconds in (("timeout_seconds", timeout_seconds), ("connect_seconds", connect_seconds)):
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < float("inf"):
            raise UsageError(f"mcp({name}={seconds!r}): give a number of seconds above 0.")
    specs = read_servers(server, env=env, headers=headers, cwd=None if cwd is None else os.fspath(cwd))
    if prefix:
        specs = [replace(spec, prefix=prefix) for spec in specs]
    if isinstance(tools, str):
        raise UsageError(f"mcp(tools=) takes a list; write tools=[{tools!r}].")
    options = {
        "call_seconds": float(timeout_seconds),
        "connect_seconds": float(connect_seconds),
        "sandbox": sandbox,
        "read": tuple(str(Path(path).expanduser().absolute()) for path in read),
        "write": tuple(str(Path(path).expanduser().absolute()) for path in write),
    }
    return McpServers(
        specs,
        only=None if tools is None else tuple(tools),
        required=required,
        secrecy=None if secrecy is None else to_member(Secrecy, secrecy, "mcp(secrecy=)"),
        sample=sample,
        pins=Pins(None if pins is None else Path(pins)),
        options=options,
    )
