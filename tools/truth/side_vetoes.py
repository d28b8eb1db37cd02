"""Vetoes on opposites and sides: a turned bound, who does what to whom, whose part or age it is, and what is said otherwise elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .grammar import BE, OURS, PREPOSITIONS, SMALL, is_verb
from .lexicon import are_opposites, names_people
from .limit_vetoes import says
from .marks import Mark
from .reading import Reading, Segment, read_statement
from .statements import Form, Statement
from .verb_vetoes import find_deed
from .verdict import Problem, ProblemKind
from .word_kinds import is_weak
from .word_pairs import CONVERSES, may_stand_for
from .words import Word, alike, is_light, opposite, read_irregular, stem


def _is_person(word: Word) -> bool:
    low = word.text.casefold()
    return names_people(read_irregular().get(low, low))


def find_split_party(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that one who does two things does not become two: "if pupils leave early they pay" is not "if teachers leave, pupils pay"."""
    heads = [head for each in sentence.segments if (head := _find_head(sentence, each)) and _is_person(head)]
    theirs = [word for word in evidence.words if _is_person(word) or word.text.casefold() in {"you", "we", "i", "us", "our", "your"}]
    for one in heads:
        if not theirs or any(one.stem == word.stem for word in owner) or any(may_stand_for(one, word) for word in theirs):
            continue
        rivals = [each for each in heads if each.stem != one.stem and any(may_stand_for(each, word) for word in theirs)]
        if rivals:
            yield Problem(ProblemKind.ROLE, f"The passage does not say this of “{one.text}”.")
            return


def _find_head(reading: Reading, segment: Segment) -> Word | None:
    """Return the last word of a segment's subject."""
    if segment.verb is None:
        return None
    at = next(
        (each for each in range(segment.first + 1, segment.verb) if reading.words[each].text.casefold() in PREPOSITIONS), segment.verb
    )
    return next(
        (
            reading.words[each]
            for each in range(at - 1, segment.first - 1, -1)
            if reading.is_content(each) and not is_weak(reading.words[each])
        ),
        None,
    )


_JOINED_VERB = re.compile(
    r"\b(?P<verb>[a-z]{3,})(?:-|(?<=e) |(?<=k) |(?<=g) |(?<=p) |(?<=y) |(?<=n) )(?P<way>in|out|off|up|down|over|away)\b", re.IGNORECASE
)


