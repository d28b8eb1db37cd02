"""The sources of a claim as they are compared with it: read statement by statement, with their names, denials and clauses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from sayso.tools.documents.neighbours import find_rarity
from sayso.tools.truth.folding import fold
from sayso.tools.truth.grammar import AUXILIARIES, DETERMINERS, PREPOSITIONS, SMALL, is_verb
from sayso.tools.truth.lexicon import look_up
from sayso.tools.truth.marks import Mark
from sayso.tools.truth.reading import Reading, read_statement
from sayso.tools.truth.statements import split_passage
from sayso.tools.truth.words import Word, is_light, tokenize

from .likeness import first_word, is_same_name

_INITIALS = re.compile(r"\b(?:[A-Z]\.\s?){2,}")
_NOTES = re.compile(r"\[(?:citation needed|note \d+|\d{1,3})\]")
_NUMBERED = re.compile(r"[.-]\d")
"""Behind a single letter, what makes it a name: X.25, A-1."""
_BETWEEN_NAMES = frozenset(("", " ", *"-/&:;,)('\""))
_NO_NAMES = (
    DETERMINERS
    | PREPOSITIONS
    | AUXILIARIES
    | frozenset(
        """and or but it he she they we you i its who which that because so not if when while whereas although though however then there
        what where how why as""".split()
    )
)
_DENIALS = frozenset("not no never none nobody nothing neither nor without nowhere".split())
_EMPTY = frozenset("nobody none nothing nowhere".split())
_SHORT_DENIALS = frozenset("no without neither nor".split())
_IN_NAMES = frozenset("of de del al von".split())
_LETTERS = frozenset({"a", "i", "o"})
"""Large letters that are words."""
_COMMON = 0.6
"""A word at the beginning of a sentence that is not in the lexicon is a name, unless it is as common as this."""


def tidy(text: str) -> str:
    """Return a text without the marks of notes, and initials without stops: a sentence does not end at "U.S."."""
    return _INITIALS.sub(lambda found: re.sub(r"[.\s]", "", found[0]) + (" " if found[0][-1:].isspace() else ""), _NOTES.sub("", text))


class SourceReading:
    """Texts, read. `given` is what the claim may name without their doing so: the question, a title."""

    def __init__(self, texts: Iterable[str], given: str = "") -> None:
        self.text: str = "\n\n".join(map(tidy, texts))
        self.statements: tuple[Reading, ...] = tuple(read_statement(each.text) for each in split_passage(self.text))
        self.given: tuple[Word, ...] = tuple(tokenize(fold(tidy(given)).text))
        inside, self._lower, self._first = set[str](), set[str](), set[str]()
        for reading in self.statements:
            for at, word in enumerate(reading.words):
                place = inside if at else self._first
                (place if word.text[:1].isupper() else self._lower).add(word.text.casefold())
        self._capital = inside
        self._names: dict[str, tuple[int, ...]] = {}

    def is_given(self, word: Word) -> bool:
        """Return whether the question or a title names this."""
        return any(is_same_name(word.text, each.text) for each in self.given)

    def find_names(self, reading: Reading) -> tuple[int, ...]:
        """Return the places of the words of a statement that belong to names."""
        if reading.text not in self._names:
            self._names[reading.text] = tuple(at for at in range(len(reading.words)) if self._is_name(reading, at))
        return self._names[reading.text]

    def _is_name(self, reading: Reading, at: int) -> bool:
        word = reading.words[at]
        low = word.text.casefold()
        if not word.text[:1].isupper() or at in reading.figured or at in reading.marked or low in _NO_NAMES:
            return False
        if len(word.text) == 1 and not reading.is_code(at):
            return bool(_NUMBERED.match(reading.text, word.end)) or (low in self._capital and low not in _LETTERS)
        if at and reading.text[reading.words[at - 1].end : word.start].strip() in _BETWEEN_NAMES:
            return not (low in self._lower and low not in self._capital and look_up(word))
        return self._is_first_name(reading, at)

    def _is_first_name(self, reading: Reading, at: int) -> bool:
        """Return whether a word at the beginning of a sentence, which is large anyway, is a name."""
        word = reading.words[at]
        low = word.text.casefold()
        if low in self._lower or low in self._capital:
            return low not in self._lower
        following = reading.words[at + 1] if at + 1 < len(reading.words) else None
        if following and following.text[:1].isupper() and reading.text[word.end : following.start] == " " and not is_light(word):
            return True
        if not look_up(word):
            return find_rarity(low) >= _COMMON
        return low not in self._first and not low.endswith("s") and _is_place(word.text)


@lru_cache(2_048)
def _is_place(text: str) -> bool:
    kinds = {
        chain[0]
        for kind in ("location", "country", "city")
        for entry in look_up(tokenize(kind)[0])
        for part, chain in entry.senses
        if part == "n"
    }
    word = first_word(text)
    return word is not None and any(
        part == "n" and not kinds.isdisjoint(chain) for entry in look_up(word) for part, chain in entry.senses[:2]
    )


def is_telling(reading: Reading, at: int) -> bool:
    """Return whether a word says something of its own: no grammar, number or denial. Words that limit ("planned") do say something."""
    if at in reading.figured:
        return False
    if at and reading.words[at - 1].text.casefold() == "per" and reading.words[at].text.isalpha():
        return True  # "per organization": a word that says little elsewhere
    if at not in reading.marked:
        return reading.is_content(at)
    word = reading.words[at]
    low = word.text.casefold()
    return low not in SMALL and low not in _DENIALS and not is_light(word) and bool(look_up(word))


def find_denied(reading: Reading) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the place of each "not", "no" or "without" with the places of the words that it denies."""
    phrases = {first for first, _ in reading.idioms if reading.words[first].text.casefold() == "no"}
    for _, first, end in reading.find_marks(Mark.NOT, Mark.WITHOUT):
        if first in phrases or reading.words[first].text.casefold() == "out":  # "at no charge", "out of" deny nothing
            continue
        segment, places = reading.segments[reading.segment_of[first]], list[int]()
        verb = next((at for at in range(first - 1, segment.first - 1, -1) if does_something(reading, at)), None)
        if reading.words[first].text.casefold() in _EMPTY and verb is not None:  # "he eats nothing"
            yield first, tuple(range(verb, first))
            continue
        low_first = reading.words[first].text.casefold()
        behind = reading.words[first - 1].text.casefold() if first else ""
        denies_verb = low_first == "no" and behind not in PREPOSITIONS
        if denies_verb and verb is not None:  # "it sells no bread"
            places += range(verb, first)
        for at in range(end, segment.end):
            low = reading.words[at].text.casefold()
            ends = (low in PREPOSITIONS and not _is_infinitive(reading, at)) or (low in AUXILIARIES and not (denies_verb and verb is None))
            if at > end and low_first in _SHORT_DENIALS and ends:
                break
            places.append(at)
        yield first, tuple(places)
    for at in sorted(reading.without):
        if at and reading.words[at - 1].text.casefold() == "non":
            yield at - 1, (at,)


