"""What runs have used of their money caps, in the database that all programs share: so of two workers one gets the last dollar."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

from ..caps import Cap, CapWindow, find_windows
from .database import Database, Session
from .records import NewRun


class DurableLedger:
    """Counts in the database: for each cap and period one row."""

    def __init__(self, caps: Sequence[Cap], database: Database) -> None:
        self.caps: Sequence[Cap] = caps
        self._database = database

    def check_start(self, session: Session, new: NewRun) -> None:
        """Raise CapReached for a run that is not there yet and has nothing left to spend. One that is there may go on without spending."""
        if session.execute("SELECT 1 FROM sayso_runs WHERE id = :id", {"id": new.id}).fetchone() is None:
            for window in find_windows(self.caps, new.user, new.flow, new.now):
                window.check(self._read_used(session, window), 0.0)

    async def reserve(self, windows: Sequence[CapWindow], usd: float) -> None:
        """Count so much in all windows, or raise CapReached and count nothing."""

        def reserve(session: Session) -> None:
            for window in windows:
                window.check(self._read_used(session, window), usd)
            _add(session, windows, usd)

        await self._database.do(reserve)

    async def give_back(self, windows: Sequence[CapWindow], usd: float) -> None:
        """Count so much less."""
        if usd:
            await self._database.do(lambda session: _add(session, windows, -usd))

    async def recount(self) -> None:
        """Forget what was counted: each cap is counted anew from the logs when it is next looked at."""
        await self._database.do(lambda session: session.execute("DELETE FROM sayso_caps"))

    def _read_used(self, session: Session, window: CapWindow) -> float:
        """Return what is used of a window, locked until the transaction ends. One that begins counts what the log has of its time."""
        begun = session.execute(
            "INSERT INTO sayso_caps (key, used_usd, ends_at) VALUES (:key, 0, :ends_at) ON CONFLICT (key) DO NOTHING RETURNING key",
            {"key": window.key, "ends_at": window.ends_at},
        )
        if begun.fetchone() is not None and (spent := find_spent(session, window)):
            _add(session, [window], spent)
        lock = "" if self._database.is_sqlite else " FOR UPDATE"  # an SQLite file is locked as a whole
        (used,) = session.execute(f"SELECT used_usd FROM sayso_caps WHERE key = :key{lock}", {"key": window.key}).fetchone()
        return float(used)


def _add(session: Session, windows: Sequence[CapWindow], usd: float) -> None:
    for key in sorted({window.key for window in windows}):
        session.execute("UPDATE sayso_caps SET used_usd = used_usd + :usd WHERE key = :key", {"key": key, "usd": usd})


def find_spent(session: Session, window: CapWindow) -> float:
    """Return what the model calls of a window have cost so far, by the log: also those of before there was a cap."""
    whose = "".join(
        f" AND {column} = :{name}" for column, name in (("for_user", "user"), ("flow", "agent")) if getattr(window, name) is not None
    )
    if window.user:
        whose += " AND for_user <> ''"  # by the index of users
    found = session.execute(
        "SELECT value FROM sayso_runs JOIN sayso_log ON sayso_log.root = sayso_runs.id WHERE sayso_runs.changed_at >= :since "
        f"AND sayso_log.at >= :since AND kind = 'kept' AND substr(name, 1, 6) = 'model:'{whose}",
        {"since": window.begins_at, "user": window.user, "agent": window.agent},
    )
    return sum(read_cost(value) for (value,) in found.fetchall())


def read_cost(text: str) -> float:
    """Return what a stored model call has cost; 0 for one that failed, or that cannot be read."""
    with suppress(ValueError, TypeError, KeyError, IndexError, AttributeError):
        for field in json.loads(text)["="]:
            if isinstance(field, dict) and field.get("$") == "Usage":
                cost = float(field["="][2])
                return cost if cost >= 0 else 0.0
    return 0.0
