"""Find the tool that each standing approval of a run is for, among those that its agents and workflows declare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Protocol, runtime_checkable

from sayso.tools.approval.grant import Grant, is_same_tool
from sayso.tools.approval.policy import Rules
from sayso.tools.definition.tool import AnyTool
from sayso.tools.errors import UsageError

from .shapes.step_functions import takes_run


@runtime_checkable
class ToolOwner(Protocol):
    """An agent or a workflow, as far as its tools are concerned."""

    declares_tools: ClassVar[bool]
    """Whether it calls only what `own_tools` yields, whatever its parts are."""

    @property
    def parts(self) -> Sequence[Any]:
        """Return the steps inside."""
        ...

    def own_tools(self) -> Iterator[AnyTool]:
        """Yield the tools that are declared here and in its steps; not those of agents that were made tools of."""
        ...


def resolve_rules(rules: Rules, workflows: Iterable[ToolOwner]) -> Rules:
    """Return the rules with each grant for one tool that the workflows have, where it names it.

    Raises UsageError for a grant whose tool is not there, whose name several tools have, or with rules on arguments that the tool has
    not. What workflow code calls is not known before it does: a name that it alone may know stays a name.
    """
    flows = list(workflows)
    own = _drop_doubles(tool for flow in flows for tool in flow.own_tools())
    inner = _drop_doubles(_iter_inner_tools(own, set()))
    is_open = any(map(_may_call_others, [*flows, *_iter_inner_workflows([*own, *inner])]))
    return replace(rules, grants=tuple(_resolve(grant, own, inner, is_open) for grant in rules.grants))


def _resolve(grant: Grant, own: list[AnyTool], inner: list[AnyTool], is_open: bool) -> Grant:
    if not isinstance(grant, Grant):
        raise UsageError(f"{grant!r} is not a Grant. Write grants=[Grant(tool=mail, arguments={{...}})].")
    if isinstance(grant.tool, str):
        named = [tool for tool in own if tool.name == grant.tool]
        if len(named) > 1:
            raise UsageError(
                f"Grant(tool={grant.tool!r}): {len(named)} different tools have that name. Give the tool itself: Grant(tool=...)."
            )
        if not named:
            if is_open:
                return grant
            raise _no_such_tool(grant, own, inner)
        grant = replace(grant, tool=named[0].unbound)
    elif not is_open and not any(is_same_tool(grant.tool, tool) for tool in (*own, *inner)):
        raise _no_such_tool(grant, own, inner)
    _check_arguments(grant)
    return grant


def _no_such_tool(grant: Grant, own: list[AnyTool], inner: list[AnyTool]) -> UsageError:
    name = grant.tool_name
    known = ", ".join(sorted({tool.name for tool in own})) or "none"
    if not isinstance(grant.tool, str) and any(tool.name == name for tool in (*own, *inner)):
        return UsageError(f"Grant(tool={name}): the run has another tool of that name, with other code. Grant the tool that it has.")
    if any(tool.name == name for tool in inner):
        return UsageError(f"Grant(tool={name!r}): only an agent inside has a tool of that name. Give the tool itself: Grant(tool=...).")
    return UsageError(f"Grant(tool={name!r}): there is no such tool. Tools: {known}.")


def _check_arguments(grant: Grant) -> None:
    assert not isinstance(grant.tool, str)
    known = [parameter.name for parameter in grant.tool.unbound.signature.parameters]
    for name in grant.arguments:
        if name not in known:
            raise UsageError(
                f"Grant(tool={grant.tool_name}) has a rule on {name!r}, which is not an argument of it: {', '.join(known) or 'none'}."
            )
        if name in grant.tool.bound:
            raise UsageError(f"Grant(tool={grant.tool_name}) has a rule on {name!r}, which the tool binds already. Leave it out.")


def _drop_doubles(tools: Iterable[AnyTool]) -> list[AnyTool]:
    found: list[AnyTool] = []
    for tool in tools:
        if not any(is_same_tool(tool, other) for other in found):
            found.append(tool)
    return found


def _iter_inner_workflows(tools: Iterable[AnyTool]) -> Iterator[ToolOwner]:
    return (tool.workflow for tool in tools if isinstance(tool.workflow, ToolOwner))


def _iter_inner_tools(tools: Iterable[AnyTool], seen: set[int]) -> Iterator[AnyTool]:
    """Yield the tools of the agents and workflows that were made tools of, at any depth."""
    for workflow in _iter_inner_workflows(tools):
        if id(workflow) not in seen:
            seen.add(id(workflow))
            inside = list(workflow.own_tools())
            yield from inside
            yield from _iter_inner_tools(inside, seen)


def _may_call_others(workflow: ToolOwner) -> bool:
    """Return whether there is code in it that may call tools it does not declare."""
    if workflow.declares_tools:
        return False
    return not workflow.parts or any(
        _may_call_others(part.step) if isinstance(part.step, ToolOwner) else callable(part.step) and takes_run(part.step)
        for part in workflow.parts
        if part.kind not in ("step", "tool")
    )
