"""Shapes whose steps work side by side, each as a child run: parallel, map_each, best_of."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple, TypeVar, cast

from sayso.tools.definition.tool import Tool
from sayso.tools.errors import WorkflowError

from ..runs.concurrency import Failed, Job, collect_jobs, run_jobs
from ..runs.limits import Limits
from ..runs.protocols import Run, WorkflowCode
from ..workflow import Node, Workflow
from .nodes import check_input, check_output, make_node, resolve_result
from .step_functions import AnyFunction, get_name, is_async
from .step_options import Step
from .step_types import describe_class, find_types

A = TypeVar("A")
B = TypeVar("B")
OnError = Literal["cancel", "collect"]


class Parallel(Workflow[A, B]):
    """The same value down several branches side by side."""

    kind = "parallel"

    def __init__(self, nodes: Sequence[Node], join: Node | None, on_error: OnError, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.nodes: tuple[Node, ...] = tuple(nodes)
        self.join: Node | None = join
        self._run_jobs = _find_runner(on_error)
        self.parts: tuple[Node, ...] = (*self.nodes, *((join,) if join is not None else ()))
        self._branches = tuple((make_branch(each), f"{each.name}.{index}") for index, each in enumerate(self.nodes))
        self.input_type: type | None = next((each.input_type for each in self.nodes if each.input_type is not None), None)
        self.output_type: type | None = tuple if join is None else join.output_type

    async def execute(self, run: Run, value: A) -> B:
        """Execute all branches, then the join of their results in the branches' order."""
        for node in self.nodes:  # before any branch starts: a write in one of them could not be taken back
            check_input(self.name, node, value)
        results = await self._run_jobs(branch.make_job(run, position, value) for branch, position in self._branches)
        for node, result in zip(self.nodes, results, strict=True):
            if not isinstance(result, Failed):
                check_output(self.name, node, result)
        return cast(B, tuple(results) if self.join is None else await self.join.execute(run, "join", results))


class MapEach(Workflow[Iterable[A], list[B]]):
    """One step for each item of a list, side by side."""

    kind = "map_each"

    def __init__(self, body: Node, concurrency: int | None, on_error: OnError, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.body: Node = body
        self.concurrency: int | None = concurrency
        self._run_jobs = _find_runner(on_error)
        self.parts: tuple[Node, ...] = (body,)
        self._branch = make_branch(body)
        self.output_type: type | None = list

    async def execute(self, run: Run, value: Iterable[A]) -> list[B]:
        """Return a result for each item, in the items' order."""
        name, body = self.name, self.body
        if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
            raise WorkflowError(f"{name} was given {describe_class(type(value))}; it takes a list, and executes {body.name} for each item.")
        # All items are looked at before any is begun: a write for one of them could not be taken back.
        items = [check_input(name, body, item) for item in value]
        jobs = [self._branch.make_job(run, f"{body.name}.{index}", item) for index, item in enumerate(items)]
        results: list[B] = await self._run_jobs(jobs, concurrency=self.concurrency)
        for result in results:
            if not isinstance(result, Failed):
                check_output(name, body, result)
        return results


class BestOf(Workflow[A, B]):
    """Several tries of one step side by side, and the result with the highest score."""

    kind = "best_of"

    def __init__(self, body: Node, tries: int, score: Node, name: str, limits: Limits | None) -> None:
        super().__init__(name, limits)
        self.body: Node = body
        self.tries: int = tries
        self.score: Node = score
        self.parts: tuple[Node, ...] = (body, score)
        self._branch = make_branch(body)
        self.input_type: type | None = body.input_type
        self.output_type: type | None = body.output_type

    async def execute(self, run: Run, value: A) -> B:
        """Return the best result; of equals the first."""
        name, body, score = self.name, self.body, self.score
        check_input(name, body, value)
        results: list[B] = await run_jobs(self._branch.make_job(run, f"{body.name}.{index}", value) for index in range(self.tries))
        for result in results:
            check_output(name, body, result)
        # One after another: a run is one line, and only child runs go side by side.
        scores = [await score.execute(run, f"{score.name}.{index}.score", result) for index, result in enumerate(results)]
        try:
            if not any(number != number for number in scores):  # only NaN differs from itself
                return results[max(range(self.tries), key=scores.__getitem__)]
        except TypeError:
            pass
        kinds = ", ".join(sorted({"nan" if number != number else describe_class(type(number)) for number in scores}))
        raise WorkflowError(f"{name}: {score.name} returned {kinds}, which cannot be compared. A score is a number: score=len.")


class Branch(NamedTuple):
    """A node as a child run of its own: the code that it executes, and the limits it brings."""

    code: WorkflowCode
    limits: Limits | None = None

    def make_job(self, run: Run, position: str, value: object) -> Job[Any]:
        """Return the branch, ready to be started at its position. It begins with what the run has read by now."""
        return position, partial(run.child, position, self.code, value, limits=self.limits, provenance=run.scope.provenance.for_child())


def make_branch(node: Node) -> Branch:
    """Return a node as a branch. A workflow or workflow code is a child run already; a step or tool becomes the only step of one."""
    if isinstance(node.step, Workflow):
        return Branch(node.step.execute, node.step.limits)
    if node.kind == "code":
        return Branch(cast(WorkflowCode, node.step))
    execute, name = node.execute, node.name

    def execute_alone(run: Run, value: object) -> Awaitable[object]:
        return execute(run, name, value)

    return Branch(execute_alone)


def make_join(join: object, branches: int, name: str) -> Node | None:
    """Return the node that makes one value of the branches' results: a function takes them as arguments, any other step as one list."""
    if join is None:
        return None
    if isinstance(join, (Workflow, Tool, Step)):
        return make_node(join)
    if not callable(join):
        raise WorkflowError(f"{name} has join={join!r}; it takes a function of the branches' results, or a step that is given their list.")
    try:
        inspect.signature(join).bind(*range(branches))
    except ValueError:
        pass  # a builtin that does not say what it takes
    except TypeError:
        raise WorkflowError(f"{name} has {branches} branches, and its join {get_name(join)!r} cannot take {branches} results.") from None
    return Node(get_name(join), "join", _execute_join(join), join, None, find_types(join, 0)[1])


def _execute_join(join: AnyFunction) -> Callable[[Run, str, Sequence[object]], Awaitable[object]]:
    awaited = cast(Callable[..., Awaitable[object]], join) if is_async(join) else None

    async def execute(run: Run, position: str, results: Sequence[object]) -> object:
        return await (run.step(position, awaited, *results) if awaited else resolve_result(run, position, join(*results)))

    return execute


def _find_runner(on_error: OnError) -> Callable[..., Awaitable[list[Any]]]:
    return collect_jobs if on_error == "collect" else run_jobs
