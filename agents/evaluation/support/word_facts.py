"""Words and names of a claim that the sources do not have, and those that stand where the statement has another word."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from sayso.tools.truth.grammar import PREPOSITIONS, is_verb
from sayso.tools.truth.lexicon import excludes, is_thing

from .alignment import Alignment
from .likeness import find_parts_of_speech, is_same_name, measure_likeness, says_opposite
from .problems import SupportProblem
from .source_reading import SourceReading, describes_next, does_something, is_owner, is_telling, join_names

_LANGUAGES = frozenset("english german french spanish polish latin italian dutch russian chinese japanese".split())
_NEAR = 2
_POINTING = frozenset({"the", "this", "that"})


def check_missing_names(match: Alignment) -> Iterator[SupportProblem]:
    """Yield the names that neither the sources nor the question have. In which language something is said, is no claim."""
    claim = match.claim
    for at in match.read.names:
        word = claim.words[at]
        if at in match.pairs or at in match.remote or match.read.sources.is_given(word):
            continue
        before = claim.words[at - 1].text.casefold() if at else ""
        if _is_part_of_known_name(match, at):
            continue
        if not (before == "in" and word.text.casefold() in _LANGUAGES):
            yield SupportProblem("name", f"The sources do not name “{word.text}”.")


def _is_part_of_known_name(match: Alignment, at: int) -> bool:
    """Return whether a name's other words are in the statement, and no other name before them: "Malcolm Smith" of "Smith was"."""
    evidence = match.evidence
    run = next(each for each in join_names(match.claim, match.read.names) if at in each)
    places = [match.pairs[each].place for each in run if each in match.pairs]
    names = match.read.sources.find_names(evidence)
    beside = {place + step for place in places for step in (-1, 1)} - set(places)
    is_first = at + 1 in run and at + 1 in match.pairs
    return is_first and not any(each in names for each in beside)


def check_mixed_names(match: Alignment) -> Iterator[SupportProblem]:
    """Yield names that are put together of two: "North Africa", where the sources have South Africa and North America."""
    claim, sources = match.claim, match.read.sources
    for run in join_names(claim, match.read.names):
        for at, following in pairwise(run):
            if at + 1 == following and at in match.read.names and following in match.read.names:
                other = _find_other_first(match, sources, claim.words[at].text, claim.words[following].text)
                if other:
                    name = f"{claim.words[at].text} {claim.words[following].text}"
                    yield SupportProblem("name", f"The sources speak of “{other} {claim.words[following].text}”, not “{name}”.")


def _find_other_first(match: Alignment, sources: SourceReading, first: str, second: str) -> str:
    """Return the word that stands before the second one in the sources, where the first one never does but stands elsewhere; else ""."""
    has_first, other = False, ""
    for statement in sources.statements:
        ones = [at for at, word in enumerate(statement.words) if is_same_name(first, word.text)]
        twos = [at for at, word in enumerate(statement.words) if is_same_name(second, word.text)]
        if any(abs(one - two) <= _NEAR + 1 for one in ones for two in twos):
            return ""
        has_first = has_first or bool(ones)
        names = sources.find_names(statement)
        for at in twos:
            before = statement.words[at - 1] if at else None
            if before and at - 1 in names and statement.text[before.end : statement.words[at].start] == " ":
                said = any(is_same_name(before.text, match.claim.words[each].text) for each in match.read.names)
                other = other or ("" if said else before.text)
    return other if has_first else ""


def check_described_things(match: Alignment) -> Iterator[SupportProblem]:
    """Yield a name before a thing or name of the claim where the statement has another name before it: "the Kelling mill"."""
    claim, evidence = match.claim, match.evidence
    theirs = match.read.sources.find_names(evidence)
    for at in match.read.names:
        of_name = at + 1 in match.read.names and at in match.remote
        if at in match.pairs or at + 1 not in match.pairs or not (of_name or describes_next(claim, at)):
            continue
        before = match.pairs[at + 1].place - 1
        if before in theirs and before not in match.said and (of_name or describes_next(evidence, before)):
            yield SupportProblem("name", f"The sources say “{evidence.words[before].text}”, not “{claim.words[at].text}”.")


def check_owners(match: Alignment) -> Iterator[SupportProblem]:
    """Yield a name before a thing that the sources have of another name: "Russia's army" for "Napoleon's army"."""
    claim, sources = match.claim, match.read.sources
    for at in match.read.names:
        if not is_owner(claim, at) or at + 1 >= len(claim.words):
            continue
        thing = next((each for each in (at + 1, at + 2) if each in match.pairs or each in match.remote), None)
        if thing is None:
            continue
        if thing in match.pairs:
            statement, place = match.evidence, match.pairs[thing].place
        else:
            remote = match.remote[thing]
            statement, place = sources.statements[remote.statement], remote.pair.place
        theirs = sources.find_names(statement)
        owner = next((each for each in (place - 1, place - 2) if each in theirs and is_owner(statement, each)), None)
        if owner is None or is_same_name(claim.words[at].text, statement.words[owner].text):
            continue
        if not sources.is_given(claim.words[at]):
            yield SupportProblem("role", f"The sources say this of “{statement.words[owner].text}”, not of “{claim.words[at].text}”.")


