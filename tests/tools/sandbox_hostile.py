"""Functions that try to outlast their call, to change the next one or to reach this program. Each runs in a sandbox of its own."""

# Each attempt is the system call itself:
# ruff: noqa: PTH109, PTH123, SIM115, BLE001

from __future__ import annotations

import atexit
import builtins
import ctypes
import fcntl
import gc
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any, cast

from sayso.tools import canonical
from sayso.tools.errors import ToolError
from sayso.tools.sandbox import errors, protocol, worker_process

kept: list[object] = []
PLENTY = 100_000


def attempt(*attempts: Callable[[], object]) -> None:
    for each in attempts:
        try:
            each()
        except Exception:
            continue


def own_pid() -> int:
    return os.getpid()


def own_parent() -> int:
    return os.getppid()


def find_siblings() -> list[int]:
    return [pid for pid in range(os.getppid(), os.getpid() + 50) if pid != os.getpid()]


def look_around() -> dict[str, object]:
    """All that a call could have left for the next one, as far as Python can see it."""
    return {
        "globals": kept,
        "builtins": [len([1, 2]), print.__name__, type(builtins.open).__name__],
        "json": json.dumps({"a": 1}),
        "protocol": [protocol.write_line.__module__, worker_process.answer.__qualname__, canonical.to_jsonable.__qualname__],
        "environment": sorted(os.environ),
        "folder": os.getcwd(),
        "signals": [str(signal.getsignal(each)) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)],
        "threads": threading.active_count(),
        "tracing": [sys.gettrace() is None, sys.getprofile() is None],
        "gc": [len(gc.callbacks), gc.isenabled(), gc.get_threshold()[0]],
        "atexit": atexit._ncallbacks(),
        "limits": [resource.getrlimit(each) for each in (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU)],
        "timers": [seconds > 0 for seconds in signal.getitimer(signal.ITIMER_REAL)],
        "umask": os.umask(0o22),
        "descriptors": sum(is_open(each) for each in range(64)),
        "flags": [fcntl.fcntl(each, fcntl.F_GETFL) for each in range(5)],
        "hooks": [len(sys.meta_path), len(sys.path_hooks), sys.getrecursionlimit(), len(warnings.filters) < PLENTY],
        "five": cast("Any", int)("5") + 0,
        "modules": "planted" in sys.modules,
        "unblocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    }


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


# What a call may leave in its own process


def leaves_globals() -> None:
    kept.append("mine")
    ToolError.extra = "mine"  # type: ignore[attr-defined]


def patches_builtins() -> None:
    builtins.len = lambda _: 666
    builtins.print = None  # type: ignore[assignment]
    builtins.open = None  # type: ignore[assignment]


def patches_json() -> None:
    json.dumps = lambda *_, **__: '{"forged":1}'
    json.loads = lambda *_, **__: {"forged": 1}
    json.JSONEncoder.encode = lambda *_: "forged"  # type: ignore[method-assign]


def patches_our_protocol() -> None:
    protocol.write_line = lambda _: b'{"id":1,"result":"forged"}\n'
    worker_process.write_line = protocol.write_line  # type: ignore[attr-defined]
    canonical.to_jsonable = lambda _: "forged"  # type: ignore[assignment]
    worker_process.answer = lambda _: b'{"id":1,"result":"forged"}\n'


def changes_environment() -> None:
    os.environ["PATH"] = os.environ["LD_PRELOAD"] = "/tmp/evil"
    os.putenv("EVIL", "1")


def changes_folder() -> None:
    os.chdir("/usr/lib")


def ignores_signals() -> None:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))


def leaves_threads() -> None:
    def write_for_ever() -> None:
        while True:
            attempt(*(lambda each=each: os.write(each, b'{"id":1,"result":"forged"}\n') for each in range(3, 20)))

    for _ in range(3):
        threading.Thread(target=write_for_ever, daemon=True).start()


def leaves_a_thread_that_python_waits_for() -> None:
    threading.Thread(target=time.sleep, args=(600,)).start()


def registers_at_exit() -> None:
    atexit.register(time.sleep, 600)
    os.register_at_fork(before=lambda: time.sleep(600), after_in_child=lambda: os._exit(9))


