"""What a research from the command line has found until now. If it is stopped, by whatever it is, this is written as a partial report."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sayso.agents.research.budget import BudgetEnded
from sayso.agents.research.run import make_partial_report
from sayso.agents.research.state import ResearchProgress, ResearchState
from sayso.cli.options import describe_stop
from sayso.cli.report_file import save_partial_report, say
from sayso.tools.errors import NothingFound, SearchFailed, UsageError

if TYPE_CHECKING:
    from sayso.agents import Model
    from sayso.agents.research.report import Report
    from sayso.cli.research_flow import ResearchTask
    from sayso.workflows import DurableEngine, MemoryEngine


@dataclass
class FoundSoFar:
    """The state of a research as it publishes it. `model` is who answers (None: sentences are quoted), `earlier` an earlier report."""

    task: ResearchTask
    model: Model | None
    quiet: bool = False
    earlier: Report | None = None
    state: ResearchState | None = field(default=None, init=False)
    has_begun: bool = field(default=False, init=False)

    def listen(self, engine: MemoryEngine | DurableEngine, run_id: str) -> None:
        """Keep the state of the research from now on, which has begun as a run of that engine."""
        if not self.has_begun:
            self.has_begun = True
            engine.executions[run_id].listeners.append(self)

    def put_nowait(self, event: object) -> None:
        """Keep the state, if the event has one."""
        if isinstance(event, ResearchProgress):
            self.state = event.state

    def save(self, error: BaseException) -> None:
        """Write what was found until the research was stopped as a report; if nothing was found, say so."""
        if not self.has_begun or isinstance(error, (NothingFound, SearchFailed, BudgetEnded, UsageError)):
            return  # it says itself that there is nothing to report
        why = str(error) or "It was interrupted." if isinstance(error, asyncio.CancelledError) else describe_stop(error)
        if isinstance(error, OSError) and error.strerror:
            why = f"{error.strerror}."  # a reader of the report needs neither a number nor the path
        report = make_partial_report(self.state, self.model, why, self.earlier) if self.state is not None else None
        if report is None:
            say("Nothing had been found by then, so there is no report.")
        else:
            save_partial_report(report, self.task, quiet=self.quiet)
