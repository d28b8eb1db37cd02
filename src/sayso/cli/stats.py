"""`sayso stats`: what the runs of a database came to, in the terminal, as JSON, as a page."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar, Unpack

from cyclopts import Parameter

from sayso.cli.options import DatabaseUrl, Exit
from sayso.cli.run_database import open_engine
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from sayso.agents.evaluation.run_stats import Figures, RunStats, StatsOptions
    from sayso.agents.evaluation.version_stats import SplitStats

V = TypeVar("V")
_AGE = re.compile(r"(\d+)\s*([hdw])")
_LENGTHS = {"h": 3600, "d": 86_400, "w": 7 * 86_400}
WIDE = 200
MOST_ROWS = 60


def stats(
    *,
    per: Annotated[Literal["hour", "day", "week", "month"], Parameter(help="Count by hour, day, week (from Monday) or month.")] = "week",
    since: Annotated[str | None, Parameter(help="Only runs begun since then: 2026-11-01, or how long ago: 12h, 30d, 8w.")] = None,
    until: Annotated[str | None, Parameter(help="Only runs begun before then; written as --since.")] = None,
    agent: Annotated[str | None, Parameter(help="Only runs of this agent or workflow.")] = None,
    user: Annotated[str | None, Parameter(help="Only runs of this user.")] = None,
    zone: Annotated[str, Parameter(help="The time zone in which a day begins, such as Europe/Berlin.")] = "UTC",
    html: Annotated[Path | None, Parameter(help="Write the statistics as one self-contained page.")] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON document.")] = False,
    database: DatabaseUrl = None,
) -> int:
    """Show statistics of runs: volume, cost, latency, approvals, errors and thumbs, by agent and time.

    Latency is without the time in which a run only waited for people. Versions of a split are compared with intervals.
    """
    from sayso.workflows.caps import find_zone  # late, for load time

    place, now = find_zone(zone), time.time()

    def read(text: str | None, name: str) -> float | None:
        if text is None:
            return None
        if age := _AGE.fullmatch(text.strip()):
            return now - int(age[1]) * _LENGTHS[age[2]]
        try:
            return datetime.combine(date.fromisoformat(text.strip()), time_of_day(), tzinfo=place).timestamp()
        except (ValueError, OverflowError):
            raise UsageError(f"--{name} {text!r} is not a time. Write a day, 2026-11-01, or how long ago: 12h, 30d, 8w.") from None

    begin, end = read(since, "since"), read(until, "until")
    if html is not None and (html.is_dir() or not html.parent.is_dir()):
        raise UsageError(f"The page cannot be written to {html}: name a file in a folder that there is.")
    found = asyncio.run(_collect(database, per=per, since=begin, until=end, agent=agent, user=user, zone=zone))
    if html is not None:
        from sayso.agents.evaluation.stats_page import write_stats_html  # late, for load time

        html.write_text(write_stats_html(found), encoding="utf-8")
    if as_json:
        print(json.dumps(_to_json(found), indent=2))
    else:
        _print(found)
    if html is not None:
        print(f"The page is in {html}.", file=sys.stderr)
    return Exit.OK


async def _collect(database: str | None, **options: Unpack[StatsOptions]) -> RunStats:
    from sayso.agents.evaluation.run_stats import collect_stats  # late, for load time

    async with open_engine(database) as engine:
        found = await collect_stats(engine, **options)
        if (agent := options.get("agent")) is not None and not found.total.runs:
            known = sorted(each.agent for each in (await collect_stats(engine)).agents)
            if agent not in known:
                raise UsageError(f"No run is of the agent {agent!r}. Agents and workflows with runs: {', '.join(known) or 'none'}.")
        return found


def _to_json(value: object) -> object:
    """Return statistics as JSON data: records by the names of their fields."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _to_json(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, tuple) and (names := getattr(value, "_fields", None)) is not None:
        return {name: _to_json(item) for name, item in zip(names, value, strict=True)}
    if isinstance(value, dict):
        return {name: _to_json(item) for name, item in value.items()}
    return [_to_json(item) for item in value] if isinstance(value, (list, tuple)) else value


