"""seccomp (seccomp(2)): a list of the system calls that a worker may make, compiled to a classic BPF program for the kernel."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache

from .settings import Layer, Profile
from .syscalls import HIGHEST, NETWORK, OWN, WRITING, read_numbers

Condition = tuple[int, int, int]
"""Argument number, mask, value: `argument & mask == value`."""
CallRules = dict[str, tuple[tuple[Condition, ...], ...]]
"""For each call the cases in which it is allowed; a case without conditions always holds."""

ALWAYS: tuple[tuple[Condition, ...], ...] = ((),)
ALL_BITS = 0xFFFFFFFF
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000
RET_KILL, RET_ALLOW, RET_ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
EPERM, ENOSYS = 1, 38
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, MASK, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06  # BPF opcodes
SET_MODE_FILTER, ALL_THREADS = 1, 1
NOT_THERE = ("clone3", "openat2")
"""Their arguments lie in memory, where a filter cannot look: without them the C library takes the older call."""
CLONE_THREAD = 0x10000
OPEN_CHANGES = os.O_ACCMODE | os.O_CREAT | getattr(os, "O_TRUNC", 0) if os.name == "posix" else 0
OPEN_MAKES = os.O_CREAT | (getattr(os, "O_TMPFILE", 0) & ~getattr(os, "O_DIRECTORY", 0))
RENAME_WHITEOUT = 4
"""Leaves a device in the place of what was moved."""
SPECIAL_MODES = 0o7000
"""Set-uid, set-gid and sticky: a file made with them would lend the rights of whoever runs this program."""
# Not F_SETOWN and F_SETSIG: with them a file's readiness becomes a signal of one's choice to any process of the same user.
FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)
IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # is it a terminal, its size, bytes waiting, non-blocking, (non-)inheritable
PR_SET_NAME = 15
ANY_PID = 0x7FABCDEF
"""Stands for the process id in a filter: above any that Linux gives, and like no other number in one."""
STOPS = "starting programs and processes, signals to others, tracing, mounting, sockets, changing files' modes and owners"


def list_rules(profile: Profile, pid: int, *, truncate: bool) -> CallRules:
    """Return the calls that a worker of that profile may make; `truncate` if Landlock guards truncation by name (ABI 3)."""
    rules: CallRules = dict.fromkeys(OWN.split(), ALWAYS)
    rules |= dict.fromkeys(("kill", "tgkill"), (((0, ALL_BITS, pid),),))  # abort() is a signal to oneself
    rules["clone"] = (((0, CLONE_THREAD, CLONE_THREAD),),)
    rules["fcntl"] = tuple(((1, ALL_BITS, command),) for command in FCNTL)
    rules["ioctl"] = tuple(((1, ALL_BITS, command),) for command in IOCTL)
    rules["prctl"] = (((0, ALL_BITS, PR_SET_NAME),),)
    rules["prlimit64"] = (((0, ALL_BITS, 0),),)
    rules["socketpair"] = (((0, ALL_BITS, 1), (1, 0xF, 1)),)  # AF_UNIX streams (asyncio wakes itself through one) lead nowhere else
    if profile.write:
        rules |= dict.fromkeys(WRITING.split(), ALWAYS)
        rules |= {name: (((mode, SPECIAL_MODES, 0),),) for name, mode in (("creat", 1), ("mkdir", 1), ("mkdirat", 2))}
        rules["renameat2"] = (((4, RENAME_WHITEOUT, 0),),)
        # Without O_CREAT the mode is not read, and whatever lies there counts.
        rules["open"] = ((1, OPEN_MAKES, 0),), ((2, SPECIAL_MODES, 0),)
        rules["openat"] = ((2, OPEN_MAKES, 0),), ((3, SPECIAL_MODES, 0),)
        if truncate:
            rules["truncate"] = ALWAYS
    else:
        rules["open"], rules["openat"] = (((1, OPEN_CHANGES, 0),),), (((2, OPEN_CHANGES, 0),),)
    if profile.program:
        rules["execve"] = ALWAYS  # Landlock limits it to the program itself and the system's loader
    if profile.network:
        rules |= dict.fromkeys(NETWORK.split(), ALWAYS)
        rules["socket"] = tuple(((0, ALL_BITS, family), (1, 0xF, kind)) for family in (2, 10) for kind in (1, 2))
    return rules


def compile_filter(rules: CallRules, table: Mapping[str, int], architecture: int) -> bytes:
    """Compile the rules to struct sock_filter instructions: allowed calls pass, newer ones get ENOSYS, everything else EPERM."""
    program = [
        _instruct(LOAD, 4),
        _instruct(JUMP_EQUAL, architecture, 1, 0),
        _instruct(RETURN, RET_KILL),
        _instruct(LOAD, 0),
        _instruct(JUMP_AT_LEAST, X32_BIT, 0, 1),
        _instruct(RETURN, RET_KILL),
        _instruct(JUMP_AT_LEAST, HIGHEST + 1, 0, 1),
        _instruct(RETURN, RET_ERRNO | ENOSYS),
    ]
    for name in NOT_THERE:
        program += [_instruct(JUMP_EQUAL, table[name], 0, 1), _instruct(RETURN, RET_ERRNO | ENOSYS)]
    for name, cases in rules.items():
        if name in table:
            program += _compile_call(table[name], cases)
    return b"".join([*program, _instruct(RETURN, RET_ERRNO | EPERM)])


def _compile_call(number: int, cases: Sequence[tuple[Condition, ...]]) -> list[bytes]:
    body: list[bytes] = []
    for conditions in cases:
        case = [_instruct(RETURN, RET_ALLOW)]
        for index, mask, value in reversed(conditions):
            check = [_instruct(LOAD, 16 + 8 * index), _instruct(MASK, mask), _instruct(JUMP_EQUAL, value, 0, len(case))]
            case = check + case
        body += case
    if cases != ALWAYS:
        body.append(_instruct(RETURN, RET_ERRNO | EPERM))
    return [_instruct(JUMP_EQUAL, number, 0, len(body)), *body]


def _instruct(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def prepare_filter(profile: Profile) -> None:
    """Compile the filters that the workers of a profile may need, so that a forked one finds its own compiled."""
    if os.name == "posix" and os.uname().machine in AUDIT_ARCH:
        for truncate in (False, True):
            _compile_for_any(_keep_what_counts(profile), os.uname().machine, truncate)


def _keep_what_counts(profile: Profile) -> Profile:
    return Profile(preload=(), network=profile.network, write=profile.write[:1] and ("/",), program=profile.program and "/")


@lru_cache(maxsize=64)
def _compile_for_any(profile: Profile, machine: str, truncate: bool) -> bytes:
    return compile_filter(list_rules(profile, ANY_PID, truncate=truncate), read_numbers(machine) or {}, AUDIT_ARCH[machine])


def filter_calls(profile: Profile, libc: ctypes.CDLL, *, truncate: bool) -> Layer:
    """Install the filter in this process, all threads, for good."""
    machine = os.uname().machine if os.name == "posix" else ""
    table = read_numbers(machine)
    if table is None or sys.maxsize < 2**32:
        return Layer("seccomp", False, STOPS, f"no table of system calls for {machine or 'this processor'}")
    program = _compile_for_any(_keep_what_counts(profile), machine, truncate).replace(
        struct.pack("=I", ANY_PID), struct.pack("=I", os.getpid())
    )
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the number of instructions, then (aligned) where they are.
    fprog = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(code)))
    if libc.syscall(ctypes.c_long(table["seccomp"]), ctypes.c_long(SET_MODE_FILTER), ctypes.c_long(ALL_THREADS), fprog) != 0:
        return Layer("seccomp", False, STOPS, f"the kernel refused the filter: {os.strerror(ctypes.get_errno())}")
    allowed = "TCP and UDP allowed" if profile.network else "no sockets"
    return Layer(
        "seccomp", True, STOPS, f"{machine}, {allowed}, {'files may be written' if profile.write else 'no file opens for writing'}"
    )
