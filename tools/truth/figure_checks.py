"""Numbers, dates, units, periods and bounds: what has to be equal between a sentence and the statement that it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..quantities import Kind
from .counted_nouns import are_of_age
from .figure_pairs import is_same_value
from .figures import Figure, measure
from .grammar import PREPOSITIONS, is_verb
from .languages import name_period
from .marks import Mark
from .matching import Match
from .reading import Reading, read_statement
from .rows import EQUALS
from .verdict import Problem, ProblemKind
from .word_checks import is_left
from .word_kinds import BUSINESS, MONEY, PERIODS, is_weak
from .word_pairs import covers
from .words import Word, alike, stem, tokenize

_BOUNDED = {"from": "from", "up to": "up to", "about": "about", "over": "over", "under": "under", "plus": "from"}


def check_figures(match: Match) -> Iterator[Problem]:
    """Every number and date of the sentence is in the statement."""
    for number, figure in enumerate(match.sentence.figures):
        if (
            number in match.figures
            or _is_in_name(match, figure)
            or _is_over(match, figure)
            or _is_article(match, figure)
            or _is_free(match, figure)
            or _is_phrase(match, figure)
        ):
            continue
        rivals = [each for each in match.evidence.figures if each.kind == figure.kind and not each.old]
        kind = ProblemKind.DATE if figure.kind == "date" else ProblemKind.NUMBER
        if rivals:
            yield Problem(kind, f"The passage says {_join_shown(rivals)}, not {figure.shown}.")
        else:
            yield Problem(kind, f"The passage does not say {figure.shown} of this.")


def _is_in_name(match: Match, figure: Figure) -> bool:
    """Return whether a number is a part of the name of whose page it is: Pier Nine."""
    words = match.sentence.words[figure.first : figure.end]
    return (
        bool(words)
        and words[0].text[:1].isupper()
        and all(any(word.text.casefold() == each.text.casefold() for each in match.subject) for word in words)
    )


def _is_over(match: Match, figure: Figure) -> bool:
    """Return whether a figure stands in what is over the statement: "City bike, one week" over "690 kr"."""
    rival = any(
        each.kind == figure.kind == "label" and number not in match.figures.values() for number, each in enumerate(match.evidence.figures)
    )
    return (
        not rival
        and figure.kind not in {MONEY, "date"}
        and any(
            is_same_value(figure, each) and each.kind == figure.kind and each.unit == figure.unit
            for heading in match.statement.headings
            for each in read_statement(heading).figures
        )
    )


def _is_article(match: Match, figure: Figure) -> bool:
    """Return whether "one" only says that it is a thing: no other number of such things is in the statement."""
    return (
        figure.kind in {Kind.COUNT, Kind.PLAIN}
        and figure.value == 1
        and not figure.shown[:1].isdigit()
        and not figure.bound
        and not any(other.unit == figure.unit and other.value != figure.value for other in match.evidence.figures)
    )


def _is_phrase(match: Match, figure: Figure) -> bool:
    """Return whether a number is a part of a phrase that the statement has in other words: "24 hours a day" for "around the clock"."""
    if figure.kind != Kind.MEASURE:
        return False
    words = match.sentence.words[figure.first : figure.end]
    senses = words[0].senses if len(words) > 1 else frozenset[int]()
    shared = frozenset(sense for sense in senses if all(sense in word.senses for word in words[1:2]))
    return any(not shared.isdisjoint(word.senses) for word in match.evidence.words)


def _is_free(match: Match, figure: Figure) -> bool:
    return (
        figure.kind == MONEY and figure.value == 0 and any(alike(word, free) for word in match.evidence.words for free in tokenize("free"))
    )


def _join_shown(figures: list[Figure]) -> str:
    return " and ".join(dict.fromkeys(each.shown for each in figures[:3]))


def check_units(match: Match) -> Iterator[Problem]:
    """Every figure keeps its unit, currency, period, bound and place in a range; a price that is struck through is old."""
    for mine, theirs in match.figures.items():
        figure, other = match.sentence.figures[mine], match.evidence.figures[theirs]
        if other.old:
            yield Problem(ProblemKind.STALE, f"{other.shown} is struck through in the passage: it is an old value.")
        if not _same_unit(match, figure, other):
            yield Problem(ProblemKind.UNIT, f"The passage says {other.shown}, not {figure.shown}.")
        yield from _check_periods(match, figure, other)
        yield from _check_bound(match, figure, other)


def _same_unit(match: Match, figure: Figure, other: Figure) -> bool:
    if (figure.kind == other.kind and figure.unit == other.unit) or (measure(figure) is not None and measure(figure) == measure(other)):
        return True
    if {figure.kind, other.kind} == {Kind.PLAIN, Kind.MEASURE} and "year" in {figure.unit, other.unit}:
        sides = (match.sentence, figure), (match.evidence, other)
        return are_of_age(*(sides if figure.kind == Kind.PLAIN else sides[::-1]))
    if {figure.unit, other.unit} <= {"degree", "°C", "°F"} and "degree" in {figure.unit, other.unit}:
        return True
    counted = {Kind.COUNT.value, Kind.PLAIN.value}
    if figure.kind in counted and other.kind in counted:
        return not figure.unit or not other.unit or _counts_alike(match, figure, other)
    if figure.kind == MONEY and other.kind == Kind.PLAIN:  # a table of prices whose caption names the currency
        return figure.unit in match.currencies
    if {figure.kind, other.kind} == {Kind.PLAIN, Kind.TIME}:
        return figure.relation in _CLOCKED or other.relation in _CLOCKED
    loose = {Kind.PLAIN.value, "label"}
    return figure.kind in loose and other.kind in loose | {Kind.ORDINAL.value}


_CLOCKED = frozenset("at from until till to by after before past".split())


def _counts_alike(match: Match, figure: Figure, other: Figure) -> bool:
    words, last = match.evidence.words, other.end + 4
    last = next((each.first for each in match.evidence.figures if other.end <= each.first < last), last)  # "two coaches, three teams"
    near = words[other.first : last]
    link = next((at for at, word in enumerate(near) if word.text.casefold() in PREPOSITIONS - {"of"} and at), len(near))
    near = near[:link]
    return any(covers(word, each) for word in tokenize(figure.unit) for each in (*near, *tokenize(other.unit)) if not each.text.isdigit())


def _check_periods(match: Match, figure: Figure, other: Figure) -> Iterator[Problem]:
    """Keep the period, and what a price is for: "per month", "per user"."""
    labels = _find_label(match.evidence, other)
    for period in figure.per:
        if period not in other.per and not _is_period_said(match, period, labels):
            yield Problem(ProblemKind.PERIOD, f"The passage says {other.shown}, not {figure.shown}.")
            return
    for period in other.per:
        if period not in figure.per and not _is_said_of(match.sentence, figure, period) and "time" not in figure.per:
            yield Problem(ProblemKind.PERIOD, f"The passage says {other.shown}: say also that it is per {period}.")
            return
    if figure.kind == MONEY and not other.per:
        for word in labels:
            if word.stem in PERIODS and not any(alike(word, each) for each in match.sentence.words):
                yield Problem(ProblemKind.PERIOD, f"In the passage {other.shown} stands under “{word.text}”: say so.")
                return


def _find_label(reading: Reading, figure: Figure) -> list[Word]:
    """Return the words before a figure's colon, or those of its column's header."""
    start = reading.words[figure.first].start if figure.first < len(reading.words) else len(reading.text)
    begin = max(reading.text.rfind(" | ", 0, start), reading.text.rfind("; ", 0, start), reading.text.rfind(". ", 0, start), 0)
    end = max(reading.text.rfind(EQUALS, begin, start), reading.text.rfind(":", begin, start))
    row = reading.text.find(" | ")
    return [word for word in reading.words if begin <= word.start < end or word.start < min(row, start)]


def _is_period_said(match: Match, period: str, labels: list[Word]) -> bool:
    """Return whether the statement says "per" something beside the amount itself: "billed monthly", a header, "per agent"."""
    words = match.evidence.words
    for wanted in tokenize(period):
        taken = {at for each in match.evidence.figures if each.per for at in range(each.first, each.end)}
        near = [word for at, word in enumerate(words) if match.is_home(at) and at not in taken and _is_per(words, at)]
        if any(name_period(word.text.casefold()) == period for word in (*labels, *match.context)):
            continue
        if period != "time" and not any(alike(wanted, each) for each in (*near, *labels, *match.context)):
            return False
    return True


def _is_per(words: tuple[Word, ...], at: int) -> bool:
    before = words[at - 1].text.casefold() if at else ""
    return (
        before in {"per", "a", "an", "each", "every", "for", "the"}
        or words[at].text.casefold().endswith(("ly", "al"))
        or words[at].text.isdigit()
    )


def _is_said_of(sentence: Reading, figure: Figure, period: str) -> bool:
    """Return whether a sentence says a period of a figure by its other words: "monthly", "for each user"."""
    others = {at for each in sentence.figures if each is not figure for at in range(each.first, each.end)}
    segment = sentence.segment_of[min(figure.first, len(sentence.words) - 1)]
    free = [
        word
        for at, word in enumerate(sentence.words)
        if at not in others
        and (sentence.segment_of[at] == segment or (_is_per(sentence.words, at) and sentence.words[at - 1].text.casefold() != "the"))
    ]
    return all(any(alike(word, each) for each in free) for word in tokenize(period))


def _check_bound(match: Match, figure: Figure, other: Figure) -> Iterator[Problem]:
    down = {
        reading: reading.words[each.first - 2].text.casefold()
        for reading, each in ((match.evidence, other), (match.sentence, figure))
        if each.first > 1
    }
    if {"up", "down"} == set(down.values()):
        yield Problem(ProblemKind.BOUND, f"The passage says {down[match.evidence]} to {other.shown}.")
        return
    mine, theirs = _find_bound(match.sentence, figure), _find_bound(match.evidence, other)
    if figure.kind == Kind.TIME and figure.edge == "end" and not _ends_at(match.evidence, other):
        yield Problem(ProblemKind.BOUND, f"In the passage {other.shown} is not the end.")
        return
    if figure.kind in {Kind.TIME.value, "date", "label"}:
        if (
            figure.edge
            and other.edge
            and figure.edge != other.edge
            and not {"since", "then"} <= {word.text.casefold() for word in match.evidence.words}
        ):
            yield Problem(ProblemKind.BOUND, f"In the passage {other.shown} is the {other.edge}, not the {figure.edge}.")
        return
    if is_turned_bound(match, figure, other):
        return
    ranged = {"from": "start", "up to": "end", "over": "start", "under": "end"}
    if mine == theirs and (not other.edge or figure.edge == other.edge or mine):
        return
    if other.edge and not theirs:
        if ranged.get(mine) == other.edge or figure.edge == other.edge:
            return
        if _in_range(match, other):
            yield Problem(ProblemKind.BOUND, f"The passage gives a range with {other.shown} as its {other.edge}: say so.")
        return
    if theirs and not mine and _says_bound(match.sentence, figure, theirs):
        return
    if mine and not theirs and _says_bound(match.evidence, other, mine):
        return
    if theirs and not mine:
        yield Problem(ProblemKind.BOUND, f"The passage says {theirs} {other.shown}: keep “{theirs}”.".replace(f"{theirs} {theirs}", theirs))
    elif mine and mine != theirs:
        yield Problem(ProblemKind.BOUND, f"The passage says {other.shown}, not {figure.shown} with “{figure.bound}”.")


_ENDING = frozenset("close closes closed closing end ends last until till to by before latest finish finishes shut shuts".split())


def _ends_at(reading: Reading, figure: Figure) -> bool:
    """Return whether a time is when something ends: "until 6", "9-6", "closes at 6"."""
    near = {word.text.casefold() for word in reading.words[max(0, figure.first - 4) : figure.first]}
    return figure.edge == "end" or bool(near & _ENDING)


_BOUND_WORDS = {
    "up to": frozenset(
        """
            limit limited maximum max most cap capped ceiling exceed exceeds exceeding up within larger bigger more above
            over longer than
        """.split()
    ),
    "from": frozenset("minimum min least from older more upwards upward below under younger less fewer shorter before than".split()),
    "over": frozenset("more over above exceed exceeds exceeding than beyond".split()),
    "under": frozenset("less under below fewer than younger within".split()),
    "about": frozenset("about around roughly approximately nearly almost some circa".split()),
}


def _says_bound(reading: Reading, figure: Figure, bound: str) -> bool:
    """Return whether the words around a figure bound it: "a limit of", "has to be booked for three hours or more"."""
    joined = figure.end < len(reading.words) and reading.words[figure.end].text.casefold() in {"or", "and", "at"}
    near = range(max(0, figure.first - 5), min(len(reading.words), figure.end + 3 if joined else figure.end))
    return any(reading.words[at].text.casefold() in _BOUND_WORDS[bound] for at in near)


_TURNED = {"under": "from", "over": "up to", "from": "under", "up to": "over"}


def is_turned_bound(match: Match, figure: Figure, other: Figure) -> bool:
    """Return whether a denied bound is the other one: "nobody younger than 21 is let in" for "you must be 21 or older"."""
    mine, theirs = _find_bound(match.sentence, figure), _find_bound(match.evidence, other)
    denied = [
        reading.segments[reading.segment_of[min(each.first, len(reading.words) - 1)]].negative
        for reading, each in ((match.sentence, figure), (match.evidence, other))
    ]
    return denied[0] != denied[1] and mine in _TURNED and _TURNED[mine] == theirs and not match.opposed


def _find_bound(reading: Reading, figure: Figure) -> str:
    """Return how a figure is bounded. A denied bound is the other one: nobody under 21 is everybody from 21."""
    bound = _BOUNDED.get(figure.bound, "")
    words = [word.text.casefold() for word in reading.words]
    at = figure.first - 1
    while not bound and at > 0 and words[at] in {"the", "age", "ages", "of", "a"}:
        at -= 1
    if not bound and 0 <= at < figure.first - 1:  # "from the age of five"
        bound = {"from": "from", "to": "up to", "until": "up to", "under": "under", "below": "under", "over": "over", "above": "over"}.get(
            words[at], ""
        )
    if figure.bound == "plus" and figure.end < len(words) and words[figure.end].isalpha():
        return ""  # "240 plus VAT"
    before = words[figure.first - 2] if figure.first > 1 else ""
    if (
        bound == "from"
        and figure.kind == Kind.COUNT
        and figure.relation == "from"
        and before not in {"", "is", "are", "costs", "cost", "price", "prices", "starts", "starting", "ages", "groups"}
    ):
        return ""  # "buys from 14 gardens"
    denied = any(word in {"nobody", "no", "none", "not", "never", "nothing"} for word in words[max(0, figure.first - 3) : figure.first])
    return _TURNED.get(bound, bound) if denied and figure.bound in {"under", "over"} else bound


def _in_range(match: Match, figure: Figure) -> bool:
    return any(
        each is not figure and each.kind == figure.kind and each.edge and each.edge != figure.edge for each in match.evidence.figures
    )


def check_order(match: Match) -> Iterator[Problem]:
    """Check that where a statement gives two figures of each of two kinds, they belong together in order: "from 5 in 2021 to 7 in 2022"."""
    pairs = sorted(match.figures.items())
    for (_, one), (_, two) in pairwise(pairs):
        left, right = match.evidence.figures[one], match.evidence.figures[two]
        if left.kind == right.kind:
            continue
        ours, theirs = _find_rank(match.evidence, left), _find_rank(match.evidence, right)
        if ours and theirs and ours[1] == theirs[1] > 1 and ours[0] != theirs[0]:
            yield Problem(ProblemKind.PLACE, f"In the passage {left.shown} and {right.shown} do not belong together.")


def _find_rank(reading: Reading, figure: Figure) -> tuple[int, int] | None:
    """Return the how-manieth figure of its kind in its clause a figure is, and of how many."""
    clause = reading.segments[reading.segment_of[figure.first]].clause
    alike_kind = [
        each for each in reading.figures if each.kind == figure.kind and reading.segments[reading.segment_of[each.first]].clause == clause
    ]
    return (alike_kind.index(figure), len(alike_kind)) if figure in alike_kind else None


def check_dates(match: Match) -> Iterator[Problem]:
    """ "Since" and "in" are not one, unless the statement says that something began."""
    for mine, theirs in match.figures.items():
        figure, other = match.sentence.figures[mine], match.evidence.figures[theirs]
        if figure.kind != "date" or other.kind != "date":
            continue
        for relation in ("since", "until", "before", "after", "by"):
            if (_relate(figure) == relation) == (_relate(other) == relation):
                continue
            if relation == "since" and _is_lasting(match, figure, other):
                continue
            if relation == "by" and figure.relation == "for" and any(mark is Mark.PLAN for mark, _, _ in match.evidence.marks):
                continue
            if relation == "until" and _relate(figure) == "since" and "then" in {word.text.casefold() for word in match.evidence.words}:
                continue  # "until 2018 it was the city's; since then a foundation runs it"
            yield Problem(ProblemKind.DATE, f"The passage says “{other.relation} {other.shown}”, not “{figure.relation} {figure.shown}”.")
            break


_BEGINNINGS = frozenset(
    map(
        stem,
        """since introduce launch begin start open founded establish create join move become take set form build add enter
        inaugurate debut appoint
        buy acquire release publish invent adopt come elect name merge relocate rename get roll bring""".split(),
    )
)


_RELATIONS = {
    **dict.fromkeys("from seit depuis desde ab dès".split(), "since"),
    **dict.fromkeys("to till bis jusqu hasta".split(), "until"),
    **dict.fromkeys("vor avant".split(), "before"),
    **dict.fromkeys("nach après".split(), "after"),
}


def _relate(figure: Figure) -> str:
    return _RELATIONS.get(figure.relation, figure.relation)


def _is_lasting(match: Match, figure: Figure, other: Figure) -> bool:
    """Return whether "since" a date is right where the other side says what began, ended or changed at it."""
    if _relate(other) == "since":
        return _begins(match.sentence, figure)
    words = {word.text.casefold() for word in match.evidence.words}
    ended = any(mark in {Mark.REVERSE, Mark.STALE} for mark, _, _ in match.evidence.marks)
    if ended or "than" in words or {"since", "then"} <= words or {"ever", "since"} <= words:
        return True
    strange = [
        at
        for at in range(len(match.sentence.words))
        if is_left(match, at) and not is_weak(match.sentence.words[at]) and match.sentence.words[at].stem not in BUSINESS
    ]
    return _begins(match.evidence, other) and not strange


def _begins(reading: Reading, figure: Figure) -> bool:
    """Return whether something began at a date, so that it has been so since: "opened in 1974"."""
    number = reading.segment_of[min(figure.first, len(reading.words) - 1)]
    segment = reading.segments[number]
    places = range(segment.first, segment.end)
    if not any(is_verb(reading.words, at) for at in places):  # "In March 2024, we moved"
        places = range(
            min(each.first for each in reading.segments if each.clause == segment.clause),
            max(each.end for each in reading.segments if each.clause == segment.clause),
        )
    return any(reading.words[at].stem in _BEGINNINGS for at in places)
