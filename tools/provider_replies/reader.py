"""The public readers: of a text, and of a provider's own message, whole or in pieces."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ..dialects.argument_texts import JsonTexts, tell_rest, tell_texts
from ..dialects.dialect import ToolOrSchema
from ..dialects.json_calls import parse_json_arguments
from ..dialects.parsed_calls import Item
from ..dialects.read_events import (
    CallRead,
    CallStarted,
    CallTextDelta,
    CallWithdrawn,
    Problem,
    ProblemRead,
    ReadCall,
    ReadEvent,
    Reading,
    TextRead,
)
from ..dialects.reader import Reader as TextReader
from ..dialects.reader import read as read_text
from ..dialects.signatures import ToolSignature, ToolSignatures
from ..dialects.text_buffer import TextBuffer
from ..errors import UsageError
from .native_calls import read_native_calls
from .provider_reply import ProviderReply

_TOOL_LISTS = frozenset({ToolSignatures, list, tuple})


class Reader(TextReader):
    """Reads a reply while it streams: a text, or a provider's own pieces. The result is the same however the reply is cut.

    `tools` are Tools or OpenAI function schemas. `dialect` is a name in DIALECTS, or "auto" for all of them at once; any other name is a
    UsageError. `native` says that the model's endpoint takes tools: NAME(...) in prose is then a call of PURE tools only. With `arguments`
    there are events for the arguments while they are written, CallTextDelta and ArgumentDelta. With `prose=False` the text beside calls
    is neither emitted nor collected. `forms` narrows the reading to these forms (see FORMS in dialect.py); an unknown one is a UsageError.
    """

    __slots__ = ("_items", "_reply", "_sent")

    def __init__(
        self,
        tools: ToolSignatures | Sequence[ToolOrSchema],
        dialect: str = "auto",
        *,
        native: bool = False,
        arguments: bool = False,
        prose: bool = True,
        forms: Collection[str] | None = None,
    ) -> None:
        super().__init__(_check_tools(tools), dialect, native=native, arguments=arguments, prose=prose, forms=forms)
        self._sent: dict[int, _SentCall] = {}  # calls in the provider's own field that have begun
        self._reply: ProviderReply | None = None  # made when the first piece of one arrives
        self._items: list[Item] = []  # the calls in the provider's own field, once the message is complete

    def feed(self, delta: object) -> list[ReadEvent]:
        """Return what is certain after this piece: a text, or a provider's own piece (a chat-completions chunk, an Anthropic event)."""
        if self.state.buffer.ended and delta:
            raise UsageError("This reader is closed: read the next reply with a new Reader.")
        if isinstance(delta, str):
            return super().feed(delta)
        if isinstance(delta, (bytes, bytearray)):
            raise UsageError(
                "Reader.feed() takes text (str), not bytes. Decode a stream as a whole: codecs.getincrementaldecoder('utf-8')()."
            )
        if self._reply is None:
            self._reply = ProviderReply(tells_arguments=self.state.tells_arguments)
        events: list[ReadEvent] = []
        for event in self._reply.feed(delta):
            match event:
                case TextRead(text):
                    events += super().feed(text)
                case CallStarted(tool, place):
                    sent = self._sent[place] = _SentCall(self.state.take_number(), self.state.tools.find_marked(tool))
                    events.append(CallStarted(tool, sent.number))
                case CallTextDelta(place, text):
                    events += self._sent[place].add(text)
                case _:
                    events.append(event)
        return events

    def finish(self) -> list[ReadEvent]:
        """End the reply and return the events that are left, those of calls in the provider's own field included."""
        had_ended = self.state.buffer.ended
        events = super().finish()
        found = _read_items(self._reply, self.state.tools) if self._reply and not had_ended else []
        if found:  # then those in the text are no calls
            events += [CallWithdrawn(item, self.state.buffer.text[slice(*item.span)], number) for item, number in self.state.told]
        for place, item in found:
            self._items.append(item)
            sent = self._sent.pop(place, None)  # of several calls in one, the first has its number
            number = sent.number if sent is not None else self.state.take_number()
            events += sent.finish(item) if sent is not None else ()
            events.append(CallRead(item, number) if isinstance(item, ReadCall) else ProblemRead(item, number))
        return events

    def close(self) -> Reading:
        """End the reply and return all of it. Where the provider's own field has calls, calls in the text are only text."""
        written = super().close()
        if self._reply is None:
            return written
        text, calls, problems, reasoning = written
        if items := self._items:
            text = self.state.buffer.text if (calls or problems) and self.state.keeps_prose else text
            calls = tuple(item for item in items if isinstance(item, ReadCall))
            problems = tuple(item for item in items if isinstance(item, Problem))
        reading = Reading(text, calls, problems, self._reply.reasoning + reasoning)
        if written.mentions:
            reading.mentions = written.mentions
        return reading