def find_other_particle(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that check-out is not told as check-in."""
    theirs: dict[str, set[str]] = {}
    for found in _JOINED_VERB.finditer(evidence.text):
        theirs.setdefault(stem(found["verb"].casefold()), set()).add(found["way"].casefold())
    for found in _JOINED_VERB.finditer(sentence.text):
        verb, way = stem(found["verb"].casefold()), found["way"].casefold()
        if way in theirs.get(verb, {way}) and way in _find_ways(sentence, evidence, verb, way):
            continue
        yield Problem(ProblemKind.WORD, f"The passage does not say “{found[0]}” of this.")
        return


def _find_ways(sentence: Reading, evidence: Reading, verb: str, way: str) -> set[str]:
    """Return the small words that the passage has before the figures of a sentence: "check-in (5-6 pm), check-out (8-9 am)"."""
    if len(list(_JOINED_VERB.finditer(sentence.text))) > 1:
        return {way}
    ways = set[str]()
    for figure in evidence.figures:
        if any(each.kind == figure.kind and each.value == figure.value for each in sentence.figures):
            before = evidence.text[: evidence.words[figure.first].start]
            near = [found for found in _JOINED_VERB.finditer(before) if stem(found["verb"].casefold()) == verb]
            ways |= {found["way"].casefold() for found in near[-1:]}
    return ways or {way}


def find_attributed_state(
    sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]
) -> Iterator[Problem]:
    """Check that what only names another thing is no state: test days like the "Free First Days" are not free."""
    last = len(sentence.words) - 1
    if last < 1 or len(sentence.segments) != 1 or sentence.words[last - 1].text.casefold() not in BE:
        return
    state = sentence.words[last]
    places = [at for at, word in enumerate(evidence.words) if word.stem == state.stem]
    attributes = [
        at
        for at in places
        if at + 1 < len(evidence.words)
        and evidence.words[at].text[:1].isupper()
        and evidence.words[at + 1].text[:1].isupper()
        and not (at and evidence.words[at - 1].text.casefold() in BE)
    ]
    if places and attributes == places:
        after = evidence.words[places[0] + 1]
        yield Problem(ProblemKind.PLACE, f"The passage says “{state.text}” of “{after.text}”.")


_AGED = re.compile(
    r"(?P<who>[a-z]+),? (?:who (?:is|are) )?(?:aged|of|over|under|younger than|older than)(?: (?:at least|over|under|the age of|age))* \d+",
    re.IGNORECASE,
)


def find_other_age(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that the age of one is not told of another: children "accompanied by a person aged at least 16" are not 16."""
    for figure in sentence.figures:
        mine = [word for word in sentence.words[: figure.first] if _is_person(word)][-1:]
        theirs = [
            word
            for found in _AGED.finditer(evidence.text)
            if str(figure.value) in found[0].split()[-1]
            for word in evidence.words
            if word.start == found.start("who") and _is_person(word)
        ]
        if mine and theirs and not any(alike(mine[0], word) for word in theirs) and any(alike(mine[0], word) for word in evidence.words):
            yield Problem(ProblemKind.SUBJECT, f"The passage says {figure.shown} of “{theirs[0].text}”.")
            return


def find_turned_address(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what "you" do to somebody is not told as done to you: "you inform the office" is not "the office informs you"."""
    first = sentence.segments[0]
    theirs = evidence.segments[0]
    if first.verb is None or theirs.verb is None or first.passive != theirs.passive:
        return
    who = evidence.words[theirs.first].text.casefold()
    head = _find_head(sentence, first)
    if who not in {"you", "we", "they"} or theirs.verb > theirs.first + 2 or head is None or any(head.stem == each.stem for each in owner):
        return
    turned = any(word.text.casefold() == who for word in sentence.words[first.verb :]) or (
        who == "we" and any(word.text.casefold() in OURS for word in sentence.words[first.verb :])
    )
    places = [at for at, word in enumerate(evidence.words) if word.stem == head.stem]
    same = any(
        word.stem == sentence.words[at].stem for at in range(first.verb, first.end) if sentence.is_content(at) for word in evidence.words
    )
    if turned and same and places and all(at > theirs.verb for at in places):
        yield Problem(ProblemKind.ROLE, f"The passage says this of “{who}”.")


_BOUNDING = (
    ("minimum", "maximum"), ("min", "max"), ("plus", "minus"), ("over", "under"), ("above", "below"), ("before", "after"),
    ("smallest", "largest"), ("lowest", "highest"), ("earliest", "latest"), ("youngest", "oldest"), ("first", "last"), ("with", "without"),
)  # fmt: skip

_OTHER_BOUND = {one: other for pair in _BOUNDING for one, other in (pair, pair[::-1])}


def find_turned_word(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that no word stands where the passage has its opposite: short-term for long-term, plus for minus."""
    if any(evidence.find_marks(Mark.EXCEPT, Mark.REVERSE)):
        return  # "closed except on Sundays"
    mine, theirs = {word.text.casefold() for word in sentence.words}, {word.text.casefold() for word in evidence.words}
    for at, word in enumerate(sentence.words):
        low = word.text.casefold()
        if low in theirs or any(word.stem == each.stem for each in evidence.words):
            continue
        turned = next((each for each in evidence.words if _is_turned(word, each) and each.text.casefold() not in mine), None)
        if turned is None or _is_denied(sentence, at) != _is_denied(evidence, evidence.words.index(turned)):
            continue
        if not _is_said_apart(sentence, evidence, at, turned):
            yield Problem(ProblemKind.WORD, f"The passage says “{turned.text}”, not “{word.text}”.")
            return


def _is_turned(word: Word, other: Word) -> bool:
    one, two = word.text.casefold(), other.text.casefold()
    return _OTHER_BOUND.get(one) == two or (
        not alike(word, other)
        and (word.stem, other.stem) not in CONVERSES
        and one not in SMALL
        and two not in SMALL
        and are_opposites(word, other)
        and opposite(word, other)
    )


def _is_denied(reading: Reading, at: int) -> bool:
    return reading.segments[reading.segment_of[at]].negative


def _is_said_apart(sentence: Reading, evidence: Reading, at: int, turned: Word) -> bool:
    """Return whether what stands beside two opposites differs: a bound of another figure, a word of another thing."""
    near = [
        each for each in sentence.words[max(0, at - 2) : at + 3] if each.text.casefold() not in SMALL and each is not sentence.words[at]
    ]
    place = evidence.words.index(turned)
    there = evidence.words[max(0, place - 2) : place + 3]
    return not any(alike(one, other) for one in near for other in there)


_OWNED = re.compile(r"(?P<name>[A-Z][\w-]+)['’]s (?P<what>(?:[a-z][\w-]+ ?)+)")


def find_owned_part(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that what is told of a thing of somebody is not told of them: who buys "Ralston's cereal business" does not buy Ralston."""
    for found in _OWNED.finditer(evidence.text):
        name = found["name"]
        bare = re.findall(rf"\b{re.escape(name)}\b(?!['’])", evidence.text)
        if bare or not re.search(rf"\b{re.escape(name)}\b(?!['’])", sentence.text) or any(name == word.text for word in owner):
            continue
        things = [word for word in evidence.words if found.start("what") <= word.start < found.end() and not is_light(word)]
        if things and not any(says(sentence, word) for word in things[:3]):
            yield Problem(ProblemKind.PLACE, f"The passage says this of “{found[0].strip()}”.")
            return


_RANK = re.compile(r"\b(?:first|only|last|[a-z]{2,}est|most|best|worst)\b", re.IGNORECASE)


def find_widened_rank(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that the first of a kind is not told as the first of all: "the first practical sewing machine"."""
    for found in _RANK.finditer(sentence.text):
        rank = next(word for word in sentence.words if word.start <= found.start() < word.end)
        after = sentence.words[sentence.words.index(rank) + 1 : sentence.words.index(rank) + 2]
        place = next((at for at, word in enumerate(evidence.words) if word.text.casefold() == rank.text.casefold()), None)
        if place is None or not after or (is_verb(sentence.words, sentence.words.index(after[0])) and not after[0].text.endswith("ing")):
            continue
        at = place + 1
        while at < len(evidence.words) and evidence.is_content(at):
            if any(alike(evidence.words[at], word) for word in after):
                break
            if not says(sentence, evidence.words[at]) and any(alike(after[0], word) for word in evidence.words[at + 1 : at + 4]):
                yield Problem(ProblemKind.COMPARISON, f"The passage says “{rank.text} {evidence.words[at].text}”.")
                return
            at += 1


def find_turned_sides(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that two names or things keep their sides of a verb: who bought whom, what may not exceed what."""
    for segment in sentence.segments:
        verb = find_deed(sentence, segment)
        if verb is None or segment.passive:
            continue
        place = next((at for at, word in enumerate(evidence.words) if _is_same_deed(sentence.words[verb], evidence, at)), None)
        if place is None:
            continue
        before, after = (
            {sentence.words[at].stem for at in places if not sentence.is_small(at)}
            for places in (range(segment.first, verb), range(verb + 1, segment.end))
        )
        end = evidence.segments[evidence.segment_of[place]].end
        left, right = ({word.stem for word in words} for words in (evidence.words[:place], evidence.words[place + 1 : end]))
        before, after = before - after, after - before
        if before and before <= right - left and after & (left - right):
            yield Problem(ProblemKind.ROLE, f"In the passage “{sentence.words[verb].text}” is said the other way round.")
            return


def _is_same_deed(deed: Word, evidence: Reading, at: int) -> bool:
    """Return whether the word at a place may be the same verb, and something does it; many forms are those of nouns as well."""
    active = not any(each.text.casefold() in BE for each in evidence.words[max(0, at - 2) : at])
    return active and evidence.words[at].stem == deed.stem


def find_said_otherwise(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that no other statement says the same in the same words with another figure: "1959: it goes public"."""
    told = [word for at, word in enumerate(sentence.words) if sentence.is_content(at) and not any(word.stem == each.stem for each in owner)]
    own = {word.stem for word in evidence.words}
    missing = [word for word in told if word.stem not in own]
    if not missing or len(told) < 2 or len(sentence.figures) != 1:
        return
    mine = sentence.figures[0]
    for other in everything:
        if other.form is Form.ROW or other.text in evidence.text or evidence.text in other.text:
            continue
        reading = read_statement(other.text)
        theirs = [each for each in reading.figures if each.kind == mine.kind]
        stems = {word.stem for word in reading.words}
        if theirs and all(word.stem in stems for word in told) and not any(each.value == mine.value for each in theirs):
            yield Problem(ProblemKind.NUMBER, f"The passage says {theirs[0].shown} of this.")
            return


def find_turned_person(sentence: Reading, evidence: Reading, owner: Sequence[Word], everything: Sequence[Statement]) -> Iterator[Problem]:
    """Check that whom somebody calls does not call them: "our staff will call you" is not "you call our staff"."""
    segment = sentence.segments[0]
    verb, who = find_deed(sentence, segment), sentence.words[segment.first].text.casefold()
    if verb is None or segment.passive or who not in {"you", "we", "they"} or verb > segment.first + 3:
        return
    place = next((at for at in range(len(evidence.words)) if _is_same_deed(sentence.words[verb], evidence, at)), None)
    if place is None:
        return
    there = evidence.segments[evidence.segment_of[place]]
    after = [word.text.casefold() for word in evidence.words[place + 1 : place + 2]]
    before = [word for word in evidence.words[there.first : place] if word.text.casefold() not in SMALL]
    told = any(alike(word, each) for word in before for each in sentence.words[verb + 1 : segment.end])
    if after == [{"we": "us", "they": "them"}.get(who, who)] and before and told:
        yield Problem(ProblemKind.ROLE, f"In the passage this is done to “{who}”.")


SIDE_VETOES = (
    find_turned_word,
    find_owned_part,
    find_widened_rank,
    find_turned_sides,
    find_said_otherwise,
    find_split_party,
    find_other_particle,
    find_attributed_state,
    find_other_age,
    find_turned_address,
    find_turned_person,
)
