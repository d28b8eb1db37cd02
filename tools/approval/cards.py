"""Cards, which a person reads before approving: every character visible, nothing cut off out of sight, look-alike letters named."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, cast

from ..canonical import readable_json
from ..definition.tool import takes_context
from ..effects import Labels
from ..errors import UsageError

if TYPE_CHECKING:
    from ..definition.tool import Card, ToolContext

LONGEST_SHOWN = 2000
LONGEST_GAP = 16
BACKSLASH, QUOTE = "\\", '"'
PUNYCODE = "xn--"
"""Begins the part of a host that stands for letters which are not ASCII."""
_GAP = re.compile(f" {{{LONGEST_GAP + 1},}}")
_PLAIN_NAME = re.compile(r"[\w$./-]+", re.ASCII)
_MOST_WARNINGS = 5


def escape_invisible(text: str) -> str:
    """Write as \\u{..} what a screen obeys or does not draw: controls, formats, default-ignorables, blanks, all spaces but one.

    So are unassigned and private characters, marks that come first in the text, and those after the fourth on a letter.
    """
    if text.isascii() and text.isprintable():
        return text
    from .invisible import escape_undrawn  # late, for load time: it reads Unicode's tables

    return escape_undrawn(text)


def show_value(value: object, *, in_quotes: bool = False) -> str:
    """Write a value on one line of a card; a long one is cut in the middle, with its exact length and the start of its sha256.

    A long run of spaces is written as its length: it would push text out of sight, or to where the next line seems to begin. With
    `in_quotes` a text stands in quotation marks, in which a backslash before a quotation mark or another backslash stands for the
    character itself: nothing in it can be taken for its end, and different values look different.
    """
    quotes = in_quotes and isinstance(value, str)
    text = value if isinstance(value, str) else readable_json(value)
    if not quotes and len(text) <= LONGEST_SHOWN and text.isascii() and text.isprintable() and not _GAP.search(text):
        return text  # as most values: nothing to escape, nothing to cut

    def write(part: str) -> str:
        escaped = part.replace(BACKSLASH, BACKSLASH * 2).replace(QUOTE, BACKSLASH + QUOTE) if quotes else part
        return escape_invisible(_GAP.sub(lambda gap: f"\\u{{20}}x{len(gap[0])}", escaped))

    whole = write(text) if len(text) <= LONGEST_SHOWN else ""
    if len(text) > LONGEST_SHOWN or len(whole) > LONGEST_SHOWN:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        mark = f" [... {len(text)} characters in all, sha256 {digest} ...] "
        half = (LONGEST_SHOWN - len(mark)) // 2
        first, last = write(text[:half]), write(text[-half:])
        if quotes:  # the half of an escape is left out: an unescaped quotation mark would look like the end
            first, last = first[: half - _ends_in_half(first[:half])], last[_ends_in_half(last[:-half]) - half :]
        whole = f"{first[:half]}{mark}{last[-half:]}"
    return f'"{whole}"' if quotes else whole


def _ends_in_half(written: str) -> bool:
    """Return whether a text in quotation marks ends in a backslash that stands before the next character."""
    return (len(written) - len(written.rstrip(BACKSLASH))) % 2 == 1


def render_card(card: Card | None, name: str, arguments: Mapping[str, object], context: ToolContext[Any] | None = None) -> str:
    """Return the question for a person: the tool's card filled with the arguments, or the call itself where the tool has no card.

    A card that looks something up is handed the `context`.

    Values are made visible before they are put in, so no value can end its line or obey an escape.
    """
    values = {key: show_value(value) for key, value in arguments.items()}
    if callable(card):
        # Texts are made visible before a function of the application sees them too: no value can add a line to the card.
        shown = {key: _show_inside(value) for key, value in arguments.items()}
        write = cast("Callable[..., str]", card)
        return escape_lines(
            require_text(write(shown, context) if context is not None and takes_context(card) else write(shown), name, "card")
        )
    if card is None:  # texts in quotes: none can be taken for a number, or for the argument after it
        # So are names that a server of tools has made up, of which "amount=1, to" looks like two.
        names = {key: key if _PLAIN_NAME.fullmatch(key) else show_value(key, in_quotes=True) for key in arguments}
        written = (f"{names[key]}={show_value(value, in_quotes=True)}" for key, value in arguments.items())
        return f"{name}({', '.join(written)})"
    try:
        return str(card).format_map(values)
    except (LookupError, ValueError, AttributeError) as error:
        why = f"it cannot be filled in ({type(error).__name__}: {error})"
        raise UsageError(f"The tool {name} has card={card!r}, and {why}. Its arguments are {', '.join(values) or 'none'}.") from None


def require_text(answer: object, name: str, option: str) -> str:
    """Return what a function of the application wrote for a person. Raises UsageError for what is no text: a yes would mean nothing."""
    if isinstance(answer, str):
        return answer
    if iscoroutine(answer):
        answer.close()
        raise UsageError(f"The tool {name} has a function that is async as {option}=. Write def, without async.")
    raise UsageError(f"The tool {name} has {option}=, which returned {type(answer).__name__}; it returns the text that a person reads.")


def warn_of_direction(card: str, arguments: Mapping[str, object]) -> list[str]:
    """Return a warning for each value of right-to-left letters that changes the order in which a screen shows the card's own digits."""
    from .lookalikes import pulls_digits  # late, for load time: it reads Unicode's tables

    why = "ends in right-to-left letters, so a screen may show the digits that follow it on the card before it"
    return [f"{name} {why}" for name, value in arguments.items() if isinstance(value, str) and pulls_digits(show_value(value), card)]


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
    """Yield every text in a JSON value, keys included; numbers as they are written. What is labelled is nobody's own words."""
    if isinstance(value, str):
        yield value
    elif isinstance(getattr(value, "labels", None), Labels):
        return
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

    By Unicode's data (UTS 39): a word mixes scripts, or can be taken for one in Latin letters; digits or separators are not the ASCII ones;
    right-to-left letters stand between digits. Of a host that is not plain ASCII the warning gives the internet's spelling (IDNA).
    """
    odd = [text for text in iter_texts(value) if not text.isascii() or PUNYCODE in text.lower()]
    if not odd:
        return None
    from .lookalikes import find_odd_words  # late, for load time: it reads Unicode's tables

    found = dict.fromkeys(pair for text in odd for pair in find_odd_words(text))
    warnings = [f"{show_value(word)} {show_value(problem)}".lstrip() for word, problem in found]
    more = [f"and {len(warnings) - _MOST_WARNINGS} more such words"] if len(warnings) > _MOST_WARNINGS else []
    return "; ".join(warnings[:_MOST_WARNINGS] + more) or None
