"""Whether another name, figure or subject of the sources fits a claim better than the claim's own.

Each name, figure and subject of a claim is taken out in turn, and the sources are asked which of theirs stands nearest to the words that
are left. A word counts more the nearer it is, in the claim and in the source; commas, "and" and clauses part words. Where another one of
the same kind and place (behind the same preposition) is clearly nearer than the claim's own, the claim has mixed them up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from sayso.tools.truth.grammar import DETERMINERS, PREPOSITIONS, SMALL, is_verb
from sayso.tools.truth.lexicon import is_thing
from sayso.tools.truth.reading import Reading
from sayso.tools.truth.words import tokenize

from .alignment import Alignment, WordPair
from .likeness import is_compared, is_same_name, weigh
from .problems import SupportProblem, quote_words
from .role_facts import is_other_name
from .source_reading import describes_next, does_something, is_owner, is_telling, join_names, spells_initials

HALF = 5
"""The distance, in words, at which a word counts half."""
_NAMES_BY, _FIGURES_BY, _SUBJECTS_BY = 1.3, 1.3, 1.4
"""How many times better another one has to fit, so that what is said is taken for mixed up."""
_EXCHANGED_BY = 1.15
_LEAST_FIT = 0.25
_SURE_FIT = 0.6
_LEAST_SUBJECT_FIT = 0.3
_SAME_PLACE, _OTHER_PLACE = 1.1, 0.95
_NEXT_STATEMENT = 0.1
_OF_OTHERS = frozenset("he she it they his her its their".split())
_BEFORE_FIGURES = frozenset("the a an about roughly some nearly almost over more than around approximately early late mid".split())
_DIRECTIONS = frozenset("from to since until till before after by".split())
_INSIDE = frozenset("in during at within inside into throughout".split())
_LISTING = frozenset({"and", "or"})
_MOST_ADJECTIVES = 5
_PARTS = re.compile(r"[,;]|\band\b|\bor\b")
_BRACKETS = re.compile(r"\([^()]*\)")
_LONGEST_SUBJECT = 3
_MEASURES = frozenset({"measure", "money"})


class Context(NamedTuple):
    """A word or figure of the claim: its place there, its weight, and for each statement where that has it."""

    place: int
    weight: float
    found: Mapping[int, Sequence[WordPair]]


class Fit(NamedTuple):
    """How well a place of a statement fits a gap of the claim."""

    value: float
    statement: int
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """What is taken out of the claim: its places, the one that distances are measured from, and the preposition before it."""

    own: frozenset[int]
    at: int
    preposition: str


def check_rivals(match: Alignment) -> Iterator[SupportProblem]:
    """Yield the names, figures and subjects of a claim in whose place another one of the sources fits clearly better."""
    contexts = tuple(_find_contexts(match))
    yield from _check_subjects(match, contexts)
    for run in join_names(match.claim, match.read.names):
        yield from _check_name(match, contexts, run)
    for number, figure in enumerate(match.claim.figures):
        if figure.kind != "label" and any(number in each for each in match.read.figures):
            yield from _check_figure(match, contexts, number)
    yield from _check_exchanged(match, contexts)


def _find_contexts(match: Alignment) -> Iterator[Context]:
    read = match.read
    for at in read.places:
        is_name = at in read.names
        least, weight = (0.7, 1.2) if is_name else (0.6, weigh(read.claim.words[at]))
        found = {number: [pair for pair in table[at] if pair.likeness >= least] for number, table in enumerate(read.tables) if at in table}
        yield Context(at, weight, found)
    for number, figure in enumerate(read.claim.figures):
        places = {
            at: [WordPair(1.0, read.sources.statements[at].figures[other].first) for other in each[number]]
            for at, each in enumerate(read.figures)
            if number in each
        }
        yield Context(figure.first, 1.0, places)


def _fit(match: Alignment, contexts: Sequence[Context], gap: Gap, statement: int, place: int) -> float:
    """Return how near the words around a gap of the claim stand to a place of a statement."""
    claim, source = match.claim, match.read.sources.statements[statement]
    place, total = min(place, len(source.words) - 1), 0.0
    for context in contexts:
        if context.place in gap.own:
            continue
        best = 0.0
        for number, pairs in context.found.items():
            if number == statement:
                far = (_measure_distance(source, place, min(pair.place, len(source.words) - 1)) for pair in pairs)
                best = max([best, *(pair.likeness / (1 + distance / HALF) for pair, distance in zip(pairs, far, strict=True))])
            elif abs(number - statement) == 1:
                best = max([best, *(_NEXT_STATEMENT * pair.likeness for pair in pairs)])
        own = _measure_distance(claim, min(gap.at, len(claim.words) - 1), min(context.place, len(claim.words) - 1))
        total += context.weight * best / (1 + own / HALF)
    return total


def _measure_distance(reading: Reading, one: int, other: int) -> float:
    """Return how far apart two words are: words between them without brackets, more for commas, breaks and clauses."""
    first, last = sorted((one, other))
    distance = last - first
    between = reading.text[reading.words[first].end : reading.words[last].start]
    distance -= sum(len(tokenize(found[0])) + 2 for found in _BRACKETS.finditer(between))
    distance += 3 * bool(_PARTS.search(between))
    begin, end = reading.segment_of[first], reading.segment_of[last]
    distance += 2 * (end - begin)
    distance += sum(2 for each in reading.segments[begin + 1 : end + 1] if each.opener[:1] in {";", "("})
    return max(0, distance + 5 * (reading.segments[begin].clause != reading.segments[end].clause))


def _find_preposition(reading: Reading, first: int) -> str:
    """Return the kind of place that a name or figure stands in: the preposition before it, those of one meaning alike."""
    found = _walk_to_preposition(reading, first)
    return "in" if found in _INSIDE else found


def _walk_to_preposition(reading: Reading, first: int) -> str:
    """Return the preposition that a name or figure stands behind, adjectives between them: "in" of "in east-central Poland"."""
    at, adjectives = first - 1, 0
    while at >= 0:
        word = reading.words[at]
        low = word.text.casefold()
        plain = word.text[:1].islower() and low not in SMALL and reading.is_content(at) and not is_verb(reading.words, at)
        beside = reading.text[word.end : reading.words[at + 1].start] in {" ", "-"} if at + 1 < len(reading.words) else False
        listed = low in _LISTING or (at + 1 == first and reading.text[word.end : reading.words[first].start].strip() == ",")
        if listed and low not in _LISTING and word.text[:1].isupper() and at:
            while at and reading.words[at - 1].text[:1].isupper():
                at -= 1
            return _walk_to_preposition(reading, at)
        if low == "and" and adjectives and at and reading.words[at - 1].text[:1].islower():
            at -= 1
            continue
        if at and low in _LISTING and reading.words[at - 1].text[:1].isupper() and at - 1 > 0:
            first = at - 1
            while first and reading.words[first - 1].text[:1].isupper():
                first -= 1
            return _walk_to_preposition(reading, first)
        if low not in _BEFORE_FIGURES and not (plain and beside and adjectives < _MOST_ADJECTIVES):
            return low if low in PREPOSITIONS else ""
        adjectives += reading.is_content(at)
        at -= 1
    return ""


def _check_name(match: Alignment, contexts: Sequence[Context], run: Sequence[int]) -> Iterator[SupportProblem]:
    claim, sources = match.claim, match.read.sources
    gap = Gap(frozenset(run), run[-1], _find_preposition(claim, run[0]))
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
        before = _find_preposition(reading, each[0])
        value = max(_fit(match, contexts, gap, number, place) for place in (each[0], each[-1]))
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
    first = statements[0]
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
                value = _fit(match, contexts, gap, number, place)
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
    gap = Gap(own, figure.first, _find_preposition(claim, figure.first))
    mine, rivals = list[Fit](), list[Fit]()
    for at, reading in enumerate(read.sources.statements):
        said = {other for each in read.figures[at].values() for other in each}
        for place, other in enumerate(reading.figures):
            before = _find_preposition(reading, other.first)
            turned = {before, gap.preposition} <= _DIRECTIONS and before != gap.preposition
            value = _fit(match, contexts, gap, at, other.first) * (_OTHER_PLACE if turned else 1)
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


class Item(NamedTuple):
    """A name or figure of the claim, with where the sources have it: statements, and places in them."""

    kind: str
    gap: Gap
    found: tuple[tuple[int, int], ...]


def _check_exchanged(match: Alignment, contexts: Sequence[Context]) -> Iterator[SupportProblem]:
    """Yield two names or figures of the claim, of one kind, that fit better each in the other's place."""
    for one, other in combinations(list(_find_items(match)), 2):
        if one.kind != other.kind or set(one.found) & set(other.found):
            continue
        without = [context for context in contexts if context.place not in one.gap.own | other.gap.own]

        def fit_best(gap: Gap, found: Sequence[tuple[int, int]], without: Sequence[Context] = without) -> float:
            return max(_fit(match, without, gap, statement, place) for statement, place in found)

        straight = fit_best(one.gap, one.found) + fit_best(other.gap, other.found)
        crossed = fit_best(one.gap, other.found) + fit_best(other.gap, one.found)
        if crossed > straight * _EXCHANGED_BY + 0.02:
            shown = " and ".join(quote_words(match.claim, each.gap.own) for each in (one, other))
            yield SupportProblem("mixed up", f"The sources have {shown} the other way round.")


