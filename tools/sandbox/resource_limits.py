"""Resource limits of one process (setrlimit): memory, file size, open files, no core dumps."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path
from types import ModuleType

from .errors import SandboxError
from .settings import Layer, Profile

MB = 1024 * 1024
_MOST_MB = 1 << 27  # what 47 bits address
FILE_MB = 64
OPEN_FILES = 64
ROOM_MB = 16
"""The least memory that a function needs beside the modules it was loaded with."""
_STOPS_MEMORY = "taking more memory than it was given"
_STOPS_REST = f"a file over {FILE_MB} MB, more than {OPEN_FILES} open files, a core dump with what was in memory"


def set_limits(profile: Profile) -> list[Layer]:
    """Set the limits of this process, hard limits included, so that nothing in it can raise them again. Raises SandboxError."""
    if sys.platform == "win32":
        return [
            Layer("memory", False, _STOPS_MEMORY, "Windows has no such limit without a job object"),
            Layer("limits", False, _STOPS_REST, "Windows has no such limits"),
        ]
    import resource

    set_to = {
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_FSIZE": FILE_MB * MB,  # not 0: it also counts for a reply through a redirected file
    }
    refused = [name for name, value in set_to.items() if not _lower(resource, name, value)]
    rest = Layer("limits", not refused, _STOPS_REST, f"refused: {', '.join(refused)}" if refused else "rlimits FSIZE, NOFILE, CORE")
    return [_limit_memory(resource, profile), rest]


def _limit_memory(resource: ModuleType, profile: Profile) -> Layer:
    memory_mb = profile.memory_mb
    if sys.platform != "linux":  # macOS takes the number and ignores it
        return Layer("memory", False, _STOPS_MEMORY, "no hard limit here; the resident memory is sampled every 50 ms")
    taken_mb = _find_address_space_mb(resource)
    if memory_mb < taken_mb + ROOM_MB and not profile.beside_modules:
        raise SandboxError(f"its modules alone take {taken_mb} MB of address space. Give it memory_mb={taken_mb + ROOM_MB} or more.")
    on = _lower(resource, "RLIMIT_AS", (memory_mb + taken_mb * profile.beside_modules) * MB)
    how = f"rlimit AS {memory_mb} MB{' beside its modules' if profile.beside_modules else ''}"
    return Layer("memory", on, _STOPS_MEMORY, how if on else "rlimit AS refused; sampled every 50 ms")


def _find_address_space_mb(resource: ModuleType) -> int:
    """Return how much address space this process takes now."""
    try:
        return int(Path("/proc/self/status").read_text().partition("VmSize:")[2].split()[0]) // 1024 + 1
    except OSError:
        return probe_address_space_mb(resource)


def probe_address_space_mb(resource: ModuleType) -> int:
    """Return how much address space this process takes where there is no /proc: under a lower limit it gets no other page."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    unlimited = before[1] == resource.RLIM_INFINITY
    low, high = 0, _MOST_MB if unlimited else min(before[1] // MB, _MOST_MB)
    try:
        while low < high:
            middle = (low + high) // 2
            resource.setrlimit(resource.RLIMIT_AS, (middle * MB, before[1]))
            try:
                mmap.mmap(-1, mmap.PAGESIZE).close()
                high = middle
            except (OSError, MemoryError):
                low = middle + 1
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    return low


def _lower(resource: ModuleType, name: str, value: int) -> bool:
    number = getattr(resource, name)
    hard = resource.getrlimit(number)[1]
    wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(number, (wanted, wanted))
    except (OSError, ValueError):
        return False
    return True
