"""Both kinds of database, for what is measured on each: a new file, and a new database of a Postgres server where one can be started."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from _table import Row

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "workflows"))

from postgres_server import NoServer, new_database, server


def measure_on_each(measure: Callable[[str, str], Awaitable[list[Row]]]) -> list[Row]:
    """Return the rows of `measure(url, name of its kind)` for an SQLite file and for Postgres; where there is none, it says so."""

    async def run(url: str, kind: str) -> list[Row]:
        return await measure(url, kind)

    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(run(f"sqlite:///{folder}/runs.db", "SQLite"))
    try:
        with server() as url:
            rows += asyncio.run(run(new_database(url), "Postgres"))
    except NoServer as error:
        print(f"No Postgres here: {error}", file=sys.stderr)
    return rows
