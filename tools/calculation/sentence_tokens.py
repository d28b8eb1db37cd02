"""A sum in a sentence: its tokens as words, and what the rules that write it out ask of them."""

from __future__ import annotations

from collections.abc import Container, Sequence

from .function_table import ALIASES, CONSTANTS, FUNCTIONS
from .pieces import Pieces
from .units import UNITS

Tokens = list[tuple[str, int]]  # each token and where it begins

OPERATORS = frozenset({"+", "-", "*", "/", "//", "^", "**", "=", "mod", "div", "x", "X"})


class Sentence:
    """What the rules ask of a word. `tokens` are given and returned; the text is only for errors."""

    def __init__(self, pieces: Pieces, bound: Container[str]) -> None:
        self.pieces, self.bound = pieces, bound

    def word(self, tokens: Tokens, at: int) -> str:
        """Return a token as a word, lower case; empty for a name that has a value, and past the end."""
        token = tokens[at][0] if 0 <= at < len(tokens) else ""
        return "" if token in self.bound else token.lower()

    def words(self, tokens: Tokens, at: int, count: int) -> tuple[str, ...]:
        return tuple(self.word(tokens, each) for each in range(at, at + count))

    def is_label(self, tokens: Tokens, at: int) -> bool:
        word = self.word(tokens, at)
        known = word in FUNCTIONS or word in ALIASES or word in CONSTANTS or word in UNITS or word in OPERATORS
        return len(word) > 1 and word.isalpha() and not known and word not in ("of", "on", "in", "to", "as", "is", "and")

    def check_reach(self, tokens: Tokens, begun: int, end: int, word: str, even: Container[str] = ()) -> None:
        """Refuse a sign outside of brackets, before which the sentence may end: divide 20 by 4 + 1. The sign of a number is none.

        Behind those of `even` the value is the same, wherever it ends: double 3/4.
        """
        depth = 0
        for at in range(begun, end):
            token = self.word(tokens, at)
            depth += (token in ("(", "[")) - (token in (")", "]"))
            if (
                depth == 0
                and begun < at
                and token in OPERATORS
                and token not in ("^", "**")
                and token not in even
                and self.word(tokens, at - 1) not in ("^", "**")
            ):
                raise self.pieces.refuse(tokens[at][1], f"How far does {word!r} reach? Write signs and parentheses.")


def find_phrase(words: Sequence[str], phrase: tuple[str, ...], begun: int) -> int:
    """Return where a phrase stands in the words, -1 where it does not or does so twice."""
    places = [at for at in range(begun, len(words) - len(phrase) + 1) if tuple(words[at : at + len(phrase)]) == phrase]
    return places[0] if len(places) == 1 else -1


def wrap(tokens: Tokens) -> Tokens:
    return [("(", tokens[0][1]), *tokens, (")", tokens[-1][1])] if len(tokens) > 1 else list(tokens)


def join_items(items: Sequence[Tokens], sign: str, start: int, *, wrapped: bool = True, call: bool = False) -> Tokens:
    """Return items with a sign between them, each in brackets of its own where it has more than one token."""
    joined: Tokens = []
    for item in items:
        joined += [(sign, start)] * bool(joined) + (wrap(item) if wrapped and not call else list(item))
    return [("(", start), *joined, (")", start)] if call else joined
