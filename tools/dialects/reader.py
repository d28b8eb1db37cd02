"""The reader of a stream: prose is passed on at once, what may be a call is held until it is one or is not."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from typing import Any

from .detect import NOT_HERE, WAIT, held_from, opening_at
from .families import FAMILIES, dialect_named
from .json_calls import Item
from .provided import Provided
from .rules import Rules, behind_run, rules
from .scan import Scan
from .signatures import Shapes, shapes
from .surroundings import closing_in_line
from .values import AllWasReasoning, CallRead, Problem, ProblemRead, ReadCall, ReadEvent, Reading, TextRead


class Reader:
    """Reads a reply as it comes. The result is the same however the reply is cut.

    `tools` are Tools or OpenAI function schemas; `dialect` is a name in DIALECTS, or "auto" for all at once. UsageError for another name.
    """

    __slots__ = ("_items", "_provided", "_scan", "_steps")

    def __init__(self, tools: Shapes | Sequence[Any], dialect: str = "auto") -> None:
        known = shapes(tools)
        self._scan = Scan(known, _rules(known, dialect))
        self._steps = _read(self._scan)
        self._provided = Provided()
        self._items: list[Item] | None = None

    def feed(self, delta: str | Any) -> list[ReadEvent]:
        """What is certain after this piece: text, or a provider's own piece (a chat-completions chunk, an Anthropic event)."""
        if isinstance(delta, str):
            self._scan.source.add(delta)
            return self._go_on()
        events: list[ReadEvent] = []
        for event in self._provided.take(delta):
            events += self.feed(event.text) if isinstance(event, TextRead) else [event]
        return events

    def finish(self) -> list[ReadEvent]:
        """What is left at the end. A provider's calls are complete now."""
        self._scan.source.ended = True
        events = self._go_on()
        if self._items is None:
            self._items = self._provided.items(self._scan.known)
            events += [CallRead(item) if isinstance(item, ReadCall) else ProblemRead(item) for item in self._items]
        return events

    def close(self) -> Reading:
        """The whole reading. Where the provider's own field has calls, those written in the text are only text."""
        if self._items is None:
            self.finish()
        reading = self._scan.reading()
        items = self._items or []
        reasoning = "".join(self._provided.reasoning) + reading.reasoning
        if not items:
            return reading._replace(reasoning=reasoning)
        written = reading.calls or reading.problems
        calls = tuple(item for item in items if isinstance(item, ReadCall))
        problems = tuple(item for item in items if isinstance(item, Problem))
        return Reading(self._scan.source.text if written else reading.text, calls, problems, reasoning)

    def _go_on(self) -> list[ReadEvent]:
        next(self._steps, None)
        events, self._scan.events = self._scan.events, []
        return events


def read(text: str | Any, tools: Shapes | Sequence[Any], dialect: str = "auto") -> Reading:
    """Read a whole reply: its prose, its calls, and what was meant as a call and cannot be read one way only.

    `text` is what a model wrote, or a provider's own message (chat completions or Anthropic). `tools` and `dialect` as for Reader.
    """
    known = shapes(tools)
    if isinstance(text, str) and _has_no_opening(text, _rules(known, dialect).trigger):
        return Reading(text)
    reader = Reader(known, dialect)
    reader.feed(text)
    return reader.close()


def pieces(text: str, tools: Shapes | Sequence[Any], dialect: str = "auto") -> list[str | ReadCall]:
    """The prose of a reply and its calls, in the order in which they stand. Marks around calls and thinking aloud are in neither."""
    reader = Reader(tools, dialect)
    found: list[str | ReadCall] = []
    for event in [*reader.feed(text), *reader.finish()]:
        match event:
            case TextRead(said):
                found.append(said)
            case CallRead(call):
                found.append(call)
            case AllWasReasoning():
                found.clear()
    return found


def _has_no_opening(text: str, trigger: re.Pattern[str]) -> bool:
    at = 0
    while found := trigger.search(text, at):
        if found.end() - found.start() == 1:
            return False
        at = behind_run(text, found.start())
    return True


def _rules(known: Shapes, dialect: str) -> Rules:
    found: Rules | None = known.rules.get(dialect)
    if found is None:
        found = known.rules[dialect] = rules(known, dialect if dialect in FAMILIES else dialect_named(dialect))
    return found


def _read(scan: Scan) -> Generator[None, None, None]:
    source, trigger = scan.source, scan.rules.trigger
    while True:
        found = trigger.search(source.text, scan.seek)
        if found is not None:
            yield from _at_trigger(scan, found.start())
            continue
        scan.seek = len(source.text) if source.ended else held_from(scan, len(source.text))
        scan.say(scan.seek)
        if source.ended:
            return
        yield


def _at_trigger(scan: Scan, place: int) -> Generator[None, None, None]:
    """Settle what begins here, or wait for more of it, or go on behind it."""
    scan.seek = place
    start, parse_block = opening_at(scan, place)
    if start == NOT_HERE or (start == WAIT and scan.source.ended):
        scan.seek = behind_run(scan.source.text, place)
        return
    if parse_block is None:
        scan.say(held_from(scan, place))
        yield
        return
    scan.say(start)
    if scan.line.ticks:
        close = yield from closing_in_line(scan.source, "`" * scan.line.ticks, place)
        if close >= 0:
            scan.quote(close)
            return
        scan.line.ticks = 0
    yield from parse_block()
