"""Which verb, preposition and subject each thing belongs to: a sentence exchanges none of them."""

from __future__ import annotations

from collections.abc import Iterator

from .bond_checks import is_act
from .grammar import AUXILIARIES, BE, DETERMINERS, PREPOSITIONS, is_verb
from .homes import find_subject
from .lexicon import is_thing, names_people
from .marks import Mark
from .matching import OUTSIDE, Match
from .reading import Reading, Segment, show
from .verdict import Problem, ProblemKind
from .word_kinds import PRICE_WORDS, is_subject_word, is_weak
from .word_pairs import CONVERSES, covers
from .words import Word, alike, is_light, stem

_HOLDING = frozenset(
    map(
        stem,
        """keep grow own offer stock operate run employ include contain comprise provide feature hold carry maintain serve house cover
        have use need weigh measure cost last take make sell produce rent teach print treat
        record report occur register happen work know call name""".split(),
    )
)

_PLAIN = frozenset(map(stem, "be have do get go come take put lie stand sit run include start begin last call see say".split()))
"""Verbs that may be left out where a sentence says that there is, or that one has, so many of something."""


def check_predicate(match: Match) -> Iterator[Problem]:
    """Check that the statement's verb is said: of "trained 58 people" the sentence may not say that it has 58 people."""
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


def check_governors(match: Match) -> Iterator[Problem]:
    """Check: each thing stays with its verb: over "raised money in a round led by Tarn" nobody but Tarn leads and Tarn raises nothing."""
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
        places = {match.pairs.get(each, OUTSIDE) for each in own if sentence.is_content(each)}
        after = [each for each in range(place + 1, theirs.end) if evidence.is_content(each) and not match.says(each)]
        stranger = places == {OUTSIDE} and bool(after) and not _is_own(match, sentence, own)
        if same or both or stranger:
            yield Problem(ProblemKind.ROLE, f"The passage says “{evidence.words[place].text}”, not “{sentence.words[at].text}”.")
            return


def _is_own(match: Match, reading: Reading, places: tuple[int, ...]) -> bool:
    """Return whether a subject is the one whose page it is."""
    words = [reading.words[at] for at in places if at not in reading.figured and reading.words[at].text.casefold() not in PREPOSITIONS]
    ours = [word for word in words if word.text.casefold() in {"it", "we", "i"} or (not is_light(word) and is_subject_word(match, word))]
    return bool(ours) and all(word in ours or word.text.casefold() in DETERMINERS for word in words)


_SAME = {"into": "to", "onto": "on", "upon": "on", "inside": "in", "within": "in", "until": "till", "towards": "to", "per": "for"}


def check_prepositions(match: Match) -> Iterator[Problem]:
    """Check that each thing keeps its preposition where the statement has another thing behind it: "from carmakers, among them Vantar"."""
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


def check_doer(match: Match) -> Iterator[Problem]:
    """Check that who does it is said of nobody else: "sent in by the customer" is not "sent in by" the one whose page it is."""
    sentence, evidence = match.sentence, match.evidence
    mine, theirs = find_doer(sentence), find_doer(evidence)
    if mine is None or theirs is None:
        return
    place = match.pairs.get(mine, OUTSIDE)
    own = is_subject_word(match, evidence.words[theirs]) and not is_light(evidence.words[theirs])
    if place == OUTSIDE and not match.says(theirs) and not own and evidence.words[theirs].text.casefold() not in {"us", "them"}:
        yield Problem(ProblemKind.ROLE, f"The passage says “by {evidence.words[theirs].text}”.")


def find_doer(reading: Reading) -> int | None:
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


