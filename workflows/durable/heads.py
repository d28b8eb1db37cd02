"""Keep the head of each run elsewhere, and compare the log with it: only that shows that rows were cut off, or a whole database set back.

Elsewhere is a file that whoever writes the database cannot write, a server that answers GET and PUT, or an object with `read` and `write`.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable
from urllib.parse import quote

from sayso.tools.errors import RunError, UsageError

from .database import Session
from .records import LogChanged

if TYPE_CHECKING:
    from .durable_journal import DurableJournal
    from .store import RunStore

HEADS_VARIABLE, TOKEN_VARIABLE = "SAYSO_HEADS", "SAYSO_HEADS_TOKEN"
log = logging.getLogger(__name__)


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
        self.path = path.expanduser()
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
        self.url = url.rstrip("/")

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
    raise UsageError(f"heads={where!r} is no place for heads. Write a file, a URL, or an object with read(run_id) and write(run_id, head).")


class DurableHeadGuard:
    """Compares the log of one run with the head that is kept elsewhere, and keeps the present one. One of its run at a time."""

    def __init__(self, store: RunStore, journal: DurableJournal, heads: Heads) -> None:
        self._store, self._journal, self._heads, self._lock = store, journal, heads, asyncio.Lock()

    async def compare(self) -> None:
        """Raise LogChanged if the log does not go on from the head that is kept elsewhere, HeadAway if that cannot be asked."""
        kept = await read_head(self._heads, self._journal.run_id)
        if kept is not None and (problem := await compare_head(self._store, self._journal.run_id, kept)):
            raise LogChanged(f"Run {self._journal.run_id} is stopped: {problem}. See: sayso verify {self._journal.run_id}")

    async def advance(self) -> None:
        """Compare, and keep the present head: what follows can then not be undone unseen."""
        async with self._lock:
            await self.compare()
            claimed = self._journal.claimed
            await _reach(self._heads.write, claimed.id, Head(claimed.number, claimed.head))

    async def keep(self) -> None:
        """Keep the head of a run that is let go of. A place that is away is told to the log of the program: the next write asks it anew."""
        try:
            await self.advance()
        except RunError as error:
            log.warning("%s", error)


async def read_head(heads: Heads, run_id: str) -> Head | None:
    """Return the head that is kept for a run. Raises HeadAway if the place cannot be used."""
    kept = await _reach(heads.read, run_id)
    return None if kept is None else Head(*kept)


async def _reach(method: Callable[..., object], run_id: str, *given: object) -> Any:
    try:
        found = await asyncio.to_thread(method, run_id, *given)
        return await found if inspect.isawaitable(found) else found
    except Exception as error:  # whatever it was, nobody knows what is kept there
        why = f"{type(error).__name__}: {error}"
        raise HeadAway(f"Run {run_id} is stopped: the place where heads are kept cannot be used ({why}).") from error


async def compare_head(store: RunStore, run_id: str, kept: Head) -> str:
    """Return what is wrong with a log that should go on from a head that is kept elsewhere; empty if nothing is."""

    def find(session: Session) -> tuple[int, str | None]:
        values = {"root": run_id, "number": kept.number}
        found = session.execute("SELECT hash FROM sayso_log WHERE root = :root AND number = :number", values).fetchone()
        (last,) = session.execute("SELECT max(number) FROM sayso_log WHERE root = :root", values).fetchone()
        return last or 0, found[0] if found else None

    last, found = await store.database.do(find)
    if found == kept.hash:
        return ""
    if found is None:
        return f"its log has {last} rows, and had {kept.number} by the head that is kept elsewhere: it was set back"
    return f"row {kept.number} of its log is not the one whose head is kept elsewhere: it was written anew"
