"""The default engine: pydantic-monty, a small Python of its own without files, network or processes, inside our sandbox too."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..installing import build_install_command
from ..sandbox.errors import SandboxError
from ..sandbox.library_folders import ask_sysconfig
from ..sandbox.process import refuse_if_missing
from ..sandbox.settings import Layer, Layers, Profile, Sandbox
from .launcher import read_report, write_launcher
from .outcome import CodeError

if TYPE_CHECKING:
    from pydantic_monty import ExternalModule, Monty, MontyError, MontySession

OVERHEAD_MB = 256
"""Address space of the interpreter itself and its two threads, beside the memory that the code may fill."""
GRACE_SECONDS = 0.5
"""How long after its limit an interpreter that does not stop by itself is killed."""
SUSPENSIONS = 1000
RECURSION = 400
_lock = threading.Lock()
_pools: dict[tuple[int, tuple[str, ...]], _Pool] = {}
_replaced: list[_Pool] = []
_not_ours: list[_Pool] = []
"""The pools of the process that this one was forked from: a fork does not copy the threads that serve them."""


class TooMuchPrinted(Exception):
    """The code printed more than the limit."""


@dataclass(slots=True)
class Printed:
    """Output of the code, standard output and standard error alike, up to a limit in bytes."""

    limit: int
    parts: list[str] = field(default_factory=list)
    length: int = 0
    overflow: CodeError | None = None

    def __call__(self, stream: str, text: str) -> None:
        room = self.limit - self.length
        encoded = text.encode("utf-8", "replace")
        self.parts.append(encoded[:room].decode("utf-8", "ignore") if len(encoded) > room else text)
        self.length += len(encoded)
        if self.length > self.limit:
            self.overflow = CodeError("OutputLimit", f"it printed more than {self.limit:,} bytes")
            raise TooMuchPrinted

    def keep(self, text: str) -> None:
        """Begin with text that was printed before."""
        self.parts, self.length = [text], len(text.encode("utf-8", "replace"))

    @property
    def text(self) -> str:
        """Return all output so far."""
        return "".join(self.parts)


@dataclass(slots=True)
class _Pool:
    monty: Monty
    folder: Path
    launcher: Path
    written: os.stat_result
    layers: Layers

    def is_intact(self) -> bool:
        """Return whether its interpreters are started by what was written for them.

        A system deletes old files in temporary folders, and then anybody may put others there.
        """
        try:
            found = self.launcher.stat()
        except OSError:
            return False
        return os.path.samestat(found, self.written) and found.st_mtime_ns == self.written.st_mtime_ns


def report_layers(sandbox: Sandbox) -> Layers:
    """Return the layers around code that this engine runs. Starts an interpreter to find out."""
    return _get_pool(sandbox).layers


@contextmanager
def session(sandbox: Sandbox, on_start: Callable[[int], None] | None = None, *, sleeps: bool = True) -> Iterator[MontySession]:
    """Open a fresh interpreter with the sandbox's limits. `on_start` receives its process id, by which another thread may kill it.

    Without `sleeps`, sleeping returns at once.
    """
    limits = {
        "max_feed_duration_secs": sandbox.seconds,
        "max_total_sleep_secs": sandbox.seconds,
        "max_memory": sandbox.memory_mb * 1024 * 1024,
        "max_recursion_depth": RECURSION,
        "max_suspensions": SUSPENSIONS,
    }
    policy = {"sleep": "system", "sleep_system_max": float("inf")} if sleeps else {"sleep": "zero"}
    pool = _get_pool(sandbox).monty
    with _start_one(pool.checkout(limits=limits, os_policy=policy, external_modules=_make_modules())) as running:  # type: ignore[arg-type]
        if on_start is not None and running.worker_pid is not None:
            on_start(running.worker_pid)
        yield running


def _make_modules() -> Mapping[str, Callable[[], ExternalModule]]:
    """Return modules of constants that the interpreter lacks."""
    import string

    from pydantic_monty import ExternalModule

    names = [name for name in string.__all__ if isinstance(getattr(string, name), str)]
    return {"string": lambda: ExternalModule({name: getattr(string, name) for name in names})}


def _get_pool(sandbox: Sandbox) -> _Pool:
    _refuse_files(sandbox)
    key = (sandbox.memory_mb, tuple(sandbox.needs))
    with _lock:
        if not _pools:
            atexit.register(close)
        if key in _pools and not _pools[key].is_intact():
            _replaced.append(_pools.pop(key))  # code may still run in it
        if key not in _pools:
            _pools[key] = _start(sandbox)
        return _pools[key]


def _refuse_files(sandbox: Sandbox) -> None:
    if sandbox.network or tuple(sandbox.read) or tuple(sandbox.write):
        raise UsageError(
            'Code in the engine "monty" has no files and no network, whatever the sandbox allows. '
            'Pass it functions (python_tool(functions=[...])), or use engine="cpython".'
        )


def _start(sandbox: Sandbox) -> _Pool:
    if _not_ours:
        raise SandboxError(
            "This process was forked from one that had run Python code, and the interpreters stayed there. Start processes with "
            'multiprocessing.get_context("spawn"), or use engine="cpython".'
        )
    monty, binary = _find_interpreter()
    profile = Profile(preload=(), memory_mb=sandbox.memory_mb + OVERHEAD_MB, needs=tuple(sandbox.needs), program=binary)
    with _explain_refusals(), ExitStack() as failed:
        folder = Path(tempfile.mkdtemp(prefix="sayso-python-"))
        failed.callback(shutil.rmtree, folder, ignore_errors=True)
        launcher = write_launcher(folder, profile) if sys.platform == "linux" else Path(binary)
        pool = failed.enter_context(
            monty(binary_path=launcher, feed_duration_limit_grace=GRACE_SECONDS, turn_duration_limit_grace=GRACE_SECONDS)
        )
        failure = _try_to_start(pool)
        found = Layers((*_outer_layers(), *(read_report(folder) if sys.platform == "linux" else _layers_without_launcher())))
        refuse_if_missing(found, profile)
        if failure:
            raise failure
        made = _Pool(pool, folder, launcher, launcher.stat(), found)
        failed.pop_all()
    return made


def _try_to_start(pool: Monty) -> SandboxError | None:
    """Wait until an interpreter is hardened and answers; return the error if it does not."""
    from pydantic_monty import MontyError

    try:
        with _start_one(pool.checkout()) as first:
            first.feed_run("None")
    except SandboxError as error:
        return error
    except MontyError as error:
        return SandboxError(f"The Python interpreter did not start: {error}")
    return None


@contextmanager
def _start_one(interpreter: MontySession) -> Iterator[MontySession]:
    """Start an interpreter. Raises SandboxError if the system refuses to."""
    with ExitStack() as ended:
        with _explain_refusals():
            running = ended.enter_context(interpreter)
        yield running


@contextmanager
def _explain_refusals() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, OSError) as error:  # no file, process or memory is left; pydantic-monty raises RuntimeError then
        raise SandboxError(f"The Python interpreter did not start: {error}") from None


def _find_interpreter() -> tuple[type[Monty], str]:
    try:
        from pydantic_monty import Monty
        from pydantic_monty._binary import find_monty_binary

        return Monty, os.path.realpath(ask_sysconfig(find_monty_binary))
    except (ImportError, FileNotFoundError):
        raise UsageError(f"To run Python code, install its interpreter: {build_install_command('python')}") from None


def _outer_layers() -> list[Layer]:
    return [
        Layer("interpreter", True, "files, network, processes, other modules: it has nothing that reaches them", "pydantic-monty"),
        Layer("deadline", True, "running past the limit, endless output", f"its own clock, then SIGKILL {GRACE_SECONDS:g} s later"),
        Layer("environment", True, "reading this program's environment variables", "it gets none of them"),
    ]


def _layers_without_launcher() -> list[Layer]:
    where = {"darwin": "macOS", "win32": "Windows"}.get(sys.platform, sys.platform)
    return [
        Layer("memory", True, "taking more memory than it was given", "counted by the interpreter; no limit of the system around it"),
        *(
            Layer(name, False, "what a hole in the interpreter would lead to", f"{where} has no {name}")
            for name in ("limits", "capabilities", "landlock", "seccomp")
        ),
    ]


def describe_error(error: MontyError) -> CodeError:
    """Return the error that ended the code, with its line."""
    from pydantic_monty import MontyRuntimeError, MontySyntaxError

    if not isinstance(error, (MontyRuntimeError, MontySyntaxError)):
        return CodeError("Stopped", "the interpreter was ended in mid-run (it ran on after its time was up, or crashed)")
    kind, _, message = error.display("type-msg").partition(": ")
    frames = error.traceback()
    if not frames:
        return CodeError(kind, message)
    source = (frames[-1].source_line or "").splitlines()  # of a class or a call over several lines, all of them
    return CodeError(kind, message, frames[-1].line, source[0] if source else "")


def close() -> None:
    """End every interpreter."""
    with _lock:
        pools = [*_pools.values(), *_replaced]
        _pools.clear()
        _replaced.clear()
    for pool in pools:
        pool.monty.__exit__(None, None, None)
        shutil.rmtree(pool.folder, ignore_errors=True)


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    _not_ours.extend([*_pools.values(), *_replaced])
    _pools.clear()
    _replaced.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
