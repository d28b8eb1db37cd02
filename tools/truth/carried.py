"""What the statement stresses is kept: its verb, how much of a thing it speaks of, and which verb each thing belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .bond_checks import is_act
from .homes import find_subject
from .marks import Mark
from .matching import OUTSIDE, Match
from .reading import AUXILIARIES, DETERMINERS, PREPOSITIONS, Reading, Segment, find_tense, is_verb, show
from .verdict import Problem, ProblemKind
from .word_kinds import PRICE_WORDS, is_subject_word, is_weak
from .word_pairs import CONVERSES, covers, is_superlative
from .words import alike, is_light, stem

_HOLDING = frozenset(
    map(
        stem,
        """keep grow own offer stock operate run employ include contain comprise provide feature hold carry maintain serve house cover
        have use need weigh measure cost last take make sell produce rent teach print treat""".split(),
    )
)
_PLAIN = frozenset(map(stem, "be have do get go come take put lie stand sit run include start begin last call see say".split()))
"""Verbs that may be left out where a sentence says that there is, or that one has, so many of something."""


def check_predicate(match: Match) -> Iterator[Problem]:
    """The statement's verb is said: of "trained 58 people" the sentence may not say that it has 58 people."""
    evidence, sentence = match.evidence, match.sentence
    carried = any(at in match.pairs and is_act(sentence, at) and not is_weak(sentence.words[at]) for at in range(len(sentence.words)))
    if carried or any(mark is Mark.PLAN for mark, _, _ in sentence.marks):
        return
    for number in sorted(match.home):
        segment = evidence.segments[number]
        if segment.verb is None:
            continue
        verbs = [at for at in range(segment.verb, segment.end) if is_act(evidence, at) and not _is_attribute(evidence, at)]
        main = next((at for at in verbs if evidence.words[at].stem not in _PLAIN and not is_light(evidence.words[at])), None)
        if main is None or evidence.words[main].stem in PRICE_WORDS | _HOLDING or _is_said(match, main):
            continue
        used = [at for at in match.used if segment.holds(at)]
        figures = [each for each in match.figures.values() if segment.holds(evidence.figures[each].first)]
        if used or figures:
            yield Problem(ProblemKind.WORD, f"The passage says “{evidence.words[main].text}”: the sentence does not.")
            return


def _is_said(match: Match, verb: int) -> bool:
    word, sentence = match.evidence.words[verb], match.sentence
    return verb in match.used or any(
        alike(word, each) or covers(each, word)
        for at, each in enumerate(sentence.words)
        if is_verb(sentence.words, at) and each.text.casefold() not in AUXILIARIES
    )


def _is_attribute(reading: Reading, at: int) -> bool:
    """Return whether a participle stands before its noun: "unopened goods", "a cast crown"."""
    before = reading.words[at - 1].text.casefold() if at else ""
    after = at + 1 < len(reading.words) and reading.is_content(at + 1) and not is_verb(reading.words, at + 1)
    return after and before not in AUXILIARIES and reading.words[at].text.casefold().endswith(("ed", "en", "ing"))


_RANKS = frozenset("second third fourth fifth sixth seventh eighth ninth tenth next among joint 2nd 3rd 4th 5th".split())
_PARTS = frozenset("half third quarter fifth sixth eighth tenth thirds quarters most some many few part majority minority none".split())


def check_degrees(match: Match) -> Iterator[Problem]:
    """How much of a thing is meant is kept: "a third of the menu" is not the menu, "ninth-largest" not "largest"."""
    evidence = match.evidence
    for at in sorted(match.used):
        before = at - 1
        if (
            before >= 0
            and is_superlative(evidence.words[at])
            and evidence.words[before].text.casefold() in _RANKS
            and not match.says(before)
        ):
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{show(evidence, before, at + 1)}”.")
            return
        link = next((each for each in range(at - 1, max(-1, at - 5), -1) if evidence.words[each].text.casefold() == "of"), None)
        if not link or not evidence.is_content(at) or any(is_verb(evidence.words, each) for each in range(link, at)):
            continue
        part = next((each for each in evidence.figures if link - 1 in range(each.first, each.end)), None)
        missing = part is not None and evidence.figures.index(part) not in match.figures.values()
        named = evidence.words[link - 1].text.casefold() in _PARTS and not match.says(link - 1)
        if (missing and part is not None and part.kind in {"percent", "plain", "count", "ordinal"}) or (named and part is None):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{show(evidence, link - 1, at + 1)}”: keep how much of it.")
            return


