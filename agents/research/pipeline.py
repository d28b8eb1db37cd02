"""The research agent: from a name to a report in which every sentence is checked against a page that was read.

plan → search → read the client's own site → choose → let a person change the choice → visit, each in parallel → ask again about what is
unknown → compare and criticise → report. The model never writes an address: it chooses among numbered results. It never has the last word
on a fact: a claim whose quote is not in the stored page is asked for once more, then dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sayso.tools.approval.grant import Grant
from sayso.tools.errors import IncompleteReply, NothingFound, OutputError, SearchFailed, ToolError, UsageError
from sayso.workflows import Run, Workflow
from sayso.workflows.runs.events import Progress
from sayso.workflows.shapes.in_order import Draft
from sayso.workflows.shapes.typed import map_each, reflect

from ..agent import Agent
from .aspects import choose_aspects, find_aspects
from .choosing import consider, judge, require_known
from .comparing import compare_columns
from .more_queries import more_queries
from .page_kinds import find_new_home
from .page_tools import PageMemory, make_search_tool, make_visit_tool, read_further
from .point_gate import gate_points
from .profile import ClientProfile, find_owner_name, is_home, make_profile
from .report import KINDS, Competitor, Considered, Point, Report
from .second_look import SecondLook, find_unknown
from .selection import add_site, find_address, give_site
from .site_identity import find_site
from .site_kinds import SiteKind
from .site_names import find_host
from .stage_models import choose_sampling, describe_author, is_extractive
from .state import Candidate, ResearchProgress, ResearchState, SearchHit, Selection, Visit, make_columns, make_report
from .visiting import SiteVisitor, merge_same_business, show_address

if TYPE_CHECKING:
    from sayso.tools.web import Search, Web

    from ..models.model import Model
    from .stage_prompts import Choice, Comparison, Critique, Findings, Plan

Kind = Literal["competitors", "market", "topic"]
Chooser = Callable[[Selection], Awaitable[Selection]]
"""Takes the selection before the visits and returns it, changed or not."""
SELECTION_STEP = "selection"
"""The name of the step in which a person is asked."""
SPARE = 4
"""How many more sites are chosen than asked for, to step in for those that cannot be read or do not compete after all."""
MOST_QUERIES = 6
MOST_BATCHES = 20
MOST_ROWS = 30
"""How many sites a model is given to choose from at once."""
FEWEST_ASPECTS = 3
"""A plan that names fewer aspects than these has not understood; then those of the trade are used."""


class CompetitorResearch(Workflow[str, Report]):
    """The research as a workflow: the name of a company, market or topic in, a Report out."""

    kind = "sequential"

    def __init__(
        self,
        model: Model,
        search: Search,
        web: Web,
        *,
        competitors: int = 5,
        kind: Kind = "competitors",
        rounds: int = 2,
        pages: int = 6,
        sites: Sequence[str] = (),
        choose: Chooser | None = None,
        name: str = "research",
        dialect: str = "auto",
    ) -> None:
        super().__init__(name)
        _check_options(kind, sites, competitors=competitors, rounds=rounds, pages=pages)
        self.wanted, self.model = competitors, model
        self.kind_of_research, self.rounds, self.sites, self.ask_person = kind, rounds, tuple(sites), choose
        self.memory = PageMemory(web)
        self.search_tool, self.visit_tool = make_search_tool(read_further(search, competitors + SPARE)), make_visit_tool(self.memory)
        self.grants = (Grant(tool=self.search_tool), Grant(tool=self.visit_tool))
        from . import stage_prompts as ask  # late, for load time

        def agent(name: str, instructions: str, output: type[Any]) -> Agent[Any]:
            return Agent(model, name=name, instructions=instructions, dialect=dialect, output=output, sampling=choose_sampling(model, name))

        self.planner: Agent[Plan] = agent("plan", ask.PLAN, ask.Plan)
        self.chooser: Agent[Choice] = agent("choose", ask.CHOOSE, ask.Choice)
        self.finder: Agent[Findings] = agent("find", ask.FIND, ask.Findings)
        self.writer: Agent[Comparison] = agent("compare", ask.COMPARE, ask.Comparison)
        self.critic: Agent[Critique] = agent("criticise", ask.CRITICISE, ask.Critique)
        self.visitor = SiteVisitor(self.visit_tool, self.memory, self.finder, pages)

    async def execute(self, run: Run, value: str) -> Report:
        """Execute all stages in order. Raises UsageError without a name, NothingFound."""
        company = " ".join(value.split())
        if not company:
            raise UsageError("No company was named. Give the name of the company whose competitors you want.")
        state = ResearchState(company, kind=self.kind_of_research)
        # The numbers are those under which runs of earlier versions are stored.
        state = await run.child("make_plan.0", self.make_plan, state)
        state = await run.child("search.1", self.search, state)
        state = await run.child("client", self.read_client, state)
        state = await run.child("choose.2", self.choose, state)
        state = await run.child("person", self.let_person_choose, state)
        state = await run.child("visit.3", self.visit, state)
        state = await run.child("again", self.ask_again, state)
        state = await run.child("compare.4", self.compare, state)
        report: Report = await run.child("report.5", self.report, state)
        return report

    async def make_plan(self, run: Run, state: ResearchState) -> ResearchState:
        """Search for the name once, then plan; the plan is published before anything else is done."""
        from .stage_prompts import plan_question  # late, for load time

        run.publish(Progress(run.id, "plan", f"Looking up {state.company}"))
        began_earlier = any(run.replays(f"{step}:search.0") for step in ("read", "propose"))
        if not began_earlier:
            await run.step("gated", _say_gated)
        first_look = await self._look_up(run, state.company)
        usual = [aspect.name for aspect in choose_aspects([f"{hit.title} {hit.snippet}" for hit in first_look], state.kind)]
        seen = [(hit.title, hit.snippet) for hit in first_look[:5]]
        plan: Plan = await run.child("plan", self.planner, plan_question(state.company, state.kind, self.wanted, seen, usual))
        for step in plan.steps:
            run.publish(Progress(run.id, "plan", step))
        queries = _drop_duplicates([*plan.queries, state.company])
        aspects = tuple(aspect.name for aspect in find_aspects(plan.aspects))
        aspects = aspects if len(aspects) >= FEWEST_ASPECTS else tuple(usual)
        return publish_state(
            run, replace(state, plan=tuple(plan.steps), queries=queries, hits=tuple(first_look), aspects=aspects, gated=not began_earlier)
        )

    async def search(self, run: Run, state: ResearchState) -> ResearchState:
        """Run all queries side by side, and keep what they found in that order, after what the first look found."""
        found = await run.child("queries", map_each(self._query, on_error="collect"), state.queries[:MOST_QUERIES])
        hits = {hit.url: hit for hit in state.hits}
        failed = [str(result.error) for result in found if not isinstance(result, list)]
        for result in found:
            for hit in result if isinstance(result, list) else ():
                hits.setdefault(hit.url, hit)
        if not hits and not self.sites:
            if failed:  # what was not searched may be there all the same
                raise SearchFailed(f"{' '.join(dict.fromkeys(failed))} Whether there is anything to find is not known.")
            queries = ", ".join(repr(query) for query in state.queries)
            raise NothingFound(f"Nothing was found for {queries}. Try a fuller name, or another --search.")
        return replace(state, hits=tuple(hits.values()))

    async def _query(self, run: Run, query: str) -> list[SearchHit]:
        run.publish(Progress(run.id, "search", f"Searching for “{query}”"))
        return await self._run_search(run, query)

    async def _look_up(self, run: Run, company: str) -> list[SearchHit]:
        """Search for the name. Where that fails the plan is made without it: if all searches fail, the next stage says so."""
        try:
            return await self._run_search(run, company)
        except ToolError:
            return []

    async def _run_search(self, run: Run, query: str) -> list[SearchHit]:
        rows: Sequence[Mapping[str, str]] = await run.call(self.search_tool, query=query)
        return [SearchHit(row["title"], row["url"], row["snippet"]) for row in rows]

    async def read_client(self, run: Run, state: ResearchState) -> ResearchState:
        """Read the client's own site, if the searches found it: it is the first column, and shows whom it competes with."""
        profile = await asyncio.to_thread(self._make_profile, state)
        if not profile.domains or state.kind != "competitors":
            return state
        # The first domain is the client's for sure; another one may be that of a namesake.
        found = [hit for hit in state.hits if find_site(hit.url).domain == profile.domains[0]]
        address = find_address(state.company)
        url = min((hit.url for hit in found), key=lambda url: not is_home(url), default=address)
        if not url:
            return state
        run.publish(Progress(run.id, "client", f"Reading the client's own site, {show_address(find_host(url))}"))
        visit = await self.visitor.read_site(run, Candidate(state.company, url, ""), state)
        name = find_owner_name(visit.pages) if address and visit.pages else state.company
        return publish_state(run, replace(state, client=replace(visit, candidate=Candidate(name, url, ""))))

    def _make_profile(self, state: ResearchState) -> ClientProfile:
        pages = state.client.pages if state.client is not None else ()
        return make_profile(state.company, state.hits, pages, queries=state.queries, kind=state.kind)

    async def choose(self, run: Run, state: ResearchState) -> ResearchState:
        """Keep the sites of which evidence says that they compete, and let the model choose among them by number.

        No address is ever invented. A model that chooses none has not understood: then the order of the evidence stands.
        """
        considered: tuple[Considered, ...] = ()
        competing: list[Considered] = []
        for round_number in range(self.rounds):
            profile = await asyncio.to_thread(self._make_profile, state)
            if state.gated and not self.sites:
                require_known(profile, state.queries)
            considered = await asyncio.to_thread(consider, profile, state.hits)
            if not state.gated:
                considered = tuple(replace(each, competes=each.kind != SiteKind.ITSELF) for each in considered)
            competing = [each for each in considered if each.competes]
            more = more_queries(profile, state.queries) if state.gated else ()
            if len(competing) >= self.wanted + SPARE or not more or round_number == self.rounds - 1:
                break
            state = await run.child(f"more.{round_number}", self._search_more, (state, more))
        if not competing and not self.sites:
            raise NothingFound(_explain_no_choice(state, considered))
        run.publish(Progress(run.id, "choose", f"Choosing among {_count(len(considered), 'site')}, of which {len(competing)} fit"))
        chosen = await self._let_model_choose(run, state, competing) if len(competing) > 1 else competing
        candidates = _make_candidates(chosen[: self.wanted + SPARE])
        return publish_state(run, replace(state, candidates=candidates, considered=considered))

    async def _search_more(self, run: Run, asked: tuple[ResearchState, Sequence[str]]) -> ResearchState:
        """Search for more sites, where fewer fit than are wanted."""
        state, queries = asked
        found = await run.child("queries", map_each(self._query, on_error="collect"), list(queries))
        hits = {hit.url: hit for hit in state.hits}
        for result in found:
            for hit in result if isinstance(result, list) else ():
                hits.setdefault(hit.url, hit)
        return replace(state, queries=(*state.queries, *queries), hits=tuple(hits.values()))

    async def _let_model_choose(self, run: Run, state: ResearchState, competing: Sequence[Considered]) -> list[Considered]:
        from .stage_prompts import choice_question  # late, for load time

        if is_extractive(self.model):
            return list(competing)  # it reads no more out of a row than the gate did
        hits = {hit.url: hit for hit in state.hits}
        chosen: list[Considered] = []
        for start in range(0, len(competing), MOST_ROWS):
            missing = self.wanted + SPARE - len(chosen)
            if missing <= 0:
                break
            shown = competing[start : start + MOST_ROWS]
            rows = [(hits[each.url].title, each.url, hits[each.url].snippet) for each in shown]
            question = choice_question(state.company, state.kind, missing, rows)
            choice: Choice = await run.child(f"choose.{start}" if start else "choose", self.chooser, question)
            chosen += [shown[number - 1] for number in dict.fromkeys(pick.number for pick in choice.picks) if 1 <= number <= len(shown)]
        return chosen or list(competing)

    async def _choose_more(self, run: Run, state: ResearchState) -> ResearchState:
        """Search in more words, and return the state with the sites as candidates that were no candidates before."""
        queries = more_queries(await asyncio.to_thread(self._make_profile, state), state.queries)
        if not queries:
            return replace(state, candidates=())
        state = await self._search_more(run, (state, queries))
        tried = {find_site(candidate.url).domain for candidate in state.candidates}
        known = {each.url: each for each in state.considered}
        profile = await asyncio.to_thread(self._make_profile, state)
        considered = tuple(known.get(each.url, each) for each in await asyncio.to_thread(consider, profile, state.hits))
        competing = [each for each in considered if each.competes and find_site(each.url).domain not in tried]
        chosen = await self._let_model_choose(run, state, competing) if competing else []
        return replace(state, candidates=_make_candidates(chosen), considered=considered)

    async def let_person_choose(self, run: Run, state: ResearchState) -> ResearchState:
        """Add the sites that a person gave, and hand the selection to the person who wants to see it."""
        selection = Selection(state.company, state.candidates, state.aspects, state.considered)
        for url in reversed(self.sites):
            selection = add_site(selection, url)
        if self.ask_person is not None:
            run.publish(Progress(run.id, "choose", f"Asking you about {_count(len(selection.candidates), 'site')}"))
            selection = await run.step(SELECTION_STEP, self.ask_person, selection)
        if not selection.candidates:
            raise NothingFound("No site was left to visit. Leave fewer out, or give one with --site.")
        aspects = tuple(aspect.name for aspect in find_aspects(selection.aspects)) or state.aspects
        return publish_state(
            run, replace(state, candidates=selection.candidates, aspects=aspects, considered=selection.considered)
        )  # fmt: skip

    async def visit(self, run: Run, state: ResearchState) -> ResearchState:
        """Visit as many sites as are wanted, side by side; for each that cannot be read or does not compete, visit the next candidate."""
        profile = await asyncio.to_thread(self._make_profile, state)
        visits: list[Visit] = []
        arrived: dict[str, Visit] = {}
        left = list(state.candidates)
        searches_left = self.rounds - 1
        if state.client is not None:
            state = publish_state(run, replace(state, client=await run.child("client", self._find_claims(state), state.client)))

        async def visit_and_tell(run: Run, candidate: Candidate) -> Visit:
            def tell(visit: Visit) -> None:
                arrived[candidate.url] = visit
                publish_state(run, replace(state, visits=tuple(arrived.values())))

            visit = await self._visit_one(run, candidate, state, profile, tell)
            tell(visit)
            return visit

        for round_number in range(MOST_BATCHES):
            missing = self.wanted - sum(1 for visit in visits if visit.claims)
            if missing > 0 and not left and searches_left > 0 and state.gated and self.ask_person is None:
                searches_left -= 1
                more = await run.child(f"more.{round_number}", self._choose_more, state)
                left = list(more.candidates)
                state = replace(more, candidates=(*state.candidates, *left))
            batch, left = left[:missing], left[missing:]
            if not batch:
                break
            visits += await run.child(f"visits.{round_number}", map_each(visit_and_tell, concurrency=8, name="visits"), batch)
            visits = await asyncio.to_thread(merge_same_business, visits, find_aspects(state.aspects))
        return publish_state(run, replace(state, visits=tuple(visits)))

    def _find_claims(self, state: ResearchState) -> Callable[[Run, Visit], Awaitable[Visit]]:
        async def find(run: Run, visit: Visit) -> Visit:
            return await self.visitor.find_claims(run, visit, state)

        return find

    async def _visit_one(
        self, run: Run, candidate: Candidate, state: ResearchState, profile: ClientProfile, tell: Callable[[Visit], None]
    ) -> Visit:
        """Read a site, look again whether it competes now that its pages are there, and find claims on them."""
        visit = await self.visitor.read_site(run, candidate, state)
        before = next((each for each in state.considered if each.url == candidate.url), None)
        if not visit.pages or before is None:
            return visit if not visit.pages else await self.visitor.find_claims(run, visit, state, tell=tell)
        others = [find_host(each.url) for each in state.candidates if each.url != candidate.url]
        after = await asyncio.to_thread(judge, profile, before, visit.pages, others) if state.gated else before
        if after.kind == SiteKind.MOVED and (home := find_new_home(visit.pages)):
            moved = replace(candidate, url=home)

            async def visit_new_home(run: Run, moved: Candidate) -> Visit:
                return await self.visitor.read_site(run, moved, state)

            there: Visit = await run.child("moved", visit_new_home, moved)
            if there.pages:
                visit, after = there, judge(profile, replace(before, host=find_host(home), url=home), there.pages, others)
        visit = replace(visit, judged=replace(after, url=before.url))
        if not after.competes:
            run.publish(Progress(run.id, "passed over", f"{visit.candidate.name}: {after.reason}"))
            return visit
        if state.gated:
            visit = replace(visit, candidate=Candidate(after.name, candidate.url, after.reason, after.quote))
        return await self.visitor.find_claims(run, visit, state, tell=tell)

    async def ask_again(self, run: Run, state: ResearchState) -> ResearchState:
        """Search for the aspects of which most sites say nothing, on the sites themselves, until a round finds nothing or all are used."""
        look = SecondLook(self.visitor, self._run_search)
        for round_number in range(1, self.rounds):
            unknown = find_unknown(state)
            if not unknown:
                break
            run.publish(Progress(run.id, "again", f"Asking again about {', '.join(unknown)}: unknown for most"))
            visits: list[Visit] = await run.child(f"round.{round_number}", map_each(look.for_visit(state, unknown)), list(state.visits))
            if visits == list(state.visits):
                break
            state = publish_state(run, replace(state, visits=tuple(visits)))
        return state

    async def compare(self, run: Run, state: ResearchState) -> ResearchState:
        """Compare in sentences built from the claims' amounts, and in those of a model's sentences that the claims state."""
        columns = make_columns(state)
        facts = sum(len(column.claims) for column in columns)
        if not facts:
            return state
        run.publish(Progress(run.id, "compare", f"Comparing {_count(len(columns), 'site')} by {_count(facts, 'claim')}"))
        built = await asyncio.to_thread(compare_columns, columns)
        written, withdrawn = await asyncio.to_thread(gate_points, await self._write_comparison(run, state, columns), columns)
        if withdrawn:
            run.publish(Progress(run.id, "compare", f"{_count(len(written), 'sentence')} kept, {len(withdrawn)} dropped"))
        said = {point.text for point in built}
        comparison = (*built, *(point for point in written if point.text not in said))
        return publish_state(run, replace(state, comparison=comparison, withdrawn=withdrawn))

    async def _write_comparison(self, run: Run, state: ResearchState, columns: Sequence[Competitor]) -> list[Point]:
        """Have the comparison written by the model, and criticised once. The extractive reader knows no more than the code."""
        from .stage_prompts import comparison_question, critique_question, rewrite_question  # late, for load time

        if is_extractive(self.model):
            return []
        question = comparison_question(state.company, columns)

        async def write(run: Run, task: str | Draft) -> Comparison:
            asked = task if isinstance(task, str) else rewrite_question(question, task.text, task.critique)
            written: Comparison = await run.child("compare", self.writer, asked)
            return written

        async def criticise(run: Run, comparison: Comparison) -> Critique:
            run.publish(Progress(run.id, "criticise", f"Checking {_count(len(comparison.points), 'sentence')} of the comparison"))
            critique: Critique = await run.child("criticise", self.critic, critique_question(question, comparison))
            return critique

        better = reflect(write, criticise, rounds=1, accept=lambda critique: not critique.problems)
        try:
            comparison: Comparison = await run.child("reflect", better, question)
        except (IncompleteReply, OutputError) as error:  # what was found is worth more than sentences about it
            run.publish(Progress(run.id, "failed", f"No usable comparison: {error}"))
            return []
        return [Point(" ".join(point.text.split()), tuple(point.facts)) for point in comparison.points]

    async def report(self, run: Run, state: ResearchState) -> Report:
        """Number the sources and make the report."""
        if state.visits and all(visit.passed_over for visit in state.visits):
            raise NothingFound(_explain_no_choice(state, tuple(visit.passed_over for visit in state.visits if visit.passed_over)))
        return make_report(state, describe_author(self.model), await run.step("made_at", _moment, run))


