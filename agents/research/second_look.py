"""A second round of questions: what is unknown of most sites is searched for on the sites themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from sayso.workflows import Run

from .report import FailedPage
from .site_reading import is_same_site
from .state import ResearchState, SearchHit, Visit
from .visiting import SiteVisitor

MOST_PAGES = 3
"""How many more pages of a site a round may read."""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Searches for what is unknown of a site, and reads the pages of it that were not read yet."""

    visitor: SiteVisitor
    search: Callable[[Run, str], Awaitable[Sequence[SearchHit]]]

    def for_visit(self, state: ResearchState, unknown: Sequence[str]) -> Callable[[Run, Visit], Awaitable[Visit]]:
        """Return the step that looks again at one site for these aspects, and returns the visit with what it found."""

        async def look(run: Run, visit: Visit) -> Visit:
            missing = [aspect for aspect in unknown if all(claim.topic != aspect for claim in visit.claims)]
            if not visit.claims or not missing:
                return visit
            hits = await self.search(run, f"{visit.candidate.name} {' '.join(missing[:2])}")
            known = {page.url for page in visit.pages} | {page.asked for page in visit.pages} | {page.url for page in visit.failed}
            own = [hit.url for hit in hits if is_same_site(hit.url, visit.pages[0].url) and hit.url not in known][:MOST_PAGES]
            read = [await self.visitor.read_page(run, url, number) for number, url in enumerate(own)]
            hashes = {page.sha256 for page in visit.pages}
            pages = [page for page in read if not isinstance(page, FailedPage) and page.sha256 not in hashes]
            if not pages:
                return visit
            failed = tuple(page for page in read if isinstance(page, FailedPage))
            more = replace(visit, pages=(*visit.pages, *pages), failed=(*visit.failed, *failed))
            return await self.visitor.find_claims(run, more, state, first=len(visit.pages))

        return look


def find_unknown(state: ResearchState) -> list[str]:
    """Return the aspects of which most of the sites say nothing."""
    told = [visit for visit in state.visits if visit.claims]
    known = {aspect: sum(any(claim.topic == aspect for claim in visit.claims) for visit in told) for aspect in state.aspects}
    return [aspect for aspect in state.aspects if 2 * known[aspect] < len(told)]
