"""What is published of a writer's claims: its own words where the page states them, else the page's own words, else nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sayso.tools.truth import ProblemKind, Verdict, check_statement
from sayso.tools.web import find_quote

from .report_values import Claim, Withdrawn
from .sentence_words import QUOTATION, SPEAKS_AS_US, cut_ends, find_content, is_sentence
from .sentences import state_quote
from .state import VisitedPage

REASONS: Mapping[ProblemKind, str] = {
    ProblemKind.NOTHING: "it states nothing",
    ProblemKind.QUOTE: "its quote is not on the page",
    ProblemKind.NUMBER: "a number that the page does not say",
    ProblemKind.DATE: "a date that the page does not say",
    ProblemKind.UNIT: "another unit or currency than the page says",
    ProblemKind.PERIOD: "another period than the page says, or none",
    ProblemKind.BOUND: "a bound (from, up to) of the page is left out, or changed",
    ProblemKind.WORD: "words that the page does not say",
    ProblemKind.PLACE: "the page says it of something else",
    ProblemKind.ROLE: "the page says who does it to whom the other way round",
    ProblemKind.NEGATION: "the page says the opposite",
    ProblemKind.QUANTIFIER: "all or every, which the page does not say",
    ProblemKind.COMPARISON: "a comparison that the page does not make",
    ProblemKind.MODALITY: "the page tells it as a plan or a possibility",
    ProblemKind.CONDITION: "a condition of the page is left out",
    ProblemKind.SOURCE: "the page only says that somebody says so",
    ProblemKind.TENSE: "the page tells it of another time",
    ProblemKind.STALE: "the page says that it is no longer so",
    ProblemKind.SUBJECT: "the page says it of somebody else",
}
ALONE = "the page's own words make no sense alone"


def gate_claims(claims: Sequence[Claim], pages: Sequence[VisitedPage], company: str) -> tuple[tuple[Claim, ...], tuple[Withdrawn, ...]]:
    """Return the claims that may be published, and the sentences that may not be as they were written, each with its reason.

    A claim's `source` is the index of its page. Its text stays where the page states it about the company, without what it adds at its end
    that the page does not state; otherwise the sentence of the page that the quote stands in takes its place, if that makes sense alone;
    otherwise the claim is dropped.
    """
    kept: list[Claim] = []
    withdrawn: list[Withdrawn] = []
    for claim in claims:
        instead = quote_instead(claim, pages, company)
        text, reason = _find_publishable(claim, pages[claim.source], company, instead)
        if text:
            kept.append(replace(claim, text=text, written="model"))
        elif instead is not None:
            kept.append(instead)
        if reason:
            withdrawn.append(Withdrawn(company, claim.text, reason, replaced=bool(text) or instead is not None))
    return tuple(dict.fromkeys(kept)), tuple(withdrawn)


def _find_publishable(claim: Claim, page: VisitedPage, company: str, instead: Claim | None) -> tuple[str, str]:
    """Return which of a claim's own words are published, none where they are the page's, and why they are not as they were written."""
    copied = find_quote(claim.text.rstrip("."), page.text) is not None
    if instead is not None and instead.text == claim.text:
        return "", ""
    first = ""
    for text in cut_ends(claim.text, page.text):
        if text != claim.text and find_quote(text.rstrip("."), page.text) is not None:
            break
        reason = _find_reason(replace(claim, text=text), page, company, copied=copied)
        if not reason and copied:
            return "", ALONE if instead is None else ""
        if not reason:
            return text, first or ("" if text == claim.text else REASONS[ProblemKind.WORD])
        first = first or reason
        if copied:
            break
    return "", first


def quote_instead(claim: Claim, pages: Sequence[VisitedPage], company: str) -> Claim | None:
    """Return a claim with the page's own words in the place of its text; None if they make no sense alone."""
    page = pages[claim.source]
    span = find_quote(claim.quote, page.text)
    own_words = state_quote(page, span, company, claim.text) if span is not None else None
    return replace(claim, text=own_words, written="quote") if own_words is not None else None


def _find_reason(claim: Claim, page: VisitedPage, company: str, *, copied: bool) -> str:
    """Return why a claim's text is not published as it is: how it is written, or that the page does not state it; empty where it is."""
    if not copied and SPEAKS_AS_US.search(QUOTATION.sub("", claim.text)):
        return "it speaks as the business itself"
    if not copied and not is_sentence(claim.text):
        return "it is not a whole sentence"
    if not find_content(claim.quote) - find_content(company):
        return "its quote says nothing"
    return find_reason(check_statement(claim.text, page.text, quote=claim.quote, subject=company))


def find_reason(verdict: Verdict) -> str:
    """Return the reason of a verdict for the report; empty where the statement is stated."""
    if verdict.stated:
        return ""
    return REASONS[verdict.problems[0].kind] if verdict.problems else REASONS[ProblemKind.WORD]
