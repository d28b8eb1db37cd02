"""The base of all engines, and the memory engine: runs that live as long as the program, with the same rules as those that outlive it.

A run's state is its journal: what its steps returned, by run and name. A run that can only wait is unwound, and resuming it executes the
same code over the journal. Nothing alive is stored.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from itertools import count
from logging import INFO, getLogger
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sayso.tools.approval.requests import ApprovalRequest, Decision, is_decision
from sayso.tools.errors import Cancelled, NotFinished, UsageError

from .codec import NotJson, from_json, to_json
from .execution import WITHDRAW, AnyResult, Execution
from .journal import Entry, Journal, StrictJournal
from .journaled_run import JournaledRun
from .limits import Meter
from .protocols import Provenance, Runnable, RunResult, Scope, WorkflowCode
from .same_run import Asked, check_same_run, check_user

if TYPE_CHECKING:  # late, for load time: only who configures approvers or grants needs it
    from sayso.tools.approval.grant import Grant
    from sayso.tools.approval.signatures import Approvers

    from ..caps import Cap
    from ..events.event_types import AnyEvent
    from ..thumbs import Feedback
    from .capped_run import Ledger
    from .grant_records import StandingApproval

# A run in memory needs an id that is its own in this program, and chance from the system costs as much as a step.
_PROGRAM, _NUMBERS = f"r{os.urandom(4).hex()}", count()

EVENT_LOG = getLogger("sayso.events")
"""Gets a line for each event where the program has set it, or `sayso`, or all loggers, to the level INFO."""

E = TypeVar("E", bound=Execution)


class BaseEngine(ABC, Generic[E]):
    """Opens, starts and finds executions. A strict one sends values through JSON and refuses steps that it cannot tell apart by name."""

    __slots__ = ("__weakref__", "approvers", "clock", "executions", "ledger", "listeners", "strict")

    def __init__(
        self,
        *,
        strict: bool,
        clock: Callable[[], float],
        approvers: Approvers | None = None,
        listeners: Iterable[Callable[[AnyEvent], object]] = (),
    ) -> None:
        self.strict: bool = strict
        self.clock: Callable[[], float] = clock
        self.approvers: Approvers | None = approvers
        self.listeners: tuple[Callable[[AnyEvent], object], ...] = check_listeners(listeners)
        self.executions: dict[str, E] = {}
        self.ledger: Ledger | None = None

    def find_listeners(self) -> tuple[Callable[[AnyEvent], object], ...]:
        """Return who is called with each event of a run: those that were given, and the logger where somebody reads it."""
        if not EVENT_LOG.isEnabledFor(INFO):
            return self.listeners
        from ..events.event_log import log_event  # late, for load time: most programs log nothing

        return (*self.listeners, log_event)

    @abstractmethod
    def _make(self, run_id: str, workflow: WorkflowCode, value: object, make_scope: Callable[[], Scope]) -> E:
        """Make the execution of a new run."""

    def open(
        self, workflow: WorkflowCode, value: object, run_id: str | None, make_scope: Callable[[], Scope], user: str | None = None
    ) -> E:
        """Return the execution of the run of that id, made if there is none yet; `make_scope` is called for each execution.

        Raises RunIdTaken if the run of that id is of another flow or user, or has another input.
        """
        asked = None
        if run_id is None and not self.strict and user is None and self.ledger is None:
            run_id = f"{_PROGRAM}{next(_NUMBERS)}"  # nobody can ask for it again
        else:
            if run_id is None:
                run_id = f"r{os.urandom(6).hex()}"
            check_run_id(run_id)
            given: object = value
            with suppress(NotJson):
                given = json.dumps(to_json(value))  # written down at once, for the flow may change it
            flow = getattr(getattr(workflow, "__self__", None), "name", "") or getattr(workflow, "__qualname__", "flow")
            asked = Asked(flow, given) if user is None else Asked(flow, given, check_user(user))
        execution = self.executions.get(run_id)
        if execution is None:
            if self.strict:
                check_step_names(workflow)
                value = from_json(to_json(value, f"the input of run {run_id}"))
            execution = self._make(run_id, workflow, value, make_scope)
            execution.asked, execution.approvers = asked, self.approvers
            if self.ledger is not None:
                self._cap(execution)
            self.executions[run_id] = execution
            return execution
        if asked is not None and execution.asked is not None:
            check_same_run(run_id, execution.asked, asked)
        if not execution.is_running:
            execution.workflow, execution.make_scope = workflow, make_scope  # the same run, asked for again by another caller
        return execution

    def _cap(self, execution: E) -> None:
        """Hold a new run to the caps."""
        from ..events.watched_run import WatchedCappedRun  # late, for load time: few engines have caps
        from .capped_run import CappedRun

        execution.make_run = WatchedCappedRun if execution.is_watched else CappedRun

    def open_runnable(
        self, workflow: WorkflowCode | Runnable, value: object, run_id: str, scope: Scope | None, user: str | None = None
    ) -> E:
        """Return the execution of a run; an agent or a workflow brings its code and its limits."""
        if not isinstance(workflow, Runnable):
            return self.open(workflow, value, run_id, lambda: scope or Scope(), user)
        value = value.content if isinstance(value, RunResult) else value
        limits, user_texts = workflow.limits, tuple(workflow.find_user_texts(value))

        def make_scope() -> Scope:
            return scope or Scope(meter=Meter(limits), provenance=Provenance(user_texts))

        return self.open(workflow.execute, value, run_id, make_scope, user)

    def start_execution(self, execution: E) -> None:
        """Execute in the background, unless that was begun before."""
        if execution.task is None:
            work = execution.execute(suspends=False)
            execution.task = asyncio.get_running_loop().create_task(work, name=f"sayso:{execution.id}")
            execution.task.add_done_callback(_retrieve)

    async def wait_for(self, execution: E) -> Any:
        """Return the output of a run that is executed here; raises what it raised, Cancelled if it was cancelled."""
        if execution.task is None:
            return (await _find_end(execution)).output
        try:
            return (await asyncio.shield(execution.task)).output
        except asyncio.CancelledError:
            if not execution.task.cancelled():
                raise
            error = Cancelled(f"Run {execution.id} was cancelled.")
            error.run_id = execution.id
            raise error from None

    def stamp(self, decision: object) -> Decision:
        """Return the decision with the time it arrived, by this engine's clock: a decision does not say itself when it was made."""
        if not is_decision(decision):
            raise UsageError(f"{decision!r} is not a decision. Write Approve(), Edit(arguments) or Reject(reason).")
        return replace(decision, at=self.clock())

    def stamp_all(self, decisions: Mapping[str, Decision]) -> dict[str, Decision]:
        """Return decisions by digest with the time they arrived. Raises UsageError."""
        if not isinstance(decisions, Mapping) or not all(isinstance(digest, str) for digest in decisions):
            how = "Write a dict: {request.digest: Approve()} for each of result.pending."
            raise UsageError(f"{decisions!r} does not map digests to decisions. {how}")
        return {digest: self.stamp(decision) for digest, decision in decisions.items()}

    @abstractmethod
    async def signal(self, run_id: str, topic: str, value: object) -> None:
        """Send a value to a run (or one of its children, by its id); the first for a topic counts."""

    @abstractmethod
    async def grants(self, run_id: str) -> tuple[StandingApproval, ...]:
        """Return the standing approvals of a run: which it has, how often each was used, and which were withdrawn."""

    async def withdraw(self, run_id: str, grant: Grant | str, *, by: str = "") -> None:
        """Withdraw a standing approval of a run, by itself or its id: it covers no write that is begun after this returns.

        Raises UsageError where the run has no such grant.
        """
        from .grant_records import find_grant  # late, for load time

        root_id = run_id.partition("/")[0]
        await self.signal(root_id, f"{WITHDRAW}{find_grant(root_id, grant, await self.grants(root_id))}", {"by": by, "at": self.clock()})


