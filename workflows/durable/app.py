"""Define an app: the code of runs by name, for workers that execute runs which other programs began."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.tools.approval.policy import Grants, Rules, to_rules
from sayso.tools.definition.tool import AnyTool
from sayso.tools.errors import UsageError, WorkflowError

from ..caps import Cap, check_caps
from ..runs.limits import Meter, limits_from
from ..runs.protocols import Provenance, Scope
from ..shapes.step import ToolStep
from ..standing_approvals import resolve_rules
from ..workflow import OUTSIDE, Workflow, merge_limits

if TYPE_CHECKING:  # late, for load time: only who configures approvers needs it
    from sayso.tools.approval.signatures import Approvers
    from sayso.tools.approval.signing_keys import KeySource

    from .heads import Heads

AnyWorkflow = Workflow[Any, Any]


class App:
    """Workflows, agents and tools by their names, with what their tools are given.

    `deps` is what tools find in their ToolContext: a value, or a function that makes one for each run. `grants` are standing approvals of
    the app's runs. `approvers` are the people whose signed decisions count, by name, each with their public key (text, bytes or a file):
    no other decision does then. `heads` is where the head of each run's log is kept and compared before each write: a file, a URL, an
    object with `read` and `write`. `caps` are what the model calls of the app's runs may cost together (see Cap). With `keep_days` its
    workers forget the runs of it that ended longer ago than that. Names must be unique,
    because a run is found again by the name of its flow. Raises WorkflowError for two of one name, UsageError for a grant of a tool that no
    flow has.
    """

    def __init__(
        self,
        flows: Iterable[AnyWorkflow] = (),
        agents: Iterable[AnyWorkflow] = (),
        tools: Iterable[AnyTool] = (),
        *,
        name: str = "app",
        deps: object = None,
        grants: Grants = (),
        approvers: Mapping[str, KeySource] | None = None,
        heads: str | Path | Heads | None = None,
        caps: Iterable[Cap] | None = None,
        keep_days: float | None = None,
    ) -> None:
        self.name: str = name
        self.deps: object = deps
        self.grants: Grants = grants
        self.keep_days: float | None = check_keep_days(keep_days)
        self.heads = heads
        self.caps: tuple[Cap, ...] | None = None if caps is None else check_caps(caps)
        self.approvers: Approvers | None = None if approvers is None else make_approvers(approvers)
        if not isinstance(name, str) or not name:  # runs of programs without an app have none, and no worker may take those
            raise WorkflowError(f"An app cannot be named {name!r}: workers find its runs by that name. Write App(name='desk', ...).")
        self.tools: tuple[AnyTool, ...] = tuple(tools)
        self._flows: dict[str, AnyWorkflow] = {}
        for flow in (*flows, *agents, *(ToolStep(tool) for tool in self.tools)):
            if flow.name.startswith(OUTSIDE) and flow.kind != "mcp call":  # no standing approval covers what a client calls
                raise WorkflowError(f"A flow cannot be named {flow.name!r}: what MCP clients call has names in {OUTSIDE!r}. Give it name=.")
            if flow.name in self._flows:
                raise WorkflowError(f"The app has two flows named {flow.name!r}; runs are found by that name. Give one of them name=.")
            self._flows[flow.name] = flow
        self.rules: Rules = resolve_rules(to_rules(grants), self._flows.values())

    def __repr__(self) -> str:
        return f"<app {self.name}: {', '.join(self._flows) or 'no flows'}>"

    def __contains__(self, name: str) -> bool:
        return name in self._flows or (name.startswith(OUTSIDE) and name.removeprefix(OUTSIDE) in self._flows)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of its flows."""
        return tuple(self._flows)

    @property
    def claimed_names(self) -> tuple[str, ...]:
        """Return the names of the runs that its workers execute: of its flows, and of calls that MCP clients have made of them."""
        return (*self._flows, *(f"{OUTSIDE}{name}" for name in self._flows if not name.startswith(OUTSIDE)))

    def flow(self, name: str) -> AnyWorkflow:
        """Return the flow of that name; for "mcp:NAME" the call of an MCP client. Raises UsageError, with the names there are."""
        if name not in self._flows and name in self:
            from ..outside_calls import OutsideCall  # late, for load time

            return OutsideCall(self._flows[name.removeprefix(OUTSIDE)])
        if name not in self._flows:
            raise UsageError(f"The app has no flow {name!r}. Flows: {', '.join(self._flows) or 'none'}.")
        return self._flows[name]

    def scope(self, flow: AnyWorkflow, value: object, limits: str) -> Callable[[], Scope]:
        """Return the function that makes the scope of a run. It has no approver: writes wait for a decision from anywhere.

        A replay does not act, but it is given the same `deps`: what a run does may depend on what they say.
        """

        def make_scope() -> Scope:
            deps = self.deps() if callable(self.deps) else self.deps
            meter = Meter(merge_limits(flow.limits, limits_from(limits)))
            return Scope(None, deps, meter, self.rules, Provenance(flow.find_user_texts(value)))

        return make_scope


def check_keep_days(days: float | None) -> float | None:
    """Return for how many days ended runs are kept. Raises UsageError for what is no number above zero."""
    if days is not None and (isinstance(days, bool) or not isinstance(days, (int, float)) or not days > 0):
        raise UsageError(f"keep_days={days!r}: write a number of days to keep runs after their end, such as 30; None keeps all.")
    return days


def make_approvers(keys: Mapping[str, KeySource]) -> Approvers:
    """Return the people whose signed decisions count. Raises UsageError for what is no key, and without the extra for signatures."""
    from sayso.tools.approval.signatures import Approvers  # late, for load time

    return Approvers(keys)
