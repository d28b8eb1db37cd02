"""Caps on what the model calls of many runs may cost together: in all or for each user or agent, for each hour, day, week or month."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Literal, NamedTuple

from sayso.tools.canonical import canonical_json
from sayso.tools.errors import CapReached, UsageError

Period = Literal["hour", "day", "week", "month"]
PERIODS: tuple[Period, ...] = ("hour", "day", "week", "month")
WHOM = ("user", "agent")
CENT = 1e-9
"""A dollar is not a binary fraction: ten dimes must make one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cap:
    """The most that the model calls of runs may cost together, in US dollars.

    `per` is an hour, a day, a week (from Monday) or a month of the calendar in the time zone `zone`. `by` says whose runs count together:
    with "user" each user has so much, with "agent" each agent or workflow that is run, with ("user", "agent") each pair of them; by default
    all runs share it. `user` and `agent` make it one for the runs of that user or agent alone. Runs of no user count together.

    Raises UsageError for what is no amount of money, no period, and no time zone.
    """

    usd: float
    per: Period = "day"
    by: str | tuple[str, ...] = ()
    user: str | None = None
    agent: str | None = None
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if isinstance(self.usd, bool) or not isinstance(self.usd, (int, float)) or not (math.isfinite(self.usd) and self.usd >= 0):
            raise UsageError(f"Cap(usd={self.usd!r}) is not an amount of money. Write US dollars, not below zero: Cap(usd=5).")
        if self.per not in PERIODS:
            raise UsageError(f"Cap(per={self.per!r}) is not a period. Periods: {', '.join(PERIODS)}.")
        for each in self.grouped_by:
            if each not in WHOM:
                raise UsageError(f"Cap(by={self.by!r}): runs are counted by user, by agent, or by both: by=('user', 'agent').")
        find_zone(self.zone)

    @property
    def grouped_by(self) -> tuple[str, ...]:
        """Return by what runs are counted apart."""
        return (self.by,) if isinstance(self.by, str) else tuple(self.by)

    def __str__(self) -> str:
        of = "".join(f" of the {name} {value!r}" for name, value in (("user", self.user), ("agent", self.agent)) if value is not None)
        each = f" for each {' and '.join(self.grouped_by)}" if self.grouped_by else ""
        return f"{show_usd(self.usd)} {'an' if self.per == 'hour' else 'a'} {self.per}{each}{of}"


class CapWindow(NamedTuple):
    """A cap as it holds for one run at one moment: since when and until when, for whom, and the key under which what is used is counted."""

    cap: Cap
    key: str
    begins_at: float
    ends_at: float
    user: str | None
    agent: str | None

    def check(self, used_usd: float, more_usd: float) -> None:
        """Raise CapReached where so much more would be over the cap; at the start of a run (0 more) where nothing is left of it."""
        left = self.cap.usd - used_usd
        if more_usd > left + CENT or (more_usd == 0 and used_usd > 0 and left <= CENT):
            raise CapReached(self._describe(used_usd, more_usd), allowed=self.cap.usd, seen=used_usd + more_usd, free_at=self.ends_at)

    def _describe(self, used_usd: float, more_usd: float) -> str:
        whose = [f"{name} {value!r}" for name, value in (("user", self.user), ("agent", self.agent)) if value is not None]
        until = datetime.fromtimestamp(self.ends_at, find_zone(self.cap.zone)).strftime("%Y-%m-%d %H:%M")
        more = f", and this model call could cost up to {show_usd(more_usd)}, so it was not made" if more_usd else ", so no run is begun"
        less = " Shorter replies reserve less: sampling=Sampling(max_tokens=...)." if more_usd else ""
        return (
            f"The cap of {self.cap} is reached{' (' + ', '.join(whose) + ')' if whose else ''}: {show_usd(used_usd)} used{more}. "
            f"It is free again at {until} {self.cap.zone}. Run it again then, or raise Cap(usd=...).{less}"
        )


def show_usd(usd: float) -> str:
    """Return an amount with as many digits as it takes: $5.00, $0.005."""
    whole, _, part = f"{usd:.6f}".partition(".")
    return f"${whole}.{part.rstrip('0').ljust(2, '0')}"


def check_caps(caps: Iterable[Cap] | None) -> tuple[Cap, ...]:
    """Return caps as a tuple. Raises UsageError for anything else."""
    if caps is None:
        return ()
    given = tuple(caps) if isinstance(caps, Iterable) else (caps,)
    for each in given:
        if not isinstance(each, Cap):
            raise UsageError(f"{each!r} is not a cap. Write caps=[Cap(usd=5, per='day', by='user')].")
    return given


def find_windows(caps: Sequence[Cap], user: str, agent: str, now: float) -> list[CapWindow]:
    """Return the caps that hold for a run of this user and agent now, in the order of their keys: no two programs lock crosswise."""
    held = [each for each in caps if each.user in (None, user) and each.agent in (None, agent)]
    return sorted((_find_window(each, user, agent, now) for each in held), key=lambda window: (window.key, window.cap.usd))


def _find_window(cap: Cap, user: str, agent: str, now: float) -> CapWindow:
    begins_at, ends_at = find_period(cap.per, now, find_zone(cap.zone))
    whose = user if "user" in cap.grouped_by or cap.user is not None else None
    which = agent if "agent" in cap.grouped_by or cap.agent is not None else None
    return CapWindow(cap, canonical_json([cap.per, begins_at, whose, which]), begins_at, ends_at, whose, which)


def find_period(per: Period, now: float, zone: tzinfo) -> tuple[float, float]:
    """Return when the hour, day, week or month of a moment begins and ends, in seconds since 1970. A day of a clock change is longer."""
    if per == "hour":
        return now - now % 3600, now - now % 3600 + 3600
    today = datetime.fromtimestamp(now, zone).date()
    match per:
        case "day":
            first, following = today, today + timedelta(days=1)
        case "week":
            first = today - timedelta(days=today.weekday())
            following = first + timedelta(days=7)
        case "month":
            first = today.replace(day=1)
            following = (first + timedelta(days=32)).replace(day=1)
    return _find_midnight(first, zone), _find_midnight(following, zone)


def _find_midnight(day: date, zone: tzinfo) -> float:
    return datetime.combine(day, time(), tzinfo=zone).timestamp()


@cache
def find_zone(name: str) -> tzinfo:
    """Return a time zone by its name, such as "Europe/Berlin". Raises UsageError for one that this machine does not know."""
    from zoneinfo import ZoneInfo  # late, for load time: few programs name any

    if name == "UTC":
        from datetime import UTC

        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, TypeError, KeyError):
        raise UsageError(
            f"There is no time zone {name!r} here. Write UTC or a name such as Europe/Berlin (Windows has them with: pip install tzdata)."
        ) from None
