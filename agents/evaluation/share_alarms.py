"""Watch a share as cases come in, such as that of complaints about food, and raise an alarm when it has risen; seldom by chance."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt
from typing import NamedTuple

from sayso.tools import UsageError

BASELINE = 30
FALSE_ALARM_IN = 1000
HIGHEST = 0.95
"""A usual share above this has no room to rise in."""
_SURE = 1.645
"""The normal quantile of a one-sided limit of 95 %."""


_TIMES_SURER = (1.2, 10)
"""How many times `false_alarm_in` the chart for a doubled share has to be sure, and the one for a large rise."""


class ShareAlarm(NamedTuple):
    """An alarm: after case `at` (counted from 1) a share is seen to have risen, probably since case `since`.

    `hits` of the cases from `since` to `at` are hits; of the `usual_cases` before them, `usual_hits` were.
    """

    at: int
    since: int
    hits: int
    usual_hits: int
    usual_cases: int

    @property
    def cases(self) -> int:
        """Return how many cases there are since the share has risen."""
        return self.at - self.since + 1

    def __str__(self) -> str:
        now = f"{self.hits} of the last {self.cases} ({100 * self.hits / self.cases:.0f} %)"
        return f"{now}; before, {self.usual_hits} of {self.usual_cases} ({100 * self.usual_hits / self.usual_cases:.0f} %)"


def find_share_alarms(hits: Sequence[bool], *, baseline: int = BASELINE, false_alarm_in: float = FALSE_ALARM_IN) -> tuple[ShareAlarm, ...]:
    """Return the alarms of a sequence of cases, each a hit or not, in the order in which they came.

    A Bernoulli CUSUM chart (E. Page, Biometrika 41, 1954; M. Reynolds and Z. Stoumbos, Journal of Quality Technology 31, 1999) looks at
    each case after the first `baseline` ones. It adds up how much better a doubled share explains the cases than the usual share does, and
    a share half way to all of them, begins anew where that is not at all, and raises the alarm when one is `false_alarm_in` times better
    (1.2 and 10 times that, since two are looked at). Then it looks in the same way for
    the fall, and raises no other alarm before it. A chart that knows the usual share raises a false alarm every `false_alarm_in` cases in
    the mean, or less often (G. Lorden, Annals of Mathematical Statistics 42, 1971). This one has to find it out: it takes the upper limit
    (95 %, E. Wilson, JASA 22, 1927) of what it has seen up to where it last began anew (a self-starting chart, D. Hawkins, The Statistician
    36, 1987). So it may look at every case, every day: in simulations (the tests of this file) fewer than 5 % of sequences of 1,000 cases
    with a share that stays as it is have any alarm at the default.

    A share that goes from 10 % to 40 % is seen after some 40 cases, one that only doubles after hundreds. The alarms of the first n cases
    do not change when others come after them.
    """
    if baseline < 1 or false_alarm_in <= 1:
        raise UsageError(f"A baseline has at least one case, and not every alarm is false: {baseline}, {false_alarm_in}.")
    alarms: list[ShareAlarm] = []
    usual_hits, usual_cases = sum(map(bool, hits[:baseline])), baseline
    rises, fall = _watch_rises(usual_hits, usual_cases, baseline + 1), None
    for place, hit in enumerate(hits[baseline:], start=baseline + 1):
        if fall is not None:
            fall.add(hit)
            if not 0 < fall.total < log(false_alarm_in):
                if fall.total > 0:
                    rises, fall = _watch_rises(usual_hits, usual_cases, place + 1), None
                else:
                    fall.begin(place + 1)
            continue
        for rise in rises:
            rise.add(hit)
        seen = next((rise for rise, times in zip(rises, _TIMES_SURER, strict=True) if rise.total >= log(times * false_alarm_in)), None)
        if seen is not None:
            alarms.append(ShareAlarm(place, seen.since, seen.hits, usual_hits, usual_cases))
            fall = _Chart(*_weigh(_find_limit(usual_hits, usual_cases), seen.hits / (place - seen.since + 1)), place + 1)
            continue
        slow = rises[0]
        if slow.total <= 0:  # nothing has risen so far: all of it is as usual
            usual_hits, usual_cases = usual_hits + slow.hits, usual_cases + place - slow.since + 1
            rises = _watch_rises(usual_hits, usual_cases, place + 1)
        for rise in rises[1:]:
            if rise.total <= 0:
                rise.begin(place + 1)
    return tuple(alarms)


class _Chart:
    """What speaks for one share against another in the cases since it last began anew."""

    def __init__(self, of_hit: float, of_other: float, since: int) -> None:
        self.of_hit, self.of_other = of_hit, of_other
        self.begin(since)

    def begin(self, since: int) -> None:
        self.total, self.since, self.hits = 0.0, since, 0

    def add(self, hit: bool) -> None:
        self.total += self.of_hit if hit else self.of_other
        self.hits += bool(hit)


def _watch_rises(usual_hits: int, usual_cases: int, since: int) -> tuple[_Chart, _Chart]:
    """Return a chart for a doubled share, and one for a share half way to all cases, which sees a large rise sooner."""
    usual = _find_limit(usual_hits, usual_cases)
    half_way = (1 + usual) / 2
    return _Chart(*_weigh(min(2 * usual, half_way), usual), since), _Chart(*_weigh(half_way, usual), since)


def _find_limit(hits: int, cases: int) -> float:
    """Return the upper limit of a share (Wilson)."""
    share, square = hits / cases, _SURE * _SURE
    return (share + square / (2 * cases) + _SURE * sqrt(share * (1 - share) / cases + square / (4 * cases**2))) / (1 + square / cases)


def _weigh(share: float, other: float) -> tuple[float, float]:
    """Return what a hit and another case say for one share against the other, as logarithms of likelihood ratios."""
    if other > HIGHEST and share > HIGHEST:
        return 0.0, -1.0  # no room to rise in
    share, other = min(share, 0.99), min(other, 0.99)
    return log(share / other), log((1 - share) / (1 - other))
