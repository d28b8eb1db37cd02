"""Asking in the terminal: the card, one at a time, and a yes that was typed after it was shown."""

from __future__ import annotations

import asyncio
import getpass
import sys
from typing import TextIO

from sayso.tools.approvals import ApprovalRequest, Approve, Decision, Reject
from sayso.tools.cards import visible_lines


async def terminal(request: ApprovalRequest) -> Decision | None:
    """Show the card and ask. Only "y" or "yes", typed after the question, means yes; "v" shows every argument in full.

    Without a terminal, or at its end, the request stays pending (None): a pipe cannot say yes.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    print(card_lines(request), file=sys.stderr, flush=True)
    while True:
        _drop_typed_ahead(sys.stdin)
        print("Approve? [y/N, v to view all] ", end="", file=sys.stderr, flush=True)
        line = await _line(sys.stdin)
        if line is None:
            print(file=sys.stderr)
            return None
        match line.strip().casefold():
            case "y" | "yes":
                return Approve(by=_user(), place="terminal")
            case "v":
                print(visible_lines(request.arguments), file=sys.stderr)
            case _:
                return Reject(by=_user(), place="terminal")


def card_lines(request: ApprovalRequest) -> str:
    """The card as lines: the question first, then each argument with where it comes from, then what to look out for."""
    width = max((len(argument.name) for argument in request.shown), default=0)
    lines = ["", *(f"  {line}" for line in request.card.split("\n"))]
    lines += [f"    {argument.name:<{width}} = {argument.value}   ({argument.source})" for argument in request.shown]
    lines += [f"  ! {warning}" for warning in request.warnings]
    return "\n".join(lines)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no account database in this container
        return "unknown"


def _drop_typed_ahead(stream: TextIO) -> None:
    """Forget what was typed before the question stood there."""
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()
    else:
        import termios

        termios.tcflush(stream.fileno(), termios.TCIFLUSH)


async def next_line(prompt: str) -> str | None:
    """The next line of standard input, None at its end. The prompt is for people: without a terminal it is not shown."""
    if sys.stdin.isatty():
        print(prompt, end="", file=sys.stderr, flush=True)
        return await _line(sys.stdin)
    return await asyncio.to_thread(sys.stdin.readline) or None


async def _line(stream: TextIO) -> str | None:
    """The next line typed, None at the end of input. Cancellable: the loop watches the terminal."""
    if sys.platform == "win32":
        return await asyncio.to_thread(stream.readline) or None
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def come() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(stream.fileno(), come)
    try:
        await ready
    finally:
        loop.remove_reader(stream.fileno())
    return stream.readline() or None
