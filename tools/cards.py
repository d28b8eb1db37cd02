"""What a person reads before saying yes: every character visible, nothing cut off out of sight."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from .canonical import readable_json

LONGEST_SHOWN = 2000
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"})
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "FULLWIDTH", "MATHEMATICAL")


def visible(text: str) -> str:
    """The text with every control, format, private and unassigned character, and every space but the ordinary one, written as \\u{..}.

    A run of more than four combining marks is written out too, so that no mark reaches into another line.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        odd = category in _HIDDEN or (category == "Zs" and character != " ") or marks > 4 or _is_selector(character)
        shown.append(f"\\u{{{ord(character):x}}}" if odd else character)
    return "".join(shown)


def _is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef" or character in "\u034f\u115f\u1160\u3164\uffa0"


def shown(value: object) -> str:
    """A value on one line of a card; a long one is cut in the middle with its exact length and the start of its sha256."""
    text = visible(value if isinstance(value, str) else readable_json(value))
    if len(text) <= LONGEST_SHOWN:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    half = LONGEST_SHOWN // 2
    return f"{text[:half]} [... {len(text)} characters in all, sha256 {digest} ...] {text[-half:]}"


def card_text(card: Any, name: str, arguments: Mapping[str, Any]) -> str:
    """The sentence that asks: the tool's card filled with the arguments, or the call itself where the tool has no card.

    `card` is a format string over the arguments, a function of them, or None. Values are made visible before they are put in, so no
    value can end its line or obey an escape.
    """
    values = {key: shown(value) for key, value in arguments.items()}
    if callable(card):
        # Texts are made visible before a function of the user's sees them too: no value can add a line to the card.
        return visible_lines(str(card({key: values[key] if isinstance(value, str) else value for key, value in arguments.items()})))
    if card is None:
        return f"{name}({', '.join(f'{key}={value}' for key, value in values.items())})"
    return str(card).format_map(values)


def visible_lines(text: str) -> str:
    """`visible` for a text that may have lines of its own."""
    return "\n".join(visible(line) for line in text.split("\n"))


def lookalikes(value: object) -> str | None:
    """A warning when words of the value mix alphabets whose letters look alike (Latin and Cyrillic, say), else None."""
    for word in _words(value):
        scripts = sorted({script for character in word if (script := _script(character))})
        if len(scripts) > 1:
            return f"{shown(word)} mixes letters of {' and '.join(script.title() for script in scripts)} that look alike"
    return None


def _script(character: str) -> str | None:
    if character.isascii():
        return "LATIN" if character.isalpha() else None
    name = unicodedata.name(character, "")
    return next((script for script in _SCRIPTS if name.startswith(script)), None)


def _words(value: object) -> Iterator[str]:
    for text in texts(value):
        if not text.isascii():
            yield from text.split()


def texts(value: object) -> Iterator[str]:
    """Every text in a JSON value, keys included; numbers as they are written."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
