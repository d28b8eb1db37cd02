"""Whether another name, figure or subject of the sources fits a claim better than the claim's own.

Each name, figure and subject of a claim is taken out in turn, and the sources are asked which of theirs stands nearest to the words that
are left. A word counts more the nearer it is, in the claim and in the source; commas, "and" and clauses part words. Where another one of
the same kind and place (behind the same preposition) is clearly nearer than the claim's own, the claim has mixed them up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sayso.tools.truth.grammar import DETERMINERS, PREPOSITIONS, is_verb
from sayso.tools.truth.lexicon import is_thing
from sayso.tools.truth.reading import Reading

from .alignment import Alignment
from .likeness import is_compared, is_same_name
from .nearness import Context, Gap, find_contexts, find_preposition, measure_fit
from .problems import SupportProblem, quote_words
from .role_facts import is_other_name
from .source_reading import describes_next, does_something, is_owner, is_telling, join_names, spells_initials

_NAMES_BY, _FIGURES_BY, _SUBJECTS_BY = 1.3, 1.3, 1.4
"""How many times better another one has to fit, so that what is said is taken for mixed up."""
_LEAST_FIT = 0.25
_SURE_FIT = 0.6
_LEAST_SUBJECT_FIT = 0.3
_SAME_PLACE, _OTHER_PLACE = 1.1, 0.95
_OF_OTHERS = frozenset("he she it they his her its their".split())
_DIRECTIONS = frozenset("from to since until till before after by".split())
_LONGEST_SUBJECT = 3
_MEASURES = frozenset({"measure", "money"})


class Fit(NamedTuple):
    """How well a place of a statement fits a gap of the claim."""

    value: float
    statement: int
    places: tuple[int, ...]


def check_rivals(match: Alignment) -> Iterator[SupportProblem]:
    """Yield the names, figures and subjects of a claim in whose place another one of the sources fits clearly better."""
    contexts = tuple(find_contexts(match))
    yield from _check_subjects(match, contexts)
    for run in join_names(match.claim, match.read.names):
        yield from _check_name(match, contexts, run)
    for number, figure in enumerate(match.claim.figures):
        if figure.kind != "label" and any(number in each for each in match.read.figures):
            yield from _check_figure(match, contexts, number)


def _check_name(match: Alignment, contexts: Sequence[Context], run: Sequence[int]) -> Iterator[SupportProblem]:
    claim, sources = match.claim, match.read.sources
    gap = Gap(frozenset(run), run[-1], find_preposition(claim, run[0]))
    verb = next((at for at in (run[0] - 1, run[0] - 2) if at >= 0 and does_something(claim, at)), None)
    is_new_object = verb is not None and (verb not in match.pairs or match.pairs[verb].likeness < 0.7)
    if is_new_object or is_owner(claim, run[-1]) or all(sources.is_given(claim.words[at]) for at in run):
        return
    is_topic = _is_topic(match, run, gap.preposition)
    if is_topic and not any(at in match.pairs for at in run):
        return
    places = [
        (number, each) for number, reading in enumerate(sources.statements) for each in join_names(reading, sources.find_names(reading))
    ]
    shared = [_count_shared(match, run, number, each) for number, each in places]
    enough = len(run) if len(run) in shared else max(1, 0.5 * len(run))
    mine, rivals = list[Fit](), list[Fit]()
    for (number, each), count in zip(places, shared, strict=True):
        reading = sources.statements[number]
        before = find_preposition(reading, each[0])
        value = max(measure_fit(match, contexts, gap, number, place) for place in (each[0], each[-1]))
        same = before == gap.preposition or (before == "by" and not gap.preposition)
        fit = Fit(value * (_SAME_PLACE if same else _OTHER_PLACE), number, tuple(each))
        if is_topic and number != match.best:
            continue
        if count >= enough:
            mine.append(fit)
        elif number == match.best and before == gap.preposition and _is_other(match, reading, each, run):
            rivals.append(fit)
    mine += list(_find_pronouns(match, contexts, gap, mine))
    rivals = [each for each in rivals if not any(_are_listed(sources.statements[each.statement], each, own) for own in mine)]
    yield from _compare(match, mine, rivals, quote_words(claim, run), _NAMES_BY)


def _is_topic(match: Alignment, run: Sequence[int], preposition: str) -> bool:
    """Return whether a name is what the sources are about: then it need not stand near to what is said of it."""
    claim, statements = match.claim, match.read.sources.statements
    last = claim.words[run[-1]].text
    having = [number for number, each in enumerate(statements) if any(is_same_name(last, word.text) for word in each.words)]
    if is_owner(claim, run[-1]) and len(statements) > 1:
        return True
    first = next(iter(statements))
    verb = next((segment.verb for segment in first.segments if segment.verb is not None), len(first.words))
    begins = any(is_same_name(last, word.text) for word in first.words[:verb])
    return len(having) >= 2 and (not preposition or begins)


def _count_shared(match: Alignment, run: Sequence[int], number: int, places: Sequence[int]) -> int:
    claim, reading = match.claim, match.read.sources.statements[number]
    return sum(
        any(
            is_same_name(claim.words[at].text, reading.words[place].text)
            or spells_initials(claim.words[at].text, reading, place)
            or spells_initials(reading.words[place].text, claim, at)
            for place in places
        )
        for at in run
    )


def _is_other(match: Alignment, reading: Reading, places: Sequence[int], run: Sequence[int]) -> bool:
    """Return whether a name of the sources is none of the claim's, nor another name of one, nor a mere description."""
    claim, names = match.claim, match.read.names
    if any(spells_initials(reading.words[place].text, claim, at) for place in places for at in names):
        return False
    texts = [reading.words[place].text for place in places if len(reading.words[place].text) > 1]
    known = [any(is_same_name(claim.words[at].text, text) for at in names) for text in texts]
    others = [at for at in names if at not in run]
    if any(is_same_name(claim.words[at].text, text) for at in others for text in texts):
        return False
    holds = all(any(is_same_name(claim.words[at].text, text) for text in texts) for at in run)
    if holds or all(known) or (any(known) and len(run) == 1):
        return False
    describes = describes_next(reading, places[-1]) and not describes_next(claim, run[-1])
    return not is_other_name(reading, places[0]) and not describes


