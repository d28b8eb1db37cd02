"""A last look at the whole statement, once a sentence seems to be said: whether a part of it tells it of another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from .bond_vetoes import BOND_VETOES
from .clause_vetoes import CLAUSE_VETOES
from .counted_nouns import find_total
from .figures import Figure
from .grammar import AUXILIARIES, CONDITIONAL, JOINING, PREPOSITIONS, RELATIVE, is_past, is_verb
from .homes import find_subject
from .lexicon import names_people
from .limit_vetoes import LIMIT_VETOES
from .reading import Reading, Segment, read_statement, show
from .side_vetoes import SIDE_VETOES
from .statements import Statement
from .verb_vetoes import VERB_VETOES, find_deed
from .verdict import Problem, ProblemKind
from .word_pairs import CONVERSES, may_stand_for
from .words import Word, alike, stem

Veto = Callable[[Reading, Reading, Sequence[Word], Sequence[Statement]], Iterator[Problem]]


def find_vetoes(sentence: Reading, statement: Statement, owner: Sequence[Word], everything: Sequence[Statement]) -> tuple[Problem, ...]:
    """Return why a statement, read as a whole, does not say a sentence that one of its facts seems to say; empty where it does."""
    whole = next((each for each in everything if each.span[0] <= statement.span[0] and statement.span[1] <= each.span[1]), statement)
    evidence = read_statement(whole.text)
    return tuple(problem for veto in VETOES for problem in veto(sentence, evidence, owner, everything))


def _is_english(*readings: Reading) -> bool:
    return all(each.language in {"", "en"} for each in readings)


def _says(reading: Reading, word: Word) -> bool:
    return any(alike(each, word) for each in reading.words)


def _find(reading: Reading, word: Word) -> list[int]:
    """Return the places of a word, or else of words that may stand for it."""
    same = [at for at, each in enumerate(reading.words) if alike(word, each)]
    return same or [at for at, each in enumerate(reading.words) if reading.is_content(at) and may_stand_for(word, each)]


def _telling(reading: Reading, first: int, end: int) -> list[int]:
    return [at for at in range(first, end) if reading.is_content(at) or (reading.is_name(at) and at not in reading.figured)]


def _is_figure_said(sentence: Reading, figure: Figure) -> bool:
    return any(each.kind == figure.kind and each.value == figure.value for each in sentence.figures)


def find_gap(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what a second one does is not said of the first: "Ann teaches violin, Tom piano", "first in Spain, in Italy third"."""
    verb = next((each.verb for each in evidence.segments if each.verb is not None), None)
    for number, segment in enumerate(evidence.segments):
        if verb is None or segment.verb is not None or segment.first < verb or segment.opener.lstrip(",;") in CONDITIONAL:
            continue
        leader = next((at for at in range(segment.first, segment.end) if not evidence.is_small(at)), None)
        label = next((each for each in evidence.figures if each.kind == "label" and each.first == leader), None)
        said = leader is not None and (_is_figure_said(sentence, label) if label else _says(sentence, evidence.words[leader]))
        if leader is None or said or not (evidence.is_name(leader) or _is_parallel(sentence, evidence, segment, leader)):
            continue
        rest, end = label.end if label else leader + 1, segment.end
        following = evidence.segments[number + 1 : number + 2]
        if end == rest and following and following[0].opener == "," and _begins_with_figure(evidence, following[0]):
            end = following[0].end
        told = [at for at in _telling(evidence, rest, end) if _says(sentence, evidence.words[at])]
        told += [
            each.first for each in evidence.figures if rest <= each.first < end and _is_figure_said(sentence, each) and each.kind != "label"
        ]
        before = [at for at in _telling(evidence, 0, segment.first) if _says(sentence, evidence.words[at]) and at != verb]
        again = [at for at in told if any(alike(evidence.words[at], evidence.words[each]) for each in range(segment.first))]
        if before and len(told) > len(again):
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{evidence.words[leader].text}”.")
            return


def _is_parallel(sentence: Reading, evidence: Reading, segment: Segment, leader: int) -> bool:
    """Return whether a thing and its preposition repeat those before: "trains run to Cologne, buses to Bonn"."""
    after = evidence.words[leader + 1].text.casefold() if leader + 1 < segment.end else ""
    before = [at for at in range(1, segment.first - 1) if evidence.words[at].text.casefold() == after]
    return after in PREPOSITIONS and any(not _says(sentence, evidence.words[at + 1]) for at in before)


