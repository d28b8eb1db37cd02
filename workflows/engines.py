"""Which engine a word means: memory without one; a database by its URL."""

from __future__ import annotations

from sayso.tools.errors import UsageError

from .memory import MemoryEngine


def engine(url: str | None = None, *, strict: bool = False) -> MemoryEngine:
    """An engine for runs. Without a URL they live in this process; `strict` sends every kept value through JSON, as a database would.

    Raises UsageError for a URL that no engine serves.
    """
    if url is None:
        return MemoryEngine(strict=strict)
    scheme = url.partition("://")[0]
    raise UsageError(f"There is no engine for {scheme!r}. engine() keeps runs in memory.")
