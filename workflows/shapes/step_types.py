"""Types of steps: as a type checker sees them, and as a step's own annotations say them."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, Literal, Protocol, TypeVar, get_args, get_origin, get_type_hints

from sayso.tools.definition.tool import ToolContext

from ..runs.protocols import Run

A = TypeVar("A")
B = TypeVar("B")
A_contra = TypeVar("A_contra", contravariant=True)
B_co = TypeVar("B_co", covariant=True)


class ToolLike(Protocol[A_contra, B_co]):
    """A tool of one argument, as a checker sees it; its function may take a ToolContext after that."""

    @property
    def async_function(self) -> Callable[[A_contra], Awaitable[B_co]] | Callable[[A_contra, ToolContext[Any]], Awaitable[B_co]]:
        """Return the function as a run calls it."""
        ...


class Comparable(Protocol):
    """A score: a number, or what else can be greater than another of its kind."""

    def __gt__(self, other: Any, /) -> bool: ...


StepLike = Callable[[A], Awaitable[B]] | Callable[[Run, A], Awaitable[B]] | ToolLike[A, B]
"""A step from A to B: an async function, tool, agent or workflow, or workflow code, which takes a Run first."""


# At run time only plain classes count: what a checker would have to work out is left to a checker.

JSON_TYPES = (str, int, float, bool, list, dict)
_PLAIN = (*JSON_TYPES, bytes, tuple, set, type(None))


def find_types(function: object, index: int) -> tuple[type | None, type | None]:
    """Return the classes that parameter `index` and the result are annotated with; None for what is not a plain class."""
    if not hasattr(function, "__code__"):
        function = getattr(type(function), "__call__", None)  # noqa: B004  the function behind it is wanted
        index += 1
    # Not typing.get_type_hints: it evaluates annotations, and fails for a name that is imported under TYPE_CHECKING only.
    code = getattr(function, "__code__", None)
    if code is None:
        return None, None
    names = code.co_varnames[: code.co_argcount]
    annotations = getattr(function, "__annotations__", {})
    known = getattr(function, "__globals__", {})
    taken = _find_plain_class(annotations.get(names[index]), known) if index < len(names) else None
    return taken, _find_plain_class(annotations.get("return"), known)


def find_choices(function: object) -> tuple[object, ...]:
    """Return all values that a function's annotation lets it return: of a Literal, an Enum, bool. Empty where that is not known."""
    try:
        kind = get_type_hints(function).get("return")
    except Exception:  # noqa: BLE001 - a hint may name anything, also what is imported for checkers only
        return ()
    if get_origin(kind) is Literal:
        return get_args(kind)
    if kind is bool:
        return (True, False)
    return tuple(kind) if isinstance(kind, type) and issubclass(kind, Enum) else ()


def _find_plain_class(annotation: object, known: dict[str, object]) -> type | None:
    if isinstance(annotation, str):  # from __future__ import annotations: looked up by name, never evaluated
        annotation = known.get(annotation, getattr(builtins, annotation, None) if annotation.isidentifier() else None)
    if not isinstance(annotation, type) or annotation in (object, Any) or inspect.isabstract(annotation):
        return None
    # Protocols, generic classes and typed dicts say more than isinstance can ask.
    return None if any(hasattr(annotation, mark) for mark in ("_is_protocol", "__parameters__", "__total__")) else annotation


def are_disjoint(one: type | None, other: type | None) -> bool:
    """Tell whether no value of class `one` is accepted where `other` is expected. Unknown classes (None) are never disjoint."""
    if one is None or other is None or issubclass(one, other) or issubclass(other, one):
        return False
    # To type checkers an int is a float and a complex, too (PEP 484, "The numeric tower").
    return not (issubclass(one, int) and other in (float, complex)) and not (issubclass(one, float) and other is complex)


def never_equal(one: type | None, other: type) -> bool:
    """Tell whether no values of the two classes are ever equal. Numbers may be, and so may classes that define __eq__."""
    if one is None or not are_disjoint(one, other) or (issubclass(one, (int, float)) and issubclass(other, (int, float))):
        return False
    return not any("__eq__" in vars(base) for kind in (one, other) if not issubclass(kind, _PLAIN) for base in kind.__mro__[:-1])


def is_incompatible(value: object, expected: type) -> bool:
    """Tell whether a value is plainly not what a step is annotated with. Other people's classes may be stand-ins and always pass."""
    kind = type(value)
    return (expected in _PLAIN or kind in _PLAIN) and not isinstance(value, expected) and are_disjoint(kind, expected)


def describe_class(kind: type | None) -> str:
    """Return a class as it reads in a sentence: "an int", "a str", "None"."""
    name = "None" if kind in (None, type(None)) else kind.__name__
    return name if name == "None" else f"an {name}" if name[0] in "aeiouAEIOU" else f"a {name}"
