"""The comparison table and the price charts of the HTML report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from .html_claims import ClaimWriter
from .html_parts import heading_of, name_of, text_of
from .price_chart import PriceComparison, PriceRange, compare_prices
from .price_list import find_price_list
from .report_markdown import UNKNOWN
from .report_values import Claim, Competitor, ReportValues

IN_CELL = 2
IN_TABLE = 170
"""How many characters of a sentence a cell shows; its own place has the whole."""
ON_PAPER = 3
"""How many sites stand beside the client on a sheet of paper."""
_NONE = frozenset("no none nein keine keiner kein non aucun aucune ninguno ninguna nee geen nessuno ingen nej × ✗ ✕ ✘ なし 無 不可".split())
LEGEND = (
    f"<strong>{UNKNOWN}</strong>: no page that was read says it. <strong class=none>none</strong>: a page says that there is none. "
    "<span class=screen>Point at a number, touch it or reach it with the Tab key to see who says it.</span>"
)


def write_table(report: ReportValues, claims: ClaimWriter) -> str:
    """Return the table of aspects and sites, the client first: whole for the screen, and in sheets for paper."""
    aspects = report.aspects or tuple(dict.fromkeys(claim.topic for claim in claims.claims.values()))
    if not report.columns or not aspects:
        return ""
    places = {id(column): place for place, column in enumerate(report.columns)}
    whole = _write_columns(report, report.columns, aspects, claims, places)
    first = report.columns[: len(report.columns) - len(report.competitors)]
    sheets = [report.competitors[start : start + ON_PAPER] for start in range(0, max(1, len(report.competitors)), ON_PAPER)]
    paper = "".join(_write_columns(report, (*first, *sheet), aspects, claims, places) for sheet in sheets)
    return (
        "<section aria-labelledby=table><h2 id=table>At a glance</h2>"
        f'<div class=wide role=region aria-label="Comparison table" tabindex=0>{whole}</div><div class=paper>{paper}</div>'
        f"<p class=note>{LEGEND}</p></section>\n"
    )


def _write_columns(
    report: ReportValues, columns: Sequence[Competitor], aspects: Sequence[str], claims: ClaimWriter, places: dict[int, int]
) -> str:
    def head(column: Competitor) -> str:
        client = "<small>the client</small>" if column is report.client else ""
        kind = " class=client" if column is report.client else ""
        return f'<th scope=col{kind}><a href="#column-{places[id(column)]}">{name_of(column.name)}</a>{client}</th>'

    rows = []
    for aspect in aspects:
        cells = [
            _write_cell([claim for claim in column.claims if claim.topic == aspect], claims, column is report.client, places[id(column)])
            for column in columns
        ]
        rows.append(f"<tr><th scope=row><span>{heading_of(aspect)}</span></th>{''.join(cells)}</tr>")
    return f"<table><thead><tr><td></td>{''.join(map(head, columns))}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _write_cell(found: Sequence[Claim], claims: ClaimWriter, is_client: bool, place: int) -> str:
    """Return what is known of an aspect: a price list by its cheapest and dearest, sentences before single facts of data."""
    current = [claim for claim in found if not claim.old] or list(found)
    kinds = ["client"] if is_client else []
    if not current:
        return f"<td class='{' '.join([*kinds, 'unknown'])}'>{UNKNOWN}</td>"
    listed = find_price_list(current)
    others = [claim for claim in current if listed is None or claim not in listed.claims]
    others.sort(key=lambda claim: claim.written == "data" and bool(claim.subject))
    parts = []
    if listed is not None:
        numbers = claims.links((claims.numbers[id(listed.low)], claims.numbers[id(listed.high)]))
        parts.append(f"<li><strong>{text_of(listed.describe(claims.mixed))}</strong> {len(listed.claims)} prices {numbers}</li>")
    shown = others[: IN_CELL - len(parts)]
    parts += [_write_item(claim, claims) for claim in shown]
    if left := len(others) - len(shown):
        parts.append(f'<li class=more><a href="#column-{place}">{left} more</a></li>')
    return f"<td{f' class={kinds[0]}' if kinds else ''}><ul>{''.join(parts)}</ul></td>"


def _write_item(claim: Claim, claims: ClaimWriter) -> str:
    old = " <span class=badge>no longer so</span>" if claim.old else ""
    text, none = claim.text, ""
    if claim.value.strip(" .").casefold() in _NONE:
        none = " <strong class=none>none</strong>"
        text = text.removesuffix(".").removesuffix(" none")
    return f"<li dir=auto>{text_of(text, IN_TABLE)}{none}{old} {claims.links((claims.numbers[id(claim)],))}</li>"


def write_charts(report: ReportValues, claims: ClaimWriter) -> str:
    """Return the charts of the prices that compare."""
    compared = compare_prices(report.columns)
    if not compared:
        return ""
    names = {column.name for column in report.columns if column is report.client}
    charts = "".join(_draw_chart(each, claims, names) for each in compared)
    mixed = (
        " A “$”, “£” or “kr” is taken for the best known currency of that sign where a page does not say which it is."
        if any(each.is_mixed for each in compared)
        else ""
    )
    note = (
        "From each site’s lowest to its highest price, of one thing, in one currency and for one period; nothing is converted. "
        f"What is included may differ: see the claims.{mixed}"
    )
    title = "<h2 id=prices>Prices that compare</h2>"
    return f"<section aria-labelledby=prices>{title}<div class=charts>{charts}</div><p class=note>{note}</p></section>\n"


def _draw_chart(compared: PriceComparison, claims: ClaimWriter, clients: Iterable[str]) -> str:
    most = max(each.highest.value for each in compared.ranges)
    rows = "".join(_draw_row(each, most, claims, each.name in clients) for each in compared.ranges)
    return (
        f"<figure><figcaption dir=auto>{text_of(compared.title, 120)}</figcaption><table class=chart><tbody>{rows}</tbody></table></figure>"
    )


def _draw_row(each: PriceRange, most: Decimal, claims: ClaimWriter, is_client: bool) -> str:
    start, end = (float(100 * price.value / most) for price in (each.lowest, each.highest))
    bar = (
        '<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f"<rect class=scale x=0 y=3.5 width=100 height=1 /><rect class=bar x={max(0.0, min(start, 98.5)):.1f} y=0 "
        f"width={max(1.5, end - start):.1f} height=8 /></svg>"
    )
    numbers = (each.lowest.claim,) if each.lowest.value == each.highest.value else (each.lowest.claim, each.highest.claim)
    said = (
        text_of(each.lowest.said, 40)
        if each.lowest.value == each.highest.value
        else (f"{text_of(each.lowest.said, 40)} – {text_of(each.highest.said, 40)}")
    )
    kind = " class=client" if is_client else ""
    return (
        f"<tr{kind}><th scope=row>{name_of(each.name)}</th><td class=bars>{bar}</td><td class=said>{said} {claims.links(numbers)}</td></tr>"
    )
