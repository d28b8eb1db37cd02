"""From a reply to its calls: native ones, or those written in its text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sayso.tools import ToolCall, ToolResult
from sayso.tools.calls import Outcome
from sayso.tools.dialects import Problem, ReadCall, Reading, ToolSignatures, read, read_native_calls
from sayso.tools.dialects.signatures import ToolSignature

from .agent import Agent
from .messages import AssistantMessage, Reply
from .reasoning import parted

NO_TOOLS = ToolSignatures([ToolSignature("", {})])
"""One tool that nobody can name: without any, whatever looks like a call would be read as one."""


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


def parse_reply(agent: Agent[Any], reply: Reply, turn: int) -> Read:
    """Read a reply. A native call counts before any in the text; what cannot be read one way only becomes an error result.

    What is thought aloud in the text is kept as reasoning: it is no part of the message, so it is neither shown nor sent back.
    """
    if not agent.tools and not reply.calls and agent.dialect not in ("auto", "native"):
        return _in_its_marks(agent, reply)
    if reply.calls or not agent.reads_text:
        text, thought = parted(reply.text) if reply.text else ("", "")
        if thought:
            reply = reply._replace(text=text, reasoning=reply.reasoning + thought)
        if not reply.calls:
            return Read(AssistantMessage(text, (), False, reply.reasoning), (), (), text)
        return _read(read_native_calls(reply.calls, agent.signatures), reply, turn, text, native=True)
    reading = read(reply.text, agent.signatures, agent.dialect)
    if reading.reasoning:
        reply = reply._replace(reasoning=reply.reasoning + reading.reasoning)
        text, _ = parted(reply.text, keep_open=True)
        without = read(text, agent.signatures, agent.dialect)
        if _alike(without, reading):  # not where a thought is part of a call
            reply, reading = reply._replace(text=text), without
    if not reading.calls and not reading.problems:
        said = reading.text if reply.reasoning else reply.text
        return Read(AssistantMessage(said, (), False, reply.reasoning), (), (), reading.text)
    found: list[ReadCall | Problem] = [*reading.calls, *reading.problems]
    return _read(sorted(found, key=lambda item: item.span), reply, turn, reading.text, native=False)


def _alike(one: Reading, other: Reading) -> bool:
    calls = [[(call.tool, call.arguments) for call in each.calls] for each in (one, other)]
    return calls[0] == calls[1] and len(one.problems) == len(other.problems)


def _in_its_marks(agent: Agent[Any], reply: Reply) -> Read:
    """A reply that can hold no call, of a named family: its marks, and what it thinks aloud between them, are no part of the answer."""
    reading = read(reply.text, NO_TOOLS, agent.dialect)
    marked = bool(reading.reasoning) and not reading.problems
    prose = reading.text if marked else reply.text
    return Read(AssistantMessage(prose, (), False, reply.reasoning + (reading.reasoning if marked else "")), (), (), prose)


def _read(items: Iterable[ReadCall | Problem], reply: Reply, turn: int, prose: str, *, native: bool) -> Read:
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
    message = AssistantMessage(reply.text, tuple(shown), native, reply.reasoning)
    calls = shown if not refused else [call for call in shown if call.id not in refused]
    return Read(message, calls, tuple(refused.values()), prose)
