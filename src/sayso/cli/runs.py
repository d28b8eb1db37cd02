"""`sayso runs`: the runs of a database."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, TypedDict

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.cli.display import format_age, shorten
from sayso.cli.options import DatabaseUrl, Exit, read_whole
from sayso.cli.run_database import open_engine
from sayso.tools.approval.cards import show_value
from sayso.tools.errors import UsageError
from sayso.workflows.runs.codec import read_value
from sayso.workflows.runs.limits import NO_USAGE, Usage, count_steps

if TYPE_CHECKING:
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import ApprovalRow, RunRow
    from sayso.workflows.thumbs import Feedback

STATES = ("new", "queued", "running", "waiting", "interrupted", "done", "failed", "cancelled")
STATE_COLOURS = {"waiting": "yellow", "done": "green", "failed": "red", "running": "cyan", "died": "red"}


class OpenRequest(TypedDict):
    """An open request, as `sayso runs --json` prints it."""

    digest: str
    tool: str
    card: str
    expires_at: float


class RunEntry(TypedDict):
    """A run, as `sayso runs --json` prints it; times are seconds since 1970."""

    run: str
    flow: str
    app: str
    state: str
    waits_for: list[OpenRequest]
    created_at: float
    changed_at: float
    cost_usd: float
    spend_usd: float
    tokens: int
    model_calls: int
    user: str
    up: int
    down: int


def runs(
    *,
    database: DatabaseUrl = None,
    state: str | None = None,
    feedback: Literal["up", "down"] | None = None,
    user: str | None = None,
    stuck: Annotated[bool, Parameter(negative="")] = False,
    after: str | None = None,
    limit: Annotated[int, Parameter(converter=read_whole, validator=Number(gte=1, lte=1000))] = 50,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """List the runs of a database, with their states, waiting requests and costs.

    The run that changed last comes first.

    Parameters
    ----------
    state
        Only runs in this state: new, queued, running, waiting, interrupted, done, failed or cancelled.
    feedback
        Only runs that somebody gave a thumb up or down, as their last word.
    user
        Only runs of this user.
    stuck
        Only runs that somebody has to look after, with why: nobody executes them, they end their programs, a write of theirs is unknown.
    after
        Go on after this place in the list: a page ends with it.
    limit
        List at most this many.
    as_json
        Print one JSON document instead of a table.
    """
    if state is not None and state not in STATES:
        raise UsageError(f"There is no state {state!r}. States: {', '.join(STATES)}.")
    if stuck:
        if state is not None or feedback is not None or user is not None or after is not None:
            raise UsageError("--stuck lists what is stuck in any state; leave --state, --feedback, --user and --after out.")
        return asyncio.run(_list_stuck(database, limit, as_json))
    return asyncio.run(_list(database, _Choice(state, feedback, user, after, limit), as_json))


class _Choice(NamedTuple):
    """Which runs are listed, and how many."""

    state: str | None
    feedback: Literal["up", "down"] | None
    user: str | None
    after: str | None
    limit: int


async def _list(database: str | None, choice: _Choice, as_json: bool) -> int:
    state, feedback, user, after, limit = choice
    async with open_engine(database) as engine:
        rows = await engine.runs(*([state] if state else []), limit=limit, feedback=feedback, user=user, after=after)
        entries = await make_entries(engine, rows)
    if as_json:
        print(json.dumps(entries, indent=2))
    elif not entries:
        whose, judged = f" of {show_value(user)}" if user else "", f" with a thumb {feedback}" if feedback else ""
        more = "more " if after is not None else ""
        print(f"There are no {more}runs{whose}{judged}{' that are ' + state if state else ''}.", file=sys.stderr)
    else:
        _print_table(entries, time.time())
        if len(rows) == limit:
            print(f"The next page: add --after {shlex.quote(rows[-1].mark)}", file=sys.stderr)
    return Exit.OK


async def make_entries(engine: DurableEngine, rows: Sequence[RunRow]) -> list[RunEntry]:
    """Return what is listed of these runs. What else the database holds is not read."""
    ids = [row.id for row in rows]
    died, thumbs = await engine.find_orphaned(rows), count_thumbs(await engine.feedback(ids))
    waits: dict[str, list[ApprovalRow]] = {row.id: [] for row in rows}
    for each in await engine.open_approvals_of(ids):
        waits[each.root].append(each)
    entries = []
    for row in rows:
        state = "died" if row.id in died else row.state
        entries.append(_make_entry(row, state, waits[row.id], await _find_usage(engine, row), thumbs.get(row.id, Counter())))
    return entries


async def _list_stuck(database: str | None, limit: int, as_json: bool) -> int:
    from sayso.workflows.durable.stuck import find_stuck  # late, for load time

    async with open_engine(database) as engine:
        found = await find_stuck(engine, limit)
    if as_json:
        print(json.dumps([{"run": each.run.id, "flow": each.run.flow, "why": each.why, "do": each.advice} for each in found], indent=2))
    elif not found:
        print("No run is stuck.", file=sys.stderr)
    for each in found if not as_json else ():
        print(f"{show_value(each.run.id)}  {show_value(each.run.flow)}  {each.why} {each.advice}")
    return Exit.FAILED if found else Exit.OK


def describe_state(engine: DurableEngine, row: RunRow) -> str:
    """Return a run's state, or `died` if the program that executed it is gone."""
    return "died" if engine.is_orphan(row) else row.state


