"""What goes wrong with an MCP server, for the caller and for the model."""

from __future__ import annotations

from ..errors import RunError, ToolError


class McpError(RunError):
    """An MCP server is not there, does not speak MCP, or wants something that it was not given; the message says what to do."""

    def __init__(self, message: str, *, server: str = "") -> None:
        self.server = server
        super().__init__(message)


class CallLost(ToolError):
    """A server was called, and what came of it is not known: it died, was too slow, or answered nonsense. For a write that is a doubt."""

    nothing_happened = False


class CallFailedThere(ToolError):
    """A server says that a call failed. It may have done something before it did: for a write that is a doubt."""

    nothing_happened = False


def find_cause(error: BaseException) -> BaseException:
    """Return the error inside the groups that task groups make of it."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error
