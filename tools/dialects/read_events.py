"""The results of reading: calls, problems, and the events of a stream."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class ReadCall(NamedTuple):
    """A call. `span` is where it stands in the reply, `notes` name the repairs that were made."""

    tool: str
    arguments: Mapping[str, object]
    span: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a reply that was meant as a call and has no single reading: what was seen, where, and what was expected."""

    seen: str
    span: tuple[int, int]
    expected: str
    tool: str | None = None


class Mention(NamedTuple):
    """What looks like a call of a known tool and is only spoken of: where it stands in the reply, and why it is no call."""

    tool: str
    span: tuple[int, int]
    why: str


class _Parts(NamedTuple):
    text: str
    calls: tuple[ReadCall, ...] = ()
    problems: tuple[Problem, ...] = ()
    reasoning: str = ""


class Reading(_Parts):
    """A whole reply. `text` is the prose outside of calls.

    `mentions` say why something that looks like a call is none. They are no part of the comparison of two readings.
    """

    mentions: tuple[Mention, ...] = ()

    def to_openai(self) -> dict[str, object]:
        """Return the assistant message that an OpenAI-compatible endpoint with native tools would have sent: content and tool_calls."""
        message: dict[str, object] = {"role": "assistant", "content": self.text or None}
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        if self.calls:
            message["tool_calls"] = [
                {"id": f"call_{number}", "type": "function", "function": {"name": call.tool, "arguments": _write_arguments(call)}}
                for number, call in enumerate(self.calls)
            ]
        return message


def _write_arguments(call: ReadCall) -> str:
    return json.dumps(dict(call.arguments), ensure_ascii=False)


class TextRead(NamedTuple):
    """Prose. It cannot become part of a call any more."""

    text: str


class CallStarted(NamedTuple):
    """A call of this tool has begun. Its arguments follow.

    `number` counts the calls of the reply, from 0. The event that ends the call has the same: CallRead, ProblemRead or CallDropped. A call
    that arrives whole is not announced.
    """

    tool: str
    number: int = 0


class CallTextDelta(NamedTuple):
    """A piece of a call as it is written, marks included. All pieces of a CallRead together are `text[slice(*call.span)]`.

    Of a call in the provider's own field it is a piece of the arguments as they were sent.
    """

    number: int
    text: str


class ArgumentDelta(NamedTuple):
    """A piece of the text of a string argument, decoded. All pieces of a CallRead together are its `arguments[name]`."""

    number: int
    name: str
    text: str


class CallRead(NamedTuple):
    """A complete call."""

    call: ReadCall
    number: int = 0


class ProblemRead(NamedTuple):
    """A call with a problem."""

    problem: Problem
    number: int = 0


class CallDropped(NamedTuple):
    """What had begun like a call of this tool is none: JSON that goes on as data, the text of a link. It stays in the text."""

    tool: str
    number: int


class CallWithdrawn(NamedTuple):
    """A call or problem that was emitted before, written in prose as `text`, is a mention: a call in a form of its own follows it."""

    item: ReadCall | Problem
    text: str
    number: int = 0


class ReasoningRead(NamedTuple):
    """A piece of the model's reasoning."""

    text: str


class AllWasReasoning(NamedTuple):
    """Everything so far was reasoning: its closing marker arrived, and its opening marker was in the prompt.

    Text and calls that were emitted before are void.
    """

    text: str


ReadEvent = (
    TextRead
    | CallStarted
    | CallTextDelta
    | ArgumentDelta
    | CallRead
    | ProblemRead
    | CallDropped
    | CallWithdrawn
    | ReasoningRead
    | AllWasReasoning
)
