"""The memory engine: runs that live as long as the program, with the same rules as those that outlive it.

A run's state is its journal: what its steps gave, by run and name. A run that can only wait is unwound, and resuming it runs the same code
over the journal. Nothing alive is kept.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from sayso.tools.approval.requests import Approve, Decision, Edit, Reject
from sayso.tools.errors import Cancelled, NotFinished, UsageError

from .codec import from_json, to_json
from .execution import Execution
from .limits import Meter
from .memory_run import Entry, MemoryRun, StrictRun
from .protocols import Provenance, Runnable, Scope, WorkflowCode
from .run_result import RunResult

# A run in memory needs a name that is its own in this program, and chance from the system costs as much as a step.
_PROGRAM, _NUMBERS = os.urandom(4).hex(), count()


class MemoryEngine:
    """Runs in this process. `strict` sends every kept value through JSON, as durable engines do; `record` keeps events for replay."""

    __slots__ = ("__weakref__", "_roots", "clock", "record", "run_type", "strict")

    def __init__(self, *, strict: bool = False, record: bool = True, clock: Callable[[], float] = time.time) -> None:
        self.record, self.clock = record, clock
        self.strict = strict
        self.run_type: type[MemoryRun] = StrictRun if strict else MemoryRun
        self._roots: dict[str, Execution] = {}

    def open(self, workflow: WorkflowCode, value: Any, run_id: str | None, fresh: Callable[[], Scope]) -> Execution:
        """The run of that id; made if there is none yet."""
        if run_id is None:
            run_id = f"r{os.urandom(6).hex()}" if self.strict else f"r{_PROGRAM}{next(_NUMBERS):x}"
        elif not isinstance(run_id, str) or "/" in run_id or not run_id:
            raise UsageError(f"{run_id!r} is no run id: it is a text, and a slash separates a run from its children.")
        root = self._roots.get(run_id)
        if root is None:
            if self.strict:
                from ..shapes.nodes import refuse_lambdas

                refuse_lambdas(getattr(workflow, "__self__", None))
                value = from_json(to_json(value, f"the input of run {run_id}"))
            root = self._roots[run_id] = self.make_root(run_id, workflow, value, fresh)
        elif not root.is_running:
            root.workflow, root.fresh = workflow, fresh  # the same run, asked for again: by its caller of now
        return root

    def make_root(self, run_id: str, workflow: WorkflowCode, value: Any, fresh: Callable[[], Scope]) -> Execution:
        """A new run."""
        return Execution(self, run_id, workflow, value, fresh)

    def attempt(self, root: Execution) -> str:
        """A name for the execution that begins; no other execution of the run has had it."""
        return f"{root.id}#{root.attempts}"

    def keep(self, root: Execution, entry: Entry) -> None:
        """A strict run has kept this."""
        root.order.append(entry)

    def forget(self, root: Execution, run_id: str, name: str) -> None:
        """A failure that ended the run is not kept."""
        root.order = [entry for entry in root.order if (entry.run, entry.name) != (run_id, name)]

    def let_go(self, root: Execution) -> None:
        """A run has come to its end at once, without a pause."""

    async def start(self, workflow: WorkflowCode | Runnable, value: Any, *, run_id: str, scope: Scope | None = None) -> None:
        """Start a run in the background; starting the same id again does nothing."""
        root = self.open(*code_and_scope(workflow, value, scope, run_id))
        if root.task is None:
            root.task = asyncio.get_running_loop().create_task(root.execute(suspends=False), name=f"sayso:{run_id}")
            root.task.add_done_callback(_seen)

    async def signal(self, run_id: str, topic: str, value: Any) -> None:
        """Send a value to a run (or one of its children, by its id); the first for a topic counts."""
        if topic.startswith("approve:"):
            value = self.stamped(value)
        if self.strict:
            value = from_json(to_json(value, f"the signal {topic!r}"))
        self._root(run_id).send(run_id, topic, value)

    async def cancel(self, run_id: str) -> None:
        """Stop a run and its children before their next step: a write under way is finished first. One that is paused stays so."""
        self._root(run_id).cancel()

    async def result(self, run_id: str) -> Any:
        """Wait for the run's result; raises what it raised, Cancelled if it was cancelled."""
        root = self._root(run_id)
        if root.task is None:
            return await _end_of(root)
        try:
            return (await asyncio.shield(root.task)).output
        except asyncio.CancelledError:
            if not root.task.cancelled():
                raise
            error = Cancelled(f"Run {run_id} was cancelled.")
            error.run_id = run_id
            raise error from None

    async def events(self, run_id: str, since: int = 0) -> AsyncIterator[Any]:
        """The recorded events of a run and its children from number `since` on, then live ones until the run ends or pauses."""
        root = self._root(run_id)
        below = f"{run_id}/"
        number = 0
        async for event, recorded in _told(root):
            run = getattr(event, "run", root.id)
            if run_id != root.id and run != run_id and not run.startswith(below):
                continue
            if number >= since:
                yield event
            number += recorded

    async def resume(self, run_id: str, decisions: Mapping[str, Decision]) -> RunResult[Any]:
        """Hand in decisions by digest and carry the run on to its end or its next pause."""
        root = self._root(run_id)
        stamped = self.all_stamped(decisions)
        unknown = [digest for digest in stamped if digest not in root.pending]
        if unknown:
            waiting = ", ".join(digest[:12] for digest in root.pending) or "none"
            raise UsageError(f"Run {run_id} has no open request {unknown[0][:12]!r} (open: {waiting}). It may be decided or expired.")
        for digest, decision in stamped.items():
            request = root.pending[digest]
            root.send(request.run_id, request.topic, decision)
        if root.result is not None and root.result.finished:
            return root.result
        return await root.execute(suspends=True)

    def all_stamped(self, decisions: Mapping[str, Decision]) -> dict[str, Decision]:
        """The decisions with the time they arrived. Raises UsageError for what are none."""
        if not isinstance(decisions, Mapping) or not all(isinstance(digest, str) for digest in decisions):
            raise UsageError(f"{decisions!r} are no decisions by digest. Write {{request.digest: Approve()}} for each of result.pending.")
        return {digest: self.stamped(decision) for digest, decision in decisions.items()}

    def stamped(self, decision: Decision) -> Decision:
        """The decision with the time it arrived, by this engine's clock: a decision does not say itself when it was made."""
        if not isinstance(decision, (Approve, Edit, Reject)):
            raise UsageError(f"{decision!r} is no decision. Write Approve(), Edit(arguments) or Reject(reason).")
        return replace(decision, at=self.clock())

    def journal(self, run_id: str) -> tuple[Entry, ...]:
        """What a strict run has kept, in the order it was kept."""
        return tuple(self._root(run_id).order)

    def prompts(self, run_id: str) -> Mapping[tuple[str, str], Any]:
        """What models were sent by a strict run, by the run and the step that sent it."""
        return self._root(run_id).prompts

    def restore(
        self, workflow: WorkflowCode, value: Any, run_id: str, entries: Iterable[Entry], fresh: Callable[[], Scope] = Scope
    ) -> Execution:
        """A run that has kept these entries and nothing more, as after a crash."""
        root = self.open(workflow, value, run_id, fresh)
        for entry in entries:
            root.journal.setdefault(entry.run, {})[entry.name] = from_json(entry.value)
            root.order.append(entry)
        root.attempts = 1
        return root

    def _root(self, run_id: str) -> Execution:
        root = self._roots.get(run_id.partition("/")[0])
        if root is None:
            raise UsageError(f"This engine has no run {run_id!r}. Runs: {', '.join(sorted(self._roots)) or 'none'}.")
        return root


