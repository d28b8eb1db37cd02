"""Shapes whose steps go side by side, each a child of its own: branches, the items of a list, several tries."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

from sayso.tools.errors import WorkflowError

from .doors import Workflow
from .limits import Limits
from .run import Run
from .steps import Node, is_async, node

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
        self._branches = tuple((_branch(each), f"{each.name}.{index}") for index, each in enumerate(self.nodes))

    async def carry(self, run: Run, value: Any) -> Any:
        """All branches, then the join of their results in the branches' order."""
        results = await side_by_side(
            [(position, partial(run.child, position, branch, value)) for branch, position in self._branches],
            collect=self.on_error == "collect",
        )
        if self.join is None:
            return tuple(results)
        return await self.join.carry(run, "join", results)


class MapEach(Workflow[Any, Any]):
    """One step for each item of a list, side by side."""

    kind = "map_each"

    def __init__(self, body: Node, concurrency: int | None, on_error: OnError, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.body, self.concurrency, self.on_error = body, concurrency, on_error
        self._branch = _branch(body)

    async def carry(self, run: Run, value: Iterable[Any]) -> list[Any]:
        """A result for each item, in the items' order."""
        base = self.body.name
        jobs = [(f"{base}.{index}", partial(run.child, f"{base}.{index}", self._branch, item)) for index, item in enumerate(value)]
        return await side_by_side(jobs, collect=self.on_error == "collect", concurrency=self.concurrency)


class BestOf(Workflow[Any, Any]):
    """Several tries side by side, and the one with the highest score."""

    kind = "best_of"

    def __init__(self, body: Node, tries: int, score: Node, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.body, self.tries, self.score = body, tries, score
        self._branch = _branch(body)

    async def carry(self, run: Run, value: Any) -> Any:
        """The best try; of equals the first."""
        places = [f"{self.body.name}.{index}" for index in range(self.tries)]
        jobs = [(place, partial(run.child, place, self._branch, value)) for place in places]
        tried = await side_by_side(jobs)
        scores = [await self.score.carry(run, f"score.{index}", each) for index, each in enumerate(tried)]
        return tried[max(range(self.tries), key=lambda index: (scores[index], -index))]


def _branch(each: Node) -> Callable[[Run, Any], Awaitable[Any]]:
    """A node as a child of its own: a nested workflow is one already, a step or tool gets a line to itself."""
    thing = each.thing
    if isinstance(thing, Workflow):
        return thing.carry
    if each.kind == "code":
        return cast(Callable[[Run, Any], Awaitable[Any]], thing)
    carry, name = each.carry, each.name

    async def branch(run: Run, value: Any) -> Any:
        return await carry(run, name, value)

    return branch


def joined_by(join: Any, branches: int, name: str) -> Node | None:
    if join is None:
        return None
    if isinstance(join, Workflow):
        return node(join)
    try:
        inspect.signature(join).bind(*range(branches))
    except ValueError:
        pass  # a builtin that does not say what it takes
    except TypeError:
        raise WorkflowError(
            f"{name} has {branches} branches, and its join {getattr(join, '__name__', join)!r} cannot take {branches} results."
        ) from None

    async def carry(run: Any, position: str, results: Sequence[Any]) -> Any:
        if is_async(join):
            return await run.step(position, join, *results)
        return join(*results)

    return Node(getattr(join, "__name__", "join"), "join", carry, join)


async def side_by_side(
    jobs: Sequence[tuple[str, Callable[[], Awaitable[Any]]]], *, collect: bool = False, concurrency: int | None = None
) -> list[Any]:
    """Carry jobs out at the same time; results in their order. The first failure cancels the rest and is raised, unless collected."""
    results: list[Any] = [None] * len(jobs)
    waiting = iter(range(len(jobs)))

    async def work() -> None:
        # A worker takes the next job in the same breath in which it ends the last, so a run never looks idle between the two.
        for index in waiting:
            name, start = jobs[index]
            try:
                results[index] = await start()
            except Exception as error:
                if not collect:
                    raise
                results[index] = Failed(name, error)

    tasks = [asyncio.ensure_future(work()) for _ in range(min(len(jobs), concurrency or len(jobs)))]
    if not tasks:
        return results
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        left = [task for task in tasks if not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
    _raise_first(tasks)
    return results


def _raise_first(tasks: Sequence[asyncio.Task[None]]) -> None:
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
    for error in errors:
        if not isinstance(error, asyncio.CancelledError):
            raise error
    if any(task.cancelled() for task in tasks):
        raise asyncio.CancelledError
