"""A single fact in parts, and what stands in these: figures, verbs, prepositions, conditions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..quantities import Kind
from .figures import Figure
from .grammar import AUXILIARIES, DETERMINERS, PREPOSITIONS, is_past, is_verb
from .reading import Reading, Segment

_GLUED = frozenset(',;:()[]|"–—/')
_SIGN_AFTER = re.compile(r"\s?[%€$£¥°²³]+(?!\s?\d)")
_ADDING = frozenset("and but while whereas yet und aber et mais y".split())
CONDITIONAL = frozenset("if unless when whenever provided where until till except excluding because although though".split())
COUNTS = frozenset({Kind.COUNT.value, Kind.PLAIN.value, Kind.MEASURE.value})
_DAY = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|(?:mon|diens|donners|frei|sams|sonn)tags?|mittwochs?",
    re.IGNORECASE,
)
_WHEN = frozenset("on at after before during until".split())
_GRATIS = frozenset("free gratis kostenlos frei gratuit gratuite complimentary".split())


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact in parts. `verb` are the finite verb and what belongs to it, `tail` what limits the facts that share a subject."""

    subject: str = ""
    verb: str = ""
    rest: str = ""
    lead: str = ""
    tail: str = ""
    first: int = 0  # where the rest begins among the words, and where it ends
    end: int = 0
    label: str = ""

    @property
    def text(self) -> str:
        said = " ".join(part for part in (self.subject, self.verb, self.rest, self.tail) if part)
        lead = f"{self.lead}, " if self.lead else ""
        return f"{self.label}: {lead}{said}" if self.label else f"{lead}{said}"


class FactParts:
    """Answers what stands in the segments and facts of a reading."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def is_relative(self, each: Segment) -> bool:
        return each.opener.lstrip(",.") in {"who", "which", "whose", "whom", "that"}

    def is_condition(self, each: Segment) -> bool:
        return each.opener.lstrip(",.") in CONDITIONAL - {"until", "till"} or self.reading.words[
            each.first
        ].text.casefold() in CONDITIONAL - {"until", "till"}

    def find_verb_end(self, segment: Segment) -> int:
        words, at = self.reading.words, (segment.verb or segment.first) + 1
        while at < segment.end:
            low = words[at].text.casefold()
            after_auxiliary = words[at - 1].text.casefold() in AUXILIARIES | {"not", "also", "only", "to"}
            if (
                low in AUXILIARIES | {"not"}
                or (after_auxiliary and is_verb(words, at) and low not in PREPOSITIONS and low not in DETERMINERS)
                or (low in {"also", "only", "never", "always"} and at + 1 < segment.end and is_verb(words, at + 1))
            ):
                at += 1
            else:
                break
        return at

    def is_finite(self, each: Segment) -> bool:
        """Return whether a segment begins with its verb, and not with a participle: ", is billed yearly", not ", billed yearly"."""
        word = self.reading.words[each.verb if each.verb is not None else each.first]
        return each.opener.lstrip(",.(") != "" or (each.verb == each.first and not is_past(word) and not word.text.endswith("ing"))

    def is_attributive(self, each: Segment) -> bool:
        """Return whether the only verb of a segment is a participle before a noun: "shared room £52"."""
        return each.verb == each.first and is_past(self.reading.words[each.first]) and not self.has_later_verb(each)

    def has_later_verb(self, each: Segment) -> bool:
        return any(is_verb(self.reading.words, at) for at in range(each.first + 1, each.end))

    def is_participle_next(self, each: Segment) -> bool:
        """Return whether a participle follows the conjunction, with what belongs to it: "but permitted in the lobby"."""
        at = each.first + 1
        return each.verb is None and at + 1 < each.end and is_past(self.reading.words[at])

    def has_auxiliary(self, fact: Fact) -> bool:
        return any(word.casefold() in AUXILIARIES for word in fact.verb.split())

    def find_auxiliaries(self, fact: Fact) -> str:
        return " ".join(word for word in fact.verb.split() if word.casefold() in AUXILIARIES)

    def find_figure(self, fact: Fact) -> Figure | None:
        return next((each for each in self.reading.figures if fact.first <= each.first < fact.end), None)

    def has_rival(self, each: Segment, fact: Fact) -> bool:
        """Return whether a segment has a figure of a kind that a fact has too, or is free where the fact has a price."""
        priced = any(figure.kind == Kind.MONEY and fact.first <= figure.first < fact.end for figure in self.reading.figures)
        if priced and any(self.reading.words[at].text.casefold() in _GRATIS for at in range(each.first, each.end)):
            return True
        kinds = {figure.kind for figure in self.reading.figures if fact.first <= figure.first < fact.end}
        if kinds & COUNTS:
            kinds = kinds | {Kind.PLAIN.value}
        return any(each.holds(figure.first) and figure.kind in kinds for figure in self.reading.figures)

    def are_days(self, each: Segment, fact: Fact) -> bool:
        """Return whether both name days of the week: "Sunday noon to 4 pm, closed Monday"."""
        days = [at for at, word in enumerate(self.reading.words) if _DAY.fullmatch(word.text)]
        return any(each.holds(at) for at in days) and any(fact.first <= at < fact.end for at in days)

    def opens_range(self, fact: Fact) -> bool:
        return any(each.edge == "start" and fact.first <= each.first < fact.end for each in self.reading.figures)

    def has_object(self, fact: Fact, own: Figure) -> bool:
        """Return whether a thing stands between the verb and the figure: "pays medical costs up to 500"."""
        return any(
            self.reading.is_content(at) and at not in self.reading.figured and self.reading.words[at].text.casefold() not in PREPOSITIONS
            for at in range(fact.first, own.first)
        )

    def has_preposition(self, fact: Fact, low: str, before: int) -> bool:
        return any(self.reading.words[at].text.casefold() == low for at in range(fact.first, min(fact.end, before)))

    def tells_when(self, fact: Fact, link: int) -> bool:
        """Return whether a preposition opens a time, as one does behind the object of a fact."""
        words = self.reading.words
        mine = next((at for at in range(fact.first, fact.end) if words[at].text.casefold() in PREPOSITIONS), None)
        behind_object = mine is not None and mine > fact.first and words[mine].text.casefold() in _WHEN
        return (
            behind_object
            and words[link].text.casefold() in _WHEN
            and not any(fact.first <= each.first < fact.end for each in self.reading.figures)
        )

    def find_object(self, fact: Fact, low: str) -> str:
        """Return what stands between the verb of a fact and a preposition."""
        place = next(
            (at for at in range(fact.first, fact.end) if self.reading.words[at].text.casefold() == low),
            fact.first,
        )
        return self.cut(fact.first, place) if place > fact.first else ""

    def cut_before(self, first: int, figure: Figure) -> str:
        """Return the words before a figure, without what only bounds it."""
        return self.cut(first, figure.first) if figure.first > first else ""

    def cut_figure(self, figure: Figure, each: Segment) -> str:
        return self.cut(figure.first, each.end)

    def cut(self, first: int, end: int, *, joined: bool = True) -> str:
        """Return the text of words with the signs that belong to them, without a conjunction before."""
        words, text = self.reading.words, self.reading.text
        while joined and first < end - 1 and words[first].text.casefold() in _ADDING:
            first += 1
        if first >= end:
            return ""
        start, stop = words[first].start, words[end - 1].end
        while start > 0 and not text[start - 1].isspace() and text[start - 1] not in _GLUED and not text[start - 1].isalnum():
            start -= 1
        if sign := _SIGN_AFTER.match(text, stop):
            stop = sign.end()
        return text[start:stop]
