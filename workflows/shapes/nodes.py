"""What a step may be, and how each kind is carried out: function, tool, workflow."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

from sayso.tools.definition.tool import Tool
from sayso.tools.errors import WorkflowError

from ..runs.protocols import Run
from ..workflow import Workflow
from .step_functions import LAMBDA, is_async, name_of, takes_one_value, takes_run
from .step_options import Step
from .step_types import JSON_TYPES, article, misfit, said_types

A = TypeVar("A")
B = TypeVar("B")

Carry = Callable[[Any, str, Any], Awaitable[Any]]
"""How a node is carried out: the run, the node's position in it, the value. It may hand on an awaitable of the run's own: a coroutine
around it would cost as much as the step."""


class Node:
    """One place of a workflow: what stands there, what it is called, how it is carried out, what it takes and gives where that is said."""

    __slots__ = ("execute", "gives", "kind", "name", "takes", "thing")

    def __init__(self, name: str, kind: str, execute: Carry, thing: Any, takes: type | None = None, gives: type | None = None) -> None:
        self.name, self.kind, self.execute, self.thing = name, kind, execute, thing
        self.takes, self.gives = takes, gives

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


def node(thing: Any) -> Node:
    """The node for a step. WorkflowError says what cannot be one."""
    if isinstance(thing, Node):
        return thing
    if isinstance(thing, Step):
        return Node(thing.name, "step", thing.execute_at, thing, *said_types(thing.function, 0))
    if isinstance(thing, Workflow):
        return Node(thing.name, thing.kind, _execute_workflow(thing), thing, thing.takes, thing.gives)
    if isinstance(thing, Tool):
        returns = thing.signature.returns  # what it takes is for the tool to check; what it gives comes back as JSON
        return Node(thing.name, "tool", _execute_tool(thing), thing, None, returns if returns in JSON_TYPES else None)
    return _function_node(thing)


def hand_over(name: str, given: str, after: Node) -> WorkflowError:
    """The error for two neighbours that do not fit, by name."""
    return WorkflowError(f"{name}: {given}, and {after.name} takes {article(after.takes)}. Change one of them or put a step between.")


def gave_another(name: str, each: Node, value: Any) -> WorkflowError:
    """The error for a step that does not keep to what it says it gives."""
    return WorkflowError(f"{name}: {each.name} says that it gives {article(each.gives)}, and gave {article(type(value))}.")


def fitting(name: str, each: Node, value: Any) -> Any:
    """The value, if the node can take it. Raises WorkflowError, in the name of the shape that hands it over."""
    if each.takes is not None and type(value) is not each.takes and misfit(value, each.takes):
        raise hand_over(name, f"it was handed {article(type(value))}", each)
    return value


def as_said(name: str, each: Node, value: Any) -> Any:
    """The value that a node gave, if it is what the node says it gives. Raises WorkflowError, in the name of the shape around it."""
    if each.gives is not None and type(value) is not each.gives and misfit(value, each.gives):
        raise gave_another(name, each, value)
    return value


def _execute_workflow(workflow: Workflow[Any, Any]) -> Carry:
    def execute(run: Run, position: str, value: Any) -> Awaitable[Any]:
        return run.child(position, workflow.execute, value, limits=workflow.limits)

    return execute


def _execute_tool(tool: Tool[..., Any]) -> Carry:
    parameters = [parameter.name for parameter in tool.signature.parameters]
    needed = [parameter.name for parameter in tool.signature.parameters if parameter.default is parameter.empty]

    async def execute(run: Run, position: str, value: Any) -> Any:
        from ..calls.execute import call_tool

        return await call_tool(run, tool, _arguments(tool, parameters, needed, value), position)

    return execute


def _arguments(tool: Tool[..., Any], parameters: list[str], needed: list[str], value: Any) -> Mapping[str, Any]:
    """What a value means to a tool: its only open argument, or all of them by name."""
    if not parameters:
        return {}
    if len(parameters) > 1 and isinstance(value, Mapping):
        return cast(Mapping[str, Any], value)
    if len(needed) > 1:
        raise WorkflowError(
            f"The tool {tool.name} takes {', '.join(parameters)} and was handed one {type(value).__name__}. "
            f"Hand it a dict of its arguments, or fix some of them: {tool.name}.using({needed[0]}=...)."
        )
    return {(needed or parameters)[0]: value}


def _function_node(function: Any) -> Node:
    if inspect.iscoroutine(function):
        function.close()
        raise WorkflowError(f"{function.__name__} was called where it is wanted as a step. Hand over {function.__name__} itself.")
    if not callable(function):
        raise WorkflowError(f"{function!r} is no step. A step is an async function, a tool, an agent or another workflow.")
    name = name_of(function)
    if isinstance(function, type):
        raise WorkflowError(f"{name} is a class, and a step is one of its objects. Hand over {name}(...).")
    if not is_async(function):
        takes_one_value(function, name)
        how = "Lift it: step(lambda ...)." if name == LAMBDA else f"Write async def {name}(...), or lift it: step({name})."
        raise WorkflowError(f"{name} is not async, so it cannot be awaited as a step. {how}")
    if takes_run(function):
        return Node(name, "code", _execute_code(cast(Callable[..., Awaitable[Any]], function)), function, *said_types(function, 1))
    takes_one_value(function, name)

    def execute(run: Run, position: str, value: Any) -> Awaitable[Any]:
        return run.step(position, function, value)

    return Node(name, "step", execute, function, *said_types(function, 0))


def look(thing: Any) -> Node:
    """A node; a plain function that only looks (a choice, a test, a score) needs no step of its own."""
    if isinstance(thing, (Workflow, Tool, Step, Node)) or not callable(thing) or is_async(thing):
        return node(thing)

    async def execute(run: Run, position: str, value: Any) -> Any:
        return await given(run, position, thing(value))

    return Node(name_of(thing), "look", execute, thing, None, said_types(thing, 0)[1])


async def given(run: Run, position: str, value: Any) -> Any:
    """What a plain function gave. Where that is a coroutine (a lambda around an async call), it is a step of its own."""
    if not inspect.iscoroutine(value):
        return value
    try:
        return await run.step(position, _awaited, value)
    finally:
        value.close()  # in a replay the result is kept, and nobody awaits it


async def _awaited(value: Awaitable[Any]) -> Any:
    return await value


def refuse_lambdas(workflow: Any, place: str = "") -> None:
    """Raise WorkflowError, naming the place, for steps that a journal cannot tell by their names: a lambda, two functions of one name.

    Functions that only look (`until=`, `choose`) and joins are code of the workflow, not steps, and may be lambdas.
    """
    if not isinstance(workflow, Workflow):
        return
    place = f"{place}/{workflow.name}" if place else workflow.name
    named: dict[str, Any] = {}
    for index, part in enumerate(workflow.parts):
        if part.kind in ("look", "join"):
            continue
        if part.name == LAMBDA:
            raise WorkflowError(
                f"Step {index} of {place} is a lambda, and this engine keeps what steps give by their names. "
                "Write it as a def, or name it: step(..., name=...)."
            )
        identity = _known_by(part.thing)
        if identity is not None and named.setdefault(part.name, identity) != identity:
            raise WorkflowError(
                f"{place} has two different steps named {part.name!r}, and this engine keeps what steps give by their names. "
                "Give one of them another: step(..., name=...)."
            )
        refuse_lambdas(part.thing, place)


def _known_by(thing: Any) -> Any:
    """What tells a step from another of its name: a function's code, so closures of one function are that function."""
    return thing.identity if isinstance(thing, Workflow) else getattr(getattr(thing, "function", thing), "__code__", None)


def _execute_code(function: Callable[..., Awaitable[Any]]) -> Carry:
    def execute(run: Run, position: str, value: Any) -> Awaitable[Any]:
        return run.child(position, function, value)

    return execute
