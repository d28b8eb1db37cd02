"""The terminal: text that cannot control it, lines that are read one at a time, and an approval typed after the card was shown."""

from __future__ import annotations

import asyncio
import getpass
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TextIO

from sayso.tools.approval.cards import escape_invisible, escape_lines, show_value
from sayso.tools.approval.requests import ApprovalRequest, Approve, Decision, Reject, read_shown
from sayso.tools.canonical import readable_json

# Control characters, and the marks that change the direction of text. Tab and newline stay.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]")


def escape_controls(text: str) -> str:
    """Return untrusted text as a terminal may print it: control characters and bidi marks as \\u{...}; line breaks and emoji stay."""
    return _CONTROLS.sub(lambda match: f"\\u{{{ord(match[0]):x}}}", text.replace("\r\n", "\n"))


async def terminal(request: ApprovalRequest) -> Decision | None:
    """Show the card and ask. Only "y" or "yes", typed after the question, means yes; "v" shows every argument in full.

    Without a terminal, or at its end, the request stays pending (None): a pipe cannot say yes.
    """
    if not has_terminal():
        if is_in_notebook():
            print(
                "sayso: approve=terminal cannot ask in a notebook, so the request stays open. Leave approve= out: "
                "a result that waits, as the last line of a cell, shows its card with buttons.",
                file=sys.stderr,
            )
        return None
    print(format_card(request), file=sys.stderr, flush=True)
    match await ask_yes_no("Approve? [y/N, v to view all] ", request):
        case None:
            return None
        case True:
            return Approve(by=find_user_name(), place="terminal")
        case False:
            return Reject(by=find_user_name(), place="terminal")


def is_in_notebook() -> bool:
    """Return whether the program is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return hasattr(shell, "kernel")


def has_terminal() -> bool:
    """Return whether somebody can read standard error and answer on standard input."""
    return sys.stdin.isatty() and sys.stderr.isatty()


async def ask_yes_no(question: str, request: ApprovalRequest) -> bool | None:
    """Return whether the person at the terminal types "y" or "yes". None without a terminal, or at the end of its input."""
    if not has_terminal():
        return None
    while True:
        _discard_typed_ahead(sys.stdin)
        print(question, end="", file=sys.stderr, flush=True)
        line = await _read_from(sys.stdin)
        if not line.endswith("\n"):  # the input ended; an answer ends with Enter
            print(file=sys.stderr)
            return None
        answer = line.strip().casefold()
        if answer != "v":
            return answer in ("y", "yes")
        print(escape_lines(readable_json(read_shown(request.arguments))), file=sys.stderr)


def confirm_fetch(offer: object) -> bool:
    """Ask in the terminal whether a model's file may be fetched. Without a terminal the answer is no."""
    if not has_terminal():
        return False
    print(escape_controls(str(offer)), file=sys.stderr)
    return input("Fetch it? [y/N] ").strip().lower() in ("y", "yes")


def format_card(request: ApprovalRequest) -> str:
    """Return the card as lines: the question, then each argument with where it comes from, then the warnings."""
    names = [escape_invisible(argument.name) for argument in request.shown]  # those of a server's tool may hold anything
    width = max(map(len, names), default=0)
    lines = ["", *(f"  {line}" for line in request.card.split("\n"))]
    exact = read_shown(request.arguments)
    lines += [
        f"    {name:<{width}} = {show_value(exact[argument.name], in_quotes=True)}   ({argument.origin})"
        for name, argument in zip(names, request.shown, strict=True)
    ]
    lines += [f"  ! {warning}" for warning in request.warnings]
    if request.roles:
        lines.append(f"  ! It is for somebody with the role {' or '.join(request.roles)} to decide.")
    return escape_lines("\n".join(lines))  # it was made visible when it was proposed; a database may have been written to since then


def print_card(request: ApprovalRequest) -> None:
    """Print the whole card on standard output, from its first column on, where nobody can be asked."""
    print("\n".join(line[2:] for line in format_card(request).split("\n")[1:]), flush=True)


def find_user_name() -> str:
    """Return the name of the user who is signed in to this machine: of their account, whatever LOGNAME or USER say."""
    with suppress(ImportError, KeyError):  # Windows; an account without a name, in a container
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no account database in this container
        return "unknown"


def _discard_typed_ahead(stream: TextIO) -> None:
    """Discard what was typed before the question was shown: it cannot be an answer to it."""
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()
    else:
        import termios

        termios.tcflush(stream.fileno(), termios.TCIFLUSH)


async def read_lines() -> AsyncIterator[str]:
    """Yield what somebody says in a conversation, line by line, until the end of the input or a good-bye."""
    while (line := await read_line("you> ")) is not None:
        if line.strip().lower() in ("exit", "quit", "bye"):
            return
        if line.strip():
            yield line.strip()


async def read_line(prompt: str) -> str | None:
    """Return the next line of standard input, or None at its end. The prompt is shown in a terminal only."""
    if sys.stdin.isatty():
        print(prompt, end="", file=sys.stderr, flush=True)
    return await _read_from(sys.stdin) or None


async def _read_from(stream: TextIO) -> str:
    """Return the next line. It lacks its newline only at the end of the input, where it may be empty.

    Can be cancelled, since the event loop watches the stream. It reads byte by byte, past Python's buffer, so that what was typed or piped
    ahead stays with the system, where it can be discarded.
    """
    if sys.platform == "win32":
        return await asyncio.to_thread(stream.readline)
    line = bytearray()
    while not line.endswith(b"\n"):
        await _wait_until_readable(stream.fileno())
        byte = os.read(stream.fileno(), 1)
        if not byte:
            break
        line += byte
    return line.decode(stream.encoding or "utf-8", "replace")


async def _wait_until_readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def set_ready() -> None:
        if not ready.done():
            ready.set_result(None)

    try:
        loop.add_reader(descriptor, set_ready)
    except PermissionError:  # a regular file is always ready, and epoll refuses to watch it
        return
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
