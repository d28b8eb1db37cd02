"""Examples, run as a user runs them, or taken in hand."""

from __future__ import annotations

import importlib
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

from ..cli.commands import done_here, environment

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def ran(name: str, *arguments: object, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """`python examples/NAME ARGUMENTS`, with warnings as errors and no terminal."""
    command = [sys.executable, "-W", "error", EXAMPLES / name, *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
    )


def ran_here(name: str, *arguments: object, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which has imported most of it: tests/examples/test_page.py starts each example as a user does."""
    words = [str(EXAMPLES / name), *map(str, arguments)]

    def go() -> int:
        with patch.object(sys, "argv", words):
            try:
                runpy.run_path(words[0], run_name="__main__")
            except SystemExit as left:
                if isinstance(left.code, str):
                    print(left.code, file=sys.stderr)
                return left.code if isinstance(left.code, int) else int(left.code is not None)
            return 0

    return done_here(go, words, cwd=cwd, **more)


def run(name: str, *arguments: object, cwd: Path, **more: str) -> str:
    """What the example prints when all goes well."""
    done = ran_here(name, *arguments, cwd=cwd, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def example(name: str) -> ModuleType:
    """The example as a module."""
    return importlib.import_module(name)
