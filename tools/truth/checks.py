"""What has to hold between a sentence and the statement that it rests on: a list of plain functions, each with its problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files

from ..quantities import Kind
from .figures import Figure, measure
from .lexicon import excludes, is_thing, look_up
from .marks import Mark
from .matching import CONVERSES, OUTSIDE, Match, covers, find_subject, says_word
from .reading import AUXILIARIES, BE, DETERMINERS, OURS, PREPOSITIONS, PRONOUNS, Reading, Segment, is_past, is_verb, read_statement
from .verdict import Problem, ProblemKind
from .words import Word, alike, is_light, opposite, stem, tokenize

Check = Callable[[Match], Iterator[Problem]]

_PRICE_WORDS = frozenset(map(stem, "cost costs price priced charge charged pay fee rate".split()))
_MONEY, _MEASURE = Kind.MONEY.value, Kind.MEASURE.value
_BOUNDED = {"from": "from", "up to": "up to", "about": "about", "over": "over", "under": "under", "plus": "from"}


def check_figures(match: Match) -> Iterator[Problem]:
    """Every number and date of the sentence is in the statement."""
    for number, figure in enumerate(match.sentence.figures):
        if number in match.figures or _is_article(match, figure) or _is_free(match, figure) or _is_phrase(match, figure):
            continue
        rivals = [each for each in match.evidence.figures if each.kind == figure.kind and not each.old]
        kind = ProblemKind.DATE if figure.kind == "date" else ProblemKind.NUMBER
        if rivals:
            yield Problem(kind, f"The passage says {_join_shown(rivals)}, not {figure.shown}.")
        else:
            yield Problem(kind, f"The passage does not say {figure.shown} of this.")


def _is_article(match: Match, figure: Figure) -> bool:
    """Return whether "one" only says that it is a thing: no other number of such things is in the statement."""
    return (
        figure.kind in {Kind.COUNT, Kind.PLAIN}
        and figure.value == 1
        and not figure.bound
        and not any(other.unit == figure.unit and other.value != figure.value for other in match.evidence.figures)
    )


def _is_phrase(match: Match, figure: Figure) -> bool:
    """Return whether a number is a part of a phrase that the statement has in other words: "24 hours a day" for "around the clock"."""
    words = match.sentence.words[figure.first : figure.end]
    senses = words[0].senses if len(words) > 1 else frozenset[int]()
    shared = frozenset(sense for sense in senses if all(sense in word.senses for word in words[1:2]))
    return any(not shared.isdisjoint(word.senses) for word in match.evidence.words)


def _is_free(match: Match, figure: Figure) -> bool:
    return (
        figure.kind == _MONEY and figure.value == 0 and any(alike(word, free) for word in match.evidence.words for free in tokenize("free"))
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
    if figure.kind == other.kind and figure.unit == other.unit or measure(figure) is not None and measure(figure) == measure(other):
        return True
    counted = {Kind.COUNT.value, Kind.PLAIN.value}
    if figure.kind in counted and other.kind in counted:
        return not figure.unit or not other.unit or _counts_alike(match, figure, other)
    loose = {Kind.PLAIN.value, "label"}
    return figure.kind in loose and other.kind in loose | {Kind.ORDINAL.value}


def _counts_alike(match: Match, figure: Figure, other: Figure) -> bool:
    near = match.evidence.words[other.first : other.end + 4]
    return any(alike(word, each) for word in tokenize(figure.unit) for each in (*near, *tokenize(other.unit)) if not each.text.isdigit())


def _check_periods(match: Match, figure: Figure, other: Figure) -> Iterator[Problem]:
    """The period and what a price is for stay: "per month", "per user"."""
    evidence = [match.evidence.words[at] for at in range(len(match.evidence.words)) if match.is_home(at)]
    for period in figure.per:
        if period not in other.per and not _all_said(period, (*evidence, *match.context)):
            shown = f"{other.shown}" if not other.per else other.shown
            yield Problem(ProblemKind.PERIOD, f"The passage says {shown}, not {figure.shown}.")
            return
    for period in other.per:
        if period not in figure.per and not _all_said(period, match.sentence.words) and "time" not in figure.per:
            yield Problem(ProblemKind.PERIOD, f"The passage says {other.shown}: say also that it is per {period}.")
            return


def _all_said(period: str, words: tuple[Word, ...] | list[Word]) -> bool:
    return period == "time" or all(any(alike(word, each) for each in words) for word in tokenize(period))


def _check_bound(match: Match, figure: Figure, other: Figure) -> Iterator[Problem]:
    mine, theirs = _BOUNDED.get(figure.bound, ""), _BOUNDED.get(other.bound, "")
    if figure.kind in {Kind.TIME.value, "date", "label"}:
        if figure.edge and other.edge and figure.edge != other.edge:
            yield Problem(ProblemKind.BOUND, f"In the passage {other.shown} is the {other.edge}, not the {figure.edge}.")
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
    if theirs and not mine:
        yield Problem(ProblemKind.BOUND, f"The passage says {theirs} {other.shown}: keep “{theirs}”.".replace(f"{theirs} {theirs}", theirs))
    elif mine and mine != theirs:
        yield Problem(ProblemKind.BOUND, f"The passage says {other.shown}, not {figure.shown} with “{figure.bound}”.")


def _in_range(match: Match, figure: Figure) -> bool:
    return any(
        each is not figure and each.kind == figure.kind and each.edge and each.edge != figure.edge for each in match.evidence.figures
    )


def check_order(match: Match) -> Iterator[Problem]:
    """Where a statement gives two figures of each of two kinds, they belong together in order: "from 5 in 2021 to 7 in 2022"."""
    pairs = sorted(match.figures.items())
    for (_, one), (_, two) in zip(pairs, pairs[1:], strict=False):
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
            if relation == "since" and (_begins(match.sentence, figure) if _relate(other) == relation else _begins(match.evidence, other)):
                continue
            yield Problem(ProblemKind.DATE, f"The passage says “{other.relation} {other.shown}”, not “{figure.relation} {figure.shown}”.")
            break


_BEGINNINGS = frozenset(
    map(
        stem,
        """since introduce launch begin start open founded establish create join move become take set form build add enter inaugurate debut appoint
        buy acquire release publish invent adopt come elect name merge relocate rename get roll bring""".split(),
    )
)


def _relate(figure: Figure) -> str:
    return "since" if figure.relation == "from" else figure.relation


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


def check_words(match: Match) -> Iterator[Problem]:
    """No word of the sentence contradicts the statement, and most of what it says is there.

    A word that the statement has not, and that no word like it, derived from it or less general stands for, is refused
    - if it is a name,
    - if it names another thing of the same kind (tea for coffee) or the opposite,
    - if another statement of the passage has it: two facts were mixed.
    Else it is weighed (a noun more than a verb), and the words that are there have to outweigh it.
    """
    left = [at for at in range(len(match.sentence.words)) if _is_left(match, at)]
    for at in left:
        word = match.sentence.words[at]
        if (
            word.stem in match.elsewhere
            and word.stem not in _BUSINESS | _PRICE_WORDS
            and not _is_weak(word)
            and not _is_unit(word)
            and word.stem not in match.general
        ):
            yield Problem(ProblemKind.PLACE, f"The passage says “{word.text}” of something else.")
        elif match.sentence.is_name(at) and not _is_common(match, at):
            yield Problem(ProblemKind.WORD, f"The passage does not say “{word.text}” of this.")
        elif not _is_weak(word) and (other := _find_swapped(match, at) or _find_excluded(match, word)) is not None:
            yield Problem(ProblemKind.WORD, f"The passage says “{other.text}”, not “{word.text}”.")
    yield from _compare_verbs(match, left)
    cost = sum(_weigh_word(match.sentence.words[at]) for at in left)
    if left and cost > _count_anchors(match) * _TOLERANCE:
        shown = ", ".join(f"“{match.sentence.words[at].text}”" for at in left)
        yield Problem(ProblemKind.WORD, f"The passage does not say {shown} of this.")


_TOLERANCE = 0.5
"""How much a sentence may say in words that the passage has not, for each word or figure that it has from there."""
_WEIGHTS = {"n": 1.2, "a": 1.0, "v": 0.7, "r": 0.4}


def _is_left(match: Match, at: int) -> bool:
    word = match.sentence.words[at]
    if at in match.pairs or not match.sentence.is_content(at) or word.text.isdigit():
        return False
    figures = [match.evidence.figures[each] for each in match.figures.values()]
    if any(each.kind == _MONEY for each in figures) and word.stem in _PRICE_WORDS and _is_price(match):
        return False
    if any(each.kind == _MONEY and each.value == 0 for each in match.evidence.figures) and any(
        alike(word, each) for each in tokenize("free")
    ):
        return False
    return not any(alike(word, each) for figure in figures for each in _unit_words(figure))


def _is_common(match: Match, at: int) -> bool:
    """Return whether a word is written large only because it begins the sentence."""
    word = match.sentence.words[at]
    return at == 0 and (bool(look_up(word)) or _is_weak(word))


def _find_excluded(match: Match, word: Word) -> Word | None:
    """Return the word of the statement that the sentence's word was put for, and that it cannot mean."""
    for at, each in enumerate(match.evidence.words):
        if match.is_home(at) and match.evidence.is_content(at) and not _is_weak(each) and not match.says(at) and excludes(word, each):
            return each
    return None


