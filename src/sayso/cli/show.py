"""`sayso show`: the report of a run."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sayso.cli.display import describe_error, describe_input, format_time, format_usage, read_text, shorten, to_plain
from sayso.cli.feedback import describe_feedback
from sayso.cli.options import DatabaseUrl, Exit, RunId
from sayso.cli.run_database import app_option, database_option, find_run, open_engine
from sayso.cli.run_report import ReportLine, RunReport, format_lines
from sayso.cli.runs import STATE_COLOURS, describe_state
from sayso.tools.approval.cards import escape_lines, show_value
from sayso.workflows.durable.log_events import LogEvents

if TYPE_CHECKING:
    from sayso.workflows.durable.records import ApprovalRow, RunRow
    from sayso.workflows.runs.limits import Usage

LOOK_SECONDS = 0.3


def show(
    run: RunId,
    *,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], negative="")] = False,
    database: DatabaseUrl = None,
) -> int:
    """Show the story of a run, step by step; with --follow live.

    Who asked what, what the model and the tools answered, who approved what, what came of it, and what the run waits for.

    Parameters
    ----------
    follow
        Go on until the run ends or waits.
    """
    return asyncio.run(_show(run, follow, database))


async def _show(name: str, follow: bool, database: str | None) -> int:
    async with open_engine(database) as engine:
        row = await find_run(engine, name)
        told, report, at = LogEvents(row.id), RunReport(row.id), 0
        app = f" of the app {show_value(row.app)}" if row.app else ""
        whose = f" for {show_value(row.for_user)}" if row.for_user else ""
        print_lines([(f"Run {show_value(row.id)}: {show_value(row.flow)}{app}{whose}, since {format_time(row.created_at)}", "bold")])
        asked = f"{show_value(row.flow)}: {shorten(describe_input(read_text(row.input)), 2000)}"
        print_lines(format_lines([ReportLine(row.created_at, "asked", asked, "bold")]))
        while True:
            row = await engine.run(row.id)
            state = describe_state(engine, row)
            for each in await engine.log(row.id, at):
                at = each.number
                for event in told.take(each, row):
                    print_lines(format_lines(report.take(event)))
            if not follow or (state not in ("queued", "running", "new") and at >= row.number):
                break
            await asyncio.sleep(LOOK_SECONDS)
        print_lines(_report_end(row, state, report, told.usage, await engine.approvals(row.id), database_option(database)))
        print_lines((describe_feedback(each, with_run=each.run != row.id), "") for each in await engine.feedback(row.id))
    return Exit.OK


def _report_end(
    row: RunRow, state: str, report: RunReport, used: Usage, approvals: Sequence[ApprovalRow], option: str
) -> list[tuple[str, str]]:
    """Return the last lines: the state, the usage, the output or error, and the commands that can follow."""
    lines: list[ReportLine] = []
    open_requests = [f"{each.digest[:12]}{option}" for each in approvals if each.state == "proposed"]
    for each in approvals:
        if each.state not in ("approved", "edited", "rejected") or each.digest in report.decided:
            continue
        at = each.decided_at or row.changed_at
        does_not_count = report.read_at.get(each.digest, 0.0) >= at
        became = "it does not count, and the request stays open" if does_not_count else "the run has not read it yet"
        lines.append(ReportLine(at, each.state, f"request {each.digest[:12]}, by {show_value(each.decided_by or '?')}; {became}", "yellow"))
        if does_not_count and state == "waiting":
            open_requests.append(f"{each.digest[:12]} --key KEY_FILE{option}")
    texts = format_lines(lines)
    texts.append((f"{state}: {format_usage(used)}", f"bold {STATE_COLOURS.get(state, '')}".strip()))
    if row.output is not None:
        output = read_text(row.output)
        value = output.get("value") if isinstance(output, dict) else output
        texts.append((f"output: {escape_lines(value) if isinstance(value, str) else shorten(to_plain(value), 2000)}", ""))
    if row.error is not None:
        texts.append((f"error: {shorten(describe_error(row.error), 2000)}", "red"))
    texts += [(f"  sayso approve {row.id} {each}", "yellow") for each in open_requests]
    if state in ("interrupted", "died", "queued", "failed"):
        texts.append((f"  sayso resume {row.id}{app_option(row)}{option}", "yellow"))
    return texts


def print_lines(texts: Iterable[tuple[str, str]]) -> None:
    """Print pairs of text and colour; without colours where standard output is not a terminal."""
    if not sys.stdout.isatty():
        for text, _ in texts:
            print(text, flush=True)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for text, style in texts:
        console.print(Text(text, style=style), soft_wrap=True)
