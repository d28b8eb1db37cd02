"""The reader of a stream: prose is passed on at once, what may be a call is held until it is one or is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .call import end_of, read_arguments
from .shapes import Shapes, shapes
from .values import CallRead, CallStarted, Problem, ProblemRead, ReadCall, ReadEvent, Reading, TextRead

_MARKS = re.compile(r"```|`")
_AROUND = {'"': '"', "'": "'", "“": "”", "‘": "’"}


class Reader:
    """Reads a reply as it comes. The result is the same however the reply is cut."""

    def __init__(self, tools: Shapes | Sequence[Any], dialect: str = "auto") -> None:
        self._known = shapes(tools)
        self._text = ""
        self._at = 0  # everything before is settled
        self._fence = ""  # the mark that the code we are in was opened with
        self._announced = -1
        self._open_until = 0  # the call at hand is known to be open up to here
        self._prose: list[str] = []
        self._calls: list[ReadCall] = []
        self._problems: list[Problem] = []
        self._ended = False

    def feed(self, delta: str) -> list[ReadEvent]:
        """What is certain after this piece."""
        self._text += delta
        return self._scan()

    def finish(self) -> list[ReadEvent]:
        """What is left at the end."""
        self._ended = True
        return self._scan()

    def close(self) -> Reading:
        """The whole reading."""
        if not self._ended:
            self.finish()
        return Reading("".join(self._prose), tuple(self._calls), tuple(self._problems))

    def _scan(self) -> list[ReadEvent]:
        events: list[ReadEvent] = []
        while self._step(events):
            pass
        return events

    def _say(self, end: int, events: list[ReadEvent]) -> None:
        if end > self._at:
            piece = self._text[self._at : end]
            self._prose.append(piece)
            events.append(TextRead(piece))
            self._at = end

    def _step(self, events: list[ReadEvent]) -> bool:
        """Settle one piece more; False when nothing more is certain."""
        text = self._text
        if self._fence:
            return self._in_code(events)
        call = self._known.opening.search(text, self._at) if self._known.by_name else None
        if call is not None and call.start() == self._at:
            return self._read_call(call, events)
        mark = _MARKS.search(text, self._at)
        if call is not None and (mark is None or call.start() < mark.start()):
            return self._read_call(call, events)
        if mark is not None:
            if not self._ended and mark.end() >= len(text) - 1 and mark[0] == "`":
                self._say(mark.start(), events)  # the next characters decide whether it is a fence
                return False
            self._say(mark.end(), events)
            self._fence = mark[0]
            return True
        self._say(len(text) if self._ended else max(self._at, self._held_from()), events)
        return False

    def _in_code(self, events: list[ReadEvent]) -> bool:
        end = self._text.find(self._fence, self._at)
        if end < 0:
            self._say(len(self._text) if self._ended else max(self._at, len(self._text) - len(self._fence) + 1), events)
            return False
        self._say(end + len(self._fence), events)
        self._fence = ""
        return True

    def _held_from(self) -> int:
        """From where the end of the text may be the start of a call: the last word, if it could grow into a name."""
        tail = self._text[-(self._known.longest + 1) :]
        found = re.search(r"(?<![\w.])\w+$", tail)
        if found is None:
            return len(self._text)
        word = found[0].casefold()
        grows = any(name.casefold().startswith(word) for name in self._known.by_name)
        return len(self._text) - len(word) if grows else len(self._text)

    def _read_call(self, found: re.Match[str], events: list[ReadEvent]) -> bool:
        text, start = self._text, found.start()
        shape = self._known.find(found[0][:-1])
        if shape is None:  # two tools whose names differ only in case, and this is neither
            self._say(found.end(), events)
            return True
        self._say(start, events)
        still_open = not self._ended and self._open_until > start and text.find(")", self._open_until) < 0
        end = None if still_open else end_of(text, found.end())
        if end is None and not self._ended:
            self._open_until = len(text)
            if self._announced < start:
                self._announced = start
                events.append(CallStarted(shape.name))
            return False
        if end is None:
            problem = Problem(text[start : start + 200], (start, len(text)), f"a closing parenthesis: {shape.signature}", shape.name)
            self._problems.append(problem)
            events.append(ProblemRead(problem))
            self._at = len(text)
            return False
        if start and _AROUND.get(text[start - 1]) is not None:
            if end >= len(text) and not self._ended:
                return False
            if text[end : end + 1] == _AROUND[text[start - 1]]:
                self._say(end, events)  # in quotes it is a mention
                return True
        if self._announced < start:
            events.append(CallStarted(shape.name))
        read = read_arguments(shape, text[found.end() : end - 1], (start, end))
        if isinstance(read, Problem):
            self._problems.append(read)
            events.append(ProblemRead(read))
        else:
            self._calls.append(read)
            events.append(CallRead(read))
        self._at = end
        return True


def read(text: str, tools: Shapes | Sequence[Any], dialect: str = "auto") -> Reading:
    """Read a whole reply: its prose, its calls, and what was meant as a call and cannot be read one way only."""
    known = shapes(tools)
    if not known.opening.search(text):
        return Reading(text)
    reader = Reader(known, dialect)
    reader.feed(text)
    return reader.close()
