"""`sayso runs` and `sayso show`: what runs there are, and the story of one of them."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.cli.main import Exit
from sayso.cli.run_database import DatabaseUrl, and_code, and_where, found, opened
from sayso.cli.run_report import Line, RunStory, brief, line_texts, moment, money, plain_data, readable
from sayso.tools.approval.cards import escape_lines, show_value
from sayso.tools.errors import SaysoError, UsageError
from sayso.workflows.runs.limits import NO_USAGE, Usage, used_in

if TYPE_CHECKING:
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import ApprovalRow, RunRow

STATES = ("new", "queued", "running", "waiting", "interrupted", "done", "failed", "cancelled")
LOOK_SECONDS = 0.3
COLOURS = {"waiting": "yellow", "done": "green", "failed": "red", "running": "cyan", "died": "red"}


def runs(
    *,
    database: DatabaseUrl = None,
    state: str | None = None,
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=1000))] = 50,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """List runs, the one that changed last first: how each stands, what it waits for, how old it is, what it cost.

    Parameters
    ----------
    state
        Only runs in this state: new, queued, running, waiting, interrupted, done, failed or cancelled.
    limit
        So many at most.
    as_json
        One JSON document instead of a table.
    """
    if state is not None and state not in STATES:
        raise UsageError(f"There is no state {state!r}. States: {', '.join(STATES)}.")
    return asyncio.run(_runs(database, state, limit, as_json))


async def _runs(database: str | None, state: str | None, limit: int, as_json: bool) -> int:
    async with opened(database) as engine:
        rows = await engine.runs(*([state] if state else []), limit=limit)
        waits: dict[str, list[ApprovalRow]] = {row.id: [] for row in rows}
        for each in await engine.open_approvals():
            waits.setdefault(each.root, []).append(each)
        used = {row.id: await usage_of(engine, row) for row in rows}
        entries = [_entry(row, state_of(engine, row), waits[row.id], used[row.id]) for row in rows]
    if as_json:
        print(json.dumps(entries, indent=2))
    elif not entries:
        print(f"No runs{' that are ' + state if state else ''}.", file=sys.stderr)
    else:
        _print_table(entries, time.time())
    return Exit.OK


def state_of(engine: DurableEngine, row: RunRow) -> str:
    """How a run stands, the word for people: `died` for one whose program is gone."""
    return "died" if engine.is_orphan(row) else row.state


async def usage_of(engine: DurableEngine, row: RunRow) -> Usage:
    """What a run has used: as its result says, or by what it has kept so far."""
    if row.output is not None:
        kept = readable(json.loads(row.output)).get("usage")
        if isinstance(kept, Usage):
            return kept
    lines: dict[str, dict[str, Any]] = {}
    for entry in await engine.kept(row.id) if row.number else ():
        lines.setdefault(entry.run, {})[entry.name] = readable(entry.value)
    return sum((used_in(kept) for kept in lines.values()), NO_USAGE)


def _entry(row: RunRow, state: str, waits: Sequence[ApprovalRow], used: Usage) -> dict[str, Any]:
    return {
        "run": row.id,
        "flow": row.flow,
        "app": row.app,
        "state": state,
        "waits_for": [{"digest": each.digest, "tool": each.tool, "card": each.card, "expires_at": each.expires_at} for each in waits],
        "created_at": row.created_at,
        "changed_at": row.changed_at,
        "cost_usd": used.cost_usd,
        "spend_usd": used.spend_usd,
        "tokens": used.input_tokens + used.output_tokens,
        "model_calls": used.model_calls,
    }


def _print_table(entries: Sequence[dict[str, Any]], now: float) -> None:
    rows = [
        (show_value(each["run"]), show_value(each["flow"]), each["state"], _waits_for(each), age(now - each["created_at"]), _cost(each))
        for each in entries
    ]
    heads = ("run", "flow", "state", "waits for", "age", "cost")
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*heads, box=None, header_style="bold", pad_edge=False)
        for row in rows:
            table.add_row(*(Text(cell, style=COLOURS.get(cell, "") if column == 2 else "") for column, cell in enumerate(row)))
        Console().print(table)
        return
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    for row in [heads, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _waits_for(entry: dict[str, Any]) -> str:
    cards = [f"{each['digest'][:12]} {brief(each['card'], 120)}" for each in entry["waits_for"]]
    return "; ".join(cards) if len(cards) < 3 else f"{cards[0]}; and {len(cards) - 1} more"


def _cost(entry: dict[str, Any]) -> str:
    return f"${entry['cost_usd']:.4f}" if entry["cost_usd"] else "-"


def age(seconds: float) -> str:
    """A time that has passed, in its largest unit."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def show(
    run: Annotated[str, Parameter(help="A run's id, as `sayso runs` shows it.")],
    *,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], negative="")] = False,
    database: DatabaseUrl = None,
) -> int:
    """Tell the story of a run: who asked what, what the model and the tools said, who approved what, what came of it, where it waits.

    Parameters
    ----------
    follow
        Go on telling until the run ends or waits.
    """
    return asyncio.run(_show(run, follow, database))


