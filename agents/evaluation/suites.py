"""A suite: cases that are evaluated together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .score_names import add_judge
from .values import Case, Score


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases that are evaluated together, and the scores that hold for all of them beside each case's own.

    `place` is the file. `notes` are sentences that a person should read before the results. `kept` is what a file of another program says
    and Sayso does not use; it is written back with the cases.
    """

    name: str
    cases: tuple[Case, ...]
    scores: tuple[Score, ...] = ()
    place: str = ""
    notes: tuple[str, ...] = ()
    kept: Mapping[str, object] = field(default_factory=dict)

    def use_judge(self, model: str) -> Suite:
        """Return the suite with this model as the judge of every score that needs one and names none."""
        cases = tuple(replace(case, scores=tuple(add_judge(score, model) for score in case.scores)) for case in self.cases)
        return replace(self, cases=cases, scores=tuple(add_judge(score, model) for score in self.scores))