def _find_pronouns(match: Alignment, contexts: Sequence[Context], gap: Gap, mine: Sequence[Fit]) -> Iterator[Fit]:
    """Yield the pronouns that may stand for a name: those behind a place where it stands."""
    first = min(((each.statement, each.places[-1]) for each in mine), default=None)
    if first is None:
        return
    for number, reading in enumerate(match.read.sources.statements):
        for place, word in enumerate(reading.words):
            if word.text.casefold() in _OF_OTHERS and first < (number, place):
                value = measure_fit(match, contexts, gap, number, place)
                yield Fit(value * (0.8 if gap.preposition else _SAME_PLACE), number, (place,))


def _are_listed(reading: Reading, rival: Fit, own: Fit) -> bool:
    """Return whether two names of one statement stand in one list: "Mazda, Mitsubishi and Isuzu"."""
    if rival.statement != own.statement:
        return False
    first, last = sorted((rival.places, own.places))
    between = range(first[-1] + 1, last[0])
    if len(between) > 11 or re.search(r"[;:(]", reading.text[reading.words[first[-1]].end : reading.words[last[0]].start]):
        return False
    return all(reading.words[at].text[:1].isupper() or reading.words[at].text.casefold() in {"and", "or", "the"} for at in between)


def _check_figure(match: Alignment, contexts: Sequence[Context], number: int) -> Iterator[SupportProblem]:
    claim, read = match.claim, match.read
    figure = claim.figures[number]
    own = frozenset(range(figure.first, max(figure.end, figure.first + 1))) - figure.nouns
    gap = Gap(own, figure.first, find_preposition(claim, figure.first))
    mine, rivals = list[Fit](), list[Fit]()
    for at, reading in enumerate(read.sources.statements):
        said = {other for each in read.figures[at].values() for other in each}
        for place, other in enumerate(reading.figures):
            before = find_preposition(reading, other.first)
            turned = {before, gap.preposition} <= _DIRECTIONS and before != gap.preposition
            value = measure_fit(match, contexts, gap, at, other.first) * (_OTHER_PLACE if turned else 1)
            fit = Fit(value, at, tuple(range(other.first, max(other.end, other.first + 1))))
            if place in read.figures[at].get(number, ()):
                mine.append(fit)
            elif (
                (at == match.best or value >= _SURE_FIT)
                and place not in said
                and other.kind == figure.kind
                and not other.old
                and (other.unit == figure.unit or other.kind not in _MEASURES)
            ):
                rivals.append(fit)
    yield from _compare(match, mine, rivals, f"“{figure.shown}”", _FIGURES_BY)


