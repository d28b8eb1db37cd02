"""The type hints of a tool's function: read by name, and searched for the ToolContext, which is the application's in every spelling."""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Annotated, Any

from ..errors import UsageError

_UNREADABLE = (NameError, TypeError, SyntaxError, AttributeError)


def read_hints(function: Callable[..., object], name: str, names: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Return the function's type hints, those in quotes resolved. `names` are those that were known around the function.

    What it says that it returns may not be readable: nothing depends on it. Raises UsageError for a parameter whose hint is not.
    """
    try:
        return typing.get_type_hints(function, None, dict(names) if names else None, include_extras=True)
    except _UNREADABLE:
        return _read_each(function, name, names)


def _read_each(function: Callable[..., object], name: str, names: Mapping[str, object] | None) -> dict[str, Any]:
    """Read one hint after the other; a name that only `if TYPE_CHECKING` imports is the usual reason why one cannot be."""
    owner: Any = function
    while hasattr(owner, "__wrapped__"):
        owner = owner.__wrapped__
    owner = getattr(owner, "__func__", owner)
    known = {**getattr(owner, "__globals__", {}), **_read_closure(owner), **(names or {})}
    found: dict[str, Any] = {}
    for parameter, hint in getattr(owner, "__annotations__", {}).items():
        alone = types.SimpleNamespace(__annotations__={parameter: hint})
        try:
            found |= typing.get_type_hints(alone, known, include_extras=True)
        except _UNREADABLE as error:
            if parameter != "return":
                raise UsageError(
                    f"The tool {name}: the type hint of {parameter!r} cannot be read: {error}. "
                    "A tool's hints are read while the program runs: import what they name at the top of the module, "
                    "not under TYPE_CHECKING."
                ) from None
    return found


def _read_closure(function: Any) -> dict[str, object]:
    names, cells = getattr(getattr(function, "__code__", None), "co_freevars", ()), getattr(function, "__closure__", None) or ()
    found: dict[str, object] = {}
    for name, cell in zip(names, cells, strict=False):
        with suppress(ValueError):  # empty so far
            found[name] = cell.cell_contents
    return found


def find_local_names(function: Any) -> dict[str, object]:
    """Return what the hints in quotes of a function name and only the functions around it know, which are being executed right now."""
    written = [hint for hint in getattr(function, "__annotations__", {}).values() if isinstance(hint, str)]
    wanted = {name for hint in written for name in re.findall(r"[^\W\d]\w*", hint)}
    found: dict[str, object] = {}
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and wanted:
        if frame.f_globals is function.__globals__ and frame.f_code.co_name != "<module>":
            here = frame.f_locals
            found |= {name: here[name] for name in wanted if name in here and name not in found}
        frame = frame.f_back
    return found


def type_keywords(hint: Any, taken: Set[str]) -> tuple[Any, object]:
    """Return the hint and the default of the object that `**fields: hint` is for a model. None of its keys may be a name in `taken`."""
    if hint is None:
        return None, {}
    from pydantic import AfterValidator  # late, for load time: few tools have such a parameter

    is_unpacked = str(typing.get_origin(hint)).endswith(".Unpack")  # of typing, or of typing_extensions
    kind = typing.get_args(hint)[0] if is_unpacked else types.GenericAlias(dict, (str, hint))

    def check_keys(given: Mapping[str, object]) -> Mapping[str, object]:
        if both := sorted(taken & given.keys()):
            raise ValueError(f"{both[0]!r} is an argument of its own")
        return given

    needs_keys = bool(getattr(kind, "__required_keys__", ()))
    return Annotated[kind, AfterValidator(check_keys)], inspect.Parameter.empty if needs_keys else {}


def allow_none(hint: Any) -> Any:
    """Return the hint of a parameter that defaults to None: `lang: str = None` takes None too."""
    if hint is None or hint is Any or type(None) in typing.get_args(hint) or type(None) in list(_iter_alternatives(hint)):
        return hint
    return typing.Optional[hint]  # noqa: UP045  a hint may be something that has no `|`


_PLAIN = (str, int, float, bool, type(None))
"""The most usual hints, in which no ToolContext is."""


def find_context(hints: Mapping[str, Any], names: typing.Iterable[str], context_type: type, tool: str) -> str | None:
    """Return the parameter that takes the ToolContext: alone or with None, annotated, under an alias or another name for it.

    Raises UsageError, by name, where no run could hand one over: inside a list or a class, a subclass of it, two of them.
    """
    found: list[str] = []
    for name in names:
        hint = hints[name]
        if hint in _PLAIN or (type(hint) is types.UnionType and all(part in _PLAIN for part in hint.__args__)):
            continue
        kinds = list(_iter_alternatives(hint))
        own = next((each for each in kinds if each is not context_type and isinstance(each, type) and issubclass(each, context_type)), None)
        if own is not None:
            raise UsageError(
                f"The tool {tool}: its parameter {name!r} is a {own.__name__}, but a run passes a ToolContext. "
                "Write ToolContext[YourDeps], and put your own values into deps."
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
