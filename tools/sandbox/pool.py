"""The workers of one profile: one warm and a spare that takes over at once; more only when several calls come together."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import Any

from .errors import SandboxError
from .process import Worker
from .settings import Layers, Profile

BUSY_AT_MOST = max(2, min(4, os.cpu_count() or 2))
CANCEL_SECONDS = 0.1
"""How soon a call that still waits for a free worker notices that it was cancelled."""


class Cancellation:
    """Lets another thread stop a call: the worker is killed, and a call that still waits for one gives up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Stop the call, whatever it is waiting for."""
        with self._lock:
            self._cancelled = True
            if self._worker is not None:
                self._worker.interrupt()

    def runs_in(self, worker: Worker | None) -> None:
        """The call is now in this worker (None: in none)."""
        with self._lock:
            self._worker = worker

    def check(self) -> None:
        """SandboxError when the call was cancelled."""
        if self._cancelled:
            raise SandboxError("The call was cancelled.")


class Pool:
    """The workers of one profile. Nothing is started before the first call."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._changed = threading.Condition()
        self._workers: set[Worker] = set()
        self._idle: deque[Worker] = deque()  # the right end served last; spares wait at the left
        self._busy = 0
        self._closed = False

    def call(
        self,
        target: str,
        args: list[Any],
        kwargs: dict[str, Any],
        seconds: float,
        *,
        typed: bool = False,
        cancellation: Cancellation | None = None,
    ) -> Any:
        """Perform one call in a worker; blocks the calling thread. `seconds` count from when a worker takes it (see `boot_counts`)."""
        worker = self._take(cancellation)
        try:
            if cancellation is not None:
                cancellation.runs_in(worker)
                cancellation.check()
            if worker.layers is None:
                began = time.monotonic()
                worker.ready()
                self._keep_a_spare()
                if self.profile.boot_counts:
                    seconds = max(seconds * 3 / 4, seconds - (time.monotonic() - began))
            return worker.call(target, args, kwargs, seconds, typed=typed)
        finally:
            if cancellation is not None:
                cancellation.runs_in(None)
            self.give_back(worker)

    def take_ready(self) -> Worker | None:
        """A worker that can serve at once on an event loop, for `give_back` afterwards; None when a thread has to wait for one."""
        with self._changed:
            if self._busy >= BUSY_AT_MOST:
                return None
            worker = self._fresh()
            if worker is None or worker.can_wait_on_a_loop:
                self._busy += worker is not None
                return worker
            self._idle.append(worker)
            return None

    @property
    def pids(self) -> frozenset[int]:
        """The process ids of its workers."""
        with self._changed:
            return frozenset(worker.pid for worker in self._workers)

    @property
    def busy(self) -> int:
        """How many of them are in a call."""
        return self._busy

    def warm(self) -> None:
        """Wait until every worker that is not in a call has loaded its modules."""
        with self._changed:
            for worker in self._idle:
                worker.ready()

    def layers(self) -> Layers:
        """What is enforced around the workers of this profile, as one of them reports it."""
        worker = self._take(None)
        try:
            return worker.ready()
        finally:
            self.give_back(worker)

    def _take(self, cancellation: Cancellation | None) -> Worker:
        with self._changed:
            while self._busy >= BUSY_AT_MOST:
                self._changed.wait(CANCEL_SECONDS)
                if cancellation is not None:
                    cancellation.check()
            worker = self._fresh() or self._start()
            self._busy += 1
            return worker

    def _fresh(self) -> Worker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_fresh():
                return worker
            self._drop(worker)  # somebody killed it while it had nothing to do: nobody needs to hear of that
        return None

    def _start(self) -> Worker:
        worker = Worker(self.profile)
        self._workers.add(worker)
        return worker

    def _drop(self, worker: Worker) -> None:
        self._workers.discard(worker)
        worker.close()

    def _keep_a_spare(self) -> None:
        # Starting one returns as soon as the process exists: it loads its modules while calls run in the others.
        with self._changed:
            if not self._closed and (not self._idle or len(self._idle) + self._busy < 2):
                self._idle.appendleft(self._start())

    def give_back(self, worker: Worker) -> None:
        """The call is over: keep the worker for the next one, or replace it when it is dead."""
        served = worker.layers is not None
        if served and worker.alive and not self._closed:
            with self._changed:
                self._idle.append(worker)
                self._busy -= 1
                self._changed.notify()
            return
        with self._changed:
            self._busy -= 1
            self._changed.notify()
        if served:  # the replacement first: closing waits until the system has taken back the dead one's memory
            self._keep_a_spare()
        with self._changed:
            self._workers.discard(worker)
        worker.close()

    def close(self) -> None:
        """End all workers; a call that is in one gets SandboxDied."""
        with self._changed:
            self._closed = True
            idle, self._idle = list(self._idle), deque()
            busy = self._workers.difference(idle)
        for worker in busy:
            worker.kill()  # its pipes are closed by the thread that waits at them
        for worker in idle:
            self._drop(worker)

    def abandon(self) -> None:
        """Let go of the workers without ending them: for a forked process, whose parent they belong to."""
        for worker in self._workers:
            worker.abandon()
