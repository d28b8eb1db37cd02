"""Statistics of runs as one HTML file that needs nothing else: charts, tables, and the numbers behind each chart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..research import html_parts
from ..research.html_parts import name_of, read_style, text_of, write_page
from .run_stats import AgentFigures, Figures, PeriodFigures, RunStats
from .stats_words import (
    describe_left_out,
    describe_time,
    explain_measures,
    show_cost,
    show_counts,
    show_decisions,
    show_difference,
    show_measure,
    show_money,
    show_seconds,
    show_share,
    show_thumbs,
    show_tokens,
)
from .version_stats import MEASURES, SplitStats, VersionStats

Chart = tuple[str, Callable[[Figures], float], Callable[[float], str]]
CHARTS: tuple[Chart, ...] = (
    ("Runs", lambda figures: figures.runs, lambda value: f"{value:,.0f}"),
    ("Cost of models", lambda figures: figures.cost_usd, show_money),
    ("Seconds of a run, 95 of 100 are quicker", lambda figures: figures.seconds_p95 or 0.0, show_seconds),
    ("Failed runs", lambda figures: figures.states.get("failed", 0), lambda value: f"{value:,.0f}"),
    ("Requests that were rejected", lambda figures: figures.decisions.get("rejected", 0), lambda value: f"{value:,.0f}"),
    ("Thumbs down", lambda figures: figures.down, lambda value: f"{value:,.0f}"),
)
BAD = {"Failed runs", "Requests that were rejected", "Thumbs down"}
HEADS = ("Agent", "Runs", "Users", "Ended as", "Cost", "Tokens in, out", "p50", "p95", "Asked for approval", "Waited, p50", "Thumbs")


def write_stats_html(stats: RunStats) -> str:
    """Return the statistics as a whole HTML page. Names of agents, users and errors are shown as text."""
    body = f"{_write_head(stats)}<main id=main class=stats>\n{_write_body(stats)}</main>\n{_write_foot()}"
    style = "".join(
        read_style(package or "", name)
        for package, name in (
            (html_parts.__package__, "report_page.css"),
            (__package__, "evaluation_page.css"),
            (__package__, "stats_page.css"),
        )
    )
    return write_page("Statistics of runs", style, body, skip="Skip to the statistics")


def _write_head(stats: RunStats) -> str:
    told = ". ".join([describe_time(stats), *describe_left_out(stats)])
    return f"<header><p class=kicker>Statistics</p><h1>Runs</h1><p class=made>{text_of(told)}</p></header>\n"


def _write_body(stats: RunStats) -> str:
    if not stats.total.runs:
        return "<section aria-labelledby=none><h2 id=none>No runs</h2><p>There are no runs in this time.</p></section>\n"
    parts = [_write_total(stats.total), _write_charts(stats), _write_agents(stats.agents), _write_errors(stats.total)]
    return "".join([*parts, *(_write_split(each, place) for place, each in enumerate(stats.splits))])


def _write_total(total: Figures) -> str:
    told = (
        (f"{total.runs:,}", f"runs of {total.users:,} users"),
        (show_money(total.cost_usd), f"for {total.model_calls:,} model calls"),
        (show_seconds(total.seconds_p50), f"half are quicker; 95 of 100: {show_seconds(total.seconds_p95)}"),
        (f"{total.asked:,}", f"requests for approval; {show_share(total.decisions.get('rejected', 0), total.asked)} rejected"),
        (f"{total.states.get('failed', 0):,}", f"failed, {show_share(total.states.get('failed', 0), total.runs)}"),
        (show_share(total.up, total.up + total.down), f"of {total.up + total.down:,} thumbs are up"),
    )
    items = "".join(f"<li><strong>{text_of(number)}</strong>{text_of(what)}</li>" for number, what in told)
    return f"<section aria-labelledby=total><h2 id=total>In all</h2><ul class=big>{items}</ul></section>\n"


def _write_charts(stats: RunStats) -> str:
    charts = "".join(_draw_chart(chart, stats.periods) for chart in CHARTS if any(chart[1](each.figures) for each in stats.periods))
    rows = "".join(_write_row(each.begins, each.figures) for each in stats.periods if each.figures.runs)
    numbers = f"<details><summary>The numbers</summary>{_write_table(('Begins', *HEADS[1:]), rows, 'Figures by period')}</details>"
    return (
        f"<section aria-labelledby=time><h2 id=time>By {stats.per}</h2><div class=charts>{charts}</div>{numbers}"
        "<p class=note>A run counts in the period in which it was begun. Its seconds are those in which it was executed, without the time "
        "in which it only waited for people.</p></section>\n"
    )


def _draw_chart(chart: Chart, periods: Sequence[PeriodFigures]) -> str:
    title, find, show = chart
    values = [find(each.figures) for each in periods]
    most = max(values)
    kind = " class=bad" if title in BAD else ""
    bars = "".join(
        f"<rect{kind} x={10 * place + 1} y={100 - height:.1f} width=8 height={height:.1f}><title>{text_of(period.begins)}: "
        f"{text_of(show(value))}</title></rect>"
        for place, (period, value) in enumerate(zip(periods, values, strict=True))
        if (height := max(1.5, 100 * value / most) if value else 0)
    )
    highest = periods[values.index(most)].begins
    label = f"{title}: from {show(values[0])} to {show(values[-1])}, at most {show(most)} ({highest})"
    return (
        f"<figure><figcaption>{text_of(title)}: at most {text_of(show(most))}</figcaption>"
        f'<svg class=columns viewBox="0 0 {10 * len(values)} 100" preserveAspectRatio=none role=img aria-label="{text_of(label)}">'
        f"{bars}</svg>"
        f"<div class=axis><span>{text_of(periods[0].begins)}</span><span>{text_of(periods[-1].begins)}</span></div></figure>"
    )


def _write_agents(agents: Sequence[AgentFigures]) -> str:
    rows = "".join(_write_row(each.agent, each.figures) for each in agents)
    return f"<section aria-labelledby=agents><h2 id=agents>By agent</h2>{_write_table(HEADS, rows, 'Figures by agent')}</section>\n"


def _write_row(name: str, figures: Figures) -> str:
    cells = (
        f"{figures.runs:,}",
        f"{figures.users:,}",
        show_counts(figures.states),
        show_cost(figures),
        f"{show_tokens(figures.input_tokens)}, {show_tokens(figures.output_tokens)}",
        show_seconds(figures.seconds_p50),
        show_seconds(figures.seconds_p95),
        show_decisions(figures),
        show_seconds(figures.decision_seconds_p50),
        show_thumbs(figures),
    )
    return f"<tr><th scope=row>{name_of(name)}</th>{''.join(f'<td>{text_of(cell)}</td>' for cell in cells)}</tr>"


def _write_table(heads: Iterable[str], rows: str, label: str) -> str:
    titles = "".join(f"<th scope=col>{text_of(head)}</th>" for head in heads)
    return (
        f'<div class=rows role=region aria-label="{text_of(label)}" tabindex=0>'
        f"<table class=figures><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _write_errors(total: Figures) -> str:
    if not total.errors:
        return ""
    failed = sum(total.errors.values())
    rows = "".join(
        f"<tr><th scope=row>{name_of(kind)}</th><td>{count:,}</td><td>{show_share(count, failed)}</td></tr>"
        for kind, count in total.errors.items()
    )
    table = _write_table(("Error", "Failed runs", "Of all that failed"), rows, "Errors by kind")
    return f"<section aria-labelledby=errors><h2 id=errors>Errors</h2>{table}</section>\n"


def _write_split(split: SplitStats, place: int) -> str:
    measures = [name for name in MEASURES if any(name in each.measures for each in split.versions)]
    rows = "".join(_write_version(each, measures) for each in split.versions)
    table = _write_table(("Version", "Runs", "Users", *measures), rows, f"Table of the versions of {split.split}")
    return (
        f"<section aria-labelledby=split-{place}><h2 id=split-{place}>Versions of {name_of(split.split)}</h2>{table}"
        f"<p class=note>{text_of(explain_measures())} A difference in bold is seen: its interval leaves out 0.</p></section>\n"
    )


def _write_version(version: VersionStats, measures: Sequence[str]) -> str:
    cells = "".join(_write_measure(version, name) for name in measures)
    return f"<tr><th scope=row>{name_of(version.version)}</th><td>{version.runs:,}</td><td>{version.users:,}</td>{cells}</tr>"


def _write_measure(version: VersionStats, name: str) -> str:
    if name not in version.measures:
        return "<td>-</td>"
    told = text_of(show_measure(name, version.measures[name]))
    if (difference := version.differences.get(name)) is None:
        return f"<td>{told}</td>"
    kind = " class=seen" if difference.seen else ""
    return f"<td>{told}<small{kind}>{text_of(show_difference(name, difference))}</small></td>"


def _write_foot() -> str:
    return "<footer><p>Written by <code>sayso stats</code> from the journals of the runs.</p></footer>\n"
