"""Regular expressions that must not be found in a text: keys, order numbers, names of hosts. No text makes them slow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sayso.tools.errors import UsageError

from .automaton import Automaton
from .spans import Span, SpanGuard


class Patterns(SpanGuard):
    """Refuses a text in which one of these regular expressions is found, or replaces what it finds (`replace_with="[key]"`).

    They see the text as it looks: full-width letters, look-alikes, accents and invisible characters are read as plain letters. Each must
    have a longest match (`\\d{1,20}`, not `\\d+`): so much of a reply is held back while it streams. Looking around and backreferences
    are refused, since a text can make them slow. `ignore_case` counts for all of them, `what` is what events and answers call a match.
    """

    def __init__(self, *patterns: str, ignore_case: bool = False, what: str = "a text of a listed pattern", **options: Any) -> None:
        if not patterns:
            raise UsageError("Patterns(...) takes regular expressions; there is none.")
        self._automata = [Automaton(pattern, ignore_case=ignore_case) for pattern in patterns]
        self.what: str = what
        self.longest: int = max(each.longest for each in self._automata)
        super().__init__(**options)

    def find(self, text: str, start: int) -> Iterator[Span]:
        """Yield the matches in the text, from the left, the longest of those that begin together."""
        at = start
        while at < len(text):
            end = max(automaton.match(text, at)[0] for automaton in self._automata)
            if end:
                yield Span(at, end, self.what)
            at = end or at + 1

    def find_open(self, text: str, start: int) -> int:
        """Return where the first match may begin that the text does not end yet."""
        for at in range(super().find_open(text, start), len(text)):
            if any(automaton.match(text, at)[1] for automaton in self._automata):
                return at
        return len(text)
