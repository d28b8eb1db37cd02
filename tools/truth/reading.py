"""One statement, read: its words, segments, figures and marks. The same reading is made of a sentence and of its passage."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .figures import Figure, find_figures
from .grammar import (
    AUXILIARIES,
    BE,
    CONDITIONAL,
    CONTRAST,
    DETERMINERS,
    JOINING,
    PREPOSITIONS,
    PRONOUNS,
    RELATIVE,
    SMALL,
    is_object_next,
    is_past,
    is_verb,
    may_be_verb,
)
from .languages import find_language, is_kana, is_small
from .marks import Mark, find_idiom, find_marks
from .rows import EQUALS
from .words import Word, is_light, tokenize

_BREAK = re.compile(r"[,;:|()\[\]\"]|\s-+\s|[–—/]|[.!?]\s")

_STRUCK = re.compile(r"~~(.{1,300}?)~~", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of words between commas, conjunctions and other breaks. `first` and `end` are places among the words."""

    first: int
    end: int
    opener: str = ""  # the conjunction or mark before it
    clause: int = 0  # segments of one clause share subject and verb
    verb: int | None = None  # the place of the first finite verb
    passive: bool = False
    negative: bool = False
    own_subject: bool = False

    def holds(self, at: int) -> bool:
        """Return whether the word at a place belongs to the segment."""
        return self.first <= at < self.end


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement's text and what was found in it."""

    text: str
    words: tuple[Word, ...]
    segments: tuple[Segment, ...]
    segment_of: tuple[int, ...]
    figures: tuple[Figure, ...]
    marks: tuple[tuple[Mark, int, int], ...]
    marked: frozenset[int]  # places of words that are marks
    figured: frozenset[int]  # places of words that belong to figures
    struck: frozenset[int]
    without: frozenset[int]  # places of words that "without" or "-free" denies
    language: str  # "" if too short to tell
    idioms: tuple[tuple[int, frozenset[int]], ...]  # negations that belong to a phrase ("at no charge"), with what it says
    contents: frozenset[int]  # places of the words that say something of their own

    def __hash__(self) -> int:
        """Hash the text alone: readings are keys of caches, and their words are many."""
        return hash(self.text)

    def is_content(self, at: int) -> bool:
        """Return whether the word says something of its own: no grammar, mark or number."""
        return at in self.contents

    def is_small(self, at: int) -> bool:
        """Return whether the word is one of grammar only."""
        low = self.words[at].text.casefold()
        return (low in SMALL or is_kana(low)) and not self.is_code(at) and not _is_acronym(self.words[at])

    def is_code(self, at: int) -> bool:
        """Return whether the word is a single large letter that names something: lot B, house A."""
        return is_code(self.words, at)

    def is_name(self, at: int) -> bool:
        """Return whether the word is written as a name."""
        text = self.words[at].text
        if any(letter.isdigit() for letter in text) and any(letter.isalpha() for letter in text):
            return at not in self.figured
        return text[:1].isupper() and (at > 0 or not is_light(self.words[at]))

    def find_marks(self, *kinds: Mark) -> Iterator[tuple[Mark, int, int]]:
        """Yield the marks of these kinds."""
        return (mark for mark in self.marks if mark[0] in kinds)


def is_code(words: Sequence[Word], at: int) -> bool:
    """Return whether the word at a place is a single large letter that names something."""
    text = words[at].text
    return at > 0 and len(text) == 1 and text.isupper() and text != "I" and text.isascii()


def _says_something(words: Sequence[Word], at: int, language: str) -> bool:
    word = words[at]
    if language not in {"", "en"}:
        return not is_small(word.text.casefold(), language)
    return _is_acronym(word) or is_code(words, at) or not (is_light(word) or word.text.casefold() in SMALL or is_kana(word.text))


def _is_acronym(word: Word) -> bool:
    return len(word.text) > 1 and word.text.isupper()  # the US is not us


