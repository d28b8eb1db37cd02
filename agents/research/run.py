"""The door to the competitor-research agent: `research.run_sync("BettaBurgers", model="gpt-5-mini")`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.tools.approval.requests import Approver
from sayso.workflows import Engine, Limits, RunResult
from sayso.workflows.workflow import in_a_loop

from .pipeline import CompetitorResearch, written_by
from .report import Report
from .state import Work, report_of

if TYPE_CHECKING:
    from sayso.tools.web import Search, Web

    from ..models.model import Model


class Research:
    """`research.run_sync("BettaBurgers", model="gpt-5-mini")`: the door to the competitor-research agent.

    Without a model, sentences are quoted by the built-in extractive reader. `dialect` is the family whose marks the model leaves in its
    text, as Agent takes it. `search` is "duckduckgo" (the default, or what the environment
    variable SAYSO_SEARCH says), "sample" (the sample web that comes with Sayso), a folder or site to index, or a Search. Pages are kept
    under `snapshots` when that is given.
    """

    async def run(
        self,
        company: str,
        *,
        model: str | Model | None = None,
        dialect: str = "auto",
        competitors: int = 5,
        search: str | Search | None = None,
        web: Web | None = None,
        snapshots: Path | str | None = None,
        approve: Approver | None = None,
        limits: Limits | None = None,
        engine: Engine | None = None,
        run_id: str | None = None,
    ) -> RunResult[Report]:
        """Research a company's competitors; the result's `.output` is a Report. Raises NothingFound, ModelError, LimitReached."""
        from .sources import places

        async with places(search, web, snapshots) as (found_search, found_web):
            flow = CompetitorResearch(model_or_reader(model), found_search, found_web, competitors=competitors, dialect=dialect)
            return await flow.run(company, approve=approve, limits=limits, engine=engine, run_id=run_id, grants=flow.grants)

    def run_sync(
        self,
        company: str,
        *,
        model: str | Model | None = None,
        dialect: str = "auto",
        competitors: int = 5,
        search: str | Search | None = None,
        web: Web | None = None,
        snapshots: Path | str | None = None,
        approve: Approver | None = None,
        limits: Limits | None = None,
        engine: Engine | None = None,
        run_id: str | None = None,
    ) -> RunResult[Report]:
        """`run` for programs without an event loop."""
        result: RunResult[Report] = in_a_loop(
            lambda: self.run(
                company,
                model=model,
                dialect=dialect,
                competitors=competitors,
                search=search,
                web=web,
                snapshots=snapshots,
                approve=approve,
                limits=limits,
                engine=engine,
                run_id=run_id,
            ),
            "run_sync",
        )
        return result

    async def run_stream(
        self,
        company: str,
        *,
        model: str | Model | None = None,
        dialect: str = "auto",
        competitors: int = 5,
        search: str | Search | None = None,
        web: Web | None = None,
        snapshots: Path | str | None = None,
        approve: Approver | None = None,
        limits: Limits | None = None,
        engine: Engine | None = None,
        run_id: str | None = None,
    ) -> AsyncIterator[Any]:
        """The events of the research as they happen, its RunEnded last."""
        from .sources import places

        async with places(search, web, snapshots) as (found_search, found_web):
            flow = CompetitorResearch(model_or_reader(model), found_search, found_web, competitors=competitors, dialect=dialect)
            async for event in flow.run_stream(company, approve=approve, limits=limits, engine=engine, run_id=run_id, grants=flow.grants):
                yield event


def model_or_reader(model: str | Model | None) -> Model:
    """The model that was named, or the extractive reader where none was."""
    if model is None:
        from ..models.extractive import ExtractiveReader

        return ExtractiveReader()
    from ..models.named import model_from

    return model_from(model)


def report_so_far(work: Work, model: Model | None, stopped: str) -> Report:
    """The report of a research that was stopped: what was done until then, and why it stopped."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return report_of(work, written_by(model_or_reader(model)), now, stopped)


research = Research()
