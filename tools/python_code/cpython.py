"""The other engine: the real Python, once per run, in bubblewrap: its own view of files, processes and network, and our walls in there."""

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
from ..sandbox.settings import Layer, Layers, Profile, Sandbox
from .inside import RESULT_BYTES, WORK
from .outcome import CodeError, FailedTest, PythonResult
from .threads import end

START_SECONDS = 10.0
WORK_MB = 64
"""How much the code may write into its working folder, which is memory."""
_PATHS = ("/usr/bin/bwrap", "/bin/bwrap")
"""The system's own comes first: a copy elsewhere has not the name that AppArmor's profile is for."""
_START = 'import sys; sys.path.insert(0, "/box"); from tools.python_code.inside import main; main()'
_CHUNK = 65536


def run(code: str, tests: Sequence[str], sandbox: Sandbox, output_kb: int, on_start: Callable[[int], None] | None = None) -> PythonResult:
    """The code and its tests in a Python of their own; blocks the calling thread."""
    with _started(code, tests, sandbox) as box:
        if on_start is not None:
            on_start(box.process.pid)
        refuse_if_missing(box.walls(), box.profile)
        return box.result(len(tests), output_kb * 1024)


def layers(sandbox: Sandbox) -> Layers:
    """The walls around code that this engine runs; starts one to see."""
    with _started("", (), sandbox) as box:
        return box.walls()


class _Box:
    """One running bubblewrap: what it prints, and what it answers."""

    def __init__(self, process: subprocess.Popen[bytes], answers: int, profile: Profile, seconds: float) -> None:
        self.process, self.profile, self._seconds = process, profile, seconds
        assert process.stdout is not None
        self._prints, self._answers = process.stdout.fileno(), answers
        self._printed, self._answered = bytearray(), bytearray()

    def __enter__(self) -> _Box:
        return self

    def __exit__(self, *error: object) -> None:
        end(self.process.pid)
        os.close(self._answers)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait()

    def walls(self) -> Layers:
        """What stands around the code. SandboxMissing when bubblewrap does not start here."""
        self._read(time.monotonic() + START_SECONDS, RESULT_BYTES, lambda: b"\n" in self._answered)
        first, newline, self._answered = self._answered.partition(b"\n")
        if not newline:
            said = self._printed.decode("utf-8", "replace").strip().splitlines()
            raise SandboxMissing(
                ("bubblewrap",),
                f"Nothing was run: bubblewrap does not start here ({said[-1] if said else 'it said nothing'}). It needs user "
                "namespaces, which some systems refuse to programs without a profile (Ubuntu: AppArmor) and most containers refuse. "
                'Allow them, or take engine="monty".',
            )
        return Layers((*_from_outside(), *(Layer(*layer) for layer in json.loads(first)["layers"])))

    def result(self, tests: int, output_bytes: int) -> PythonResult:
        """What came of the code."""
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
        except (ValueError, KeyError, TypeError):  # it ended by os._exit or a crash, or wrote an answer of its own making
            return PythonResult(printed, error=CodeError("Stopped", "its process ended before the code did"))

    def _read(self, deadline: float, output_bytes: int, enough: Callable[[], bool]) -> bool:
        """Read both pipes until there is enough, one is too long, both are closed, or (False) the time is up."""
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


def _started(code: str, tests: Sequence[str], sandbox: Sandbox) -> _Box:
    bwrap = bubblewrap((*_PATHS, shutil.which("bwrap") or ""))
    profile = Profile(
        preload=(), memory_mb=sandbox.memory_mb, network=sandbox.network, needs=tuple(sandbox.needs),
        read=tuple(map(_real, sandbox.read)), write=(WORK, *map(_real, sandbox.write)),
    )  # fmt: skip
    answers, told = os.pipe()
    try:
        process = subprocess.Popen(
            [bwrap, *_view(profile), "--", os.path.realpath(sys.executable), "-I", "-S", "-X", "utf8", "-c", _START],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=(told,), env={}, start_new_session=True,
        )  # fmt: skip
    except BaseException:
        os.close(answers)
        raise
    finally:
        os.close(told)
    request = {"code": code, "tests": list(tests), "answers": told, "needs": profile.needs, "profile": profile.as_json()}
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:  # it did not start; what it printed says why
        process.stdin.write(json.dumps(request).encode())
    return _Box(process, answers, profile, sandbox.seconds)


def bubblewrap(places: Sequence[str]) -> str:
    """The first of these that is there. SandboxMissing when none is."""
    found = next((path for path in places if path and Path(path).exists()), None)
    if found is None or sys.platform != "linux":
        raise SandboxMissing(
            ("bubblewrap",),
            'Nothing was run: engine="cpython" runs the real Python, which only bubblewrap can hold (Linux; apt install bubblewrap), '
            'and that is not here. Install it, or take engine="monty".',
        )
    return found


def _view(profile: Profile) -> list[str]:
    """What there is inside: a system and a Python that can be read, a working folder, and what the profile names."""
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


def _real(path: str | os.PathLike[str]) -> str:
    return os.path.realpath(os.path.expanduser(os.fspath(path)))  # noqa: PTH111 - strings in, strings out


def _from_outside() -> list[Layer]:
    return [
        Layer(
            "bubblewrap", True, "seeing other files, processes and networks than its own", "user, mount, pid, net, ipc and uts namespaces"
        ),
        Layer("deadline", True, "running past the limit, endless output", "this program's clock, then SIGKILL"),
        Layer("environment", True, "reading this program's environment variables", "it gets none of them"),
    ]
