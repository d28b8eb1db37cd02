"""Shapes whose steps go side by side, each a child of its own: branches, the items of a list, several tries."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, cast

from sayso.tools.definition.tool import Tool
from sayso.tools.errors import ReplayError, UsageError, WorkflowError

from ..runs.limits import Limits
from ..runs.protocols import Run, WorkflowCode
from ..workflow import Workflow
from .nodes import Node, as_said, fitting, given, node
from .step_functions import is_async, name_of
from .step_options import Step
from .step_types import article, said_types

OnError = Literal["cancel", "collect"]


@dataclass(frozen=True, slots=True)
class Failed:
    """A branch that failed, where failures are collected: `error` is what it raised."""

    name: str
    error: Exception


class Parallel(Workflow[Any, Any]):
    """The same value down several branches side by side."""

    kind = "parallel"

    def __init__(self, nodes: Sequence[Node], join: Node | None, on_error: OnError, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.nodes, self.join, self.on_error = tuple(nodes), join, on_error
        self.parts = (*self.nodes, *((join,) if join is not None else ()))
        self._branches = tuple((branch(each), f"{each.name}.{index}") for index, each in enumerate(self.nodes))
        self.takes = next((each.takes for each in self.nodes if each.takes is not None), None)
        self.gives = tuple if join is None else join.gives

    async def execute(self, run: Run, value: Any) -> Any:
        """All branches, then the join of their results in the branches' order."""
        for taking in self.nodes:
            fitting(self.name, taking, value)
        jobs = (each.job(run, position, value) for each, position in self._branches)
        results = await side_by_side(jobs, collect=self.on_error == "collect")
        for each, result in zip(self.nodes, results, strict=True):
            if not isinstance(result, Failed):
                as_said(self.name, each, result)
        if self.join is None:
            return tuple(results)
        return await self.join.execute(run, "join", results)


