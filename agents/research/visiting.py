"""Visiting a site: which of its pages are read, what a model is asked about them, and what is kept of its answers.

What takes long is computed in threads, so that connections of other visits are not kept waiting.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sayso.tools.definition.tool import AnyTool
from sayso.tools.errors import IncompleteReply, OutputError, ToolError
from sayso.tools.web.fields import Field
from sayso.tools.web.page_errors import NOT_STORED
from sayso.workflows import Run
from sayso.workflows.runs.events import Progress

from .aspects import Aspect, find_aspects
from .budget import BudgetEnded, BudgetWatch
from .gating import gate_claims
from .overlooked import find_overlooked
from .page_tools import PageMemory
from .report import Considered, FailedPage, LeftOut, Withdrawn
from .same_sites import SiteMarks, find_marks, have_same_marks
from .site_findings import QuotedAnswer, SiteFindings, keep_best, make_questions, write_question
from .site_identity import find_site
from .site_kinds import SiteKind
from .site_names import find_business_name, find_host, find_site_name, squash_name
from .site_reader import SiteReader
from .site_reading import Part, choose_link, is_same_site, measure_coverage
from .state import Candidate, ResearchState, Visit, VisitedPage, add_pages, check_quotes, count_words, find_home

if TYPE_CHECKING:
    from ..agent import Agent
    from .own_words import OwnWords
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
    watch: BudgetWatch
    own_words: OwnWords | None = None
    """Puts quotes into words of a model's own; None where there is none."""
    is_extractive: bool = False
    """Tells whether claims are found by computing alone, without a model."""
    reader: SiteReader = field(default_factory=SiteReader)
    """Finds what that reader quotes."""
    answers: dict[str, str] = field(default_factory=dict)
    """Where it finds its answers: question to text."""

    async def read_site(self, run: Run, candidate: Candidate, state: ResearchState, most: int | None = None) -> Visit:
        """Read the page that was found, the home page, and then the pages that promise most about what is still unknown.

        At most `most` pages are asked for, if that is given. Of a topic only the pages are read that the searches found: the rest of the
        site is about other things.
        """
        aspects = find_aspects(state.aspects)
        found_too = [(hit.url, hit.title[:TITLE_CHARACTERS]) for hit in state.hits if is_same_site(hit.url, candidate.url)]
        reading = _Reading(self, run, candidate.name, most)
        await reading.add(candidate.url)
        pages = reading.pages
        home = find_home(pages[0].url if pages else candidate.url)
        if state.kind != "topic" and home not in reading.seen and not (pages and is_home_page(pages[0].url)):
            await reading.add(home)
        for twin in find_twins(candidate, state.considered):
            await reading.add(twin, is_own=True)
        while pages and not reading.stopped and len(pages) < self.most_pages and len(reading.seen) < 2 * self.most_pages:
            links = found_too if state.kind == "topic" else [*found_too, *(link for page in pages for link in page.links)]
            known = (*reading.seen, *(page.url for page in pages))
            link = await asyncio.to_thread(reading.choose_link, links, known, aspects)
            if link is None:
                break
            await reading.add(link)
        if not pages and reading.failed:
            run.publish(Progress(run.id, "failed", f"{show_address(candidate.url)}: {reading.failed[0].why}"))
        return reading.make_visit(candidate)

    def count_pages_left(self, state: ResearchState, visits: Iterable[Visit]) -> int | None:
        """Return how many pages may still be asked for; None if there is no end."""
        most = self.watch.budget.max_pages
        asked = sum(visit.asked for visit in visits) + (state.client.asked if state.client is not None else 0)
        return None if most is None else max(0, most - asked)

    async def read_page(self, run: Run, url: str, number: int) -> VisitedPage | FailedPage:
        """Read a page and tell so; one that cannot be read is returned with the reason. `number` counts the run's pages from 0.

        Raises BudgetEnded if the time is over, or if pages cannot be stored: what rests on them could not be checked.
        """
        run.publish(Progress(run.id, "read", f"Reading {show_address(url)}"))
        try:
            page: Mapping[str, Any] = await run.call(self.visit_tool, url=url)
        except ToolError as error:
            if self.watch.is_refusal(error) or NOT_STORED in str(error):
                raise BudgetEnded(str(error)) from None
            return FailedPage(url, str(error))

        async def recall(run: Run, url: str) -> Mapping[str, Any]:
            data: Mapping[str, Any] = await run.step("recall", self.memory.recall, url)
            return data

        return make_page(url, page, await run.child(f"data.{number}", recall, url))

    async def find_claims(
        self,
        run: Run,
        visit: Visit,
        state: ResearchState,
        first: int = 0,
        tell: Callable[[Visit], None] | None = None,
        found: SiteFindings | None = None,
    ) -> Visit:
        """Find the claims on the pages from number `first` on, and return the visit with those that it did not have yet.

        `tell` is handed the visit as far as it is, before each question to a model. `found` is what the extractive reader finds, if that is
        known already.
        """
        aspects = find_aspects(state.aspects)
        if self.is_extractive:
            found = found or await self.reader.find(visit, aspects, state.kind, first)
            quoted = await self._quote(run, visit, state, first, found, tell)
            return await self._word(run, quoted, first, tell) if first == 0 else quoted
        pages = visit.pages
        name = visit.candidate.name
        claims: list[Claim] = []
        withdrawn: list[Withdrawn] = []
        questions = await asyncio.to_thread(make_questions, pages, first, aspects)
        for number, question in enumerate(questions):
            if tell is not None:
                tell(await asyncio.to_thread(_keep, visit, aspects, claims, withdrawn))
            try:
                more, missing = await self._ask(run, _find_position(first, number), name, question, pages, aspects, state.kind)
            except BudgetEnded as ended:
                visit = _leave_questions(visit, len(questions) - number, str(ended))
                break
            publishable, taken_away = await asyncio.to_thread(gate_claims, more, pages, name)
            claims += publishable
            withdrawn += [*taken_away, *(Withdrawn(name, quote, NOT_ON_THE_PAGE) for quote in missing)]
        written = [write_question(parts, pages, aspects, name, state.kind) for parts in questions]
        claims += await asyncio.to_thread(find_overlooked, written, claims, pages, name, aspects)
        whole: Visit = await asyncio.to_thread(_keep, visit, aspects, claims, withdrawn)
        return await self._word(run, whole, first, tell)

    async def _word(self, run: Run, visit: Visit, first: int, tell: Callable[[Visit], None] | None) -> Visit:
        """Return the visit with the best of its quotes in a model's own words, if there is a model."""
        if self.own_words is None:
            return visit
        if tell is not None:
            tell(visit)
        worded: Visit = await run.child(f"own_words.{first}" if first else "own_words", self.own_words.word, visit)
        return worded

    async def _quote(
        self, run: Run, visit: Visit, state: ResearchState, first: int, found: SiteFindings, tell: Callable[[Visit], None] | None
    ) -> Visit:
        """Ask the extractive reader, whose answers are known by now, and return the visit with its claims."""
        aspects, pages, name = find_aspects(state.aspects), visit.pages, visit.candidate.name
        if tell is not None and found.questions:  # its answers come at once
            tell(found.first.put_into(visit))
        claims: list[Claim] = []
        withdrawn: list[Withdrawn] = []
        is_as_found = True
        for number, (question, answer) in enumerate(zip(found.questions, found.answers, strict=True)):
            try:
                more, missing = await self._ask(run, _find_position(first, number), name, question, pages, aspects, state.kind, answer)
            except BudgetEnded as ended:
                visit, is_as_found = _leave_questions(visit, len(found.questions) - number, str(ended)), False
                break
            if more == answer.claims and not missing:
                publishable, taken_away = answer.kept, answer.withdrawn
            else:  # a stored run knows the answer of an earlier version
                publishable, taken_away = await asyncio.to_thread(gate_claims, more, pages, name)
                is_as_found = False
            claims += publishable
            withdrawn += [*taken_away, *(Withdrawn(name, quote, NOT_ON_THE_PAGE) for quote in missing)]
        if is_as_found:
            return found.last.put_into(visit)
        return await asyncio.to_thread(_keep, visit, aspects, claims, withdrawn)

    async def _ask(
        self, run: Run, position: str, name: str, parts: Sequence[Part], pages: Sequence[VisitedPage], aspects: Sequence[Aspect], kind: str,
        known: QuotedAnswer | None = None,
    ) -> tuple[tuple[Claim, ...], list[str]]:  # fmt: skip
        """Ask for the claims of some parts. A quote that is not on the pages is asked for once more; those still missing are returned.

        `known` is what will be answered, unless a stored run has another answer.
        """
        from .stage_prompts import missing_question  # late, for load time

        question = write_question(parts, pages, aspects, name, kind)
        claims: tuple[Claim, ...] = ()
        missing: list[str] = []
        if known is not None:
            self.answers[question] = known.text
        try:
            found = await self.watch.ask(run, f"find.{position}", self.finder, question)
            if known is not None and found.model_dump() == json.loads(known.text):
                claims, missing = known.claims, list(known.missing)
            else:
                claims, missing = check_quotes(found, pages, aspects, name)
            if missing:
                again = await self.watch.ask(run, f"again.{position}", self.finder, missing_question(question, missing))
                more, still_missing = check_quotes(again, pages, aspects, name)
                claims = tuple(dict.fromkeys((*claims, *more)))
                missing = still_missing or missing[: max(0, len(missing) - len(more))]
        except BudgetEnded:
            if not missing:
                raise
        except (IncompleteReply, OutputError) as error:  # one part of one page: the others are asked all the same
            run.publish(Progress(run.id, "failed", f"No usable answer about a part of {show_address(pages[parts[0].page].url)}: {error}"))
        finally:
            self.answers.pop(question, None)
        return claims, missing


