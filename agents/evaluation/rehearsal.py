"""What becomes of the writes of a case: they stay asked about, are rejected, or are answered without being performed.

No run that is begun while a case is executed performs a write, unless whoever starts the evaluation says "perform"; a case file cannot say
it. That holds for the run of the case and for all that are begun inside it, by whatever code and on whatever engine: their approvers,
standing approvals and decisions do not count.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sayso.tools.approval.background import Said
from sayso.tools.approval.policy import NO_RULES
from sayso.tools.approval.requests import ApprovalRequest, Approve, Approver, Decision, Reject
from sayso.tools.calls import Outcome, ToolCall, ToolResult
from sayso.tools.definition.tool import AnyTool, Tool
from sayso.tools.effects import Effect, Trust
from sayso.tools.errors import InvalidArguments, RunError, ToolError, UsageError
from sayso.workflows.calls.perform import ExactlyOnceWrite, make_failure, make_result, perform_read
from sayso.workflows.events.watched_run import WatchedCappedRun, WatchedRun
from sayso.workflows.runs.capped_run import CappedRun, find_ledger
from sayso.workflows.runs.execution import Execution, RunFactory
from sayso.workflows.runs.handed_out import HANDED_OUT
from sayso.workflows.runs.journaled_run import JournaledRun
from sayso.workflows.runs.limits import Meter, Spent
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
            f"{where}writes: perform cannot stand in a case, because a file must not decide about real actions. "
            'Give it where the evaluation is started: writes="perform" (sayso eval --writes perform).'
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
    """What holds for all runs of one case: what becomes of their writes, what tools return, and the meter that counts what they use.

    `stand_ins` are what tools return instead of being performed, by their names: a value, or in code a function of the arguments.
    `executions` are the runs that the case's own code began, in their order. What these cost counts against the caps of the engine of
    `payer`, where they have no caps of their own.
    """

    writes: str = ASK
    stand_ins: Mapping[str, object] = field(default_factory=dict)
    meter: Meter | None = None
    payer: Execution | None = None
    executions: list[Execution] = field(default_factory=list)
    proposed: dict[str, AnyTool] = field(default_factory=dict)
    """The tool whose call was proposed last, by run."""

    @property
    def spent_usd(self) -> float:
        """Return what its runs have spent on models so far."""
        return 0.0 if self.meter is None else self.meter.cost_usd

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
        if self.writes != PERFORM or self.stand_ins:
            execution.make_run = CappedRehearsedRun if execution.make_run in CAPPED else RehearsedRun


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
        self.rules: CaseRules = rules

    def recognise(
        self, texts: Iterable[str | Said], history: Sequence[object] = (), places: list[list[Any]] | None = None
    ) -> tuple[str | Said, ...]:
        """Take in only what runs of this case have handed out."""
        own = {f"run {execution.id}" for execution in self.rules.executions}
        if own and any(each.origin in own for each in HANDED_OUT.texts.values()):
            return super().recognise(texts, history, places)
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
        if self.rules.payer is not None and find_ledger(self.rules.payer) is not None and execution.make_run not in CAPPED:
            execution.make_run = PaidRehearsedRun
        if execution.history is None and not execution.journal.is_durable:  # what was decided is told by events
            execution.history, execution.is_watched = [], True
        if self.rules.meter is not None:
            meter = Meter(scope.meter.limits, self.rules.meter)
            meter.begin_with(scope.meter.usage)
            scope.meter = meter


class RehearsedRun(JournaledRun):
    """A run that performs no write that its rules do not allow, whoever has approved it, and in which stand-ins answer for tools.

    Where writes are pretended, the yes is not stored as a decision. Should somebody resume such a run in earnest, a person is asked, or the
    run is refused as one of other code: a yes that was only pretended is never found. Only writes are answered; a read that must be
    asked about stays open, for it would be performed.
    """

    __slots__ = ()

    @property
    def rules(self) -> CaseRules:
        """Return what holds for the runs of the case."""
        provenance = self.scope.provenance
        return provenance.rules if isinstance(provenance, CaseProvenance) else NOTHING_ALLOWED

    async def ask(self, request: ApprovalRequest) -> Decision | None:
        """Answer yes, as the evaluation, to a write that is only pretended."""
        tool = self.rules.proposed.get(self.id)
        is_write = tool is not None and tool.name == request.tool and tool.effect is Effect.WRITE
        if self.rules.writes != PRETEND or not is_write:
            return await super().ask(request)
        return Approve(by=EVALUATION, at=request.proposed_at, place=PRETENDED)

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Do a step as ever, but for the performing of a write, and of a tool that has a stand-in."""
        if name.startswith("propose:"):
            self.rules.proposed[self.id] = next(each for each in args if isinstance(each, Tool))
        instead: Callable[[], Awaitable[Any]] | None = None
        if name.startswith("effect:"):
            write = find_write(op)
            if self.rules.writes != PERFORM or write.tool.name in self.rules.stand_ins:
                instead = partial(self._answer_write, write)
        elif name.startswith(("read:", "reads:")) and self.rules.stand_ins:
            instead = self._find_reads(*args)
        if instead is None:
            return await super().step(name, op, *args, preemptible=preemptible)
        result: B = await super().step(name, instead)
        return result

    async def _answer_write(self, write: ExactlyOnceWrite) -> ToolResult:
        """Return what a write comes to that is not performed."""
        if self.rules.writes not in (PRETEND, PERFORM):
            return make_failure(write.call, NOT_PERFORMED, Outcome.REJECTED)
        return self._stand_in(write.call, write.tool, write.arguments)

    def _find_reads(self, *args: object) -> Callable[[], Awaitable[Any]] | None:
        """Return how reads are done of which some have stand-ins; None where none has. The arguments are those of a step of reads."""
        _, *rest = args
        is_single = isinstance(rest[-1], Tool)
        calls: Any = [tuple(rest)] if is_single else rest[0]
        if not any(tool.name in self.rules.stand_ins for _, tool in calls):
            return None
        return partial(self._read, calls, is_single, len(rest) > 1 and not is_single)

    async def _read(self, calls: Sequence[tuple[ToolCall, AnyTool]], is_single: bool, is_paid: bool) -> object:
        results: list[Any] = [
            self._stand_in(call, tool, call.arguments) if tool.name in self.rules.stand_ins else await perform_read(self, call, tool)
            for call, tool in calls
        ]
        return results[0] if is_single else Spent(results, 0.0) if is_paid else results

    def _stand_in(self, call: ToolCall, tool: AnyTool, arguments: Mapping[str, object]) -> ToolResult:
        """Return the stand-in of a tool as its result; what the tool would refuse for its arguments is refused all the same."""
        known, value = self.scope.provenance.labels, self.rules.stand_ins.get(tool.name, STAND_IN)
        is_write = tool.effect is Effect.WRITE
        try:
            checked = arguments if is_write else tool.check(arguments)
            said = value(**checked) if callable(value) else value
        except InvalidArguments as error:
            return make_failure(call, str(error))
        except ToolError as error:
            return make_result(call, tool, str(error), known, Outcome.FAILED)
        return make_result(call, tool, said, known, Outcome.DONE, Trust.TOOL if is_write else None)