def check_governors(match: Match) -> Iterator[Problem]:
    """Each thing stays with its verb: over "raised money in a round led by Tarn" nobody but Tarn leads and Tarn raises nothing."""
    sentence, evidence = match.sentence, match.evidence
    for at, place in sorted(match.pairs.items()):
        if place == OUTSIDE or not sentence.is_content(at) or is_verb(sentence.words, at) or is_verb(evidence.words, place):
            continue
        mine, theirs = find_governor(sentence, at), find_governor(evidence, place)
        if mine is None or theirs is None or mine not in match.pairs or match.pairs[mine] in {theirs, OUTSIDE}:
            continue
        other = match.pairs[mine]
        said = theirs in match.used or any(alike(evidence.words[theirs], each) for each in sentence.words)
        if (
            not is_act(evidence, other)
            or not said
            or find_governor(evidence, other) == theirs
            or is_subject_word(match, sentence.words[at])
        ):
            continue
        yield Problem(
            ProblemKind.ROLE,
            f"The passage says “{evidence.words[theirs].text}” of “{evidence.words[place].text}”, not “{sentence.words[mine].text}”.",
        )
        return


def find_governor(reading: Reading, at: int) -> int | None:
    """Return the verb that a thing belongs to: the nearest one before it, else the one it is the subject of."""
    segment = reading.segments[reading.segment_of[at]]
    before = next((each for each in range(at - 1, segment.first - 1, -1) if is_act(reading, each)), None)
    if before is not None:
        return before
    if segment.verb is None:
        shared = next((each for each in reading.segments if each.clause == segment.clause and each.verb is not None), None)
        if shared is None or shared.first > segment.first:
            return None
        segment = shared
        return next((each for each in range(segment.end - 1, segment.first - 1, -1) if is_act(reading, each)), None)
    acts = [each for each in range(max(at + 1, segment.verb), segment.end) if is_act(reading, each)]
    if not acts:
        return None
    # "funds led by Tarn were raised": the participle after a noun is not what its clause says
    finite = [each for each in acts if each >= segment.verb]
    return finite[0] if finite else acts[0]


_EACH = frozenset("each apiece".split())
_ONE = frozenset("each every a an one apiece".split())


def check_each(match: Match) -> Iterator[Problem]:
    """A price for each stays one: "extra users cost £3 each" is not "extra users cost £3"."""
    evidence = match.evidence
    for mine, theirs in match.figures.items():
        figure = evidence.figures[theirs]
        after = [word.text.casefold() for word in evidence.words[figure.end : figure.end + 3]]
        own = match.sentence.figures[mine]
        others = {word.text.casefold() for at, word in enumerate(match.sentence.words) if not own.first <= at < own.end}
        if figure.kind == "money" and _EACH & set(after) and not _ONE & others and "per" not in others:
            yield Problem(ProblemKind.PERIOD, f"The passage says {figure.shown} each: keep “each”.")
            return


_PART_OF = re.compile(
    r"(?:and )?\S+(?: \S+)? of the (?=\S*\d|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty)\b)"
)


def check_part(match: Match) -> Iterator[Problem]:
    """A part is not the whole: over "50 of the 200 loaves are for hotels" no 50 loaves are made, and no 200 are for hotels."""
    evidence = match.evidence
    if not _PART_OF.match(evidence.text) or len(evidence.figures) < 2:
        return
    said = set(match.figures.values())
    if {0, 1} <= said:
        return
    rest = [
        at for at in range(evidence.figures[1].end, len(evidence.words)) if evidence.is_content(at) or evidence.words[at].stem == "people"
    ]
    if 0 not in said or not rest or not all(match.says(at) for at in rest):
        yield Problem(ProblemKind.PLACE, f"The passage says “{evidence.text[:80]}”: keep that it is a part.")


