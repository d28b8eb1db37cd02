"""The first stages of a research: look the name up, plan, search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sayso.tools.definition.tool import AnyTool
from sayso.tools.errors import NothingFound, SearchFailed, ToolError
from sayso.workflows import Run
from sayso.workflows.runs.events import Progress
from sayso.workflows.shapes.typed import map_each

from .aspects import choose_aspects, find_aspects
from .budget import BudgetEnded, BudgetWatch
from .own_sites import find_own_domains
from .report import LeftOut
from .site_identity import find_site, spell_name
from .state import ResearchState, SearchHit, count_words, publish_state, show_query

if TYPE_CHECKING:
    from ..agent import Agent
    from .stage_prompts import Plan

MOST_QUERIES = 6
FEWEST_ASPECTS = 3
"""A plan that names fewer aspects than these has not understood; then those of the trade are used."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans a research with an agent, and searches with a tool. With `has_sites` there are sites to visit in any case."""

    planner: Agent[Plan]
    search_tool: AnyTool
    watch: BudgetWatch
    has_sites: bool

    async def make_plan(self, run: Run, state: ResearchState) -> ResearchState:
        """Search for the name once, then plan; the plan is published before anything else is done."""
        from .stage_prompts import plan_question  # late, for load time

        run.publish(Progress(run.id, "plan", f"Looking up {state.company}"))
        began_earlier = any(run.replays(f"{step}:search.0") for step in ("read", "propose"))
        if not began_earlier:
            await run.step("gated", _say_gated)
        first_look = await self._look_up(run, state.company)
        if state.kind == "competitors":
            first_look = put_own_first(state.company, first_look)
        usual = [aspect.name for aspect in choose_aspects([f"{hit.title} {hit.snippet}" for hit in first_look], state.kind)]
        seen = [(hit.title, hit.snippet) for hit in first_look[:5]]
        plan = await self.watch.ask(run, "plan", self.planner, plan_question(state.company, state.kind, state.wanted, seen, usual))
        for step in plan.steps:
            run.publish(Progress(run.id, "plan", step))
        queries = _drop_duplicates([*plan.queries, state.company])
        aspects = tuple(aspect.name for aspect in find_aspects(plan.aspects))
        aspects = aspects if len(aspects) >= FEWEST_ASPECTS else tuple(usual)
        run.publish(Progress(run.id, "ask", f"Asking about {', '.join(aspects)}"))
        return publish_state(
            run, replace(state, plan=tuple(plan.steps), queries=queries, hits=tuple(first_look), aspects=aspects, gated=not began_earlier)
        )

    async def _look_up(self, run: Run, company: str) -> list[SearchHit]:
        """Search for the name. Where that fails the plan is made without it: if all searches fail, the next stage says so."""
        try:
            return await self.run_search(run, company)
        except ToolError:
            return []

    async def search(self, run: Run, state: ResearchState) -> ResearchState:
        """Run all queries side by side, and keep what they found in that order, after what the first look found."""
        queries = state.queries[:MOST_QUERIES]
        run.publish(Progress(run.id, "search", f"Searching in {count_words(len(queries), 'way')}"))
        state, failed = await self._run_queries(run, state, queries)
        if not state.hits and not self.has_sites:
            if state.stopped:
                raise BudgetEnded(state.stopped)
            if failed:  # what was not searched may be there all the same
                raise SearchFailed(f"{' '.join(dict.fromkeys(failed))} Whether there is anything to find is not known.")
            asked = ", ".join(repr(show_query(query)) for query in state.queries)
            raise NothingFound(f"Nothing was found for {asked}. Try a fuller name, or another --search.")
        return state

    async def search_more(self, run: Run, asked: tuple[ResearchState, Sequence[str]]) -> ResearchState:
        """Search for more sites, where fewer fit than are wanted."""
        state, queries = asked
        state, _ = await self._run_queries(run, state, queries)
        return replace(state, queries=(*state.queries, *queries))

    async def _run_queries(self, run: Run, state: ResearchState, queries: Sequence[str]) -> tuple[ResearchState, list[str]]:
        """Return the state with what the queries found, and why the others failed."""
        found = await run.child("queries", map_each(self._query, on_error="collect"), list(queries))
        hits = {hit.url: hit for hit in state.hits}
        errors = [(query, result.error) for query, result in zip(queries, found, strict=True) if not isinstance(result, list)]
        for result in found:
            for hit in result if isinstance(result, list) else ():
                hits.setdefault(hit.url, hit)
        left_out = tuple(LeftOut("search", f"the query “{query}”", "", str(error)) for query, error in errors)
        stopped = next((str(error) for _, error in errors if isinstance(error, BudgetEnded)), "")
        state = replace(
            state, hits=tuple(hits.values()), left_out=(*state.left_out, *left_out), stopped=state.stopped or stopped
        )  # fmt: skip
        return state, [str(error) for _, error in errors]

    async def _query(self, run: Run, query: str) -> list[SearchHit]:
        run.publish(Progress(run.id, "search", f"Searching for “{query}”"))
        return await self.run_search(run, query)

    async def run_search(self, run: Run, query: str) -> list[SearchHit]:
        """Search. Raises ToolError, and BudgetEnded if the time is over."""
        try:
            rows: Sequence[Mapping[str, str]] = await run.call(self.search_tool, query=query)
        except ToolError as error:
            if self.watch.is_refusal(error):
                raise BudgetEnded(str(error)) from None
            raise
        return [SearchHit(row["title"], row["url"], row["snippet"]) for row in rows]


def put_own_first(company: str, hits: Sequence[SearchHit]) -> list[SearchHit]:
    """Return the results with those of the company's own site first: a plan is made from what is said there, not from a namesake."""
    own = find_own_domains(company, spell_name(company), hits)[:1]
    return sorted(hits, key=lambda hit: find_site(hit.url).domain not in own)


async def _say_gated() -> bool:
    """Return that this run has a relevance gate; one that was stored before there was any goes on without."""
    return True


def _drop_duplicates(queries: Sequence[str]) -> tuple[str, ...]:
    return tuple({" ".join(query.split()).casefold(): " ".join(query.split()) for query in queries if query.strip()}.values())