class MapEach(Workflow[Any, Any]):
    """One step for each item of a list, side by side."""

    kind = "map_each"

    def __init__(self, body: Node, concurrency: int | None, on_error: OnError, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.body, self.concurrency, self.on_error = body, concurrency, on_error
        self.parts = (body,)
        self._branch = branch(body)
        self.gives = list

    async def execute(self, run: Run, value: Iterable[Any]) -> list[Any]:
        """A result for each item, in the items' order."""
        if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
            raise WorkflowError(f"{self.name} was handed {article(type(value))}; it takes a list, and does {self.body.name} for each item.")
        base, name, body = self.body.name, self.name, self.body
        items = [fitting(name, body, item) for item in value]
        jobs = (self._branch.job(run, f"{base}.{index}", item) for index, item in enumerate(items))
        results = await side_by_side(jobs, collect=self.on_error == "collect", concurrency=self.concurrency)
        return [result if isinstance(result, Failed) else as_said(name, body, result) for result in results]


class BestOf(Workflow[Any, Any]):
    """Several tries side by side, and the one with the highest score."""

    kind = "best_of"

    def __init__(self, body: Node, tries: int, score: Node, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.body, self.tries, self.score = body, tries, score
        self.parts = (body, score)
        self._branch = branch(body)
        self.takes, self.gives = body.takes, body.gives

    async def execute(self, run: Run, value: Any) -> Any:
        """The best try; of equals the first."""
        value = fitting(self.name, self.body, value)
        tried = await side_by_side(self._branch.job(run, f"{self.body.name}.{index}", value) for index in range(self.tries))
        for each in tried:
            as_said(self.name, self.body, each)
        scores = [await self.score.execute(run, f"{self.score.name}.{index}.score", each) for index, each in enumerate(tried)]
        try:
            if not any(score != score for score in scores):
                return tried[max(range(self.tries), key=scores.__getitem__)]
        except TypeError:
            pass
        kinds = ", ".join(sorted({"nan" if score != score else article(type(score)) for score in scores}))
        raise WorkflowError(f"{self.name}: {self.score.name} gave {kinds}, which cannot be compared. A score is a number: score=len.")


class Branch(NamedTuple):
    """A node as a child of its own: what to run in it, and the limits it brings."""

    code: WorkflowCode
    limits: Limits | None = None

    def job(self, run: Run, position: str, value: Any) -> Job:
        """The branch, ready to be started at its position."""
        return position, partial(run.child, position, self.code, value, limits=self.limits)


def branch(each: Node) -> Branch:
    """A nested workflow is a child already, and so is workflow code; a step or tool gets a line to itself."""
    thing = each.thing
    if isinstance(thing, Workflow):
        return Branch(thing.execute, thing.limits)
    if each.kind == "code":
        return Branch(cast(WorkflowCode, thing))
    execute, name = each.execute, each.name

    def alone(run: Run, value: Any) -> Awaitable[Any]:
        return execute(run, name, value)

    return Branch(alone)


def joined_by(join: Any, branches: int, name: str) -> Node | None:
    """The node that makes one value of the branches' results: a function takes them as arguments, anything else as one list."""
    if join is None:
        return None
    if isinstance(join, (Workflow, Tool, Step)):
        return node(join)
    if not callable(join):
        raise WorkflowError(f"{name} has join={join!r}; it takes a function of the branches' results, or a step that is given their list.")
    try:
        inspect.signature(join).bind(*range(branches))
    except ValueError:
        pass  # a builtin that does not say what it takes
    except TypeError:
        raise WorkflowError(f"{name} has {branches} branches, and its join {name_of(join)!r} cannot take {branches} results.") from None

    awaited = is_async(join)

    async def execute(run: Run, position: str, results: Sequence[Any]) -> Any:
        return await (run.step(position, join, *results) if awaited else given(run, position, join(*results)))

    return Node(name_of(join), "join", execute, join, None, said_types(join, 0)[1])


Job = tuple[str, Callable[[], Coroutine[Any, Any, Any]]]
"""What a branch is called, and how it is started."""


async def side_by_side(jobs: Iterable[Job], *, collect: bool = False, concurrency: int | None = None) -> list[Any]:
    """Carry jobs out at the same time; results in their order. The first failure cancels the rest and is raised, unless collected."""
    starts = (partial(_or_failed, *job) if collect else job[1] for job in jobs)
    loop = asyncio.get_running_loop()
    if concurrency is None:
        tasks = [loop.create_task(start()) for start in starts]
        await _all_done(tasks)
        return [task.result() for task in tasks]
    results = dict[int, Any]()
    waiting = enumerate(starts)

    async def work() -> None:
        # A worker takes the next job in the same breath in which it ends the last, so a run never looks idle between the two.
        for index, start in waiting:
            results[index] = await start()

    await _all_done([loop.create_task(work()) for _ in range(concurrency)])
    return [results[index] for index in range(len(results))]


async def _or_failed(name: str, start: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """What a job gives, or that it failed."""
    try:
        return await start()
    except (UsageError, ReplayError):  # a mistake in the program is no branch's failure
        raise
    except Exception as error:  # noqa: BLE001  whatever a step raises is what it failed with
        return Failed(name, error)


async def _all_done(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Wait for all, or for the first failure, which cancels the others and is raised when they have ended."""
    if not tasks:
        return
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await _all_ended(tasks)
    _raise_first(tasks)


async def _all_ended(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel what still runs and stay until it has ended, however often this is cancelled meanwhile: a write may be under way."""
    left = [task for task in tasks if not task.done()]
    cancelled = False
    for task in left:
        task.cancel()
    while not all(task.done() for task in left):
        try:
            await asyncio.wait(left)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


def _raise_first(tasks: Sequence[asyncio.Task[Any]]) -> None:
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
    for error in errors:
        if not isinstance(error, asyncio.CancelledError):
            raise error
    if any(task.cancelled() for task in tasks):
        raise asyncio.CancelledError
