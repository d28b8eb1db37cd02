"""Two texts beside each other in HTML, with marks where they differ."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ..research.html_parts import lines_of

MOST_WORDS = 2_000
"""Longer texts are shown without marks: comparing them takes time that grows with the square."""
_WORDS = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")


def show_block(text: str, most: int) -> str:
    """Return text as HTML that only shows it, with its line ends; a cut says so."""
    return _wrap(_cut(text, most))


def mark_differences(expected: str, got: str, most: int) -> tuple[str, str]:
    """Return both texts as HTML, with `mark` around the words that only one of them has."""
    one, other = _WORDS.findall(expected), _WORDS.findall(got)
    if len(one) > MOST_WORDS or len(other) > MOST_WORDS or max(len(expected), len(got)) > most or expected == got:
        return show_block(expected, most), show_block(got, most)
    left, right = list[str](), list[str]()
    for kind, from_one, to_one, from_other, to_other in SequenceMatcher(None, one, other).get_opcodes():
        parts = "".join(one[from_one:to_one]), "".join(other[from_other:to_other])
        for side, part in zip((left, right), parts, strict=True):
            words = part.rstrip()
            side.append(lines_of(part) if kind == "equal" or not words else f"<mark>{lines_of(words)}</mark>{part[len(words) :]}")
    return _wrap("".join(left)), _wrap("".join(right))


def _wrap(html: str) -> str:
    return f"<div class=text dir=auto>{html}</div>"


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return lines_of(text)
    return f"{lines_of(text[:most])} <span class=soft>… and {len(text) - most:,} more characters</span>"
