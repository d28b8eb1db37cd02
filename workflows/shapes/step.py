"""`step`: what lifts a function to a step, and gives any step options: retries, a time, a name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from typing import Any, TypeVar, cast, overload

from sayso.tools.definition.tool import Tool
from sayso.tools.effects import Effect
from sayso.tools.errors import UsageError

from ..runs.events import StepRetried
from ..runs.protocols import Run
from ..workflow import Workflow
from .branches import branch
from .nodes import Node, node
from .step_functions import name_of, takes_run
from .step_options import Step, check_options, tried, within

A = TypeVar("A")
B = TypeVar("B")


@overload
def step(
    function: Callable[[A], Awaitable[B]],
    *,
    name: str | None = None,
    retries: int = 0,
    backoff_seconds: float = 0.5,
    timeout_seconds: float | None = None,
) -> Step[A, B]: ...
@overload
def step(
    function: Callable[[A], B],
    *,
    name: str | None = None,
    retries: int = 0,
    backoff_seconds: float = 0.5,
    timeout_seconds: float | None = None,
) -> Step[A, B]: ...


def step(
    function: Callable[[A], Any],
    *,
    name: str | None = None,
    retries: int = 0,
    backoff_seconds: float = 0.5,
    timeout_seconds: float | None = None,
) -> Step[A, Any]:
    """Lift a function, sync or async, to a step with options; or give options to a tool, an agent or a workflow.

    `retries` more tries follow a failure, after `backoff_seconds` that double each time; `timeout_seconds` is for each try. A sync
    function runs in a thread. What writes is never tried again: UsageError.
    """
    if isinstance(function, Step):
        raise UsageError(f"{function!r} is a step already. Give all its options in one step(...).")
    if not isinstance(function, (Workflow, Tool)) and not takes_run(function):
        return Step(function, name or name_of(function), retries, backoff_seconds, timeout_seconds)
    if isinstance(function, Tool) and not (name or retries or timeout_seconds):
        return cast("Step[A, Any]", Lifted(function))
    return cast("Step[A, Any]", Tried(node(function), name, retries, backoff_seconds, timeout_seconds))


class Lifted(Workflow[Any, Any]):
    """A tool with a sync function, for type checkers: to them it gives a value, not something to await. As a step every tool will do."""

    kind = "tool"

    def __init__(self, tool: Tool[..., Any]) -> None:
        super().__init__(tool.name)
        self.node = node(tool)

    async def execute(self, run: Run, value: Any) -> Any:
        """Call the tool."""
        return await self.node.execute(run, self.name, value)


class Tried(Workflow[Any, Any]):
    """A tool, an agent or a workflow with options. Each try is a child of its own: what it has done is kept, and is not done again."""

    def __init__(self, body: Node, name: str | None, retries: int, backoff_seconds: float, timeout_seconds: float | None) -> None:
        super().__init__(name or body.name)
        check_options(self.name, retries, backoff_seconds, timeout_seconds)
        self.kind, self.body, self.parts = body.kind, body, (body,)  # type: ignore[misc]  # it is handed what its body would be
        self.retries, self.backoff_seconds, self.timeout_seconds = retries, backoff_seconds, timeout_seconds
        self.takes, self.gives = body.takes, body.gives
        self._branch = branch(body)
        if retries and Effect.WRITE in self.effects():
            raise UsageError(f"{self.name} writes, and what writes is never tried again by itself. Leave retries= to the steps around it.")

    async def execute(self, run: Run, value: Any) -> Any:
        """Try until it goes well."""
        numbers = count()

        async def once() -> Any:
            _, start = self._branch.job(run, f"{self.body.name}.{next(numbers)}", value)
            return await within(start(), self.timeout_seconds, self.name)

        async def tell(attempt: int, wait_seconds: float, error: str) -> None:
            await run.emit(StepRetried(run.id, f"{self.body.name}.{attempt - 1}", attempt, wait_seconds, error))

        return await tried(once, self.retries, self.backoff_seconds, tell, partial(run.wait, None))
