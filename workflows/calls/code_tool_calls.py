"""Execute a tool that calls other tools: a piece of its program, a call like any other, the next piece; each is a step of the run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sayso.tools.calls import Outcome, ToolCall, ToolResult
from sayso.tools.definition.code_tool import Answered, CallsOut, Ended
from sayso.tools.definition.tool import AnyTool, ToolProgram
from sayso.tools.effects import LABELS
from sayso.tools.errors import ToolError

from ..runs.protocols import Run

ExecuteCall = Callable[[Run, ToolCall, AnyTool, str], Awaitable[ToolResult]]
Piece = CallsOut | Ended | ToolResult
"""What a piece of a program ends with: a call, the end of the program, or a result that says why it cannot go on."""


async def execute_code_tool(
    run: Run, call: ToolCall, tool: AnyTool, program: ToolProgram, position: str, execute: ExecuteCall
) -> ToolResult:
    """Return the result of the whole program. Every call that it makes on the way is executed by `execute`, at a position of its own."""
    run.scope.meter.count_tool_calls(1)
    run.scope.provenance.take_labels(tool.bound_labels)  # its code may have any of what was bound, and calls tools with it
    labels, number = LABELS[tool.trust, tool.secrecy].union(run.scope.provenance.labels), 0
    piece = await run.step(f"code:{position}", _start, call, tool, program)
    while isinstance(piece, CallsOut):
        inner = await _guard(run, ToolCall(f"{call.id}.{number}", piece.tool, piece.arguments))
        if isinstance(inner, ToolResult):
            result = inner
        else:
            result = await execute(run, inner, program.functions[piece.tool], f"{position}.{number}.{piece.tool}")
        labels = labels.union(result.labels)  # what the program read may be in what it returns
        number += 1
        piece = await run.step(f"code:{position}.{number}", _go_on, call, program, piece.state, Answered(result.content, result.outcome))
    content, outcome = (piece.content, piece.outcome) if isinstance(piece, ToolResult) else (piece.value, Outcome.DONE)
    ended = ToolResult(call.id, content, outcome, tool.name, labels.trust, labels.secrecy)
    run.scope.provenance.take(ended)
    return ended


async def _guard(run: Run, call: ToolCall) -> ToolCall | ToolResult:
    """Return a call past the guards of the agent, where there are any."""
    return call if run.scope.call_guard is None else await run.scope.call_guard.guard_call(run, call)


async def _start(call: ToolCall, tool: AnyTool, program: ToolProgram) -> Piece:
    return await _catch(call, lambda: program.start(tool.check(call.arguments)))


async def _go_on(call: ToolCall, program: ToolProgram, state: str, answer: Answered) -> Piece:
    return await _catch(call, lambda: program.go_on(state, answer))


async def _catch(call: ToolCall, work: Callable[[], Awaitable[CallsOut | Ended]]) -> Piece:
    try:
        return await work()
    except ToolError as error:
        return ToolResult(call.id, str(error), Outcome.FAILED, call.tool)