class CappedRehearsedRun(RehearsedRun, CappedRun):
    """The same under the caps of its engine."""

    __slots__ = ()


class PaidRehearsedRun(CappedRehearsedRun):
    """The same under the caps of the run that it was begun in, or that it judges."""

    __slots__ = ()

    @property
    def payer(self) -> Execution:
        """Return the execution that the rules name."""
        return self.rules.payer or self.execution


class StrangeRun(JournaledRun):
    """A run that was begun in a thread that does not know to which case it belongs, if to any: it does all but write."""

    __slots__ = ()

    async def step(self, name: str, op: Callable[[*Ts], Awaitable[B]], *args: *Ts, preemptible: bool = False) -> B:
        """Do a step as ever, but refuse a write, loudly: it may be one of a case, and it may be somebody else's."""
        if not name.startswith("effect:"):
            return await super().step(name, op, *args, preemptible=preemptible)
        write = find_write(op)
        raise RunError(
            f"{write.tool.name} was not performed: an evaluation that performs no writes is under way in this program, and this run was "
            "begun in a thread that does not say whether it belongs to a case. Begin it with asyncio.to_thread(...), or in a copy "
            "of the context: contextvars.copy_context().run(...)."
        )


class CappedStrangeRun(StrangeRun, CappedRun):
    """The same under the caps of its engine."""

    __slots__ = ()


CAPPED = (CappedRun, WatchedCappedRun, CappedRehearsedRun)
STRANGE: dict[RunFactory, RunFactory] = {  # a replay performs nothing anyway
    JournaledRun: StrangeRun,
    WatchedRun: StrangeRun,
    CappedRun: CappedStrangeRun,
    WatchedCappedRun: CappedStrangeRun,
}
NOTHING_ALLOWED = CaseRules()


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
        if threading.get_ident() != here and not isinstance(scope.provenance, CaseProvenance):
            execution.make_run = STRANGE.get(execution.make_run, execution.make_run)

    with HANDED_OUT.watch(hold):
        yield


def find_write(op: object) -> ExactlyOnceWrite:
    """Return the write that a step would perform. Raises RunError where it is something else: that is not done either."""
    for each in (getattr(op, "__self__", None), *getattr(op, "args", ())):
        if isinstance(each, ExactlyOnceWrite):
            return each
    raise RunError(f"A write cannot be pretended here, so it was not performed: {op!r}.")
