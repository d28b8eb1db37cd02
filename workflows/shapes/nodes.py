"""Make nodes of steps: each kind of step (function, tool, workflow) is executed in its own way."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

from sayso.tools.definition.tool import AnyTool, Tool
from sayso.tools.errors import WorkflowError

from ..runs.protocols import Run, WorkflowCode
from ..workflow import LAMBDA, Node, NodeFunction, Workflow
from .step_functions import AnyFunction, check_parameters, get_name, is_async, takes_run
from .step_options import Step
from .step_types import JSON_TYPES, describe_class, find_types, is_incompatible

T = TypeVar("T")
AnyWorkflow = Workflow[Any, Any]


def make_node(step: object) -> Node:
    """Return the node of a step. Raises WorkflowError for what cannot be one."""
    if isinstance(step, Node):
        return step
    if isinstance(step, Step):
        return Node(step.name, "step", step.execute_at, step, *find_types(step.function, 0))
    if isinstance(step, Workflow):
        return Node(step.name, step.kind, _execute_workflow(step), step, step.input_type, step.output_type)
    if isinstance(step, Tool):
        returned = step.signature.returns  # the tool checks its own arguments; its result comes back as JSON
        return Node(step.name, "tool", _execute_tool(step), step, None, returned if returned in JSON_TYPES else None)
    return _make_function_node(step)


def make_predicate(step: object) -> Node:
    """Return the node of a choice, a test or a score. A plain function is called where it stands: it needs no step of its own."""
    if isinstance(step, (Workflow, Tool, Step, Node)) or not callable(step) or is_async(step):
        return make_node(step)

    async def execute(run: Run, position: str, value: object) -> object:
        return await resolve_result(run, position, step(value))

    return Node(get_name(step), "predicate", execute, step, None, find_types(step, 0)[1])


async def resolve_result(run: Run, position: str, result: object) -> object:
    """Return what a plain function returned. If that is a coroutine (a lambda around an async call), it becomes a step of its own."""
    if not inspect.iscoroutine(result):
        return result
    try:
        return await run.step(position, _await, result)
    finally:
        result.close()  # in a replay the result comes from the journal, and nobody awaits the coroutine


async def _await(work: Awaitable[T]) -> T:
    return await work


def check_input(name: str, node: Node, value: T) -> T:
    """Return the value if the node can take it. Raises WorkflowError in the name of the shape that hands it over."""
    if node.input_type is not None and type(value) is not node.input_type and is_incompatible(value, node.input_type):
        raise input_type_error(name, f"it was given {describe_class(type(value))}", node)
    return value


def check_output(name: str, node: Node, value: T) -> T:
    """Return the value if it is what the node is annotated to return. Raises WorkflowError in the name of the shape around it."""
    if node.output_type is not None and type(value) is not node.output_type and is_incompatible(value, node.output_type):
        raise output_type_error(name, node, value)
    return value


def input_type_error(name: str, given: str, node: Node) -> WorkflowError:
    """Return the error for a node that cannot take what it is given; `given` says who gives what."""
    takes = describe_class(node.input_type)
    return WorkflowError(f"{name}: {given}, but {node.name} takes {takes}. Change one of them or put a step between them.")


def output_type_error(name: str, node: Node, value: object) -> WorkflowError:
    """Return the error for a node that returned something else than it is annotated with."""
    annotated, returned = describe_class(node.output_type), describe_class(type(value))
    return WorkflowError(f"{name}: {node.name} is annotated to return {annotated}, but returned {returned}.")


def _execute_workflow(workflow: AnyWorkflow) -> NodeFunction:
    def execute(run: Run, position: str, value: object) -> Awaitable[object]:
        return run.child(position, workflow.execute, value, limits=workflow.limits)

    return execute


def _execute_tool(tool: AnyTool) -> NodeFunction:
    parameters = [parameter.name for parameter in tool.signature.parameters]
    needed = [parameter.name for parameter in tool.signature.parameters if parameter.default is parameter.empty]

    async def execute(run: Run, position: str, value: object) -> object:
        from ..calls.execute import call_tool  # late, for load time: many programs have workflows without tools

        return await call_tool(run, tool, _find_arguments(tool, parameters, needed, value), position)

    return execute


def _find_arguments(tool: AnyTool, parameters: list[str], needed: list[str], value: object) -> Mapping[str, object]:
    """Return a value as a tool's arguments: its only open argument, or all of them by name."""
    if not parameters:
        return {}
    if len(parameters) > 1 and isinstance(value, Mapping):
        return cast(Mapping[str, object], value)
    if len(needed) > 1:
        raise WorkflowError(
            f"The tool {tool.name} takes {', '.join(parameters)} and was given one {type(value).__name__}. "
            f"Give it a dict of its arguments, or bind some of them: {tool.name}.using({needed[0]}=...)."
        )
    return {(needed or parameters)[0]: value}


def _make_function_node(function: object) -> Node:
    if inspect.iscoroutine(function):
        function.close()
        raise WorkflowError(f"{function.__name__} was called where it is wanted as a step. Pass {function.__name__} itself.")
    if not callable(function):
        raise WorkflowError(f"{function!r} cannot be a step. A step is an async function, a tool, an agent or another workflow.")
    name = get_name(function)
    if isinstance(function, type):
        raise WorkflowError(f"{name} is a class, but a step is one of its objects. Pass {name}(...).")
    if not is_async(function):
        check_parameters(function, name)
        hint = "Wrap it: step(lambda ...)." if name == LAMBDA else f"Write async def {name}(...), or wrap it: step({name})."
        raise WorkflowError(f"{name} is not async, so it cannot be awaited as a step. {hint}")
    if takes_run(function):
        return Node(name, "code", _execute_code(cast(WorkflowCode, function)), function, *find_types(function, 1))
    check_parameters(function, name)
    return Node(name, "step", _execute_function(function), function, *find_types(function, 0))


def _execute_function(function: AnyFunction) -> NodeFunction:
    awaited = cast(Callable[[object], Awaitable[object]], function)

    def execute(run: Run, position: str, value: object) -> Awaitable[object]:
        return run.step(position, awaited, value)

    return execute


def _execute_code(function: WorkflowCode) -> NodeFunction:
    def execute(run: Run, position: str, value: object) -> Awaitable[object]:
        return run.child(position, function, value)

    return execute
