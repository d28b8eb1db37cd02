"""Who does what to whom: the names before and behind the verbs of a claim, and of the statement that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sayso.tools.truth.grammar import AUXILIARIES, BE, DETERMINERS, PREPOSITIONS, SMALL, is_past, is_verb
from sayso.tools.truth.lexicon import is_thing
from sayso.tools.truth.reading import Reading
from sayso.tools.truth.words import stem

from .alignment import Alignment, WordPair
from .likeness import is_same_name
from .problems import SupportProblem, quote_words
from .source_reading import describes_next, does_something, find_subject, is_owner, is_telling, join_names, spells_initials

_HOLLOW = frozenset(map(stem, "be have do make get take give go come put set see use become include".split()))
"""Verbs that say too little to tell whose they are."""
_BESIDE = frozenset("is was are were the a an also then its his her called named known as".split())
_STATES = frozenset("is was are were".split())
_FARTHEST = 12


class Roles(NamedTuple):
    """The names that do what a verb says, and those that it is done to."""

    agents: tuple[int, ...]
    patients: tuple[int, ...]
    passive: bool = False
    is_whole: bool = True
    """Whether the verb has its auxiliary and subject; "funded by ..." has not, and only its agents are known."""


def check_roles(match: Alignment) -> Iterator[SupportProblem]:
    """Yield verbs of the claim that the sources say of somebody else."""
    for at in match.read.words:
        if not does_something(match.claim, at):
            continue
        if at in match.pairs:
            yield from _check_verb(match, match.evidence, at, match.pairs[at])
        elif at in match.remote and match.remote[at].pair.likeness >= 0.8:
            remote = match.remote[at]
            if sum(place in match.read.tables[remote.statement] for place in match.read.places) >= 3:
                yield from _check_verb(match, match.read.sources.statements[remote.statement], at, remote.pair)


def _check_verb(match: Alignment, evidence: Reading, at: int, pair: WordPair) -> Iterator[SupportProblem]:
    claim, word = match.claim, match.claim.words[at]
    if any(place and reading.words[place - 1].text.casefold() == "to" for reading, place in ((claim, at), (evidence, pair.place))):
        return  # whose "to serve" is, is said elsewhere
    if _is_in_compound(claim, at) and _is_in_compound(evidence, pair.place):
        return
    if pair.likeness < 0.8 or word.stem in _HOLLOW or evidence.words[pair.place].stem in _HOLLOW or not is_telling(claim, at):
        return
    if evidence is match.evidence and _is_turned(match, at, pair.place):
        yield SupportProblem("role", f"In the sources “{word.text}” is done the other way round.")
        return
    names = _find_actors(match, evidence)
    ours, theirs = _find_roles(claim, at, match.read.names), _find_their_roles(evidence, pair.place, names)
    if theirs is None:
        return

    def is_one(mine: Sequence[int], other: Sequence[int]) -> bool:
        return _share_name(claim, mine, evidence, other)

    if ours.agents and theirs.agents and not is_one(ours.agents, theirs.agents):
        turned = bool(theirs.patients) and is_one(ours.agents, theirs.patients)
        is_state = turned and not ours.patients and not ours.passive  # "the rising began" for "they began the rising"
        only_describe = all(each in match.remote and describes_next(claim, each) for each in ours.agents)
        if not is_state and not _is_left_out(match, evidence, ours.agents, pair.place) and (turned or not only_describe):
            yield SupportProblem("role", f"The sources say “{word.text}” of {quote_words(evidence, theirs.agents)}.")
    elif ours.agents and theirs.patients and not theirs.agents and is_one(ours.agents, theirs.patients):
        before = [each for each in names if each < pair.place]
        has_object = bool(ours.patients) or does_something(evidence, pair.place)
        if has_object and not is_one(ours.patients, theirs.patients) and not is_one(ours.agents, before):
            yield SupportProblem("role", f"In the sources {quote_words(evidence, theirs.patients)} does not do this: it is done to it.")
    elif _has_other_patients(claim, ours, theirs) and not is_one(ours.patients, theirs.patients):
        yield SupportProblem("role", f"The sources say “{word.text}” of {quote_words(evidence, theirs.patients)}.")
    elif not ours.agents and ours.passive == theirs.passive and pair.likeness >= 0.9:
        yield from _check_plain_subject(match, evidence, at, pair.place)


def _is_left_out(match: Alignment, evidence: Reading, agents: Sequence[int], place: int) -> bool:
    """Return whether the verb is left out behind another name: "A works here and B there"."""
    if evidence is not match.evidence:
        return False
    there = [match.pairs[at].place for at in agents if at in match.pairs]
    return any(at > place and evidence.segments[evidence.segment_of[at]].verb is None for at in there)


def _is_in_compound(reading: Reading, at: int) -> bool:
    """Return whether a word stands between two nouns, and is one of them: "a health savings account"."""
    if not 0 < at < len(reading.words) - 1 or not is_thing(reading.words[at]):
        return False
    before, word, after = reading.words[at - 1 : at + 2]
    together = reading.text[before.end : word.start] == " " == reading.text[word.end : after.start]
    return together and is_telling(reading, at - 1) and is_telling(reading, at + 1) and is_thing(before) and is_thing(after)


def _is_turned(match: Alignment, at: int, place: int) -> bool:
    """Return whether what does something in the claim is what it is done to in the statement, in common nouns and names alike."""
    claim, evidence = match.claim, match.evidence
    if not does_something(evidence, place):
        return False
    ours = _find_roles(claim, at, [each for each in range(len(claim.words)) if is_telling(claim, each)])
    theirs = _find_their_roles(evidence, place, [each for each in range(len(evidence.words)) if is_telling(evidence, each)])
    if theirs is None or not theirs.is_whole:
        return False
    agents, patients = (
        {match.pairs[each].place for each in part if each in match.pairs} - {place} for part in (ours.agents, ours.patients)
    )
    done, doing = set(theirs.patients), set(theirs.agents)
    if agents & doing or patients & done:
        return False
    return bool(agents & done) and bool(patients & doing)


def _has_other_patients(claim: Reading, ours: Roles, theirs: Roles) -> bool:
    owners = any(is_owner(claim, each) for each in ours.patients)
    return bool(ours.patients and theirs.patients) and ours.passive == theirs.passive and theirs.is_whole and not owners


def _check_plain_subject(match: Alignment, evidence: Reading, at: int, place: int) -> Iterator[SupportProblem]:
    """Yield a verb whose subject, in common nouns, is another clause's in the statement: "electricity is included"."""
    if evidence is not match.evidence or not does_something(evidence, place):
        return
    ours = [each for each in find_subject(match.claim, at) if is_telling(match.claim, each)]
    theirs = {each for each in find_subject(evidence, place) if is_telling(evidence, each)}
    if not ours or not theirs or not all(each in match.pairs for each in ours):
        return
    outside = [match.pairs[each].place for each in ours if match.pairs[each].place not in theirs]
    unsaid = theirs - match.said
    siblings = {each for at_verb in _find_verbs(evidence) if at_verb != place for each in find_subject(evidence, at_verb)} - theirs
    if not theirs & match.said or (unsaid and outside and siblings.issuperset(outside)):
        yield SupportProblem("role", f"The sources say “{match.claim.words[at].text}” of {quote_words(evidence, theirs)}.")


