"""The database of runs as one program uses it: its transactions, and its name among the programs."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from sayso.tools.approval.requests import Approve, Edit, Reject
from sayso.tools.errors import UsageError

from ..runs.codec import from_json, to_json
from . import records
from .chain import journal_key
from .database import Database, Session
from .liveness import make_liveness, new_owner
from .records import RunRow

if TYPE_CHECKING:  # late, for load time: an app loads the shapes
    from .app import App

POLL_SECONDS = 0.2
STATES = {Approve: "approved", Edit: "edited", Reject: "rejected"}


class RunStore:
    """What the engine of a program and its executions share. Raises UsageError where the database cannot be used."""

    def __init__(self, url: str, app: App | None) -> None:
        self.app, self.key = app, journal_key()
        self.database = Database(url)
        self.liveness = make_liveness(self.database)
        self.owner = ""
        self.stopped_state = records.INTERRUPTED  # a worker's runs are queued for the others instead
        self._inbox_sizes: dict[str, int] = {}
        self._counted_at = 0.0

    def register(self) -> str:
        """Return this program's name among those that execute runs; its lock is taken the first time."""
        if not self.owner:
            owner = new_owner()
            self.liveness.hold(owner)
            self.owner = owner
        return self.owner

    def find_row(self, session: Session, run_id: str, *, locked: bool = False) -> RunRow:
        """Return the row of a run, or of the run that a child belongs to. Raises UsageError if there is none."""
        root_id = run_id.partition("/")[0]
        row = records.run_row(session, root_id, locked=locked, is_sqlite=self.database.is_sqlite)
        if row is None:
            known = ", ".join(each.id for each in records.run_rows(session, limit=8)) or "none"
            raise UsageError(f"There is no run {root_id!r} in {self.database.place}. The latest: {known}.")
        return row

    async def send(self, run_id: str, topic: str, value: object, now: float) -> object:
        """Put a value into the inbox of a run or a child; return the one that counts, the first for the topic."""
        written = json.dumps(to_json(value, f"the signal {topic!r}"))

        def send(session: Session) -> str:
            self.find_row(session, run_id, locked=True)
            return self.put(session, run_id, topic, value, written, now)

        return from_json(json.loads(await self.database.do(send)))

    def put(self, session: Session, run_id: str, topic: str, value: object, written: str, now: float) -> str:
        """Put a value into the inbox of a locked run; a decision also moves its request on. Return the JSON that counts."""
        if isinstance(value, (Approve, Edit, Reject)):
            records.decide(session, run_id, topic.removeprefix("approve:"), STATES[type(value)], value.by, now)
        return records.send(session, run_id.partition("/")[0], run_id, topic, written, now)

    async def has_news(self, run_id: str, known: int) -> bool:
        """Return whether more was sent to a run than it knows of. One look at the database serves all runs of this program."""
        now = time.monotonic()
        if now - self._counted_at >= POLL_SECONDS:
            self._counted_at = now
            owner = self.owner
            self._inbox_sizes = await self.database.do(lambda session: records.count_sent(session, owner))
        return self._inbox_sizes.get(run_id, 0) > known
