"""Execute a call by another workflow: an agent that was made a tool of, asked by the agent that has the tool.

It is a child of the run that asks, so its steps, limits, approvals and labels are those of the run. The call itself asks nobody; what
writes inside it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

from sayso.tools.calls import Outcome, ToolCall, ToolResult, strip_labels
from sayso.tools.definition.returned import convert_result
from sayso.tools.definition.tool import AnyTool
from sayso.tools.effects import Labels
from sayso.tools.errors import GuardRefused, LimitReached, OutputError, ToolError

from ..runs.concurrency import run_jobs
from ..runs.protocols import Provenance, Run, Runnable


async def perform_delegated(run: Run, name: str, calls: Sequence[tuple[ToolCall, AnyTool]]) -> list[ToolResult]:
    """Execute calls by other workflows side by side, each a child of the run; store them as the step `name`. Counts them first."""
    run.scope.meter.count_tool_calls(len(calls))
    results = await run_jobs([(call.id, partial(_delegate, run, call, tool, run.scope.provenance.for_child())) for call, tool in calls])
    # What the run has read so far is looked at once: it may be more by the time the run is resumed.
    stored = await run.step(name, _label, results, run.scope.provenance.labels)
    for result in stored:
        run.scope.provenance.take(result)
    return stored


async def _delegate(run: Run, call: ToolCall, tool: AnyTool, provenance: Provenance) -> ToolResult:
    workflow = cast(Runnable, tool.workflow)
    limits = workflow.limits
    provenance.take_labels(tool.bound_labels)  # of its task, where the program has fixed it
    try:
        (task,) = tool.check(call.arguments).values()
        answer = await run.child(f"{tool.name}:{call.id}", workflow.execute, task, limits=limits, provenance=provenance)
        value = convert_result(strip_labels(answer), tool.name)  # the child has read what it returns
    except (ToolError, OutputError, GuardRefused) as error:
        return ToolResult(call.id, str(error), Outcome.FAILED, tool.name)
    except LimitReached as error:
        # Only a limit of the workflow's own is its failure, no cap; and not its time, which would be up elsewhere after a resume.
        if limits is None or error.limit == "seconds" or getattr(limits, error.limit, None) != error.allowed:
            raise
        return ToolResult(call.id, f"{tool.name} used up its limit: {error.limit} = {error.allowed:g}.", Outcome.FAILED, tool.name)
    return ToolResult(call.id, value, Outcome.DONE, tool.name)


async def _label(results: Sequence[ToolResult], labels: Labels) -> list[ToolResult]:
    trust, secrecy = labels.trust, labels.secrecy
    return [ToolResult(each.call_id, each.content, each.outcome, each.origin, trust, secrecy) for each in results]
