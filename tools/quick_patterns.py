"""Patterns that are tried only on texts that have the words which each of their matches needs.

A pattern of many words ("formerly|no longer|ehemals|früher") costs Python a comparison with each of them at each letter of a text, and most
texts have none. To look for the words in the set of a text's words costs a hundredth of that.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property, lru_cache, reduce
from importlib import import_module
from itertools import product
from types import MappingProxyType
from typing import Any, NamedTuple

HEAD = 3
"""How many first letters of a word tell that it may begin with a piece."""
_LONGEST_KEPT = 1_000
_MOST_LETTERS = 4
_WORD = re.compile(r"\w+")
try:  # Python's own reading of patterns has no public name
    _parse = import_module("re._parser").parse
    _others: Mapping[int, Iterable[int]] = import_module("re._casefix")._EXTRA_CASES
except (ImportError, AttributeError):  # nothing is known of a pattern then, and each is tried on every text
    _parse, _others = None, {}
_ALIKE: Mapping[int, int] = {letter: min(letter, *others) for letter, others in _others.items()}
"""Letters of lower case that a pattern takes for one another ("ı" and "i", "ſ" and "s", "ς" and "σ")."""
_MARK_LIKE_LETTER = "\u0345"
"""No letter, though a pattern takes it for one."""
_MOST_CHOICES = 256
_EDGE = "\0"
"""Stands in a piece for the edge of a word."""
_NO_LETTER = ("[(IN, [(CATEGORY, CATEGORY_WORD)])]",)
"""How Python shows what "(?<!\\w)" and "(?!\\w)" forbid."""
_NOT_LETTERS = frozenset([" ", "\u00a0", "'", "’", ".", ",", ":", "-", "–", "—"])


class Line(NamedTuple):
    """A text in small letters, with the words that it has, and for each its first two and three letters before a "*".

    Of a text that is not sure, because it has a mark that a pattern takes for a letter, nothing can be told: it meets each need. Of the
    first `entered` needs that texts are asked for, `asked` are those of which it has a word.
    """

    lowered: str
    words: frozenset[str]
    is_sure: bool
    entered: int
    asked: Set[AskedNeed]


class Need(NamedTuple):
    """What a match needs, one of it: a whole word, a word that begins with the letters before a "*", or a piece of text.

    `rest` has for some of these what a match needs beside it: all needs of one of these rows.
    """

    words: frozenset[str] = frozenset()
    pieces: frozenset[str] = frozenset()
    rest: Mapping[str, Rows] = MappingProxyType({})

    def join(self, other: Need) -> Need:
        """Return that one of both is needed."""
        rest: dict[str, Rows] = {}
        for sign in self.rest.keys() | other.rest.keys():
            rows = [row for need in (self, other) if sign in need.words | need.pieces for row in need.rest.get(sign, ((),))]
            if () not in rows:
                rest[sign] = tuple(row for at, row in enumerate(rows) if row not in rows[:at])
        return Need(self.words | other.words, self.pieces | other.pieces, rest)

    def add(self, others: Sequence[Need]) -> Need:
        """Return that these are needed as well."""
        return self._replace(rest={sign: tuple((*row, *others) for row in self.rest.get(sign, ((),))) for sign in self.words | self.pieces})

    def tells(self) -> tuple[int, int]:
        """Return how much it tells: by the shortest of its words and pieces, and by how few they are."""
        lengths = [len(each) if each.endswith("*") else len(each) + 3 for each in self.words] + [len(each) for each in self.pieces]
        return min(lengths, default=0), -len(lengths)

    def is_met(self, line: Line) -> bool:
        """Return whether a text has it."""
        words, pieces, rest = self
        for piece in pieces:
            if piece in line.lowered and (piece not in rest or _has_row(rest[piece], line)):
                return True
        return any(word not in rest or _has_row(rest[word], line) for word in words & line.words) or not line.is_sure


Rows = tuple[tuple[Need, ...], ...]


class AskedNeed:
    """A need that many texts are asked for. Each text finds out once for all of them which it has a word of: of most it has none."""

    def __init__(self, need: Need) -> None:
        self.need = need
        self.pieces = tuple(need.pieces)
        self.ascii_pieces = tuple(piece for piece in self.pieces if piece.isascii())
        with _entering:
            for word in need.words:
                _by_word[word] = (*_by_word.get(word, ()), self)
            self.number = len(_entered)
            _entered.append(self)  # when its words are known: who reads a text meanwhile does not count on it

    def is_met(self, line: Line) -> bool:
        """Return whether a text has it."""
        if self not in line.asked and self.number < line.entered and line.is_sure:
            lowered = line.lowered
            for piece in self.ascii_pieces if lowered.isascii() else self.pieces:
                if piece in lowered:
                    return self.need.is_met(line)
            return False
        return self.need.is_met(line)


_by_word: dict[str, tuple[AskedNeed, ...]] = {}
_entered: list[AskedNeed] = []
_entering = threading.Lock()


def _has_row(rows: Rows, line: Line) -> bool:
    return any(all(need.is_met(line) for need in row) for row in rows)


class QuickPattern:
    """A regular expression with the methods of a compiled one, which looks first whether the text has what each match needs.

    It is compiled when a text has that for the first time. A text is given whole, without places where to begin and end.
    """

    def __init__(self, source: str, flags: int = 0) -> None:
        self.pattern = source
        self.flags = flags

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern itself."""
        return re.compile(self.pattern, self.flags)

    @cached_property
    def need(self) -> Need:
        """What each match needs."""
        return find_need(self.pattern, self.flags)

    @cached_property
    def _asked(self) -> AskedNeed:
        return AskedNeed(self.need)

    def may_match(self, text: str) -> bool:
        """Return whether a text has what each match needs."""
        return self._asked.is_met(_find_line(text))

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match in a text."""
        return self.compiled.search(text) if self.may_match(text) else None

    def match(self, text: str) -> re.Match[str] | None:
        """Return the match at the beginning of a text."""
        return self.compiled.match(text) if self.may_match(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Return the matches of a text in order."""
        return self.compiled.finditer(text) if self.may_match(text) else iter(())

    def findall(self, text: str) -> list[Any]:
        """Return what the matches of a text hold, as re.findall does."""
        return self.compiled.findall(text) if self.may_match(text) else []

    def sub(self, by: str, text: str) -> str:
        """Return a text with its matches replaced."""
        return self.compiled.sub(by, text) if self.may_match(text) else text


