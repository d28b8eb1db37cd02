"""What a number counts or measures: a bare number counts no new thing, a measure stays with its noun, a total with the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from ..quantities import Kind
from .figures import Figure
from .grammar import AUXILIARIES, BE, PREPOSITIONS, SMALL, is_verb
from .lexicon import is_thing
from .matching import OUTSIDE, Match
from .reading import Reading, read_statement, show
from .statements import Form, Statement
from .verdict import Problem, ProblemKind
from .word_pairs import covers
from .words import Word, alike

_OLDEST = 130
_AGED = frozenset("aged age ages older old younger".split())
_DURING = frozenset("for in during within after of".split())


def are_of_age(bare: tuple[Reading, Figure], measured: tuple[Reading, Figure]) -> bool:
    """Return whether a bare number may be an age in years: "children over 8", and not "we have made over 6,000"."""
    (reading, number), (other, years) = bare, measured
    if not isinstance(number.value, Decimal) or number.value > _OLDEST:
        return False
    if any(word.text.casefold() in _AGED for each in (reading, other) for word in each.words):
        return True
    bound = _find_bound(reading, number)
    if bound is None or _lasts(other, years):
        return False
    plural = number.shown.casefold().endswith("s")
    return plural or not (bound and is_verb(reading.words, bound - 1) and reading.words[bound - 1].text.casefold() not in BE)


def _find_bound(reading: Reading, figure: Figure) -> int | None:
    places = range(min(figure.first, len(reading.words) - 1), max(-1, figure.first - 2), -1)
    return next((at for at in places if reading.words[at].text.casefold() in {"over", "under"}), None)


def _lasts(reading: Reading, figure: Figure) -> bool:
    """Return whether years are a time that something takes or has taken: "for over 60 years", "has 40 years of experience"."""
    bound = _find_bound(reading, figure)
    at = (figure.first if bound is None else bound) - 1
    low = reading.words[at].text.casefold() if at >= 0 else ""
    return low in _DURING or (at >= 0 and is_verb(reading.words, at) and low not in BE)


def check_bare_numbers(match: Match) -> Iterator[Problem]:
    """Check that a number that the passage gives without a noun counts nothing new: "over 1,200 sold" are no 1,200 customers."""
    sentence, evidence = match.sentence, match.evidence
    for mine, theirs in match.figures.items():
        figure, other = sentence.figures[mine], evidence.figures[theirs]
        if figure.kind != Kind.COUNT or not figure.unit or other.kind != Kind.PLAIN or other.unit:
            continue
        nouns = [at for at in figure.nouns if sentence.words[at].text.casefold() not in SMALL | PREPOSITIONS | {"out"}]
        if not nouns or any(_is_said(match, sentence.words[at]) for at in nouns):
            continue
        segment = evidence.segments[evidence.segment_of[min(other.first, len(evidence.words) - 1)]]
        near = range(max(segment.first, other.first - 4), min(segment.end, other.end + 2))
        verbs = [at for at in near if is_verb(evidence.words, at) and evidence.words[at].text.casefold() not in AUXILIARIES]
        if verbs and not any(_is_done(match, at) for at in verbs):
            yield Problem(ProblemKind.PLACE, f"The passage does not say that {other.shown} are “{figure.unit}”.")
            return


def _is_done(match: Match, place: int) -> bool:
    """Return whether the sentence says a verb of the statement by a verb, or in the same word."""
    words, verb = match.sentence.words, match.evidence.words[place]
    return any(word.stem == verb.stem for word in words) or any(at == place and is_verb(words, each) for each, at in match.pairs.items())


def _is_said(match: Match, word: Word) -> bool:
    return any(covers(word, each) or alike(word, each) for each in (*match.evidence.words, *match.context))


def check_measured_nouns(match: Match) -> Iterator[Problem]:
    """Check that a measure stays with the noun behind it: over "steel posts, 3 m rails" there are no 3 m posts."""
    sentence, evidence = match.sentence, match.evidence
    for mine, theirs in match.figures.items():
        figure, other = sentence.figures[mine], evidence.figures[theirs]
        if other.kind != Kind.MEASURE or figure.kind != other.kind or not _begins_item(evidence, other):
            continue
        thing = _read_thing(evidence, other)
        if not thing or not is_thing(evidence.words[thing[-1]]):
            continue
        told = {match.pairs.get(at, OUTSIDE) for at in _read_thing(sentence, figure)} - {OUTSIDE}
        told = told or {place for at, place in match.pairs.items() if at < figure.first and evidence.is_content(place)} - {OUTSIDE}
        if told.isdisjoint(thing) and any(at < other.first for at in told):
            yield Problem(ProblemKind.PLACE, f"The passage says “{show(evidence, other.first, thing[-1] + 1)}”.")
            return


_JOINING = frozenset("and plus with".split())


def _begins_item(reading: Reading, figure: Figure) -> bool:
    """Return whether a figure begins an item of a list: "cladding, 12 mm floor and 19 mm roof"."""
    if not figure.first or figure.first >= len(reading.words):
        return False
    before = reading.words[figure.first - 1]
    return (
        reading.text[before.end : reading.words[figure.first].start].strip() in {",", ";", "/", "+", "&", "·", "•"}
        or before.text.casefold() in _JOINING
    )


def _read_thing(reading: Reading, figure: Figure) -> list[int]:
    """Return the places of the words behind a figure that name what it measures: "12 mm shiplap cladding"."""
    found = list[int]()
    for at in range(figure.end, len(reading.words)):
        broken = reading.text[reading.words[at - 1].end : reading.words[at].start].strip(" -")
        if broken or reading.words[at].text.casefold() in SMALL | PREPOSITIONS | AUXILIARIES or not reading.is_content(at):
            break
        found.append(at)
    return found


_ALL = frozenset("all each every both any".split())


def find_total(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a total over several lists is not put on one: under "Nine shops" the line "Basel: Marktplatz, Claraplatz" has two."""
    statement = next((each for each in everything if each.text == evidence.text), None)
    counts = [each for each in sentence.figures if each.kind == Kind.COUNT and each.nouns]
    if not counts or statement is None or not statement.headings or any(each.kind == Kind.MONEY for each in evidence.figures):
        return
    label = evidence.text.find(":")
    if statement.form is Form.SENTENCE and label < 0:
        return
    if any(word.text.casefold() in _ALL for word in evidence.words):
        return
    for figure in counts:
        over = next((text for text in statement.headings if any(_is_same(figure, each) for each in read_statement(text).figures)), None)
        if over is None or any(_is_same(figure, each) for each in evidence.figures) or not _is_narrowed(sentence, figure, evidence):
            continue
        entries = sum(each.first < len(evidence.words) and evidence.words[each.first].start > label for each in evidence.segments)
        alone = not any(each is not statement and over in each.headings for each in everything)
        if not (alone and label >= 0 and figure.value == entries):
            yield Problem(ProblemKind.NUMBER, f"“{over}” is said of more than “{evidence.text}”.")
            return


def _is_same(one: Figure, other: Figure) -> bool:
    return one.kind == other.kind and one.value == other.value and one.unit == other.unit


def _is_narrowed(sentence: Reading, figure: Figure, evidence: Reading) -> bool:
    """Return whether a count is put on what is told only in a statement: "nine shops in Basel", "Basel has nine shops"."""
    number = sentence.segment_of[figure.first]
    within = [at for at, each in enumerate(sentence.segment_of) if each == number and not figure.first <= at < figure.end]
    told = [] if evidence.figures else within  # "two zones" may stand beside "day ticket: 24 hours"
    if figure.end < len(sentence.words):
        sign = sentence.text[sentence.words[figure.end - 1].end : sentence.words[figure.end].start].strip()
        low = sentence.words[figure.end].text.casefold()
        if sign:
            told += range(figure.end, len(sentence.words))
        elif low in PREPOSITIONS or sentence.language not in {"", "en"}:
            told += [at for at in within if at >= figure.end]
    return any(sentence.is_content(at) and any(alike(sentence.words[at], each) for each in evidence.words) for at in told)
