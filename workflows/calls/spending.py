"""What calls cost: set aside before they are made, settled after, and counted once however often a run is resumed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from sayso.tools.calls import Outcome, ToolCall, ToolResult
from sayso.tools.definition.tool import Tool
from sayso.tools.errors import ToolError, UsageError

from ..runs.limits import Spent
from ..runs.protocols import Run

AnyTool = Tool[..., Any]
Calls = Sequence[tuple[ToolCall, AnyTool]]


def cost_of(tool: AnyTool, arguments: Mapping[str, Any]) -> float:
    """What the tool says that the call costs, in US dollars. UsageError for what is no amount."""
    stated: Any = tool.cost_usd(arguments) if callable(tool.cost_usd) else tool.cost_usd
    try:
        cost = float(stated)
    except (TypeError, ValueError):
        cost = -1.0
    if not (isfinite(cost) and cost >= 0):
        raise UsageError(
            f"{tool.name} says that a call costs {stated!r} dollars. Write cost_usd= as a number from 0 up, or a function of the arguments."
        )
    return cost


async def paid_reads(run: Run, name: str, calls: Calls, perform: Callable[[], Awaitable[Any]]) -> Any:
    """The step `name` of calls that cost something: their results, as `perform` gives them, with what was paid for them.

    Raises LimitReached, and nothing is done, where they might cost too much together.
    """
    if run.replays(name):  # counted with the journal
        return await run.step(name, perform)
    costs = [_stated(call, tool) for call, tool in calls]
    run.scope.meter.spend(sum(costs))
    value = await run.step(name, _paid, costs, perform)
    run.scope.meter.refund(sum(costs) - value.cost_usd)
    return value


async def _paid(costs: Sequence[float], perform: Callable[[], Awaitable[Any]]) -> Spent:
    results = results_of(await perform())
    # A ToolError says that nothing happened, so it cost nothing.
    return Spent(results, sum(cost for cost, result in zip(costs, results, strict=True) if result.outcome is not Outcome.FAILED))


def _stated(call: ToolCall, tool: AnyTool) -> float:
    try:
        return cost_of(tool, tool.check(call.arguments)) if tool.cost_usd else 0.0
    except ToolError:  # it will be refused for its arguments
        return 0.0


def results_of(value: Any) -> list[ToolResult]:
    """The results that a step of reads has kept: one, several, or with what was paid for them."""
    kept = value.results if isinstance(value, Spent) else value
    return list(kept) if isinstance(kept, (list, tuple)) else [kept]