def check_light_names(match: Match) -> Iterator[Problem]:
    """A name is said though it is an ordinary word: the covers "Basic" and "Plus" are two."""
    for at, word in enumerate(match.sentence.words):
        there = {each.text for each in (*match.evidence.words, *match.context)} | _name_owner(match)
        if word.text in match.names and at not in match.pairs and at not in match.sentence.figured and word.text not in there:
            yield Problem(ProblemKind.WORD, f"The passage does not say “{word.text}” of this.")
            return
    stems = {word.text for word in match.sentence.words}
    for at, word in enumerate(match.evidence.words):
        ordinary = is_light(word) or is_weak(word)
        if (
            ordinary
            and word.text in match.names
            and word.text not in stems
            and match.is_home(at)
            and at not in match.used
            and word.text not in _name_owner(match)
        ):
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{word.text}”.")
            return


def _name_owner(match: Match) -> frozenset[str]:
    return frozenset(word.text for word in match.subject)


def check_converses(match: Match) -> Iterator[Problem]:
    """Verbs that see one thing from its two sides have other subjects: who buys is not who sells."""
    sentence, evidence = match.sentence, match.evidence
    for at, place in match.pairs.items():
        if place == OUTSIDE or (sentence.words[at].stem, evidence.words[place].stem) not in CONVERSES:
            continue
        if sentence.words[at].stem == evidence.words[place].stem or alike(sentence.words[at], evidence.words[place]):
            continue
        mine, theirs = sentence.segments[sentence.segment_of[at]], evidence.segments[evidence.segment_of[place]]
        if mine.passive != theirs.passive or mine.verb is None or theirs.verb is None:
            continue
        own, other = find_subject(sentence, mine.clause), find_subject(evidence, theirs.clause)
        same = any(match.pairs.get(each, OUTSIDE) in other for each in own if not sentence.is_small(each))
        both = all(_is_own(match, reading, places) for reading, places in ((sentence, own), (evidence, other)))
        if same or both:
            yield Problem(ProblemKind.ROLE, f"The passage says “{evidence.words[place].text}”, not “{sentence.words[at].text}”.")
            return


def _is_own(match: Match, reading: Reading, places: tuple[int, ...]) -> bool:
    """Return whether a subject is the one whose page it is."""
    words = [reading.words[at] for at in places if at not in reading.figured and reading.words[at].text.casefold() not in PREPOSITIONS]
    ours = [word for word in words if word.text.casefold() in {"it", "we", "i"} or (not is_light(word) and is_subject_word(match, word))]
    return bool(ours) and all(word in ours or word.text.casefold() in DETERMINERS for word in words)


def check_only(match: Match) -> Iterator[Problem]:
    """What alone is meant is said whole: "bells and sculptures only" is not "bells only"."""
    evidence = match.evidence
    if not any(mark is Mark.ONLY for mark, _, _ in match.sentence.marks):
        return
    for _, first, _ in evidence.find_marks(Mark.ONLY):
        number = evidence.segment_of[first]
        for near in (number - 1, number, number + 1):
            if not 0 <= near < len(evidence.segments):
                continue
            segment = evidence.segments[near]
            listed = segment.opener.lstrip(",") in {"and", "or"} or (
                near + 1 < len(evidence.segments) and evidence.segments[near + 1].opener.lstrip(",") in {"and", "or"}
            )
            content = [at for at in range(segment.first, segment.end) if evidence.is_content(at) and not is_weak(evidence.words[at])]
            after = [at for at in content if segment.verb is None or at > segment.verb]
            if listed and after and not any(match.says(at) for at in after):
                yield Problem(ProblemKind.QUANTIFIER, f"The passage says also “{show(evidence, after[0], after[-1] + 1)}”.")
                return


_YEARLY = frozenset("in from on by".split())


