"""Visiting a site: which of its pages are read, what a model is asked about them, and what is kept of its answers.

What takes long is computed in threads, so that connections of other visits are not kept waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sayso.tools.definition.tool import AnyTool
from sayso.tools.errors import IncompleteReply, OutputError, ToolError
from sayso.tools.web.fields import Field
from sayso.workflows import Run
from sayso.workflows.runs.events import Progress

from .aspects import Aspect, find_aspects
from .choosing import same_business
from .field_claims import claim_fields
from .gating import gate_claims
from .page_tools import PageMemory
from .ranking import rank_claims
from .report import Considered, FailedPage, Withdrawn
from .site_identity import find_site
from .site_kinds import SiteKind
from .site_names import find_business_name, find_host, find_site_name, squash_name
from .site_reading import Part, choose_link, is_same_site, measure_coverage, order_parts, pack_parts
from .state import Candidate, ResearchState, Visit, VisitedPage, add_pages, check_quotes, find_home

if TYPE_CHECKING:
    from ..agent import Agent
    from .report import Claim
    from .stage_prompts import Findings

TITLE_CHARACTERS = 30
"""How much of a result's title counts as the text of a link: about as much as other links have."""
NOT_ON_THE_PAGE = "its quote is not on the page"


@dataclass(frozen=True, slots=True)
class SiteVisitor:
    """Reads sites with a tool and finds claims on their pages with an agent. At most `most_pages` pages of a site are read."""

    visit_tool: AnyTool
    memory: PageMemory
    finder: Agent[Findings]
    most_pages: int

    async def read_site(self, run: Run, candidate: Candidate, state: ResearchState) -> Visit:
        """Read the page that was found, the home page, and then the pages that promise most about what is still unknown.

        Of a topic only the pages are read that the searches found: the rest of the site is about other things.
        """
        aspects = find_aspects(state.aspects)
        found_too = [(hit.url, hit.title[:TITLE_CHARACTERS]) for hit in state.hits if is_same_site(hit.url, candidate.url)]
        found = await self.read_page(run, candidate.url, 0)
        failed = [found] if isinstance(found, FailedPage) else []
        pages = [found] if isinstance(found, VisitedPage) else []
        seen = {candidate.url}
        home = find_home(pages[0].url if pages else candidate.url)
        if state.kind != "topic" and home not in seen and not (pages and is_home_page(pages[0].url)):
            await self._add_page(run, home, pages, failed, seen)
        for twin in find_twins(candidate, state.considered):
            await self._add_page(run, twin, pages, failed, seen, is_own=True)
        while pages and len(pages) < self.most_pages and len(seen) < 2 * self.most_pages:
            links = found_too if state.kind == "topic" else [*found_too, *(link for page in pages for link in page.links)]
            known = (*seen, *(page.url for page in pages))
            link = await asyncio.to_thread(_choose_next, pages, links, known, aspects)
            if link is None:
                break
            await self._add_page(run, link, pages, failed, seen)
        if not pages:
            run.publish(Progress(run.id, "failed", f"{show_address(candidate.url)}: {failed[0].why}"))
        return Visit(put_name_right(candidate, pages), tuple(pages), tuple(failed))

    async def _add_page(
        self, run: Run, url: str, pages: list[VisitedPage], failed: list[FailedPage], seen: set[str], *, is_own: bool = False
    ) -> None:
        """Read a page and add it, unless it was read already under another address, or is of another site (`is_own` says it is not)."""
        page = await self.read_page(run, url, len(seen))
        seen.add(url)
        if isinstance(page, FailedPage):
            failed.append(page)
        elif not pages or ((is_own or is_same_site(page.url, pages[0].url)) and all(page.sha256 != known.sha256 for known in pages)):
            pages.append(page)

    async def read_page(self, run: Run, url: str, number: int) -> VisitedPage | FailedPage:
        """Read a page and tell so; one that cannot be read is returned with the reason. `number` counts the run's pages from 0."""
        run.publish(Progress(run.id, "read", f"Reading {show_address(url)}"))
        try:
            page: Mapping[str, Any] = await run.call(self.visit_tool, url=url)
        except ToolError as error:
            return FailedPage(url, str(error))

        async def recall(run: Run, url: str) -> Mapping[str, Any]:
            data: Mapping[str, Any] = await run.step("recall", self.memory.recall, url)
            return data

        return make_page(url, page, await run.child(f"data.{number}", recall, url))

    async def find_claims(
        self, run: Run, visit: Visit, state: ResearchState, first: int = 0, tell: Callable[[Visit], None] | None = None
    ) -> Visit:
        """Find the claims on the pages from number `first` on, and return the visit with those that it did not have yet.

        `tell` is handed the visit as far as it is, before each question.
        """
        aspects = find_aspects(state.aspects)
        pages = visit.pages
        name = visit.candidate.name
        claims: list[Claim] = []
        withdrawn: list[Withdrawn] = []
        for number, question in enumerate(await asyncio.to_thread(_make_questions, pages, first, aspects)):
            if tell is not None:
                tell(await asyncio.to_thread(_keep, visit, aspects, claims, withdrawn))
            more, missing = await self._ask(run, f"{first}.{number}" if first else str(number), name, question, pages, aspects, state.kind)
            publishable, taken_away = await asyncio.to_thread(gate_claims, more, pages, name)
            claims += publishable
            withdrawn += [*taken_away, *(Withdrawn(name, quote, NOT_ON_THE_PAGE) for quote in missing)]
        found = await asyncio.to_thread(_keep, visit, aspects, claims, withdrawn)
        run.publish(Progress(run.id, "found", describe_visit(found)))
        return found

    async def _ask(
        self, run: Run, position: str, name: str, parts: Sequence[Part], pages: Sequence[VisitedPage], aspects: Sequence[Aspect], kind: str
    ) -> tuple[tuple[Claim, ...], list[str]]:
        """Ask for the claims of some parts. A quote that is not on the pages is asked for once more; those still missing are returned."""
        from .stage_prompts import findings_question, missing_question  # late, for load time

        blocks = [(part.page + 1, pages[part.page].title, pages[part.page].url, part.text) for part in parts]
        question = findings_question(name, kind, aspects, blocks)
        try:
            found: Findings = await run.child(f"find.{position}", self.finder, question)
            claims, missing = check_quotes(found, pages, aspects)
            if missing:
                again: Findings = await run.child(f"again.{position}", self.finder, missing_question(question, missing))
                more, still_missing = check_quotes(again, pages, aspects)
                claims = tuple(dict.fromkeys((*claims, *more)))
                missing = still_missing or missing[: max(0, len(missing) - len(more))]
        except (IncompleteReply, OutputError) as error:  # one part of one page: the others are asked all the same
            run.publish(Progress(run.id, "failed", f"No usable answer about a part of {show_address(pages[parts[0].page].url)}: {error}"))
            return (), []
        return claims, missing


