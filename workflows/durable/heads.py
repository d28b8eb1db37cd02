"""Keep the head of each run elsewhere, and compare the log with it: only that shows that rows were cut off, or a whole database set back.

Elsewhere is a file that whoever writes the database cannot write, a server that answers GET and PUT, or an object with `read` and `write`.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable
from urllib.parse import quote

from sayso.tools.errors import RunError, UsageError

TOKEN_VARIABLE = "SAYSO_HEADS_TOKEN"


class Head(NamedTuple):
    """How far a run's log had come, and the hash of that row."""

    number: int
    hash: str


class HeadAway(RunError):
    """The place where heads are kept did not answer, so nothing is written to the world: resume the run when it is back."""


@runtime_checkable
class Heads(Protocol):
    """A place for heads. Both methods may be async. Of several that are written for a run, the one with the highest number stays."""

    def read(self, run_id: str, /) -> Head | Awaitable[Head | None] | None:
        """Return the head that is kept for a run; None if there is none."""
        ...

    def write(self, run_id: str, head: Head, /) -> Awaitable[None] | None:
        """Keep a head, once this returns."""
        ...


class FileHeads:
    """A file with a line for each head, to which lines are only added: give it to a user of its own (`chattr +a`), or another disk."""

    def __init__(self, path: Path) -> None:
        self.path: Path = path.expanduser()
        self._read_to, self._heads = 0, dict[str, Head]()
        self._lock = threading.Lock()

    def read(self, run_id: str) -> Head | None:
        """Return the head of a run. Raises OSError for a file that cannot be read, ValueError for one that was cut or is none of ours."""
        with self._lock:
            if self.path.exists():
                self._read_on()
            elif self._read_to:
                raise ValueError(f"the file {self.path} is gone")
            return self._heads.get(run_id)

    def _read_on(self) -> None:
        """Read what has been added since."""
        with self.path.open("rb") as lines:
            if lines.seek(0, os.SEEK_END) < self._read_to:
                raise ValueError(f"the file {self.path} was cut")
            lines.seek(self._read_to)
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # it is being written
                stated = json.loads(line)
                self._keep(stated["run"], Head(int(stated["number"]), str(stated["head"])))
                self._read_to += len(line)

    def _keep(self, run_id: str, head: Head) -> None:
        known = self._heads.get(run_id)
        if known is None or head.number > known.number:
            self._heads[run_id] = head

    def write(self, run_id: str, head: Head) -> None:
        """Add a line for a head. It is on the disk when this returns."""
        line = json.dumps({"run": run_id, "number": head.number, "head": head.hash}).encode() + b"\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class UrlHeads:
    """A server that keeps `{"number": ..., "head": ...}` under URL/RUN: PUT stores it, GET returns it, 404 says that there is none."""

    def __init__(self, url: str) -> None:
        self.url: str = url.rstrip("/")

    async def read(self, run_id: str) -> Head | None:
        """Return the head of a run."""
        answer = await self._request("GET", run_id, None)
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        stated = answer.json()
        return Head(int(stated["number"]), str(stated["head"]))

    async def write(self, run_id: str, head: Head) -> None:
        """Store the head of a run."""
        (await self._request("PUT", run_id, {"number": head.number, "head": head.hash})).raise_for_status()

    async def _request(self, method: str, run_id: str, body: object) -> Any:
        import httpx2  # late, for load time

        token = os.environ.get(TOKEN_VARIABLE)
        async with httpx2.AsyncClient(timeout=10, headers={"Authorization": f"Bearer {token}"} if token else {}) as client:
            return await client.request(method, f"{self.url}/{quote(run_id, safe='')}", json=body)


def make_heads(where: str | Path | Heads) -> Heads:
    """Return the place that is meant: a URL, a file, or an object with `read` and `write`. Raises UsageError for anything else."""
    if isinstance(where, str) and where.startswith(("http://", "https://")):
        return UrlHeads(where)
    if isinstance(where, (str, Path)) and str(where):
        return FileHeads(Path(where))
    if isinstance(where, Heads) and not isinstance(where, (str, Path)):
        return where
    raise UsageError(
        f"heads={where!r} is not a place for heads. Write a file, a URL, or an object with read(run_id) and write(run_id, head)."
    )


async def read_head(heads: Heads, run_id: str) -> Head | None:
    """Return the head that is kept for a run. Raises HeadAway if the place cannot be used."""
    kept = await reach(heads.read, run_id)
    return None if kept is None else Head(*kept)


async def reach(method: Callable[..., object], run_id: str, *given: object) -> Any:
    """Call a method of a place for heads. Raises HeadAway for whatever goes wrong there."""
    try:
        found = await asyncio.to_thread(method, run_id, *given)
        return await found if inspect.isawaitable(found) else found
    except Exception as error:  # whatever it was, nobody knows what is kept there
        why = f"{type(error).__name__}: {error}"
        raise HeadAway(f"Run {run_id} is stopped: the place where heads are kept cannot be used ({why}).") from error
