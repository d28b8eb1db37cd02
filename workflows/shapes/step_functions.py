"""Inspect a function that is to be a step: its name, whether it is async, whether it takes a Run."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from sayso.tools.errors import WorkflowError

from ..runs.protocols import Run

AnyFunction = Callable[..., object]


def get_name(function: AnyFunction) -> str:
    """Return a function's name; of a partial the function's within, of another callable its class's."""
    inner = getattr(function, "func", function)  # a functools.partial has no name
    return str(getattr(inner, "__name__", type(inner).__name__))


def is_async(function: object) -> bool:
    """Tell whether a call returns something to await: an async function, or an object whose __call__ is one."""
    if isinstance(function, type):
        return False
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def takes_run(function: AnyFunction) -> bool:
    """Tell whether a function is workflow code: async, and its first parameter is a Run (by its annotation, or by its name)."""
    parameters = _find_positional(function) if is_async(function) else []
    if len(parameters) < 2:
        return False
    hint = parameters[0].annotation
    return hint is Run or (isinstance(hint, str) and hint.rpartition(".")[2] == "Run") or parameters[0].name == "run"


def check_parameters(function: AnyFunction, name: str) -> None:
    """Raise WorkflowError for a function that cannot be called with one value, or that yields several."""
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise WorkflowError(f"{name} yields values, but a step returns one. Let it return them as a list.")
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return  # a builtin that does not say what it takes
    positional = _find_positional(function)
    any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    if not (positional or any_number) or len([p for p in positional if p.default is p.empty]) > 1:
        raise WorkflowError(f"{name} takes {len(positional)} arguments; a step takes one value, workflow code takes (run: Run, value).")
    if named := [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]:
        raise WorkflowError(f"{name} needs {named[0]}=, but a step is given one value. Bind it: functools.partial({name}, {named[0]}=...).")


def _find_positional(function: AnyFunction) -> list[inspect.Parameter]:
    return [p for p in inspect.signature(function).parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
