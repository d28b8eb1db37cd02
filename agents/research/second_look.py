"""A second round of questions: what is unknown of most sites is searched for on the sites themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from sayso.tools.errors import ToolError
from sayso.workflows import Run

from .aspects import Aspect, find_aspects
from .budget import BudgetEnded
from .report import FailedPage, LeftOut
from .site_reading import is_same_site
from .state import ResearchState, SearchHit, Visit
from .visiting import SiteVisitor

MOST_QUERIES = 3
"""How many of the aspects that are unknown of a site are searched for in a round."""
MOST_PAGES = 3
"""How many more pages of a site a round may read."""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Searches for what is unknown of a site, and reads the pages of it that were not read yet: at most `most` of each, if that is given.

    A search that fails, or that the budget does not allow, takes nothing away from what is there.
    """

    visitor: SiteVisitor
    search: Callable[[Run, str], Awaitable[Sequence[SearchHit]]]
    most: int | None = None

    def for_visit(self, state: ResearchState, unknown: Sequence[str]) -> Callable[[Run, Visit], Awaitable[Visit]]:
        """Return the step that looks again at one site for these aspects, and returns the visit with what it found."""

        async def look(run: Run, visit: Visit) -> Visit:
            missing = [aspect for aspect in unknown if aspect not in visit.known]
            if not visit.claims or not missing:
                return visit
            visit, hits = await self._search_all(run, visit, missing)
            known = {page.url for page in visit.pages} | {page.asked for page in visit.pages} | {page.url for page in visit.failed}
            found = dict.fromkeys(hit.url for hit in hits if is_same_site(hit.url, visit.pages[0].url) and hit.url not in known)
            own = list(found)[: MOST_PAGES if self.most is None else min(MOST_PAGES, self.most)]
            hashes = {page.sha256 for page in visit.pages}
            first = len(visit.pages)
            for number, url in enumerate(own):
                try:
                    page = await self.visitor.read_page(run, url, number)
                except BudgetEnded as ended:
                    left_out = LeftOut("pages", f"more pages of {visit.candidate.name}", url, str(ended))
                    visit = replace(visit, stopped=str(ended), left_out=(*visit.left_out, left_out))
                    break
                visit = replace(visit, asked=visit.asked + 1)
                if isinstance(page, FailedPage):
                    visit = replace(visit, failed=(*visit.failed, page))
                elif page.sha256 not in hashes:
                    visit = replace(visit, pages=(*visit.pages, page))
            return await self.visitor.find_claims(run, visit, state, first=first) if len(visit.pages) > first else visit

        return look

    async def _search_all(self, run: Run, visit: Visit, missing: Sequence[str]) -> tuple[Visit, list[SearchHit]]:
        hits: list[SearchHit] = []
        for aspect in find_aspects(missing)[:MOST_QUERIES]:
            query = write_query(visit.candidate.name, aspect)
            try:
                hits += await self.search(run, query)
            except (ToolError, BudgetEnded) as error:
                left_out = LeftOut("search", f"the query “{query}”", "", str(error))
                visit = replace(visit, left_out=(*visit.left_out, left_out))
                if isinstance(error, BudgetEnded):
                    return replace(visit, stopped=str(error)), hits
        return visit, hits


def write_query(name: str, aspect: Aspect) -> str:
    """Return the search for what a business says of an aspect: "Millstone opening hours"."""
    words = " ".join([cue for cue in aspect.cues if cue.isascii() and not cue.endswith("*")][:2])
    return f"{name} {words if aspect.name.startswith('what') and words else aspect.name}"


def find_unknown(state: ResearchState) -> list[str]:
    """Return the aspects of which most of the sites say nothing."""
    told = [visit for visit in state.visits if visit.claims]
    known = {aspect: sum(aspect in visit.known for visit in told) for aspect in state.aspects}
    return [aspect for aspect in state.aspects if 2 * known[aspect] < len(told)]
