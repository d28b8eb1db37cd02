"""The functions that make shapes, with types: checkers follow the values from step to step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypedDict, TypeVar, Unpack, cast, overload

from sayso.tools.errors import WorkflowError

from ..runs.concurrency import Failed
from ..runs.limits import Limits
from ..workflow import Workflow
from .branches import BestOf, MapEach, OnError, Parallel, make_join
from .in_order import Conditional, Draft, Iterate, Reflect, RoundsUsedUp, Sequential, accepts
from .nodes import make_node, make_predicate
from .step_types import Comparable, StepLike, find_choices

__all__ = (
    "Chooser",
    "Draft",
    "RoundsUsedUp",
    "ShapeOptions",
    "best_of",
    "conditional",
    "iterate",
    "map_each",
    "parallel",
    "reflect",
    "sequential",
)

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
Z = TypeVar("Z")
AsyncResult = Coroutine[Any, Any, Z]
"""What an async function returns. To checkers a join that returns one is a case of its own, which comes first: its result is awaited."""
K = TypeVar("K")
if TYPE_CHECKING:  # an agent takes anything: with a default it is Any, and not unknown; typing has defaults from Python 3.13 on
    from typing_extensions import TypeVar as DefaultTypeVar

    W = DefaultTypeVar("W", default=Any)
    V = DefaultTypeVar("V", default=Any)
    Q = DefaultTypeVar("Q", default=Any)
else:
    W, V, Q = TypeVar("W"), TypeVar("V"), TypeVar("Q")
_LATER: Mapping[Any, Any] = {}
Cases = Mapping[Any, StepLike[A, B]]
ListStep = Workflow[list[Any], Z]
"""A workflow or agent that joins branches: it is given the list of their results."""


class ShapeOptions(TypedDict, total=False):
    """The options of every shape: its name, and limits for what is inside."""

    name: str
    limits: Limits | None


class BranchOptions(ShapeOptions, total=False):
    """The options of branches that cancel each other when one fails."""

    on_error: Literal["cancel"]


class TupleOptions(BranchOptions, total=False):
    """The options of branches whose results are not joined."""

    join: None


@overload
def sequential(b: StepLike[A, B], /, **options: Unpack[ShapeOptions]) -> Sequential[A, B]: ...
@overload
def sequential(b: StepLike[A, B], c: StepLike[B, C], /, **options: Unpack[ShapeOptions]) -> Sequential[A, C]: ...
@overload
def sequential(b: StepLike[A, B], c: StepLike[B, C], d: StepLike[C, D], /, **options: Unpack[ShapeOptions]) -> Sequential[A, D]: ...
@overload
def sequential(
    b: StepLike[A, B], c: StepLike[B, C], d: StepLike[C, D], e: StepLike[D, E], /, **options: Unpack[ShapeOptions]
) -> Sequential[A, E]: ...
@overload
def sequential(
    b: StepLike[A, B], c: StepLike[B, C], d: StepLike[C, D], e: StepLike[D, E], f: StepLike[E, F], /, **options: Unpack[ShapeOptions]
) -> Sequential[A, F]: ...
@overload
def sequential(
    b: StepLike[A, B],
    c: StepLike[B, C],
    d: StepLike[C, D],
    e: StepLike[D, E],
    f: StepLike[E, F],
    /,
    *more: StepLike[Any, object],
    **options: Unpack[ShapeOptions],
) -> Sequential[A, Any]: ...
def sequential(*steps: object, name: str = "sequential", limits: Limits | None = None) -> object:
    """Give each step what the step before returned. Checkers follow the types through five steps; add more with `.then(step)`."""
    if not steps:
        raise WorkflowError("sequential() needs at least one step.")
    return Sequential([make_node(each) for each in steps], name, limits)


class Chooser(Generic[A, K]):
    """A choice whose ways are still to come: `conditional(choose).ways({...})`. Checkers know the keys that `choose` returns."""

    def __init__(self, choose: object, name: str, limits: Limits | None) -> None:
        self._choose, self._name, self._limits = choose, name, limits

    def ways(self, ways: Mapping[K, StepLike[A, B]], *, default: StepLike[A, B] | None = None) -> Workflow[A, B]:
        """Return the workflow that executes the step under what the choice returns, else `default`.

        Raises WorkflowError for a choice annotated with a Literal, an Enum or bool, of which a value has neither a way nor a default.
        """
        made: Workflow[A, B] = conditional(cast("Any", self._choose), ways, default=default, name=self._name, limits=self._limits)
        missing = [key for key in find_choices(self._choose) if key not in ways] if default is None else []
        if missing:
            raise WorkflowError(f"{self._name} has no way for {', '.join(map(repr, missing))}. Add it, or a default=.")
        return made


@overload
def conditional(
    choose: Callable[[A], AsyncResult[K]] | Workflow[A, K], /, *, name: str = ..., limits: Limits | None = ...
) -> Chooser[A, K]: ...
@overload
def conditional(choose: Callable[[A], K], /, *, name: str = ..., limits: Limits | None = ...) -> Chooser[A, K]: ...
@overload
def conditional(
    choose: Callable[[A], object],
    cases: Cases[A, B],
    *,
    default: StepLike[A, B] | None = ...,
    **options: Unpack[ShapeOptions],
) -> Workflow[A, B]: ...
@overload  # mypy gives up on what cases of several kinds (an agent, a function) have in common
def conditional(
    choose: Callable[[A], object],
    cases: Cases[A, object],
    *,
    default: StepLike[A, object] | None = ...,
    **options: Unpack[ShapeOptions],
) -> Workflow[A, Any]: ...
def conditional(choose: Any, cases: Any = _LATER, *, default: Any = None, name: str = "conditional", limits: Limits | None = None) -> Any:
    """Execute the step that stands in `cases` under `choose(value)`, else `default`. `choose` may be a plain function.

    Without a `default`, a choice that is not in `cases` is a WorkflowError. `conditional(choose).ways({...})` is the same, and a type
    checker finds keys that `choose` never returns.
    """
    if cases is _LATER:
        return Chooser[Any, Any](choose, name, limits)
    if not isinstance(cases, Mapping) or not cases:
        raise WorkflowError(f"{name} has no cases to choose from. Write them as a dict from choices to steps.")
    nodes = {key: make_node(case) for key, case in cases.items()}
    return Conditional(make_predicate(choose), nodes, make_node(default) if default is not None else None, name, limits)


def iterate(
    step: StepLike[A, A], *, until: Callable[[A], object], max_rounds: int, name: str = "iterate", limits: Limits | None = None
) -> Workflow[A, A]:
    """Execute `step` again on its own value until `until(value)` is true, at most `max_rounds` times; then RoundsUsedUp is raised."""
    _check_count(name, "max_rounds", max_rounds)
    return Iterate(make_node(step), make_predicate(until), max_rounds, name, limits)


@overload
def parallel(b: StepLike[A, B], /, **options: Unpack[TupleOptions]) -> Workflow[A, tuple[B]]: ...
@overload
def parallel(b: StepLike[A, B], c: StepLike[A, C], /, **options: Unpack[TupleOptions]) -> Workflow[A, tuple[B, C]]: ...
@overload
def parallel(
    b: StepLike[A, B], c: StepLike[A, C], d: StepLike[A, D], /, **options: Unpack[TupleOptions]
) -> Workflow[A, tuple[B, C, D]]: ...
@overload
def parallel(
    b: StepLike[A, B], c: StepLike[A, C], d: StepLike[A, D], e: StepLike[A, E], /, **options: Unpack[TupleOptions]
) -> Workflow[A, tuple[B, C, D, E]]: ...
@overload
def parallel(
    b: StepLike[A, B], c: StepLike[A, C], d: StepLike[A, D], e: StepLike[A, E], f: StepLike[A, F], /, **options: Unpack[TupleOptions]
) -> Workflow[A, tuple[B, C, D, E, F]]: ...
@overload
def parallel(
    b: StepLike[A, B], /, *, join: Callable[[B], AsyncResult[Z]] | ListStep[Z], **options: Unpack[BranchOptions]
) -> Workflow[A, Z]: ...
@overload
def parallel(b: StepLike[A, B], /, *, join: Callable[[B], Z], **options: Unpack[BranchOptions]) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: StepLike[A, B],
    c: StepLike[A, C],
    /,
    *,
    join: Callable[[B, C], AsyncResult[Z]] | ListStep[Z],
    **options: Unpack[BranchOptions],
) -> Workflow[A, Z]: ...
@overload
def parallel(b: StepLike[A, B], c: StepLike[A, C], /, *, join: Callable[[B, C], Z], **options: Unpack[BranchOptions]) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: StepLike[A, B],
    c: StepLike[A, C],
    d: StepLike[A, D],
    /,
    *,
    join: Callable[[B, C, D], AsyncResult[Z]] | ListStep[Z],
    **options: Unpack[BranchOptions],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: StepLike[A, B], c: StepLike[A, C], d: StepLike[A, D], /, *, join: Callable[[B, C, D], Z], **options: Unpack[BranchOptions]
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: StepLike[A, B],
    c: StepLike[A, C],
    d: StepLike[A, D],
    e: StepLike[A, E],
    /,
    *,
    join: Callable[[B, C, D, E], AsyncResult[Z]] | ListStep[Z],
    **options: Unpack[BranchOptions],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: StepLike[A, B],
    c: StepLike[A, C],
    d: StepLike[A, D],
    e: StepLike[A, E],
    /,
    *,
    join: Callable[[B, C, D, E], Z],
    **options: Unpack[BranchOptions],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: StepLike[A, B],
    c: StepLike[A, C],
    d: StepLike[A, D],
    e: StepLike[A, E],
    f: StepLike[A, F],
    /,
    *,
    join: Callable[[B, C, D, E, F], AsyncResult[Z]] | ListStep[Z],
    **options: Unpack[BranchOptions],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: StepLike[A, B],
    c: StepLike[A, C],
    d: StepLike[A, D],
    e: StepLike[A, E],
    f: StepLike[A, F],
    /,
    *,
    join: Callable[[B, C, D, E, F], Z],
    **options: Unpack[BranchOptions],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: StepLike[A, B],
    c: StepLike[A, C],
    d: StepLike[A, D],
    e: StepLike[A, E],
    f: StepLike[A, F],
    g: StepLike[A, object],
    /,
    *more: StepLike[A, object],
    join: Callable[..., object] | None = ...,
    **options: Unpack[BranchOptions],
) -> Workflow[A, Any]: ...
@overload
def parallel(
    *steps: StepLike[A, object], join: Callable[..., object] | None = ..., on_error: Literal["collect"], **options: Unpack[ShapeOptions]
) -> Workflow[A, Any]: ...
def parallel(
    *steps: object, join: object = None, on_error: OnError = "cancel", name: str = "parallel", limits: Limits | None = None
) -> object:
    """Give every step the same value; `join(*results)` makes one value of their results (without it: a tuple).

    When a branch fails the others are cancelled and the error is raised; with `on_error="collect"` its result is a Failed instead.
    Checkers follow the types of five branches.
    """
    if not steps:
        raise WorkflowError("parallel() needs at least one step.")
    _check_on_error(name, on_error)
    return Parallel([make_node(each) for each in steps], make_join(join, len(steps), name), on_error, name, limits)


@overload
def map_each(
    step: StepLike[A, B], *, concurrency: int | None = ..., **options: Unpack[BranchOptions]
) -> Workflow[Iterable[A], list[B]]: ...
@overload
def map_each(
    step: StepLike[A, B], *, concurrency: int | None = ..., on_error: Literal["collect"], **options: Unpack[ShapeOptions]
) -> Workflow[Iterable[A], list[B | Failed]]: ...
def map_each(
    step: object, *, concurrency: int | None = None, on_error: OnError = "cancel", name: str = "map_each", limits: Limits | None = None
) -> object:
    """Execute `step` for each item of a list, at most `concurrency` at once; the results are in the items' order."""
    if concurrency is not None:
        _check_count(name, "concurrency", concurrency)
    _check_on_error(name, on_error)
    return MapEach(make_node(step), concurrency, on_error, name, limits)


