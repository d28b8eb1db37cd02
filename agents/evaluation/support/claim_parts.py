"""A claim of several facts as one sentence for each, so that each can be held against what it rests on. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sayso.tools.truth.gate import split_clauses
from sayso.tools.truth.grammar import AUXILIARIES, DETERMINERS, PREPOSITIONS
from sayso.tools.truth.lexicon import is_thing
from sayso.tools.truth.reading import Reading, read_statement

from .likeness import is_same_name
from .source_reading import SourceReading, does_something, is_telling

_JOINTS = re.compile(r"(?:,?\s+(?:and|but|while|whereas)\s+|;\s+|,\s+(?=(?:those|others?|the (?:other|latter|second)) ))")
_FRAME = re.compile(
    r"(?P<frame>(?:According to|As per|Per) (?P<whom>[^,]{1,60}), |(?P<who>(?:The )?[A-Z][\w.&' -]{0,50}?) "
    r"(?:says|states|notes|reports|explains|writes|recommends|advises)(?: that)?:? )(?P<claim>.+)"
)
_LEAST_WORDS = 2
_MOST_PARTS = 6


def drop_frame(text: str, sources: SourceReading) -> str:
    """Return a claim without "According to the NHS, ...", where the sources do not name that: it says where it is from.

    "The Bronx Zoo says" stays where the sources name a zoo: then they may say what another one says.
    """
    found = _FRAME.fullmatch(text)
    if found is None:
        return text
    names = [word for word in read_statement(found["whom"] or found["who"]).words if word.text[:1].isupper()]
    known = [any(is_same_name(name.text, word.text) for each in sources.statements for word in each.words) for name in names]
    rest = found["claim"]
    return text if known and known[-1] else rest[:1].upper() + rest[1:]


def split_claim(claim: Reading) -> list[str]:
    """Return the clauses of a claim as sentences, with the subject or verb that they share; the claim itself where it is one."""
    parts = [part for clause in (split_clauses(claim) or [claim.text]) for part in _split_shared(read_statement(clause))]
    if len(parts) < 2 or len(parts) > _MOST_PARTS or not all(map(_says_enough, parts)):
        return [claim.text]
    return parts


def _says_enough(part: str) -> bool:
    reading = read_statement(part)
    telling = sum(is_telling(reading, at) for at in range(len(reading.words))) + len(reading.figures)
    return telling >= _LEAST_WORDS


def _split_shared(clause: Reading) -> list[str]:
    """Split a clause at an "and" behind which a verb stands, or a thing without one: "it is old and leaks", "A is red and B blue"."""
    words = clause.words
    verbs = [at for at in range(len(words)) if _is_main_verb(clause, at)]
    if not verbs:
        return [clause.text]
    for joint in _JOINTS.finditer(clause.text):
        before = [at for at, word in enumerate(words) if word.end <= joint.start()]
        after = [at for at, word in enumerate(words) if word.start >= joint.end()]
        if not before or not after or verbs[0] > before[-1] or verbs[0] == 0:
            continue
        first, second = clause.text[: joint.start()], clause.text[joint.end() :]
        subject = clause.text[: words[verbs[0]].start].strip()
        if after[0] in verbs and len(subject.split()) < 12:
            return [first, *_split_shared(read_statement(f"{subject} {second}"))]
        gap = _find_gap(clause, after) if not any(at in verbs for at in after) else None
        if gap is not None:
            verb = clause.text[words[verbs[0]].start : _find_verb_end(clause, verbs[0])]
            return [first, f"{second[: words[gap].start - joint.end()].strip()} {verb} {clause.text[words[gap].start :]}"]
    return [clause.text]


def _is_main_verb(clause: Reading, at: int) -> bool:
    """Return whether a word is a verb that a clause can have as its own: none behind "to", none in -ing."""
    low = clause.words[at].text.casefold()
    return does_something(clause, at) and not low.endswith("ing") and not (at and clause.words[at - 1].text.casefold() == "to")


def _find_gap(clause: Reading, after: Sequence[int]) -> int | None:
    """Return where the verb is left out in "the gym on the fourth floor": before the preposition or the number behind a thing."""
    words = clause.words
    begins = words[after[0]].text.casefold() in DETERMINERS or words[after[0]].text[:1].isupper()
    named = (
        any(words[at].text[:1].isupper() for at in after[1:3]) and is_thing(words[after[0]]) and not words[after[0]].text.endswith("ing")
    )
    if words[after[0]].text.casefold() in PREPOSITIONS or not (begins or named):
        return None
    numbers = {figure.first for figure in clause.figures}
    return next((at for at in after[1:] if words[at].text.casefold() in PREPOSITIONS - {"of"} or at in numbers), None)


def _find_verb_end(clause: Reading, verb: int) -> int:
    words = clause.words
    last = verb
    while last + 1 < len(words) and (words[last].text.casefold() in AUXILIARIES and does_something(clause, last + 1)):
        last += 1
    return words[last].end
