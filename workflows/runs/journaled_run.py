"""The run that workflow code is given: its steps, waits and children, stored as they end and returned again on resume."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from types import FunctionType, MethodType
from typing import Any, cast

from sayso.tools.approval.requests import ApprovalRequest, Decision, Edit
from sayso.tools.calls import find_labels
from sayso.tools.effects import CLEAN, Labels
from sayso.tools.errors import ReplayError, WorkflowError

from .events import BranchEnded, BranchFailed, BranchStarted, SignalReceived, StepEnded, StepFailed, StepStarted
from .execution import ChildRun, EventSink, Execution
from .inbox import Suspended
from .journal import Failure
from .limits import Limits, Meter
from .protocols import BEGUN_WITH, ENCLOSING, NOTHING, RECOGNISED, UNLABELLED, B, Earlier, Provenance, Scope, Ts, WorkflowCode
from .run_secrets import RunSecrets, find_edit_secrets
from .timing import in_time

FUNCTIONS = {FunctionType, MethodType}

NO_CHILDREN: dict[str, ChildRun | None] = {}  # of runs that have none yet: most of ten thousand branches never have any


class JournaledRun:
    """A run, or a child run, over a journal in memory or in a database.

    A stored result of an earlier execution is returned in place of a step, and only in the order in which the steps were done then.
    Where the journal is in a database, a result is on the disk before the next step begins.
    """

    is_live: bool = True
    keeps_notices: bool = False
    __slots__ = (
        "_at",
        "_attempt",
        "_busy",
        "_children",
        "_emits",
        "_is_strict",
        "_journal",
        "_names",
        "_results",
        "_tool_calls",
        "execution",
        "id",
        "listeners",
        "most_usd",
        "open_children",
        "scope",
        "secrets",
        "sent_usd",
    )

    _busy: str | None
    _names: Sequence[str]  # the steps of an earlier execution, in order; this one must do the same
    _at: int
    open_children: int
    _emits: int
    _tool_calls: int

    def __init__(self, execution: Execution, run_id: str, scope: Scope) -> None:
        self.execution: Execution = execution
        self.id: str = run_id
        self.scope: Scope = scope
        self.listeners: list[EventSink] = execution.listeners
        self._attempt = execution.attempt_prefix, execution.attempts
        self._journal = journal = execution.journal
        self.secrets: RunSecrets = journal.secrets
        self._is_strict = journal.is_strict
        results = journal.results.get(run_id)
        if results is None:
            results = journal.results[run_id] = {}
        self._results: dict[str, object] = results
        (self._busy, self._names, self._at, self.open_children, self._emits, self._tool_calls) = (None, (), 0, 0, 0, 0)
        if results:
            self._names = tuple(results)
            if self._names[0] == BEGUN_WITH:
                self._at = 2 if RECOGNISED in results else 1
                scope.provenance.take_labels(cast(Labels, results[BEGUN_WITH]))
            self.scope = replace(scope, meter=Meter(None, scope.meter, lambda: self._at < len(self._names)))
        self._children = NO_CHILDREN

    def clock(self) -> float:
        """Return seconds since 1970, by the engine's clock."""
        return self.execution.clock()

    @property
    def user(self) -> str:
        """Return whose run it is, as its starter said; "" where nobody did."""
        return self.execution.user

    @property
    def attempt(self) -> str:
        """Return the name of this execution: a run resumed after a crash is another attempt."""
        prefix, number = self._attempt
        return f"{prefix or self.execution.id + '#'}{number}"

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Do `op(*args)` once and store its result; a resumed run gets the stored result."""
        execution, journal = self.execution, self._journal
        if journal.lost is not None:
            raise journal.lost
        if self._busy is not None:
            raise self._two_at_once(name)
        if (self._names or name in self._results) and (stored := self._take_stored(name)) is not NOTHING:
            if journal.has_unsaved:
                await journal.save()
            return cast(B, stored)
        if type(op) not in FUNCTIONS and (hasattr(op, "execute") or hasattr(op, "effect")):
            # Called as a function it would run beside this run: nothing of it would be counted, and nobody asked.
            how = f"run.child({name!r}, ...)" if hasattr(op, "execute") else "run.call(tool, ...)"
            raise WorkflowError(f"Run {self.id} was given {op!r} as the step {name!r}; it is more than a function. Write {how}.")
        if execution.is_suspended:  # what the code does in its `finally` while the run is unwound is no part of the run
            raise Suspended
        watched = execution.is_watched
        if watched:
            if journal.is_durable and journal.is_doubtful():
                self._busy = name
                try:
                    await journal.check_claim()
                finally:
                    self._busy = None
            execution.emit(StepStarted(self.id, name))
        self._busy = name
        provenance = self.scope.provenance
        labels = provenance.labels
        try:
            value = await op(*args)
            if not preemptible and type(value) not in UNLABELLED and (found := find_labels(value, UNLABELLED)) is not CLEAN:
                provenance.labels = provenance.labels.union(found)
            if provenance.labels is not labels:
                self._store_labels(name)
        except Exception as error:  # stored, emitted, and raised on
            if provenance.labels is not labels:
                self._store_labels(name)
            journal.store(self.id, name, Failure(error))
            if watched:
                execution.emit(StepFailed(self.id, name, self.secrets.mask(str(error)) if self.secrets.texts else str(error)))
            raise
        else:
            if self._is_strict:
                value = journal.store(self.id, name, value)
            else:  # what `store` does, without the call: a step costs half a microsecond
                self._results[name] = value
            if watched:
                execution.emit(StepEnded(self.id, name))
        finally:
            self._busy = None
            if execution.blocked:
                execution.count_activity()
            if journal.has_unsaved:
                await journal.save()
        return value

    def replays(self, name: str) -> bool:
        """Return whether `name` is the next step and its result is stored."""
        following = self._names[self._at : self._at + 2]
        return bool(following) and (following[0] == name or (following[0] == f"labels:{name}" and following[-1] == name))

    def _store_labels(self, name: str) -> None:
        """Store what the run has read by the end of step `name`: a run inside it has read something, or it returns what is labelled.

        It is stored before the result, for a failure that ends a run is forgotten and what it read is not.
        """
        self._journal.store(self.id, f"labels:{name}", self.scope.provenance.labels)

    def _take_stored(self, name: str) -> object:
        """Return the stored result of the next step, and join the labels that are stored with it; NOTHING where it is to be done.

        Raises what the step raised then, WorkflowError for a name that was used before, ReplayError where the code has become another.
        """
        labels = f"labels:{name}"
        if self._at != len(self._names) and self._names[self._at] == labels:
            self._at += 1
            self.scope.provenance.take_labels(cast(Labels, self._results[labels]))
        if self._at == len(self._names):
            if name not in self._results:
                return NOTHING
            raise WorkflowError(
                f"Run {self.id} has two steps named {name!r}; a name is a position and can be used once. "
                f"{'Wait for another topic the second time.' if name.startswith('wait:') else 'Give one of them name=.'}"
            )
        if name != self._names[self._at]:
            raise self._differs(self._names[self._at], name)
        self._at += 1
        result = self._results[name]
        if isinstance(result, Failure):
            raise result.error
        return result

    def _differs(self, expected: str, name: str) -> ReplayError:
        error = ReplayError(
            f"Run {self.id} was resumed with other code: its journal has {expected!r} next, the code asks for {name!r}. "
            "The journal is kept; resume it with the code it was started with."
        )
        error.run_id = self.id
        return error

    def _two_at_once(self, name: str) -> WorkflowError:
        return WorkflowError(
            f"Run {self.id} was asked for {name!r} while {self._busy!r} is under way. A run does one thing at a time; "
            "put what goes side by side into children: parallel(...)."
        )

    def record_prompt(self, name: str, prompt: Callable[..., object], *args: object) -> None:
        """Store what step `name` is about to send to a model, `prompt(*args)`, where prompts are stored."""
        if self._is_strict and self._at == len(self._names) and name not in self._results:
            self._journal.store_prompt(self.id, name, prompt(*args))

    async def wait(self, topic: str | None, timeout_seconds: float | None = None) -> Any:
        """Return what was sent under `topic`, or None after the timeout; without a topic, sleep."""
        execution, journal = self.execution, self._journal
        if journal.lost is not None:
            raise journal.lost
        if journal.is_durable and timeout_seconds is not None and not (topic or "").startswith("approve:"):
            # The time began before a restart, so its end is stored. A request for approval has an end of its own.
            until = await self.step(f"until:{self._position()}", self._find_end, timeout_seconds)
            timeout_seconds = max(0.0, min(timeout_seconds, until - self.clock()))  # a clock that was set back makes no wait longer
        name = f"wait:{topic}" if topic is not None else f"sleep:{self._position()}"
        if self._busy is not None:
            raise self._two_at_once(name)
        if (self._names or name in self._results) and (stored := self._take_stored(name)) is not NOTHING:
            value = stored
        elif execution.is_suspended:
            raise Suspended
        else:
            self._busy = name
            try:
                received = await execution.receive(self.id, topic, timeout_seconds)
            finally:
                self._busy = None
                if execution.blocked:
                    execution.count_activity()
            if type(received) is Edit:
                self._note_edit(topic, received)
            elif type(received) not in UNLABELLED:
                provenance = self.scope.provenance
                labels = provenance.labels
                provenance.labels = labels.union(find_labels(received))
                if provenance.labels is not labels:
                    self._store_labels(name)
            if self._is_strict:
                value = journal.store(self.id, name, received)
            else:  # as of a step
                value = self._results[name] = received
            if execution.is_watched and topic is not None and not topic.startswith("approve:"):
                execution.emit(SignalReceived(self.id, name))
        if journal.has_unsaved:
            await journal.save()
        return value

    def _note_edit(self, topic: str | None, edit: Edit) -> None:
        """Take note of the secrets that a person has typed, before the edit is stored."""
        request = self.execution.pending.get((topic or "").removeprefix("approve:"))
        if request is not None and request.secrets:
            self.secrets.add(find_edit_secrets(request, edit), f"{request.tool} takes a secret")

    def _position(self) -> int:
        return self._at if self._at < len(self._names) else len(self._results)

    async def _find_end(self, timeout_seconds: float) -> float:
        return self.clock() + timeout_seconds

    async def find_earlier(self, key: str, attempt: str) -> Earlier:
        """Return what is known of the programs that may have begun the write `key` since `attempt`."""
        return await self.execution.find_earlier(key, attempt)

    async def record_repeat(self, key: str) -> None:
        """Record that this execution is about to perform the write `key` again. Raises an error where the run is somebody else's by now."""
        await self._journal.record_repeat(self.id, key)

    async def child(
        self, name: str, workflow: Any, value: Any, *, limits: Limits | None = None, provenance: Provenance | None = None
    ) -> Any:
        """Execute a nested run and return its result."""
        code: WorkflowCode = workflow
        if hasattr(workflow, "execute"):  # an agent or a workflow brings limits of its own
            code, limits = workflow.execute, workflow.limits if limits is None else limits
        execution, child = self.execution, self._make_child(name, limits, provenance)
        self._children[name] = child
        watched = execution.is_watched
        if watched:
            execution.emit_branch(BranchStarted(child.id, name))
        execution.begin_branch(self)
        ENCLOSING.set(child.scope.provenance)
        try:
            if limits is not None and limits.seconds is not None:
                result = await in_time(code(child, value), limits.seconds, limits.make_timeout_error)
            else:
                result = await code(child, value)
        except Exception as error:  # emitted, and raised on
            if watched:
                execution.emit_branch(BranchFailed(child.id, name, self.secrets.mask(str(error)) if self.secrets.texts else str(error)))
            raise
        finally:
            self.scope.provenance.take_from(child.scope.provenance)  # an error may say what was read, and code may keep it before a stop
            ENCLOSING.set(self.scope.provenance)
            self._children[name] = None  # it has ended; the name stays taken
            execution.end_branch(self)
        if watched:
            execution.emit_branch(BranchEnded(child.id, name))
        return result

    def _make_child(self, name: str, limits: Limits | None, provenance: Provenance | None) -> ChildRun:
        child_id = f"{self.id}/{name}"
        if name in self._children:
            raise WorkflowError(
                f"Run {self.id} has two children named {name!r}; a name is a position and can be used once. Give one of them name=."
            )
        if self._children is NO_CHILDREN:
            self._children = {}
        scope = self.scope.for_child(limits, provenance)
        if limits is not None and self.execution.attempts > 1:
            scope.meter.begin_with(self._journal.count_usage(child_id))
        return self.execution.make_run(self.execution, child_id, scope)

    def is_working(self) -> bool:
        """Return whether this run or one below it goes on by itself: is in a step, sleeps, or waits with a timeout."""
        if self._busy is not None and self.id not in self.execution.blocked:
            return True
        return self.open_children > 0 and any(child is not None and child.is_working() for child in self._children.values())

    async def emit(self, event: object) -> None:
        """Hand an event to whoever listens, once: what an earlier execution has emitted is not emitted again."""
        if not self.execution.is_watched:
            return
        is_own = self._busy is None  # inside a step it is the step that happens once
        if is_own:
            self._emits += 1
            emitted = self._journal.emitted = self._journal.emitted or {}
            if self._emits <= emitted.get(self.id, 0):
                return
            emitted[self.id] = self._emits
        self.execution.emit(event, is_own)

    def publish(self, event: object) -> None:
        """Hand an event to whoever listens right now; it is not stored."""
        if self.listeners:
            self.execution.publish(event)

    def expect_cost(self, usd: float, sent_usd: float) -> None:
        """Do nothing: there is no cap. See CappedRun."""

    async def call(self, tool: Any, /, *no: Any, **arguments: Any) -> Any:
        """Call a tool as a model would: checked, ruled on, asked about if it writes, done once. Return its value."""
        from ..calls.execute import call_tool  # late, for load time: most workflows call no tools themselves

        if not hasattr(tool, "effect"):
            raise WorkflowError(f"run.call takes a tool, not {tool!r}. A function is a step: run.step(name, function, ...).")
        if no:
            raise WorkflowError(f"run.call({tool.name}, ...) takes the tool's arguments by name, and was given {no[0]!r} without one.")
        self._tool_calls += 1
        return await call_tool(self, tool, arguments, f"{tool.name}.{self._tool_calls - 1}")

    async def find_withdrawn(self) -> Collection[str]:
        """Return the ids of the standing approvals that were withdrawn until now."""
        return await self.execution.find_withdrawn()

    async def find_stored(self, name: str) -> object:
        """Return what the user's latest run that has a step of that name has stored for it; None for none."""
        return await self.execution.find_stored(name)

    async def ask(self, request: ApprovalRequest) -> Decision | None:
        """Put a request to the approver and wait for the decision, wherever it comes from. None when the request has expired."""
        if self._journal.has_unsaved:  # the request is on the disk before anybody is asked, so that it can be answered from elsewhere
            await self._journal.save()
        if f"wait:{request.topic}" not in self._results:  # decided before a restart: nobody is asked again
            self.execution.ask_approver(request, self.scope.approve)
        decision: Decision | None = await self.wait(request.topic, max(0.0, request.expires_at - self.clock()))
        if pending := self.execution.pending:
            pending.pop(request.digest, None)
        return decision
