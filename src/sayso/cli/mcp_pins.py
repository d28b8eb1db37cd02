"""`sayso mcp show`, `trust` and `untrust`: look at what an MCP server lists, and pin it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from sayso.cli.options import Exit
from sayso.console import find_user_name
from sayso.tools.approval.cards import escape_lines
from sayso.tools.effects import Effect
from sayso.tools.errors import UsageError
from sayso.tools.mcp.listing import ListedTool, choose_effect
from sayso.tools.mcp.servers import mcp
from sayso.tools.mcp.trust import Pins

_ASKS = {Effect.WRITE: "asks each time", Effect.READ: "reads without asking", Effect.EGRESS: "reads outside without asking"}
_MOST_WORDS = 160


def decide_on_server(
    action: str, server: str | None, *, yes: bool, cwd: Path | None = None, read: Sequence[Path] = (), write: Sequence[Path] = ()
) -> int:
    """Show what a server lists, pin it, or take its pin back. It starts in `cwd`, and may read and write what it would for an agent."""
    if server is None:
        raise UsageError(f'Which server? Write: sayso mcp {action} "uvx some-server" (or https://host/mcp, or an mcp.json).')
    servers, pins = mcp(server, cwd=cwd, read=read, write=write), Pins()
    if action == "untrust":
        had = [pins.unpin(spec.pinned_as) for spec in servers.servers]
        if not any(had):
            raise UsageError(f"{server} is not pinned in {pins.path}.")
        print(f"The pin of {server} is taken back: each of its tools asks from now on.")
        return Exit.OK
    for spec, tools, problems in asyncio.run(servers.list_all()):
        _print_listing(f"{spec.name} ({spec.pinned_as})", tools, pins.are_pinned(spec.pinned_as, tools), problems)
        if action == "trust" and (yes or _confirm(spec.name)):
            pins.pin(spec.pinned_as, tools, find_user_name())
            print(f"{spec.name} is pinned in {pins.path}, as it is now.")
        elif action == "trust":
            print(f"{spec.name} is not pinned.")
    return Exit.OK


def _print_listing(title: str, tools: Sequence[ListedTool], pinned: Sequence[bool], problems: Sequence[str]) -> None:
    print(title)
    for tool, is_pinned in zip(tools, pinned, strict=True):
        words = " ".join(tool.description.split())
        shown = words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS]}..."
        then = "" if is_pinned else f"; pinned, it {_ASKS[choose_effect(tool, pinned=True)]}"
        print(escape_lines(f"  {tool.name}: {_ASKS[choose_effect(tool, pinned=is_pinned)]}{then}\n    {shown}"))
    for problem in problems:
        print(escape_lines(f"  ! {problem}"))


def _confirm(name: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask in. Read the list above, then add --yes.")
    return input(f"Do you know who runs {name}, and trust what it says of its tools? [y/N] ").strip().lower() in ("y", "yes")