@cache
def _unit_stems() -> frozenset[str]:
    return frozenset(
        map(stem, "second minute hour day week month year time euro dollar pound franc percent kilo gram litre metre mile".split())
    )


def _is_unit(word: Word) -> bool:
    return word.stem in _unit_stems()


def _find_swapped(match: Match, at: int) -> Word | None:
    """Return the word of the statement in whose place a word stands: of "violin lessons" for "piano lessons" the piano."""
    place = match.pairs.get(at + 1, OUTSIDE)
    if (
        place < 1
        or at in match.sentence.marked
        or is_verb(match.evidence.words, place)
        or match.evidence.segment_of[place - 1] != match.evidence.segment_of[place]
    ):
        return None
    other = match.evidence.words[place - 1]
    told = match.evidence.is_content(place - 1) and not match.says(place - 1) and not is_verb(match.evidence.words, place - 1)
    return (
        other if told and not _is_weak(other) and not match.evidence.text[other.end : match.evidence.words[place].start].strip() else None
    )


def _is_weak(word: Word) -> bool:
    return word.stem in _read_weak()


@cache
def _read_weak() -> frozenset[str]:
    text = (files(__package__ or __name__) / "tables" / "weak.txt").read_text(encoding="utf-8")
    return frozenset(stem(word) for line in text.splitlines() if not line.startswith("#") for word in line.split())


def _weigh_word(word: Word) -> float:
    if _is_weak(word) or word.stem in _PRICE_WORDS:
        return 0.25
    entries = look_up(word)
    return _WEIGHTS.get(entries[0].senses[0][0], 1.0) if entries and entries[0].senses else 1.2


