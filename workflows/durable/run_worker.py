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
from . import log_writes, records
from .app import App
from .database import DatabaseLost, Session
from .durable_execution import DurableExecution, Unreadable
from .engine import DurableEngine
from .lease import LeaseTimes
from .migrations import check_format
from .news import Listener
from .records import Claimed
from .retention import Retention

log: logging.Logger = logging.getLogger(__name__)
SWEEP_SECONDS = 0.25
MOST_RUNS, FIRST_AT_ONCE, MOST_AT_ONCE = 300, 20, 100
"""How many runs a worker executes side by side, and how many it claims together: few at first, for the others shall have their share of a
short queue, then twice as many each time that the queue had as many."""
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
        self.engine: DurableEngine = DurableEngine(url, app=app, times=times)
        self.engine.store.stopped_state = records.QUEUED
        self._runs = RunLoop()
        self._under_way: set[Future[None]] = set()
        self._is_ending = False
        self._stopping = asyncio.Event()
        self._is_told = False
        self._turn = self._ended = 0
        self._is_full = False
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop
        self._retention = None if app.keep_days is None else Retention(app.name, app.keep_days)
        self._left: dict[str, tuple[float, float]] = {}  # runs that cannot be read here: until when they are left to others, and the pause

    def __repr__(self) -> str:
        return f"<Worker of {self.app!r} on {self.engine!r}>"

    async def work(self) -> None:
        """Work until `stop`. Runs under way are put back into the queue then, for the other workers. Raises WorkerLost."""
        store, self._loop = self.engine.store, asyncio.get_running_loop()
        store.register()
        self._runs.start()
        listener = None if store.database.is_sqlite else Listener(store.database.url, self._wake)
        swept_at = float("-inf")
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                try:
                    if time.monotonic() - swept_at >= SWEEP_SECONDS:
                        await self._sweep()
                        swept_at = time.monotonic()
                    await self._begin_queued()
                    if self._retention is not None:
                        await self._retention.prune(self.engine.store)
                    self._is_told = False
                except DatabaseLost as error:  # what runs here is written when it is back, or others have taken it over by then
                    self._tell(error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), SWEEP_SECONDS)
        finally:
            if listener is not None:
                await asyncio.to_thread(listener.end)
            await self._put_back()
            await asyncio.to_thread(self._runs.stop)
            self.engine.close()

    def stop(self) -> None:
        """Stop after what is under way has been put back; call it in the worker's event loop."""
        self._stopping.set()
        self._woken.set()

    def _wake(self) -> None:
        """Look for queued runs at once, whatever thread says that there are some."""
        with suppress(RuntimeError):  # the loop is closed: the worker has ended
            self._loop.call_soon_threadsafe(self._woken.set)

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
            log.warning("%s This worker continues when it is back.", error)

    async def _begin_queued(self) -> None:
        """Claim queued runs as long as there are some and there is room, and begin them."""
        self._under_way = {each for each in self._under_way if not each.done()}
        at_once, self._is_full = FIRST_AT_ONCE, True
        while not self._stopping.is_set() and (room := MOST_RUNS - len(self._under_way)) > 0:
            claimed, are_all = await self._claim(min(room, at_once))
            self._under_way |= {self._runs.begin(self._execute(each)) for each in claimed}
            if are_all:
                self._is_full = False
                return
            at_once = min(2 * at_once, MOST_AT_ONCE)

    async def _claim(self, most: int) -> tuple[list[Claimed], bool]:
        """Claim runs, and one suspect where there is nothing else, or where it has waited for long; say whether these were all."""
        store, now, flows = self.engine.store, self.engine.clock(), self.app.claimed_names
        lease, is_sqlite, keys = store.lease, store.database.is_sqlite, store.keys
        tried: list[tuple[str, int]] = []
        left = [run_id for run_id, (until, _) in self._left.items() if time.monotonic() < until]
        self._turn = 1 - self._turn
        resumed = (most + self._turn) // 2  # where there is room for one only, it is a new run's every other time

        def claim(session: Session) -> tuple[list[Claimed], bool]:
            def claim_queued(most: int, **how: Any) -> list[Claimed]:
                whose = (self.app.name, flows, left, lease.owner)
                return log_writes.claim_queued(session, *whose, most, keys, store.find_change, now, is_sqlite, **how)

            claimed = claim_queued(most, resumed=resumed)
            are_all = len(claimed) < most  # a run that kills its program at once has killed it before the next suspect is claimed
            claimed += claim_queued(1, suspects=True, is_busy=not are_all)
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
        # An execution that has just let go of the run may still be here, at its very end: the claim is not its own.
        self.engine.executions.pop(claimed.run.id, None)
        execution: DurableExecution | None = None
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
            if self.engine.executions.get(claimed.run.id) is execution:
                self.engine.executions.pop(claimed.run.id, None)  # the database has it
            self.engine.store.lease.forget(claimed.run.id, claimed.run.attempt)
            self._ended += 1
            if self._is_full and self._ended >= FIRST_AT_ONCE:  # there is room again, and there were more
                self._ended = 0
                self._wake()

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


class RunLoop:
    """An event loop in a thread of its own, for runs: code of theirs that blocks does not keep the worker from its sweeps and signals."""

    def start(self) -> None:
        """Begin."""
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="sayso-runs"))
        self._thread = threading.Thread(target=self._loop.run_forever, name="sayso-runs", daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        """Begin some work in it, from another thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, work: Callable[[], None]) -> None:
        """Call something in it, from another thread."""
        self._loop.call_soon_threadsafe(work)

    def stop(self) -> None:
        """End it, once what its threads do is done."""
        asyncio.run_coroutine_threadsafe(self._loop.shutdown_default_executor(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
