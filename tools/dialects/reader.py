"""The public readers: `read` for a whole reply, `Reader` for a stream. Prose is emitted at once, text that may become a call is held."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .compiled_dialect import CompiledDialect, skip_run
from .detect import DETECTORS, find_held_start
from .dialect import FORMS, ToolOrSchema, check_forms, collect_signatures, resolve_dialect
from .families.harmony import STRIPPED_START
from .mentions import find_closing, mark_code
from .parsed_calls import NOT_HERE, WAIT, Incremental
from .read_events import AllWasReasoning, CallRead, CallWithdrawn, ReadCall, ReadEvent, Reading, TextRead
from .scanner_state import ScannerState
from .signatures import ToolSignatures
from .text_buffer import TextBuffer


class Reader:
    """Reads a reply while it streams. The result is the same however the reply is cut into pieces.

    `tools` are Tools or OpenAI function schemas. `dialect` is a name in DIALECTS, or "auto" for all of them at once; any other name is a
    UsageError. `native` says that the model's endpoint takes tools: NAME(...) in prose is then a call of PURE tools only. With `arguments`
    there are events for the arguments while they are written, CallTextDelta and ArgumentDelta. With `prose=False` the text beside calls
    is neither emitted nor collected. `forms` narrows the reading to these forms (see FORMS in dialect.py); an unknown one is a UsageError.
    """

    __slots__ = ("_scan", "state")

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
        self.state: ScannerState = ScannerState(TextBuffer(signatures), compiled, keeps_prose=prose, tells_arguments=arguments)
        self._scan = _scan_text(self.state)

    def __repr__(self) -> str:
        state = self.state
        known = list(state.tools.by_name)
        tools = ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")
        found = ", ".join(call.tool for call in state.calls) or "none"
        problems = f", {len(state.problems)} problem{'s' * (len(state.problems) != 1)}" if state.problems else ""
        ended = "ended" if state.buffer.ended else "open"
        return f"Reader(tools: {tools or 'none'}; {ended}, {len(state.buffer.text)} characters read, calls: {found}{problems})"

    def feed(self, delta: str) -> list[ReadEvent]:
        """Return what is certain after this piece."""
        self.state.buffer.append(delta)
        next(self._scan, None)
        events, self.state.events = self.state.events, []
        return events

    def finish(self) -> list[ReadEvent]:
        """End the reply and return the events that are left."""
        self.state.buffer.ended = True
        return self.feed("")

    def close(self) -> Reading:
        """End the reply and return all of it."""
        if not self.state.buffer.ended:
            self.finish()
        return _collect(self.state)


def read(text: str, tools: ToolSignatures | Sequence[ToolOrSchema], dialect: str = "auto", *, native: bool = False) -> Reading:
    """Read a whole reply: its prose, its calls, and its problems (what was meant as a call and has no single reading).

    `tools`, `dialect` and `native` are as for Reader.
    """
    signatures = collect_signatures(tools)
    if is_prose(text, signatures, dialect, native):
        return Reading(text)
    # All of it is there: nothing has to be held back, and nobody follows the events.
    state = ScannerState(TextBuffer(signatures, text, ended=True), _compile_dialect(signatures, dialect, native), is_whole=True)
    next(_scan_text(state), None)
    return _collect(state)


def _collect(state: ScannerState) -> Reading:
    reading = Reading("".join(state.prose), tuple(state.calls), tuple(state.problems), "".join(state.reasoning))
    if mentions := state.find_mentions():
        reading.mentions = mentions
    return reading


def is_prose(text: str, tools: ToolSignatures, dialect: str, native: bool) -> bool:
    """Return whether a reply holds no character that a call or a mark could begin with; most replies do not."""
    compiled, at = _compile_dialect(tools, dialect, native), 0
    trigger = compiled.stripped_trigger if STRIPPED_START.match(text) else compiled.trigger
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


def _compile_dialect(tools: ToolSignatures, dialect: str, native: bool, only: frozenset[str] = frozenset()) -> CompiledDialect:
    key = f"only {' '.join(sorted(only))}" if only else dialect, native
    found = tools.compiled.get(key)
    if not isinstance(found, CompiledDialect):
        name = dialect if dialect in FORMS else resolve_dialect(dialect)
        found = tools.compiled[key] = CompiledDialect(tools, name, native, only)
    return found


def _scan_text(state: ScannerState) -> Incremental[None]:
    """Parse the whole reply into the state. Yields wherever all that has arrived is parsed."""
    buffer = state.buffer
    while True:
        is_stripped = not state.reasoning and STRIPPED_START.match(buffer.text) is not None
        trigger = state.dialect.stripped_trigger if is_stripped else state.dialect.trigger
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
        if (backticks := state.surroundings.open_backticks) and not (buffer.text[position] in "`~" and state.surroundings.at_line_start):
            close = yield from find_closing(buffer, mark_code(backticks), position)
            if close >= 0:
                state.note_set_aside(start, close, "in code")
                state.emit_quoted(close)
                continue
            state.surroundings.open_backticks = 0  # inline code that is never closed is none
        yield from parse_block
