"""`sayso pending`: the open requests of all runs."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.cli.display import format_age, shorten
from sayso.cli.options import DatabaseUrl, Exit, read_whole
from sayso.cli.run_database import database_option, open_engine
from sayso.tools.approval.cards import show_value


def pending(
    *,
    after: str | None = None,
    limit: Annotated[int, Parameter(converter=read_whole, validator=Number(gte=1, lte=1000))] = 50,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    database: DatabaseUrl = None,
) -> int:
    """List the requests that wait for an approval, in all runs, the oldest first.

    Parameters
    ----------
    after
        Go on after the request with this digest: a page ends with it.
    limit
        List at most this many.
    as_json
        Print one JSON document instead of lines.
    """
    return asyncio.run(_list(database, after, limit, as_json))


async def _list(database: str | None, after: str | None, limit: int, as_json: bool) -> int:
    async with open_engine(database) as engine:
        rows = await engine.open_approvals(limit=limit, after=after)
    if as_json:
        names = ("run", "digest", "tool", "card", "asked_at", "expires_at")
        print(json.dumps([{name: getattr(row, name) for name in names} for row in rows], indent=2))
        return Exit.OK
    if not rows:
        print("Nothing waits for an approval." if after is None else "There are no more.", file=sys.stderr)
        return Exit.OK
    now = time.time()
    for row in rows:
        print(f"{show_value(row.root)}  {row.digest[:12]}  {format_age(now - row.asked_at)}  {shorten(row.card, 200)}")
    last, option = rows[-1], database_option(database)
    print(f"To decide one: sayso approve {last.root} {last.digest[:12]}{option}", file=sys.stderr)
    if len(rows) == limit:
        print(f"The next page: sayso pending --after {last.digest[:16]}{option}", file=sys.stderr)
    return Exit.OK
