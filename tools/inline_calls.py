"""`fill`: answer the calls of PURE tools that are written in a text, in place. It needs no agent, no model and no network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .effects import Effect
from .errors import ToolError, UsageError

if TYPE_CHECKING:
    from .definition.tool import AnyTool
    from .dialects import ReadCall

BEFORE_CHARACTERS = 200
"""How much of the text before a call a tool's `inline` function gets: a currency sign, a word, the beginning of the line."""


def fill(text: str, tools: Sequence[AnyTool], *, dialect: str = "call") -> str:
    """Return the text with every call of these PURE tools replaced by its value, as the tool's `inline` function writes it there.

    A call in code or quotes is a mention and stays. Raise ToolError for a call that cannot be read or computed, UsageError for a tool that
    is not PURE or is async.
    """
    if not isinstance(text, str):
        raise UsageError(f"fill() takes a text (str), not {type(text).__name__}.")
    for tool in tools:
        if tool.effect is not Effect.PURE or tool.is_async:
            raise UsageError(
                f"fill() takes PURE tools that are not async; {tool.name} is {tool.effect}{' and async' if tool.is_async else ''}."
            )
    from .dialects import read, split_at_calls  # late, for load time: `from sayso.tools import fill` alone parses nothing

    reading = read(text, tools, dialect)
    if reading.problems:
        first = reading.problems[0]
        raise ToolError(f"At character {first.span[0]}: {first.seen}. Expected: {first.expected}.")
    by_name = {tool.name: tool for tool in tools}
    parts = _split_at_spans(text, reading.calls) if dialect == "call" else split_at_calls(text, tools, dialect)
    filled: list[str] = []
    before = ""
    for index, part in enumerate(parts):
        if not isinstance(part, str):
            tool = by_name[part.tool]
            value = tool.function(**tool.check(part.arguments))
            part = tool.inline(value, before, preview_following(parts, index)) if tool.inline else str(value)
        filled.append(part)
        before = append_context(before, part)
    return "".join(filled)


def append_context(before: str, part: str) -> str:
    """Return the last BEFORE_CHARACTERS of `before` and `part`. With the whole text for each call, time would be quadratic."""
    return (before + part[-BEFORE_CHARACTERS:])[-BEFORE_CHARACTERS:]


def preview_following(parts: Sequence[str | ReadCall], index: int) -> str:
    """Return what follows a call: text, and the names of further calls, so that a currency sign before one is not taken for this one's."""
    return "".join(part if isinstance(part, str) else f"{part.tool}(" for part in parts[index + 1 : index + 4])


def _split_at_spans(text: str, calls: Sequence[ReadCall]) -> list[str | ReadCall]:
    """Split the text at its calls and leave nothing out: the dialect `call` has no markers around calls."""
    parts: list[str | ReadCall] = []
    at = 0
    for call in calls:
        parts += [text[at : call.span[0]], call]
        at = call.span[1]
    return [*parts, text[at:]]
