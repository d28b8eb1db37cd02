"""`sayso forget`: delete all that is stored of a run."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

from cyclopts import Parameter

from sayso.cli.options import DatabaseUrl, Exit
from sayso.cli.run_database import open_engine
from sayso.tools.approval.cards import show_value
from sayso.tools.errors import UsageError


def forget(
    run: Annotated[str, Parameter(help="A run's whole id, as `sayso runs` shows it.")],
    *,
    yes: Annotated[bool, Parameter(negative="")] = False,
    unknown: Annotated[bool, Parameter(negative="")] = False,
    database: DatabaseUrl = None,
) -> int:
    """Delete a finished run with its log, requests and thumbs. You cannot undo this.

    Only a hash of its id stays, so that nobody executes a run of that id again.

    Parameters
    ----------
    yes
        Delete without asking; without a terminal it is needed.
    unknown
        Delete it even if nobody knows whether one of its writes happened.
    """
    return asyncio.run(_forget(run, yes, unknown, database))


async def _forget(run: str, yes: bool, unknown: bool, database: str | None) -> int:
    from sayso.workflows import forget_run  # late, for load time

    async with open_engine(database) as engine:
        row = await engine.run(run)
        if not yes and not confirm(f"Delete run {show_value(row.id)} ({row.state}, {row.number} rows) for good?"):
            print("Nothing was deleted.", file=sys.stderr)
            return Exit.FAILED
        await forget_run(engine, run, with_unknown=unknown)
    print(f"Run {show_value(run)} is forgotten.", file=sys.stderr)
    return Exit.OK


def confirm(question: str) -> bool:
    """Return whether the person at the terminal types yes. Raises UsageError where there is no terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{question} There is no terminal to ask in: add --yes.")
    print(f"{question} Type yes: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() == "yes"
