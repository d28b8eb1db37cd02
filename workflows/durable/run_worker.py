"""Work on runs: execute what is queued for an app, and take over what dead programs left."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from sayso.tools.errors import RunError, UsageError

from ..runs.protocols import Scope
from . import records
from .app import App
from .database import DatabaseLost, Session
from .durable_execution import DurableExecution, Unreadable
from .engine import DurableEngine
from .lease import LeaseTimes
from .migrations import check_format
from .records import Claimed

log = logging.getLogger(__name__)
SWEEP_SECONDS = 0.25
MOST_RUNS, MOST_AT_ONCE = 300, 20
"""How many runs a worker executes side by side, and how many it claims together: the others shall have their share of a short queue."""
LEAVE_SECONDS, LONGEST_LEAVE_SECONDS = 30.0, 3600.0
"""How long a run that cannot be read here is left to others, at first and at most."""
THREADS = 16
"""How many sync functions of runs it executes at once."""


class WorkerLost(RunError):
    """The worker's database is one for newer code by now: it must end."""


class Worker:
    """Works on the runs of `app` in the database at `url` until it is stopped. As many as wanted may work on one database."""

    def __init__(self, app: App, url: str, *, times: LeaseTimes | None = None) -> None:
        self.app = app
        self.engine = DurableEngine(url, app=app, times=times)
        self.engine.store.stopped_state = records.QUEUED
        self._runs = _RunLoop()
        self._under_way: set[Future[None]] = set()
        self._is_ending = False
        self._stopping = asyncio.Event()
        self._is_told = False
        self._left: dict[str, tuple[float, float]] = {}  # runs that cannot be read here: until when they are left to others, and the pause

    async def work(self) -> None:
        """Work until `stop`. Runs under way are put back into the queue then, for the other workers. Raises WorkerLost."""
        self.engine.store.register()
        self._runs.start()
        try:
            while not self._stopping.is_set():
                try:
                    await self._sweep()
                    await self._begin_queued()
                    self._is_told = False
                except DatabaseLost as error:  # what runs here is written when it is back, or others have taken it over by then
                    self._tell(error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), SWEEP_SECONDS)
        finally:
            await self._put_back()
            await asyncio.to_thread(self._runs.stop)
            self.engine.close()

    def stop(self) -> None:
        """Stop after what is under way has been put back; call it in the worker's event loop."""
        self._stopping.set()

    async def _sweep(self) -> None:
        """Queue what dead programs left, and what has waited long enough."""
        store, now = self.engine.store, self.engine.clock()

        def sweep(session: Session) -> None:
            check_format(session, store.database.place)
            store.release_dead(session, now)
            records.wake(session, now, store.database.is_sqlite)

        try:
            await store.database.do(sweep)
        except UsageError as error:
            raise WorkerLost(str(error)) from error

    def _tell(self, error: DatabaseLost) -> None:
        if not self._is_told:
            self._is_told = True
            log.warning("%s This worker goes on when it is back.", error)

    async def _begin_queued(self) -> None:
        """Claim queued runs as long as there are some and there is room, and begin them."""
        self._under_way = {each for each in self._under_way if not each.done()}
        while not self._stopping.is_set() and (room := min(MOST_RUNS - len(self._under_way), MOST_AT_ONCE)) > 0:
            claimed, are_all = await self._claim(room)
            self._under_way |= {self._runs.begin(self._execute(each)) for each in claimed}
            if are_all:
                return

    async def _claim(self, most: int) -> tuple[list[Claimed], bool]:
        """Claim runs, and one suspect where there is nothing else; say whether these were all."""
        store, now, flows = self.engine.store, self.engine.clock(), self.app.names
        lease, is_sqlite, keys = store.lease, store.database.is_sqlite, store.keys
        tried: list[tuple[str, int]] = []
        left = [run_id for run_id, (until, _) in self._left.items() if time.monotonic() < until]

        def claim(session: Session) -> tuple[list[Claimed], bool]:
            def claim_queued(most: int, *, suspects: bool = False) -> list[Claimed]:
                whose = (self.app.name, flows, left, lease.owner)
                return records.claim_queued(session, *whose, most, keys, store.find_change, now, is_sqlite, suspects=suspects)

            claimed = claim_queued(most)
            if are_all := len(claimed) < most:  # a run that kills its program at once has killed it before the next suspect is claimed
                claimed += claim_queued(1, suspects=True)
            tried.extend((each.run.id, each.run.attempt) for each in claimed)
            lease.claim_in(session, tried)
            return claimed, are_all

        try:
            return await store.database.do(claim)
        except DatabaseLost:  # what was claimed all the same is given back by the lease
            for run_id, attempt in tried:
                lease.forget(run_id, attempt)
            raise

    async def _execute(self, claimed: Claimed) -> None:
        """Execute a claimed run to its end or its next pause, in the loop of runs; its result is in the database."""
        try:
            execution = self._open(claimed)
            if self._is_ending and (this := asyncio.current_task()):
                this.cancel()
            with suppress(Exception, asyncio.CancelledError):  # a run's own failure is stored with the run, and does not end the worker
                try:
                    await execution.execute(suspends=True)
                except Unreadable as error:
                    self._leave(claimed.run.id, error)
        finally:
            self.engine.executions.pop(claimed.run.id, None)  # the database has it
            self.engine.store.lease.forget(claimed.run.id, claimed.run.attempt)

    def _leave(self, run_id: str, error: Unreadable) -> None:
        """Leave a run to other workers for a while, each time for longer."""
        _, pause = self._left.get(run_id, (0.0, LEAVE_SECONDS))
        self._left[run_id] = (time.monotonic() + pause, min(2 * pause, LONGEST_LEAVE_SECONDS))
        log.warning("%s", error)

    def _open(self, claimed: Claimed) -> DurableExecution:
        try:
            execution = self.engine.open_row(claimed.run, self.app)
        except Exception:  # noqa: BLE001  an input that cannot be read here: the execution finds that too
            execution = self.engine.open(self.app.flow(claimed.run.flow).execute, None, claimed.run.id, Scope)
        execution.by_worker, execution.claimed_before = True, claimed
        execution.pauses_always = True  # a worker holds no run that waits: what is sent to it queues it again
        return execution

    async def _put_back(self) -> None:
        """Interrupt the runs under way, and wait until they are back in the queue; a write is finished first."""

        def interrupt() -> None:
            self._is_ending = True
            for execution in list(self.engine.executions.values()):
                execution.interrupt()

        self._runs.call(interrupt)
        await asyncio.gather(*(asyncio.wrap_future(each) for each in self._under_way))


class _RunLoop:
    """An event loop in a thread of its own, for runs: code of theirs that blocks does not keep the worker from its sweeps and signals."""

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="sayso-runs"))
        self._thread = threading.Thread(target=self._loop.run_forever, name="sayso-runs", daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, work: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(work)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._loop.shutdown_default_executor(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