def _find_items(match: Alignment) -> Iterator[Item]:
    claim, read = match.claim, match.read
    for run in join_names(claim, read.names):
        found = [(match.best, pair.place) for pair in read.tables[match.best].get(run[-1], ()) if pair.likeness >= 0.9]
        if found:
            kind = "name behind a preposition" if _find_preposition(claim, run[0]) else "name"
            yield Item(kind, Gap(frozenset(run), run[-1], ""), tuple(found))
    for number, figure in enumerate(claim.figures):
        found = [
            (at, read.sources.statements[at].figures[other].first) for at, each in enumerate(read.figures) for other in each.get(number, ())
        ]
        if found and figure.kind != "label":
            own = frozenset(range(figure.first, max(figure.end, figure.first + 1))) - figure.nouns
            unit = figure.unit if figure.kind in _MEASURES else ""
            kind = "count" if figure.kind in {"count", "plain"} else f"{figure.kind} {unit}"
            yield Item(kind, Gap(own, figure.first, ""), tuple(found))


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
                    mine.append(Fit(_fit(match, contexts, gap, number, place), number, (place,)))
            things = _find_things(match, number) if number == match.best and any(each.statement == number for each in mine) else ()
            for other in (*_find_subjects(reading), *things) if number == match.best and mine else ():
                if _is_rival_subject(match, number, run, spots, other):
                    rivals.append(Fit(_fit(match, contexts, gap, number, other[-1]), number, tuple(other)))
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
        if leads and len(run) <= _LONGEST_SUBJECT and not _find_preposition(reading, run[0]):
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
