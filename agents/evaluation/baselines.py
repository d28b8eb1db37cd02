"""Compare an evaluation with an earlier one, its baseline: by case, with the interval of each difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import fmean

from .record_json import to_plain
from .statistics import PairedDifference, compare_pairs
from .suite_results import CaseResult, Evaluation, group_by_case

Results = tuple[CaseResult, ...]


@dataclass(frozen=True, slots=True)
class ScoreDifference:
    """How a score, or a measured quantity, of the same cases differs from the baseline: its means, and the paired difference.

    `is_score` is False for seconds and costs, of which less is better.
    """

    name: str
    before: float
    now: float
    difference: PairedDifference
    is_score: bool = True

    @property
    def is_worse(self) -> bool:
        """Return whether it has become worse, and the interval of the difference leaves out 0."""
        return self.difference.seen and (self.difference.mean < 0) == self.is_score


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineComparison:
    """What differs from the baseline. `passed` is the share of cases that pass, as a score is compared.

    `broken` are the cases that passed and do not any more, `repaired` those the other way round. `changed` have another input or expected
    output than in the baseline and are not compared, `added` and `gone` stand in one of the two only.
    """

    baseline: str
    rows: tuple[ScoreDifference, ...] = ()
    broken: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def worse(self) -> tuple[ScoreDifference, ...]:
        """Return the scores that have become worse beyond doubt; not seconds and costs."""
        return tuple(each for each in self.rows if each.is_score and each.is_worse)


def compare_with_baseline(evaluation: Evaluation, baseline: Evaluation) -> BaselineComparison:
    """Return what differs from an earlier evaluation, paired by the names of the cases; repeats count as one case, by their mean."""
    now, before = group_by_case(evaluation.results), group_by_case(baseline.results)
    common = [name for name in now if name in before]
    changed = [name for name in common if not _is_same_case(now[name][0], before[name][0])]
    pairs = [(before[name], now[name]) for name in common if name not in changed]
    rows = [_compare("passed", pairs, lambda result: float(result.passed))]
    rows += [_compare(label, pairs, partial(_find_mean, names)) for label, names in evaluation.columns.items()]
    rows += [
        _compare("cost in $", pairs, lambda result: result.cost_usd, is_score=False),
        _compare("seconds", pairs, lambda result: result.record.seconds, is_score=False),
    ]
    passes = [(name, _all_pass(before[name]), _all_pass(now[name])) for name in common if name not in changed]
    return BaselineComparison(
        baseline=baseline.id,
        rows=tuple(row for row in rows if row is not None),
        broken=tuple(name for name, was, is_now in passes if was and not is_now),
        repaired=tuple(name for name, was, is_now in passes if is_now and not was),
        changed=tuple(changed),
        added=tuple(name for name in now if name not in before),
        gone=tuple(name for name in before if name not in now),
    )


def _compare(
    name: str, pairs: list[tuple[Results, Results]], measure: Callable[[CaseResult], float | None], *, is_score: bool = True
) -> ScoreDifference | None:
    """Return how one quantity differs; None where no case has it on both sides, or where it is 0 everywhere and no score."""
    measured = [(_measure(before, measure), _measure(now, measure)) for before, now in pairs]
    both = [(before, now) for before, now in measured if before and now]
    if not both or (not is_score and not any(value for pair in both for side in pair for value in side)):
        return None
    first, second = [list(before) for before, _ in both], [list(now) for _, now in both]
    difference = compare_pairs(first, second, bounds=(0.0, 1.0) if is_score else None)
    return ScoreDifference(name, fmean(map(fmean, first)), fmean(map(fmean, second)), difference, is_score)


def _measure(results: Results, measure: Callable[[CaseResult], float | None]) -> tuple[float, ...]:
    return tuple(value for result in results if (value := measure(result)) is not None)


def _find_mean(names: frozenset[str], result: CaseResult) -> float | None:
    values = [each.value for each in result.scores if each.score in names and each.value is not None]
    return fmean(values) if values else None


def _all_pass(results: Results) -> bool:
    return all(each.passed for each in results)


def _is_same_case(one: CaseResult, other: CaseResult) -> bool:
    return all(to_plain(getattr(one.case, part)) == to_plain(getattr(other.case, part)) for part in ("input", "expected"))