class QuickPatterns:
    """Patterns that are asked one after another, most often in vain: whether one of them may match is asked once for all."""

    def __init__(self, *patterns: QuickPattern) -> None:
        self.patterns = patterns

    @cached_property
    def need(self) -> Need:
        """What each match of any of them needs."""
        return reduce(Need.join, (pattern.need for pattern in self.patterns))

    @cached_property
    def _asked(self) -> AskedNeed:
        return AskedNeed(self.need)

    def may_match(self, text: str) -> bool:
        """Return whether a text has what a match of one of them needs."""
        return self._asked.is_met(_find_line(text))

    def matches(self, text: str) -> bool:
        """Return whether one of them matches somewhere in a text."""
        return self.may_match(text) and any(pattern.search(text) for pattern in self.patterns)


class QuickChoice:
    """A regular expression of many alternatives, of which only those are tried that a text has the words for.

    Texts that need ever other ones are searched with all of them: to compile a choice costs more than it saves.
    """

    def __init__(self, sources: Sequence[str], flags: int = 0) -> None:
        self.alternatives = tuple(QuickPattern(source, flags) for source in sources)
        self.flags = flags
        self._choices: dict[tuple[str, ...], re.Pattern[str]] = {}

    @cached_property
    def _needs(self) -> Sequence[tuple[str, AskedNeed]]:
        return [(each.pattern, AskedNeed(each.need)) for each in self.alternatives]

    def choose(self, text: str) -> re.Pattern[str]:
        """Return the pattern of the alternatives that may match somewhere in a text, in their order."""
        line = _find_line(text)
        sources = tuple([source for source, need in self._needs if need.is_met(line)])
        if sources not in self._choices and len(self._choices) >= _MOST_CHOICES:
            sources = tuple(pattern.pattern for pattern in self.alternatives)
        if sources not in self._choices:
            self._choices[sources] = self._join(sources)
        return self._choices[sources]

    def _join(self, sources: tuple[str, ...]) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{source})" for source in sources) or r"(?!)", self.flags)


def _fold(text: str) -> str:
    """Return a text in lower case, one letter for all that a pattern takes for one another."""
    return text.lower() if text.isascii() else text.replace("İ", "i").lower().translate(_ALIKE)


def _read_line(text: str) -> Line:
    lowered = _fold(text)
    words = _WORD.findall(lowered)
    heads = {word[:HEAD] for word in words}
    heads |= {head[: HEAD - 1] for head in heads}
    known = frozenset([*words, *(f"{head}*" for head in heads)])
    entered = len(_entered)
    asked = frozenset(need for word in _by_word.keys() & known for need in _by_word[word])
    return Line(lowered, known, _MARK_LIKE_LETTER not in text, entered, asked)


_read_kept = lru_cache(1_024)(_read_line)  # a sentence is held against some sixty patterns


def _find_line(text: str) -> Line:
    return _read_kept(text) if len(text) <= _LONGEST_KEPT else _read_line(text)


def find_need(source: str, flags: int = 0) -> Need:
    """Return what each match of a pattern needs; a piece "" where nothing can be told."""
    need = None if _parse is None else _need_of_all(_parse(source, flags), before=False, after=False)
    return need or Need(pieces=frozenset([""]))


