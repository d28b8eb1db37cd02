"""`sayso replay`: the current code over the journals of runs, without acting."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from sayso.cli.display import describe_error, shorten
from sayso.cli.load_object import load_app
from sayso.cli.options import AppName, DatabaseUrl, Exit, RunId
from sayso.cli.run_database import find_run, open_engine
from sayso.cli.run_selection import AllRuns, FlowName, RunSelection, StateName, Thumb, select_runs
from sayso.tools.approval.cards import escape_lines, show_value
from sayso.tools.errors import RunError, UsageError

if TYPE_CHECKING:
    from sayso.workflows import App, Replayed
    from sayso.workflows.durable.records import RunRow
    from sayso.workflows.runs.replaying import Difference


class ReplayOutcome(NamedTuple):
    """What became of one of several runs: "same", "different" or "not replayed", and the lines that say more."""

    name: str
    verdict: Literal["same", "different", "not replayed"]
    text: str


def replay(
    *runs: RunId,
    all_runs: AllRuns = False,
    flow: FlowName = None,
    state: StateName = None,
    feedback: Thumb = None,
    app: AppName = None,
    database: DatabaseUrl = None,
) -> int:
    """Execute the current code over a run's journal, without acting, and report the first difference.

    Name one run or several, or files that `sayso case` has made; or choose runs with --all, --flow, --state and --feedback. Of several each
    gets a line, and the last one counts them. A difference is another step, another prompt, or another end. No model is asked, no tool is
    called, and nothing is written, not even to the database. Exit code 0 if all is the same, 1 if something differs, 2 if a run or its code
    cannot be found.
    """
    selection = RunSelection(runs, all_runs, flow, state, feedback)
    if len(runs) == 1 and not selection.chooses and not _is_file(runs[0]):
        return asyncio.run(_replay(runs[0], app, database))
    return asyncio.run(_replay_several(selection, load_app(app), database))


async def _replay(run: str, app_name: str | None, database: str | None) -> int:
    async with open_engine(database, load_app(app_name)) as engine:
        row = await find_run(engine, run)
        comparison = await engine.replay(row.id)
        died = row.state == "running" and engine.is_orphan(row)
    _print_comparison(row, comparison, died)
    return Exit.OK if comparison.same else Exit.FAILED


def _is_file(name: str) -> bool:
    return name.endswith(".json")


async def _replay_several(selection: RunSelection, app: App, database: str | None) -> int:
    files = [name for name in selection.names if _is_file(name)]
    if files and (len(files) < len(selection.names) or selection.chooses):
        raise UsageError("Name files, or runs of a database; not both.")
    verdicts = Counter[str]()
    outcomes = _replay_files(files, app) if files else _replay_rows(selection, app, database)
    async for outcome in outcomes:
        verdicts[outcome.verdict] += 1
        print(f"{outcome.verdict}: {show_value(outcome.name)}, {outcome.text}", flush=True)
    number = verdicts.total()
    counted = ", ".join(f"{verdicts[each]} {each}" for each in ("same", "different", "not replayed") if verdicts[each])
    print(f"{number} run{'s' * (number != 1)}: {counted}. Nothing was done.")
    if verdicts["different"]:
        return Exit.FAILED
    return Exit.USAGE if verdicts["not replayed"] else Exit.OK


async def _replay_rows(selection: RunSelection, app: App, database: str | None) -> AsyncIterator[ReplayOutcome]:
    async with open_engine(database, app) as engine:
        for row in await select_runs(engine, selection):
            try:
                yield _make_outcome(row.id, await engine.replay(row.id))
            except (UsageError, RunError) as error:
                yield ReplayOutcome(row.id, "not replayed", str(error))


async def _replay_files(paths: Sequence[str], app: App) -> AsyncIterator[ReplayOutcome]:
    from sayso.agents.evaluation import read_recording, replay_recording  # late, for load time

    for path in paths:
        try:
            recording = read_recording(Path(path))
            if recording.flow not in app and app.name == "sayso":
                yield ReplayOutcome(
                    path, "not replayed", f"it is of the flow {recording.flow!r} of your own app: name it with --app module:app."
                )
                continue
            yield _make_outcome(path, await replay_recording(recording, app), recording.run_id)
        except (UsageError, RunError) as error:
            yield ReplayOutcome(path, "not replayed", str(error))


def _make_outcome(name: str, comparison: Replayed, root: str = "") -> ReplayOutcome:
    if comparison.difference is not None:
        return ReplayOutcome(name, "different", describe_difference(comparison.difference, root or name))
    return ReplayOutcome(name, "same", _count_steps(comparison))


def _count_steps(comparison: Replayed) -> str:
    return f"{comparison.steps} step{'s' * (comparison.steps != 1)}"


def _print_comparison(row: RunRow, comparison: Replayed, died: bool) -> None:
    steps = _count_steps(comparison)
    if comparison.difference is not None:
        are = "is" if comparison.steps == 1 else "are"
        print(f"different: run {show_value(row.id)}, {describe_difference(comparison.difference, row.id)}")
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


def describe_difference(difference: Difference, root: str) -> str:
    """Return where journal and code part, then what each of them has, a line each."""
    place = f" of {show_value(difference.run)}" if difference.run != root else ""
    head = f"step {difference.number}{place}"
    if difference.call:
        return f"{head}: the code makes another call at {show_value(difference.asked)}.\n{escape_lines(difference.call)}"
    if difference.messages:
        return f"{head}: the code sends the model something else at {show_value(difference.asked)}.\n{escape_lines(difference.messages)}"
    if difference.at_end:
        expected, asked = shorten(difference.expected, 2000), shorten(difference.asked, 2000)
        return f"after step {difference.number}.\n  the run   {expected}\n  the code  {asked}"
    journal = show_value(difference.expected) if difference.expected else "(its end)"
    code = show_value(difference.asked) if difference.asked else "(its end)"
    return f"{head}.\n  the journal has    {journal}\n  the code asks for  {code}"