def reflect(
    write: StepLike[W | Draft[Any, Any, Any], V],
    critique: StepLike[V, Q],
    *,
    rounds: int = 2,
    accept: Callable[[Q], object] = accepts,
    name: str = "reflect",
    limits: Limits | None = None,
) -> Workflow[W, V]:
    """Execute `write(task)`, then up to `rounds` times `critique(text)` and `write(Draft(task, text, critique))`.

    A critique that `accept` takes ends it, and so does a round that changes nothing. An agent as writer gets the draft as text.
    """
    _check_count(name, "rounds", rounds)
    return Reflect(make_node(write), make_node(critique), rounds, make_predicate(accept), name, limits)


def best_of(
    step: StepLike[A, B],
    n: int,
    *,
    score: Callable[[B], Awaitable[Comparable] | Comparable],
    name: str = "best_of",
    limits: Limits | None = None,
) -> Workflow[A, B]:
    """Execute `step` `n` times on the same value, side by side, and return the result with the highest `score(result)`."""
    _check_count(name, "n", n)
    return BestOf(make_node(step), n, make_predicate(score), name, limits)


def _check_count(name: str, option: str, number: object) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise WorkflowError(f"{name} has {option}={number!r}; it takes a whole number, at least one.")


def _check_on_error(name: str, on_error: str) -> None:
    if on_error not in ("cancel", "collect"):
        raise WorkflowError(f"{name} has on_error={on_error!r}; it takes 'cancel' or 'collect'.")
