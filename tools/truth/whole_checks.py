"""What holds of a kind, of several things together, or of one towards another is said of just these."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..quantities import Kind
from .grammar import AUXILIARIES, DETERMINERS, PREPOSITIONS, SMALL, is_past, is_verb
from .lexicon import is_thing, look_up, names_people
from .matching import Match
from .reading import Reading, show
from .verdict import Problem, ProblemKind
from .word_kinds import PRICE_WORDS
from .words import alike, is_light

_BARRED = re.compile(
    r"\b(?:forbid(?:s|den)?|prohibit(?:s|ed)?|bann?(?:s|ed)?|disallowed|refused?|not|no|never|cannot|can['’]t|without|nobody|"
    r"off limits|excluded)\b",
    re.IGNORECASE,
)


def check_barred_kinds(match: Match) -> Iterator[Problem]:
    """Check that what is barred of one kind is not barred of all: "glass bottles are forbidden" is not "bottles are forbidden"."""
    evidence = match.evidence
    priced = any(evidence.figures[each].kind == Kind.MONEY for each in match.figures.values())
    barred = bool(_BARRED.search(evidence.text))
    if not _are_english(match) or not (priced or barred):
        return
    for at, place in sorted(match.pairs.items()):
        small = place < 1 or evidence.words[place].text.casefold() in SMALL
        if small or is_verb(evidence.words, place) or is_verb(match.sentence.words, at):
            continue
        if not (_is_bare(match.sentence, at) if barred else at == 0):  # "a permit" may be the one that was named
            continue
        kind = _find_kind(evidence, place)
        if kind is not None and not match.says(kind) and not any(evidence.words[kind].stem == each.stem for each in match.subject):
            yield Problem(ProblemKind.CONDITION, f"The passage says “{show(evidence, kind, place + 1)}”, not all of them.")
            return


def _are_english(match: Match) -> bool:
    return {match.sentence.language, match.evidence.language} <= {"", "en"}


def _is_bare(reading: Reading, at: int) -> bool:
    """Return whether a thing stands in the sentence without anything that narrows it: no word of its own before it, nothing behind it."""
    before = reading.words[at - 1].text.casefold() if at else ""
    return before in DETERMINERS | PREPOSITIONS | AUXILIARIES or not at or is_verb(reading.words, at - 1) or before in {"and", "or", "not"}


def _find_kind(reading: Reading, at: int) -> int | None:
    """Return the place of the word right before a thing that says which kind it is."""
    before = at - 1
    word = reading.words[before]
    low = word.text.casefold()
    glued = reading.text[word.end : reading.words[at].start].strip() or reading.text[: word.start].endswith("-")
    if glued or low in SMALL or before in reading.figured or before in reading.marked:
        return None
    if is_light(word) or low.endswith("ly") or is_thing(reading.words[at]) is False:
        return None
    return None if is_verb(reading.words, before) and not is_past(word) and before else before


_JOINING = frozenset("and plus with".split())
_EACH = re.compile(
    r"\b(?:each|either|both|apiece|any|every|respectively|whether|per (?!person|night|day|week|month|year)\w+)\b", re.IGNORECASE
)
_OWNERS = frozenset("your our their its my his her".split())
_PLACED = frozenset("to in on at from between during until till before after".split())
_WHEN = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekends?|weekdays?|january|february|march|april|may|june|july|august|"
    r"september|october|november|december|spring|summer|autumn|winter|holidays?",
    re.IGNORECASE,
)


def check_joint_price(match: Match) -> Iterator[Problem]:
    """Check that the price of two things is not the price of one: "a helmet and gloves cost $5" is not "a helmet costs $5"."""
    evidence = match.evidence
    prices = [each for each in evidence.figures if each.kind == Kind.MONEY]
    if len(prices) != 1 or not any(evidence.figures[each] is prices[0] for each in match.figures.values()) or _EACH.search(evidence.text):
        return
    for at in range(1, len(evidence.words) - 1):
        low = evidence.words[at].text.casefold()
        if low not in _JOINING or _is_cut(evidence, at - 1) or _is_cut(evidence, at):
            continue
        left, right = at - 1, _find_last(evidence, at + 1)
        if right is None or not _are_priced(evidence, left, right) or (prices[0].first > right and _is_behind(evidence, left)):
            continue
        mine, theirs = (
            each in match.used or any(word.stem == evidence.words[each].stem for word in match.sentence.words) for each in (left, right)
        )
        if mine != theirs and (theirs or low != "with"):
            yield Problem(ProblemKind.PLACE, f"The passage gives one price for “{show(evidence, left, right + 1)}” together.")
            return


def _is_behind(reading: Reading, at: int) -> bool:
    """Return whether a thing stands behind a preposition: "an examination of dogs and cats costs" so much for each."""
    before = next((word.text.casefold() for word in reversed(reading.words[:at]) if word.text.casefold() in SMALL - DETERMINERS), "")
    return before in PREPOSITIONS


def _is_cut(reading: Reading, at: int) -> bool:
    """Return whether a sign stands between a word and the next one."""
    return bool(reading.text[reading.words[at].end : reading.words[at + 1].start].strip())


def _find_last(reading: Reading, first: int) -> int | None:
    """Return the place of the last word of the thing that begins here."""
    last = None
    for at in range(first, len(reading.words)):
        low = reading.words[at].text.casefold()
        ends = is_verb(reading.words, at) or reading.words[at].stem in PRICE_WORDS
        if at in reading.figured or low in PREPOSITIONS | AUXILIARIES or (last is not None and ends):
            break
        if low not in SMALL:
            last = at
        if at + 1 < len(reading.words) and _is_cut(reading, at):
            break
    acts = is_verb(reading.words, first) or reading.words[first].stem in PRICE_WORDS
    return None if last is None or (acts and not _is_verb_next(reading, first)) else last


def _is_verb_next(reading: Reading, at: int) -> bool:
    """Return whether a verb follows, so that the word itself is a noun: "parking costs"."""
    return at + 1 < len(reading.words) and (is_verb(reading.words, at + 1) or reading.words[at + 1].stem in PRICE_WORDS)


def _are_priced(reading: Reading, left: int, right: int) -> bool:
    """Return whether two words name things that are sold, and not people who pay, days or places."""
    words = reading.words
    if left in reading.figured or words[left].text.casefold() in SMALL or not is_thing(words[left]) or is_verb(words, left):
        return False
    if any(_WHEN.fullmatch(words[at].text) for at in (left, right)):
        return False
    before = next((words[at].text.casefold() for at in range(left - 1, -1, -1) if words[at].text.casefold() in SMALL), "")
    people = [names_people(words[at].text.casefold()) for at in (left, left + 2, right)]
    return before not in _PLACED | _OWNERS and (before in {"a", "an", "one", "the"} or not (people[0] and any(people[1:])))


_MUTUAL = frozenset("meet marry join match equal differ border touch compare resemble face cross share overlap".split())


def check_exchanged_sides(match: Match) -> Iterator[Problem]:
    """Check that who does it and to whom do not change places: "guests can bring members" is not "members can bring guests"."""
    mine, theirs = match.sentence, match.evidence
    if any(each.passive for each in mine.segments) != any(each.passive for each in theirs.segments):
        return
    for verb in range(1, len(mine.words) - 1):
        agent, patient = _find_agent(mine, verb), _find_patient(mine, verb)
        if agent is None or patient is None or mine.words[verb].stem in _MUTUAL:
            continue
        for other in range(1, len(theirs.words) - 1):
            if not alike(mine.words[verb], theirs.words[other]):
                continue
            one, two = _find_agent(theirs, other), _find_patient(theirs, other)
            if one is None or two is None or not alike(mine.words[agent], theirs.words[two]):
                continue
            if alike(mine.words[patient], theirs.words[one]) and not alike(mine.words[agent], theirs.words[one]):
                yield Problem(ProblemKind.ROLE, f"The passage says “{show(theirs, one, two + 1)}”.")
                return


def _find_agent(reading: Reading, verb: int) -> int | None:
    """Return the place of the noun before a verb and its auxiliaries."""
    at = verb - 1
    acts = any(part == "v" for entry in look_up(reading.words[verb]) for part, _ in entry.senses)
    if not acts or reading.words[verb].text.casefold() in AUXILIARIES:
        return None
    while at > 0 and reading.words[at].text.casefold() in AUXILIARIES | {"not", "also", "only", "always", "to", "required", "allowed"}:
        at -= 1
    word = reading.words[at]
    return at if word.text.casefold() not in SMALL and at not in reading.figured else None


def _find_patient(reading: Reading, verb: int) -> int | None:
    """Return the place of the noun behind a verb, with nothing but what belongs to it between."""
    last = None
    for at in range(verb + 1, len(reading.words)):
        low = reading.words[at].text.casefold()
        if at in reading.figured or low in DETERMINERS:
            if last is not None:
                break
            continue
        if low == "by" and at == verb + 1:
            continue
        if low in SMALL or low.endswith("ly") or (last is not None and is_verb(reading.words, at)):
            break
        last = at
        if at + 1 < len(reading.words) and _is_cut(reading, at):
            break
    return last


_WITHIN = re.compile(r"\b(?:in|during|within|for|on|at|under|after|before|from|through|by) (?:which|whom)\b", re.IGNORECASE)


def check_antecedent(match: Match) -> Iterator[Problem]:
    """Check that what holds within something is said of it: "a cooling off period, in which a full refund is given"."""
    found = _WITHIN.search(match.evidence.text)
    if found is None or not _are_english(match):
        return
    behind = [at for at in match.used if match.evidence.words[at].start > found.start()]
    before = [at for at, word in enumerate(match.evidence.words) if word.start < found.start() and match.evidence.is_content(at)]
    if behind and before and not any(match.says(at) for at in before):
        yield Problem(ProblemKind.CONDITION, f"The passage limits this: “{show(match.evidence, before[0], before[-1] + 1)}”. Keep it.")


def check_counted_things(match: Match) -> Iterator[Problem]:
    """Check that each number counts its own things: "two coaches train three teams" is not "three coaches train two teams"."""
    sentence, evidence = match.sentence, match.evidence
    for at, place in match.pairs.items():
        if place < 1 or not sentence.is_content(at) or is_verb(sentence.words, at):
            continue
        mine, theirs = _count(sentence, at), _count(evidence, place)
        if mine and theirs and mine != theirs and (_counts(sentence, theirs) or _counts(evidence, mine)):
            yield Problem(ProblemKind.PLACE, f"The passage says {theirs} “{evidence.words[place].text}”.")
            return


def _count(reading: Reading, at: int) -> str:
    """Return the number right before a thing; empty if there is none."""
    before = reading.words[at - 1].text.casefold() if at else ""
    if before in _NUMBERS:
        return str(_NUMBERS.index(before) + 1)
    found = next((each for each in reading.figures if each.first in {at - 1, at - 2} and each.end >= at), None)
    return str(found.value) if found is not None and found.kind in {Kind.COUNT, Kind.PLAIN} and not found.bound else ""


def _counts(reading: Reading, number: str) -> bool:
    """Return whether a text has a number, as the number of something else."""
    said = {word.text.casefold() for word in reading.words}
    return any(str(each.value) == number for each in reading.figures) or any(
        name in said and str(value) == number for value, name in enumerate(_NUMBERS, 1)
    )


_NUMBERS = "one two three four five six seven eight nine ten".split()
