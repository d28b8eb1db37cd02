"""What belongs together: a price and what it is for, a cell and its header."""

from __future__ import annotations

from collections.abc import Iterator

from ..quantities import Kind
from .figures import Figure
from .homes import find_subject
from .lexicon import is_thing
from .matching import Match
from .reading import PREPOSITIONS, PRONOUNS, Reading, Segment, is_header, is_verb, show
from .verdict import Problem, ProblemKind
from .word_checks import is_left
from .word_kinds import PRICE_WORDS, is_subject_word, is_unit, is_weak
from .words import alike


def check_entries(match: Match) -> Iterator[Problem]:
    """A figure goes with its own words: where several stand in one statement, not with those that tell another one from it.

    "Whitening is 280 for members and 350 for everyone else": a sentence that says 350 and "members" but not "everyone else" is refused.
    """
    evidence = match.evidence
    for mine, theirs in match.figures.items():
        figure = evidence.figures[theirs]
        home = _find_segment(evidence, figure)
        own = _find_own(match, home)
        for rival in evidence.figures:
            number = _find_segment(evidence, rival)
            if not _are_rivals(evidence, figure, rival) or number == home or _is_matched(match, rival):
                continue
            shared = _find_shared_head(evidence, number, home)
            others = [
                at
                for at in _find_own(match, number)
                if at not in shared and not any(alike(evidence.words[at], evidence.words[each]) for each in own)
            ]
            said = [at for at in others if _says_beside(match, at, mine)]
            left = [at for at in own if not match.says(at)]
            if _has_other_verb(match, home, number):
                yield Problem(ProblemKind.PLACE, f"In the passage {figure.shown} does not belong to this verb; {rival.shown} does.")
                return
            if said and (left or not own):
                word = evidence.words[said[0]].text
                yield Problem(ProblemKind.PLACE, f"In the passage {figure.shown} does not belong to “{word}”; {rival.shown} does.")
                return


def _has_other_verb(match: Match, home: int, rival: int) -> bool:
    """Return whether the sentence has the verb of another figure: "opens at 22:00" for "opens at 6:30 and closes at 22:00"."""
    words = match.evidence.words
    own, other = match.evidence.segments[home].verb, match.evidence.segments[rival].verb
    if own is None or other is None or words[own].stem == words[other].stem or not match.evidence.is_content(own):
        return False
    return not match.says(own) and other in match.used


def _find_segment(reading: Reading, figure: Figure) -> int:
    return reading.segment_of[min(figure.first, len(reading.segment_of) - 1)]


def _are_rivals(reading: Reading, one: Figure, other: Figure) -> bool:
    """Return whether two figures count one kind of thing. The second may leave the noun out ("22 pages in black and 14 in colour")."""
    if one.kind == other.kind:
        return True
    counts = {Kind.COUNT.value, Kind.PLAIN.value}
    return {one.kind, other.kind} <= counts and abs(_find_segment(reading, one) - _find_segment(reading, other)) == 1


def _is_matched(match: Match, figure: Figure) -> bool:
    return any(match.evidence.figures[each] is figure for each in match.figures.values())


def _find_own(match: Match, number: int) -> list[int]:
    """Return the words of a segment that tell its figure from others: not what a price is called, nor the one whose page it is."""
    evidence = match.evidence
    segment = evidence.segments[number]
    first = segment.first
    if (
        segment.opener == ":"
        and number
        and not any(evidence.segments[number - 1].holds(figure.first) for figure in evidence.figures if figure.kind != "label")
    ):
        first = evidence.segments[number - 1].first  # "C3 Lite: 28 min"
    before = evidence.segments[number - 1] if number else None
    if before and segment.opener == "," and before.verb is None and before.opener[:1] == ";" and first == segment.first:
        first = before.first  # "; in intensive care, from 16:00 to 18:00"
    end = segment.end
    if number + 1 < len(evidence.segments) and evidence.segments[number + 1].opener == "(":
        after = evidence.segments[number + 1]
        labelled = number + 2 < len(evidence.segments) and evidence.segments[number + 2].opener == ":"
        if not labelled and not any(after.holds(figure.first) for figure in evidence.figures if figure.kind != "label"):
            end = after.end  # "10 km (EU)"
    return [
        at
        for at in range(first, end)
        if evidence.is_content(at)
        and not is_verb(evidence.words, at)
        and evidence.words[at].stem not in PRICE_WORDS
        and not is_weak(evidence.words[at])
        and not is_unit(evidence.words[at])
        and not is_subject_word(match, evidence.words[at])
    ]


def _find_shared_head(reading: Reading, number: int, home: int) -> range:
    """Return the places of what two entries share: the words before the figure of the first, if the second has none of its own."""
    other, own = reading.segments[number], reading.segments[home]
    if own.own_subject or number > home:
        return range(0)
    end = next((figure.first for figure in reading.figures if other.holds(figure.first)), other.end)
    return range(other.first, min(end, other.verb) if other.verb is not None and _is_after(reading, other) else end)


def _is_after(reading: Reading, segment: Segment) -> bool:
    return segment.verb is not None and reading.words[segment.verb].text.casefold() not in PREPOSITIONS