def _compare_verbs(match: Match, left: list[int]) -> Iterator[Problem]:
    """What happens stays: where the sentence does not say the statement's verb, it has no other one of its own ("has" for "closed")."""
    for number in sorted(match.home):
        verb = match.evidence.segments[number].verb
        if verb is None or not _tells(match, number) or (word := _find_main_verb(match, number)) is None or match.says(word):
            continue
        if (
            match.evidence.words[word].stem in _PRICE_WORDS
            or _is_weak(match.evidence.words[word])
            or any(alike(match.evidence.words[word], each) for each in tokenize("have exist"))
        ):
            continue
        strong = [at for at in left if is_verb(match.sentence.words, at) and not _is_weak(match.sentence.words[at])]
        content = [at for at in match.pairs if is_verb(match.sentence.words, at) and match.sentence.is_content(at)]
        replaced = [at for at in left if not match.sentence.is_name(at)]
        if (not content and not replaced) or any(_is_against(match.sentence.words[at], match.evidence.words[word]) for at in strong):
            yield Problem(ProblemKind.WORD, f"The passage says “{match.evidence.words[word].text}”: the sentence says something else.")
            return


def _is_against(word: Word, other: Word) -> bool:
    return opposite(word, other) or excludes(word, other)


def _tells(match: Match, number: int) -> bool:
    """Return whether the sentence takes more from a segment than what it is about."""
    segment = match.evidence.segments[number]
    verb = segment.verb or segment.first
    figures = {match.evidence.figures[each].first for each in match.figures.values()}
    return any(segment.first <= at < segment.end and at > verb for at in match.used | figures)


def _find_main_verb(match: Match, number: int) -> int | None:
    segment = match.evidence.segments[number]
    verbs = [at for at in range(segment.verb or segment.first, segment.end) if is_verb(match.evidence.words, at)]
    return next((at for at in verbs if match.evidence.is_content(at)), None)


def _count_anchors(match: Match) -> float:
    return len(match.used) + 1.5 * len(match.figures) + 0.5 * any(place == OUTSIDE for place in match.pairs.values())


def _unit_words(figure: Figure) -> tuple[Word, ...]:
    return tuple(word for text in (figure.unit, *figure.per) for word in tokenize(text))


def _is_price(match: Match) -> bool:
    """Return whether an amount of money is what something costs: it follows "is", "for", "at", or stands beside a label."""
    for theirs in match.figures.values():
        figure = match.evidence.figures[theirs]
        segment = match.evidence.segments[match.evidence.segment_of[figure.first]]
        before = match.evidence.words[figure.first - 1].text.casefold() if figure.first > segment.first else ""
        if figure.kind == _MONEY and (segment.verb is None or before in BE | {"for", "at", "from", "only", "about", "just"}):
            return True
    return False


def check_places(match: Match) -> Iterator[Problem]:
    """The words of the sentence belong together in the statement: no price of one thing for another."""
    for at in sorted(match.astray):
        if match.sentence.is_content(at) or match.sentence.is_name(at):
            yield Problem(ProblemKind.PLACE, f"In the passage “{match.sentence.words[at].text}” belongs to something else.")


def check_subject(match: Match) -> Iterator[Problem]:
    """What the statement is about is what the sentence is about."""
    evidence = match.evidence
    for places in dict.fromkeys(_find_topic(match, each) for each in sorted(match.home)):
        topic = [at for at in places if not _is_subject_word(match, evidence.words[at]) and not _is_weak(evidence.words[at])]
        left = [at for at in topic if not match.says(at) and not _is_name_part(match, at)]
        if any(_is_said_whole(match, topic, segment) for segment in {evidence.segment_of[at] for at in topic}):
            continue
        left = [at for at in left if not _is_other_conjunct(match, at)]
        if left and not _is_replaced(match, left):
            words = " ".join(evidence.words[at].text for at in left)
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{words}”.")
    yield from _check_antecedent(match)


def _is_other_conjunct(match: Match, at: int) -> bool:
    """Return whether the sentence names another of the things that are said together: "dogs" of "dogs and cats"."""
    evidence = match.evidence
    number = evidence.segment_of[at]
    for other in (number - 1, number + 1):
        if not 0 <= other < len(evidence.segments) or evidence.segments[max(number, other)].opener.lstrip(",") not in {"and", "or"}:
            continue
        left, right = evidence.segments[min(number, other)], evidence.segments[max(number, other)]
        if (
            left.verb is None
            and left.clause == right.clause
            and any(
                match.says(each)
                for each in range(evidence.segments[other].first, evidence.segments[other].end)
                if evidence.is_content(each)
            )
        ):
            return True
    return False


def _is_replaced(match: Match, left: list[int]) -> bool:
    """Return whether the sentence may name by its own words what the statement is about: it has as many nouns that are in neither."""
    if any(match.evidence.is_name(at) and at > 0 or at in match.evidence.figured for at in left):
        return False
    own = [
        at
        for at in range(len(match.sentence.words))
        if _is_left(match, at) and is_thing(match.sentence.words[at]) and not is_verb(match.sentence.words, at)
    ]
    runs = sum(at - 1 not in left for at in left)
    return len(own) >= runs


def _is_said_whole(match: Match, topic: list[int], segment: int) -> bool:
    """Return whether the sentence says all of one of several names of the topic: of "its best title, Salt Roads," the second."""
    part = [at for at in topic if match.evidence.segment_of[at] == segment]
    return (
        len({match.evidence.segment_of[at] for at in topic}) > 1
        and any(match.evidence.is_name(at) for at in part)
        and all(match.says(at) for at in part if match.evidence.is_name(at))
    )


def _is_name_part(match: Match, at: int) -> bool:
    """Return whether the sentence says another part of the same name: "Dr Quist" of "Dr Amara Quist"."""
    evidence = match.evidence
    return evidence.is_name(at) and any(
        0 <= each < len(evidence.words)
        and evidence.is_name(each)
        and match.says(each)
        and not evidence.text[evidence.words[min(at, each)].end : evidence.words[max(at, each)].start].strip()
        for each in (at - 1, at + 1)
    )


