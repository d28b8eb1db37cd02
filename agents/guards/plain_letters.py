"""A text as it looks: full-width letters, look-alikes of other scripts, accents and characters that nobody sees, read as plain letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from sayso.tools.approval.unicode_data import load_tables

_ODD = re.compile(r"[^\x20-\x7e\t\n\r]")
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
"""Marks that may stand over any letter. Those of one script (vowels of Hindi, say) are a part of its words."""
_BLANK = "\u2800"


class PlainLetters:
    """A text that grows at its end and goes at its beginning, beside its folded form: `text` is what a guard looks at.

    `original` is as it came. `starts[i]` is where in it the character `text[i]` is from; an invisible one has no place in `text`.
    """

    __slots__ = ("original", "starts", "text")

    def __init__(self, original: str = "") -> None:
        self.original: str = ""
        self.text: str = ""
        self.starts: list[int] = []
        self.add(original)

    def add(self, piece: str) -> None:
        """Take in more of the text."""
        begin = len(self.original)
        self.original += piece
        if not _ODD.search(piece):
            self.text += piece
            self.starts += range(begin, begin + len(piece))
            return
        folded: list[str] = []
        for at, character in enumerate(piece, begin):
            plain = fold_character(character)
            folded.append(plain)
            self.starts += (at,) * len(plain)
        self.text += "".join(folded)

    def find_start(self, at: int) -> int:
        """Return where the folded character `at` begins in the original."""
        return self.starts[at] if at < len(self.starts) else len(self.original)

    def find_end(self, at: int) -> int:
        """Return where the folded character before `at` ends in the original."""
        return self.starts[at - 1] + 1 if at else 0

    def cut(self, at: int, keep: int) -> None:
        """Drop what stands before the folded character `at`, but for `keep` folded characters before it."""
        first = max(0, at - keep)
        if not first:
            return
        begin = self.find_start(first)
        self.original, self.text = self.original[begin:], self.text[first:]
        self.starts = [start - begin for start in self.starts[first:]] if begin else self.starts[first:]


def fold_text(text: str) -> str:
    """Return a text as it looks. Case is kept."""
    return text if not _ODD.search(text) else "".join(map(fold_character, text))


@lru_cache(maxsize=8192)
def fold_character(character: str) -> str:
    """Return what a character looks like: none, one or several plain ones."""
    if " " <= character <= "~" or character in "\t\n\r":
        return character
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    category, tables = unicodedata.category(character), load_tables()
    if category in ("Zs", "Zl", "Zp") or character in "\x0b\x0c\x85" or character == _BLANK:
        return " "
    if category in ("Cc", "Cf", "Cs") or tables.default_ignorable.match(character):
        return ""
    return "".join(_fold_letters(unicodedata.normalize("NFKD", character), character))


def _fold_letters(letters: str, whole: str) -> Iterable[str]:
    """Yield each letter of a decomposed character as it looks, without the marks over it."""
    confusables = load_tables().confusables
    if letters == whole:
        return [] if _MARKS.match(whole) else [confusables.get(whole, whole)]
    return [fold_character(letter) if letter != whole else letter for letter in letters if not _MARKS.match(letter)]
