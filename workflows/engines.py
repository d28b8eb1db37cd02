"""Which engine a word means: memory without one; a file by its URL."""

from __future__ import annotations

from sayso.tools.errors import UsageError

from .memory import MemoryEngine


def engine(url: str | None = None, *, strict: bool = False) -> MemoryEngine:
    """An engine for runs. Without a URL they live in this process; with "sqlite:///runs.db" in that file, and outlive the program.

    `strict` sends every kept value of a memory engine through JSON, as a file does. Raises UsageError for a URL that no engine serves, and
    for a file that cannot be used.
    """
    if url is None:
        return MemoryEngine(strict=strict)
    scheme, separator, path = url.partition(":///")
    if scheme == "sqlite" and separator and path:
        from .sqlite import sqlite_engine

        return sqlite_engine(path)
    raise UsageError(f"There is no engine for {url!r}. engine() keeps runs in memory, engine('sqlite:///runs.db') in a file.")