def _said_figures(match: Match) -> list[Figure]:
    return [match.evidence.figures[each] for each in match.figures.values()] + [
        each for each in match.evidence.figures if each.kind == "date"
    ]


def _find_topic(match: Match, number: int) -> tuple[int, ...]:
    """Return the words that a segment is about: those before its verb or, without a verb, before its amount or after its label."""
    evidence = match.evidence
    segment = evidence.segments[number]
    if segment.own_subject and segment.verb is None and " = " not in evidence.text:
        amount = min((figure.first for figure in evidence.figures if segment.holds(figure.first)), default=segment.end)
        places: tuple[int, ...] = tuple(range(segment.first, amount))
    else:
        places = find_subject(evidence, segment.clause)
    if any(evidence.words[at].text.casefold() in {"we", "i", "you", "they", "it", "he", "she"} for at in places):
        return ()
    if not places and len(evidence.segments) > 1 and evidence.segments[1].opener in {"|", ":"}:
        places = tuple(range(evidence.segments[0].first, evidence.segments[0].end))
    return tuple(at for at in places if _is_topical(match, at))


def _is_topical(match: Match, at: int) -> bool:
    evidence = match.evidence
    if at in evidence.figured:
        return not any(figure.first <= at < figure.end for figure in _said_figures(match))
    return evidence.is_content(at) and not evidence.words[at].text.casefold().endswith("ly") and at not in evidence.struck


_BUSINESS = frozenset(
    map(
        stem,
        """bakery restaurant museum hotel gym school clinic practice insurer brewery roastery chain store shop firm agency studio bar pub café
        app platform software tool startup start-up group family maker manufacturer retailer house pension guesthouse bank club team site
        business company service system product programme""".split(),
    )
)


_ANY_BUSINESS = frozenset(
    map(stem, "company business firm house team group agency place service site organisation organization enterprise brand outfit".split())
)


def _is_subject_word(match: Match, word: Word) -> bool:
    """Return whether a word stands for the one whose page it is: a part of the name, or "the bakery" where the name has no other such word."""
    if is_light(word) or word.stem in _ANY_BUSINESS or any(alike(word, each) for each in match.subject):
        return True
    return word.stem in _BUSINESS and word.text[:1].islower() and not any(each.stem in _BUSINESS - _ANY_BUSINESS for each in match.subject)


def _check_antecedent(match: Match) -> Iterator[Problem]:
    """ "It" is what the sentence before named."""
    evidence = match.evidence
    for clause in sorted({evidence.segments[each].clause for each in match.home}):
        subject = {evidence.words[at].text.casefold() for at in find_subject(evidence, clause)}
        if subject & {"he", "she"} and _names_subject(match):
            yield Problem(ProblemKind.SUBJECT, "The passage says this of a person.")
        if subject & {"it", "they", "its", "their", "he", "she"} and clause == 0 and match.statement.before:
            yield from _compare_antecedent(match)


def _names_subject(match: Match) -> bool:
    return any(
        place == OUTSIDE and any(alike(match.sentence.words[at], each) for each in match.subject) for at, place in match.pairs.items()
    )


def _compare_antecedent(match: Match) -> Iterator[Problem]:
    before = read_statement(match.statement.before)
    if any(word.text.casefold() in OURS for word in before.words):
        return
    named = [at for at in find_subject(before, 0) if before.is_name(at) and not is_light(before.words[at])]
    other = [at for at in named if not _is_subject_word(match, before.words[at]) and not says_word(match.sentence, before.words[at])]
    if named and len(other) == len(named):
        words = " ".join(before.words[at].text for at in other)
        yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{words}”, named in the sentence before.")


def check_roles(match: Match) -> Iterator[Problem]:
    """Who does what to whom stays: "A bought B" is not "B bought A", "from A to B" is not "from B to A"."""
    for at, pair in sorted(match.pairs.items()):
        if (
            at in match.astray
            or not match.sentence.is_content(at)
            or _is_modifier(match.sentence, at)
            or _is_unit(match.sentence.words[at])
        ):
            continue
        place = _find_ours(match, match.sentence.words[at]) if pair == OUTSIDE else pair
        if place is None or is_verb(match.sentence.words, at) or is_verb(match.evidence.words, place):
            continue
        if _conflict(match, at, place):
            yield Problem(ProblemKind.ROLE, f"The passage has “{match.sentence.words[at].text}” in another role: look who does it to whom.")
            return


def _is_modifier(reading: Reading, at: int) -> bool:
    """Return whether another word of the same name or phrase follows: only the last has a role."""
    if reading.text[: reading.words[at].end].endswith("'s"):
        return True
    return (
        at + 1 < len(reading.words)
        and reading.is_content(at + 1)
        and reading.segment_of[at] == reading.segment_of[at + 1]
        and not is_verb(reading.words, at + 1)
    )


def _conflict(match: Match, at: int, place: int) -> bool:
    mine, theirs = find_role(match.sentence, at), find_role(match.evidence, place)
    pair = frozenset((mine, theirs))
    if (pair & _BESIDE and pair & {"agent", "topic", "patient"}) or pair == {"before", "after"}:
        return True
    if pair == {"from", "to"}:
        return _has_both(match.evidence, place)
    verbs = _pair_verbs(match, at, place)
    if verbs == "converse":
        return pair == {"agent"}
    return verbs == "same" and (pair == {"agent", "patient"} or ("agent" in pair and bool(pair & _OBLIQUE)) or pair == {"patient", "from"})


