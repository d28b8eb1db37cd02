"""Calls written in a text, answered where they stand: no agent, no model, no network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .definition import Tool
from .effects import Effect
from .errors import ToolError, UsageError


def fill(text: str, tools: Sequence[Tool[..., Any]], *, dialect: str = "call") -> str:
    """The text with every call of these PURE tools replaced by how its value reads there.

    A call in code or quotes is a mention and stays. Raises ToolError for a call that cannot be read or computed, UsageError for a tool that
    is not PURE or is async.
    """
    for tool in tools:
        if tool.effect is not Effect.PURE or tool.is_async:
            raise UsageError(
                f"fill() takes PURE tools that are not async; {tool.name} is {tool.effect}{' and async' if tool.is_async else ''}."
            )
    from .dialects import read

    reading = read(text, tools, dialect)
    if reading.problems:
        first = reading.problems[0]
        raise ToolError(f"At character {first.span[0]}: {first.seen}. Expected: {first.expected}.")
    by_name = {tool.name: tool for tool in tools}
    parts: list[str] = []
    at = 0
    for call in sorted(reading.calls, key=lambda call: call.span):
        start, end = call.span
        tool = by_name[call.tool]
        value: Any = tool.function(**tool.check(call.arguments))
        parts += [text[at:start], tool.inline(value, text[:start], text[end:]) if tool.inline else str(value)]
        at = end
    return "".join([*parts, text[at:]])