def check_announced(match: Match) -> Iterator[Problem]:
    """What the passage tells in the present with a year is a plan or a chronicle: without the year it is not so now."""
    evidence = match.evidence
    for number in sorted(match.home):
        segment = evidence.segments[number]
        if (
            segment.verb is None
            or find_tense(evidence, segment) != "present"
            or evidence.words[segment.verb].text.casefold() in AUXILIARIES
        ):
            continue
        for at, figure in enumerate(evidence.figures):
            dated = figure.kind == "date" and segment.holds(figure.first) and figure.relation in _YEARLY
            if dated and at not in match.figures.values():
                yield Problem(ProblemKind.MODALITY, f"The passage says this of {figure.shown}: keep the date.")
                return


def check_fractions(match: Match) -> Iterator[Problem]:
    """A part of a thing is not the thing: "half the fee", "twice the price"."""
    evidence = match.evidence
    said = set(match.figures.values())
    for number, figure in enumerate(evidence.figures):
        after = [at for at in range(figure.end, min(figure.end + 4, len(evidence.words)))]
        linked = bool(after) and evidence.words[after[0]].text.casefold() in DETERMINERS | {"of"}
        if number in said or figure.kind not in {"percent", "plain"} or not linked:
            continue
        if any(at in match.used and evidence.is_content(at) for at in after):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{show(evidence, figure.first, after[-1] + 1)}”: keep how much of it.")
            return


_SAME = {"into": "to", "onto": "on", "upon": "on", "inside": "in", "within": "in", "until": "till", "towards": "to", "per": "for"}


def check_prepositions(match: Match) -> Iterator[Problem]:
    """Each thing keeps its preposition where the statement has another thing behind it: "from carmakers, among them Vantar"."""
    sentence, evidence = match.sentence, match.evidence
    governed = {at: find_preposition(evidence, at) for at in range(len(evidence.words)) if evidence.is_content(at)}
    for at, place in sorted(match.pairs.items()):
        if place == OUTSIDE or not sentence.is_content(at) or is_verb(sentence.words, at) or is_subject_word(match, sentence.words[at]):
            continue
        mine = find_preposition(sentence, at)
        if not mine or mine == "of" or governed.get(place) == mine:
            continue
        other = next((each for each, link in governed.items() if link == mine and not match.says(each) and match.is_home(each)), None)
        if other is not None and not is_weak(evidence.words[other]):
            yield Problem(
                ProblemKind.ROLE, f"The passage says “{mine}” of “{evidence.words[other].text}”, not “{sentence.words[at].text}”."
            )
            return


def find_preposition(reading: Reading, at: int) -> str:
    """Return the preposition that a word stands behind, itself or as one of a list; empty if there is none."""
    number = reading.segment_of[at]
    dated = {place for each in reading.figures if each.kind in {"date", "time"} for place in range(each.first, each.end)}
    while True:
        segment = reading.segments[number]
        for before in range(min(at, segment.end) - 1, segment.first - 1, -1):
            low = reading.words[before].text.casefold()
            if low in PREPOSITIONS:
                return _SAME.get(low, low)
            if is_verb(reading.words, before) or (before in dated and at not in dated):
                return ""
        if not number or segment.opener.lstrip(",") not in {"and", "or", ","} or segment.verb is not None:
            return ""
        number, at = number - 1, reading.segments[number - 1].end


_FEWEST = frozenset("fewest least lowest smallest".split())
_MOST = frozenset("most highest largest greatest biggest".split())


def check_extremes(match: Match) -> Iterator[Problem]:
    """The fewest is not the most."""
    mine, theirs = ({word.text.casefold() for word in reading.words} for reading in (match.sentence, match.evidence))
    for one, other in ((_MOST, _FEWEST), (_FEWEST, _MOST)):
        if mine & one and theirs & other and not mine & other and not theirs & one and "at" not in theirs | mine:
            yield Problem(ProblemKind.COMPARISON, f"The passage says “{min(theirs & other)}”.")
            return


