"""What statistics need of each stored run, computed from its log when they are asked for, and kept in a table until the log has grown.

Nothing is added to what a run writes: so runs of older programs have the same facts, and a run costs what it did before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from sayso.tools.canonical import Json
from sayso.workflows.runs.codec import read_value
from sayso.workflows.runs.limits import NO_USAGE, Usage, count_steps

from .record_times import measure_seconds

if TYPE_CHECKING:
    from sayso.workflows import DurableEngine
    from sayso.workflows.durable.database import Session

TOGETHER = 500
"""How many runs are read at once."""
SPLIT = "split:"


class Facts(NamedTuple):
    """What a run used and how long it was executed, without waiting for people; `versions` is JSON: of each split the version it has."""

    root: str
    number: int
    seconds: float
    cost_usd: float
    spend_usd: float
    input_tokens: int
    output_tokens: int
    model_calls: int
    tool_calls: int
    versions: str


_COLUMNS = ", ".join(Facts._fields)


async def refresh_facts(engine: DurableEngine, since: float, until: float) -> int:
    """Compute the facts of the runs begun in this time whose log has grown since they were computed. Return how many runs that were."""
    is_sqlite = engine.database.is_sqlite

    def find_stale(session: Session) -> list[tuple[str, int, str]]:
        found = session.execute(
            "SELECT id, sayso_runs.number, state FROM sayso_runs LEFT JOIN sayso_facts ON root = id "
            "WHERE created_at >= :since AND created_at < :until AND (root IS NULL OR sayso_facts.number <> sayso_runs.number)",
            {"since": since, "until": until},
        )
        return [tuple(row) for row in found.fetchall()]

    stale = await engine.database.do(find_stale)
    for first in range(0, len(stale), TOGETHER):
        batch = stale[first : first + TOGETHER]
        await engine.database.do(partial(_refresh, batch, is_sqlite))
    return len(stale)


def _refresh(runs: Sequence[tuple[str, int, str]], is_sqlite: bool, session: Session) -> None:
    _store(session, _compute(session, runs, is_sqlite))


def _compute(session: Session, runs: Sequence[tuple[str, int, str]], is_sqlite: bool) -> Iterator[Facts]:
    """Yield the facts of runs. Most are done and had asked nobody: of those the ends of their executions and their output say it all."""
    ids = {f"i{index}": run_id for index, (run_id, _, _) in enumerate(runs)}
    places = ", ".join(f":{name}" for name in ids)
    usage = _read_usages(session, places, ids, is_sqlite)
    asked = {root for (root,) in session.execute(f"SELECT DISTINCT root FROM sayso_approvals WHERE root IN ({places})", ids).fetchall()}
    ends: dict[str, list[tuple[str, float]]] = {}
    versions: dict[str, dict[str, Json]] = {}
    marks = session.execute(
        f"SELECT root, kind, name, at, CASE WHEN kind = 'kept' THEN value END FROM sayso_log WHERE root IN ({places}) "
        f"AND (kind IN ('begun', 'ended') OR (kind = 'kept' AND substr(name, 1, {len(SPLIT)}) = '{SPLIT}')) ORDER BY root, number",
        ids,
    )
    for root, kind, name, at, value in marks.fetchall():
        if kind != "kept":
            ends.setdefault(root, []).append((kind, at))
            continue
        with suppress(ValueError):
            versions.setdefault(root, {})[name.removeprefix(SPLIT)] = json.loads(value)
    for run_id, number, _ in runs:
        seconds = None if run_id in asked else _sum_executions(ends.get(run_id, ()))
        used = usage.get(run_id)
        if seconds is None or used is None:
            seconds, used = _read_whole(session, run_id, used)
        chosen = json.dumps(versions[run_id], sort_keys=True) if run_id in versions else ""
        counts = used.cost_usd, used.spend_usd, used.input_tokens, used.output_tokens, used.model_calls, used.tool_calls
        yield Facts(run_id, number, seconds, *counts, chosen)


def _read_usages(session: Session, places: str, ids: dict[str, str], is_sqlite: bool) -> dict[str, Usage]:
    """Return what the runs used that have an output, which says it."""
    # A colon marks a value, so nothing is cast with two. An output that somebody broke says nothing.
    part = (
        "CASE WHEN json_valid(output) THEN json_extract(output, '$.usage.\"=\"') END"
        if is_sqlite
        else "CAST(output AS json) #>> '{usage,=}'"
    )
    found = session.execute(f"SELECT id, {part} FROM sayso_runs WHERE output IS NOT NULL AND id IN ({places})", ids)
    usages: dict[str, Usage] = {}
    for run_id, text in found.fetchall():
        with suppress(ValueError, TypeError):
            usages[run_id] = Usage(*json.loads(text))
    return usages


def _sum_executions(ends: Iterable[tuple[str, float]]) -> float | None:
    """Return the seconds between the begin and the end of each execution; None where one has no end."""
    seconds, begun = 0.0, None
    for kind, at in ends:
        if kind == "begun":
            if begun is not None:
                return None
            begun = at
        elif begun is not None:
            seconds, begun = seconds + max(0.0, at - begun), None  # a clock may be set back
    return seconds if begun is None else None


def _read_whole(session: Session, run_id: str, used: Usage | None) -> tuple[float, Usage]:
    """Return how long a run was executed and what it used, by its whole log."""
    from sayso.workflows.durable import records  # late, for load time

    log = records.log_rows(session, run_id)
    if used is None:
        results: dict[str, dict[str, object]] = {}
        for entry in records.entries(log):
            results.setdefault(entry.run, {})[entry.name] = read_value(entry.value)
        used = sum((count_steps(steps) for steps in results.values()), NO_USAGE)
    return measure_seconds(log), used


def _store(session: Session, facts: Iterable[Facts]) -> None:
    rows = list(facts)
    values: dict[str, Any] = {f"{name}{index}": value for index, row in enumerate(rows) for name, value in row._asdict().items()}
    places = ", ".join(f"({', '.join(f':{name}{index}' for name in Facts._fields)})" for index in range(len(rows)))
    again = ", ".join(f"{name} = excluded.{name}" for name in Facts._fields[1:])
    session.execute(f"INSERT INTO sayso_facts ({_COLUMNS}) VALUES {places} ON CONFLICT (root) DO UPDATE SET {again}", values)
