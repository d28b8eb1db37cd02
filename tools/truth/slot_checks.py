"""Another thing in the same place: a word that the statement has not is refused where it stands for one that it has."""

from __future__ import annotations

from collections.abc import Iterator

from .lexicon import is_thing
from .matching import Match
from .reading import Reading, is_verb
from .role_checks import find_role, is_modifier
from .verdict import Problem, ProblemKind
from .word_checks import is_left
from .word_kinds import PRICE_WORDS, is_subject_word, is_unit, is_weak

_SAME_SLOT = {**dict.fromkeys("in at on inside within".split(), "in"), **dict.fromkeys("to into onto toward towards".split(), "to")}


def check_slots(match: Match) -> Iterator[Problem]:
    """A thing is not exchanged for another one: where the sentence has its own word after the same preposition, verb or as the subject.

    "Bicycles stand in the cellar of house 4" is refused over "in the yard behind house 4": both say where, and a cellar is no yard.
    """
    theirs = dict[str, int]()
    for at in range(len(match.evidence.words)):
        if match.is_home(at) and _is_open(match, at):
            theirs.setdefault(_find_slot(match.evidence, at), at)
    for at, word in enumerate(match.sentence.words):
        if not is_left(match, at) or is_weak(word) or is_unit(word) or is_modifier(match.sentence, at) or not is_thing(word):
            continue
        slot = "" if is_verb(match.sentence.words, at) else _find_slot(match.sentence, at)
        if slot and slot in theirs:
            yield Problem(ProblemKind.WORD, f"The passage says “{match.evidence.words[theirs[slot]].text}”, not “{word.text}”.")
            return


def check_exchange(match: Match) -> Iterator[Problem]:
    """No word stands where the statement has another one: between the same neighbours, "Members can borrow" is not "Members can train"."""
    mine, theirs = _find_tokens(match.sentence), _find_tokens(match.evidence)
    pairs = {at: place for at, place in match.pairs.items() if place >= 0}
    pairs |= {match.sentence.figures[one].first: match.evidence.figures[other].first for one, other in match.figures.items()}
    places = {place: number for number, place in enumerate(theirs)}
    for number, at in enumerate(mine):
        if at in pairs or at in match.sentence.figured or at in match.sentence.marked or not _is_strange(match, at):
            continue
        for step in (-1, 1):
            beside = mine[number + step] if 0 <= number + step < len(mine) else None
            if beside not in pairs or pairs[beside] not in places:
                continue
            near = places[pairs[beside]] - step
            if 0 <= near < len(theirs) and _is_dropped(match, theirs[near]):
                other = match.evidence.words[theirs[near]].text
                yield Problem(ProblemKind.WORD, f"The passage says “{other}”, not “{match.sentence.words[at].text}”.")
                return


def _find_tokens(reading: Reading) -> list[int]:
    """Return the places of the words that say something, and of the first word of each figure."""
    starts = {figure.first for figure in reading.figures}
    return [at for at in range(len(reading.words)) if at in starts or (at not in reading.figured and not reading.is_small(at))]


def _is_strange(match: Match, at: int) -> bool:
    return is_left(match, at) and not is_weak(match.sentence.words[at])


def _is_dropped(match: Match, at: int) -> bool:
    """Return whether a word of the statement is left out by the sentence."""
    return at not in match.evidence.figured and at not in match.evidence.marked and at not in match.used


def _is_open(match: Match, at: int) -> bool:
    """Return whether a word of the statement is a thing that the sentence does not say."""
    word = match.evidence.words[at]
    return (
        match.evidence.is_content(at)
        and not match.says(at)
        and not is_weak(word)
        and not is_unit(word)
        and word.stem not in PRICE_WORDS
        and not is_subject_word(match, word)
        and not is_modifier(match.evidence, at)
        and not is_verb(match.evidence.words, at)
        and is_thing(word)
    )


def _find_slot(reading: Reading, at: int) -> str:
    role = find_role(reading, at)
    return _SAME_SLOT.get(role, role)