def check_doer(match: Match) -> Iterator[Problem]:
    """Who does it is said of nobody else: "sent in by the customer" is not "sent in by" the one whose page it is."""
    sentence, evidence = match.sentence, match.evidence
    mine, theirs = _find_doer(sentence), _find_doer(evidence)
    if mine is None or theirs is None:
        return
    place = match.pairs.get(mine, OUTSIDE)
    own = is_subject_word(match, evidence.words[theirs]) and not is_light(evidence.words[theirs])
    if place == OUTSIDE and not match.says(theirs) and not own and evidence.words[theirs].text.casefold() not in {"us", "them"}:
        yield Problem(ProblemKind.ROLE, f"The passage says “by {evidence.words[theirs].text}”.")


def _find_doer(reading: Reading) -> int | None:
    """Return the last word of whom "by" names after a passive verb."""
    for at, word in enumerate(reading.words[:-1]):
        segment = reading.segments[reading.segment_of[at]]
        if word.text.casefold() != "by" or not segment.passive or at + 1 in reading.figured:
            continue
        last = None
        for each in range(at + 1, segment.end):
            if reading.words[each].text.casefold() in PREPOSITIONS or is_verb(reading.words, each):
                break
            last = each if not reading.is_small(each) or reading.words[each].text.casefold() in {"us", "them"} else last
        if last is not None and not reading.words[last].text.casefold().endswith("ing"):
            return last
    return None


_LIGHT_PEOPLE = frozenset("guests guest customers customer visitors visitor clients client users user buyers buyer readers people".split())


def check_people(match: Match) -> Iterator[Problem]:
    """Nobody else does what somebody does: "the tourist board gave it four stars" is not "guests gave it four stars"."""
    sentence, evidence = match.sentence, match.evidence
    subject = find_subject(sentence, 0)
    people = [at for at in subject if sentence.words[at].text.casefold() in _LIGHT_PEOPLE and at not in match.pairs]
    if not people or any(at in match.pairs for at in subject if sentence.is_content(at)):
        return
    for number in sorted(match.home):
        segment = evidence.segments[number]
        theirs = [
            at
            for at in find_subject(evidence, segment.clause)
            if evidence.is_content(at) and not is_subject_word(match, evidence.words[at])
        ]
        passive = any(each.passive for each in sentence.segments) != segment.passive
        if segment.verb is not None and theirs and not passive and not any(match.says(at) for at in theirs) and segment.verb in match.used:
            yield Problem(ProblemKind.SUBJECT, f"The passage says this of “{show(evidence, theirs[0], theirs[-1] + 1)}”.")
            return


def check_universal(match: Match) -> Iterator[Problem]:
    """What is denied or said of all is so of just those that the statement names: "lessons missed by the pupil", not all lessons."""
    evidence = match.evidence
    for number in sorted(match.home):
        segment = evidence.segments[number]
        if segment.verb is None or not (segment.negative or any(s.negative for s in match.sentence.segments)):
            continue
        subject = [at for at in find_subject(evidence, segment.clause) if evidence.is_content(at) and at not in evidence.figured]
        said = [at for at in subject if match.says(at)]
        left = [at for at in subject if not match.says(at) and not is_subject_word(match, evidence.words[at])]
        if said and left and not is_weak(evidence.words[left[0]]):
            yield Problem(ProblemKind.CONDITION, f"The passage says “{show(evidence, subject[0], subject[-1] + 1)}”.")
            return


def check_not_all(match: Match) -> Iterator[Problem]:
    """ "Not every room has a bath" denies no room its bath."""
    evidence = match.evidence
    denied = [end for mark, _, end in evidence.marks if mark is Mark.NOT]
    partial = any(mark is Mark.ALL and first in denied for mark, first, _ in evidence.marks)
    kept = any(mark in {Mark.ALL, Mark.SOME, Mark.MOST, Mark.MANY} for mark, _, _ in match.sentence.marks)
    if partial and not kept:
        yield Problem(ProblemKind.QUANTIFIER, "The passage says “not every”: keep it.")