def _pair_verbs(match: Match, at: int, place: int) -> str:
    """Return whether the verbs over two words are the same, look at one thing from both sides ("converse"), or neither."""
    mine = _find_clause_verbs(match.sentence, at)
    theirs = _find_clause_verbs(match.evidence, place)
    if any(word.stem in _PRICE_WORDS for word in (*mine, *theirs)):
        return ""
    if any((one.stem, other.stem) in CONVERSES for one in mine for other in theirs):
        return "converse"
    return "same" if any(covers(one, other) for one in mine for other in theirs) else ""


def _find_clause_verbs(reading: Reading, at: int) -> list[Word]:
    clause = reading.segments[reading.segment_of[at]].clause
    places = [each for segment in reading.segments if segment.clause == clause for each in range(segment.first, segment.end)]
    return [
        reading.words[each]
        for each in places
        if is_verb(reading.words, each) and reading.words[each].text.casefold() not in AUXILIARIES | {"set"}
    ]


_PARTICLES = frozenset("over up out off down".split())  # "took over"
_BESIDE = frozenset("behind than unlike like after against except".split())
_OBLIQUE = _BESIDE | frozenset("from to for over".split())


def _has_both(reading: Reading, at: int) -> bool:
    segment = reading.segments[reading.segment_of[at]]
    return {"from", "to"} <= {word.text.casefold() for word in reading.words[segment.first : segment.end]}


def _find_ours(match: Match, word: Word) -> int | None:
    if not any(alike(word, each) for each in match.subject):
        return None
    return next(
        (at for at, each in enumerate(match.evidence.words) if each.text.casefold() in {"we", "us", "i"} and match.is_home(at)), None
    )


def find_role(reading: Reading, at: int) -> str:
    """Return the role of a noun: "agent", "patient", "topic" (of "is"), or the preposition before it. Empty if it cannot be told."""
    number = reading.segment_of[at]
    segment = reading.segments[number]
    for before in range(at - 1, segment.first - 1, -1):
        low = reading.words[before].text.casefold()
        if low in DETERMINERS and before > segment.first and reading.words[before - 1].text.casefold() not in PREPOSITIONS:
            break
        if low in PREPOSITIONS and not (low in _PARTICLES and before > segment.first and is_verb(reading.words, before - 1)):
            return "agent" if low == "by" and (segment.passive or not is_light(reading.words[at])) else low
        if (
            is_verb(reading.words, before)
            or before in reading.figured
            and not any(each.end == before + 1 and each.kind != "date" for each in reading.figures)
        ):
            break
    if (
        number
        and segment.opener.lstrip(",") in {"and", "or", ","}
        and (segment.verb is None or at < segment.verb)
        and not segment.own_subject
    ):
        return ""
    if (
        number
        and segment.opener in {"and", "or"}
        and segment.verb is not None
        and at < segment.verb
        and reading.segments[number - 1].verb is None
    ):
        return ""  # "with scale and polish takes"
    verb, passive, holder = segment.verb, segment.passive, segment
    if verb is None:
        shared = next((each for each in reading.segments if each.clause == segment.clause and each.verb is not None), None)
        if shared is None or shared.verb is None:
            return ""
        verb, passive, holder = shared.verb, shared.passive, shared
    if _is_copula(reading, holder):
        return "topic" if at < verb else ""
    if at < verb:
        return "patient" if passive else "agent"
    return "" if passive else "patient"


def _is_copula(reading: Reading, segment: Segment) -> bool:
    return (
        segment.verb is not None
        and reading.words[segment.verb].text.casefold() in BE
        and not segment.passive
        and not any(reading.words[at].text.casefold() == "than" for at in range(segment.first, segment.end))
        and not any(reading.words[at].text.casefold().endswith("ing") for at in range(segment.verb + 1, min(segment.verb + 3, segment.end)))
    )


def check_negation(match: Match) -> Iterator[Problem]:
    """What is denied stays denied, and what is not stays so."""
    home = _find_home_segment(match)
    turned = {match.sentence.segment_of[at] for at in match.opposed}
    for at, place in sorted(match.pairs.items()):
        if place == OUTSIDE or at in match.astray or not match.sentence.is_content(at) or place in match.evidence.marked:
            continue
        mine = is_denied(match.sentence, at)
        theirs = is_denied(match.evidence, place) != (match.sentence.segment_of[at] in turned)
        if mine == theirs or (not theirs and match.evidence.segment_of[place] != home):
            continue
        word, other = match.sentence.words[at].text, match.evidence.words[place].text
        if at in match.opposed:
            yield Problem(ProblemKind.NEGATION, f"The passage says “{other}”, not “{word}”.")
        elif theirs:
            yield Problem(ProblemKind.NEGATION, f"The passage denies this: see “{other}”.")
        else:
            yield Problem(ProblemKind.NEGATION, f"The passage does not deny this: see “{other}”.")
        return
    yield from _check_reverse(match)


def _find_home_segment(match: Match) -> int:
    """Return the segment of the statement that holds what is particular to the sentence: the last that it uses."""
    return max((match.evidence.segment_of[place] for place in match.used), default=0)


def is_denied(reading: Reading, at: int) -> bool:
    """Return whether a word stands under a negation."""
    return reading.segments[reading.segment_of[at]].negative != (at in reading.without)


def _check_reverse(match: Match) -> Iterator[Problem]:
    for _, first, end in match.evidence.find_marks(Mark.REVERSE):
        if (
            _frames_home(match, first)
            and not any(match.says(at) for at in range(first, end))
            and not any(s.negative for s in match.sentence.segments)
        ):
            yield Problem(ProblemKind.NEGATION, f"The passage says “{_show(match.evidence, first, end)}”: this turns the sense.")
    for _, first, end in match.sentence.find_marks(Mark.REVERSE):
        if not any(alike(match.sentence.words[at], each) for at in range(first, end) for each in match.evidence.words):
            yield Problem(ProblemKind.NEGATION, f"The passage does not say “{_show(match.sentence, first, end)}”.")


