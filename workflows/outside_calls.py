"""A call that an outside program makes of an app's flow, as a run: nothing in it counts as the words of this app's user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sayso.tools.approval.background import Said
from sayso.tools.approval.policy import Rules
from sayso.tools.calls import Outcome, ToolCall, ToolResult, strip_labels
from sayso.tools.definition.returned import convert_result
from sayso.tools.definition.tool import AnyTool
from sayso.tools.effects import Labels
from sayso.tools.errors import ToolError

from .calls.execute import execute_call, execute_with_approval, find_unsourced_arguments
from .runs.protocols import Run
from .shapes.step import ToolStep
from .workflow import OUTSIDE, Workflow

CLIENT = "an MCP client"
UNVOUCHED = Labels(unvouched=True)


class OutsideCall(Workflow[Mapping[str, object], ToolResult]):
    """Executes a flow of an app with the arguments of an MCP client.

    A card says of them that the model chose them, and no standing approval covers what is done with them: nobody here vouches for whoever
    wrote them.
    """

    kind = "mcp call"
    declares_tools = True

    def __init__(self, flow: Workflow[Any, Any]) -> None:
        super().__init__(f"{OUTSIDE}{flow.name}", flow.limits)
        self.flow = flow

    def own_tools(self) -> Iterator[AnyTool]:
        """Yield the tools of the flow."""
        return self.flow.own_tools()

    def find_user_texts(self, value: Mapping[str, object]) -> Iterable[str | Said]:
        """Return nothing: a program wrote the arguments."""
        return ()

    async def execute(self, run: Run, value: Mapping[str, object]) -> ToolResult:
        """Call the tool, or execute the agent or workflow as a child."""
        run.scope.rules = Rules(strict=run.scope.rules.strict)
        run.scope.provenance.take_labels(UNVOUCHED)
        run.scope.provenance.unvouched = run.scope.provenance.unvouched or CLIENT
        if isinstance(self.flow, ToolStep):
            return await _call_tool(run, self.flow.tool, value)
        given = self.flow.take_outside(next(iter(value.values()), ""), UNVOUCHED)
        output = await run.child(self.flow.name, self.flow, given, limits=self.flow.limits)
        return ToolResult("0.0", convert_result(strip_labels(output), self.flow.name), origin=self.flow.name, trust=None)


async def _call_tool(run: Run, tool: AnyTool, arguments: Mapping[str, object]) -> ToolResult:
    call = ToolCall("0.0", tool.name, arguments)
    was_asked = run.replays(f"propose:{tool.name}")  # a resumed run does what its journal says
    unsourced = () if was_asked or run.replays(f"read:{tool.name}") else find_unsourced_arguments(run, call, tool)
    try:
        if unsourced or was_asked:
            return await execute_with_approval(run, call, tool, tool.name, unsourced)
        return await execute_call(run, call, tool, tool.name)
    except ToolError as error:
        return ToolResult(call.id, str(error), Outcome.FAILED, tool.name)
