"""The memory engine: runs that live as long as the program, with the same rules as those that outlive it.

A run's state is its journal: what its steps returned, by run and name. A run that can only wait is unwound, and resuming it executes the
same code over the journal. Nothing alive is stored.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

from sayso.tools.approval.requests import Decision
from sayso.tools.errors import UsageError

from .base_engine import BaseEngine, check_open
from .codec import from_json, to_json
from .execution import AnyResult, Execution
from .journal import Entry, Journal, StrictJournal
from .journaled_run import JournaledRun
from .protocols import Runnable, Scope, WorkflowCode


class MemoryEngine(BaseEngine[Execution]):
    """Runs in this process.

    `strict` sends every stored value through JSON, as durable engines do; `record` keeps events for whoever listens later. A `private` one
    is for a single run, and lets go of it when it ends without a pause: its result is all there is to ask for, and what the run has stored
    is freed with the last look at it, not when the garbage is collected.
    """

    __slots__ = ("private", "record")

    def __init__(self, *, strict: bool = False, record: bool = True, private: bool = False, clock: Callable[[], float] = time.time) -> None:
        super().__init__(strict=strict, clock=clock)
        self.record, self.private = record, private

    def _make(self, run_id: str, workflow: WorkflowCode, value: object, make_scope: Callable[[], Scope]) -> Execution:
        return Execution(
            run_id,
            workflow,
            value,
            make_scope,
            journal=StrictJournal() if self.strict else Journal(),
            make_run=JournaledRun,
            clock=self.clock,
            engine=self,
            release=self.executions.clear if self.private else None,
            keeps_history=self.record,
        )

    async def start(self, workflow: WorkflowCode | Runnable, value: object, *, run_id: str, scope: Scope | None = None) -> None:
        """Start a run in the background; starting the same id again does nothing."""
        self.start_execution(self.open_runnable(workflow, value, run_id, scope))

    async def signal(self, run_id: str, topic: str, value: Any) -> None:
        """Send a value to a run (or one of its children, by its id); the first for a topic counts."""
        if topic.startswith("approve:"):
            value = self.stamp(value)
        if self.strict:
            value = from_json(to_json(value, f"the signal {topic!r}"))
        self._find(run_id).send(run_id, topic, value)

    async def cancel(self, run_id: str) -> None:
        """Stop a run and its children before their next step: a write under way is finished first. One that is paused stays so."""
        self._find(run_id).cancel()

    async def result(self, run_id: str) -> Any:
        """Wait for the run's result; raises what it raised, Cancelled if it was cancelled."""
        return await self.wait_for(self._find(run_id))

    async def events(self, run_id: str, since: int = 0) -> AsyncIterator[Any]:
        """Yield the recorded events of a run and its children from number `since` on, then live ones until the run ends or pauses."""
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

    async def resume(self, run_id: str, decisions: Mapping[str, Decision]) -> AnyResult:
        """Hand in decisions by digest, and execute the run to its end or its next pause."""
        execution = self._find(run_id)
        stamped = self.stamp_all(decisions)
        check_open(run_id, stamped, execution.pending)
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
