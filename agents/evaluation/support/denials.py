"""What a claim denies, and what its sources deny: a negation or an opposite on one side only is a contradiction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sayso.tools.truth.grammar import PREPOSITIONS
from sayso.tools.truth.marks import Mark
from sayso.tools.truth.reading import Reading
from sayso.tools.truth.word_kinds import is_weak
from sayso.tools.truth.words import is_light, stem

from .alignment import Alignment
from .bounds import DOWN, find_bound, is_bound_of_both
from .likeness import denies, has_denying_prefix, says_opposite
from .order_facts import is_turned_round
from .problems import SupportProblem, quote_words
from .source_reading import does_something, find_denied, find_subject, is_telling

_AMOUNTS = frozenset("no all some none every any each most few many both".split())
_FRAMING = frozenset(map(stem, "possible available allowed permitted included offered provided accepted required planned needed".split()))
"""What is denied of a subject by these is denied of it however the claim words it: "changes are not possible"."""
_DENYING_STEMS = frozenset(
    map(stem, "forbid prohibit ban refuse reject deny fail lack miss pending impossible exclude prevent avoid".split())
)
_MUST, _MAY = frozenset("must shall required obliged".split()), frozenset("may can could might allowed optional".split())
_UNTIL = frozenset({"until", "till"})
_DENYING = frozenset("not never no cannot".split())
_LIMITING = frozenset("unless except exclusively solely single sole without".split())
_IF = frozenset({"if", "when"})
_COSTING = frozenset(map(stem, "pay cost charge fee price".split()))
_EXCEED = stem("exceeded")
_NEAR, _SHARED = 3, 2
_BESIDE = 5
"""How near an opposite has to stand to what stands near the claim's word: "small pets" and "larger ones" are no contradiction."""
_LARGE, _SMALL = (Mark.ALL, Mark.MOST, Mark.MANY), (Mark.FEW,)


def check_denials(match: Alignment) -> Iterator[SupportProblem]:
    """Yield what only one side denies, and opposites."""
    opposed = find_opposed(match)
    yield from _check_own_denials(match, opposed)
    yield from _check_their_denials(match, opposed)
    ours = {at for _, places in find_denied(match.claim) for at in places}
    theirs = {at for _, places in find_denied(match.evidence) for at in places}
    if is_turned_round(match):
        return  # "A is larger than B" for "B is smaller than A"
    for at, place in opposed.items():
        if (at in ours) == (place in theirs):
            yield SupportProblem("opposite", f"The sources say “{match.evidence.words[place].text}”, not “{match.claim.words[at].text}”.")


def find_opposed(match: Alignment) -> Mapping[int, int]:
    """Return the words of the claim that say the opposite of a word of the statement which it does not say, with that word."""
    found, said = dict[int, int](), match.said
    for at, word in enumerate(match.claim.words):
        if at in match.claim.figured or word.text.casefold() in PREPOSITIONS or (at in match.pairs and match.pairs[at].likeness >= 0.8):
            continue
        for place, other in enumerate(match.evidence.words):
            if place in said or place in match.evidence.figured or not says_opposite(word.text.casefold(), other.text.casefold()):
                continue
            low = word.text.casefold()
            beside = _find_counted(match, at) if low in _AMOUNTS else _find_beside(match, at)
            if any(abs(there - place) <= (2 if low in _AMOUNTS else _BESIDE) for there in beside):
                found[at] = place
    return found


def _find_counted(match: Alignment, at: int) -> Iterator[int]:
    """Yield the place of the statement that the thing is paired with which a word of amount counts: "all fees"."""
    yield from (match.pairs[each].place for each in range(at + 1, at + 3) if each in match.pairs)


def _find_beside(match: Alignment, at: int) -> Iterator[int]:
    """Yield the places of the statement that the words and figures beside a word of the claim are paired with."""
    yield from (pair.place for each, pair in match.pairs.items() if abs(each - at) <= 3)
    for number, others in match.read.figures[match.best].items():
        if abs(match.claim.figures[number].first - at) <= 3:
            yield from (match.evidence.figures[other].first for other in others)


def _check_own_denials(match: Alignment, opposed: Mapping[int, int]) -> Iterator[SupportProblem]:
    claim, evidence = match.claim, match.evidence
    theirs = list(find_denied(evidence))
    denied = {at for _, places in theirs for at in places}
    for first, places in find_denied(claim):
        paired = [at for at in places if at in match.pairs]
        if any(match.pairs[at].place in denied for at in paired[:1]) or any(at in opposed for at in places):
            continue
        telling = [claim.words[at].text for at in places if is_telling(claim, at) and at not in match.pairs]
        if any(denies(text, other.text) for text in telling for other in evidence.words) or (theirs and not paired):
            continue
        if _is_asked(match, places):
            continue
        if len(theirs) < 2 and len(list(find_denied(claim))) > 1 and any(evidence.find_marks(Mark.ONLY)):
            continue  # "who is not a member may not" for "only members may"
        if is_bound_of_both(match, first, of_claim=True) or _is_denied_elsewhere(match, places):
            continue  # "no longer than 4 weeks" for "up to 4 weeks"
        if evidence.idioms or _is_denied_in_words(match, first):
            continue  # "no charge" for "costs nothing"
        yield SupportProblem("denial", f"The sources do not deny this: {quote_words(claim, [first, *places[:3]])}.")


