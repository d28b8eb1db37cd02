"""From a reply to its calls: native ones, or those written in its text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sayso.tools import ToolCall, ToolResult
from sayso.tools.calls import Outcome

from .agent import Agent
from .messages import AssistantMessage, Reply

if TYPE_CHECKING:
    from sayso.tools.dialects import Problem, ReadCall


@dataclass(frozen=True, slots=True)
class Read:
    """A reply as it was understood: the message for the transcript, its calls in order, and an error result for each that was unreadable.

    `prose` is the text outside the calls.
    """

    message: AssistantMessage
    calls: tuple[ToolCall, ...]
    refused: tuple[ToolResult, ...]
    prose: str

    @property
    def empty(self) -> bool:
        """Whether the reply asks for nothing."""
        return not self.calls and not self.refused


def understood(agent: Agent[Any], reply: Reply, turn: int) -> Read:
    """Read a reply. A native call counts before any in the text; what cannot be read one way only becomes an error result."""
    if not reply.calls and (not agent.tools or agent.dialect == "native"):
        return Read(AssistantMessage(reply.text, reasoning=reply.reasoning), (), (), reply.text)
    from sayso.tools.dialects import native_calls, read, shapes

    known = shapes(tuple(agent.tools.values()))
    if reply.calls:
        return _read(native_calls(reply.calls, known), reply, turn, prose=reply.text, native=True)
    reading = read(reply.text, known, agent.dialect)
    items = sorted((*reading.calls, *reading.problems), key=lambda item: item.span)
    return _read(items, reply, turn, prose=reading.text, native=False, reasoning=reading.reasoning)


def _read(items: Iterable[ReadCall | Problem], reply: Reply, turn: int, *, prose: str, native: bool, reasoning: str = "") -> Read:
    calls: list[ToolCall] = []
    refused: list[ToolResult] = []
    shown: list[ToolCall] = []
    for index, item in enumerate(items):
        place = f"{turn}.{index}"
        if not hasattr(item, "seen"):
            call = ToolCall(place, item.tool, item.arguments, item.span, item.notes)
            calls.append(call)
            shown.append(call)
        else:
            told = f"This call was not understood and nothing was done. Seen: {item.seen}. Expected: {item.expected}."
            refused.append(ToolResult(place, told, Outcome.FAILED, item.tool or ""))
            shown.append(ToolCall(place, item.tool or "unknown", {}, item.span, ("not understood",)))
    message = AssistantMessage(reply.text, tuple(shown), native, "\n".join(part for part in (reply.reasoning, reasoning) if part))
    return Read(message, tuple(calls), tuple(refused), prose)
