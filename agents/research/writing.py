"""The last stages of a research: compare what was found, and make the report."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sayso.tools.errors import IncompleteReply, NothingFound, OutputError
from sayso.workflows import Run
from sayso.workflows.runs.events import Progress
from sayso.workflows.shapes.in_order import Draft
from sayso.workflows.shapes.typed import reflect

from .budget import BudgetEnded, BudgetWatch
from .comparing import compare_columns
from .other_companies import leave_out_others
from .point_gate import gate_points
from .report import Competitor, LeftOut, Point, Report
from .report_making import make_columns, make_report
from .site_choice import explain_no_choice
from .state import ResearchState, count_words, has_found, publish_state

if TYPE_CHECKING:
    from ..agent import Agent
    from .stage_prompts import Comparison, Critique


@dataclass(frozen=True, slots=True)
class ReportWriter:
    """Compares in sentences that are built by code and in those of `writer`, if there is one; and makes the report by `author`."""

    author: str
    writer: Agent[Comparison] | None
    critic: Agent[Critique]
    watch: BudgetWatch

    async def compare(self, run: Run, state: ResearchState) -> ResearchState:
        """Leave out what is said of others; compare in sentences built from the amounts, and in a model's that the claims state."""
        state = await asyncio.to_thread(leave_out_others, state)
        columns = make_columns(state)
        facts = sum(len(column.claims) for column in columns)
        if not facts:
            return state
        run.publish(Progress(run.id, "compare", f"Comparing {count_words(len(columns), 'site')} by {count_words(facts, 'claim')}"))
        built = await asyncio.to_thread(compare_columns, columns)
        state = publish_state(run, replace(state, comparison=tuple(built)))
        try:
            points = await self._write_comparison(run, state, columns)
        except BudgetEnded as ended:
            left_out = LeftOut("comparison", "sentences of the model that compare", "", str(ended))
            return publish_state(run, replace(state, stopped=state.stopped or str(ended), left_out=(*state.left_out, left_out)))
        written, withdrawn = await asyncio.to_thread(gate_points, points, columns)
        if withdrawn:
            run.publish(Progress(run.id, "compare", f"{count_words(len(written), 'sentence')} kept, {len(withdrawn)} dropped"))
        said = {point.text for point in built}
        comparison = (*built, *(point for point in written if point.text not in said))
        return publish_state(run, replace(state, comparison=comparison, withdrawn=withdrawn))

    async def _write_comparison(self, run: Run, state: ResearchState, columns: Sequence[Competitor]) -> list[Point]:
        """Have the comparison written by the model, and criticised once.

        Raises BudgetEnded if nothing was written; what was written before is kept.
        """
        from .stage_prompts import Critique, comparison_question, critique_question, rewrite_question  # late, for load time

        writer = self.writer
        if writer is None:
            return []
        question = comparison_question(state.company, columns)

        async def write(run: Run, task: str | Draft) -> Comparison:
            if isinstance(task, str):
                return await self.watch.ask(run, "compare", writer, task, to_write=True)
            rewrite = rewrite_question(question, task.text, task.critique)
            try:
                return await self.watch.ask(run, "compare", writer, rewrite, to_write=True)
            except BudgetEnded:
                first: Comparison = task.text
                return first

        async def criticise(run: Run, comparison: Comparison) -> Critique:
            number = count_words(len(comparison.points), "sentence")
            run.publish(Progress(run.id, "criticise", f"Checking {number} of the comparison"))
            try:
                return await self.watch.ask(run, "criticise", self.critic, critique_question(question, comparison), to_write=True)
            except BudgetEnded:
                return Critique(problems=[])

        better = reflect(write, criticise, rounds=1, accept=lambda critique: not critique.problems)
        try:
            comparison: Comparison = await run.child("reflect", better, question)
        except (IncompleteReply, OutputError) as error:  # what was found is worth more than sentences about it
            run.publish(Progress(run.id, "failed", f"No usable comparison: {error}"))
            return []
        return [Point(" ".join(point.text.split()), tuple(point.facts)) for point in comparison.points]

    async def report(self, run: Run, state: ResearchState, earlier: Report | None = None) -> Report:
        """Number the sources and make the report, with what changed since an earlier one.

        Raises NothingFound, and BudgetEnded if the budget ended before anything was found.
        """
        if state.stopped and not has_found(state):
            raise BudgetEnded(state.stopped)
        if state.visits and not state.stopped and all(visit.passed_over for visit in state.visits):
            raise NothingFound(explain_no_choice(state, tuple(visit.passed_over for visit in state.visits if visit.passed_over)))
        return make_report(state, self.author, await run.step("made_at", _moment, run), state.stopped, earlier)


async def _moment(run: Run) -> str:
    return datetime.fromtimestamp(run.clock(), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
