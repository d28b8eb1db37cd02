"""Text files by line: UTF-8, with or without a byte order mark, and an error that names the file and the line."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from sayso.tools.errors import UsageError


def read_text(path: str | Path) -> str:
    """Return the text of a file. Raises UsageError for one that is not there, cannot be read, or is not text in UTF-8."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder. Name a file in it.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line} is not text in UTF-8 ({error.reason}). Write the file anew in UTF-8.") from None


def has_mark(path: str | Path) -> bool:
    """Return whether a file begins with a byte order mark."""
    with Path(path).open("rb") as file:
        return file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8


def split_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text that are not blank, with their numbers. A line ends at a line feed and nowhere else."""
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if line.strip():
            yield number, line


def read_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file that are not blank, with their numbers."""
    yield from split_lines(read_text(path))


def write_jsonl(rows: Iterable[object]) -> str:
    """Return rows as JSON lines."""
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def write_text(path: Path, text: str) -> None:
    """Write a file in UTF-8, whole or not at all. Half of a surrogate pair becomes a replacement character."""
    data = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(codecs.BOM_UTF8 + data if text.startswith("\ufeff") else data)  # a reader takes the first mark away
    beside.replace(path)
