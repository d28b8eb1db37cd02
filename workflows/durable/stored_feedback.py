"""Feedback in the database: each thumb is a row that is never changed, beside the log of its run and no part of its hash chain."""

from __future__ import annotations

from typing import Literal

from sayso.tools.errors import UsageError

from ..thumbs import Feedback, find_withdrawable
from .database import Session
from .store import RunStore

_COLUMNS = "run, given_by, verdict, note, at"
COUNTS = (
    "NOT EXISTS (SELECT 1 FROM sayso_feedback later WHERE later.root = given.root AND later.run = given.run "
    "AND later.given_by = given.given_by AND later.number > given.number)"
)
"""Says of a row `given` that it is the last word of its person."""


def store_feedback(store: RunStore, session: Session, feedback: Feedback) -> Feedback:
    """Store a thumb, or that one is withdrawn, and return it; where it names nobody it is from the run's user. Raises UsageError."""
    row = store.find_row(session, feedback.run, locked=True)
    if feedback.run != row.id and not has_child(session, row.id, feedback.run):
        raise UsageError(f"Run {row.id!r} has no child {feedback.run!r}.")
    feedback = feedback._replace(by=feedback.by or row.for_user)
    if feedback.verdict == "withdrawn":
        find_withdrawable(read_feedback(session, row.id), feedback.run, feedback.by)
    session.execute(
        f"INSERT INTO sayso_feedback (root, number, {_COLUMNS}) VALUES (:root, "
        "(SELECT COALESCE(MAX(number), 0) + 1 FROM sayso_feedback WHERE root = :root), :run, :by, :verdict, :note, :at)",
        {"root": row.id, **feedback._asdict()},
    )
    return feedback


def read_feedback(session: Session, root: str | None = None) -> list[Feedback]:
    """Return all that was given, of a run or of all, in the order of its giving: a clock that goes back changes nothing in one run."""
    where, order = ("WHERE root = :root ", "number") if root is not None else ("", "at, root, number")
    found = session.execute(f"SELECT {_COLUMNS} FROM sayso_feedback {where}ORDER BY {order}", {"root": root} if root is not None else {})
    return [Feedback(*row) for row in found.fetchall()]


def has_child(session: Session, root: str, run_id: str) -> bool:
    """Return whether a run has a child of that id, by its log."""
    found = session.execute("SELECT 1 FROM sayso_log WHERE root = :root AND run = :run LIMIT 1", {"root": root, "run": run_id})
    return found.fetchone() is not None


def check_filter(verdict: object) -> Literal["up", "down"]:
    """Return the thumb that runs are searched by. Raises UsageError for anything else."""
    if verdict == "up":
        return "up"
    if verdict == "down":
        return "down"
    raise UsageError(f"feedback={verdict!r} selects no runs. Write up or down.")


def has_verdict(verdict: Literal["up", "down"]) -> str:
    """Return the SQL condition that a run has feedback with this verdict that counts."""
    return f"id IN (SELECT given.root FROM sayso_feedback given WHERE given.verdict = '{verdict}' AND {COUNTS})"
