"""What a reader has settled so far, and whom it tells."""

from __future__ import annotations

from collections.abc import Sequence

from .json_calls import Item
from .rules import Rules
from .signatures import Shapes
from .source import Source
from .surroundings import Line
from .values import AllWasReasoning, CallRead, CallStarted, Problem, ProblemRead, ReadCall, ReadEvent, Reading, ReasoningRead, TextRead

_FAR = 500  # characters
_PATIENCE = 40  # attempts


class Scan:
    """The text and what is known of it: everything before `at` is settled, everything before `seek` has been looked at."""

    __slots__ = ("at", "calls", "events", "failures", "known", "line", "problems", "prose", "reasoning", "rules", "seek", "source")

    def __init__(self, known: Shapes, rules: Rules) -> None:
        self.known = known
        self.rules = rules
        self.source = Source()
        self.line = Line()
        self.at = 0
        self.seek = 0
        self.failures = 0
        self.prose: list[str] = []
        self.reasoning: list[str] = []
        self.calls: list[ReadCall] = []
        self.problems: list[Problem] = []
        self.events: list[ReadEvent] = []

    def say(self, end: int) -> None:
        """Prose up to `end`."""
        if end > self.at:
            piece = self.source.text[self.at : end]
            self.prose.append(piece)
            self.line.add(piece)
            self.events.append(TextRead(piece))
            self.at = end

    def quote(self, end: int) -> None:
        """Prose up to `end` in which nothing is a call."""
        self.say(end)
        self.seek = self.at

    def think(self, end: int) -> None:
        """Reasoning up to `end`."""
        if end > self.at:
            piece = self.source.text[self.at : end]
            self.reasoning.append(piece)
            self.events.append(ReasoningRead(piece))
            self.at = end

    def pass_over(self, end: int) -> None:
        """Leave out what says nothing to a reader."""
        self.at = self.seek = end

    def all_was_reasoning(self, end: int) -> None:
        """Take back what was told: it was thinking aloud."""
        thought = self.source.text[:end]
        self.reasoning.append(thought)
        self.prose.clear()
        self.calls.clear()
        self.problems.clear()
        self.line.reset()
        self.at = end
        self.events.append(AllWasReasoning(thought))

    def after_failure(self, place: int) -> int:
        """From where to look on when what seemed to begin at `place` did not.

        Many attempts that each look far would take a time that grows with the square of the text: after some, what they saw is prose.
        """
        source = self.source
        if source.far - place > _FAR:
            self.failures += 1
        if self.failures > _PATIENCE:
            self.failures = 0
            return max(place + 1, source.far)
        return max(place + 1, source.barren)

    def announce(self, name: str) -> None:
        """Tell that a tool is being called."""
        shape = self.known.marked(name)
        self.events.append(CallStarted(shape.name if shape else name))

    def take(self, items: Sequence[Item]) -> None:
        """Keep calls and problems, and tell of them."""
        for item in items:
            if isinstance(item, ReadCall):
                self.calls.append(item)
                self.events.append(CallRead(item))
            else:
                self.problems.append(item)
                self.events.append(ProblemRead(item))

    def reading(self) -> Reading:
        """All of it."""
        return Reading("".join(self.prose), tuple(self.calls), tuple(self.problems), "".join(self.reasoning))
