"""Calls written in a text, answered where they stand: no agent, no model, no network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .definition.tool import Tool
from .effects import Effect
from .errors import ToolError, UsageError

if TYPE_CHECKING:
    from .dialects import ReadCall

BEFORE_CHARACTERS = 200
"""How much of the text before a call an `inline` function is shown: a currency sign, a word, the beginning of the line."""


def fill(text: str, tools: Sequence[Tool[..., Any]], *, dialect: str = "call") -> str:
    """The text with every call of these PURE tools replaced by how its value reads there.

    A call in code or quotes is a mention and stays. Raises ToolError for a call that cannot be read or computed, UsageError for a tool that
    is not PURE or is async, or a text that is none.
    """
    if not isinstance(text, str):
        raise UsageError(f"fill() takes a text (str), not {type(text).__name__}.")
    for tool in tools:
        if tool.effect is not Effect.PURE or tool.is_async:
            raise UsageError(
                f"fill() takes PURE tools that are not async; {tool.name} is {tool.effect}{' and async' if tool.is_async else ''}."
            )
    from .dialects import read, split_at_calls

    reading = read(text, tools, dialect)
    if reading.problems:
        first = reading.problems[0]
        raise ToolError(f"At character {first.span[0]}: {first.seen}. Expected: {first.expected}.")
    by_name = {tool.name: tool for tool in tools}
    stood = _as_it_stands(text, reading.calls) if dialect == "call" else split_at_calls(text, tools, dialect)
    parts: list[str] = []
    before = ""
    for place, piece in enumerate(stood):
        if isinstance(piece, str):
            part = piece
        else:
            tool = by_name[piece.tool]
            value: Any = tool.function(**tool.check(piece.arguments))
            part = tool.inline(value, before, following(stood, place)) if tool.inline else str(value)
        parts.append(part)
        before = end_of(before, part)
    return "".join(parts)


def end_of(before: str, part: str) -> str:
    """Return the last BEFORE_CHARACTERS of two parts of a text. With the whole text for each call, time would grow with its square."""
    return (before + part[-BEFORE_CHARACTERS:])[-BEFORE_CHARACTERS:]


def following(stood: Sequence[str | ReadCall], place: int) -> str:
    """What is read on after a call: text, and of further calls their names, so that a sign before one is not taken for this one's."""
    return "".join(piece if isinstance(piece, str) else f"{piece.tool}(" for piece in stood[place + 1 : place + 4])


def _as_it_stands(text: str, calls: Sequence[ReadCall]) -> list[str | ReadCall]:
    """The whole text around the calls: the dialect `call` puts no marks around them, so every other character stays."""
    parts: list[str | ReadCall] = []
    at = 0
    for call in calls:
        parts += [text[at : call.span[0]], call]
        at = call.span[1]
    return [*parts, text[at:]]
