"""`sayso metrics`: the state of a database of runs, for Prometheus."""

from __future__ import annotations

import asyncio

from sayso.cli.options import DatabaseUrl, Exit
from sayso.cli.run_database import open_engine


def metrics(*, database: DatabaseUrl = None) -> int:
    """Print metrics of a database of runs for Prometheus: queued, running, waiting and unknown, with their ages.

    For a file of node_exporter's textfile collector; `sayso serve` and `metrics_app` serve the same at /metrics.
    """
    return asyncio.run(_print(database))


async def _print(database: str | None) -> int:
    from sayso.workflows import read_metrics  # late, for load time

    async with open_engine(database) as engine:
        print(await read_metrics(engine), end="")
    return Exit.OK
