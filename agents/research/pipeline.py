"""The competitor-research agent: from a company's name to a report in which every claim has a quote from a page that was read.

plan → search → choose → visit, each in parallel → find → compare → criticise → report. The model never writes an address: it chooses among
numbered results. It never has the last word on a fact: a claim whose quote is not in the stored page is asked for once more, then dropped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from sayso.tools import Content, tool
from sayso.tools.approval.grant import Grant
from sayso.tools.definition.tool import AnyTool
from sayso.tools.effects import Trust
from sayso.tools.errors import NothingFound, ToolError, UsageError
from sayso.workflows import Run, Workflow
from sayso.workflows.runs.events import Progress
from sayso.workflows.shapes.in_order import Draft
from sayso.workflows.shapes.typed import map_each, reflect, sequential

from ..agent import Agent
from .report import KINDS, FailedPage, Point, Report, make_slug
from .site_names import find_business_name, find_site_name, squash_name
from .state import (
    Candidate,
    ResearchProgress,
    ResearchState,
    SearchHit,
    Selection,
    Visit,
    VisitedPage,
    check_quotes,
    choose_links,
    find_host,
    make_competitors,
    make_report,
)  # fmt: skip

if TYPE_CHECKING:
    from sayso.tools.web import Search, Web

    from ..models.model import Model
    from .stage_prompts import Choice, Comparison, Critique, Findings, Plan

Kind = Literal["competitors", "market", "topic"]
Chooser = Callable[[Selection], Awaitable[Selection]]
SPARE = 4
"""How many more competitors are chosen than asked for, to step in for those whose site cannot be read."""
RESULTS = 20


class CompetitorResearch(Workflow[str, Report]):
    """The research as a workflow: a company's name in, a Report out."""

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
        for option, number in (("competitors", competitors), ("rounds", rounds), ("pages", pages)):
            if number < 1:
                raise UsageError(f"{option}={number}: ask for at least one.")
        if kind not in KINDS:
            raise UsageError(f"kind={kind!r} is none of {', '.join(KINDS)}.")
        self.wanted, self.model = competitors, model
        self.kind_of_research, self.rounds, self.pages, self.sites, self.ask_person = kind, rounds, pages, tuple(sites), choose
        self.search_tool, self.visit_tool = make_search_tool(search), make_visit_tool(web)
        self.grants = (Grant(tool=self.search_tool), Grant(tool=self.visit_tool))
        from . import stage_prompts as ask  # late, for load time

        self.planner: Agent[Plan] = Agent(model, name="plan", instructions=ask.PLAN, dialect=dialect, output=ask.Plan)
        self.chooser: Agent[Choice] = Agent(model, name="choose", instructions=ask.CHOOSE, dialect=dialect, output=ask.Choice)
        self.finder: Agent[Findings] = Agent(model, name="find", instructions=ask.FIND, dialect=dialect, output=ask.Findings)
        self.writer: Agent[Comparison] = Agent(model, name="compare", instructions=ask.COMPARE, dialect=dialect, output=ask.Comparison)
        self.critic: Agent[Critique] = Agent(model, name="criticise", instructions=ask.CRITICISE, dialect=dialect, output=ask.Critique)
        self.flow = sequential(self.make_plan, self.search, self.choose, self.visit, self.compare, self.report, name="research")

    async def execute(self, run: Run, value: str) -> Report:
        """Execute all stages in order. Raises UsageError without a name, NothingFound."""
        company = value.strip()
        if not company:
            raise UsageError("No company was named. Give the name of the company whose competitors you want.")
        report: Report = await self.flow.execute(run, ResearchState(company))
        return report

    async def make_plan(self, run: Run, state: ResearchState) -> ResearchState:
        """Search for the name once, then plan; the plan is published before anything else is done."""
        from .stage_prompts import plan_question  # late, for load time

        run.publish(Progress(run.id, "plan", state.company))
        first_look = await self._run_search(run, state.company)
        question = plan_question(state.company, self.wanted, [(hit.title, hit.snippet) for hit in first_look[:5]])
        plan: Plan = await run.child("plan", self.planner, question)
        for step in plan.steps:
            run.publish(Progress(run.id, "plan", step))
        queries = _drop_duplicates([*plan.queries, state.company])
        return publish_state(run, replace(state, plan=tuple(plan.steps), queries=queries, hits=tuple(first_look)))

    async def search(self, run: Run, state: ResearchState) -> ResearchState:
        """Run all queries side by side. Keep one hit for each site, in the order in which the queries found them."""
        found = await run.child("queries", map_each(self._query, on_error="collect"), state.queries[:6])
        hits: dict[str, SearchHit] = {}
        failed = []
        for query, result in zip(state.queries, found, strict=False):
            if isinstance(result, list):
                for hit in result:
                    known = hits.get(find_host(hit.url))
                    if known is None or len(urlsplit(hit.url).path) < len(urlsplit(known.url).path):
                        hits[find_host(hit.url)] = hit  # the page nearest to the home page says best what a site is
            else:
                failed.append(f"“{query}”: {result.error}")
        if not hits:
            why = f" The searches failed: {'; '.join(failed)}" if failed else " Try a fuller name, or another --search."
            raise NothingFound(f"Nothing was found for {', '.join(repr(query) for query in state.queries)}.{why}")
        return replace(state, hits=tuple(hits.values()))

    async def _query(self, run: Run, query: str) -> list[SearchHit]:
        run.publish(Progress(run.id, "search", query))
        return await self._run_search(run, query)

    async def _run_search(self, run: Run, query: str) -> list[SearchHit]:
        rows: Sequence[Mapping[str, str]] = await run.call(self.search_tool, query=query)
        return [SearchHit(row["title"], row["url"], row["snippet"]) for row in rows]

    async def choose(self, run: Run, state: ResearchState) -> ResearchState:
        """Let the model choose results by number, so that no address is ever invented."""
        from .stage_prompts import choice_question  # late, for load time

        run.publish(Progress(run.id, "choose", f"among {len(state.hits)} sites"))
        rows = [(hit.title, hit.url, hit.snippet) for hit in state.hits]
        choice: Choice = await run.child("choose", self.chooser, choice_question(state.company, self.wanted + SPARE, rows))
        candidates: dict[str, Candidate] = {}
        own = make_slug(state.company).replace("-", "")
        for pick in choice.picks:
            if 1 <= pick.number <= len(state.hits) and own not in find_host(state.hits[pick.number - 1].url).replace("-", ""):
                home = _home_page(state.hits[pick.number - 1].url)
                candidates.setdefault(home, Candidate(" ".join(pick.name.split())[:80], home, pick.reason))
        if not candidates:
            raise NothingFound(
                f"Among {len(state.hits)} sites no competitor of {state.company} was chosen. Try another model, or other words."
            )
        return publish_state(run, replace(state, candidates=tuple(candidates.values())))

    async def visit(self, run: Run, state: ResearchState) -> ResearchState:
        """Visit as many competitors as are wanted, side by side; for each that cannot be read, visit the next candidate."""
        visits: list[Visit] = []
        arrived: list[Visit] = []
        left = list(state.candidates)

        async def visit_and_tell(run: Run, candidate: Candidate) -> Visit:
            visit = await self.visit_one(run, candidate)
            arrived.append(visit)
            publish_state(run, replace(state, visits=tuple(arrived)))
            return visit

        for round_number in range(len(left)):
            missing = self.wanted - sum(1 for visit in visits if visit.claims)
            batch, left = left[:missing], left[missing:]
            if not batch:
                break
            visits += await run.child(f"visits.{round_number}", map_each(visit_and_tell, concurrency=8, name="visits"), batch)
        return publish_state(run, replace(state, visits=tuple(visits)))

    async def visit_one(self, run: Run, candidate: Candidate) -> Visit:
        """Read the home page and one or two useful pages it links to, then find the claims that stand on them."""
        run.publish(Progress(run.id, "visit", candidate.url))
        home = await self._visit_page(run, candidate.url)
        if isinstance(home, FailedPage):
            run.publish(Progress(run.id, "failed", f"{candidate.url}: {home.why}"))
            return Visit(candidate, (), (home,))
        more = [await self._visit_page(run, url) for url in choose_links(home)]
        pages = (home, *(page for page in more if isinstance(page, VisitedPage)))
        if squash_name(candidate.name) not in squash_name(f"{home.title} {home.text} {candidate.url}"):
            # A model may give one result's number and another one's name; the page itself says whose it is.
            candidate = Candidate(find_business_name(home.title, find_site_name(candidate.url)), candidate.url, "")
        visit = Visit(candidate, pages, tuple(page for page in more if isinstance(page, FailedPage)))
        run.publish(Progress(run.id, "read", f"{candidate.name}: {len(pages)} pages"))
        return await self._find_claims(run, visit)

    async def _visit_page(self, run: Run, url: str) -> VisitedPage | FailedPage:
        try:
            page: Mapping[str, Any] = await run.call(self.visit_tool, url=url)
        except ToolError as error:
            return FailedPage(url, str(error))
        links = tuple((link["url"], link["text"]) for link in page["links"])
        return VisitedPage(page["url"], page["title"], page["text"], links, page["fetched_at"], page["sha256"], page["snapshot"])

    async def _find_claims(self, run: Run, visit: Visit) -> Visit:
        """Ask for claims with quotes. A quote that is not on the pages is asked for once more, then dropped and counted."""
        from .stage_prompts import findings_question, missing_question  # late, for load time

        question = findings_question(visit.candidate.name, [(page.title, page.url, page.text) for page in visit.pages])
        first: Findings = await run.child("find.0", self.finder, question)
        claims, missing = check_quotes(first, visit.pages)
        if missing:
            again: Findings = await run.child("find.1", self.finder, missing_question(question, missing))
            more, still_missing = check_quotes(again, visit.pages)
            claims = tuple(dict.fromkeys((*claims, *more)))
            missing = still_missing or missing[: max(0, len(missing) - len(more))]
        return Visit(visit.candidate, visit.pages, visit.failed, claims, len(missing))

    async def compare(self, run: Run, state: ResearchState) -> ResearchState:
        """Write the comparison and have it criticised once. A sentence that names no existing fact is left out."""
        from .stage_prompts import comparison_question, critique_question, rewrite_question  # late, for load time

        competitors = make_competitors(state.visits, {})
        facts = sum(len(competitor.claims) for competitor in competitors)
        if not facts:
            return state
        run.publish(Progress(run.id, "compare", f"{len(competitors)} competitors, {facts} facts"))
        question = comparison_question(state.company, competitors)

        async def write(run: Run, task: str | Draft) -> Comparison:
            asked = task if isinstance(task, str) else rewrite_question(question, task.text, task.critique)
            written: Comparison = await run.child("compare", self.writer, asked)
            return written

        async def criticise(run: Run, comparison: Comparison) -> Critique:
            run.publish(Progress(run.id, "criticise", f"{len(comparison.points)} sentences"))
            critique: Critique = await run.child("criticise", self.critic, critique_question(question, comparison))
            return critique

        better = reflect(write, criticise, rounds=1, accept=lambda critique: not critique.problems)
        comparison: Comparison = await run.child("reflect", better, question)
        points = [Point(point.text, tuple(number for number in point.facts if 1 <= number <= facts)) for point in comparison.points]
        return publish_state(run, replace(state, comparison=tuple(point for point in points if point.claims)))

    async def report(self, run: Run, state: ResearchState) -> Report:
        """Number the sources and make the report."""
        return make_report(state, describe_author(self.model), await run.step("made_at", _moment, run))


