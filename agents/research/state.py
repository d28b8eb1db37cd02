"""The state of a research: hits, candidates, visits and their checked claims; and the report that is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from sayso.tools.web import find_quote

from .report import Claim, Competitor, Considered, FailedPage, Point, Report, Source

if TYPE_CHECKING:
    from .stage_prompts import Findings

USEFUL = ("menu", "price", "product", "about", "location", "store", "story", "find-us", "visit", "order", "restaurants", "features")


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A search result that stands for a site; its number is its place in the list that the model chooses from."""

    title: str
    url: str
    snippet: str


@dataclass(frozen=True, slots=True)
class VisitedPage:
    """A page that was read, with the proof: time, sha256, snapshot."""

    url: str
    title: str
    text: str
    links: tuple[tuple[str, str], ...]
    fetched_at: str
    sha256: str
    snapshot: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chosen competitor that is not visited yet."""

    name: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person may look at and change before the sites are visited: who is visited, in this order, and what is asked about each.

    `considered` are all sites that were found, with why each was or was not chosen.
    """

    company: str
    candidates: tuple[Candidate, ...]
    aspects: tuple[str, ...]
    considered: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """The result of visiting a competitor: pages, failures, and the claims on the pages (their `source` is an index into `pages`)."""

    candidate: Candidate
    pages: tuple[VisitedPage, ...]
    failed: tuple[FailedPage, ...]
    claims: tuple[Claim, ...] = ()
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class ResearchState:
    """The state between two stages; each stage returns a fuller one."""

    company: str
    plan: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    hits: tuple[SearchHit, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    visits: tuple[Visit, ...] = ()
    comparison: tuple[Point, ...] = ()
    failed: tuple[FailedPage, ...] = ()


class ResearchProgress(NamedTuple):
    """The state at this moment; published after each stage and each visit, and not stored."""

    run: str
    state: ResearchState


def make_report(state: ResearchState, author: str, made_at: str, stopped: str = "") -> Report:
    """Return the report of what is known."""
    pages = [page for visit in state.visits for page in visit.pages]
    sources = {
        page.snapshot: Source(number, page.url, page.title, page.fetched_at, page.sha256, page.snapshot)
        for number, page in enumerate({page.snapshot: page for page in pages}.values(), 1)
    }
    return Report(
        company=state.company,
        made_at=made_at,
        written_by=author,
        plan=state.plan,
        queries=state.queries,
        competitors=make_competitors(state.visits, sources),
        comparison=state.comparison,
        sources=tuple(sources.values()),
        failed_pages=tuple(page for visit in state.visits for page in visit.failed),
        dropped_claims=sum(visit.dropped for visit in state.visits),
        stopped=stopped,
    )


def choose_links(home: VisitedPage, most: int = 2) -> list[str]:
    """Return the pages of the same site that say most about a business, judged by their address and link text."""
    found: dict[str, int] = {}
    for url, text in home.links:
        address = url.partition("#")[0]
        if find_host(address) != find_host(home.url) or address.rstrip("/") == home.url.rstrip("/"):
            continue
        words = f"{urlsplit(address).path} {text}".lower()
        score = min((rank for rank, word in enumerate(USEFUL) if word in words), default=len(USEFUL))
        if score < len(USEFUL):
            found[address] = min(score, found.get(address, score))
    return sorted(found, key=lambda address: (found[address], len(address)))[:most]


def check_quotes(findings: Findings, pages: Sequence[VisitedPage]) -> tuple[tuple[Claim, ...], list[str]]:
    """Return the claims whose quotes stand on a page (white space aside), and the quotes that do not. `source` is the page's index."""
    claims: list[Claim] = []
    missing: list[str] = []
    for claim in findings.claims:
        order = sorted(range(len(pages)), key=lambda index: index != claim.page - 1)  # the page that was named first
        source = next((index for index in order if find_quote(claim.quote, pages[index].text)), None)
        if source is None:
            missing.append(claim.quote)
        else:
            claims.append(Claim(" ".join(claim.topic.split()), " ".join(claim.text.split()), claim.quote.strip(), source))
    return tuple(dict.fromkeys(claims)), missing


def make_competitors(visits: Sequence[Visit], sources: Mapping[str, Source]) -> tuple[Competitor, ...]:
    """Return the visits that found something as competitors, their claims pointing to the report's sources."""
    made = []
    for visit in visits:
        numbers = [sources[page.snapshot].number if sources else 0 for page in visit.pages]
        claims = tuple(Claim(claim.topic, claim.text, claim.quote, numbers[claim.source]) for claim in visit.claims)
        if claims:
            made.append(Competitor(visit.candidate.name, visit.candidate.url, visit.candidate.reason, claims))
    return tuple(made)


def find_host(url: str) -> str:
    """Return the host of an address, without www."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
