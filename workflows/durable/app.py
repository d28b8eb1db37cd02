"""The code of runs, by name: what a worker is told, so that it can carry on runs that other programs began."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sayso.tools.approval.policy import Grants, to_rules
from sayso.tools.definition.tool import Tool
from sayso.tools.errors import UsageError, WorkflowError

from ..runs.limits import Meter, limits_from
from ..runs.protocols import Provenance, Scope
from ..workflow import Workflow, merge_limits


class App:
    """Workflows and agents by their names, with what their tools are given.

    `deps` is what tools find in their ToolContext: a value, or a function that makes one for each run. `grants` are standing approvals of
    the app's runs. Names must be unique: a run is found again by the name of its flow. Raises WorkflowError for two of one name.
    """

    def __init__(
        self,
        flows: Iterable[Workflow[Any, Any]] = (),
        agents: Iterable[Workflow[Any, Any]] = (),
        tools: Iterable[Tool[..., Any]] = (),
        *,
        name: str = "app",
        deps: Any = None,
        grants: Grants = (),
    ) -> None:
        self.name, self.deps, self.grants = name, deps, grants
        self.tools = tuple(tools)
        self._flows: dict[str, Workflow[Any, Any]] = {}
        for flow in (*flows, *agents, *(_as_flow(tool) for tool in self.tools)):
            if flow.name in self._flows:
                raise WorkflowError(f"The app has two flows named {flow.name!r}; runs are found by that name. Give one of them name=.")
            self._flows[flow.name] = flow

    def __contains__(self, name: str) -> bool:
        return name in self._flows

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its flows."""
        return tuple(self._flows)

    def flow(self, name: str) -> Workflow[Any, Any]:
        """The flow of that name. UsageError names those there are."""
        if name not in self._flows:
            raise UsageError(f"The app has no flow {name!r}. Flows: {', '.join(self._flows) or 'none'}.")
        return self._flows[name]

    def scope(self, flow: Workflow[Any, Any], value: Any, limits: str) -> Callable[[], Scope]:
        """What a run of a flow is given here: nobody answers for its writes, so they wait for a decision from anywhere.

        A replay does not act, but it is given the same `deps`: what a run does may depend on what they say.
        """

        def fresh() -> Scope:
            seen = Provenance(flow.find_user_texts(value))
            deps = self.deps() if callable(self.deps) else self.deps
            rules = to_rules(self.grants)
            return Scope(None, deps, Meter(merge_limits(flow.limits, limits_from(limits))), rules, seen, {})

        return fresh


def _as_flow(tool: Tool[..., Any]) -> Workflow[Any, Any]:
    from ..shapes.step import ToolStep

    return ToolStep(tool)
