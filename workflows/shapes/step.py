"""`step`: make a step of a sync function, and give any step options: a name, retries, a timeout."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import count
from typing import Any, TypedDict, TypeVar, Unpack, overload

from sayso.tools.definition.tool import AnyTool, Tool
from sayso.tools.effects import Effect
from sayso.tools.errors import UsageError

from ..runs.events import StepRetried
from ..runs.protocols import Run
from ..workflow import Node, Workflow
from .branches import make_branch
from .nodes import make_node
from .step_functions import get_name, takes_run
from .step_options import Step, await_within, check_options, retry
from .step_types import ToolLike

A = TypeVar("A")
B = TypeVar("B")


class StepOptions(TypedDict, total=False):
    """The options of `step`: a name in the journal, retries after a failure, the first wait before one, and seconds for each try."""

    name: str | None
    retries: int
    backoff_seconds: float
    timeout_seconds: float | None


@overload
def step(function: Callable[[A], Awaitable[B]], **options: Unpack[StepOptions]) -> Step[A, B]: ...
@overload
def step(function: Callable[[A], B], **options: Unpack[StepOptions]) -> Step[A, B]: ...
@overload  # apart from the first: where all are one, pyright takes the parameter of a lambda for a Run
def step(function: Callable[[Run, A], Awaitable[B]] | ToolLike[A, B], **options: Unpack[StepOptions]) -> Step[A, B]: ...
def step(
    function: Any,
    *,
    name: str | None = None,
    retries: int = 0,
    backoff_seconds: float = 0.5,
    timeout_seconds: float | None = None,
) -> object:
    """Make a step of a function, sync or async, with options; or give options to a tool, an agent or a workflow.

    `retries` more tries follow a failure, after `backoff_seconds` that double each time; `timeout_seconds` is for each try. A sync
    function runs in a thread. A step that writes is never tried again: UsageError.
    """
    if isinstance(function, Step):
        raise UsageError(f"{function!r} is a step already. Give all its options in one step(...).")
    if not isinstance(function, (Workflow, Tool)) and not takes_run(function):
        return Step(function, name or get_name(function), retries, backoff_seconds, timeout_seconds)
    if isinstance(function, Tool) and not (name or retries or timeout_seconds):
        return ToolStep(function)
    return RetryingStep(make_node(function), name, retries, backoff_seconds, timeout_seconds)


class ToolStep(Workflow[object, object]):
    """A tool as a workflow of one call, for an app or for `step`. Inside a shape, the tool itself is a step."""

    kind = "tool"
    declares_tools = True

    def __init__(self, tool: AnyTool) -> None:
        super().__init__(tool.name)
        self.tool: AnyTool = tool
        self.node: Node = make_node(tool)

    def own_tools(self) -> Iterator[AnyTool]:
        """Yield the tool."""
        yield self.tool

    async def execute(self, run: Run, value: object) -> object:
        """Call the tool."""
        return await self.node.execute(run, self.name, value)


class RetryingStep(Workflow[A, B]):
    """A tool, an agent or a workflow with options. Each try is a child run: what one has done is stored, and is not done again."""

    def __init__(self, body: Node, name: str | None, retries: int, backoff_seconds: float, timeout_seconds: float | None) -> None:
        super().__init__(name or body.name)
        check_options(self.name, retries, backoff_seconds, timeout_seconds)
        self.body: Node = body
        self.kind, self.parts = body.kind, (body,)  # type: ignore[misc]  # it is treated as its body would be
        self.retries: int = retries
        self.backoff_seconds: float = backoff_seconds
        self.timeout_seconds: float | None = timeout_seconds
        self.input_type: type | None = body.input_type
        self.output_type: type | None = body.output_type
        self._branch = make_branch(body)
        if retries and Effect.WRITE in self.effects():
            raise UsageError(f"{self.name} writes, and a write is never tried again by itself. Leave retries= to the steps around it.")

    async def execute(self, run: Run, value: A) -> B:
        """Try until a try succeeds or no more are left."""
        numbers = count()

        async def execute_once() -> B:
            # Each try is a child of its own: what a failed try has stored would be returned again to the next one.
            _, start = self._branch.make_job(run, f"{self.body.name}.{next(numbers)}", value)
            result: B = await await_within(start(), self.timeout_seconds, self.name)
            return result

        async def emit_retry(attempt: int, wait_seconds: float, error: str) -> None:
            await run.emit(StepRetried(run.id, f"{self.body.name}.{attempt - 1}", attempt, wait_seconds, error))

        # The wait is one of the run's, so its end is stored: after a restart only the rest of it is waited for.
        return await retry(execute_once, self.retries, self.backoff_seconds, emit_retry, partial(run.wait, None))
