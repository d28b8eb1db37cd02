"""Run the competitor-research agent: `research.run_sync("BettaBurgers", model="gpt-5-mini")`."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from sayso.workflows import RunResult
from sayso.workflows.workflow import SharedRunOptions, reject_option, run_in_new_loop

from .aspects import find_aspects
from .budget import Budget, open_in_time
from .comparing import compare_columns
from .other_companies import leave_out_others
from .pipeline import CONCURRENCY, CompetitorResearch
from .report import Report
from .report_making import make_columns, make_report
from .sources import choose_cache_age, open_sources
from .stage_models import describe_author
from .state import ResearchState, has_found
from .visiting import merge_same_business, read_without_model

if TYPE_CHECKING:
    from sayso.tools.web import Search, Web
    from sayso.workflows import RunEnded
    from sayso.workflows.events.event_types import AnyEvent

    from ..models.model import Model
    from .pipeline import Kind
    from .site_choice import Chooser
    from .stage_models import Reader


class ResearchOptions(SharedRunOptions, total=False):
    """The options of a research beside those of its run; see ResearchAgent."""

    model: str | Model | None
    dialect: str
    competitors: int
    kind: Kind
    rounds: int
    second_opinion: bool
    reader: Reader
    pages: int
    sites: Sequence[str]
    choose: Chooser | None
    search: str | Search | None
    web: Web | None
    snapshots: Path | str | None
    max_cost: float | None
    max_pages: int | None
    minutes: float | None
    concurrency: int
    cache_age: str | None
    again: Report | Path | str | None


class ResearchAgent:
    """The competitor-research agent: `research.run_sync("BettaBurgers", model="gpt-5-mini")`.

    Without a model, sentences are quoted by the built-in extractive reader. `dialect` is the family whose marks the model leaves in its
    text, as Agent takes it. `kind` is what is researched: the "competitors" of a company, a "market", or any "topic". At most `pages` pages
    of a site are read. Where an aspect is unknown for most sites, a search of its own is made for it, in up to `rounds` rounds in all.
    `sites` are addresses of your own to visit. `choose` is an async function that is given the Selection (candidates, aspects) before the
    visits and returns it, changed or not. `search` is "duckduckgo" (the default, or what the environment variable SAYSO_SEARCH says),
    "sample" (the sample web that comes with Sayso), a folder or site to index, or a Search. Pages are stored under `snapshots` when that
    is given. At most `concurrency` sites are visited at once. Pages and answers of searches that are no older than `cache_age` ("24h",
    "7d", "0" for none) come from this user's cache; the report says when each page was read.

    With `second_opinion` the model is asked about each sentence in its own words whether the page says so; where it says no, the page's
    words are quoted instead.

    `reader` says who reads the pages: the "model", or "code", which plans, chooses, reads and compares by itself and has the model say
    single sentences in its own words. "auto" is code for a LocalModel: a processor takes minutes to read a page with one.

    `again` is an earlier report on the same, or its JSON file: `report.changes` says what changed since.

    `max_cost` (US dollars for model calls), `max_pages` (pages of sites that are asked for) and `minutes` end the research with the report
    of what was found until then: `report.stopped` says why, `report.left_out` what was not done. `limits` that are reached raise
    LimitReached instead, as in every run.
    """

    async def run(self, company: str, **options: Unpack[ResearchOptions]) -> RunResult[Report]:
        """Research a company's competitors; the result's `.output` is a Report.

        Raises NothingFound, SearchFailed, ModelError, LimitReached, and BudgetEnded if the budget ends before anything is found.
        """
        async with _open_flow(**options) as (flow, run_options):
            return await flow.run(company, grants=flow.grants, **run_options)

    def run_sync(self, company: str, **options: Unpack[ResearchOptions]) -> RunResult[Report]:
        """Call `run` from a program without an event loop."""
        return run_in_new_loop(lambda: self.run(company, **options), "run_sync")

    async def run_events(self, company: str, **options: Unpack[ResearchOptions]) -> AsyncGenerator[AnyEvent, None]:
        """Research as `run` does and yield the public events as they happen: see sayso.events. `engine.result(run_id)` has the report."""
        async with (
            _open_flow(**options) as (flow, run_options),
            aclosing(flow.run_events(company, grants=flow.grants, **run_options)) as told,
        ):
            async for event in told:
                yield event

    async def run_stream(self, company: str, **options: Unpack[ResearchOptions]) -> AsyncGenerator[AnyEvent | RunEnded, None]:
        """Research as `run` does and yield what `run_events` does, and RunEnded with the result last."""
        async with (
            _open_flow(**options) as (flow, run_options),
            aclosing(flow.run_stream(company, grants=flow.grants, **run_options)) as told,
        ):
            async for event in told:
                yield event

    async def stream_emitted(self, company: str, **options: Unpack[ResearchOptions]) -> AsyncGenerator[Any, None]:
        """Research as `run` does and yield what the engine itself emits: see `Workflow.stream_emitted`."""
        async with _open_flow(**options) as (flow, run_options):
            async for event in flow.stream_emitted(company, grants=flow.grants, **run_options):
                yield event


@asynccontextmanager
async def _open_flow(
    *,
    model: str | Model | None = None,
    dialect: str = "auto",
    competitors: int = 5,
    kind: Kind = "competitors",
    rounds: int = 2,
    second_opinion: bool = False,
    reader: Reader = "auto",
    pages: int = 6,
    sites: Sequence[str] = (),
    choose: Chooser | None = None,
    search: str | Search | None = None,
    web: Web | None = None,
    snapshots: Path | str | None = None,
    max_cost: float | None = None,
    max_pages: int | None = None,
    minutes: float | None = None,
    concurrency: int = CONCURRENCY,
    cache_age: str | None = None,
    again: Report | Path | str | None = None,
    **options: Unpack[SharedRunOptions],
) -> AsyncIterator[tuple[CompetitorResearch, SharedRunOptions]]:
    """Open the sources, and yield the flow with the options of its run; the sources are closed at the end."""
    for name in options.keys() - SharedRunOptions.__optional_keys__:
        reject_option(name, ResearchOptions.__optional_keys__)
    budget = Budget(max_cost=max_cost, max_pages=max_pages, minutes=minutes)
    chosen = choose_model(model)
    if max_cost is not None:
        options["limits"] = budget.merge_limits(options.get("limits"))
    began = time.monotonic()
    age = choose_cache_age(cache_age, compares=again is not None)
    async with open_in_time(open_sources(search, web, snapshots, age), budget) as (found_search, found_web):
        flow = CompetitorResearch(
            chosen,
            found_search,
            found_web,
            competitors=competitors,
            dialect=dialect,
            kind=kind,
            rounds=rounds,
            second_opinion=second_opinion,
            reader=reader,
            pages=pages,
            sites=sites,
            choose=choose,
            budget=budget,
            concurrency=concurrency,
            began=began,
            again=again,
        )
        yield flow, options


def choose_model(model: str | Model | None) -> Model:
    """Return the model that was named, or the extractive reader where none was."""
    if model is None:
        from ..models.extractive import ExtractiveReader  # late, for load time

        return ExtractiveReader()
    from ..models.named import model_from  # late, for load time

    return model_from(model)


def make_partial_report(state: ResearchState, model: Model | None, stopped: str, earlier: Report | None = None) -> Report | None:
    """Return the report of a research that was stopped: what was found until then, compared, and why it stopped. None if nothing was.

    Of the client's pages that no model was asked about yet, what stands there is quoted.
    """
    if state.client is not None and state.client.pages and not state.client.claims:
        state = replace(state, client=read_without_model(state.client, find_aspects(state.aspects), state.kind))
    if not has_found(state):
        return None
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    visits = tuple(merge_same_business(state.visits, find_aspects(state.aspects)))
    state = leave_out_others(replace(state, visits=visits, stopped=stopped))
    if not state.comparison:
        state = replace(state, comparison=tuple(compare_columns(make_columns(state))))
    return make_report(state, describe_author(choose_model(model)), now, stopped, earlier)


research: ResearchAgent = ResearchAgent()