def _show(reading: Reading, first: int, end: int) -> str:
    return reading.text[reading.words[first].start : reading.words[end - 1].end]


def _is_said(reading: Reading, first: int, end: int, other: Reading) -> bool:
    """Return whether another reading has the words of a mark, or ones alike."""
    telling = [reading.words[at] for at in range(first, end) if reading.words[at].text.casefold() not in _PLAIN]
    if telling:
        return all(any(alike(word, each) for each in other.words) for word in telling)
    texts = [word.text.casefold() for word in reading.words[first:end]]
    others = [word.text.casefold() for word in other.words]
    return any(others[at : at + len(texts)] == texts for at in range(len(others)))


_PLAIN = frozenset("one of to in at a the it its is are".split())
_ENTAILED = {
    Mark.ALL: {Mark.ALL},
    Mark.MOST: {Mark.MOST, Mark.ALL},
    Mark.MANY: {Mark.MANY, Mark.MOST, Mark.ALL},
    Mark.SOME: {Mark.SOME, Mark.MANY, Mark.MOST, Mark.ALL},
    Mark.FEW: {Mark.FEW},
    Mark.ONLY: {Mark.ONLY},
    Mark.NEARLY: {Mark.NEARLY},
}
_LIMITING = (Mark.MOST, Mark.MANY, Mark.SOME, Mark.FEW, Mark.NEARLY)


def check_quantifiers(match: Match) -> Iterator[Problem]:
    """No "all", "most" or "only" that the statement has not; no "most" or "some" left out."""
    theirs = {mark for mark, first, _ in match.evidence.marks if match.is_home(first)}
    mine = {mark for mark, _, _ in match.sentence.marks}
    for mark, first, end in match.sentence.find_marks(*_ENTAILED):
        if not theirs & _ENTAILED[mark] and not _is_said(match.sentence, first, end, match.evidence):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage does not say “{_show(match.sentence, first, end)}”.")
    for mark, first, end in match.evidence.find_marks(*_LIMITING):
        kept = any(mark in _ENTAILED.get(each, set()) for each in mine)
        if match.is_home(first) and not kept and not _is_said(match.evidence, first, end, match.sentence):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{_show(match.evidence, first, end)}”: keep it.")


_FRAMES: tuple[tuple[Mark, frozenset[Mark], ProblemKind], ...] = (
    (Mark.PLAN, frozenset({Mark.PLAN}), ProblemKind.MODALITY),
    (Mark.WILL, frozenset({Mark.WILL, Mark.PLAN}), ProblemKind.MODALITY),
    (Mark.MAY, frozenset({Mark.MAY}), ProblemKind.MODALITY),
    (Mark.SAID, frozenset({Mark.SAID}), ProblemKind.SOURCE),
    (Mark.STALE, frozenset({Mark.STALE, Mark.UNTIL}), ProblemKind.STALE),
    (Mark.UNTIL, frozenset({Mark.UNTIL, Mark.STALE}), ProblemKind.STALE),
)
_ABLE = frozenset("can able allow allowed permit permitted welcome possible may let lets enable enables".split())


def check_frames(match: Match) -> Iterator[Problem]:
    """A plan stays a plan, a possibility a possibility, an opinion somebody's opinion, the past the past."""
    mine = {mark for mark, _, _ in match.sentence.marks}
    for frame, kept, kind in _FRAMES:
        for _, first, end in match.evidence.find_marks(frame):
            if not _holds_over(match, frame, first, end) or mine & kept or _is_said(match.evidence, first, end, match.sentence):
                continue
            words = _show(match.evidence, first, end)
            if frame is Mark.MAY and words.casefold() in {"can", "possible"}:
                continue  # what one can do, one does
            yield Problem(kind, f"The passage says “{words}”: keep it.")
    theirs = {mark for mark, first, _ in match.evidence.marks if _frames_home(match, first)}
    for frame, source in (
        (Mark.PLAN, {Mark.PLAN, Mark.WILL}),
        (Mark.SAID, {Mark.SAID}),
        (Mark.STALE, {Mark.STALE, Mark.UNTIL}),
        (Mark.MAY, {Mark.MAY}),
    ):
        for _, first, end in match.sentence.find_marks(frame):
            words = " ".join(word.text for word in match.sentence.words[first:end])
            if theirs & source or _is_said(match.sentence, first, end, match.evidence):
                continue
            if frame is Mark.MAY and words.casefold() in _ABLE:
                continue
            kind = ProblemKind.SOURCE if frame is Mark.SAID else ProblemKind.MODALITY if frame is not Mark.STALE else ProblemKind.STALE
            yield Problem(kind, f"The passage does not say “{words}”.")


def _holds_over(match: Match, frame: Mark, first: int, end: int) -> bool:
    return match.is_home(first) and _is_dated(match.evidence, end) if frame is Mark.UNTIL else _frames_home(match, first)


def _is_dated(reading: Reading, at: int) -> bool:
    return any(figure.kind == "date" and at <= figure.first <= at + 2 for figure in reading.figures)


def _frames_home(match: Match, at: int) -> bool:
    """Return whether a word of the statement stands over what the sentence says: in its segment or its clause."""
    segments = match.evidence.segments
    clauses = {segments[each].clause for each in match.home}
    for each in reversed(segments):  # "they deny that it is in talks": what denies stands over what follows
        if each.clause in clauses and each.opener.lstrip(",") == "that" and each.clause:
            clauses.add(each.clause - 1)
    return match.is_home(at) or segments[match.evidence.segment_of[at]].clause in clauses


