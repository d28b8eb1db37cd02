"""`sayso cancel`: stop a run."""

from __future__ import annotations

import asyncio
import sys

from sayso.cli.options import DatabaseUrl, Exit, RunId
from sayso.cli.run_database import find_run, open_engine
from sayso.tools.errors import RunError


def cancel(run: RunId, *, database: DatabaseUrl = None) -> int:
    """Stop a run before its next step, on whichever machine executes it.

    A write that has begun is finished first.
    """
    return asyncio.run(_cancel(run, database))


async def _cancel(run: str, database: str | None) -> int:
    async with open_engine(database) as engine:
        row = await find_run(engine, run)
        if row.state in ("done", "failed", "cancelled"):
            raise RunError(f"Run {row.id} is {row.state} already, so there is nothing to cancel.")
        await engine.free(row)
        await engine.cancel(row.id)
        state = (await engine.run(row.id)).state
        what = "is cancelled" if state == "cancelled" else "stops before its next step"
        print(f"Run {row.id} {what}.", file=sys.stderr)
    return Exit.OK
