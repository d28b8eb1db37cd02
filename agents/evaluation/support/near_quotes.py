"""A claim in its sources' own words: the same words are a quote, and a few other ones in their midst are what was changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from sayso.tools.truth.grammar import BE
from sayso.tools.truth.reading import Reading

from .alignment import Alignment
from .denials import find_denying_words
from .likeness import is_same_name, says_opposite
from .problems import SupportProblem, quote_words
from .source_reading import SourceReading, describes_next, is_telling

_LEAST_SHARE = 0.7
"""How many words of a claim have to stand in the statement, in its order, so that the others are what was changed in it."""
_LEAST_WORDS = 4
_DENIALS = frozenset("not no never cannot neither nor without none nobody nothing nowhere".split())
_PRONOUNS = frozenset("he she it they we you i him her them us".split())
_JOINING = frozenset({"and", "or"})
_MOST_BETWEEN = 12
_BREAK = re.compile(r"[.;:!?]")
_BOUNDS = frozenset("to up than about around nearly almost roughly over".split())


class _Edit(NamedTuple):
    """Words of the statement for which the claim has other ones, in the midst of words that both have. Either may be empty."""

    theirs: tuple[int, ...]
    ours: tuple[int, ...]


def is_quote(claim: Reading, sources: SourceReading) -> bool:
    """Return whether a claim is what a sentence of the sources says from its beginning, word for word, up to a break or its end."""
    words = _fold(claim)
    for statement in sources.statements:
        theirs = _fold(statement)
        if len(words) < _LEAST_WORDS or theirs[: len(words)] != words:
            continue
        if len(words) == len(theirs) or _BREAK.match(statement.text, statement.words[len(words) - 1].end):
            return True
    return False


def check_near_quote(match: Alignment) -> Iterator[SupportProblem]:
    """Yield what was changed in a claim in the statement's own words: a denial, name or number, or two of them exchanged."""
    edits = find_edits(match.claim, match.evidence)
    if edits is None:
        return
    yield from _check_denials(match, edits)
    yield from _check_exchange(match, edits)
    for edit in edits:
        yield from _check_names(match, edit)
        yield from _check_numbers(match, edit)


@lru_cache(512)
def find_edits(claim: Reading, statement: Reading) -> tuple[_Edit, ...] | None:
    """Return where a claim has other words than the statement; None where it is not in the statement's words."""
    ours, theirs = _fold(claim), _fold(statement)
    if len(ours) < _LEAST_WORDS:
        return None
    found = SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes()
    if sum(last - first for kind, _, _, first, last in found if kind == "equal") < _LEAST_SHARE * len(ours):
        return None
    return tuple(_Edit(tuple(range(a, b)), tuple(range(c, d))) for kind, a, b, c, d in found if kind != "equal")


def measure_sameness(claim: Reading, statement: Reading) -> float:
    """Return which share of a claim's words a statement has in their order; 0 where it is not in the statement's words."""
    edits = find_edits(claim, statement)
    return 0.0 if edits is None else 1 - sum(len(each.ours) for each in edits) / len(claim.words)


def _fold(reading: Reading) -> tuple[str, ...]:
    return tuple(word.text.casefold() for word in reading.words)


def _texts(reading: Reading, places: Sequence[int]) -> list[str]:
    return [reading.words[at].text.casefold() for at in places]