def _find_verbs(reading: Reading) -> list[int]:
    return [at for at in range(len(reading.words)) if does_something(reading, at)]


def _find_actors(match: Alignment, evidence: Reading) -> tuple[int, ...]:
    """Return the names of a statement without those in brackets, which are other names of the one before: "(NSF)"."""
    return tuple(each for each in match.read.sources.find_names(evidence) if not is_other_name(evidence, each))


def is_other_name(reading: Reading, at: int) -> bool:
    """Return whether a name stands in brackets, as another one of what is named before it: "Islamic Group (al-Gama'a)"."""
    if at and reading.text[reading.words[at - 1].end : reading.words[at].start].strip().endswith("("):
        return True
    return at > 1 and reading.words[at - 1].text.casefold() == "or" and reading.words[at - 2].text[:1] not in "0123456789"


def _find_roles(reading: Reading, verb: int, names: Sequence[int]) -> Roles:
    number = reading.segment_of[verb]
    segment, end = reading.segments[number], reading.segments[number].end
    for following in reading.segments[number + 1 :]:
        if following.clause != segment.clause or following.verb is not None or following.opener in {",", "("}:
            break
        end = following.end
    subject = tuple(at for at in find_subject(reading, verb) if at in names)
    if _is_passive(reading, verb):
        return Roles(_find_doers(reading, range(verb + 1, end), names), subject, True)
    direct = list[int]()
    for at in range(verb + 1, end):
        low = reading.words[at].text.casefold()
        if low in PREPOSITIONS and low not in {"of", "as"}:
            break
        direct.append(at)
    return Roles(subject, tuple(at for at in direct if at in names))


def _find_doers(reading: Reading, places: range, names: Sequence[int]) -> tuple[int, ...]:
    """Return the names behind "by"."""
    by = next((at for at in places if reading.words[at].text.casefold() == "by"), None)
    if by is None:
        return ()
    found = list[int]()
    for at in range(by + 1, places.stop):
        if reading.words[at].text.casefold() in PREPOSITIONS - {"of"}:
            break
        found += [at] if at in names else []
    return tuple(found)


