"""The state of one scan over a reply: what is parsed so far, and the events that a caller has not fetched yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .argument_texts import OpenCall
from .compiled_dialect import CompiledDialect
from .explaining import explains_before
from .growing import growing, match
from .mentions import (
    AS_AN_EXAMPLE,
    BESIDE_A_CALL,
    CALL,
    Form,
    Mark,
    Surroundings,
    find_behind,
    find_closing,
    goes_on,
    is_in_clause,
)
from .parsed_calls import NO_SINK, CallParser, Incremental, Item, MentionSink, ParsedCalls
from .read_events import (
    AllWasReasoning,
    CallDropped,
    CallRead,
    CallStarted,
    CallWithdrawn,
    Mention,
    Problem,
    ProblemRead,
    ReadCall,
    ReadEvent,
    ReasoningRead,
    TextRead,
)
from .signatures import ToolSignatures
from .text_buffer import TextBuffer

# An attempt to parse a call that looked this far, and how many of them may fail.
_LONG_SEARCH = 500  # characters
_MOST_LONG_SEARCHES = 40
_WORDS = growing(r"[ \t]{0,80}[\w(—–\-]")
"""A sentence that goes on behind a call."""


@dataclass(slots=True, eq=False)
class ScannerState:
    """A buffer and two offsets into it: everything before `at` is emitted, everything before `seek` has been searched for calls."""

    buffer: TextBuffer
    dialect: CompiledDialect
    surroundings: Surroundings = field(default_factory=Surroundings)
    at: int = 0
    seek: int = 0
    dropped_to: int = 0
    """Where the text behind the last call or mark begins."""
    failures: int = 0
    prose: list[str] = field(default_factory=list)
    in_prose: list[tuple[int, ReadCall | Problem, int]] = field(default_factory=list)
    """NAME(...) in prose, with the number of pieces of prose before it, and its own number."""
    is_marked: bool = False
    """A call in another form was found."""
    shows_calls: bool = False
    """A call in a code fence was no more than an example."""
    reasoning: list[str] = field(default_factory=list)
    calls: list[ReadCall] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    events: list[ReadEvent] = field(default_factory=list)
    keeps_prose: bool = True
    """Prose is collected and emitted."""
    is_whole: bool = False
    """All of the reply was there at once."""
    tells_arguments: bool = False
    """CallTextDelta and ArgumentDelta are emitted."""
    open_calls: list[OpenCall] = field(default_factory=list)
    """Calls that were announced and are not read yet."""
    told: list[tuple[Item, int]] = field(default_factory=list)
    """Calls and problems that were emitted and not withdrawn, with their numbers."""
    mentions: list[Mention] = field(default_factory=list)
    set_aside: list[tuple[int, int, str]] = field(default_factory=list)
    """Parts of the reply in which no call is looked for, and why."""
    numbers: int = 0
    """How many calls were told of."""

    @property
    def tools(self) -> ToolSignatures:
        """Return the tools that the reply may call."""
        return self.buffer.tools

    def emit_text(self, end: int) -> None:
        """Emit the text up to `end` as prose."""
        if end > self.at:
            piece = self.buffer.text[self.at : end]
            self.surroundings.feed(piece)
            if self.keeps_prose:
                self.prose.append(piece)
                self.events.append(TextRead(piece))
            self.at = end

    def emit_quoted(self, end: int) -> None:
        """Emit the text up to `end` as prose and search none of it for calls."""
        self.emit_text(end)
        self.seek = self.at

    def emit_reasoning(self, end: int) -> None:
        """Emit the text up to `end` as reasoning."""
        if end > self.at:
            piece = self.buffer.text[self.at : end]
            self.reasoning.append(piece)
            self.events.append(ReasoningRead(piece))
            self.note_set_aside(self.at, end, "in reasoning")
            self.at = end

    def skip_to(self, end: int) -> None:
        """Drop the text up to `end`: a marker, or a token of the chat template."""
        self.at = self.seek = self.dropped_to = end

    def skip_call(self, end: int) -> None:
        """Drop the text of a call that was added. Quotes inside of it open nothing."""
        self.surroundings.unread.append(CALL)
        self.at = self.seek = self.dropped_to = end

    def parse_call(self, start: int, position: int, parser: CallParser, form: Form = Form.MARKED) -> Incremental[bool]:
        """Parse calls that begin at `start` and were detected at `position`: where they are only mentioned they are prose.

        Return False where the text is no call; it is searched on behind `position` then.
        """
        in_prose = form is Form.IN_PROSE or form is Form.PURE
        mark: Mark | None = None
        if in_prose and self.is_marked:
            mark = BESIDE_A_CALL
        elif start:  # nothing stands before a call that opens the reply
            mark = self.surroundings.find_mention(form, self.dialect.native)
            if mark is None and (form is Form.UNMARKED or form is Form.MARKED) and explains_before(self.surroundings.line_before):
                mark = AS_AN_EXAMPLE
        # Of a mention nothing is emitted before the mark that closes it was found: only then is it one.
        stands_apart = form is Form.UNMARKED and self.dialect.native
        in_clause = not mark and start > 0 and form is Form.UNMARKED and is_in_clause(self.surroundings.line)
        mention = MentionSink() if mark or stands_apart or in_clause else None
        self.buffer.sink = mention or self
        found = yield from self._follow(parser) if self.tells_arguments else parser
        self.buffer.sink = NO_SINK  # a cycle of references would wait for the garbage collector
        if found is None:
            self._drop_open_calls()
            self.seek = max(self.at, self.resume_after(position))
            return False
        end, items = found
        if mention:
            items = [*mention.items, *items]
        if mark and (not mark.closing or (yield from find_closing(self.buffer, mark, end)) >= 0):
            self.note_mentions(items, mark.why)
            self.emit_quoted(end)
            return True
        if stands_apart and (yield from match(self.buffer, _WORDS, end)):
            self.note_mentions(items, "in a sentence, where the endpoint takes tools in a field of its own")
            self.emit_quoted(end)
            return True
        if in_clause and goes_on(self.surroundings.line, (yield from find_behind(self.buffer, end))):
            self.note_mentions(items, "in a sentence that goes on behind it")
            self.emit_quoted(end)
            return True
        self.add(items, in_prose=in_prose)
        self._drop_open_calls()
        self.skip_call(end)
        return True

    def _follow(self, parser: CallParser) -> CallParser:
        """Run the parser of a call, and tell what is certain of its arguments wherever it waits for more."""
        self.buffer.begin_call()
        while True:
            try:
                next(parser)
            except StopIteration as done:
                found: ParsedCalls | None = done.value
                return found
            if self.open_calls:
                self.events += self.open_calls[-1].tell(self.buffer.certain_to)
            yield

    def _drop_open_calls(self) -> None:
        for opened in self.open_calls:
            self.events.append(CallDropped(opened.tool, opened.number))
        self.open_calls.clear()

    def reclassify_as_reasoning(self, end: int, begin: int = 0) -> None:
        """Turn everything emitted so far, calls included, into reasoning from `begin` to `end`."""
        thought = self.buffer.text[begin:end]
        self.reasoning.append(thought)
        self.prose.clear()
        self.in_prose.clear()
        self.is_marked = False
        self.calls.clear()
        self.problems.clear()
        self.told.clear()
        self.mentions.clear()
        self.set_aside = [(0, end, "in reasoning")]
        self.surroundings = Surroundings()
        self.at = end
        self.events.append(AllWasReasoning(thought))

    def note_mentions(self, items: Sequence[Item], why: str) -> None:
        """Note what looks like calls and is only spoken of. What names no known tool is plain text."""
        for item in items:
            if item.tool and (tool := self.tools.find(item.tool)):
                self.mentions.append(Mention(tool.name, item.span, why))

    def note_set_aside(self, start: int, end: int, why: str) -> None:
        """Note a part of the reply in which no call is looked for."""
        if self.set_aside and self.set_aside[-1][1:] == (start, why):
            start = self.set_aside.pop()[0]
        self.set_aside.append((start, end, why))

    def find_mentions(self) -> tuple[Mention, ...]:
        """Return what looks like a call and is none, in order."""
        found = [*self.mentions]
        if self.set_aside and any(name in self.buffer.text for name in self.tools.by_name):
            names = "|".join(map(re.escape, sorted(self.tools.by_name, key=len, reverse=True)))
            pattern = re.compile(rf"(?<![\w.])({names})(?:\([^()\n]*(?:\)|(?=\()))|(?<=[\"'=:>])({names})(?=[\"'>])")
            for start, end, why in self.set_aside:
                found += [Mention(each[1] or each[2], each.span(), why) for each in pattern.finditer(self.buffer.text, start, end)]
        return tuple(sorted(found, key=lambda mention: mention.span))

    def resume_after(self, position: int) -> int:
        """Return where to search on when what seemed to begin at `position` is no call."""
        # Many failed attempts that each look far ahead would take quadratic time. After some, everything that they saw is prose.
        buffer = self.buffer
        if buffer.searched_to - position > _LONG_SEARCH:
            self.failures += 1
        if self.failures > _MOST_LONG_SEARCHES:
            self.failures = 0
            return max(position + 1, buffer.searched_to)
        return max(position + 1, buffer.no_start_before)

    def announce(self, name: str, start: int) -> None:
        """Emit that a call of this tool has begun at `start`, unless nobody follows the reply."""
        if self.is_whole:
            return
        tool = self.tools.by_name.get(name) or self.tools.find_marked(name)
        opened = OpenCall(self.take_number(), tool.name if tool else name, tool, start, self.buffer)
        self.open_calls.append(opened)
        self.events.append(CallStarted(opened.tool, opened.number))

    def take_number(self) -> int:
        """Return the number of the next call that is told of."""
        self.numbers += 1
        return self.numbers - 1

    def _close(self, item: Item) -> int:
        """Return the number of a call or problem. Of one that was announced the rest is told."""
        opened = None
        for each in self.open_calls:
            if each.is_of(item):
                opened = each
                break
        if opened is None and isinstance(item, Problem) and len(self.open_calls) == 1 and not (item.tool and self.tools.find(item.tool)):
            opened = self.open_calls[0] if item.tool is None or self.tools.find_marked(item.tool) else None
        if opened is None:
            return self.take_number()
        self.open_calls.remove(opened)
        if self.tells_arguments:
            self.events += opened.finish(item)
        return opened.number

    def add(self, items: Sequence[Item], *, in_prose: bool = False) -> None:
        """Store calls and problems, and emit them. Those in a form of their own turn those in prose, NAME(...), into mentions."""
        if items and not in_prose:
            self.is_marked = True
            if self.in_prose:
                self._withdraw_calls_in_prose()
        for item in items:
            number = self._close(item)
            self.told.append((item, number))
            if in_prose:
                self.in_prose.append((len(self.prose), item, number))
            if isinstance(item, ReadCall):
                self.calls.append(item)
                self.events.append(CallRead(item, number))
            else:
                self.problems.append(item)
                self.events.append(ProblemRead(item, number))

    def _withdraw_calls_in_prose(self) -> None:
        for before, item, number in reversed(self.in_prose):
            text = self.buffer.text[slice(*item.span)]
            if self.keeps_prose:
                self.prose.insert(before, text)
            (self.calls if isinstance(item, ReadCall) else self.problems).remove(item)  # type: ignore[arg-type]
            self.told.remove((item, number))
            self.events.append(CallWithdrawn(item, text, number))
            self.note_mentions([item], BESIDE_A_CALL.why)
        self.in_prose.clear()
