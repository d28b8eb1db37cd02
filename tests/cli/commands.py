"""Running `sayso` as a user does: a process of its own, with an environment that has no key of ours; or quicker, in this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryFile
from unittest.mock import patch

import pexpect


def environment(**more: str) -> dict[str, str]:
    """The environment of a user: no model configured unless `more` says so."""
    ours = ("OPENAI_", "SAYSO_", "OLLAMA_", "AZURE_")
    clean = {name: value for name, value in os.environ.items() if not (name.startswith(ours) or name.endswith(("_API_KEY", "_TOKEN")))}
    return {**clean, "SAYSO_EMBEDDER": "minilm", **more}  # the small model: the large one has tests of its own


def listens_to_ctrl_c() -> None:
    """In a child before it starts: in the background or under nohup it may have been told to ignore such signals."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def in_a_terminal(*arguments: str, cwd: Path) -> pexpect.spawn[str]:
    """`sayso ARGUMENTS` under a pseudo-terminal."""
    return pexpect.spawn(
        sys.executable,
        ["-W", "error", "-m", "sayso", *arguments],
        cwd=str(cwd),
        env=environment(),
        encoding="utf-8",
        timeout=120,
        dimensions=(40, 200),
        preexec_fn=listens_to_ctrl_c,
    )


def sayso(*arguments: object, cwd: Path, text: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """`sayso ARGUMENTS` with `text` on standard input."""
    command = [sys.executable, "-W", "error", "-m", "sayso", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=environment(**more), input=text or "", capture_output=True, text=True, timeout=120, check=False
    )


def sayso_here(*arguments: object, cwd: Path, text: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """`sayso ARGUMENTS` in this process: where a program's start is not what is tested."""
    from sayso.cli.main import run

    words = [str(argument) for argument in arguments]
    return done_here(lambda: run(words), words, cwd=cwd, text=text, **more)


def done_here(
    run: Callable[[], int], words: list[str], *, cwd: Path, text: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run it in this process, which no terminal and no key belong to. What it imports from `cwd` is forgotten again."""
    with TemporaryFile("w+") as stdin, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        stdin.write(text or "")
        stdin.seek(0)
        with (
            chdir(cwd),
            patch.dict(os.environ, environment(**more), clear=True),
            patch.object(sys, "stdin", stdin),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            loaded, path = set(sys.modules), [*sys.path]
            try:
                code = run()
            finally:
                sys.path[:] = path
                for name in set(sys.modules) - loaded:
                    if str(getattr(sys.modules[name], "__file__", "")).startswith(f"{cwd}{os.sep}"):
                        del sys.modules[name]
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), err.read())
