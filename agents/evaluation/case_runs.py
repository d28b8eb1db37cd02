"""Execute one case: a run of the subject with an id of its own, which is gone on with where it stopped, and its record."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from sayso.tools.errors import IncompleteReply, InputTooLong, LimitReached, ModelError, NotFinished, UsageError
from sayso.workflows import Limits, MemoryEngine
from sayso.workflows.runs.limits import Meter
from sayso.workflows.runs.protocols import ENCLOSING, Scope
from sayso.workflows.workflow import merge_limits

from ..agent import Agent
from .evaluation_money import Money
from .evaluation_plan import EvaluationPlan
from .inner_runs import add_inner_runs, find_inner_runs
from .model_times import measure_model_times
from .rehearsal import ASK, CaseProvenance, CaseRules
from .subjects import AppSubject, read_input
from .values import Case, RunRecord

if TYPE_CHECKING:
    from sayso.workflows.durable.engine import DurableEngine

T = TypeVar("T")
AnyEngine: TypeAlias = "MemoryEngine | DurableEngine"


class Executed(NamedTuple):
    """What executing a case came to: its record, the error that ended its run, and where it parts from its recording.

    `inner` are the runs that its own code began: their calls, approvals and sources are in the record, and are stored with the evaluation.
    `is_live` says that a recorded run went on with the real model: nothing can make that record again, so all of it is stored.
    """

    record: RunRecord
    error: Exception | None = None
    difference: str = ""
    inner: tuple[RunRecord, ...] = ()
    is_live: bool = False

    @property
    def is_outage(self) -> bool:
        """Return whether the model could not be asked, which says nothing about the case: it may be executed again."""
        return is_model_away(self.error)


@dataclass(frozen=True, kw_only=True)
class CaseRunner:
    """Executes the cases of one evaluation on an engine.

    `money` counts what all runs cost. `deps` is what tools find in their ToolContext, or a function that makes it anew for each case.
    `turns` lets evaluations that are compared take turns, case by case; the time of a case begins with its turn.
    """

    engine: AnyEngine
    plan: EvaluationPlan
    money: Money
    deps: object = None
    limits: Limits | None = None
    turns: asyncio.Semaphore | None = None

    async def run(self, case: Case, run_id: str) -> Executed:
        """Execute a case as the run of that id and return its record. A run that has ended is not executed again."""
        if case.recording:
            executed = await self._replay(case)
            self.money.count(executed.record.usage.cost_usd if self.plan.live else 0.0)
            return executed
        known = await self._find_state(case, run_id)
        if known is not None:
            record = await self.find_record(case, run_id)
            self.money.count(record.usage.cost_usd)
            if known.is_over:
                return Executed(record, known.error)
        error = None
        rules = CaseRules(case.writes or self.plan.writes, {**self.plan.stand_ins, **case.stand_ins})
        async with self.turns or nullcontext():
            started = time.perf_counter()
            with measure_model_times() as times:
                try:
                    self.money.check()  # another one's turn may have spent it
                    await self._execute(case, run_id, rules)
                except Exception as raised:  # noqa: BLE001  whatever a run raises is what became of the case
                    error = raised
            seconds = time.perf_counter() - started
        record = await self.find_record(case, run_id, error)
        inner = find_inner_runs(rules.executions)
        record = add_inner_runs(record, inner)
        if isinstance(error, NotFinished) and any(each.decision == "" for each in record.approvals):
            record, error = replace(record, error=""), None  # it waits, as an agent does that is no function's
        if times.replies:
            record = replace(record, first_token_seconds=times.first_token_seconds, tokens_per_second=times.tokens_per_second)
        return Executed(record if record.seconds else replace(record, seconds=seconds), error, inner=inner)

    async def find_record(self, case: Case, run_id: str, error: Exception | None = None) -> RunRecord:
        """Return the record of a run that was executed, now or by an earlier program; of one that never began, what is known of it."""
        from .run_records import describe_error, find_record  # late, for load time

        if case.recording:
            return (await self._replay(case)).record
        try:
            record = await find_record(self.engine, run_id)
        except UsageError:  # refused before it began: by a guard, for its input
            return RunRecord(run_id=run_id, flow=self.plan.subject.name, input=case.input, error=describe_error(error), finished=False)
        return record if record.error or error is None else replace(record, error=describe_error(error), finished=False)

    async def _replay(self, case: Case) -> Executed:
        """Replay the recording of a case over the present code: nothing acts, and no model is asked."""
        from .case_replays import replay_case  # late, for load time

        rules = CaseRules()
        try:
            subject = self.plan.subject.app if isinstance(self.plan.subject, AppSubject) else self.plan.subject
            replayed = await run_apart(lambda: replay_case(case, subject, deps=self.deps, live=self.plan.live), rules)
        except UsageError as error:  # its recording cannot be used: no end of the others
            return Executed(RunRecord(run_id="", flow=self.plan.subject.name, input=case.input, error=str(error), finished=False), error)
        return Executed(replayed.record, None, replayed.note or str(replayed.difference or ""), is_live=self.plan.live)

    async def _execute(self, case: Case, run_id: str, rules: CaseRules) -> None:
        subject, value = self.plan.subject, read_input(self.plan.subject, case)

        async def prepare() -> tuple[object, object]:
            given = await subject.guard_input(value) if isinstance(subject, Agent) and subject.spec.guards else value
            made = self.deps() if callable(self.deps) else self.deps
            return given, await made if inspect.isawaitable(made) else made

        given, deps = await run_apart(prepare, rules)
        rules.meter = Meter(merge_limits(subject.limits, self.limits), self.money.meter)
        scope = Scope(None, deps, rules.meter, provenance=CaseProvenance(rules, subject.find_user_texts(given)))
        execution = self.engine.open_runnable(subject, given, run_id, scope)
        rules.payer = execution
        rules.apply(execution, scope)
        await run_apart(lambda: execution.execute(suspends=True))

    async def _find_state(self, case: Case, run_id: str) -> KnownRun | None:
        """Return what an earlier program came to with a run; None if it was never begun. In memory there was no earlier program."""
        if isinstance(self.engine, MemoryEngine):
            return None
        try:
            row = await self.engine.run(run_id)
        except UsageError:
            return None
        error = None
        if row.state == "failed":
            try:
                await self.engine.read_result(row)
            except Exception as stored:  # noqa: BLE001  it is what the run ended with
                error = stored
        is_over = row.state in ("done", "cancelled") or (row.state == "waiting" and (case.writes or self.plan.writes) == ASK)
        return KnownRun(is_over or (error is not None and not may_go_on(error)), error)


class KnownRun(NamedTuple):
    """A run that an earlier program began: whether it is over, and the error that ended it."""

    is_over: bool
    error: Exception | None


def is_model_away(error: Exception | None) -> bool:
    """Return whether an error says that a model could not be asked; not that it has said too little, or was told too much."""
    return isinstance(error, ModelError) and not isinstance(error, (IncompleteReply, InputTooLong))


def may_go_on(error: Exception) -> bool:
    """Return whether a run that ended with this may come further another time: with more money, or a model that can be asked."""
    if isinstance(error, (LimitReached, NotFinished)):
        return isinstance(error, NotFinished) or error.limit in ("cost_usd", "cap")
    return is_model_away(error)


async def run_apart(start: Callable[[], Awaitable[T]], rules: CaseRules | None = None) -> T:
    """Await work in a context in which no run encloses it: what one case has read is not what another one begins with.

    With `rules` these hold for all runs that the work begins.
    """

    async def work() -> T:
        try:
            return await start()
        except SystemExit as ended:  # it would end the evaluation, and the other cases with it
            raise RuntimeError(f"The code that is evaluated ended the program: sys.exit({ended.code!r}).") from ended

    context = copy_context()
    context.run(ENCLOSING.set, None if rules is None else CaseProvenance(rules))
    return await asyncio.get_running_loop().create_task(work(), context=context)