def _check_options(kind: str, sites: Sequence[str], **numbers: int) -> None:
    for url in sites:
        give_site(url)
    for option, number in numbers.items():
        if number < 1:
            raise UsageError(f"{option}={number}: ask for at least one.")
    if kind not in KINDS:
        raise UsageError(f"kind={kind!r} is none of {', '.join(KINDS)}.")


async def _say_gated() -> bool:
    """Return that this run has a relevance gate; one that was stored before there was any goes on without."""
    return True


async def _moment(run: Run) -> str:
    return datetime.fromtimestamp(run.clock(), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def publish_state(run: Run, state: ResearchState) -> ResearchState:
    """Publish the state and return it, so that nothing is lost when the research is stopped."""
    run.publish(ResearchProgress(run.id, state))
    return state


def _drop_duplicates(queries: Sequence[str]) -> tuple[str, ...]:
    return tuple({" ".join(query.split()).casefold(): " ".join(query.split()) for query in queries if query.strip()}.values())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _make_candidates(chosen: Sequence[Considered]) -> tuple[Candidate, ...]:
    return tuple(Candidate(each.name, each.url, each.reason, each.quote) for each in chosen)


def _explain_no_choice(state: ResearchState, considered: Sequence[Considered]) -> str:
    """Return the sentence for a research that found sites, and none that fits."""
    wanted = {"competitors": f"competes with {state.company}", "market": "is a business in this market", "topic": "is about this topic"}
    why = "; ".join(f"{each.host}: {each.reason.rstrip('.')}" for each in considered[:3])
    return f"Of {_count(len(considered), 'site')} that were found none {wanted[state.kind]} ({why}). Try other words, or another --search."
