"""Write the events of a reader as the deltas that an OpenAI-compatible stream sends: content, reasoning_content, tool_calls."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..canonical import JsonObject
from ..dialects.read_events import (
    AllWasReasoning,
    ArgumentDelta,
    CallRead,
    CallStarted,
    CallWithdrawn,
    ReadCall,
    ReadEvent,
    ReasoningRead,
    TextRead,
)


@dataclass(slots=True, eq=False)
class _SentCall:
    """A call whose name was sent. Its arguments are a JSON object without its end, in a string of which `name` is the key, if any."""

    index: int
    names: list[str] = field(default_factory=list)
    name: str = ""


class OpenAIDeltas:
    """Turns the events of a Reader into deltas, `choices[0].delta` of each chunk.

    A call is sent as its id, index and name first, then its arguments in pieces, as JSON: with `Reader(..., arguments=True)` while they are
    written. The last bracket of a call is sent by `finish`, for until then a reply may take a call back. One that is taken back or has a
    problem never gets it, so no client executes it: its arguments are no JSON.
    """

    __slots__ = ("_complete", "_sent")

    def __init__(self) -> None:
        self._sent: dict[int, _SentCall] = {}
        self._complete: dict[int, ReadCall] = {}

    def feed(self, events: Iterable[ReadEvent]) -> list[JsonObject]:
        """Return the deltas for these events."""
        deltas: list[JsonObject] = []
        for event in events:
            match event:
                case TextRead(text):
                    deltas.append({"content": text})
                case ReasoningRead(text):
                    deltas.append({"reasoning_content": text})
                case AllWasReasoning(text):
                    self._complete.clear()
                    deltas.append({"reasoning_content": text})
                case CallStarted(tool, number):
                    deltas += self._begin(number, tool)
                case ArgumentDelta(number, name, text) if sent := self._sent.get(number):
                    deltas.append(_send(sent, self._open(sent, name) + _escape(text)))
                case CallRead(call, number):
                    self._complete[number] = call
                case CallWithdrawn(_, text, number):
                    self._complete.pop(number, None)
                    deltas.append({"content": text})
                case _:
                    pass
        return deltas

    def finish(self) -> list[JsonObject]:
        """Return what is left of the calls that are complete: the deltas behind which the finish_reason comes."""
        deltas: list[JsonObject] = []
        for number, call in self._complete.items():
            if number not in self._sent:
                deltas += self._begin(number, call.tool)
            sent = self._sent[number]
            rest = {name: value for name, value in call.arguments.items() if name not in sent.names}
            written = json.dumps(rest, ensure_ascii=False)[1:]
            comma = ", " if rest and sent.names else ""
            deltas.append(_send(sent, ('"' if sent.name else "") + comma + written))
        self._complete.clear()
        return deltas

    def _begin(self, number: int, tool: str) -> list[JsonObject]:
        sent = self._sent[number] = _SentCall(len(self._sent))
        named = {"index": sent.index, "id": f"call_{sent.index}", "type": "function", "function": {"name": tool, "arguments": ""}}
        # Some clients take no arguments at all for `{}`, so half an object follows at once.
        return [{"tool_calls": [named]}, _send(sent, "{")]

    def _open(self, sent: _SentCall, name: str) -> str:
        """Return what leads to the text of an argument: the end of the text before, and the key."""
        if name == sent.name:
            return ""
        before, sent.name = ('", ' if sent.name else ""), name
        sent.names.append(name)
        return f'{before}{json.dumps(name, ensure_ascii=False)}: "'


def _send(sent: _SentCall, arguments: str) -> JsonObject:
    return {"tool_calls": [{"index": sent.index, "function": {"arguments": arguments}}]}


def _escape(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
