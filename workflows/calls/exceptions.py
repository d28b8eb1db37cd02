"""What a tool's own code raises, and is no ToolError: a result for the model, a log entry with its traceback for whoever wrote the tool."""

from __future__ import annotations

import logging
import traceback

from sayso.tools.calls import Outcome, ToolCall
from sayso.tools.definition.callables import find_code
from sayso.tools.definition.tool import AnyTool
from sayso.tools.errors import Cancelled, ReplayError, SaysoError, SecretLocked, UsageError
from sayso.tools.raised import RaisedResult, describe_exception, make_raised

from ..runs.protocols import Run

_OF_THE_RUN = (Cancelled, ReplayError, SecretLocked)
"""What is about the run itself, whoever raises it."""
_log = logging.getLogger("sayso.tools")


def is_for_caller(tool: AnyTool, error: SaysoError) -> bool:
    """Return whether an error of Sayso that came out of a read ends the run: it is about the run, or says that the tool cannot be had here.

    What your own function raises is its result, of whatever kind: a limit of an agent that it runs inside, a model that is not there.
    """
    if isinstance(error, _OF_THE_RUN):
        return True
    is_shipped = str(getattr(find_code(tool.function), "__module__", "")).partition(".")[0] == "sayso"
    return isinstance(error, UsageError) and (is_shipped or tool.sandbox is not None or tool.program is not None)


def take_exception(run: Run, call: ToolCall, tool: AnyTool, error: Exception) -> RaisedResult:
    """Log what a tool has raised, and return it as the result of the call: name and message."""
    raised = run.secrets.mask(describe_exception(error))
    trace = run.secrets.mask("".join(traceback.format_exception(error)))
    _log.error("%s raised %s (call %s of run %s)\n%s", tool.name, raised, call.id, run.id, trace.rstrip())
    return make_raised(call.id, tool.name, raised, Outcome.FAILED, f"{tool.name} failed: {raised}")
