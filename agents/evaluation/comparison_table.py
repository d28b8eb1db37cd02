"""A comparison as text for a terminal: a table of measures and variants, and below it what it shows."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from .comparison import Comparison, MeasureRow
from .comparison_text import describe_unit, format_interval, list_findings, list_notes
from .results_table import make_console, make_table, make_text

if TYPE_CHECKING:
    from rich.console import Console


def format_comparison(comparison: Comparison, *, width: int = 120) -> str:
    """Return a comparison as plain text."""
    from rich.console import Console  # late, for load time

    text = io.StringIO()
    print_comparison(comparison, Console(file=text, width=width, color_system=None, highlight=False))
    return text.getvalue()


def print_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """Print a comparison. A difference that is seen has a colour: green where the variant is better than the first, red where worse."""
    console = console or make_console()
    repeats = f", {comparison.repeat} times each" if comparison.repeat > 1 else ""
    console.print(make_text(f"{comparison.suite}: {comparison.cases} cases{repeats}, mean (95 % interval)"), soft_wrap=True)
    table = make_table("", *(variant.name for variant in comparison.variants), right=len(comparison.variants))
    for row in filter(lambda each: any(each.intervals), comparison.rows):
        cells = [
            make_text(format_interval(interval, row.measure.unit), _choose_colour(row, place))
            for place, interval in enumerate(row.intervals)
        ]
        table.add_row(make_text(describe_unit(row.measure)), *cells)
    console.print(table)
    for finding in list_findings(comparison):
        console.print(make_text(finding), soft_wrap=True)
    for note in list_notes(comparison):
        console.print(make_text(note, "dim"), soft_wrap=True)


def _choose_colour(row: MeasureRow, place: int) -> str:
    difference = row.differences[place]
    if difference is None or not difference.seen:
        return ""
    return "green" if (difference.mean > 0) == row.measure.more_is_better else "red"