def check_meant_things(match: Alignment) -> Iterator[SupportProblem]:
    """Yield a name of two words where "the forest" of the statement is another forest that is named before it."""
    claim, statements = match.claim, match.read.sources.statements
    for run in join_names(claim, match.read.names):
        place = match.pairs[run[-1]].place if run[-1] in match.pairs else 0
        if len(run) < 2 or not place or not match.evidence.words[place].text.islower():
            continue
        if match.evidence.words[place - 1].text.casefold() not in _POINTING or run[0] in match.pairs:
            continue
        head = claim.words[run[-1]].text
        for statement in reversed(statements[: match.best]):
            named = [each for each in join_names(statement, match.read.sources.find_names(statement)) if len(each) > 1]
            meant = next((each for each in named if is_same_name(head, statement.words[each[-1]].text)), None)
            if meant is not None:
                texts = [statement.words[at].text for at in meant]
                if not any(is_same_name(claim.words[run[0]].text, text) for text in texts):
                    yield SupportProblem("name", f"The sources say this of “{' '.join(texts)}”.")
                break


def check_replaced_words(match: Alignment) -> Iterator[SupportProblem]:
    """Yield a word of the claim in whose place, beside the same word, the statement has another thing of one kind."""
    claim, evidence, said = match.claim, match.evidence, match.said
    for at in match.read.words:
        if at in match.pairs and match.pairs[at].likeness >= 0.6:
            continue
        word = claim.words[at]
        if not is_thing(word) or does_something(claim, at):
            continue
        for step in (-1, 1):
            beside = next((each for each in (at + step, at + 2 * step) if each in match.pairs), None)
            if beside is None:
                continue
            for distance in range(1, _NEAR + 1):
                place = match.pairs[beside].place - step * distance
                if not 0 <= place < len(evidence.words) or place in said or not evidence.is_content(place):
                    continue
                other = evidence.words[place]
                if says_opposite(word.text.casefold(), other.text.casefold()):
                    continue  # see denials
                if (
                    other.text[:1].islower()
                    and is_thing(other)
                    and excludes(word, other)
                    and measure_likeness(word.text, other.text) < 0.45
                ):
                    yield SupportProblem("word", f"The sources say “{other.text}”, not “{word.text}”.")


def check_objects(match: Alignment) -> Iterator[SupportProblem]:
    """Yield a word behind a verb or a preposition where the statement has another one behind the same: "died of cholera"."""
    for at, pair in match.pairs.items():
        if pair.likeness < 0.9 or at + 1 >= len(match.claim.words):
            continue
        own, other = _find_other_complement(match, at, pair.place) if is_verb(match.claim.words, at) else (None, None)
        if own is None or other is None:
            own, other = _find_other_after_preposition(match, at, pair.place)
        if own is not None and other is not None:
            yield SupportProblem("word", f"The sources say “{match.evidence.words[other].text}”, not “{match.claim.words[own].text}”.")


def _find_other_complement(match: Alignment, at: int, place: int) -> tuple[int | None, int | None]:
    """Return the word behind a verb, and the statement's, where the claim's stands in another clause there: "remained radical"."""
    evidence = match.evidence
    own, other = _find_next(match, at + 1), _find_next_there(match, place + 1)
    if own is None or other is None or own not in match.pairs or other in match.said:
        return None, None
    if abs(match.pairs[own].place - other) <= _NEAR + 1:
        return None, None  # "thousands of Muslims"
    clauses = [evidence.segments[evidence.segment_of[each]].clause for each in (match.pairs[own].place, place)]
    kinds = find_parts_of_speech(match.claim.words[own]) & find_parts_of_speech(evidence.words[other])
    first, last = sorted((match.pairs[own].place, place))
    parted = (
        match.pairs[at].likeness == 1
        and does_something(evidence, place)
        and match.claim.words[own].text.islower()
        and any(does_something(evidence, each) for each in range(first + 1, last))
    )
    return (own, other) if (clauses[0] != clauses[1] and "a" in kinds) or (parted and "n" in kinds) else (None, None)


def _find_other_after_preposition(match: Alignment, at: int, place: int) -> tuple[int | None, int | None]:
    """Return the word behind a preposition, and the statement's, where the sources do not have the claim's at all."""
    claim, evidence = match.claim, match.evidence
    low = claim.words[at + 1].text.casefold()
    if low not in PREPOSITIONS or place + 1 >= len(evidence.words) or evidence.words[place + 1].text.casefold() != low:
        return None, None
    own, other = _find_next(match, at + 2), _find_next_there(match, place + 2)
    is_known = own is None or any(own in each for each in match.read.tables) or claim.words[own].text.casefold() in _LANGUAGES
    return (None, None) if other is None or other in match.said or is_known else (own, other)


def _find_next(match: Alignment, start: int) -> int | None:
    return next((at for at in range(start, min(start + _NEAR, len(match.claim.words))) if is_telling(match.claim, at)), None)


def _find_next_there(match: Alignment, start: int) -> int | None:
    return next((at for at in range(start, min(start + _NEAR, len(match.evidence.words))) if is_telling(match.evidence, at)), None)
