"""The memory engine: runs that live as long as the program, with the same rules as those that outlive it.

A run's state is its journal: what its steps gave, by run and name. A run that can only wait is unwound, and resuming it runs the same code
over the journal. Nothing alive is kept.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from sayso.tools.approvals import ApprovalRequest, Decision
from sayso.tools.errors import Cancelled, LimitReached, ReplayError, RunError, UsageError, WorkflowError

from .codec import from_json, to_json
from .events import BranchEnded, BranchFailed, BranchStarted, StepEnded, StepFailed, StepStarted
from .limits import Limits
from .result import NOTHING, RunResult
from .run import Scope, WorkflowCode


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


class _Missing:
    pass


MISSING = _Missing()


class MemoryRun:
    """One line of a run in memory."""

    __slots__ = ("_at", "_busy", "_children", "_kept", "_names", "_open", "_tool_calls", "id", "root", "scope")

    def __init__(self, root: Root, run_id: str, scope: Scope) -> None:
        self.root, self.id, self.scope = root, run_id, scope
        self._busy: str | None = None
        kept = root.journal.get(run_id)
        if kept is None:
            kept = root.journal[run_id] = {}
        self._kept: dict[str, Any] = kept
        self._names = list(kept)  # what an earlier execution did, in order; this one must do the same
        self._at = 0
        self._open = 0
        self._children: set[str] = set()
        self._tool_calls = 0

    @property
    def attempt(self) -> str:
        """Names this execution of the run."""
        return self.root.attempt

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self.root.listeners)

    async def step(self, name: str, op: Callable[..., Awaitable[Any]], *args: Any, preemptible: bool = False) -> Any:
        """Do `op(*args)` once and keep its result."""
        if self._busy is not None:
            raise self._two_at_once(name)
        if self._at != len(self._names) or name in self._kept:
            return self._replayed(name)
        watched = self.root.watched
        if watched:
            self.root.note(StepStarted(self.id, name))
        self._busy = name
        try:
            value = await op(*args)
        except Exception as error:
            self._keep(name, Failure(error))
            if watched:
                self.root.note(StepFailed(self.id, name, str(error)))
            raise
        finally:
            self._busy = None
        value = self._keep(name, value)
        if watched:
            self.root.note(StepEnded(self.id, name))
        return value

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

    def _two_at_once(self, name: str) -> WorkflowError:
        return WorkflowError(
            f"Run {self.id} was asked for {name!r} while {self._busy!r} is under way. A run is one line; "
            "put what goes side by side into children: parallel(...)."
        )

    async def wait(self, topic: str | None, timeout_seconds: float | None = None) -> Any:
        """What was sent under `topic`, or None after the time; without a topic, a sleep."""
        name = f"wait:{topic}" if topic is not None else f"sleep:{len(self._kept)}"
        if self._busy is not None:
            raise self._two_at_once(name)
        if self._at != len(self._names) or name in self._kept:
            return self._replayed(name)
        self._busy = name
        try:
            value = await self.root.receive(self.id, topic, timeout_seconds)
        finally:
            self._busy = None
        return self._keep(name, value)

    async def child(self, name: str, workflow: WorkflowCode, value: Any, *, limits: Limits | None = None) -> Any:
        """Carry a nested run through and give its result."""
        child_id = f"{self.id}/{name}"
        if name in self._children:
            raise WorkflowError(
                f"Run {self.id} has two children named {name!r}; a name is a position and stands once. Give one of them name=."
            )
        self._children.add(name)
        root = self.root
        watched = root.watched
        if watched:
            root.note(BranchStarted(child_id, name))
        root.branch_begins(self)
        try:
            child = type(self)(root, child_id, self.scope if limits is None else self.scope.within(limits))
            if limits is not None and limits.seconds is not None:
                result = await _in_time(workflow(child, value), limits.seconds)
            else:
                result = await workflow(child, value)
        except Exception as error:
            if watched:
                root.note(BranchFailed(child_id, name, str(error)))
            raise
        finally:
            root.branch_ends(self)
        if watched:
            root.note(BranchEnded(child_id, name))
        return result

    async def emit(self, event: Any) -> None:
        """Tell whoever listens."""
        if self.root.watched:
            self.root.note(event)

    def tell(self, event: Any) -> None:
        """Tell whoever listens right now."""
        if self.root.listeners:
            self.root.whisper(event)

    async def call(self, tool: Any, /, **arguments: Any) -> Any:
        """Call a tool as a model would: checked, ruled on, asked about if it writes, done once."""
        from .approval import call_tool

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

    def _keep(self, name: str, value: Any) -> Any:
        written = to_json(value, f"the result of {name!r} in run {self.id}")
        self._kept[name] = value = from_json(written)
        self.root.order.append(Entry(self.id, name, written))
        return value


async def _in_time(work: Awaitable[Any], seconds: float) -> Any:
    timer = asyncio.timeout(seconds)
    try:
        async with timer:
            return await work
    except TimeoutError:
        if timer.expired():
            raise LimitReached("seconds", seconds, seconds, " s") from None
        raise


class Root:
    """One run with all its children: its journal, its inbox, who waits and who listens."""

    __slots__ = (
        "activity",
        "asked",
        "asker",
        "asking",
        "attempt",
        "attempts",
        "clock",
        "engine",
        "fresh",
        "history",
        "id",
        "inbox",
        "journal",
        "leaves",
        "listeners",
        "order",
        "pending",
        "result",
        "suspends",
        "task",
        "value",
        "waiting",
        "waits",
        "waits_only",
        "watched",
        "workflow",
    )

    def __init__(self, engine: MemoryEngine, run_id: str, workflow: WorkflowCode, value: Any, fresh: Callable[[], Scope]) -> None:
        self.engine, self.id, self.workflow, self.value, self.fresh = engine, run_id, workflow, value, fresh
        self.clock = engine.clock
        self.journal: dict[str, dict[str, Any]] = {}
        self.order: list[Entry] = []
        self.inbox: dict[tuple[str, str], Any] = {}
        self.pending: dict[str, ApprovalRequest] = {}
        self.history: list[Any] | None = [] if engine.record else None
        self.listeners: list[asyncio.Queue[Any]] = []
        self.watched = engine.record
        self.attempts = 0
        self.attempt = ""
        self.task: asyncio.Task[RunResult[Any]] | None = None
        self.result: RunResult[Any] | None = None
        self.suspends = self.waits_only = False
        self.leaves, self.waiting, self.activity, self.asking = 1, 0, 0, 0
        self.waits: dict[tuple[str, str], asyncio.Future[Any]] = {}
        self.asked: asyncio.Queue[tuple[ApprovalRequest, Scope]] | None = None
        self.asker: asyncio.Task[None] | None = None

    def _begin(self, suspends: bool) -> None:
        """A new execution of the run: nobody waits and nobody is being asked yet."""
        self.attempts += 1
        self.attempt = f"{self.id}#{self.attempts}"
        self.suspends, self.waits_only = suspends, False
        if self.attempts > 1:
            self.leaves, self.waiting, self.activity, self.asking = 1, 0, 0, 0
            self.waits, self.asked, self.asker = {}, None, None

    async def carry(self, *, suspends: bool) -> RunResult[Any]:
        """Run the workflow's code over the journal, to its end or to where it can only wait."""
        self._begin(suspends)
        scope = self.fresh()
        limits = scope.meter.limits
        seconds = limits.seconds if limits is not None else None
        work = self.workflow(self.engine.run_type(self, self.id, scope), self.value)
        try:
            value = await (work if seconds is None else _in_time(work, seconds))
            self.result = self._result(value, scope)
        except RunError as error:
            error.run_id = error.run_id or self.id
            error.partial = error.partial or self._result(NOTHING, scope)
            raise
        except BaseException:  # Suspended, or a group that the workflow's own TaskGroup made of it
            if not self.suspended:
                raise
            self.result = self._result(NOTHING, scope)
        finally:
            if self.asker is not None:
                self.asker.cancel()
                with suppress(asyncio.CancelledError):
                    await self.asker
        return self.result

    def _result(self, value: Any, scope: Scope) -> RunResult[Any]:
        messages = tuple(scope.transcripts.get(self.id, ()))
        return RunResult(self.id, value, tuple(self.pending.values()), scope.meter.usage, messages, self.engine)

    # who listens

    def note(self, event: Any) -> None:
        """Tell an event to the listeners and, where events are recorded, keep it."""
        if self.history is not None:
            self.history.append(event)
        for queue in self.listeners:
            queue.put_nowait(event)

    def whisper(self, event: Any) -> None:
        """Tell a transient event (a piece of text) to the listeners; it is not kept."""
        for queue in self.listeners:
            queue.put_nowait(event)

    def listen(self) -> asyncio.Queue[Any]:
        """A queue of the events from now on."""
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self.listeners.append(queue)
        self.watched = True
        return queue

    # who waits

    @property
    def suspended(self) -> bool:
        """Whether this execution was unwound because it could only wait."""
        return self.suspends and self.waits_only

    def branch_begins(self, parent: MemoryRun) -> None:
        """A child begins: it takes its parent's place as the tip of a branch, or is one more."""
        self.activity += 1
        if parent._open:
            self.leaves += 1
        parent._open += 1

    def branch_ends(self, parent: MemoryRun) -> None:
        """A child ends."""
        self.activity += 1
        parent._open -= 1
        if parent._open:
            self.leaves -= 1
        if self.waiting:
            self._look_again()

    async def receive(self, run_id: str, topic: str | None, timeout_seconds: float | None) -> Any:
        """What the inbox has for the topic, now or when it comes."""
        if topic is None:
            await asyncio.sleep(timeout_seconds or 0)
            return None
        place = (run_id, topic)
        if place in self.inbox:
            return self.inbox[place]
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waits[place] = future
        parked = topic.startswith("approve:") or timeout_seconds is None
        self.activity += 1
        self.waiting += parked
        if parked:
            self._look_again()
        try:
            async with asyncio.timeout(timeout_seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            self.activity += 1
            self.waiting -= parked
            del self.waits[place]

    def send(self, run_id: str, topic: str, value: Any) -> None:
        """Put a value into the inbox; the first for a topic counts."""
        place = (run_id, topic)
        if place in self.inbox:
            return
        self.inbox[place] = value
        future = self.waits.get(place)
        if future is not None and not future.done():
            future.set_result(value)

    def _look_again(self, hops: int = 3, activity: int | None = None) -> None:
        # A branch that ends may wake a sibling that was held back by a semaphore; that takes a few turns of the event loop.
        if not self.suspends or (activity is not None and activity != self.activity):
            return
        if hops:
            asyncio.get_running_loop().call_soon(self._look_again, hops - 1, self.activity)
        elif self._only_waits():
            self.waits_only = True
            for future in self.waits.values():
                if not future.done():
                    future.set_exception(Suspended())

    def _only_waits(self) -> bool:
        nobody_answers = not self.asking and (self.asked is None or self.asked.empty())
        asks = any(topic.startswith("approve:") for _, topic in self.waits)
        return nobody_answers and asks and self.waiting == self.leaves

    # who answers

    def ask(self, request: ApprovalRequest, scope: Scope) -> None:
        """Hand a request to the approver, one at a time, in the order they were made."""
        self.pending[request.digest] = request
        if scope.approve is None or (request.run_id, request.topic) in self.inbox:
            return
        if self.asked is None:
            self.asked = asyncio.Queue()
            self.asker = asyncio.get_running_loop().create_task(self._ask_one_by_one(self.asked))
        self.asking += 1
        self.asked.put_nowait((request, scope))

    async def _ask_one_by_one(self, asked: asyncio.Queue[tuple[ApprovalRequest, Scope]]) -> None:
        from .approval import decision_of

        while True:
            request, scope = await asked.get()
            decision = await decision_of(scope.approve, request, self.note) if request.digest in self.pending else None
            self.asking -= 1
            if decision is not None:
                self.send(request.run_id, request.topic, self.engine.stamped(decision))
            else:
                self._look_again()


class MemoryEngine:
    """Runs in this process. `strict` sends every kept value through JSON, as durable engines do; `record` keeps events for replay."""

    __slots__ = ("__weakref__", "_roots", "clock", "record", "run_type", "strict")

    def __init__(self, *, strict: bool = False, record: bool = True, clock: Callable[[], float] = time.time) -> None:
        self.record, self.clock = record, clock
        self.strict = strict
        self.run_type: type[MemoryRun] = StrictRun if strict else MemoryRun
        self._roots: dict[str, Root] = {}

    def open(self, workflow: WorkflowCode, value: Any, run_id: str | None, fresh: Callable[[], Scope]) -> Root:
        """The run of that id; made if there is none yet."""
        if run_id is None:
            run_id = f"r{os.urandom(6).hex()}"
        elif "/" in run_id or not run_id:
            raise UsageError(f"{run_id!r} is no run id: a slash separates a run from its children.")
        root = self._roots.get(run_id)
        if root is None:
            if self.strict:
                value = from_json(to_json(value, f"the input of run {run_id}"))
            root = self._roots[run_id] = Root(self, run_id, workflow, value, fresh)
        return root

    async def start(self, workflow: WorkflowCode, value: Any, *, run_id: str, scope: Scope | None = None) -> None:
        """Start a run in the background; starting the same id again does nothing."""
        root = self.open(workflow, value, run_id, lambda: scope or Scope())
        if root.task is None:
            root.task = asyncio.get_running_loop().create_task(root.carry(suspends=False), name=f"sayso:{run_id}")

    async def signal(self, run_id: str, topic: str, value: Any) -> None:
        """Send a value to a run (or one of its children, by its id); the first for a topic counts."""
        if self.strict:
            value = from_json(to_json(value, f"the signal {topic!r}"))
        self._root(run_id).send(run_id, topic, value)

    async def cancel(self, run_id: str) -> None:
        """Stop a run that was started: a write under way is finished first."""
        task = self._root(run_id).task
        if task is not None:
            task.cancel()

    async def result(self, run_id: str) -> Any:
        """Wait for the run's result; raises what it raised, Cancelled if it was cancelled."""
        root = self._root(run_id)
        if root.task is None:
            return root.result.output if root.result is not None else None
        try:
            return (await asyncio.shield(root.task)).output
        except asyncio.CancelledError:
            if not root.task.cancelled():
                raise
            error = Cancelled(f"Run {run_id} was cancelled.")
            error.run_id = run_id
            raise error from None

    async def events(self, run_id: str, since: int = 0) -> AsyncIterator[Any]:
        """The recorded events from number `since` on, then live ones until the run ends."""
        root = self._root(run_id)
        queue = root.listen()
        try:
            for event in (root.history or [])[since:]:
                yield event
            while root.task is not None:
                getting = asyncio.ensure_future(queue.get())
                await asyncio.wait({getting, root.task}, return_when=asyncio.FIRST_COMPLETED)
                if not getting.done():
                    getting.cancel()
                    break
                yield getting.result()
            while not queue.empty():
                yield queue.get_nowait()
        finally:
            root.listeners.remove(queue)

    async def resume(self, run_id: str, decisions: Mapping[str, Decision]) -> RunResult[Any]:
        """Hand in decisions by digest and carry the run on to its end or its next pause."""
        root = self._root(run_id)
        for digest, decision in decisions.items():
            request = root.pending.get(digest)
            if request is None:
                waiting = ", ".join(digest[:12] for digest in root.pending) or "none"
                raise UsageError(f"Run {run_id} has no open request {digest[:12]!r} (open: {waiting}). It may be decided or expired.")
            root.send(request.run_id, request.topic, self.stamped(decision))
        if root.result is not None and root.result.finished:
            return root.result
        return await root.carry(suspends=True)

    def stamped(self, decision: Decision) -> Decision:
        """The decision with the time it arrived, by this engine's clock: a decision does not say itself when it was made."""
        return replace(decision, at=self.clock())

    def journal(self, run_id: str) -> tuple[Entry, ...]:
        """What a strict run has kept, in the order it was kept."""
        return tuple(self._root(run_id).order)

    def restore(
        self, workflow: WorkflowCode, value: Any, run_id: str, entries: Iterable[Entry], fresh: Callable[[], Scope] = Scope
    ) -> Root:
        """A run that has kept these entries and nothing more, as after a crash."""
        root = self.open(workflow, value, run_id, fresh)
        for entry in entries:
            root.journal.setdefault(entry.run, {})[entry.name] = from_json(entry.value)
            root.order.append(entry)
        root.attempts = 1
        return root

    def _root(self, run_id: str) -> Root:
        root = self._roots.get(run_id.partition("/")[0])
        if root is None:
            raise UsageError(f"This engine has no run {run_id!r}. Runs: {', '.join(sorted(self._roots)) or 'none'}.")
        return root