def check_listeners(listeners: object) -> tuple[Callable[[AnyEvent], object], ...]:
    """Return the functions that are called with each event. Raises UsageError for what is none."""
    given: tuple[Any, ...] = tuple(listeners) if isinstance(listeners, Iterable) and not isinstance(listeners, str) else (listeners,)
    for each in given:
        if not callable(each):
            raise UsageError(f"listeners={each!r} cannot take events. Write a list of functions that take one event: listeners=[print].")
    return given


def check_run_id(run_id: object) -> None:
    """Raise UsageError for what cannot be the id of a run."""
    if not isinstance(run_id, str) or not run_id or "/" in run_id:
        raise UsageError(f"{run_id!r} cannot be a run id. Use a text without a slash: a slash separates a run from its children.")
    if "\0" in run_id or any("\ud800" <= char <= "\udfff" for char in run_id):
        raise UsageError(f"{run_id!r} cannot be a run id: a database cannot store that text.")


def check_step_names(workflow: WorkflowCode) -> None:
    """Raise WorkflowError for steps that a journal cannot tell apart by name. Only agents and workflows have known steps."""
    owner = getattr(workflow, "__self__", None)
    if isinstance(owner, Runnable):
        owner.check_step_names()


def check_signed(approvers: Approvers, decided: Mapping[str, Decision], pending: Mapping[str, ApprovalRequest]) -> None:
    """Raise UsageError for a decision that does not count, because none of the approvers has signed it."""
    for digest, decision in decided.items():
        if problem := approvers.find_problem(decision, pending[digest]):
            raise UsageError(
                f"The decision on the request {digest[:12]} does not count: {problem}. Sign it with sign(Approve(by=...), request, key), "
                "on the command line with --key FILE."
            )


