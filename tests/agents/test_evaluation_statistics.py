"""Intervals and differences: known values of the literature, few cases, repeats, and what no number is made of."""

from __future__ import annotations

from math import ceil, comb
from random import Random

import pytest

from sayso.agents.evaluation import bootstrap_interval, cases_needed, compare_pairs
from sayso.agents.evaluation.version_stats import VersionTally
from sayso.tools import UsageError

SHARES = {
    # passed, of, low, high: the interval of Clopper and Pearson, from R's binom.test
    "one case passes": (1, 1, 0.025, 1.0),
    "one case fails": (0, 1, 0.0, 0.975),
    "all of five": (5, 5, 0.478, 1.0),
    "all of thirty": (30, 30, 0.884, 1.0),
    "half of thirty": (15, 30, 0.313, 0.687),
    "3 of 10": (3, 10, 0.067, 0.652),
    "262 of 300": (262, 300, 0.8304, 0.9087),
}


@pytest.mark.parametrize(("passed", "of", "low", "high"), SHARES.values(), ids=SHARES)
def test_a_share_has_the_exact_interval(passed: int, of: int, low: float, high: float) -> None:
    interval = bootstrap_interval([1] * passed + [0] * (of - passed))
    assert interval == (passed / of, pytest.approx(low, abs=0.006), pytest.approx(high, abs=0.006), of, "bounded")


@pytest.mark.parametrize("better", [0, 4, 5, 6, 8, 9, 12])
@pytest.mark.parametrize("worse", [0, 1, 2, 4])
def test_a_compare_pairs_is_seen_when_the_exact_test_of_mcnemar_sees_it(better: int, worse: int) -> None:
    pairs = [(0, 1)] * better + [(1, 0)] * worse + [(1, 1)] * 10 + [(0, 0)] * 3
    difference = compare_pairs([a for a, _ in pairs], [b for _, b in pairs])
    discordant, extreme = better + worse, max(better, worse)
    chance = 2 * sum(comb(discordant, k) for k in range(extreme, discordant + 1)) / 2**discordant
    if abs(chance - 0.05) > 0.004:  # at the limit itself the draws decide
        assert difference.seen == (chance < 0.05), (difference, chance)
    assert difference.mean == pytest.approx((better - worse) / len(pairs))


FEW_CASES = {
    "one score": ([0.8], (0, 1), "bounded"),
    "equal scores": ([0.8] * 5, (0, 1), "bounded"),
    "one cost": ([0.002], None, "none"),
    "five equal costs": ([0.002] * 5, None, "none"),
    "six equal costs": ([0.002] * 6, None, "t"),
    "three seconds": ([1.2, 1.9, 1.4], None, "t"),
    "scores, most of them 1": ([1.0] * 25 + [0.5] * 5, (0, 1), "bounded"),
    "scores": ([place / 30 for place in range(30)], (0, 1), "bootstrap"),
    "many scores": ([place / 300 for place in range(300)], (0, 1), "t"),
}


@pytest.mark.parametrize(("values", "bounds", "method"), FEW_CASES.values(), ids=FEW_CASES)
def test_the_method_follows_from_the_values(values: list[float], bounds: tuple[float, float] | None, method: str) -> None:
    interval = bootstrap_interval(values, bounds=bounds)
    assert interval.method == method
    assert (interval.low is None) == (method == "none")
    if interval.low is not None and interval.high is not None:
        assert interval.low <= interval.mean <= interval.high
        assert bounds is None or (interval.low >= 0 and interval.high <= 1)


def test_three_values_without_bounds_have_the_interval_of_student() -> None:
    interval = bootstrap_interval([4.0, 6.0, 8.0], bounds=None)
    assert (interval.low, interval.high) == (
        pytest.approx(6 - 4.3027 * 2 / 3**0.5, abs=1e-3),
        pytest.approx(6 + 4.3027 * 2 / 3**0.5, abs=1e-3),
    )


def test_five_pairs_without_bounds_show_no_difference() -> None:
    assert not compare_pairs([1.0, 1.1, 1.2, 1.3, 1.4], [2.0, 2.2, 2.1, 2.4, 2.3], bounds=None).seen
    assert compare_pairs([1.0, 1.1, 1.2, 1.3, 1.4, 1.5], [2.0, 2.2, 2.1, 2.4, 2.3, 2.6], bounds=None).seen


