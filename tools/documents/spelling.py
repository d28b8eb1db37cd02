"""Find the word of an index that a misspelt one of a question means: "parkng" is "parking"."""

from __future__ import annotations

from collections.abc import Iterable

FEWEST_LETTERS = 5
LONG = 9
"""A word of so many letters may have two slips."""


def find_meant(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is a slip away: a letter too many, too few or wrong, or two swapped. None for short words and numbers."""
    if len(word) < FEWEST_LETTERS or not word.isalpha():
        return None
    most = 2 if len(word) >= LONG else 1
    near = [(count_slips(word, each, most), each) for each in known if abs(len(each) - len(word)) <= most]
    slips, meant = min(near, default=(most + 1, ""))
    return meant if slips <= most else None


def count_slips(one: str, other: str, most: int) -> int:
    """Return by how many slips two words differ, up to `most` + 1."""
    before, row = list[int](), list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before_that, before, row = before, row, [at]
        for place, against in enumerate(other, 1):
            best = min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != against))
            if at > 1 and place > 1 and letter == other[place - 2] and one[at - 2] == against:
                best = min(best, before_that[place - 2] + 1)
            row.append(best)
        if min(row) > most:
            return most + 1
    return row[-1]
