"""`sayso case`: make recorded cases of runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sayso.cli.options import DatabaseUrl, Exit, RunId
from sayso.cli.run_database import open_engine
from sayso.cli.run_selection import AllRuns, FlowName, RunSelection, StateName, Thumb, select_runs
from sayso.tools.approval.cards import show_value
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.agents.evaluation import Case, Recording
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import RunRow

FOLDER = "recordings"


def case(
    *runs: RunId,
    all_runs: AllRuns = False,
    flow: FlowName = None,
    state: StateName = None,
    feedback: Thumb = None,
    to: Annotated[Path | None, Parameter(help="The case file to add them to: .yaml or .json. Created if it does not exist.")] = None,
    out: Annotated[Path | None, Parameter(help=f"The folder for the recordings. Default: {FOLDER}/ beside the case file.")] = None,
    name: Annotated[str | None, Parameter(help="The name of the case. Default: the id of the run.")] = None,
    expected: Annotated[bool, Parameter(negative="", help="Expect the same output as the run had.")] = False,
    database: DatabaseUrl = None,
) -> int:
    """Turn a run into a case: its recorded journal replaces model, web and tools when you replay it.

    Name runs, or choose them: `--feedback down`, `--flow NAME`, `--state failed`, `--all`. Any run will do, also one that failed, waits or
    was cancelled. What a person wrote in the case file stays as it is. Secrets are not in a recording.
    """
    if name is not None and len(runs) != 1:
        raise UsageError("--name names the case of one run. Name one run, or leave --name out: a case is named after its run.")
    folder = out if out is not None else (to.parent if to is not None else Path()) / FOLDER
    return asyncio.run(_make_cases(RunSelection(runs, all_runs, flow, state, feedback), to, folder, name, expected, database))


async def _make_cases(
    selection: RunSelection, to: Path | None, folder: Path, name: str | None, expected: bool, database: str | None
) -> int:
    async with open_engine(database) as engine:
        rows = await select_runs(engine, selection)
        for row in rows if expected else ():
            if row.state != "done":
                raise UsageError(f"Run {row.id} has no output to expect: it is {row.state}. Leave --expected out, or choose --state done.")
        for row in rows:
            await _make_one(engine, row, folder, to, name, expected)
    if to is not None:
        print(f"Replay them over the present code, without a model: sayso eval {to} module:agent")
    return Exit.OK


async def _make_one(engine: DurableEngine, row: RunRow, folder: Path, to: Path | None, name: str | None, expected: bool) -> None:
    """Write the recording of a run, add its case to the file, and say so."""
    from sayso.agents.evaluation import make_case, make_recording, write_recording  # late, for load time
    from sayso.agents.evaluation.credentials import CredentialMask
    from sayso.agents.evaluation.recordings import find_place, read_labels

    mask = CredentialMask()
    recording = await make_recording(engine, row.id, mask=mask)
    path = find_place(folder, recording)
    write_recording(recording, path)
    print(f"recorded: {show_value(row.id)} ({_describe(recording)}) in {path}")
    labels = read_labels(recording)
    if labels.private or labels.unvouched:
        print("  The run has read private text, or text of unknown origin: read the file before you share or commit it.")
    if mask.found:
        print(f"  {mask.found} text{'s' * (mask.found != 1)} that looked like a key or password stand{'s' * (mask.found == 1)} as stars.")
    if to is not None:
        metadata = await _find_feedback(engine, row.id)
        made = make_case(recording, str(path), name=name or "", metadata=metadata, expected=expected)
        _add_to_file(to, made, is_bad=metadata.get("feedback") == "down")


def _add_to_file(path: Path, made: Case, is_bad: bool) -> None:
    """Add a case to a case file, unless one with that recording is in it, and say so."""
    from sayso.agents.evaluation import add_case, read_suite  # late, for load time

    known = read_suite(path).cases if path.exists() else ()
    for each in known:
        if each.recording and Path(each.recording).resolve() == Path(made.recording).resolve():
            print(f"  The case {show_value(each.name)} of {path} has this recording; the case stays as it is.")
            return
    add_case(path, made)
    print(f"  added to {path} as {show_value(made.name)}")
    if is_bad:
        print("  Somebody gave it a thumb down: write beside it what should hold (expected, contains, calls, ...).")


async def _find_feedback(engine: DurableEngine, run_id: str) -> Mapping[str, object]:
    """Return what people think of a run, as the metadata of its case: a thumb down counts before one up."""
    thumbs = sorted(await engine.feedback(run_id), key=lambda each: each.verdict)
    if not thumbs:
        return {}
    notes = "; ".join(each.note for each in thumbs if each.note)
    return {"feedback": thumbs[0].verdict, **({"note": notes} if notes else {})}


def _describe(recording: Recording) -> str:
    steps = len(recording.entries)
    return f"{show_value(recording.flow)}, {recording.state}, {steps} step{'s' * (steps != 1)}"
