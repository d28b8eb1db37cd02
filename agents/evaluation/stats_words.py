"""Figures as people read them: money, durations, shares, counts, intervals. The page and the terminal show the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .run_stats import Figures, RunStats
from .statistics import Interval
from .version_stats import COST, DONE, GOOD, REFUSED, SECONDS, SHARES, VersionDifference

BLOCKS = "▁▂▃▄▅▆▇█"


def show_money(usd: float) -> str:
    """Return US dollars: "$12.30", "$0.0042"."""
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def show_cost(figures: Figures) -> str:
    """Return what models cost, and what tools spent where they did."""
    spent = f" + {show_money(figures.spend_usd)} by tools" if figures.spend_usd else ""
    return f"{show_money(figures.cost_usd)}{spent}"


def show_seconds(seconds: float | None) -> str:
    """Return a duration in the unit that fits: "0.8 s", "95 s", "12 min", "3.5 h"; "-" for none."""
    if seconds is None:
        return "-"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"


def show_tokens(tokens: int) -> str:
    """Return a number of tokens: "950", "12.3k", "4.1M"."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if tokens >= size:
            return f"{tokens / size:.1f}{unit}"
    return str(tokens)


def show_share(part: int, whole: int) -> str:
    """Return a share in percent; "-" of nothing."""
    return f"{100 * part / whole:.0f}%" if whole else "-"


def show_counts(counts: Mapping[str, int]) -> str:
    """Return counts as a list of words: "12 done, 1 failed"."""
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def show_thumbs(figures: Figures) -> str:
    """Return thumbs: "12 up, 3 down"; "-" where there are none."""
    return show_counts({name: count for name, count in (("up", figures.up), ("down", figures.down)) if count}) or "-"


def show_decisions(figures: Figures) -> str:
    """Return what was asked and decided: "5: 3 approved, 1 edited, 1 rejected"; "-" where nobody was asked."""
    return f"{figures.asked:,}: {show_counts(figures.decisions)}" if figures.asked else "-"


def show_measure(name: str, interval: Interval) -> str:
    """Return a measure of a version with its interval: "71% (44% to 90%)"."""
    low, high = interval.low, interval.high
    within = "" if low is None or high is None else f" ({_show_value(name, low)} to {_show_value(name, high)})"
    return f"{_show_value(name, interval.mean)}{within}"


def show_difference(name: str, difference: VersionDifference) -> str:
    """Return how a version differs from the first: "+12% (-3% to +27%)"; whether that is seen is for the reader to be told beside it."""
    low, high = difference.low, difference.high
    within = "" if low is None or high is None else f" ({_show_signed(name, low)} to {_show_signed(name, high)})"
    return f"{_show_signed(name, difference.mean)}{within}"


def _show_value(name: str, value: float) -> str:
    if name in SHARES:
        return f"{100 * value:.0f}%"
    return show_money(value) if name == COST else show_seconds(value)


def _show_signed(name: str, value: float) -> str:
    shown = f"{100 * abs(value):.1f}%" if name in SHARES else _show_value(name, abs(value))
    return f"{'-' if value < 0 else '+'}{shown}"


def explain_measures() -> str:
    """Return what the measures of versions are, for whoever reads the table."""
    return (
        f"{GOOD}: share of the thumbs that are up. {DONE}: share of the runs that ended and did not fail. {REFUSED}: share of the decided "
        f"requests that were rejected. {COST} and {SECONDS}: of a run. Intervals are 95 % over users, each counted once by the mean of "
        "their runs; a difference is to the version with the most runs."
    )


def draw_spark(values: Iterable[float]) -> str:
    """Return values as a line of blocks, the highest as the full one; zero is a blank. Eight characters need no library."""
    numbers = list(values)
    most = max(numbers, default=0)
    return "".join(" " if value <= 0 or most <= 0 else BLOCKS[min(7, int(8 * value / most))] for value in numbers)


def draw_bar(value: float, most: float, width: int = 24) -> str:
    """Return a bar of at most `width` characters, in eighths of one."""
    eighths = round(8 * width * value / most) if most > 0 else 0
    parts = " ▏▎▍▌▋▊▉"
    return ("█" * (eighths // 8) + parts[eighths % 8]).rstrip() or ("▏" if value > 0 else "")


def fill_periods(stats: RunStats, periods: Sequence[tuple[str, Figures]]) -> list[Figures | None]:
    """Return the figures of an agent for each period of the statistics; None where it has no runs."""
    known = dict(periods)
    return [known.get(each.begins) for each in stats.periods]


def describe_time(stats: RunStats) -> str:
    """Return which time the statistics are of: "2026-11-02 to 2026-11-30, by week (from Monday, UTC)"."""
    if not stats.periods:
        return f"no runs ({stats.zone})"
    first, last = stats.periods[0].begins, stats.periods[-1].begins
    span = first if first == last else f"{first} to {last}"
    return f"{span}, by {stats.per} ({'from Monday, ' if stats.per == 'week' else ''}{stats.zone})"


def describe_left_out(stats: RunStats) -> list[str]:
    """Return a sentence for each kind of runs that the statistics leave out."""
    told = []
    if stats.evaluations:
        told.append(f"{stats.evaluations:,} runs of evaluations are left out.")
    if stats.unreadable:
        told.append(f"{stats.unreadable:,} runs are left out, for their rows cannot be read. See: sayso verify --all")
    return told