@lru_cache(1024)
def read_statement(text: str, context: str = "") -> Reading:
    """Read a statement: a sentence, a line, or a table row with its headers. `context` tells what cents in it are parts of."""
    words = tokenize(text)
    figures = find_figures(text, words, context)
    marks = _drop_header_marks(find_marks(words, text), text, words)
    bounding = _find_bounding(words, figures)
    marks = tuple(mark for mark in marks if not (mark[0] in {Mark.NOT, Mark.SOME, Mark.ONLY} and mark[1] in bounding))
    marked = frozenset(at for _, first, end in marks for at in range(first, end))
    figured = frozenset(at for figure in figures for at in range(figure.first, figure.end) if at not in figure.nouns) | bounding
    segments = _join_clauses(words, tuple(_cut_segments(text, words, figures)), figures, marks)
    segment_of = tuple(number for number, each in enumerate(segments) for _ in range(each.first, each.end))
    language = find_language(word.text.casefold() for word in words)
    idioms = tuple((first, senses) for mark, first, _ in marks if mark is Mark.NOT and (senses := find_idiom(words, first)))
    struck, without = _find_struck(text, words), _find_without(text, words, marks)
    contents = frozenset(at for at in range(len(words)) if at not in marked and at not in figured and _says_something(words, at, language))
    return Reading(text, words, segments, segment_of, figures, marks, marked, figured, struck, without, language, idioms, contents)


_BOUNDS = frozenset(
    """
        than more less fewer larger bigger smaller older younger longer shorter greater higher lower later earlier
        least most up over under above below
    """.split()
)

_BOUND_LINKS = (
    frozenset("at no not never to of or and exceed exceeds exceeding a the minimum maximum min max limit only half".split()) | _BOUNDS
)


def _find_bounding(words: Sequence[Word], figures: Sequence[Figure]) -> frozenset[int]:
    """Return the places of words that only bound a figure: "no more than" 10, 18 "or older"."""
    found = set[int]()
    for figure in figures:
        before = figure.first
        while before and words[before - 1].text.casefold() in _BOUND_LINKS:
            before -= 1
        after = figure.end
        while after < len(words) and words[after].text.casefold() in _BOUND_LINKS and after < figure.end + 3:
            after += 1
        joined = figure.end < len(words) and words[figure.end].text.casefold() in {"or", "and", "at"}
        for places in (range(before, figure.first), range(figure.end, after if joined else figure.end)):
            if any(words[at].text.casefold() in _BOUNDS for at in places):
                found.update(places)
    return frozenset(found)


_OF_VALUES = frozenset({Mark.SAID, Mark.MAY, Mark.PLAN, Mark.SOME, Mark.ALL, Mark.WILL, Mark.IF})


def _drop_header_marks(marks: Sequence[tuple[Mark, int, int]], text: str, words: Sequence[Word]) -> tuple[tuple[Mark, int, int], ...]:
    """Return the marks without those of a header: a column named "claim" is nobody's claim."""
    if EQUALS not in text:
        return tuple(marks)
    return tuple(mark for mark in marks if mark[0] not in _OF_VALUES or not is_header(text, words[mark[1]].start))


def is_header(text: str, start: int) -> bool:
    """Return whether a place of a row's text is in a header: a value with its "=" follows."""
    end = text.find(" | ", start)
    return EQUALS in text[start : end if end >= 0 else len(text)]


def _find_struck(text: str, words: Sequence[Word]) -> frozenset[int]:
    spans = [found.span() for found in _STRUCK.finditer(text)]
    return frozenset(at for at, word in enumerate(words) if any(start <= word.start < end for start, end in spans))


