"""Regular expressions that are matched in time proportional to the text, whatever the text is: by sets of states, never by trying again.

Python's own `re` tries every way in which a pattern may fit, and an attacker picks the text for which there are billions. Here all ways are
followed at once. What cannot be matched so (backreferences, looking around) and what has no longest match is refused when it is built.
"""

from __future__ import annotations

import re
import re._constants as codes  # type: ignore[import-not-found]  # typeshed has neither; CPython has had both since 3.11
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sayso.tools.errors import UsageError

from .plain_letters import fold_text

MOST_STATES = 2_000
LONGEST_MATCH = 1_000
_MOST_CACHED = 4_000
Test = Callable[[str], bool]
"""Tells whether a character fits."""


class _State(NamedTuple):
    """A place in the pattern: `test` is for the next character (None: none is read), `then` where it goes on, `where` an assertion."""

    test: Test | None
    then: tuple[int, ...]
    where: int | None = None


class Automaton:
    """One pattern. `longest` is the longest match that it can have."""

    def __init__(self, pattern: str, *, ignore_case: bool = False) -> None:
        self.pattern = pattern
        try:
            tree = parser.parse(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise UsageError(f"The pattern {pattern!r} cannot be read: {error}.") from None
        self._ignore_case = ignore_case or bool(tree.state.flags & re.IGNORECASE)
        self._dot_all = bool(tree.state.flags & re.DOTALL)
        self.longest: int = int(tree.getwidth()[1])
        if self.longest > LONGEST_MATCH:
            raise UsageError(
                f"The pattern {pattern!r} has no longest match, or one of more than {LONGEST_MATCH} characters, so nothing could be shown "
                "before the text has ended. Say how many characters there may be: \\S{1,80} in place of \\S+."
            )
        self._states: list[_State] = []
        self._accepts = self._add(_State(None, ()))
        self._start = self._build(tree, self._accepts)
        if self._closure(frozenset({self._start}), False, False, at_start=True, at_end=True) >= {self._accepts}:
            raise UsageError(f"The pattern {pattern!r} matches an empty text, so it would match everywhere.")
        self._steps: dict[tuple[frozenset[int], int, str], tuple[bool, frozenset[int]]] = {}

    def match(self, text: str, start: int) -> tuple[int, bool]:
        """Return where the longest match ends that begins at `start` (0: none), and whether what follows the text could change it."""
        states, end = frozenset({self._start}), 0
        before = _find_side(text, start - 1)
        for at in range(start, len(text)):
            key = states, before, text[at]
            known = self._steps.get(key)
            if known is None:
                known = self._step(*key)
            accepted, states = known
            if accepted:
                end = at
            if not states:
                return end, False
            before = _side_of(text[at])
        last = self._closure(states, before == _WORD, False, at_start=before == _NOTHING, at_end=True)
        return (len(text) if self._accepts in last else end), True

    def _step(self, states: frozenset[int], before: int, character: str) -> tuple[bool, frozenset[int]]:
        """Return whether the pattern may end before a character, and the states after it."""
        closed = self._closure(states, before == _WORD, _side_of(character) == _WORD, at_start=before == _NOTHING, at_end=False)
        then: set[int] = set()
        for number in closed:
            state = self._states[number]
            if state.test is not None and state.test(character):
                then.update(state.then)
        if len(self._steps) > _MOST_CACHED:  # a text may be made to meet ever new states
            self._steps.clear()
        found = self._steps[states, before, character] = self._accepts in closed, frozenset(then)
        return found

    def _closure(self, states: Iterable[int], word_before: bool, word_after: bool, *, at_start: bool, at_end: bool) -> set[int]:
        """Return the states that are reached without reading anything, where these stand on either side."""
        left, seen = list(states), set[int]()
        while left:
            number = left.pop()
            if number in seen:
                continue
            seen.add(number)
            test, then, where = self._states[number]
            if test is None and (where is None or _holds(where, word_before, word_after, at_start, at_end)):
                left += then
        return seen

    # building it

    def _add(self, state: _State) -> int:
        if len(self._states) >= MOST_STATES:
            raise UsageError(f"The pattern {self.pattern!r} is too large: its repetitions multiply to more than {MOST_STATES} characters.")
        self._states.append(state)
        return len(self._states) - 1

    def _build(self, items: Any, then: int) -> int:
        """Add the states of a sequence that goes on at `then`. Return where it begins."""
        for code, value in reversed(list(items)):
            then = self._build_one(code, value, then)
        return then

    def _build_one(self, code: Any, value: Any, then: int) -> int:
        match code:
            case codes.LITERAL:
                for letter in reversed(fold_text(chr(value)) or chr(value)):
                    then = self._add(_State(self._fits(letter), (then,)))
                return then
            case codes.NOT_LITERAL:
                fits = self._fits(chr(value))
                return self._add(_State(lambda character: not fits(character), (then,)))
            case codes.ANY:
                return self._add(_State((lambda _: True) if self._dot_all else (lambda character: character != "\n"), (then,)))
            case codes.IN:
                return self._add(_State(self._read_class(value), (then,)))
            case codes.BRANCH:
                return self._add(_State(None, tuple(self._build(branch, then) for branch in value[1])))
            case codes.SUBPATTERN if not value[2]:
                ignores = self._ignore_case
                self._ignore_case = ignores or bool(value[1] & re.IGNORECASE)
                begin = self._build(value[3], then)
                self._ignore_case = ignores
                return begin
            case codes.MAX_REPEAT | codes.MIN_REPEAT:
                least, most, repeated = value
                return self._repeat(least, most, repeated, then)
            case codes.AT if value in _PLACES:
                return self._add(_State(None, (then,), value))
        raise UsageError(
            f"The pattern {self.pattern!r} uses {str(code).lower().replace('_', ' ')}, which cannot be matched in a time that is known. "
            "Groups, classes, alternatives, counted repetitions, ^, $ and \\b can."
        )

    def _repeat(self, least: int, most: int, items: Any, then: int) -> int:
        end = then
        for _ in range(int(most) - least):
            begin = self._build(items, then)
            then = self._add(_State(None, (begin, end)))
        for _ in range(least):
            then = self._build(items, then)
        return then

    def _fits(self, letter: str) -> Test:
        if self._ignore_case and letter.lower() != letter.upper():
            return {letter.lower(), letter.upper()}.__contains__
        return letter.__eq__

    def _read_class(self, items: Any) -> Test:
        """Return the test for a character class."""
        negated = bool(items) and items[0][0] is codes.NEGATE
        tests = [self._read_member(*item) for item in items[negated:]]

        def fits(character: str) -> bool:
            cases = {character, character.lower(), character.upper()} if self_ignores else {character}
            return any(test(case) for test in tests for case in cases) is not negated

        self_ignores = self._ignore_case
        return fits

    def _read_member(self, code: Any, value: Any) -> Test:
        match code:
            case codes.LITERAL:
                return (fold_text(chr(value)) or chr(value)).__eq__
            case codes.RANGE:
                first, last = map(chr, value)
                return lambda character: len(character) == 1 and first <= character <= last
            case codes.CATEGORY if value in _CATEGORIES:
                return _CATEGORIES[value]
        raise UsageError(f"The pattern {self.pattern!r} has a character class that cannot be read: {code}.")


_NOTHING, _WORD, _OTHER = range(3)
"""What stands on one side of a place: nothing (the text begins or ends), a character of a word, or another."""


def _side_of(character: str) -> int:
    return _WORD if _is_word(character) else _OTHER


def _find_side(text: str, at: int) -> int:
    return _side_of(text[at]) if at >= 0 else _NOTHING


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _holds(where: int, word_before: bool, word_after: bool, at_start: bool, at_end: bool) -> bool:
    kind = _PLACES[where]
    if kind == "start":
        return at_start
    if kind == "end":
        return at_end
    return (word_before is not word_after) is (kind == "edge")


_PLACES: dict[Any, str] = {
    codes.AT_BEGINNING: "start",
    codes.AT_BEGINNING_STRING: "start",
    codes.AT_END: "end",
    codes.AT_END_STRING: "end",
    codes.AT_BOUNDARY: "edge",
    codes.AT_NON_BOUNDARY: "no edge",
}
_CATEGORIES: dict[Any, Test] = {
    codes.CATEGORY_DIGIT: str.isdecimal,
    codes.CATEGORY_NOT_DIGIT: lambda character: not character.isdecimal(),
    codes.CATEGORY_SPACE: str.isspace,
    codes.CATEGORY_NOT_SPACE: lambda character: not character.isspace(),
    codes.CATEGORY_WORD: _is_word,
    codes.CATEGORY_NOT_WORD: lambda character: not _is_word(character),
}
