"""English words that are used alike: for each of 12,000 its nearest ones, with weights. `tables/README.md` says where they are from."""

from __future__ import annotations

import sys
import zlib
from array import array
from bisect import bisect_left
from functools import cache, lru_cache
from importlib.resources import files
from itertools import accumulate
from typing import NamedTuple

from .stems import stem


class Neighbour(NamedTuple):
    """A word that may stand in a passage instead of another, and how near it is (0 to 1)."""

    word: str
    weight: float


@lru_cache(4_096)
def find_neighbours(word: str) -> tuple[Neighbour, ...]:
    """Return the nearest words of an English word, the nearest first; none for a word that is not in the table."""
    table, row = _read_table(), _find_row(word)
    if row is None:
        return ()
    start, end = table.starts[row], table.starts[row + 1]
    pairs = zip(table.numbers[start:end], table.weights[start:end], strict=True)
    return tuple(Neighbour(table.words[number], weight / 255) for number, weight in pairs)


def find_rarity(word: str) -> float:
    """Return how rare a word is in English: 0 for the most common ones, 1 for those that are not in the table."""
    row = _find_row(word)
    return 1.0 if row is None else _read_table().rarities[row] / 255


def _find_row(word: str) -> int | None:
    stems, wanted = _read_table().stems, stem(word)
    row = bisect_left(stems, wanted)
    return row if row < len(stems) and stems[row] == wanted else None


class _Table(NamedTuple):
    """Rows sorted by stem. The neighbours of a row are numbers of rows, one row's after another's."""

    stems: list[str]
    words: list[str]
    rarities: bytes
    starts: list[int]
    weights: bytes
    numbers: array[int]


@cache
def _read_table() -> _Table:
    packed = (files(__package__ or __name__) / "tables" / "neighbours.bin").read_bytes()
    stems, words, rest = zlib.decompress(packed).split(b"\0", 2)
    rows = stems.decode("ascii").split("\n")
    rarities, counts, rest = rest[: len(rows)], rest[len(rows) : 2 * len(rows)], rest[2 * len(rows) :]
    starts = [0, *accumulate(counts)]
    numbers = array("H", rest[starts[-1] :])
    if sys.byteorder == "big":
        numbers.byteswap()
    return _Table(rows, words.decode("ascii").split("\n"), rarities, starts, rest[: starts[-1]], numbers)
