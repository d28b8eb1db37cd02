"""`sayso resume`: carry a run on here, to its end or its next pause, with the terminal as the one who is asked."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sayso.cli.main import Exit
from sayso.cli.progress import ProgressTree
from sayso.cli.run_database import AppPlace, DatabaseUrl, and_code, and_where, found, opened
from sayso.cli.run_report import brief, plain_data
from sayso.console import plain, terminal
from sayso.tools.approval.cards import escape_lines
from sayso.tools.approval.requests import ApprovalRequest, Approver
from sayso.tools.errors import RunError
from sayso.workflows import RunEnded, RunResult
from sayso.workflows.workflow import stream_events

if TYPE_CHECKING:
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import RunRow
    from sayso.workflows.runs.protocols import Scope


def resume(
    run: Annotated[str, Parameter(help="A run's id, as `sayso runs` shows it.")],
    *,
    app: AppPlace = None,
    database: DatabaseUrl = None,
) -> int:
    """Carry a run on here, where it was. What waits for a yes is asked in this terminal."""
    from sayso.cli.load_app import app_named

    async def resumed() -> int:
        async with opened(database, app_named(app)) as engine:
            row = await found(engine, run)
            with ProgressTree(row.id) as tree:
                result = None
                async for event in carried_on(engine, row, tree.asking(terminal)):
                    if isinstance(event, RunEnded):
                        result = event.result
                    else:
                        tree.take(event)
            return told_end(row, result, and_where(database), and_code(row, app))

    return asyncio.run(resumed())


async def carried_on(engine: DurableEngine, row: RunRow, approve: Approver) -> AsyncIterator[Any]:
    """The events of a run that is carried on here, its RunEnded last. Raises RunError for one that is carried elsewhere."""
    if row.state == "running" and not engine.is_orphan(row):
        raise RunError(f"Run {row.id} is being carried by {row.owner}. See it with: sayso show {row.id} --follow")
    root = await engine.find_execution(row.id)
    make_scope = root.make_scope

    def with_approver() -> Scope:
        scope = make_scope()
        scope.approve = approve
        return scope

    root.make_scope = with_approver
    async for event in stream_events(root):
        yield event


def told_end(row: RunRow, result: RunResult[Any] | None, where: str, code: str) -> int:
    """Say what a run came to: its output, or what it waits for. Gives the exit code."""
    if result is None:
        raise RunError(f"Run {row.id} ended without a result.")
    if not result.finished:
        return say_waits(result.run_id, result.pending, where, code)
    if row.flow == "research" and row.app == "sayso":
        from sayso.cli.kept_research import saved

        return saved(row, result.output)
    print(plain(result.output) if isinstance(result.output, str) else brief(plain_data(result.output), 10_000), flush=True)
    return Exit.OK


def say_waits(run_id: str, pending: tuple[ApprovalRequest, ...], where: str, code: str = "") -> int:
    """Say what a run waits for and how to answer."""
    for request in pending:
        print(escape_lines(request.card), flush=True)
    print(f"sayso: run {run_id} waits for your yes, now or later, from any terminal:", file=sys.stderr)
    for request in pending:
        print(f"  sayso approve {run_id} {request.digest[:12]}{where}", file=sys.stderr)
    print(f"  sayso resume {run_id}{code}{where}", file=sys.stderr, flush=True)
    return Exit.WAITS
