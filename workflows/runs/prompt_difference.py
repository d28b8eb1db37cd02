"""Compare two prompts, what a model was sent then and what the code sends now, as lines that differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

SHOWN = 240
"""Characters of a line, and of an unchanged piece before a change in it, that are shown."""


def compare_prompts(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return the lines that differ, those of then after a "-", those of now after a "+"; "" if the prompts are the same."""
    before, after = list(_lines(then)), list(_lines(now))
    return "\n".join(_changes(before, after)) if before != after else ""


def _lines(prompt: Mapping[str, Any]) -> Iterator[str]:
    """Yield a prompt as lines: tools, the type of the answer, messages."""
    for tool in prompt.get("tools", ()):
        yield f"tool: {json.dumps(tool, sort_keys=True, ensure_ascii=False)}"
    if prompt.get("answer"):
        yield f"answer: {json.dumps(prompt['answer'], sort_keys=True, ensure_ascii=False)}"
    for role, text in prompt.get("messages", ()):
        first, *rest = text.split("\n")
        yield f"{role}: {first}"
        yield from (f"    {line}" for line in rest)


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    for kind, left, left_end, right, right_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        old, new = before[left:left_end], after[right:right_end]
        if len(old) == len(new):
            for one, other in zip(old, new, strict=True):
                start = max(0, _count_same(one, other) - 40)
                yield _cut("-", one, start)
                yield _cut("+", other, start)
        else:
            yield from (_cut("-", line, 0) for line in old)
            yield from (_cut("+", line, 0) for line in new)


def _cut(sign: str, line: str, start: int) -> str:
    """Return a line around the place where it differs."""
    begin = 0 if start < SHOWN // 2 else start
    end = begin + SHOWN
    return f"  {sign} {'...' if begin else ''}{line[begin:end]}{'...' if end < len(line) else ''}"


def _count_same(one: str, other: str) -> int:
    """Count how many characters they begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))