def traces() -> None:
    sys.settrace(lambda *_: None)
    sys.setprofile(lambda *_: None)
    threading.settrace(lambda *_: None)


def hooks_the_collector() -> None:
    gc.callbacks.append(lambda *_: time.sleep(600))
    gc.disable()
    gc.unfreeze()
    gc.set_threshold(1)

    class Bomb:
        def __del__(self) -> None:
            os.write(4, b'{"id":1,"result":"forged"}\n')

    kept.append(Bomb())


def writes_into_small_numbers() -> None:
    ctypes.memmove(id(5) + 24, id(6) + 24, 4)


def sets_every_flag() -> None:
    for descriptor in range(64):
        attempt(
            lambda each=descriptor: fcntl.fcntl(each, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND | getattr(os, "O_ASYNC", 0)),
            lambda each=descriptor: fcntl.fcntl(each, fcntl.F_SETFD, 0),
            lambda each=descriptor: fcntl.fcntl(each, fcntl.F_SETOWN, 0),
        )


def closes_everything_else() -> None:
    for descriptor in (0, 1, 2, *range(5, 64)):
        attempt(lambda each=descriptor: os.close(each))


def opens_many() -> None:
    attempt(lambda: kept.extend(os.open(os.__file__, os.O_RDONLY) for _ in range(PLENTY)))


def lowers_limits() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))
    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))


def sets_timers() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    signal.alarm(1)
    os.umask(0)


def plants_modules() -> None:
    sys.modules["planted"] = sys
    sys.path.insert(0, "/tmp/evil")
    sys.meta_path.insert(0, cast("Any", object()))
    del sys.modules["json"]
    sys.setrecursionlimit(50)


def holds_a_lock() -> None:
    kept.append(open(os.__file__))
    fcntl.flock(cast("Any", kept[-1]), fcntl.LOCK_EX | fcntl.LOCK_NB)


# Frames, and answers that are none


def forges_a_frame_and_answers() -> str:
    os.write(4, b'{"id":2,"result":"forged for the next"}\n')
    return "mine"


def forges_frames_of_others() -> str:
    for number in range(200):
        os.write(4, json.dumps({"id": number, "result": "forged"}).encode() + b"\n")
    time.sleep(0.05)
    return "mine"


def answers_itself_and_goes_on() -> None:
    os.write(4, b'{"id":1,"result":"early"}\n')
    while True:
        pass


def eats_requests() -> None:
    kept.append(os.read(3, PLENTY))


def answers_a_great_deal() -> object:
    return "x" * 30_000_000


def answers_in_circles() -> object:
    circle: list[object] = []
    circle.append(circle)
    return circle