@dataclass(slots=True)
class _Reading:
    """The pages of a site as they are read one after another, `most` at most."""

    visitor: SiteVisitor
    run: Run
    name: str
    most: int | None
    pages: list[VisitedPage] = field(default_factory=list)
    failed: list[FailedPage] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    left_out: tuple[LeftOut, ...] = ()
    stopped: str = ""
    """Why no more may be read."""
    is_over: bool = False
    """The budget allows nothing more at all."""
    covered: Counter[str] = field(default_factory=Counter)
    """How many statements of the first pages, `measured` in number, are about each aspect."""
    measured: int = 0

    async def add(self, url: str, *, is_own: bool = False) -> None:
        """Read a page and add it, unless it was read already under another address, or is of another site (`is_own` says it is not)."""
        if self.stopped:
            return
        if self.most is not None and len(self.seen) >= self.most:
            self._stop(url, self.visitor.watch.budget.pages_are_read)
            return
        try:
            page = await self.visitor.read_page(self.run, url, len(self.seen))
        except BudgetEnded as ended:
            self.is_over = True
            self._stop(url, str(ended))
            return
        self.seen.add(url)
        pages = self.pages
        if isinstance(page, FailedPage):
            self.failed.append(page)
        elif not pages or ((is_own or is_same_site(page.url, pages[0].url)) and all(page.sha256 != known.sha256 for known in pages)):
            pages.append(page)

    def choose_link(self, links: Sequence[tuple[str, str]], known: Sequence[str], aspects: Sequence[Aspect]) -> str | None:
        """Return which of the links is read next, by what the pages say already; each page is measured once."""
        self.covered.update(measure_coverage(self.pages[self.measured :], aspects))
        self.measured = len(self.pages)
        return choose_link(self.pages[0].url, links, known, aspects, self.covered)

    def _stop(self, url: str, why: str) -> None:
        self.stopped = why
        if self.pages:
            self.left_out = (LeftOut("pages", f"more pages of {self.name}", url, why),)

    def make_visit(self, candidate: Candidate) -> Visit:
        """Return what was read as a visit."""
        visit = Visit(put_name_right(candidate, self.pages), tuple(self.pages), tuple(self.failed), asked=len(self.seen))
        return replace(visit, left_out=self.left_out, stopped=self.stopped if self.is_over else "")


