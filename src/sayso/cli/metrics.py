"""`sayso metrics`: the state of a database of runs, for Prometheus."""

from __future__ import annotations

import asyncio

from sayso.cli.options import DatabaseUrl, Exit
from sayso.cli.run_database import open_engine


def metrics(*, database: DatabaseUrl = None) -> int:
    """Print the state of a database of runs for Prometheus: what is queued, running, waiting and unknown, and how old.

    For a file of node_exporter's textfile collector; `sayso serve` and `metrics_app` serve the same at /metrics.
    """
    return asyncio.run(_print(database))


async def _print(database: str | None) -> int:
    from sayso.workflows import read_metrics  # late, for load time

    async with open_engine(database) as engine:
        print(await read_metrics(engine), end="")
    return Exit.OK
