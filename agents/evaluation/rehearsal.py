"""What becomes of the writes of a case: they stay asked about, are rejected, or are answered without being performed.

Nothing outside is touched unless whoever starts the evaluation says "perform"; a case file cannot say it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sayso.tools.approval.requests import ApprovalRequest, Approve, Approver, Decision, Reject
from sayso.tools.calls import Outcome
from sayso.tools.definition.tool import AnyTool, Tool
from sayso.tools.effects import Effect, Trust
from sayso.tools.errors import RunError, UsageError
from sayso.workflows.calls.perform import ExactlyOnceWrite, make_result
from sayso.workflows.runs.execution import Execution
from sayso.workflows.runs.journaled_run import JournaledRun
from sayso.workflows.runs.protocols import B, Scope, Ts

ASK, REJECT, PRETEND, PERFORM = "ask", "reject", "pretend", "perform"
WRITES = (ASK, REJECT, PRETEND, PERFORM)
EVALUATION = "evaluation"
"""Who decides, in the log of a run."""
PRETENDED = "pretended, not performed"
STAND_IN = "Done."
"""What the model reads of a write that was not performed."""


def check_writes(writes: object, *, where: str = "", in_case: bool = False) -> str:
    """Return what becomes of writes. Raises UsageError for another word, and for "perform" in a case: a file is not who says it."""
    if in_case and writes == PERFORM:
        raise UsageError(
            f"{where}writes: perform cannot stand in a case, because a file does not decide what is done outside. "
            'Give it where the evaluation is started: --writes perform, or evaluate(..., writes="perform").'
        )
    if not isinstance(writes, str) or writes not in WRITES:
        known = WRITES[:-1] if in_case else WRITES
        raise UsageError(f"{where}writes is {writes!r}. Write one of: {', '.join(known)}.")
    return writes


def choose_approver(writes: str) -> Approver | None:
    """Return who answers the requests of a case. Nobody, where they stay open; the subject's own approver is never asked."""
    match writes:
        case "reject":
            return _reject
        case "perform":
            return _approve
    return None


async def _reject(request: ApprovalRequest) -> Decision:
    return Reject(by=EVALUATION)


async def _approve(request: ApprovalRequest) -> Decision:
    return Approve(by=EVALUATION)


class RehearsedRun(JournaledRun):
    """A run in which writes are answered with yes and none is performed: what it would return is a stand-in.

    The answer is not stored as a decision. Should somebody resume such a run in earnest, a person is asked, or the run is refused as one of
    other code: a yes that was only pretended is never found. Only writes are answered; a read that must be asked about stays open, for
    it would be performed.
    """

    __slots__ = ("_proposed",)

    def __init__(self, execution: Execution, run_id: str, scope: Scope) -> None:
        super().__init__(execution, run_id, scope)
        self._proposed: AnyTool | None = None

    async def ask(self, request: ApprovalRequest) -> Decision | None:
        """Answer yes, as the evaluation, to a write: it will not be done."""
        tool = self._proposed
        if tool is None or tool.name != request.tool or tool.effect is not Effect.WRITE:
            return await super().ask(request)
        return Approve(by=EVALUATION, at=request.proposed_at, place=PRETENDED)

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Do a step as ever, but for the performing of a write."""
        if name.startswith("propose:"):
            self._proposed = next((each for each in args if isinstance(each, Tool)), None)
        if not name.startswith("effect:"):
            return await super().step(name, op, *args, preemptible=preemptible)
        write = _find_write(op)

        async def stand_in() -> Any:
            known = self.scope.provenance.labels
            return make_result(write.call, write.tool, STAND_IN, known, Outcome.DONE, Trust.TOOL)

        result: B = await super().step(name, stand_in)
        return result


def _find_write(op: object) -> ExactlyOnceWrite:
    """Return the write that a step would perform. Raises RunError where it is something else: that is not done either."""
    for each in (getattr(op, "__self__", None), *getattr(op, "args", ())):
        if isinstance(each, ExactlyOnceWrite):
            return each
    raise RunError(f"A write cannot be pretended here, so it was not performed: {op!r}.")
