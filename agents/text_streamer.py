"""Publish a reply's text while it streams: calls of PURE tools by their values, reasoning apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sayso.tools.definition.secret_stream import SecretStream
from sayso.tools.dialects import (
    AllWasReasoning,
    CallRead,
    CallStarted,
    CallTextDelta,
    CallWithdrawn,
    ReadCall,
    Reader,
    ReadEvent,
    ReasoningRead,
    TextRead,
)
from sayso.tools.effects import Effect
from sayso.tools.errors import ToolError
from sayso.tools.inline_calls import append_context
from sayso.workflows import Run

from .agent_events import ArgumentsStreamed, CallAnnounced, ReasoningStreamed, TextStreamed, TextWithdrawn
from .reasoning import OnlyReasoning, Part, ReasoningPart, ReasoningSplitter, TextPart

if TYPE_CHECKING:
    from .spec import AgentSpec


class TextStreamer:
    """Publishes a reply's text while it streams. A PURE call is published as its value once the next word is known ("147.75 dollars").

    With `native` the model calls natively, and NAME(...) in its prose is a call only of PURE tools. Where a write may follow, or the answer
    is typed, nothing is published before the reply is complete: see `AgentSpec.publishes_at_end`.
    """

    def __init__(self, spec: AgentSpec[object], run: Run, turn: int, *, native: bool) -> None:
        self._run, self._turn, self._spec = run, turn, spec
        self._before = ""  # the end of what was published
        self._call: ReadCall | None = None  # waits for the text that follows it
        self._after = ""
        self._published = False
        reads = bool(spec.tools) and spec.dialect != "native"
        tells = not (spec.takes_secrets or spec.guards or run.secrets.texts)
        self._reader = Reader(spec.signatures, spec.dialect, native=native, arguments=tells) if reads else None
        self._splitter = ReasoningSplitter()
        self._shown, self._thought = SecretStream(run.secrets.texts), SecretStream(run.secrets.texts)

    def feed(self, piece: str) -> None:
        """Take in a piece of text, and publish what cannot be part of a call."""
        if self._reader is None:
            self._publish_parts(self._splitter.feed(piece))
        else:
            self._publish_events(self._reader.feed(piece))

    def finish(self) -> None:
        """Publish the rest."""
        self._finish_reading()
        self._finish_secrets()

    def _finish_reading(self) -> None:
        if self._reader is None:
            self._publish_parts(self._splitter.finish())
        else:
            self._publish_events(self._reader.finish())
            self._publish_call()

    def _finish_secrets(self) -> None:
        self._send(self._shown.finish())
        self._send_reasoning(self._thought.finish())

    def _publish_parts(self, parts: Sequence[Part]) -> None:
        for part in parts:
            match part:
                case TextPart(text):
                    self._publish_text(text)
                case ReasoningPart(text):
                    self._publish_reasoning(text)
                case OnlyReasoning(text):
                    self._withdraw(text)

    def _publish_events(self, events: Sequence[ReadEvent]) -> None:
        for event in events:
            match event:
                case TextRead(text):
                    self._after += text
                    if not self._call or _has_word(self._after):
                        self._publish_call()
                case CallStarted(tool, number):
                    self._run.publish(CallAnnounced(self._run.id, self._turn, tool, number))
                case CallTextDelta(number, text):
                    self._run.publish(ArgumentsStreamed(self._run.id, self._turn, number, text))
                case CallRead(call):
                    self._publish_call(f"{call.tool}(")
                    self._call = call
                case CallWithdrawn(item, written) if item is self._call:
                    self._call, self._after = None, written + self._after
                case ReasoningRead(text):
                    self._publish_reasoning(text)
                case AllWasReasoning(text):
                    self._call, self._after = None, ""
                    self._withdraw(text)

    def _publish_call(self, following: str = "") -> None:
        """Publish the waiting call's value and the text after it. `following` is what comes next and is published later."""
        if self._call is not None:
            self._publish_text(self._render(self._call, self._before, self._after + following))
        self._publish_text(self._after)
        self._call, self._after = None, ""

    def _publish_text(self, text: str) -> None:
        if text:
            self._published = True
            self._before = append_context(self._before, text)
            self._emit_text(text)

    def _emit_text(self, text: str) -> None:
        self._send(self._shown.feed(text))

    def _send(self, text: str) -> None:
        if text:
            self._run.publish(TextStreamed(self._run.id, self._turn, text))

    def _send_reasoning(self, text: str) -> None:
        if text:
            self._run.publish(ReasoningStreamed(self._run.id, self._turn, text))

    def _render(self, call: ReadCall, before: str, after: str) -> str:
        return render_inline(self._spec, call, before, after)

    def _publish_reasoning(self, text: str) -> None:
        self._send_reasoning(self._thought.feed(text))

    def _withdraw(self, reasoning: str) -> None:
        """Take back what was published: all of it was reasoning, whose beginning stood in the prompt."""
        self._shown.drop()
        if self._published:
            self._published, self._before = False, ""
            self._run.publish(TextWithdrawn(self._run.id, self._turn))
        self._publish_reasoning(reasoning)


def _has_word(text: str) -> bool:
    return re.match(r"\s*\S+\s|\s{4}|.{32}", text, re.DOTALL) is not None


def render_inline(spec: AgentSpec[object], call: ReadCall, before: str, after: str) -> str:
    """Return how a PURE call reads where it stands; nothing for any other call, which is answered by its result."""
    tool = spec.tools.get(call.tool)
    if tool is None or tool.effect is not Effect.PURE or tool.is_async or tool.signature.context:
        return ""
    try:
        value = tool.function(**tool.check(call.arguments))
    except ToolError:
        return ""
    return tool.inline(value, before, after) if tool.inline else str(value)
