"""The shapes of work, as they are written: each takes steps and is one, and a checker follows the values through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Literal, TypedDict, TypeVar, Unpack, overload

from sayso.tools.errors import WorkflowError

from ..runs.limits import Limits
from ..workflow import Workflow
from .branches import BestOf, Failed, MapEach, OnError, Parallel, joined_by
from .in_order import Conditional, Draft, Iterate, Reflect, RoundsUsedUp, Sequential, accepts
from .nodes import look, node
from .step_types import Comparable, Does

__all__ = (
    "Draft",
    "Failed",
    "Named",
    "RoundsUsedUp",
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
G = TypeVar("G")
H = TypeVar("H")
I = TypeVar("I")  # noqa: E741  the letters are the values' stations from A to I
Z = TypeVar("Z")


class Named(TypedDict, total=False):
    """What every shape takes beside its steps: what it is called, and limits of its own."""

    name: str
    limits: Limits | None


@overload
def sequential(b: Does[A, B], /, **named: Unpack[Named]) -> Workflow[A, B]: ...
@overload
def sequential(b: Does[A, B], c: Does[B, C], /, **named: Unpack[Named]) -> Workflow[A, C]: ...
@overload
def sequential(b: Does[A, B], c: Does[B, C], d: Does[C, D], /, **named: Unpack[Named]) -> Workflow[A, D]: ...
@overload
def sequential(b: Does[A, B], c: Does[B, C], d: Does[C, D], e: Does[D, E], /, **named: Unpack[Named]) -> Workflow[A, E]: ...
@overload
def sequential(b: Does[A, B], c: Does[B, C], d: Does[C, D], e: Does[D, E], f: Does[E, F], /, **named: Unpack[Named]) -> Workflow[A, F]: ...
@overload
def sequential(
    b: Does[A, B], c: Does[B, C], d: Does[C, D], e: Does[D, E], f: Does[E, F], g: Does[F, G], /, **named: Unpack[Named]
) -> Workflow[A, G]: ...
@overload
def sequential(
    b: Does[A, B], c: Does[B, C], d: Does[C, D], e: Does[D, E], f: Does[E, F], g: Does[F, G], h: Does[G, H], /, **named: Unpack[Named]
) -> Workflow[A, H]: ...
@overload
def sequential(
    b: Does[A, B],
    c: Does[B, C],
    d: Does[C, D],
    e: Does[D, E],
    f: Does[E, F],
    g: Does[F, G],
    h: Does[G, H],
    i: Does[H, I],
    /,
    **named: Unpack[Named],
) -> Workflow[A, I]: ...
@overload
def sequential(
    b: Does[A, B],
    c: Does[B, C],
    d: Does[C, D],
    e: Does[D, E],
    f: Does[E, F],
    g: Does[F, G],
    h: Does[G, H],
    i: Does[H, I],
    /,
    *more: Does[Any, Any],
    **named: Unpack[Named],
) -> Workflow[A, Any]: ...
def sequential(*steps: Any, name: str = "sequential", limits: Limits | None = None) -> Workflow[Any, Any]:
    """Each step gets what the step before gave. Checkers follow the types through eight steps."""
    if not steps:
        raise WorkflowError("sequential() needs at least one step.")
    return Sequential([node(each) for each in steps], name, limits)


@overload
def conditional(
    choose: Callable[[A], Any], ways: Mapping[Any, Does[A, B]], *, default: Does[A, B] | None = ..., **named: Unpack[Named]
) -> Workflow[A, B]: ...
@overload  # mypy gives up on what ways of several kinds (an agent, a function) have in common
def conditional(
    choose: Callable[[A], Any], ways: Mapping[Any, Does[A, Any]], *, default: Does[A, Any] | None = ..., **named: Unpack[Named]
) -> Workflow[A, Any]: ...
def conditional(
    choose: Callable[[A], Any],
    ways: Mapping[Any, Does[A, B]],
    *,
    default: Does[A, B] | None = None,
    name: str = "conditional",
    limits: Limits | None = None,
) -> Workflow[A, B]:
    """`choose(value)` names the way to go; `default` is for names that are not among the ways. `choose` may be a plain function."""
    if not isinstance(ways, Mapping) or not ways:
        raise WorkflowError(f"{name} has no ways to choose from. Write them as a dict from choices to steps.")
    made = {key: node(way) for key, way in ways.items()}
    return Conditional(look(choose), made, node(default) if default is not None else None, name, limits)


def iterate(
    step: Does[A, A], *, until: Callable[[A], Any], max_rounds: int, name: str = "iterate", limits: Limits | None = None
) -> Workflow[A, A]:
    """`step` again on its own value until `until(value)` is true, at most `max_rounds` times (then RoundsUsedUp with the last value)."""
    _counted(name, "max_rounds", max_rounds)
    return Iterate(node(step), look(until), max_rounds, name, limits)


@overload
def parallel(b: Does[A, B], /, *, join: None = ..., on_error: Literal["cancel"] = ..., **named: Unpack[Named]) -> Workflow[A, tuple[B]]: ...
@overload
def parallel(
    b: Does[A, B], c: Does[A, C], /, *, join: None = ..., on_error: Literal["cancel"] = ..., **named: Unpack[Named]
) -> Workflow[A, tuple[B, C]]: ...
@overload
def parallel(
    b: Does[A, B], c: Does[A, C], d: Does[A, D], /, *, join: None = ..., on_error: Literal["cancel"] = ..., **named: Unpack[Named]
) -> Workflow[A, tuple[B, C, D]]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    e: Does[A, E],
    /,
    *,
    join: None = ...,
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, tuple[B, C, D, E]]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    e: Does[A, E],
    f: Does[A, F],
    /,
    *,
    join: None = ...,
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, tuple[B, C, D, E, F]]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    e: Does[A, E],
    f: Does[A, F],
    g: Does[A, G],
    /,
    *,
    join: None = ...,
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, tuple[B, C, D, E, F, G]]: ...
@overload
def parallel(
    b: Does[A, B], /, *, join: Callable[[B], Coroutine[Any, Any, Z]], on_error: Literal["cancel"] = ..., **named: Unpack[Named]
) -> Workflow[A, Z]: ...
@overload
def parallel(b: Does[A, B], /, *, join: Callable[[B], Z], on_error: Literal["cancel"] = ..., **named: Unpack[Named]) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    /,
    *,
    join: Callable[[B, C], Coroutine[Any, Any, Z]],
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: Does[A, B], c: Does[A, C], /, *, join: Callable[[B, C], Z], on_error: Literal["cancel"] = ..., **named: Unpack[Named]
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    /,
    *,
    join: Callable[[B, C, D], Coroutine[Any, Any, Z]],
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    /,
    *,
    join: Callable[[B, C, D], Z],
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    e: Does[A, E],
    /,
    *,
    join: Callable[[B, C, D, E], Coroutine[Any, Any, Z]],
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    e: Does[A, E],
    /,
    *,
    join: Callable[[B, C, D, E], Z],
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    e: Does[A, E],
    f: Does[A, F],
    /,
    *,
    join: Callable[[B, C, D, E, F], Coroutine[Any, Any, Z]],
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    e: Does[A, E],
    f: Does[A, F],
    /,
    *,
    join: Callable[[B, C, D, E, F], Z],
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    e: Does[A, E],
    f: Does[A, F],
    g: Does[A, G],
    /,
    *,
    join: Callable[[B, C, D, E, F, G], Coroutine[Any, Any, Z]],
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    e: Does[A, E],
    f: Does[A, F],
    g: Does[A, G],
    /,
    *,
    join: Callable[[B, C, D, E, F, G], Z],
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, Z]: ...
@overload
def parallel(
    b: Does[A, B],
    c: Does[A, C],
    d: Does[A, D],
    e: Does[A, E],
    f: Does[A, F],
    g: Does[A, G],
    g7: Does[A, Any],
    /,
    *more: Does[A, Any],
    join: Callable[..., Any] | None = ...,
    on_error: Literal["cancel"] = ...,
    **named: Unpack[Named],
) -> Workflow[A, Any]: ...
@overload
def parallel(
    *steps: Does[A, Any], join: Callable[..., Any] | None = ..., on_error: Literal["collect"], **named: Unpack[Named]
) -> Workflow[A, Any]: ...
def parallel(
    *steps: Any, join: Any = None, on_error: OnError = "cancel", name: str = "parallel", limits: Limits | None = None
) -> Workflow[Any, Any]:
    """Every step gets the same value; `join(*results)` makes one value of theirs (without it: a tuple).

    When a branch fails the others are cancelled and the error is raised; with `on_error="collect"` its place holds a Failed instead.
    """
    if not steps:
        raise WorkflowError("parallel() needs at least one step.")
    return Parallel([node(each) for each in steps], joined_by(join, len(steps), name), _known(name, on_error), name, limits)


@overload
def map_each(
    step: Does[A, B], *, concurrency: int | None = ..., on_error: Literal["cancel"] = ..., **named: Unpack[Named]
) -> Workflow[Iterable[A], list[B]]: ...
@overload
def map_each(
    step: Does[A, B], *, concurrency: int | None = ..., on_error: Literal["collect"], **named: Unpack[Named]
) -> Workflow[Iterable[A], list[B | Failed]]: ...
def map_each(
    step: Any, *, concurrency: int | None = None, on_error: OnError = "cancel", name: str = "map_each", limits: Limits | None = None
) -> Workflow[Any, Any]:
    """`step` for each item of a list, at most `concurrency` at once; results in the items' order."""
    if concurrency is not None:
        _counted(name, "concurrency", concurrency)
    return MapEach(node(step), concurrency, _known(name, on_error), name, limits)