async def _find_usage(engine: DurableEngine, row: RunRow) -> Usage:
    """Return what a run has used: from its result, or from its journal while there is none."""
    if row.output is not None:
        output = json.loads(row.output)  # its messages may be long, and are not read
        usage = read_value(output.get("usage")) if isinstance(output, dict) else None
        if isinstance(usage, Usage):
            return usage
    journals: dict[str, dict[str, object]] = {}
    for entry in await engine.read_journal(row.id) if row.number else ():
        journals.setdefault(entry.run, {})[entry.name] = read_value(entry.value)
    return sum((count_steps(journal) for journal in journals.values()), NO_USAGE)


def count_thumbs(feedback: Iterable[Feedback]) -> dict[str, Counter[str]]:
    """Return how many thumbs up and down there are on each run, its children included."""
    thumbs: dict[str, Counter[str]] = {}
    for each in feedback:
        thumbs.setdefault(each.run.partition("/")[0], Counter())[each.verdict] += 1
    return thumbs


def _make_entry(row: RunRow, state: str, waits: Sequence[ApprovalRow], usage: Usage, thumbs: Counter[str]) -> RunEntry:
    return {
        "run": row.id,
        "flow": row.flow,
        "app": row.app,
        "state": state,
        "waits_for": [{"digest": each.digest, "tool": each.tool, "card": each.card, "expires_at": each.expires_at} for each in waits],
        "created_at": row.created_at,
        "changed_at": row.changed_at,
        "cost_usd": usage.cost_usd,
        "spend_usd": usage.spend_usd,
        "tokens": usage.input_tokens + usage.output_tokens,
        "model_calls": usage.model_calls,
        "user": row.for_user,
        "up": thumbs["up"],
        "down": thumbs["down"],
    }


def _print_table(entries: Sequence[RunEntry], now: float) -> None:
    has_thumbs = any(each["up"] or each["down"] for each in entries)
    rows = [
        (
            show_value(each["run"]),
            show_value(each["flow"]),
            each["state"],
            _format_waits(each),
            format_age(now - each["created_at"]),
            _cost(each),
            *((_format_thumbs(each),) if has_thumbs else ()),
        )
        for each in entries
    ]
    heads = ("run", "flow", "state", "waits for", "age", "cost", *(("thumbs",) if has_thumbs else ()))
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*heads, box=None, header_style="bold", pad_edge=False)
        for row in rows:
            table.add_row(*(Text(cell, style=STATE_COLOURS.get(cell, "") if column == 2 else "") for column, cell in enumerate(row)))
        Console().print(table)
        return
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    for row in [heads, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _format_waits(entry: RunEntry) -> str:
    cards = [f"{each['digest'][:12]} {shorten(each['card'], 120)}" for each in entry["waits_for"]]
    return "; ".join(cards) if len(cards) < 3 else f"{cards[0]}; and {len(cards) - 1} more"


def _format_thumbs(entry: RunEntry) -> str:
    return ", ".join(f"{entry[name]} {name}" for name in ("up", "down") if entry[name])


def _cost(entry: RunEntry) -> str:
    return f"${entry['cost_usd']:.4f}" if entry["cost_usd"] else "-"