def check_open(run_id: str, decided: Mapping[str, Decision], pending: Mapping[str, object]) -> None:
    """Raise UsageError for a decision on a request that is not open."""
    unknown = [digest for digest in decided if digest not in pending]
    if unknown:
        waiting = ", ".join(digest[:12] for digest in pending) or "none"
        raise UsageError(f"Run {run_id} has no open request {unknown[0][:12]!r} (open: {waiting}). It may be decided or expired.")


def _retrieve(task: asyncio.Task[AnyResult]) -> None:
    # Whoever wants to know asks for the result; nobody asking is no reason for asyncio to complain.
    if not task.cancelled():
        task.exception()


async def _find_end(execution: Execution) -> AnyResult:
    """Return what a run came to that its caller executes, or executed."""
    if execution.is_running:
        return await execution.join()
    if execution.error is not None:
        raise execution.error
    if execution.result is None:
        raise NotFinished(f"Run {execution.id} is not being executed. Resume it with: await engine.resume({execution.id!r}, {{}}).")
    return execution.result


class MemoryEngine(BaseEngine[Execution]):
    """Runs in this process.

    `strict` sends every stored value through JSON, as durable engines do; `record` keeps events for whoever listens later.
    """

    __slots__ = ("_feedback", "_memory_ledger", "record")

    def __init__(
        self,
        *,
        strict: bool = False,
        record: bool = True,
        clock: Callable[[], float] = time.time,
        approvers: Approvers | None = None,
        caps: Iterable[Cap] | None = None,
        listeners: Iterable[Callable[[AnyEvent], object]] = (),
    ) -> None:
        super().__init__(strict=strict, clock=clock, approvers=approvers, listeners=listeners)
        self.record: bool = record
        if caps is not None:
            from ..caps import check_caps  # late, for load time: few engines have caps
            from .capped_run import MemoryLedger

            self._memory_ledger = MemoryLedger(check_caps(caps))
            self.ledger: Ledger | None = self._memory_ledger
        self._feedback: list[Feedback] = []

    def __repr__(self) -> str:
        return f"<memory engine, {len(self.executions)} runs>"

    def _make(self, run_id: str, workflow: WorkflowCode, value: object, make_scope: Callable[[], Scope]) -> Execution:
        journal = StrictJournal() if self.strict else Journal()
        if not self.record:
            return Execution(run_id, workflow, value, make_scope, journal, JournaledRun, self.clock, engine=self)
        from ..events.watched_execution import WatchedExecution  # late, for load time: a run without an engine has none

        execution = WatchedExecution(
            run_id, workflow, value, make_scope, journal, JournaledRun, self.clock, engine=self, keeps_history=True
        )
        for listener in self.find_listeners():
            execution.follow(listener, streamed=False)
        return execution

    def _cap(self, execution: Execution) -> None:
        """Hold a new run to the caps. Raises CapReached where nothing is left."""
        self._memory_ledger.check_start(execution.user, execution.flow, self.clock())
        super()._cap(execution)

    async def start(
        self, workflow: WorkflowCode | Runnable, value: object, *, run_id: str, scope: Scope | None = None, user: str | None = None
    ) -> None:
        """Start a run in the background, for a user where one is named; starting the same id again does nothing."""
        self.start_execution(self.open_runnable(workflow, value, run_id, scope, user))

    async def signal(self, run_id: str, topic: str, value: object) -> None:
        """Send a value to a run (or one of its children, by its id); the first for a topic counts."""
        if topic.startswith("approve:"):
            decision, digest = self.stamp(value), topic.removeprefix("approve:")
            if self.approvers is not None and digest in (pending := self._find(run_id).pending):
                check_signed(self.approvers, {digest: decision}, pending)
            value = decision
        if self.strict:
            value = from_json(to_json(value, f"the signal {topic!r}"))
        execution = self._find(run_id)
        execution.send(run_id, topic, value)

    async def cancel(self, run_id: str) -> None:
        """Stop a run and its children before their next step: a write under way is finished first. One that is paused stays so."""
        self._find(run_id).cancel()

    async def grants(self, run_id: str) -> tuple[StandingApproval, ...]:
        """Return the standing approvals of a run: which it has, how often each was used, and which were withdrawn."""
        from .grant_records import list_grants  # late, for load time: few runs have any

        execution = self._find(run_id)
        sent = {
            topic: value for run, topic, value in ((*address, value) for address, value in execution.inbox.items()) if run == execution.id
        }
        return list_grants(execution.history or (), sent)

    async def give_feedback(self, run_id: str, good: bool, *, note: str = "", by: str = "") -> Feedback:
        """Give a run a thumb up or down, with a note; of each person the last counts. Without `by` it is from the user of the run."""
        from ..thumbs import check_thumb, make_feedback  # late, for load time

        feedback = make_feedback(run_id, check_thumb(good), note, by, self.clock())
        user = self._find(run_id).user
        feedback = feedback._replace(by=feedback.by or user)
        self._feedback.append(feedback)
        return feedback

    async def withdraw_feedback(self, run_id: str, *, by: str = "") -> Feedback:
        """Withdraw a person's thumb. Raises UsageError where there is none."""
        from ..thumbs import find_withdrawable, make_feedback  # late, for load time

        feedback = make_feedback(run_id, None, "", by, self.clock())
        user = self._find(run_id).user
        feedback = feedback._replace(by=feedback.by or user)
        find_withdrawable(self._feedback, run_id, feedback.by)
        self._feedback.append(feedback)
        return feedback

    async def feedback(self, run_id: str | None = None, *, history: bool = False) -> tuple[Feedback, ...]:
        """Return the thumbs of a run and its children, or of all runs: each person's last word, or with `history` all that was given."""
        from ..thumbs import find_last_words  # late, for load time

        root_id = self._find(run_id).id if run_id is not None else None
        given = [each for each in self._feedback if root_id is None or each.run.partition("/")[0] == root_id]
        return tuple(given) if history else find_last_words(given)

    async def result(self, run_id: str) -> Any:
        """Wait for the run's result; raises what it raised, Cancelled if it was cancelled."""
        return await self.wait_for(self._find(run_id))

    async def requests(self, run_id: str | None = None) -> tuple[ApprovalRequest, ...]:
        """Return the open requests, of one run or of all, oldest first."""
        runs = self.executions.values() if run_id is None else [self._find(run_id)]
        waiting = [request for each in runs for request in each.pending.values()]
        return tuple(sorted(waiting, key=lambda request: request.proposed_at))

    async def events(self, run_id: str, since: int = 0, *, through_pauses: bool = False) -> AsyncIterator[AnyEvent]:
        """Yield the events of a run and its children from number `since` on, then live ones until it ends or pauses: see sayso.events.

        With `through_pauses` they go on while it waits for a decision. What streams comes too, from where it is at that moment.
        """
        from ..events.watched_execution import WatchedExecution, follow_events  # late, for load time

        execution = self._find(run_id)
        if not isinstance(execution, WatchedExecution):
            raise UsageError(f"This engine keeps no events of run {run_id!r}. Give the run an engine of its own: engine=sayso.engine().")
        async with aclosing(follow_events(execution, run_id, since, through_pauses)) as told:
            async for event in told:
                yield event

    async def follow_emitted(self, run_id: str, since: int = 0) -> AsyncIterator[Any]:
        """Yield what was emitted, as it is stored, of a run and its children from number `since` on, then live until it ends or pauses."""
        execution = self._find(run_id)
        below = f"{run_id}/"
        number = 0
        async for event, is_recorded in _follow(execution):
            run = getattr(event, "run", execution.id)
            if run_id != execution.id and run != run_id and not run.startswith(below):
                continue
            if number >= since:
                yield event
            number += is_recorded

    async def find_turns(self, name: str) -> dict[str, str]:
        """Return the ids of the runs name.1, name.2, ... in their order, the turns of a session, and whose run each is."""
        numbers = (run_id.removeprefix(f"{name}.") for run_id in self.executions if run_id.startswith(f"{name}."))
        turns = [f"{name}.{number}" for number in sorted(int(each) for each in numbers if each.isdecimal())]
        return {run_id: self.executions[run_id].user for run_id in turns}

    async def read_turn(self, run_id: str) -> AnyResult:
        """Return what a run came to, or what it waits for. Raises what it raised, NotFinished where it is under way or was cut off."""
        execution = self._find(run_id)
        if execution.error is not None:
            raise execution.error
        if execution.result is None or (execution.is_running and not execution.pending):
            raise NotFinished(f"Run {run_id} is under way or was cut off.")
        return execution.result

    async def resume(self, run_id: str, decisions: Mapping[str, Decision]) -> AnyResult:
        """Hand in decisions by digest, and execute the run to its end or its next pause."""
        execution = self._find(run_id)
        stamped = self.stamp_all(decisions)
        check_open(run_id, stamped, execution.pending)
        if self.approvers is not None:
            check_signed(self.approvers, stamped, execution.pending)
        for digest, decision in stamped.items():
            request = execution.pending[digest]
            execution.send(request.run_id, request.topic, decision)
        if execution.result is not None and execution.result.finished:
            return execution.result
        return await execution.execute(suspends=True)

    def journal(self, run_id: str) -> tuple[Entry, ...]:
        """Return what a strict run has stored, in the order it was stored."""
        journal = self._find(run_id).journal
        return tuple(journal.entries) if isinstance(journal, StrictJournal) else ()

    def prompts(self, run_id: str) -> Mapping[tuple[str, str], object]:
        """Return what models were sent by a strict run, by the run and the step that sent it."""
        journal = self._find(run_id).journal
        return journal.prompts if isinstance(journal, StrictJournal) else {}

    def restore(
        self, workflow: WorkflowCode, value: object, run_id: str, entries: Iterable[Entry], make_scope: Callable[[], Scope] = Scope
    ) -> Execution:
        """Open a strict run that has stored these entries and nothing more, as after a crash."""
        execution = self.open(workflow, value, run_id, make_scope)
        if isinstance(execution.journal, StrictJournal):
            execution.journal.load(entries)
        execution.attempts = 1
        return execution

    def _find(self, run_id: str) -> Execution:
        execution = self.executions.get(run_id.partition("/")[0])
        if execution is None:
            raise UsageError(f"This engine has no run {run_id!r}. Runs: {', '.join(sorted(self.executions)) or 'none'}.")
        return execution