def _choose_next(
    pages: Sequence[VisitedPage], links: Sequence[tuple[str, str]], known: Sequence[str], aspects: Sequence[Aspect]
) -> str | None:
    return choose_link(pages[0].url, links, known, aspects, measure_coverage(pages, aspects))


def _make_questions(pages: Sequence[VisitedPage], first: int, aspects: Sequence[Aspect]) -> list[tuple[Part, ...]]:
    covered = measure_coverage(pages[:first], aspects)
    return pack_parts([part for part in order_parts(pages, aspects, covered) if part.page >= first])


def _keep(visit: Visit, aspects: Sequence[Aspect], claims: Sequence[Claim], withdrawn: Sequence[Withdrawn]) -> Visit:
    """Return the visit with these claims beside those that it has and those that its pages hold as data, each said once."""
    pages, name = visit.pages, visit.candidate.name
    kept = rank_claims((*claim_fields(pages, name, aspects), *visit.claims, *claims), pages, name, aspects)
    away = (*visit.withdrawn, *withdrawn)
    return replace(visit, claims=kept, withdrawn=away, dropped=sum(1 for each in away if not each.replaced))


def make_page(asked: str, page: Mapping[str, Any], data: Mapping[str, Any]) -> VisitedPage:
    """Return a page from what the page tool gave and from its data, if that was kept."""
    return VisitedPage(
        page["url"],
        page["title"],
        page["text"],
        tuple((link["url"], link["text"]) for link in page["links"]),
        page["fetched_at"],
        page["sha256"],
        page["snapshot"],
        fields=tuple(Field(**field) for field in data.get("fields", ())),
        published=data.get("published", ""),
        canonical=data.get("canonical", ""),
        asked=asked,
        rels=tuple(data.get("rels", ())),
    )


def put_name_right(candidate: Candidate, pages: Sequence[VisitedPage]) -> Candidate:
    """Return the candidate under a name that its pages bear out: a model may give one result's number and another one's name."""
    if not pages or squash_name(candidate.name) in squash_name("".join(f"{page.title} {page.text} {page.url}" for page in pages)):
        return candidate
    name = find_business_name(pages[-1].title, find_site_name(pages[0].url))
    return replace(candidate, name=name)


def find_twins(candidate: Candidate, considered: Sequence[Considered]) -> list[str]:
    """Return the addresses of other hosts of the candidate's business."""
    own = find_site(candidate.url).domain
    return [each.url for each in considered if each.kind == SiteKind.TWIN and find_site(each.page).domain == own]


def is_home_page(url: str) -> bool:
    """Return whether an address is that of a home page."""
    return urlsplit(url).path in ("", "/")


def show_address(url: str) -> str:
    """Return an address as people write it: "smashwick.example/menu"."""
    return url.partition("://")[2].removeprefix("www.").rstrip("/") or url


def describe_visit(visit: Visit) -> str:
    """Return what was found on a site as a sentence."""
    kept = f"{len(visit.claims)} claim{'s' if len(visit.claims) != 1 else ''} kept"
    replaced = sum(1 for each in visit.withdrawn if each.replaced)
    parts = [kept, *([f"{replaced} replaced"] if replaced else []), *([f"{visit.dropped} dropped"] if visit.dropped else [])]
    pages = f"{len(visit.pages)} page{'s' if len(visit.pages) != 1 else ''}"
    return f"{visit.candidate.name}: {', '.join(parts)}, from {pages}"


def merge_same_business(visits: Sequence[Visit], aspects: Sequence[Aspect]) -> list[Visit]:
    """Return the visits; the pages and claims of a later one of a business that was visited already go to the first."""
    kept: list[Visit] = []
    for visit in visits:
        place = next((place for place, each in enumerate(kept) if each.claims and same_business(each.pages, visit.pages)), None)
        if place is not None and visit.claims:
            first, candidate = kept[place], visit.candidate
            kept[place] = _keep(add_pages(first, visit), aspects, (), ())
            reason = f"It is the same business as {first.candidate.name}."
            same = Considered(candidate.name, find_host(candidate.url), candidate.url, competes=False, reason=reason)
            visit = replace(visit, claims=(), withdrawn=(), dropped=0, judged=same)
        kept.append(visit)
    return kept
