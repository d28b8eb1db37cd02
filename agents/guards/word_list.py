"""Words that must not stand in a text, however they are written: in capitals, full-width, with look-alikes or invisible characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from sayso.tools.errors import UsageError

from .plain_letters import fold_text
from .spans import Span, SpanGuard

_END = ""
"""The key in a tree of letters under which a word ends."""
_WITHOUT_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
_LINE_ENDS = ("\\n", "\\r", "\\t")
"""The end of a line, as JSON writes it."""
_MOST_SPACES = 20
"""How far apart the words of a phrase may stand."""
Tree = dict[str, Any]


class WordList(SpanGuard):
    """Refuses a text with one of these words or phrases in it, or replaces them (`replace_with="***"`).

    They count as whole words; with `inside=True` also as a part of longer ones. Case, accents, full-width letters, look-alikes of other
    scripts, invisible characters and the number of spaces do not matter. `what` is what events and answers call them.
    """

    context = 2

    def __init__(self, *words: str | Iterable[str], inside: bool = False, what: str = "a word of the list", **options: Any) -> None:
        listed = [word for each in words for word in ([each] if isinstance(each, str) else each)]
        folded = {" ".join(_fold(word).split()) for word in listed}
        if not folded or "" in folded:
            raise UsageError("WordList(...) takes words that a text must not contain. Give at least one, and no empty one.")
        self.inside: bool = inside
        self.what: str = what
        self._tree: Tree = {}
        for word in folded:
            node = self._tree
            for letter in word:
                node = node.setdefault(letter, {})
            node[_END] = True
        self.longest: int = max(len(word) + (_MOST_SPACES - 1) * word.count(" ") for word in folded)
        super().__init__(**options)

    def find(self, text: str, start: int) -> Iterator[Span]:
        """Yield the words in the text."""
        lowered = _lower(text)
        at = start
        while at < len(lowered):
            end = self._match(lowered, at)[0] if lowered[at] in self._tree else 0
            if end:
                yield Span(at, end, self.what)
            at = end or at + 1

    def find_open(self, text: str, start: int) -> int:
        """Return where the first word may begin that the text does not end yet."""
        lowered = _lower(text)
        for at in range(super().find_open(text, start), len(lowered)):
            if lowered[at] in self._tree and self._match(lowered, at)[1]:
                return at
        return len(text)

    def _match(self, text: str, start: int) -> tuple[int, bool]:
        """Return where the longest word ends that begins here, 0 if there is none, and whether what follows the text could change it."""
        if not self.inside and start and _is_joined(text[start - 1], text[start]) and text[max(0, start - 2) : start] not in _LINE_ENDS:
            return 0, False
        node, at, end = self._tree, start, 0
        while True:
            if _END in node:
                if at == len(text):
                    return at, True
                if self.inside or not _is_joined(text[at - 1], text[at]):
                    end = at
            if at == len(text):
                return end, True
            following = node.get(text[at])
            if following is None:
                return end, False
            node, at = following, at + (_count_spaces(text, at) or 1)


def _fold(word: str) -> str:
    return _lower(fold_text(word))


def _lower(text: str) -> str:
    """Return the text in small letters, each white space a space, as long as it was."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(letter.lower()[:1] for letter in text)
    return lowered.translate(_BLANKS)


_BLANKS = str.maketrans("\t\n\r", "   ")


def _count_spaces(text: str, at: int) -> int:
    """Return how many spaces stand at a place, as far as they count as one."""
    end = at
    while end < min(len(text), at + _MOST_SPACES) and text[end] == " ":
        end += 1
    return end - at


def _is_joined(before: str, after: str) -> bool:
    """Return whether two characters belong to one word."""
    return _is_of_word(before) and _is_of_word(after) and not (_stands_alone(before) or _stands_alone(after))


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"


@lru_cache(maxsize=4096)
def _stands_alone(letter: str) -> bool:
    """Return whether a letter is of a script that is written without spaces."""
    return not letter.isascii() and unicodedata.name(letter, "").startswith(_WITHOUT_SPACES)
