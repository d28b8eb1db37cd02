"""How long lists take over a million stored runs: `sayso runs`, `show`, `pending`, `runs --stuck`, the figures for Prometheus, forgetting.

With Postgres as well where a server can be started (see tests/workflows/postgres_server.py).

python benchmarks/million_runs.py [--write]
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from _databases import measure_on_each
from _table import Row, finish

from sayso.cli.runs import make_entries
from sayso.workflows import DurableEngine, find_stuck, read_metrics
from sayso.workflows.durable.database import Session
from sayso.workflows.durable.retention import forget_some

RUNS, TIMES, PAGE = 1_000_000, 15, 50
OLD = 1_700_000_000
OUTPUT = '{"value": "ok", "usage": {"$": "Usage", "=": [1200, 150, 0.0006, 2, 1, 0.0, 0, 0]}, "messages": [], "labels": null}'
HASH = "0123456789012345678901234567890123456789012345678901234567890123"
STATEMENTS = (
    "INSERT INTO sayso_runs (id, flow, app, input, limits, state, attempt, number, head, created_at, changed_at, output, for_user) "
    "SELECT 'run' || n, 'desk', 'app', '\"x\"', 'null', CASE WHEN mod(n, 50) = 0 THEN 'failed' WHEN mod(n, 100) = 1 THEN 'waiting' "
    f"ELSE 'done' END, 1, 3, '', {OLD} + n, {OLD} + n, :output, 'user' || mod(n, 1000) FROM ({{numbers}}) AS numbers",
    "INSERT INTO sayso_log (root, number, at, run, kind, name, value, hash) "
    f"SELECT 'run' || n, k, {OLD} + n, 'run' || n, CASE k WHEN 1 THEN 'started' WHEN 2 THEN 'begun' ELSE 'ended' END, 'desk', "
    '\'{{"by": "x", "limits": null}}\', :hash FROM ({numbers}) AS numbers, (SELECT 1 AS k UNION SELECT 2 UNION SELECT 3) AS rows',
    "INSERT INTO sayso_approvals (digest, key, root, run, tool, card, request, state, asked_at, expires_at) "
    "SELECT 'd' || n, 'k' || n, 'run' || n, 'run' || n, 'mail', 'Mail to ada', '{{}}', CASE WHEN mod(n, 100) = 1 THEN 'proposed' "
    f"ELSE 'done' END, {OLD} + n, 4000000000 FROM ({{numbers}}) AS numbers WHERE mod(n, 100) < 20",
)


def fill(session: Session, is_sqlite: bool) -> None:
    """A million runs with a log of three rows each; one of a hundred waits, one of five has asked."""
    if is_sqlite:
        numbers = f"WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {RUNS}) SELECT n FROM c"
        session.create_function("mod", 2, lambda one, other: one % other)  # type: ignore[attr-defined]
    else:
        numbers = f"SELECT n FROM generate_series(1, {RUNS}) AS n"
    for statement in STATEMENTS:
        values = {name: value for name, value in (("output", OUTPUT), ("hash", HASH)) if f":{name}" in statement}
        session.execute(statement.format(numbers=numbers), values)
    for table in ("sayso_runs", "sayso_log", "sayso_approvals"):
        session.execute(f"ANALYZE {table}")


async def milliseconds(work: Callable[[], Awaitable[Any]]) -> float:
    """The least of some times: on a busy machine the others tell of its other work."""
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - begun)
    return min(taken) * 1e3


async def measure(url: str, kind: str) -> list[Row]:
    """Every list, each as its command reads it."""
    home = DurableEngine(url)
    await home.database.do(lambda session: fill(session, home.database.is_sqlite))

    async def list_runs(**options: Any) -> None:
        await make_entries(home, await home.runs(limit=PAGE, **options))

    middle = f"{OLD + RUNS / 2}:run{RUNS // 2}"
    works: dict[str, Callable[[], Awaitable[Any]]] = {
        "sayso runs": list_runs,
        "sayso runs --after, in the middle": lambda: list_runs(after=middle),
        "sayso runs --user": lambda: list_runs(user="user7"),
        "sayso show, what it reads": lambda: asyncio.gather(home.log("run77"), home.approvals("run77"), home.feedback(["run77"])),
        "sayso pending": lambda: home.open_approvals(limit=PAGE),
        "sayso pending --after, in the middle": lambda: home.open_approvals(limit=PAGE, after=f"d{RUNS // 2 + 1}"),
        "sayso runs --stuck": lambda: find_stuck(home, PAGE),
        "sayso metrics": lambda: read_metrics(home),
    }
    rows = [Row(f"{kind}: {what}", await milliseconds(work), "ms", limit=50) for what, work in works.items()]
    forgotten = await milliseconds(lambda: forget_some(home.store, OLD + RUNS, 100))
    home.close()
    return [*rows, Row(f"{kind}: forget 100 runs, in one transaction", forgotten, "ms")]


if __name__ == "__main__":
    finish("Lists of a million runs", measure_on_each(measure))
