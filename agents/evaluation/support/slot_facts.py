"""Another thing in the place of one: where a claim repeats a statement word by word, and has another word in one place of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from sayso.tools.truth.reading import Reading

from .alignment import LEAST, Alignment
from .likeness import find_parts_of_speech, measure_likeness, measure_name_likeness
from .problems import SupportProblem, quote_words
from .source_reading import does_something, is_telling

_BESIDE = 2
"""How many words have to be the same on each side of the place; at the end of a claim three before it, at its beginning five behind it."""
_LONGEST = 3


def check_slots(match: Alignment) -> Iterator[SupportProblem]:
    """Yield what stands between the same words as something else of the statement: "to oppose William" for "to oppose Louis"."""
    claim, evidence = match.claim, match.evidence
    ours, theirs = [word.stem for word in claim.words], [word.stem for word in evidence.words]
    codes = SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
    names = match.read.sources.find_names(evidence)
    for number, (kind, first, end, low, high) in enumerate(codes):
        if kind != "replace":
            continue
        before = first - codes[number - 1][1] if number and codes[number - 1][0] == "equal" else 0
        after = codes[number + 1][2] - end if number + 1 < len(codes) and codes[number + 1][0] == "equal" else 0
        if not _is_enclosed(before, after, is_first=first == 0, is_last=end == len(ours)):
            continue
        mine = [at for at in range(first, end) if at in match.read.names or is_telling(claim, at)]
        other = [at for at in range(low, high) if at in names or is_telling(evidence, at)]
        if not mine or not other or len(mine) > _LONGEST or len(other) > _LONGEST:
            continue
        if {at in match.read.names for at in mine} != {at in names for at in other}:
            continue  # a name may stand for a description
        if any(_may_do(claim, at) for at in mine) or any(_may_do(evidence, at) for at in other):
            continue
        if (first and first - 1 in match.read.names) or (low and low - 1 in names):
            continue  # "Louis XIV" for "Louis"
        if not _are_alike(match, mine, other):
            yield SupportProblem("word", f"The sources say {quote_words(evidence, other)} here, not {quote_words(claim, mine)}.")


def _is_enclosed(before: int, after: int, *, is_first: bool, is_last: bool) -> bool:
    if is_first:
        return after > _BESIDE + 2
    if is_last:
        return before > _BESIDE
    return before >= _BESIDE and after >= _BESIDE


def _may_do(reading: Reading, at: int) -> bool:
    """Return whether a word is or may be a verb: verbs are said in other words too often."""
    kinds = find_parts_of_speech(reading.words[at])
    return does_something(reading, at) or ("v" in kinds and "n" not in kinds)


def _are_alike(match: Alignment, mine: Sequence[int], other: Sequence[int]) -> bool:
    """Return whether a word in the place says what one of the statement's says."""
    claim, evidence = match.claim, match.evidence
    for at in mine:
        for place in other:
            one, two = claim.words[at].text, evidence.words[place].text
            if max(measure_likeness(one, two), measure_name_likeness(one, two)) >= LEAST:
                return True
    return False