_HARD = frozenset("if unless when whenever provided without until till except excluding during before after once between only".split())
_SOFT = frozenset("for with in at on under over from within of".split())
_CLAUSAL = frozenset("if unless when whenever provided once".split())
_FREE = frozenset(map(stem, "free unlimited included all every always only best first".split()))


def check_conditions(match: Match) -> Iterator[Problem]:
    """What limits the very fact stays: "for orders over 50 EUR", "with annual billing", "if you order before noon"."""
    tight = (
        bool(match.figures) or any(each.negative for each in match.sentence.segments) or any(_is_absolute(match, at) for at in match.used)
    )
    tight = tight or any(match.is_home(first) for _, first, _ in match.evidence.find_marks(Mark.ONLY))
    for number, segment in enumerate(match.evidence.segments):
        if not _limits_home(match, number, segment):
            continue
        for first, end, opener in _find_phrases(match.evidence, segment):
            if opener not in _HARD and not (tight and opener in _SOFT and not _is_event(match, segment)):
                continue
            said = [at for at in range(first, end) if match.evidence.is_content(at)]
            left = [at for at in said if not match.says(at) and not _is_subject_word(match, match.evidence.words[at])]
            figures = [at for at, each in enumerate(match.evidence.figures) if first <= each.first < end]
            missing = any(at not in match.figures.values() for at in figures)
            if ((left and len(left) * 2 >= len(said)) or missing) and not _is_plain_date(match, first, end, opener):
                yield Problem(ProblemKind.CONDITION, f"The passage limits this: “{_show(match.evidence, first, end)}”. Keep it.")


def _is_event(match: Match, segment: Segment) -> bool:
    """Return whether a segment tells what once happened: leaving out where or from whom does not make it more."""
    tense = _find_tense(match.evidence, segment)
    return tense == "past" and not segment.negative


def _is_absolute(match: Match, at: int) -> bool:
    segment = match.evidence.segments[match.evidence.segment_of[at]]
    if segment.verb is not None and at < segment.verb:
        return False
    return match.evidence.words[at].stem in _FREE or match.evidence.words[at].text.casefold().endswith("est")


def _limits_home(match: Match, number: int, segment: Segment) -> bool:
    """Return whether a segment says under what condition the sentence's fact holds: it holds it, or hangs on a segment that does."""
    if number in match.home:
        return True
    opener = segment.opener.lstrip(",;(")
    if number - 1 in match.home and segment.verb is None and opener not in {"and", "or", "|", ";"}:
        first = match.evidence.words[segment.first].text.casefold()
        return first in _HARD | {"with", "for", "on"} or is_past(match.evidence.words[segment.first])
    near = number - 1 in match.home or number + 1 in match.home
    return near and opener in {"if", "unless", "provided", "when", "whenever", "except", "excluding", "once"}


def _find_phrases(reading: Reading, segment: Segment) -> Iterator[tuple[int, int, str]]:
    """Yield the phrases of a segment that a preposition or conjunction opens, each with its opener."""
    opener = segment.opener.lstrip(",;(")
    start, name = (segment.first, opener) if opener in _HARD else (None, "")
    for at in range(segment.first, segment.end):
        low = reading.words[at].text.casefold()
        if at == segment.first and start is not None:
            continue
        if (
            low in PREPOSITIONS
            or low in _HARD
            or (is_past(reading.words[at]) and at == segment.first and segment.first > 0 and segment.verb is None)
        ):
            if start is not None and (name in _CLAUSAL or (name in _HARD and reading.words[start + 1].text.casefold() in PRONOUNS)):
                continue
            if start is not None:
                yield start, at, name
            start, name = at, low if low in _HARD or low in PREPOSITIONS else "with"
        elif (
            start is not None
            and not (name in _CLAUSAL or reading.words[start + 1].text.casefold() in PRONOUNS)
            and is_verb(reading.words, at)
        ):
            yield start, at, name
            start = None
    if start is not None:
        yield start, segment.end, name


def _is_plain_date(match: Match, first: int, end: int, opener: str) -> bool:
    """Return whether a phrase only dates what happened: "in 1998"."""
    return opener in {"in", "on"} and any(figure.kind == "date" and first <= figure.first < end for figure in match.evidence.figures)


def check_comparison(match: Match) -> Iterator[Problem]:
    """ "Second largest" is not "largest", "50 EUR cheaper" is not "50 EUR"."""
    words = match.evidence.words
    yield from _compare_sides(match)
    for at in sorted(match.used):
        before = words[at - 1] if at else None
        if words[at].text.casefold().endswith("est") and before and before.text.casefold() in _RANKS and not match.says(at - 1):
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{before.text} {words[at].text}”.")
        if (
            before
            and before.text.casefold() in {"more", "less", "most", "least"}
            and not match.says(at - 1)
            and not words[at].text[:1].isdigit()
        ):
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{before.text} {words[at].text}”.")
    for theirs in match.figures.values():
        end = match.evidence.figures[theirs].end
        if end < len(words) and _is_comparative(words[end]) and not match.says(end):
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{match.evidence.figures[theirs].shown} {words[end].text}”.")


def check_modifiers(match: Match) -> Iterator[Problem]:
    """What is denied or counted of one kind is not denied or counted of all: "no unpaid leave" is not "no leave"."""
    denied = any(match.evidence.segments[each].negative for each in match.home)
    for at in sorted(match.used):
        before = at - 1
        if (
            not (denied and before >= 0 and match.evidence.is_content(before))
            or match.evidence.segment_of[before] != match.evidence.segment_of[at]
        ):
            continue
        if (
            is_verb(match.evidence.words, at)
            or is_verb(match.evidence.words, before)
            or match.says(before)
            or _is_subject_word(match, match.evidence.words[before])
        ):
            continue
        yield Problem(
            ProblemKind.CONDITION, f"The passage says “{_show(match.evidence, before, at + 1)}”, not all “{match.evidence.words[at].text}”."
        )


