"""What memory and durable engines have in common: the executions of this program, by run id."""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, Generic, TypeVar

from sayso.tools.approval.requests import Approve, Decision, Edit, Reject
from sayso.tools.errors import Cancelled, NotFinished, UsageError

from .codec import from_json, to_json
from .execution import AnyResult, Execution
from .limits import Meter
from .protocols import Provenance, Runnable, Scope, WorkflowCode

# A run in memory needs an id that is its own in this program, and chance from the system costs as much as a step.
_PROGRAM, _NUMBERS = os.urandom(4).hex(), count()

E = TypeVar("E", bound=Execution)


class BaseEngine(ABC, Generic[E]):
    """Opens, starts and finds executions. A strict one sends every value through JSON and wants steps that can be told by their names."""

    __slots__ = ("__weakref__", "clock", "executions", "strict")

    def __init__(self, *, strict: bool, clock: Callable[[], float]) -> None:
        self.strict, self.clock = strict, clock
        self.executions: dict[str, E] = {}

    @abstractmethod
    def _make(self, run_id: str, workflow: WorkflowCode, value: object, make_scope: Callable[[], Scope]) -> E:
        """Make the execution of a new run."""

    def open(self, workflow: WorkflowCode, value: object, run_id: str | None, make_scope: Callable[[], Scope]) -> E:
        """Return the execution of the run of that id, made if there is none yet; `make_scope` is called for each execution."""
        if run_id is None:
            run_id = f"r{os.urandom(6).hex()}" if self.strict else f"r{_PROGRAM}{next(_NUMBERS):x}"
        elif not isinstance(run_id, str) or "/" in run_id or not run_id:
            raise UsageError(f"{run_id!r} cannot be a run id. Use a text without a slash: a slash separates a run from its children.")
        execution = self.executions.get(run_id)
        if execution is None:
            if self.strict:
                check_step_names(workflow)
                value = from_json(to_json(value, f"the input of run {run_id}"))
            execution = self.executions[run_id] = self._make(run_id, workflow, value, make_scope)
        elif not execution.is_running:
            execution.workflow, execution.make_scope = workflow, make_scope  # the same run, asked for again by another caller
        return execution

    def open_runnable(self, workflow: WorkflowCode | Runnable, value: object, run_id: str, scope: Scope | None) -> E:
        """Return the execution of a run; an agent or a workflow brings its code and its limits."""
        if not isinstance(workflow, Runnable):
            return self.open(workflow, value, run_id, lambda: scope or Scope())
        limits, user_texts = workflow.limits, tuple(workflow.find_user_texts(value))
        return self.open(workflow.execute, value, run_id, lambda: scope or Scope(meter=Meter(limits), provenance=Provenance(user_texts)))

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

    def stamp(self, decision: Decision) -> Decision:
        """Return the decision with the time it arrived, by this engine's clock: a decision does not say itself when it was made."""
        if not isinstance(decision, (Approve, Edit, Reject)):
            raise UsageError(f"{decision!r} is not a decision. Write Approve(), Edit(arguments) or Reject(reason).")
        return replace(decision, at=self.clock())

    def stamp_all(self, decisions: Mapping[str, Decision]) -> dict[str, Decision]:
        """Return decisions by digest with the time they arrived. Raises UsageError."""
        if not isinstance(decisions, Mapping) or not all(isinstance(digest, str) for digest in decisions):
            how = "Write {request.digest: Approve()} for each of result.pending."
            raise UsageError(f"{decisions!r} are not decisions by digest. {how}")
        return {digest: self.stamp(decision) for digest, decision in decisions.items()}


def check_step_names(workflow: WorkflowCode) -> None:
    """Raise WorkflowError for steps that a journal cannot tell apart by name. Only agents and workflows have known steps."""
    owner = getattr(workflow, "__self__", None)
    if isinstance(owner, Runnable):
        owner.check_step_names()


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
