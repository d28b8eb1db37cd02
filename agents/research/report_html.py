"""The report of a research as one HTML file that needs nothing else: no script, no request, the proof beneath each sentence."""

from __future__ import annotations

from collections.abc import Mapping

from .html_changes import write_changes, write_contradictions
from .html_claims import ClaimWriter, order_topics
from .html_parts import LONGEST_SENTENCE, heading_of, isolate, link_to, name_of, read_style, text_of, time_of, write_page
from .html_table import write_charts, write_table
from .report_markdown import ABOUT, COLUMNS, COMPARED, TITLES
from .report_seals import find_fingerprint, seal_text
from .report_summary import find_untold_points
from .report_values import Competitor, Considered, LeftOut, ReportValues
from .site_identity import find_site

KICKERS = {"competitors": "Competitor research", "market": "Market research", "topic": "Research"}
LEAD = "whom"


def write_html(report: ReportValues, texts: Mapping[str, str] | None = None) -> str:
    """Return the report as a whole HTML page.

    `texts` are the texts of the pages that were read, by the names of their snapshots: beneath a sentence its quote is shown where it
    stands. Without the text of a page the quote stands alone.
    """
    return seal_text(_Page(report, texts or {}).write())


class _Page:
    """The page of a report in the making."""

    def __init__(self, report: ReportValues, texts: Mapping[str, str]) -> None:
        self.report = report
        self.claims = ClaimWriter(report, texts)

    def write(self) -> str:
        title = TITLES.get(self.report.kind, "{}").format(self.report.company)
        parts = [
            self._write_summary(),
            write_changes(self.report, self.claims),
            write_table(self.report, self.claims),
            write_charts(self.report, self.claims),
            write_contradictions(self.report, self.claims),
            *(self._write_column(column, place) for place, column in enumerate(self.report.columns)),
            self._write_considered(),
            self._write_missing(),
            self._write_sources(),
        ]
        seal = f'<meta name="sayso-seal" content="{find_fingerprint(self.report)}:">\n'
        body = f"{self._write_head()}<main id=main>\n{''.join(parts)}</main>\n{self._write_foot()}"
        return write_page(title, read_style(__package__ or "", "report_page.css"), body, skip="Skip to the report", metas=seal)

    def _write_head(self) -> str:
        report = self.report
        title = TITLES.get(report.kind, "{}").format("\0")
        before, _, after = title.partition("\0")
        sites, claims, pages = len(report.columns), len(self.claims.claims), len(report.sources)
        counts = f"{_count(sites, 'site')}, {_count(claims, 'statement')}, each with its quote on one of {_count(pages, 'page')}"
        return (
            f"<header><p class=kicker>{KICKERS.get(report.kind, 'Research')}</p>"
            f"<h1>{text_of(before)} {name_of(report.company)} {text_of(after)}</h1>"
            f"<p class=made>{time_of(report.made_at)} · {counts}. {text_of(report.written_by, 300)}</p>"
            f"{self._write_stopped()}{self._write_contents()}</header>\n"
        )

    def _write_stopped(self) -> str:
        """Write that the research ended early, and what it left out."""
        if not self.report.stopped and not self.report.left_out:
            return ""
        rows = "".join(map(_write_left_undone, self.report.left_out))
        count = _count(len(self.report.left_out), "thing")
        left = f"<details open><summary>{count} left out</summary><ul class=plain>{rows}</ul></details>" if rows else ""
        why = f"{text_of(self.report.stopped)} What follows is what was done until then."
        return f"<div class=stopped role=note><strong>Stopped early.</strong> {why}{left}</div>"

    def _write_contents(self) -> str:
        rows = [f"<li><a href=#column-{place}>{name_of(column.name)}</a></li>" for place, column in enumerate(self.report.columns)]
        return f'<nav aria-label="Sites"><ul>{"".join(rows)}</ul></nav>' if rows else ""

    def _write_summary(self) -> str:
        """Write the key points by what they are about, and the sentences that compare."""
        names = [column.name for column in self.report.columns]
        told = [isolate(text_of(point.text, LONGEST_SENTENCE), names) for point in self.report.summary if point.about == LEAD]
        lead = "".join(f"<p class=lead dir=auto>{point}</p>" for point in told)
        groups: dict[str, list[str]] = {}
        for point in self.report.summary:
            if point.about != LEAD:
                groups.setdefault(ABOUT.get(point.about, "Also"), []).append(self._write_point(point.text, point.claims))
        if compared := find_untold_points(self.report):
            groups[COMPARED] = [self._write_point(point.text, point.claims) for point in compared]
        if not groups and not lead:
            return ""
        cards = "".join(f"<div class=card><h3>{title}</h3>{''.join(points)}</div>" for title, points in groups.items())
        return f"<section aria-labelledby=summary><h2 id=summary>Summary</h2>{lead}<div class=cards>{cards}</div></section>\n"

    def _write_point(self, text: str, claims: tuple[int, ...]) -> str:
        told = isolate(text_of(text, LONGEST_SENTENCE), [column.name for column in self.report.columns])
        return f"<p class=point dir=auto>{told} {self.claims.links(claims) if claims else ''}</p>"

    def _write_column(self, column: Competitor, place: int) -> str:
        kind = "The client" if column is self.report.client else COLUMNS.get(self.report.kind, "Competitors").removesuffix("s")
        kind = "Business" if kind.startswith("Businesses") else kind
        topics = [
            f"<div class=topic><h3>{heading_of(topic)}</h3>{self.claims.write_list(found)}</div>"
            for topic, found in order_topics(column.claims, self.report.aspects).items()
        ]
        missing = [aspect for aspect in self.report.aspects if all(claim.topic != aspect for claim in column.claims)]
        unknown = f"<p class=note>Nothing was found on: {text_of(', '.join(missing))}.</p>" if missing else ""
        quote = f" <q dir=auto>{text_of(column.reason_quote, 400)}</q>" if column.reason_quote else ""
        reason = isolate(text_of(column.reason, 400), [each.name for each in self.report.columns])
        why = (
            f"<p class=reason><strong>Why it is here:</strong> {reason}{quote}</p>"
            if column.reason and column is not self.report.client
            else ""
        )
        return (
            f"<section class=column aria-labelledby=column-{place}><p class=kicker>{kind}</p>"
            f"<h2 id=column-{place} dir=auto>{name_of(column.name)}</h2>"
            f"<p class=site>{link_to(column.url)}</p>{why}{''.join(topics)}{unknown}</section>\n"
        )

    def _write_considered(self) -> str:
        taken = {find_site(column.url).host for column in self.report.columns}
        left_out = [each for each in self.report.considered if find_site(each.url).host not in taken]
        if not left_out:
            return ""
        rows = "".join(map(_write_left_out, left_out))
        return f"<section aria-labelledby=considered><h2 id=considered>Considered and left out</h2><ul class=plain>{rows}</ul></section>\n"

    def _write_missing(self) -> str:
        """Write what could not be read, and what was taken away, with the reasons."""
        failed = "".join(
            f"<li>{link_to(page.url)} <span class=soft>{text_of(page.why, 400)}</span></li>" for page in self.report.failed_pages
        )
        parts = [f"<h3>Pages that could not be read</h3><ul class=plain>{failed}</ul>"] if failed else []
        withdrawn = [
            f"<li dir=auto>{name_of(each.company)}: {text_of(each.text, 400)} <span class=soft>"
            f"{'Replaced by the page’s own words' if each.replaced else 'Dropped'}: {text_of(each.reason, 300)}</span></li>"
            for each in self.report.withdrawn
        ]
        if withdrawn:
            parts.append(f"<h3>Sentences that were not published as written</h3><ul class=plain>{''.join(withdrawn)}</ul>")
        if not parts:
            return ""
        return f"<section aria-labelledby=missing><h2 id=missing>What could not be read or said</h2>{''.join(parts)}</section>\n"

    def _write_sources(self) -> str:
        plan = "".join(f"<li><span dir=auto>{text_of(step, 400)}</span></li>" for step in self.report.plan)
        queries = ", ".join(f"<q dir=auto>{text_of(query, 200)}</q>" for query in self.report.queries)
        columns = {claim.source: column for _, column, claim in self.report.number_claims()}
        rows = []
        for source in self.report.sources:
            column = columns.get(source.number)
            kind = f"{self.claims.name_kind(source, column)}, " if column is not None else ""
            dated = f"dated {text_of(source.published[:10])}, " if source.published else ""
            read = f"read {time_of(source.fetched_at)}, <code>sha256 {text_of(source.sha256[:16])}</code>"
            rows.append(
                f"<li value={int(source.number)}>{link_to(source.url)} <span dir=auto>{text_of(source.title, 160)}</span> "
                f"<span class=soft>{kind}{dated}{read}</span></li>"
            )
        return (
            f"<section aria-labelledby=how><h2 id=how>How it was done</h2><ol>{plan}</ol><p>Searched for: {queries}.</p></section>\n"
            f"<section aria-labelledby=sources><h2 id=sources>Sources</h2><ol class=sources>{''.join(rows)}</ol></section>\n"
        )

    def _write_foot(self) -> str:
        fingerprint = find_fingerprint(self.report)
        told = f"Fingerprint <code>{fingerprint}</code>. " if fingerprint else ""
        check = "<code>sayso check</code> with the JSON file of this report finds what was changed, without the network."
        return f"<footer><p>{told}{check}</p></footer>\n"


def _write_left_undone(each: LeftOut) -> str:
    name = link_to(each.url, each.name) if each.url else text_of(each.name, 200)
    return f"<li>{name} <span class=soft>{text_of(each.what)}: {text_of(each.why)}</span></li>"


def _write_left_out(each: Considered) -> str:
    quote = f" <q dir=auto>{text_of(each.quote, 300)}</q>" if each.quote else ""
    return f"<li>{link_to(each.url, each.name or each.host)} <span class=soft>{text_of(each.reason, 300)}{quote}</span></li>"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
