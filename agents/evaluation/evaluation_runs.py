"""Tell the runs of evaluations from those of users: they are stored in the same databases, and are no one's work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from typing import Protocol, TypeVar

FLOW = "evaluation"
"""The name of the flow that executes the cases of an evaluation."""
_EVALUATION = re.compile(r".+-[0-9a-f]{8}\.\d+")
"""The id of an evaluation: its suite, the beginning of its fingerprint, and a number."""
_NUMBER = re.compile(r"(.+)-\d+")
"""The id of a case's run is that of its evaluation, the number of the case, and that of the repeat where there are several."""


class StoredRow(Protocol):
    """What is read of a run in a database."""

    @property
    def id(self) -> str:
        """Return its id."""
        ...

    @property
    def flow(self) -> str:
        """Return the name of its flow."""
        ...


R = TypeVar("R", bound=StoredRow)


def name_case_run(evaluation: str, case: int, repeat: int, repeats: int) -> str:
    """Return the id of the run of a case; `case` and `repeat` count from 0."""
    return f"{evaluation}-{case + 1}" + (f"-{repeat + 1}" if repeats > 1 else "")


def leave_out_evaluations(rows: Iterable[R]) -> tuple[list[R], int]:
    """Return the runs that are of no evaluation, in their order, and how many are left out.

    All runs of a database must be among the rows, or at least its evaluations: a case's run is known by the id of its evaluation.
    """
    rows = list(rows)
    evaluations = {row.id for row in rows if row.flow == FLOW and _EVALUATION.fullmatch(row.id)}
    left = [row for row in rows if row.id not in evaluations and not is_case_run(row.id, evaluations)]
    return left, len(rows) - len(left)


def is_case_run(run_id: str, evaluations: Set[str]) -> bool:
    """Return whether a run is that of a case of one of these evaluations."""
    return any(base in evaluations for base in _list_bases(run_id))


def _list_bases(run_id: str) -> list[str]:
    """Return what the evaluation of a case's run may be called: without one number at the end, and without two."""
    base, bases = run_id, list[str]()
    while len(bases) < 2 and (found := _NUMBER.fullmatch(base)) is not None:
        base = found[1]
        bases.append(base)
    return bases
