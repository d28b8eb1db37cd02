"""Which of two things a claim sets before, after, over or under the other, and which words of it belong to one clause."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from sayso.tools.truth.reading import Reading

from .alignment import Alignment
from .likeness import says_opposite
from .problems import SupportProblem, quote_words

_RELATIONS = {"before": "after", "after": "before", "than": "than"}
_DEGREES = {"more": 1, "less": -1, "fewer": -1}


class Comparison(NamedTuple):
    """A word that sets two things against each other, by its place, and the word of degree before it: "less", "smaller"."""

    word: str
    at: int
    degree: str = ""


def find_comparison(reading: Reading) -> Comparison | None:
    """Return the only "before", "after" or "than" of a statement; None where it has none or several."""
    found = [at for at, word in enumerate(reading.words) if word.text.casefold() in _RELATIONS and at]
    if len(found) != 1:
        return None
    before = [word.text.casefold() for word in reading.words[: found[0]]]
    degrees = [word for word in before if word in _DEGREES or (word.endswith("er") and len(word) > 4)]
    return Comparison(reading.words[found[0]].text.casefold(), found[0], degrees[-1] if degrees else "")


def is_turned_round(match: Alignment) -> bool | None:
    """Return whether two things that a claim compares stand on the other sides in the statement; None where that cannot be told."""
    ours, theirs = find_comparison(match.claim), find_comparison(match.evidence)
    if ours is None or theirs is None or {ours.word, theirs.word} not in ({"than"}, {"before"}, {"after"}, {"before", "after"}):
        return None
    left = [pair.place < theirs.at for at, pair in match.pairs.items() if at < ours.at]
    right = [pair.place < theirs.at for at, pair in match.pairs.items() if at > ours.at]
    if not left or not right:
        return None
    if all(right) and not all(left):
        return True
    return False if all(left) and not any(right) else None


def check_comparisons(match: Alignment) -> Iterator[SupportProblem]:
    """Yield a comparison that the statement makes the other way round."""
    turned = is_turned_round(match)
    ours, theirs = find_comparison(match.claim), find_comparison(match.evidence)
    if turned is None or ours is None or theirs is None:
        return
    opposite = ours.word != theirs.word or _are_opposite_degrees(ours.degree, theirs.degree)
    if turned != opposite:
        yield SupportProblem("comparison", f"The sources compare these the other way round: {quote_words(match.claim, [ours.at])}.")


def _are_opposite_degrees(one: str, other: str) -> bool:
    if one in _DEGREES and other in _DEGREES:
        return _DEGREES[one] != _DEGREES[other]
    return bool(one and other) and says_opposite(one, other)


def check_clauses(match: Alignment) -> Iterator[SupportProblem]:
    """Yield two clauses of the claim that have each a part of two clauses of the statement: "if A is zero, B is used"."""
    claim, evidence = match.claim, match.evidence
    parts = dict[int, list[int]]()
    for at, pair in match.pairs.items():
        if pair.likeness >= 0.8:
            parts.setdefault(claim.segment_of[at], []).append(pair.place)
    for (one, ours), (other, others) in combinations(sorted(parts.items()), 2):
        mine, theirs = ({evidence.segment_of[place] for place in places} for places in (ours, others))
        both = mine & theirs
        apart = claim.segments[one].verb is not None and claim.segments[other].verb is not None
        if len(both) == 2 and mine == theirs and apart and all(evidence.segments[each].verb is not None for each in both):
            yield SupportProblem("mixed up", f"The sources put {quote_words(evidence, ours)} together otherwise.")
