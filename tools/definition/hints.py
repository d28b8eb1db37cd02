"""The type hints of a tool's function: read by name, and searched for the ToolContext, which is the application's in every spelling."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any

from ..errors import UsageError


def read_hints(function: Callable[..., object], name: str) -> dict[str, Any]:
    """Return the function's type hints, those in quotes resolved. Raises UsageError that names a parameter whose hint cannot be."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise UsageError(_explain(function, name, error)) from None


def _explain(function: Callable[..., object], name: str, error: Exception) -> str:
    """Return the sentence for the first hint that cannot be read; a name that only `if TYPE_CHECKING` imports is the usual reason."""
    owner: Any = function
    while hasattr(owner, "__wrapped__"):
        owner = owner.__wrapped__
    for parameter, hint in getattr(function, "__annotations__", {}).items():
        alone = types.SimpleNamespace(__annotations__={parameter: hint})
        try:
            typing.get_type_hints(alone, getattr(owner, "__globals__", {}), include_extras=True)
        except (NameError, TypeError, SyntaxError, AttributeError) as found:
            where = "what it returns" if parameter == "return" else repr(parameter)
            return (
                f"The tool {name}: the type hint of {where} cannot be read: {found}. "
                "A tool's hints are read while the program runs: import what they name at the top of the module, not under TYPE_CHECKING."
            )
    return f"The tool {name}: its type hints cannot be read: {error}."


def find_context(hints: Mapping[str, Any], names: typing.Iterable[str], context_type: type, tool: str) -> str | None:
    """Return the parameter that takes the ToolContext: alone or with None, annotated, under an alias or another name for it.

    Raises UsageError, by name, where no run could hand one over: inside a list or a class, a subclass of it, two of them.
    """
    found: list[str] = []
    for name in names:
        kinds = list(_iter_alternatives(hints[name]))
        own = next((each for each in kinds if each is not context_type and isinstance(each, type) and issubclass(each, context_type)), None)
        if own is not None:
            raise UsageError(
                f"The tool {tool}: its parameter {name!r} is a {own.__name__}, and a run hands over a ToolContext. "
                "Write ToolContext[YourDeps], and put what is yours into deps."
            )
        if context_type in kinds:
            found.append(name)
        elif any(_holds(each, context_type, set()) for each in kinds):
            raise UsageError(
                f"The tool {tool}: its parameter {name!r} has a ToolContext inside, which a model could fill in. "
                "Write it as a parameter of its own: context: ToolContext[YourDeps]."
            )
    if len(found) > 1:
        raise UsageError(f"The tool {tool}: its parameters {' and '.join(map(repr, found))} are both a ToolContext. One is enough.")
    return found[0] if found else None


def _iter_alternatives(hint: Any) -> Iterator[Any]:
    """Yield the classes and generic types that a value of the hint may be of, with aliases, unions and annotations taken apart."""
    origin = typing.get_origin(hint)
    if origin is typing.Union or origin is types.UnionType:
        for part in typing.get_args(hint):
            yield from _iter_alternatives(part)
    elif origin is Annotated:
        yield from _iter_alternatives(hint.__origin__)
    elif isinstance(hint, typing.TypeVar):
        for part in hint.__constraints__ or ((hint.__bound__,) if hint.__bound__ is not None else ()):
            yield from _iter_alternatives(part)
    elif (inner := _find_renamed(hint)) is not None:
        yield from _iter_alternatives(inner)
    else:
        yield hint if origin is None or not isinstance(origin, type) else _as_class(hint, origin)


def _find_renamed(hint: Any) -> Any:
    """Return what stands behind `type X = ...`, with arguments or without, and behind a NewType. None for anything else."""
    for each in (hint, typing.get_origin(hint)):
        # By attribute: typing and typing_extensions have each their own TypeAliasType. A class may have such an attribute, so no class.
        if each is not None and not isinstance(each, type):
            inner = getattr(each, "__value__", None) or getattr(each, "__supertype__", None)
            if inner is not None:
                return inner
    return None


def _as_class(hint: Any, origin: type) -> Any:
    """Return the class of a generic class with arguments, `ToolContext[Deps]`; a collection stays with what it holds."""
    return hint if origin.__module__ in ("builtins", "collections", "collections.abc") else origin


def _holds(hint: Any, context_type: type, seen: set[Any]) -> bool:
    """Return whether a ToolContext stands anywhere inside: in a collection, or in a field of a class."""
    for kind in _iter_alternatives(hint):
        if isinstance(kind, type) and issubclass(kind, context_type):
            return True
        if id(kind) in seen:
            continue
        seen.add(id(kind))
        inside = [*typing.get_args(kind), *_read_fields(kind)]
        if any(_holds(part, context_type, seen) for part in inside if part is not Ellipsis):
            return True
    return False


def _read_fields(kind: Any) -> list[Any]:
    """Return the hints of a class's fields; as they were written where they cannot be resolved."""
    if not isinstance(kind, type) or not (is_dataclass(kind) or hasattr(kind, "model_fields") or _has_names(kind)):
        return []
    try:
        return list(typing.get_type_hints(kind, include_extras=True).values())
    except (NameError, TypeError, AttributeError):
        return [field.type for field in fields(kind)] if is_dataclass(kind) else []


def _has_names(kind: type) -> bool:
    return hasattr(kind, "__required_keys__") or hasattr(kind, "_fields")  # a TypedDict of either module; a NamedTuple
