"""How sure a mean or a difference is: intervals that hold with few cases, and how many cases a difference would need.

Three methods, by what the values are; `Interval.method` says which one was used. benchmarks/intervals.py checks all three by simulation.

- *bounded*: shares (all values 0 or 1), and scores of which fewer than 8 cases differ from the most common value. A Bayesian bootstrap
  (Rubin 1981) with one further case at the worst possible value, once for each side: N. Gaffke, "Three test statistics for a nonparametric
  one-sided hypothesis on the mean of a nonnegative variable", 2005; E. Learned-Miller and P. Thomas, arXiv:1905.06208, 2019. For a share it
  is the interval of Clopper and Pearson (1934). For the paired difference of two shares it leaves out 0 exactly when the exact test of
  McNemar does. Thirty passes of thirty are 88 % to 100 %, not 100 % to 100 %.
- *bootstrap*: everything else with 8 to 200 cases. Of means the BCa bootstrap (B. Efron, JASA 82, 1987), which follows skewed values such
  as cost and seconds, a little wider, as few cases need it (T. Hesterberg, arXiv:1411.5279, 2015, "expanded"). The bootstrap-t covers
  skewed means better, and was left: one slow run of thirty makes its interval ten times as wide. Of differences the symmetric bootstrap-t
  (P. Hall, Journal of the Royal Statistical Society B 50, 1988): a claim is made of them, and one slow run should not make it.
- *t*: Student's interval, for more than 200 cases, and for few values without bounds, where nothing better can be had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import ceil, cos, fsum, inf, isfinite, pi, sin, sqrt
from operator import mul
from random import Random
from statistics import NormalDist
from typing import NamedTuple, TypeAlias

from sayso.tools import UsageError

CaseValues: TypeAlias = Sequence[float | Sequence[float]]
"""A value for each case, or the values of its repeats. A case without values is left out."""

SHARE = (0.0, 1.0)
FEW = 8
"""As long as fewer cases than this differ from the most common value, a resample without any of them is too likely (e^-8 = 0.03 %)."""
MANY = 200
ALIKE = 6
"""Of fewer cases than this nothing follows from all of them being equal: one of 2 * 0.5^5 samples is all on one side by chance (6 %)."""
DRAWS = 10_000
RESAMPLES = 4_000


class Interval(NamedTuple):
    """The mean of `cases` values and where the true mean lies. `low` and `high` are None where so few cases say nothing of it."""

    mean: float
    low: float | None
    high: float | None
    cases: int
    method: str

    def __str__(self) -> str:
        return f"{self.mean:.3g}" + ("" if self.low is None or self.high is None else f" ({self.low:.3g} to {self.high:.3g})")


class PairedDifference(NamedTuple):
    """The mean of second minus first over `cases` that have both, and where the true difference lies.

    `needed` is how many cases a difference of this size needs to be seen with a power of 80 %; None where no difference shows at all.
    """

    mean: float
    low: float | None
    high: float | None
    cases: int
    method: str
    needed: int | None

    @property
    def seen(self) -> bool:
        """Return whether the interval leaves out 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def bootstrap_interval(
    values: CaseValues, *, bounds: tuple[float, float] | None = SHARE, confidence: float = 0.95, seed: int = 17
) -> Interval:
    """Return the mean over the cases with its interval. The repeats of a case count as one case: its mean.

    `bounds` are the least and greatest value that there can be: 0 and 1 for scores, None for cost, seconds and the like. The same values,
    in any order, give the same interval.
    """
    _check(confidence, bounds)
    means, two_valued = _means(values, bounds)
    if not means:
        raise UsageError("There is no interval of no values. Give the values of at least one case.")
    return _interval(means, two_valued, bounds, confidence, seed, of_pairs=False)


