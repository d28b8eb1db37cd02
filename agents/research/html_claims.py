"""The claims of a report in HTML: the sentence, its source on hover and focus, and the stored page beneath with the quote marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sayso.tools.web import find_quote

from .html_parts import LONGEST_SENTENCE, LONGEST_TIP, day_of, host_of, lines_of, link_to, text_of, time_of
from .money_words import find_mixed_signs
from .report_values import Claim, Competitor, ReportValues, Source, SourceKind
from .site_identity import same_domain

AROUND = 700
"""How many characters of the page are shown before and after a quote."""
KINDS = {
    SourceKind.OWN: "its own site",
    SourceKind.PRESS: "press",
    SourceKind.DIRECTORY: "directory or list",
    SourceKind.PAID: "paid for",
    SourceKind.REFERENCE: "work of reference",
    SourceKind.FORUM: "forum",
    SourceKind.OTHER: "another site",
}
_WORDED = {"model": "a model; the page says the same", "data": "the page’s own data"}


class ClaimWriter:
    """Writes the claims of one report. `texts` are the texts of the stored pages, by the names of their snapshots."""

    def __init__(self, report: ReportValues, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.sources: dict[int, Source] = {source.number: source for source in report.sources}
        self.claims: dict[int, Claim] = {number: claim for number, _, claim in report.number_claims()}
        self.companies: dict[int, Competitor] = {number: column for number, column, _ in report.number_claims()}
        self.mixed: frozenset[str] = find_mixed_signs(self.claims.values())
        self.numbers: dict[int, int] = {id(claim): number for number, claim in self.claims.items()}

    def write_list(self, claims: Iterable[Claim]) -> str:
        """Return claims as a list; a value of data stands opposite its label."""
        return f"<ol class=claims>{''.join(map(self._write_claim, claims))}</ol>"

    def link(self, number: int) -> str:
        """Return the number of a claim as a link to it, with its source on hover and focus."""
        claim = self.claims.get(number)
        if claim is None:
            return ""
        label = text_of(f"Claim {number}: {claim.text}", LONGEST_TIP)
        return f'<a class=mark href="#claim-{number}" aria-label="{label}">{number}<span class=tip>{self.tip(number)}</span></a>'

    def links(self, numbers: Iterable[int]) -> str:
        """Return the numbers of claims as links."""
        return f"<span class=marks>{' '.join(self.link(number) for number in numbers)}</span>"

    def tip(self, number: int) -> str:
        """Return what is shown of a claim's source while the claim is pointed at or has the focus: who says it, when, in which words."""
        claim, column = self.claims[number], self.companies[number]
        source = self.sources.get(claim.source)
        if source is None:
            return f"<span class=where>unknown source</span> <q dir=auto>{text_of(claim.quote, LONGEST_TIP)}</q>"
        dated = claim.dated or source.published
        facts = [
            f"source {source.number}",
            self.name_kind(source, column),
            f"dated {text_of(dated[:10])}" if dated else "undated",
            f"read {day_of(source.fetched_at)}",
        ]
        is_same = " ".join(claim.quote.split()).rstrip(".") == " ".join(claim.text.split()).rstrip(".")
        if is_same:
            facts.append("word for word")
        return (
            f"<span class=where>{host_of(source.url)}</span> <span class=facts>{' · '.join(facts)}</span> "
            f"<q dir=auto{' class=same' if is_same else ''}>{text_of(claim.quote, LONGEST_TIP)}</q>"
        )

    def name_kind(self, source: Source, column: Competitor) -> str:
        """Return who speaks on a page, in words; a report of version 1 only says whether it is the site's own."""
        if source.kind is not SourceKind.UNKNOWN:
            return KINDS[source.kind]
        return KINDS[SourceKind.OWN] if same_domain(column.url, source.url) else KINDS[SourceKind.OTHER]

    def _write_claim(self, claim: Claim) -> str:
        number = self.numbers[id(claim)]
        old = " <span class=badge>no longer so</span>" if claim.old else ""
        return (
            f"<li id=claim-{number}><details><summary><span class=number>{number}</span> {write_said(claim)}{old}"
            f"<span class=tip>{self.tip(number)}</span></summary>{self._write_proof(number)}</details></li>"
        )

    def _write_proof(self, number: int) -> str:
        claim, column = self.claims[number], self.companies[number]
        source = self.sources.get(claim.source)
        if source is None:
            return f"<div class=proof><blockquote dir=auto>{text_of(claim.quote)}</blockquote></div>"
        facts = [
            ("Page", f"{link_to(source.url)} <span dir=auto>{text_of(source.title, 160)}</span>"),
            ("Who says it", self.name_kind(source, column)),
            ("Dated", text_of(claim.dated or source.published) or "the page gives no date"),
            ("Read", time_of(source.fetched_at)),
            ("Worded by", _WORDED.get(claim.written, "the page itself")),
        ]
        rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
        return f"<div class=proof><dl>{rows}</dl>{self._write_passage(claim, source)}</div>"

    def _write_passage(self, claim: Claim, source: Source) -> str:
        """Return the stored text around the quote with the quote marked, or the quote alone where the text is not at hand."""
        text = self.texts.get(source.snapshot, "")
        span = find_quote(claim.quote, text)
        if span is None:
            return f"<blockquote dir=auto><mark>{text_of(claim.quote)}</mark></blockquote>"
        start, end = max(0, span[0] - AROUND), min(len(text), span[1] + AROUND)
        before = ("… " if start else "") + text[start : span[0]]
        after = text[span[1] : end] + (" …" if end < len(text) else "")
        marked = f"<mark>{lines_of(text[span[0] : span[1]])}</mark>"
        return f"<blockquote class=passage dir=auto>{lines_of(before)}{marked}{lines_of(after)}</blockquote>"


def write_said(claim: Claim) -> str:
    """Return what a claim says; where it is a value with a label, in two parts."""
    start = claim.text.rfind(claim.value) if claim.value and claim.subject else -1
    label = claim.text[:start].strip() if start > 0 else ""
    if not label.endswith(":") or len(claim.value) > 60:
        return f"<span class=said dir=auto>{text_of(claim.text, LONGEST_SENTENCE)}</span>"
    return (
        f"<span class='said pair'><span class=label dir=auto>{text_of(label)}</span> "
        f"<span class=value dir=auto>{text_of(claim.text[start:].rstrip('.。'))}</span></span>"
    )


def order_topics(claims: Sequence[Claim], aspects: Sequence[str]) -> dict[str, list[Claim]]:
    """Return claims by their topic, in the order of the aspects."""
    topics: dict[str, list[Claim]] = {aspect: [] for aspect in aspects}
    for claim in claims:
        topics.setdefault(claim.topic, []).append(claim)
    return {topic: found for topic, found in topics.items() if found}
