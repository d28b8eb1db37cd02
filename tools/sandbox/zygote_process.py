"""The zygote itself: load our own code, then fork a worker for each request. It calls nobody's function, and one thread is all it has.

What a worker does cannot reach it: the worker holds none of its descriptors and may not signal, trace or read it. So every worker begins
as this process stands after loading.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress

from ..canonical import JsonObject
from ..errors import ToolError
from .children import END_SECONDS
from .protocol import describe_exception, write_line
from .python_files import list_python_files
from .seccomp import prepare_filter
from .settings import Profile
from .worker_process import load_ours, serve

PR_SET_PDEATHSIG = 1
OPEN_AT_MOST = 1024
"""More descriptors than a zygote ever has."""


def main() -> None:
    """Run as the zygote: settings on the first line of the socket that is standard input, then requests."""
    control = socket.socket(fileno=os.dup(0))
    text = b""
    while not text.endswith(b"\n"):  # no request follows before this is answered
        part = control.recv(65536)
        if not part:
            return
        text += part
    given = json.loads(text)
    profile = Profile.from_json(given["profile"])
    try:
        _load(profile, given["folders"])
    except BaseException as error:  # noqa: BLE001 - the program must learn why, whatever it was
        control.sendall(write_line({"failed": str(error) if isinstance(error, ToolError) else describe_exception(error)["traceback"]}))
        return
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    control.sendall(write_line({}))
    _Zygote(control, _watch(given["program"])).serve()


def _load(profile: Profile, folders: list[str]) -> None:
    load_ours(profile)
    # Workers look for the function's own modules in the order in which the program does.
    sys.path[:] = [*folders, *(root for root in profile.roots if root not in folders)]
    # What each worker would load and find out again:
    import resource  # noqa: F401

    list_python_files()
    gc.collect()
    gc.freeze()


def _watch(program: int) -> int | None:
    """Return a descriptor that can be read once the program has ended, whoever still holds a copy of its socket; None without such."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        watched = os.pidfd_open(program)
    except OSError:
        watched = None
    if os.getppid() != program:  # it ended before, and its number may be another's by now
        os._exit(0)
    return watched


class _Zygote:
    def __init__(self, control: socket.socket, program: int | None) -> None:
        self._control, self._program = control, program
        self._children: set[int] = set()
        self._late: set[int] = set()

    def serve(self) -> None:
        """Answer requests until the program ends; then end every worker."""
        watched = [self._control.fileno(), *([] if self._program is None else [self._program])]
        while self._program not in select.select(watched, [], [])[0]:
            text, descriptors, _, _ = socket.recv_fds(self._control, 65536, 2)
            while text and not text.endswith(b"\n"):
                text += self._control.recv(65536)
            if not text:
                break
            with suppress(OSError):
                request = json.loads(text)
                self._control.sendall(write_line({"number": request["number"], **self._answer(request, descriptors)}))
        for pid in self._children:
            _kill(pid)
        os._exit(0)

    def _answer(self, request: JsonObject, descriptors: list[int]) -> JsonObject:
        if "reap" in request:
            return {"code": self._reap(request["reap"])}
        try:
            return {"pid": self._fork(Profile.from_json(request["fork"]), *descriptors)}
        except OSError as error:  # too many processes, or no memory for one
            return {"failed": f"no process could be forked: {error.strerror}"}
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _fork(self, profile: Profile, requests: int, replies: int) -> int:
        prepare_filter(profile)  # here, that not every worker compiles its own
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                self._become_worker(profile, zygote, requests, replies)
            finally:
                os._exit(1)
        with suppress(OSError):
            os.setpgid(pid, pid)  # in both, whoever comes first: it must be so before anybody kills the group
        self._children.add(pid)
        return pid

    def _become_worker(self, profile: Profile, zygote: int, requests: int, replies: int) -> None:
        os.setpgid(0, 0)
        end_with_parent(zygote)
        self._control.close()
        # Out of the way of 3 and 4, and no higher than needed: few descriptors may be allowed.
        kept = [fcntl.fcntl(each, fcntl.F_DUPFD, 5) for each in (requests, replies)]
        # What is open in two processes is shared down to its flags. The worker opens its own, and keeps nothing else of the zygote's.
        os.closerange(0, 5)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor, number in zip((nowhere, nowhere, *kept), (1, 2, 3, 4), strict=True):
            os.dup2(descriptor, number)
        os.closerange(5, OPEN_AT_MOST)
        serve(profile, 3, 4)
        os._exit(0)

    def _reap(self, pid: int) -> int | None:
        if pid not in self._children:
            return None
        done, status = _wait_for_end(pid)
        self._children.discard(pid)
        for late in [each for each in self._late if os.waitpid(each, os.WNOHANG)[0]]:
            self._late.discard(late)
        if not done:  # stuck in a system call
            self._late.add(pid)
            return None
        return os.waitstatus_to_exitcode(status)


def _wait_for_end(pid: int) -> tuple[int, int]:
    until = time.monotonic() + END_SECONDS
    with suppress(AttributeError, OSError):  # not Linux, or a container that forbids it
        ended = os.pidfd_open(pid)
        select.select([ended], [], [], END_SECONDS)
        os.close(ended)
    while not (found := os.waitpid(pid, os.WNOHANG))[0] and time.monotonic() < until:
        time.sleep(0.001)
    return found


def _kill(pid: int) -> None:
    with suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however busy it is then, and whatever it does against it."""
    if sys.platform == "linux":
        # The signal is sent when the *thread* ends that forked; a zygote has only one. The filter forbids to take it back.
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    if os.getppid() != parent:  # it ended before that
        os._exit(0)
