"""Text as the gate compares it: one kind of quotation mark, dash and space, without marks of layout and invisible characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SAME = {
    **dict.fromkeys(map(ord, "’‘‛ʼ`´"), "'"),
    **dict.fromkeys(map(ord, "“”„‟«»"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒−﹣－～〜"), "-"),
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000\t\r\f\v"), " "),
    **{0xFF01 + at: chr(0x21 + at) for at in range(94) if chr(0x21 + at) not in "|~"},
}
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\x00-\x08\x0e-\x1f\x7f]")
_BROKEN_WORD = re.compile(r"(?<=[a-zäöüéèß])-\n[ ]*(?=[a-zäöüéèß])")
_LAYOUT = re.compile(r"\*+|(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)|!?\[(?=[^\[\]\n]{0,300}\]\()|\]\([^()\s]{0,500}\)")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as it is compared, and the place of each of its characters in the original text (None: the same)."""

    text: str
    places: Sequence[int] | None = None

    def find_place(self, at: int) -> int:
        """Return the place in the original text."""
        if self.places is None:
            return at
        return self.places[at] if at < len(self.places) else (self.places[-1] + 1 if self.places else 0)


def fold(text: str) -> Folded:
    """Return the text with one form for each mark. What is left out (soft hyphens, a word's break at the end of a line) does not count."""
    same = text.translate(_SAME)
    same = _LAYOUT.sub(lambda found: " " * len(found[0]), same)
    cuts = [found.span() for found in _INVISIBLE.finditer(same)] + [found.span() for found in _BROKEN_WORD.finditer(same)]
    if not cuts:
        return Folded(same)
    dropped = {at for start, end in cuts for at in range(start, end)}
    places = [at for at in range(len(same)) if at not in dropped]
    return Folded("".join(same[at] for at in places), places)


def squeeze(text: str) -> str:
    """Return a text for comparing letter by letter: lower case, single spaces, without the stop at its end."""
    return " ".join(text.casefold().split()).strip(" .!?;:\"'。！？").replace("~~", "")
