"""The state of a research: hits, candidates, visits and their checked claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from sayso.tools.quantities import find_amounts
from sayso.tools.web import find_quote
from sayso.tools.web.fields import Field

from .aspect_forms import settle_aspect
from .aspects import Aspect, count_cues
from .fitting import find_offer, fit
from .report import Claim, Considered, FailedPage, LeftOut, Point, Withdrawn

if TYPE_CHECKING:
    from sayso.workflows import Run

    from .stage_prompts import Findings


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A search result as it was found."""

    title: str
    url: str
    snippet: str


@dataclass(frozen=True, slots=True)
class VisitedPage:
    """A page that was read, with the proof: time, sha256, snapshot.

    `text` is all that can be quoted of it, `fields` its facts as data. `links` are addresses with their texts, `rels` what the page says
    of each ("sponsored"). `asked` is the address before redirects, `canonical` what the page calls its own; `published` its date.
    """

    url: str
    title: str
    text: str
    links: tuple[tuple[str, str], ...]
    fetched_at: str
    sha256: str
    snapshot: str
    fields: tuple[Field, ...] = ()
    published: str = ""
    canonical: str = ""
    asked: str = ""
    rels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A site to visit: whose it seems to be, the address to read first, why it was chosen and the words that show it."""

    name: str
    url: str
    reason: str
    quote: str = ""


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
    """The result of visiting a site: pages, failures, and the claims on the pages (their `source` is an index into `pages`).

    `withdrawn` are the sentences that were not published as written, `dropped` counts those that were left out. `judged` is what the pages
    show about whether the site competes, under the address by which it was chosen.
    """

    candidate: Candidate
    pages: tuple[VisitedPage, ...]
    failed: tuple[FailedPage, ...]
    claims: tuple[Claim, ...] = ()
    dropped: int = 0
    withdrawn: tuple[Withdrawn, ...] = ()
    judged: Considered | None = None
    asked: int = 0
    """How many pages were asked for."""
    left_out: tuple[LeftOut, ...] = ()
    stopped: str = ""
    """Why the budget ended during the visit."""

    @property
    def known(self) -> frozenset[str]:
        """Return the aspects of which a claim is told that still holds."""
        return frozenset(claim.topic for claim in self.claims if not claim.old)

    @property
    def passed_over(self) -> Considered | None:
        """Return why a site whose pages were read is not in the report after all; None where it is."""
        return self.judged if self.judged is not None and not self.judged.competes else None


@dataclass(frozen=True, slots=True)
class ResearchState:
    """The state between two stages; each stage returns a fuller one. `aspects` are the names of what is asked about each site."""

    company: str
    plan: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    hits: tuple[SearchHit, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    visits: tuple[Visit, ...] = ()
    comparison: tuple[Point, ...] = ()
    failed: tuple[FailedPage, ...] = ()
    kind: str = "competitors"
    aspects: tuple[str, ...] = ()
    client: Visit | None = None
    considered: tuple[Considered, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()
    """Sentences of the comparison that were left out."""
    wanted: int = 0
    """How many sites are to be in the report, beside the client."""
    stopped: str = ""
    """Why the budget has ended, as a sentence."""
    left_out: tuple[LeftOut, ...] = ()
    gated: bool = True
    """False in a run that an earlier version began, which had no relevance gate: it goes on as it began."""


class ResearchProgress(NamedTuple):
    """The state at this moment; published after each stage and each visit, and not stored."""

    run: str
    state: ResearchState


def publish_state(run: Run, state: ResearchState) -> ResearchState:
    """Publish the state and return it, so that nothing is lost when the research is stopped."""
    run.publish(ResearchProgress(run.id, state))
    return state


def has_found(state: ResearchState) -> bool:
    """Return whether there is anything to report: a claim, or at least a site that was chosen."""
    visits = state.visits if state.client is None else (state.client, *state.visits)
    return bool(state.candidates) or any(visit.claims for visit in visits)


def list_unvisited(state: ResearchState) -> tuple[Candidate, ...]:
    """Return the sites that would have been visited next, as many as are missing."""
    visited = {visit.candidate.url for visit in state.visits if visit.pages or visit.failed}
    missing = state.wanted - sum(1 for visit in state.visits if visit.claims)
    return tuple(candidate for candidate in state.candidates if candidate.url not in visited)[: max(0, missing)]


def list_left_out(state: ResearchState, stopped: str) -> tuple[LeftOut, ...]:
    """Return what was left out: sites, pages, questions, searches; sites only where the research was stopped."""
    sites = list_unvisited(state) if stopped else ()
    visits = state.visits if state.client is None else (state.client, *state.visits)
    return (
        *(LeftOut("site", candidate.name, candidate.url, stopped) for candidate in sites),
        *(each for visit in visits if not visit.passed_over for each in visit.left_out),
        *state.left_out,
    )


LONGEST_SHOWN = 120


def show_query(text: str) -> str:
    """Return what was asked as a message shows it: one of 3,000 letters is cut off."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def count_words(number: int, noun: str) -> str:
    """Return a number of things in words: "1 site", "3 sites"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def add_pages(first: Visit, second: Visit) -> Visit:
    """Return the first visit with the pages, failures and claims of a second one of the same business; what both say counts once."""
    said = {(claim.topic, claim.text) for claim in first.claims}
    more = [replace(claim, source=claim.source + len(first.pages)) for claim in second.claims if (claim.topic, claim.text) not in said]
    return replace(
        first,
        pages=(*first.pages, *second.pages),
        failed=(*first.failed, *second.failed),
        claims=(*first.claims, *more),
        withdrawn=(*first.withdrawn, *second.withdrawn),
        dropped=first.dropped + second.dropped,
        left_out=(*first.left_out, *second.left_out),
    )


def check_quotes(
    findings: Findings, pages: Sequence[VisitedPage], aspects: Sequence[Aspect] = (), company: str = ""
) -> tuple[tuple[Claim, ...], list[str]]:
    """Return the claims whose quotes stand on a page (white space aside), and the quotes that do not. `source` is the page's index."""
    claims: list[Claim] = []
    missing: list[str] = []
    for claim in findings.claims:
        order = sorted(range(len(pages)), key=lambda index: index != claim.page - 1)  # the page that was named first
        source = next((index for index in order if find_quote(claim.quote, pages[index].text)), None)
        if source is None:
            missing.append(claim.quote)
        else:
            written = "quote" if " ".join(claim.text.split()) == " ".join(claim.quote.split()) else "model"
            topic = fit_topic(claim.topic, claim.text, aspects, company)
            claims.append(Claim(topic, " ".join(claim.text.split()), claim.quote.strip(), source, written, pages[source].published))
    return tuple(dict.fromkeys(claims)), missing


def fit_topic(topic: str, text: str, aspects: Sequence[Aspect], company: str = "") -> str:
    """Return the name of the aspect that a claim is about: the one that was named, else the one whose words the claim has most of.

    A built-in aspect that was named gives way to another one that the claim fits, where it does not fit the named one at all.
    """
    named = " ".join(topic.split())
    for aspect in aspects:
        if aspect.name == named.casefold():
            offer = find_offer(aspects)
            formed = settle_aspect(text, find_amounts(text), offer, aspects) if offer is not None else None
            if formed is not None and formed is not offer:
                return formed.name  # its form says so, whatever its words
            company = "" if ": " in text else company  # "Amberfield Studio, payment accepted: cash" does not say what it is
            fits = fit(text, (), (aspect,), company=company)[0] is not None
            better, _ = (None, 0.0) if fits or not aspect.about else fit(text, (), aspects, company=company)
            return better.name if better is not None else aspect.name
    best = max(aspects, key=lambda aspect: 2 * count_cues(named, aspect) + count_cues(text, aspect), default=None)
    return named if best is None else best.name


def find_home(url: str) -> str:
    """Return the home page of an address's host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"