def _is_infinitive(reading: Reading, at: int) -> bool:
    """Return whether a "to" has a verb behind it: "without needing to cool it"."""
    if reading.words[at].text.casefold() != "to" or at + 1 >= len(reading.words):
        return False
    return any(part == "v" for entry in look_up(reading.words[at + 1]) for part, _ in entry.senses)


def find_subject(reading: Reading, verb: int) -> list[int]:
    """Return the places of what stands before a verb in its clause; for a relative clause, what "who" or "which" points back to."""
    number = reading.segment_of[verb]
    segment = reading.segments[number]
    opener = segment.opener.lstrip(",")
    if opener in {"which", "that"}:
        places, at = list[int](), segment.first - 1
        while at >= 0 and reading.words[at].text[:1].isupper():
            places.append(at)
            at -= 1
        return places
    if opener == "who":
        return list(range(reading.segments[number - 1].first if number else 0, segment.first))
    while number and reading.segments[number - 1].clause == segment.clause and reading.segments[number - 1].verb is None:
        number -= 1
    before = reading.segments[number - 1] if number else None
    alone = all(reading.words[at].text.casefold() in SMALL for at in range(segment.first, verb))
    if before and before.clause == segment.clause and before.verb is not None and alone and opener == "and":
        return find_subject(reading, before.verb)  # "was built in 1871 and bought by the city"
    return list(range(reading.segments[number].first, verb))


