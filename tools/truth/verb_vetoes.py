"""Vetoes on what a verb and its small words say: a sum that is added, a person of whom only "his" speaks, "set off" and not "set"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .grammar import AUXILIARIES, DETERMINERS, PREPOSITIONS, is_verb
from .lexicon import may_name_people
from .reading import Reading
from .statements import Statement
from .verdict import Problem, ProblemKind
from .words import Word

_ADDED_BEFORE = re.compile(
    r"(?:\badd(?:s|ed|ing)?(?: (?:another|an extra|on|up to|just|only|from))?|\+|\b(?:surcharge|supplement|extra|additional(?: \w+)?)"
    r"(?: (?:charge|fee|cost))?(?: (?:of|is|at))?:?)\s?$",
    re.IGNORECASE,
)
_ADDED_AFTER = re.compile(
    r"\s?(?:extra|more|surcharge|supplement|on top|additional(?:ly)?)(?:$|[.,;:)]|\s(?:for|per|a|an|each|if|when|on|at|to|in)\b)",
    re.IGNORECASE,
)
_SAID_ADDED = re.compile(
    r"\+|\b(?:add\w*|extra|surcharge\w*|supplement\w*|additional\w*|on top|more|plus|higher|premium|increas\w*|rais\w*|further|another)\b",
    re.IGNORECASE,
)


def find_lost_addition(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what comes on top is not told as the price: "draft horses add $60" is not "draft horses cost $60"."""
    if _SAID_ADDED.search(sentence.text):
        return
    for figure in evidence.figures:
        if figure.kind != "money" or not any(each.kind == figure.kind and each.value == figure.value for each in sentence.figures):
            continue
        first, end = evidence.words[figure.first].start, evidence.words[figure.end - 1].end
        before = evidence.text[:first].rstrip("$£€¥ ")
        if _ADDED_BEFORE.search(before) or _ADDED_AFTER.match(evidence.text[end:]):
            yield Problem(ProblemKind.UNIT, f"The passage says that {figure.shown} is added to another price.")
            return


_OF_PERSON = frozenset("he she his her him hers himself herself".split())
_OF_SPEAKER = frozenset("i me my mine myself".split())


def find_lost_person(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a person of whom a page speaks as "he" or "her" is not replaced by the business: "took over his uncle's forge"."""
    if any(word.text.casefold() in _OF_SPEAKER for word in evidence.words):
        return  # "my wife" is his wife
    for reading in (sentence, evidence):
        at = next((at for at, word in enumerate(reading.words) if word.text.casefold() in _OF_PERSON), None)
        if at is None or _names_person(reading, at, owner):
            continue
        subject = sentence.segments[0]
        leading = [sentence.words[each] for each in range(subject.first, subject.verb or subject.first) if not sentence.is_small(each)]
        if reading is sentence or (leading and all(any(word.stem == each.stem for each in owner) for word in leading)):
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of a person: “{reading.words[at].text}”.")
            return


def _names_person(reading: Reading, end: int, owner: Sequence[Word]) -> bool:
    """Return whether somebody is named before a place whom a pronoun there can mean."""
    return any(
        (reading.is_name(at) and not any(reading.words[at].stem == each.stem for each in owner) and not is_verb(reading.words, at))
        or may_name_people(reading.words[at].text.casefold())
        for at in range(end)
    )


_ALWAYS = frozenset("up down off out away".split())
_AT_END = frozenset("on in over back through along around".split())


def find_lost_particle(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a verb keeps the small word that makes it another one: "set off", "put up", "turn down", "goes back on"."""
    for at, word in enumerate(evidence.words):
        if not is_verb(evidence.words, at) or word.text.casefold() in AUXILIARIES:
            continue
        particles = _find_particles(evidence, at)
        same = any(other.stem == word.stem for other in sentence.words)  # another verb may say both: "takes off" is "removes"
        for particle in particles if same else particles[1:]:
            if not any(other.text.casefold() == particle for other in sentence.words):
                yield Problem(ProblemKind.WORD, f"The passage says “{word.text} {particle}”.")
                return


def _find_particles(reading: Reading, at: int) -> list[str]:
    found = list[str]()
    for each in range(at + 1, min(at + 3, len(reading.words))):
        low = reading.words[each].text.casefold()
        if low in _ALWAYS or (low in _AT_END and _ends_phrase(reading, each)):
            found.append(low)
        elif low not in _AT_END:
            break
    return found


def _ends_phrase(reading: Reading, at: int) -> bool:
    """Return whether no object follows a small word, so that it belongs to the verb before it."""
    if at + 1 == len(reading.words) or reading.segment_of[at + 1] != reading.segment_of[at]:
        return True
    return reading.words[at + 1].text.casefold() in PREPOSITIONS - DETERMINERS


VERB_VETOES = (find_lost_addition, find_lost_person, find_lost_particle)
