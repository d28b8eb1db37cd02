"""Vetoes on what a verb and its small words say: a sum that is added, a person of whom only "his" speaks, "set off" and not "set"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .grammar import AUXILIARIES, CONDITIONAL, CONTRAST, DETERMINERS, JOINING, PREPOSITIONS, RELATIVE, is_verb
from .lexicon import is_thing, may_name_people
from .reading import Reading, Segment, show
from .statements import Statement
from .verdict import Problem, ProblemKind
from .word_kinds import BUSINESS
from .word_pairs import may_stand_for
from .words import Word, alike


def find_deed(reading: Reading, segment: Segment) -> int | None:
    """Return the place of the verb of a segment that says what is done."""
    if segment.verb is None:
        return None
    deeds = (at for at in range(segment.verb, segment.end) if is_verb(reading.words, at))
    return next((at for at in deeds if reading.words[at].text.casefold() not in AUXILIARIES), None)


def _is_owner(word: Word, owner: Sequence[Word]) -> bool:
    return any(word.stem == each.stem for each in owner)


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
        if reading is sentence or (leading and all(_is_owner(word, owner) for word in leading)):
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of a person: “{reading.words[at].text}”.")
            return


def _names_person(reading: Reading, end: int, owner: Sequence[Word]) -> bool:
    """Return whether somebody is named before a place whom a pronoun there can mean."""
    return any(
        (reading.is_name(at) and not _is_owner(reading.words[at], owner) and not is_verb(reading.words, at))
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
    return reading.words[at + 1].text.casefold() in PREPOSITIONS


def find_lost_preposition(
    sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]
) -> Iterator[Problem]:
    """Check that where, with what or to whom a thing is done is not what it is done to: "checks sites from nine regions"."""
    for segment in sentence.segments:
        deed = find_deed(sentence, segment)
        if deed is None or segment.passive or (head := _find_object(sentence, segment, deed)) is None or not is_thing(sentence.words[head]):
            continue
        verb = sentence.words[deed]
        same = [at for at, word in enumerate(evidence.words) if word.stem == verb.stem]
        done = same or [at for at, word in enumerate(evidence.words) if is_verb(evidence.words, at) and may_stand_for(verb, word)]
        places = [at for at, word in enumerate(evidence.words) if alike(word, sentence.words[head])]
        governors = {_find_governor(evidence, at) for at in places}
        to_people = governors <= {"to", "for"} and may_name_people(sentence.words[head].text.casefold())
        if not done or not places or to_people or governors & _NEVER_LOST or min(places) < min(done):
            continue
        if same or any(_takes_object(evidence, at) for at in done):
            yield Problem(ProblemKind.ROLE, f"The passage says “{min(governors)} {sentence.words[head].text}”.")
            return


_NEVER_LOST = frozenset(["", *"of like as than including about".split()])


def _find_object(reading: Reading, segment: Segment, deed: int) -> int | None:
    """Return the last word of what stands right behind a verb, without a preposition."""
    head = None
    for at in range(deed + 1, segment.end):
        low = reading.words[at].text.casefold()
        if (
            low in PREPOSITIONS
            or low in RELATIVE
            or (at > deed + 1 and is_verb(reading.words, at))
            or (head is not None and low in DETERMINERS)
        ):
            break
        if not reading.is_small(at) and low.isalpha() and (at not in reading.figured or at + 1 == segment.end):
            head = at
    return head


def _find_governor(reading: Reading, at: int) -> str:
    """Return the preposition before a noun and its adjectives and numbers; empty if there is none."""
    if is_verb(reading.words, at):
        return ""  # "to fall"
    for each in range(at - 1, max(-1, at - 6), -1):
        low = reading.words[each].text.casefold()
        if low in PREPOSITIONS:
            return low
        if is_verb(reading.words, each) or low in JOINING or reading.segment_of[each] != reading.segment_of[at]:
            return ""
    return ""


def _takes_object(reading: Reading, at: int) -> bool:
    segment = reading.segments[reading.segment_of[at]]
    return not segment.passive and _find_object(reading, segment, at) is not None


def find_empty_clause(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that each clause says something: "Acme offers services; it has been open since 1998" puts an empty one before."""
    for at, segment in enumerate(sentence.segments if len(sentence.segments) > 1 else ()):
        places = range(segment.first, segment.end)
        following = sentence.segments[at + 1].opener.lstrip(",") if at + 1 < len(sentence.segments) else ""
        deed = find_deed(sentence, segment)
        if deed is None or sentence.is_content(deed) or following in RELATIVE or segment.opener.lstrip(",") in CONDITIONAL | RELATIVE:
            continue
        telling = [sentence.words[each] for each in places if sentence.is_content(each)]
        telling = [word for word in telling if not _is_owner(word, owner)]
        said = any(alike(word, each) or may_stand_for(word, each) for word in telling for each in evidence.words)
        if not said and not any(each in sentence.figured or each in sentence.marked for each in places):
            yield Problem(ProblemKind.WORD, f"The passage does not say “{show(sentence, segment.first, segment.end)}”.")
            return