def _check_denials(match: Alignment, edits: Sequence[_Edit]) -> Iterator[SupportProblem]:
    """Yield a "not" on one side only, where nothing else that was changed takes it back."""
    claim, evidence = match.claim, match.evidence
    inner = [each for each in edits if each.ours or (each.theirs[0] > 0 and each.theirs[-1] < len(evidence.words) - 1)]
    ours, theirs = ([at for edit in inner for at in edit[side]] for side in (1, 0))
    mine = [at for edit in inner for at in _find_denial(claim, edit.ours)]
    other = [at for edit in inner for at in _find_denial(evidence, edit.theirs)]
    if len(mine) % 2 == len(other) % 2:
        return
    denying = find_denying_words(claim).intersection(ours).difference(mine)
    denied = find_denying_words(evidence).intersection(theirs).difference(other)
    turned = any(says_opposite(one, two) for one in _texts(claim, ours) for two in _texts(evidence, theirs))
    limits = any(word in _BOUNDS for word in _texts(claim, ours) + _texts(evidence, theirs))
    if denying or denied or turned or limits:
        return
    reading, first, what = (claim, mine[0], "do not deny") if mine else (evidence, other[0], "deny")
    yield SupportProblem("denial", f"The sources {what} this: {quote_words(reading, range(first, min(first + 4, len(reading.words))))}.")


def _find_denial(reading: Reading, places: Sequence[int]) -> Iterator[int]:
    """Yield the "not" of words that are little else: "did not adapt" for "adapted". "Not only" denies nothing."""
    texts = _texts(reading, places)
    telling = sum(is_telling(reading, at) for at in places)
    for at, text in zip(places, texts, strict=True):
        after = reading.words[at + 1].text.casefold() if at + 1 < len(reading.words) else ""
        if text in _DENIALS and telling < 2 and after != "only" and at not in reading.figured and _JOINING.isdisjoint(texts):
            yield at


def _check_exchange(match: Alignment, edits: Sequence[_Edit]) -> Iterator[SupportProblem]:
    """Yield two words or names that changed places, where all between them stayed: "A funded B" for "B funded A"."""
    claim, evidence = match.claim, match.evidence
    for one, other in combinations(edits, 2):
        if not one.ours or not other.ours or not one.theirs or not other.theirs:
            continue
        crossed = _texts(claim, one.ours) == _texts(evidence, other.theirs), _texts(claim, other.ours) == _texts(evidence, one.theirs)
        if not all(crossed):
            continue
        between = set(_texts(claim, range(one.ours[-1] + 1, other.ours[0])))
        if between <= _JOINING or between <= BE or not any(is_telling(claim, at) or at in claim.figured for at in one.ours):
            continue
        yield SupportProblem("mixed up", f"The sources have {quote_words(claim, [*one.ours, *other.ours])} the other way round.")


def _check_names(match: Alignment, edit: _Edit) -> Iterator[SupportProblem]:
    """Yield a name for which the statement has another one."""
    claim, evidence, sources = match.claim, match.evidence, match.read.sources
    mine = [at for at in edit.ours if at in match.read.names]
    theirs = [at for at in edit.theirs if at in sources.find_names(evidence)]
    if not mine or not theirs or not _PRONOUNS.isdisjoint(_texts(evidence, edit.theirs)):
        return
    if theirs[-1] == edit.theirs[-1] and describes_next(evidence, theirs[-1]):
        return  # "the French king" for "Louis"
    if len(edit.theirs) > len(theirs) + _MOST_BETWEEN or all(sources.is_given(claim.words[at]) for at in mine):
        return
    if any(is_same_name(claim.words[one].text, word.text) for one in mine for word in evidence.words):
        return
    yield SupportProblem("name", f"The sources say {quote_words(evidence, theirs)}, not {quote_words(claim, mine)}.")


def _check_numbers(match: Alignment, edit: _Edit) -> Iterator[SupportProblem]:
    """Yield a number for which the statement has another one of as many digits."""
    claim, evidence = match.claim, match.evidence
    mine, theirs = ([each for each in _texts(*side) if each.isdigit()] for side in ((claim, edit.ours), (evidence, edit.theirs)))
    if len(edit.ours) != len(edit.theirs) or len(mine) != len(theirs) or set(mine) & set(_fold(evidence)):
        return
    if mine and all(map(_is_other_number, mine, theirs)):
        yield SupportProblem("figure", f"The sources say {theirs[0]}, not {mine[0]}.")


def _is_other_number(mine: str, theirs: str) -> bool:
    return len(mine) == len(theirs) and len(mine.rstrip("0")) >= len(theirs.rstrip("0"))
