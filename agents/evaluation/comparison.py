"""What a comparison came to: each measure of each variant with its interval, and each variant's difference from the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from .statistics import SHARE, Interval, PairedDifference, bootstrap_interval, compare_pairs
from .suite_results import CaseResult, CaseStatus, Evaluation, group_by_case

CONFIDENCE = 0.95
TOGETHER_SECONDS = 600


class Unit(StrEnum):
    """What a measure is counted in."""

    SHARE = "share"
    USD = "usd"
    SECONDS = "seconds"
    TOKENS_PER_SECOND = "tokens_per_second"


class Variant(NamedTuple):
    """One column: a model with a prompt, under the name that tells it from the others. `is_priced`: what its calls cost is known."""

    name: str
    model: str = ""
    prompt: str = ""
    is_priced: bool = True


class Measure(NamedTuple):
    """What is compared, such as "cases passed", a score, or seconds."""

    name: str
    unit: Unit = Unit.SHARE
    more_is_better: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasureRow:
    """A measure of all variants. `differences` are those from the first variant; None for the first itself, and where one is unknown."""

    measure: Measure
    intervals: tuple[Interval | None, ...]
    differences: tuple[PairedDifference | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """The cases that a variant passes more often than the first one does, and those that it passes less often."""

    fixed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Variants of an agent side by side on the same cases. The first variant is the baseline of all differences.

    `confidence` is that of each single difference, so chosen that the differences in quality hold together with 95 % (Bonferroni).
    """

    suite: str
    subject: str
    cases: int
    repeat: int
    concurrency: int
    variants: tuple[Variant, ...]
    evaluations: tuple[Evaluation, ...]
    rows: tuple[MeasureRow, ...]
    changes: tuple[Changes, ...]
    confidence: float

    @property
    def complete(self) -> bool:
        """Return whether every case of every variant was executed."""
        return not any(evaluation.not_run for evaluation in self.evaluations)

    @property
    def silent_variants(self) -> tuple[tuple[Variant, str], ...]:
        """Return the variants of which every run failed, each with its first error: nothing can be said of them."""
        found: list[tuple[Variant, str]] = []
        for variant, evaluation in zip(self.variants, self.evaluations, strict=True):
            errors = [result.record.error for result in evaluation.results if result.status is CaseStatus.ERROR]
            if errors and len(errors) == len(evaluation.results):
                found.append((variant, errors[0]))
        return tuple(found)


PASSED = Measure("cases passed")
COST = Measure("cost", Unit.USD, more_is_better=False)
FIRST_TOKEN = Measure("first token", Unit.SECONDS, more_is_better=False)
SPEED = Measure("tokens a second", Unit.TOKENS_PER_SECOND)
SECONDS = Measure("seconds", Unit.SECONDS, more_is_better=False)

_Read = Callable[[CaseResult], float | None]
_Values = Mapping[str, list[float]]


def compare_evaluations(
    variants: Sequence[Variant],
    evaluations: Sequence[Evaluation],
    *,
    suite: str = "",
    subject: str = "",
    concurrency: int = 1,
    begun: Sequence[Mapping[str, float]] = (),
) -> Comparison:
    """Return the evaluations of one suite side by side; the first is the baseline.

    A run that failed has passed nothing: it counts as 0 in "cases passed" and in each score. What it cost and how long it took does not
    count, for it may have failed early. Nor do the times of the first case (of the first `concurrency` cases): there the program loads its
    parts, and a server its model. `begun` says when each case began, by its name (seconds since 1970), for each variant: what did not begin
    within ten minutes is not compared in its times, for the machine may have been busier.
    """
    quality: dict[Measure, _Read] = {PASSED: _read_passed}
    quality |= {Measure(name): _read_scores(scores) for name, scores in _find_scores(evaluations).items()}
    confidence = 1 - (1 - CONFIDENCE) / max(1, len(quality) * (len(variants) - 1))
    rows = [_compare(measure, read, evaluations, confidence, SHARE) for measure, read in quality.items()]
    for measure, read in ((COST, _read_cost), (FIRST_TOKEN, _read_first_token), (SPEED, _read_speed), (SECONDS, _read_seconds)):
        known = [variant.is_priced or measure is not COST for variant in variants]
        counted = evaluations if measure is COST else [_leave_out_first(each, concurrency) for each in evaluations]
        rows.append(_compare(measure, read, counted, confidence, None, known, () if measure is COST else begun))
    passed = [_collect(evaluation, _read_passed) for evaluation in evaluations]
    return Comparison(
        suite=suite or evaluations[0].suite,
        subject=subject or evaluations[0].subject,
        cases=max(len(group_by_case(evaluation.results)) for evaluation in evaluations),
        repeat=evaluations[0].repeat,
        concurrency=concurrency,
        variants=tuple(variants),
        evaluations=tuple(evaluations),
        rows=tuple(rows),
        changes=tuple(_find_changes(passed[0], values) for values in passed),
        confidence=confidence,
    )


