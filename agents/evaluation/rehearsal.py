"""What becomes of the writes of a case: they stay asked about, are rejected, or are answered without being performed.

No run that is begun while a case is executed performs a write, unless whoever starts the evaluation says "perform"; a case file cannot say
it. That holds for the run of the case and for all that are begun inside it, by whatever code and on whatever engine: their approvers,
standing approvals and decisions do not count.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sayso.tools.approval.background import Said
from sayso.tools.approval.policy import NO_RULES
from sayso.tools.approval.requests import ApprovalRequest, Approve, Approver, Decision, Reject
from sayso.tools.calls import Outcome
from sayso.tools.definition.tool import AnyTool, Tool
from sayso.tools.effects import Effect, Trust
from sayso.tools.errors import RunError, UsageError
from sayso.workflows.calls.perform import ExactlyOnceWrite, make_failure, make_result
from sayso.workflows.runs.execution import Execution
from sayso.workflows.runs.handed_out import HANDED_OUT
from sayso.workflows.runs.journaled_run import JournaledRun
from sayso.workflows.runs.limits import Meter
from sayso.workflows.runs.protocols import ENCLOSING, B, Provenance, Scope, Ts

ASK, REJECT, PRETEND, PERFORM = "ask", "reject", "pretend", "perform"
WRITES = (ASK, REJECT, PRETEND, PERFORM)
EVALUATION = "evaluation"
"""Who decides, in the log of a run."""
PRETENDED = "pretended, not performed"
STAND_IN = "Done."
"""What the model reads of a write that was not performed."""
NOT_PERFORMED = "An evaluation performs no writes. Nothing was done."


def check_writes(writes: object, *, where: str = "", in_case: bool = False) -> str:
    """Return what becomes of writes. Raises UsageError for another word, and for "perform" in a case: a file is not who says it."""
    if in_case and writes == PERFORM:
        raise UsageError(
            f"{where}writes: perform cannot stand in a case, because a file does not decide what is done outside. "
            'Give it where the evaluation is started: --writes perform, or evaluate(..., writes="perform").'
        )
    known = WRITES[:-1] if in_case else WRITES
    if not isinstance(writes, str) or writes not in known:
        raise UsageError(f"{where}writes is {writes!r}. Write one of: {', '.join(known)}.")
    return writes


def check_outer_rules(writes: str) -> None:
    """Raise UsageError for an evaluation inside a case of another one that would perform what that one does not."""
    enclosing = ENCLOSING.get()
    if isinstance(enclosing, CaseProvenance) and enclosing.rules.writes != PERFORM and writes == PERFORM:
        raise UsageError(f'writes="perform" was given inside a case of another evaluation, whose writes are {enclosing.rules.writes!r}.')


@dataclass(eq=False, slots=True)
class CaseRules:
    """What holds for all runs of one case: what becomes of their writes, and the meter that counts what they use.

    `executions` are the runs that the case's own code began, in their order.
    """

    writes: str = ASK
    meter: Meter | None = None
    executions: list[Execution] = field(default_factory=list)

    @property
    def approver(self) -> Approver | None:
        """Return who answers requests. Nobody, where they stay open or are pretended; the subject's own approver is never asked."""
        match self.writes:
            case "reject":
                return _reject
            case "perform":
                return _approve
        return None

    def apply(self, execution: Execution, scope: Scope) -> None:
        """Let an execution do no more than these rules allow."""
        scope.approve, scope.rules = self.approver, NO_RULES
        if self.writes != PERFORM:
            execution.make_run = PRETENDING[self.writes]


async def _reject(request: ApprovalRequest) -> Decision:
    return Reject(by=EVALUATION)


async def _approve(request: ApprovalRequest) -> Decision:
    return Approve(by=EVALUATION)


