"""The memory that a model takes, next to what is free, and the longest conversation that fits."""

from __future__ import annotations

import os
from pathlib import Path

from sayso.tools.errors import ModelError

from .gguf import Gguf
from .hub import format_bytes

WORKING_BYTES = 400_000_000
"""Memory that llama.cpp takes beside the weights and the context: buffers, mostly for the logits of a batch."""
LEAST_TOKENS = 2048
"""A shorter conversation holds no instructions, tools and examples."""


def fit_context(file: Gguf, wanted: int, prompt_cache_mib: int, free: int | None) -> int:
    """Return how many tokens of context to ask for: as wanted, as trained, as there is memory for.

    `free` is in bytes, None where the system does not say. Raises ModelError where not even a short conversation fits.
    """
    most = min(wanted, file.trained_tokens) if file.trained_tokens else wanted
    if free is None:
        return most
    least = min(most, LEAST_TOKENS)
    left = free - file.size_bytes - WORKING_BYTES - prompt_cache_mib * 2**20
    if left < least * file.cache_bytes:
        needed = free - left + least * file.cache_bytes
        raise ModelError(
            f"The model needs about {format_bytes(needed)} of memory, and {format_bytes(free)} are free. "
            "Take a smaller one, or a smaller kind of it (Q4_K_M, Q3_K_M)."
        )
    return min(most, left // file.cache_bytes) if file.cache_bytes else most


def find_free_bytes(system: Path = Path("/")) -> int | None:
    """Return the memory that may be used, by the system's figures and by this container's limit; None where neither is known."""
    figures = [_read_meminfo(system / "proc/meminfo"), _read_container_limit(system / "sys/fs/cgroup")]
    known = [number for number in figures if number is not None]
    if known:
        return min(known)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if system == Path("/") else None
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def _read_meminfo(path: Path) -> int | None:
    try:
        rows = dict(line.split(":", 1) for line in path.read_text(encoding="ascii").splitlines() if ":" in line)
        return int(rows["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError, IndexError):
        return None


def _read_container_limit(path: Path) -> int | None:
    try:
        most, used = (int((path / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current"))
        rows = dict(line.split() for line in (path / "memory.stat").read_text(encoding="ascii").splitlines())
        return max(0, most - used + int(rows.get("inactive_file", 0)))  # files that were read count as used, and are given back
    except (OSError, ValueError):  # no limit reads "max"
        return None
