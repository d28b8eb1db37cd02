"""Forget runs: all that is stored of them goes, and only a hash of the id stays, so that nobody executes a forgotten run again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from sayso.tools.errors import RunError, UsageError

from . import records
from .app import check_keep_days
from .database import Session
from .records import ENDED, RunRow

if TYPE_CHECKING:  # late, for load time: they open databases
    from .engine import DurableEngine
    from .store import RunStore

DAY_SECONDS = 86400.0
TOGETHER = 100
"""How many runs are forgotten in one transaction: others write in between."""
PAUSE_SECONDS = 600.0
"""How long a worker that has found nothing more to forget looks for nothing."""
_TABLES = ("sayso_log", "sayso_inbox", "sayso_approvals", "sayso_feedback", "sayso_facts")


class Pruned(NamedTuple):
    """What was forgotten, and how many old runs were left because nobody knows what became of a write of theirs."""

    runs: int
    unknown: int


async def forget_run(engine: DurableEngine, run_id: str, *, with_unknown: bool = False) -> RunRow:
    """Delete all that is stored of a run that is over, and return its row as it was. Its id is never executed again.

    Raises UsageError where there is none, RunError for one that is not over or, without `with_unknown`, has a write of which nobody knows
    what became.
    """

    def forget(session: Session) -> RunRow:
        row = engine.store.find_row(session, run_id, locked=True)
        if row.id != run_id:
            raise UsageError(f"{run_id} is a part of the run {row.id}, and a run is forgotten as a whole.")
        if row.state not in ENDED:
            raise RunError(f"Run {row.id} is {row.state}. Only a run that has ended can be forgotten. To end it: sayso cancel {row.id}")
        if not with_unknown and has_unknown(session, row.id):
            raise RunError(
                f"It is not known whether a write of run {row.id} happened, and its log has the key to look it up by. "
                f"To see it: sayso show {row.id}. To forget it all the same: forget_run(..., with_unknown=True), sayso forget --unknown."
            )
        _forget(session, [row], engine.clock())
        return row

    return await engine.store.do_patiently(forget)


async def prune_runs(engine: DurableEngine, days: float, *, most: int | None = None) -> Pruned:
    """Forget the runs that ended more than so many days ago, at most `most`, while others work. It may be cut off and begun again."""
    seconds, forgotten = (check_keep_days(days) or 0.0) * DAY_SECONDS, 0
    before = await _read_now(engine.store) - seconds
    while most is None or forgotten < most:
        room = TOGETHER if most is None else min(TOGETHER, most - forgotten)
        found = await forget_some(engine.store, before, room)
        forgotten += found
        if found < room:
            break
    return Pruned(forgotten, await engine.store.database.do(lambda session: count_left(session, before)))


async def count_prunable(engine: DurableEngine, days: float) -> Pruned:
    """Return what `prune_runs` would do now, and do nothing."""
    seconds = (check_keep_days(days) or 0.0) * DAY_SECONDS
    before = await _read_now(engine.store) - seconds

    def count(session: Session) -> Pruned:
        values = {**_states(), "before": before}
        old = f"SELECT COUNT(*) FROM sayso_runs WHERE state IN ({_in_states()}) AND changed_at < :before"
        left = count_left(session, before)
        return Pruned(int(session.execute(old, values).fetchone()[0]) - left, left)

    return await engine.store.database.do(count)


async def forget_some(store: RunStore, before: float, most: int, app: str | None = None) -> int:
    """Forget at most so many runs, of an app or of all, that ended before that time, the oldest of each state first; return how many."""
    now, is_sqlite = store.clock(), store.database.is_sqlite

    def forget(session: Session) -> int:
        rows: list[RunRow] = []
        lock = "" if is_sqlite else " FOR UPDATE SKIP LOCKED"  # somebody may be resuming one that failed
        for state in ENDED:
            values = {"state": state, "before": before, "room": most - len(rows), "app": app}
            found = session.execute(
                f"SELECT {', '.join(RunRow._fields)} FROM sayso_runs WHERE state = :state AND changed_at < :before "
                "AND NOT EXISTS (SELECT 1 FROM sayso_approvals WHERE root = sayso_runs.id AND sayso_approvals.state = 'unknown') "
                f"{'' if app is None else 'AND app = :app '}ORDER BY changed_at LIMIT :room{lock}",
                values,
            )
            rows += [RunRow(*row) for row in found.fetchall()]
        _forget(session, rows, now)
        return len(rows)

    return await store.do_patiently(forget)


async def _read_now(store: RunStore) -> float:
    """Return seconds since 1970, by the server's clock where that is behind: a machine whose clock is ahead forgets nothing."""
    own = store.clock()
    if store.database.is_sqlite:
        return own
    return min(own, await store.do_patiently(lambda session: float(session.execute("SELECT extract(epoch FROM now())").fetchone()[0])))


def has_unknown(session: Session, root: str) -> bool:
    """Return whether a run has a write of which nobody knows what became."""
    found = session.execute("SELECT 1 FROM sayso_approvals WHERE root = :root AND state = 'unknown' LIMIT 1", {"root": root})
    return found.fetchone() is not None


def count_left(session: Session, before: float) -> int:
    """Count the runs that ended before that time and have a write of which nobody knows what became."""
    found = session.execute(
        "SELECT COUNT(DISTINCT root) FROM sayso_approvals JOIN sayso_runs ON sayso_runs.id = root "
        f"WHERE sayso_approvals.state = 'unknown' AND asked_at > 0 AND sayso_runs.state IN ({_in_states()}) AND changed_at < :before",
        {**_states(), "before": before},
    )
    return int(found.fetchone()[0])


def _states() -> dict[str, object]:
    return {f"s{index}": state for index, state in enumerate(ENDED)}


def _in_states() -> str:
    return ", ".join(f":{name}" for name in _states())


def _forget(session: Session, rows: list[RunRow], now: float) -> None:
    if not rows:
        return
    names = {f"v{index}": row.id for index, row in enumerate(rows)}
    roots = ", ".join(f":{name}" for name in names)
    for table in _TABLES:
        session.execute(f"DELETE FROM {table} WHERE root IN ({roots})", names)
    session.execute(f"DELETE FROM sayso_runs WHERE id IN ({roots})", names)
    for row in rows:
        values = {"id": records.hash_id(row.id), "number": row.number, "head": row.head, "ended": row.changed_at, "now": now}
        session.execute(
            "INSERT INTO sayso_forgotten (id, number, head, ended_at, forgotten_at) VALUES (:id, :number, :head, :ended, :now) "
            "ON CONFLICT (id) DO NOTHING",
            values,
        )


class Retention:
    """What a worker forgets by itself: the runs of its app that ended longer ago than the app keeps them."""

    def __init__(self, app: str, keep_days: float) -> None:
        self._app, self._keep_seconds, self._next = app, keep_days * DAY_SECONDS, 0.0

    async def prune(self, store: RunStore) -> None:
        """Forget some runs, if it is time; the rest comes with the next sweeps."""
        if time.monotonic() < self._next:
            return
        if await forget_some(store, await _read_now(store) - self._keep_seconds, TOGETHER, self._app) < TOGETHER:
            self._next = time.monotonic() + PAUSE_SECONDS
