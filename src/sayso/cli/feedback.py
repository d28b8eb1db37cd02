"""`sayso feedback`: thumbs with a note on runs."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from sayso.cli.display import format_time, shorten
from sayso.cli.options import DatabaseUrl, Exit, RunId
from sayso.cli.run_database import find_run, open_engine
from sayso.tools.approval.cards import show_value
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sayso.workflows.thumbs import Feedback

WORDS = {"up": "thumb up", "down": "thumb down", "withdrawn": "thumb withdrawn"}


def feedback(
    run: RunId | None = None,
    verdict: Literal["up", "down", "withdraw"] | None = None,
    *,
    note: Annotated[str, Parameter(help="What was good or bad about it.")] = "",
    by: Annotated[str | None, Parameter(help="Whose thumb it is. Default: the user who is signed in to this machine.")] = None,
    history: Annotated[bool, Parameter(negative="", help="List all thumbs, with those that were replaced or withdrawn.")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON document.")] = False,
    database: DatabaseUrl = None,
) -> int:
    """Give a run a thumb up or down with a note, withdraw it, or list the thumbs.

    Several people may differ: of each the last thumb counts. `sayso runs --feedback down` lists the runs that somebody found bad.

    Parameters
    ----------
    verdict
        up, down, or withdraw; without it the thumbs are listed.
    """
    if run is None and (note or by is not None):
        raise UsageError('Name the run: sayso feedback RUN down --note "..." (sayso runs lists them).')
    if run is not None and verdict is None and (note or by is not None):
        raise UsageError(f'Say whether it was good: sayso feedback {run} down --note "..." (or up).')
    if verdict == "withdraw" and note:
        raise UsageError("A thumb is withdrawn without a note. To replace it give another: up or down.")
    return asyncio.run(_feedback(run, verdict, note, by, history, as_json, database))


async def _feedback(
    run: str | None, verdict: str | None, note: str, by: str | None, history: bool, as_json: bool, database: str | None
) -> int:
    from sayso.console import find_user_name  # late, for load time

    async with open_engine(database) as engine:
        run_id = None if run is None else (await find_run(engine, run)).id
        if run is not None and "/" in run:
            run_id = run  # a child has thumbs of its own
        if run_id is not None and verdict is not None:
            name = find_user_name() if by is None else by
            if verdict == "withdraw":
                await engine.withdraw_feedback(run_id, by=name)
            else:
                await engine.give_feedback(run_id, verdict == "up", note=note, by=name)
        found = await engine.feedback(run_id, history=history)
    _print(found, run_id, as_json)
    return Exit.OK


def _print(found: Sequence[Feedback], run_id: str | None, as_json: bool) -> None:
    if as_json:
        print(json.dumps([each._asdict() for each in found], indent=2))
        return
    for each in found:
        print(describe_feedback(each, with_run=run_id is None or each.run != run_id))
    if not found:
        print(f"There is no feedback{'' if run_id is None else f' on run {run_id}'}.", file=sys.stderr)


def describe_feedback(feedback: Feedback, *, with_run: bool = False) -> str:
    """Return a thumb as a line: which, the run where it is to be named, who, when, and the note."""
    run = f" {show_value(feedback.run)}" if with_run else ""
    who = show_value(feedback.by) if feedback.by else "somebody who gave no name"
    note = f": {shorten(feedback.note, 2000)}" if feedback.note else ""
    return f"{WORDS[feedback.verdict]}{run} by {who} at {format_time(feedback.at)}{note}"
