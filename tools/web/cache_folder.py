"""A folder of what was fetched, that may be lost at any moment: private, bounded in size, shared by any number of processes."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..private_files import create_private_folder, replace_private_file

MAX_BYTES = 256_000_000
SHELVES = 16
_BLOCK = 4_096
"""What a file takes on a disk at least."""
_OURS = re.compile(r"\.?[0-9a-f]{40}\.kept(\.[0-9a-f]{16})?")  # with a dot: a draft that nobody finished
_SHA = 64


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """Contents by key, in files of the folder that only their owner can read. The oldest give way where there are more than `max_bytes`.

    A key's first hexadecimal digit names its shelf, a folder of its own with a sixteenth of the room: whatever is written, no more than
    one shelf has to be looked through. What was cut or changed on disk counts as missing.
    """

    folder: Path
    max_bytes: int = MAX_BYTES

    def check(self) -> None:
        """Make the folder where it is missing. Raises UsageError for one in which others can write, or that leads elsewhere."""
        try:
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            create_private_folder(self.folder)
        except OSError as error:
            raise UsageError(f"The cache folder {self.folder} cannot be made: {error.strerror}.") from None
        self._refuse_problem()

    def read(self, key: str) -> bytes | None:
        """Return the content of a key; None if there is none, or none that is whole. Raises UsageError as `check` does."""
        try:
            self._refuse_problem()
            kept = self._find_file(key).read_bytes()
        except OSError:
            return None
        sha, content = kept[:_SHA], kept[_SHA:]
        return content if hashlib.sha256(content).hexdigest().encode() == sha else None

    def write(self, key: str, content: bytes) -> None:
        """Keep the content of a key, in place of the one before. A disk that is full keeps nothing. Raises UsageError as `check` does."""
        if not self.folder.exists():
            self.check()
        self._refuse_problem()
        file, size = self._find_file(key), max(len(content) + _SHA, _BLOCK)
        if size > self._shelf_bytes:
            return
        with suppress(OSError):
            create_private_folder(file.parent)
            self._make_room(file.parent, size)
            replace_private_file(file, hashlib.sha256(content).hexdigest().encode() + content)

    def _find_file(self, key: str) -> Path:
        name = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:40]
        return self.folder / name[0] / f"{name}.kept"

    def _refuse_problem(self) -> None:
        if problem := self._find_problem():
            raise UsageError(f"The cache folder {self.folder} {problem}. Name another folder, or read without a cache.")

    def _find_problem(self) -> str:
        seen = self.folder.lstat()
        if stat.S_ISLNK(seen.st_mode):
            return "is a link to another place"
        if not stat.S_ISDIR(seen.st_mode):
            return "is not a folder"
        if sys.platform == "win32":
            return ""
        if seen.st_uid != os.geteuid():
            return "belongs to another user"
        if seen.st_mode & 0o022:
            return "can be written in by others"
        return "" if os.access(self.folder, os.W_OK | os.X_OK) else "cannot be written in"

    @property
    def _shelf_bytes(self) -> int:
        return self.max_bytes // SHELVES

    def _make_room(self, shelf: Path, wanted: int) -> None:
        """Take away the oldest files of the shelf until there is room. Files that are not of the cache are left alone."""
        files: dict[str, os.stat_result] = {}
        for entry in os.scandir(shelf):
            if _OURS.fullmatch(entry.name):
                with suppress(FileNotFoundError):  # another process has taken it away
                    files[entry.name] = entry.stat(follow_symlinks=False)
        room = self._shelf_bytes - wanted - sum(max(each.st_size, _BLOCK) for each in files.values())
        for name in sorted(files, key=lambda name: files[name].st_mtime) if room < 0 else ():
            (shelf / name).unlink(missing_ok=True)
            room += max(files[name].st_size, _BLOCK)
            if room >= 0:
                return


def parse_age(text: str) -> float:
    """Return the seconds of an age such as 30m, 12h or 7d; 0 is none at all. Raises UsageError for anything else."""
    if text.strip() in ("0", ""):
        return 0.0
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*([smhd])", text.strip().lower())
    if match is None:
        raise UsageError(f"The age {text[:40]!r} cannot be read. Write one such as 30m, 12h or 7d, or 0 to read everything again.")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[match[2]]


def find_cache_folder(kind: str = "web") -> Path:
    """Return the folder for caches of this kind and user, by the rules of the system (XDG on Linux): `sayso/web` in it."""
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "sayso" / kind
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "sayso" / "Cache" / kind
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else home / ".cache") / "sayso" / kind
