"""Compare the log of a run with the head that is kept elsewhere, before each write."""

from __future__ import annotations

import asyncio
import logging

from sayso.tools.errors import RunError

from .database import Session
from .durable_journal import DurableJournal
from .heads import Head, Heads, reach, read_head
from .records import LogChanged
from .store import RunStore

log: logging.Logger = logging.getLogger(__name__)


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
            await reach(self._heads.write, claimed.id, Head(claimed.number, claimed.head))

    async def keep(self) -> None:
        """Keep the head of a run that is let go of. A place that is away is told to the log of the program: the next write asks it anew."""
        try:
            await self.advance()
        except RunError as error:
            log.warning("%s", error)


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
