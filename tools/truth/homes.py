"""Where in a statement the words of a sentence have to be found: what belongs to a segment, and what other segments share with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from .figure_pairs import find_segment_of
from .grammar import OURS, PREPOSITIONS, PRONOUNS
from .reading import Reading, Segment


@lru_cache(2048)
def find_subject(reading: Reading, clause: int) -> tuple[int, ...]:
    """Return the places of the words before the verb of a clause."""
    for segment in reading.segments:
        if segment.clause == clause and segment.verb is not None and segment.opener.lstrip(",") not in {"who", "which", "whose"}:
            own = tuple(range(segment.first, segment.verb))
            if segment.own_subject:
                return own
            # "Northgate Beers, our neighbour, closed in 2019"
            head = next(
                (each for each in reading.segments if each.clause == clause and each.verb is None and each.first < segment.first), None
            )
            if head and reading.words[head.first].text.casefold() not in PREPOSITIONS:
                return (*range(head.first, head.end), *own)
            return own
    return ()


def find_homes(
    sentence: Reading, evidence: Reading, figures: Mapping[int, int], candidates: Mapping[int, Sequence[int]]
) -> dict[int, frozenset[int]]:
    """Return, for each segment of the sentence, the places of the statement where its words may be found."""
    homes = dict[int, frozenset[int]]()
    for number, segment in enumerate(sentence.segments):
        mine = [each for each in figures if segment.holds(sentence.figures[each].first)]
        if not mine:
            mine = [each for each in figures if segment.first in find_reach(sentence, find_segment_of(sentence, each))]
        if mine:
            reaches = {each: find_reach(evidence, find_segment_of(evidence, figures[each])) for each in mine}
            homes[number] = frozenset[int]().union(*reaches.values())
            for each, reach in reaches.items():
                kind = evidence.figures[figures[each]].kind
                if sum(other.kind == kind for other in evidence.figures) > 1:
                    homes[number] &= reach
        else:
            homes[number] = find_reach(evidence, find_best(segment.first, segment.end, evidence, candidates))
    return homes or {0: frozenset(range(len(evidence.words)))}


def find_best(first: int, end: int, evidence: Reading, candidates: Mapping[int, Sequence[int]]) -> int:
    """Return the segment of the statement whose clause holds most words of a part of the sentence."""
    scores = dict.fromkeys(range(len(evidence.segments)), 0.0)
    for at, found in candidates.items():
        weight = 1.0 if first <= at < end else 0.3
        for segment in {evidence.segment_of[place] for place in found}:
            values = _find_value(evidence, evidence.segments[segment], segment)
            scores[segment] += weight if any(place in values for place in found) else weight / 2
    if any(each.opener == "|" and scores[at] for at, each in enumerate(evidence.segments)):
        scores[0] = 0.0  # the label of a row belongs to every cell
    by_clause = dict[int, float]()
    for segment, score in scores.items():
        clause = evidence.segments[segment].clause
        by_clause[clause] = by_clause.get(clause, 0) + score
    return max(scores, key=lambda each: (by_clause[evidence.segments[each].clause], scores[each], -each), default=0)


@lru_cache(4096)
def find_reach(reading: Reading, home: int) -> frozenset[int]:
    """Return the places of all words that belong to a segment: its own, what its clause shares, the label before its colon."""
    if not reading.segments:
        return frozenset()
    own = reading.segments[home]
    kinds = {figure.kind for figure in reading.figures if own.holds(figure.first)}
    places = set(range(own.first, own.end))
    labelled = [at for at, each in enumerate(reading.segments) if each.opener in {":", "|"}]
    label_end = min((at for at in labelled if at <= home), default=0)
    cells = _find_cells(reading)
    for at, each in enumerate(reading.segments):
        if at == home:
            continue
        if cells[at] == cells[home] and cells[home]:
            places.update(range(each.first, each.end))
            continue
        rivals = any(figure.kind in kinds and each.holds(figure.first) for figure in reading.figures)
        whole = (at < label_end and not rivals) or (each.clause == own.clause and (not rivals or not kinds)) or _is_condition(each)
        places.update(_find_value(reading, each, at) if whole else _find_shared(reading, each, own))
    return frozenset(places)


def _find_cells(reading: Reading) -> list[int]:
    """Return, for each segment, the number of its table cell; 0 for the first cell and where there is no table."""
    cells, cell = list[int](), 0
    for each in reading.segments:
        cell += each.opener[:1] == "|"
        cells.append(cell)
    return cells


def _find_value(reading: Reading, segment: Segment, number: int) -> range:
    """Return the places of a segment; in a cell of a table without those of its header."""
    if not number or " = " not in reading.text:
        return range(segment.first, segment.end)
    start = reading.words[segment.first].start
    equals = reading.text.find(" = ", start, reading.words[segment.end - 1].end)
    return range(next((at for at in range(segment.first, segment.end) if reading.words[at].start > equals), segment.first), segment.end)


def _is_condition(segment: Segment) -> bool:
    return segment.opener.lstrip(",;(") in {"if", "unless", "provided", "except", "excluding"}


def _find_shared(reading: Reading, other: Segment, own: Segment) -> Iterator[int]:
    """Yield what a segment has from another one: the subject if it has none of its own, and the verb likewise."""
    if other.verb is None or (other.first > own.first and own.own_subject):
        return
    pronoun = (
        any(reading.words[at].text.casefold() in PRONOUNS - OURS for at in find_subject(reading, own.clause))
        if own.clause != other.clause
        else False
    )
    if (not own.own_subject or pronoun) and (other.clause == own.clause or other.clause == own.clause - 1):
        yield from range(other.first, other.verb)
    if own.verb is None and other.clause in {own.clause, own.clause - 1}:
        yield from (at for at in range(other.verb, min(other.verb + 3, other.end)))


def choose(
    at: int, found: Sequence[int], sentence: Reading, evidence: Reading, homes: Mapping[int, frozenset[int]], figures: Mapping[int, int]
) -> tuple[int, bool] | None:
    """Return the best place for a word of the sentence, and whether it belongs to something else there."""
    reach = homes.get(sentence.segment_of[at], frozenset())
    near = sorted((place for place in found if place in reach), key=lambda place: evidence.is_name(place) and not sentence.is_name(at))
    if near:
        exact = {find_segment_of(evidence, each) for each in figures.values()}
        return next((place for place in near if evidence.segment_of[place] in exact), near[0]), False
    if not found:
        return None
    return found[0], not is_borrowed(at, found[0], sentence, evidence, homes, figures)


def is_borrowed(
    at: int, place: int, sentence: Reading, evidence: Reading, homes: Mapping[int, frozenset[int]], figures: Mapping[int, int]
) -> bool:
    """Return whether a word is what an earlier clause was about and this one still is: "A lesson costs 9 EUR; for children it is 7"."""
    if place in homes.get(sentence.segment_of[at], frozenset()) and not figures:
        return False
    clauses = {evidence.segments[find_segment_of(evidence, each)].clause for each in figures.values()}
    clause = evidence.segments[evidence.segment_of[place]].clause
    if clause in clauses or (clause + 1 not in clauses and clauses) or evidence.is_name(place):
        return False
    return bool(clauses) and place in find_subject(evidence, clause)
