"""Whom a permission, a charge or a benefit is for, and under what terms: neither may become wider than the statement has it."""

from __future__ import annotations

from collections.abc import Iterator

from .figures import Figure, measure
from .grammar import DETERMINERS, PREPOSITIONS, is_verb, may_be_verb
from .lexicon import look_up
from .matching import OUTSIDE, Match
from .reading import show
from .verdict import Problem, ProblemKind
from .word_kinds import is_subject_word, is_weak
from .words import Word, alike, is_light, stem, tokenize

_GRANTING = frozenset(
    map(
        stem,
        """may can could free charge charged apply applied applies allowed permitted accepted welcome entitled eligible refund refunded
        get receive given discount off waived included available must required subject incur incurred carry""".split(),
    )
)
_NARROWING = frozenset("with without beyond under over above below upon against outside via made".split())
_WIDE = frozenset("each every all any no".split())
_CUSTOMERS = frozenset(map(stem, "client clients customer guest guests member pupil student user visitor patient people".split()))
_FOREIGN_BOUNDS = frozenset(
    "bis ab unter über mindestens höchstens jusqu'à dès moins hasta desde menos mayores fino da oltre sotto tot vanaf onder boven".split()
)
_KINDS = frozenset("new existing regular registered returning current former loyal first-time".split())
_APART, _SHORT, _TWO = 2, 3, 2
"""How many words stand at least between two figures that are not two names of one thing: "3 (EUR 4) per day"."""
_AMOUNTS = frozenset("less more two three four five ten".split())
_OTHERWISE = frozenset(("otherwise", "sonst", "andernfalls", "ansonsten", "sinon", "altrimenti", "anders", "annars"))
_CONDITIONAL = frozenset("if unless without when wenn falls ohne si sans se senza als zonder om utan".split())
_OF = frozenset("of for in".split())


def check_grants(match: Match) -> Iterator[Problem]:
    """Check that terms and groups stay: "staff may park with a permit" is not "staff may park", "each NSF cheque" not "each cheque"."""
    if match.evidence.language not in {"", "en"}:
        yield from _check_foreign_bounds(match)
        return
    evidence = match.evidence
    granting = [number for number in match.home if _grants(match, number)]
    for number in granting:
        segment = evidence.segments[number]
        for first, end in _find_terms(match, segment.first, segment.end):
            told = [at for at in range(first + 1, end) if evidence.is_content(at) and not is_weak(evidence.words[at])]
            figures = [at for at, each in enumerate(evidence.figures) if first <= each.first < end]
            said = {word.stem for word in match.sentence.words}
            # Not `match.says`: who "may" park says nothing of the permit.
            if (
                (told or figures)
                and not any(at in match.used or evidence.words[at].stem in said for at in told)
                and not any(at in match.figures.values() for at in figures)
            ):
                yield Problem(ProblemKind.CONDITION, f"The passage limits this: “{show(evidence, first, end)}”. Keep it.")
                return
    for at in sorted(match.used):
        if at and (_is_narrowed(match, at) or (evidence.segment_of[at] in granting and _is_group(match, at))):
            yield Problem(
                ProblemKind.CONDITION, f"The passage says “{show(evidence, at - 1, at + 1)}”, not all “{evidence.words[at].text}”."
            )
            return


def _grants(match: Match, number: int) -> bool:
    segment = match.evidence.segments[number]
    # From the verb on: "a parking permit costs 15 euros" permits nothing.
    first = segment.first if segment.verb is None else segment.verb
    return segment.negative or any(word.stem in _GRANTING for word in match.evidence.words[first : segment.end])


