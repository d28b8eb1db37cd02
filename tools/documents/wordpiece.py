"""Split a text into the pieces of words that a BERT model reads, by their numbers; `tables/README.md` says where the table is from."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

BEGIN, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
LONGEST_WORD = 100
"""A longer run of letters is no word, and unknown."""
_IDEOGRAPHS = (
    *(("㐀", "䶿"), ("一", "鿿"), ("豈", "\ufaff")),
    *(("\U00020000", "\U0002a6df"), ("\U0002a700", "\U0002ceaf"), ("\U0002f800", "\U0002fa1f")),
)


@cache
def load_pieces() -> dict[str, int]:
    """Return the number of each piece. Pieces that go on in the middle of a word begin with ##."""
    table = (files(__package__ or __name__) / "tables" / "wordpieces.txt").read_text(encoding="utf-8")
    return {piece: number for number, piece in enumerate(table.removesuffix("\n").split("\n"))}


def find_pieces(text: str, most: int) -> list[int]:
    """Return the numbers of a text's pieces, at most `most` with those for its beginning and end."""
    pieces = load_pieces()
    numbers = [pieces[BEGIN]]
    for word in _split_words(text):
        if len(numbers) >= most:
            break
        numbers += _split_word(word, pieces)
    return [*numbers[: most - 1], pieces[END]]


def measure_foreignness(text: str) -> float:
    """Return how many pieces a word has on average, unknown ones counting three: about 1.2 for English, 2 and more for other languages."""
    pieces = load_pieces()
    unknown = pieces[UNKNOWN]
    split = [_split_word(word, pieces) for word in _split_words(text) if word[0].isalpha()]
    return sum(3 if number == unknown else 1 for word in split for number in word) / len(split) if split else 0.0


def _split_words(text: str) -> Iterator[str]:
    """Yield words in lower case and without accents, and each mark and ideograph by itself."""
    word = ""
    for character in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(character)
        if kind == "Mn":
            continue
        if character in "\t\n\r" or kind == "Zs":
            single, ends = "", True
        elif kind[0] == "C" or character == "\ufffd":
            continue
        else:
            ends = _is_mark(character, kind) or any(low <= character <= high for low, high in _IDEOGRAPHS)
            single = character if ends else ""
        if not ends:
            word += character
            continue
        if word:
            yield word
        word = ""
        if single:
            yield single
    if word:
        yield word


def _is_mark(character: str, kind: str) -> bool:
    return kind[0] == "P" or (character.isascii() and not character.isalnum())


def _split_word(word: str, pieces: dict[str, int]) -> list[int]:
    """Return the longest pieces that make up a word, from its beginning on; the unknown one where there are none."""
    found: list[int] = []
    start = 0
    while start < len(word) <= LONGEST_WORD:
        prefix = "##" if start else ""
        end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in pieces), None)
        if end is None:
            return [pieces[UNKNOWN]]
        found.append(pieces[prefix + word[start:end]])
        start = end
    return found or [pieces[UNKNOWN]]
