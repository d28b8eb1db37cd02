"""What is wrong with a row of a data set: where in it, what was seen, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class RowProblem(NamedTuple):
    """A finding: `line` of the file (0: the file as a whole), `place` in the row ("messages[2].content"), what is so, and what to `do`.

    A warning is `refused` by nobody, and is probably not what was meant.
    """

    line: int
    place: str
    what: str
    do: str
    refused: bool = True


class RowReport(NamedTuple):
    """Takes the findings of one row."""

    line: int
    add: Callable[[RowProblem], object]

    def refuse(self, place: str, what: str, do: str) -> None:
        """Take note of what the reader of the file refuses."""
        self.add(RowProblem(self.line, place, what, do))

    def warn(self, place: str, what: str, do: str) -> None:
        """Take note of what is taken, and is probably not meant."""
        self.add(RowProblem(self.line, place, what, do, False))


def name_type(value: object) -> str:
    """Return what kind of JSON a value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
    return "an object"