def read(text: object, tools: ToolSignatures | Sequence[ToolOrSchema], dialect: str = "auto", *, native: bool = False) -> Reading:
    """Read a whole reply: its prose, its calls, and its problems (what was meant as a call and has no single reading).

    `text` is what a model wrote, or a provider's own message (chat completions or Anthropic). `tools`, `dialect` and `native` are as for
    Reader.
    """
    if isinstance(text, str):
        return read_text(text, _check_tools(tools), dialect, native=native)
    reader = Reader(tools, dialect, native=native)
    reader.feed(text)
    return reader.close()


def _check_tools(tools: ToolSignatures | Sequence[ToolOrSchema]) -> ToolSignatures | Sequence[ToolOrSchema]:
    """Return the tools. Raise UsageError where they are one tool, or something that is read only once."""
    if type(tools) in _TOOL_LISTS:
        return tools
    if isinstance(tools, (str, Mapping)) or not isinstance(tools, Iterable) or isinstance(tools, Iterator):
        raise UsageError(f"Tools are a list of Tools or of function schemas, [tool], not {type(tools).__name__}.")
    return tools


class _SentCall:
    """A call in the provider's own field that has begun. Its arguments are JSON."""

    __slots__ = ("_buffer", "_lengths", "_texts", "number")

    def __init__(self, number: int, signature: ToolSignature | None) -> None:
        self.number = number
        self._buffer = TextBuffer()
        self._texts = JsonTexts(signature, 0, is_call=False) if signature is not None else None
        self._lengths: dict[str, int] = {}

    def add(self, piece: str) -> list[ReadEvent]:
        """Add a piece of the arguments, and return the events for it."""
        buffer, head = self._buffer, self._buffer.text[:8]
        if len(head) > 1 and piece.startswith(head):
            self._texts = None  # the server sends all that there is so far with each piece
        buffer.append(piece)
        return [CallTextDelta(self.number, piece), *tell_texts(self.number, self._texts, buffer.text, len(buffer.text), self._lengths)]

    def finish(self, item: ReadCall | Problem) -> list[ReadEvent]:
        """Return the events for the rest of the arguments whose text has begun to be told."""
        return list(tell_rest(self.number, item, self._lengths))


def _read_items(reply: ProviderReply, tools: ToolSignatures) -> list[tuple[int, Item]]:
    """Return the calls in the provider's own field, and the problems: with a call, or with a message that is none (whose place is -1)."""
    items: list[tuple[int, Item]] = []
    for place, call in enumerate(reply.calls):
        for item in read_native_calls((call,), tools):
            tool = tools.find(item.tool) if isinstance(item, ReadCall) else None
            again = parse_json_arguments(tool, item.arguments, item.span) if tool and isinstance(item, ReadCall) else item
            items.append((place, again))
    if seen := reply.unread:
        items.append(
            (-1, Problem(seen, (0, 0), "a model's message: a chat completion, a response, an Anthropic message, or a piece of one"))
        )
    if reply.error:
        items.append((-1, Problem(json.dumps(reply.error, ensure_ascii=False, default=str)[:200], (0, 0), "a message, not an error")))
    return items
