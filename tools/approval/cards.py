"""What a person reads before saying yes: every character visible, nothing cut off out of sight."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..canonical import readable_json

LONGEST_SHOWN = 2000
LONGEST_GAP = 16
BACKSLASH, QUOTE = "\\", '"'
_GAP = re.compile(f" {{{LONGEST_GAP + 1},}}")
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"})


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
    """A value on one line of a card; a long one is cut in the middle with its exact length and the start of its sha256.

    Of a long run of spaces it is said how long it is: it pushes nothing out of sight, nor to where the next line would begin.
    """
    return _cut(value if isinstance(value, str) else readable_json(value), _on_a_line)


def quoted(value: object) -> str:
    """A value on a line of its own, where nothing in it can be taken for the end of it: a text stands in quotation marks, in which a
    backslash before a quotation mark or another backslash stands for the character itself. Different values look different."""
    if not isinstance(value, str):
        return shown(value)
    return f'"{_cut(value, lambda part: _on_a_line(part.replace(BACKSLASH, BACKSLASH * 2).replace(QUOTE, BACKSLASH + QUOTE)))}"'


def _on_a_line(text: str) -> str:
    return visible(_GAP.sub(lambda gap: f"\\u{{20}}x{len(gap[0])}", text))


def _cut(text: str, written: Callable[[str], str]) -> str:
    if len(text) <= LONGEST_SHOWN and len(whole := written(text)) <= LONGEST_SHOWN:
        return whole
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    mark = f" [... {len(text)} characters in all, sha256 {digest} ...] "
    half = (LONGEST_SHOWN - len(mark)) // 2
    return f"{written(text[:half])[:half]}{mark}{written(text[-half:])[-half:]}"


def card_text(card: Any, name: str, arguments: Mapping[str, Any]) -> str:
    """The sentence that asks: the tool's card filled with the arguments, or the call itself where the tool has no card.

    `card` is a format string over the arguments, a function of them, or None. Values are made visible before they are put in, so no
    value can end its line or obey an escape.
    """
    values = {key: shown(value) for key, value in arguments.items()}
    if callable(card):
        # Texts are made visible before a function of the user's sees them too: no value can add a line to the card.
        return visible_lines(str(card({key: _shown_inside(value) for key, value in arguments.items()})))
    if card is None:
        return f"{name}({', '.join(f'{key}={value}' for key, value in values.items())})"
    return str(card).format_map(values)


def _shown_inside(value: Any) -> Any:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {shown(str(key)): _shown_inside(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown_inside(item) for item in value]
    return value


def visible_lines(text: str) -> str:
    """`visible` for a text that may have lines of its own."""
    return "\n".join(visible(line) for line in text.split("\n"))


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
