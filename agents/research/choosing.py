"""The relevance gate: a candidate competes only where its own words, or words beside its name, show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from sayso.tools.errors import NothingFound

from .profile import ClientProfile, Term, find_shared_places, find_shared_terms
from .report import Considered
from .site_identity import carries_name, find_site
from .site_kinds import SiteKind, find_hit_kind
from .site_names import find_business_name
from .state import SearchHit, VisitedPage

STRONG = 0.3
"""A word of at least this part of the heaviest word's weight says what the client does."""
ENOUGH = 0.7
WHAT_IT_IS = {
    SiteKind.LIST: "A list or comparison of others.",
    SiteKind.DIRECTORY: "A place that lists what others offer.",
    SiteKind.ABOUT: "It writes about {company}.",
    SiteKind.NEWS: "An article, not the page of a business about itself.",
    SiteKind.REFERENCE: "A work of reference.",
    SiteKind.PLATFORM: "A platform on which others publish or sell.",
    SiteKind.JOBS: "Job offers.",
}


def require_known(profile: ClientProfile, queries: Sequence[str]) -> None:
    """Raise NothingFound where no result is about the client, so that nothing can be compared with it."""
    if profile.known and profile.terms:
        return
    searched = ", ".join(f"“{query}”" for query in dict.fromkeys([profile.company, *queries]))
    raise NothingFound(
        f"Nothing was found about {profile.company!r}. Searched for {searched}. "
        "Give the full name as its own pages write it, or its address, or another --search."
    )


def consider(profile: ClientProfile, hits: Sequence[SearchHit]) -> tuple[Considered, ...]:
    """Return every site among the results, once each, with the decision whether it competes; the closest competitors first."""
    by_domain: dict[str, list[SearchHit]] = {}
    for hit in hits:
        by_domain.setdefault(find_site(hit.url).domain, []).append(hit)
    names = {
        domain: find_business_name(group[0].title, find_site(group[0].url).label)
        for domain, group in by_domain.items()
        if domain not in profile.domains and not carries_name(find_site(group[0].url).label, profile.names)
    }
    judged = [judge_hits(profile, group, [name for other, name in names.items() if other != domain]) for domain, group in by_domain.items()]
    return tuple(sorted(judged, key=lambda each: (not each.competes, -each.score)))


def judge_hits(profile: ClientProfile, hits: Sequence[SearchHit], others: Sequence[str] = ()) -> Considered:
    """Return what the results of one site show about it: the most favourable of them counts. `others` are the names of the other sites."""
    judged = [_judge_hit(profile, hit, others) for hit in hits]
    return min(judged, key=lambda each: (not each.competes, -each.score, len(each.url)))


def _judge_hit(profile: ClientProfile, hit: SearchHit, others: Sequence[str]) -> Considered:
    site = find_site(hit.url)
    name = find_business_name(hit.title, site.label)

    def refuse(kind: SiteKind, reason: str, quote: str = hit.title) -> Considered:
        return Considered(name, site.host, hit.url, False, reason, quote, hit.url, kind)

    if site.domain in profile.domains:
        return refuse(SiteKind.ITSELF, f"It is {profile.company} itself.")
    if profile.names and carries_name(site.label, profile.names):
        return refuse(SiteKind.NAMESAKE, f"It has the name of {profile.company}, and another offer.", hit.snippet)
    if found := find_hit_kind(profile.company, profile.domains, hit):
        return refuse(found.kind, WHAT_IT_IS[found.kind].format(company=profile.company), found.quote)
    text = f"{hit.title}. {hit.snippet}"
    named = [other for other in others if len(other) > 3 and re.search(rf"(?<!\w){re.escape(other)}(?!\w)", text)]
    if len(named) > 1:
        return refuse(SiteKind.LIST, f"It writes about other businesses: {', '.join(named[:3])}.", hit.snippet)
    shared = find_shared_terms(profile, text)
    if not _is_same_offer(profile, shared):
        said = f" beyond “{next(iter(shared.values()))}”" if shared else ""
        return refuse(SiteKind.UNRELATED, f"It says nothing of what {profile.company} offers ({profile.offer}){said}.", hit.snippet)
    places = list(find_shared_places(profile, text))
    score = sum(term.weight * term.rarity for term in shared) + len(places)
    return Considered(name, site.host, hit.url, True, _say_offer(shared.values(), places), hit.snippet, hit.url, score=round(score, 3))


def _is_same_offer(profile: ClientProfile, shared: Mapping[Term, str]) -> bool:
    """Return whether the shared words are enough: two of those that say most, or three of any."""
    if not profile.terms:
        return False
    top = profile.terms[0].weight
    strong = [term for term in shared if term.weight >= STRONG * top]
    return len(strong) > 1 or (len(strong) == 1 and len(shared) > 1 and sum(term.weight for term in shared) >= ENOUGH * top)


def judge(profile: ClientProfile, considered: Considered, pages: Sequence[VisitedPage], others: Sequence[str] = ()) -> Considered:
    """Return the decision about a candidate after its pages were read: a namesake, a list or a moved site is found out here.

    `pages` has the page that was read first first. `others` are the hosts of the other candidates: who links to many of them is a list.
    """
    return considered


def same_business(first: Sequence[VisitedPage], second: Sequence[VisitedPage]) -> bool:
    """Return whether the pages of two sites are of one business."""
    return bool(first and second) and find_site(first[0].url).domain == find_site(second[0].url).domain


def _say_offer(words: Iterable[str], places: Iterable[str]) -> str:
    where = ", ".join(places)
    return f"Same offer: {', '.join(words)}." + (f" Same place: {where}." if where else "")
