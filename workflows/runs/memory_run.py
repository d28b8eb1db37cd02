"""One line of a run in memory: its steps, waits and children, kept as they end and given again on resume."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.tools.errors import ReplayError, WorkflowError

from .codec import from_json, to_json
from .events import BranchEnded, BranchFailed, BranchStarted, StepEnded, StepFailed, StepStarted
from .limits import Limits
from .protocols import B, Scope, Ts, WorkflowCode
from .timing import in_time

if TYPE_CHECKING:
    from .execution import Execution


class Entry(NamedTuple):
    """One kept result: of the step or wait `name` of the run `run`."""

    run: str
    name: str
    value: Any


class Failure(NamedTuple):
    """A step that raised; on replay it raises the same."""

    error: Exception


class Suspended(BaseException):
    """Unwinds a run whose every branch waits. Not an Exception: no handler of the workflow's code should take it for a failure."""


FUNCTIONS = {FunctionType, MethodType}

NO_CHILDREN: dict[str, MemoryRun | None] = {}  # of lines that have none yet: most of ten thousand branches never have any


class MemoryRun:
    """One line of a run in memory. `acts` is False where a run is only replayed: then nothing outside may be asked or touched."""

    acts = True
    __slots__ = ("_at", "_busy", "_children", "_emits", "_kept", "_names", "_open", "_tool_calls", "id", "root", "scope")

    def __init__(self, root: Execution, run_id: str, scope: Scope) -> None:
        self.root, self.id, self.scope = root, run_id, scope
        self._busy: str | None = None
        kept = root.journal.get(run_id)
        if kept is None:
            kept = root.journal[run_id] = {}
        self._kept: dict[str, Any] = kept
        self._names: Sequence[str] = ()  # what an earlier execution did, in order; this one must do the same
        self._at = 0
        if kept:
            self._names = tuple(kept)
            self.scope = scope.replayed(self._in_journal)
        self._open = self._emits = self._tool_calls = 0
        self._children = NO_CHILDREN

    def _in_journal(self) -> bool:
        return self._at < len(self._names)

    @property
    def attempt(self) -> str:
        """Names this execution of the run."""
        return self.root.attempt

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self.root.listeners)

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Do `op(*args)` once and keep its result."""
        if self._busy is not None:
            raise self._two_at_once(name)
        if self._at != len(self._names) or name in self._kept:
            replayed: B = self._replayed(name)
            return replayed
        if type(op) not in FUNCTIONS and (hasattr(op, "execute") or hasattr(op, "effect")):
            raise self._no_step(name, op)
        root = self.root
        if root.waits_only:  # what the code does in its `finally` while the run is unwound is no part of the run
            raise Suspended
        watched = root.watched
        if watched:
            root.note(StepStarted(self.id, name))
        self._busy = name
        try:
            value = await op(*args)
        except Exception as error:  # kept and told, and raised on
            self._keep(name, Failure(error))
            if watched:
                root.note(StepFailed(self.id, name, str(error)))
            raise
        finally:
            self._busy = None
            if root.parked:
                root.work_ends()
        kept: B = self._keep(name, value)
        if watched:
            root.note(StepEnded(self.id, name))
        return kept

    def record_prompt(self, name: str, prompt: Callable[..., Any], *args: Any) -> None:
        """What a model is sent; a run that lives in memory has no use for it."""

    def replays(self, name: str) -> bool:
        """Whether `name` is the next step and its result is kept."""
        return self._at < len(self._names) and self._names[self._at] == name

    def _keep(self, name: str, value: Any) -> Any:
        self._kept[name] = value
        return value

    def _replayed(self, name: str) -> Any:
        if self._at == len(self._names):
            raise WorkflowError(
                f"Run {self.id} has two steps named {name!r}; a name is a position and stands once. Give one of them name=."
            )
        expected = self._names[self._at]
        if name != expected:
            error = ReplayError(
                f"Run {self.id} was resumed with other code: its journal has {expected!r} next, the code asks for {name!r}. "
                "The journal is kept; resume it with the code it was started with."
            )
            error.run_id = self.id
            raise error
        self._at += 1
        value = self._kept[name]
        if isinstance(value, Failure):
            raise value.error
        return value

    def _no_step(self, name: str, op: Any) -> WorkflowError:
        # Called as a function it would run beside this run: nothing of it would be counted, and nobody asked.
        how = f"run.child({name!r}, ...)" if hasattr(op, "execute") else "run.call(tool, ...)"
        return WorkflowError(f"Run {self.id} was given {op!r} as the step {name!r}; it is more than a function. Write {how}.")

    def _two_at_once(self, name: str) -> WorkflowError:
        return WorkflowError(
            f"Run {self.id} was asked for {name!r} while {self._busy!r} is under way. A run is one line; "
            "put what goes side by side into children: parallel(...)."
        )

    async def wait(self, topic: str | None, timeout_seconds: float | None = None) -> Any:
        """What was sent under `topic`, or None after the time; without a topic, a sleep."""
        place = self._at if self._at < len(self._names) else len(self._kept)
        name = f"wait:{topic}" if topic is not None else f"sleep:{place}"
        if self._busy is not None:
            raise self._two_at_once(name)
        if self._at != len(self._names) or name in self._kept:
            return self._replayed(name)
        if self.root.waits_only:
            raise Suspended
        self._busy = name
        try:
            value = await self.root.receive(self.id, topic, timeout_seconds)
        finally:
            self._busy = None
            if self.root.parked:
                self.root.work_ends()
        return self._keep(name, value)

    async def child(self, name: str, workflow: Any, value: Any, *, limits: Limits | None = None) -> Any:
        """Carry a nested run through and give its result."""
        execute: WorkflowCode = workflow
        if hasattr(workflow, "execute"):  # an agent or a workflow brings limits of its own
            execute, limits = workflow.execute, workflow.limits if limits is None else limits
        root, child = self.root, self._below(name, limits)
        self._children[name] = child  # None once it has ended
        watched = root.watched
        if watched:
            root.emit_branch(BranchStarted(child.id, name))
        root.branch_begins(self)
        try:
            if limits is not None and limits.seconds is not None:
                result = await in_time(execute(child, value), limits.seconds, limits.out_of_time)
            else:
                result = await execute(child, value)
        except Exception as error:  # told, and raised on
            self.scope.provenance.take_from(child.scope.provenance)  # the error may say what was read
            if watched:
                root.emit_branch(BranchFailed(child.id, name, str(error)))
            raise
        finally:
            self._children[name] = None
            root.branch_ends(self)
        self.scope.provenance.take_from(child.scope.provenance)
        if watched:
            root.emit_branch(BranchEnded(child.id, name))
        return result

    def _below(self, name: str, limits: Limits | None) -> MemoryRun:
        """The line of a nested run, with limits of its own where it has some."""
        child_id = f"{self.id}/{name}"
        if name in self._children:
            raise WorkflowError(
                f"Run {self.id} has two children named {name!r}; a name is a position and stands once. Give one of them name=."
            )
        if self._children is NO_CHILDREN:
            self._children = {}
        scope = self.scope.for_child()
        if limits is not None:
            scope = scope.within(limits)
            if self.root.attempts > 1:
                scope.meter.begin_with(self.root.used(child_id))
        return type(self)(self.root, child_id, scope)

    def works(self) -> bool:
        """Whether this line or one below it is in a step, asleep, or waits with a timeout: whatever goes on by itself."""
        if self._busy is not None and self.id not in self.root.parked:
            return True
        return self._open > 0 and any(child is not None and child.works() for child in self._children.values())

    async def emit(self, event: Any) -> None:
        """Tell whoever listens, once: what an earlier execution has told is not told again."""
        root = self.root
        if not root.watched:
            return
        if self._busy is None:  # inside a step it is the step that happens once
            self._emits += 1
            if self._emits <= root.emitted.get(self.id, 0):
                return
            root.emitted[self.id] = self._emits
        root.note(event)

    def publish(self, event: Any) -> None:
        """Tell whoever listens right now."""
        if self.root.listeners:
            self.root.publish(event)

    async def call(self, tool: Any, /, **arguments: Any) -> Any:
        """Call a tool as a model would: checked, ruled on, asked about if it writes, done once."""
        from ..calls.execute import call_tool

        if not hasattr(tool, "effect"):
            raise WorkflowError(f"run.call takes a tool, and {tool!r} is none. A function is a step: run.step(name, function, ...).")
        self._tool_calls += 1
        return await call_tool(self, tool, arguments, f"{tool.name}.{self._tool_calls - 1}")

    async def ask(self, request: ApprovalRequest) -> Decision | None:
        """Put a request to the approver and wait for the decision, from wherever it comes. None when it expired."""
        if f"wait:{request.topic}" not in self._kept:  # decided before a restart: nobody is asked again
            self.root.ask(request, self.scope)
        decision: Decision | None = await self.wait(request.topic, max(0.0, request.expires_at - self.clock()))
        self.root.pending.pop(request.digest, None)
        return decision

    def clock(self) -> float:
        """Seconds since 1970."""
        return self.root.clock()


class StrictRun(MemoryRun):
    """A run whose every kept value goes through JSON, as on a durable engine."""

    __slots__ = ()

    def record_prompt(self, name: str, prompt: Callable[..., Any], *args: Any) -> None:
        """What a model is about to be sent, kept beside the journal."""
        if self._at == len(self._names) and name not in self._kept:
            self.root.sent(self.id, name, prompt(*args))

    def _keep(self, name: str, value: Any) -> Any:
        written = to_json(value, f"the result of {name!r} in run {self.id}")
        if not isinstance(value, Failure):  # what is raised now and what is kept stay the same error
            value = from_json(written)
        self._kept[name] = value
        self.root.engine.keep(self.root, Entry(self.id, name, written))
        return value