def join_names(reading: Reading, places: Sequence[int]) -> list[list[int]]:
    """Return the places of names, those of one name together: "University of Warsaw"."""
    runs = list[list[int]]()
    for at in places:
        between = reading.text[reading.words[at - 1].end : reading.words[at].start] if at else ""
        if runs and at == runs[-1][-1] + 1 and re.fullmatch(r"[\s.\-]+", between):
            runs[-1].append(at)
        elif runs and at == runs[-1][-1] + 2 and reading.words[at - 1].text.casefold() in _IN_NAMES:
            runs[-1] += [at - 1, at]
        else:
            runs.append([at])
    return runs


def spells_initials(short: str, reading: Reading, at: int) -> bool:
    """Return whether a word is the first letters of the name that begins at a place: NSF, National Science Foundation."""
    if not short.isupper() or not 1 < len(short) < 7:
        return False
    letters, place = "", at
    while place < len(reading.words) and len(letters) < len(short):
        text = reading.words[place].text
        if text[:1].isupper():
            letters += text[0]
        elif text.casefold() not in SMALL:
            break
        place += 1
    return letters == short


def describes_next(reading: Reading, at: int) -> bool:
    """Return whether a name only describes the noun behind it: "Spanish forces"."""
    if at + 1 >= len(reading.words) or reading.text[reading.words[at].end : reading.words[at + 1].start] != " ":
        return False
    following = reading.words[at + 1]
    is_noun = not is_verb(reading.words, at + 1) or any(
        is_verb(reading.words, each) for each in range(at + 2, min(at + 4, len(reading.words)))
    )
    return following.text[:1].islower() and following.text.casefold() not in SMALL and is_noun


def does_something(reading: Reading, at: int) -> bool:
    """Return whether a word is a verb where it stands, also one that may be a noun elsewhere: "the female lays an egg"."""
    if is_verb(reading.words, at):
        return True
    if not 0 < at < len(reading.words) - 1 or not reading.words[at].text.islower():
        return False
    after, before = reading.words[at + 1].text.casefold(), reading.words[at - 1].text.casefold()
    if _is_between_names(reading, at):
        return any(part == "v" for entry in look_up(reading.words[at]) for part, _ in entry.senses)
    if not reading.words[at].text.endswith(("s", "ed")):
        return False
    verb = any(part == "v" for entry in look_up(reading.words[at]) for part, _ in entry.senses)
    return verb and (after in DETERMINERS or after[:1].isdigit()) and before not in DETERMINERS | PREPOSITIONS


def _is_between_names(reading: Reading, at: int) -> bool:
    """Return whether a word joins two names as only a verb can: "Aston Villa beat Manchester United", "who beat Aston Villa"."""
    before, word, after = reading.words[at - 1 : at + 2]
    together = reading.text[before.end : word.start] == " " == reading.text[word.end : after.start]
    if not together or word.text in _NO_NAMES or not after.text[:1].isupper() or is_owner(reading, at - 1):
        return False
    return before.text in {"who", "which"} or before.text[:1].isupper()


def is_owner(reading: Reading, at: int) -> bool:
    """Return whether a name has a "'s" behind it."""
    word = reading.words[at]
    return "'" in reading.text[word.start + len(word.text) : word.end + 2]
