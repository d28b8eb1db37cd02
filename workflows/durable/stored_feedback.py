"""Feedback in the database: each thumb is a row that is never changed, beside the log of its run and no part of its hash chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, cast

from sayso.tools.errors import RunError, UsageError

from ..thumbs import VERDICTS, Feedback, Verdict, find_withdrawable
from .chain import Keys, check_seal, seal
from .database import Session
from .records import RunRow
from .run_lists import TOGETHER

_COLUMNS = "root, number, run, given_by, verdict, note, at, hash"
COUNTS = (
    "NOT EXISTS (SELECT 1 FROM sayso_feedback later WHERE later.root = given.root AND later.run = given.run "
    "AND later.given_by = given.given_by AND later.number > given.number)"
)
"""Says of a row `given` that it is the last word of its person."""


def store_feedback(session: Session, row: RunRow, feedback: Feedback, keys: Keys | None) -> Feedback:
    """Store a thumb on a locked run, or that one is withdrawn, and return it; where it names nobody it is from the run's user.

    Raises UsageError for a child that the run does not have, and where there is nothing to withdraw.
    """
    if feedback.run != row.id and not has_child(session, row.id, feedback.run):
        raise UsageError(f"Run {row.id!r} has no child {feedback.run!r}.")
    feedback = feedback._replace(by=feedback.by or row.for_user)
    if feedback.verdict == "withdrawn":
        find_withdrawable(read_feedback(session, keys, [row.id]), feedback.run, feedback.by)
    (number,) = session.execute("SELECT COALESCE(MAX(number), 0) + 1 FROM sayso_feedback WHERE root = :root", {"root": row.id}).fetchone()
    stored = StoredFeedback(row.id, number, *feedback, None)
    session.execute(
        f"INSERT INTO sayso_feedback ({_COLUMNS}) VALUES (:root, :number, :run, :by, :verdict, :note, :at, :hash)",
        stored._replace(hash=seal(stored.sealed, keys))._asdict(),
    )
    return feedback


class StoredFeedback(NamedTuple):
    """A thumb as it is stored; `number` counts those of its run, `hash` is made of the rest."""

    root: str
    number: int
    run: str
    by: str
    verdict: str
    note: str
    at: float
    hash: str | None

    @property
    def sealed(self) -> tuple[object, ...]:
        """Return what the hash is made of."""
        return ("feedback", *self[:7])

    def find_problem(self, keys: Keys | None) -> str:
        """Return what is wrong with it: it is no thumb, or not the one that was given. Empty if nothing is."""
        return self._find_nonsense() or check_seal(self.hash, self.sealed, keys)

    def _find_nonsense(self) -> str:
        if self.verdict not in VERDICTS:
            return f"its verdict is {self.verdict!r}, and not one of {', '.join(VERDICTS)}"
        if not isinstance(self.at, (int, float)):
            return f"its time is {self.at!r}, which is not a number"
        if not all(isinstance(text, str) for text in (self.run, self.by, self.note)):
            return "its run, name or note is not text"
        return ""

    def to_feedback(self) -> Feedback:
        """Return the thumb. Raises RunError for what is none."""
        if problem := self._find_nonsense():
            raise RunError(f"Thumb {self.number} of run {self.root} cannot be read: {problem}. See: sayso verify {self.root}")
        return Feedback(self.run, self.by, cast(Verdict, self.verdict), self.note, self.at)


def read_stored_feedback(session: Session, roots: Sequence[str] | None = None) -> list[StoredFeedback]:
    """Return all rows, of some runs or of all, in the order of their giving: a clock that goes back changes nothing in one run."""
    if roots is None:
        found = session.execute(f"SELECT {_COLUMNS} FROM sayso_feedback ORDER BY at, root, number").fetchall()
        return [StoredFeedback(*row) for row in found]
    rows: list[StoredFeedback] = []
    for first in range(0, len(roots), TOGETHER):
        values: dict[str, object] = {f"v{index}": root for index, root in enumerate(roots[first : first + TOGETHER])}
        names = ", ".join(f":{each}" for each in values)
        found = session.execute(f"SELECT {_COLUMNS} FROM sayso_feedback WHERE root IN ({names})", values).fetchall()
        rows += [StoredFeedback(*row) for row in found]
    alone = len(roots) == 1
    return sorted(rows, key=lambda row: (0.0 if alone else row.at, row.root, row.number))


def read_feedback(session: Session, keys: Keys | None, roots: Sequence[str] | None = None) -> list[Feedback]:
    """Return all that was given, of some runs or of all. With keys, what a program without one has put there does not count.

    Raises RunError for a row that cannot be read.
    """
    rows = read_stored_feedback(session, roots)
    return [row.to_feedback() for row in rows if keys is None or not row.find_problem(keys)]


def find_changed_feedback(rows: Sequence[StoredFeedback], keys: Keys | None) -> list[str]:
    """Return a sentence for each thumb of a run that is not what was given, or is gone; one removed at the end leaves no trace."""
    wrong = [(row.number, row.find_problem(keys)) for row in rows]
    numbers = {row.number for row in rows}
    gone = [number for number in range(1, max(numbers, default=0)) if number not in numbers]
    problems = [f"thumb {number} does not count: {problem}." for number, problem in wrong if problem]
    return problems + [f"thumb {number} was removed." for number in gone]


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
