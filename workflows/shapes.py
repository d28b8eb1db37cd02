"""The shapes of work: one after another, one of several, again until, side by side, write and criticise, the best of some."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar, cast

from sayso.tools.definition import Tool
from sayso.tools.errors import WorkflowError

from .doors import Workflow
from .events import RoundEnded
from .limits import Limits
from .run import Run
from .steps import Node, Step, is_async, node

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
OnError = Literal["cancel", "collect"]


@dataclass(frozen=True, slots=True)
class Failed:
    """A branch that failed, where failures are collected: `error` is what it raised."""

    name: str
    error: Exception


class RoundsUsedUp(WorkflowError):
    """An iteration reached `max_rounds` before it was done; `best` is the last value."""

    def __init__(self, name: str, rounds: int, best: object) -> None:
        self.rounds, self.best = rounds, best
        super().__init__(f"{name} was not done after {rounds} rounds. The last value is in .best; raise max_rounds or loosen until=.")


class Sequential(Workflow[Any, Any]):
    """One step after another, each given what the one before gave."""

    kind = "sequential"

    def __init__(self, nodes: Sequence[Node], name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.nodes = tuple(nodes)
        self._path = tuple((each.carry, f"{each.name}.{index}") for index, each in enumerate(self.nodes))

    async def carry(self, run: Run, value: Any) -> Any:
        """Through all steps in order."""
        for carry, position in self._path:
            value = await carry(run, position, value)
        return value


def sequential(*steps: Any, name: str = "sequential", limits: Limits | None = None) -> Workflow[Any, Any]:
    """Each step gets what the step before gave."""
    if not steps:
        raise WorkflowError("sequential() needs at least one step.")
    return Sequential([node(each) for each in steps], name, limits)


class Conditional(Workflow[Any, Any]):
    """One of several ways, chosen by looking at the value."""

    kind = "conditional"

    def __init__(self, choose: Node, ways: Mapping[Any, Node], default: Node | None, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.choose, self.ways, self.default = choose, dict(ways), default

    async def carry(self, run: Run, value: Any) -> Any:
        """Choose, then go that way with the same value."""
        choice = await self.choose.carry(run, "choose", value)
        way = self.ways.get(choice, self.default)
        if way is None:
            known = ", ".join(repr(each) for each in self.ways)
            raise WorkflowError(
                f"{self.name}: {self.choose.name} chose {choice!r}, and there is no such way (ways: {known}). Add it, or a default=."
            )
        return await way.carry(run, way.name, value)


def conditional(
    choose: Any, ways: Mapping[Any, Any], *, default: Any = None, name: str = "conditional", limits: Limits | None = None
) -> Workflow[Any, Any]:
    """`choose(value)` names the way to go; `default` is for names that are not among the ways. `choose` may be a plain function."""
    if not ways:
        raise WorkflowError(f"{name} has no ways to choose from.")
    made = {key: node(way) for key, way in ways.items()}
    return Conditional(_plain_or_node(choose), made, node(default) if default is not None else None, name, limits)


class Iterate(Workflow[Any, Any]):
    """A step again and again until its value will do."""

    kind = "iterate"

    def __init__(self, body: Node, until: Node, max_rounds: int, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.body, self.until, self.max_rounds = body, until, max_rounds

    async def carry(self, run: Run, value: Any) -> Any:
        """Rounds until `until` says so. Raises RoundsUsedUp with the last value."""
        for index in range(self.max_rounds):
            value = await self.body.carry(run, f"{self.body.name}.{index}", value)
            done = await self.until.carry(run, f"until.{index}", value)
            await run.emit(RoundEnded(run.id, index))
            if done:
                return value
        raise RoundsUsedUp(self.name, self.max_rounds, value)


def iterate(step: Any, *, until: Any, max_rounds: int, name: str = "iterate", limits: Limits | None = None) -> Workflow[Any, Any]:
    """`step` again on its own value until `until(value)` is true, at most `max_rounds` times (then RoundsUsedUp with the last value)."""
    if max_rounds < 1:
        raise WorkflowError(f"{name} has max_rounds={max_rounds}; it needs at least one.")
    return Iterate(node(step), _plain_or_node(until), max_rounds, name, limits)


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


def parallel(
    *steps: Any, join: Any = None, on_error: OnError = "cancel", name: str = "parallel", limits: Limits | None = None
) -> Workflow[Any, Any]:
    """Every step gets the same value; `join(*results)` makes one value of theirs (without it: a tuple).

    When a branch fails the others are cancelled and the error is raised; with `on_error="collect"` its place holds a Failed instead.
    """
    if not steps:
        raise WorkflowError("parallel() needs at least one step.")
    return Parallel([node(each) for each in steps], _join(join, len(steps), name), on_error, name, limits)


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


def map_each(
    step: Any, *, concurrency: int | None = None, on_error: OnError = "cancel", name: str = "map_each", limits: Limits | None = None
) -> Workflow[Any, Any]:
    """`step` for each item of a list, at most `concurrency` at once; results in the items' order."""
    if concurrency is not None and concurrency < 1:
        raise WorkflowError(f"{name} has concurrency={concurrency}; it needs at least one.")
    return MapEach(node(step), concurrency, on_error, name, limits)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a writer is given from the second round on: the task, its last text, and what the critic said of it."""

    task: Any
    text: Any
    critique: Any

    def __str__(self) -> str:
        return f"{self.task}\n\nYour last version:\n{self.text}\n\nCritique:\n{self.critique}\n\nWrite a better version."


class Reflect(Workflow[Any, Any]):
    """Write, criticise, write again."""

    kind = "reflect"

    def __init__(self, write: Node, critique: Node, rounds: int, accept: Node, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.write, self.critique, self.rounds, self.accept = write, critique, rounds, accept

    async def carry(self, run: Run, task: Any) -> Any:
        """At most `rounds` rewrites; an accepted or unchanged text ends it."""
        text = await self.write.carry(run, f"{self.write.name}.0.draft", task)
        for index in range(self.rounds):
            said = await self.critique.carry(run, f"{self.critique.name}.{index}.critique", text)
            if await self.accept.carry(run, f"accept.{index}", said):
                return text
            better = await self.write.carry(run, f"{self.write.name}.{index + 1}.draft", _draft_for(self.write, Draft(task, text, said)))
            await run.emit(RoundEnded(run.id, index))
            if better == text:
                return text
            text = better
        return text


def _draft_for(write: Node, draft: Draft) -> Any:
    # An agent reads text; a function or workflow gets the parts.
    return str(draft) if write.kind == "agent" else draft


def accepts(critique: Any) -> bool:
    """Whether a critique finds nothing: it is empty, false, or its first words say OK, accept, approved, good, no changes."""
    if not isinstance(critique, str):
        return not critique
    first = critique.strip().lower().lstrip("\"'*_#. ")
    return not first or first.startswith(("ok", "accept", "approved", "good", "no change", "no issues", "lgtm"))


def reflect(
    write: Any, critique: Any, *, rounds: int = 2, accept: Any = accepts, name: str = "reflect", limits: Limits | None = None
) -> Workflow[Any, Any]:
    """`write(task)`, then up to `rounds` times: `critique(text)` and, unless `accept(critique)`, `write(Draft(task, text, critique))`.

    A round that changes nothing ends it. An agent as writer gets the draft as text.
    """
    if rounds < 1:
        raise WorkflowError(f"{name} has rounds={rounds}; it needs at least one.")
    return Reflect(node(write), node(critique), rounds, _plain_or_node(accept), name, limits)


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


def best_of(step: Any, n: int, *, score: Any, name: str = "best_of", limits: Limits | None = None) -> Workflow[Any, Any]:
    """`n` tries of `step` on the same value; the one with the highest `score(result)`."""
    if n < 1:
        raise WorkflowError(f"{name} has n={n}; it needs at least one try.")
    return BestOf(node(step), n, _plain_or_node(score), name, limits)


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


def _plain_or_node(thing: Any) -> Node:
    """A node; a plain function that only looks (a choice, a test, a score) needs no step of its own."""
    if isinstance(thing, (Workflow, Tool, Step, Node)) or not callable(thing) or is_async(thing):
        return node(thing)

    async def carry(run: Any, position: str, value: Any) -> Any:
        return thing(value)

    return Node(getattr(thing, "__name__", "look"), "look", carry, thing)


def _join(join: Any, branches: int, name: str) -> Node | None:
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
