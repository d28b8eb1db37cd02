"""Negations, quantifiers, plans, possibilities and opinions: what turns or frames a statement stays."""

from __future__ import annotations

from collections.abc import Iterator

from .marks import Mark
from .matching import OUTSIDE, Match
from .reading import Reading, show
from .verdict import Problem, ProblemKind
from .words import alike


def check_negation(match: Match) -> Iterator[Problem]:
    """What is denied stays denied, and what is not stays so."""
    home = _find_home_segment(match)
    turned = {match.sentence.segment_of[at] for at in match.opposed}
    for at, place in sorted(match.pairs.items()):
        if place == OUTSIDE or at in match.astray or not match.sentence.is_content(at) or place in match.evidence.marked:
            continue
        mine = is_denied(match.sentence, at)
        theirs = is_denied(match.evidence, place) != (match.sentence.segment_of[at] in turned)
        if mine == theirs or (not theirs and match.evidence.segment_of[place] != home):
            continue
        word, other = match.sentence.words[at].text, match.evidence.words[place].text
        if at in match.opposed:
            yield Problem(ProblemKind.NEGATION, f"The passage says “{other}”, not “{word}”.")
        elif theirs:
            yield Problem(ProblemKind.NEGATION, f"The passage denies this: see “{other}”.")
        else:
            yield Problem(ProblemKind.NEGATION, f"The passage does not deny this: see “{other}”.")
        return
    yield from _check_reverse(match)


def _find_home_segment(match: Match) -> int:
    """Return the segment of the statement that holds what is particular to the sentence: the last that it uses."""
    return max((match.evidence.segment_of[place] for place in match.used), default=0)


def is_denied(reading: Reading, at: int) -> bool:
    """Return whether a word stands under a negation."""
    return reading.segments[reading.segment_of[at]].negative != (at in reading.without)


def _check_reverse(match: Match) -> Iterator[Problem]:
    for _, first, end in match.evidence.find_marks(Mark.REVERSE):
        if (
            _frames_home(match, first)
            and not any(match.says(at) for at in range(first, end))
            and not any(s.negative for s in match.sentence.segments)
        ):
            yield Problem(ProblemKind.NEGATION, f"The passage says “{show(match.evidence, first, end)}”: this turns the sense.")
    for _, first, end in match.sentence.find_marks(Mark.REVERSE):
        if not any(alike(match.sentence.words[at], each) for at in range(first, end) for each in match.evidence.words):
            yield Problem(ProblemKind.NEGATION, f"The passage does not say “{show(match.sentence, first, end)}”.")


def _is_said(reading: Reading, first: int, end: int, other: Reading) -> bool:
    """Return whether another reading has the words of a mark, or ones alike."""
    telling = [reading.words[at] for at in range(first, end) if reading.words[at].text.casefold() not in _PLAIN]
    if telling:
        return all(any(alike(word, each) for each in other.words) for word in telling)
    texts = [word.text.casefold() for word in reading.words[first:end]]
    others = [word.text.casefold() for word in other.words]
    return any(others[at : at + len(texts)] == texts for at in range(len(others)))


_PLAIN = frozenset("one of to in at a the it its is are".split())
_ENTAILED = {
    Mark.ALL: {Mark.ALL},
    Mark.MOST: {Mark.MOST, Mark.ALL},
    Mark.MANY: {Mark.MANY, Mark.MOST, Mark.ALL},
    Mark.SOME: {Mark.SOME, Mark.MANY, Mark.MOST, Mark.ALL},
    Mark.FEW: {Mark.FEW},
    Mark.ONLY: {Mark.ONLY},
    Mark.NEARLY: {Mark.NEARLY},
}
_LIMITING = (Mark.MOST, Mark.MANY, Mark.SOME, Mark.FEW, Mark.NEARLY)


