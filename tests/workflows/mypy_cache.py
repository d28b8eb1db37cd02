"""What mypy already knows of Sayso: checked once for all tests that ask it, and by `make check` too."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def copy_mypy_cache(folder: Path) -> Path:
    """Return a folder with mypy's cache of this tree, as new as the tree is; what is written there changes no other."""
    kept = ROOT / ".mypy_cache"
    kept.mkdir(exist_ok=True)
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process of the tests may be at it
        subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, check=False, capture_output=True)
        shutil.copytree(kept, folder)  # no links: mypy writes into the files, which are databases
    return folder
