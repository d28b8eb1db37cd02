"""The execution of a run with all its children: its journal, its end or next pause, its events and who listens to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any, Protocol, cast

from sayso.tools.approval.grant import describe_grant
from sayso.tools.calls import find_labels
from sayso.tools.effects import CLEAN
from sayso.tools.errors import Cancelled, RunError

from .events import BranchEnded, BranchFailed, BranchStarted, GrantsGiven
from .handed_out import HANDED_OUT
from .inbox import NOTHING_YET, Branch, Inbox, Suspended
from .journal import Journal
from .protocols import (
    BEGUN_WITH,
    ENCLOSING,
    NOTHING,
    RECOGNISED,
    UNLABELLED,
    Earlier,
    Engine,
    HeadGuard,
    Provenance,
    Run,
    RunResult,
    Scope,
    WorkflowCode,
)
from .same_run import Asked
from .timing import in_time

CANCEL = "cancel the run"
WITHDRAW = "withdraw the grant:"
"""The beginning of the topics under which standing approvals are withdrawn; their ids follow."""

AnyResult = RunResult[Any]
BranchEvent = BranchStarted | BranchEnded | BranchFailed


class EventSink(Protocol):
    """What listeners are: a queue, or something else that takes events without waiting."""

    def put_nowait(self, event: Any, /) -> None:
        """Take an event."""
        ...


class ChildRun(Run, Branch, Protocol):
    """What workflow code is given, and the inbox watches: a root run or one of its children."""


RunFactory = Callable[["Execution", str, Scope], ChildRun]


class Execution(Inbox):
    """One run with all its children, and the only place where its code is executed.

    Where the results are stored is for the journal to say. A DurableExecution (in durable/) claims the run before `_execute` and lets go
    of it afterwards, and has decisions stored first in `take_decision`; all else is the same.
    """

    __slots__ = (
        "asked",
        "attempt_prefix",
        "attempts",
        "branch_events",
        "cancel_address",
        "engine",
        "error",
        "executing_task",
        "head_guard",
        "history",
        "id",
        "is_running",
        "is_watched",
        "joined",
        "journal",
        "known_at_pause",
        "listeners",
        "make_engine",
        "make_run",
        "make_scope",
        "result",
        "scope",
        "task",
        "value",
        "workflow",
    )

    make_engine: Callable[[Execution], Engine] | None  # of a run that has none before it is left with something to do
    asked: Asked | None  # kept where the run may be asked for again
    head_guard: HeadGuard | None
    root_run: Branch | None
    scope: Scope | None
    task: asyncio.Task[AnyResult] | None
    result: AnyResult | None
    error: Exception | None
    executing_task: asyncio.Task[object] | None
    attempts: int
    known_at_pause: int  # how many values had been sent by then: more are news
    attempt_prefix: str  # of the names of executions; empty for the run's id
    is_running: bool

    def __init__(
        self,
        run_id: str,
        workflow: WorkflowCode,
        value: object,
        make_scope: Callable[[], Scope],
        journal: Journal,
        make_run: RunFactory,
        clock: Callable[[], float],
        *,
        engine: Engine | None = None,
        keeps_history: bool = False,
    ) -> None:
        Inbox.__init__(self, clock)  # super() costs as much as this does
        self.id: str = run_id
        self.workflow: WorkflowCode = workflow
        self.value: object = value
        self.make_scope: Callable[[], Scope] = make_scope
        self.journal: Journal = journal
        self.make_run: RunFactory = make_run
        self.engine = engine
        # One unpacking in place of a dozen assignments: every run begins here.
        (
            self.make_engine,
            self.asked,
            self.head_guard,
            self.scope,
            self.task,
            self.result,
            self.error,
            self.executing_task,
            self.attempts,
            self.known_at_pause,
            self.attempt_prefix,
            self.is_running,
        ) = (None, None, None, None, None, None, None, None, 0, 0, "", False)
        self.history: list[object] | None = [] if keeps_history else None
        self.is_watched: bool = keeps_history or journal.is_durable  # somebody reads the events, now or later
        self.listeners: list[EventSink] = []
        self.branch_events: dict[str, type] = NOTHING_YET  # of each branch, its last event
        self.cancel_address: tuple[str, str] = run_id, CANCEL  # where in the inbox it stands that somebody cancelled the run
        self.joined: list[asyncio.Future[AnyResult]] | None = None

    @property
    def user(self) -> str:
        """Return whose run it is, as its starter said; "" where nobody did."""
        return "" if self.asked is None else self.asked.user

    @property
    def flow(self) -> str:
        """Return the name of the agent or workflow that is run; "" where nobody may ask for it again."""
        return "" if self.asked is None else self.asked.flow

    async def execute(self, *, suspends: bool) -> AnyResult:
        """Execute the workflow's code over the journal, to its end or to where it can only wait.

        Whoever asks meanwhile joins that execution: a run is never executed twice at once.
        """
        while self.is_running:
            joined = await self.join()
            if suspends or joined.finished:
                return joined
        self.is_running = True
        try:
            result = await self._execute(suspends)
        except BaseException as error:
            self.is_running, self.executing_task = False, None
            if isinstance(error, Exception):
                self.error = error
                self.journal.forget_failures(error)
            self._end_joined(error)
            raise
        self.is_running, self.executing_task = False, None
        if self.joined:
            self._end_joined(result)
        return result

    async def _execute(self, suspends: bool) -> AnyResult:
        scope = self.make_scope()
        if self.inbox and self.cancel_address in self.inbox:
            raise self._make_cancelled(scope)
        self.attempts += 1
        self.may_suspend = suspends
        if self.attempts > 1:
            self.error = None
            self.reset_waits()
            scope.meter.begin_with(self.journal.count_usage(self.id))
        if self.engine is not None:  # else nobody can get at it to cancel it
            self.executing_task = asyncio.current_task()
        limits = scope.meter.limits
        self.scope = scope
        scope.approvers, scope.head_guard = self.approvers, self.head_guard
        enclosing, value = ENCLOSING.get(), self.value
        if (
            enclosing is not None
            or HANDED_OUT.texts
            or self.journal.results
            or (type(value) not in UNLABELLED and getattr(value, "labels", NOTHING) is not None)
        ):
            self._begin_with_others(scope, enclosing)
        ENCLOSING.set(scope.provenance)
        make_run, workflow = self.make_run, self.workflow  # CPython 3.11 is slow to call what it finds in a slot
        self.root_run = run = make_run(self, self.id, scope)
        if self.is_watched and scope.rules.grants:
            self.emit(GrantsGiven(self.id, tuple(map(describe_grant, scope.rules.grants))))
        try:
            work = workflow(run, value)
            output = await (work if limits is None or limits.seconds is None else in_time(work, limits.seconds, limits.make_timeout_error))
            if self.inbox and self.cancel_address in self.inbox:
                await asyncio.sleep(0)  # it came too late to stop anything; here it arrives, and not in the caller's code
            self.result = self._make_result(output, scope)
        except asyncio.CancelledError:
            executing = asyncio.current_task()
            if self.cancel_address in self.inbox and executing is not None and executing.uncancel() <= 0:
                raise self._make_cancelled(scope) from None
            if not self.is_suspended or (executing is not None and executing.cancelling()):
                raise
            self.result = self._make_result(NOTHING, scope)
        except RunError as error:
            error.run_id = error.run_id or self.id
            error.partial = error.partial or self._make_result(NOTHING, scope)
            self._note_error(error, scope)
            raise
        except BaseException as error:  # Suspended, or a group that the workflow's own TaskGroup made of it
            if not self.is_suspended:
                self._note_error(error, scope)
                raise
            self.result = self._make_result(NOTHING, scope)
        finally:
            self.root_run = None
            ENCLOSING.set(enclosing)
            if enclosing is not None:
                enclosing.take_from(scope.provenance)
            if self.approver_task is not None or self.recheck is not None:
                await self.stop_asking()
        return self.result

    def _note_error(self, error: BaseException, scope: Scope) -> None:
        """Note the words of an error that leaves the run: they may be what it has read."""
        if (labels := scope.provenance.labels) is not CLEAN:
            HANDED_OUT.note(self.id, [str(error), str(getattr(error, "text", ""))], labels)

    def _begin_with_others(self, scope: Scope, enclosing: Provenance | None) -> None:
        """Begin with the labels of the input, and with what other runs of this program have read.

        The latter is stored first of all: another program does not know of them.
        """
        if enclosing is not None:
            scope.provenance = enclosing.for_child()  # its input is what that run made of what it was given
            enclosing.govern(self, scope)
        for watcher in () if enclosing is not None else HANDED_OUT.watchers:
            watcher(self, scope)
        provenance = scope.provenance
        if type(self.value) not in UNLABELLED and getattr(self.value, "labels", NOTHING) is not None:
            provenance.labels = provenance.labels.union(find_labels(self.value))
        earlier = self.journal.results.get(self.id)
        if earlier and RECOGNISED in earlier:
            provenance.take_places(cast(list[list[Any]], earlier[RECOGNISED]))
        if not HANDED_OUT.texts and enclosing is None:
            return
        before, places = provenance.labels if enclosing is None else CLEAN, list[list[Any]]()
        if HANDED_OUT.texts:
            provenance.user_texts = provenance.recognise(provenance.user_texts, getattr(self.value, "history", ()), places)
        results = self.journal.results.setdefault(self.id, {})
        if (places or provenance.labels is not before) and not results:
            self.journal.store(self.id, BEGUN_WITH, provenance.labels)
            if places:
                self.journal.store(self.id, RECOGNISED, places)

    def _make_result(self, value: object, scope: Scope) -> AnyResult:
        provenance = scope.provenance
        messages, labels = tuple(scope.transcripts.get(self.id, ())), provenance.labels
        if labels is not CLEAN:
            HANDED_OUT.note(self.id, value if value is not NOTHING else "", labels, [text for _, text in provenance.read_texts])
        if value is NOTHING and self.engine is None and self.make_engine is not None:
            self.engine = self.make_engine(self)
        pending = tuple(self.pending.values()) if self.pending else ()
        return RunResult(self.id, value, pending, scope.meter.usage, messages, self.engine, self.unanswered, labels, provenance.problems)

    # joining and stopping it

    def join(self) -> asyncio.Future[AnyResult]:
        """Return the end, or the next pause, of the execution that is under way."""
        future: asyncio.Future[AnyResult] = asyncio.get_running_loop().create_future()
        if self.joined is None:
            self.joined = []
        self.joined.append(future)
        self.is_shared = True
        if self.blocked:
            self.check_idle_soon()
        return future

    def _end_joined(self, end: AnyResult | BaseException) -> None:
        """Give the end of the execution to everybody who joined it."""
        joined, self.joined = self.joined, None
        self.is_shared: bool = False
        for future in joined or ():
            if future.done():
                continue
            if isinstance(end, RunResult):
                future.set_result(end)
            elif isinstance(end, asyncio.CancelledError):
                future.cancel()
            else:
                future.set_exception(end)
                future.exception()  # whoever asked may be gone by now

    def cancel(self) -> None:
        """Stop before the next step; a write under way is finished first. A run that is cancelled stays so."""
        if self.cancel_address in self.inbox or (self.result is not None and self.result.finished):
            return
        self.send(self.id, CANCEL, True)
        if self.executing_task is not None:
            self.executing_task.cancel()

    async def find_withdrawn(self) -> Collection[str]:
        """Return the ids of the standing approvals that were withdrawn until now."""
        return {topic.removeprefix(WITHDRAW) for run, topic in self.inbox if run == self.id and topic.startswith(WITHDRAW)}

    async def find_stored(self, name: str) -> object:
        """Return what the user's latest run that has a step of that name has stored for it. In memory nobody looks."""
        return None

    def _make_cancelled(self, scope: Scope) -> Cancelled:
        error = Cancelled(f"Run {self.id} was cancelled.")
        error.run_id, error.partial = self.id, self._make_result(NOTHING, scope)
        return error

    async def find_earlier(self, key: str, attempt: str) -> Earlier:
        """Return what is known of whoever may have begun a write before. What this process has begun it knows itself (see perform)."""
        return Earlier.DEAD

    def is_saving(self) -> bool:
        """Return whether a branch waits for what it has stored to be written down."""
        return self.journal.is_saving()

    def count_received(self) -> int:
        """Return how many values were sent so far."""
        return len(self.inbox)

    def pause(self) -> None:
        """Suspend the run: every wait raises Suspended. One in the background stays where it is, and whoever joined it gets the pause."""
        self.known_at_pause = self.count_received()
        if not self.may_suspend:
            assert self.scope is not None
            self._end_joined(self._make_result(NOTHING, self.scope))
            return
        self.is_suspended = True
        for future in self.waits.values():
            if not future.done():
                future.set_exception(Suspended())

    # events

    def emit(self, event: object, is_own: bool = False) -> None:
        """Hand an event to the listeners and store it where events are stored; `is_own` if the workflow's code emitted it."""
        if self.history is not None:
            self.history.append(event)
        elif self.journal.is_durable:
            self.journal.record_event(event, is_own)
        for queue in self.listeners:
            queue.put_nowait(event)

    def emit_branch(self, event: BranchEvent) -> None:
        """Emit an event of a branch, once: a resumed run goes through the branches that it has emitted events of before."""
        before = self.branch_events.get(event.run)
        if before is not type(event) and (before is None or type(event) is not BranchStarted):
            self.branch_events = self.branch_events or {}
            self.branch_events[event.run] = type(event)
            self.emit(event)

    def publish(self, event: object) -> None:
        """Hand a transient event (a piece of text) to the listeners; it is not stored."""
        for queue in self.listeners:
            queue.put_nowait(event)

    def listen(self) -> asyncio.Queue[Any]:
        """Return a queue of the events from now on."""
        queue: asyncio.Queue[object] = asyncio.Queue()
        self.listeners.append(queue)
        self.is_watched = True
        return queue
