"""From a reply to its calls: native ones, or those written in its text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sayso.tools import ToolCall, ToolResult
from sayso.tools.calls import Outcome
from sayso.tools.dialects import Problem, ReadCall, native_calls, read

from .agent import Agent
from .messages import AssistantMessage, Reply


class Read(NamedTuple):
    """A reply as it was understood: the message for the transcript, its calls in order, and an error result for each that was unreadable.

    `prose` is the text outside the calls.
    """

    message: AssistantMessage
    calls: Sequence[ToolCall]
    refused: Sequence[ToolResult]
    prose: str

    @property
    def empty(self) -> bool:
        """Whether the reply asks for nothing."""
        return not self.calls and not self.refused


def understood(agent: Agent[Any], reply: Reply, turn: int) -> Read:
    """Read a reply. A native call counts before any in the text; what cannot be read one way only becomes an error result."""
    if reply.calls:
        return _read(native_calls(reply.calls, agent.shapes), reply, turn, reply.text, reply.reasoning, native=True)
    if not agent.tools or agent.dialect == "native":
        return Read(AssistantMessage(reply.text, (), False, reply.reasoning), (), (), reply.text)
    reading = read(reply.text, agent.shapes, agent.dialect)
    reasoning = reply.reasoning + reading.reasoning
    if not reading.calls and not reading.problems:
        return Read(AssistantMessage(reply.text, (), False, reasoning), (), (), reading.text)
    found: list[ReadCall | Problem] = [*reading.calls, *reading.problems]
    items = sorted(found, key=lambda item: item.span)
    return _read(items, reply, turn, reading.text, reasoning, native=False)


def _read(items: Iterable[ReadCall | Problem], reply: Reply, turn: int, prose: str, reasoning: str, *, native: bool) -> Read:
    shown: list[ToolCall] = []
    refused: dict[str, ToolResult] = {}
    for index, item in enumerate(items):
        place = f"{turn}.{index}"
        if isinstance(item, ReadCall):
            shown.append(ToolCall(place, item.tool, item.arguments, item.span, item.notes))
        else:
            told = f"This call was not understood and nothing was done. Seen: {item.seen}. Expected: {item.expected}."
            refused[place] = ToolResult(place, told, Outcome.FAILED, item.tool or "")
            shown.append(ToolCall(place, item.tool or "unknown", {}, item.span, ("not understood",)))
    message = AssistantMessage(reply.text, tuple(shown), native, reasoning)
    calls = shown if not refused else [call for call in shown if call.id not in refused]
    return Read(message, calls, tuple(refused.values()), prose)
