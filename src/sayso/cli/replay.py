"""`sayso replay`: the current code over the journal of a run, without acting."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sayso.cli.display import describe_error, shorten
from sayso.cli.load_object import load_app
from sayso.cli.options import AppName, DatabaseUrl, Exit, RunId
from sayso.cli.run_database import find_run, open_engine
from sayso.tools.approval.cards import escape_lines, show_value

if TYPE_CHECKING:
    from sayso.workflows import Replayed
    from sayso.workflows.durable.records import RunRow
    from sayso.workflows.runs.replaying import Difference


def replay(run: RunId, *, app: AppName = None, database: DatabaseUrl = None) -> int:
    """Execute the current code over a run's journal, without acting, and report the first difference.

    A difference is another step, another prompt, or another end. No model is asked, no tool is called, and nothing is written, not even to
    the database. Exit code 0 if all is the same, 1 if something differs, 2 if the run or its code cannot be found.
    """
    return asyncio.run(_replay(run, app, database))


async def _replay(run: str, app_name: str | None, database: str | None) -> int:
    async with open_engine(database, load_app(app_name)) as engine:
        row = await find_run(engine, run)
        comparison = await engine.replay(row.id)
        died = row.state == "running" and engine.is_orphan(row)
    _print_comparison(row, comparison, died)
    return Exit.OK if comparison.same else Exit.FAILED


def _print_comparison(row: RunRow, comparison: Replayed, died: bool) -> None:
    steps = f"{comparison.steps} step{'s' * (comparison.steps != 1)}"
    if comparison.difference is not None:
        are = "is" if comparison.steps == 1 else "are"
        print(f"different: run {show_value(row.id)}, {_describe_difference(comparison.difference, row.id)}")
        print(f"{steps} before it {are} the same. Nothing was done; the run and its journal are as they were.")
        return
    print(f"same: run {show_value(row.id)}, {steps}, {_describe_end(row, comparison, died)}.")
    for waits in comparison.waits:
        print(f"  beyond the journal, not done: {show_value(waits)}")


def _describe_end(row: RunRow, comparison: Replayed, died: bool) -> str:
    """Return how far the comparison went, after the number of steps."""
    match row.state:
        case "done":
            return "and the output"
        case "failed" if comparison.waits:
            return f"as far as its journal goes; then it ended with: {shorten(describe_error(row.error or 'null'))}"
        case "failed":
            return f"and the error that it ended with ({shorten(describe_error(row.error or 'null'))})"
    return f"as far as it came; {'its program died' if died else f'it is {row.state}'}"


def _describe_difference(difference: Difference, root: str) -> str:
    """Return where journal and code part, then what each of them has, a line each."""
    place = f" of {show_value(difference.run)}" if difference.run != root else ""
    head = f"step {difference.number}{place}"
    if difference.messages:
        return f"{head}: the code sends the model something else at {show_value(difference.asked)}.\n{escape_lines(difference.messages)}"
    if difference.at_end:
        expected, asked = shorten(difference.expected, 2000), shorten(difference.asked, 2000)
        return f"after step {difference.number}.\n  the run   {expected}\n  the code  {asked}"
    journal = show_value(difference.expected) if difference.expected else "(its end)"
    code = show_value(difference.asked) if difference.asked else "(its end)"
    return f"{head}.\n  the journal has    {journal}\n  the code asks for  {code}"
