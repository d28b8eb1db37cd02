"""The zygote, seen from the program: a process that has loaded our own code once and forks a hardened worker whenever one is asked for."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

from .children import END_SECONDS, abandon_process, kill_group, list_module_folders, read_errors, start_python
from .errors import SandboxError
from .library_folders import list_library_folders
from .protocol import write_line
from .settings import Profile

BOOT_SECONDS = 60.0
"""How long a zygote or a worker may take to load its modules. Generous, for slow machines."""
CAN_FORK = hasattr(os, "fork") and hasattr(socket, "send_fds") and hasattr(socket, "AF_UNIX")
ANSWER_BYTES = 1024 * 1024


class ZygoteEnded(Exception):
    """The zygote is gone; another must be started."""


class Zygote:
    """One zygote. Threads may ask it at the same time: they wait for each other, a fork takes about a millisecond."""

    def __init__(self, profile: Profile) -> None:
        self.users = 0
        self._lock = threading.Lock()
        self._loaded = False
        self._number = 0
        self._read = b""
        self._control, theirs = socket.socketpair()
        folders = list_module_folders()
        with ExitStack() as failed, theirs:
            failed.callback(self._control.close)
            path = _put_ours_first(folders)
            self._process = start_python("zygote_process", stdin=theirs.fileno(), stdout=subprocess.DEVNULL, path=path)
            failed.pop_all()
        self._control.settimeout(BOOT_SECONDS)
        with suppress(OSError):  # it ended at once; whoever asks it first is told why
            self._control.sendall(write_line({"profile": profile.as_json(), "folders": folders, "program": os.getpid()}))

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def fork(self, profile: Profile) -> ForkedChild:
        """Fork a worker of that profile. Raises ZygoteEnded, and SandboxError when the zygote cannot load its modules."""
        with ExitStack() as theirs, ExitStack() as ours:
            try:
                requests, to_child = _open_pipe(theirs, ours)
                from_child, replies = _open_pipe(ours, theirs)
            except OSError as error:
                raise SandboxError(f"no pipe to it could be opened: {error.strerror}") from None
            with self._lock:
                self._wait_until_loaded()
                answer = self._ask({"fork": profile.as_json()}, [requests.fileno(), replies.fileno()])
            if "failed" in answer:
                raise SandboxError(str(answer["failed"]))
            ours.pop_all()
            return ForkedChild(self, int(answer["pid"]), to_child, from_child)

    def reap(self, pid: int) -> int | None:
        """Wait for a killed worker to end and return its exit code; None when that cannot be known."""
        try:
            with self._lock:
                code = self._ask({"reap": pid}, [])["code"]
        except (ZygoteEnded, SandboxError):
            return None  # it took its workers with it
        return None if code is None else int(code)

    def _wait_until_loaded(self) -> None:
        if self._loaded:
            return
        hello = self._read_answer()
        if "failed" in hello:
            raise SandboxError(str(hello["failed"]))
        self._loaded = True

    def _ask(self, request: Mapping[str, object], descriptors: list[int]) -> Any:
        self._number += 1
        try:
            socket.send_fds(self._control, [write_line({"number": self._number, **request})], descriptors)
        except OSError:
            raise self._ended() from None
        while (answer := self._read_answer())["number"] != self._number:
            # Whoever asked for it has left in between (Ctrl-C); a worker that nobody holds is not wanted.
            if "pid" in answer:
                kill_group(int(answer["pid"]))
        return answer

    def _read_answer(self) -> Any:
        while b"\n" not in self._read:
            try:
                part = self._control.recv(ANSWER_BYTES)
            except OSError:  # a timeout is one too
                part = b""
            if not part:
                raise self._ended()
            self._read += part
        line, _, self._read = self._read.partition(b"\n")
        return json.loads(line)

    def _ended(self) -> Exception:
        if self._process.returncode is None:
            kill_group(self._process.pid)
        if self._loaded:
            return ZygoteEnded()
        return SandboxError(read_errors(self._process) or "its process ended while it was loading")

    def close(self) -> None:
        """End the zygote and, with it, every worker that is left."""
        with self._lock:
            self._control.close()  # it ends by itself when the program's end of this is closed
            if self._process.returncode is None:
                try:
                    self._process.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    kill_group(self._process.pid)
                    self._process.wait(END_SECONDS)
        abandon_process(self._process)

    def abandon(self) -> None:
        """Forget the zygote without ending it: after a fork of the program it belongs to the parent."""
        self._control.close()
        abandon_process(self._process)


def lease_zygote(profile: Profile) -> Zygote:
    """Return the zygote for workers of that profile, to be handed to `release_zygote`. Those that load the same modules share one."""
    with _sharing:
        zygote = _shared.get(_get_key(profile))
        if zygote is None:
            zygote = _shared[_get_key(profile)] = Zygote(profile)
        zygote.users += 1
        return zygote


def release_zygote(zygote: Zygote, *, ended: bool) -> None:
    """Give a zygote back. The last to do so ends it; nobody else gets one that has `ended`."""
    global _shared
    with _sharing:
        zygote.users -= 1
        if ended or not zygote.users:
            _shared = {key: each for key, each in _shared.items() if each is not zygote}
        is_last = not zygote.users
    if is_last:
        zygote.close()


def _get_key(profile: Profile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return profile.preload, profile.roots


_sharing = threading.Lock()
_shared: dict[tuple[tuple[str, ...], tuple[str, ...]], Zygote] = {}


def _after_fork() -> None:
    # They belong to the parent: two processes that ask one zygote would get each other's answers.
    global _sharing
    _sharing = threading.Lock()
    for zygote in _shared.values():
        zygote.abandon()
    _shared.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class ForkedChild:
    """A worker that the zygote has forked: the zygote reaps it, so until it is asked to, the process id can be no other's."""

    def __init__(self, zygote: Zygote, pid: int, requests: IO[bytes], replies: IO[bytes]) -> None:
        self.pid: int = pid
        self.requests: IO[bytes] = requests
        self.replies: IO[bytes] = replies
        self.code: int | None = None
        self._zygote = zygote
        self._lock = threading.Lock()
        self._reaped = False

    def interrupt(self) -> None:
        with self._lock:
            if not self._reaped:
                kill_group(self.pid)

    def kill(self) -> None:
        with self._lock:
            if not self._reaped:
                kill_group(self.pid)
                self._reaped = True
                self.code = self._zygote.reap(self.pid)

    def read_errors(self) -> str:
        return ""  # what it prints is dropped; what it raises it says

    def abandon(self) -> None:
        self._reaped = True
        self.requests.close()
        self.replies.close()


def _open_pipe(readers: ExitStack, writers: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    read, write = os.pipe()
    return readers.enter_context(os.fdopen(read, "rb", 0)), writers.enter_context(os.fdopen(write, "wb", 0))


def _put_ours_first(folders: list[str]) -> list[str]:
    """Return the folders with those of Python and of installed packages before the program's own.

    A script that stands beside a `json.py` would otherwise have the zygote run it.
    """
    own = str(Path(__file__).absolute().parents[3])
    installed = list_library_folders()
    prefixes = tuple(str(Path(prefix)) + os.sep for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix})

    def is_ours(folder: str) -> bool:
        inside = folder.startswith(prefixes) and (Path(folder).name in ("site-packages", "dist-packages") or "lib" in Path(folder).parts)
        return folder == own or folder in installed or inside

    return [*filter(is_ours, folders), *(folder for folder in folders if not is_ours(folder))]