def code_and_scope(
    workflow: WorkflowCode | Runnable, value: Any, scope: Scope | None, run_id: str
) -> tuple[WorkflowCode, Any, str, Callable[[], Scope]]:
    """What is opened when a run is started: an agent or a workflow brings its code and its limits."""
    if not isinstance(workflow, Runnable):
        return workflow, value, run_id, lambda: scope or Scope()
    limits, said = workflow.limits, tuple(workflow.find_user_texts(value))
    return workflow.execute, value, run_id, lambda: scope or Scope(meter=Meter(limits), provenance=Provenance(said))


class EngineOfOne(MemoryEngine):
    """The engine of a run that was given none. A run that ended without a pause is let go: its result is all there is to ask for, and
    what the run has kept is freed with the last look at it, not when the garbage is collected."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(record=False)

    def let_go(self, root: Execution) -> None:
        """Let the run go."""
        self._roots.clear()


def _seen(task: asyncio.Task[Any]) -> None:
    # Whoever wants to know asks for the result; nobody asking is no reason for asyncio to complain.
    if not task.cancelled():
        task.exception()


async def _end_of(root: Execution) -> Any:
    """What a run came to that its caller carries, or carried."""
    if root.is_running:
        return (await root.shared()).output
    if root.error is not None:
        raise root.error
    if root.result is None:
        raise NotFinished(f"Run {root.id} is not under way. Go on with: await engine.resume({root.id!r}, {{}}).")
    return root.result.output


async def _told(root: Execution) -> AsyncIterator[tuple[Any, bool]]:
    """The events of a whole run until it ends or pauses, and whether each is a recorded one."""
    queue = root.listen()
    kept = list(root.history or ())
    at = len(kept)
    ending: asyncio.Future[Any] | None = root.task or (root.shared() if root.is_running else None)
    try:
        for event in kept:
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
            recorded = root.history is not None and at < len(root.history) and root.history[at] is event
            at += recorded
            yield event, recorded
    finally:
        root.listeners.remove(queue)
