"""Go on from where a replay and its journal part: the model is really asked, reads are done, and nothing is ever written."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from sayso.tools.approval.policy import NO_RULES
from sayso.tools.approval.requests import ApprovalRequest, Approver

from .codec import from_json, to_json
from .execution import AnyResult, Execution
from .journal import StrictJournal
from .journaled_run import JournaledRun
from .protocols import B, Scope, Ts, WorkflowCode
from .replaying import Reached

DONE_BY = ("sayso.agents.", "sayso.workflows.calls.")
"""Where the operations of steps are that are done: a model is asked, a tool is read. A step of an application may do anything."""
NEVER = ("effect", "intent")
"""The steps of a write. They are not done even where a decision is stored: a write that was cut off would be begun again."""


class WentOn(NamedTuple):
    """What came of going on: the result or pause, or the error that the code raised.

    `not_done` names the steps that only a real run may do.
    """

    result: AnyResult | None
    error: Exception | None
    reached: Reached
    prompts: Mapping[tuple[str, str], object]
    not_done: tuple[str, ...]


async def go_on(
    workflow: WorkflowCode,
    value: object,
    results: Mapping[str, Mapping[str, object]],
    *,
    run_id: str,
    make_scope: Callable[[], Scope] = Scope,
) -> WentOn:
    """Execute the code over stored `results`, and on where they end, with real models and reads.

    Nobody is asked, and no standing approval counts: each write stays pending.
    """

    def make_safe_scope() -> Scope:
        scope = make_scope()
        scope.approve, scope.rules = None, NO_RULES
        return scope

    execution = _LiveExecution(run_id, workflow, from_json(to_json(value, f"the input of run {run_id}")), results, make_safe_scope)
    result, error = None, None
    try:
        result = await execution.execute(suspends=True)
    except Exception as raised:  # noqa: BLE001  what the code raises is what came of it
        error = raised
    journal, scope = execution.journal, execution.scope
    assert isinstance(journal, StrictJournal)
    reached = Reached(journal.results, scope.transcripts if scope is not None else {}, result is not None and result.finished)
    if scope is not None:
        reached = reached._replace(labels=scope.provenance.labels)
    return WentOn(result, error, reached, journal.prompts, tuple(execution.not_done))


class _LiveExecution(Execution):
    """A run that goes on from stored results, and in which nothing is written."""

    __slots__ = ("not_done",)

    def __init__(
        self,
        run_id: str,
        workflow: WorkflowCode,
        value: object,
        results: Mapping[str, Mapping[str, object]],
        make_scope: Callable[[], Scope],
    ) -> None:
        super().__init__(run_id, workflow, value, make_scope, journal=StrictJournal(), make_run=_make_run, clock=time.time)
        self.journal.results = {run: dict(steps) for run, steps in results.items()}
        self.attempts = 1
        self.pauses_always = True  # nobody sends anything
        self.not_done: list[str] = []

    def ask_approver(self, request: ApprovalRequest, approve: Approver | None) -> None:
        """Ask nobody: the request stays pending."""
        self.add_request(request)


def _make_run(execution: Execution, run_id: str, scope: Scope) -> _LiveRun:
    return _LiveRun(execution, run_id, scope)


class _LiveRun(JournaledRun):
    """A run that does what asks or reads, and waits for ever at anything else."""

    __slots__ = ()

    @property
    def is_live(self) -> bool:  # type: ignore[override]  # a value of the class elsewhere
        """Return whether what is stored of this run has come to its end."""
        return self._at >= len(self._names)

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Return what was stored of the step, or do it where it only asks or reads."""
        if name not in self._results and not _may_be_done(name, op):
            assert isinstance(self.execution, _LiveExecution)
            self.execution.not_done.append(f"{self.id}: {name}")
            stopped: Any = await self.execution.receive(self.id, f"not done: {name}", None)
            return stopped  # type: ignore[no-any-return]  # it never comes
        return await super().step(name, op, *args, preemptible=preemptible)


def _may_be_done(name: str, op: object) -> bool:
    """Return whether a step may be done: it is Sayso's own, and no part of a write."""
    function = getattr(op, "func", op)
    module = getattr(function, "__module__", "") or ""
    return module.startswith(DONE_BY) and name.partition(":")[0] not in NEVER