def _check_subjects(match: Alignment, contexts: Sequence[Context]) -> Iterator[SupportProblem]:
    """Yield a subject in common nouns where another clause's fits better: "packet switching" for "circuit switching"."""
    read = match.read
    subjects = [run for run in _find_subjects(match.claim) if len(run) <= _LONGEST_SUBJECT and not set(run) & set(read.names)]
    for run in subjects[:2]:
        gap = Gap(frozenset(run), run[-1], "")
        mine, rivals = list[Fit](), list[Fit]()
        for number, reading in enumerate(read.sources.statements):
            spots = [{pair.place for pair in read.tables[number].get(at, ()) if pair.likeness >= 0.9} for at in run]
            for place in spots[-1] if all(spots) else ():
                if all(any(abs(place - other) <= 3 for other in spot) for spot in spots):
                    mine.append(Fit(measure_fit(match, contexts, gap, number, place), number, (place,)))
            things = _find_things(match, number) if number == match.best and any(each.statement == number for each in mine) else ()
            for other in (*_find_subjects(reading), *things) if number == match.best and mine else ():
                if _is_rival_subject(match, number, run, spots, other):
                    rivals.append(Fit(measure_fit(match, contexts, gap, number, other[-1]), number, tuple(other)))
        if any(each.statement == match.best for each in mine):
            yield from _compare(match, mine, rivals, quote_words(match.claim, run), _SUBJECTS_BY, _LEAST_SUBJECT_FIT)


def _is_rival_subject(match: Alignment, number: int, run: Sequence[int], spots: Sequence[set[int]], other: Sequence[int]) -> bool:
    """Return whether a subject is another one than the claim's: it shares a word with a longer one, and has none of the claim besides."""
    shared = [bool(spot & set(other)) for spot in spots]
    if any(shared) and all(shared):
        return False
    table, reading = match.read.tables[number], match.read.sources.statements[number]
    if not is_thing(reading.words[other[-1]]) or is_compared(reading.words[other[-1]]):
        return False
    beside = {pair.place for at in match.read.places if at not in run for pair in table.get(at, ()) if pair.likeness >= 0.5}
    return not beside & set(other) and (len(run) == 1 or any(shared))


def _find_things(match: Alignment, number: int) -> Iterator[list[int]]:
    """Yield the nouns of a statement that stand behind no preposition, alone: "the fitness room" has its verb before it."""
    reading = match.read.sources.statements[number]
    run = list[int]()
    for at in range(len(reading.words) + 1):
        inside = at < len(reading.words) and is_telling(reading, at) and not does_something(reading, at) and is_thing(reading.words[at])
        if inside and (not run or reading.text[reading.words[at - 1].end : reading.words[at].start] == " "):
            run.append(at)
            continue
        leads = run and (
            run[0] in {segment.first for segment in reading.segments} or reading.words[run[0] - 1].text.casefold() in DETERMINERS
        )
        if leads and len(run) <= _LONGEST_SUBJECT and not find_preposition(reading, run[0]):
            yield run
        run = [at] if inside else []


def _find_subjects(reading: Reading) -> Iterator[list[int]]:
    """Yield the telling words of the subject of each verb, without what a preposition adds to it."""
    for segment in reading.segments:
        run = list[int]()
        for at in range((segment.verb if segment.verb is not None else segment.first) - 1, segment.first - 1, -1):
            low = reading.words[at].text.casefold()
            if is_telling(reading, at) and not is_verb(reading.words, at):
                run.insert(0, at)
            elif run and low in PREPOSITIONS | {"that", "who", "which"}:
                run = []
            elif run:
                break
        if run:
            yield run


def _compare(
    match: Alignment, mine: Sequence[Fit], rivals: Sequence[Fit], shown: str, by: float, least: float = _LEAST_FIT
) -> Iterator[SupportProblem]:
    if not mine or not rivals:
        return
    own, rival = max(mine), max(rivals)
    if rival.value > own.value * by + 0.02 and rival.value >= least:
        other = quote_words(match.read.sources.statements[rival.statement], rival.places)
        yield SupportProblem("mixed up", f"The sources say this of {other} rather than of {shown}.")
