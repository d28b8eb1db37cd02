"""Patterns over a text that is still growing. What may yet come to match one is derived from it, so that the two cannot differ."""

from __future__ import annotations

import re
from functools import cache, cached_property

from .parsed_calls import Incremental
from .text_buffer import TextBuffer

_ITEM = re.compile(
    r"(?P<group>\((?!\?<[=!]|\?!)(?P<kind>\?=|\?:|\?[ia-z-]+:|))"  # a group, or a look ahead
    r"|(?P<zero>\((?:\?<[=!]|\?!)|\\[ZbA]|[$^])"  # what takes no characters
    r"|(?P<atom>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^()|])",  # what takes one
    re.DOTALL,
)
_TIMES = re.compile(r"(?:[*+?]|\{\d*,?\d*\})\??")


class Growing:
    """A pattern, and the pattern of all beginnings of what it matches, up to the end of the text.

    It may have groups, classes, repeats and looks ahead, but no references.
    """

    def __init__(self, pattern: str, flags: int) -> None:
        self.whole: re.Pattern[str] = re.compile(pattern, flags)

    @cached_property
    def so_far(self) -> re.Pattern[str]:
        """Return the pattern of the beginnings, which most texts never need."""
        so_far, _, at = _read_choices(self.whole.pattern, 0)
        assert at == len(self.whole.pattern), f"a pattern with a bracket that nothing opens: {self.whole.pattern}"
        return re.compile(so_far, self.whole.flags)


@cache
def growing(pattern: str, flags: int = re.DOTALL) -> Growing:
    """Return the pattern. The same one is compiled once."""
    return Growing(pattern, flags)


def _read_choices(pattern: str, at: int) -> tuple[str, str, int]:
    """Return the beginnings and the whole of alternatives up to a closing bracket, without groups, and where that stands."""
    sequences: list[list[tuple[str, str, str]]] = [[]]  # each item: its beginnings (nothing where it is one character), itself, how often
    while at < len(pattern) and pattern[at] != ")":
        if pattern[at] == "|":
            sequences.append([])
            at += 1
            continue
        found = _ITEM.match(pattern, at)
        assert found is not None, f"a pattern that cannot be read at {at}: {pattern}"
        beginnings, item, at = "", found[0], found.end()
        if found["group"]:
            inside, whole, closed = _read_choices(pattern, at)
            opening = found["kind"] or "?:"
            beginnings, item, at = f"({opening}{inside})", f"({opening}{whole})", closed + 1
        elif found["zero"]:
            if item[0] == "(":
                _, whole, closed = _read_choices(pattern, at)
                item, at = f"{item}{whole})", closed + 1
            sequences[-1].append((r"(?!)", item, ""))
            continue
        times = _TIMES.match(pattern, at)
        at = times.end() if times else at
        sequences[-1].append((beginnings, item, times[0] if times else ""))
    wholes = ["".join(item + times for _, item, times in items) for items in sequences]
    return "|".join(map(_join_beginnings, sequences)), "|".join(wholes), at


def _join_beginnings(items: list[tuple[str, str, str]]) -> str:
    rest = r"\Z"
    for beginnings, item, times in reversed(items):
        many = times[:1] in ("*", "+", "{")
        if not beginnings:  # one character, maybe repeated
            begun = rf"{item}{re.sub(r'[{][0-9]*', '{0', times)}\Z" if times[:1] == "{" else r"\Z"
        else:
            begun = f"(?:{item})*{beginnings}" if many else beginnings
        rest = f"(?:{begun}|{item}{times}{rest})"
    return rest


def match(buffer: TextBuffer, pattern: Growing, at: int, longest: int = 300) -> Incremental[re.Match[str] | None]:
    """Match the pattern at `at`. Wait while what has arrived may come to match it in `longest` characters."""
    while True:
        text = buffer.text
        found = pattern.whole.match(text, at, at + longest)
        if found is not None or buffer.ended or len(text) - at >= longest or not pattern.so_far.match(text, at):
            return found
        yield
