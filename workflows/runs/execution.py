"""A run with all its children: its journal, how it is carried to its end or its next pause, who listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sayso.tools.calls import Outcome
from sayso.tools.errors import Cancelled, RunError, ToolError

from ..calls.spending import results_of
from .events import BranchEnded, BranchFailed, BranchStarted
from .inbox import Inbox
from .limits import NO_USAGE, Usage, used_in
from .memory_run import Entry, Failure
from .protocols import Scope, WorkflowCode
from .run_result import NOTHING, RunResult
from .timing import in_time

if TYPE_CHECKING:
    from .memory_engine import MemoryEngine


CANCEL = "cancel the run"


class Execution(Inbox):
    """One run with all its children: its journal, its execution and its end, who listens."""

    __slots__ = (
        "attempt",
        "attempts",
        "clock",
        "emitted",
        "engine",
        "error",
        "executing_task",
        "fresh",
        "history",
        "id",
        "is_running",
        "journal",
        "listeners",
        "order",
        "prompts",
        "result",
        "task",
        "told",
        "value",
        "watched",
        "workflow",
    )

    def __init__(self, engine: MemoryEngine, run_id: str, workflow: WorkflowCode, value: Any, fresh: Callable[[], Scope]) -> None:
        super().__init__()
        self.engine, self.id, self.workflow, self.value, self.fresh = engine, run_id, workflow, value, fresh
        self.clock = engine.clock
        self.journal: dict[str, dict[str, Any]] = {}
        self.order: list[Entry] = []
        self.prompts: dict[tuple[str, str], Any] = {}  # what models were sent, by run and step
        self.history: list[Any] | None = [] if engine.record else None
        self.listeners: list[asyncio.Queue[Any]] = []
        self.watched = engine.record
        self.told: dict[str, type] = {}  # of each branch, what was said of it last
        self.emitted: dict[str, int] = {}  # of each run, how many events of its own were told
        self.attempts = 0
        self.attempt = ""
        self.task: asyncio.Task[RunResult[Any]] | None = None
        self.result: RunResult[Any] | None = None
        self.is_running = False
        self.error: Exception | None = None
        self.executing_task: asyncio.Task[Any] | None = None

    def _begin(self, suspends: bool) -> None:
        """A new execution of the run: nobody waits and nobody is being asked yet."""
        self.attempts += 1
        self.attempt = self.engine.attempt(self)
        self.suspends = suspends
        if self.attempts > 1:
            self.error = None
            self._nobody_waits()

    async def execute(self, *, suspends: bool) -> RunResult[Any]:
        """Run the workflow's code over the journal, to its end or to where it can only wait.

        Whoever asks while it is under way shares that execution: a run is never carried twice at once.
        """
        while self.is_running:
            shared = await self.shared()
            if suspends or shared.finished:
                return shared
        self.is_running = True
        try:
            result = await self._execute(suspends)
        except BaseException as error:
            self.is_running, self.executing_task = False, None
            if isinstance(error, Exception):
                self.error = error
                self._forget(error)
            self._share(error)
            raise
        self.is_running, self.executing_task = False, None
        if self.sharing:
            self._share(result)
        if self.attempts == 1 and result.finished:
            self.engine.let_go(self)
        return result

    def shared(self) -> asyncio.Future[RunResult[Any]]:
        """The end, or the next pause, of the execution that is under way."""
        shared: asyncio.Future[RunResult[Any]] = asyncio.get_running_loop().create_future()
        self.sharing.append(shared)
        if self.parked:
            self._look_again()
        return shared

    def _forget(self, error: BaseException) -> None:
        """The failures that ended the run are not kept: when it is run again, what failed is tried again.

        A failure that the workflow's code dealt with stays: what came after it was decided by it.
        """
        causes = dict[int, BaseException]()
        _collect(error, causes)
        for run_id, kept in self.journal.items():
            while kept:
                name = next(reversed(kept))
                if not _ended_by(kept[name], name, causes):
                    break
                del kept[name]
                self.engine.forget(self, run_id, name)

    def cancel(self) -> None:
        """Stop before the next step; a write under way is finished first. A run that is cancelled stays so."""
        if self.cancelled or (self.result is not None and self.result.finished):
            return
        self.send(self.id, CANCEL, True)
        if self.executing_task is not None:
            self.executing_task.cancel()

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled the run."""
        return (self.id, CANCEL) in self.inbox

    def _share(self, end: RunResult[Any] | BaseException) -> None:
        """The execution is over: whoever shared it gets the same end."""
        sharing, self.sharing = self.sharing, []
        for shared in sharing:
            if shared.done():
                continue
            if isinstance(end, RunResult):
                shared.set_result(end)
            elif isinstance(end, asyncio.CancelledError):
                shared.cancel()
            else:
                shared.set_exception(end)
                shared.exception()  # whoever asked may be gone by now

    async def _execute(self, suspends: bool) -> RunResult[Any]:
        scope = self.fresh()
        if self.inbox and self.cancelled:
            raise self._was_cancelled(scope)
        self._begin(suspends)
        if self.attempts > 1:
            scope.meter.begin_with(self.used(self.id))
        self.executing_task = carrier = asyncio.current_task()
        limits = scope.meter.limits
        self.top = self.engine.run_type(self, self.id, scope)
        work = self.workflow(self.top, self.value)
        try:
            value = await (work if limits is None or limits.seconds is None else in_time(work, limits.seconds, limits.out_of_time))
            if self.inbox and self.cancelled:
                await asyncio.sleep(0)  # it came too late to stop anything; here it is heard, and not in the caller's code
            self.result = self._result(value, scope)
        except asyncio.CancelledError:
            if self.cancelled and carrier is not None and carrier.uncancel() <= 0:
                raise self._was_cancelled(scope) from None
            if not self.suspended or (carrier is not None and carrier.cancelling()):
                raise
            self.result = self._result(NOTHING, scope)
        except RunError as error:
            error.run_id = error.run_id or self.id
            error.partial = error.partial or self._result(NOTHING, scope)
            raise
        except BaseException:  # Suspended, or a group that the workflow's own TaskGroup made of it
            if not self.suspended:
                raise
            self.result = self._result(NOTHING, scope)
        finally:
            self.top = None
            if self.asker is not None or self.later is not None:
                await self._nobody_asks()
        return self.result

    def used(self, run_id: str) -> Usage:
        """What a run and those below it have used in earlier executions, by their journals."""
        total = NO_USAGE
        for run, kept in self.journal.items():
            if run == run_id or run.startswith(f"{run_id}/"):
                total += used_in(kept)
        return total

    def _was_cancelled(self, scope: Scope) -> Cancelled:
        error = Cancelled(f"Run {self.id} was cancelled.")
        error.run_id, error.partial = self.id, self._result(NOTHING, scope)
        return error

    def _result(self, value: Any, scope: Scope) -> RunResult[Any]:
        messages = tuple(scope.transcripts.get(self.id, ()))
        return RunResult(self.id, value, tuple(self.pending.values()), scope.meter.usage, messages, self.engine, self.unanswered)

    # who listens

    def note(self, event: Any) -> None:
        """Tell an event to the listeners and, where events are recorded, keep it."""
        if self.history is not None:
            self.history.append(event)
        for queue in self.listeners:
            queue.put_nowait(event)

    def sent(self, run: str, name: str, prompt: Any) -> None:
        """Keep what a step sends to a model."""
        self.prompts[run, name] = prompt

    def emit_branch(self, event: BranchStarted | BranchEnded | BranchFailed) -> None:
        """Tell of a branch, once: a resumed run goes through the branches that it has told of before."""
        before = self.told.get(event.run)
        if before is not type(event) and (before is None or type(event) is not BranchStarted):
            self.told[event.run] = type(event)
            self.note(event)

    def publish(self, event: Any) -> None:
        """Tell a transient event (a piece of text) to the listeners; it is not kept."""
        for queue in self.listeners:
            queue.put_nowait(event)

    def listen(self) -> asyncio.Queue[Any]:
        """A queue of the events from now on."""
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self.listeners.append(queue)
        self.watched = True
        return queue

    def _pause(self) -> None:
        if self.suspends:
            super()._pause()
            return
        assert self.top is not None  # started in the background: it stays where it is, and whoever resumed it is told
        self._share(self._result(NOTHING, self.top.scope))


def _ended_by(value: Any, name: str, causes: Mapping[int, BaseException]) -> bool:
    """Whether a kept step is one of the failures; that a tool said no to a read is kept as its result."""
    if isinstance(value, Failure):
        return id(value.error) in causes
    said = [result.text for result in results_of(value) if result.outcome is Outcome.FAILED] if name.startswith("read:") else []
    return any(isinstance(cause, ToolError) and str(cause) in said for cause in causes.values())


def _collect(error: BaseException, causes: dict[int, BaseException]) -> None:
    """The error, what it was raised from, and the members of a group."""
    if id(error) in causes:
        return
    causes[id(error)] = error
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for each in (error.__cause__, error.__context__, *members):
        if each is not None:
            _collect(each, causes)