def open_private(
    workflow: WorkflowCode, value: object, run_id: str | None, make_scope: Callable[[], Scope], user: str | None = None
) -> Execution:
    """Return the execution of a run that is on no engine: its result is all there is to ask for.

    One that pauses or fails is given an engine of its own, for it can be resumed. What any other has stored is freed with the last look at
    it, not when the garbage is collected.
    """
    if EVENT_LOG.isEnabledFor(INFO):
        return MemoryEngine().open(workflow, value, run_id, make_scope, user)  # whose runs are watched, and written about
    if run_id is None:
        run_id = f"{_PROGRAM}{next(_NUMBERS)}"
    else:
        check_run_id(run_id)
    execution = Execution(run_id, workflow, value, make_scope, Journal(), JournaledRun, time.time)
    execution.make_engine = _make_engine_for
    if user is not None:
        execution.asked = Asked(getattr(getattr(workflow, "__self__", None), "name", "flow"), value, check_user(user))
    return execution


def _make_engine_for(execution: Execution) -> MemoryEngine:
    engine = MemoryEngine(record=False)
    engine.executions[execution.id] = execution
    return engine


async def _follow(execution: Execution) -> AsyncIterator[tuple[Any, bool]]:
    """Yield the events of a whole run until it ends or pauses, each with whether it is a recorded one."""
    queue = execution.listen()
    recorded = list(execution.history or ())
    at = len(recorded)
    ending: asyncio.Future[AnyResult] | None = execution.task or (execution.join() if execution.is_running else None)
    try:
        for event in recorded:
            yield event, True
        while True:
            if queue.empty():
                if ending is None or ending.done():
                    return
                getting = asyncio.ensure_future(queue.get())
                try:
                    await asyncio.wait({getting, ending}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    if not getting.done():
                        getting.cancel()
                if not getting.done() or getting.cancelled():
                    continue
                event = getting.result()
            else:
                event = queue.get_nowait()
            is_recorded = execution.history is not None and at < len(execution.history) and execution.history[at] is event
            at += is_recorded
            yield event, is_recorded
    finally:
        execution.listeners.remove(queue)