async def _show(name: str, follow: bool, database: str | None) -> int:
    async with opened(database) as engine:
        row = await found(engine, name)
        story, at = RunStory(row.id), 0
        app = f" of the app {show_value(row.app)}" if row.app else ""
        tell([(f"Run {show_value(row.id)}: {show_value(row.flow)}{app}, since {moment(row.created_at)}", "bold")])
        while True:
            row = await engine.run(row.id)
            state = state_of(engine, row)
            log = await engine.log(row.id, at)
            for each in log:
                at = each.number
                tell(line_texts(story.take(each)))
            if not follow or (state not in ("queued", "running", "new") and at >= row.number):
                break
            await asyncio.sleep(LOOK_SECONDS)
        tell(ending(row, state, story, await engine.approvals(row.id), and_where(database)))
    return Exit.OK


def ending(row: RunRow, state: str, story: RunStory, approvals: Sequence[ApprovalRow], where: str) -> list[tuple[str, str]]:
    """How the run stands, what it came to or waits for, and what can be done."""
    lines: list[Line] = []
    for each in approvals:
        if each.state in ("approved", "edited", "rejected") and each.digest not in story.decided:
            by = f"request {each.digest[:12]}, by {show_value(each.decided_by or '?')}; the run has not taken it up yet"
            lines.append(Line(each.decided_at or row.changed_at, each.state, by, "yellow"))
    texts = line_texts(lines)
    texts.append((f"{state}: {money(story.usage)}", f"bold {COLOURS.get(state, '')}".strip()))
    if row.output is not None:
        output = readable(json.loads(row.output))
        value = output.get("value") if isinstance(output, dict) else output
        texts.append((f"output: {escape_lines(value) if isinstance(value, str) else brief(plain_data(value), 2000)}", ""))
    if row.error is not None:
        texts.append((f"error: {brief(error_text(row.error), 2000)}", "red"))
    texts += [(f"  sayso approve {row.id} {each.digest[:12]}{where}", "yellow") for each in approvals if each.state == "proposed"]
    if state in ("interrupted", "died", "queued", "failed"):
        texts.append((f"  sayso resume {row.id}{and_code(row)}{where}", "yellow"))
    return texts


def error_text(written: str) -> str:
    """An error that was kept with a run, as its sentence."""
    error = readable(json.loads(written))
    if isinstance(error, SaysoError):
        return str(error)
    return f"{type(error).__name__}: {error}" if isinstance(error, Exception) else str(plain_data(error))


def tell(texts: Iterable[tuple[str, str]]) -> None:
    """Print lines; in colour on a terminal."""
    if not sys.stdout.isatty():
        for text, _ in texts:
            print(text, flush=True)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for text, style in texts:
        console.print(Text(text, style=style), soft_wrap=True)
