"""Names of tools that every endpoint takes: letters of ASCII, digits and underscores, at most 64."""

from __future__ import annotations

import re

from ..canonical import sha256
from ..errors import UsageError

LONGEST_NAME = 64
_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{LONGEST_NAME - 1}}}")


def check_name(name: str) -> str:
    """Return the name of a tool. Raises UsageError for one that an endpoint would refuse, and says what to write."""
    if _NAME.fullmatch(name):
        return name
    if not name.isidentifier():
        why = "which cannot be called"
    elif len(name) > LONGEST_NAME:
        why = f"which has {len(name)} letters; endpoints take {LONGEST_NAME}"
    else:
        why = "and endpoints take letters of ASCII, digits and underscores only"
    raise UsageError(f"A tool is named {name!r}, {why}. Write @tool.read(name='...').")


def map_name(name: str) -> str:
    """Return the name under which models call a tool that somebody else has named: itself where every endpoint takes it.

    Every other letter is an underscore then, and a hash keeps apart what would become the same.
    """
    if _NAME.fullmatch(name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    plain = plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"
    # A dot, a dash, a slash between words is the usual case, and reads well without a hash.
    if len(plain) <= LONGEST_NAME and re.fullmatch(r"[A-Za-z0-9_]+(?:[-./: ][A-Za-z0-9_]+)*", name):
        return plain
    return f"{plain[: LONGEST_NAME - 9].rstrip('_')}_{sha256(name)[:8]}"