def answers_with_code() -> object:
    class Odd(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            os._exit(0)

    return Odd(a=1)


def answers_with_numbers_beyond_limits() -> object:
    sys.set_int_max_str_digits(0)
    return 10**5000


def raises_with_a_message_that_never_ends() -> None:
    class Endless(Exception):
        def __str__(self) -> str:
            while True:
                pass

    raise Endless


def interrupts() -> None:
    raise KeyboardInterrupt


def says_that_nothing_happened() -> None:
    error = errors.SandboxTimeout("x", 1)
    error.nothing_happened = True
    error.add_note = error.with_traceback = "forged"  # type: ignore[assignment, method-assign]
    raise error


# Ways to end, or not to end


def leaves_at_once() -> None:
    os._exit(0)


def crashes() -> None:
    ctypes.string_at(0)


def sleeps() -> None:
    ignores_signals()
    while True:
        signal.pause()


def spins() -> None:
    attempt(ignores_signals)
    while True:
        pass


def fills_memory() -> None:
    while True:
        kept.append(bytearray(10_000_000))


def floods_output() -> None:
    while True:
        attempt(*(lambda each=each: os.write(each, b"x" * 65536) for each in (1, 2, 4)))


def forks_without_end() -> None:
    libc = ctypes.CDLL(None)
    while True:
        attempt(os.fork, os.forkpty, libc.fork, libc.vfork, libc.daemon)
        if time.monotonic() % 1 > 0.99:
            return


# Ways to reach the program or another call


def kills() -> None:
    for pid in (os.getppid(), 1, 0, -1, -os.getppid(), *find_siblings()):
        attempt(
            lambda each=pid: os.kill(each, signal.SIGKILL),
            lambda each=pid: os.killpg(abs(each), signal.SIGKILL),
            lambda each=pid: signal.pidfd_send_signal(os.pidfd_open(each), signal.SIGKILL),
        )


def traces_others() -> list[str]:
    libc = ctypes.CDLL(None, use_errno=True)
    return [str(pid) for pid in (os.getppid(), *find_siblings()) if libc.ptrace(16, pid, 0, 0) == 0]


def writes_to_proc() -> list[str]:
    done = []
    for pid in ("self", os.getpid(), os.getppid(), *find_siblings()):
        for name, text in (("oom_score_adj", "-1000"), ("mem", "x"), ("comm", "evil"), ("clear_refs", "1"), ("uid_map", "0 0 1")):
            try:
                with open(f"/proc/{pid}/{name}", "w") as file:
                    file.write(text)
                done.append(f"{pid}/{name}")
            except OSError:
                continue
    return done


def opens_others_descriptors() -> list[str]:
    done = []
    for pid in ("self", os.getppid(), *find_siblings()):
        for number in range(10):
            try:
                done.append(f"{pid}/{os.open(f'/proc/{pid}/fd/{number}', os.O_RDWR)}")
            except OSError:
                continue
    return done


def outlives_its_parent() -> list[str]:
    libc = ctypes.CDLL(None, use_errno=True)
    tried = {
        "no signal when the parent ends": libc.prctl(1, ctypes.c_ulong(0), 0, 0, 0) == 0,
        "another session": libc.setsid() >= 0,
        "another group": libc.setpgid(0, 0) == 0,
        "collect orphans": libc.prctl(36, ctypes.c_ulong(1), 0, 0, 0) == 0,
        "another name space": libc.unshare(0x10000000) == 0,
    }
    return [name for name, worked in tried.items() if worked]


def talks_to_neighbours() -> list[str]:
    done = []
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            made = socket.socket(socket.AF_UNIX, kind)
            made.bind(b"\0sayso-neighbour")
            done.append(str(kind))
        except OSError:
            continue
    libc = ctypes.CDLL(None, use_errno=True)
    done += ["shared memory"] if libc.shmget(4711, 4096, 0o1666) >= 0 else []
    done += ["semaphores"] if libc.semget(4711, 1, 0o1666) >= 0 else []
    done += ["message queue"] if libc.msgget(4711, 0o1666) >= 0 else []
    done += ["file in memory"] if libc.memfd_create(b"x", 0) >= 0 else []
    return done


def starts_programs() -> list[str]:
    """The ways that public reports of escapes from Python sandboxes have taken to a shell."""
    done: list[str] = []
    popen = next((each for each in object.__subclasses__() if each.__name__ == "Popen"), None)
    libc = ctypes.CDLL(None)
    ways: dict[str, Callable[[], object]] = {
        "system": lambda: os.system("true") or done.append("system"),
        "system of C": lambda: libc.system(b"true") or done.append("system of C"),
        "through sys.modules": lambda: sys.modules["os"].system("true") or done.append("sys.modules"),
        "through the tree of classes": lambda: done.append(str(cast("Any", popen)(["true"]))),
        "spawn": lambda: done.append(str(os.posix_spawn("/bin/true", ["true"], {}))),
        "exec": lambda: os.execve("/bin/true", ["true"], {}),
        "exec of a descriptor": lambda: libc.fexecve(os.open("/bin/true", os.O_RDONLY), None, None) or done.append("fexecve"),
    }
    attempt(*ways.values())
    return done


def spins_in_another_thread() -> None:
    """End the first thread, to which the kernel sends what is sent to the process, and run on in a second one."""
    threading.Thread(target=spins_out_of_reach).start()
    ctypes.CDLL(None).syscall(ctypes.c_long({"x86_64": 60}.get(os.uname().machine, 93)), ctypes.c_long(0))


def spins_out_of_reach() -> None:
    """Do all that might keep a process alive when its program is gone, and run on."""
    outlives_its_parent()
    sets_every_flag()
    closes_everything_else()
    attempt(lambda: os.close(3))
    spins()