def _need_of_all(sequence: Iterable[Any], *, before: bool, after: bool) -> Need | None:
    """Return what a match of parts one after another needs: what that part needs which tells most, and all that the others need.

    None where none needs anything. `before` and `after` tell whether an edge of a word is there.
    """
    parts = [(str(operation), argument) for operation, argument in sequence]
    needs: list[Need] = []
    runs: tuple[str, ...] = (_EDGE if before else "",)
    for at, part in enumerate(parts):
        if letters := _read_letters(*part):
            runs = tuple(run + letter for run, letter in product(runs, letters))
            if len(runs) <= _MOST_LETTERS:
                continue
            runs = ("",)
        needs += _need_of_runs(runs)
        is_edge = all(run and not _WORD.match(run[-1]) for run in runs)
        is_followed = after if at + 1 == len(parts) else _read_letters(*parts[at + 1]) == (_EDGE,)
        if need := _need_of_part(*part, before=is_edge, after=is_followed):
            needs.append(need)
        runs = (_EDGE if _ends_in_edge(*part, before=is_edge) else "",)
    if after:
        runs = tuple(run + _EDGE for run in runs)
    needs += _need_of_runs(runs)
    return _need_of_each(needs)


def _need_of_each(needs: Sequence[Need]) -> Need | None:
    """Return that all of these are needed, None without any."""
    best = max(needs, key=Need.tells, default=None)
    others = [need for need in needs if need is not best]
    return best.add(others) if best and others else best


def _ends_in_edge(operation: str, argument: Any, *, before: bool) -> bool:
    """Return whether an edge of a word is behind a part, whatever it matches. `before` tells whether one is before it."""
    match operation:
        case "SUBPATTERN":
            return _end_in_edge(argument[-1], before=before)
        case "ATOMIC_GROUP":
            return _end_in_edge(argument, before=before)
        case "BRANCH":
            return all(_end_in_edge(branch, before=before) for branch in argument[1])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return (before or argument[0] > 0) and _end_in_edge(argument[2], before=before)
        case "IN":
            return all(_is_no_letter(*each) for each in argument)
        case _:
            return _is_no_letter(operation, argument) or _read_letters(operation, argument) == (_EDGE,)


def _is_no_letter(operation: Any, argument: Any) -> bool:
    return _read_class(operation, argument) == _EDGE or (str(operation) == "LITERAL" and not _WORD.match(chr(argument)))


def _end_in_edge(sequence: Iterable[Any], *, before: bool) -> bool:
    for operation, argument in sequence:
        before = _ends_in_edge(str(operation), argument, before=before)
    return before


def _read_letters(operation: str, argument: Any) -> tuple[str, ...]:
    """Return the few letters in lower case one of which a part is, or the edge of a word; none for anything else."""
    match operation:
        case "LITERAL":
            letter = _fold(chr(argument))
            return (_EDGE if letter in _NOT_LETTERS else letter,)
        case "AT" if str(argument) in ("AT_BOUNDARY", "AT_BEGINNING", "AT_BEGINNING_STRING", "AT_END", "AT_END_STRING"):
            return (_EDGE,)
        case "ASSERT_NOT" if str(argument[1]) in _NO_LETTER:
            return (_EDGE,)
        case "IN":
            letters = {_read_class(*each) for each in argument}
            return tuple(sorted(letters)) if "" not in letters and len(letters) <= _MOST_LETTERS else ()
        case "MAX_REPEAT" | "MIN_REPEAT" if argument[0] and len(argument[2]) == 1:
            return (_EDGE,) if _read_letters(str(argument[2][0][0]), argument[2][0][1]) == (_EDGE,) else ()
        case _:
            return ()


def _read_class(operation: Any, argument: Any) -> str:
    """Return the letter of a class's item, the edge of a word for white space and marks, else nothing."""
    if str(operation) == "CATEGORY" and str(argument) == "CATEGORY_SPACE":
        return _EDGE
    return _read_letters("LITERAL", argument)[0] if str(operation) == "LITERAL" else ""


def _need_of_runs(runs: Sequence[str]) -> list[Need]:
    """Return what a match that has one of these runs of letters needs; nothing where one of them is empty."""
    found = Need()
    for run in runs:
        words = [_need_of_word(word, at > 0, at < run.count(_EDGE)) for at, word in enumerate(run.split(_EDGE)) if word]
        if (need := _need_of_each(words)) is None:
            return []
        found = found.join(need)
    return [found]


def _need_of_word(word: str, begins: bool, ends: bool) -> Need:
    """Return what a match needs that has a word, or the letters with which one begins, or a piece of one."""
    if begins and _WORD.fullmatch(word):
        if ends:
            return Need(words=frozenset([word]))
        if len(word) >= HEAD - 1:
            head = Need(words=frozenset([f"{word[:HEAD]}*"]))
            return head.add([Need(pieces=frozenset([word]))]) if len(word) > HEAD else head
    return Need(pieces=frozenset([word]))


def _need_of_part(operation: str, argument: Any, *, before: bool, after: bool) -> Need | None:
    match operation:
        case "SUBPATTERN":
            return _need_of_all(argument[-1], before=before, after=after)
        case "ATOMIC_GROUP":
            return _need_of_all(argument, before=before, after=after)
        case "ASSERT":  # what stands before or after a match is in the text as well
            return _need_of_all(argument[1], before=False, after=False)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _need_of_all(argument[2], before=before, after=False) if argument[0] else None
        case "BRANCH":
            needs = [_need_of_all(branch, before=before, after=after) for branch in argument[1]]
            found = Need()
            for need in needs:
                if need is None:
                    return None
                found = found.join(need)
            return found
        case _:
            return None
