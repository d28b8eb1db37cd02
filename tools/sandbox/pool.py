"""Pools: the workers of one profile. For our own code one is warm and a spare takes over at once; for a user's, each serves one call."""

from __future__ import annotations

import os
import threading
import time
from collections import deque

from ..canonical import Json
from .children import SpawnedChild
from .errors import SandboxError
from .process import SandboxWorker, make_start_error
from .protocol import PLAIN, How
from .settings import Layers, Profile
from .zygote import CAN_FORK, ForkedChild, Zygote, ZygoteEnded, lease_zygote, release_zygote

BUSY_AT_MOST = max(2, min(4, os.cpu_count() or 2))
CANCEL_SECONDS = 0.1
"""How soon a call that still waits for a free worker notices that it was cancelled."""


class Cancellation:
    """Lets another thread stop a call: its worker is killed, and a call that still waits for a worker gives up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: SandboxWorker | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Stop the call, whatever it is waiting for."""
        with self._lock:
            self._cancelled = True
            if self._worker is not None:
                self._worker.interrupt()

    def assign(self, worker: SandboxWorker | None) -> None:
        """Note the worker that the call runs in, or None once it has left it."""
        with self._lock:
            self._worker = worker

    def check(self) -> None:
        """Raise SandboxError if the call was cancelled."""
        if self._cancelled:
            raise SandboxError("The call was cancelled.")


class Pool:
    """The workers of one profile. Nothing is started before the first call."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._changed = threading.Condition()
        self._workers: set[SandboxWorker] = set()
        self._idle: deque[SandboxWorker] = deque()  # the right end served last; spares wait at the left
        self._busy = 0
        self._closed = False
        self._forking = threading.Lock()
        self._zygote: Zygote | None = None

    def call(
        self,
        target: str,
        args: list[Json],
        kwargs: dict[str, Json],
        seconds: float,
        how: How = PLAIN,
        *,
        cancellation: Cancellation | None = None,
    ) -> Json:
        """Perform one call in a worker; blocks the calling thread. `seconds` count from when a worker takes it (see `boot_counts`)."""
        worker = self._take(cancellation)
        try:
            if cancellation is not None:
                cancellation.assign(worker)
                cancellation.check()
            if worker.layers is None:
                worker.ready()
                self._start_spare()
                if self.profile.boot_counts:
                    seconds = max(seconds * 3 / 4, seconds - (time.monotonic() - worker.began))
            return worker.call(target, args, kwargs, seconds, how)
        finally:
            if cancellation is not None:
                cancellation.assign(None)
            self.give_back(worker)

    def take_ready(self) -> SandboxWorker | None:
        """Take a worker that can serve at once on an event loop, for `give_back` afterwards; None when a thread has to wait for one."""
        with self._changed:
            if self._busy >= BUSY_AT_MOST:
                return None
            worker = self._take_idle()
            if worker is None or worker.can_wait_on_a_loop:
                self._busy += worker is not None
                return worker
            self._idle.append(worker)
            return None

    @property
    def pids(self) -> frozenset[int]:
        """Return the process ids of the workers."""
        with self._changed:
            return frozenset(worker.pid for worker in self._workers)

    @property
    def busy(self) -> int:
        """Return how many workers are in a call."""
        return self._busy

    def warm(self) -> None:
        """Wait until every worker that is not in a call has loaded its modules."""
        with self._changed:
            for worker in self._idle:
                worker.ready()

    def layers(self) -> Layers:
        """Return what is enforced around the workers of this profile, as one of them reports it."""
        worker = self._take(None)
        try:
            return worker.ready()
        finally:
            self.give_back(worker)

    def _take(self, cancellation: Cancellation | None) -> SandboxWorker:
        with self._changed:
            while self._busy >= BUSY_AT_MOST:
                self._changed.wait(CANCEL_SECONDS)
                if cancellation is not None:
                    cancellation.check()
            worker = self._take_idle()
            self._busy += 1
        try:
            return worker or self._start()
        except BaseException:
            with self._changed:
                self._busy -= 1
                self._changed.notify()
            raise

    def _take_idle(self) -> SandboxWorker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_fresh():
                return worker
            self._drop(worker)  # killed from outside while it was idle: no call was lost
        return None

    def _start(self) -> SandboxWorker:
        began = time.monotonic()
        worker = SandboxWorker(self.profile, self._fork() if CAN_FORK else SpawnedChild(), began)
        with self._changed:
            self._workers.add(worker)
        return worker

    def _fork(self, tries: int = 3) -> ForkedChild:
        with self._forking:
            try:
                zygote = self._zygote = self._zygote or lease_zygote(self.profile)
            except OSError as error:  # no file, process or memory is left
                raise make_start_error(self.profile, error.strerror or error) from None
        try:
            return zygote.fork(self.profile)
        except (ZygoteEnded, SandboxError) as error:
            self._release_zygote(zygote, ended=True)
            if isinstance(error, ZygoteEnded) and tries > 1:  # somebody ended it, so no call was lost
                return self._fork(tries - 1)
            raise make_start_error(self.profile, error) from None

    def _release_zygote(self, zygote: Zygote | None, *, ended: bool = False) -> None:
        with self._forking:
            if zygote is None or self._zygote is not zygote:
                return
            self._zygote = None
        release_zygote(zygote, ended=ended)

    def _drop(self, worker: SandboxWorker) -> None:
        self._workers.discard(worker)
        worker.close()

    def _start_spare(self) -> None:
        # Starting one returns as soon as the process exists: it loads its modules while calls run in the others.
        with self._changed:
            enough = self._closed or self.profile.once or (self._idle and len(self._idle) + self._busy >= 2)
        if not enough:
            worker = self._start()
            with self._changed:
                self._idle.appendleft(worker)

    def give_back(self, worker: SandboxWorker) -> None:
        """Keep a worker whose call is over for the next one; replace it when it is dead, and end one that serves only once."""
        served = worker.layers is not None
        if served and worker.alive and not self._closed and not self.profile.once:
            with self._changed:
                self._idle.append(worker)
                self._busy -= 1
                self._changed.notify()
            return
        if self.profile.once:  # with all its threads, before anybody sees its answer
            worker.kill()
        with self._changed:
            self._busy -= 1
            self._changed.notify()
        if served:  # start the replacement first: close() waits until the system has taken back the dead one's memory
            self._start_spare()
        with self._changed:
            self._workers.discard(worker)
        worker.close()
        if self._closed or not (served or self._workers):  # nothing starts from it
            self._release_zygote(self._zygote)

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
        self._release_zygote(self._zygote)

    def abandon(self) -> None:
        """Forget the workers without ending them: after a fork they belong to the parent."""
        for worker in self._workers:
            worker.abandon()
