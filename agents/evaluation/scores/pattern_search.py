"""Search a text by a regular expression that somebody wrote into a file: one that never ends is given up."""

from __future__ import annotations

import re

SECONDS = 2.0
_TARGET = f"{__name__}:search_now"
_MAY_BE_LONG = re.compile(r"\)(?:[*+]|\{)|\\[1-9]|\(\?P=|(?:[*+][^*+]*){3}", re.DOTALL)
"""A group that is repeated, a group that is referred to, or three open repeats: Python's `re` may take for ever over these."""


class PatternTooSlow(Exception):
    """A search was given up, because it took too long."""


async def search_pattern(pattern: str, text: str, *, whole: bool = False, ignore_case: bool = False) -> str | None:
    """Return what a pattern finds first in a text, None where it finds nothing.

    A pattern that may take for ever is searched for in a process of its own. Raises PatternTooSlow.
    """
    if not _MAY_BE_LONG.search(pattern):
        return search_now(pattern, text, whole, ignore_case)
    from sayso.tools.sandbox import SandboxTimeout, acall_sandboxed  # late, for load time

    try:
        found: str | None = await acall_sandboxed(_TARGET, pattern, text, whole, ignore_case, seconds=SECONDS)
    except SandboxTimeout:
        raise PatternTooSlow(f"The search for {pattern} was given up after {SECONDS:g} seconds.") from None
    return found


def search_now(pattern: str, text: str, whole: bool, ignore_case: bool) -> str | None:
    """Return what a pattern finds first in a text, None where it finds nothing."""
    expression = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    found = expression.fullmatch(text.strip()) if whole else expression.search(text)
    return None if found is None else found[0]