def find_taken_subject(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that the second verb keeps its subject: "data is kept here and never leaves" is not "Acme keeps data and never leaves"."""
    for number, second in enumerate(evidence.segments):
        first = _find_main(evidence, number)
        if first is None or first.verb is None or (deed := _find_second_deed(evidence, second, first)) is None:
            continue
        subject = [evidence.words[at] for at in range(first.first, first.verb) if not evidence.is_small(at)]
        if not subject or _is_owner(subject[-1], owner):
            continue
        for place, theirs in enumerate(sentence.segments):
            mine = _find_main(sentence, place)
            if mine is None or mine.verb is None or mine.passive or theirs.opener.lstrip(",") not in JOINING:
                continue
            taken = next((at for at in range(theirs.first, theirs.end) if sentence.words[at].stem == evidence.words[deed].stem), None)
            own = theirs.own_subject and taken is not None and any(not sentence.is_small(at) for at in range(theirs.first, taken))
            leading = range(mine.first, mine.verb)
            if taken is not None and not own and not any(alike(subject[-1], sentence.words[at]) for at in leading):
                yield Problem(ProblemKind.ROLE, f"The passage says this of “{subject[-1].text}”.")
                return


def _find_main(reading: Reading, number: int) -> Segment | None:
    """Return the segment before one whose subject it may share: not a condition between them."""
    before = (each for each in reversed(reading.segments[:number]) if each.opener.lstrip(",") not in CONDITIONAL | RELATIVE | CONTRAST)
    return next(before, None)


def _find_second_deed(reading: Reading, segment: Segment, first: Segment) -> int | None:
    """Return the verb of a segment that shares the passive subject of the one before; its form alone may be a noun's ("leaves")."""
    if segment.opener.lstrip(",") not in JOINING or segment.passive or not first.passive:
        return None
    if segment.verb is not None:
        return None if segment.own_subject else find_deed(reading, segment)
    leading = next((at for at in range(segment.first, segment.end) if reading.is_content(at)), None)
    if leading is None or leading + 1 >= segment.end:
        return None
    following = reading.words[leading + 1].text.casefold()
    return leading if following in PREPOSITIONS | DETERMINERS or leading + 1 in reading.figured else None


def find_lost_bearer(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a measure stays with its thing: over "albums take eight weeks" it is not the studio that takes them."""
    for segment in sentence.segments:
        deed = find_deed(sentence, segment)
        figure = next((each for each in sentence.figures if deed is not None and each.first == deed + 1 and each.kind == "measure"), None)
        leading = [sentence.words[at] for at in range(segment.first, deed or segment.first) if not sentence.is_small(at)]
        if figure is None or not leading or not all(_is_owner(word, owner) for word in leading):
            continue
        for each in evidence.figures:
            if each.kind != figure.kind or each.value != figure.value:
                continue
            number = evidence.segment_of[each.first]
            there = evidence.segments[number]
            bearer = there if there.own_subject and there.verb is not None else _find_main(evidence, number)
            if bearer is None or bearer.verb is None:
                continue
            subject = [evidence.words[at] for at in range(bearer.first, bearer.verb) if not evidence.is_small(at)]
            ours = not subject or subject[-1].stem in BUSINESS or _is_owner(subject[-1], owner)
            if not ours and not may_name_people(subject[-1].text.casefold()):
                yield Problem(ProblemKind.ROLE, f"The passage says this of “{subject[-1].text}”.")
                return


_TAX_IN = re.compile(
    r"(?<!not )\b(?:incl\w*\.?|with|gross of)(?: of)? (?:vat|tax|gst)|\b(?:vat|tax|gst) (?:is |are )?includ", re.IGNORECASE
)
_TAX_OUT = re.compile(
    r"(?:\b(?:excl\w*\.?|plus|before|without|net of|ex|not includ\w*)|\+)(?: of)? ?(?:vat|tax|gst)"
    r"|\b(?:vat|tax|gst) (?:is )?(?:extra|exclu|not includ)",
    re.IGNORECASE,
)


def find_turned_tax(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a price with tax is not one without."""
    mine, theirs = sentence.text, evidence.text
    if (_TAX_IN.search(mine) and _TAX_OUT.search(theirs)) or (
        _TAX_OUT.search(mine) and _TAX_IN.search(theirs) and not _TAX_OUT.search(theirs)
    ):
        yield Problem(ProblemKind.UNIT, "The passage says it the other way round: look whether tax is included.")


VERB_VETOES = (
    find_turned_tax,
    find_lost_bearer,
    find_lost_addition,
    find_lost_person,
    find_lost_particle,
    find_lost_preposition,
    find_empty_clause,
    find_taken_subject,
)
