"""Landlock (Linux 5.13 or later, landlock(7)), through ctypes: which files a worker may open, and whether it may connect."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from .python_files import SYSTEM_LIBRARIES, list_python_files
from .settings import Layer, Profile

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every processor
ASK_VERSION, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG, REFER, TRUNCATE = 1 << 7, 1 << 8, 1 << 13, 1 << 14
READING = READ_FILE | READ_DIR
WRITING = READING | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
"""Files and folders may be made, moved and removed; no symbolic links (moving one is making one), pipes, sockets and devices: whoever opens
by name what a function has left there would open something else."""
ON_A_FILE = READ_FILE | WRITE_FILE | TRUNCATE | EXECUTE
ALL_OF_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
BIND_TCP, CONNECT_TCP = 1, 2
ABSTRACT_SOCKETS, SIGNALS = 1, 2
FOR_NAMES = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/services",
    "/etc/ssl",
    "/etc/pki",
)
"""Files that are read to look up a name and to check a certificate."""
STOPS = "opening files that were not named, /proc of other processes included"


def read_abi(libc: ctypes.CDLL) -> int:
    """Return the ABI version of Landlock in this kernel; 0 where there is no Landlock."""
    if sys.platform != "linux":
        return 0
    return max(0, int(libc.syscall(ctypes.c_long(CREATE_RULESET), None, ctypes.c_long(0), ctypes.c_long(ASK_VERSION))))


def confine(profile: Profile, libc: ctypes.CDLL, version: int) -> Layer:
    """Let this process open only Python's own files and what the profile names, from now on and for good."""
    if version == 0:
        return Layer("landlock", False, STOPS, "this kernel has no Landlock" if sys.platform == "linux" else "only Linux has Landlock")
    threads = len(os.listdir("/proc/self/task")) if Path("/proc/self/task").exists() else 1  # noqa: PTH208 - only the number counts
    if threads > 1:
        return Layer(
            "landlock", False, STOPS, f"the modules of this worker started {threads - 1} threads while loading, which it cannot bind"
        )
    network = (BIND_TCP if profile.network else BIND_TCP | CONNECT_TCP) if version >= 4 else 0
    if problem := restrict(libc, version, _list_grants(profile), network):
        return Layer("landlock", False, STOPS, problem)
    return Layer("landlock", True, STOPS, f"ABI {version}: {', '.join(_list_kinds(version))}")


def restrict(libc: ctypes.CDLL, version: int, grants: Iterable[tuple[str, int]], network: int = 0) -> str:
    """Let this process, and all that it becomes and starts, use files only as granted; `network` is what is forbidden there.

    Return why that cannot be done, empty if it is. `no_new_privs` must be set before.
    """
    files = ALL_OF_ABI[min(version, 5)]
    scopes = ABSTRACT_SOCKETS | SIGNALS if version >= 6 else 0
    attributes = struct.pack("=QQQ", files, network, scopes)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = libc.syscall(ctypes.c_long(CREATE_RULESET), attributes, ctypes.c_long(len(attributes)), ctypes.c_long(0))
    if rules < 0:
        return f"no rules could be made: {os.strerror(ctypes.get_errno())}"
    try:
        for path, rights in grants:
            _grant(libc, rules, path, rights & files)
        if libc.syscall(ctypes.c_long(RESTRICT_SELF), ctypes.c_long(rules), ctypes.c_long(0)) != 0:
            return f"the rules were not taken: {os.strerror(ctypes.get_errno())}"
    finally:
        os.close(rules)
    return ""


def _list_kinds(version: int) -> list[str]:
    return ["files", *(["TCP"] if version >= 4 else []), *(["abstract sockets", "signals"] if version >= 6 else [])]


def _list_grants(profile: Profile) -> list[tuple[str, int]]:
    granted = _list_program_files(profile.program) if profile.program else [(path, READING) for path in list_python_files()]
    granted += [("/dev/null", READ_FILE | WRITE_FILE), ("/dev/urandom", READ_FILE), ("/dev/zero", READ_FILE)]
    if profile.network:
        granted += [(path, READING) for path in FOR_NAMES]
    return granted + [(path, READING) for path in profile.read] + [(path, WRITING) for path in profile.write]


def _list_program_files(program: str) -> list[tuple[str, int]]:
    # A program is started by the system's loader, which therefore must be executable as well.
    loaders = [str(path.resolve()) for folder in ("/lib", "/lib64") for path in Path(folder).glob("ld-*")]
    return [(path, READ_FILE | EXECUTE) for path in (program, *loaders)] + [(path, READING) for path in SYSTEM_LIBRARIES]


def _grant(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # one of the usual places that this system does not have or keeps closed; what the caller names was checked before
    try:
        allowed = rights if Path(path).is_dir() else rights & ON_A_FILE
        rule = struct.pack("=Qi", allowed, place)
        if libc.syscall(ctypes.c_long(ADD_RULE), ctypes.c_long(rules), ctypes.c_long(PATH_BENEATH), rule, ctypes.c_long(0)) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock took no rule for {path}")
    finally:
        os.close(place)
