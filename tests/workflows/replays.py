"""Running a workflow, and running it again from every point at which it could have been cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from sayso.tools import Approve, Decision
from sayso.tools.approval.requests import ApprovalRequest, Approver
from sayso.workflows import RunResult, Workflow, engine
from sayso.workflows.runs.protocols import Scope


async def yes(request: ApprovalRequest) -> Decision:
    """An approver that agrees."""
    return Approve(by="tests")


async def everywhere(
    workflow: Workflow[Any, Any],
    value: Any,
    *,
    deps: Callable[[], Any] = lambda: None,
    cuts: Iterable[int] | None = None,
    approve: Approver | None = None,
) -> Any:
    """The output on a strict engine, or the kind of error that it ended with, after each prefix of its journal was carried to the same.

    `cuts` are the lengths of the prefixes, as far as there are such; without them, all.
    """
    home = engine(strict=True)
    end = await end_of(workflow.run(value, engine=home, run_id="r1", approve=approve or yes, deps=deps()))
    entries = home.journal("r1")
    for cut in range(len(entries) + 1) if cuts is None else sorted(set(cuts) & set(range(len(entries) + 1))):
        again = engine(strict=True).restore(
            workflow.execute, value, "r1", entries[:cut], lambda: Scope(approve=approve or yes, deps=deps())
        )
        resumed = await end_of(again.execute(suspends=True))
        assert resumed == end, f"cut after {cut} of {len(entries)} entries"
    return end


async def end_of(run: Awaitable[RunResult[Any]]) -> Any:
    """What a run gives, or the class of what its steps raise."""
    try:
        return (await run).output
    except ValueError as error:
        return type(error)


async def nothing_left_running() -> None:
    """Asserts that no task but this one is alive."""
    await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert left == set()
