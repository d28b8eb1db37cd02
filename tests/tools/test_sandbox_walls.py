"""The filter and the report, computed: what the filter program answers on both processors, and how layers are told."""

from __future__ import annotations

import ctypes
import os
import struct
import time
from collections.abc import Callable

import pytest

from sayso.tools.errors import InvalidArguments, ToolError, UnknownTool, UsageError
from sayso.tools.sandbox.landlock import confine
from sayso.tools.sandbox.memory import resident_bytes
from sayso.tools.sandbox.pipes import Closed, PolledPipe, TooLate, TooLong, WatchedPipe
from sayso.tools.sandbox.protocol import describe_tool_error, rebuild_tool_error
from sayso.tools.sandbox.seccomp import AUDIT_ARCH, compile_filter, list_rules
from sayso.tools.sandbox.settings import Layer, Layers, Profile, Sandbox
from sayso.tools.sandbox.syscalls import NETWORK, OWN, WRITING, read_numbers

ALLOW, EPERM, ENOSYS, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
PID = 4711


def verdict(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What the kernel would answer: the filter language, run by hand."""
    data = struct.pack("=IIQ6Q", number, architecture, 0, *(list(arguments) + [0] * 6)[:6])
    lines = list(struct.iter_unpack("=HBBI", program))
    place = loaded = 0
    while True:
        code, if_true, if_false, value = lines[place]
        place += 1
        match code:
            case 0x20:
                loaded = struct.unpack_from("=I", data, value)[0]
            case 0x54:
                loaded &= value
            case 0x15:
                place += if_true if loaded == value else if_false
            case 0x35:
                place += if_true if loaded >= value else if_false
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(hex(code))


CLOSED = Profile(preload=())
WRITES = Profile(preload=(), write=("/data",))
ONLINE = Profile(preload=(), network=True)
O_READ, O_WRITE, O_CREATE = 0, os.O_WRONLY, os.O_RDWR | os.O_CREAT
VERDICTS: dict[str, tuple[Profile, str, tuple[int, ...], int]] = {
    "reading": (CLOSED, "read", (0,), ALLOW),
    "opening to read": (CLOSED, "openat", (0, 0, O_READ | os.O_CLOEXEC), ALLOW),
    "opening to write": (CLOSED, "openat", (0, 0, O_WRITE), EPERM),
    "making a file": (CLOSED, "openat", (0, 0, O_CREATE), EPERM),
    "making a file where one may": (WRITES, "openat", (0, 0, O_CREATE), ALLOW),
    "removing": (CLOSED, "unlinkat", (), EPERM),
    "removing where one may": (WRITES, "unlinkat", (), ALLOW),
    "a thread": (CLOSED, "clone", (0x3D0F00,), ALLOW),
    "a process": (CLOSED, "clone", (17,), EPERM),
    "a signal to itself": (CLOSED, "tgkill", (PID, PID, 6), ALLOW),
    "a signal to another": (CLOSED, "tgkill", (1, 1, 6), EPERM),
    "a socket": (CLOSED, "socket", (2, 1, 0), EPERM),
    "a TCP socket online": (ONLINE, "socket", (2, 0x80001, 0), ALLOW),
    "a UDP socket online": (ONLINE, "socket", (10, 2, 0), ALLOW),
    "a raw socket online": (ONLINE, "socket", (2, 3, 1), EPERM),
    "a unix socket online": (ONLINE, "socket", (1, 1, 0), EPERM),
    "connecting": (CLOSED, "connect", (), EPERM),
    "connecting online": (ONLINE, "connect", (), ALLOW),
    "a pair of streams": (CLOSED, "socketpair", (1, 0x80801, 0), ALLOW),
    "a pair of datagrams": (CLOSED, "socketpair", (1, 2, 0), EPERM),
    "asking a descriptor's flags": (CLOSED, "fcntl", (0, 3), ALLOW),
    "signals from a descriptor": (CLOSED, "fcntl", (0, 8), EPERM),
    "is it a terminal": (CLOSED, "ioctl", (0, 0x5401), ALLOW),
    "typing into a terminal": (CLOSED, "ioctl", (0, 0x5412), EPERM),
    "another filter": (CLOSED, "seccomp", (1, 0, 0), EPERM),
    "clone3": (CLOSED, "clone3", (), ENOSYS),
}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize(("profile", "name", "arguments", "expected"), VERDICTS.values(), ids=VERDICTS)
def test_the_filter_answers(machine: str, profile: Profile, name: str, arguments: tuple[int, ...], expected: int) -> None:
    table = read_numbers(machine)
    assert table is not None
    program = compile_filter(list_rules(profile, PID, truncate=True), table, AUDIT_ARCH[machine])
    assert verdict(program, AUDIT_ARCH[machine], table[name], *arguments) == expected


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_number_gets_an_answer_and_only_listed_ones_pass(machine: str) -> None:
    table = read_numbers(machine)
    assert table is not None
    program = compile_filter(list_rules(CLOSED, PID, truncate=True), table, AUDIT_ARCH[machine])
    passed = {number for number in range(1024) if verdict(program, AUDIT_ARCH[machine], number, *[0xFFFFFFFFFFFF] * 6) == ALLOW}
    assert passed == {table[name] for name in OWN.split() if name in table} | {table["clone"]}  # clone with every flag is a thread
    assert len(program) // 8 < 4096


def test_another_architecture_ends_the_process() -> None:
    table = read_numbers("x86_64")
    assert table is not None
    program = compile_filter(list_rules(CLOSED, PID, truncate=True), table, AUDIT_ARCH["x86_64"])
    assert verdict(program, AUDIT_ARCH["aarch64"], 0) == KILL
    assert verdict(program, AUDIT_ARCH["x86_64"], 0x40000000) == KILL


def test_truncation_by_name_needs_a_landlock_that_knows_it() -> None:
    assert "truncate" in list_rules(WRITES, PID, truncate=True)
    assert "truncate" not in list_rules(WRITES, PID, truncate=False)


def test_the_lists_name_no_call_twice_and_all_have_numbers() -> None:
    table = read_numbers("x86_64")
    assert table is not None
    names = [*OWN.split(), *WRITING.split(), *NETWORK.split()]
    assert len(names) == len(set(names))
    assert set(names) <= set(table)
    assert len(set(table.values())) == len(table)
    other = read_numbers("aarch64")
    assert other is not None
    assert len(set(other.values())) == len(other)
    assert read_numbers("riscv64") is None


BAD_SETTINGS: dict[str, tuple[dict[str, object], str]] = {
    "no time": ({"seconds": 0}, "give a time above 0"),
    "no memory": ({"memory_mb": 1}, "at least 64 MB"),
    "one path without a list": ({"read": "data"}, r"write read=\['data'\]"),
    "an unknown layer": ({"needs": ["firewall"]}, "no layer 'firewall'; the layers are: deadline"),
}


@pytest.mark.parametrize(("given", "text"), BAD_SETTINGS.values(), ids=BAD_SETTINGS)
def test_settings_that_cannot_be_are_refused(given: dict[str, object], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        Sandbox(**given)  # type: ignore[arg-type]


def test_settings_with_the_same_content_are_equal() -> None:
    assert Sandbox(read=["a"], write=["b"]) == Sandbox(read=("a",), write=("b",))
    assert hash(Sandbox(read=["a"])) == hash(Sandbox(read=("a",)))


def test_a_profile_survives_its_line() -> None:
    import json

    profile = Profile(preload=("a", "b"), files=(("n", "/p"),), read=("/x",), network=True)
    assert Profile.from_json(json.loads(json.dumps(profile.as_json()))) == profile


def test_the_report_is_told_in_lines() -> None:
    layers = Layers((Layer("memory", True, "too much", "rlimit"), Layer("landlock", False, "opening files", "only Linux has it")))
    assert str(layers) == "memory: on (rlimit); stops too much\nlandlock: missing (only Linux has it); stops opening files"
    assert [layer.name for layer in layers.find_missing()] == ["landlock"]
    assert layers.find_missing(["memory"]) == ()


REBUILT: dict[str, tuple[dict[str, object], type[ToolError]]] = {
    "one of ours": (describe_tool_error(UnknownTool("x", ["y"])), UnknownTool),
    "with attributes": (describe_tool_error(InvalidArguments("t", ["p"])), InvalidArguments),
    "no error class": ({"error": "sayso.tools.errors:Sequence", "message": "m"}, ToolError),
    "an error for the programmer": ({"error": "sayso.tools.errors:UsageError", "message": "m"}, ToolError),
    "a class of another package": ({"error": "builtins:KeyboardInterrupt", "message": "m"}, ToolError),
    "a module that is not loaded": ({"error": "sayso.tools.nowhere:Odd", "message": "m"}, ToolError),
    "an errors module that is not there": ({"error": "sayso.tools.nowhere.errors:Odd", "message": "m"}, ToolError),
    "nonsense": ({"error": 5}, ToolError),
}


@pytest.mark.parametrize(("described", "kind"), REBUILT.values(), ids=REBUILT)
def test_only_our_own_tool_errors_are_rebuilt(described: dict[str, object], kind: type[ToolError]) -> None:
    error = rebuild_tool_error(described)
    assert type(error) is kind
    assert str(error) == str(described.get("message", ""))


def test_memory_of_a_process_can_be_seen() -> None:
    assert (resident_bytes(os.getpid()) or 0) > 1_000_000
    assert resident_bytes(2**22 + 1) is None


def ends(kind: type[PolledPipe] | type[WatchedPipe], kill: Callable[[], None] = lambda: None) -> tuple[PolledPipe | WatchedPipe, int, int]:
    """A pipe whose child's ends we hold ourselves."""
    child_reads, we_write = os.pipe()
    we_read, child_writes = os.pipe()
    streams = os.fdopen(we_write, "wb", 0), os.fdopen(we_read, "rb", 0)
    return (WatchedPipe(*streams, kill) if kind is WatchedPipe else PolledPipe(*streams)), child_reads, child_writes


@pytest.mark.parametrize("kind", [PolledPipe, WatchedPipe])
def test_a_pipe_carries_lines_and_tells_a_closed_end(kind: type[PolledPipe] | type[WatchedPipe]) -> None:
    pipe, child_reads, child_writes = ends(kind)
    soon = time.monotonic() + 10
    pipe.send(b"hello\n", soon)
    assert os.read(child_reads, 100) == b"hello\n"
    os.write(child_writes, b"wor")
    os.write(child_writes, b"ld\n")
    assert pipe.read(soon, 100) == b"world\n"
    os.write(child_writes, b"x" * 200)
    with pytest.raises(TooLong):
        pipe.read(soon, 100)
    os.close(child_reads)
    os.close(child_writes)
    with pytest.raises(Closed):
        pipe.send(b"more\n", soon)
    with pytest.raises(Closed):
        pipe.read(soon, 100)
    pipe.close()


def test_a_polled_pipe_keeps_its_deadline_and_looks_around_meanwhile() -> None:
    pipe, child_reads, child_writes = ends(PolledPipe)
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 2:
            os.write(child_writes, b"seen\n")

    assert pipe.read(time.monotonic() + 60, 100, look) == b"seen\n"
    with pytest.raises(TooLate):
        pipe.read(time.monotonic() + 0.01, 100, look)
    with pytest.raises(TooLate):
        pipe.send(b"x" * 1_000_000, time.monotonic() + 0.01)
    for end in (child_reads, child_writes):
        os.close(end)
    pipe.close()


def test_a_watched_pipe_kills_at_its_deadline() -> None:
    closing: list[int] = []

    def kill() -> None:
        for end in closing:
            os.close(end)

    pipe, child_reads, child_writes = ends(WatchedPipe, kill)
    closing += [child_reads, child_writes]
    with pytest.raises(TooLate):
        pipe.read(time.monotonic() + 0.01, 100)
    pipe.close()


def test_a_system_without_landlock_says_so() -> None:
    layer = confine(CLOSED, ctypes.CDLL(None), 0)
    assert (layer.name, layer.on, layer.detail) == ("landlock", False, "this kernel has no Landlock")
