"""An index of the texts that a run has read: which of them holds a value, or has a piece that stands in one; and whose texts they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from .background import Background, Growing
from .words import WordIndex

SHORTEST_PIECE = 12
"""How long a piece of a text that was read must be, for a value that holds it to be from there: a shorter one may stand anywhere."""
_PIECE = re.compile(r"[^\n\"“”]+")


def get_read_index(background: Background) -> ReadIndex:
    """Return the index of what was read; the first time it is made."""
    index = background.read_index
    if not isinstance(index, ReadIndex):
        texts = background.read_texts
        above = None
        if isinstance(texts, Growing):
            given = background.above if background.above is not None else Background(read_texts=texts.before)
            above = get_read_index(given)
        background.read_index = index = ReadIndex(texts, above)
    return index


class ReadIndex:
    """The texts of a run by their words and pieces. It grows with them: a search reads only what was added since the last one.

    A branch has an index of what it has read itself, above which is that of the run that it is a part of.
    """

    def __init__(self, texts: Sequence[tuple[str, str]], above: ReadIndex | None) -> None:
        self._own: Sequence[tuple[str, str]] = texts.own if isinstance(texts, Growing) else texts
        self._start = texts.start if isinstance(texts, Growing) else 0
        self._above = above
        self._words = WordIndex(_Texts(self._own))
        self._pieces: dict[str, int] = {}  # each piece, with the first text that has it
        self._lengths: dict[str, set[int]] = {}  # of the pieces, by how they begin
        self._cut = 0
        self._origins: dict[str, None] = {}  # the one that was read last is last
        self._asked = 0

    def find_holder(self, value: str, most: int | None = None) -> int | None:
        """Return the first text, of the first `most`, that holds a value word for word, in any case and spacing."""
        found = self._above.find_holder(value, self._start if most is None else min(most, self._start)) if self._above else None
        if found is None:
            number = next(iter(islice(self._words.find(value, None if most is None else most - self._start), 1)), None)
            found = None if number is None else self._start + number
        return found

    def find_quoted(self, value: str, most: int | None = None) -> int | None:
        """Return the first text, of the first `most`, of which a line or a quotation stands in a value: in lower case, single spaces."""
        found = self._above.find_quoted(value, self._start if most is None else min(most, self._start)) if self._above else None
        if found is not None:
            return found
        self._cut_new()
        numbers = {
            self._pieces.get(value[at : at + length])
            for at in range(len(value) - SHORTEST_PIECE + 1)
            for length in self._lengths.get(value[at : at + SHORTEST_PIECE], ())
        }
        first = min((number for number in numbers if number is not None), default=None)
        return None if first is None or (most is not None and self._start + first >= most) else self._start + first

    def list_origins(self, most: int | None = None) -> dict[str, None]:
        """Return from whom the first `most` texts are, the one that was read last at the end. It is not to be changed."""
        count = len(self._own) if most is None else max(most - self._start, 0)
        if count < self._asked or not (self._asked or self._origins):
            self._origins = dict(self._above.list_origins(self._start)) if self._above else {}
            self._asked = 0
        for origin, _ in self._own[self._asked : count]:
            self._origins.pop(origin, None)
            self._origins[origin] = None
        self._asked = count
        return self._origins

    def _cut_new(self) -> None:
        for number in range(self._cut, len(self._own)):
            for piece in _cut_pieces(self._own[number][1]):
                self._pieces.setdefault(piece, number)
                self._lengths.setdefault(piece[:SHORTEST_PIECE], set()).add(len(piece))
        self._cut = len(self._own)


def _cut_pieces(text: str) -> Iterable[str]:
    pieces = (" ".join(found[0].casefold().split()) for found in _PIECE.finditer(text))
    return (piece for piece in pieces if len(piece) >= SHORTEST_PIECE)


class _Texts(Sequence[str]):
    """The texts alone of (origin, text), as they grow."""

    def __init__(self, read: Sequence[tuple[str, str]]) -> None:
        self._read = read

    def __len__(self) -> int:
        return len(self._read)

    def __getitem__(self, index: int) -> str:  # type: ignore[override]  # nobody slices it
        return self._read[index][1]

    def __iter__(self) -> Iterator[str]:
        return (text for _, text in self._read)