def _compare_sides(match: Match) -> Iterator[Problem]:
    """What stands after "than" stays there: "A lasts longer than B" is not "B lasts longer than A"."""
    mine = next((at for at, word in enumerate(match.sentence.words) if word.text.casefold() == "than"), None)
    theirs = next((at for at, word in enumerate(match.evidence.words) if word.text.casefold() == "than" and match.is_home(at)), None)
    if mine is None or theirs is None or match.opposed or theirs + 1 in match.evidence.figured:
        return
    for at, place in match.pairs.items():
        if place == OUTSIDE:
            swapped = at > mine and any(word.text.casefold() in OURS for word in match.evidence.words[:theirs])
        else:
            swapped = (
                match.sentence.is_content(at)
                and match.evidence.segment_of[place] == match.evidence.segment_of[theirs]
                and (at > mine) != (place > theirs)
            )
        if swapped and match.sentence.segment_of[at] == match.sentence.segment_of[mine]:
            yield Problem(ProblemKind.ROLE, f"In the passage “{match.sentence.words[at].text}” is on the other side of the comparison.")
            return


_RANKS = frozenset("second third fourth fifth next among joint 2nd 3rd".split())


def _is_comparative(word: Word) -> bool:
    low = word.text.casefold()
    return low in {"more", "less", "fewer", "off", "extra", "discount"} or (
        low.endswith("er") and stem(low.removesuffix("er")) != stem(low) and len(low) > 4
    )


def check_tense(match: Match) -> Iterator[Problem]:
    """What was is not what is."""
    for segment in match.sentence.segments:
        if segment.verb is None:
            continue
        for at in range(segment.verb, segment.end):
            place = match.pairs.get(at)
            mine = _find_tense(match.sentence, segment)
            if at == segment.verb and place is None and match.sentence.words[at].text.casefold() in BE | {"has", "have", "had"}:
                place = _find_same_auxiliary(match, match.sentence.words[at].stem)
            if (
                place is None
                or place == OUTSIDE
                or match.evidence.words[place].stem != match.sentence.words[at].stem
                or not is_verb(match.sentence.words, at)
            ):
                continue
            other = match.evidence.segments[match.evidence.segment_of[place]]
            if other.passive != segment.passive:
                continue
            theirs = _find_tense(match.evidence, other) if other.verb is not None else ""
            if {mine, theirs} == {"past", "present"} or (mine != "future" and theirs == "future"):
                yield Problem(ProblemKind.TENSE, f"The passage says this of the {theirs}, not of the {mine}.")
                return


def _find_same_auxiliary(match: Match, verb: str) -> int | None:
    number = max(match.home, key=lambda each: (sum(match.evidence.segment_of[at] == each for at in match.used), each), default=None)
    segment = match.evidence.segments[number] if number is not None else None
    same = segment is not None and segment.verb is not None and match.evidence.words[segment.verb].stem == verb and not segment.passive
    return segment.verb if same and segment else None


def _find_tense(reading: Reading, segment: Segment) -> str:
    if segment.verb is None:
        return ""
    words = [reading.words[at] for at in range(segment.verb, min(segment.verb + 4, segment.end))]
    first = words[0].text.casefold()
    if first in {"will", "shall"}:
        return "future"
    if first in {"has", "have"} and any(is_past(word) for word in words[1:]):
        return "perfect"
    return "past" if is_past(words[0]) else "present"


_TAKES_BACK = (Mark.STALE, Mark.UNTIL, Mark.REVERSE)
_ENDED = frozenset(
    map(stem, "ended expired closed discontinued cancelled withdrawn retracted corrected wrong untrue false mistaken myth".split())
)
_BACK = frozenset("this that these those it they which".split())


def check_neighbours(match: Match) -> Iterator[Problem]:
    """Nothing beside the statement takes it back: "This offer ended in 2023.", a heading "Prices until 2023", words struck through."""
    after = read_statement(match.statement.after)
    starts = [word.text.casefold() for word in after.words[:1]]
    if starts and starts[0] in _BACK and match.statement.after:
        if (
            any(word.stem in _ENDED for word in after.words)
            or any(mark in {Mark.STALE, Mark.REVERSE} for mark, _, _ in after.marks)
            or ("not" in [w.text for w in after.words] and "true" in [w.text for w in after.words])
        ):
            yield Problem(ProblemKind.STALE, f"The passage takes it back: “{match.statement.after[:120]}”")
    for heading in match.statement.headings:
        reading = read_statement(heading)
        if any(mark in {Mark.STALE, Mark.UNTIL, Mark.PLAN} for mark, _, _ in reading.marks) or any(
            word.stem in _ENDED or word.text.casefold() in {"old", "archive", "past"} for word in reading.words
        ):
            if not any(says_word(match.sentence, word) for word in reading.words if not is_light(word)):
                yield Problem(ProblemKind.STALE, f"It stands under “{heading[:120]}”.")
    if match.statement.text.rstrip(" \"'").endswith("?"):
        yield Problem(ProblemKind.NOTHING, "The passage asks this and does not say it.")


CHECKS: tuple[Check, ...] = (
    check_figures,
    check_units,
    check_order,
    check_dates,
    check_words,
    check_places,
    check_subject,
    check_roles,
    check_negation,
    check_quantifiers,
    check_frames,
    check_conditions,
    check_modifiers,
    check_comparison,
    check_tense,
    check_neighbours,
)
