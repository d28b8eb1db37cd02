"""Work on runs: execute what is queued for an app, and take over what dead programs left."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress

from sayso.tools.errors import RunError, SaysoError, UsageError

from . import records
from .app import App
from .database import DatabaseLost, Session
from .dispatch import Dispatch, queue_name
from .engine import DurableEngine
from .records import RunRow, Superseded

SWEEP_SECONDS = 0.25
AGAIN_SECONDS = 30.0


class WorkerLost(RunError):
    """The worker's lock or its database is gone; it must end, for others may have taken its runs."""


class Worker:
    """Works on the runs of `app` in the database at `url` until it is stopped. As many as wanted may work on one database."""

    def __init__(self, app: App, url: str) -> None:
        self.app = app
        self.engine = DurableEngine(url, app=app)
        self.engine.store.stopped_state = records.QUEUED
        store = self.engine.store
        store.dispatch = Dispatch(store.database.url, store.register(), queue_name(app.name), self._execute)
        self._queued: set[str] = set()
        self._over: dict[str, Future[None]] = {}
        self._stopping = asyncio.Event()

    async def work(self) -> None:
        """Work until `stop`. Runs under way are put back into the queue then, for the other workers. Raises WorkerLost."""
        await asyncio.to_thread(self.engine.dispatch.launch)
        try:
            while not self._stopping.is_set():
                await self._sweep()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), SWEEP_SECONDS)
        finally:
            await self._put_back()
            await asyncio.to_thread(self.engine.close)

    def stop(self) -> None:
        """Stop after what is under way has been put back; call it in the worker's event loop."""
        self._stopping.set()

    async def _sweep(self) -> None:
        store, now = self.engine.store, self.engine.clock()
        if not await asyncio.to_thread(store.liveness.is_held):
            raise WorkerLost("This worker's lock on the database is lost, so others may take its runs; it ends. Start it again.")

        def sweep(session: Session) -> tuple[list[str], list[RunRow]]:
            dead = records.release_dead(session, store.liveness.is_dead, now)
            records.wake(session, now)
            return dead, [row for row in records.run_rows(session, (records.QUEUED,)) if row.app == self.app.name]

        try:
            dead, queued = await store.database.do(sweep)
        except DatabaseLost as error:
            raise WorkerLost(str(error)) from error
        for owner in dead:
            await asyncio.to_thread(store.dispatch.take_over, owner, self.app.name)
        await asyncio.to_thread(self._enqueue, queued, now)

    def _enqueue(self, queued: list[RunRow], now: float) -> None:
        names = {f"{row.id}#{row.attempt + 1}.{int((now - row.changed_at) / AGAIN_SECONDS)}" for row in queued}
        for name in names - self._queued:
            self.engine.dispatch.enqueue(self.app.name, name)
        self._queued = names

    async def _execute(self, run_id: str) -> str:
        """Execute one queued run to its end or its next pause; its result is in the database."""
        try:
            row = await self.engine.run(run_id)
            if row.state != records.QUEUED:
                return "nothing to do"
            execution = self.engine.open_row(row, self.app)
        except UsageError as error:
            return str(error)
        execution.by_worker = True
        over = self._over[run_id] = Future()
        try:
            await execution.execute(suspends=True)
        except Superseded:
            return "executed elsewhere"
        except SaysoError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001  a flow's own failure ends its run, where it is stored, and not the worker
            return repr(error)
        finally:
            self.engine.executions.pop(run_id, None)  # the database has it
            self._over.pop(run_id, None)
            over.set_result(None)
        return "executed"

    async def _put_back(self) -> None:
        for execution in list(self.engine.executions.values()):
            execution.interrupt()
        await asyncio.gather(*(asyncio.wrap_future(over) for over in list(self._over.values())))
