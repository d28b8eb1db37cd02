"""For whom, when and under what circumstances something holds: what limits a right, a price or a service stays."""

from __future__ import annotations

from collections.abc import Iterator

from .bond_checks import find_verb_before
from .grammar import BE, is_past, is_verb
from .limit_checks import is_aside
from .marks import Mark
from .matching import Match
from .reading import Segment, find_tense, show
from .verdict import Problem, ProblemKind
from .word_kinds import is_subject_word, is_unit, is_weak
from .words import is_light, stem

_LIMITING = frozenset("with in on at for during from until till above over under below within against after before outside".split())
_RIGHTS = frozenset(
    map(
        stem,
        """can may must free open available welcome allowed permitted accepted valid included cover paid refunded replaced serviced let
        rented receive apply hired served serves run deliver get receive apply entitled discount closed""".split(),
    )
)


def check_scope(match: Match) -> Iterator[Problem]:
    """Demand what limits a right, a price or a service, in some wording: "may be hired with a licence", "hot meals at lunchtime"."""
    evidence = match.evidence
    for number, segment in enumerate(evidence.segments):
        leading = number not in match.home and number + 1 in match.home and segment.verb is None and segment.opener in {"", ";"}
        holder = evidence.segments[number + 1] if leading else segment
        if not (leading or number in match.home) or not _gives_right(match, holder):
            continue
        for at in range(segment.first, segment.end):
            if evidence.words[at].text.casefold() not in _LIMITING or (leading and at != segment.first) or at in evidence.figured:
                continue
            end = next(
                (
                    each
                    for each in range(at + 1, segment.end)
                    if evidence.words[each].text.casefold() in _LIMITING or is_verb(evidence.words, each)
                ),
                segment.end,
            )
            if is_aside(match, at, end, evidence.words[at].text.casefold()):
                continue
            verb = find_verb_before(evidence, at)
            if (verb is None or match.says(verb)) and _is_left_out(match, at, end):
                yield Problem(ProblemKind.CONDITION, f"The passage limits this: “{show(evidence, at, end)}”. Keep it.")
                return
    yield from _check_reservations(match)


def _gives_right(match: Match, segment: Segment) -> bool:
    """Return whether a segment says what somebody can have or what is done now and again: there a limit counts."""
    if find_tense(match.evidence, segment) in {"past", "perfect"}:
        return False
    return segment.passive or any(match.evidence.words[at].stem in _RIGHTS for at in range(segment.first, segment.end))


def _is_left_out(match: Match, first: int, end: int) -> bool:
    evidence = match.evidence
    said = {evidence.figures[each].first for each in match.figures.values()}
    if any(each.kind == "date" and first <= each.first < end for each in evidence.figures) or any(first <= each < end for each in said):
        return False
    places = [at for at in range(first + 1, end) if not evidence.is_small(at) and at not in evidence.marked]
    content = [at for at in places if not is_subject_word(match, evidence.words[at])]
    return bool(content) and not any(match.says(at) for at in content)


def _check_reservations(match: Match) -> Iterator[Problem]:
    """ "Subject to availability" is said."""
    evidence = match.evidence
    if any(mark in {Mark.IF, Mark.ONLY, Mark.EXCEPT, Mark.WITHOUT} for mark, _, _ in match.sentence.marks):
        return
    for _, first, end in evidence.find_marks(Mark.IF):
        number = evidence.segment_of[first]
        near = {number - 1, number, number + 1} & match.home
        rest = [at for at in range(end, evidence.segments[number].end) if not evidence.is_small(at)]
        if near and end - first > 1 and rest and not any(match.says(at) for at in rest):
            yield Problem(ProblemKind.CONDITION, f"The passage limits this: “{show(evidence, first, rest[-1] + 1)}”. Keep it.")
            return


def check_kinds_of_things(match: Match) -> Iterator[Problem]:
    """Check that what holds for some of a kind is not said of all: "sealed parcels" are not parcels, "licensed guides" are not guides."""
    evidence = match.evidence
    stems = {word.stem for word in match.sentence.words}
    light = {at for at, word in enumerate(evidence.words) if is_light(word) and match.is_home(at) and word.stem in stems}
    for at in sorted(match.used | light):
        before = at - 1
        if (
            before < 0
            or evidence.is_small(at)
            or at in evidence.figured
            or is_verb(evidence.words, at)
            or match.says(before)
            or before in evidence.marked
        ):
            continue
        segment = evidence.segments[evidence.segment_of[at]]
        word, low = evidence.words[before], evidence.words[before].text.casefold()
        lead = evidence.words[before - 1].text.casefold() if before else ""
        if (
            evidence.segment_of[before] != evidence.segment_of[at]
            or find_tense(evidence, segment) == "past"
            or lead in BE | {"has", "have"}
        ):
            continue
        narrow = (is_past(word) and len(low) > 3) or (low.startswith("un") and len(low) > 5)
        if narrow and before not in evidence.figured and not is_unit(evidence.words[at]) and not (is_weak(word) and not is_past(word)):
            yield Problem(ProblemKind.CONDITION, f"The passage says “{show(evidence, before, at + 1)}”.")
            return