def _find_their_roles(reading: Reading, place: int, names: Sequence[int]) -> Roles | None:
    """Return the roles of a verb, or of a noun that says what is done; None where they cannot be told."""
    words = reading.words
    if not does_something(reading, place):
        return _find_roles_of_noun(reading, place, names)
    segment = reading.segments[reading.segment_of[place]]
    shared = segment.opener == "and" and place - segment.first < 3  # "was built in 1871 and bought by the city"
    earlier = [each.first for each in reading.segments if each.clause == segment.clause]
    is_being = any(words[at].text.casefold() in BE for at in range(earlier[0] if shared else max(0, place - 3), place))
    if words[place].text.casefold().endswith("ing") and not is_being:
        return None
    before = range(segment.first, place)
    alone = is_past(words[place]) and all(words[at].text.casefold() in {*SMALL, "then", "also", "separately"} for at in before)
    if alone and not is_being and segment.opener in {",", "("}:
        doers = _find_doers(reading, range(place, min(len(words), place + 9)), names)
        return Roles(doers, (), True, False) if doers else None
    found = _find_roles(reading, place, names)
    return found._replace(is_whole=not found.passive or is_being)


def _find_roles_of_noun(reading: Reading, place: int, names: Sequence[int]) -> Roles:
    """Return the roles of "the German invasion of Poland"."""
    agents, patients, at = list[int](), list[int](), place - 1
    while at >= 0 and at in names:
        agents.append(at)
        at -= 1
    if place + 1 < len(reading.words) and reading.words[place + 1].text.casefold() == "of":
        at = place + 2
        while at < len(reading.words) and (at in names or reading.words[at].text.casefold() in DETERMINERS):
            patients += [at] if at in names else []
            at += 1
    return Roles(tuple(agents), tuple(patients))


def _is_passive(reading: Reading, verb: int) -> bool:
    words = reading.words
    if not words[verb].text.casefold().endswith(("ed", "en", "wn", "t", "d")):
        return False
    for at in range(verb - 1, max(-1, verb - 4), -1):
        low = words[at].text.casefold()
        if low in BE:
            return True
        if low in {"has", "have", "had"}:
            return False
    return any(words[at].text.casefold() == "by" for at in range(verb + 1, min(len(words), verb + 6)))


def _share_name(claim: Reading, ours: Sequence[int], evidence: Reading, theirs: Sequence[int]) -> bool:
    return any(
        is_same_name(claim.words[one].text, evidence.words[other].text)
        or spells_initials(claim.words[one].text, evidence, other)
        or spells_initials(evidence.words[other].text, claim, one)
        for one in ours
        for other in theirs
    )


def check_descriptions(match: Alignment) -> Iterator[SupportProblem]:
    """Yield "N is D" where the statement has another name beside that description: "D (M)", "M, the D", "M is D"."""
    claim = match.claim
    states = [at for at, word in enumerate(claim.words) if word.text.casefold() in _STATES]
    if len(states) != 1 or any(is_verb(claim.words, at) and claim.words[at].text.casefold() not in AUXILIARIES for at in match.read.words):
        return
    sides = ([at for at in match.read.places if at in match.pairs and (at < states[0]) == left] for left in (True, False))
    left, right = sides
    for named, described in ((left, right), (right, left)):
        names = [at for at in named if at in match.read.names]
        if names and any(at in match.read.words for at in described):
            yield from _check_description(match, names, described)


def _check_description(match: Alignment, names: Sequence[int], described: Sequence[int]) -> Iterator[SupportProblem]:
    evidence = match.evidence
    ours = {match.pairs[at].place for at in names}
    places = sorted({match.pairs[at].place for at in described} - ours)
    if not places or places[-1] - places[0] > _FARTHEST:
        return
    beside = [each for each in _find_names_beside(match, places) if each]
    near = any(abs(one - other) <= 2 for one in ours for other in places)
    if near or not beside or any(ours & set(each) for each in beside):
        return
    others = [each for each in beside if match.said.isdisjoint(each)]
    if others:
        yield SupportProblem("description", f"The sources say this of {quote_words(evidence, others[0])}.")


def _find_names_beside(match: Alignment, places: Sequence[int]) -> Iterator[list[int]]:
    """Yield the names directly before and behind a description, brackets and "is the" between them."""
    evidence, names = match.evidence, match.read.sources.find_names(match.evidence)
    runs = join_names(evidence, names)
    before, after = places[0] - 1, places[-1] + 1
    while before >= 0 and evidence.words[before].text.casefold() in _BESIDE:
        before -= 1
    while after < len(evidence.words) and evidence.words[after].text.casefold() in _BESIDE:
        after += 1
    for run in runs:
        is_before = run[-1] == before and before not in places and not describes_next(evidence, before)
        if is_before or (run[0] == after and after not in places):
            yield run
