"""A call that has begun and is not complete: what of it is certain, and what of that was told."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from .argument_texts import ArgumentTexts, JsonTexts, PositionalText, TaggedTexts
from .read_events import ArgumentDelta, CallTextDelta, Problem, ReadCall, ReadEvent
from .signatures import ToolSignature
from .text_buffer import TextBuffer


class OpenCall:
    """A call that has begun at `start`. `number` is its place among the calls of the reply that were told of."""

    __slots__ = ("_buffer", "_known_arguments", "_lengths", "_signature", "_texts", "_told", "number", "start", "tool")

    def __init__(self, number: int, tool: str, signature: ToolSignature | None, start: int, buffer: TextBuffer) -> None:
        self.number: int = number
        self.tool: str = tool
        self.start: int = start
        self._signature, self._buffer = signature, buffer
        self._told = start  # up to here its text was told
        self._texts: ArgumentTexts | None = None
        self._known_arguments = len(buffer.arguments)
        self._lengths: dict[str, int] = {}  # of the arguments whose text has begun to be told

    def is_of(self, item: ReadCall | Problem) -> bool:
        """Tell whether this is the call, or the problem, that was read in the end."""
        return item.span[0] <= self.start < item.span[1] and item.tool == self.tool

    def tell(self, end: int) -> list[ReadEvent]:
        """Return the events for what is new in the text up to `end`."""
        if end <= self._told:
            return []
        events: list[ReadEvent] = [CallTextDelta(self.number, self._buffer.text[self._told : end])]
        self._told = end
        if self._texts is None:
            self._texts = self._find_texts()
        return [*events, *tell_texts(self.number, self._texts, self._buffer.text, end, self._lengths)]

    def _find_texts(self) -> ArgumentTexts | None:
        buffer, tool = self._buffer, self._signature
        if tool is None:
            return None
        if len(buffer.arguments) > self._known_arguments:
            return TaggedTexts(tool, buffer, self._known_arguments)
        if buffer.json_at >= self.start:
            return JsonTexts(tool, buffer.json_at, is_call=buffer.json_is_call)
        return PositionalText(tool, buffer.positional_at) if buffer.positional_at >= self.start else None

    def finish(self, item: ReadCall | Problem) -> list[ReadEvent]:
        """Return the events for the rest. An argument whose text has begun to be told is told to its end."""
        rest = self._buffer.text[self._told : item.span[1]]
        events: list[ReadEvent] = [CallTextDelta(self.number, rest)] if rest else []
        return [*events, *tell_rest(self.number, item, self._lengths)]


def tell_texts(number: int, texts: ArgumentTexts | None, text: str, end: int, lengths: dict[str, int]) -> Iterator[ReadEvent]:
    """Yield the events for what is new in the arguments up to `end`. `lengths` counts what was told of each."""
    for name, pieces in groupby(texts.read(text, end) if texts is not None else (), itemgetter(0)):
        piece = "".join(each for _, each in pieces)
        lengths[name] = lengths.get(name, 0) + len(piece)
        yield ArgumentDelta(number, name, piece)


def tell_rest(number: int, item: ReadCall | Problem, lengths: dict[str, int]) -> Iterator[ReadEvent]:
    """Yield the events for the rest of the arguments whose text has begun to be told."""
    arguments = item.arguments if isinstance(item, ReadCall) else {}
    for name, length in lengths.items():
        text = arguments.get(name)
        if isinstance(text, str) and len(text) > length:
            yield ArgumentDelta(number, name, text[length:])