def _says_beside(match: Match, at: int, mine: int) -> bool:
    """Return whether the sentence says a word of the statement in the part that holds one of its figures."""
    sentence = match.sentence
    figure = sentence.figures[mine]
    segment = sentence.segments[_find_segment(sentence, figure)]
    clause = [each for each in sentence.segments if each.clause == segment.clause]
    rivals = [each for each in sentence.figures if each is not figure and each.kind == figure.kind]
    spans = [segment] if rivals else clause
    places = {each for span in spans for each in range(span.first, span.end)}
    return any(place == at and own in places for own, place in match.pairs.items()) or any(
        alike(match.evidence.words[at], sentence.words[each]) for each in places
    )


def check_gaps(match: Match) -> Iterator[Problem]:
    """Keep what a shortened clause says of its own subject: "the clock was restored by us; its bells by Rueti" tells of two makers."""
    evidence = match.evidence
    for number in sorted({evidence.segment_of[at] for at in match.used}):
        segment = evidence.segments[number]
        if segment.verb is not None or not number or segment.opener.lstrip(",") not in {";", "and", "but", ""} or " = " in evidence.text:
            continue
        names = [at for at in range(segment.first, segment.end) if evidence.is_name(at) and at > segment.first]
        used = [at for at in match.used if segment.holds(at)]
        left = [at for at in names if not match.says(at) and not is_subject_word(match, evidence.words[at])]
        if segment.opener[:1] == ";" and left and used and min(left) > max(used):
            yield Problem(ProblemKind.PLACE, f"The passage says “{evidence.words[left[0]].text}” of “{evidence.words[used[0]].text}”.")
            return


def check_mixing(match: Match) -> Iterator[Problem]:
    """A sentence does not take only the subject of one clause and what another clause says of something else."""
    evidence = match.evidence
    clauses = {evidence.segments[evidence.segment_of[at]].clause for at in match.used}
    if len(clauses) < 2 or match.figures:
        return
    for clause in sorted(clauses):
        subject = [at for at in find_subject(evidence, clause) if evidence.is_content(at)]
        used = [at for at in match.used if evidence.segments[evidence.segment_of[at]].clause == clause and evidence.is_content(at)]
        rest = [at for at in used if at not in subject]
        others = [at for at in match.used if evidence.segments[evidence.segment_of[at]].clause != clause]
        again = any(alike(evidence.words[at], evidence.words[each]) for at in subject for each in others)
        if (
            subject
            and used
            and not rest
            and clause > 0
            and not again
            and not any(evidence.words[at].text.casefold() in PRONOUNS for at in find_subject(evidence, clause))
        ):
            yield Problem(ProblemKind.PLACE, f"The passage says something else of “{evidence.words[used[0]].text}”.")
            return


def check_cells(match: Match) -> Iterator[Problem]:
    """A value of a table goes with its own header: not "Basic has phone support" where the column "Pro" says phone."""
    evidence = match.evidence
    cells = list(_find_cells(evidence))
    for header, values in cells:
        heads = [
            at
            for at in header
            if evidence.is_content(at) and evidence.words[at].stem not in PRICE_WORDS and not is_weak(evidence.words[at])
        ]
        if not heads or not all(match.says(at) for at in heads) or _says_value(match, values):
            continue
        value = [at for at in values if evidence.is_content(at)]
        if value and any(is_left(match, at) and is_thing(match.sentence.words[at]) for at in range(len(match.sentence.words))):
            yield Problem(
                ProblemKind.PLACE,
                f"The passage says “{show(evidence, value[0], value[-1] + 1)}” under “{show(evidence, heads[0], heads[-1] + 1)}”.",
            )
            return
        for other_header, other_values in cells:
            if other_header is header or not _says_value(match, other_values):
                continue
            others = [
                at
                for at in other_header
                if evidence.is_content(at)
                and evidence.words[at].stem not in PRICE_WORDS
                and not any(alike(evidence.words[at], evidence.words[each]) for each in heads)
            ]
            if others and not any(match.says(at) for at in others):
                shown = evidence.words[heads[0]].text
                yield Problem(ProblemKind.PLACE, f"In the passage this is not in the column “{shown}”.")
                return


def _find_cells(reading: Reading) -> Iterator[tuple[range, range]]:
    """Yield the words of the header and of the value of each cell that has both."""
    first = 0
    while first < len(reading.words):
        start = reading.words[first].start
        stop = reading.text.find(" | ", start)
        stop = len(reading.text) if stop < 0 else stop
        end = next((at for at in range(first, len(reading.words)) if reading.words[at].start > stop), len(reading.words))
        value = next((at for at in range(first, end) if not is_header(reading.text, reading.words[at].start)), end)
        if value > first:
            yield range(first, value), range(value, end)
        first = max(end, first + 1)


def _says_value(match: Match, values: range) -> bool:
    evidence = match.evidence
    figures = {evidence.figures[each].first for each in match.figures.values()}
    return any(at in figures or (evidence.is_content(at) and match.says(at)) for at in values)