def _print(stats: RunStats) -> None:
    from rich.console import Console  # late, for load time

    from sayso.agents.evaluation.stats_words import (  # late, for load time
        describe_left_out,
        describe_time,
        explain_measures,
        show_cost,
        show_counts,
        show_tokens,
    )

    total = stats.total
    for told in describe_left_out(stats):
        print(told, file=sys.stderr)
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else WIDE)
    if not total.runs:
        print("There are no runs in this time.", file=sys.stderr)
        return
    used = f"{show_cost(total)}, {show_tokens(total.input_tokens)} tokens in, {show_tokens(total.output_tokens)} out"
    console.print(f"Runs of {describe_time(stats)}", style="bold")
    console.print(f"{total.runs:,} runs of {total.users:,} users: {show_counts(total.states)}; {used}", soft_wrap=True)
    _print_agents(console, stats)
    _print_periods(console, stats)
    if total.errors:
        console.print(f"\nErrors: {show_counts(total.errors)}", soft_wrap=True)
    for split in stats.splits:
        _print_split(console, split)
    if stats.splits:
        console.print(f"{explain_measures()} A * marks one that is seen: its interval leaves out 0.", style="dim", soft_wrap=True)


def _print_agents(console: Console, stats: RunStats) -> None:
    from sayso.agents.evaluation.stats_words import draw_spark, fill_periods  # late, for load time

    rows = []
    for each in stats.agents:
        line = draw_spark(figures.runs if figures else 0 for figures in fill_periods(stats, each.periods)[-MOST_ROWS:])
        rows.append((each.agent, *_list_cells(each.figures), line))
    _print_table(console, ("agent", *_HEADS, f"runs by {stats.per}"), rows)


def _print_periods(console: Console, stats: RunStats) -> None:
    from sayso.agents.evaluation.stats_words import draw_bar  # late, for load time

    shown = stats.periods[-MOST_ROWS:]
    most = max(each.figures.runs for each in shown)
    rows = [(each.begins, *_list_cells(each.figures), draw_bar(each.figures.runs, most)) for each in shown]
    _print_table(console, (stats.per, *_HEADS, ""), rows)
    if len(stats.periods) > MOST_ROWS:
        console.print(f"and {len(stats.periods) - MOST_ROWS} before", style="dim")


_HEADS = ("runs", "failed", "cost", "p50", "p95", "asked", "rejected", "waited", "thumbs")


def _list_cells(figures: Figures) -> tuple[str, ...]:
    from sayso.agents.evaluation.stats_words import show_cost, show_seconds, show_thumbs  # late, for load time

    return (
        f"{figures.runs:,}",
        f"{figures.states.get('failed', 0):,}" if figures.runs else "",
        show_cost(figures) if figures.runs else "",
        show_seconds(figures.seconds_p50) if figures.runs else "",
        show_seconds(figures.seconds_p95) if figures.runs else "",
        f"{figures.asked:,}" if figures.asked else "",
        f"{figures.decisions.get('rejected', 0):,}" if figures.asked else "",
        show_seconds(figures.decision_seconds_p50) if figures.asked else "",
        show_thumbs(figures) if figures.up or figures.down else "",
    )


def _print_split(console: Console, split: SplitStats) -> None:
    from sayso.agents.evaluation.stats_words import show_difference, show_measure  # late, for load time
    from sayso.agents.evaluation.version_stats import MEASURES  # late, for load time

    measures = [name for name in MEASURES if any(name in each.measures for each in split.versions)]
    rows = []
    for each in split.versions:
        rows.append((each.version, f"{each.runs:,}", f"{each.users:,}", *(_show(each.measures, name, show_measure) for name in measures)))
        if each.differences:
            seen = {name: " *" if difference.seen else "" for name, difference in each.differences.items()}
            told = [_show(each.differences, name, show_difference) + seen.get(name, "") for name in measures]
            rows.append(("  difference", "", "", *told))
    _print_table(console, (split.split, "runs", "users", *measures), rows)


def _show(values: Mapping[str, V], name: str, show: Callable[[str, V], str]) -> str:
    return show(name, values[name]) if name in values else ""


def _print_table(console: Console, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.table import Table  # late, for load time
    from rich.text import Text  # late, for load time

    from sayso.tools.approval.cards import show_value  # late, for load time

    table = Table(box=None, header_style="bold", pad_edge=False)
    for place, head in enumerate(heads):
        is_number = place > 0 and all(len(row[place]) < 16 and not row[place].startswith(tuple("▁▂▃▄▅▆▇█▏▎▍▌▋▊▉ ")) for row in rows)
        table.add_column(head, justify="right" if is_number else "left", no_wrap=place > 0)
    for row in rows:
        table.add_row(Text(row[0] if row[0].startswith("  ") else show_value(row[0])), *(Text(cell) for cell in row[1:]))
    console.print()
    console.print(table)
