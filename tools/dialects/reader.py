"""The public readers: `read` for a whole reply, `Reader` for a stream. Prose is emitted at once, text that may become a call is held."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from .call_stream import NativeCallStream
from .compiled_dialect import CompiledDialect, skip_run
from .detect import DETECTORS, find_held_start
from .dialect import FORMS, ToolOrSchema, check_forms, collect_signatures, resolve_dialect
from .json_calls import parse_json_arguments
from .mentions import Mark, find_closing
from .native import read_native_calls
from .parsed_calls import NOT_HERE, WAIT, Item
from .provider_reply import ProviderReply
from .read_events import (
    AllWasReasoning,
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
from .scanner_state import ScannerState
from .signatures import ToolSignatures
from .text_buffer import Incremental


class Reader:
    """Reads a reply while it streams. The result is the same however the reply is cut into pieces.

    `tools` are Tools or OpenAI function schemas. `dialect` is a name in DIALECTS, or "auto" for all of them at once; any other name is a
    UsageError. `native` says that the model's endpoint takes tools: NAME(...) in prose is then a call of PURE tools only. With `arguments`
    there are events for the arguments while they are written, CallTextDelta and ArgumentDelta. With `prose=False` the text beside calls
    is neither emitted nor collected. `forms` narrows the reading to these forms (see FORMS in dialect.py); an unknown one is a UsageError.
    """

    __slots__ = ("_items", "_reply", "_scan", "_sent", "state")

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
        signatures = collect_signatures(tools)
        only = check_forms(forms, dialect) if forms is not None else frozenset[str]()
        compiled = _compile_dialect(signatures, dialect, native, only)
        self.state = ScannerState(signatures, compiled, keeps_prose=prose, tells_arguments=arguments)
        self._sent: dict[int, NativeCallStream] = {}  # calls in the provider's own field that have begun
        self._scan = _scan_text(self.state)
        self._reply: ProviderReply | None = None  # made when the first piece of one arrives
        self._items: list[Item] | None = None  # the calls in the provider's own field, once the message is complete

    def feed(self, delta: object) -> list[ReadEvent]:
        """Return what is certain after this piece: a text, or a provider's own piece (a chat-completions chunk, an Anthropic event)."""
        if isinstance(delta, str):
            self.state.buffer.append(delta)
            next(self._scan, None)
            events, self.state.events = self.state.events, []
            return events
        if self._reply is None:
            self._reply = ProviderReply(tells_arguments=self.state.tells_arguments)
        events = []
        for event in self._reply.feed(delta):
            match event:
                case TextRead(text):
                    events += self.feed(text)
                case CallStarted(tool, place):
                    sent = self._sent[place] = NativeCallStream(self.state.take_number(), self.state.tools.find_marked(tool))
                    events.append(CallStarted(tool, sent.number))
                case CallTextDelta(place, text):
                    events += self._sent[place].add(text)
                case _:
                    events.append(event)
        return events

    def finish(self) -> list[ReadEvent]:
        """End the reply and return the events that are left, those of calls in the provider's own field included."""
        self.state.buffer.ended = True
        next(self._scan, None)
        events, self.state.events = self.state.events, []
        if self._items is None:
            self._items = []
            found = _read_items(self._reply, self.state.tools) if self._reply else []
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
        if self._items is None:
            self.finish()
        state, items = self.state, self._items or []
        text, calls, problems, reasoning = "".join(state.prose), tuple(state.calls), tuple(state.problems), "".join(state.reasoning)
        if self._reply is not None:
            reasoning = self._reply.reasoning + reasoning
        if items:
            text = state.buffer.text if (calls or problems) and state.keeps_prose else text
            calls = tuple(item for item in items if isinstance(item, ReadCall))
            problems = tuple(item for item in items if isinstance(item, Problem))
        reading = Reading(text, calls, problems, reasoning)
        if mentions := state.find_mentions():
            reading.mentions = mentions
        return reading


def read(text: object, tools: ToolSignatures | Sequence[ToolOrSchema], dialect: str = "auto", *, native: bool = False) -> Reading:
    """Read a whole reply: its prose, its calls, and its problems (what was meant as a call and has no single reading).

    `text` is what a model wrote, or a provider's own message (chat completions or Anthropic). `tools`, `dialect` and `native` are as for
    Reader.
    """
    signatures = collect_signatures(tools)
    if isinstance(text, str) and is_prose(text, signatures, dialect, native):
        return Reading(text)
    reader = Reader(signatures, dialect, native=native)
    if isinstance(text, str):
        reader.state.buffer.text = text  # all of it at once: nothing has to be held back
    else:
        reader.feed(text)
    return reader.close()


def is_prose(text: str, tools: ToolSignatures, dialect: str, native: bool) -> bool:
    """Return whether a reply holds no character that a call or a mark could begin with; most replies do not."""
    trigger, at = _compile_dialect(tools, dialect, native).trigger, 0
    while (found := trigger.search(text, at)) and found.end() - found.start() > 1:
        at = skip_run(text, found.start())
    return found is None


def split_at_calls(text: str, tools: ToolSignatures | Sequence[ToolOrSchema], dialect: str = "auto") -> list[str | ReadCall]:
    """Return the prose of a reply and its calls, in order. The markers around calls and the reasoning are left out."""
    reader = Reader(tools, dialect)
    parts: list[str | ReadCall] = []
    for event in [*reader.feed(text), *reader.finish()]:
        match event:
            case TextRead(prose):
                parts.append(prose)
            case CallRead(call):
                parts.append(call)
            case CallWithdrawn(item, written):
                parts = [written if part is item else part for part in parts]
            case AllWasReasoning():
                parts.clear()
    return parts


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


def _compile_dialect(tools: ToolSignatures, dialect: str, native: bool, only: frozenset[str] = frozenset()) -> CompiledDialect:
    key = f"only {' '.join(sorted(only))}" if only else dialect, native
    found = tools.compiled.get(key)
    if not isinstance(found, CompiledDialect):
        name = dialect if dialect in FORMS else resolve_dialect(dialect)
        found = tools.compiled[key] = CompiledDialect(tools, name, native, only)
    return found


def _scan_text(state: ScannerState) -> Incremental[None]:
    """Parse the whole reply into the state. Yields wherever all that has arrived is parsed."""
    buffer, trigger = state.buffer, state.dialect.trigger
    while True:
        found = trigger.search(buffer.text, state.seek)
        if found is None:
            state.seek = len(buffer.text) if buffer.ended else find_held_start(state, len(buffer.text))
            state.emit_text(state.seek)
            if buffer.ended:
                return
            yield
            continue
        state.seek = position = found.start()
        start, parse_block = DETECTORS[buffer.text[position]](state, position)
        if start == NOT_HERE or (start == WAIT and buffer.ended):
            state.seek = skip_run(buffer.text, position)
            continue
        if parse_block is None:
            state.emit_text(find_held_start(state, position))
            yield
            continue
        state.emit_text(start)
        if state.surroundings.open_backticks:
            close = yield from find_closing(buffer, Mark("`" * state.surroundings.open_backticks, r"\n"), position)
            if close >= 0:
                state.note_set_aside(start, close, "in code")
                state.emit_quoted(close)
                continue
            state.surroundings.open_backticks = 0  # inline code that is never closed on its line is none
        yield from parse_block()
