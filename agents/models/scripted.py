"""A model that replies by a script, for tests, examples and demonstrations."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from sayso.tools.canonical import readable_json
from sayso.tools.errors import ModelError

from ..messages import NativeCall, Reply
from .model import CallDelta, Delta, Finished, ModelRequest, ReasoningDelta, TextDelta

Line = str | Reply | BaseException | Callable[[ModelRequest], "str | Reply"]


@dataclass
class ScriptedModel:
    """Replies in order: text, a Reply, an exception to raise, or a function of the request. `pieces` characters at a time when streamed.

    `requests` is how often it was asked. After its last line it raises ModelError, unless `repeat` says to go on with that line.

    Calls in its lines are calls, native or written in text. With `takes_tools=True` it is read as an endpoint that takes tools: what its
    prose says of a tool is a mention. With `takes_tools=False` it is shown tools as text.
    """

    lines: tuple[Line, ...]
    pieces: int = 0
    repeat: bool = False
    name: str = "scripted"
    takes_tools: bool = True
    writes_calls: bool = True
    requests: int = field(default=0, init=False)

    def __init__(
        self, *lines: Line, pieces: int = 0, repeat: bool = False, name: str = "scripted", takes_tools: bool | None = None
    ) -> None:
        self.lines, self.pieces, self.repeat, self.name = lines, pieces, repeat, name
        self.takes_tools, self.writes_calls = takes_tools is not False, takes_tools is not True
        self.requests = 0

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the next line as deltas. Raises the line where it is an exception, ModelError after the last one."""
        reply = await ScriptedModel.complete(self, request)  # of this class: a subclass may have a `complete` of its own, or none
        if reply.reasoning:
            yield ReasoningDelta(reply.reasoning)
        if reply.text and not self.pieces:
            yield TextDelta(reply.text)
        else:
            for start in range(0, len(reply.text), self.pieces or 1):
                yield TextDelta(reply.text[start : start + self.pieces])
        for index, call in enumerate(reply.calls):
            yield CallDelta(index, call.id, call.name, call.arguments)
        yield Finished(reply.finish, reply.usage)

    async def complete(self, request: ModelRequest) -> Reply:
        """Return the next line as a reply. Raises as `stream` does."""
        at = self.requests
        self.requests += 1
        if at >= len(self.lines):
            if not (self.repeat and self.lines):
                raise ModelError(f"The script of {self.name} has {len(self.lines)} lines and was asked for one more.")
            at = len(self.lines) - 1
        line = self.lines[at]
        if isinstance(line, Reply):
            return line
        if isinstance(line, BaseException):
            raise line
        answer = line if isinstance(line, str) else line(request)
        return Reply(answer) if isinstance(answer, str) else answer


def call(tool: str, /, **arguments: object) -> NativeCall:
    """Return a native call for a script: `Reply(calls=(call("search", query="burgers"),))`."""
    return NativeCall("", tool, readable_json(arguments))
