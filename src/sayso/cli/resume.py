"""`sayso resume`: execute a stored run in this terminal, to its end or its next pause."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from sayso.cli.display import read_text, shorten, to_plain
from sayso.cli.load_object import load_app
from sayso.cli.open_requests import Signer, find_signer
from sayso.cli.options import AppName, DatabaseUrl, Exit, KeyFile, RunId, SignerName
from sayso.cli.progress import ProgressTree
from sayso.cli.run_database import app_option, database_option, find_run, open_engine
from sayso.cli.stopping import StopSignals
from sayso.console import escape_controls, print_card, terminal
from sayso.tools.approval.requests import ApprovalRequest, Approver
from sayso.tools.errors import RunError, UsageError
from sayso.workflows import RunResult
from sayso.workflows.events.event_types import AnyEvent, ToolFinished
from sayso.workflows.events.watched_execution import watch

if TYPE_CHECKING:
    from sayso.cli.found_so_far import FoundSoFar
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import RunRow
    from sayso.workflows.runs.protocols import Scope


def resume(run: RunId, *, app: AppName = None, key: KeyFile = None, signer: SignerName = None, database: DatabaseUrl = None) -> int:
    """Resume a run here, from the step where it stopped.

    Requests that wait for an approval are asked about in this terminal. A research that is stopped again leaves a partial report.
    """
    with StopSignals() as signals:
        return signals.run(_resume(run, app, find_signer(key, signer), database))


async def _resume(run: str, app_name: str | None, signer: Signer | None, database: str | None) -> int:
    async with open_engine(database, load_app(app_name)) as engine:
        row = await find_run(engine, run)
        found = _find_found(row)
        try:
            result, settled = await _follow(engine, row, signer, found)
        except BaseException as error:  # whatever stops it: what was found is written, and the error is raised again
            if found is not None and found.has_begun:
                found.save(error)
                _say_how_to_continue(row, app_name, database)
            raise
        if row.flow == "chat" and row.app == "sayso":
            _print_receipts(row, settled)
        if not result.finished:
            return say_what_waits(result.run_id, result.pending, database_option(database), app_option(row, app_name))
        return _print_output(row, result.output)


async def _follow(
    engine: DurableEngine, row: RunRow, signer: Signer | None, found: FoundSoFar | None
) -> tuple[RunResult[object], list[ToolFinished]]:
    """Show the events of the run, and return its result and the writes that were settled."""
    settled: list[ToolFinished] = []
    with ProgressTree(row.id, in_words=found is not None) as tree:
        async for event in stream_resumed(engine, row, tree.approve_with(_sign(terminal, signer))):
            if found is not None:
                found.listen(engine, row.id)
            if isinstance(event, ToolFinished):
                settled.append(event)
            tree.take(event)
    return await engine.read_turn(row.id), settled


def _find_found(row: RunRow) -> FoundSoFar | None:
    """Return what keeps the findings of the run, if it is a research of Sayso's own."""
    if row.flow != "research" or row.app != "sayso":
        return None
    from sayso.agents.research.earlier_report import read_earlier  # late, for load time
    from sayso.cli.found_so_far import FoundSoFar
    from sayso.cli.research_flow import ResearchTask
    from sayso.cli.run_models import replay_model

    task = read_text(row.input)
    if not isinstance(task, ResearchTask):
        return None
    earlier = None
    if task.again:
        with suppress(UsageError):  # it was read when the research began; a partial report can do without
            earlier = read_earlier(task.again, task.company, task.kind)
    return FoundSoFar(task, replay_model(task.model) if task.model or task.base_url else None, earlier=earlier)


def _say_how_to_continue(row: RunRow, app_name: str | None, database: str | None) -> None:
    from sayso.cli.report_file import say  # late, for load time

    say(f"Continue with: sayso resume {row.id}{app_option(row, app_name)}{database_option(database)}")


def _sign(approve: Approver, signer: Signer | None) -> Approver:
    if signer is None:
        return approve
    from sayso.tools.approval.signatures import sign_with  # late, for load time

    return sign_with(approve, signer.name, signer.key)


async def stream_resumed(engine: DurableEngine, row: RunRow, approve: Approver) -> AsyncGenerator[AnyEvent, None]:
    """Execute a stored run here and yield its events. Raises RunError if another program is executing it."""
    if row.state == "running" and not engine.is_orphan(row):
        raise RunError(f"Run {row.id} is being executed by {row.owner}. See it with: sayso show {row.id} --follow")
    execution = await engine.find_execution(row.id)
    make_scope = execution.make_scope

    def with_approver() -> Scope:
        scope = make_scope()
        scope.approve = approve
        return scope

    execution.make_scope = with_approver
    async with aclosing(watch(execution)) as told:
        async for event in told:
            yield event


def _print_receipts(row: RunRow, settled: list[ToolFinished]) -> None:
    """Print the receipts of the orders that a turn of a chat has placed."""
    from sayso.cli.chat_flow import ChatTurn, find_receipts  # late, for load time

    turn = read_text(row.input)
    for receipt in find_receipts(turn, settled) if isinstance(turn, ChatTurn) else ():
        print(escape_controls(receipt), file=sys.stderr, flush=True)  # standard output has what the run returned


def _print_output(row: RunRow, output: object) -> int:
    """Print what a run returned; a research run writes its report."""
    if row.flow == "research" and row.app == "sayso":
        from sayso.agents.research.report import Report  # late, for load time
        from sayso.cli.report_file import save_finished_report
        from sayso.cli.research_flow import ResearchTask

        task = read_text(row.input)
        if isinstance(output, Report) and isinstance(task, ResearchTask):
            return save_finished_report(output, task)
    print(escape_controls(output) if isinstance(output, str) else shorten(to_plain(output), 10_000), flush=True)
    return Exit.OK


def say_what_waits(run_id: str, requests: tuple[ApprovalRequest, ...], database: str, app: str = "") -> int:
    """Print the cards of the open requests, and on standard error the commands that answer them. Return the exit code."""
    for request in requests:
        print_card(request)
    print(f"sayso: run {run_id} waits for your approval, now or later, from any terminal:", file=sys.stderr)
    for request in requests:
        print(f"  sayso approve {run_id} {request.digest[:12]}{database}", file=sys.stderr)
    print(f"  sayso resume {run_id}{app}{database}", file=sys.stderr, flush=True)
    return Exit.WAITS
