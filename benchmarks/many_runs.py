"""How long `sayso stats` takes over 100,000 stored runs: the first time, again, and with 1,000 new ones; and what a money cap costs a call.

python benchmarks/many_runs.py [--write]
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from _table import Row, finish

from sayso import Agent, Cap, engine
from sayso.agents import Reply, Sampling, ScriptedModel
from sayso.agents.evaluation.run_stats import collect_stats
from sayso.agents.evaluation.stats_page import write_stats_html
from sayso.workflows import DurableEngine, Usage
from sayso.workflows.durable.database import Session

RUNS, DAYS = 100_000, 90
BEGAN = 1_790_000_000.0
ANSWER = "The order is on its way: one burger, one salad, and the fries that were forgotten the last time. " * 8


def make_run(number: int, chance: Random) -> dict[str, object]:
    """One run as it is stored, with a log of ten rows; one of five asked for an approval, one of twenty failed."""
    at, run = BEGAN + chance.random() * DAYS * 86400, f"run{number}"
    failed, seconds = chance.random() < 0.05, chance.lognormvariate(1, 0.8)
    usage = {"$": "Usage", "=": [1200, 150, 0.0006, 2, 1, 0.0, 0, 0]}
    reply = json.dumps({"$": "Reply", "=": [ANSWER, {"$": "tuple", "=": []}, "", usage, "stop", None, 0, {"$": "tuple", "=": []}]})
    ended = "failed" if failed else "done"
    rows = [
        ("started", "desk", '"Where is my order?"', 0.0),
        ("created", "", "{}", 0.0),
        ("begun", "1", '{"by": "vm.1.2.3.4", "limits": null}', 0.0),
        ("kept", "split:tone", f'"{"warm" if number % 2 else "plain"}"', 0.001),
        *(
            (kind, "model:0", value, 0.01)
            for kind, value in (("sent", '{"messages": []}'), ("event", "{}"), ("kept", reply), ("event", "{}"))
        ),
        ("kept", "model:1", reply, seconds),
        ("ended", ended, "{}", seconds),
    ]
    return {
        "id": run,
        "flow": ("desk", "chat", "report")[number % 3],
        "user": f"user {number % 5000}",
        "state": ended,
        "at": at,
        "end": at + seconds,
        "output": None if failed else json.dumps({"value": ANSWER, "usage": usage, "messages": [ANSWER] * 4, "labels": None}),
        "error": '{"$": "ModelError", "=": {"message": "down", "attributes": {}}}' if failed else None,
        "rows": rows,
    }


def store(session: Session, runs: Iterator[dict[str, object]], chance: Random) -> None:
    """Write runs as they would be, but not through an engine: that takes minutes."""
    for each in runs:
        rows = each.pop("rows")
        assert isinstance(rows, list)
        session.execute(
            "INSERT INTO sayso_runs (id, flow, app, input, limits, state, attempt, number, head, created_at, changed_at, output, error, "
            "for_user) VALUES (:id, :flow, 'app', '\"x\"', 'null', :state, 1, 10, '', :at, :end, :output, :error, :user)",
            each,
        )
        for number, (kind, name, value, after) in enumerate(rows, 1):
            session.execute(
                "INSERT INTO sayso_log (root, number, at, run, kind, name, value, hash) "
                "VALUES (:id, :number, :when, :id, :kind, :name, :value, "
                "'0123456789012345678901234567890123456789012345678901234567890123')",
                {"id": each["id"], "number": number, "when": each["at"] + after, "kind": kind, "name": name, "value": value},  # type: ignore[operator]
            )
        if chance.random() < 0.2:
            session.execute(
                "INSERT INTO sayso_approvals (digest, key, root, run, tool, card, request, state, asked_at, expires_at, decided_by, "
                "decided_at) VALUES (:id, :id, :id, :id, 'order', 'card', '{}', :became, :at, :at + 1000, 'ada', :at + :waited)",
                {**each, "became": "done" if chance.random() < 0.8 else "rejected", "waited": chance.expovariate(1 / 300)},
            )
        if chance.random() < 0.2:
            session.execute(
                "INSERT INTO sayso_feedback (root, number, run, given_by, verdict, note, at) "
                "VALUES (:id, 1, :id, :user, :verdict, '', :at)",
                {**each, "verdict": "up" if chance.random() < 0.7 else "down"},
            )


async def measure(home: DurableEngine) -> tuple[float, int]:
    """Return the processor's seconds that statistics by day take (of all threads), and how many runs they are of."""
    start = time.process_time()
    stats = await collect_stats(home, per="day")
    write_stats_html(stats)
    return time.process_time() - start, stats.total.runs


async def time_capped(folder: str) -> tuple[float, float]:
    """Return the milliseconds of a run with one model call without caps, and with two."""
    agent = Agent(
        ScriptedModel(Reply("Done.", usage=Usage(100, 100, 0.0001)), repeat=True, name="gpt-5-mini"), sampling=Sampling(max_tokens=500)
    )
    plain, capped = (engine(f"sqlite:///{folder}/{name}.db") for name in ("plain", "capped"))
    capped.choose(None)
    capped.given_caps = (Cap(usd=1000, by="user"), Cap(usd=5000, per="month"))
    capped.choose(None)
    times: list[list[float]] = [[], []]
    for _ in range(100):
        for home, taken in zip((plain, capped), times, strict=True):
            start = time.perf_counter()
            await agent.run("x", engine=home, user="ada")
            taken.append(time.perf_counter() - start)
    return statistics.median(times[0]) * 1000, statistics.median(times[1]) * 1000


async def main() -> list[Row]:
    """Return all rows."""
    chance = Random(17)
    with tempfile.TemporaryDirectory() as folder:
        home = engine(f"sqlite:///{Path(folder)}/runs.db")
        for first in range(0, RUNS, 10_000):
            await home.database.do(
                lambda session, first=first: store(session, (make_run(n, chance) for n in range(first, first + 10_000)), chance)
            )
        first_time, count = await measure(home)
        assert count == RUNS
        again, _ = await measure(home)
        await home.database.do(lambda session: store(session, (make_run(n, chance) for n in range(RUNS, RUNS + 1000)), chance))
        grown, _ = await measure(home)
        home.close()
        plain, capped = await time_capped(folder)
    return [
        Row("statistics by day and page of 100,000 runs, the first time", first_time, "s", limit=20),
        Row("again", again, "s", limit=6),
        Row("with 1,000 new runs", grown, "s", limit=6),
        Row("a stored run with one model call, no caps", plain, "ms"),
        Row("a stored run with one model call, two caps", capped, "ms"),
    ]


if __name__ == "__main__":
    finish("Statistics of many runs", asyncio.run(main()))
