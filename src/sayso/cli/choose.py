"""`sayso research --choose`: a person looks at the sites and aspects before the visits, and changes them."""

from __future__ import annotations

import asyncio
import sys

from sayso.agents.research.selection import change_selection
from sayso.agents.research.state import Selection
from sayso.console import escape_controls, has_terminal, read_line
from sayso.tools.errors import UsageError

HELP = "Numbers to leave out (2, 5-7), +example.com to add a site, -aspect or +aspect; Enter to continue: "


def require_terminal() -> None:
    """Raise UsageError where nobody can be asked: a pipe chooses nothing."""
    if not has_terminal():
        raise UsageError("--choose asks in the terminal, and there is none here. Leave it out, or give sites with --site URL.")


async def choose_on_terminal(selection: Selection) -> Selection:
    """Return the selection as the person in this terminal wants it. Raises UsageError without a terminal."""
    require_terminal()
    await asyncio.sleep(0)  # the progress tree leaves the terminal first
    while True:
        print(format_selection(selection), file=sys.stderr, flush=True)
        line = await read_line(HELP)
        if line is None or not line.strip():
            return selection
        try:
            selection = change_selection(selection, line)
        except UsageError as error:
            print(escape_controls(f"  {error}"), file=sys.stderr, flush=True)


def format_selection(selection: Selection) -> str:
    """Return the selection as lines: numbered candidates with the reason and the words that show it, what was passed over, the aspects."""
    lines = ["", f"To visit for {selection.company}:"]
    for number, candidate in enumerate(selection.candidates, 1):
        lines.append(f"  {number}. {candidate.name}  {candidate.url}")
        lines.append(f"     {candidate.reason}" + (f" “{_shorten(candidate.quote)}”" if candidate.quote else ""))
    visited = {candidate.url for candidate in selection.candidates}
    passed_over = [each for each in selection.considered if not each.competes and each.url not in visited]
    if passed_over:
        lines.append("Passed over:")
        lines += [f"  - {each.host}: {each.reason}" for each in passed_over]
    lines.append(f"Asked about each: {', '.join(selection.aspects)}")
    return escape_controls("\n".join(" ".join(line.split("\n")) for line in lines))


def _shorten(quote: str, most: int = 120) -> str:
    line = " ".join(quote.split())
    return line if len(line) <= most else f"{line[:most].rsplit(' ', 1)[0]} …"
