"""A run in the database: what it keeps and tells is written before it goes on, and only under a claim that still holds."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.tools.errors import Cancelled

from ..runs.codec import from_json, to_json
from ..runs.events import ApprovalAsked, BranchEnded, BranchFailed, BranchStarted
from ..runs.execution import Execution
from ..runs.limits import Limits
from ..runs.memory_run import StrictRun
from ..runs.protocols import B, Scope, Ts, WorkflowCode
from ..runs.run_result import RunResult
from . import records
from .chain import Row
from .database import DatabaseLost, Session, to_the_end
from .records import Claimed, Superseded

if TYPE_CHECKING:
    from .engine import DurableEngine

TELL_SECONDS = 0.1
LISTEN_SECONDS = 0.2


class DurableRun(StrictRun):
    """A line whose every kept value is on the disk before the next step."""

    __slots__ = ()

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Do `op(*args)` once; its result is on the disk when this returns."""
        root: DurableExecution = self.root  # type: ignore[assignment]
        root.still_ours()
        try:
            value = await super().step(name, op, *args, preemptible=preemptible)
        finally:
            if root.unwritten:
                await root.written()
        return value

    async def wait(self, topic: str | None, timeout_seconds: float | None = None) -> Any:
        """What was sent under `topic`; that it came is on the disk when this returns."""
        root: DurableExecution = self.root  # type: ignore[assignment]
        root.still_ours()
        if timeout_seconds is not None and not (topic or "").startswith("approve:"):  # a request has an end of its own
            timeout_seconds = await self._left(timeout_seconds)
        value = await super().wait(topic, timeout_seconds)
        if root.unwritten:
            await root.written()
        return value

    async def emit(self, event: Any) -> None:
        """Tell whoever listens, once; a request is on the disk before anybody is asked, so that it can be answered from elsewhere."""
        await super().emit(event)
        root: DurableExecution = self.root  # type: ignore[assignment]
        if isinstance(event, ApprovalAsked) and root.unwritten:
            await root.written()

    async def _left(self, timeout_seconds: float) -> float:
        """What is left of a time that began before a restart."""
        place = self._at if self._at < len(self._names) else len(self._kept)
        until: float = await self.step(f"until:{place}", self._until, timeout_seconds)
        return max(0.0, until - self.clock())

    async def _until(self, timeout_seconds: float) -> float:
        return self.clock() + timeout_seconds


