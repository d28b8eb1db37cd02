"""Keep this program's lease, and watch those of others: a counter in the database that a thread of its own raises.

Others take a program's runs over when they have seen its counter unchanged for 15 seconds on their own clock; no two clocks are compared.
What the program owns in the database and executes no more is given back at each renewal, and what could not be written is written then.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from sayso.tools.errors import UsageError

from . import records
from .database import Connection, Session, is_busy
from .liveness import Locks

log: logging.Logger = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0
"""How soon a renewal that failed is tried again."""
SHORTEST_GAP_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaseTimes:
    """How often a program renews its lease, after how long unchanged others take its runs over, and how long a write to a database that
    is away is tried again before the run is given up here."""

    renew_seconds: float = 5.0
    expire_seconds: float = 15.0
    patience_seconds: float = 30.0

    def __post_init__(self) -> None:
        if not 0 < 2 * self.renew_seconds <= self.expire_seconds:
            raise UsageError(
                f"{self!r}: a lease must be renewed at least twice before it expires. Let expire_seconds be 2 * renew_seconds or more."
            )


read_clock: Callable[[], float] = partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
"""Returns seconds since some moment, by a clock that nobody sets and that goes on while the machine sleeps."""


@dataclass(eq=False)
class Lease:
    """The lease of this program under the name `owner`. `begin` takes it, `end` gives back what is left and lets go of it."""

    url: str
    locks: Locks
    owner: str
    times: LeaseTimes
    clock: Callable[[], float]
    carried: dict[str, int] = field(default_factory=dict)
    """The runs that are executed here, each with the attempt that claimed it."""
    held: set[tuple[str, int]] = field(default_factory=set)
    """Those of them whose claim is confirmed."""
    lost: set[tuple[str, int]] = field(default_factory=set)
    """Those of them that are somebody else's by now."""
    unwritten: dict[str, Callable[[Session], object]] = field(default_factory=dict)
    """Of runs that are no more executed here: what the database did not take."""
    renewed_at: float = float("-inf")
    stopped_state: str = records.INTERRUPTED
    _process: int = field(default_factory=os.getpid)

    def __post_init__(self) -> None:
        self.connection: Connection = Connection(self.url, busy_seconds=self.times.renew_seconds)
        self._is_sqlite, self._place = self.connection.is_sqlite, self.connection.place
        self._locked: object = None  # the connection that holds the lock
        self._answered_by: tuple[object, int] | None = None
        self._is_pooled = False
        self._over, self._begun = threading.Event(), threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._keep, name="sayso-lease", daemon=True)

    def begin(self) -> None:
        """Take the lock and the lease. Raises UsageError where the database does not let this program have them."""
        self._thread.start()
        self._begun.wait()
        if self._error is not None:
            told = str(self.connection.translate(self._error))
            raise UsageError(f"This program cannot execute runs, because it cannot keep its lease. {told}") from None

    def end(self) -> None:
        """Write what is left to write, give back what is left to give back, and let go of lock and lease."""
        if self._process == os.getpid() and not self._over.is_set():
            self._over.set()
            self._thread.join()

    def claim_in(self, session: Session, runs: list[tuple[str, int]]) -> None:
        """Note the runs that a transaction claims, each with its attempt, before it can be read that they are claimed."""
        now = read_clock()
        if now - self.renewed_at >= self.times.expire_seconds:  # this program was stopped: others would take them over at once
            records.renew_lease(session, self.owner, self._is_sqlite)
            self.renewed_at = now
        self.carried.update(runs)

    def forget(self, run_id: str, attempt: int) -> None:
        """Note that a claimed run is not executed here any more; what the database did not take of it yet is written first."""
        self.held.discard((run_id, attempt))
        self.lost.discard((run_id, attempt))
        if run_id not in self.unwritten and self.carried.get(run_id) == attempt:
            del self.carried[run_id]

    def _keep(self) -> None:
        pause, is_told, began = 0.0, False, time.monotonic()
        while not self._over.wait(pause):
            try:
                with self.connection.in_use:  # a lock file that is just being made is no fork's
                    self.renew()
                pause, is_told = self.times.renew_seconds, False
            except Exception as error:  # noqa: BLE001  whatever it is, it is tried again; as long as the lease is not renewed others act
                if not self._begun.is_set():
                    if is_busy(error) and time.monotonic() - began < self.times.patience_seconds:
                        pause = min(AGAIN_SECONDS, self.times.renew_seconds)
                        continue  # another program writes to the file for long: a backup, a prune
                    self._error = error
                    self._over.set()
                else:
                    if not is_told:  # once for each time that the database is away
                        log.warning("Sayso could not renew this program's lease, and tries again. %s", self.connection.translate(error))
                    is_told = True
                    pause = min(AGAIN_SECONDS, self.times.renew_seconds)
            self._begun.set()
        if self._error is None:
            with suppress(Exception):  # others find out by themselves
                self._let_go()
        self.connection.close()
        self.locks.let_go(self.owner)

    def renew(self) -> None:
        """Raise the counter, write what is left to write, and give back what is not executed here any more."""
        now, raw = read_clock(), self.connection.open()
        if self._is_sqlite or self._locked is not raw:  # an advisory lock is one connection's; a file can be removed
            self._locked = raw if self.locks.hold(self.owner, raw) else None
        held = set(self.held)
        with self.connection.transaction() as session:
            owned = records.renew_lease(session, self.owner, self._is_sqlite)
            if not self._is_sqlite:
                self._notice_pool(session)
        late, self.renewed_at = now - self.renewed_at, now
        self.lost |= (held - owned) & self.held
        if late >= self.times.expire_seconds and held - owned:
            log.warning(
                "This program did not renew its lease for %.0f s (it was stopped, its database was away, or a call held Python's lock), so "
                "others took over runs of it: %s. If that happens again, let LeaseTimes(expire_seconds=) be longer.",
                late,
                ", ".join(sorted(run_id for run_id, _ in held - owned)),
            )
        self._write_left()
        if owned != set(self.carried.items()):
            self._give_back()

    def _notice_pool(self, session: Session) -> None:
        """Warn, once, where this connection is not answered by the server's process that answered it before: the lock is that one's."""
        (process,) = session.execute("SELECT pg_backend_pid()").fetchone()
        before, self._answered_by = self._answered_by, (self.connection.raw, int(process))
        if before is not None and before[0] is self.connection.raw and before[1] != process and not self._is_pooled:
            self._is_pooled = True
            log.warning(
                "%s is reached through a pool in transaction mode, which loses this program's lock: other programs may take its runs "
                "over while it executes them. Use pool_mode = session, or the server itself (docs/operations.md).",
                self._place,
            )

    def _give_back(self) -> None:
        """Give back the runs that the program owns and does not execute: their task crashed, or their end could not be written."""
        with self.connection.transaction() as session:
            # What is claimed meanwhile is in `carried` before it can be read here.
            owned = records.find_owned(session, self.owner)
            left = {run_id for run_id, attempt in owned if self.carried.get(run_id) != attempt}
            for run_id, attempt in owned:
                if run_id in left:
                    records.give_back(session, run_id, attempt, self.owner, self.stopped_state, self.clock())
        if left:
            log.warning("Given back, because they were not executed here any more: %s.", ", ".join(sorted(left)))

    def _write_left(self) -> None:
        """Write what the database did not take when it was due; a run that is somebody else's by now is let go of."""
        for run_id, write in list(self.unwritten.items()):
            with self.connection.transaction() as session:
                write(session)
            self.unwritten.pop(run_id, None)
            self.carried.pop(run_id, None)

    def _let_go(self) -> None:
        self._write_left()
        self.carried.clear()
        self._give_back()
        with self.connection.transaction() as session:
            records.end_lease(session, self.owner)


class Watch:
    """What this program has seen of others' leases."""

    def __init__(self, times: LeaseTimes, clock: Callable[[], float] = time.monotonic) -> None:
        self._times, self._clock = times, clock
        self._longest_gap = max(times.renew_seconds, SHORTEST_GAP_SECONDS)
        self._seen: dict[str, tuple[int, float, float]] = {}  # the counter, since when it is so, and when it was seen last

    def has_expired(self, owner: str, beat: int) -> bool:
        """Return whether the counter has been seen unchanged for too long.

        Only time in which it was looked at counts: while this program was stopped or the database was away, the other could not renew.
        """
        now = self._clock()
        known, since, last = self._seen.get(owner, (None, now, now))
        if known != beat or now - last > self._longest_gap:
            since = now
        self._seen[owner] = (beat, since, now)
        return now - since >= self._times.expire_seconds

    def forget(self, owner: str) -> None:
        """Forget a program whose runs were taken over."""
        self._seen.pop(owner, None)