def check_quantifiers(match: Match) -> Iterator[Problem]:
    """No "all", "most" or "only" that the statement has not; no "most" or "some" left out."""
    theirs = {mark for mark, first, _ in match.evidence.marks if match.is_home(first)}
    mine = {mark for mark, _, _ in match.sentence.marks}
    for mark, first, end in match.sentence.find_marks(*_ENTAILED):
        if not theirs & _ENTAILED[mark] and not _is_said(match.sentence, first, end, match.evidence):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage does not say “{show(match.sentence, first, end)}”.")
    for mark, first, end in match.evidence.find_marks(*_LIMITING):
        kept = any(mark in _ENTAILED.get(each, set()) for each in mine)
        if match.is_home(first) and not kept and not _is_said(match.evidence, first, end, match.sentence):
            yield Problem(ProblemKind.QUANTIFIER, f"The passage says “{show(match.evidence, first, end)}”: keep it.")


_FRAMES: tuple[tuple[Mark, frozenset[Mark], ProblemKind], ...] = (
    (Mark.PLAN, frozenset({Mark.PLAN}), ProblemKind.MODALITY),
    (Mark.WILL, frozenset({Mark.WILL, Mark.PLAN}), ProblemKind.MODALITY),
    (Mark.MAY, frozenset({Mark.MAY}), ProblemKind.MODALITY),
    (Mark.SAID, frozenset({Mark.SAID}), ProblemKind.SOURCE),
    (Mark.STALE, frozenset({Mark.STALE, Mark.UNTIL}), ProblemKind.STALE),
    (Mark.UNTIL, frozenset({Mark.UNTIL, Mark.STALE}), ProblemKind.STALE),
)
_ABLE = frozenset("can able allow allowed permit permitted welcome possible may let lets enable enables".split())


def check_frames(match: Match) -> Iterator[Problem]:
    """A plan stays a plan, a possibility a possibility, an opinion somebody's opinion, the past the past."""
    mine = {mark for mark, _, _ in match.sentence.marks}
    for frame, kept, kind in _FRAMES:
        for _, first, end in match.evidence.find_marks(frame):
            if not _holds_over(match, frame, first, end) or mine & kept or _is_said(match.evidence, first, end, match.sentence):
                continue
            words = show(match.evidence, first, end)
            if frame is Mark.MAY and words.casefold() in {"can", "possible"}:
                continue  # what one can do, one does
            yield Problem(kind, f"The passage says “{words}”: keep it.")
    theirs = {mark for mark, first, _ in match.evidence.marks if _frames_home(match, first)}
    for frame, source in (
        (Mark.PLAN, {Mark.PLAN, Mark.WILL}),
        (Mark.SAID, {Mark.SAID}),
        (Mark.STALE, {Mark.STALE, Mark.UNTIL}),
        (Mark.MAY, {Mark.MAY}),
    ):
        for _, first, end in match.sentence.find_marks(frame):
            words = " ".join(word.text for word in match.sentence.words[first:end])
            if theirs & source or _is_said(match.sentence, first, end, match.evidence):
                continue
            if frame is Mark.MAY and words.casefold() in _ABLE:
                continue
            kind = ProblemKind.SOURCE if frame is Mark.SAID else ProblemKind.MODALITY if frame is not Mark.STALE else ProblemKind.STALE
            yield Problem(kind, f"The passage does not say “{words}”.")


def _holds_over(match: Match, frame: Mark, first: int, end: int) -> bool:
    return match.is_home(first) and _is_dated(match.evidence, end) if frame is Mark.UNTIL else _frames_home(match, first)


def _is_dated(reading: Reading, at: int) -> bool:
    return any(figure.kind == "date" and at <= figure.first <= at + 2 for figure in reading.figures)


def _frames_home(match: Match, at: int) -> bool:
    """Return whether a word of the statement stands over what the sentence says: in its segment or its clause."""
    segments = match.evidence.segments
    clauses = {segments[each].clause for each in match.home}
    for each in reversed(segments):  # "they deny that it is in talks": what denies stands over what follows
        if each.clause in clauses and each.opener.lstrip(",") == "that" and each.clause:
            clauses.add(each.clause - 1)
    return match.is_home(at) or segments[match.evidence.segment_of[at]].clause in clauses
