"""A text that is still growing, the tools that calls in it may name, and incremental parsing over it.

Every parser here is a generator over a TextBuffer. It reads the text as if all of it were there, yields where it needs more than has
arrived, and returns its value. What a parser decides depends on the text alone, never on how the text was cut into pieces: that is why
a streamed reply and the same reply as a whole parse alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from .parsed_calls import NO_SINK, CallSink, Incremental, Item, T
from .signatures import ToolSignature, ToolSignatures

NO_TOOLS = ToolSignatures(())
_NOT_SPACE = re.compile(r"\S")
QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_INSIDE = {quote: re.compile(rf"\\|{re.escape(close)}") for quote, close in QUOTES.items()}


@dataclass(slots=True, eq=False)
class TextBuffer:
    """The text so far, whether more can come, the tools that it may call, and who is told of the calls."""

    tools: ToolSignatures = NO_TOOLS
    text: str = ""
    ended: bool = False
    sink: CallSink = NO_SINK
    searched_to: int = 0
    """How far the failed attempts to parse a call have looked."""
    no_start_before: int = 0
    """No call begins before this offset: a failed attempt from further left showed that."""
    long_failures: int = 0
    """How many attempts to decode a long value in one go have failed."""
    unmatched: dict[str, tuple[int, int]] = field(default_factory=dict)
    """For a closing quote, a part of a line that has none."""
    certain_to: int = 0
    """Up to here the text belongs to the call that is parsed."""
    json_at: int = -1
    """Where the JSON of that call begins, and whether it is all of the call, not only its arguments."""
    json_is_call: bool = False
    json_items: list[int] = field(default_factory=list)
    """If that JSON is a list, where the objects in it begin."""
    positional_at: int = -1
    """Where the arguments of that call begin, if it is written NAME(...)."""
    arguments: list[tuple[str, int, int]] = field(default_factory=list)
    """The arguments between tags of that call: their names, and where each begins and ends, or -1 where its end has not arrived."""

    def begin_call(self) -> None:
        """Forget what is known of the call before."""
        self.certain_to, self.json_at, self.json_is_call, self.positional_at = 0, -1, False, -1
        self.arguments.clear()

    def find_tool(self, name: str, start: int) -> ToolSignature | None:
        """Return the tool of a call that its form marks as one, and announce that it has begun at `start`."""
        tool = self.tools.find_marked(name)
        if tool is not None:
            self.sink.announce(tool.name, start)
        return tool

    def report(self, name: str, start: int, end: int, expected: str) -> Item:
        """Return the problem with a call that cannot be read: what was `expected`, or that there is no such tool."""
        tool = self.tools.find_marked(name)
        if tool is None:
            return self.tools.report_unknown(name, (start, end))
        return tool.report_problem(self.text[start:end], (start, end), f"{expected}: {tool.signature}")

    def append(self, delta: str) -> None:
        """Add a piece to the end of the text."""
        # While the attribute holds nothing, the string has one owner, and CPython extends it in place instead of copying it.
        text, self.text = self.text, ""
        text += delta
        self.text = text


def run_whole(steps: Incremental[T]) -> T:
    """Return what a parser returns over a text that has ended: it never waits."""
    try:
        next(steps)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("a text that has ended is waited for")


def wait_for(buffer: TextBuffer, length: int) -> Incremental[int]:
    """Wait until the text is `length` characters long or has ended. Return its length."""
    while len(buffer.text) < length and not buffer.ended:
        yield
    return len(buffer.text)


def skip_space(buffer: TextBuffer, at: int) -> Incremental[int]:
    """Return the offset of the next character that is not white space, or the end of the text."""
    while True:
        found = _NOT_SPACE.search(buffer.text, at)
        if found is not None:
            return found.start()
        at = len(buffer.text)
        if buffer.ended:
            return at
        yield


def find(buffer: TextBuffer, literal: str, at: int, *, in_call: bool = False) -> Incremental[int]:
    """Return the offset of the next `literal` from `at` on, or -1. With `in_call` all text before it belongs to a call."""
    while True:
        position = buffer.text.find(literal, at)
        if position >= 0:
            return position
        if buffer.ended:
            buffer.searched_to = len(buffer.text)
            return -1
        at = max(at, len(buffer.text) - len(literal) + 1)  # its beginning may have arrived already
        if in_call:
            buffer.certain_to = at
        yield


def find_closing_quote(buffer: TextBuffer, quote: str, at: int, *, in_call: bool = False) -> Incremental[int]:
    """Return the offset behind the next quote from `at` on that closes a string that `quote` opened, or -1.

    With `in_call` all text up to there, or to the end where there is none, belongs to a call.
    """
    inside = _INSIDE[quote]
    while True:
        found = inside.search(buffer.text, at)
        if found is None:
            if buffer.ended:
                buffer.searched_to = len(buffer.text)
                return -1
            at = len(buffer.text)
            if in_call:
                buffer.certain_to = at
            yield
        elif found[0] == "\\":
            yield from wait_for(buffer, found.end() + 1)
            at = found.end() + 1
        else:
            return found.end()


def search_end(buffer: TextBuffer, at: int, literals: tuple[str, ...]) -> Incremental[int]:
    """Return the offset behind the next of these literals from `at` on, or the end of the text where none comes."""
    pattern = _compile_literals(literals)
    while True:
        if found := pattern.search(buffer.text, at):
            return found.end()
        if buffer.ended:
            return len(buffer.text)
        at = max(at, len(buffer.text) - 40)
        yield


def skip_repeats(text: str, at: int, marker: str) -> int:
    """Skip a marker that is repeated many times, in steps of 64: ten thousand opening markers in a row cost no more than prose."""
    if text.startswith(marker, at):
        many = marker * 64
        while text.startswith(many, at):
            at += len(many)
    return at


@lru_cache(maxsize=1_000)
def _compile_literals(literals: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, literals)) or "(?!)")


def match_literal(buffer: TextBuffer, at: int, literals: tuple[str, ...]) -> Incremental[str]:
    """Return the literal that stands at `at`, or an empty text. No literal may be a prefix of another."""
    pattern = _compile_literals(literals)
    while True:
        if found := pattern.match(buffer.text, at):
            return found[0]
        here = buffer.text[at : at + 64]
        if buffer.ended or len(here) >= 64 or not any(literal.startswith(here) for literal in literals):
            return ""
        yield


def skip_closing_fence(buffer: TextBuffer, at: int) -> Incremental[int]:
    """Return the offset behind the ``` that closes here, or `at` where none does."""
    position = yield from skip_space(buffer, at)
    yield from wait_for(buffer, position + 3)
    return position + 3 if buffer.text.startswith("```", position) else at