def _check_their_denials(match: Alignment, opposed: Mapping[int, int]) -> Iterator[SupportProblem]:
    evidence = match.evidence
    ours = {at for _, places in find_denied(match.claim) for at in places}
    for first, places in find_denied(evidence):
        if any(evidence.words[at].text.casefold() in _UNTIL for at in places) or is_bound_of_both(match, first, of_claim=False):
            continue  # "not until 1798" says that it was then
        head = next((at for at in places if is_telling(evidence, at)), None)
        if _is_idiom(match.claim) or (head is not None and evidence.words[head].stem == _EXCEED and _bounds_above(match)):
            continue  # "no refund", "at most 4 g"
        claimed = [] if head is None else match.find_claimed(head)
        near = [at for at in claimed if match.pairs[at].likeness >= 0.7]
        both = any(match.pairs[at].place in places for at in ours if at in match.pairs and is_telling(match.claim, at))
        said = bool(near) and not both and not any(at in ours or at in opposed for at in near)
        said = said or (not claimed and not both and not ours and not opposed and _is_said_again(match, places))
        unsaid = not any(match.pairs[at].likeness >= 0.6 for at in claimed) and not opposed
        if said or (unsaid and _is_denied_subject(match, first, head)):
            yield SupportProblem("denial", f"The sources deny this: {quote_words(evidence, [first, *places[:3]])}.")
    yield from _check_ellipses(match)


def _is_idiom(reading: Reading) -> bool:
    return any(reading.words[first].text.casefold() == "no" for first, _ in reading.idioms)


def _bounds_above(match: Alignment) -> bool:
    return any(find_bound(match.claim, match.claim.figures[number]) == DOWN for number in match.read.figures[match.best])


def _is_said_again(match: Alignment, places: Sequence[int]) -> bool:
    """Return whether the claim says what is denied, in words of which the statement has the first one twice.

    "It may be taken as single days" of "it must be taken in whole weeks: it cannot be taken as single days".
    """
    evidence = match.evidence
    telling = [at for at in places if is_telling(evidence, at)]
    if len(telling) < 2 or any(at not in match.said for at in telling[1:]):
        return False
    return any(evidence.words[at].stem == evidence.words[telling[0]].stem for at in match.said - set(telling))


def _is_asked(match: Alignment, places: Sequence[int]) -> bool:
    """Return whether the question denies the same: "What is not evidenced in P?"."""
    given = match.read.sources.given
    telling = [match.claim.words[at].stem for at in places if is_telling(match.claim, at)]
    return any(word.text.casefold() in _DENYING for word in given) and telling[:1] != [] and telling[0] in {word.stem for word in given}


def _is_denied_elsewhere(match: Alignment, places: Sequence[int]) -> bool:
    """Return whether another statement that is about the same denies a word that the claim denies."""
    telling = [at for at in places if is_telling(match.claim, at) and not (at in match.pairs and match.pairs[at].likeness >= 0.9)][:2]
    for number, statement in enumerate(match.read.sources.statements):
        table = match.read.tables[number]
        shared = [at for at, pairs in table.items() if max(pairs).likeness >= 0.9]
        if number == match.best or len(shared) < _SHARED - (abs(number - match.best) == 1):
            continue
        denied = {at for _, theirs in find_denied(statement) for at in theirs}
        if any(pair.place in denied and pair.likeness >= 0.7 for at in telling for pair in table.get(at, ())):
            return True
        if any(denies(match.claim.words[at].text, word.text) for at in telling[:1] for word in statement.words):
            return True
    return False


def _is_denied_subject(match: Alignment, first: int, head: int | None) -> bool:
    """Return whether a clause only denies its subject ("Changes are not possible"), and the claim is about that and denies nothing."""
    evidence = match.evidence
    if head is not None:
        word = evidence.words[head]
        if not (is_light(word) or is_weak(word) or word.stem in _FRAMING):
            return False
    if next(find_denied(match.claim), None) is not None or find_denying_words(match.claim):
        return False
    subject = [at for at in find_subject(evidence, first) if is_telling(evidence, at)]
    claimed = [at for at in subject if at in match.said]
    if not subject or len(claimed) < max(1, 0.6 * len(subject)):
        return False
    clause = evidence.segments[evidence.segment_of[first]].clause
    others = [pair.place for pair in match.pairs.values() if pair.place not in subject]
    return all(evidence.segments[evidence.segment_of[place]].clause == clause for place in others)


