"""What the statement stresses is kept: its verb, how much of a thing it speaks of, and which verb each thing belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .grammar import AUXILIARIES, DETERMINERS, is_verb
from .homes import find_subject
from .marks import Mark
from .matching import Match
from .reading import Reading, find_tense, show
from .verdict import Problem, ProblemKind
from .word_kinds import is_subject_word, is_weak
from .word_pairs import is_superlative
from .words import is_light

_RANKS = frozenset("second third fourth fifth sixth seventh eighth ninth tenth next among joint 2nd 3rd 4th 5th".split())

_PARTS = frozenset("half third quarter fifth sixth eighth tenth thirds quarters most some many few part majority minority none".split())


def check_degrees(match: Match) -> Iterator[Problem]:
    """Check that how much of a thing is meant is kept: "a third of the menu" is not the menu, "ninth-largest" not "largest"."""
    evidence = match.evidence
    for at in sorted(match.used):
        before = at - 1
        if (
            before >= 0
            and is_superlative(evidence.words[at])
            and evidence.words[before].text.casefold() in _RANKS
            and not match.says(before)
        ):
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{show(evidence, before, at + 1)}”.")
            return
        link = next((each for each in range(at - 1, max(-1, at - 5), -1) if evidence.words[each].text.casefold() == "of"), None)
        if not link or not evidence.is_content(at) or any(is_verb(evidence.words, each) for each in range(link, at)):
            continue
        part = next((each for each in evidence.figures if link - 1 in range(each.first, each.end)), None)
        missing = part is not None and evidence.figures.index(part) not in match.figures.values()
        named = evidence.words[link - 1].text.casefold() in _PARTS and not match.says(link - 1)
        if (missing and part is not None and part.kind in {"percent", "plain", "count", "ordinal"}) or (named and part is None):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{show(evidence, link - 1, at + 1)}”: keep how much of it.")
            return


_EACH = frozenset("each apiece".split())

_ONE = frozenset("each every a an one apiece".split())


def check_each(match: Match) -> Iterator[Problem]:
    """Check that a price for each stays one: "extra users cost £3 each" is not "extra users cost £3"."""
    evidence = match.evidence
    for mine, theirs in match.figures.items():
        figure = evidence.figures[theirs]
        after = [word.text.casefold() for word in evidence.words[figure.end : figure.end + 3]]
        own = match.sentence.figures[mine]
        others = {word.text.casefold() for at, word in enumerate(match.sentence.words) if not own.first <= at < own.end}
        if figure.kind == "money" and _EACH & set(after) and not _ONE & others and "per" not in others:
            yield Problem(ProblemKind.PERIOD, f"The passage says {figure.shown} each: keep “each”.")
            return


_PART_OF = re.compile(
    r"(?:and )?\S+(?: \S+)? of the (?=\S*\d|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty)\b)"
)


def check_part(match: Match) -> Iterator[Problem]:
    """Check that a part is not the whole: over "50 of the 200 loaves are for hotels" no 50 loaves are made, and no 200 are for hotels."""
    evidence = match.evidence
    if not _PART_OF.match(evidence.text) or len(evidence.figures) < 2:
        return
    said = set(match.figures.values())
    if {0, 1} <= said:
        return
    rest = [
        at for at in range(evidence.figures[1].end, len(evidence.words)) if evidence.is_content(at) or evidence.words[at].stem == "people"
    ]
    if 0 not in said or not rest or not all(match.says(at) for at in rest):
        yield Problem(ProblemKind.PLACE, f"The passage says “{evidence.text[:80]}”: keep that it is a part.")


def check_light_names(match: Match) -> Iterator[Problem]:
    """Check that a name is said though it is an ordinary word: the covers "Basic" and "Plus" are two."""
    for at, word in enumerate(match.sentence.words):
        there = {each.text for each in (*match.evidence.words, *match.context)} | _name_owner(match)
        if word.text in match.names and at not in match.pairs and at not in match.sentence.figured and word.text not in there:
            yield Problem(ProblemKind.WORD, f"The passage does not say “{word.text}” of this.")
            return
    stems = {word.text for word in match.sentence.words}
    for at, word in enumerate(match.evidence.words):
        ordinary = is_light(word) or is_weak(word)
        if (
            ordinary
            and not _is_in_long_name(match.evidence, at)
            and word.text in match.names
            and word.text not in stems
            and match.is_home(at)
            and at not in match.used
            and word.text not in _name_owner(match)
        ):
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{word.text}”.")
            return


def _is_in_long_name(reading: Reading, at: int) -> bool:
    """Return whether a word is a part of a name of several words, of which it limits nothing: the United Kingdom."""
    first, last = at, at
    while first and reading.words[first - 1].text[:1].isupper() and _joins(reading, first - 1):
        first -= 1
    while last + 1 < len(reading.words) and reading.words[last + 1].text[:1].isupper() and _joins(reading, last):
        last += 1
    article = first > 0 and reading.words[first - 1].text == "the"
    return last - first > 1 or (last > first and article)


def _joins(reading: Reading, at: int) -> bool:
    return not reading.text[reading.words[at].end : reading.words[at + 1].start].strip()


def _name_owner(match: Match) -> frozenset[str]:
    return frozenset(word.text for word in match.subject)


def check_only(match: Match) -> Iterator[Problem]:
    """Check that what alone is meant is said whole: "bells and sculptures only" is not "bells only"."""
    evidence = match.evidence
    if not any(mark is Mark.ONLY for mark, _, _ in match.sentence.marks):
        return
    for _, first, _ in evidence.find_marks(Mark.ONLY):
        number = evidence.segment_of[first]
        for near in (number - 1, number, number + 1):
            if not 0 <= near < len(evidence.segments):
                continue
            segment = evidence.segments[near]
            listed = segment.opener.lstrip(",") in {"and", "or"} or (
                near + 1 < len(evidence.segments) and evidence.segments[near + 1].opener.lstrip(",") in {"and", "or"}
            )
            content = [at for at in range(segment.first, segment.end) if evidence.is_content(at) and not is_weak(evidence.words[at])]
            after = [at for at in content if segment.verb is None or at > segment.verb]
            if listed and after and not any(match.says(at) for at in after):
                yield Problem(ProblemKind.QUANTIFIER, f"The passage says also “{show(evidence, after[0], after[-1] + 1)}”.")
                return


_COMING = frozenset("next this coming in".split())

_COMING_TIMES = frozenset(
    """spring summer autumn fall winter year month week season january february march april june july august september october
    november december""".split()
)

_NOW = frozenset("now currently moment present".split())

_YEARLY = frozenset("in from on by".split())


def check_announced(match: Match) -> Iterator[Problem]:
    """Check that what the passage tells in the present with a year is a plan or a chronicle: without the year it is not so now."""
    evidence = match.evidence
    for number in sorted(match.home):
        segment = evidence.segments[number]
        if segment.verb is not None and (
            find_tense(evidence, segment) != "present" or evidence.words[segment.verb].text.casefold() in AUXILIARIES
        ):
            continue
        for at, figure in enumerate(evidence.figures if segment.verb is not None else ()):
            dated = figure.kind == "date" and segment.holds(figure.first) and figure.relation in _YEARLY
            if dated and at not in match.figures.values():
                yield Problem(ProblemKind.MODALITY, f"The passage says this of {figure.shown}: keep the date.")
                return
        for at in range(segment.first + 1, segment.end):
            low, before = evidence.words[at].text.casefold(), evidence.words[at - 1].text.casefold()
            now = before == "this" and any(word.text.casefold() in _NOW for word in match.sentence.words)
            coming = low in _COMING_TIMES and before in _COMING and not now
            if coming and not match.says(at) and not any(mark in {Mark.WILL, Mark.PLAN} for mark, _, _ in match.sentence.marks):
                yield Problem(ProblemKind.MODALITY, f"The passage says this of “{before} {low}”: keep it.")
                return


def check_fractions(match: Match) -> Iterator[Problem]:
    """Check that a part of a thing is not the thing: "half the fee", "twice the price"."""
    evidence = match.evidence
    said = set(match.figures.values())
    for number, figure in enumerate(evidence.figures):
        after = range(figure.end, min(figure.end + 4, len(evidence.words)))
        linked = bool(after) and evidence.words[after[0]].text.casefold() in DETERMINERS | {"of"}
        if number in said or figure.kind not in {"percent", "plain"} or not linked:
            continue
        if any(at in match.used and evidence.is_content(at) for at in after):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{show(evidence, figure.first, after[-1] + 1)}”: keep how much of it.")
            return


_FEWEST = frozenset("fewest least lowest smallest".split())

_MOST = frozenset("most highest largest greatest biggest".split())


def check_extremes(match: Match) -> Iterator[Problem]:
    """Check that the fewest is not the most."""
    mine, theirs = ({word.text.casefold() for word in reading.words} for reading in (match.sentence, match.evidence))
    for one, other in ((_MOST, _FEWEST), (_FEWEST, _MOST)):
        if mine & one and theirs & other and not mine & other and not theirs & one and "at" not in theirs | mine:
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{min(theirs & other)}”.")
            return


def check_universal(match: Match) -> Iterator[Problem]:
    """Check: what is denied or said of all is so of just those that the statement names: "lessons missed by the pupil", not all lessons."""
    evidence = match.evidence
    for number in sorted(match.home):
        segment = evidence.segments[number]
        if segment.verb is None or not (segment.negative or any(s.negative for s in match.sentence.segments)):
            continue
        subject = [at for at in find_subject(evidence, segment.clause) if evidence.is_content(at) and at not in evidence.figured]
        said = [at for at in subject if match.says(at)]
        left = [at for at in subject if not match.says(at) and not is_subject_word(match, evidence.words[at])]
        if said and left and not is_weak(evidence.words[left[0]]):
            yield Problem(ProblemKind.CONDITION, f"The passage says “{show(evidence, subject[0], subject[-1] + 1)}”.")
            return


def check_not_all(match: Match) -> Iterator[Problem]:
    """ "Not every room has a bath" denies no room its bath, and "only" is not turned to "not only"."""
    if "not only" in match.sentence.text.casefold() and "not only" not in match.evidence.text.casefold():
        yield Problem(ProblemKind.NEGATION, "The passage does not say “not only”.")
        return
    evidence = match.evidence
    denied = [end for mark, _, end in evidence.marks if mark is Mark.NOT]
    partial = any(mark is Mark.ALL and first in denied for mark, first, _ in evidence.marks)
    kept = any(mark in {Mark.ALL, Mark.SOME, Mark.MOST, Mark.MANY} for mark, _, _ in match.sentence.marks)
    if partial and not kept:
        yield Problem(ProblemKind.QUANTIFIER, "The passage says “not every”: keep it.")


_DUTY = frozenset("must required requires require obliged mandatory obligatory compulsory".split())

_HAS_TO = re.compile(r"\b(?:has|have|had|need|needs) to\b", re.IGNORECASE)

_NEEDED = re.compile(
    r"\b(?:must|require[sd]?|obliged|mandatory|obligatory|compulsory|needs?|needed|ha(?:s|ve|d) to|only|should|minimum|at least|please)\b",
    re.IGNORECASE,
)


_PAID = re.compile(
    r"\b(?:responsib\w+|borne by|bears?|at (?:your|their|the \w+'s) (?:own )?(?:cost|expense)|liable|charged|owe[sd]?|due)\b", re.IGNORECASE
)


def check_new_duty(match: Match) -> Iterator[Problem]:
    """No duty is added: what one can have for a price need not be bought."""
    if match.sentence.language not in {"", "en"} or match.evidence.language not in {"", "en"}:
        return
    mine = {word.text.casefold() for word in match.sentence.words}
    duty = bool(mine & _DUTY) or bool(_HAS_TO.search(match.sentence.text))
    ordered = any(segment.verb == segment.first or (segment.verb is None and segment.first == 0) for segment in match.evidence.segments[:1])
    denied = any(segment.negative for segment in (*match.sentence.segments, *match.evidence.segments))
    priced = any(match.evidence.figures[each].kind == "money" for each in match.figures.values())
    if duty and not denied and (priced or not ordered) and not _NEEDED.search(match.evidence.text):
        paying = (priced or _PAID.search(match.evidence.text)) and mine & {"pay", "charged", "paid", "paying"}
        if not paying:
            yield Problem(ProblemKind.MODALITY, "The passage does not say that one has to.")
