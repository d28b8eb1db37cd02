"""The relevance gate: a candidate competes only where its own words, or words beside its name, show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sayso.tools.errors import NothingFound

from .profile import ClientProfile, find_shared_places, find_shared_terms, is_home
from .report import Considered
from .site_identity import find_site
from .site_kinds import SiteKind
from .site_names import find_business_name
from .state import SearchHit, VisitedPage


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
    judged = [judge_hits(profile, group) for group in by_domain.values()]
    return tuple(sorted(judged, key=lambda each: (not each.competes, -each.score)))


def judge_hits(profile: ClientProfile, hits: Sequence[SearchHit]) -> Considered:
    """Return what the results of one site show about it."""
    hit = min(hits, key=lambda each: (not is_home(each.url), len(each.url)))
    site = find_site(hit.url)
    name = find_business_name(hit.title, site.label)
    if site.domain in profile.domains:
        return Considered(name, site.host, hit.url, False, f"It is {profile.company} itself.", hit.title, hit.url, SiteKind.ITSELF)
    shared = find_shared_terms(profile, f"{hit.title}. {hit.snippet}")
    score = sum(term.weight * term.rarity for term in shared)
    if not shared:
        return Considered(name, site.host, hit.url, False, "Nothing in its words matches.", hit.title, hit.url, SiteKind.UNRELATED)
    reason = _say_offer(shared.values(), find_shared_places(profile, hit.snippet))
    return Considered(name, site.host, hit.url, True, reason, hit.snippet, hit.url, score=score)


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