def _begins_with_figure(reading: Reading, segment: Segment) -> bool:
    figure = next((each for each in reading.figures if segment.holds(each.first)), None)
    return figure is not None and not any(reading.is_content(at) for at in range(segment.first, figure.first))


def find_other_case(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a figure is not given to the other case: over "one day, two to three days with a new flue" no flue in one day."""
    for segment in evidence.segments[1:]:
        figures = [each for each in evidence.figures if segment.holds(each.first) and each.kind == "measure"]
        if segment.verb is not None or not figures or any(_is_figure_said(sentence, each) for each in figures):
            continue
        if any(evidence.is_content(at) for at in range(segment.first, figures[0].first)):
            continue
        others = [word for at, word in enumerate(evidence.words) if not segment.holds(at)]
        told = [evidence.words[at] for at in _telling(evidence, figures[-1].end, segment.end)]
        own = [each for each in told if _says(sentence, each) and not any(alike(each, other) for other in others)]
        if own and any(word.text.casefold().removesuffix("s") == figures[-1].unit for word in sentence.words):
            yield Problem(ProblemKind.PLACE, f"The passage says {figures[-1].shown} of “{own[0].text}”.")
            return


_LESS = re.compile(
    r"\b(?:partial|part|half|prorated|pro[- ]rata|reduced|limited|halbe[nrsm]?|demi[- e]*|moitié d[eu]|medi[oa])[ -]"
    r"(?P<thing>[^\W\d]\w{2,})",
    re.IGNORECASE,
)
_LESSENING = re.compile(
    r"\b(?:half|part|parts|partial|partially|partly|prorated|pro|rata|reduced|limited|less|30|6|six|halb\w*|demi\w*|moitié|medi[oa])\b",
    re.IGNORECASE,
)


def find_lessened(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a part is not told as the whole: a partial refund is no refund of what was paid, "ein halbes Jahr" no year."""
    for found in _LESS.finditer(evidence.text):
        thing = found["thing"].casefold()
        often = sum(each.text.casefold() == thing for each in evidence.words)  # "a full plot and a half plot"
        said = often == 1 and any(each.text.casefold() == thing for each in sentence.words)
        if said and not _LESSENING.search(sentence.text) and not any(each.kind == "percent" for each in sentence.figures):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{found[0]}”: keep how much of it.")
            return


_ALL = re.compile(
    r"\b(?:the (?:whole|entire|complete)|whenever|every time|in (?:any|every|each) case|no matter|regardless)\b", re.IGNORECASE
)
_SAID_OF_ALL = re.compile(
    r"\b(?:whole|entire\w*|complete\w*|whenever|every\w*|any\w*|all|regardless|always|each|full|fully|throughout|no matter|no|not|never|"
    r"irrespective|in its entirety|first to last|100 ?%)\b",
    re.IGNORECASE,
)


def find_universal(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that nothing is said of a whole, or of every time, of which the passage does not say so."""
    if (found := _ALL.search(sentence.text)) and not _SAID_OF_ALL.search(evidence.text) and _is_english(evidence):
        yield Problem(ProblemKind.QUANTIFIER, f"The passage does not say “{found[0]}”.")


def find_other_doer(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that whoever does something in the passage does it: "Kestner won ahead of Transmed" is not "Transmed won"."""
    if not _is_english(sentence, evidence):
        return
    for segment in sentence.segments[:1]:
        deed = find_deed(sentence, segment)
        subject = _telling(sentence, segment.first, segment.verb or segment.first)
        if deed is None or not subject or any(sentence.words[at].stem == each.stem for at in subject for each in owner):
            continue
        head = sentence.words[subject[-1]]
        places = _find(evidence, head)
        for place in _find(evidence, sentence.words[deed]):
            there = evidence.segments[evidence.segment_of[place]]
            if not is_verb(evidence.words, place) or (sentence.words[deed].stem, evidence.words[place].stem) in CONVERSES:
                continue
            yield from _compare_doers(evidence, sentence, segment, there, place, places)
            yield from _compare_makers(evidence, sentence, segment, there, places)
            return


def _compare_doers(
    evidence: Reading, sentence: Reading, segment: Segment, there: Segment, place: int, places: Sequence[int]
) -> Iterator[Problem]:
    own = [at for at in range(there.first, there.verb) if not evidence.is_small(at)] if there.verb is not None and there.own_subject else []
    unsaid = bool(own) and not any(_says(sentence, evidence.words[at]) for at in own)
    theirs = {word.text.casefold() for word in evidence.words[there.first : there.verb]}
    if not (unsaid or theirs & {"we", "i"}) or not places or there.passive != segment.passive:
        return
    governed = all(
        _is_governed(evidence, each) and each > place and evidence.segments[evidence.segment_of[each]].clause == there.clause
        for each in places
    )
    elsewhere = there.passive and all(
        evidence.segments[evidence.segment_of[each]].clause != there.clause and not evidence.segments[evidence.segment_of[each]].passive
        for each in places
    )
    if (governed and not segment.passive) or elsewhere:
        yield Problem(ProblemKind.ROLE, f"The passage says this of “{show(evidence, there.first, there.verb or there.end)}”.")


def _compare_makers(evidence: Reading, sentence: Reading, segment: Segment, there: Segment, places: Sequence[int]) -> Iterator[Problem]:
    """Check that whom something was made for did not make it: "designed by Marta for Ikea"."""
    by = next((at for at in range(there.first, there.end) if evidence.words[at].text.casefold() == "by"), None)
    if segment.passive or not there.passive or by is None or not places:
        return
    maker = next((at for at in range(by + 1, there.end) if not evidence.is_small(at)), None)
    if maker is not None and not _says(sentence, evidence.words[maker]) and all(_is_governed(evidence, each) for each in places):
        yield Problem(ProblemKind.ROLE, f"The passage says “by {evidence.words[maker].text}”.")


_AGAINST = frozenset("of from to for over against unlike behind than".split())


def _is_governed(reading: Reading, at: int) -> bool:
    before = [reading.words[each].text.casefold() for each in range(at - 1, max(-1, at - 4), -1)]
    return next((low for low in before if low in PREPOSITIONS), "") in _AGAINST


def find_payer(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that who does one thing is not said to do the other: "payment is taken once the owner approves" is not "the owner pays"."""
    if not _is_english(sentence, evidence) or len(sentence.segments) < 2:
        return
    segment = sentence.segments[0]
    deed, subject = find_deed(sentence, segment), _telling(sentence, segment.first, segment.verb or segment.first)
    if deed is None or not subject or segment.passive:
        return
    places = [at for at, each in enumerate(evidence.words) if alike(each, sentence.words[subject[-1]])]
    for there in evidence.segments:
        done = find_deed(evidence, there)
        if done is None or there.passive or not places or not all(there.first <= each < (there.verb or 0) for each in places):
            continue
        if not alike(evidence.words[done], sentence.words[deed]) and not may_stand_for(sentence.words[deed], evidence.words[done]):
            said = [at for at, each in enumerate(sentence.words) if alike(each, evidence.words[done])]
            if said and all(sentence.segment_of[at] > 0 for at in said):
                yield Problem(ProblemKind.ROLE, f"The passage says of “{evidence.words[places[0]].text}”: “{evidence.words[done].text}”.")
                return


def find_other_date(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that the date of one deed is not that of another: "bought in 2020, reopened in 2021" is not "bought in 2021"."""
    dates = [each for each in evidence.figures if each.kind == "date"]
    if len(dates) < 2 or not _is_english(sentence, evidence):
        return
    for date in dates:
        segment = evidence.segments[evidence.segment_of[date.first]]
        deed = next((at for at in range(segment.first, date.first) if evidence.is_content(at) and is_past(evidence.words[at])), None)
        mine = next((each for each in sentence.figures if each.kind == "date" and each.value == date.value), None)
        if deed is None or mine is None or _says(sentence, evidence.words[deed]) or segment.verb not in {None, deed}:
            continue
        near = sentence.segments[sentence.segment_of[mine.first]]
        verbs = [at for at in range(near.first, mine.first) if sentence.is_content(at) and is_past(sentence.words[at])]
        others = [
            place
            for at in verbs
            for place in _find(evidence, sentence.words[at])
            if not segment.holds(place) and is_past(evidence.words[place])
        ]
        rivals = {evidence.segment_of[each.first] for each in dates if not _is_figure_said(sentence, each)}
        if any(evidence.segment_of[each] in rivals for each in others):
            yield Problem(ProblemKind.DATE, f"The passage says “{evidence.words[deed].text}” of {date.shown}.")
            return


def find_other_clause(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that who does something else is not drawn in: "it is for children, adults pay double" is not "it is for adults"."""
    if not _is_english(sentence, evidence) or len(sentence.segments) != 1 or sentence.segments[0].verb is None:
        return
    for segment in evidence.segments[1:]:
        deed = find_deed(evidence, segment)
        if (
            deed is None
            or not segment.own_subject
            or segment.opener.lstrip(",")
            or segment.clause == 0
            or _says(sentence, evidence.words[deed])
        ):
            continue
        for at in _telling(sentence, sentence.segments[0].verb + 1, sentence.segments[0].end):
            places = [place for place, each in enumerate(evidence.words) if alike(sentence.words[at], each)]
            if places and not is_verb(sentence.words, at) and all(segment.first <= place < (segment.verb or 0) for place in places):
                yield Problem(ProblemKind.PLACE, f"The passage says of “{sentence.words[at].text}”: “{evidence.words[deed].text}”.")
                return


_WE = frozenset("we i us".split())


def find_party(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what "we" do is not said of a party that the passage tells of beside "us"."""
    subject = [at for at in find_subject(sentence, 0) if not sentence.is_small(at)]
    theirs = {evidence.words[at].text.casefold() for at in find_subject(evidence, 0)}
    if not subject or not theirs & _WE or not _is_english(sentence, evidence):
        return
    head = sentence.words[subject[-1]]
    if any(head.stem == each.stem for each in owner) or not names_people(head.text.casefold()) or _says(evidence, head):
        return
    for each in everything:
        other = read_statement(each.text)
        if any(other.words[at].stem == head.stem for number in range(3) for at in find_subject(other, number)):
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of “we”, and speaks of “{head.text}” beside.")
            return


def find_foreign_roles(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that names keep their order in other languages, and that a relative clause tells of the name before it."""
    if evidence.language == "en" or any(word.text.casefold() in _ENGLISH for word in evidence.words):
        return
    names = _find_names(sentence, evidence)
    order = [evidence_at for _, evidence_at in names]
    if order != sorted(order):
        yield Problem(ProblemKind.ROLE, "The passage has these names in each other's roles.")
        return
    for segment in evidence.segments[1:]:
        opener = evidence.words[segment.first].text.casefold()
        before = segment.first - 1
        if opener not in _RELATIVE or not evidence.is_name(before) or any(place == before for place in order) or not names:
            continue
        told = [at for at in _telling(evidence, segment.first + 1, segment.end) if _says(sentence, evidence.words[at])]
        earlier = [at for at in _telling(evidence, order[-1] + 1, before) if _says(sentence, evidence.words[at])]
        if told and not earlier:
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{evidence.words[before].text}”.")
            return


_ENGLISH = (PREPOSITIONS | AUXILIARIES | frozenset(["the", "and", "its"])) - frozenset("a an as des in on at am was has her".split())
_RELATIVE = frozenset("der die das dem den dessen deren qui que dont quien quienes cuyo".split())


def _find_names(sentence: Reading, evidence: Reading) -> list[tuple[int, int]]:
    """Return the places of the names that both have, in the order of the sentence. In German, where nouns are large, of two words."""
    found = list[tuple[int, int]]()
    for at, word in enumerate(sentence.words):
        places = [place for place, each in enumerate(evidence.words) if each.text == word.text]
        named = word.text[:1].isupper() and len(places) == 1 and (at > 0 or places[0] > 0)
        once = sum(each.text == word.text for each in sentence.words) == 1
        if named and once and (evidence.language != "de" or _is_doubled(sentence, at) or _is_doubled(evidence, places[0])):
            found.append((at, places[0]))
    return found


def _is_doubled(reading: Reading, at: int) -> bool:
    return any(0 <= each < len(reading.words) and reading.words[each].text[:1].isupper() for each in (at - 1, at + 1))


def find_namesake(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that a name that shares words with its owner's is not taken for it: "Fairhaven Hospice, which" is not the hospice's shop."""
    owned = {each.stem for each in owner}
    said = {each.stem for each in sentence.words}
    for segment in evidence.segments[1:]:
        if segment.opener.lstrip(",") not in RELATIVE:
            continue
        run = set[str]()
        for at in range(segment.first - 1, -1, -1):
            if not evidence.is_name(at):
                break
            run.add(evidence.words[at].stem)
        told = [at for at in range(segment.first + 1, segment.end) if not evidence.is_small(at) and _says(sentence, evidence.words[at])]
        if run and run < owned and said & (owned - run) and told:
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{evidence.words[segment.first - 1].text}”.")
            return


def find_mixed(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that two joined things are not mixed: "new books below and used ones above" is not "used books below"."""
    for before, segment in pairwise(evidence.segments):
        if segment.opener.lstrip(",") not in JOINING or (segment.verb is not None and _is_english(evidence)):
            continue
        (said, left), (mine, others) = (_sort_told(sentence, evidence, each) for each in (before, segment))
        mine = [at for at in mine if not any(alike(evidence.words[at], word) for word in evidence.words[: segment.first])]
        if mine and others and left and said and max(said) > min(left) and max(others) > min(mine):
            yield Problem(ProblemKind.PLACE, f"The passage says “{show(evidence, min(mine), max(others) + 1)}”.")
            return


def _sort_told(sentence: Reading, evidence: Reading, segment: Segment) -> tuple[list[int], list[int]]:
    """Return the places of a segment that a sentence says, words and figures, and those that it does not."""
    told = {at: _says(sentence, evidence.words[at]) for at in _telling(evidence, segment.first, segment.end)}
    told |= {each.first: _is_figure_said(sentence, each) for each in evidence.figures if segment.holds(each.first)}
    return [at for at, said in told.items() if said], [at for at, said in told.items() if not said]


_TAKEN = frozenset(map(stem, "photo photograph picture portrait measurement note step shape place part time shower nap".split()))
"""What is made or happens by being taken: whoever accepts photos takes none."""
_TAKE, _ACCEPT = stem("take"), frozenset(map(stem, "accept welcome allow honour".split()))


def find_taken(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what is made by taking it is not said to be accepted, nor the other way round."""
    one, other = ({word.stem for word in reading.words} for reading in (sentence, evidence))
    takes = _TAKE in one and _TAKE not in other and other & _ACCEPT
    taken = _TAKE in other and _TAKE not in one and one & _ACCEPT
    if (takes or taken) and one & other & _TAKEN:
        yield Problem(
            ProblemKind.WORD,
            "The passage tells of accepting, not of taking." if takes else "The passage tells of taking, not of accepting.",
        )


def find_occasion(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what is due on an occasion is not told as always due: "a fee is due for late returns" is not "a fee must be paid"."""
    if not _is_english(sentence, evidence) or sentence.figures or len(sentence.segments) > 1:
        return
    told = _telling(sentence, 0, len(sentence.words))
    things = [at for at in told if not is_verb(sentence.words, at)]
    if len(things) != 1 or (sentence.words[things[0] - 1].text.casefold() if things[0] else "") not in {"a", "an"}:
        return
    for place in _find(evidence, sentence.words[things[0]]):
        segment = evidence.segments[evidence.segment_of[place]]
        after = next((at for at in range(place + 1, segment.end) if evidence.words[at].text.casefold() in _OCCASIONS), None)
        if after is not None and any(not _says(sentence, evidence.words[at]) for at in _telling(evidence, after + 1, segment.end)):
            yield Problem(ProblemKind.CONDITION, f"The passage limits this: “{show(evidence, after, segment.end)}”. Keep it.")
            return


_OCCASIONS = frozenset("for on to upon in during after before with".split())


VETOES: tuple[Veto, ...] = (
    find_gap,
    find_other_case,
    find_lessened,
    find_universal,
    find_other_doer,
    find_payer,
    find_other_date,
    find_other_clause,
    find_party,
    find_foreign_roles,
    find_namesake,
    find_mixed,
    find_taken,
    find_occasion,
    find_total,
    *CLAUSE_VETOES,
    *BOND_VETOES,
    *VERB_VETOES,
    *LIMIT_VETOES,
    *SIDE_VETOES,
)
