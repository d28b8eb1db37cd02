"""Cards, which a person reads before approving: every character visible, nothing cut off out of sight, look-alike letters named."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..canonical import readable_json

if TYPE_CHECKING:
    from ..definition.tool import Card

LONGEST_SHOWN = 2000
LONGEST_GAP = 16
BACKSLASH, QUOTE = "\\", '"'
_GAP = re.compile(f" {{{LONGEST_GAP + 1},}}")
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"})
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "FULLWIDTH", "MATHEMATICAL")
# Letters of other alphabets that are drawn like Latin ones in most fonts: the common part of Unicode's table of confusables.
_LIKE_LATIN = frozenset("аеорсухѕіјһԁԛԝӏѵАВЕКМНОРСТУХЅІЈԌӀοανρυικΑΒΕΖΗΙΚΜΝΟΡΤΥΧոսօցհյ")
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?([^/:?#]+\.[^/:?#.]{2,})", re.IGNORECASE)
_MOST_WARNINGS = 5


def escape_invisible(text: str) -> str:
    """Write every control, format, private and unassigned character, and every space but the ordinary one, as \\u{..}.

    Combining marks after the fourth in a row are escaped too, so that no mark reaches into another line.
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


def show_value(value: object, *, in_quotes: bool = False) -> str:
    """Write a value on one line of a card; a long one is cut in the middle, with its exact length and the start of its sha256.

    A long run of spaces is written as its length: it would push text out of sight, or to where the next line seems to begin. With
    `in_quotes` a text stands in quotation marks, in which a backslash before a quotation mark or another backslash stands for the
    character itself: nothing in it can be taken for its end, and different values look different.
    """
    quotes = in_quotes and isinstance(value, str)
    text = value if isinstance(value, str) else readable_json(value)

    def write(part: str) -> str:
        escaped = part.replace(BACKSLASH, BACKSLASH * 2).replace(QUOTE, BACKSLASH + QUOTE) if quotes else part
        return escape_invisible(_GAP.sub(lambda gap: f"\\u{{20}}x{len(gap[0])}", escaped))

    whole = write(text) if len(text) <= LONGEST_SHOWN else ""
    if len(text) > LONGEST_SHOWN or len(whole) > LONGEST_SHOWN:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        mark = f" [... {len(text)} characters in all, sha256 {digest} ...] "
        half = (LONGEST_SHOWN - len(mark)) // 2
        whole = f"{write(text[:half])[:half]}{mark}{write(text[-half:])[-half:]}"
    return f'"{whole}"' if quotes else whole


def render_card(card: Card | None, name: str, arguments: Mapping[str, object]) -> str:
    """Return the question for a person: the tool's card filled with the arguments, or the call itself where the tool has no card.

    Values are made visible before they are put in, so no value can end its line or obey an escape.
    """
    values = {key: show_value(value) for key, value in arguments.items()}
    if callable(card):
        # Texts are made visible before a function of the application sees them too: no value can add a line to the card.
        return escape_lines(str(card({key: _show_inside(value) for key, value in arguments.items()})))
    if card is None:
        return f"{name}({', '.join(f'{key}={value}' for key, value in values.items())})"
    return str(card).format_map(values)


def _show_inside(value: object) -> object:
    if isinstance(value, str):
        return show_value(value)
    if isinstance(value, Mapping):
        return {show_value(str(key)): _show_inside(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_show_inside(item) for item in value]
    return value


def escape_lines(text: str) -> str:
    """Do as `escape_invisible` for a text that may have lines of its own."""
    return "\n".join(escape_invisible(line) for line in text.split("\n"))


def iter_texts(value: object) -> Iterator[str]:
    """Yield every text in a JSON value, keys included; numbers as they are written."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from iter_texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from iter_texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def warn_of_lookalikes(value: object) -> str | None:
    """Return a warning about the words of a value that may not be what they look like, or None.

    Such a word mixes alphabets whose letters look alike, or has only letters of another alphabet that are drawn like Latin ones (the
    common part of Unicode's confusables, UTS 39). Of a host that is not plain ASCII the warning gives the internet's spelling (IDNA).
    """
    odd = (word for text in iter_texts(value) if not text.isascii() for word in text.split())
    warnings = list(dict.fromkeys(warning for word in odd if (warning := _describe_word(word))))
    more = [f"and {len(warnings) - _MOST_WARNINGS} more such words"] if len(warnings) > _MOST_WARNINGS else []
    return "; ".join(warnings[:_MOST_WARNINGS] + more) or None


def _describe_word(word: str) -> str:
    scripts = sorted({script for character in word if (script := _script(character))})
    problems = []
    if len(scripts) > 1:
        problems.append(f"mixes letters of {' and '.join(script.title() for script in scripts)} that look alike")
    elif scripts and scripts != ["LATIN"] and all(letter in _LIKE_LATIN for letter in word if letter.isalpha()):
        problems.append(f"is written in {scripts[0].title()} letters that look like Latin ones")
    if host := _ascii_host(word):
        problems.append(f"is the host {host}")
    return f"{show_value(word)} {' and '.join(problems)}" if problems else ""


def _ascii_host(word: str) -> str | None:
    """Return the host of an address or e-mail address in ASCII, None where it is written so already."""
    found = _HOST.match(word.strip("<>()[]\"',;"))
    if found is None or found[1].isascii():
        return None
    try:
        return found[1].encode("idna").decode("ascii")
    except UnicodeError:
        return None


def _script(character: str) -> str | None:
    if character.isascii():
        return "LATIN" if character.isalpha() else None
    name = unicodedata.name(character, "")
    return next((script for script in _SCRIPTS if name.startswith(script)), None)