def _is_denied_in_words(match: Alignment, first: int) -> bool:
    """Return whether the statement denies by a word what the claim denies by a "not": "nobody may swim" for "swimming is forbidden"."""
    claim, evidence = match.claim, match.evidence
    scope = next(places for mark, places in find_denied(claim) if mark == first)
    if any(word.text.casefold() == "free" for word in evidence.words) and any(claim.words[at].stem in _COSTING for at in scope):
        return True  # "pay nothing" for "it is free"
    clause = claim.segments[claim.segment_of[first]].clause
    near = {
        evidence.segments[evidence.segment_of[pair.place]].clause
        for at, pair in match.pairs.items()
        if claim.segments[claim.segment_of[at]].clause == clause
    }
    said = {word.text.casefold() for word in claim.words}
    words = [at for at in find_denying_words(evidence) - match.said if evidence.words[at].text.casefold() not in said]
    denied = {evidence.segment_of[match.pairs[at].place] for at in scope if at in match.pairs}
    if denied:
        return any(evidence.segment_of[at] in denied for at in words)
    return any(evidence.segments[evidence.segment_of[at]].clause in near for at in words)


def find_denying_words(reading: Reading) -> frozenset[int]:
    """Return the places of words that deny without a "not": "forbidden", "failed", "unable", "except"."""
    marked = {at for mark, first, end in reading.marks if mark in {Mark.REVERSE, Mark.EXCEPT} for at in range(first, end)}
    others = {at for at, word in enumerate(reading.words) if word.stem in _DENYING_STEMS or has_denying_prefix(word.text)}
    return frozenset(marked | others)


def _check_ellipses(match: Alignment) -> Iterator[SupportProblem]:
    """Yield a word of the claim which another statement denies, or of which it only says that it is not: "Cheques are not."."""
    if next(find_denied(match.claim), None) is not None or find_denying_words(match.claim):
        return
    for remote in match.remote.values():
        statement = match.read.sources.statements[remote.statement]
        table = match.read.tables[remote.statement]
        shared = [at for at, pairs in table.items() if max(pairs).likeness >= 0.9 and match.claim.words[at].stem not in _FRAMING]
        if remote.pair.likeness >= 0.8 and len(shared) > _SHARED and _is_denied_there(statement, remote.pair.place):
            yield SupportProblem("denial", f"The sources deny this: “{statement.text[:80]}”.")
        for first, places in find_denied(statement):
            same = statement.segment_of[remote.pair.place], statement.segment_of[first]
            in_clause = statement.segments[same[0]].clause == statement.segments[same[1]].clause
            if in_clause and remote.pair.place < first and not any(is_telling(statement, at) for at in places):
                yield SupportProblem("denial", f"The sources deny this: “{statement.text[:80]}”.")


def _is_denied_there(statement: Reading, place: int) -> bool:
    """Return whether a statement denies a word, or has a word that denies shortly before it: "avoid direct sun"."""
    if any(place in places for _, places in find_denied(statement)):
        return True
    denying = find_denying_words(statement)
    return any(place - _NEAR <= at < place and statement.segment_of[at] == statement.segment_of[place] for at in denying)


def check_amounts_in_words(match: Alignment) -> Iterator[SupportProblem]:
    """Yield "few" where the statement has "most", and the other way round; and "only" where it has none."""
    ours, theirs = ({mark for mark, _, _ in each.marks} for each in (match.claim, match.evidence))
    for mine, other in ((_SMALL, _LARGE), (_LARGE, _SMALL)):
        if not ours.isdisjoint(mine) and not theirs.isdisjoint(other) and theirs.isdisjoint(mine):
            yield SupportProblem("amount", f"The sources say “{next(iter(theirs & set(other))).value}” of this.")
    yield from _check_duties(match)
    only = [match.claim.words[first].text.casefold() for _, first, _ in match.claim.find_marks(Mark.ONLY)]
    if only not in ([], ["alone"]) and Mark.ONLY not in theirs and not _limits_in_words(match):
        yield SupportProblem("limit", "The sources do not say “only” of this.")


def _limits_in_words(match: Alignment) -> bool:
    """Return whether a statement limits by other words than "only": "do not ... unless", or by an "if" that the claim has too."""
    ours, theirs = ({word.text.casefold() for word in each.words} for each in (match.claim, match.evidence))
    return not theirs.isdisjoint(_LIMITING) or (not ours.isdisjoint(_IF) and not theirs.isdisjoint(_IF))


def _check_duties(match: Alignment) -> Iterator[SupportProblem]:
    """Yield what one side says must be done and the other that it may be done, of one verb."""
    for at, pair in match.pairs.items():
        if pair.likeness < 0.9 or not does_something(match.claim, at):
            continue
        ours, theirs = (_find_modal(each, place) for each, place in ((match.claim, at), (match.evidence, pair.place)))
        if {ours, theirs} == {"must", "may"}:
            yield SupportProblem("duty", f"The sources say “{theirs}” of this, and the claim says “{ours}”.")


def _find_modal(reading: Reading, verb: int) -> str:
    """Return whether something must or may be done, empty where neither is said; a denial turns the one into the other."""
    before = [reading.words[at].text.casefold() for at in range(max(0, verb - 4), verb)]
    if any(word in _DENYING for word in before):
        return ""
    if not _MUST.isdisjoint(before):
        return "must"
    return "" if _MAY.isdisjoint(before) else "may"
