"""The flows of an app as an MCP client may call them: as runs of their own, with the schema and the words that tell a model about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sayso.tools.approval.policy import Rules
from sayso.tools.canonical import JsonObject
from sayso.tools.definition.tool import AnyTool
from sayso.tools.effects import Effect
from sayso.tools.errors import ToolError
from sayso.workflows import App, Workflow
from sayso.workflows.outside_calls import OutsideCall
from sayso.workflows.shapes.step import ToolStep

AnyFlow = Workflow[Any, Any]
TASK = "What to do, in full: nothing of your conversation is known there."


def make_outside_app(app: App) -> App:
    """Return the app whose flows are the calls that MCP clients make of the flows of `app`: what a server of its own carries on."""
    outside = App([OutsideCall(app.flow(name)) for name in app.names], name=app.name, deps=app.deps, grants=Rules(strict=app.rules.strict))
    outside.approvers, outside.heads, outside.caps = app.approvers, app.heads, app.caps
    return outside


def build_input_schema(flow: AnyFlow) -> JsonObject:
    """Return the JSON Schema of a call's arguments: those of a tool, the task of an agent, the input of a workflow."""
    if isinstance(flow, ToolStep):
        return flow.tool.parameters
    if flow.kind == "agent" or flow.input_type in (None, str):
        name, rule = ("task", {"type": "string", "description": TASK}) if flow.kind == "agent" else ("input", _describe(flow))
        return {"type": "object", "properties": {name: rule}, "required": [name], "additionalProperties": False}
    from pydantic import TypeAdapter  # late, for load time

    rule = TypeAdapter(flow.input_type).json_schema()
    definitions = rule.pop("$defs", None)
    schema: JsonObject = {"type": "object", "properties": {"input": rule}, "required": ["input"], "additionalProperties": False}
    return schema if definitions is None else {**schema, "$defs": definitions}


def _describe(flow: AnyFlow) -> JsonObject:
    text = {"description": f"The input of {flow.name}."}
    return text if flow.input_type is None else {"type": "string", **text}


def check_arguments(flow: AnyFlow, arguments: Mapping[str, object]) -> Mapping[str, object]:
    """Return the arguments as the run takes them. Raises ToolError, in words for the client's model, for what does not fit."""
    if isinstance(flow, ToolStep):
        flow.tool.check(arguments)
        return arguments
    (name,) = build_input_schema(flow)["required"]
    if set(arguments) != {name}:
        raise ToolError(f"{flow.name} takes one argument, {name!r}, and was given: {', '.join(map(repr, arguments)) or 'none'}.")
    value = arguments[name]
    if flow.kind == "agent" and not isinstance(value, str):
        raise ToolError(f"{flow.name} takes {name!r} as a text, and was given {type(value).__name__}.")
    if flow.kind == "agent" or flow.input_type is None:
        return {name: value}
    from pydantic import TypeAdapter, ValidationError  # late, for load time

    try:
        return {name: TypeAdapter(flow.input_type).validate_python(value)}
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise ToolError(f"{flow.name} was not called: {name}{'.' + place if place else ''}: {problem['msg']}.") from None


def iter_tools(flows: Iterable[AnyFlow]) -> Iterator[AnyTool]:
    """Yield the tools of flows, and those of the agents and workflows that were made tools of."""
    left, seen = list(flows), set[int]()
    while left:
        flow = left.pop()
        if id(flow) in seen:
            continue
        seen.add(id(flow))
        for tool in flow.own_tools():
            yield tool
            if isinstance(tool.workflow, Workflow):
                left.append(tool.workflow)


def find_effect(flow: AnyFlow) -> Effect:
    """Return the most that a flow can do to the world, as far as its tools are known."""
    if isinstance(flow, ToolStep):
        return flow.tool.effect
    return max((Effect.READ, *flow.effects()), key=tuple(Effect).index)


def describe_flow(flow: AnyFlow) -> str:
    """Return what tells a model what the flow is for."""
    if isinstance(flow, ToolStep):
        return flow.tool.description
    if flow.kind == "agent":
        return f"An agent ({flow.name}). It works on one task by itself, and asks before it changes anything."
    return f"A workflow ({flow.name}): {', '.join(part.name for part in flow.parts) or flow.kind}."