def _find_position(first: int, number: int) -> str:
    """Return the position of a question about a site, in the names of runs."""
    return f"{first}.{number}" if first else str(number)


def _leave_questions(visit: Visit, questions: int, why: str) -> Visit:
    """Return the visit, of whose pages so many parts are not asked about."""
    what = f"{count_words(questions, 'part')} of the pages of {visit.candidate.name}, about which nothing was asked"
    return replace(visit, left_out=(*visit.left_out, LeftOut("questions", what, visit.pages[0].url, why)), stopped=visit.stopped or why)


def _keep(visit: Visit, aspects: Sequence[Aspect], claims: Sequence[Claim], withdrawn: Sequence[Withdrawn]) -> Visit:
    """Return the visit with these claims beside those that it has and those that its pages hold as data, each said once."""
    return keep_best(visit, aspects, claims, withdrawn).put_into(visit)


def read_without_model(visit: Visit, aspects: Sequence[Aspect], kind: str) -> Visit:
    """Return the visit with what its pages hold as data, and what the extractive reader quotes from them."""
    pages, name = visit.pages, visit.candidate.name
    questions = [write_question(parts, pages, aspects, name, kind) for parts in make_questions(pages, 0, aspects)]
    return _keep(visit, aspects, find_overlooked(questions, (), pages, name, aspects), ())


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
    own = squash_name(candidate.name)
    if not pages or any(own in squash_name(page.title) for page in pages):  # most are named in a title: their texts are long
        return candidate
    if own in squash_name("".join(f"{page.title} {page.text} {page.url}" for page in pages)):
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


def merge_same_business(visits: Sequence[Visit], aspects: Sequence[Aspect]) -> list[Visit]:
    """Return the visits; the pages and claims of a later one of a business that was visited already go to the first."""
    kept: list[Visit] = []
    marks: list[SiteMarks] = []
    for visit in visits:
        own = find_marks(visit.pages)
        same_as = (place for place, each in enumerate(kept) if each.claims and have_same_marks(marks[place], own))
        place = next(same_as, None) if visit.claims else None
        marks.append(own)
        if place is not None:
            first, candidate = kept[place], visit.candidate
            kept[place] = _keep(add_pages(first, visit), aspects, (), ())
            marks[place] = find_marks(kept[place].pages)
            reason = f"It is the same business as {first.candidate.name}."
            same = Considered(candidate.name, find_host(candidate.url), candidate.url, competes=False, reason=reason, kind=SiteKind.TWIN)
            visit = replace(visit, claims=(), withdrawn=(), dropped=0, judged=same)
        kept.append(visit)
    return kept