def _leave_out_first(evaluation: Evaluation, concurrency: int) -> Evaluation:
    first = set(list(group_by_case(evaluation.results))[:concurrency])
    return replace(evaluation, results=tuple(result for result in evaluation.results if result.case.name not in first))


def _find_scores(evaluations: Sequence[Evaluation]) -> Mapping[str, frozenset[str]]:
    """Return the scores that are compared beside "cases passed", by what a table calls them.

    Where each case has one score that only says passed or not, that is "cases passed" already.
    """
    results = tuple(result for evaluation in evaluations for result in evaluation.results)
    is_the_same = all(len(result.scores) < 2 and all(score.value in (0.0, 1.0) for score in result.scores) for result in results)
    return {} if is_the_same else replace(evaluations[0], results=results).columns


def _compare(
    measure: Measure,
    read: _Read,
    evaluations: Sequence[Evaluation],
    confidence: float,
    bounds: tuple[float, float] | None,
    known: Sequence[bool] = (),
    begun: Sequence[Mapping[str, float]] = (),
) -> MeasureRow:
    columns = [
        _collect(evaluation, read) if is_known else {}
        for evaluation, is_known in zip(evaluations, known or [True] * len(evaluations), strict=True)
    ]
    first = columns[0]
    differences: list[PairedDifference | None] = [None]
    for place, column in enumerate(columns[1:], start=1):
        shared = [name for name in first if name in column and (not begun or _is_together(begun[0].get(name), begun[place].get(name)))]
        before, after = [first[name] for name in shared], [column[name] for name in shared]
        differences.append(compare_pairs(before, after, bounds=bounds, confidence=confidence) if shared else None)
    return MeasureRow(
        measure=measure,
        intervals=tuple(_find_interval(column, bounds) for column in columns),
        differences=tuple(differences),
    )


def _is_together(first: float | None, other: float | None) -> bool:
    return first is None or other is None or abs(first - other) <= TOGETHER_SECONDS


def _find_interval(column: _Values, bounds: tuple[float, float] | None) -> Interval | None:
    if not column:
        return None
    interval = bootstrap_interval(list(column.values()), bounds=bounds, confidence=CONFIDENCE)
    # No cost and no time is below zero.
    return interval if interval.low is None else interval._replace(low=max(0.0, interval.low))


def _collect(evaluation: Evaluation, read: _Read) -> dict[str, list[float]]:
    """Return the values of each case that has any, by its name: one for each repeat."""
    found = {name: [read(result) for result in results] for name, results in group_by_case(evaluation.results).items()}
    values = {name: [value for value in each if value is not None] for name, each in found.items()}
    return {name: each for name, each in values.items() if each}


def _find_changes(before: _Values, after: _Values) -> Changes:
    shares = {name: sum(after[name]) / len(after[name]) - sum(before[name]) / len(before[name]) for name in before if name in after}
    return Changes(
        fixed=tuple(name for name, change in shares.items() if change > 0),
        broken=tuple(name for name, change in shares.items() if change < 0),
    )


def _read_scores(names: frozenset[str]) -> _Read:
    def read(result: CaseResult) -> float | None:
        scores = [score for score in result.scores if score.score in names]
        values = [float(score.passed) if score.value is None and score.passed is not None else score.value for score in scores]
        known = [value for value in values if value is not None]
        if scores and result.status is CaseStatus.ERROR:
            return 0.0
        return sum(known) / len(known) if known else None

    return read


def _read_passed(result: CaseResult) -> float | None:
    return None if result.status is CaseStatus.UNJUDGED else float(result.passed)


def _read_cost(result: CaseResult) -> float | None:
    used = result.record.usage
    # A run that failed early is not a cheap one. Where no tokens were counted, nobody knows what they cost.
    uncounted = used.model_calls and not (used.input_tokens or used.output_tokens or used.cost_usd)
    return None if result.record.error or uncounted else used.cost_usd


def _read_first_token(result: CaseResult) -> float | None:
    return None if result.record.error else result.record.first_token_seconds


def _read_speed(result: CaseResult) -> float | None:
    return None if result.record.error else result.record.tokens_per_second


def _read_seconds(result: CaseResult) -> float | None:
    return None if result.record.error else result.record.seconds
