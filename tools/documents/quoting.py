"""Where quoted words stand in a text, whatever marks, hyphens and letter cases an honest quote changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..web.snapshots import find_quote

_SAME = {**dict.fromkeys(map(ord, '"’‘“”„'), "'"), **dict.fromkeys(map(ord, "–—‐‑"), "-"), 0xA0: " "}
_MARKS = re.compile(
    r"(?<=[^\W\d_])\s*-+\s*(?=[^\W\d_])"  # in a word, or where a line broke it
    r"|!?\[(?=[^\[\]]{0,300}\]\()|\]\([^()\s]{0,500}\)"  # a link's text stays
    r"|(?<![\d*`])[*`]+|[*`]+(?![\d*`])|(?<!\w)_+|_+(?!\w)"
    r"|^[ \t]{0,3}(?:#{1,6}|>)[ \t]"
    r"|\xad",
    re.MULTILINE,
)
"""Characters that an honest quote may leave out: hyphens, and the marks of Markdown."""
LEFT_OUT = re.compile(r"\s*\[?(?:\.\.\.|…)\]?\s*")


def locate_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Return the span of quoted words in a text, None if they are not in it; "..." in a quote leaves words out.

    White space, typographic marks, hyphens, the marks of Markdown, the case of letters and the stop at the end do not matter.
    """
    return _locate(quote, text, _fold_letters) or _locate(quote, text, _strip_marks)


def _locate(quote: str, text: str, fold: Callable[[str], _Letters]) -> tuple[int, int] | None:
    letters, at, start = fold(text), 0, None
    for part in filter(str.strip, LEFT_OUT.split(quote)):
        span = _locate_part(fold(part).text, letters.text[at:])
        if span is None:
            return None
        start = at + span[0] if start is None else start
        at += span[1]
    return None if start is None else (letters.places[start], letters.places[at - 1] + 1)


def _locate_part(part: str, text: str) -> tuple[int, int] | None:
    return find_quote(part, text) or find_quote(part.rstrip(".,;:!? "), text)


class _Letters(NamedTuple):
    """A text as it is compared, and the position of each of its letters in the original text."""

    text: str
    places: Sequence[int]


def _fold_letters(text: str) -> _Letters:
    # Letter by letter, so that positions stay the same: "İ".lower() has two letters.
    same = "".join(lower if len(lower := letter.lower()) == 1 else letter for letter in text.translate(_SAME))
    return _Letters(same, range(len(same)))


def _strip_marks(text: str) -> _Letters:
    plain = _fold_letters(text).text.replace("|", " ")
    places, at = list[int](), 0
    for mark in _MARKS.finditer(plain):
        places += range(at, mark.start())
        at = mark.end()
    places += range(at, len(plain))
    return _Letters("".join(plain[place] for place in places), places)
