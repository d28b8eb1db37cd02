"""The files of this tree: what a clone would hold, and what is about to be added to it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MADE_HERE = frozenset({"__pycache__", "dist", "build", "reports", "site"})


@cache
def files(*folders: str) -> tuple[str, ...]:
    """The paths of all files that are not ignored, links left out; of these folders, or of the whole tree."""
    listed = _told_by_git(folders) if (ROOT / ".git").exists() and shutil.which("git") else _walked(folders)
    environments = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("*/pyvenv.cfg")}  # of whatever name
    found = tuple(
        name for name in listed if name.partition("/")[0] not in environments and (ROOT / name).is_file() and not (ROOT / name).is_symlink()
    )
    assert found, "there is no file"
    return found


def _told_by_git(folders: Iterable[str]) -> list[str]:
    # The checkout of a build machine may belong to another user, which git takes for danger unless it is told otherwise.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")


def _walked(folders: Iterable[str]) -> list[str]:
    """The same for a copy of the tree without its history."""
    paths = [path.relative_to(ROOT) for folder in (folders or ("",)) for path in sorted((ROOT / folder).rglob("*"))]
    return [path.as_posix() for path in paths if not any(part in _MADE_HERE or part.startswith(".") for part in path.parts)]
