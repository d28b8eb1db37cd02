"""A sentence beside one statement of the passage: which word and figure of the one is which of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from ..quantities import Kind, find_amounts
from .figures import Figure, measure
from .lexicon import look_up, says_no_more
from .marks import find_idiom
from .reading import AUXILIARIES, OURS, PREPOSITIONS, PRONOUNS, Reading, Segment, read_statement
from .statements import Form, Statement
from .words import Word, alike, is_light, opposite, stem, tokenize

OUTSIDE = -1
"""The place of a word that is not in the statement itself: it is in a heading, or names whose page it is."""


@dataclass(frozen=True, slots=True)
class Match:
    """A sentence beside a statement. `pairs` maps places of words of the sentence to places in the statement (OUTSIDE: beside it)."""

    sentence: Reading
    evidence: Reading
    statement: Statement
    subject: tuple[Word, ...]
    context: tuple[Word, ...]  # of headings and, where the statement leans on it, of the sentence before
    pairs: Mapping[int, int]
    figures: Mapping[int, int]  # numbers of figures
    opposed: frozenset[int]  # places in the sentence whose pair says the opposite
    astray: frozenset[int]  # places in the sentence whose pair belongs to something else
    home: frozenset[int]  # segments of the statement that say it
    elsewhere: frozenset[str] = frozenset()  # stems of the other statements of the passage
    kinds: frozenset[tuple[str, str]] = frozenset()  # words before nouns in the passage: ("student", "ticket")
    general: frozenset[str] = frozenset()  # stems that the passage uses of its subject or again and again

    @property
    def currencies(self) -> frozenset[str]:
        """Return the currencies that stand over the statement: in its headings and headers."""
        over = " ".join((*self.statement.headings, self.statement.text))
        named = {word.text for word in tokenize(over) if len(word.text) == 3 and word.text.isupper()}
        return frozenset(named | {each.unit for each in find_amounts("1 " + " 1 ".join(over.split())) if each.kind is Kind.MONEY})

    @property
    def used(self) -> frozenset[int]:
        """Return the places of the statement that the sentence says."""
        return frozenset(self.pairs.values()) - {OUTSIDE}

    def says(self, at: int) -> bool:
        """Return whether the sentence says a word of the statement, in this or another word."""
        return at in self.used or says_word(self.sentence, self.evidence.words[at]) or at in find_acronyms(self.sentence, self.evidence)

    def is_home(self, at: int) -> bool:
        """Return whether a word of the statement stands in a segment that the sentence is taken from."""
        return self.evidence.segment_of[at] in self.home


@lru_cache(512)
def find_acronyms(sentence: Reading, evidence: Reading) -> frozenset[int]:
    """Return the places of words of the statement that the sentence says by their first letters: SSO is "single sign-on"."""
    found = set[int]()
    initials = "".join(word.text[:1] for word in evidence.words).upper()
    for word in sentence.words:
        if 1 < len(word.text) < 7 and word.text.isupper() and (start := initials.find(word.text)) >= 0:
            found.update(range(start, start + len(word.text)))
    return frozenset(found)


def says_word(sentence: Reading, word: Word) -> bool:
    """Return whether a sentence has a word, or one alike."""
    return any(alike(word, each) for each in sentence.words) or any(
        covers(each, word)
        for at, each in enumerate(sentence.words)
        if at not in sentence.marked and at not in sentence.figured and not is_light(each)
    )


_SUPERLATIVES = frozenset("best worst most least top leading unique unrivalled unbeatable foremost number-one premier ultimate".split())


def is_superlative(word: Word) -> bool:
    """Return whether a word says that something is more than all others: "largest", "best", "leading"."""
    low = word.text.casefold()
    if low in _SUPERLATIVES:
        return True
    root = low.removesuffix("est")
    bases = (root, f"{root}e", root[:-1] if root[-2:-1] == root[-1:] else root, f"{root[:-1]}y")
    return (
        low.endswith("est")
        and len(root) > 2
        and any(part in "ar" for base in bases for entry in look_up(tokenize(base)[0]) for part, _ in entry.senses)
    )


def covers(general: Word, specific: Word) -> bool:
    """Return whether a word may be said where the passage has the other: the same, one alike, one derived or more general."""
    return alike(general, specific) or _covers_text(general.text, specific.text)


@lru_cache(100_000)
def _covers_text(general: str, specific: str) -> bool:
    one, other = tokenize(general)[:1], tokenize(specific)[:1]
    return bool(one and other) and (_is_compound(one[0], other[0]) or says_no_more(one[0], other[0]))


def _is_compound(general: Word, specific: Word) -> bool:
    short, long = general.stem, specific.stem
    return len(short) > 3 and short != "less" and len(long) > len(short) + 2 and long.endswith(short) and specific.text[:1].islower()


def match_statement(
    sentence: Reading,
    statement: Statement,
    subject: tuple[Word, ...],
    elsewhere: frozenset[str] = frozenset(),
    general: frozenset[str] = frozenset(),
    kinds: frozenset[tuple[str, str]] = frozenset(),
) -> Match:
    """Match a sentence with a statement as well as it can be."""
    evidence = read_statement(statement.text)
    sentence, evidence = _settle_idioms(sentence, evidence), _settle_idioms(evidence, sentence)
    figures = _match_figures(sentence, evidence)
    candidates = {
        at: _find_candidates(sentence.words[at], evidence, sentence.language, is_proper(sentence, at))
        for at in range(len(sentence.words))
        if _counts(sentence, at)
    }
    homes = _find_homes(sentence, evidence, figures, candidates)
    context = _find_context(statement, evidence)
    pairs, opposed, astray = dict[int, int](), set[int](), set[int]()
    for at, found in candidates.items():
        if not found and sentence.segments[sentence.segment_of[at]].negative:
            found = [
                place
                for place in range(len(evidence.words))
                if evidence.is_content(place) and says_no_more(evidence.words[place], sentence.words[at])
            ]
        if not found and (turned := _find_converse(sentence, at, evidence)) is not None:
            found = [turned]
        place = _choose(at, _keep_names(found, sentence, at, evidence, subject), sentence, evidence, homes, figures)
        if place is not None:
            pairs[at] = place[0]
            if place[1]:
                astray.add(at)
        elif any(alike(sentence.words[at], each) for each in subject) or any(covers(sentence.words[at], each) for each in context):
            pairs[at] = OUTSIDE
        elif (against := _find_opposite(sentence.words[at], evidence, _find_near(evidence, candidates))) is not None:
            pairs[at] = against
            opposed.add(at)
    if evidence.segments:
        near = _find_near(evidence, candidates)
        for at, word in enumerate(sentence.words):
            if (
                at not in pairs
                and at not in candidates
                and is_light(word)
                and (against := _find_opposite(word, evidence, near)) is not None
            ):
                pairs[at] = against
                opposed.add(at)
    home = _find_home(
        evidence,
        pairs,
        figures,
        {
            at
            for at, place in pairs.items()
            if (figures and at in astray) or (place >= 0 and _is_borrowed(at, place, sentence, evidence, homes, figures))
        },
    )
    return Match(
        sentence,
        evidence,
        statement,
        subject,
        context,
        pairs,
        figures,
        frozenset(opposed),
        frozenset(astray),
        home,
        elsewhere,
        kinds,
        general,
    )


def _settle_idioms(reading: Reading, other: Reading) -> Reading:
    """Return the reading without the negations that are only a part of what the other says in one word: "at no charge" is "free"."""
    settled = {at for at, senses in reading.idioms if any(not senses.isdisjoint(word.senses) for word in other.words)}
    if not settled:
        return reading
    segments = tuple(replace(each, negative=each.negative != (sum(each.holds(at) for at in settled) % 2 == 1)) for each in reading.segments)
    return replace(reading, segments=segments)


def _find_home(evidence: Reading, pairs: Mapping[int, int], figures: Mapping[int, int], borrowed: set[int]) -> frozenset[int]:
    """Return the segments that say the sentence: those of its figures, and those of its words that have no other figure of the kind."""
    home = frozenset(_segment_of(evidence, each) for each in figures.values())
    kinds = {evidence.figures[each].kind for each in figures.values()}
    rivals = {_segment(evidence, each) for each in evidence.figures if each.kind in kinds} - home
    return home | {evidence.segment_of[place] for at, place in pairs.items() if place >= 0 and at not in borrowed} - rivals


def _counts(sentence: Reading, at: int) -> bool:
    return (
        sentence.is_content(at)
        or sentence.is_name(at)
        or (at not in sentence.figured and not is_light(sentence.words[at]) and at not in sentence.marked)
        or bool(is_light(sentence.words[at]) and find_idiom(sentence.words, at))
    )


def _find_candidates(word: Word, evidence: Reading, language: str, name: bool) -> list[int]:
    low = word.text.casefold()
    open_places = [
        at
        for at in range(len(evidence.words))
        if at not in evidence.struck and (low in AUXILIARIES or evidence.words[at].text.casefold() not in AUXILIARIES - {"have", "has"})
    ]
    same = [at for at in open_places if evidence.words[at].stem == word.stem]
    near = same + [at for at in open_places if at not in same and alike(word, evidence.words[at])]
    if name:
        return same + [at for at in near if at not in same and evidence.words[at].text[:1].isupper()]
    if is_superlative(word):
        return [at for at in open_places if is_superlative(evidence.words[at]) and (at in near or _share_degree(word, evidence.words[at]))]
    if not near and language not in {"", "en"}:
        near = [at for at in open_places if _share_root(word, evidence.words[at])]
    if near or any(opposite(word, evidence.words[at]) for at in open_places):
        return near
    return [at for at in open_places if evidence.is_content(at) and covers(word, evidence.words[at])]


def _share_degree(word: Word, other: Word) -> bool:
    """Return whether two superlatives say the same: "fastest" and "quickest"."""
    one, two = (tokenize(each.text.casefold().removesuffix("est"))[:1] for each in (word, other))
    return bool(one and two) and word.text.casefold().endswith("est") and alike(one[0], two[0])


def is_proper(sentence: Reading, at: int) -> bool:
    """Return whether a word belongs to a name of several words: "Roll & Ride", "Harbour Cycles"."""
    if not sentence.words[at].text[:1].isupper() or is_light(sentence.words[at]):
        return False
    near = [each for each in (at - 1, at + 1) if 0 <= each < len(sentence.words)]
    return any(
        sentence.words[each].text[:1].isupper()
        and not is_light(sentence.words[each])
        and sentence.text[sentence.words[min(at, each)].end : sentence.words[max(at, each)].start].strip() in {"", "&", "-"}
        for each in near
    )


def _share_root(word: Word, other: Word) -> bool:
    """Return whether two words of a language without a stemmer here are forms of one: "repariert", "reparieren"."""
    one, two = word.text.casefold(), other.text.casefold()
    same = next((at for at, (left, right) in enumerate(zip(one, two, strict=False)) if left != right), min(len(one), len(two)))
    return same >= 4 and max(len(one), len(two)) - same <= 3


def _find_opposite(word: Word, evidence: Reading, reach: frozenset[int]) -> int | None:
    return next((at for at in sorted(reach) if opposite(word, evidence.words[at]) and evidence.words[at].stem not in {word.stem}), None)


def _find_near(evidence: Reading, candidates: Mapping[int, Sequence[int]]) -> frozenset[int]:
    """Return the places of the segment that most words of the sentence are from."""
    segment = evidence.segments[_find_best(0, 1_000, evidence, candidates)]
    return frozenset(range(segment.first, segment.end))


def _find_context(statement: Statement, evidence: Reading) -> tuple[Word, ...]:
    """Return the words beside a statement that it takes its sense from."""
    found = [word for text in statement.headings for word in tokenize(text)]
    if leans_on_before(evidence, statement):
        before = read_statement(statement.before)
        named = {*find_subject(before, 0), *(at for figure in before.figures for at in figure.nouns)}
        found += [before.words[at] for at in sorted(named)]
    return tuple(word for word in found if not is_light(word))


def leans_on_before(evidence: Reading, statement: Statement) -> bool:
    """Return whether a statement speaks of what the sentence before it named: "It was founded in 1998", "Today there are six"."""
    if statement.form is Form.ROW or not statement.before:
        return False
    subject = [evidence.words[at].text.casefold() for at in find_subject(evidence, 0)]
    bare = any(figure.kind == Kind.PLAIN for figure in evidence.figures)
    return bare or bool(set(subject) & (PRONOUNS - OURS - {"you", "who", "which", "that", "there"})) or subject[:1] in (["both"], ["the"])


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


# Figures


def _match_figures(sentence: Reading, evidence: Reading) -> dict[int, int]:
    """Match each figure of the sentence with one of the statement: the one of equal value that stands among the same words."""
    found = dict[int, int]()
    for number, figure in enumerate(sentence.figures):
        taken = {found[mine] for mine in found if sentence.figures[mine].shown != figure.shown}
        equal = [at for at, each in enumerate(evidence.figures) if is_same_value(figure, each) and at not in taken]
        repeated = sum(each.value == figure.value for each in sentence.figures[: number + 1])
        if len(equal) >= repeated or (equal and repeated > 1 and not _in_list(sentence, figure)):
            found[number] = max(
                equal, key=lambda at: (at not in found.values(), _count_shared(sentence, figure, evidence, evidence.figures[at]), -at)
            )
    return found


def _in_list(sentence: Reading, figure: Figure) -> bool:
    """Return whether a figure stands beside another of its kind: each of a list needs a place of its own."""
    return any(each is not figure and each.kind == figure.kind and abs(each.first - figure.first) < 4 for each in sentence.figures)


def _count_shared(sentence: Reading, figure: Figure, evidence: Reading, other: Figure) -> int:
    segment = evidence.segments[_segment(evidence, other)]
    near = [word for word in evidence.words[segment.first : segment.end] if not is_light(word)]
    return (
        2 * (figure.unit == other.unit)
        - 3 * other.old
        + sum(any(alike(word, each) for each in near) for at, word in enumerate(sentence.words) if sentence.is_content(at))
    )


def is_same_value(figure: Figure, other: Figure) -> bool:
    """Return whether two figures have one value, whatever their units."""
    if figure.kind == "date" or other.kind == "date":
        if isinstance(figure.value, tuple) and isinstance(other.value, tuple):
            return all(mine is None or mine == theirs for mine, theirs in zip(figure.value, other.value, strict=True))
        return False
    if isinstance(figure.value, Decimal) and isinstance(other.value, Decimal):
        return figure.value == other.value or (measure(figure) is not None and measure(figure) == measure(other))
    return str(figure.value) == str(other.value) or _bare(figure) == _bare(other)


def _bare(figure: Figure) -> str:
    return "".join(letter for letter in str(figure.value) if letter.isalnum())


def _segment(reading: Reading, figure: Figure) -> int:
    return reading.segment_of[min(figure.first, len(reading.segment_of) - 1)] if reading.segment_of else 0


def _segment_of(reading: Reading, number: int) -> int:
    return _segment(reading, reading.figures[number])


# Homes: where in the statement the words of the sentence have to be found


def _find_homes(
    sentence: Reading, evidence: Reading, figures: Mapping[int, int], candidates: Mapping[int, Sequence[int]]
) -> dict[int, frozenset[int]]:
    """Return, for each segment of the sentence, the places of the statement where its words may be found."""
    homes = dict[int, frozenset[int]]()
    for number, segment in enumerate(sentence.segments):
        mine = [each for each in figures if segment.holds(sentence.figures[each].first)]
        if not mine:
            mine = [each for each in figures if segment.first in find_reach(sentence, _segment_of(sentence, each))]
        if mine:
            reaches = {each: find_reach(evidence, _segment_of(evidence, figures[each])) for each in mine}
            homes[number] = frozenset[int]().union(*reaches.values())
            for each, reach in reaches.items():
                kind = evidence.figures[figures[each]].kind
                if sum(other.kind == kind for other in evidence.figures) > 1:
                    homes[number] &= reach
        else:
            homes[number] = find_reach(evidence, _find_best(segment.first, segment.end, evidence, candidates))
    return homes or {0: frozenset(range(len(evidence.words)))}


def _find_best(first: int, end: int, evidence: Reading, candidates: Mapping[int, Sequence[int]]) -> int:
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


def _choose(
    at: int, found: Sequence[int], sentence: Reading, evidence: Reading, homes: Mapping[int, frozenset[int]], figures: Mapping[int, int]
) -> tuple[int, bool] | None:
    """Return the best place for a word of the sentence, and whether it belongs to something else there."""
    reach = homes.get(sentence.segment_of[at], frozenset())
    near = sorted((place for place in found if place in reach), key=lambda place: evidence.is_name(place) and not sentence.is_name(at))
    if near:
        exact = {_segment_of(evidence, each) for each in figures.values()}
        return next((place for place in near if evidence.segment_of[place] in exact), near[0]), False
    if not found:
        return None
    return found[0], not _is_borrowed(at, found[0], sentence, evidence, homes, figures)


def _is_borrowed(
    at: int, place: int, sentence: Reading, evidence: Reading, homes: Mapping[int, frozenset[int]], figures: Mapping[int, int]
) -> bool:
    """Return whether a word is what an earlier clause was about and this one still is: "A lesson costs 9 EUR; for children it is 7"."""
    if place in homes.get(sentence.segment_of[at], frozenset()) and not figures:
        return False
    clauses = {evidence.segments[_segment_of(evidence, each)].clause for each in figures.values()}
    clause = evidence.segments[evidence.segment_of[place]].clause
    if clause in clauses or (clause + 1 not in clauses and clauses) or evidence.is_name(place):
        return False
    return bool(clauses) and place in find_subject(evidence, clause)


def _keep_names(found: Sequence[int], sentence: Reading, at: int, evidence: Reading, subject: Sequence[Word]) -> Sequence[int]:
    """Return the places for a word; only those of names if the word is a part of the name of whose page it is."""
    if (
        at == 0
        and not (len(sentence.words) > 1 and sentence.is_name(1))
        and any(evidence.words[place].text[:1].islower() for place in found)
    ):
        return found  # a word that is written large only because it begins the sentence
    if sentence.is_name(at) and any(sentence.words[at].stem == each.stem for each in subject):
        return [place for place in found if evidence.is_name(place)]
    return found


_CONVERSE = (
    ("own", "belong"), ("buy", "sell"), ("acquire", "sell"), ("purchase", "sell"), ("lend", "borrow"), ("employ", "work"),
    ("pay", "charge"), ("pay", "receive"), ("give", "receive"), ("include", "belong"), ("teach", "learn"), ("lead", "follow"),
    ("pay", "cost"), ("visit", "welcome"), ("award", "win"), ("award", "receive"), ("rent", "let"), ("come", "welcome"),
    ("give", "get"), ("spend", "cost"), ("earn", "pay"), ("have", "belong"), ("provide", "receive"), ("supply", "receive"),
)  # fmt: skip
CONVERSES = frozenset((stem(left), stem(right)) for pair in _CONVERSE for left, right in (pair, pair[::-1]))
"""Verbs that look at one thing from its two sides: whoever buys is sold to."""


def _find_converse(sentence: Reading, at: int, evidence: Reading) -> int | None:
    word = sentence.words[at]
    return next((place for place, each in enumerate(evidence.words) if (word.stem, each.stem) in CONVERSES), None)
