"""What the sentence claims has to be said: its verb, its object, and each thing of its own clause."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .bond_checks import find_span
from .grammar import is_verb
from .lexicon import names_people
from .marks import find_idiom
from .matching import OUTSIDE, Match
from .reading import Reading, show
from .verdict import Problem, ProblemKind
from .word_kinds import is_subject_word, is_weak
from .word_pairs import covers
from .words import Word, alike, is_light, stem

_FREE = frozenset(map(stem, "become book buy keep host use handle open serve visit".split()))


_NO_MORE = frozenset("any more anymore longer".split())


def check_object(match: Match) -> Iterator[Problem]:
    """Check that what follows the verb is said: some word of it is the passage's, however ordinary its words are."""
    sentence = match.sentence
    if match.figures or not sentence.segments or sentence.segments[0].verb is None:
        return
    segment = sentence.segments[0]
    verb = next((at for at in range(segment.end - 1, segment.first - 1, -1) if is_verb(sentence.words, at)), None)
    if verb is None:
        return
    after = [at for at in range(verb, segment.end) if not sentence.is_small(at) and sentence.words[at].text.casefold() not in _NO_MORE]
    said = [at for at in after if at in match.pairs and at > verb] or [
        at for at in after if at == verb and at in match.pairs and len(after) == 1
    ]
    rest = [at for at in after if at > verb and at not in sentence.marked and not is_light(sentence.words[at])] or after
    if rest and not said and not any(alike(sentence.words[at], each) for at in rest for each in match.evidence.words):
        yield Problem(ProblemKind.WORD, f"The passage does not say “{sentence.words[rest[0]].text}”.")


def check_clause(match: Match) -> Iterator[Problem]:
    """Refuse a word of another clause of the statement, and an ordinary word where the statement has a name."""
    sentence, evidence = match.sentence, match.evidence
    exact = {place for at, place in match.pairs.items() if place >= 0 and sentence.words[at].stem == evidence.words[place].stem}
    for at, place in sorted(match.pairs.items()):
        if place == OUTSIDE or at in match.opposed:
            continue
        word, other = sentence.words[at], evidence.words[place]
        apart = at in match.astray and (not match.figures or word.stem != other.stem) and _is_other_clause(match, place)
        if apart and sentence.is_content(at) and not is_weak(word) and not is_subject_word(match, word):
            yield Problem(ProblemKind.PLACE, f"The passage says “{word.text}” of something else.")
            return
        named = at > 0 and word.text[:1].isupper() and other.text[:1].islower() and word.stem != other.stem
        twice = (
            word.stem != other.stem
            and place in exact
            and not is_light(word)
            and not word.text.isupper()
            and not find_idiom(sentence.words, at)
        )
        if (named and sentence.is_name(at)) or twice:
            yield Problem(ProblemKind.WORD, f"The passage does not say “{word.text}” of this.")
            return


def _is_other_clause(match: Match, place: int) -> bool:
    """Return whether a word stands on the other side of a semicolon than most of what the sentence says."""
    spans = [find_span(match.evidence, each) for each in match.pairs.values() if each >= 0]
    return spans.count(find_span(match.evidence, place)) * 2 < len(spans)


_OVER = frozenset("over under above below from until".split())
_TIMES = frozenset("day week month year hour minute night morning weekend quarter season time".split())


def check_bounds_of_things(match: Match) -> Iterator[Problem]:
    """Check that who or what is meant stays bounded: "guests over 16" are not all guests, and "per member per month" is not "per month"."""
    evidence = match.evidence
    stems = {word.stem for word in match.sentence.words}
    for at, figure in enumerate(evidence.figures):
        before = figure.first - 2
        low = evidence.words[before + 1].text.casefold() if before >= 0 else ""
        bounded = before >= 0 and figure.kind != "date" and (low in _OVER or (low == "of" and figure.bound != ""))
        if not bounded or at in match.figures.values() or before in evidence.figured or evidence.words[before].stem not in stems:
            continue
        if match.is_home(before) and not evidence.is_small(before) and not is_verb(evidence.words, before):
            yield Problem(ProblemKind.CONDITION, f"The passage says “{evidence.words[before].text} {figure.relation} {figure.shown}”.")
            return
    for theirs in match.figures.values():
        for per in evidence.figures[theirs].per:
            if len(evidence.figures[theirs].per) > 1 and per not in _TIMES and not _says_per(match, per):
                yield Problem(ProblemKind.UNIT, f"The passage says {evidence.figures[theirs].shown}: say also that it is per {per}.")
                return


_EACH = frozenset("per each every a an the for".split())


def _says_per(match: Match, per: str) -> bool:
    """Return whether the sentence has the thing that a price is per, or one alike."""
    words = match.sentence.words
    if per in match.sentence.text.casefold() or stem(per) in {word.stem for word in words}:
        return True
    if per in _PEOPLE:
        return any(_tells_each(words, at) for at in range(1, len(words)))
    thing = next((word for word in match.evidence.words if word.text.casefold() == per), None)
    named = [words[at] for at in range(1, len(words)) if words[at - 1].text.casefold() in _EACH and words[at].stem not in _PLANS]
    return thing is None or any(alike(each, thing) for each in named)


_PEOPLE = frozenset("person head guest".split())


def _tells_each(words: Sequence[Word], at: int) -> bool:
    """Return whether a word names somebody of whom each is meant: "each player", "every guest", "a head"."""
    return words[at - 1].text.casefold() in _EACH and (names_people(words[at].text.casefold()) or words[at].text.casefold() == "head")


_PLANS = frozenset(map(stem, "plan plans subscription subscriptions tier tiers".split()))


_NOBODY = re.compile(r"\b(?:nobody|no one|no-one) (?:who is |aged )?(?:under|below|over|above|younger than|older than) \S+", re.IGNORECASE)


def check_nobody(match: Match) -> Iterator[Problem]:
    """Check that whom the passage shuts out by age is not let in: "nobody under 18 is tattooed" is not "minors are tattooed"."""
    found = _NOBODY.search(match.evidence.text)
    if found and not match.figures and not any(each.negative for each in match.sentence.segments):
        yield Problem(ProblemKind.NEGATION, f"The passage says “{found[0]}”.")


def check_holders(match: Match) -> Iterator[Problem]:
    """Check whose a thing is: "at the owner's risk" is not "at the car park's risk"."""
    for at, place in match.pairs.items():
        if place < 0 or not match.sentence.is_content(at):
            continue
        mine, theirs = _find_holder(match.sentence, at), _find_holder(match.evidence, place)
        if mine is not None and theirs is not None and not _are_one_holder(match, mine, theirs):
            yield Problem(ProblemKind.ROLE, f"The passage says “{show(match.evidence, theirs, place + 1)}”.")
            return


def _find_holder(reading: Reading, at: int) -> int | None:
    """Return the place of the word with "'s" before a thing."""
    first = max(0, at - 2)
    return next(
        (each for each in range(first, at) if _HELD.match(reading.text, reading.words[each].start, reading.words[each].end + 1)), None
    )


_HELD = re.compile(r"\w+['’]")


def _are_one_holder(match: Match, mine: int, theirs: int) -> bool:
    one, other = match.sentence.words[mine], match.evidence.words[theirs]
    return match.pairs.get(mine) == theirs or covers(one, other) or (is_light(one) and is_light(other))
