"""Define `Workflow`, what shapes and agents have in common: `run`, `run_sync`, `run_stream`, and the steps inside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, NoReturn, TypedDict, TypeVar, Unpack, cast

from sayso.tools.approval.background import Said, iter_said
from sayso.tools.approval.policy import NO_RULES, Grants, Rules, to_rules
from sayso.tools.approval.requests import Approver
from sayso.tools.calls import take_contents
from sayso.tools.definition.tool import AnyTool, Tool
from sayso.tools.effects import Effect, Labels, Secrecy, Trust
from sayso.tools.errors import UsageError, WorkflowError

from .runs.execution import Execution
from .runs.limits import Limits, Meter
from .runs.memory_engine import BaseEngine, MemoryEngine, open_private
from .runs.protocols import Engine, Provenance, Run, RunResult, Scope

if TYPE_CHECKING:
    from sayso.tools.definition.decorators import AsyncTool

    from .events.event_types import AnyEvent

A = TypeVar("A")
B = TypeVar("B")

LAMBDA = "<lambda>"
HANDED_ON = frozenset({RunResult, list, tuple, dict})
"""Types of inputs in which a run's result may stand."""
TASK = "What to do, in full: nothing else of this conversation is known there."


class SharedRunOptions(TypedDict, total=False):
    """The options that `run`, `run_sync` and `run_stream` take everywhere.

    `approve` answers approval requests; without it writes stay pending. `limits` hold for the whole run. `engine` stores the run (default:
    a memory engine of its own). `run_id` names it; starting the same id again on an engine continues that run. `user` says whose run it is.
    """

    approve: Approver | None
    limits: Limits | None
    engine: Engine | None
    run_id: str | None
    user: str | None


class RunOptions(SharedRunOptions, total=False):
    """The options of `run`, `run_sync` and `run_stream`.

    `deps` is what tools find in their ToolContext, `grants` are standing approvals; the others are those of SharedRunOptions.
    """

    deps: object
    grants: Grants


OUTSIDE = "mcp:"
"""Begins the names of flows that execute calls of MCP clients, as `sayso runs` shows them."""


class RunEnded(NamedTuple):
    """The last event of a stream: the result, finished or paused."""

    result: RunResult[Any]


NodeFunction = Callable[[Run, str, Any], Awaitable[Any]]
"""Executes a node: takes the run, the node's position in it and the value. It may return an awaitable of the run's own: a coroutine around
it would cost as much as the step."""


class Node:
    """One step of a workflow: its name, how it is executed, and the classes it takes and returns where those are known."""

    __slots__ = ("execute", "input_type", "kind", "name", "output_type", "step")

    def __init__(
        self,
        name: str,
        kind: str,
        execute: NodeFunction,
        step: object,
        input_type: type | None = None,
        output_type: type | None = None,
    ) -> None:
        self.name: str = name
        self.kind: str = kind
        self.execute: NodeFunction = execute
        self.step: object = step
        self.input_type: type | None = input_type
        self.output_type: type | None = output_type

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"

    @property
    def identity(self) -> object:
        """Return what differs between two steps of one name. For a function that is its code: two closures of one function are the same."""
        if isinstance(self.step, Workflow):
            return self.step.identity
        return getattr(getattr(self.step, "function", self.step), "__code__", None)


