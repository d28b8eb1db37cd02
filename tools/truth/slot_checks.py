"""Another thing in the same place: a word that the statement has not is refused where it stands for one that it has."""

from __future__ import annotations

from collections.abc import Iterator

from .grammar import is_verb
from .lexicon import is_thing
from .matching import OUTSIDE, Match
from .reading import Reading
from .verdict import Problem, ProblemKind
from .word_checks import is_left
from .word_kinds import PRICE_WORDS, is_subject_word, is_weak
from .word_pairs import covers
from .words import Word


def check_exchange(match: Match) -> Iterator[Problem]:
    """No word stands where the statement has another one: between the same neighbours, "Members can borrow" is not "Members can train"."""
    mine, theirs = [_BEGIN, *_find_tokens(match.sentence), _END], [_BEGIN, *_find_tokens(match.evidence), _END]
    pairs = {at: place for at, place in match.pairs.items() if place >= 0} | {_BEGIN: _BEGIN, _END: _END}
    pairs |= {match.sentence.figures[one].first: match.evidence.figures[other].first for one, other in match.figures.items()}
    places = {place: number for number, place in enumerate(theirs)}
    for number in range(1, len(mine) - 1):
        at = mine[number]
        if at in match.sentence.figured or at in match.sentence.marked or match.sentence.words[at].text.casefold() in _PARTICLES | _ANYBODY:
            continue
        left, right = (places.get(pairs.get(mine[number + step], _NOWHERE)) for step in (-1, 1))
        if left is not None and right == left + 2:
            slots = [theirs[left + 1]] if pairs.get(at) != theirs[left + 1] and _may_be_put(match, at) else []
        elif at not in pairs and is_left(match, at) and not is_weak(match.sentence.words[at]):
            slots = [
                theirs[place]
                for place in (left + 1 if left is not None else None, right - 1 if right is not None else None)
                if place is not None
            ]
        else:
            slots = []
        slot = next((each for each in slots if _is_dropped(match, each) and _are_apart(match, at, each)), None)
        if slot is not None:
            yield Problem(ProblemKind.WORD, f"The passage says “{match.evidence.words[slot].text}”, not “{match.sentence.words[at].text}”.")
            return


_ANYBODY = frozenset("nobody anybody anyone everybody everyone somebody someone whoever those".split())
_PARTICLES = frozenset("up out off over down away back on non".split())


def _may_be_put(match: Match, at: int) -> bool:
    """Return whether a word of the sentence may stand for another one: it is not in the statement, or once too often in the sentence."""
    stem = match.sentence.words[at].stem
    return match.pairs.get(at, OUTSIDE) == OUTSIDE or sum(word.stem == stem for word in match.sentence.words) > 1


_GRAMMAR = frozenset("throughout among including far first fine".split())


def _is_framing(word: Word) -> bool:
    return word.text.casefold() in _GRAMMAR


def _is_short(match: Match) -> bool:
    """Return whether all but one of the words of the sentence are the statement's: then any other word is an exchanged one."""
    return sum(is_left(match, at) for at in range(len(match.sentence.words))) < 2 and len(match.pairs) > 2


_LEGAL = frozenset("inc ltd llc gmbh ag co corp plc sa sarl srl bv nv kg ab oy limited".split())


def _are_apart(match: Match, at: int, slot: int) -> bool:
    """Return whether two words say different things."""
    word, other = match.sentence.words[at], match.evidence.words[slot]
    one, two = word.text.casefold(), other.text.casefold()
    if any(prefix + one == two or prefix + two == one for prefix in ("un", "in", "non", "dis")):
        return True
    if is_verb(match.sentence.words, at) != is_verb(match.evidence.words, slot) and not _is_short(match):
        return False
    if _is_framing(word) or covers(word, other) or other.text.casefold() in _LEGAL:
        return False
    verb = match.sentence.segments[match.sentence.segment_of[at]].verb
    named = other.text[:1].isupper() and any(other.stem == each.stem for each in match.subject)
    if named and verb is not None and at < verb and is_subject_word(match, word):
        return False  # "the company" for its name
    if is_subject_word(match, other) and not is_verb(match.evidence.words, slot) and (match.pairs.get(at) == OUTSIDE or not is_thing(word)):
        return False
    return word.stem not in PRICE_WORDS or other.stem not in PRICE_WORDS | {"stay"}


_BEGIN, _END, _NOWHERE = -2, -3, -4
"""Places of the beginning and the end of a statement, which are neighbours too, and of no word."""


def _find_tokens(reading: Reading) -> list[int]:
    """Return the places of the words that say something, and of the first word of each figure."""
    starts = {figure.first for figure in reading.figures}
    return [at for at in range(len(reading.words)) if at in starts or (at not in reading.figured and not reading.is_small(at))]


def _is_dropped(match: Match, at: int) -> bool:
    """Return whether a word of the statement is left out by the sentence."""
    return at >= 0 and at not in match.evidence.figured and at not in match.evidence.marked and at not in match.used
