"""Find the runs that somebody has to look after: what no program goes on with by itself, or never ends well."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from ..runs.codec import from_json
from .database import Session
from .log_writes import SUSPECT_DEATHS
from .records import RunRow

if TYPE_CHECKING:  # late, for load time: it opens databases
    from .engine import DurableEngine

QUEUED_SECONDS = 60.0
"""After how long in the queue a run is stuck: a worker that is there takes it within a second or two."""
SILENT_SECONDS = 900.0
"""After how long without a new row in its log a running run may hang."""
_RUN = ", ".join(f"sayso_runs.{name}" for name in RunRow._fields)


class StuckRun(NamedTuple):
    """A run that is stuck, why, and what to do about it; both are sentences."""

    run: RunRow
    why: str
    advice: str


async def find_stuck(
    engine: DurableEngine, limit: int = 1000, *, queued_seconds: float = QUEUED_SECONDS, silent_seconds: float = SILENT_SECONDS
) -> list[StuckRun]:
    """Return the runs that are stuck, at most `limit`, what needs a person first: writes of which nobody knows what became.

    Then those that end their programs, whose program is gone, that nobody takes from the queue, and that have been silent for long.
    """
    now = engine.clock()

    def find(session: Session) -> dict[str, list[RunRow]]:
        values = {"limit": limit, "queued": now - queued_seconds, "silent": now - silent_seconds, "deaths": SUSPECT_DEATHS}

        def select(condition: str, order: str = "changed_at, id") -> list[RunRow]:
            found = session.execute(f"SELECT {_RUN} FROM sayso_runs WHERE {condition} ORDER BY {order} LIMIT :limit", values)
            return [RunRow(*row) for row in found.fetchall()]

        unknown = "id IN (SELECT root FROM sayso_approvals WHERE sayso_approvals.state = 'unknown' AND asked_at > 0)"  # by its index
        return {
            "unknown": select(unknown),
            "deadly": select("state = 'queued' AND deaths >= :deaths"),
            "interrupted": select("state = 'interrupted'"),
            "queued": select("state = 'queued' AND deaths < :deaths AND changed_at < :queued"),
            "running": select("state = 'running'"),
        }

    found = await engine.store.database.do(find)
    died = await engine.find_orphaned(found["running"])
    stuck = [StuckRun(row, "It is not known whether one of its writes happened.", _look_up(row)) for row in found["unknown"]]
    stuck += [
        StuckRun(row, "It is there whenever its program dies.", f"sayso show {row.id}; sayso cancel {row.id}") for row in found["deadly"]
    ]
    stuck += [StuckRun(row, _say_stopped(row), f"sayso show {row.id}; sayso resume {row.id}") for row in found["interrupted"]]
    stuck += [StuckRun(row, "Its program is gone.", f"sayso resume {row.id}") for row in found["running"] if row.id in died]
    for row in found["queued"]:
        waited = now - row.changed_at
        stuck.append(StuckRun(row, f"No worker of the app {row.app!r} has taken it for {waited:.0f} s.", "sayso worker MODULE:app"))
    for row in found["running"]:
        if row.id not in died and row.changed_at < now - silent_seconds:
            silent = f"{row.owner} executes it, and has written nothing for {now - row.changed_at:.0f} s."
            stuck.append(StuckRun(row, silent, f"sayso show {row.id}; sayso cancel {row.id}"))
    return list({each.run.id: each for each in reversed(stuck)}.values())[::-1][:limit]


def _look_up(row: RunRow) -> str:
    return f"Look it up where it was to happen: sayso show {row.id}"


def _say_stopped(row: RunRow) -> str:
    return "Its program was stopped." if row.error is None else str(from_json(json.loads(row.error)))
