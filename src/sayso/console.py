"""Talking in the terminal: text that cannot command it, lines read no sooner than wanted, and a yes typed after the card."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import re
import sys
from typing import TextIO

from sayso.tools.approval.cards import escape_lines, show_value
from sayso.tools.approval.requests import ApprovalRequest, Approve, Decision, Reject

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]")


def plain(text: str) -> str:
    """Words of a model or a web page as a terminal may have them: controls and bidi marks are shown, not obeyed; lines and emoji stay."""
    return _OBEYED.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text.replace("\r\n", "\n"))


async def terminal(request: ApprovalRequest) -> Decision | None:
    """Show the card and ask. Only "y" or "yes", typed after the question, means yes; "v" shows every argument in full.

    Without a terminal, or at its end, the request stays pending (None): a pipe cannot say yes.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    print(card_lines(request), file=sys.stderr, flush=True)
    match await answer_to("Approve? [y/N, v to view all] ", request):
        case None:
            return None
        case True:
            return Approve(by=user_name(), place="terminal")
        case False:
            return Reject(by=user_name(), place="terminal")


async def answer_to(question: str, request: ApprovalRequest) -> bool | None:
    """Whether the person at the terminal says "y" or "yes" to what is on the card above; None without a terminal, or at its end."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    while True:
        _drop_typed_ahead(sys.stdin)
        print(question, end="", file=sys.stderr, flush=True)
        line = await _line(sys.stdin)
        if not line.endswith("\n"):  # the input ended; an answer ends with Enter
            print(file=sys.stderr)
            return None
        answer = line.strip().casefold()
        if answer != "v":
            return answer in ("y", "yes")
        print(escape_lines(request.arguments), file=sys.stderr)


def ask_to_fetch(offer: object) -> bool:
    """Ask in the terminal whether a model's file is to be fetched; no where there is no terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(plain(str(offer)), file=sys.stderr)
    return input("Fetch it? [y/N] ").strip().lower() in ("y", "yes")


def card_lines(request: ApprovalRequest) -> str:
    """The card as lines: the question first, then each argument with where it comes from, then what to look out for."""
    width = max((len(argument.name) for argument in request.shown), default=0)
    lines = ["", *(f"  {line}" for line in request.card.split("\n"))]
    exact = json.loads(request.arguments)
    lines += [
        f"    {argument.name:<{width}} = {show_value(exact[argument.name], in_quotes=True)}   ({argument.source})"
        for argument in request.shown
    ]
    lines += [f"  ! {warning}" for warning in request.warnings]
    return "\n".join(lines)


def user_name() -> str:
    """Who sits here, as the system knows them."""
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
    return await _line(sys.stdin) or None


async def _line(stream: TextIO) -> str:
    """The next line; without its newline only at the end of input, where it may be empty. Cancellable: the loop watches the stream.

    Read byte by byte, past Python's buffer: what was typed or piped ahead stays with the system, where it can be dropped.
    """
    if sys.platform == "win32":
        return await asyncio.to_thread(stream.readline)
    line = bytearray()
    while not line.endswith(b"\n"):
        await _readable(stream.fileno())
        byte = os.read(stream.fileno(), 1)
        if not byte:
            break
        line += byte
    return line.decode(stream.encoding or "utf-8", "replace")


async def _readable(descriptor: int) -> None:
    """Wait until there is something to read."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def come() -> None:
        if not ready.done():
            ready.set_result(None)

    try:
        loop.add_reader(descriptor, come)
    except PermissionError:  # a file is always ready, and cannot be watched
        return
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
