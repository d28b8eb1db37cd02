"""What came of a call, with the labels of whoever said it."""

from __future__ import annotations

from typing import Any

from sayso.tools.calls import Content, Outcome, ToolCall, ToolResult
from sayso.tools.definition.tool import Tool


def result_of(call: ToolCall, tool: Tool[..., Any], value: Any) -> ToolResult:
    """A tool's value as the result of the call, with the tool's labels where the value has none of its own."""
    if isinstance(value, Content):
        return ToolResult(
            call.id, value.value, Outcome.DONE, value.origin or tool.name, value.trust or tool.trust, value.secrecy or tool.secrecy
        )
    return ToolResult(call.id, value, Outcome.DONE, tool.name, tool.trust, tool.secrecy)


def refused(call: ToolCall, tool: Tool[..., Any], text: str) -> ToolResult:
    """The tool's own words for why there is no result. They may repeat what it has read, so they are labelled as its results are."""
    return ToolResult(call.id, text, Outcome.FAILED, call.tool, tool.trust, tool.secrecy)


def failed(call: ToolCall, text: str, outcome: Outcome = Outcome.FAILED) -> ToolResult:
    """A result that says why there is none."""
    return ToolResult(call.id, text, outcome, call.tool)
