"""Examples, run as a user runs them, or taken in hand."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from ..cli.commands import environment

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def ran(name: str, *arguments: object, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """`python examples/NAME ARGUMENTS`, with warnings as errors and no terminal."""
    command = [sys.executable, "-W", "error", EXAMPLES / name, *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
    )


def run(name: str, *arguments: object, cwd: Path, **more: str) -> str:
    """What the example prints when all goes well."""
    done = ran(name, *arguments, cwd=cwd, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def example(name: str) -> ModuleType:
    """The example as a module."""
    return importlib.import_module(name)
