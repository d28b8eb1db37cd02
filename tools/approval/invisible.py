"""Make every character visible: what a screen obeys, draws as nothing or draws over its neighbours is written as \\u{..}."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from .unicode_data import compile_emoji, load_tables

_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn", "Zs"})
# Unicode has no property for a glyph that is blank. The names say it.
_BLANK = re.compile(r"\b(?:BLANK|NULL|FILLER|JOINER|SPACE)\b")
_MOST_MARKS = 4
_HOLDS_EMOJI = re.compile("[\u200d\ufe0f\U000e007f]")
_JOINERS = "\u200c\u200d"


def escape_undrawn(text: str) -> str:
    """Do what `escape_invisible` says for a text that is not ASCII.

    Left as they are: emoji in the sequences that Unicode recommends (RGI), whatever they hold, and joiners where they change how letters
    are drawn (ContextJ of IDNA), as in Persian and Hindi.
    """
    shown: list[str] = []
    at = 0
    for emoji in compile_emoji().finditer(text) if _HOLDS_EMOJI.search(text) else ():
        shown += _escape(text, at, emoji.start()), emoji[0]
        at = emoji.end()
    return "".join([*shown, _escape(text, at, len(text))])


def _escape(text: str, start: int, end: int) -> str:
    shown: list[str] = []
    marks = _MOST_MARKS if start == 0 else 0  # a mark that comes first would be drawn over what stands before the text
    for at in range(start, end):
        character = text[at]
        if unicodedata.category(character) in ("Mn", "Me"):
            marks += 1
        elif character not in _JOINERS:
            marks = 0
        hides = marks > _MOST_MARKS or (is_undrawn(character) and not (character in _JOINERS and _joins(text, at)))
        shown.append(f"\\u{{{ord(character):x}}}" if hides else character)
    return "".join(shown)


@lru_cache(maxsize=4096)
def is_undrawn(character: str) -> bool:
    """Return whether a character is obeyed by a screen, or may be drawn as nothing or as a space. The ordinary space is not."""
    if character.isascii():
        return not character.isprintable()
    if unicodedata.category(character) in _HIDDEN or load_tables().default_ignorable.match(character) is not None:
        return True
    return _BLANK.search(unicodedata.name(character, "")) is not None


def _joins(text: str, at: int) -> bool:
    from idna.core import valid_contextj  # late, for load time

    start = max(0, at - _MOST_MARKS - 1)
    near = text[start : at + _MOST_MARKS + 2]
    if not near[at - start + 1 :][:1].isalpha():
        return False
    try:
        return valid_contextj(near, at - start)
    except ValueError:  # beside it is a character without a name
        return False
