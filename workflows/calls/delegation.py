"""A call that another workflow carries out: an agent that was made a tool of, asked by the agent that has the tool.

It is a child of the run that asks, so its steps, limits, approvals and labels are those of the run; the call itself asks nobody, what
writes inside it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from sayso.tools.calls import Outcome, ToolCall, ToolResult
from sayso.tools.definition.schema import convert_result
from sayso.tools.definition.tool import Tool
from sayso.tools.effects import Labels, Secrecy, Trust
from sayso.tools.errors import LimitReached, OutputError, ToolError

from ..runs.concurrency import run_jobs
from ..runs.limits import Limits
from ..runs.protocols import Run, Runnable

AnyTool = Tool[..., Any]


async def perform_delegated(run: Run, name: str, calls: Sequence[tuple[ToolCall, AnyTool]]) -> list[ToolResult]:
    """Calls that other workflows carry out, side by side, each a child of the run; kept as one step. Counts them against the limits."""
    run.scope.meter.count_tool_calls(len(calls))
    results = await run_jobs([(call.id, partial(_delegated, run, call, tool)) for call, tool in calls])
    # What the run has read so far is looked at once: it may be more by the time the run is resumed.
    kept: list[ToolResult] = await run.step(name, _labelled, results, run.scope.provenance.labels)
    for result in kept:
        run.scope.provenance.take(result)
    return kept


async def _delegated(run: Run, call: ToolCall, tool: AnyTool) -> ToolResult:
    workflow = cast(Runnable, tool.workflow)
    try:
        (task,) = tool.check(call.arguments).values()
        value = convert_result(await run.child(f"{tool.name}:{call.id}", workflow.execute, task, limits=workflow.limits), tool.name)
    except (ToolError, OutputError) as error:
        return ToolResult(call.id, str(error), Outcome.FAILED, tool.name)
    except LimitReached as error:
        if not _its_own(error, workflow.limits):
            raise
        return ToolResult(call.id, f"{tool.name} used up its limit: {error.limit} = {error.allowed:g}.", Outcome.FAILED, tool.name)
    return ToolResult(call.id, value, Outcome.DONE, tool.name)


def _its_own(error: LimitReached, limits: Limits | None) -> bool:
    # Time is not among them: run again over the journal it would not be up at the same place.
    return limits is not None and error.limit != "seconds" and getattr(limits, error.limit) == error.allowed


async def _labelled(results: Sequence[ToolResult], labels: Labels) -> list[ToolResult]:
    trust = Trust.UNTRUSTED if labels.untrusted else Trust.TOOL
    secrecy = Secrecy.PRIVATE if labels.private else Secrecy.PUBLIC
    return [ToolResult(each.call_id, each.content, each.outcome, each.origin, trust, secrecy) for each in results]
