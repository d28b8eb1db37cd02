"""`fill`: answer the calls of PURE tools that are written in a text, in place. It needs no agent, no model and no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from .effects import Effect
from .errors import ToolError, UsageError

if TYPE_CHECKING:
    from .definition.tool import AnyTool
    from .dialects import Problem, ReadCall

OnError = Literal["raise", "keep", "mark"]
BEFORE_CHARACTERS = 200
"""How much of the text before a call a tool's `inline` function gets: a currency sign, a word, the beginning of the line."""


def fill(text: str, tools: Sequence[AnyTool], *, dialect: str = "call", on_error: OnError = "raise") -> str:
    """Return the text with every call of these PURE tools replaced by its value, as the tool's `inline` function writes it there.

    A call in code or quotes is a mention and stays. A call that cannot be read or computed raises ToolError; with `on_error="keep"` it
    stays as it is written, with "mark" the reason stands beside it: "[CALCULATOR(1/0): Division by zero.]". Raise UsageError for a tool
    that is not PURE or is async.
    """
    if not isinstance(text, str):
        raise UsageError(f"fill() takes a text (str), not {type(text).__name__}.")
    if on_error not in ("raise", "keep", "mark"):
        raise UsageError(f'fill(on_error=) is "raise", "keep" or "mark", not {on_error!r}.')
    if isinstance(tools, Mapping) or not isinstance(tools, Iterable):
        raise UsageError(f"fill() takes a list of tools, [tool], not {type(tools).__name__}.")
    for tool in tools:
        if not hasattr(tool, "effect"):
            raise UsageError(f"fill() calls tools: it takes Tools such as calculator, not {type(tool).__name__}.")
        if tool.effect is not Effect.PURE or tool.is_async:
            raise UsageError(
                f"fill() takes PURE tools that are not async; {tool.name} is {tool.effect}{' and async' if tool.is_async else ''}."
            )
    from .dialects import read, split_at_calls  # late, for load time: `from sayso.tools import fill` alone parses nothing

    reading = read(text, tools, dialect)
    if reading.problems and on_error == "raise":
        first = reading.problems[0]
        raise ToolError(f"At character {first.span[0]}: {first.seen}. Expected: {first.expected}.")
    by_name = {tool.name: tool for tool in tools}
    if dialect == "call":
        parts: Sequence[str | ReadCall | Problem] = _split_at_spans(text, [*reading.calls, *reading.problems])
    else:
        parts = split_at_calls(text, tools, dialect)
    filled: list[str] = []
    before = ""
    for index, part in enumerate(parts):
        if not isinstance(part, str):
            part = _fill_call(part, text, by_name, on_error, before, preview_following(parts, index))
        filled.append(part)
        before = append_context(before, part)
    return "".join(filled)


def _fill_call(part: ReadCall | Problem, text: str, by_name: Mapping[str, AnyTool], on_error: OnError, before: str, after: str) -> str:
    """Return what stands in the place of a call: its value, or what `on_error` says."""
    from .dialects import ReadCall  # late, as above

    written = text[slice(*part.span)]
    if not isinstance(part, ReadCall):
        return written if on_error == "keep" else f"[{written}: {part.expected} was expected.]"
    tool = by_name[part.tool]
    try:
        value = tool.function(**tool.check(part.arguments))
    except ToolError as error:
        if on_error == "raise":
            raise
        return written if on_error == "keep" else f"[{written}: {str(error).partition(chr(10))[0]}]"
    return tool.inline(value, before, after) if tool.inline else str(value)


def append_context(before: str, part: str) -> str:
    """Return the last BEFORE_CHARACTERS of `before` and `part`. With the whole text for each call, time would be quadratic."""
    return (before + part[-BEFORE_CHARACTERS:])[-BEFORE_CHARACTERS:]


def preview_following(parts: Sequence[str | ReadCall | Problem], index: int) -> str:
    """Return what follows a call: text, and the names of further calls, so that a currency sign before one is not taken for this one's."""
    return "".join(part if isinstance(part, str) else f"{part.tool}(" for part in parts[index + 1 : index + 4])


def _split_at_spans(text: str, calls: Sequence[ReadCall | Problem]) -> list[str | ReadCall | Problem]:
    """Split the text at its calls and leave nothing out: the dialect `call` has no markers around calls."""
    parts: list[str | ReadCall | Problem] = []
    at = 0
    for call in sorted(calls, key=lambda call: call.span):
        parts += [text[at : call.span[0]], call]
        at = call.span[1]
    return [*parts, text[at:]]
