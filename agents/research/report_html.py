"""The report of a research as one HTML file that needs nothing else: no script, no request, the proof beneath each sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from urllib.parse import urlsplit

from sayso.tools.web import find_quote

from .price_chart import compare_prices, draw_prices
from .report_markdown import COLUMNS, TITLES, UNKNOWN
from .report_values import Claim, Competitor, Considered, ReportValues, Source
from .site_identity import same_domain
from .site_names import find_host

AROUND = 700
"""How many characters of the page are shown before and after a quote."""
IN_CELL = 3
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def write_html(report: ReportValues, texts: Mapping[str, str] | None = None) -> str:
    """Return the report as a whole HTML page.

    `texts` are the texts of the pages that were read, by the names of their snapshots: beneath a sentence its quote is shown where it
    stands. Without the text of a page the quote stands alone.
    """
    return _Page(report, texts or {}).write()


class _Page:
    """The page of a report in the making."""

    def __init__(self, report: ReportValues, texts: Mapping[str, str]) -> None:
        self.report, self.texts = report, texts
        self.sources = {source.number: source for source in report.sources}
        self.numbers = {id(claim): number for number, _, claim in report.number_claims()}
        self.claims = {number: claim for number, _, claim in report.number_claims()}

    def write(self) -> str:
        title = TITLES.get(self.report.kind, "{}").format(self.report.company)
        style = (files(__package__ or __name__) / "report_page.css").read_text(encoding="utf-8")
        parts = [
            self._write_summary(),
            self._write_table(),
            self._write_chart(),
            *(self._write_column(column) for column in self.report.columns),
            self._write_considered(),
            self._write_missing(),
            self._write_sources(),
        ]
        made = f"<p class=made>Made {_time(self.report.made_at)}. {_text(self.report.written_by)}</p>"
        stopped = self.report.stopped and f"<p class=stopped role=note><strong>Stopped early:</strong> {_text(self.report.stopped)}</p>"
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{_text(title)}</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<link rel="icon" href="data:,">\n'
            f"<style>\n{style}</style>\n</head>\n<body>\n<a class=skip href=#main>Skip to the report</a>\n"
            f"<header><h1>{_text(title)}</h1>{made}{stopped}{self._write_contents()}</header>\n"
            f"<main id=main>\n{''.join(parts)}</main>\n</body>\n</html>\n"
        )

    def _write_contents(self) -> str:
        rows = [f"<li><a href=#column-{place}>{_text(column.name)}</a></li>" for place, column in enumerate(self.report.columns)]
        return f'<nav aria-label="Sites"><ul>{"".join(rows)}</ul></nav>' if rows else ""

    def _write_summary(self) -> str:
        if not self.report.comparison:
            return ""
        points = [
            f"<li>{_text(point.text)} {' '.join(self._link_claim(number) for number in point.claims)}</li>"
            for point in self.report.comparison
        ]
        return f"<section aria-labelledby=summary><h2 id=summary>Summary</h2><ul class=points>{''.join(points)}</ul></section>\n"

    def _link_claim(self, number: int) -> str:
        text = _text(self.claims[number].text) if number in self.claims else ""
        return f'<a class=mark href="#claim-{number}" aria-label="Claim {number}: {text}">{number}</a>'

    def _write_table(self) -> str:
        aspects = self.report.aspects or tuple(dict.fromkeys(claim.topic for claim in self.claims.values()))
        if not self.report.columns or not aspects:
            return ""
        client = "<small>the client</small>"
        heads = [
            f'<th scope=col><a href="#column-{place}">{_text(column.name)}</a>{client if column is self.report.client else ""}</th>'
            for place, column in enumerate(self.report.columns)
        ]
        rows = []
        for aspect in aspects:
            cells = [self._write_cell([claim for claim in column.claims if claim.topic == aspect]) for column in self.report.columns]
            rows.append(f"<tr><th scope=row>{_text(aspect.capitalize())}</th>{''.join(cells)}</tr>")
        return (
            "<section aria-labelledby=table><h2 id=table>At a glance</h2>"
            '<div class=wide role=region aria-label="Comparison table" tabindex=0><table><thead><tr><td></td>'
            f"{''.join(heads)}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
            f"<p class=note>“{UNKNOWN}” means that no page that was read says it, not that there is none.</p></section>\n"
        )

    def _write_cell(self, claims: Sequence[Claim]) -> str:
        current = [claim for claim in claims if not claim.old] or list(claims)
        shown = [f"<li>{_text(claim.text)} {self._link_claim(self.numbers[id(claim)])}</li>" for claim in current[:IN_CELL]]
        more = f"<li class=more>and {len(current) - IN_CELL} more</li>" if len(current) > IN_CELL else ""
        return f"<td><ul>{''.join(shown)}{more}</ul></td>" if shown else f"<td class=unknown>{UNKNOWN}</td>"

    def _write_chart(self) -> str:
        prices = compare_prices(self.report.columns)
        if prices is None:
            return ""
        return (
            f"<section aria-labelledby=prices><h2 id=prices>{_text(prices.title)}</h2><figure>{draw_prices(prices)}"
            "<figcaption>From the lowest to the highest price that each site states. What they buy may differ: see the claims.</figcaption>"
            "</figure></section>\n"
        )

    def _write_column(self, column: Competitor) -> str:
        place = self.report.columns.index(column)
        kind = "The client" if column is self.report.client else COLUMNS.get(self.report.kind, "Competitors").removesuffix("s")
        order = {aspect: number for number, aspect in enumerate(self.report.aspects)}
        claims = sorted(column.claims, key=lambda claim: order.get(claim.topic, len(order)))
        topics = [
            f"<h3>{_text(topic.capitalize())}</h3><ol class=claims>{''.join(map(self._write_claim, of_topic))}</ol>"
            for topic, of_topic in groupby(claims, key=lambda claim: claim.topic)
        ]
        missing = [aspect for aspect in self.report.aspects if all(claim.topic != aspect for claim in column.claims)]
        unknown = f"<p class=note>Nothing was found on: {_text(', '.join(missing))}.</p>" if missing else ""
        quote = f" <q>{_text(column.reason_quote)}</q>" if column.reason_quote else ""
        reason = f"<p class=reason>Chosen because: {_text(column.reason)}{quote}</p>" if column.reason else ""
        return (
            f"<section class=column aria-labelledby=column-{place}><p class=kind>{kind}</p><h2 id=column-{place}>{_text(column.name)}</h2>"
            f"<p class=site>{_link(column.url)}</p>{reason}{''.join(topics)}{unknown}</section>\n"
        )

    def _write_claim(self, claim: Claim) -> str:
        number, source = self.numbers[id(claim)], self.sources.get(claim.source)
        old = "<span class=old>no longer so</span>" if claim.old else ""
        return (
            f"<li id=claim-{number} value={number}><details><summary><span class=said>{_text(claim.text)}</span>{old}"
            f"<span class=tip>{self._write_tip(claim, source)}</span></summary>{self._write_proof(claim, source)}</details></li>"
        )

    def _write_tip(self, claim: Claim, source: Source | None) -> str:
        """Return what is shown of a sentence's source while the sentence is pointed at or has the focus."""
        where = find_host(source.url) if source else "unknown source"
        said = (
            f", dated {_text(claim.dated or (source.published if source else ''))}" if claim.dated or (source and source.published) else ""
        )
        return f"<span class=where>{_text(where)}{said}</span> <span class=words>“{_text(claim.quote)}”</span>"

    def _write_proof(self, claim: Claim, source: Source | None) -> str:
        if source is None:
            return f"<div class=proof><blockquote>{_text(claim.quote)}</blockquote></div>"
        facts = [
            ("Page", _link(source.url)),
            ("Kind of source", _text(self._name_kind(claim, source))),
            ("Read", _time(source.fetched_at)),
            ("Dated", _text(claim.dated or source.published) or "the page gives no date"),
            ("Worded by", {"model": "the model; the page says so", "data": "the page's own data"}.get(claim.written, "the page itself")),
        ]
        rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
        return f"<div class=proof><dl>{rows}</dl>{self._write_passage(claim, source)}</div>"

    def _name_kind(self, claim: Claim, source: Source) -> str:
        own = any(claim in column.claims and same_domain(column.url, source.url) for column in self.report.columns)
        return "its own site" if own else "another site"

    def _write_passage(self, claim: Claim, source: Source) -> str:
        """Return the stored text around the quote with the quote marked, or the quote alone where the text is not at hand."""
        text = self.texts.get(source.snapshot, "")
        span = find_quote(claim.quote, text)
        if span is None:
            return f"<blockquote><mark>{_text(claim.quote)}</mark></blockquote>"
        start, end = max(0, span[0] - AROUND), min(len(text), span[1] + AROUND)
        before = ("… " if start else "") + text[start : span[0]]
        after = text[span[1] : end] + (" …" if end < len(text) else "")
        return f"<blockquote class=passage>{_lines(before)}<mark>{_lines(text[span[0] : span[1]])}</mark>{_lines(after)}</blockquote>"

    def _write_considered(self) -> str:
        taken = {column.url for column in self.report.columns}
        left_out = [each for each in self.report.considered if each.url not in taken]
        if not left_out:
            return ""
        rows = "".join(map(_write_left_out, left_out))
        return f"<section aria-labelledby=considered><h2 id=considered>Considered and left out</h2><ul>{rows}</ul></section>\n"

    def _write_missing(self) -> str:
        """Write what could not be read, and what was taken away, with the reasons."""
        failed = "".join(f"<li>{_link(page.url)}: {_text(page.why)}</li>" for page in self.report.failed_pages)
        parts = [f"<h3>Pages that could not be read</h3><ul>{failed}</ul>"] if failed else []
        withdrawn = [
            f"<li>{_text(each.company)}: {_text(each.text)} <small>{'Replaced by the page’s own words' if each.replaced else 'Dropped'}: "
            f"{_text(each.reason)}</small></li>"
            for each in self.report.withdrawn
        ]
        if withdrawn:
            parts.append(f"<h3>Sentences that were not published as written</h3><ul>{''.join(withdrawn)}</ul>")
        if not parts:
            return ""
        return f"<section aria-labelledby=missing><h2 id=missing>What could not be read or said</h2>{''.join(parts)}</section>\n"

    def _write_sources(self) -> str:
        plan = "".join(f"<li>{_text(step)}</li>" for step in self.report.plan)
        queries = "; ".join(f"“{_text(query)}”" for query in self.report.queries)
        rows = [
            f"<li value={source.number}>{_link(source.url)} {_text(source.title)}. "
            f"{f'Dated {_text(source.published)}. ' if source.published else ''}Read {_time(source.fetched_at)}, "
            f"<code>sha256 {_text(source.sha256[:16])}</code></li>"
            for source in self.report.sources
        ]
        return (
            f"<section aria-labelledby=how><h2 id=how>How it was done</h2><ol>{plan}</ol><p>Searched for: {queries}.</p></section>\n"
            f"<section aria-labelledby=sources><h2 id=sources>Sources</h2><ol>{''.join(rows)}</ol></section>\n"
        )


def _write_left_out(each: Considered) -> str:
    quote = f" <q>{_text(each.quote)}</q>" if each.quote else ""
    return f"<li>{_link(each.url, each.name or each.host)}: {_text(each.reason)}{quote}</li>"


def _text(text: str) -> str:
    """Return text of strangers as HTML that only shows it, on one line."""
    return escape(" ".join(_CONTROLS.sub(" ", text).split()))


def _lines(text: str) -> str:
    return escape(_CONTROLS.sub("", text))


def _time(moment: str) -> str:
    return f'<time datetime="{_text(moment)}">{_text(moment.replace("T", " ").rstrip("Z")[:16])} UTC</time>' if moment else ""


def _link(url: str, name: str = "") -> str:
    """Return a link, only to a page of the web."""
    shown = _text(name or url)
    if urlsplit(url).scheme not in ("http", "https"):
        return shown
    return f'<a href="{escape(url)}" rel="noopener noreferrer external">{shown}</a>'
