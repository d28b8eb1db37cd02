"""What a tool's own code raises, and is no ToolError: a result for the model, a log entry with its traceback for whoever wrote the tool."""

from __future__ import annotations

import logging
import traceback

from sayso.tools.calls import Outcome, ToolCall
from sayso.tools.definition.tool import AnyTool
from sayso.tools.raised import RaisedResult, describe_exception, make_raised

from ..runs.protocols import Run

_log = logging.getLogger("sayso.tools")


def take_exception(run: Run, call: ToolCall, tool: AnyTool, error: Exception) -> RaisedResult:
    """Log what a tool has raised, and return it as the result of the call: name and message."""
    raised = run.secrets.mask(describe_exception(error))
    trace = run.secrets.mask("".join(traceback.format_exception(error)))
    _log.error("%s raised %s (call %s of run %s)\n%s", tool.name, raised, call.id, run.id, trace.rstrip())
    return make_raised(call.id, tool.name, raised, Outcome.FAILED, f"{tool.name} failed: {raised}")
