"""Choosing runs of a database on the command line: by their ids, or by flow, state and thumbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from cyclopts import Parameter

from sayso.cli.run_database import find_run
from sayso.cli.runs import STATES
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import RunRow

MOST = 100_000

AllRuns = Annotated[bool, Parameter(name="--all", negative="", help="All runs of the database, or all that the other options select.")]
FlowName = Annotated[str | None, Parameter(name="--flow", help="The runs of this agent or workflow.")]
StateName = Annotated[str | None, Parameter(name="--state", help="The runs in this state: done, failed, waiting, cancelled, ...")]
Thumb = Annotated[Literal["up", "down"] | None, Parameter(name="--feedback", help="The runs that somebody gave a thumb up or down.")]


class RunSelection(NamedTuple):
    """Which runs a command means: those that are named, or those that fit all of the rest."""

    names: Sequence[str] = ()
    all_runs: bool = False
    flow: str | None = None
    state: str | None = None
    feedback: Literal["up", "down"] | None = None

    @property
    def chooses(self) -> bool:
        """Return whether runs are chosen, and not named."""
        return self.all_runs or self.flow is not None or self.state is not None or self.feedback is not None


async def select_runs(engine: DurableEngine, selection: RunSelection) -> list[RunRow]:
    """Return the runs that are named, or those that are chosen, the oldest first. Raises UsageError where there are none.

    The runs of evaluations are left out, unless they are named.
    """
    names, state = selection.names, selection.state
    if names and selection.chooses:
        raise UsageError(f"Name runs ({names[0]}), or choose them with --all, --flow, --state and --feedback; not both.")
    if names:
        rows = [await find_run(engine, name) for name in names]
        return list({row.id: row for row in rows}.values())
    if not selection.chooses:
        raise UsageError("Name a run, or choose runs with --all, --flow, --state or --feedback. `sayso runs` lists them.")
    if state is not None and state not in STATES:
        raise UsageError(f"There is no state {state!r}. States: {', '.join(STATES)}.")
    from sayso.agents.evaluation.evaluation_runs import leave_out_evaluations  # late, for load time

    rows = await engine.runs(*([state] if state else []), limit=MOST, feedback=selection.feedback)
    everything = await engine.runs(limit=MOST) if state or selection.feedback else rows
    own = {row.id for row in leave_out_evaluations(everything)[0]}
    rows = [row for row in rows if row.id in own]
    chosen = [row for row in rows if selection.flow is None or row.flow == selection.flow]
    if not chosen:
        raise UsageError(f"No run is chosen: {_explain_none(rows, selection)}")
    return sorted(chosen, key=lambda row: (row.created_at, row.id))


def _explain_none(rows: Sequence[RunRow], selection: RunSelection) -> str:
    if selection.flow is not None and rows:
        return f"none is of the flow {selection.flow!r}. Flows: {', '.join(sorted({row.flow for row in rows}))}."
    state, feedback = selection.state, selection.feedback
    conditions = [f"in the state {state!r}" if state else "", f"with a thumb {feedback}" if feedback else ""]
    return f"the database has none {' and '.join(filter(None, conditions))}".rstrip() + ". `sayso runs` lists what it has."
