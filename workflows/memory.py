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
from typing import Any

from sayso.tools.approvals import Decision
from sayso.tools.errors import Cancelled, UsageError

from .codec import from_json, to_json
from .line import Entry, MemoryRun, StrictRun
from .result import RunResult
from .root import Root
from .run import Scope, WorkflowCode


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
        elif not root.carried:
            root.workflow, root.fresh = workflow, fresh  # the same run, asked for again: by its caller of now
        return root

    def attempt(self, root: Root) -> str:
        """A name for the execution that begins; no other execution of the run has had it."""
        return f"{root.id}#{root.attempts}"

    def keep(self, root: Root, entry: Entry) -> None:
        """A strict run has kept this."""
        root.order.append(entry)

    def sent(self, root: Root, run_id: str, topic: str, value: Any) -> None:
        """Something was put into a run's inbox."""

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
