"""`sayso grants`: the standing approvals of a run."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sayso.cli.display import format_time
from sayso.cli.options import DatabaseUrl, Exit, RunId
from sayso.cli.run_database import find_run, open_engine
from sayso.console import find_user_name
from sayso.tools.approval.cards import show_value

if TYPE_CHECKING:
    from sayso.workflows.runs.grant_records import StandingApproval


def grants(
    run: RunId,
    *,
    withdraw: Annotated[str | None, Parameter(help="Withdraw the grant with this id, or at least its first characters.")] = None,
    database: DatabaseUrl = None,
) -> int:
    """List the standing approvals of a run, or withdraw one.

    A grant that is withdrawn covers no write that is begun later, wherever the run is executed.
    """
    return asyncio.run(_grants(run, withdraw, database))


async def _grants(run: str, withdraw: str | None, database: str | None) -> int:
    async with open_engine(database) as engine:
        row = await find_run(engine, run)
        if withdraw is not None:
            await engine.withdraw(row.id, withdraw, by=find_user_name())
        standing = await engine.grants(row.id)
        for each in standing:
            print(describe_grant(each), flush=True)
        if not standing:
            print(f"Run {row.id} has no standing approvals: every write asks.", file=sys.stderr)
    return Exit.OK


def describe_grant(standing: StandingApproval) -> str:
    """Return a standing approval on one line: its id, what it covers and until when, how often it was used, whether it was withdrawn."""
    grant = standing.grant
    until = "until the run ends" if grant.until is None else f"until {format_time(grant.until)}"
    uses = "not used" if not standing.uses else "used once" if standing.uses == 1 else f"used {standing.uses} times"
    by = f" by {show_value(standing.withdrawn_by)}" if standing.withdrawn_by else ""
    return f"{grant.id}  {show_value(grant.text)}, {until}, {uses}" + (f", withdrawn{by}" if standing.withdrawn_by is not None else "")
