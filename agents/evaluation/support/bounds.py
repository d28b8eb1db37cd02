"""What bounds a figure from above or below, in words around it: "at least 4", "over 4", "not more than 4". Pure."""

from __future__ import annotations

from sayso.tools.truth.figures import Figure
from sayso.tools.truth.reading import Reading

from .alignment import Alignment

UP, DOWN = "“or more”", "“or less”"
_UPWARDS = frozenset(
    "over above more least older minimum exceed exceeds exceeded exceeding longer larger greater higher later bigger taller".split()
)
_DOWNWARDS = frozenset("under below less most younger maximum fewer up within shorter smaller lower earlier inside".split())
_DENIALS = frozenset({"no", "not", "never", "cannot"})
_BEFORE = 3
_NEAR = 4


def find_direction(reading: Reading, figure: Figure) -> str:
    """Return whether words around a figure bound it from below or from above; empty if neither, or both. A denial is not looked at."""
    near = {reading.words[at].text.casefold() for at in _find_near(reading, figure)}
    ups = not near.isdisjoint(_UPWARDS) or figure.bound in {"from", "over"}
    downs = not near.isdisjoint(_DOWNWARDS) or figure.bound in {"up to", "under"}
    return "" if ups == downs else UP if ups else DOWN


def _find_near(reading: Reading, figure: Figure) -> tuple[int, ...]:
    return (*range(max(0, figure.first - _BEFORE), figure.first), *range(figure.end, min(figure.end + 2, len(reading.words))))


def find_bound(reading: Reading, figure: Figure) -> str:
    """Return how a figure is bounded, a denial of it turned into the other bound: "no more than 4" is "or less"."""
    found = find_direction(reading, figure)
    if not found or not any(bounds_figure(reading, at, figure) for at in range(max(0, figure.first - _BEFORE - _NEAR), figure.first)):
        return found
    return DOWN if found == UP else UP


def bounds_figure(reading: Reading, at: int, figure: Figure) -> bool:
    """Return whether a "not" or "no" stands before a word that bounds a figure: "may not be larger than 45 inches", "no later than 4"."""
    if reading.words[at].text.casefold() not in _DENIALS:
        return False
    bounding = [
        each for each in range(max(0, figure.first - _BEFORE), figure.first) if reading.words[each].text.casefold() in _UPWARDS | _DOWNWARDS
    ]
    return bool(bounding) and at < bounding[0] and bounding[0] - at <= _NEAR and reading.segment_of[at] == reading.segment_of[bounding[0]]


def is_bound_of_both(match: Alignment, first: int, of_claim: bool) -> bool:
    """Return whether a "not" at a place of one side only bounds a figure that both sides have, bounded alike or not at all by the other."""
    for number, others in match.read.figures[match.best].items():
        mine = match.claim.figures[number]
        for other in (match.evidence.figures[at] for at in others):
            bounds = find_bound(match.claim, mine), find_bound(match.evidence, other)
            reading, figure = (match.claim, mine) if of_claim else (match.evidence, other)
            if bounds_figure(reading, first, figure) and (bounds[0] == bounds[1] or not all(bounds)):
                return True
    return False