def test_the_order_of_the_cases_changes_nothing() -> None:
    values = [Random(3).random() for _ in range(40)] + [0.1 + 0.2, 0.3]
    mixed = Random(5).sample(values, len(values))
    assert bootstrap_interval(values) == bootstrap_interval(mixed)
    assert compare_pairs(values, mixed).mean == pytest.approx(0)


def test_repeats_of_a_case_do_not_count_as_cases() -> None:
    once = bootstrap_interval([1, 0, 1, 1, 0, 1, 1, 1, 0, 1])
    copied = bootstrap_interval([[value] * 20 for value in (1, 0, 1, 1, 0, 1, 1, 1, 0, 1)])
    assert copied == once  # twenty equal answers to ten questions are ten cases
    uneven = bootstrap_interval([[1, 1, 1, 0], [0], []])
    assert (uneven.mean, uneven.cases) == (0.375, 2)


def test_a_case_that_one_side_has_no_value_for_is_no_pair() -> None:
    difference = compare_pairs([[1.0], [], [0.0, 1.0]], [[0.0], [1.0], [1.0]])
    assert (difference.mean, difference.cases) == (-0.25, 2)


def test_two_that_never_differ_still_may_by_as_much_as_thirty_cases_allow() -> None:
    difference = compare_pairs([1] * 30, [1] * 30)
    assert difference == (0, pytest.approx(-0.116, abs=0.006), pytest.approx(0.116, abs=0.006), 30, "bounded", None)
    assert not difference.seen


def test_the_number_of_cases_needed_is_that_of_mcnemars_test() -> None:
    # 10 % of the pairs differ one way and 20 % the other: Connor's formula gives 233.1 for 80 % at 5 %.
    pairs = [0.0] * 7 + [1.0] * 2 + [-1.0]
    spread = (0.30 - 0.1**2) ** 0.5
    assert cases_needed(pairs * 1000) == ceil(((1.959964 * 0.30**0.5 + 0.841621 * spread) / 0.1) ** 2)
    assert cases_needed(pairs * 1000, 0.05) == pytest.approx(((1.959964 * 0.2925**0.5 + 0.841621 * spread) / 0.05) ** 2, abs=2)
    assert cases_needed([0.0] * 30) is None
    assert cases_needed([1.0] * 30) == 6  # five of five happen by chance


def test_the_needed_cases_do_show_the_difference_four_times_of_five() -> None:
    chance, needed = Random(11), cases_needed([1.0] * 30 + [-1.0] * 10 + [0.0] * 60)
    assert needed is not None
    seen = 0
    for _ in range(50):
        drawn = chance.choices([(0, 1), (1, 0), (1, 1)], weights=[30, 10, 60], k=needed)
        seen += compare_pairs([a for a, _ in drawn], [b for _, b in drawn]).seen
    assert 32 <= seen <= 47


BAD = {
    "no values": (lambda: bootstrap_interval([]), "at least one case"),
    "only empty cases": (lambda: bootstrap_interval([[], []]), "at least one case"),
    "seconds as a score": (lambda: bootstrap_interval([0.5, 3.2]), r"Value 2 is 3.2, outside of 0 to 1\. Pass bounds=None"),
    "not a number": (lambda: bootstrap_interval([0.5, float("nan")]), "Value 2 is nan"),
    "not pairs": (lambda: compare_pairs([1, 0], [1]), "2 first ones and 1 second"),
    "no pairs": (lambda: compare_pairs([[]], [[]]), "no pairs"),
    "confidence in percent": (lambda: bootstrap_interval([1, 0], confidence=95), "such as 0.95, and not 95"),
    "power in percent": (lambda: cases_needed([1.0, 0.0], power=80), "such as 0.8, and not 80"),
    "bounds the wrong way": (lambda: bootstrap_interval([1, 0], bounds=(1, 0)), "in this order"),
}


@pytest.mark.parametrize(("ask", "says"), BAD.values(), ids=BAD)
def test_what_no_interval_is_made_of(ask: object, says: str) -> None:
    assert callable(ask)
    with pytest.raises(UsageError, match=says):
        ask()


def test_no_time_of_a_version_is_below_zero() -> None:
    tally = VersionTally("warm")
    for user, seconds in {"ada": 0.02, "bob": 2.0}.items():
        tally.take_run(f"run of {user}", user, "done", 0.0, seconds)
    interval = tally.measure()["seconds"]
    assert (interval.mean, interval.low, interval.cases) == (1.01, 0.0, 2)