def _find_without(text: str, words: Sequence[Word], marks: Sequence[tuple[Mark, int, int]]) -> frozenset[int]:
    """Return the words that are denied alone: those after "without" up to a verb or preposition, "sugar" in "sugar-free"."""
    found = set[int]()
    for mark, _, end in marks:
        if mark is Mark.WITHOUT or (mark is Mark.EXCEPT and words[end - 1].text.casefold() not in {"exclude", "excludes", "excluded"}):
            at = end
            while at < len(words) and not _BREAK.search(text, words[at - 1].end, words[at].start) and not _ends_phrase(words, at):
                found.add(at)
                at += 1
    for at, word in enumerate(words):
        if at and word.text.casefold() == "free" and text[words[at - 1].end : word.start] == "-":
            found.add(at - 1)
        if word.text.casefold() == "non" and at + 1 < len(words) and text[word.end : words[at + 1].start] in {"-", ""}:
            found.add(at + 1)
    return frozenset(found)


def _ends_phrase(words: Sequence[Word], at: int) -> bool:
    low = words[at].text.casefold()
    return low in AUXILIARIES or low in PREPOSITIONS or low in JOINING - {"or"}


def _cut_segments(text: str, words: Sequence[Word], figures: Sequence[Figure]) -> Iterator[Segment]:
    whole = {at for figure in figures if figure.kind != "date" for at in range(figure.first + 1, figure.end)}
    first, opener = 0, words[0].text.casefold() if words and words[0].text.casefold() in CONDITIONAL else ""
    for at in range(1, len(words)):
        low = words[at].text.casefold()
        between = text[words[at - 1].end : words[at].start]
        broken = None if between == ". " and words[at - 1].text.casefold() in _SHORTENED else _BREAK.search(between)
        opens = (
            (low in JOINING and words[at].text[:1].islower() and at not in whole)
            or low in CONDITIONAL
            or (low in RELATIVE and _is_relative(words, at))
        )
        if (broken and not _is_inner(text, words, at)) or opens:
            if at > first:
                yield Segment(first, at, opener)
            mark = broken[0].strip() or "-" if broken else ""
            opener = low if opens else mark
            if opens and broken:
                opener = f"{mark}{low}"
            first = at
    if len(words) > first:
        yield Segment(first, len(words), opener)


_SHORTENED = frozenset("m max min approx incl excl ca no st dr mr mrs ms vs est".split())
"""Words that a full stop shortens: "11 a.m. to 4 p.m."."""


def _is_inner(text: str, words: Sequence[Word], at: int) -> bool:
    """Return whether a mark stands inside one word or number: 9.50, 9:30, 24/7, and/or."""
    between = text[words[at - 1].end : words[at].start]
    return len(between) == 1 and between in ".,:/-–" and words[at - 1].text[-1:].isdigit() and words[at].text[:1].isdigit()


def _is_relative(words: Sequence[Word], at: int) -> bool:
    low = words[at].text.casefold()
    if low == "that":  # "the shop that sells bread", not "that shop"
        if at + 1 >= len(words):
            return False
        after, said = words[at + 1], words[at - 1].text.casefold() != "true" and is_verb(words, at - 1)  # "it is not true that ..."
        return is_verb(words, at + 1) or after.text.casefold() in PRONOUNS | DETERMINERS or after.text[:1].isupper() or said
    return True


def _join_clauses(
    words: Sequence[Word], cut: Sequence[Segment], figures: Sequence[Figure], marks: Sequence[tuple[Mark, int, int]]
) -> tuple[Segment, ...]:
    """Number the clauses: a new one begins where a segment has a verb and a subject of its own."""
    joined, clause, has_verb = list[Segment](), 0, False
    for number, each in enumerate(cut):
        later = any(_find_verb(words, other, False) is not None for other in cut[number + 1 :])
        parallel = has_verb and each.opener == "and" and any(is_past(words[other.verb]) for other in joined[-1:] if other.verb is not None)
        verb = _find_verb(words, each, parallel or (number > 0 and not has_verb and not later))
        subject = _has_subject(words, each, verb, figures)
        # "Brioche and panettone are made": what stands before belongs to the verb that follows
        embedded = each.opener.lstrip(",;") in RELATIVE - {"that"}
        if not embedded and (
            (verb is not None and subject and has_verb) or ((each.opener.lstrip(",;") in CONTRAST or each.opener[:1] == ";") and has_verb)
        ):
            clause += 1
            has_verb = False
        has_verb = has_verb or (verb is not None and not embedded)
        negative = sum(each.holds(first) and (mark is Mark.NOT or _is_no_longer(words, mark, first)) for mark, first, _ in marks) % 2 == 1
        joined.append(Segment(each.first, each.end, each.opener, clause, verb, _is_passive(words, each, verb), negative, subject))
    return tuple(joined)


