"""A worker process as its parent holds it: the two pipes, and the ways to end it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Protocol

from .errors import SandboxMissing

END_SECONDS = 5.0
"""How long a killed process is waited for. One that is stuck in a system call ends when the kernel returns."""
PASSED_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""The only environment variables that a worker gets: those that lead to the interpreter's own libraries."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Numeric libraries must not start threads while loading: a fork copies none, and Landlock binds only those that start after it."""
BOOT = "import sys; sys.path[:] = sys.argv[1:]; from sayso.tools.sandbox.{module} import main; main()"


class Child(Protocol):
    """One worker process."""

    pid: int
    requests: IO[bytes]
    replies: IO[bytes]
    code: int | None
    """Its exit code once it was reaped; below 0 the signal that ended it."""

    def interrupt(self) -> None:
        """Send the signal that ends it, without waiting. From any thread."""

    def kill(self) -> None:
        """End it and everything in its process group, and reap it. Safe to call twice and from any thread."""

    def read_errors(self) -> str:
        """Return what it wrote to standard error while it was starting."""
        ...

    def abandon(self) -> None:
        """Close this process's ends of the pipes without touching the child: it belongs to the process that forked."""


class SpawnedChild:
    """A worker that is a Python of its own, started for it: where there is no fork (Windows)."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] = start_python("worker_process", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.pid: int = self.process.pid
        self.requests: IO[bytes] = self.process.stdin
        self.replies: IO[bytes] = self.process.stdout
        self.code: int | None = None
        self._lock = threading.Lock()

    def interrupt(self) -> None:
        with self._lock:
            if self.process.returncode is None:
                kill_group(self.pid)

    def kill(self) -> None:
        with self._lock:
            if self.process.returncode is None:
                kill_group(self.pid)  # even if the child has ended: until it is reaped, its id is still that of its group
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.code = self.process.wait(END_SECONDS)

    def read_errors(self) -> str:
        return read_errors(self.process)

    def abandon(self) -> None:
        abandon_process(self.process)


def start_python(module: str, stdin: int, stdout: int, path: list[str] | None = None) -> subprocess.Popen[bytes]:
    """Start `main` of a module of this package in a Python of its own, without this program's environment."""
    if not sys.executable or getattr(sys, "frozen", False):
        raise SandboxMissing(
            ("python",),
            "A worker needs a Python interpreter to run in, and this program has no interpreter of its own (it is frozen or embedded). "
            "Run it with an ordinary python.",
        )
    environment = ONE_THREAD | {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
    command = [sys.executable, "-I", "-X", "utf8", "-c", BOOT.format(module=module), *(list_module_folders() if path is None else path)]
    return subprocess.Popen(
        command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, bufsize=0, env=environment, start_new_session=os.name == "posix"
    )


def list_module_folders() -> list[str]:
    """Return the folders in which this program looks for modules, and Sayso's own, as a worker should know them."""
    # The folder in which the program runs ('' or '.') is not where a worker looks for modules, unless Sayso itself lies there.
    path = [str(Path(entry).absolute()) for entry in sys.path if isinstance(entry, str) and entry not in ("", ".")]
    own = str(Path(__file__).absolute().parents[3])
    return path + ([] if own in path else [own])


def read_errors(process: subprocess.Popen[bytes]) -> str:
    """Return the end of what a process wrote to standard error."""
    assert process.stderr is not None
    return process.stderr.read()[-2000:].decode("utf-8", "replace").strip()


def abandon_process(process: subprocess.Popen[bytes]) -> None:
    """Close this process's ends of the pipes and forget the process."""
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    if process.returncode is None:
        process.returncode = 0  # Popen warns of a child it believes to be running; it is not ours


def kill_group(pid: int) -> None:
    """Send SIGKILL to a process and its group; on Windows, terminate it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, for a group of zombies
        if sys.platform == "win32":
            os.kill(pid, signal.SIGTERM)  # TerminateProcess, whatever the signal
        else:
            os.killpg(pid, signal.SIGKILL)
