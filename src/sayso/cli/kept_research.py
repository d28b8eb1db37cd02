"""`sayso research --database`: a research that outlives its program, under its run id."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.cli.builtin_app import RESEARCH, RESEARCH_GRANTS, ResearchTask, builtin_app
from sayso.cli.progress import ProgressTree
from sayso.cli.research import report_path, say_report
from sayso.cli.resume import carried_on
from sayso.cli.run_database import and_where, opened
from sayso.cli.run_report import readable
from sayso.console import plain, terminal
from sayso.tools.approval.requests import Approver
from sayso.tools.errors import RunError, UsageError
from sayso.workflows import Limits, RunEnded

if TYPE_CHECKING:
    from sayso.agents.research.report import Report
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import RunRow


async def research_kept(task: ResearchTask, database: str | None, run_id: str | None, max_cost: float | None, quiet: bool) -> int:
    """Research under a run id; a known id goes on where it was. The report is written when it is there."""
    report_path(Path(task.report), task.company)
    name = run_id or f"research-{secrets.token_hex(4)}"
    where = and_where(database)
    async with opened(database, builtin_app(), made=True) as engine:
        known = await _known(engine, name, task)
        print(f"Run {name}. If it is stopped, go on with: sayso resume {name}{where}", file=sys.stderr, flush=True)
        report: Report | None = None
        with nullcontext() if quiet else ProgressTree(task.company, staying=("plan",)) as tree:
            approve = terminal if tree is None else tree.asking(terminal)
            async for event in _events(engine, name, known, task, max_cost, approve):
                if isinstance(event, RunEnded):
                    report = event.result.output
                elif tree is not None:
                    tree.take(event)
        row = await engine.run(name)
    if report is None:
        raise RunError("The research ended without a report.")
    return saved(row, report, quiet)


async def _known(engine: DurableEngine, name: str, task: ResearchTask) -> RunRow | None:
    rows = [row for row in await engine.runs(limit=100_000) if row.id == name]
    if not rows:
        return None
    kept = readable(json.loads(rows[0].input))
    if not isinstance(kept, ResearchTask) or kept.company != task.company:
        whose = f"researches {kept.company!r}" if isinstance(kept, ResearchTask) else f"is of the flow {rows[0].flow!r}"
        raise UsageError(f"The run {name} {whose}. Give another --run-id, or none for a new one.")
    return rows[0]


def _events(
    engine: DurableEngine, name: str, known: RunRow | None, task: ResearchTask, max_cost: float | None, approve: Approver
) -> AsyncIterator[Any]:
    if known is not None:
        return carried_on(engine, known, approve)
    limits = Limits(cost_usd=max_cost) if max_cost is not None else None
    return RESEARCH.run_stream(task, approve=approve, limits=limits, engine=engine, run_id=name, grants=RESEARCH_GRANTS)


def saved(row: RunRow, report: Report, quiet: bool = False) -> int:
    """Write the report where its task says, and say so."""
    task = readable(json.loads(row.input))
    path = Path(task.report)
    if not path.parent.is_dir():
        print(f"sayso: the folder {plain(str(path.parent))} is not here; the report is written to this one.", file=sys.stderr)
        path = Path(path.name)
    return say_report(report, path, task.competitors, quiet)
