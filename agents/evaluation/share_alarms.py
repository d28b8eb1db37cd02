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
    each case after the first `baseline` ones. It adds up how much better a doubled share explains the cases than the usual share does,
    begins anew where that is not at all, and raises the alarm when it is `false_alarm_in` times better. Then it looks in the same way for
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
    usual = _find_limit(usual_hits, usual_cases)
    of_hit, of_other = _weigh(min(2 * usual, (1 + usual) / 2), usual)
    total, since, seen, has_risen = 0.0, baseline + 1, 0, False
    for place, hit in enumerate(hits[baseline:], start=baseline + 1):
        total += of_hit if hit else of_other
        seen += bool(hit)
        if 0 < total < log(false_alarm_in):
            continue
        if total > 0 and not has_risen:
            alarms.append(ShareAlarm(place, since, seen, usual_hits, usual_cases))
            has_risen = True
            of_hit, of_other = _weigh(usual, seen / (place - since + 1))  # from now on it looks for the fall
        elif total > 0 or not has_risen:
            if not has_risen:  # nothing has risen so far: all of it is as usual
                usual_hits, usual_cases = usual_hits + seen, usual_cases + place - since + 1
            has_risen = False
            usual = _find_limit(usual_hits, usual_cases)
            of_hit, of_other = _weigh(min(2 * usual, (1 + usual) / 2), usual)
        total, since, seen = 0.0, place + 1, 0
    return tuple(alarms)


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
