"""Tables of text sorted by their first column. A line is found by halving: opening a table of any size costs next to nothing."""

from __future__ import annotations

import mmap
from functools import cache
from importlib.resources import files
from pathlib import Path


def find_line(name: str, word: str) -> str | None:
    """Return the line of a word in a table, without its end; None if the table has none."""
    table, wanted = _open_table(name), f"{word}\t".encode()
    low, high = 0, len(table)
    while low < high:
        start = table.rfind(b"\n", 0, (low + high) // 2) + 1
        begin = table[start : start + len(wanted)]  # a tab comes before all letters: shorter words do, too
        if begin == wanted:
            return table[start : table.find(b"\n", start)].decode()
        if begin < wanted:
            low = table.find(b"\n", start) + 1
        else:
            high = start
    return None


@cache
def _open_table(name: str) -> mmap.mmap | bytes:
    path = files(__package__ or __name__) / "tables" / f"{name}.txt"
    if not isinstance(path, Path):
        return path.read_bytes()  # in a zip
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