class Workflow(Generic[A, B]):
    """Something that can be run, streamed, and used as a step of something larger: a shape, an agent, a tool with options.

    A subclass defines `execute(run, value)`. `parts` are the steps inside; `approve` answers where the caller gives no approver. One that
    calls only what `own_tools` yields says so with `declares_tools`; its parts say it for themselves.
    """

    kind: ClassVar[str] = "workflow"
    declares_tools: ClassVar[bool] = False
    run_options: ClassVar[frozenset[str]] = RunOptions.__optional_keys__
    input_type: type | None = None
    output_type: type | None = None
    parts: tuple[Node, ...] = ()
    approve: Approver | None = None

    def __init__(self, name: str, limits: Limits | None = None) -> None:
        self.name: str = check_name(name, self.kind)
        self.limits: Limits | None = check_limits(limits)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"

    def _repr_html_(self) -> str:
        """Return its parts, as a notebook shows them; `sayso.workflows.mermaid` draws it."""
        from .result_display import write_parts  # late, for load time

        return write_parts(self.kind, self.name, self.parts)

    async def execute(self, run: Run, value: A) -> B:
        """Do the work. All that has an effect or depends on chance goes through `run`: run.step, run.call, run.child."""
        raise TypeError(f"{type(self).__name__} must define execute(run, value).")

    @property
    def identity(self) -> object:
        """Return what differs between two workflows of one name; None if only their parts can."""
        return None

    def take_outside(self, value: Any, labels: Labels) -> A:
        """Return what it is executed with where another program gives the value, `labels` being what is known of that."""
        return value  # type: ignore[no-any-return]  # it was checked against the type of the input

    def find_user_texts(self, value: A) -> Iterable[str | Said]:
        """Return the texts in `value` that are the caller's own words; a card shows arguments that repeat them as "you wrote this"."""
        return iter_said(value)

    def own_tools(self) -> Iterator[AnyTool]:
        """Yield the tools that are declared here and in its steps; not those of agents that were made tools of."""
        for part in self.parts:
            if isinstance(part.step, Workflow):
                yield from part.step.own_tools()
            elif isinstance(part.step, Tool):
                yield part.step

    def effects(self) -> Iterator[Effect]:
        """Yield the effects of all tools inside."""
        return (tool.effect for tool in self.own_tools())

    def check_step_names(self, parent: str = "") -> None:
        """Raise WorkflowError for steps that a journal cannot tell apart by name: a lambda, two different steps of one name.

        Predicates (`until=`, `choose`) and joins store nothing under their names, so they may be lambdas.
        """
        path = f"{parent}/{self.name}" if parent else self.name
        known: dict[str, object] = {}
        for index, part in enumerate(self.parts):
            if part.kind in ("predicate", "join"):
                continue
            if part.name == LAMBDA:
                raise WorkflowError(
                    f"Step {index} of {path} is a lambda, and this engine stores the results of steps by their names. "
                    "Write it as a def, or name it: step(..., name=...)."
                )
            identity = part.identity
            if identity is not None and known.setdefault(part.name, identity) != identity:
                raise WorkflowError(
                    f"{path} has two different steps named {part.name!r}, and this engine stores the results of steps by their names. "
                    "Give one of them another name: step(..., name=...)."
                )
            if isinstance(part.step, Workflow):
                part.step.check_step_names(path)

    def as_tool(self, *, name: str | None = None, description: str) -> AsyncTool[[A], B]:
        """Make a tool of this workflow that an agent may call, with one argument, `task`. `description` tells the model what it is for.

        Such a call is executed as a child of the agent's run: limits, approvals, deps and labels are the run's. The call itself needs no
        approval; the writes inside ask as always. Calls in one reply are executed in parallel.
        """
        from sayso.tools.definition.decorators import AsyncTool  # late: only who makes a tool of a workflow waits for it to load

        tool_name = name or self.name
        if not tool_name.isidentifier():
            raise UsageError(f"A tool cannot be named {tool_name!r}, because models could not call it. Write .as_tool(name='...').")

        async def ask(task: A) -> B:
            return (await self.run(task)).output

        ask.__annotations__["task"] = self.input_type or str  # the tool's schema is made of the annotation
        effect = max((Effect.READ, *self.effects()), key=tuple(Effect).index)
        return AsyncTool(
            function=ask,
            name=tool_name,
            description=description,
            effect=effect,
            workflow=self,
            parameter_texts={"task": TASK},
            trust=Trust.TOOL,  # a result has the labels of what its run has read, whatever the tool says
            secrecy=Secrecy.PUBLIC,
        )

    async def __call__(self, value: A) -> B:
        """Run on a memory engine and return the output. Raises NotFinished if an approval is needed."""
        return (await self.run(value)).output

    async def run(self, value: A, **options: Unpack[RunOptions]) -> RunResult[B]:
        """Run to the end, or to where a person must decide; see RunOptions for the options.

        Without an approver, writes stay pending: see `result.pending` and `result.resume`. Raises what the workflow raises; a RunError
        has the run id and, as `partial`, what was done.
        """
        return await self._open(value, **options).execute(suspends=True)

    def run_sync(self, value: A, **options: Unpack[RunOptions]) -> RunResult[B]:
        """Call `run` from a program without an event loop."""
        return run_in_new_loop(lambda: self.run(value, **options), "run_sync")

    def run_stream(self, value: A, **options: Unpack[RunOptions]) -> AsyncGenerator[AnyEvent | RunEnded, None]:
        """Run and yield what `run_events` does, and RunEnded with the result last."""
        kept: RunOptions = {**options, "engine": options.get("engine") or MemoryEngine()}
        return _watch_to_result(self._open(value, **kept))

    def stream_emitted(self, value: A, **options: Unpack[RunOptions]) -> AsyncGenerator[Any, None]:
        """Run and yield what the engine itself emits, RunEnded last: small tuples of its own, of which the public events are made.

        For who builds engines; everybody else reads `run_stream` or `run_events`.
        """
        return stream_events(self._open(value, **options))

    def run_events(self, value: A, **options: Unpack[RunOptions]) -> AsyncGenerator[AnyEvent, None]:
        """Run and yield the public events as they happen, RunFinished or RunPaused last: see sayso.events. The run raises in here.

        Leaving the loop early cancels the run. `run_stream` gives the result as well.
        """
        from .events.watched_execution import watch  # late, for load time

        kept: RunOptions = {**options, "engine": options.get("engine") or MemoryEngine()}
        return watch(self._open(value, **kept))

    def _open(
        self,
        value: A,
        *,
        deps: object = None,
        approve: Approver | None = None,
        limits: Limits | None = None,
        engine: Engine | None = None,
        run_id: str | None = None,
        grants: Grants = (),
        user: str | None = None,
        **unknown: object,
    ) -> Execution:
        """Return the execution of a new run, or of the engine's run of that id."""
        if unknown:
            reject_option(next(iter(unknown)), self.run_options)
        approver = approve or self.approve
        if approver is not None and not callable(approver):
            raise UsageError(
                f"approve={approver!r} cannot answer approval requests. Pass an async function that takes an ApprovalRequest and returns a "
                "decision, or None to leave it open."
            )
        if engine is not None and not isinstance(engine, BaseEngine):
            hint = f" Write engine=sayso.engine({engine!r})." if isinstance(engine, str) else ""
            raise UsageError(f"engine={engine!r} cannot execute runs here; sayso.engine(...) makes engines that can.{hint}")
        merged = self.limits if limits is None else merge_limits(self.limits, check_limits(limits))

        rules = NO_RULES
        if grants:
            from .standing_approvals import resolve_rules  # late, for load time: most runs have none

            rules = resolve_rules(to_rules(grants), [self])
        if type(value) in HANDED_ON:  # a result is handed on with its labels, wherever it stands
            value = cast(A, take_contents(value))

        given = _Given(self, value, approver, deps, merged, rules)
        return (open_private if engine is None else engine.open)(self.execute, value, run_id, given, user)


