"""`sayso research`: progress on standard error, the report's path on standard output, and nothing lost if it is stopped."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.agents.research.earlier_report import read_earlier
from sayso.agents.research.pipeline import CONCURRENCY, Kind
from sayso.agents.research.report import Report
from sayso.agents.research.site_choice import SELECTION_STEP
from sayso.agents.research.sources import choose_cache_age
from sayso.cli.builtin_app import builtin_app
from sayso.cli.choose import require_terminal
from sayso.cli.display import read_text
from sayso.cli.found_so_far import FoundSoFar
from sayso.cli.options import (
    Again,
    BaseUrl,
    CacheAge,
    Choose,
    Competitors,
    Concurrency,
    Dialect,
    Formats,
    MaxCost,
    MaxPages,
    Minutes,
    ModelName,
    Out,
    Pages,
    Quiet,
    Rounds,
    SearchIn,
    SecondOpinion,
    Sites,
    StoreIn,
    WhoReads,
    resolve_model,
)
from sayso.cli.progress import ProgressTree
from sayso.cli.report_file import DEFAULT_FORMATS, find_report_path, save_finished_report, say, split_formats
from sayso.cli.research_flow import RESEARCH_GRANTS, ResearchFlow, ResearchTask
from sayso.cli.resume import stream_resumed
from sayso.cli.run_database import database_option, is_database_named, open_engine
from sayso.cli.run_models import portable_model
from sayso.cli.stopping import StopSignals
from sayso.console import terminal
from sayso.tools.approval.requests import Approver
from sayso.tools.errors import UsageError
from sayso.tools.installing import build_install_command
from sayso.tools.web.cache_folder import parse_age
from sayso.workflows import MemoryEngine
from sayso.workflows import engine as memory_engine

if TYPE_CHECKING:
    from sayso.agents import Model
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import RunRow
    from sayso.workflows.events.event_types import AnyEvent


RESEARCHING = {"competitors": "the competitors of {}", "market": "the market for {}", "topic": "{}"}


def research(
    company: str,
    *,
    model: ModelName = None,
    base_url: BaseUrl = None,
    dialect: Dialect = "auto",
    search: SearchIn = None,
    competitors: Competitors = 5,
    kind: Kind = "competitors",
    sites: Sites = None,
    choose: Choose = False,
    rounds: Rounds = 2,
    pages: Pages = 6,
    out: Out = Path("reports"),
    format: Formats = DEFAULT_FORMATS,
    max_cost: MaxCost = None,
    max_pages: MaxPages = None,
    minutes: Minutes = None,
    concurrency: Concurrency = CONCURRENCY,
    cache_age: CacheAge = None,
    again: Again = None,
    second_opinion: SecondOpinion = False,
    reader: WhoReads = "auto",
    quiet: Quiet = False,
    database: StoreIn = None,
    run_id: str | None = None,
) -> int:
    """Research a company's competitors, and write a report with a quote from a page for every claim.

    With --kind market or topic it is a market or a topic that is researched.

    Parameters
    ----------
    company
        Whose competitors; or the market, or the topic.
    competitors
        How many competitors; how many businesses of a market, or pages about a topic.
    kind
        What to research: competitors, market or topic.
    run_id
        With --database: the run to resume, or the id of a new one.
    """
    age = choose_cache_age(cache_age, compares=again is not None)
    parse_age(age)  # one that cannot be read is said so before anything begins
    earlier = read_earlier(again, company, kind) if again is not None else None
    if choose:
        require_terminal()
    task = ResearchTask(company, None, None, search, competitors, "", dialect, kind, rounds, pages, tuple(sites or ()), choose)
    task = replace(task, formats=split_formats(format), cache_age=age, again=str(again.absolute()) if again is not None else "")
    task = replace(task, second_opinion=second_opinion, reader=reader)
    task = replace(task, max_cost=max_cost, max_pages=max_pages, minutes=minutes, concurrency=concurrency)
    with StopSignals() as signals:
        stored = is_database_named(database, run_id)
        chosen = resolve_model(model, base_url, max_cost)
        path = find_report_path(out, company)
        name, url = portable_model(model, base_url, chosen.name) if chosen is not None else (None, None)
        report = str(path.absolute() if stored else path)  # a stored run may be resumed in another folder
        work = ResearchRun(replace(task, model=name, base_url=url, report=report), chosen, quiet=quiet, earlier=earlier)
        return signals.run(_research(work, database, run_id, stored=stored))


async def _research(work: ResearchRun, database: str | None, run_id: str | None, *, stored: bool) -> int:
    async with open_engine(database, builtin_app(), create=True) if stored else nullcontext() as engine:
        return await work.execute(engine, run_id, database_option(database))


@dataclass
class ResearchRun:
    """A research from the command line: its task, the model that answers (None: sentences are quoted), and the work so far."""

    task: ResearchTask
    model: Model | None
    quiet: bool = False
    earlier: Report | None = None
    found: FoundSoFar = field(init=False)

    def __post_init__(self) -> None:
        self.found = FoundSoFar(self.task, self.model, self.quiet, self.earlier)

    async def execute(self, stored: DurableEngine | None = None, run_id: str | None = None, database: str = "") -> int:
        """Research, write the report, and return the exit code.

        With an engine the run is stored under its id, and resumed if the id is known. What was found until it is stopped, by whatever
        it is, is written as a partial report.
        """
        name = run_id or f"research-{secrets.token_hex(4)}"
        row = await self._find_row(stored, name) if stored is not None else None
        if stored is not None:
            say(f"Run {name}. If it is stopped, continue with: sayso resume {name}{database}")
        elif not self.quiet:
            who = self.model.name if self.model is not None else "no language model: sentences are quoted, not written"
            what = RESEARCHING[self.task.kind].format(self.task.company)
            say(f"Researching {what} ({who}) ...")
        if not self.quiet and find_spec("trafilatura") is None:
            say(f"Articles are read with all the text around them. To read them without it: {build_install_command('research')}")

        engine = stored or memory_engine()

        def start(approve: Approver) -> AsyncIterator[AnyEvent]:
            if stored is not None and row is not None:
                return stream_resumed(stored, row, approve)
            limits, flow = self.task.budget.merge_limits(None), ResearchFlow(self.model)
            return flow.run_events(self.task, approve=approve, limits=limits, engine=engine, run_id=name, grants=RESEARCH_GRANTS)

        try:
            await self._follow(start, engine, name)
            report = (await engine.read_turn(name)).output
        except BaseException as error:  # whatever stops it: what was found is written, and the error is raised again
            self.found.save(error)
            if stored is not None and self.found.has_begun:
                say(f"Continue with: sayso resume {name}{database}")
            raise
        return save_finished_report(report, self.task if row is None else _read_task(row), quiet=self.quiet)

    async def _follow(
        self, start: Callable[[Approver], AsyncIterator[AnyEvent]], engine: MemoryEngine | DurableEngine, run_id: str
    ) -> None:
        """Show the events of the run that `start` starts, and keep what is found."""
        shown = ProgressTree(self.task.company, in_words=True, pinned=("plan",), asking=(SELECTION_STEP,))
        with nullcontext() if self.quiet else shown as tree:
            async for event in start(terminal if tree is None else tree.approve_with(terminal)):
                self.found.listen(engine, run_id)
                if tree is not None:
                    tree.take(event)

    async def _find_row(self, engine: DurableEngine, name: str) -> RunRow | None:
        """Return the stored run of that id, if there is one. Raises UsageError if it researches something else."""
        row = await engine.find(name)
        if row is None:
            return None
        task = _read_task(row)
        if task.company != self.task.company:
            raise UsageError(f"The run {name} researches {task.company!r}. Give another --run-id, or none for a new one.")
        return row


def _read_task(row: RunRow) -> ResearchTask:
    task = read_text(row.input)
    if not isinstance(task, ResearchTask):
        raise UsageError(f"The run {row.id} is of the flow {row.flow!r}. Give another --run-id, or none for a new one.")
    return task
