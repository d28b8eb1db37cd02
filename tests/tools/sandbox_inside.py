"""What the sandbox tests run inside a worker: ordinary functions, and attempts to get out that say what stopped them."""

# Each attempt is the system call itself:
# ruff: noqa: PTH101, PTH104, PTH108, PTH123, PTH208, PTH211

from __future__ import annotations

import asyncio
import ctypes
import errno
import fcntl
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sayso.tools.errors import ToolError, UnknownTool

state: list[int] = []


class OwnError(ToolError):
    """Not one of Sayso's own."""


def add(a: int, b: int) -> int:
    return a + b


def echo(value: object) -> object:
    return value


def pid() -> int:
    return os.getpid()


async def add_later(a: int, b: int) -> int:
    await asyncio.sleep(0)
    return await asyncio.to_thread(add, a, b)


def no_such_tool() -> None:
    raise UnknownTool("serch", ["read", "search"])


def own_error() -> None:
    raise OwnError("not today")


def bug() -> int:
    return int("x")


def leave() -> None:
    raise SystemExit(3)


def end() -> None:
    os._exit(7)


def abort() -> None:
    os.abort()


def spin() -> None:
    while True:
        pass


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def long_power() -> int:
    return len(bin(7 ** (10**8)))


def deaf_spin() -> None:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    spin()


def two_hundred_mb() -> int:
    return len(bytes(200 * 1024 * 1024))


def two_gb() -> int:
    return len(bytes(2 * 1024**3))


def many_objects() -> int:
    held = []
    while True:
        held.append([0] * 1000)


def prints(format_bytes: int) -> str:
    text = "x" * 1024 * 1024
    for _ in range(format_bytes):
        print(text)
        os.write(1, text.encode())
        os.write(2, text.encode())
    return "done"


def big(length: int) -> str:
    return "x" * length


def deep(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def not_json() -> object:
    return object()


def talks_out_of_turn(text: str) -> str:
    """Writes into the descriptor that replies go through, wherever that is among the first."""
    for descriptor in (3, 4, 5):
        try:
            os.write(descriptor, text.encode())
        except OSError:
            continue
    return "said"


def floods() -> None:
    while True:
        talks_out_of_turn("x" * 65536)


def leaves_a_thread() -> None:
    threading.Thread(target=spin, daemon=True).start()


def stopped(attempt: Callable[[], object]) -> str:
    """The name of the error that an attempt met; "free" when it met none."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno] if error.errno else type(error).__name__
    except ValueError as error:
        return f"ValueError: {error}"
    return "free"


def reads(path: str) -> str:
    return stopped(lambda: Path(path).read_bytes())


def lists(path: str) -> str:
    return stopped(lambda: os.listdir(path))


def writes(path: str) -> str:
    return stopped(lambda: Path(path).write_text("x"))


def removes(path: str) -> str:
    return stopped(lambda: os.unlink(path))


def moves(path: str, to: str) -> str:
    return stopped(lambda: os.rename(path, to))


def links(path: str, to: str) -> str:
    return stopped(lambda: os.link(path, to))


def makes_link(path: str, link: str) -> str:
    return stopped(lambda: os.symlink(path, link))


def exchanges(path: str, other: str, flags: int) -> str:
    libc: Any = ctypes.CDLL(None, use_errno=True)

    def attempt() -> None:
        if libc.renameat2(-100, path.encode(), -100, other.encode(), flags) != 0:
            raise OSError(ctypes.get_errno(), "refused")

    return stopped(attempt)


def makes_fifo(path: str) -> str:
    return stopped(lambda: os.mkfifo(path))


def makes_device(path: str) -> str:
    return stopped(lambda: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3)))


def makes_socket(path: str) -> str:
    return stopped(lambda: socket.socket(socket.AF_UNIX).bind(path))


def makes_with_mode(path: str, mode: int) -> str:
    return stopped(lambda: os.close(os.open(path, os.O_CREAT | os.O_WRONLY, mode)))


def makes_folder_with_mode(path: str, mode: int) -> str:
    return stopped(lambda: Path(path).mkdir(mode))


def makes_without_name(path: str, mode: int) -> str:
    return stopped(lambda: os.close(os.open(path, os.O_TMPFILE | os.O_WRONLY, mode)))


def truncates(path: str) -> str:
    return stopped(lambda: os.truncate(path, 0))


def changes_mode(path: str) -> str:
    return stopped(lambda: os.chmod(path, 0o777))


def changes_owner(path: str) -> str:
    return stopped(lambda: os.chown(path, 1, 1))


def changes_time(path: str) -> str:
    return stopped(lambda: os.utime(path))


def reads_of_parent(what: str) -> str:
    return reads(f"/proc/{os.getppid()}/{what}")


def fills_disk(path: str) -> str:
    def fill() -> None:
        with open(path, "wb") as file:
            while True:
                file.write(bytes(1024 * 1024))

    return stopped(fill)


def opens_many() -> str:
    held = []

    def fill() -> None:
        while True:
            held.append(os.open(os.__file__, os.O_RDONLY))

    met = stopped(fill)
    for descriptor in held:
        os.close(descriptor)
    return met


def connects(host: str, port: int) -> str:
    return stopped(lambda: socket.create_connection((host, port), timeout=5).close())


def sends_datagram() -> str:
    return stopped(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)))


def raw_socket() -> str:
    return stopped(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))


def connects_abstract(name: str) -> str:
    return stopped(lambda: socket.socket(socket.AF_UNIX).connect("\0" + name))


def listens() -> str:
    return stopped(lambda: socket.create_server(("127.0.0.1", 0)))


def datagram_pair() -> str:
    return stopped(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))


def forks() -> str:
    def fork() -> None:
        if os.fork() == 0:
            os._exit(0)

    return stopped(fork)


def starts_program() -> str:
    return stopped(lambda: subprocess.run(["/bin/true"], check=True))


def spawns_program() -> str:
    return stopped(lambda: os.posix_spawn("/bin/true", ["true"], {}))


def becomes_program() -> str:
    return stopped(lambda: os.execv("/bin/true", ["true"]))


def signals_parent() -> str:
    return stopped(lambda: os.kill(os.getppid(), 0))


def signals_everybody() -> str:
    return stopped(lambda: os.kill(-1, 0))


def signals_own_group() -> str:
    return stopped(lambda: os.kill(0, 0))


def signals_by_file() -> str:
    return stopped(lambda: fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid()))


def limits_of_parent() -> str:
    return stopped(lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE))


def raises_own_limit() -> str:
    return stopped(lambda: resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))


def types_into_terminal() -> str:
    return stopped(lambda: fcntl.ioctl(0, 0x5412, b"x"))


def environment() -> dict[str, str]:
    return dict(os.environ)


def open_descriptors() -> list[str]:
    """What kind of thing each open descriptor is."""
    kinds = []
    for descriptor in range(64):
        try:
            mode = os.fstat(descriptor).st_mode
        except OSError:
            continue
        kinds.append({0o010000: "pipe", 0o020000: "device"}.get(mode & 0o170000, oct(mode)))
    return kinds


def system_call(number: int, *arguments: int) -> str:
    """Make a system call past every library."""
    libc: Any = ctypes.CDLL(None, use_errno=True)

    def attempt() -> None:
        ctypes.set_errno(0)
        if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) == -1:
            raise OSError(ctypes.get_errno(), "refused")

    return stopped(attempt)


def python() -> str:
    return sys.version