@dataclass(slots=True, eq=False)
class _Given:
    """What the caller of a run gives it. Called, it makes the scope of an execution: one that is resumed reads and counts anew."""

    workflow: Workflow[Any, Any]
    value: object
    approve: Approver | None
    deps: object
    limits: Limits | None
    rules: Rules

    def __call__(self) -> Scope:
        return Scope(self.approve, self.deps, Meter(self.limits), self.rules, Provenance(self.workflow.find_user_texts(self.value)), {})


async def _watch_to_result(execution: Execution) -> AsyncGenerator[AnyEvent | RunEnded, None]:
    from .events.watched_execution import watch  # late, for load time

    results: list[RunResult[Any]] = []
    async with aclosing(watch(execution, results.append)) as told:
        async for event in told:
            yield event
    yield RunEnded(results[0])


async def stream_events(execution: Execution) -> AsyncGenerator[Any, None]:
    """Execute an opened run in a task and yield what it emits, RunEnded last."""
    queue = execution.listen()
    task = asyncio.get_running_loop().create_task(execution.execute(suspends=True))
    task.add_done_callback(lambda _: queue.put_nowait(None))  # after the last event, so none is lost
    try:
        # An await of the queue costs a turn of the event loop, which is more than a step costs: wait only where nothing is there.
        while (event := queue.get_nowait() if queue.qsize() else await queue.get()) is not None:
            yield event
        yield RunEnded(await task)
    finally:
        execution.listeners.remove(queue)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def run_in_new_loop(make: Callable[[], Coroutine[Any, Any, B]], caller: str) -> B:
    """Run a coroutine in an event loop of its own. Raises UsageError inside a running loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass  # it is not run in here: "no running event loop" would be the context of every error of the run
    else:
        raise UsageError(f"{caller} was called inside a running event loop (a notebook, an async function). Write: await ...run(...)")
    kept: list[B] = []

    async def keep() -> None:
        kept.append(await make())

    asyncio.run(keep())  # not make() itself: to take its handler of Ctrl-C back, asyncio writes the task's result out, a whole transcript
    return kept[0]


def reject_option(name: str, known: Iterable[str]) -> NoReturn:
    """Raise TypeError for an option that a run does not have."""
    raise TypeError(f"run, run_sync and run_stream have no option {name!r}. Their options are: {', '.join(sorted(known))}.")


def check_name(name: str, kind: str) -> str:
    """Return the name if it can be part of a run's positions. Raises WorkflowError."""
    if not isinstance(name, str) or not name or "/" in name:
        raise WorkflowError(f"A {kind} cannot be named {name!r}: its name is part of its position in a run. Use a text without a slash.")
    return name


def check_limits(limits: Limits | None) -> Limits | None:
    """Return the limits. Raises UsageError if they are something else."""
    if limits is not None and not isinstance(limits, Limits):
        raise UsageError(f"limits={limits!r} is not a Limits. Write limits=Limits(model_calls=10, cost_usd=0.5, ...).")
    return limits


def merge_limits(own: Limits | None, given: Limits | None) -> Limits | None:
    """Return the limits of a run: each as the caller gives it, else as the workflow has it."""
    if own is None or given is None:
        return given or own
    pairs = {name: (getattr(own, name), getattr(given, name)) for name in Limits.__dataclass_fields__}
    return Limits(**{name: default if value is None else value for name, (default, value) in pairs.items()})
