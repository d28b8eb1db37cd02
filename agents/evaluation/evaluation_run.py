"""The run of an evaluation: a child for each execution of a case, whose journal holds what it came to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import NamedTuple

from sayso.tools.canonical import Json, JsonObject
from sayso.tools.errors import CapReached, RunError
from sayso.workflows import MemoryEngine, Run, Workflow
from sayso.workflows.runs.concurrency import run_jobs
from sayso.workflows.runs.execution import Execution
from sayso.workflows.runs.limits import Meter
from sayso.workflows.runs.protocols import Scope

from .case_runs import CaseRunner, Executed, is_model_away, run_apart
from .evaluation_money import Money, sum_stored_costs
from .evaluation_plan import EvaluationPlan
from .evaluation_runs import FLOW, name_case_run
from .inner_runs import add_inner_runs
from .judging import ENDED_WITH_ERROR, Judged, asks_model, fail, judge, judge_all, judge_repeats, needs_repeats
from .record_json import read_record, write_record
from .rehearsal import CaseRules
from .stored_results import read_score, write_score
from .suite_results import CaseResult, Evaluation, NotRun
from .values import Case, CaseRun, RunRecord, Score, ScoreResult

MEASURED = ("seconds", "first_token_seconds", "tokens_per_second", "error")
"""What of a record is stored with the evaluation, because the run itself may not know it."""
MOST_OUTAGES = 10
"""After so many cases in a row whose model could not be asked, the others are not tried."""

OnResult = Callable[[CaseResult], None]


class Unfinished(RunError):
    """An evaluation is not over: some cases are still to be executed, or nobody was shown what they came to. The same call goes on."""


class _Key(NamedTuple):
    case: int
    repeat: int


class EvaluationRun(Workflow[Json, int]):
    """Executes what a plan says and is not stored yet, and collects the results."""

    is_shown: bool
    is_executed: bool

    kind = FLOW

    def __init__(self, plan: EvaluationPlan, runner: CaseRunner, id: str, concurrency: int, on_result: OnResult | None) -> None:
        super().__init__(FLOW)
        self.plan: EvaluationPlan = plan
        self.runner: CaseRunner = runner
        self.id: str = id
        self.concurrency: int = concurrency
        self.on_result: OnResult | None = on_result
        self.results: dict[_Key, CaseResult] = {}
        self.not_run: dict[_Key, str] = {}
        self.money: Money = runner.money
        self.outages: int = 0
        self.outages_in_a_row: dict[str, int] = {}
        self.capped: str = ""
        self.payer: Execution | None = None
        self.is_executed = self.is_shown = False

    async def carry_out(self, show: Callable[[Evaluation], None] | None, *, keep_open: bool = False) -> Evaluation:
        """Execute what is left, show the evaluation, and then mark it as over where all was executed.

        Not before it was shown: whoever is killed in between is shown it by the same call. With `keep_open` it is never over.
        """
        manifest: JsonObject = {"suite": self.plan.suite, "subject": self.plan.subject.name, "cases": len(self.plan.cases)}
        self.payer = execution = self.runner.engine.open_runnable(self, manifest, self.id, Scope())
        with suppress(Unfinished):
            await run_apart(lambda: execution.execute(suspends=True))
        evaluation = self._make_evaluation()
        if show is not None:
            show(evaluation)
        if not (keep_open or self.not_run or self.outages):
            self.is_shown = True
            await run_apart(lambda: execution.execute(suspends=True))
        return evaluation

    async def execute(self, run: Run, value: Json) -> int:
        """Execute the cases side by side, each as a child of the evaluation's run; then judge what needs all repeats of a case."""
        if not self.is_executed:
            await self._count_stored()
            keys = [_Key(case, repeat) for case in range(len(self.plan.cases)) for repeat in range(self.plan.repeat)]
            names = [f"{key.case}.{key.repeat}" for key in keys]
            jobs = [(name, partial(run.child, name, self._evaluate, list(key))) for name, key in zip(names, keys, strict=True)]
            await run_jobs(jobs, concurrency=self.concurrency)
            for index, case in enumerate(self.plan.cases):
                await self._compare_repeats(run, index, case)
            self.capped = ""
        self.is_executed = True
        if self.not_run or self.outages:
            raise Unfinished(f"{len(self.not_run) + self.outages} cases of evaluation {self.id} are still to be executed.")
        if not self.is_shown:
            raise Unfinished(f"All cases of evaluation {self.id} are done; the same call shows their results.")
        return len(self.results)

    async def _evaluate(self, run: Run, place: list[int]) -> None:
        """Execute a case and judge it, or note why it is not executed."""
        key = _Key(*place)
        case, executed = self.plan.cases[key.case], None
        if not run.replays("ran"):
            if reason := self._find_stop():
                self.not_run[key] = reason
                return
            executed = await self.runner.run(case, self._run_id(key))
            if self.money.has_refused(executed.error):
                self.not_run[key] = self.money.why
                return
            if isinstance(executed.error, CapReached):
                self.not_run[key] = self.capped = str(executed.error)
                return
            self._note_outage("", executed.is_outage)
            if executed.is_outage:  # it is not stored, so that it is tried again
                lost = tuple(fail(each, 0.0, ENDED_WITH_ERROR) for each in self.plan.scores_of(case))
                self._add(key, CaseResult(case=case, repeat=key.repeat, record=executed.record, scores=lost))
                return
        measured = await run.step("ran", _measure, executed)
        record = executed.record if executed is not None else await self._find_record(case, key, measured)
        record = replace(record, **{name: measured[name] for name in MEASURED})
        difference: str = measured["difference"]
        if difference and not record.finished:  # what comes next is not in the recording, so there is nothing to judge
            self._add(key, CaseResult(case=case, repeat=key.repeat, record=record, difference=difference))
            return
        scores = await self._judge(run, CaseRun(case, record, key.repeat))
        if scores is None:
            self.not_run[key] = self.capped or self.money.why
            return
        self._add(key, CaseResult(case=case, repeat=key.repeat, record=record, scores=scores, difference=difference))

    async def _find_record(self, case: Case, key: _Key, measured: JsonObject) -> RunRecord:
        """Return the record of a case that is stored: of its run, with what is stored beside it."""
        if measured["whole"] is not None:
            return read_record(measured["whole"])
        record = await self.runner.find_record(case, self._run_id(key))
        return add_inner_runs(record, map(read_record, measured["inner"]))

    def _run_id(self, key: _Key) -> str:
        return name_case_run(self.id, key.case, key.repeat, self.plan.repeat)

    async def _judge(self, run: Run, case_run: CaseRun) -> tuple[ScoreResult, ...] | None:
        """Return what the scores say: those that ask no model as one step, each other in a child of its own. None without money for it."""
        scores = [each for each in self.plan.scores_of(case_run.case) if not needs_repeats(each)]
        plain = [each for each in scores if not asks_model(each)]
        stored = await run.step("scores", _judge_plain, plain, case_run) if plain else []
        found = {each["score"]: read_score(each) for each in stored}
        for score in scores:
            if score.name not in found:
                result = await run.child(f"score {score.name}", self._ask_score, (score, case_run))
                if result is None:
                    return None
                found[score.name] = result
        return tuple(found[score.name] for score in scores)

    async def _ask_score(self, run: Run, value: tuple[Score, CaseRun]) -> ScoreResult | None:
        score, case_run = value
        return await self._pay_for(run, partial(judge, score, case_run))

    async def _compare_repeats(self, run: Run, index: int, case: Case) -> None:
        """Judge the repeats of a case together, where all were executed, and add what is said to each of them."""
        keys = [_Key(index, repeat) for repeat in range(self.plan.repeat)]
        scores = [each for each in self.plan.scores_of(case) if needs_repeats(each)]
        if not scores or any(key not in self.results for key in keys):
            return
        runs = [CaseRun(case, self.results[key].record, key.repeat) for key in keys]
        results = [await run.child(f"{index} {score.name}", self._ask_repeats, (score, runs)) for score in scores]
        told = tuple(each for each in results if each is not None)
        for key in keys:
            self.results[key] = replace(self.results[key], scores=(*self.results[key].scores, *told))
            if len(told) < len(scores):
                self.not_run[key] = self.capped or self.money.why
                del self.results[key]

    async def _ask_repeats(self, run: Run, value: tuple[Score, Sequence[CaseRun]]) -> ScoreResult | None:
        score, runs = value
        return await self._pay_for(run, partial(judge_repeats, score, runs))

    async def _pay_for(self, run: Run, ask: Callable[[], Awaitable[Judged]]) -> ScoreResult | None:
        """Return what a score says that may ask a model, and store it where the model could be asked. None without money for it."""
        judged: Judged | None = None
        if not run.replays("score"):
            if self.money.is_spent or self.capped:
                return None
            rules = CaseRules(meter=Meter(None, self.money.meter), payer=self.payer)
            judged = await run_apart(ask, rules)
            errors = [each.error for each in rules.executions]
            if reached := next((each for each in errors if isinstance(each, CapReached)), None):
                self.capped = str(reached)
            if reached or any(map(self.money.has_refused, errors)):
                return None
            self.money.count(max(0.0, judged.result.cost_usd - rules.spent_usd))  # what its runs have spent is counted already
            is_outage = judged.is_outage or (judged.result.value is None and any(map(is_model_away, errors)))
            self._note_outage(judged.result.score, is_outage)
            if is_outage:
                return judged.result
        return read_score(await run.step("score", _write, judged))

    # what stops it, and what comes out

    def _find_stop(self) -> str:
        """Return why no other case is begun; empty if one is."""
        if self.money.is_spent:
            return self.money.why
        if self.capped:
            return self.capped
        if (longest := max(self.outages_in_a_row.values(), default=0)) >= MOST_OUTAGES:
            return f"A model could not be asked {longest} times in a row."
        return ""

    def _note_outage(self, who: str, is_outage: bool) -> None:
        """Note whether the model of a score could be asked, or that of the subject ("")."""
        self.outages += is_outage
        self.outages_in_a_row[who] = self.outages_in_a_row.get(who, 0) + 1 if is_outage else 0

    async def _count_stored(self) -> None:
        """Count what the stored results have cost."""
        engine = self.runner.engine
        if not isinstance(engine, MemoryEngine):
            self.money.count(sum_stored_costs(await engine.read_journal(self.id)))

    def _add(self, key: _Key, result: CaseResult) -> None:
        self.results[key] = result
        if self.on_result is not None:
            self.on_result(result)

    def _make_evaluation(self) -> Evaluation:
        """Return what there is by now, in the order of the cases."""
        plan, engine = self.plan, self.runner.engine
        return Evaluation(
            id=self.id,
            suite=plan.suite,
            subject=plan.subject.name,
            results=tuple(result for _, result in sorted(self.results.items(), key=itemgetter(0))),
            not_run=tuple(NotRun(plan.cases[key.case], key.repeat, why) for key, why in sorted(self.not_run.items())),
            repeat=plan.repeat,
            database=str(getattr(getattr(engine, "database", None), "url", "")),
        )


async def _measure(executed: Executed | None) -> JsonObject:
    """Return what is stored of an execution beside its run."""
    assert executed is not None
    record = executed.record
    measured = {name: getattr(record, name) for name in MEASURED}
    inner = [write_record(each, with_sources=True) for each in executed.inner]
    whole = write_record(record, with_sources=True) if executed.is_live else None
    return {**measured, "difference": executed.difference, "cost_usd": record.usage.cost_usd, "inner": inner, "whole": whole}


async def _judge_plain(scores: Sequence[Score], case_run: CaseRun) -> Json:
    return [write_score(each) for each in await run_apart(partial(judge_all, scores, case_run), CaseRules())]


async def _write(judged: Judged | None) -> Json:
    assert judged is not None
    return write_score(judged.result)
