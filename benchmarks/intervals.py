"""Do the intervals of an evaluation hold the true value as often as they say? By simulation, for shares, scores, costs and differences.

python benchmarks/intervals.py [--repeats 200]
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import lru_cache, partial
from random import Random

from _table import Row, finish

from sayso.agents.evaluation import Interval, PairedDifference, bootstrap_interval, compare_pairs

Draw = Callable[[Random], float]
SHARES = (0.02, 0.1, 0.3, 0.5, 0.8, 0.97)
REPEATS = 200
MEANS: dict[str, tuple[Draw, float, tuple[float, float] | None, float]] = {
    # what is drawn, its true mean, the bounds that are known of it, and the coverage that is expected: skewed values have less
    "scores, most of them high (beta 8, 1)": (lambda chance: chance.betavariate(8, 1), 8 / 9, (0, 1), 87),
    "scores, half of them 0": (lambda chance: chance.random() if chance.random() < 0.5 else 0.0, 0.25, (0, 1), 91),
    "scores, 1 or sometimes 0.5": (lambda chance: 1.0 if chance.random() < 0.9 else 0.5, 0.95, (0, 1), 91),
    "seconds (log-normal, 0.5)": (lambda chance: math.exp(chance.gauss(0, 0.5)), math.exp(0.125), None, 86),
    "cost (log-normal, 1)": (lambda chance: math.exp(chance.gauss(0, 1)), math.exp(0.5), None, 84),
}


def main() -> list[Row]:
    """How often 95 % intervals held the truth; and how often a difference was claimed where there is none."""
    chance = Random(1)
    rows: list[Row] = []
    for cases in (10, 30):
        for share in SHARES:
            rows.append(row(f"share of {share:.0%}, {cases} cases", 1000, share, partial(draw_share, chance, cases, share), least=95))
        for what, (draw, mean, bounds, least) in MEANS.items():
            rows.append(row(f"{what}, {cases} cases", REPEATS, mean, partial(draw_mean, chance, cases, draw, bounds), least=least))
        rows += [
            row(f"share of 70 % in three repeats, {cases} cases", REPEATS, 0.7, partial(draw_repeats, chance, cases)),
            row(f"difference of shares, 60 % to 80 %, {cases} cases", REPEATS, 0.2, partial(draw_difference, chance, cases, 0.6, 0.8)),
            row(f"difference of shares, none, {cases} cases", REPEATS, 0.0, partial(draw_difference, chance, cases, 0.8, 0.8)),
            row(f"difference of seconds, none, {cases} cases", REPEATS, 0.0, partial(draw_seconds, chance, cases)),
        ]
    began = time.perf_counter()
    compare_pairs([1.0] * 20 + [0.0] * 10, [1.0] * 25 + [0.0] * 5)
    return [*rows, Row("a difference of shares over 30 cases, computed", (time.perf_counter() - began) * 1000, "ms")]


def row(what: str, repeats: int, truth: float, draw: Callable[[], Interval | PairedDifference], least: float = 91) -> Row:
    """How often the interval of what is drawn holds the truth. `least` leaves room for the chance of so few repeats."""
    intervals = [draw() for _ in range(repeats)]
    held = sum(each.low is not None and each.high is not None and each.low - 1e-9 <= truth <= each.high + 1e-9 for each in intervals)
    return Row(f"{what}: intervals that hold the truth", 100 * held / repeats, "%", least, at_least=True)


def draw_mean(chance: Random, cases: int, draw: Draw, bounds: tuple[float, float] | None) -> Interval:
    """Draw values of which the mean is known."""
    return bootstrap_interval([draw(chance) for _ in range(cases)], bounds=bounds)


def draw_share(chance: Random, cases: int, share: float) -> Interval:
    """Draw a sample of passes and failures."""
    return share_interval(sum(chance.random() < share for _ in range(cases)), cases)


@lru_cache
def share_interval(passed: int, cases: int) -> Interval:
    """Compute the interval of a share once."""
    return bootstrap_interval([1.0] * passed + [0.0] * (cases - passed))


def draw_difference(chance: Random, cases: int, first: float, second: float) -> PairedDifference:
    """Draw pairs whose cases are easy or hard for both: a third of the cases is easier than the others."""
    ease = [chance.choice((-0.1, -0.1, 0.2)) for _ in range(cases)]
    before = [float(chance.random() < min(1, first + each / 2)) for each in ease]
    after = [float(chance.random() < min(1, second + each / 2)) for each in ease]
    return compare_pairs(before, after)


def draw_seconds(chance: Random, cases: int) -> PairedDifference:
    """Draw the times of two that are alike, on cases that are long or short for both."""
    lengths = [math.exp(chance.gauss(0, 0.5)) for _ in range(cases)]
    before, after = ([length * math.exp(chance.gauss(0, 0.5)) for length in lengths] for _ in range(2))
    return compare_pairs(before, after, bounds=None)


def draw_repeats(chance: Random, cases: int) -> Interval:
    """Draw three repeats of cases of which some are always passed and some now and then."""
    shares = [chance.choice((1.0, 1.0, 0.5, 0.3)) for _ in range(cases)]
    return bootstrap_interval([[float(chance.random() < share) for _ in range(3)] for share in shares])


if __name__ == "__main__":
    finish("Intervals of evaluations", main())
