"""Work on the runs of an app on a Temporal server: each is executed in a registered activity, to its end or its next pause."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from temporalio import activity

from ..durable import records
from ..durable.app import App
from ..durable.durable_execution import Unreadable
from ..durable.lease import LeaseTimes
from ..durable.run_worker import MOST_RUNS, RunLoop
from ..runs.protocols import Scope
from .keeper import EXECUTE
from .temporal_engine import TemporalEngine, TemporalExecution

log: logging.Logger = logging.getLogger(__name__)


class TemporalWorker:
    """Works on the runs of `app` at `url` until it is stopped. As many as wanted may work on one namespace."""

    def __init__(self, app: App, url: str, *, times: LeaseTimes | None = None) -> None:
        self.app = app
        self.engine: TemporalEngine = TemporalEngine(url, app=app, times=times)
        self.engine.store.stopped_state = records.QUEUED
        self._runs = RunLoop()
        self._stopping = asyncio.Event()

    def __repr__(self) -> str:
        return f"<TemporalWorker of {self.app!r} on {self.engine!r}>"

    async def work(self) -> None:
        """Work until `stop`. Runs under way are put back into the queue then, for the other workers; a write is finished first."""
        server = self.engine.store.server
        self._runs.start()

        @activity.defn(name=EXECUTE)
        async def execute(run_id: str) -> None:
            await self._have_it_executed(run_id)

        try:
            polling = await server.work(server.address.find_queue(self.app.name), [execute], MOST_RUNS)
            await self._stopping.wait()
            await server.call(polling.shutdown())  # each run that is executed here is cancelled, and lets go of itself
        finally:
            await asyncio.to_thread(self._runs.stop)
            await asyncio.to_thread(self.engine.close)

    def stop(self) -> None:
        """Stop after what is under way has been put back; call it in the worker's event loop."""
        self._stopping.set()

    async def _have_it_executed(self, run_id: str) -> None:
        """Execute a run in the loop of runs, and tell the server meanwhile that this program lives. A cancelled one lets go of the run."""
        lease = self.engine.store.lease
        begun = self._runs.begin(self._execute(run_id))
        executing = asyncio.wrap_future(begun)
        try:
            while not executing.done():
                lease.beat()
                await asyncio.wait([executing], timeout=lease.times.renew_seconds / 2)
        except asyncio.CancelledError:
            self._runs.call(lambda: self._interrupt(run_id))
            with suppress(Exception):
                await asyncio.shield(executing)
            raise

    def _interrupt(self, run_id: str) -> None:
        if (execution := self.engine.executions.get(run_id)) is not None:
            execution.interrupt()

    async def _execute(self, run_id: str) -> None:
        execution: TemporalExecution | None = None
        try:
            execution = await self._open(run_id)
            with suppress(Exception, asyncio.CancelledError):  # a run's own failure is stored with the run
                try:
                    await execution.execute(suspends=True)
                except Unreadable as error:
                    log.warning("%s", error)
        finally:
            if self.engine.executions.get(run_id) is execution:
                self.engine.executions.pop(run_id, None)  # the keeper has it

    async def _open(self, run_id: str) -> TemporalExecution:
        row = await self.engine.run(run_id)
        self.engine.executions.pop(run_id, None)  # an execution that has just let go of the run may still be here, at its very end
        try:
            execution = self.engine.open_row(row, self.app)
        except Exception:  # noqa: BLE001  an input that cannot be read here: the execution finds that too
            execution = self.engine.open(self.app.flow(row.flow).execute, None, run_id, Scope)
        assert isinstance(execution, TemporalExecution)
        execution.by_worker = execution.pauses_always = True
        return execution
