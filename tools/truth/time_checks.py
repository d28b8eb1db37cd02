"""What was is not what is, and what is taken back beside a statement is not stated."""

from __future__ import annotations

from collections.abc import Iterator

from .grammar import BE, is_verb
from .mark_checks import is_rule
from .marks import Mark
from .matching import OUTSIDE, Match, says_word
from .reading import Reading, find_tense, read_statement
from .rows import EQUALS
from .verdict import Problem, ProblemKind
from .words import is_light


def check_tense(match: Match) -> Iterator[Problem]:
    """Check that what was is not what is."""
    if match.evidence.text.find(EQUALS) >= 0 or _tells_history(match):
        return
    for segment in match.sentence.segments:
        if segment.verb is None:
            continue
        for at in range(segment.verb, segment.end):
            place = match.pairs.get(at)
            mine = find_tense(match.sentence, segment)
            if at == segment.verb and place is None and match.sentence.words[at].text.casefold() in BE | {"has", "have", "had"}:
                place = _find_same_auxiliary(match, match.sentence.words[at].stem)
            if (
                place is None
                or place == OUTSIDE
                or match.evidence.words[place].stem != match.sentence.words[at].stem
                or not is_verb(match.sentence.words, at)
            ):
                continue
            other = match.evidence.segments[match.evidence.segment_of[place]]
            if other.passive != segment.passive:
                continue
            theirs = find_tense(match.evidence, other) if other.verb is not None else ""
            theirs = (
                "present"
                if theirs == "future" and other.verb is not None and is_rule(match.evidence, other.verb) and mine == "present"
                else theirs
            )
            if {mine, theirs} == {"past", "present"} or (mine != "future" and theirs == "future"):
                yield Problem(ProblemKind.TENSE, f"The passage says this of the {theirs}, not of the {mine}.")
                return


def _tells_history(match: Match) -> bool:
    """Return whether the statement is a line of a chronicle, told in the present: "1846 Josiah Crane builds a mill"."""
    first = match.evidence.figures[:1]
    told = bool(first) and first[0].kind == "date" and first[0].first == 0
    return told and any(match.evidence.figures[each] is first[0] for each in match.figures.values())


def _find_same_auxiliary(match: Match, verb: str) -> int | None:
    number = max(match.home, key=lambda each: (sum(match.evidence.segment_of[at] == each for at in match.used), each), default=None)
    segment = match.evidence.segments[number] if number is not None else None
    same = segment is not None and segment.verb is not None and match.evidence.words[segment.verb].stem == verb and not segment.passive
    return segment.verb if same and segment else None


def _is_dating(reading: Reading, mark: Mark, first: int) -> bool:
    """Return whether a mark in a heading says that what follows is not so now; "Plans" are what one can buy."""
    return mark in {Mark.STALE, Mark.UNTIL} or (mark is Mark.PLAN and reading.words[first].stem != "plan")


_ENDED = frozenset(
    "ended expired discontinued cancelled withdrawn retracted corrected wrong untrue false mistaken myth archive archived".split()
)
_BACK = frozenset("this that these those it they which".split())


def _ends_now(reading: Reading, first: int, end: int) -> bool:
    """Return whether a mark says that something is over, and not only that there was something else: "it used to make butter"."""
    return reading.text[reading.words[first].start : reading.words[end - 1].end].casefold() in _OVER


_OVER = frozenset({"no longer", "not anymore", "discontinued", "expired", "defunct", "out of date"})


def check_neighbours(match: Match) -> Iterator[Problem]:
    """Check that nothing beside the statement takes it back: "This offer ended in 2023.", a heading "Prices until 2023", words struck
    through.
    """
    after = read_statement(match.statement.after)
    starts = [word.text.casefold() for word in after.words[:1]]
    if (
        starts
        and starts[0] in _BACK
        and match.statement.after
        and (
            any(word.text.casefold() in _ENDED for word in after.words)
            or any(mark is Mark.REVERSE or (mark is Mark.STALE and _ends_now(after, first, end)) for mark, first, end in after.marks)
            or ("not" in [w.text for w in after.words] and "true" in [w.text for w in after.words])
        )
    ):
        yield Problem(ProblemKind.STALE, f"The passage takes it back: “{match.statement.after[:120]}”")
    for heading in match.statement.headings:
        reading = read_statement(heading)
        if (
            any(_is_dating(reading, mark, first) for mark, first, _ in reading.marks)
            or any(word.text.casefold() in _ENDED | {"old", "past"} for word in reading.words)
        ) and not any(says_word(match.sentence, word) for word in reading.words if not is_light(word)):
            yield Problem(ProblemKind.STALE, f"It stands under “{heading[:120]}”.")
    if match.statement.text.rstrip(" \"'").endswith("?"):
        yield Problem(ProblemKind.NOTHING, "The passage asks this and does not say it.")