def _find_terms(match: Match, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield the phrases of a segment that a narrowing word opens, each up to the next preposition or verb."""
    words = match.evidence.words
    for first in range(start + 1, stop):
        if words[first].text.casefold() not in _NARROWING or any(each.first <= first < each.end for each in match.evidence.figures):
            continue
        end = first + 1
        while end < stop and not ((low := words[end].text.casefold()) in PREPOSITIONS and low != "of") and not is_verb(words, end):
            end += 1
        yield first, end


def _is_narrowed(match: Match, at: int) -> bool:
    """Return whether the statement says a word of "each" of one kind, and the sentence leaves the kind out."""
    evidence, before = match.evidence, at - 1
    if before < 1 or evidence.words[before - 1].text.casefold() not in _WIDE or evidence.segment_of[before - 1] != evidence.segment_of[at]:
        return False
    return _is_left_out(match, before)


def _is_group(match: Match, at: int) -> bool:
    """Return whether a word names whom a grant is for, and the sentence leaves out which of them: "standard staff may"."""
    evidence, before = match.evidence, at - 1
    segment = evidence.segments[evidence.segment_of[at]]
    if segment.verb is None or at >= segment.verb or before < segment.first or is_verb(evidence.words, before):
        return False
    return _is_left_out(match, before) and at + 1 == segment.verb


def _is_left_out(match: Match, at: int) -> bool:
    word = match.evidence.words[at]
    if not match.evidence.is_content(at) or any(each.first <= at < each.end for each in match.evidence.figures):
        return False
    return not (match.says(at) or is_subject_word(match, word) or is_weak(word))


def _check_foreign_bounds(match: Match) -> Iterator[Problem]:
    """Check that a bound stays in other languages: "Kinder bis 110 cm" are not "Kinder"."""
    evidence = match.evidence
    for number, figure in enumerate(evidence.figures):
        bound = evidence.words[figure.first - 1].text.casefold() if figure.first else ""
        home = figure.first < len(evidence.words) and match.is_home(figure.first)
        if home and figure.kind in {"measure", "count", "plain"} and number not in match.figures.values() and bound in _FOREIGN_BOUNDS:
            yield Problem(ProblemKind.CONDITION, f"The passage limits this: “{bound} {figure.shown}”. Keep it.")
            return


def check_otherwise(match: Match) -> Iterator[Problem]:
    """Check that what holds otherwise is not told of all cases: "72 hours notice, otherwise your deposit is non-refundable"."""
    words = [word.text.casefold() for word in match.evidence.words]
    told = {word.text.casefold() for word in match.sentence.words}
    at = next((at for at, word in enumerate(words) if word in _OTHERWISE), None)
    if at is not None and told.isdisjoint(_OTHERWISE | _CONDITIONAL) and any(used > at for used in match.used):
        yield Problem(ProblemKind.CONDITION, f"The passage says this of what happens “{words[at]}”. Keep the condition.")


def check_orders_first(match: Match) -> Iterator[Problem]:
    """Check that what follows from a deed is not told without it: "Cancel within a week and the deposit is lost"."""
    words, segments = match.evidence.words, match.evidence.segments
    if len(segments) < _TWO or 0 in match.home or len(words) < _TWO:
        return
    orders = _may_order(words[0]) and words[1].text.casefold() in PREPOSITIONS | DETERMINERS | _AMOUNTS
    follows = any(segments[each].opener.lstrip(",") == "and" and segments[each].verb is not None for each in match.home)
    if orders and follows and not match.says(0):
        yield Problem(ProblemKind.CONDITION, f"The passage limits this: “{show(match.evidence, 0, segments[0].end)}”. Keep it.")


def _may_order(word: Word) -> bool:
    return may_be_verb(word.text.casefold()) or any(part == "v" for entry in look_up(word) for part, _ in entry.senses)


def check_nearest_heading(match: Match) -> Iterator[Problem]:
    """Check that a figure alone in its line is told of what stands right over it, and not of what stands over the figure before."""
    evidence, over = match.evidence, match.statement.headings
    if len(over) < _TWO or not match.figures or any(map(evidence.is_content, range(len(evidence.words)))):
        return
    near = [word for word in tokenize(over[0]) if not (is_light(word) or is_weak(word))]
    if near and not any(alike(word, said) for word in near for said in match.sentence.words):
        yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{over[0]}”.")


def check_new_groups(match: Match) -> Iterator[Problem]:
    """Refuse a kind of customers that the statement does not name: "existing clients pay" where it only says what is paid."""
    words = match.sentence.words
    there = {word.stem for word in (*match.evidence.words, *match.context)}
    for at in range(1, len(words)):
        kind = words[at - 1]
        named = kind.text.casefold() in _KINDS or (match.sentence.is_content(at - 1) and not is_weak(kind) and not is_verb(words, at - 1))
        if (
            named
            and words[at].stem in _CUSTOMERS
            and words[at].stem not in there
            and match.pairs.get(at - 1, OUTSIDE) == OUTSIDE
            and kind.stem not in there
        ):
            yield Problem(ProblemKind.WORD, f"The passage does not say “{kind.text} {words[at].text}” of this.")
            return


def check_what_is_measured(match: Match) -> Iterator[Problem]:
    """Check that a figure stays with what it measures: "60 minutes, minimum 50 minutes of driving" is not 60 minutes of driving."""
    sentence, evidence = match.sentence, match.evidence
    for mine, theirs in match.figures.items():
        own, other = sentence.figures[mine], evidence.figures[theirs]
        if own.end >= len(sentence.words) or sentence.words[own.end].text.casefold() not in _OF:
            continue
        after = [at for at in range(own.end + 1, min(own.end + 4, len(sentence.words))) if sentence.is_content(at)]
        owned = {word.stem for word in match.subject} - {word.stem for word in match.context}
        if any(match.pairs.get(at) == OUTSIDE and sentence.words[at].stem in owned for at in after):
            yield Problem(ProblemKind.NUMBER, f"The passage does not say of what {other.shown} are.")
            return
        places = [match.pairs[at] for at in after if match.pairs.get(at, OUTSIDE) != OUTSIDE]
        rivals = [each for each in evidence.figures if each is not other and _is_like(each, other) and each.value != other.value]
        for rival in rivals:
            if (
                places
                and all(rival.end <= at <= rival.end + 4 for at in places)
                and not any(other.end <= at <= other.end + 4 for at in places)
            ):
                yield Problem(ProblemKind.NUMBER, f"The passage says {rival.shown} of this, not {other.shown}.")
                return


def check_between(match: Match) -> Iterator[Problem]:
    """Refuse a figure of another thing: over "Basic has 3 seats, Plus 25" Basic has no 25. Another figure stands between the two."""
    sentence, evidence = match.sentence, match.evidence
    for mine, theirs in match.figures.items():
        own, other = sentence.figures[mine], evidence.figures[theirs]
        segment = sentence.segments[sentence.segment_of[min(own.first, len(sentence.words) - 1)]]
        before = (sentence.words[at] for at in range(segment.first, own.first))
        stems = {word.stem for word in before if not is_light(word) or (word.text[:1].isupper() and len(word.text) > _SHORT)}
        topic = [at for at, word in enumerate(evidence.words) if word.stem in stems]
        rivals = [
            each
            for at, each in enumerate(evidence.figures)
            if at not in match.figures.values() and _is_like(each, other) and each.value != other.value
        ]
        for rival in rivals:
            after = other.first < rival.first < min(topic, default=0) and rival.first - other.first > _APART
            if topic and (after or (min(topic) < rival.first < other.first and _names_another(match, rival.end, other.first, stems))):
                yield Problem(ProblemKind.PLACE, f"The passage says {rival.shown} of this, not {other.shown}.")
                return


def _names_another(match: Match, start: int, stop: int, topic: set[str]) -> bool:
    """Return whether another thing begins there: a word that is not said stands right before a said one, or before the figure."""
    evidence = match.evidence
    for at in range(start, stop):
        named = (evidence.is_content(at) or evidence.is_name(at)) and not match.says(at)
        before_topic = at + 1 < stop and evidence.words[at + 1].stem in topic
        if named and (before_topic or (at + 1 == stop and not is_verb(evidence.words, at))):
            return True
    return False


def _is_like(one: Figure, other: Figure) -> bool:
    mine, its = measure(one), measure(other)
    if {one.kind, other.kind} <= {"plain", "count"} and not (one.unit and other.unit):
        return True
    return one.kind == other.kind and (one.unit == other.unit or (mine is not None and its is not None and mine[0] == its[0]))