def reflect(
    write: Does[A | Draft, B],
    critique: Does[B, C],
    *,
    rounds: int = 2,
    accept: Callable[[C], Any] = accepts,
    name: str = "reflect",
    limits: Limits | None = None,
) -> Workflow[A, B]:
    """`write(task)`, then up to `rounds` times: `critique(text)` and, unless `accept(critique)`, `write(Draft(task, text, critique))`.

    A round that changes nothing ends it. An agent as writer gets the draft as text.
    """
    _counted(name, "rounds", rounds)
    return Reflect(node(write), node(critique), rounds, look(accept), name, limits)


def best_of(
    step: Does[A, B],
    n: int,
    *,
    score: Callable[[B], Awaitable[Comparable] | Comparable],
    name: str = "best_of",
    limits: Limits | None = None,
) -> Workflow[A, B]:
    """`n` tries of `step` on the same value; the one with the highest `score(result)`."""
    _counted(name, "n", n)
    return BestOf(node(step), n, look(score), name, limits)


def _counted(name: str, what: str, number: object) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise WorkflowError(f"{name} has {what}={number!r}; it takes a whole number, at least one.")


def _known(name: str, on_error: OnError) -> OnError:
    if on_error not in ("cancel", "collect"):
        raise WorkflowError(f"{name} has on_error={on_error!r}; it takes 'cancel' or 'collect'.")
    return on_error
