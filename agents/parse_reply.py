"""From a reply to its calls: native ones, or those written in its text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sayso.tools import ToolCall, ToolResult
from sayso.tools.calls import Outcome
from sayso.tools.dialects import Problem, ReadCall, Reading, ToolSignatures, read, read_native_calls
from sayso.tools.dialects.signatures import ToolSignature

from .messages import AssistantMessage, Reply
from .reasoning import split_reasoning

if TYPE_CHECKING:
    from .spec import AgentSpec

NO_TOOLS = ToolSignatures([ToolSignature("", {})])
"""One tool that nobody can name: without any, whatever looks like a call would be read as one."""


class ParsedReply(NamedTuple):
    """A reply as it was understood: the message for the transcript, its calls in order, and an error result for each unreadable call.

    `prose` is the text outside the calls.
    """

    message: AssistantMessage
    calls: Sequence[ToolCall]
    refused: Sequence[ToolResult]
    prose: str


def parse_reply(spec: AgentSpec[object], reply: Reply, turn: int) -> ParsedReply:
    """Find the calls in a reply. Native calls count before any in the text; an ambiguous or broken call becomes an error result.

    Reasoning in the text (`<think>`) is moved to the message's `reasoning`: it is neither shown nor sent back.
    """
    if not spec.tools and not reply.calls and spec.dialect not in ("auto", "native"):
        return _strip_family_marks(spec.dialect, reply)
    if reply.calls or not spec.tools or spec.dialect == "native":
        text, reasoning = split_reasoning(reply.text) if reply.text else ("", "")
        if reasoning:
            reply = reply._replace(text=text, reasoning=reply.reasoning + reasoning)
        if not reply.calls:
            return ParsedReply(AssistantMessage(text, (), False, reply.reasoning), (), (), text)
        return _number_calls(read_native_calls(reply.calls, spec.signatures), reply, turn, text, native=True)
    reading = read(reply.text, spec.signatures, spec.dialect)
    if reading.reasoning:
        reply = reply._replace(reasoning=reply.reasoning + reading.reasoning)
        text, _ = split_reasoning(reply.text, keep_open=True)
        without = read(text, spec.signatures, spec.dialect)
        if _has_same_calls(without, reading):  # not where reasoning is part of a call
            reply, reading = reply._replace(text=text), without
    if not reading.calls and not reading.problems:
        text = reading.text if reply.reasoning else reply.text
        return ParsedReply(AssistantMessage(text, (), False, reply.reasoning), (), (), reading.text)
    found: list[ReadCall | Problem] = [*reading.calls, *reading.problems]
    return _number_calls(sorted(found, key=lambda item: item.span), reply, turn, reading.text, native=False)


def _has_same_calls(one: Reading, other: Reading) -> bool:
    calls = [[(call.tool, call.arguments) for call in each.calls] for each in (one, other)]
    return calls[0] == calls[1] and len(one.problems) == len(other.problems)


def _strip_family_marks(dialect: str, reply: Reply) -> ParsedReply:
    """Parse a reply that cannot hold a call, of a model of a named family: drop the family's marks and the reasoning between them."""
    reading = read(reply.text, NO_TOOLS, dialect)
    has_marks = bool(reading.reasoning) and not reading.problems
    prose = reading.text if has_marks else reply.text
    return ParsedReply(AssistantMessage(prose, (), False, reply.reasoning + (reading.reasoning if has_marks else "")), (), (), prose)


def _number_calls(items: Iterable[ReadCall | Problem], reply: Reply, turn: int, prose: str, *, native: bool) -> ParsedReply:
    """Give each call its position as id. Text formats have no ids, and providers repeat theirs."""
    calls: list[ToolCall] = []
    refused: dict[str, ToolResult] = {}
    for index, item in enumerate(items):
        call_id = f"{turn}.{index}"
        if isinstance(item, ReadCall):
            calls.append(ToolCall(call_id, item.tool, item.arguments, item.span, item.notes))
        else:
            error = f"This call was not understood and nothing was done. Seen: {item.seen}. Expected: {item.expected}."
            refused[call_id] = ToolResult(call_id, error, Outcome.FAILED, item.tool or "")
            calls.append(ToolCall(call_id, item.tool or "unknown", {}, item.span, ("not understood",)))
    message = AssistantMessage(reply.text, tuple(calls), native, reply.reasoning)
    understood = calls if not refused else [call for call in calls if call.id not in refused]
    return ParsedReply(message, understood, tuple(refused.values()), prose)
