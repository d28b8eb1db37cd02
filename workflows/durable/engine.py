"""The durable engine: the rules of the memory engine, over a log in a database that outlives the program."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sayso.tools.approval.requests import ApprovalRequest, Approve, Decision, Edit, Reject
from sayso.tools.errors import Cancelled, NotFinished, RunError, UsageError

from ..runs.codec import from_json, to_json
from ..runs.execution import CANCEL, Execution
from ..runs.memory_engine import MemoryEngine, code_and_scope
from ..runs.memory_run import Entry
from ..runs.protocols import Runnable, Scope, WorkflowCode
from ..runs.run_result import NOTHING, RunResult
from . import records
from .chain import Row, Verdict, journal_key, verified
from .database import Database, Session
from .dispatch import Dispatch
from .durable_run import DurableExecution, DurableRun, limits_text
from .liveness import liveness_of, new_owner
from .records import ApprovalRow, RunRow

if TYPE_CHECKING:
    from ..runs.replaying import Replayed
    from ..workflow import Workflow
    from .app import App

LOOK_SECONDS = 0.2
DECIDED = {Approve: "approved", Edit: "edited", Reject: "rejected"}


class DurableEngine(MemoryEngine):
    """Runs in a database: an SQLite file for one machine, Postgres for many.

    With an `app` (see App) runs can be resumed here by their id alone. Raises UsageError where the database cannot be used.
    """

    __slots__ = ("_counts", "_counts_at", "app", "database", "dispatch", "key", "liveness", "owner", "stopped_state")

    def __init__(self, url: str, *, app: App | None = None, clock: Callable[[], float] = time.time) -> None:
        super().__init__(strict=True, clock=clock)
        self.run_type = DurableRun
        self.app, self.key = app, journal_key()
        self.database = Database(url)
        self.liveness = liveness_of(self.database)
        self.owner = ""
        self.stopped_state = records.INTERRUPTED  # a worker's runs are queued for the others instead
        self.dispatch = Dispatch(url, "")
        self._counts: dict[str, int] = {}
        self._counts_at = 0.0

    def make_root(self, run_id: str, workflow: WorkflowCode, value: Any, fresh: Callable[[], Scope]) -> Execution:
        """A run whose log is in the database."""
        return DurableExecution(self, run_id, workflow, value, fresh)

    def be(self) -> str:
        """This program's name among those that carry runs; its lock is taken the first time."""
        if not self.owner:
            owner = new_owner()
            self.liveness.hold(owner)
            self.owner = self.dispatch.owner = owner
        return self.owner

    def attempt(self, root: Execution) -> str:
        """Counted in the database, so that an execution after a crash is told from the one before it."""
        assert isinstance(root, DurableExecution)
        return f"{root.id}#{root.claimed.attempt}.{root.attempts}"

    def keep(self, root: Execution, entry: Entry) -> None:
        """Into the log with the next writing, before the run goes on."""
        assert isinstance(root, DurableExecution)
        root.write("kept", entry.run, entry.name, entry.value)
        super().keep(root, entry)

    def forget(self, root: Execution, run_id: str, name: str) -> None:
        """A failure that ended the run is not kept."""
        assert isinstance(root, DurableExecution)
        root.write("forgotten", run_id, name, None)
        super().forget(root, run_id, name)

    async def do(self, work: Callable[[Session], Any]) -> Any:
        """One transaction."""
        return await self.database.do(work)

    # what an application and the command line do with runs

    async def start(self, workflow: WorkflowCode | Runnable, value: Any, *, run_id: str, scope: Scope | None = None) -> None:
        """Start a run in the background of this program; the same id again does nothing. It is in the database when this returns."""
        root = self.open(*code_and_scope(workflow, value, scope, run_id))
        assert isinstance(root, DurableExecution)
        await root.exist()
        await super().start(workflow, value, run_id=run_id, scope=scope)

    async def submit(self, flow: Workflow[Any, Any] | str, value: Any, *, run_id: str, limits: Any = None) -> None:
        """Hand a run of the app to the workers; handing in the same id again does nothing."""
        if self.app is None:
            raise UsageError("Which code is meant? Give engine(url, app=App(flows=[...])), the same app that the workers run.")
        workflow = self.app.flow(flow if isinstance(flow, str) else flow.name)
        given = json.dumps(to_json(value, f"the input of run {run_id}"))
        app, now = self.app.name, self.clock()
        limited = limits_text(limits)
        await self.do(lambda session: records.create(session, run_id, workflow.name, app, given, limited, records.QUEUED, now))

    async def signal(self, run_id: str, topic: str, value: Any) -> None:
        """Send a value to a run (or one of its children, by its id), from any program; the first for a topic counts."""
        if topic.startswith("approve:"):
            value = self.stamped(value)
        await self.deliver(run_id, topic, value)

    async def deliver(self, run_id: str, topic: str, value: Any) -> Any:
        """Put a value into the inbox; gives the one that counts."""
        written = json.dumps(to_json(value, f"the signal {topic!r}"))
        root_id, now = run_id.partition("/")[0], self.clock()

        def send(session: Session) -> str:
            self._row(session, root_id, locked=True)
            return self._deliver(session, root_id, run_id, topic, value, written, now)

        counts = from_json(json.loads(await self.do(send)))
        root = self._roots.get(root_id)
        if isinstance(root, DurableExecution) and root.is_here():  # elsewhere it listens
            root.send(run_id, topic, counts)
        return counts

    def _deliver(self, session: Session, root_id: str, run_id: str, topic: str, value: Any, written: str, now: float) -> str:
        if isinstance(value, (Approve, Edit, Reject)):
            records.decide(session, run_id, topic.removeprefix("approve:"), DECIDED[type(value)], value.by, now)
        return records.send(session, root_id, run_id, topic, written, now)

    def _row(self, session: Session, root_id: str, *, locked: bool = False) -> RunRow:
        row = records.run_row(session, root_id, locked=locked, is_sqlite=self.database.is_sqlite)
        if row is None:
            known = ", ".join(each.id for each in records.run_rows(session, limit=8)) or "none"
            raise UsageError(f"There is no run {root_id!r} in {self.database.place}. The latest: {known}.")
        return row

    async def cancel(self, run_id: str) -> None:
        """Stop a run and its children before their next step, wherever it is carried; a write under way is finished first."""
        root_id, now = run_id.partition("/")[0], self.clock()

        def cancel(session: Session) -> None:
            row = self._row(session, root_id, locked=True)
            if row.state not in records.ENDED:
                records.send(session, root_id, root_id, CANCEL, "true", now)
                records.stop_idle(session, root_id, now)

        await self.do(cancel)
        root = self._roots.get(root_id)
        if isinstance(root, DurableExecution) and root.is_here():
            root.cancel()

    async def resume(self, run_id: str, decisions: Mapping[str, Decision]) -> RunResult[Any]:
        """Hand in decisions by digest and carry the run on here, to its end or its next pause."""
        await self.decide(run_id, decisions)
        root = await self.known(run_id)
        if isinstance(root, DurableExecution) and root.result is not None and root.result.finished:
            return root.result
        return await root.execute(suspends=True)

    async def decide(self, run_id: str, decisions: Mapping[str, Decision]) -> None:
        """Hand in decisions by digest, all or none; whoever carries the run hears of it. UsageError for a request that is not open."""
        stamped = self.all_stamped(decisions)
        root_id, now = run_id.partition("/")[0], self.clock()

        def decide(session: Session) -> list[tuple[str, str, Any]]:
            self._row(session, root_id, locked=True)
            rows = {row.digest: row for row in records.approval_rows(session, root_id, only_open=True)}
            unknown = [digest for digest in stamped if digest not in rows]
            if unknown:
                waiting = ", ".join(digest[:12] for digest in rows) or "none"
                raise UsageError(f"Run {run_id} has no open request {unknown[0][:12]!r} (open: {waiting}). It may be decided or expired.")
            for digest, decision in stamped.items():
                topic = f"approve:{digest}"
                written = json.dumps(to_json(decision))
                self._deliver(session, root_id, rows[digest].run, topic, decision, written, now)
            return [(rows[digest].run, f"approve:{digest}", decision) for digest, decision in stamped.items()]

        sent = await self.do(decide)
        root = self._roots.get(root_id)
        if isinstance(root, DurableExecution) and root.is_here():
            for run, topic, decision in sent:
                root.send(run, topic, decision)

    async def known(self, run_id: str) -> Execution:
        """The run with its code: one that this program has asked for, or a flow of the app."""
        root_id = run_id.partition("/")[0]
        root = self._roots.get(root_id)
        if root is not None:
            return root
        row: RunRow = await self.do(lambda session: self._row(session, root_id))
        return self.opened(row, self.app_of(row))

    def app_of(self, row: RunRow) -> App:
        """The app that has the code of a run. UsageError if this engine was given none that does."""
        if self.app is None or row.flow not in self.app:
            raise UsageError(
                f"Run {row.id} is of the flow {row.flow!r}, whose code is not known here. Run it again with run_id={row.id!r} in "
                "the program that started it, or name its app: engine(url, app=...), on the command line --app module:app."
            )
        return self.app

    def opened(self, row: RunRow, app: App) -> Execution:
        """A run of the database, with the app's code."""
        flow = app.flow(row.flow)
        value = from_json(json.loads(row.input))
        return self.open(flow.execute, value, row.id, app.scope(flow, value, row.limits))

    def under_way(self) -> list[Execution]:
        """The runs that this program carries now."""
        return [root for root in list(self._roots.values()) if root.is_running]

    def drop(self, root: Execution) -> None:
        """Forget a run that is not carried here any more; the database has it."""
        self._roots.pop(root.id, None)

    async def result(self, run_id: str) -> Any:
        """Wait for a run's result, wherever it is carried; raises what it raised, Cancelled, or NotFinished if it only waits."""
        root = self._roots.get(run_id)
        if root is not None and (root.task is not None or root.is_running):
            return await super().result(run_id)
        while True:
            row = await self.run(run_id)
            if row.state not in (records.QUEUED, records.RUNNING):
                return (await self.ended(row)).output
            await asyncio.sleep(LOOK_SECONDS)

    async def ended(self, row: RunRow) -> RunResult[Any]:
        """What a run that nobody carries came to, or waits for."""
        match row.state:
            case records.DONE:
                kept = from_json(json.loads(row.output or "{}"))
                return RunResult(row.id, kept["value"], (), kept["usage"], kept["messages"], self)
            case records.FAILED:
                error = from_json(json.loads(row.error or "null"))
                raise error if isinstance(error, Exception) else RunError(f"Run {row.id} failed: {error}")
            case records.CANCELLED:
                cancelled = Cancelled(f"Run {row.id} was cancelled.")
                cancelled.run_id = row.id
                raise cancelled
            case records.WAITING:
                return RunResult(row.id, NOTHING, await self.requests(row.id), engine=self)
        raise NotFinished(f"Run {row.id} is not under way. Go on with: await engine.resume({row.id!r}, {{}}).")

    async def requests(self, run_id: str | None = None) -> tuple[ApprovalRequest, ...]:
        """The open requests, of one run or of all."""
        rows: list[ApprovalRow] = await self.do(lambda session: records.approval_rows(session, run_id, only_open=True))
        return tuple(from_json(json.loads(row.request)) for row in rows)

    async def approvals(self, run_id: str) -> list[ApprovalRow]:
        """All requests of a run, with what became of them."""
        rows: list[ApprovalRow] = await self.do(lambda session: records.approval_rows(session, run_id))
        return rows

    async def open_approvals(self) -> list[ApprovalRow]:
        """The open requests of all runs."""
        rows: list[ApprovalRow] = await self.do(lambda session: records.approval_rows(session, only_open=True))
        return rows

    async def runs(self, *states: str, limit: int = 1000) -> list[RunRow]:
        """The runs in the database, in these states or all; the one that changed last first."""
        rows: list[RunRow] = await self.do(lambda session: records.run_rows(session, states, limit))
        return rows

    async def run(self, run_id: str) -> RunRow:
        """One run. UsageError if there is none."""
        row: RunRow = await self.do(lambda session: self._row(session, run_id.partition("/")[0]))
        return row

    def is_orphan(self, row: RunRow) -> bool:
        """Whether the program that carried the run has died, and nobody has taken it over yet."""
        self.be()  # who is alive is asked with a lock of one's own
        return row.state == records.RUNNING and self.liveness.is_dead(row.owner or "")

    async def free(self, row: RunRow) -> None:
        """Queue what a dead program left, as a worker would."""
        now = self.clock()
        if self.is_orphan(row):
            await self.do(lambda session: records.release_dead(session, lambda owner: owner == row.owner, now))

    async def log(self, run_id: str, since: int = 0) -> list[Row]:
        """The log of a whole run behind row `since`."""
        rows: list[Row] = await self.do(lambda session: records.log_rows(session, run_id.partition("/")[0], since))
        return rows

    async def verify(self, run_id: str) -> Verdict:
        """Recompute the hash chain of a run, and compare it with what else is kept of the run."""
        row = await self.run(run_id)
        log = await self.log(run_id)
        verdict = verified(log, row.number, row.head, self.key)
        beside = records.disagreements(row, log, await self.approvals(run_id))
        return verdict._replace(problems=(*verdict.problems, *beside))

    async def kept(self, run_id: str) -> tuple[Entry, ...]:
        """What the steps of a run gave, in the order it was kept: the journal that a replay goes by."""
        return tuple(records.entries(await self.log(run_id)))

    async def replay(self, run_id: str) -> Replayed:
        """Run the app's code over the journal of a run, acting on nothing, and tell the first difference. UsageError without its code."""
        from .replays import replayed

        return await replayed(self, run_id)

    def journal(self, run_id: str) -> tuple[Entry, ...]:
        """What a run of this program has kept so far; `await kept(run_id)` for any run of the database."""
        return super().journal(run_id)

    async def events(self, run_id: str, since: int = 0) -> AsyncIterator[Any]:
        """The events of a run and its children from number `since` on, then live ones until it ends or pauses, wherever it is carried."""
        root_id, below = run_id.partition("/")[0], f"{run_id}/"
        at = number = 0
        while True:
            row: RunRow = await self.do(lambda session: self._row(session, root_id))
            for kept in await self.log(root_id, at):
                at = kept.number
                if kept.kind in ("event", "told") and (run_id == root_id or kept.run == run_id or kept.run.startswith(below)):
                    if number >= since:
                        yield from_json(json.loads(kept.value))
                    number += 1
            if row.state not in (records.QUEUED, records.RUNNING) and row.number <= at:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def heard(self, root: DurableExecution) -> bool:
        """Whether something was sent to a run that it does not know of yet. One look at the database serves all runs of this program."""
        now = time.monotonic()
        if now - self._counts_at >= LOOK_SECONDS:
            self._counts_at = now
            owner = self.owner
            self._counts = await self.do(lambda session: records.sent_counts(session, owner))
        return self._counts.get(root.id, 0) > len(root.inbox)

    @property
    def is_open(self) -> bool:
        """Whether it has not been closed."""
        return self.database.close.alive

    def close(self) -> None:
        """Let go of the database and of DBOS; runs under way here must be over. The runs stay in the database."""
        self.dispatch.stop()
        with suppress(UsageError):
            self.database.close()
