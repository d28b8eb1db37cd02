"""What a tool is made of: functions, methods, class and static methods, partials and objects that can be called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, MethodType
from typing import Any

from ..errors import UsageError

_OWN = ("self", "cls")


def find_code(function: Any) -> Any:
    """Return the function or method whose hints and docstring count: under partials, static methods and objects that can be called."""
    if type(function) is FunctionType:  # as nearly all are
        return function
    for _ in range(20):
        if isinstance(function, (functools.partial, functools.partialmethod)):
            function = function.func
        elif isinstance(function, (staticmethod, classmethod)):
            function = function.__func__
        elif not inspect.isroutine(function) and not isinstance(function, type) and (call := _find_call(function)) is not None:
            function = call
        else:
            break
    return function


def _find_call(function: Any) -> Any:
    """Return the `__call__` that a class defines for its objects, bound to this one."""
    call = getattr(function, "__call__", None)  # noqa: B004  the method is meant
    return call if inspect.ismethod(call) else None


def find_name(function: Any) -> str:
    """Return the name of a function, of what a partial calls, or of an object's class; empty for none."""
    name = getattr(find_code(function) if isinstance(function, functools.partial) else function, "__name__", "")
    return str(name or type(function).__name__)


def find_doc(function: Any) -> str:
    """Return the docstring: that of the function itself, then that of an object's class."""
    code = find_code(function)
    text = inspect.getdoc(code) or ""
    if not text and inspect.ismethod(code) and code.__name__ == "__call__":
        text = inspect.getdoc(type(code.__self__)) or ""
    return text


def find_fixed(function: Any) -> Mapping[str, object]:
    """Return what a partial gives by name: the model neither sees nor changes it."""
    fixed: dict[str, object] = {}
    while isinstance(function, functools.partial):
        fixed = {**function.keywords, **fixed}
        function = function.func
    return fixed


def find_names(function: Any, parameters: Iterable[inspect.Parameter], fixed: Iterable[str]) -> frozenset[str]:
    """Return all names that a call gives a meaning: of parameters, hidden ones too, of what a partial gives, of `self`, of decorators."""
    names = {*fixed, *(each.name for each in parameters)}
    for _ in range(100):  # a call goes through each function that is wrapped, and each may take names that its signature does not show
        made = getattr(find_code(function), "__func__", find_code(function))
        if (code := getattr(made, "__code__", None)) is not None:
            names.update(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        if (function := getattr(made, "__wrapped__", None)) is None:
            break
        names.update(find_fixed(function))
    return frozenset(names)


def is_async(function: Any) -> bool:
    """Return whether a call must be awaited."""
    if inspect.iscoroutinefunction(function):
        return True
    return inspect.iscoroutinefunction(find_code(function))


def is_method(function: Any) -> bool:
    """Return whether a function is one of a class, which is called on an instance (or, as a class method, on the class)."""
    if isinstance(function, classmethod):
        return True
    if not inspect.isfunction(function) or "." not in function.__qualname__.rpartition("<locals>.")[2]:
        return False
    first = next(iter(inspect.signature(function).parameters.values()), None)  # a function in Python always has one
    return first is not None and first.name in _OWN and first.annotation is first.empty


def check_callable(function: Any, name: str) -> None:
    """Raise UsageError for a class, and for what cannot be called at all."""
    if isinstance(function, type):
        raise UsageError(f"The tool {name} is a class. Write a function that returns an object of it.")
    if not callable(function) and not isinstance(function, classmethod):
        raise UsageError(f"{function!r} is not a function. Put @tool.read, @tool.write, ... above a function.")


def bind(function: Any, instance: object, owner: type | None) -> Callable[..., object]:
    """Return the method of an instance, or of a class for a class method."""
    bound: Callable[..., object] = function.__get__(instance, owner)
    return bound


def is_same_function(one: object, other: object) -> bool:
    """Return whether two are one function; a method is another object each time that it is taken from its instance."""
    if isinstance(one, MethodType) and isinstance(other, MethodType):
        return one.__self__ is other.__self__ and one.__func__ is other.__func__
    return one is other
