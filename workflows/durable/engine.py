"""The durable engine: the rules of the memory engine, over a log in a database that outlives the program."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.tools.calls import find_labels
from sayso.tools.errors import Cancelled, NotFinished, RunError, RunIdTaken, SaysoError, UsageError
from sayso.tools.raised import RaisedResult

from ..runs.codec import from_json, to_json
from ..runs.events import ApprovalAsked
from ..runs.execution import CANCEL, AnyResult
from ..runs.journal import Entry
from ..runs.limits import Limits, limits_text
from ..runs.memory_engine import BaseEngine, check_open, check_run_id, check_signed
from ..runs.protocols import NOTHING, Runnable, RunResult, Scope, WorkflowCode
from ..runs.same_run import check_user
from ..workflow import Workflow
from . import records, run_lists
from .chain import ChainVerdict, Keys, Row, verify_rows
from .database import Database, Session
from .durable_execution import DurableExecution
from .lease import LeaseTimes
from .log_writes import create_or_find
from .news import POLL_SECONDS
from .records import ApprovalRow, InboxRow, NewRun, RunRow
from .store import RunStore, read_stored, seal_input

if TYPE_CHECKING:  # late, for load time: an app loads the shapes
    from sayso.tools.approval.signatures import Approvers

    from ..caps import Cap
    from ..events.event_types import AnyEvent
    from ..runs.grant_records import StandingApproval
    from ..runs.replaying import Replayed
    from ..thumbs import Feedback
    from .app import App
    from .heads import Heads


NO_KEPT_HEAD = "No head of this run is kept there, so none was compared."
"""A note of a verdict: a place for heads is configured, and has nothing of the run."""


class DurableEngine(BaseEngine[DurableExecution]):
    """Runs in a database: an SQLite file for one machine, Postgres for many.

    With an `app` (see App) runs can be resumed here by their id alone. Raises UsageError where the database cannot be used.
    """

    __slots__ = ("given_approvers", "given_caps", "store")

    def __init__(
        self,
        url: str,
        *,
        app: App | None = None,
        clock: Callable[[], float] = time.time,
        times: LeaseTimes | None = None,
        approvers: Approvers | None = None,
        heads: str | Path | Heads | None = None,
        caps: Iterable[Cap] | None = None,
        listeners: Iterable[Callable[[AnyEvent], object]] = (),
    ) -> None:
        super().__init__(strict=True, clock=clock, listeners=listeners)
        self.store = RunStore(url, app, times or LeaseTimes(), clock)
        self.given_caps: tuple[Cap, ...] | None = None if caps is None else _make_caps(caps)
        self.count_caps(_choose_caps(app, self.given_caps))
        self.given_approvers: Approvers | None = approvers
        self.require(_choose_approvers(app, approvers))
        self.keep_heads(heads or (app.heads if app is not None else None) or os.environ.get("SAYSO_HEADS"))

    def _make(self, run_id: str, workflow: WorkflowCode, value: object, make_scope: Callable[[], Scope]) -> DurableExecution:
        execution = DurableExecution(self.store, run_id, workflow, value, make_scope, self.clock, self, self.read_result)
        execution.event_listeners = self.find_listeners()
        return execution

    def __repr__(self) -> str:
        return f"<engine on {'SQLite' if self.database.is_sqlite else 'Postgres'}, app {self.app.name if self.app is not None else 'none'}>"

    @property
    def app(self) -> App | None:
        """Return the code of runs that are resumed by their id alone."""
        return self.store.app

    @app.setter
    def app(self, app: App) -> None:
        self.choose(app)

    def choose(self, app: App | None) -> None:
        """Take an app's code, approvers, caps and place for heads."""
        self.count_caps(_choose_caps(app, self.given_caps))
        self.require(_choose_approvers(app, self.given_approvers))
        self.store.app = app
        self.keep_heads(app.heads if app is not None else None)

    def keep_heads(self, where: str | Path | Heads | None) -> None:
        """Keep the heads of logs there, and compare with them before each write. None changes nothing."""
        if where is not None and where != "":
            from .heads import make_heads  # late, for load time: most programs keep none

            self.store.heads = make_heads(where)

    def count_caps(self, caps: Sequence[Cap] | None) -> None:
        """Hold the runs that are begun from now on to these money caps; None for no caps."""
        self.ledger = self.store.ledger = None
        if caps:
            from .stored_caps import DurableLedger  # late, for load time: few engines have caps

            self.ledger = self.store.ledger = DurableLedger(caps, self.store.database)

    async def recount_caps(self) -> None:
        """Count what is used of the money caps anew, by the logs: what killed programs had reserved is free again.

        What is reserved for model calls under way is forgotten too, so use it where few runs are executed.
        """
        if self.store.ledger is not None:
            await self.store.ledger.recount()

    def require(self, approvers: Approvers | None) -> None:
        """Let only decisions count that one of the approvers has signed."""
        self.approvers = self.store.approvers = approvers
        for execution in self.executions.values():
            execution.approvers = approvers

    @property
    def keys(self) -> Keys | None:
        """Return the keys of the hash chain, from the environment."""
        return self.store.keys

    @property
    def database(self) -> Database:
        """Return the database."""
        return self.store.database

    # what an application and the command line do with runs

    async def start(
        self, workflow: WorkflowCode | Runnable, value: object, *, run_id: str, scope: Scope | None = None, user: str | None = None
    ) -> None:
        """Start a run in the background of this program; the same id again does nothing. It is in the database when this returns."""
        execution = self.open_runnable(workflow, value, run_id, scope, user)
        await execution.create()
        self.start_execution(execution)

    async def submit(
        self, flow: Workflow[Any, Any] | str, value: object, *, run_id: str, limits: Limits | None = None, user: str | None = None
    ) -> None:
        """Queue a run of the app for the workers, for a user where one is named; submitting the same again does nothing.

        Raises RunIdTaken if there is a run of that id that is another one: of another app or flow, with another input or other limits.
        """
        if self.app is None:
            raise UsageError("submit() needs the app that the workers run. Give it to the engine: engine(url, app=App(flows=[...])).")
        check_run_id(run_id)
        whose = "" if user is None else check_user(user)
        workflow = self.app.flow(flow if isinstance(flow, str) else flow.name)
        value = value.content if isinstance(value, RunResult) else value
        given = seal_input(run_id, workflow, value, json.dumps(to_json(value, f"the input of run {run_id}")))
        app, now = self.app.name, self.clock()
        new, is_sqlite = NewRun(run_id, workflow.name, app, given, limits_text(limits), records.QUEUED, now, whose), self.database.is_sqlite

        def submit(session: Session) -> None:
            if self.store.ledger is not None:
                self.store.ledger.check_start(session, new)
            row = create_or_find(session, new, self.store.keys, is_sqlite)
            if row.app != app:
                other = f"of the app {row.app!r}" if row.app else "of a program of its own"
                raise RunIdTaken(f"Run {run_id!r} is {other}, and was submitted to the app {app!r}. Give another run_id.")
            if limits is not None and row.limits != new.limits:
                raise RunIdTaken(f"Run {run_id!r} has other limits by now: {row.limits}. Give another run_id, or no limits.")
            self.store.tell(session)

        await self.store.database.do(submit)

    async def signal(self, run_id: str, topic: str, value: object) -> None:
        """Send a value to a run (or one of its children, by its id), from any program; the first for a topic counts."""
        if topic.startswith("approve:"):
            value = self.stamp(value)
            if self.approvers is not None:
                await self.decide(run_id, {topic.removeprefix("approve:"): value})
                return
        row = await self.store.send(run_id, topic, value, self.clock())
        if (execution := self.find_here(run_id)) is not None:
            execution.receive_rows([row])

    def find_here(self, run_id: str) -> DurableExecution | None:
        """Return the execution of a run in this event loop; one elsewhere polls the database."""
        execution = self.executions.get(run_id.partition("/")[0])
        if execution is not None and execution.is_running and execution.loop is asyncio.get_running_loop():
            return execution
        return None

    async def cancel(self, run_id: str) -> None:
        """Stop a run and its children before their next step, wherever it is executed; a write under way is finished first."""
        root_id, now = run_id.partition("/")[0], self.clock()

        def cancel(session: Session) -> None:
            row = self.store.find_row(session, root_id, locked=True)
            if row.state not in records.ENDED:
                records.send(session, InboxRow(root_id, root_id, CANCEL, "true", now, None), self.store.keys)
                records.stop_idle(session, root_id, now)
                self.store.tell(session)

        await self.store.database.do(cancel)
        if (execution := self.find_here(root_id)) is not None:
            execution.cancel()

    async def grants(self, run_id: str) -> tuple[StandingApproval, ...]:
        """Return the standing approvals of a run: which it has, how often each was used, and which were withdrawn."""
        from ..runs.grant_records import list_grants  # late, for load time

        root_id = (await self.run(run_id)).id
        rows = [row for row in await self.log(root_id) if row.kind in ("event", "told") and row.name in ("GrantsGiven", "GrantUsed")]
        inbox = await self.store.database.do(lambda session: records.inbox_rows(session, root_id))
        sent = {row.place: from_json(json.loads(row.value)) for row in inbox if row.run == root_id and not self.store.find_refusal(row)}
        return list_grants([from_json(json.loads(row.value)) for row in rows], sent)

    async def resume(self, run_id: str, decisions: Mapping[str, Decision]) -> AnyResult:
        """Hand in decisions by digest, and execute the run here, to its end or its next pause."""
        await self.decide(run_id, decisions)
        execution = await self.find_execution(run_id)
        if execution.result is not None and execution.result.finished:
            return execution.result
        return await execution.execute(suspends=True)

    async def decide(self, run_id: str, decisions: Mapping[str, Decision]) -> None:
        """Hand in decisions by digest, all or none; whoever executes the run receives them. UsageError for a request that is not open."""
        stamped = self.stamp_all(decisions)
        root_id, now = run_id.partition("/")[0], self.clock()

        def decide(session: Session) -> list[InboxRow]:
            self.store.find_row(session, root_id, locked=True)
            rows = {row.digest: row for row in run_lists.find_approvals(session, root_id, only_open=True)}
            if not stamped.keys() <= rows.keys():
                rows |= {row.digest: row for row in self.store.find_replaceable(session, root_id, stamped)}
            check_open(run_id, stamped, rows)
            if self.approvers is not None:
                check_signed(self.approvers, stamped, {digest: from_json(json.loads(rows[digest].request)) for digest in stamped})
            return [
                self.store.put(session, rows[digest].run, f"approve:{digest}", decision, json.dumps(to_json(decision)), now, again=True)
                for digest, decision in stamped.items()
            ]

        sent = await self.store.database.do(decide)
        if (execution := self.find_here(root_id)) is not None:
            execution.receive_rows(sent)

    async def find_execution(self, run_id: str) -> DurableExecution:
        """Return the execution of a run that this program has asked for, or of a flow of the app."""
        execution = self.executions.get(run_id.partition("/")[0])
        if execution is not None:
            return execution
        row = await self.run(run_id)
        app = self.find_app(row)
        if row.app not in ("", app.name):  # a flow of that name may be another one there, with other deps and approvers
            raise UsageError(f"Run {row.id} is of the app {row.app!r}, and this is the app {app.name!r}. Resume it with its own app.")
        return self.open_row(row, app)

    def find_app(self, row: RunRow) -> App:
        """Return the app that has the code of a run. Raises UsageError if this engine has none that does."""
        if self.app is None or row.flow not in self.app:
            raise UsageError(
                f"Run {row.id} is of the flow {row.flow!r}, whose code is not known here. Run it again with run_id={row.id!r} in "
                "the program that started it, or name its app: engine(url, app=...), on the command line --app module:app."
            )
        return self.app

    def open_row(self, row: RunRow, app: App) -> DurableExecution:
        """Return the execution of a run of the database, with the app's code."""
        flow = app.flow(row.flow)
        value = from_json(read_stored(row.id, row.input))
        return self.open(flow.execute, value, row.id, app.scope(flow, value, row.limits))

    async def result(self, run_id: str) -> Any:
        """Wait for a run's result, wherever it is executed; raises what it raised, Cancelled, or NotFinished if it only waits."""
        execution = self.executions.get(run_id)
        if execution is not None and (execution.task is not None or execution.is_running):
            return await self.wait_for(execution)
        while True:
            row = await self.read_row(run_id)
            if row.state not in (records.QUEUED, records.RUNNING) or await self.free(row):
                return (await self.read_result(row)).output
            await asyncio.sleep(POLL_SECONDS)

    async def read_result(self, row: RunRow) -> AnyResult:
        """Return what a run that nobody executes came to, or waits for."""
        match row.state:
            case records.DONE:
                stored = from_json(read_stored(row.id, row.output or "{}"))
                messages = stored["messages"]
                labels = stored.get("labels") or find_labels(messages)  # an older version did not store them
                results = [each for message in messages for each in getattr(message, "results", ())]
                problems = tuple(each for each in results if isinstance(each, RaisedResult))
                return RunResult(row.id, stored["value"], (), stored["usage"], messages, self, labels=labels, problems=problems)
            case records.FAILED:
                error = from_json(json.loads(row.error or "null"))
                raise error if isinstance(error, Exception) else RunError(f"Run {row.id} failed: {error}")
            case records.CANCELLED:
                cancelled = Cancelled(f"Run {row.id} was cancelled.")
                cancelled.run_id = row.id
                raise cancelled
            case records.WAITING:
                return RunResult(row.id, NOTHING, await self.requests(row.id), engine=self)
        why = "" if row.error is None else f" {from_json(json.loads(row.error))}"
        raise NotFinished(f"Run {row.id} is not being executed.{why} Resume it with: await engine.resume({row.id!r}, {{}}).")

    async def requests(
        self, run_id: str | None = None, *, limit: int | None = None, after: str | None = None
    ) -> tuple[ApprovalRequest, ...]:
        """Return the open requests, of one run or of all, oldest first. `after` is the digest of the last one of the page before."""
        rows = await self.open_approvals(run_id, limit=limit, after=after)
        return tuple(from_json(json.loads(row.request)) for row in rows)

    async def approvals(self, run_id: str) -> list[ApprovalRow]:
        """Return all requests of a run, with what became of them."""
        return await self.store.database.do(lambda session: run_lists.find_approvals(session, run_id))

    async def find_asked(self, run_id: str) -> dict[str, ApprovalRequest]:
        """Return the requests that the log of a run says were asked, by digest. A row that was changed says none."""
        asked: dict[str, ApprovalRequest] = {}
        for row in await self.log(run_id):
            if row.kind == "told" and row.name == "ApprovalAsked":
                with suppress(SaysoError, ValueError, TypeError, KeyError, AttributeError):
                    event: ApprovalAsked = from_json(json.loads(row.value))
                    asked[event.request.digest] = event.request
        return asked

    async def open_approvals(self, run_id: str | None = None, *, limit: int | None = None, after: str | None = None) -> list[ApprovalRow]:
        """Return the rows of the open requests, of one run or of all: a page of `limit`, after the request with the digest `after`."""

        def find(session: Session) -> list[ApprovalRow]:
            mark = None if after is None else run_lists.find_mark(session, after)
            return run_lists.find_approvals(session, run_id, only_open=True, limit=limit, after=mark)

        return await self.store.database.do(find)

    async def open_approvals_of(self, run_ids: Sequence[str]) -> list[ApprovalRow]:
        """Return the rows of the open requests of these runs, oldest first."""
        return await self.store.database.do(lambda session: run_lists.find_open_of(session, run_ids))

    async def runs(
        self,
        *states: str,
        limit: int = 1000,
        feedback: Literal["up", "down"] | None = None,
        user: str | None = None,
        after: RunRow | str | None = None,
    ) -> list[RunRow]:
        """Return the runs in the database, in these states or all; the one that changed last comes first.

        `feedback` says which thumb somebody's last word on them is, `user` whose they are. `after` is the last run of the page before, or
        its `mark`.
        """
        also = "1 = 1"
        if feedback is not None:
            from .stored_feedback import check_filter, has_verdict  # late, for load time

            also = has_verdict(check_filter(feedback))
        mark = after.mark if isinstance(after, RunRow) else after
        rows = await self.store.database.do(lambda session: run_lists.find_runs(session, states, limit, also=also, user=user, after=mark))
        if feedback is None or self.keys is None:
            return rows
        roots = {each.run.partition("/")[0] for each in await self.feedback() if each.verdict == feedback}
        return [row for row in rows if row.id in roots]

    async def each_run(self) -> AsyncIterator[RunRow]:
        """Yield every run of the database, in the order of their ids, page by page: however many there are, few are in memory."""
        after = ""
        while page := await self.store.database.do(partial(run_lists.find_next, after=after)):
            for row in page:
                yield row
            after = page[-1].id

    async def find_turns(self, name: str) -> dict[str, str]:
        """Return the ids of the runs name.1, name.2, ... in their order, the turns of a session, and whose run each is."""
        return {row.id: row.for_user for row in await self.find_numbered(name)}

    async def read_turn(self, run_id: str) -> AnyResult:
        """Return what a run came to, or what it waits for. Raises what it raised, NotFinished where it is under way or was cut off."""
        return await self.read_result(await self.run(run_id))

    async def find_numbered(self, name: str) -> list[RunRow]:
        """Return the runs name.1, name.2, ... that there are, such as the turns of a conversation, in the order of their numbers."""
        return await self.store.database.do(lambda session: run_lists.find_numbered(session, name))

    async def give_feedback(self, run_id: str, good: bool, *, note: str = "", by: str = "") -> Feedback:
        """Give a run, or a child of it, a thumb up or down, with a note. Of each person the last counts; what was before is kept.

        Without `by` it is from the user of the run. It stands beside the log of the run, whose hash chain stays as it is. Raises UsageError
        for a run that is not there, and for what is no thumb.
        """
        from ..thumbs import check_thumb, make_feedback  # late, for load time

        return await self._store_feedback(make_feedback(run_id, check_thumb(good), note, by, self.clock()))

    async def withdraw_feedback(self, run_id: str, *, by: str = "") -> Feedback:
        """Withdraw a person's thumb; that it was given is kept. Raises UsageError where there is none."""
        from ..thumbs import make_feedback  # late, for load time

        return await self._store_feedback(make_feedback(run_id, None, "", by, self.clock()))

    async def _store_feedback(self, feedback: Feedback) -> Feedback:
        from .stored_feedback import store_feedback  # late, for load time

        def store(session: Session) -> Feedback:
            row = self.store.find_row(session, feedback.run, locked=True)
            return store_feedback(session, row, feedback, self.store.keys)

        return await self.store.database.do(store)

    async def feedback(self, run_id: str | Sequence[str] | None = None, *, history: bool = False) -> tuple[Feedback, ...]:
        """Return the thumbs of a run and its children, of several or all: each person's last word, with `history` all that was given."""
        from ..thumbs import find_last_words  # late, for load time
        from .stored_feedback import read_feedback

        roots = run_id if run_id is None or not isinstance(run_id, str) else [(await self.run(run_id)).id]
        given = await self.store.database.do(lambda session: read_feedback(session, self.store.keys, roots))
        return tuple(given) if history else find_last_words(given)

    async def run(self, run_id: str) -> RunRow:
        """Return the row of a run, or of the run that a child belongs to. Raises UsageError if there is none."""
        return await self.store.database.do(lambda session: self.store.find_row(session, run_id))

    async def find(self, run_id: str) -> RunRow | None:
        """Return the row of the run with exactly this id; None if there is none."""
        return await self.store.database.do(lambda session: records.run_row(session, run_id))

    async def find_orphaned(self, rows: Iterable[RunRow]) -> set[str]:
        """Return the ids of those of these runs that `is_orphan` is true of."""
        running = [row for row in rows if row.state == records.RUNNING]
        if not running:
            return set()

        def find(session: Session) -> set[str]:
            gone: dict[str | None, bool] = {}
            for row in running:
                if row.owner not in gone or row.owner == self.store.owner:  # one look at each other program, and at each run of this one
                    gone[row.owner] = self.store.is_orphan(session, row)
                if gone[row.owner]:
                    found.add(row.id)
            return found

        found = set[str]()
        return await self.store.database.do(find)

    def is_orphan(self, row: RunRow) -> bool:
        """Return whether nobody executes the run any more that the database says is running, and nobody has taken it over yet."""
        if row.state != records.RUNNING:
            return False
        return self.store.database.do_now(lambda session: self.store.is_orphan(session, row))

    async def read_row(self, run_id: str) -> RunRow:
        """Return the row of a run as `run` does; where the database is away, once it is back."""
        return await self.store.do_patiently(lambda session: self.store.find_row(session, run_id))

    async def free(self, row: RunRow) -> bool:
        """Queue, as a worker would, what a program left that is gone. Return whether the run is now to be resumed by its id."""
        now = self.clock()

        def free(session: Session) -> bool:
            if row.state != records.RUNNING or not self.store.is_orphan(session, row):
                return False
            if row.owner != self.store.owner:
                self.store.release_dead(session, now)
            return not row.app

        return await self.store.do_patiently(free)

    async def log(self, run_id: str, since: int = 0) -> list[Row]:
        """Return the log of a whole run after row `since`."""
        return await self.store.do_patiently(lambda session: records.log_rows(session, run_id.partition("/")[0], since))

    async def verify(self, run_id: str) -> ChainVerdict:
        """Recompute the hash chain of a run, and compare the log with what else is stored of the run."""
        from .stored_feedback import read_stored_feedback  # late, for load time
        from .verification import Stored, find_disagreements, find_notes

        def load(session: Session) -> Stored:
            if not self.database.is_sqlite:  # all of it as it is at one moment, while programs write
                session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            row = self.store.find_row(session, run_id)
            log, inbox = records.log_rows(session, row.id, records.BEFORE_ALL), records.inbox_rows(session, row.id)
            requests, thumbs = run_lists.find_approvals(session, row.id), read_stored_feedback(session, [row.id])
            return Stored(row, log, inbox, requests, self.store.find_hashed_since(session), thumbs)

        stored = await self.store.database.do(load)
        verdict = verify_rows(stored.log, stored.run.number, stored.run.head, self.store.keys)
        problems, notes = (*verdict.problems, *find_disagreements(stored, self.store.keys)), find_notes(stored)
        if self.store.heads is not None:
            wrong, note = await self._compare_kept_head(stored.run.id)
            problems, notes = (*problems, *wrong), (*notes, *note)
        return verdict._replace(problems=problems, notes=notes)

    async def _compare_kept_head(self, run_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what is wrong with the chain by the head that is kept elsewhere, and what the comparison could show."""
        from .head_guard import compare_head  # late, for load time: most programs keep no heads
        from .heads import HeadAway, read_head

        assert self.store.heads is not None
        try:
            kept = await read_head(self.store.heads, run_id)
        except HeadAway as error:
            return (f"the head that is kept elsewhere cannot be compared: {error}",), ()
        if kept is None:
            return (), (NO_KEPT_HEAD,)
        problem = await compare_head(self.store, run_id, kept)
        return (
            ((f"{problem}.",), ())
            if problem
            else ((), (f"The head that is kept elsewhere is that of row {kept.number}, as it was written.",))
        )

    async def find_orphans(self) -> tuple[str, ...]:
        """Return the ids of runs that are gone, while something of them is still stored: a log, an inbox, requests."""
        return tuple(await self.store.database.do(records.find_orphans))

    async def read_journal(self, run_id: str) -> tuple[Entry, ...]:
        """Return the stored results of a run's steps, in the order they were stored: the journal that a replay goes by."""
        return tuple(records.entries(await self.log(run_id)))

    async def replay(self, run_id: str) -> Replayed:
        """Execute the app's code over the journal of a run without acting, and return the first difference.

        Raises UsageError without the code, RunError for a log that cannot be read.
        """
        from .recorded_runs import replay_row  # late, for load time: it compares prompts

        row = await self.run(run_id)
        return await replay_row(row, self.find_app(row), await self.log(row.id), await self.approvals(row.id))

    def journal(self, run_id: str) -> tuple[Entry, ...]:
        """Return what a run of this program has stored so far; `await read_journal(run_id)` for any run of the database."""
        execution = self.executions.get(run_id.partition("/")[0])
        if execution is None:
            raise UsageError(f"This program has not executed a run {run_id!r}. For any run: await engine.read_journal({run_id!r}).")
        return tuple(execution.saved.entries)

    async def events(self, run_id: str, since: int = 0, *, through_pauses: bool = False) -> AsyncIterator[AnyEvent]:
        """Yield the events of a run and its children from number `since` on, then live ones until it ends or pauses: see sayso.events.

        It may be executed anywhere; what streams comes too where it is executed here. With `through_pauses` they go on while it waits.
        """
        from .log_events import follow_log  # late, for load time

        async with aclosing(follow_log(self, self.clock, run_id, since, through_pauses)) as told:
            async for event in told:
                yield event

    async def follow_emitted(self, run_id: str, since: int = 0) -> AsyncIterator[Any]:
        """Yield what was emitted, as it is stored, from number `since` on, then live until the run ends or pauses, wherever that is."""
        root_id, below = run_id.partition("/")[0], f"{run_id}/"
        at = number = 0
        while True:
            row = await self.read_row(root_id)
            for each in await self.log(root_id, at):
                at = each.number
                if each.kind in ("event", "told") and (run_id == root_id or each.run == run_id or each.run.startswith(below)):
                    if number >= since:
                        yield from_json(json.loads(each.value))
                    number += 1
            if row.state not in (records.QUEUED, records.RUNNING) and row.number <= at:
                return
            await asyncio.sleep(POLL_SECONDS)

    @property
    def is_open(self) -> bool:
        """Return whether it can be used here: it has not been closed, and this process has made it and was not forked since."""
        return self.database.is_open

    def close(self) -> None:
        """Let go of the database; runs under way here must be over. The runs stay in the database."""
        self.store.close()
        with suppress(UsageError):
            self.database.close()


def _choose_approvers(app: App | None, given: Approvers | None) -> Approvers | None:
    """Return the approvers of the app or those that the engine was given. Raises UsageError if these are others."""
    if app is None or app.approvers is None:
        return given
    if given is not None and given.keys != app.approvers.keys:
        raise UsageError("The app and the engine name different approvers. Name them in one place, best in the app.")
    return app.approvers


def _make_caps(caps: Iterable[Cap]) -> tuple[Cap, ...]:
    from ..caps import check_caps  # late, for load time: few engines have caps

    return check_caps(caps)


def _choose_caps(app: App | None, given: tuple[Cap, ...] | None) -> tuple[Cap, ...] | None:
    """Return the caps of the app or those that the engine was given. Raises UsageError if these are others."""
    if app is None or app.caps is None:
        return given
    if given is not None and given != app.caps:
        raise UsageError("The app and the engine name different caps. Name them in one place, best in the app.")
    return app.caps
