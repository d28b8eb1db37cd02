"""The engine "cpython": a real Python for each run, in bubblewrap (own view of files, processes and network), and in our sandbox inside."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ..sandbox.errors import SandboxMissing
from ..sandbox.process import refuse_if_missing
from ..sandbox.python_files import refuse_code
from ..sandbox.settings import Layer, Layers, Profile, Sandbox
from .inside import RESULT_BYTES, WORK
from .interpreters import kill_process
from .outcome import CodeError, FailedTest, PythonResult

START_SECONDS = 10.0
WORK_MB = 64
"""How much the code may write into its working folder, which is in memory."""
_PATHS = ("/usr/bin/bwrap", "/bin/bwrap")
"""The system's own comes first: AppArmor's profile is for that path, not for a copy elsewhere."""
_START = 'import sys; sys.path.insert(0, "/box"); from tools.python_code.inside import main; main()'
_CHUNK = 65536


def run(code: str, tests: Sequence[str], sandbox: Sandbox, output_kb: int, on_start: Callable[[int], None] | None = None) -> PythonResult:
    """Run the code and its tests in a Python of their own. Blocks the calling thread."""
    with _start(code, tests, sandbox) as box:
        if on_start is not None:
            on_start(box.process.pid)
        refuse_if_missing(box.read_layers(), box.profile)
        return box.read_result(len(tests), output_kb * 1024)


def report_layers(sandbox: Sandbox) -> Layers:
    """Return the layers around code that this engine runs. Starts a Python to find out."""
    with _start("", (), sandbox) as box:
        return box.read_layers()


class _Box:
    """A running bubblewrap: its output, and its answers."""

    def __init__(self, process: subprocess.Popen[bytes], answers: int, profile: Profile, seconds: float) -> None:
        self.process, self.profile, self._seconds = process, profile, seconds
        assert process.stdout is not None
        self._prints, self._answers = process.stdout.fileno(), answers
        self._printed, self._answered = bytearray(), bytearray()

    def __enter__(self) -> _Box:
        return self

    def __exit__(self, *error: object) -> None:
        kill_process(self.process.pid)
        os.close(self._answers)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait()

    def read_layers(self) -> Layers:
        """Read the layers around the code. Raises SandboxMissing when bubblewrap does not start here."""
        self._read(time.monotonic() + START_SECONDS, RESULT_BYTES, lambda: b"\n" in self._answered)
        first, newline, self._answered = self._answered.partition(b"\n")
        if not newline:
            lines = self._printed.decode("utf-8", "replace").strip().splitlines()
            raise SandboxMissing(
                ("bubblewrap",),
                f"Nothing was run: bubblewrap does not start here ({lines[-1] if lines else 'it printed nothing'}). It needs user "
                "namespaces, which some systems refuse to programs without a profile (Ubuntu: AppArmor) and most containers refuse. "
                'Allow them, or use engine="monty".',
            )
        return Layers((*_outer_layers(), *(Layer(*layer) for layer in json.loads(first)["layers"])))

    def read_result(self, tests: int, output_bytes: int) -> PythonResult:
        """Read the result of the code."""
        in_time = self._read(time.monotonic() + self._seconds, output_bytes, lambda: b"\n" in self._answered)
        printed = self._printed[:output_bytes].decode("utf-8", "replace")
        if len(self._printed) > output_bytes:
            return PythonResult(printed, error=CodeError("OutputLimit", f"it printed more than {output_bytes:,} bytes"))
        if not in_time:
            return PythonResult(printed, error=CodeError("TimeoutError", f"it took longer than {self._seconds:g} s"))
        try:
            answer = json.loads(self._answered)
            error = CodeError(*answer["error"]) if answer["error"] else None
            failures = tuple(FailedTest(test, CodeError(*failed)) for test, failed in answer["failures"])
            return PythonResult(printed, answer["value"], str(answer["shown"]), error, tests, failures)
        except (ValueError, KeyError, TypeError):  # it ended by os._exit or a crash, or the code wrote an answer itself
            return PythonResult(printed, error=CodeError("Stopped", "its process ended before the code did"))

    def _read(self, deadline: float, output_bytes: int, enough: Callable[[], bool]) -> bool:
        """Read both pipes until `enough`, one is too long, or both are closed. Returns False when the time is up first."""
        poller, open_ends = select.poll(), {self._prints: self._printed, self._answers: self._answered}
        for descriptor in open_ends:
            poller.register(descriptor, select.POLLIN)
        while open_ends:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for descriptor, _ in poller.poll(left * 1000 + 1):
                chunk = os.read(descriptor, _CHUNK)
                open_ends[descriptor] += chunk
                if not chunk:
                    poller.unregister(descriptor)
                    del open_ends[descriptor]
            if len(self._printed) > output_bytes or len(self._answered) > 4 * RESULT_BYTES:
                return True
            if enough() and not _has_more(self._prints, open_ends):
                return True
        return True


def _has_more(descriptor: int, open_ends: dict[int, bytearray]) -> bool:
    return descriptor in open_ends and bool(select.select([descriptor], [], [], 0)[0])


def _start(code: str, tests: Sequence[str], sandbox: Sandbox) -> _Box:
    bwrap = find_bubblewrap((*_PATHS, shutil.which("bwrap") or ""))
    profile = Profile(
        preload=(), memory_mb=sandbox.memory_mb, network=sandbox.network, needs=tuple(sandbox.needs),
        read=tuple(map(_resolve, sandbox.read)), write=(WORK, *refuse_code(tuple(map(_resolve, sandbox.write)), [])),
    )  # fmt: skip
    answers, written = os.pipe()
    try:
        process = subprocess.Popen(
            [bwrap, *_make_view(profile), "--", os.path.realpath(sys.executable), "-I", "-S", "-X", "utf8", "-c", _START],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=(written,), env={}, start_new_session=True,
        )  # fmt: skip
    except BaseException:
        os.close(answers)
        raise
    finally:
        os.close(written)
    request = {"code": code, "tests": list(tests), "answers": written, "needs": profile.needs, "profile": profile.as_json()}
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:  # it did not start; what it printed says why
        process.stdin.write(json.dumps(request).encode())
    return _Box(process, answers, profile, sandbox.seconds)


def find_bubblewrap(paths: Sequence[str]) -> str:
    """Return the first of these paths that may be executed. Raises SandboxMissing if none does."""
    found = next((path for path in paths if path and os.access(path, os.X_OK)), None)
    if found is None or sys.platform != "linux":
        raise SandboxMissing(
            ("bubblewrap",),
            'Nothing was run: engine="cpython" runs the real Python, which needs bubblewrap around it (Linux; apt install bubblewrap), '
            'and bubblewrap was not found. Install it, or use engine="monty".',
        )
    return found


def _make_view(profile: Profile) -> list[str]:
    """Return the options for what exists inside: a readable system and Python, a working folder, and what the profile names."""
    view = "--unshare-all --unshare-user --uid 65534 --gid 65534 --cap-drop ALL --disable-userns --die-with-parent --new-session --clearenv"
    arguments = [*view.split(), *(["--share-net"] if profile.network else [])]
    for folder in ("/usr", "/lib", "/lib64", "/bin"):
        if Path(folder).is_symlink():
            arguments += ["--symlink", str(Path(folder).readlink()), folder]
        elif Path(folder).exists():
            arguments += ["--ro-bind", folder, folder]
    if profile.network:
        arguments += [part for name in _NAMES for part in ("--ro-bind-try", name, name)]
    for folder in {sys.base_prefix, sys.base_exec_prefix}:
        arguments += ["--ro-bind", folder, folder]
    arguments += ["--ro-bind", str(Path(__file__).resolve().parents[1]), "/box/tools", "--proc", "/proc", "--dev", "/dev"]
    arguments += ["--size", str(WORK_MB * 1024 * 1024), "--tmpfs", WORK]
    for path in profile.read:
        arguments += ["--ro-bind", path, path]
    for path in profile.write:
        arguments += ["--bind", path, path] if path != WORK else []
    return arguments


_NAMES = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl", "/etc/pki")


def _resolve(path: str | os.PathLike[str]) -> str:
    return os.path.realpath(os.path.expanduser(os.fspath(path)))  # noqa: PTH111 - strings in, strings out


def _outer_layers() -> list[Layer]:
    return [
        Layer(
            "bubblewrap", True, "seeing other files, processes and networks than its own", "user, mount, pid, net, ipc and uts namespaces"
        ),
        Layer("deadline", True, "running past the limit, endless output", "this program's clock, then SIGKILL"),
        Layer("environment", True, "reading this program's environment variables", "it gets none of them"),
    ]
