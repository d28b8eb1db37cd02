"""`sayso prune`: delete old runs."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

from cyclopts import Parameter

from sayso.cli.forget import confirm
from sayso.cli.options import DatabaseUrl, Exit
from sayso.cli.run_database import open_engine
from sayso.tools.errors import UsageError

DAY_SECONDS = 86400.0


def prune(
    *,
    older_than: str,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    yes: Annotated[bool, Parameter(negative="")] = False,
    database: DatabaseUrl = None,
) -> int:
    """Delete old finished runs with their logs, requests and thumbs. You cannot undo this.

    Others may work meanwhile. Runs with a write of which nobody knows what became are left. Workers do this by themselves with
    App(keep_days=...).

    Parameters
    ----------
    older_than
        How long ago they must have ended: 12h, 30d.
    dry_run
        Only say how many there are.
    yes
        Delete without asking; without a terminal it is needed.
    """
    return asyncio.run(_prune(older_than, dry_run, yes, database))


async def _prune(older_than: str, dry_run: bool, yes: bool, database: str | None) -> int:
    from sayso.tools.web.cache_folder import parse_age  # late, for load time
    from sayso.workflows import count_prunable, prune_runs

    days = parse_age(older_than) / DAY_SECONDS
    if days <= 0:
        raise UsageError("--older-than needs an age such as 12h or 30d.")
    async with open_engine(database) as engine:
        there = await count_prunable(engine, days)
        if not dry_run and there.runs:
            if not yes and not confirm(f"Delete {_count(there.runs)} that ended more than {older_than} ago for good?"):
                print("Nothing was deleted.", file=sys.stderr)
                return Exit.FAILED
            there = await prune_runs(engine, days)
    print(f"{_count(there.runs)} {'would be ' if dry_run else ''}forgotten.")
    if there.unknown:
        print(f"{_count(there.unknown)} left: nobody knows whether a write of theirs happened. See: sayso runs --stuck", file=sys.stderr)
    return Exit.OK


def _count(runs: int) -> str:
    return f"{runs:,} run{'s' * (runs != 1)}"
