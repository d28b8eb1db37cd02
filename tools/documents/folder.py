"""Find the files of a folder: those to read, and the reason why others are skipped."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .errors import FileUnreadable
from .reading import choose_kind, explain_kind

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not among the documents, with the reason."""

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


def sum_up_skipped(skipped: Iterable[Skipped]) -> list[str]:
    """Return a line for each reason, with the first files that were skipped for it: a folder may hold thousands of pictures."""
    by_reason: dict[str, list[str]] = {}
    for each in skipped:
        by_reason.setdefault(each.reason, []).append(each.file)
    more = {reason: len(files) - MOST_NAMED for reason, files in by_reason.items()}
    return [
        f"{', '.join(files[:MOST_NAMED])}{f' and {more[reason]:,} more' if more[reason] > 0 else ''}: {reason}"
        for reason, files in by_reason.items()
    ]


class FileFound(NamedTuple):
    """A file to read: its name among the documents, its path, and what shows that it has changed."""

    file: str
    path: Path
    size: int
    changed_ns: int


def walk_folder(folder: Path) -> Iterator[FileFound | Skipped]:
    """Yield every file below a folder, by name. Hidden ones are skipped silently; links are followed inside the folder only."""
    root = folder.resolve()

    def unreadable(error: OSError) -> None:
        refused.append(Skipped(_relative_name(root, Path(error.filename)), f"the folder cannot be listed: {error.strerror}"))

    refused = list[Skipped]()
    for place, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in sorted([*names, *linked]):
            if not name.startswith("."):
                yield _check(Path(place) / name, root)
    yield from refused


def list_files(files: Iterable[Path | str]) -> Iterator[FileFound | Skipped]:
    """Yield the files of a list, each once; a name that occurs twice gets its folder before it."""
    paths = list(dict.fromkeys(Path(os.path.abspath(file)) for file in files))  # noqa: PTH100 - `resolve` would follow links
    for path in paths:
        name = path.name if sum(path.name == other.name for other in paths) == 1 else path.as_posix()
        yield _stat(path, name)


def _check(path: Path, root: Path) -> FileFound | Skipped:
    name = _relative_name(root, path)
    if path.is_symlink():
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):
            return Skipped(name, "it is a link that leads nowhere or in a circle")
        if target.is_dir():
            return Skipped(name, "it is a link to a folder, which is not followed")
        if not target.is_relative_to(root):
            return Skipped(name, "it is a link to a file outside the folder, which is not followed")
    if choose_kind(name) is None:
        return Skipped(name, explain_kind(name))
    return _stat(path, name)


def _stat(path: Path, name: str) -> FileFound | Skipped:
    try:
        found = path.stat()
    except OSError as error:
        return Skipped(name, f"it cannot be read: {error.strerror}")
    if not stat.S_ISREG(found.st_mode):
        return Skipped(name, "it is a folder" if stat.S_ISDIR(found.st_mode) else "it is not a regular file")
    return FileFound(name, path, found.st_size, found.st_mtime_ns)


def read_bytes(found: FileFound, most_mb: float) -> bytes:
    """Read the file's bytes. Raises FileUnreadable when there are too many, or it may not be read."""
    if found.size > most_mb * 1_000_000:
        raise FileUnreadable(f"it has {found.size / 1e6:.3g} MB and at most {most_mb:g} are read; split it, or pass max_file_mb=")
    try:
        with found.path.open("rb") as file:
            return file.read(int(most_mb * 1_000_000) + 1)
    except OSError as error:
        raise FileUnreadable(f"it cannot be read: {error.strerror}") from None


def _relative_name(root: Path, path: Path) -> str:
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    return name.encode("utf-8", "replace").decode("utf-8")  # a name may hold bytes that cannot be decoded
