"""Attempts to get out of a worker, from inside: what stops each one, and that the report names that layer."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sayso.tools.sandbox import SandboxDied, SandboxMemory, SandboxTimeout
from sayso.tools.sandbox.pool import Pool
from sayso.tools.sandbox.settings import LAYER_NAMES, Profile
from sayso.tools.sandbox.syscalls import read_numbers

HERE = str(Path(__file__).parent)
CLOSED = Profile(preload=("sandbox_inside",), roots=(HERE,), memory_mb=256, needs=LAYER_NAMES)
X86_64_CALLS = {
    "ptrace": (101, (16, os.getpid(), 0, 0)),
    "process_vm_readv": (310, (os.getpid(), 0, 0, 0, 0, 0)),
    "process_vm_writev": (311, (os.getpid(), 0, 0, 0, 0, 0)),
    "pidfd_open": (434, (os.getpid(), 0)),
    "pidfd_send_signal": (424, (3, 0, 0, 0)),
    "rt_sigqueueinfo": (129, (os.getpid(), 0, 0)),
    "fork": (57, ()),
    "vfork": (58, ()),
    "execve": (59, (0, 0, 0)),
    "execveat": (322, (0, 0, 0, 0, 0)),
    "mount": (165, (0, 0, 0, 0, 0)),
    "unshare": (272, (0x10000000,)),
    "setns": (308, (0, 0)),
    "chroot": (161, (0,)),
    "bpf": (321, (0, 0, 0)),
    "io_uring_setup": (425, (1, 0)),
    "userfaultfd": (323, (0,)),
    "perf_event_open": (298, (0, 0, -1, -1, 0)),
    "keyctl": (250, (0, 0)),
    "add_key": (248, (0, 0, 0, 0, 0)),
    "memfd_create": (319, (0, 0)),
    "shmget": (29, (0, 4096, 0o1777)),
    "mq_open": (240, (0, 0, 0, 0)),
    "open_by_handle_at": (304, (0, 0, 0)),
    "init_module": (175, (0, 0, 0)),
    "kexec_load": (246, (0, 0, 0, 0)),
    "reboot": (169, (0, 0, 0)),
    "swapon": (167, (0, 0)),
    "setuid": (105, (0,)),
    "capset": (126, (0, 0)),
    "seccomp": (317, (0, 0, 0)),
    "sched_setaffinity": (203, (0, 0, 0)),
    "setpriority": (141, (0, 0, -20)),
    "splice": (275, (0, 0, 0, 0, 0, 0)),
    "personality": (135, (0x40000,)),
    "socket": (41, (2, 1, 0)),
    "inotify_init": (253, ()),
    "quotactl": (179, (0, 0, 0, 0)),
    "sethostname": (170, (0, 0)),
    "ioperm": (173, (0, 1, 1)),
    "clone as a process": (56, (17, 0, 0, 0, 0)),
}


@pytest.fixture(scope="module")
def closed() -> Iterator[Pool]:
    pool = Pool(CLOSED)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """One folder to read, one to write, one that is not named."""
    made = tuple(tmp_path_factory.mktemp(name) for name in ("read", "write", "other"))
    for folder in made:
        (folder / "file").write_text("content")
    return made[0], made[1], made[2]


@pytest.fixture(scope="module")
def opened(folders: tuple[Path, Path, Path]) -> Iterator[Pool]:
    """A worker with files and network, to see that no more than those is open."""
    pool = Pool(replace(CLOSED, network=True, read=(str(folders[0]),), write=(str(folders[1]),)))
    yield pool
    pool.close()


def ask(pool: Pool, name: str, *args: Any, seconds: float = 20.0) -> Any:
    return pool.call(f"sandbox_inside:{name}", list(args), {}, seconds)


def test_every_layer_stands_here(closed: Pool) -> None:
    assert [layer.name for layer in closed.layers()] == ["deadline", "environment", *LAYER_NAMES[2:]]
    assert closed.layers().find_missing() == ()


ATTEMPTS: dict[str, tuple[str, tuple[Any, ...], str, str]] = {
    "read a system file": ("reads", ("/etc/passwd",), "EACCES", "landlock"),
    "read the program's own source": ("reads", (__file__,), "EACCES", "landlock"),
    "list the root": ("lists", ("/",), "EACCES", "landlock"),
    "read the parent's environment": ("reads_of_parent", ("environ",), "EACCES", "landlock"),
    "read the parent's memory": ("reads_of_parent", ("mem",), "EACCES", "landlock"),
    "read the parent's command line": ("reads_of_parent", ("cmdline",), "EACCES", "landlock"),
    "read through the parent's root": ("reads_of_parent", ("root/etc/passwd",), "EACCES", "landlock"),
    "list the parent's files": ("lists", (f"/proc/{os.getpid()}/fd",), "EACCES", "landlock"),
    "read its own first environment": ("reads", ("/proc/self/environ",), "EACCES", "landlock"),
    "read a disk": ("reads", ("/dev/vda",), "EACCES", "landlock"),
    "write a file": ("writes", ("/tmp/sayso-was-here",), "EPERM", "seccomp"),
    "write to shared memory": ("writes", ("/dev/shm/sayso-was-here",), "EPERM", "seccomp"),
    "cut a file": ("truncates", (__file__,), "EPERM", "seccomp"),
    "remove a file": ("removes", (__file__,), "EPERM", "seccomp"),
    "move a file": ("moves", (__file__, __file__ + "x"), "EPERM", "seccomp"),
    "change a mode": ("changes_mode", (__file__,), "EPERM", "seccomp"),
    "change an owner": ("changes_owner", (__file__,), "EPERM", "seccomp"),
    "change a time": ("changes_time", (__file__,), "EPERM", "seccomp"),
    "connect": ("connects", ("127.0.0.1", 9), "EPERM", "seccomp"),
    "send a datagram": ("sends_datagram", (), "EPERM", "seccomp"),
    "connect to an abstract socket": ("connects_abstract", ("sayso",), "EPERM", "seccomp"),
    "listen": ("listens", (), "EPERM", "seccomp"),
    "a pair of datagram sockets": ("datagram_pair", (), "EPERM", "seccomp"),
    "fork": ("forks", (), "EPERM", "seccomp"),
    "start a program": ("starts_program", (), "EPERM", "seccomp"),
    "spawn a program": ("spawns_program", (), "EPERM", "seccomp"),
    "become a program": ("becomes_program", (), "EPERM", "seccomp"),
    "signal the parent": ("signals_parent", (), "EPERM", "seccomp"),
    "signal everybody": ("signals_everybody", (), "EPERM", "seccomp"),
    "signal its group": ("signals_own_group", (), "EPERM", "seccomp"),
    "signal the parent by a file": ("signals_by_file", (), "EPERM", "seccomp"),
    "change the parent's limits": ("limits_of_parent", (), "EPERM", "seccomp"),
    "type into the terminal": ("types_into_terminal", (), "EPERM", "seccomp"),
    "raise its own limits": ("raises_own_limit", (), "ValueError: not allowed to raise maximum limit", "capabilities"),
    "open files without end": ("opens_many", (), "EMFILE", "limits"),
}


@pytest.mark.parametrize(("name", "args", "met", "layer"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_an_attempt_is_stopped_by_a_named_layer(closed: Pool, name: str, args: tuple[Any, ...], met: str, layer: str) -> None:
    assert ask(closed, name, *args) == met
    assert closed.layers()[layer].on


@pytest.mark.parametrize(("number", "arguments"), X86_64_CALLS.values(), ids=X86_64_CALLS)
def test_a_system_call_past_every_library_is_stopped(closed: Pool, number: int, arguments: tuple[int, ...]) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("these numbers are those of x86_64")
    assert ask(closed, "system_call", number, *arguments) == "EPERM"


def test_calls_newer_than_the_table_are_not_there(closed: Pool) -> None:
    assert {ask(closed, "system_call", number) for number in (463, 600, 2**30 - 1)} == {"ENOSYS"}
    table = read_numbers(os.uname().machine)
    assert table is not None
    assert ask(closed, "system_call", table["clone3"], 0, 0) == "ENOSYS"


def test_a_call_of_the_other_calling_convention_ends_the_worker(closed: Pool) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("only x86_64 has one")
    with pytest.raises(SandboxDied, match="SIGSYS"):
        ask(closed, "system_call", 0x40000000 + 39)


def test_memory_is_stopped_by_its_limit(closed: Pool) -> None:
    with pytest.raises(SandboxMemory):
        ask(closed, "two_gb")


def test_time_is_stopped_by_the_deadline(closed: Pool) -> None:
    with pytest.raises(SandboxTimeout):
        ask(closed, "sleep", 60, seconds=0.1)


def test_the_programs_environment_is_not_there(closed: Pool) -> None:
    assert set(ask(closed, "environment")) <= {"LD_LIBRARY_PATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LC_CTYPE"}


def test_nothing_but_its_own_pipes_is_open(closed: Pool) -> None:
    assert sorted(ask(closed, "open_descriptors")) == ["device"] * 3 + ["pipe"] * 2


def test_named_files_can_be_read_and_written_and_no_others(opened: Pool, folders: tuple[Path, Path, Path]) -> None:
    readable, writable, other = folders
    (writable / "out").symlink_to(other / "file")
    tried = {
        "read what may be read": ask(opened, "reads", str(readable / "file")),
        "list what may be read": ask(opened, "lists", str(readable)),
        "write what may be read": ask(opened, "writes", str(readable / "file")),
        "remove what may be read": ask(opened, "removes", str(readable / "file")),
        "cut what may be read": ask(opened, "truncates", str(readable / "file")),
        "change its mode": ask(opened, "changes_mode", str(writable / "file")),
        "write what may be written": ask(opened, "writes", str(writable / "new")),
        "remove what may be written": ask(opened, "removes", str(writable / "new")),
        "read elsewhere": ask(opened, "reads", str(other / "file")),
        "write elsewhere": ask(opened, "writes", str(other / "new")),
        "remove elsewhere": ask(opened, "removes", str(other / "file")),
        "move in from elsewhere": ask(opened, "moves", str(other / "file"), str(writable / "stolen")),
        "link in from elsewhere": ask(opened, "links", str(other / "file"), str(writable / "linked")),
        "make a link": ask(opened, "makes_link", str(other / "file"), str(writable / "link")),
        "make a link to beside it": ask(opened, "makes_link", "file", str(writable / "link")),
        "move a link that was there": ask(opened, "moves", str(writable / "out"), str(writable / "file")),
        "exchange a link that was there": ask(opened, "exchanges", str(writable / "out"), str(writable / "file"), 2),
        "exchange for a link that was there": ask(opened, "exchanges", str(writable / "file"), str(writable / "out"), 2),
        "leave a device where a file was": ask(opened, "exchanges", str(writable / "file"), str(writable / "moved"), 4),
        "move a file": ask(opened, "exchanges", str(writable / "file"), str(writable / "moved"), 1),
        "link a link that was there": ask(opened, "links", str(writable / "out"), str(writable / "in")),
        "read through a link that was there": ask(opened, "reads", str(writable / "out")),
        "write through a link that was there": ask(opened, "writes", str(writable / "out")),
        "make a pipe": ask(opened, "makes_fifo", str(writable / "pipe")),
        "make a device": ask(opened, "makes_device", str(writable / "device")),
        "make a socket": ask(opened, "makes_socket", str(writable / "socket")),
        "make a program": ask(opened, "makes_with_mode", str(writable / "program"), 0o755),
        "make a set-uid program": ask(opened, "makes_with_mode", str(writable / "su"), 0o4755),
        "make a set-gid folder": ask(opened, "makes_folder_with_mode", str(writable / "sg"), 0o2755),
        "make a folder": ask(opened, "makes_folder_with_mode", str(writable / "sub"), 0o755),
        "make a file without a name": ask(opened, "makes_without_name", str(writable), 0o600),
        "make a set-uid file without a name": ask(opened, "makes_without_name", str(writable), 0o6755),
        "cut elsewhere": ask(opened, "truncates", str(other / "file")),
    }
    assert tried == {
        "read what may be read": "free",
        "list what may be read": "free",
        "write what may be read": "EACCES",
        "remove what may be read": "EACCES",
        "cut what may be read": "EACCES",
        "change its mode": "EPERM",
        "write what may be written": "free",
        "remove what may be written": "free",
        "read elsewhere": "EACCES",
        "write elsewhere": "EACCES",
        "remove elsewhere": "EACCES",
        "move in from elsewhere": "EACCES",
        "link in from elsewhere": "EXDEV",
        "make a link": "EPERM",
        "make a link to beside it": "EPERM",
        "move a link that was there": "EACCES",
        "exchange a link that was there": "EACCES",
        "exchange for a link that was there": "EACCES",
        "leave a device where a file was": "EPERM",
        "move a file": "free",
        "link a link that was there": "EACCES",
        "read through a link that was there": "EACCES",
        "write through a link that was there": "EACCES",
        "make a pipe": "EPERM",
        "make a device": "EPERM",
        "make a socket": "EPERM",
        "make a program": "free",
        "make a set-uid program": "EPERM",
        "make a set-gid folder": "EPERM",
        "make a folder": "free",
        "make a file without a name": "free",
        "make a set-uid file without a name": "EPERM",
        "cut elsewhere": "EACCES",
    }


def test_a_disk_cannot_be_filled_with_one_file(opened: Pool, folders: tuple[Path, Path, Path]) -> None:
    path = folders[1] / "big"
    assert ask(opened, "fills_disk", str(path)) == "EFBIG"
    assert path.stat().st_size <= 64 * 1024 * 1024
    path.unlink()


def test_with_network_it_connects_but_neither_listens_nor_goes_round_tcp(opened: Pool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert ask(opened, "connects", "127.0.0.1", server.getsockname()[1]) == "free"
    tried = [ask(opened, name) for name in ("listens", "raw_socket")] + [ask(opened, "connects_abstract", "sayso")]
    assert tried == ["EPERM", "EPERM", "EPERM"]
