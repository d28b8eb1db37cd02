"""What is said while sites are visited: how many are done, what was kept, what it cost, how long it will take."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from sayso.workflows import Run

from .budget import BudgetWatch
from .state import Visit, count_words


class Tally:
    """Counts sites as they are done, at most `concurrency` at once, and says so."""

    def __init__(self, watch: BudgetWatch, concurrency: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._watch, self._concurrency, self._clock = watch, concurrency, clock
        self._expected = self._done = 0
        self._took = 0.0

    def expect(self, sites: int) -> None:
        """Count so many sites more."""
        self._expected = self._done + sites

    def begin(self) -> float:
        """Return the moment at which a site is begun."""
        return self._clock()

    def end(self, host: str, visit: Visit, began: float, cost_usd: float) -> str:
        """Count a site that is done and return the sentence about it."""
        self._done += 1
        self._took += self._clock() - began
        parts = [_say_outcome(visit)]
        if cost_usd > 0:
            most = self._watch.budget.max_cost
            parts.append(f"${cost_usd:.2f}" + (f" of ${most:.2f}" if most is not None else ""))
        if left := self._guess_left():
            parts.append(left)
        return f"Reading {host}, {self._done} of {self._expected}: {', '.join(parts)}"

    def _guess_left(self) -> str:
        waiting = self._expected - self._done
        if waiting <= 0:
            return ""
        seconds = self._took / self._done * math.ceil(waiting / self._concurrency)
        ends = self._watch.measure_left()
        return say_left(seconds if ends is None else max(0.0, min(seconds, ends)))


def _say_outcome(visit: Visit) -> str:
    if visit.passed_over:
        return "left out"
    return count_kept(visit) if visit.pages else "not read"


def count_kept(visit: Visit) -> str:
    """Return how many claims of a visit were kept, replaced and dropped, in words."""
    replaced = sum(1 for each in visit.withdrawn if each.replaced)
    counts = ((replaced, "replaced"), (visit.dropped, "dropped"))
    return ", ".join([f"{count_words(len(visit.claims), 'claim')} kept", *(f"{number} {what}" for number, what in counts if number)])


def describe_visit(visit: Visit) -> str:
    """Return what was found on a site as a sentence."""
    return f"{visit.candidate.name}: {count_kept(visit)}, from {count_words(len(visit.pages), 'page')}"


def describe_visits(visits: Sequence[Visit]) -> str:
    """Return what was found on all sites as a sentence."""
    kept, dropped = sum(len(visit.claims) for visit in visits), sum(visit.dropped for visit in visits)
    return f"Visited {count_words(len(visits), 'site')}: {count_words(kept, 'claim')} kept, {dropped} dropped"


def say_left(seconds: float) -> str:
    """Return how long something will take, in words: "about 2 minutes left"."""
    if seconds < 50:
        return "less than a minute left"
    minutes = round(seconds / 60)
    return f"about {minutes} minute{'' if minutes == 1 else 's'} left" if minutes < 90 else f"about {round(seconds / 3600)} hours left"


def find_cost(run: Run) -> float:
    """Return what the whole research has cost so far, with what is set aside for the calls under way."""
    meter = run.scope.meter
    while meter.parent is not None:
        meter = meter.parent
    return meter.cost_usd
