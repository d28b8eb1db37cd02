"""What belongs together: a price and what it is for, a cell and its header."""

from __future__ import annotations

from collections.abc import Iterator

from ..quantities import Kind
from .figures import Figure
from .grammar import PREPOSITIONS, is_verb
from .matching import Match
from .reading import Reading, Segment
from .verdict import Problem, ProblemKind
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
