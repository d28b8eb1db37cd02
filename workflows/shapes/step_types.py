"""What a step takes and gives: as a type checker sees it, and as the step says it itself."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from sayso.tools.definition.tool import ToolContext

from ..runs.protocols import Run

A = TypeVar("A")
B = TypeVar("B")
A_contra = TypeVar("A_contra", contravariant=True)
B_co = TypeVar("B_co", covariant=True)


class AsTool(Protocol[A_contra, B_co]):
    """A tool of one argument, as a checker sees it; its function may take a ToolContext after that."""

    @property
    def async_function(self) -> Callable[[A_contra], Awaitable[B_co]] | Callable[[A_contra, ToolContext[Any]], Awaitable[B_co]]:
        """The function as a run calls it."""
        ...


class Comparable(Protocol):
    """A score: a number, or what else can be greater than another of its kind."""

    def __gt__(self, other: Any, /) -> bool: ...


Does = Callable[[A], Awaitable[B]] | Callable[[Run, A], Awaitable[B]] | AsTool[A, B]
"""A step from A to B: an async function, tool, agent or workflow, or workflow code, which takes a Run first."""


# What steps say of themselves. Only plain classes count: what a checker would have to work out is left to a checker.

JSON_TYPES = (str, int, float, bool, list, dict)
_PLAIN = (*JSON_TYPES, bytes, tuple, set, type(None))


def said_types(function: Any, place: int) -> tuple[type | None, type | None]:
    """The class that a function's parameter at `place` and its result are annotated with; None where that is no plain class."""
    if not hasattr(function, "__code__"):
        function = getattr(type(function), "__call__", None)  # noqa: B004  the function behind it is wanted
        place += 1
    code = getattr(function, "__code__", None)
    if code is None:
        return None, None
    names = code.co_varnames[: code.co_argcount]
    hints = function.__annotations__
    takes = _plain_class(hints.get(names[place]), function) if place < len(names) else None
    return takes, _plain_class(hints.get("return"), function)


def _plain_class(hint: Any, function: Any) -> type | None:
    if isinstance(hint, str):  # from __future__ import annotations: looked up by name, never evaluated
        hint = function.__globals__.get(hint, getattr(builtins, hint, None) if hint.isidentifier() else None)
    if not isinstance(hint, type) or hint in (object, Any) or inspect.isabstract(hint):
        return None
    # Protocols, generic classes and typed dicts say more than isinstance can ask.
    return None if any(hasattr(hint, mark) for mark in ("_is_protocol", "__parameters__", "__total__")) else hint


def disagree(gives: type | None, takes: type | None) -> bool:
    """Whether no value can be both: two concrete classes of which neither is the other's."""
    if gives is None or takes is None or issubclass(gives, takes) or issubclass(takes, gives):
        return False
    return not (issubclass(gives, int) and takes in (float, complex)) and not (issubclass(gives, float) and takes is complex)


def never(gives: type | None, key: type) -> bool:
    """Whether nothing of one class is ever equal to something of the other: numbers may be, and what says itself when it is equal."""
    if gives is None or not disagree(gives, key) or (issubclass(gives, (int, float)) and issubclass(key, (int, float))):
        return False
    return not any("__eq__" in vars(base) for kind in (gives, key) if not issubclass(kind, _PLAIN) for base in kind.__mro__[:-1])


def misfit(value: Any, takes: type) -> bool:
    """Whether a value is plainly not what a step says it takes. A stranger's class may be a stand-in: it is not judged."""
    kind = type(value)
    return (takes in _PLAIN or kind in _PLAIN) and not isinstance(value, takes) and disagree(kind, takes)


def article(kind: type | None) -> str:
    """A class as it reads in a sentence: "an int", "a str", "None"."""
    name = "None" if kind in (None, type(None)) else kind.__name__
    return name if name == "None" else f"an {name}" if name[0] in "aeiouAEIOU" else f"a {name}"
