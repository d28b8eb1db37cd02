"""What is known of a research so far: hits, candidates, visits and their checked claims; and the report that is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from sayso.tools.web import quote_found

from .report import Claim, Competitor, FailedPage, Point, Report, Source

if TYPE_CHECKING:
    from .stage_prompts import Findings

USEFUL = ("menu", "price", "product", "about", "location", "store", "story", "find-us", "visit", "order", "restaurants", "features")


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result that stands for a site; its number is its place in the list that the model chooses from."""

    title: str
    url: str
    snippet: str


@dataclass(frozen=True, slots=True)
class VisitedPage:
    """A page that was read, with what proves it."""

    url: str
    title: str
    text: str
    links: tuple[tuple[str, str], ...]
    fetched_at: str
    sha256: str
    snapshot: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chosen competitor, not visited yet."""

    name: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit to a competitor brought: pages, failures, and the claims found on the pages (their source is an index into them)."""

    candidate: Candidate
    pages: tuple[VisitedPage, ...]
    failed: tuple[FailedPage, ...]
    claims: tuple[Claim, ...] = ()
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """What is known so far; each stage hands on a fuller one."""

    company: str
    plan: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    visits: tuple[Visit, ...] = ()
    comparison: tuple[Point, ...] = ()
    failed: tuple[FailedPage, ...] = ()


class WorkSoFar(NamedTuple):
    """What is known at this moment of a research; told after each stage and each visit, and not kept."""

    run: str
    work: Work


def report_of(work: Work, author: str, made_at: str, stopped: str = "") -> Report:
    """The report of what is known."""
    pages = [page for visit in work.visits for page in visit.pages]
    sources = {
        page.snapshot: Source(number, page.url, page.title, page.fetched_at, page.sha256, page.snapshot)
        for number, page in enumerate({page.snapshot: page for page in pages}.values(), 1)
    }
    return Report(
        company=work.company,
        made_at=made_at,
        written_by=author,
        plan=work.plan,
        queries=work.queries,
        competitors=competitors_of(work.visits, sources),
        comparison=work.comparison,
        sources=tuple(sources.values()),
        failed_pages=tuple(page for visit in work.visits for page in visit.failed),
        dropped_claims=sum(visit.dropped for visit in work.visits),
        stopped=stopped,
    )


def useful_links(home: VisitedPage, most: int = 2) -> list[str]:
    """The pages of the same site that say most about a business, told by their address and link text."""
    found: dict[str, int] = {}
    for url, text in home.links:
        address = url.partition("#")[0]
        if host_of(address) != host_of(home.url) or address.rstrip("/") == home.url.rstrip("/"):
            continue
        words = f"{urlsplit(address).path} {text}".lower()
        score = min((place for place, word in enumerate(USEFUL) if word in words), default=len(USEFUL))
        if score < len(USEFUL):
            found[address] = min(score, found.get(address, score))
    return sorted(found, key=lambda address: (found[address], len(address)))[:most]


def checked(findings: Findings, pages: Sequence[VisitedPage]) -> tuple[tuple[Claim, ...], list[str]]:
    """The claims whose quotes stand on a page (white space aside), and the quotes that do not. `source` is the page's index."""
    kept: list[Claim] = []
    missing: list[str] = []
    for claim in findings.claims:
        order = sorted(range(len(pages)), key=lambda index: index != claim.page - 1)  # the page that was named first
        place = next((index for index in order if quote_found(claim.quote, pages[index].text)), None)
        if place is None:
            missing.append(claim.quote)
        else:
            kept.append(Claim(" ".join(claim.topic.split()), " ".join(claim.text.split()), claim.quote.strip(), place))
    return tuple(dict.fromkeys(kept)), missing


def competitors_of(visits: Sequence[Visit], sources: Mapping[str, Source]) -> tuple[Competitor, ...]:
    """The visits that found something, their claims pointing to the report's sources."""
    made = []
    for visit in visits:
        numbers = [sources[page.snapshot].number if sources else 0 for page in visit.pages]
        claims = tuple(Claim(claim.topic, claim.text, claim.quote, numbers[claim.source]) for claim in visit.claims)
        if claims:
            made.append(Competitor(visit.candidate.name, visit.candidate.url, visit.candidate.reason, claims))
    return tuple(made)


def with_more(work: Work, **changed: Any) -> Work:
    """The work with what a stage has found."""
    return replace(work, **changed)


def host_of(url: str) -> str:
    """The host of an address, without www."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
