"""Evaluate: execute the cases of a suite on an agent, a workflow or a function, and judge what they did."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.tools.errors import UsageError
from sayso.workflows import Limits, MemoryEngine

from .case_runs import AnyEngine, CaseRunner
from .evaluation_money import Money
from .evaluation_plan import NO_STAND_INS, AnySuite, EvaluationPlan, check_count, make_plan
from .evaluation_run import EvaluationRun, OnResult
from .rehearsal import ASK, check_outer_rules, hold_threads
from .suite_results import Evaluation
from .values import Case, Score

if TYPE_CHECKING:
    from sayso.workflows.durable.engine import DurableEngine


async def evaluate(
    suite: AnySuite | Iterable[Case],
    subject: object,
    *,
    scores: Iterable[Score] = (),
    repeat: int = 1,
    concurrency: int = 4,
    max_cost_usd: float | None = None,
    writes: str = ASK,
    deps: object = None,
    stand_ins: Mapping[str, object] = NO_STAND_INS,
    limits: Limits | None = None,
    live: bool = False,
    store: DurableEngine | MemoryEngine | str | Path | None = None,
    anew: bool = False,
    keep_open: bool = False,
    on_result: OnResult | None = None,
    show: Callable[[Evaluation], None] | None = None,
) -> Evaluation:
    """Execute each case as a run of `subject` (an agent, a workflow, an async function), and return what the scores say of it.

    `scores` are added to those of the suite. Each case is executed `repeat` times, at most `concurrency` runs side by side, until runs and
    scores have cost `max_cost_usd` US dollars together; what is left then is in `.not_run`. `limits` are those of each run.

    No approval is given by itself. With `writes="ask"` a write stays asked about, "reject" answers no, "pretend" answers yes and does not
    perform it, "perform" performs it. The subject's own approver is never asked. `deps` is what its tools find in their ToolContext, or a
    function that makes it for each case. `stand_ins` are what tools return instead of being performed, by their names: values, or functions
    of their arguments.

    A case with a recording is replayed: no model is asked, and nothing acts. With `live` it goes on where the code parts from the
    recording: models are really asked and reads done, while writes stay open.

    With a `store` (a file, the URL of a database, an engine) an evaluation that was ended, however it was, goes on where it stopped when
    the same call is made again, and no case is done twice. It is over once `show` has been called with it. Cases whose model could not be
    asked are not over: the same call tries them again. With `anew` all cases are executed, whatever is stored; with `keep_open` it is never
    over, and the same call returns what is stored.

    Raises UsageError for an empty selection, two cases of one name, and what cannot be evaluated.
    """
    check_outer_rules(writes)
    plan = make_plan(suite, subject, scores, repeat=repeat, writes=writes, live=live, stand_ins=stand_ins)
    money = Money(max_cost_usd)
    money.check_prices(plan.subject)
    check_count("concurrency", concurrency)
    async with open_store(store) as engine:
        with hold_threads([writes, *(case.writes or writes for case in plan.cases)]):
            runner = CaseRunner(engine=engine, plan=plan, money=money, deps=deps, limits=limits)
            work = EvaluationRun(plan, runner, await choose_id(engine, plan, anew), concurrency, on_result)
            return await work.carry_out(show, keep_open=keep_open)


@asynccontextmanager
async def open_store(store: DurableEngine | MemoryEngine | str | Path | None) -> AsyncIterator[AnyEngine]:
    """Hold the engine of a store open: the one that was given, that of a file or a URL, or one in memory."""
    if store is None:
        yield MemoryEngine()
    elif isinstance(store, (str, Path)):
        from sayso.workflows.durable.database import normalise_url  # late, for load time
        from sayso.workflows.durable.engine import DurableEngine

        is_url = isinstance(store, str) and re.match(r"(sqlite|postgres(ql)?):", store)
        # An engine of its own, which it may close: whoever has the database open keeps it.
        engine = DurableEngine(normalise_url(str(store) if is_url else f"sqlite:///{store}"))
        try:
            yield engine
        finally:
            engine.close()
    else:
        if not isinstance(store, MemoryEngine) and store.app is not None:
            raise UsageError(
                "The engine of an evaluation has an app, so its workers would perform the writes of an interrupted case. Give the "
                "URL of the database: store='sqlite:///runs.db'."
            )
        yield store


async def choose_id(engine: AnyEngine, plan: EvaluationPlan, anew: bool) -> str:
    """Return the id of the evaluation to go on with, or of a new one. Raises UsageError for one that another program executes now."""
    words = re.sub(r"[^a-z0-9]+", "-", plan.suite.lower()).strip("-")[:40]
    base, number = f"{words or 'cases'}-{plan.fingerprint[:8]}", 1
    while (state := await _find_state(engine, f"{base}.{number}")) is not None:
        if state == "executed elsewhere":
            raise UsageError(f"The evaluation {base}.{number} is being executed by another program. Wait for it, or give another store.")
        if state != "over" and not anew:
            break
        number += 1
    return f"{base}.{number}"


async def _find_state(engine: AnyEngine, run_id: str) -> str | None:
    """Return whether an evaluation is over, unfinished, or executed elsewhere right now; None if there is none of that id."""
    if isinstance(engine, MemoryEngine):
        execution = engine.executions.get(run_id)
        if execution is None:
            return None
        is_over = execution.result is not None and execution.result.finished
        return "executed elsewhere" if execution.is_running else "over" if is_over else "unfinished"
    try:
        row = await engine.run(run_id)
    except UsageError:
        return None
    if row.state == "running" and not engine.is_orphan(row):
        return "executed elsewhere"
    return "over" if row.state in ("done", "cancelled") else "unfinished"