def check_swaps(match: Match) -> Iterator[Problem]:
    """Two things do not change their roles: "Finch trained under Bellini" is not "Bellini trained under Finch"."""
    sentence, evidence = match.sentence, match.evidence
    roles = dict[int, tuple[str, str]]()
    for at, place in match.pairs.items():
        if place != OUTSIDE and sentence.is_content(at) and not is_verb(sentence.words, at) and not is_verb(evidence.words, place):
            mine, theirs = _find_place(sentence, at), _find_place(evidence, place)
            if mine and theirs and mine != theirs:
                roles[at] = (mine, theirs)
    for at, (mine, theirs) in roles.items():
        stem_of = sentence.words[at].stem
        other = next((each for each, pair in roles.items() if pair == (theirs, mine) and sentence.words[each].stem != stem_of), None)
        if other is not None and "of" not in {mine, theirs}:
            words = sentence.words
            yield Problem(ProblemKind.ROLE, f"The passage has “{words[at].text}” and “{words[other].text}” in each other's roles.")
            return


def _find_place(reading: Reading, at: int) -> str:
    """Return "subject" or "object" or the preposition that a word stands behind; the doer of a passive verb is a subject."""
    segment = reading.segments[reading.segment_of[at]]
    link = find_preposition(reading, at)
    if link:
        return "subject" if link == "by" and segment.passive else link
    if segment.verb is None:
        return ""
    if at < segment.verb:
        return "object" if segment.passive else "subject"
    return "" if segment.passive else "object"


def check_subject_of_figure(match: Match) -> Iterator[Problem]:
    """A number is said of what it is said of: "the add-on costs $9 on top of the plan" is not "the plan with the add-on costs $9"."""
    sentence, evidence = match.sentence, match.evidence
    for mine, theirs in match.figures.items():
        own = sentence.segments[sentence.segment_of[min(sentence.figures[mine].first, len(sentence.words) - 1)]]
        other = evidence.segments[evidence.segment_of[min(evidence.figures[theirs].first, len(evidence.words) - 1)]]
        head, their = _find_head(sentence, own.clause), _find_head(evidence, other.clause)
        if head is None or their is None or match.pairs.get(head, OUTSIDE) in {OUTSIDE, their} or own.passive != other.passive:
            continue
        place = match.pairs[head]
        back = next((at for at, each in match.pairs.items() if each == their), None)
        joined = (
            back is not None
            and find_preposition(sentence, back) in {"with", "without"}
            and sentence.words[back].start < own_start(sentence, own)
        )
        if find_preposition(evidence, place) and place > their and joined:
            yield Problem(ProblemKind.PLACE, f"The passage says this of “{evidence.words[their].text}”, not “{sentence.words[head].text}”.")
            return


def own_start(reading: Reading, segment: Segment) -> int:
    """Return where the verb of a segment begins in the text."""
    return reading.words[segment.verb].start if segment.verb is not None else len(reading.text)


def _find_head(reading: Reading, clause: int) -> int | None:
    """Return the last word of the subject before its first preposition."""
    head = None
    for at in find_subject(reading, clause):
        low = reading.words[at].text.casefold()
        if low in PREPOSITIONS and head is not None:
            break
        head = at if reading.is_content(at) and low not in PREPOSITIONS else head
    return head


def check_doer_or_receiver(match: Match) -> Iterator[Problem]:
    """ "Built by Faber" is not "built for Faber"."""
    for at, place in match.pairs.items():
        if place == OUTSIDE or not match.sentence.is_content(at):
            continue
        links = {find_preposition(match.sentence, at), find_preposition(match.evidence, place)}
        acts = {each.stem for number, each in enumerate(match.evidence.words) if is_act(match.evidence, number)}
        shared = any(word.stem in acts for word in match.sentence.words)
        if (
            shared
            and links in ({"by", "for"}, {"from", "to"}, {"by", "from"}, {"by", "to"})
            and (
                match.sentence.segments[match.sentence.segment_of[at]].passive
                == match.evidence.segments[match.evidence.segment_of[place]].passive
            )
        ):
            yield Problem(ProblemKind.ROLE, f"Look what stands before “{match.sentence.words[at].text}” in the passage.")
            return