def check_other_people(match: Match) -> Iterator[Problem]:
    """What some people do is not said of others: "staff get breakfast" is not "guests get breakfast"."""
    sentence, evidence = match.sentence, match.evidence
    mine = [at for at in find_subject(sentence, 0) or range(min(match.pairs, default=0)) if _are_people(sentence.words[at])]
    if not mine or any(match.pairs.get(at, OUTSIDE) != OUTSIDE for at in mine):
        return
    for number in sorted(match.home):
        segment = evidence.segments[number]
        start = range(segment.first, min((at for at in match.used if segment.holds(at)), default=segment.first))
        theirs = [at for at in find_subject(evidence, segment.clause) or start if _are_people(evidence.words[at])]
        passive = any(each.passive for each in sentence.segments) != segment.passive
        anybody = all(sentence.words[at].text.casefold() in _LIGHT_PEOPLE for at in mine)
        if not theirs or passive or any(match.says(at) for at in theirs):
            continue
        if not anybody or not all(evidence.words[at].text.casefold() in _LIGHT_PEOPLE for at in theirs):
            yield Problem(ProblemKind.ROLE, f"The passage says this of “{show(evidence, theirs[0], theirs[-1] + 1)}”.")
            return


_TEAMS = frozenset("staff team crew personnel management faculty".split())


def _are_people(word: Word) -> bool:
    low = word.text.casefold()
    return not low.endswith("body") and (low in _TEAMS or low in _LIGHT_PEOPLE or names_people(low))


def check_swaps(match: Match) -> Iterator[Problem]:
    """Two things do not change their roles: "Finch trained under Bellini" is not "Bellini trained under Finch"."""
    sentence, evidence = match.sentence, match.evidence
    yield from _check_owned_doer(match)
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


def _check_owned_doer(match: Match) -> Iterator[Problem]:
    """Check that who did it is not somebody of his: "founded by Ruth on her uncle's farm" is not "founded by Ruth's uncle"."""
    sentence, evidence = match.sentence, match.evidence
    for at, place in match.pairs.items():
        if place == OUTSIDE or not sentence.text[: sentence.words[at].end].endswith(("'s", "s'")):
            continue
        owned = evidence.text[: evidence.words[place].end].endswith(("'s", "s'"))
        if not owned and find_preposition(sentence, at) == "by" and find_preposition(evidence, place) == "by":
            yield Problem(ProblemKind.ROLE, f"The passage says “by {evidence.words[place].text}” and nobody of theirs.")
            return
    own = evidence.segments and _is_own(match, evidence, find_subject(evidence, 0))
    named = [at for at, place in match.pairs.items() if place == OUTSIDE and is_subject_word(match, sentence.words[at])]
    moved = any(sentence.words[at].text[:1].isupper() and _find_place(sentence, at) not in {"subject", ""} for at in named)
    stranger = any(
        place != OUTSIDE
        and sentence.is_name(at)
        and _find_place(sentence, at) == "subject"
        and _find_place(evidence, place) in {"of", "to", "from", "for", "with"}
        for at, place in match.pairs.items()
    )
    if own and moved and stranger:
        yield Problem(ProblemKind.ROLE, "The passage has these two in each other's roles: look who does it to whom.")


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
    """Check that a number is said of what it is said of: "the add-on costs $9 on top of the plan" is not "the plan with the add-on costs
    $9".
    """
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


def check_attributes(match: Match) -> Iterator[Problem]:
    """Check that what a thing is like is not said of another: over "its older rival, Dart" nobody says that it is older."""
    sentence, evidence = match.sentence, match.evidence
    for at, place in match.pairs.items():
        if place == OUTSIDE or not sentence.is_content(at) or is_verb(sentence.words, at) or place + 1 >= len(evidence.words):
            continue
        said_of = at > 0 and any(sentence.words[each].text.casefold() in BE for each in range(max(0, at - 2), at))
        last = at + 1 >= len(sentence.words) or not sentence.is_content(at + 1) or sentence.segment_of[at + 1] != sentence.segment_of[at]
        noun = place + 1
        attribute = (
            evidence.is_content(noun)
            and evidence.segment_of[noun] == evidence.segment_of[place]
            and not is_verb(evidence.words, noun)
            and not is_thing(evidence.words[place])
            and not evidence.text[evidence.words[place].end : evidence.words[noun].start].strip()
        )
        if said_of and last and attribute and not match.says(noun) and not is_subject_word(match, evidence.words[noun]):
            yield Problem(ProblemKind.ROLE, f"The passage says “{show(evidence, place, noun + 1)}”.")
            return