def _is_no_longer(words: Sequence[Word], mark: Mark, first: int) -> bool:
    return mark is Mark.STALE and words[first].text.casefold() == "no"


def _find_verb(words: Sequence[Word], segment: Segment, bare: bool) -> int | None:
    """Return the finite verb of a segment. With `bare`, a participle at its beginning is one: "Corvid, a bakery, bought the plant"."""
    found = [at for at in range(segment.first, segment.end) if is_verb(words, at) and (bare or not _is_participle(words, at, segment))]
    if not found:
        return None
    first = found[0]
    # "Orders dropped off before 10 am are ready": the participle belongs to the subject
    finite = [
        at
        for at in found[1:]
        if words[at].text.casefold() in AUXILIARIES and words[at - 1].text.casefold() not in {"to", "that", "which", "who"}
    ]
    if finite and is_past(words[first]) and words[first].text.casefold() not in AUXILIARIES:
        return finite[0]
    return first


def _is_participle(words: Sequence[Word], at: int, segment: Segment) -> bool:
    """Return whether a form in -ed or -ing stands without a subject or auxiliary: "founded in 1998", "billed annually"."""
    low = words[at].text.casefold()
    if low.endswith("ing") and not any(words[each].text.casefold() in BE for each in range(segment.first, at)):
        return True
    start = segment.first + (words[segment.first].text.casefold() in JOINING)
    return at == start and is_past(words[at]) and low not in AUXILIARIES and (at == segment.first or not is_object_next(words, at))


def _has_subject(words: Sequence[Word], segment: Segment, verb: int | None, figures: Sequence[Figure]) -> bool:
    """Return whether a segment names what it is about: a noun before its verb or, without a verb, before its amount."""
    if verb is None:
        verb = next((figure.first for figure in figures if segment.holds(figure.first)), None)
    if verb is None:
        return False
    subject, governed = False, False
    for at in range(segment.first, verb):
        low = words[at].text.casefold()
        governed = low in PREPOSITIONS or (governed and low not in PRONOUNS - {"that", "this", "these", "those", "one", "it", "them", "us"})
        subject = subject or (not governed and (low in PRONOUNS - {"that", "which", "who"} or low not in SMALL))
    return subject


def _is_passive(words: Sequence[Word], segment: Segment, verb: int | None) -> bool:
    """Return whether something is done to the subject: "was bought", "is being sold", and a participle that stands alone."""
    if verb is None:
        return any(is_past(words[at]) and is_verb(words, at) for at in range(segment.first, segment.end))
    for at in range(verb, segment.end - 1):
        if words[at].text.casefold() in BE:
            following = [words[each] for each in range(at + 1, min(at + 4, segment.end))]
            for place, word in enumerate(following):
                if is_past(word) and word.text.casefold() not in AUXILIARIES and may_be_verb(word.text.casefold()):
                    return True
                if place < 2 and word.text.casefold() in DETERMINERS | PREPOSITIONS:
                    break
    return False


def show(reading: Reading, first: int, end: int) -> str:
    return reading.text[reading.words[first].start : reading.words[end - 1].end]


def find_tense(reading: Reading, segment: Segment) -> str:
    if segment.verb is None:
        return ""
    words = [reading.words[at] for at in range(segment.verb, min(segment.verb + 4, segment.end))]
    first = words[0].text.casefold()
    if first in {"will", "shall"}:
        return "future"
    if first in {"has", "have"} and any(is_past(word) for word in words[1:]):
        return "perfect"
    return "past" if is_past(words[0]) else "present"