def make_search_tool(search: Search) -> AnyTool:
    """Return the research's search tool."""

    @tool.egress(name="search", trust=Trust.UNTRUSTED)  # strangers wrote it
    async def search_the_web(query: str) -> list[dict[str, str]]:
        """Search the web."""
        return [{"title": hit.title, "url": hit.url, "snippet": hit.snippet} for hit in await search(query, RESULTS)]

    return search_the_web


def make_visit_tool(web: Web) -> AnyTool:
    """Return the research's page tool: a page with its links and the proof of what was read (time, sha256, snapshot)."""

    @tool.egress(name="visit", trust=Trust.UNTRUSTED)
    async def visit_page(url: str) -> Content:
        """Read a web page."""
        page = await web.page(url)
        snapshot = page.snapshot
        links = [{"url": link.url, "text": link.text} for link in page.links]
        value = {"url": page.final_url, "title": page.title, "text": snapshot.text, "links": links}
        proof = {"fetched_at": snapshot.fetched_at, "sha256": snapshot.sha256, "snapshot": snapshot.name}
        return Content({**value, **proof}, origin=page.final_url)

    return visit_page


async def _moment(run: Run) -> str:
    return datetime.fromtimestamp(run.clock(), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def publish_state(run: Run, state: ResearchState) -> ResearchState:
    """Publish the state and return it, so that nothing is lost when the research is stopped."""
    run.publish(ResearchProgress(run.id, state))
    return state


def describe_author(model: Model) -> str:
    """Return the report's line on who wrote it."""
    from ..models.extractive import ExtractiveReader  # late, for load time

    if isinstance(model, ExtractiveReader):
        return "No language model: sentences are quoted, not written."
    name = model.name.rpartition("/")[2] if model.name.startswith("/") else model.name  # a local file's folder is nobody's business
    return f"Written by {name}; every claim has a quote that was found on the page."


def _drop_duplicates(queries: Sequence[str]) -> tuple[str, ...]:
    return tuple({" ".join(query.split()).casefold(): " ".join(query.split()) for query in queries if query.strip()}.values())


def _home_page(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"
