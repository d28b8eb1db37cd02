"""`sayso replay`: the code of a run over its journal, acting on nothing; the first difference is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sayso.cli.main import Exit
from sayso.cli.run_database import AppPlace, DatabaseUrl, found, opened
from sayso.cli.run_report import brief
from sayso.tools.approval.cards import escape_lines, show_value

if TYPE_CHECKING:
    from sayso.workflows import Replayed
    from sayso.workflows.durable.records import RunRow
    from sayso.workflows.runs.replaying import Difference


def replay(
    run: Annotated[str, Parameter(help="A run's id, as `sayso runs` shows it.")],
    *,
    app: AppPlace = None,
    database: DatabaseUrl = None,
) -> int:
    """Run the code of now over the journal of a run, and tell the first difference: another step, another prompt, another end.

    Nothing is done: no model is asked, no tool called, nothing is written, not even to the database. Exit code 0 if all is the same,
    1 if something differs, 2 for a run or code that is not there.
    """
    from sayso.cli.load_app import app_named

    async def replayed() -> int:
        async with opened(database, app_named(app)) as engine:
            row = await found(engine, run)
            given = await engine.replay(row.id)
            died = row.state == "running" and engine.is_orphan(row)
        _say(row, given, died)
        return Exit.OK if given.same else Exit.FAILED

    return asyncio.run(replayed())


def _say(row: RunRow, given: Replayed, died: bool) -> None:
    steps = f"{given.steps} step{'s' * (given.steps != 1)}"
    if given.difference is not None:
        print(f"different: run {show_value(row.id)}, {_difference(given.difference, row.id)}")
        print(
            f"{steps} before it {'is' if given.steps == 1 else 'are'} the same. Nothing was done; the run and its journal are as they were."
        )
        return
    print(f"same: run {show_value(row.id)}, {steps}, {_end(row, given, died)}.")
    for waits in given.waits:
        print(f"  beyond the journal, not done: {show_value(waits)}")


def _end(row: RunRow, given: Replayed, died: bool) -> str:
    match row.state:
        case "done":
            return "and the output"
        case "failed" if given.waits:
            return f"as far as its journal goes; then it ended with: {brief(_error(row))}"
        case "failed":
            return f"and the error that it ended with ({brief(_error(row))})"
    return f"as far as it came; {'its program died' if died else f'it is {row.state}'}"


def _error(row: RunRow) -> str:
    from sayso.cli.runs import error_text

    return error_text(row.error or "null")


def _difference(difference: Difference, root: str) -> str:
    """Where they part, then what each has, a line each."""
    place = f" of {show_value(difference.run)}" if difference.run != root else ""
    head = f"step {difference.number}{place}"
    if difference.messages:
        return f"{head}: the code sends the model something else at {show_value(difference.asked)}.\n{escape_lines(difference.messages)}"
    if difference.at_end:
        return (
            f"after step {difference.number}.\n  the run   {brief(difference.expected, 2000)}\n  the code  {brief(difference.asked, 2000)}"
        )
    journal = show_value(difference.expected) if difference.expected else "(its end)"
    code = show_value(difference.asked) if difference.asked else "(its end)"
    return f"{head}.\n  the journal has    {journal}\n  the code asks for  {code}"
