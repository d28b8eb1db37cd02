"""The places of calls: "ORDER:3.0" is call 0 of reply 3, "ORDER.0" the first that workflow code makes."""

from __future__ import annotations

import re

CALL = re.compile(r"(.+):(\d+(?:\.\d+)+)")
_INNER = re.compile(r"(.+):(\d+(?:\.\d+)+)\.([^.:]+)")
"""The position of a call that a model's program makes: the program's tool, the place, and what is called."""
_EDIT = re.compile(r"\.edit\d+$")


def find_outer_call(call: str) -> str:
    """Return the place of the call whose program makes this one: "0.1" for "0.1.2"."""
    return call.rpartition(".")[0]


def split_position(position: str) -> tuple[str, str]:
    """Return the tool of a call and its place: "ORDER:3.0" is call 3.0 of ORDER, "ORDER.0" is the first that workflow code makes of it."""
    position = strip_edit(position)
    if inner := _INNER.fullmatch(position):
        return inner[3], inner[2]
    if found := CALL.fullmatch(position):
        return found[1], found[2]
    tool, dot, number = position.rpartition(".")
    return (tool, position) if dot and number.isdigit() else (position, position)


def join_position(tool: str, call: str) -> str:
    """Return the position of a call of a tool."""
    return f"{tool}:{call}" if call[:1].isdigit() else call


def strip_edit(position: str) -> str:
    """Return a position without what says that somebody has changed the arguments."""
    return _EDIT.sub("", position)


def performs(name: str, tool: str, call: str) -> bool:
    """Return whether a step of reads or a write performs this call."""
    kind, _, position = name.partition(":")
    if kind == "reads":
        return call.partition(".")[0] == position.partition(".")[0]
    return strip_edit(position) in (join_position(tool, call), call)
