"""What an evaluation came to: the result of each case, what was not run and why, and both as a JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from sayso.tools.definition.tool import HasDict
from sayso.tools.errors import UsageError
from sayso.workflows.runs.limits import NO_USAGE, Usage

from .values import Case, RunRecord, ScoreResult


class CaseStatus(StrEnum):
    """What became of a case: its limits held, or not; its run ended with an error; or no score could judge it."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    UNJUDGED = "unjudged"


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseResult:
    """One execution of a case: what its run did, and what each score says of it.

    `repeat` counts from 0. `difference` says where a recorded run and the present code part; "" where they do not, or nothing was recorded.
    """

    case: Case
    repeat: int = 0
    record: RunRecord
    scores: tuple[ScoreResult, ...] = ()
    difference: str = ""

    @property
    def status(self) -> CaseStatus:
        """Return what became of it.

        A run that ended with an error is an error, unless a score that expects one has passed it. A case without scores passes when its
        run has ended; a recorded one also where it waits as it was recorded. Not judged is one whose scores have neither a
        value nor a verdict, and a recorded one that asks for something that is not in its recording.
        """
        if self.case.recording and not (self.difference or self.scores or self.record.error):
            return CaseStatus.PASSED
        if self.record.error and not any(score.passed and score.expects_error for score in self.scores):
            return CaseStatus.ERROR
        if self.difference and not self.record.finished:
            return CaseStatus.UNJUDGED
        if any(score.passed is False for score in self.scores) or (self.difference and not self.scores):
            return CaseStatus.FAILED
        if self.scores and all(score.passed is None and score.value is None for score in self.scores):
            return CaseStatus.UNJUDGED
        if not self.scores and not self.record.finished:
            return CaseStatus.UNJUDGED
        return CaseStatus.PASSED

    @property
    def passed(self) -> bool:
        """Return whether the case passed."""
        return self.status is CaseStatus.PASSED

    @property
    def cost_usd(self) -> float:
        """Return what the run and its scores cost, in US dollars."""
        return self.record.usage.cost_usd + sum(score.cost_usd for score in self.scores)

    @property
    def reason(self) -> str:
        """Return in a sentence why it did not pass; empty if it did."""
        match self.status:
            case CaseStatus.PASSED:
                return ""
            case CaseStatus.ERROR:
                return self.record.error
            case CaseStatus.UNJUDGED if self.difference:
                return self.difference
            case CaseStatus.UNJUDGED:
                why = [f"{score.score}: {score.reason}" for score in self.scores if score.reason]
                return "; ".join(why) or "The run waits for an approval, and no score looks at it."
        failed = [f"{each.score}: {each.reason}" if each.reason else each.score for each in self.scores if each.passed is False]
        return "; ".join(failed) or self.difference


@dataclass(frozen=True, slots=True)
class NotRun:
    """A case that was not executed to its end, and why."""

    case: Case
    repeat: int
    reason: str


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """One score over all cases: the mean of its values, how many have a value, and its verdicts."""

    score: str
    values: tuple[float, ...]
    passed: int
    failed: int
    of: int
    reasons: tuple[str, ...] = ()
    """Why there is no value, where there is none."""

    @property
    def mean(self) -> float | None:
        """Return the mean of the values; None without any."""
        return sum(self.values) / len(self.values) if self.values else None


@dataclass(frozen=True, kw_only=True)
class Evaluation(HasDict):
    """What became of every case of a suite: `results` in the order of the cases and repeats, and those `not_run`.

    `id` names the evaluation, `suite` and `subject` what was evaluated. `database` is where its runs are stored ("" in memory).
    """

    id: str
    suite: str
    subject: str
    results: tuple[CaseResult, ...]
    not_run: tuple[NotRun, ...] = ()
    repeat: int = 1
    database: str = ""

    @cached_property
    def scores(self) -> tuple[ScoreSummary, ...]:
        """Return each score over all results, in the order in which they come first."""
        names = dict.fromkeys(score.score for result in self.results for score in result.scores)
        return tuple(_summarise(name, frozenset({name}), self.results) for name in names)

    @cached_property
    def columns(self) -> Mapping[str, frozenset[str]]:
        """Return the names of the scores that a table shows as one, by what it calls them.

        A score that several cases have stands under its own name. Those of single cases stand under their kind: contains.
        """
        cases: dict[str, set[str]] = {}
        kinds: dict[str, str] = {}
        for result in self.results:
            for score in result.scores:
                cases.setdefault(score.score, set()).add(result.case.name)
                kinds[score.score] = score.kind
        single = [kinds[name] for name in cases if len(cases[name]) == 1 and kinds[name]]
        columns: dict[str, set[str]] = {}
        for name in cases:
            is_one_of_many = len(cases[name]) == 1 and single.count(kinds[name]) > 1
            columns.setdefault(kinds[name] if is_one_of_many else name, set()).add(name)
        return {label: frozenset(names) for label, names in columns.items()}

    @cached_property
    def summaries(self) -> tuple[ScoreSummary, ...]:
        """Return each column over all results."""
        return tuple(_summarise(label, names, self.results) for label, names in self.columns.items())

    @property
    def passed(self) -> bool:
        """Return whether everything was run, and passed, and each score has judged something."""
        return bool(self.results) and not self.not_run and all(result.passed for result in self.results) and not self.silent_scores

    @property
    def silent_scores(self) -> tuple[ScoreSummary, ...]:
        """Return the scores that have neither a value nor a verdict anywhere: a judge that is down must not look like a success."""
        return tuple(each for each in self.scores if not each.values and not each.passed and not each.failed)

    def count(self, status: CaseStatus | str) -> int:
        """Return how many results have that status."""
        return sum(result.status == status for result in self.results)

    @property
    def usage(self) -> Usage:
        """Return what the runs used together, without what the scores did."""
        return sum((result.record.usage for result in self.results), NO_USAGE)

    @property
    def cost_usd(self) -> float:
        """Return what runs and scores cost together, in US dollars."""
        return sum(result.cost_usd for result in self.results)

    def values_of(self, column: str) -> tuple[tuple[float, ...], ...]:
        """Return the values of a column: for each case those of its repeats, as intervals are computed of them."""
        names = self.columns[column]
        return tuple(
            tuple(each.value for result in group for each in result.scores if each.score in names and each.value is not None)
            for group in group_by_case(self.results).values()
        )

    def find(self, case: str, repeat: int = 0) -> CaseResult:
        """Return the result of a case by its name. Raises UsageError if there is none."""
        for each in self.results:
            if each.case.name == case and each.repeat == repeat:
                return each
        raise UsageError(f"There is no result of a case {case!r}, repeat {repeat}. Cases: {list(group_by_case(self.results))}.")


def group_by_case(results: Iterable[CaseResult]) -> Mapping[str, tuple[CaseResult, ...]]:
    """Return the results of each case together, by its name, in order."""
    groups: dict[str, list[CaseResult]] = {}
    for result in results:
        groups.setdefault(result.case.name, []).append(result)
    return {name: tuple(group) for name, group in groups.items()}


def _summarise(label: str, names: frozenset[str], results: Iterable[CaseResult]) -> ScoreSummary:
    found = [score for result in results for score in result.scores if score.score in names]
    return ScoreSummary(
        label,
        tuple(score.value for score in found if score.value is not None),
        sum(score.passed is True for score in found),
        sum(score.passed is False for score in found),
        len(found),
        tuple(dict.fromkeys(score.reason for score in found if score.value is None and score.reason)),
    )
