"""The one door of agents and workflows: run, run_sync, run_stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from sayso.tools.approval.cards import iter_texts
from sayso.tools.approval.policy import Grants, to_rules
from sayso.tools.approval.requests import Approver
from sayso.tools.definition.tool import Tool
from sayso.tools.effects import Effect
from sayso.tools.errors import UsageError, WorkflowError

from .runs.base_engine import BaseEngine
from .runs.limits import Limits, Meter
from .runs.memory_engine import PrivateEngine
from .runs.protocols import Engine, Provenance, Run, Scope
from .runs.run_result import RunResult

if TYPE_CHECKING:
    from sayso.tools.definition.decorators import AsyncTool

    from .runs.timeline import Timeline
    from .shapes.nodes import Node

A = TypeVar("A")
B = TypeVar("B")


class RunEnded(NamedTuple):
    """The last event of a stream: the result, finished or paused."""

    result: RunResult[Any]


class Workflow(Generic[A, B]):
    """Something that can be run, streamed, drawn, and used as a step of something larger: a shape, an agent, a lifted function."""

    kind: ClassVar[str] = "workflow"
    takes: type | None = None
    gives: type | None = None
    parts: tuple[Node, ...] = ()

    @property
    def identity(self) -> Any:
        """What tells it from another of its name; None where what is inside does."""
        return None

    def __init__(self, name: str, limits: Limits | None = None) -> None:
        self.name = position_name(name, self.kind)
        self.limits = given_limits(limits)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"

    async def execute(self, run: Run, value: A) -> B:
        """The workflow's own code: everything that has an effect or chance in it goes through `run`."""
        raise TypeError(f"{type(self).__name__} must define execute(run, value).")

    def find_user_texts(self, value: A) -> Iterable[str]:
        """The words in the value that the caller of a run says; a card shows arguments that repeat them as "you wrote this"."""
        return iter_texts(value)

    def effects(self) -> Iterator[Effect]:
        """The effects of the tools inside."""
        for part in self.parts:
            if isinstance(part.thing, Workflow):
                yield from part.thing.effects()
            elif isinstance(part.thing, Tool):
                yield part.thing.effect

    def as_tool(self, *, name: str | None = None, description: str) -> AsyncTool[[A], B]:
        """This as a tool that an agent may ask for, with one argument, `task`; `description` tells the model what it is for.

        A run carries such a call out as a child of its own: limits, approvals, deps and labels are the run's, writes inside ask as
        always, and the call itself asks nobody. Calls side by side in one reply go in parallel.
        """
        from .calls.delegation import made_tool

        return made_tool(self, name, description)

    async def __call__(self, value: A) -> B:
        """Run on a memory engine of its own and give the output. Raises NotFinished where somebody must be asked."""
        return (await self.run(value)).output

    async def run(
        self,
        value: A,
        *,
        deps: Any = None,
        approve: Approver | None = None,
        limits: Limits | None = None,
        engine: Engine | None = None,
        run_id: str | None = None,
        grants: Grants = (),
    ) -> RunResult[B]:
        """Carry it through, to its end or to where a person must decide.

        Without an approver, writes stay pending: see `result.pending` and `result.resume`. Raises what the workflow raises; a RunError
        carries the run id and, as `partial`, what was done.
        """
        opened = self._open(value, deps, approve, limits, engine, run_id, grants)
        result: RunResult[B] = await opened.execute(suspends=True)
        return result

    def run_sync(
        self,
        value: A,
        *,
        deps: Any = None,
        approve: Approver | None = None,
        limits: Limits | None = None,
        engine: Engine | None = None,
        run_id: str | None = None,
        grants: Grants = (),
    ) -> RunResult[B]:
        """`run` for programs without an event loop."""
        result: RunResult[B] = in_a_loop(
            lambda: self.run(value, deps=deps, approve=approve, limits=limits, engine=engine, run_id=run_id, grants=grants), "run_sync"
        )
        return result

    def run_stream(
        self,
        value: A,
        *,
        deps: Any = None,
        approve: Approver | None = None,
        limits: Limits | None = None,
        engine: Engine | None = None,
        run_id: str | None = None,
        grants: Grants = (),
    ) -> AsyncIterator[Any]:
        """The events of the run as they happen, its RunEnded last. Leaving the loop early cancels the run."""
        opened = self._open(value, deps, approve, limits, engine, run_id, grants)
        return streamed(opened)

    def mermaid(self, events: Timeline | Iterable[Any] | None = None) -> str:
        """The workflow as a Mermaid flowchart. With a run's events, or a Story of them, it shows counts, times and where it stopped."""
        from .shapes.mermaid import mermaid

        return mermaid(self, events)

    def _open(
        self,
        value: A,
        deps: Any,
        approve: Approver | None,
        limits: Limits | None,
        engine: Engine | None,
        run_id: str | None,
        grants: Grants,
    ) -> Any:
        allowed = combined(self.limits, given_limits(limits))

        def fresh() -> Scope:
            seen = Provenance(self.find_user_texts(value))
            return Scope(approve, deps, Meter(allowed), to_rules(grants), seen, {})

        home = PrivateEngine() if engine is None else engine
        if not isinstance(home, BaseEngine):
            how = f" Write engine=sayso.engine({home!r})." if isinstance(home, str) else ""
            raise UsageError(f"{home!r} is no engine that a run can be opened in.{how}")
        if approve is not None and not callable(approve):
            raise UsageError(f"approve={approve!r} is no approver: an async function that takes a request and gives a decision, or None.")
        return home.open(self.execute, value, run_id, fresh)


async def streamed(opened: Any) -> AsyncIterator[Any]:
    """Carry an opened run through in a task of its own and give its events."""
    queue = opened.listen()
    task = asyncio.get_running_loop().create_task(opened.execute(suspends=True))
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (event := queue.get_nowait() if queue.qsize() else await queue.get()) is not None:
            yield event
        yield RunEnded(await task)
    finally:
        opened.listeners.remove(queue)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def position_name(name: str, kind: str) -> str:
    """The name, if it can stand in a run's positions. Raises WorkflowError."""
    if not isinstance(name, str) or not name or "/" in name:
        raise WorkflowError(f"A {kind} cannot be called {name!r}: its name is part of where it stands in a run. Use some text, no slash.")
    return name


def given_limits(limits: Limits | None) -> Limits | None:
    """What was given as limits, if it is that. Raises UsageError."""
    if limits is not None and not isinstance(limits, Limits):
        raise UsageError(f"limits={limits!r} are no limits. Write limits=Limits(model_calls=10, cost_usd=0.5, ...).")
    return limits


def combined(own: Limits | None, given: Limits | None) -> Limits | None:
    """The limits of a run: what the caller gives, over what the workflow has by default."""
    if own is None or given is None:
        return given or own
    return Limits(**{name: _first(getattr(given, name), getattr(own, name)) for name in Limits.__dataclass_fields__})


def _first(given: Any, own: Any) -> Any:
    return own if given is None else given


def in_a_loop(make: Callable[[], Any], door: str) -> Any:
    """Run a coroutine in an event loop of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass  # it is not run in here: "no running event loop" would be the context of every error of the run
    else:
        raise UsageError(f"{door} was called inside a running event loop (a notebook, an async function). Write: await ...run(...)")
    return asyncio.run(make())
