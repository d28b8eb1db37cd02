"""The research agent: from a name to a report in which every sentence is checked against a page that was read.

plan → search → read the client's own site → choose → let a person change the choice → visit, each in parallel → ask again about what is
unknown → compare and criticise → report. The model never writes an address: it chooses among numbered results. It never has the last word
on a fact: a claim whose quote is not in the stored page is asked for once more, then dropped. Where the budget ends, the stages that are
left do without, and the report says what was left out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sayso.tools.approval.grant import Grant
from sayso.tools.errors import UsageError
from sayso.workflows import Run, Workflow

from ..agent import Agent
from .budget import NO_BUDGET, NOTHING_BEFORE, Budget, BudgetEnded, BudgetWatch
from .earlier_report import read_earlier
from .own_words import OwnWords
from .page_tools import PageMemory, make_search_tool, make_visit_tool, read_further
from .planning import Planner
from .report import KINDS, Report
from .selection import give_site
from .site_choice import SPARE, Chooser, SiteChoice
from .site_visits import SiteVisits
from .stage_models import READERS, Reader, choose_reader, choose_sampling, describe_author, hand_answers, is_extractive
from .state import ResearchState
from .visiting import SiteVisitor
from .writing import ReportWriter

if TYPE_CHECKING:
    from sayso.tools.web import Search, Web

    from ..models.model import Model

Kind = Literal["competitors", "market", "topic"]
CONCURRENCY = 8
"""How many sites are visited side by side."""


class Stages(NamedTuple):
    """The stages of a research, by what they are about."""

    planner: Planner
    choice: SiteChoice
    visits: SiteVisits
    writer: ReportWriter


class CompetitorResearch(Workflow[str, Report]):
    """The research as a workflow: the name of a company, market or topic in, a Report out.

    The minutes of its budget count from `began` on, by `clock`, or from when it is executed.
    """

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
        budget: Budget = NO_BUDGET,
        concurrency: int = CONCURRENCY,
        began: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        name: str = "research",
        dialect: str = "auto",
        again: Report | Path | str | None = None,
        second_opinion: bool = False,
        reader: Reader = "auto",
    ) -> None:
        super().__init__(name, budget.merge_limits(None))
        _check_options(kind, sites, reader, competitors=competitors, rounds=rounds, pages=pages, concurrency=concurrency)
        self.watch: BudgetWatch = BudgetWatch(budget, writes=not is_extractive(model), began=began, clock=clock)
        self.wanted: int = competitors
        self.model: Model = model
        self.again: Report | Path | str | None = again
        self.kind_of_research = kind
        searched = read_further(self.watch.guard_search(search), competitors + SPARE)
        memory = PageMemory(web)
        search_tool, visit_tool = make_search_tool(searched), make_visit_tool(self.watch.guard_pages(memory))
        self.grants: tuple[Grant, Grant] = (Grant(tool=search_tool), Grant(tool=visit_tool))
        from . import stage_prompts as ask  # late, for load time

        answers: dict[str, str] = {}
        thinker = hand_answers(choose_reader(model, reader), answers)

        def agent(
            name: str, instructions: str, output: type[Any], examples: Sequence[tuple[object, ...]] = (), model: Model = thinker
        ) -> Agent[Any]:
            sampling = choose_sampling(model, name)
            return Agent(model, name=name, instructions=instructions, dialect=dialect, output=output, sampling=sampling, examples=examples)

        planner = Planner(agent("plan", ask.PLAN, ask.Plan), search_tool, self.watch, has_sites=bool(sites))
        doubter = agent("opinion", ask.DOUBT, ask.Opinion, ask.OPINION_EXAMPLES, model) if second_opinion else None
        reworder = agent("reword", ask.REWORD, ask.Reworded, ask.REWORD_EXAMPLES, model)
        own_words = None if is_extractive(model) else OwnWords(reworder, self.watch, doubter)
        finder = agent("find", ask.FIND, ask.Findings, ask.FIND_EXAMPLES)
        visitor = SiteVisitor(visit_tool, memory, finder, pages, self.watch, own_words, is_extractive(thinker), answers=answers)
        # The extractive reader sees no more in a row than the evidence has said.
        chooser = None if is_extractive(thinker) else agent("choose", ask.CHOOSE, ask.Choice)
        choice = SiteChoice(planner, visitor, chooser, rounds, tuple(sites), choose)
        writer = ReportWriter(
            describe_author(model, thinker),
            None if is_extractive(thinker) else agent("compare", ask.COMPARE, ask.Comparison),
            agent("criticise", ask.CRITICISE, ask.Critique),
            self.watch,
        )
        self.stages: Stages = Stages(planner, choice, SiteVisits(choice, visitor, concurrency), writer)

    async def execute(self, run: Run, value: str) -> Report:
        """Execute all stages in order. Raises UsageError without a name, NothingFound, BudgetEnded."""
        company = " ".join(value.split())
        if not company:
            raise UsageError("No company was named. Give the name of the company whose competitors you want.")
        self.watch.begin()
        state = ResearchState(company, kind=self.kind_of_research, wanted=self.wanted)
        planner, choice, visits, writer = self.stages
        # A step: whoever resumes the run needs no file.
        earlier = await run.step("earlier", _read_earlier, self.again, company, state.kind) if self.again is not None else None

        async def make_report(run: Run, state: ResearchState) -> Report:
            return await writer.report(run, state, earlier)

        try:
            # The numbers are those under which runs of earlier versions are stored.
            state = await run.child("make_plan.0", planner.make_plan, state)
            state = await run.child("search.1", planner.search, state)
            state = await run.child("client", choice.read_client, state)
            state = await run.child("choose.2", choice.choose, state)
            state = await run.child("person", choice.let_person_choose, state)
            state = await run.child("visit.3", visits.visit, state)
            state = await run.child("again", visits.ask_again, state)
            state = await run.child("compare.4", writer.compare, state)
            report: Report = await run.child("report.5", make_report, state)
        except BudgetEnded as ended:
            raise BudgetEnded(f"{ended} {NOTHING_BEFORE}") from None
        return report


async def _read_earlier(given: Report | Path | str, company: str, kind: str) -> Report:
    return await asyncio.to_thread(read_earlier, given, company, kind)


def _check_options(kind: str, sites: Sequence[str], reader: str, **numbers: int) -> None:
    for url in sites:
        give_site(url)
    for option, number in numbers.items():
        if number < 1:
            raise UsageError(f"{option}={number}: ask for at least one.")
    if kind not in KINDS:
        raise UsageError(f"kind={kind!r} is not one of {', '.join(KINDS)}.")
    if reader not in READERS:
        raise UsageError(f"reader={reader!r} is not one of {', '.join(READERS)}.")
