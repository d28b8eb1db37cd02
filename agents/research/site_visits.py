"""The long stages of a research: visit the sites side by side, then look again for what is unknown of most."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace

from sayso.workflows import Run
from sayso.workflows.runs.events import Progress
from sayso.workflows.shapes.typed import map_each

from .aspects import find_aspects
from .budget import share_pages
from .choosing import judge
from .learned_terms import find_told, learn_terms
from .page_kinds import find_new_home
from .profile import ClientProfile
from .second_look import SecondLook, find_unknown
from .site_choice import SiteChoice, profile_client
from .site_kinds import SiteKind
from .site_names import find_host
from .state import Candidate, ResearchState, Visit, count_words, publish_state
from .tally import Tally, describe_visit, describe_visits, find_cost
from .visiting import SiteVisitor, merge_same_business, read_without_model, show_address

MOST_BATCHES = 20


@dataclass(frozen=True, slots=True)
class SiteVisits:
    """Visits the chosen sites, at most `concurrency` at once, and chooses more where too few can be read or compete."""

    choice: SiteChoice
    visitor: SiteVisitor
    concurrency: int

    async def visit(self, run: Run, state: ResearchState) -> ResearchState:
        """Visit as many sites as are wanted, side by side; for each that cannot be read or does not compete, visit the next candidate.

        No site is begun after the budget has refused something.
        """
        # Without a model finding claims is computing: of as many sites at a time as can be, while others are fetched.
        self.visitor.reader.expect(min(state.wanted, len(state.candidates)))
        profile = await asyncio.to_thread(profile_client, state)
        if state.client is not None:
            client: Visit = await run.child("client", self._find_claims(state), state.client)
            if client.stopped and not client.claims:
                client = await asyncio.to_thread(read_without_model, client, find_aspects(state.aspects), state.kind)
            run.publish(Progress(run.id, "found", describe_visit(client)))
            state = publish_state(run, _note_stops(replace(state, client=client), (client,)))
        turns = asyncio.Semaphore(self.concurrency), asyncio.Semaphore(self.visitor.reader.at_once)
        batch_by = _Batches(self, profile, state, Tally(self.visitor.watch, self.concurrency), *turns)
        visits: list[Visit] = []
        left = list(state.candidates)
        searches_left = self.choice.rounds - 1 if state.gated and self.choice.ask_person is None else 0
        for round_number in range(MOST_BATCHES):
            missing, pages_left = self._count_missing(state, visits)
            if missing <= 0 or pages_left == 0 or state.stopped:
                break
            if not left and searches_left > 0:
                searches_left -= 1
                more = await run.child(f"more.{round_number}", self.choice.choose_more, replace(state, visits=tuple(visits)))
                left = list(more.candidates)
                state = replace(more, candidates=(*state.candidates, *left))
            shares = share_pages(pages_left, min(missing, len(left)))
            batch, left = left[: len(shares)], left[len(shares) :]
            if not batch:
                break
            visits += await batch_by.visit(run, round_number, state, dict(zip([each.url for each in batch], shares, strict=True)), batch)
            visits = await asyncio.to_thread(merge_same_business, visits, find_aspects(state.aspects))
            state = _note_stops(state, visits)
            learned = await asyncio.to_thread(learn_terms, profile, visits) if state.gated else profile
            if learned != batch_by.profile and self._count_missing(state, visits)[0] > 0:
                batch_by.profile = learned
                visits = await self._look_again(run, round_number, state, learned, visits)
        missing, pages_left = self._count_missing(state, visits)
        if missing > 0 and pages_left == 0 and left and not state.stopped:
            state = replace(state, stopped=self.visitor.watch.budget.pages_are_read)
        run.publish(Progress(run.id, "visit", describe_visits(visits)))
        ordered = visits if self.choice.ask_person is not None else sorted(visits, key=_rank)
        return publish_state(run, replace(state, visits=tuple(ordered)))

    def _count_missing(self, state: ResearchState, visits: Iterable[Visit]) -> tuple[int, int | None]:
        """Return how many sites are missing, and how many pages may still be asked for (None: any number)."""
        visits = list(visits)
        missing = state.wanted - sum(1 for visit in visits if visit.claims)
        return missing, self.visitor.count_pages_left(state, visits)

    async def _look_again(self, run: Run, number: int, state: ResearchState, profile: ClientProfile, visits: list[Visit]) -> list[Visit]:
        """Return the visits, of which those that seemed to offer something else are examined in the words learnt since."""

        async def examine(run: Run, visit: Visit) -> Visit:
            return await self.examine(run, visit, visit.candidate, state, profile, 0, lambda _: None)

        passed = {visit.candidate.url: visit for visit in visits if visit.judged is not None and visit.judged.kind == SiteKind.UNRELATED}
        again = await asyncio.to_thread(find_told, profile, list(passed.values()))
        if not again:
            return visits
        examined: list[Visit] = await run.child(f"learned.{number}", map_each(examine, concurrency=1), again)
        by_url = {visit.candidate.url: visit for visit in examined}
        return [by_url.get(visit.candidate.url, visit) for visit in visits]

    def _find_claims(self, state: ResearchState) -> Callable[[Run, Visit], Awaitable[Visit]]:
        async def find(run: Run, visit: Visit) -> Visit:
            return await self.visitor.find_claims(run, visit, state)

        return find

    async def examine(
        self, run: Run, visit: Visit, candidate: Candidate, state: ResearchState, profile: ClientProfile, most: int | None,
        tell: Callable[[Visit], None],
    ) -> Visit:  # fmt: skip
        """Look whether a site competes now that its pages are there, and find claims on them. `most` is how many might be read."""
        before = next((each for each in state.considered if each.url == candidate.url), None)
        if not visit.pages or before is None:
            return visit if not visit.pages else await self.visitor.find_claims(run, visit, state, tell=tell)
        others = [find_host(each.url) for each in state.candidates if each.url != candidate.url]
        after, found = before, None
        if state.gated and self.visitor.is_extractive:
            aspects = find_aspects(state.aspects)
            after, found = await self.visitor.reader.examine(profile, before, others, visit, aspects, state.kind)
        elif state.gated:
            after = await asyncio.to_thread(judge, profile, before, visit.pages, others)
        if after.kind == SiteKind.MOVED and (home := find_new_home(visit.pages)):
            moved, left = replace(candidate, url=home), None if most is None else most - visit.asked

            async def visit_new_home(run: Run, moved: Candidate) -> Visit:
                return await self.visitor.read_site(run, moved, state, left)

            there: Visit = await run.child("moved", visit_new_home, moved)
            if there.pages:
                visit = replace(there, asked=there.asked + visit.asked)
                after, found = judge(profile, replace(before, host=find_host(home), url=home), there.pages, others), None
        visit = replace(visit, judged=replace(after, url=before.url))
        if not after.competes:
            run.publish(Progress(run.id, "passed over", f"{visit.candidate.name}: {after.reason}"))
            return visit
        if state.gated:
            visit = replace(visit, candidate=Candidate(after.name, candidate.url, after.reason, after.quote))
        return await self.visitor.find_claims(run, visit, state, tell=tell, found=found)

    async def ask_again(self, run: Run, state: ResearchState) -> ResearchState:
        """Search for the aspects of which most sites say nothing, on the sites themselves, until a round finds nothing or all are used."""
        for round_number in range(1, self.choice.rounds):
            unknown = find_unknown(state)
            if not unknown or state.stopped:
                break
            run.publish(Progress(run.id, "again", f"Asking again about {', '.join(unknown)}: unknown for most"))
            shares = share_pages(self.visitor.count_pages_left(state, state.visits), len(state.visits))
            look = SecondLook(self.visitor, self.choice.planner.run_search, min(shares, key=lambda share: share or 0, default=0))
            each_visit = map_each(look.for_visit(state, unknown), concurrency=self.concurrency)
            visits: list[Visit] = await run.child(f"round.{round_number}", each_visit, list(state.visits))
            if visits == list(state.visits):
                break
            state = publish_state(run, _note_stops(replace(state, visits=tuple(visits)), visits))
        return state


@dataclass(slots=True)
class _Batches:
    """Visits sites in batches, and tells the state as each visit grows."""

    sites: SiteVisits
    profile: ClientProfile
    state: ResearchState
    tally: Tally
    reading: asyncio.Semaphore
    computing: asyncio.Semaphore
    arrived: dict[str, Visit] = field(default_factory=dict)
    shares: dict[str, int | None] = field(default_factory=dict)

    async def visit(
        self, run: Run, number: int, state: ResearchState, shares: dict[str, int | None], batch: list[Candidate]
    ) -> list[Visit]:
        """Visit a batch of sites side by side, so many pages of each."""
        self.state, self.shares = state, shares
        self.tally.expect(len(batch))
        run.publish(Progress(run.id, "visit", f"Visiting {count_words(len(batch), 'site')}"))
        at_once = self.sites.concurrency * (2 if self.sites.visitor.is_extractive else 1)  # half of them read, as `reading` sees to
        each = map_each(self.visit_and_tell, concurrency=at_once, name="visits")
        visits: list[Visit] = await run.child(f"visits.{number}", each, batch)
        return visits

    async def visit_and_tell(self, run: Run, candidate: Candidate) -> Visit:
        """Visit a site, and tell what was found when it is done."""

        def tell(visit: Visit) -> None:
            self._tell(run, candidate, visit)

        most = self.shares[candidate.url]
        async with self.reading:
            began = self.tally.begin()
            visit = await self.sites.visitor.read_site(run, candidate, self.state, most)
            if not self.sites.visitor.is_extractive:
                visit = await self.sites.examine(run, visit, candidate, self.state, self.profile, most, tell)
        if self.sites.visitor.is_extractive:
            async with self.computing:
                visit = await self.sites.examine(run, visit, candidate, self.state, self.profile, most, tell)
        tell(visit)
        run.publish(Progress(run.id, "found", self.tally.end(show_address(find_host(candidate.url)), visit, began, find_cost(run))))
        return visit

    def _tell(self, run: Run, candidate: Candidate, visit: Visit) -> None:
        self.arrived[candidate.url] = visit
        order = {each.url: place for place, each in enumerate(self.state.candidates)}
        visits = [self.arrived[url] for url in sorted(self.arrived, key=lambda url: order.get(url, len(order)))]
        publish_state(run, replace(self.state, visits=tuple(visits)))


def _rank(visit: Visit) -> tuple[bool, float]:
    """Return where a site stands in the report: those that a person gave, then the closest by what their pages say."""
    is_given = visit.judged is None or visit.judged.kind == SiteKind.GIVEN
    return not is_given, 0.0 if visit.judged is None else -visit.judged.score


def _note_stops(state: ResearchState, visits: Iterable[Visit]) -> ResearchState:
    """Return the state with the reason why the budget has stopped one of the visits."""
    return replace(state, stopped=state.stopped or next((visit.stopped for visit in visits if visit.stopped), ""))
