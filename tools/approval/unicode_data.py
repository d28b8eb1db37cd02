"""What cards know of Unicode: which characters are not drawn, scripts, look-alikes (UTS 39) and emoji sequences, from its own tables.

The tables are in `unicode.json`, which `tests/tools/write_unicode_data.py` writes. They are read when the first text that is not ASCII is
shown.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

SKIN = "\U0001f3fb"
"""In the table of emoji sequences: any skin tone."""


class UnicodeTables(NamedTuple):
    """The tables, as they are looked up."""

    version: str
    default_ignorable: re.Pattern[str]
    """Characters that are drawn as nothing where they are not supported."""
    confusables: Mapping[str, str]
    """Characters that look like ASCII, each with what it looks like."""
    common_confusables: frozenset[str]
    """Those of them that modern languages write (Identifier_Status Allowed)."""
    odd_latin: re.Pattern[str]
    """Latin letters of phonetics and of old books, which no language writes today."""
    common_scripts: frozenset[str]
    """The scripts of modern languages."""
    emoji_sequences: tuple[str, ...]
    """Emoji that hold characters which are not drawn by themselves: those joined by ZWJ, and flags of tags."""
    styled_emoji: str
    """What an emoji style can be asked for with U+FE0F, as a character class."""
    script_starts: tuple[int, ...]
    scripts: tuple[tuple[int, str], ...]
    """The scripts as ranges: where each starts, where it ends, and its name."""


@cache
def load_tables() -> UnicodeTables:
    """Read the tables, once."""
    data = json.loads(Path(__file__).with_name("unicode.json").read_text(encoding="utf-8"))
    ranges = sorted((first, last, name) for name, text in data["scripts"].items() for first, last in _parse_ranges(text))
    return UnicodeTables(
        version=data["unicode"],
        default_ignorable=re.compile(_character_class(data["default_ignorable"])),
        confusables={letter: like for like, letters in data["confusables"].items() for letter in letters},
        common_confusables=frozenset(data["allowed_confusables"]),
        odd_latin=re.compile(_character_class(data["odd_latin"])),
        common_scripts=frozenset(data["common_scripts"]),
        emoji_sequences=tuple(data["emoji_sequences"]),
        styled_emoji=_character_class(data["styled_emoji"]),
        script_starts=tuple(first for first, _, _ in ranges),
        scripts=tuple((last, name) for _, last, name in ranges),
    )


@cache
def compile_emoji() -> re.Pattern[str]:
    """Return the pattern of emoji that hold characters which are not drawn by themselves."""
    tables = load_tables()
    longest_first = sorted(tables.emoji_sequences, key=len, reverse=True)
    parts = [re.escape(sequence).replace(SKIN, "[\U0001f3fb-\U0001f3ff]") for sequence in longest_first]
    return re.compile("|".join([*parts, "[0-9#*]\ufe0f\u20e3", tables.styled_emoji + "\ufe0f"]))


def find_script(letter: str) -> str | None:
    """Return the script of a character that is not ASCII; None for what several scripts share."""
    tables, number = load_tables(), ord(letter)
    at = bisect_right(tables.script_starts, number) - 1
    if at < 0 or number > tables.scripts[at][0]:
        return None
    return tables.scripts[at][1]


def _parse_ranges(text: str) -> Iterator[tuple[int, int]]:
    for part in text.split():
        first, _, last = part.partition("-")
        yield int(first, 16), int(last or first, 16)


def _character_class(text: str) -> str:
    return "[" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _parse_ranges(text)) + "]"
