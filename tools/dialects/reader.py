"""The reader of a stream: prose is passed on at once, what may be a call is held until it is one or is not."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from .families import FAMILIES, dialect_named
from .openings import NOT_HERE, WAIT, held_from, opening_at
from .rules import Rules, rules
from .scan import Scan
from .shapes import Shapes, shapes
from .surroundings import closing_in_line
from .values import ReadEvent, Reading


class Reader:
    """Reads a reply as it comes. The result is the same however the reply is cut."""

    __slots__ = ("_scan", "_steps")

    def __init__(self, tools: Shapes | Sequence[Any], dialect: str = "auto") -> None:
        known = shapes(tools)
        self._scan = Scan(known, _rules(known, dialect))
        self._steps = _read(self._scan)

    def feed(self, delta: str) -> list[ReadEvent]:
        """What is certain after this piece."""
        self._scan.source.add(delta)
        return self._go_on()

    def finish(self) -> list[ReadEvent]:
        """What is left at the end."""
        self._scan.source.ended = True
        return self._go_on()

    def close(self) -> Reading:
        """The whole reading."""
        if not self._scan.source.ended:
            self.finish()
        return self._scan.reading()

    def _go_on(self) -> list[ReadEvent]:
        next(self._steps, None)
        events, self._scan.events = self._scan.events, []
        return events


def read(text: str, tools: Shapes | Sequence[Any], dialect: str = "auto") -> Reading:
    """Read a whole reply: its prose, its calls, and what was meant as a call and cannot be read one way only."""
    known = shapes(tools)
    if not _rules(known, dialect).trigger.search(text):
        return Reading(text)
    reader = Reader(known, dialect)
    reader.feed(text)
    return reader.close()


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
    start, settle = opening_at(scan, place)
    if start == NOT_HERE or (start == WAIT and scan.source.ended):
        scan.seek = place + 1
        return
    if settle is None:
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
    yield from settle()