class CaseProvenance(Provenance):
    """What a case's run has read, and the rules for the runs that are begun inside it.

    The input of a case is the words of whoever wrote it, whatever other cases have answered before: it comes to the same whichever ran
    before it, and in which process.
    """

    __slots__ = ("rules",)

    def __init__(self, rules: CaseRules, user_texts: Iterable[str | Said] = ()) -> None:
        super().__init__(user_texts)
        self.rules = rules

    def recognise(self, texts: Iterable[str | Said], history: Sequence[object] = ()) -> tuple[str | Said, ...]:
        """Take in only what runs of this case have handed out."""
        own = {f"run {execution.id}" for execution in self.rules.executions}
        if own and any(each.origin in own for each in HANDED_OUT.texts.values()):
            return super().recognise(texts, history)
        return tuple(texts)

    def for_child(self) -> Provenance:
        """Return what a child begins with: all of this, the rules with it."""
        child = CaseProvenance(self.rules)
        begun_with = super().for_child()
        for name in Provenance.__slots__:
            setattr(child, name, getattr(begun_with, name))
        return child

    def govern(self, execution: object, scope: Scope) -> None:
        """Apply the rules to a run that is begun inside the case, and count what it uses."""
        assert isinstance(execution, Execution)
        self.rules.executions.append(execution)
        self.rules.apply(execution, scope)
        if execution.history is None and not execution.journal.is_durable:  # what was decided is told by events
            execution.history, execution.is_watched = [], True
        if self.rules.meter is not None:
            meter = Meter(scope.meter.limits, self.rules.meter)
            meter.begin_with(scope.meter.usage)
            scope.meter = meter


class HeldRun(JournaledRun):
    """A run that performs no write, whoever has allowed it."""

    __slots__ = ()

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Do a step as ever, but for the performing of a write."""
        if not name.startswith("effect:"):
            return await super().step(name, op, *args, preemptible=preemptible)
        write = find_write(op)

        async def stand_in() -> Any:
            return self.answer(write)

        result: B = await super().step(name, stand_in)
        return result

    def answer(self, write: ExactlyOnceWrite) -> object:
        """Return the result of a write that is not performed."""
        return make_failure(write.call, NOT_PERFORMED, Outcome.REJECTED)


class RehearsedRun(HeldRun):
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
        """Do a step, and note the tool whose call is proposed."""
        if name.startswith("propose:"):
            self._proposed = next((each for each in args if isinstance(each, Tool)), None)
        return await super().step(name, op, *args, preemptible=preemptible)

    def answer(self, write: ExactlyOnceWrite) -> object:
        """Return the stand-in as the result of the write."""
        return make_result(write.call, write.tool, STAND_IN, self.scope.provenance.labels, Outcome.DONE, Trust.TOOL)


class StrangeRun(HeldRun):
    """A run that was begun in a thread that does not know to which case it belongs, if to any: it does all but write."""

    __slots__ = ()

    def answer(self, write: ExactlyOnceWrite) -> object:
        """Refuse the write, loudly: it may be one of a case, and it may be somebody else's."""
        raise RunError(
            f"{write.tool.name} was not performed: an evaluation that performs no writes is under way in this program, and this run was "
            "begun in a thread that does not say whether it belongs to a case. Begin it with asyncio.to_thread(...), or in a copy "
            "of the context: contextvars.copy_context().run(...)."
        )


@contextmanager
def hold_threads(writes: Iterable[str]) -> Iterator[None]:
    """Let no run write, as long as this is entered, that is begun in another thread and does not know what encloses it.

    asyncio.to_thread hands on what encloses a run; run_in_executor and threading.Thread do not.
    """
    if all(each == PERFORM for each in writes):
        yield
        return
    here = threading.get_ident()

    def hold(execution: object, scope: object) -> None:
        assert isinstance(execution, Execution)
        assert isinstance(scope, Scope)
        if threading.get_ident() != here and execution.make_run is JournaledRun and not isinstance(scope.provenance, CaseProvenance):
            execution.make_run = StrangeRun

    with HANDED_OUT.watch(hold):
        yield


PRETENDING: dict[str, type[HeldRun]] = {ASK: HeldRun, REJECT: HeldRun, PRETEND: RehearsedRun}


def find_write(op: object) -> ExactlyOnceWrite:
    """Return the write that a step would perform. Raises RunError where it is something else: that is not done either."""
    for each in (getattr(op, "__self__", None), *getattr(op, "args", ())):
        if isinstance(each, ExactlyOnceWrite):
            return each
    raise RunError(f"A write cannot be pretended here, so it was not performed: {op!r}.")