class DurableExecution(Execution):
    """One run with all its children, carried here under a claim."""

    __slots__ = (
        "_emitted_before",
        "_later",
        "_noted",
        "_put_down",
        "_writing",
        "_written",
        "by_worker",
        "claimed",
        "heard_of",
        "loop",
        "lost",
        "unwritten",
    )

    engine: DurableEngine
    claimed: records.RunRow

    def __init__(self, engine: DurableEngine, run_id: str, workflow: WorkflowCode, value: Any, fresh: Callable[[], Scope]) -> None:
        super().__init__(engine, run_id, workflow, value, fresh)
        self.heard_of = 0
        self.by_worker = False  # which is inside an execution that DBOS began
        self.loop: asyncio.AbstractEventLoop | None = None
        self.unwritten: list[Row] = []
        self.lost: Exception | None = None
        self.history = None  # events are in the log
        self.watched = True
        self._writing = asyncio.Lock()
        self._put_down = self._written = 0  # how many rows there were, and how many of them are on the disk
        self._later: asyncio.TimerHandle | None = None
        self._emitted_before: dict[str, int] = {}
        self._noted: list[Any] = []

    # writing

    def write(self, kind: str, run: str, name: str, value: Any) -> None:
        """Put a row down for the next writing; `value` is JSON."""
        self.unwritten.append(Row(0, self.clock(), run, kind, name, json.dumps(value)))
        self._put_down += 1

    def sent(self, run: str, name: str, prompt: Any) -> None:
        """Keep what a step sends to a model, with the next writing."""
        super().sent(run, name, prompt)
        self.write("sent", run, name, prompt)

    def note(self, event: Any) -> None:
        """Tell an event to the listeners, and write it down soon."""
        super().note(event)
        run = getattr(event, "run", self.id)
        told = self.emitted.get(run, 0)
        kind = "event" if told == self._emitted_before.get(run, 0) else "told"
        self._emitted_before[run] = told
        self.write(kind, run, type(event).__name__, to_json(event))
        self._noted.append(event)
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(TELL_SECONDS, self._write_soon)

    def _write_soon(self) -> None:
        self._later = None
        if self.unwritten and self.lost is None:
            task = asyncio.ensure_future(self.written())
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def written(self, then: Callable[[Session], Any] | None = None) -> Any:
        """Write what there is to write, and do `then` in the same transaction; gives what it gives.

        Raises Superseded or DatabaseLost, and from then on nothing is done any more.
        """
        last = self._put_down
        async with self._writing:
            if last <= self._written and then is None:  # another branch has written it beside its own; what has come since can wait
                return None
            self.still_ours()
            rows, self.unwritten = self.unwritten, []
            events, self._noted = self._noted, []
            return await to_the_end(self._on_the_disk(rows, events, self._put_down, then))

    async def _on_the_disk(self, rows: list[Row], events: list[Any], last: int, then: Callable[[Session], Any] | None) -> Any:
        claimed, key, now = self.claimed, self.engine.key, self.clock()

        def write(session: Session) -> tuple[records.RunRow, Any]:
            after = records.append(session, claimed, rows, key, now) if rows else claimed
            for event in events:
                records.note_approval(session, claimed.id, event, now)
            return after, then(session) if then is not None else None

        try:
            self.claimed, given = await self.engine.do(write)
        except (Superseded, DatabaseLost) as error:
            self.lost = error
            error.run_id = self.id
            raise
        self._written = last
        return given

    def still_ours(self) -> None:
        """Raises what took the run from this program, if something did."""
        if self.lost is not None:
            raise self.lost

    # claiming and letting go

    async def _execute(self, suspends: bool) -> RunResult[Any]:
        while True:
            claimed = await self._claimed_for_us()
            if isinstance(claimed, Claimed):
                break
            if self.by_worker:
                raise Superseded(f"Run {self.id} is {claimed.state}.")
            if claimed.state != records.RUNNING:
                self.result = await self.engine.ended(claimed)
                return self.result
            await asyncio.sleep(LISTEN_SECONDS)  # somebody else carries it: its end is ours
        self._take(claimed)
        if self.by_worker:
            return await self._executed(suspends)
        name = f"{self.id}#{self.claimed.attempt}.{self.engine.owner}"
        executed = False

        async def work() -> RunResult[Any]:
            nonlocal executed
            executed = True
            return await self._executed(suspends)

        try:
            return await self.engine.dispatch.within(name, work)
        finally:
            if not executed:  # stopped before it began
                with suppress(asyncio.CancelledError):
                    await to_the_end(self._end(self.engine.stopped_state))

    async def _claimed_for_us(self) -> Claimed | records.RunRow:
        """The claim; one that comes when we are stopped meanwhile is let go of, for nobody else could carry the run."""
        claiming = asyncio.ensure_future(self._claimed())

        async def let_go() -> None:
            claimed = await claiming
            if isinstance(claimed, Claimed):
                self._take(claimed)
                await self._end(self.engine.stopped_state)

        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            with suppress(asyncio.CancelledError, DatabaseLost):
                await to_the_end(let_go())
            raise

    async def exist(self) -> None:
        """Be in the database, for others to send to, before anybody carries the run."""
        await self.engine.do(self._creating())

    def _creating(self) -> Callable[[Session], None]:
        engine, now = self.engine, self.clock()
        flow = getattr(getattr(self.workflow, "__self__", None), "name", "") or getattr(self.workflow, "__qualname__", "flow")
        given = json.dumps(to_json(self.value, f"the input of run {self.id}"))
        limits = limits_text(self.fresh().meter.limits)
        app = engine.app.name if engine.app is not None and flow in engine.app else ""

        def create(session: Session) -> None:
            records.create(session, self.id, flow, app, given, limits, records.NEW, now)

        return create

    async def _claimed(self) -> Claimed | records.RunRow:
        engine, now, create = self.engine, self.clock(), self._creating()
        owner, by_worker, is_sqlite = engine.be(), self.by_worker, engine.database.is_sqlite
        limits = limits_text(self.fresh().meter.limits)

        def claim(session: Session) -> Claimed | records.RunRow:
            create(session)
            row = records.run_row(session, self.id, locked=True, is_sqlite=is_sqlite)
            assert row is not None
            if by_worker and row.state != records.QUEUED:
                return row
            if row.state == records.DONE or (row.state == records.RUNNING and not engine.liveness.is_dead(row.owner or "")):
                return row
            return records.claim(session, row, owner, limits if limits != "null" else None, now)

        claimed: Claimed | records.RunRow = await engine.do(claim)
        return claimed

    def _take(self, claimed: Claimed) -> None:
        """All that the database holds of the run, as this program's state of it."""
        run = claimed.run
        self.claimed, self.lost = run, None
        self.unwritten, self._noted, self._emitted_before = [], [], {}
        self._put_down = self._written = 0
        self.loop, self._writing = asyncio.get_running_loop(), asyncio.Lock()
        self.value = from_json(json.loads(run.input))
        self.journal, self.order, self.inbox = {}, [], {}
        self.told, self.emitted, self.pending = {}, {}, {}
        self.attempts = run.attempt - 1
        self.result = None
        for entry in records.entries(claimed.log):
            self.journal.setdefault(entry.run, {})[entry.name] = from_json(entry.value)
            self.order.append(entry)
        for row in claimed.log:
            if row.kind == "told":
                self.emitted[row.run] = self._emitted_before[row.run] = self.emitted.get(row.run, 0) + 1
            elif row.name in BRANCHES:
                self.told[row.run] = BRANCHES[row.name]
        self._hear(claimed.inbox)
        if not claimed.log:
            self.write("started", self.id, run.flow, json.loads(run.input))
        self.write("begun", self.id, str(run.attempt), {"by": run.owner})

    def interrupt(self) -> None:
        """Stop carrying it here, from whatever thread; the run is not over."""

        def cancel() -> None:
            if self.executing_task is not None:
                self.executing_task.cancel()

        if self.loop is not None and self.is_running:
            self.loop.call_soon_threadsafe(cancel)

    def is_here(self) -> bool:
        """Whether it is carried in the event loop of the caller."""
        return self.is_running and self.loop is asyncio.get_running_loop()

    def _hear(self, inbox: list[tuple[str, str, str]]) -> None:
        for run, topic, value in inbox:
            if (run, topic) not in self.inbox:
                self.send(run, topic, from_json(json.loads(value)))

    async def _executed(self, suspends: bool) -> RunResult[Any]:
        """Carry the run through under the claim, and let go of it as it ended."""
        listening = asyncio.get_running_loop().create_task(self._listen())
        try:
            while True:
                result = await super()._execute(suspends)
                if result.finished:
                    await self._end(records.DONE, output=_output(result))
                    return result
                if await self._paused():
                    return result
        except Cancelled:
            await self._end(records.CANCELLED)
            raise
        except Exception as error:
            if error is self.lost:
                raise
            self._forget(error)
            await self._end(records.FAILED, error=json.dumps(to_json(error)))
            raise
        except BaseException:  # this program is being stopped; the run is not over
            await asyncio.shield(self._end(self.engine.stopped_state))
            raise
        finally:
            listening.cancel()
            if self._later is not None:
                self._later.cancel()
                self._later = None

    async def _paused(self) -> bool:
        """Let go of a run that can only wait; False if it heard of something meanwhile, and goes on."""
        wake_at = min((request.expires_at for request in self.pending.values()), default=None)
        root, claim, heard, now = self.id, self.claimed.attempt, self.heard_of, self.clock()
        is_sqlite = self.engine.database.is_sqlite
        self.write("ended", root, records.WAITING, None)
        if await self.written(lambda session: records.pause(session, root, claim, heard, wake_at, now, is_sqlite)):
            return True
        self._hear(await self.engine.do(lambda session: records.inbox_rows(session, root)))
        return False

    async def _end(self, state: str, *, output: str | None = None, error: str | None = None) -> None:
        root, claim, now = self.id, self.claimed.attempt, self.clock()
        self.write("ended", root, state, None)
        with suppress(Superseded, DatabaseLost):  # then it is not ours to end
            await self.written(lambda session: records.end(session, root, claim, state, now, output, error))

    async def _listen(self) -> None:
        """Hear of what other programs send: decisions, signals, a cancel."""
        root = self.id
        while True:
            await asyncio.sleep(LISTEN_SECONDS)
            try:
                inbox = await self.engine.do(lambda session: records.inbox_rows(session, root)) if await self.engine.heard(self) else []
            except DatabaseLost as error:
                self.lost = error
                return
            known = self.cancelled
            self._hear(inbox)
            if self.cancelled and not known and self.executing_task is not None:  # once: while a write is awaited each cancel counts
                self.executing_task.cancel()
                return

    def may_be_long(self) -> bool:
        """A worker does not hold a run that waits for whatever may be sent to it: what is sent queues it again."""
        return self.by_worker or super().may_be_long()

    def _pause(self) -> None:
        self.heard_of = len(self.inbox)
        super()._pause()

    async def decided(self, request: ApprovalRequest, decision: Decision) -> None:
        """An approver's answer counts if it is the first, and once it is on the disk."""
        try:
            if self.unwritten:
                await self.written()
            self.send(request.run_id, request.topic, await self.engine.deliver(request.run_id, request.topic, decision))
        except (Superseded, DatabaseLost) as error:  # the answer is not kept, so it does not count; the run hears why
            self.lost = error
            waiting = self.waits.get((request.run_id, request.topic))
            if waiting is not None and not waiting.done():
                waiting.set_exception(error)


BRANCHES: dict[str, type] = {kind.__name__: kind for kind in (BranchStarted, BranchEnded, BranchFailed)}


def limits_text(limits: Limits | None) -> str:
    """Limits as they are kept with a run."""
    return json.dumps(None if limits is None else {name: value for name, value in dataclasses.asdict(limits).items() if value is not None})


def limits_from(text: str) -> Limits | None:
    """Limits as they were kept."""
    kept = json.loads(text)
    return None if kept is None else Limits(**kept)


def _output(result: RunResult[Any]) -> str:
    return json.dumps(to_json({"value": result.value, "usage": result.usage, "messages": list(result.messages)}, "the run's output"))