def compare_pairs(
    first: CaseValues,
    second: CaseValues,
    *,
    bounds: tuple[float, float] | None = SHARE,
    confidence: float = 0.95,
    seed: int = 17,
) -> PairedDifference:
    """Return the mean of second minus first, paired by case: position i of both is the same case. Repeats and `bounds` as above."""
    _check(confidence, bounds)
    if len(first) != len(second):
        raise UsageError(
            f"The values are not pairs: {len(first)} first ones and {len(second)} second ones. Give one of each for every case."
        )
    pairs = [(a, b) for a, b in zip(map(_repeats, first), map(_repeats, second), strict=True) if a and b]
    if not pairs:
        raise UsageError("There is no difference of no pairs. Give values of both sides for at least one case.")
    before, two_valued_before = _means([a for a, _ in pairs], bounds)
    after, two_valued_after = _means([b for _, b in pairs], bounds)
    differences = [b - a for a, b in zip(before, after, strict=True)]
    widest = None if bounds is None else (bounds[0] - bounds[1], bounds[1] - bounds[0])
    interval = _interval(differences, two_valued_before and two_valued_after, widest, confidence, seed, of_pairs=True)
    if interval.method == "t" and interval.cases < ALIKE:  # so few show nothing without a belief in normal values
        interval = interval._replace(low=None, high=None, method="none")
    return PairedDifference(*interval, needed=cases_needed(differences, confidence=confidence))


def cases_needed(
    differences: Sequence[float], difference: float | None = None, *, confidence: float = 0.95, power: float = 0.8
) -> int | None:
    """Return how many cases show a mean difference as large as `difference` (default: the mean of `differences`), with this power.

    n = ((z_a * sqrt(s² + d²) + z_b * s) / d)², where s is the standard deviation of the differences, z_a the normal quantile of the
    confidence (1.96 for 95 %) and z_b that of the power (0.84 for 80 %). For shares this is the sample size of McNemar's test: R. Connor,
    Biometrics 43, 1987; for other scores the one of the paired z test with the variance that the differences have where there is none.
    It plans the next evaluation. It is no evidence of this one: an observed difference is uncertain, and so is the number that follows
    from it (J. Hoenig and D. Heisey, The American Statistician 55, 2001). None where the difference is 0.
    """
    _check(confidence, None)
    if not 0 < power < 1:
        raise UsageError(f"A power is between 0 and 1, such as 0.8, and not {power:g}.")
    mean, spread = _mean(differences), _deviation(differences)
    size = abs(mean if difference is None else difference)
    if size < 1e-12:
        return None
    normal = NormalDist()
    sure, found = normal.inv_cdf(0.5 + confidence / 2), normal.inv_cdf(power)
    return max(ALIKE, ceil(((sure * sqrt(spread**2 + size**2) + found * spread) / size) ** 2))


def _check(confidence: float, bounds: tuple[float, float] | None) -> None:
    if not 0 < confidence < 1:
        raise UsageError(f"A confidence is between 0 and 1, such as 0.95, and not {confidence:g}.")
    if bounds is not None and not bounds[0] < bounds[1]:
        raise UsageError(f"Bounds are the least and the greatest value, in this order, and not {bounds}.")


def _repeats(values: float | Sequence[float]) -> Sequence[float]:
    return [values] if isinstance(values, (int, float)) else values


def _means(values: CaseValues, bounds: tuple[float, float] | None) -> tuple[list[float], bool]:
    """Return the mean of each case that has values, and whether each single value is one of the two bounds."""
    cases = [_repeats(each) for each in values]
    for place, each in enumerate(cases, start=1):
        for value in each:
            if not isfinite(value):
                raise UsageError(f"Value {place} is {value}, so there is no mean. Leave the case out.")
            if bounds is not None and not bounds[0] <= value <= bounds[1]:
                hint = "Pass bounds=None for values without limits, such as cost or seconds."
                raise UsageError(f"Value {place} is {value:g}, outside of {bounds[0]:g} to {bounds[1]:g}. {hint}")
    two_valued = bounds is not None and all(value in bounds for each in cases for value in each)
    return [_mean(each) for each in cases if each], two_valued


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def _deviation(values: Sequence[float]) -> float:
    """Return the standard deviation with n - 1, and 0 for one value."""
    mean = _mean(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / max(1, len(values) - 1))


