"""The competitor research, as a flow that any program with Sayso can execute: the model and where to search stand in its input."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.agents.research.budget import Budget, open_in_time
from sayso.agents.research.pipeline import CONCURRENCY, CompetitorResearch, Kind
from sayso.agents.research.report import Report
from sayso.agents.research.run import choose_model
from sayso.agents.research.sources import CACHE_AGE, open_sources
from sayso.agents.research.stage_models import Reader
from sayso.cli.run_models import find_model, replay_model
from sayso.tools.approval.grant import Grant
from sayso.tools.errors import RunError
from sayso.workflows import Run, Workflow

if TYPE_CHECKING:
    from sayso.agents import Model
    from sayso.tools.web import Search, SearchResult, Web

RESEARCH_GRANTS = (Grant(tool="search"), Grant(tool="visit"))


@dataclass(frozen=True, slots=True)
class ResearchTask:
    """One research: of what, how many competitors, by which model, where to search, and where the report goes (an absolute path).

    With `choose` a person is shown the candidates before the visits.
    """

    company: str
    model: str | None
    base_url: str | None
    search: str | None
    competitors: int
    report: str
    dialect: str = "auto"
    kind: Kind = "competitors"
    rounds: int = 2
    pages: int = 6
    sites: tuple[str, ...] = ()
    choose: bool = False
    formats: tuple[str, ...] = ("md", "json")
    max_cost: float | None = None
    max_pages: int | None = None
    minutes: float | None = None
    concurrency: int = CONCURRENCY
    second_opinion: bool = False
    reader: Reader = "auto"
    cache_age: str = CACHE_AGE
    again: str = ""

    @property
    def budget(self) -> Budget:
        """Return what the research may use."""
        return Budget(max_cost=self.max_cost, max_pages=self.max_pages, minutes=self.minutes)

    def make_research(self, model: Model, search: Search, web: Web, began: float | None = None) -> CompetitorResearch:
        """Return the research that the task asks for; a person who wants to choose does so in this terminal."""
        from sayso.cli.choose import choose_on_terminal  # late, for load time

        return CompetitorResearch(
            model,
            search,
            web,
            competitors=self.competitors,
            kind=self.kind,
            rounds=self.rounds,
            pages=self.pages,
            sites=self.sites,
            choose=choose_on_terminal if self.choose else None,
            dialect=self.dialect,
            budget=self.budget,
            concurrency=self.concurrency,
            second_opinion=self.second_opinion,
            reader=self.reader,
            began=began,
            again=self.again or None,
        )


class ResearchFlow(Workflow[ResearchTask, Report]):
    """The competitor research; by `model` where one is given, else by the model that the task names."""

    input_type = ResearchTask

    def __init__(self, model: Model | None = None) -> None:
        super().__init__("research")
        self._model = model

    async def execute(self, run: Run, value: ResearchTask) -> Report:
        """Research with the task's model and in its sources."""
        names_model = bool(value.model or value.base_url)
        if not run.is_live:
            from sayso.tools.web import Web  # late, for load time

            reader = replay_model(value.model) if names_model else choose_model(None)
            return await value.make_research(reader, refuse_search, Web()).execute(run, value.company)
        model = self._model or choose_model(find_model(value.model, value.base_url) if names_model else None)
        began, snapshots = time.monotonic(), Path(value.report).parent / "snapshots"
        async with open_in_time(open_sources(value.search, None, snapshots, value.cache_age), value.budget) as (search, web):
            return await value.make_research(model, search, web, began).execute(run, value.company)

    def find_user_texts(self, value: ResearchTask) -> Iterable[str]:
        """Return the company's name."""
        return (value.company,)


RESEARCH = ResearchFlow()


async def refuse_search(query: str, limit: int) -> Sequence[SearchResult]:
    """Refuse: a replay does not search."""
    raise RunError(f"{query!r} was searched for in a replay.")
