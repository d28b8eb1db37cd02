"""Compare the versions of a split: what their runs came to, with intervals over users, for it is users who are dealt a version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import NamedTuple

from .statistics import Interval, bootstrap_interval

GOOD, DONE, REFUSED, COST, SECONDS = "thumbs up", "done", "refused", "cost", "seconds"
MEASURES = (GOOD, DONE, REFUSED, COST, SECONDS)
"""Shares of runs: of those with thumbs, of those that have ended, of those that asked for an approval; US dollars and seconds of a run."""
SHARES = frozenset({GOOD, DONE, REFUSED})


class VersionDifference(NamedTuple):
    """A version's mean less that of the first version, and where the true difference lies; None where nothing can be said."""

    mean: float
    low: float | None
    high: float | None

    @property
    def seen(self) -> bool:
        """Return whether the interval leaves out 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


class VersionStats(NamedTuple):
    """One version: its runs and users, and each measure that it has values of, with its interval and how it differs from the first."""

    version: str
    runs: int
    users: int
    measures: Mapping[str, Interval]
    differences: Mapping[str, VersionDifference]


class SplitStats(NamedTuple):
    """The versions of a split, the one with the most runs first: the others are compared with it."""

    split: str
    versions: tuple[VersionStats, ...]


class VersionTally:
    """Collects the runs of one version."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.users: dict[str, str] = {}  # by run; a run without a user is its own
        self.values: dict[str, dict[str, float]] = {name: {} for name in MEASURES}
        self._decisions: dict[str, list[float]] = {}
        self._thumbs: dict[str, list[float]] = {}

    def take_run(self, run: str, user: str, state: str, cost_usd: float, seconds: float | None) -> None:
        """Count a run."""
        self.users[run] = f"user {user}" if user else f"run {run}"
        self.values[COST][run] = cost_usd
        if state in ("done", "failed"):
            self.values[DONE][run] = float(state == "done")
        if state in ("done", "failed", "cancelled") and seconds is not None:
            self.values[SECONDS][run] = seconds

    def take_decision(self, run: str, decision: str) -> None:
        """Count what was decided on a request of a run."""
        if decision in ("approved", "edited", "rejected"):
            self._decisions.setdefault(run, []).append(float(decision == "rejected"))

    def take_thumb(self, run: str, verdict: str) -> None:
        """Count a thumb on a run."""
        self._thumbs.setdefault(run, []).append(float(verdict == "up"))

    def measure(self) -> dict[str, Interval]:
        """Return each measure with its interval: the runs of a user are no independent values, so a user counts once, by their mean."""
        for name, found in ((GOOD, self._thumbs), (REFUSED, self._decisions)):
            self.values[name] = {run: sum(values) / len(values) for run, values in found.items()}
        intervals = {}
        for name, by_run in self.values.items():
            by_user: dict[str, list[float]] = {}
            for run, value in by_run.items():
                by_user.setdefault(self.users[run], []).append(value)
            if by_user:
                bounds = (0.0, 1.0) if name in SHARES else None
                interval = bootstrap_interval(list(by_user.values()), bounds=bounds)
                # No cost and no time is below zero.
                intervals[name] = interval if interval.low is None else interval._replace(low=max(0.0, interval.low))
        return intervals


def compare_versions(split: str, tallies: Iterable[VersionTally]) -> SplitStats:
    """Return the versions of a split with their intervals, and their differences to the one with the most runs."""
    ordered: Sequence[VersionTally] = sorted(tallies, key=lambda each: (-len(each.users), each.version))
    measured = [tally.measure() for tally in ordered]
    first = measured[0]
    return SplitStats(
        split,
        tuple(
            VersionStats(
                tally.version,
                len(tally.users),
                len(set(tally.users.values())),
                measures,
                {name: subtract(measures[name], first[name]) for name in MEASURES if place and name in measures and name in first},
            )
            for place, (tally, measures) in enumerate(zip(ordered, measured, strict=True))
        ),
    )


def subtract(one: Interval, other: Interval) -> VersionDifference:
    """Return the difference of two independent means, with the interval that follows from both of theirs.

    This is the method of variance estimates recovery (G. Zou and A. Donner, Statistics in Medicine 27, 2008), which needs no symmetry.
    """
    mean = one.mean - other.mean
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return VersionDifference(mean, None, None)
    down = sqrt((one.mean - one.low) ** 2 + (other.high - other.mean) ** 2)
    up = sqrt((one.high - one.mean) ** 2 + (other.mean - other.low) ** 2)
    return VersionDifference(mean, mean - down, mean + up)
