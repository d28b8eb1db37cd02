"""The middle stages of a research: read the client's own site, choose the sites to visit, and let a person change the choice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sayso.tools.errors import NothingFound
from sayso.workflows import Run
from sayso.workflows.runs.events import Progress

from .aspects import find_aspects
from .budget import BudgetEnded, share_pages
from .choosing import consider, require_known
from .learned_terms import learn_terms
from .more_queries import more_queries
from .page_reading import find_owner_name, is_home
from .planning import Planner
from .profile import ClientProfile, make_profile
from .report import Considered
from .selection import add_site, find_address
from .site_identity import find_site
from .site_kinds import SiteKind
from .site_names import find_host
from .state import Candidate, ResearchState, Selection, count_words, publish_state, show_query
from .visiting import SiteVisitor, show_address

if TYPE_CHECKING:
    from ..agent import Agent
    from .stage_prompts import Choice

Chooser = Callable[[Selection], Awaitable[Selection]]
"""Takes the selection before the visits and returns it, changed or not."""
SELECTION_STEP = "selection"
"""The name of the step in which a person is asked."""
SPARE = 4
"""How many more sites are chosen than asked for at least, to step in for those that cannot be read or do not compete."""
MOST_ROWS = 30
"""How many sites a model is given to choose from at once."""


@dataclass(frozen=True, slots=True)
class SiteChoice:
    """Chooses the sites to visit: the evidence, then an agent (None: the order of the evidence stands), then a person.

    `sites` are addresses that were given, `rounds` how many rounds of searches there may be.
    """

    planner: Planner
    visitor: SiteVisitor
    chooser: Agent[Choice] | None
    rounds: int
    sites: tuple[str, ...] = ()
    ask_person: Chooser | None = None

    async def read_client(self, run: Run, state: ResearchState) -> ResearchState:
        """Read the client's own site, if the searches found it: it is the first column, and shows whom it competes with."""
        profile = await asyncio.to_thread(profile_client, state)
        if not profile.domains or state.kind != "competitors":
            return state
        # The first domain is the client's for sure; another one may be that of a namesake.
        found = [hit for hit in state.hits if find_site(hit.url).domain == profile.domains[0]]
        address = find_address(state.company)
        url = min((hit.url for hit in found), key=lambda url: not is_home(url), default=address)
        if not url:
            return state
        run.publish(Progress(run.id, "client", f"Reading the client's own site, {show_address(find_host(url))}"))
        most = self.planner.watch.budget.max_pages
        share = share_pages(most, 1 + state.wanted)[0] if most is None or most > state.wanted else 1
        visit = await self.visitor.read_site(run, Candidate(state.company, url, ""), state, share)
        name = find_owner_name(visit.pages) if address and visit.pages else state.company
        state = publish_state(run, replace(state, client=replace(visit, candidate=Candidate(name, url, ""))))
        run.publish(Progress(run.id, "client", f"Read {count_words(len(visit.pages), 'page')} of the client's own site"))
        return state

    async def choose(self, run: Run, state: ResearchState) -> ResearchState:
        """Keep the sites of which evidence says that they compete, and let the model choose among them by number.

        No address is ever invented. A model that chooses none has not understood: then the order of the evidence stands.
        """
        considered: tuple[Considered, ...] = ()
        competing: list[Considered] = []
        for round_number in range(self.rounds):
            profile = await asyncio.to_thread(profile_client, state)
            if state.gated and not self.sites:
                require_known(profile, state.queries)
            considered = await asyncio.to_thread(consider, profile, state.hits)
            if not state.gated:
                considered = tuple(replace(each, competes=each.kind != SiteKind.ITSELF) for each in considered)
            competing = [each for each in considered if each.competes]
            more = more_queries(profile, state.queries) if state.gated and not state.stopped else ()
            if len(competing) >= _count_chosen(state.wanted) or not more or round_number == self.rounds - 1:
                break
            state = await run.child(f"more.{round_number}", self.planner.search_more, (state, more))
        if not competing and not self.sites:
            if not state.stopped:
                raise NothingFound(explain_no_choice(state, considered))
            if state.client is None or not state.client.pages:
                raise BudgetEnded(state.stopped)
            return publish_state(run, replace(state, considered=considered))  # what the client's own site says is reported
        run.publish(Progress(run.id, "choose", f"Choosing among {count_words(len(considered), 'site')}, of which {len(competing)} fit"))
        # What was found so far is told before a model is asked: a choice that is never made loses nothing.
        state = replace(state, considered=considered)
        publish_state(run, replace(state, candidates=_make_candidates(competing[: _count_chosen(state.wanted)])))
        chosen = await self._let_model_choose(run, state, competing) if len(competing) > 1 else competing
        return publish_state(run, replace(state, candidates=_make_candidates(chosen[: _count_chosen(state.wanted)])))

    async def _let_model_choose(self, run: Run, state: ResearchState, competing: Sequence[Considered]) -> list[Considered]:
        from .stage_prompts import choice_question  # late, for load time

        if self.chooser is None:
            return list(competing)
        hits = {hit.url: hit for hit in state.hits}
        chosen: list[Considered] = []
        for start in range(0, len(competing), MOST_ROWS):
            missing = _count_chosen(state.wanted) - len(chosen)
            if missing <= 0:
                break
            shown = competing[start : start + MOST_ROWS]
            rows = [(hits[each.url].title, each.url, hits[each.url].snippet) for each in shown]
            question = choice_question(state.company, state.kind, missing, rows)
            try:
                choice = await self.planner.watch.ask(run, f"choose.{start}" if start else "choose", self.chooser, question)
            except BudgetEnded:
                break
            chosen += [shown[number - 1] for number in dict.fromkeys(pick.number for pick in choice.picks) if 1 <= number <= len(shown)]
        return chosen or list(competing)

    async def choose_more(self, run: Run, state: ResearchState) -> ResearchState:
        """Search in more words, and return the state with the sites as candidates that were no candidates before.

        Words of other languages are learnt from the competitors that were visited.
        """
        queries = more_queries(await asyncio.to_thread(learn_profile, state), state.queries)
        if not queries:
            return replace(state, candidates=())
        state = await self.planner.search_more(run, (state, queries))
        tried = {find_site(candidate.url).domain for candidate in state.candidates}
        profile = await asyncio.to_thread(learn_profile, state)
        known = {each.url: each for each in state.considered if each.kind != SiteKind.UNRELATED or not profile.learned}
        considered = tuple(known.get(each.url, each) for each in await asyncio.to_thread(consider, profile, state.hits))
        competing = [each for each in considered if each.competes and find_site(each.url).domain not in tried]
        chosen = await self._let_model_choose(run, state, competing) if competing else []
        return replace(state, candidates=_make_candidates(chosen), considered=considered)

    async def let_person_choose(self, run: Run, state: ResearchState) -> ResearchState:
        """Add the sites that a person gave, and hand the selection to the person who wants to see it."""
        selection = Selection(state.company, state.candidates, state.aspects, state.considered)
        for url in reversed(self.sites):
            selection = add_site(selection, url)
        if not selection.candidates and state.stopped:
            return state
        if self.ask_person is not None:
            run.publish(Progress(run.id, "choose", f"Asking you about {count_words(len(selection.candidates), 'site')}"))
            with self.planner.watch.pause():
                selection = await run.step(SELECTION_STEP, self.ask_person, selection)
        if not selection.candidates:
            raise NothingFound("No site was left to visit. Leave fewer out, or give one with --site.")
        aspects = tuple(aspect.name for aspect in find_aspects(selection.aspects)) or state.aspects
        return publish_state(
            run, replace(state, candidates=selection.candidates, aspects=aspects, considered=selection.considered)
        )  # fmt: skip


def profile_client(state: ResearchState) -> ClientProfile:
    """Return what is known of the client by now."""
    pages = state.client.pages if state.client is not None else ()
    return make_profile(state.company, state.hits, pages, queries=state.queries, kind=state.kind)


def learn_profile(state: ResearchState) -> ClientProfile:
    """Return what is known of the client by now, with the words of other languages that the sites visited so far use for its trade."""
    return learn_terms(profile_client(state), state.visits)


def explain_no_choice(state: ResearchState, considered: Sequence[Considered]) -> str:
    """Return the sentence for a research that found sites, and none that fits."""
    wanted = {
        "competitors": f"competes with {show_query(state.company)}",
        "market": "is a business in this market",
        "topic": "is about this topic",
    }
    why = "; ".join(f"{each.host}: {each.reason.rstrip('.')}" for each in considered[:3])
    found = count_words(len(considered), "site")
    return f"Of {found} that were found none {wanted[state.kind]} ({why}). Try other words, or another --search."


def _count_chosen(wanted: int) -> int:
    return wanted + max(SPARE, wanted)


def _make_candidates(chosen: Sequence[Considered]) -> tuple[Candidate, ...]:
    return tuple(Candidate(each.name, each.url, each.reason, each.quote) for each in chosen)