def _interval(
    values: Sequence[float], two_valued: bool, bounds: tuple[float, float] | None, confidence: float, seed: int, *, of_pairs: bool
) -> Interval:
    # Sorted, so that the order of the cases changes nothing; rounded, so that 0.3 and 0.1 + 0.2 are the same value.
    values = sorted(round(value, 12) for value in values)
    mean, cases = _mean(values), len(values)
    different = cases - max(Counter(values).values())
    if bounds is not None and (two_valued or different < FEW):
        return Interval(mean, *_bounded(values, bounds, confidence, seed), cases, "bounded")
    if different == 0 and cases < ALIKE:
        return Interval(mean, None, None, cases, "none")
    if different < FEW or cases > MANY:
        away = _student(confidence, cases - 1) * _deviation(values) / sqrt(cases)
        low, high, method = mean - away, mean + away, "t"
    else:
        low, high = (_bootstrap_difference if of_pairs else _bootstrap_mean)(values, confidence, seed)
        method = "bootstrap"
    least, greatest = bounds or (-inf, inf)
    return Interval(mean, max(low, least), min(high, greatest), cases, method)


def _bounded(values: Sequence[float], bounds: tuple[float, float], confidence: float, seed: int) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    low = _quantile(_weighted_means([*values, bounds[0]], seed), tail)
    high = _quantile(_weighted_means([*values, bounds[1]], seed), 1 - tail)
    return low, high


def _weighted_means(values: Sequence[float], seed: int) -> list[float]:
    """Return means under random weights that add up to 1 (Dirichlet), in order. Equal values share one draw, which saves time."""
    chance = Random(seed)
    groups = sorted(Counter(values).items())
    distinct = [value for value, _ in groups]
    if len(groups) == 1:
        return [groups[0][0]]
    weights = [[chance.gammavariate(count, 1.0) for _ in range(DRAWS)] for _, count in groups]
    means = [sum(map(mul, draw, distinct)) / sum(draw) for draw in zip(*weights, strict=True)]
    return sorted(means)


def _bootstrap_mean(values: Sequence[float], confidence: float, seed: int) -> tuple[float, float]:
    """Return the expanded BCa interval of a mean."""
    chance, cases, mean = Random(seed), len(values), _mean(values)
    means = sorted(sum(chance.choices(values, k=cases)) / cases for _ in range(RESAMPLES))
    normal, expanded = NormalDist(), _student(confidence, cases - 1) * sqrt(cases / (cases - 1))
    below = sum(each < mean for each in means) + sum(each == mean for each in means) / 2
    bias = normal.inv_cdf(min(1 - 1 / RESAMPLES, max(1 / RESAMPLES, below / RESAMPLES)))
    squares = fsum((value - mean) ** 2 for value in values)
    acceleration = fsum((value - mean) ** 3 for value in values) / (6 * squares**1.5)

    def find_quantile(away: float) -> float:
        return _quantile(means, normal.cdf(bias + (bias + away) / (1 - acceleration * (bias + away))))

    return find_quantile(-expanded), find_quantile(expanded)


def _bootstrap_difference(values: Sequence[float], confidence: float, seed: int) -> tuple[float, float]:
    """Return the symmetric bootstrap-t interval of a mean difference."""
    chance, cases, mean = Random(seed), len(values), _mean(values)
    centred = [value - mean for value in values]
    ratios: list[float] = []
    for _ in range(RESAMPLES):
        drawn = chance.choices(centred, k=cases)
        total = sum(drawn)
        squares = sum([value * value for value in drawn]) - total * total / cases
        ratios.append(abs(total) / sqrt(squares) if squares > 0 else inf)
    away = _quantile(sorted(ratios), confidence) * sqrt(fsum(value * value for value in centred)) / cases
    return mean - away, mean + away


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which this share of the draws lies, towards the outer side: the interval is rather too wide."""
    place = share * len(ordered)
    return ordered[int(place) if share < 0.5 else min(len(ordered), ceil(place)) - 1]


def _student(confidence: float, freedom: int) -> float:
    """Return the quantile of Student's t for a two-sided confidence, by halving the angle between 0 and a right one."""
    low, high = 0.0, pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < confidence else (low, middle)
    return sqrt(freedom) * sin(low) / cos(low)


def _within(angle: float, freedom: int) -> float:
    """Return the probability of |T| < sqrt(freedom) * tan(angle): Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for over in range(2 + odd, freedom - 1, 2):
        term *= cos(angle) ** 2 * (over - 1) / over
        total += term
    return (angle + sin(angle) * total) * 2 / pi if odd else sin(angle) * total
