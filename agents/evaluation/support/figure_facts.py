"""The figures of a claim: each has to be in the sources, in its unit, and there said of the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from sayso.tools.truth.figure_pairs import find_segment
from sayso.tools.truth.figures import Figure
from sayso.tools.truth.grammar import is_verb
from sayso.tools.truth.word_pairs import is_superlative
from sayso.tools.truth.words import is_light

from .alignment import Alignment, is_same_figure
from .bounds import DOWN, UP, find_bound
from .denials import find_denying_words
from .likeness import measure_likeness
from .problems import SupportProblem, quote_words
from .source_reading import find_denied

_SMALL_COUNT = 12
_BRACKET = re.compile(r"\(\s*$")
_MEASURES = frozenset({"measure", "money"})
_COUNTS = frozenset({"count", "plain"})
_RELATIVE_TIMES = frozenset("later earlier after before longer shorter".split())
_SEPARATORS = frozenset({"and", "but", "while"})
_UNITS = {
    word: kind
    for kind, words in {
        "time": "second minute hour day week month year decade century millennium",
        "length": "kilometre kilometer km mile metre meter foot inch yard centimetre centimeter millimetre millimeter",
        "mass": "kilogram kg gram pound ounce ton tonne",
        "weekday": "monday tuesday wednesday thursday friday saturday sunday",
        "part of the day": "morning afternoon evening night noon",
        "month": "january february march april june july august september october november december",
        "power of ten": "hundred thousand million billion trillion",
        "temperature": "celsius fahrenheit kelvin",
        "volume": "litre liter gallon",
        "currency": "dollar euro yen franc",
        "season": "spring summer autumn winter",
        "rank": "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
        "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
    }.items()
    for word in words.split()
}
_DATING = frozenset({"weekday", "month"})
"""Of these, one that stands elsewhere in the sources does not stand for another one here."""
_TIMES = frozenset({"noon", "midnight"})
_FORMS = {
    "feet": "foot", "centuries": "century", "inches": "inch", "hourly": "hour", "daily": "day", "nightly": "night", "weekly": "week",
    "monthly": "month", "yearly": "year", "annually": "year", "annual": "year",
}  # fmt: skip


def check_figures(match: Alignment) -> Iterator[SupportProblem]:
    """Yield the figures that the sources do not have, or have of something else."""
    given = match.read.figures
    for number, figure in enumerate(match.claim.figures):
        if not any(number in each for each in given):
            if not _may_be_left_out(match, figure):
                yield SupportProblem("figure", f"The sources do not give {figure.shown}.")
        elif number in given[match.best]:
            same = [match.evidence.figures[at] for at in given[match.best][number]]
            yield from _check_counted(match, figure, same)
            yield from _check_place(match, figure, same)
        else:
            yield from _check_elsewhere(match, number, figure)


def _may_be_left_out(match: Alignment, figure: Figure) -> bool:
    """Return whether a claim may have a figure that no source has: a code that stands in a text, or the number of things that it lists."""
    spelled = not any(letter.isdigit() for letter in figure.shown)
    if spelled and figure.kind in _COUNTS and isinstance(figure.value, Decimal) and figure.value <= _SMALL_COUNT:
        claimed = match.claim.figures
        others = [
            each
            for each in match.evidence.figures
            if each.kind in _COUNTS
            and (not each.unit or _counts_alike(figure, each))
            and not any(is_same_figure(mine, each, match.claim) for mine in claimed)
        ]
        return figure.value == 1 or not (others or _counts_the_same(match, figure))
    after = match.claim.words[figure.end].text.casefold() if figure.end < len(match.claim.words) else ""
    if (
        spelled
        and after in _RELATIVE_TIMES
        and not any(
            each.value == figure.value or (each.kind == figure.kind and each.unit == figure.unit) for each in match.evidence.figures
        )
    ):
        return True  # "two years later" is reckoned from what the sources say
    if figure.shown.casefold().startswith(("a ", "an ")) and not any(_is_rival(each, figure) for each in match.evidence.figures):
        return True  # "twice in a year"
    year = figure.value[0] if figure.kind == "date" and isinstance(figure.value, tuple) else None
    if year and re.search(rf"\b{year // 100}\d\d\s?[-–/]\s?{year % 100:02}\b", match.read.sources.text):
        return True  # "1908-11"
    in_text = re.search(rf"(?<!\w){re.escape(figure.shown)}(?!\w)", match.read.sources.text, re.IGNORECASE)
    return figure.kind in {"label", "ordinal"} and in_text is not None


def _counts_the_same(match: Alignment, figure: Figure) -> bool:
    """Return whether a statement has another number of what a figure counts: "five messages" and "a total of three messages"."""
    claim = match.claim
    nouns = [claim.words[at] for at in (*sorted(figure.nouns), figure.end, figure.end + 1) if at < len(claim.words)]
    for statement in match.read.sources.statements:
        for other in (each for each in statement.figures if each.kind in _COUNTS):
            near = statement.words[other.first : other.end + 2]
            if any(noun.stem == word.stem and not is_light(noun) for noun in nouns for word in near):
                return True
    return False


def _check_elsewhere(match: Alignment, number: int, figure: Figure) -> Iterator[SupportProblem]:
    """Yield a figure that stands in another statement, which says little of the claim, where this one has another figure of its kind."""
    read = match.read
    most = max(len(read.tables[at]) for at, each in enumerate(read.figures) if number in each)
    said = {at for each in read.figures[match.best].values() for at in each}
    others = (each for at, each in enumerate(match.evidence.figures) if at not in said and _is_rival(each, figure))
    rival = next((each for each in others if figure.kind != "count" or measure_likeness(figure.unit, each.unit) >= 0.5), None)
    if rival is not None and most < 0.7 * len(read.tables[match.best]):
        yield SupportProblem("figure", f"The sources say {rival.shown} here, and {figure.shown} of something else.")


def _check_counted(match: Alignment, figure: Figure, same: Sequence[Figure]) -> Iterator[SupportProblem]:
    """Yield a number of something that the statement has another number of: "140 people" for "542 people in 140 bombings"."""
    if figure.kind != "count" or not figure.unit or any(_counts_alike(figure, each) for each in same):
        return
    for other in match.evidence.figures:
        if other not in same and other.kind == "count" and _counts_alike(figure, other):
            yield SupportProblem("figure", f"The sources say {other.shown}, not {figure.shown}.")
            return


def _counts_alike(figure: Figure, other: Figure) -> bool:
    return not other.unit or measure_likeness(figure.unit, other.unit) >= 0.8


def _is_rival(other: Figure, figure: Figure) -> bool:
    return other.kind == figure.kind and (other.unit == figure.unit or other.kind not in _MEASURES)


def _check_place(match: Alignment, figure: Figure, same: Sequence[Figure]) -> Iterator[SupportProblem]:
    """Yield a figure whose words belong to another figure of its kind in the same statement."""
    if figure.per and all(each.per and each.per[-1] != figure.per[-1] for each in same):
        yield SupportProblem("unit", f"The sources say {same[0].shown}, not {figure.shown}.")
        return
    ours, theirs = find_bound(match.claim, figure), {find_bound(match.evidence, each) for each in same}
    if (
        ours
        and theirs
        and any(
            is_same_figure(figure, each, match.claim) and find_bound(statement, each) == ours
            for statement in match.read.sources.statements
            for each in statement.figures
        )
    ):
        theirs = {ours}
    if ours and theirs in ({UP}, {DOWN}) and ours not in theirs and not _is_denied_figure(match, figure, same[0]):
        yield SupportProblem("bound", f"The sources say {theirs.pop()} of {same[0].shown}, not {ours}.")
        return
    rivals = [
        each
        for each in match.evidence.figures
        if each not in same
        and _is_rival(each, same[0])
        and not any(is_same_figure(mine, each, match.claim) for mine in match.claim.figures)
    ]
    if figure.kind == "label" or not rivals:
        return
    zone = {at for each in rivals for at in _find_zone(match, each)}
    unsaid = [_find_unsaid(match, set(_find_zone(match, each)), zone) for each in same]
    if all(unsaid):
        yield SupportProblem("figure", f"The sources say {figure.shown} of {quote_words(match.evidence, unsaid[-1])}.")


def _is_denied_figure(match: Alignment, figure: Figure, other: Figure) -> bool:
    """Return whether one of the two sides denies beside the figure: "not under 12" and "12 or over" are no contradiction."""
    for reading, each in ((match.claim, figure), (match.evidence, other)):
        denying = {first for first, _ in find_denied(reading)} | find_denying_words(reading)
        if any(reading.segment_of[at] == find_segment(reading, each) for at in denying):
            return True
    return False


def _find_unsaid(match: Alignment, zone: set[int], theirs: set[int]) -> list[int]:
    """Return what the statement says around a figure where the claim speaks of what belongs to another one; else nothing."""
    claim, evidence = match.claim, match.evidence
    stems = {evidence.words[at].stem for at in zone}
    only_theirs = [
        at
        for at, pair in match.pairs.items()
        if pair.place in theirs - zone and pair.likeness >= 0.8 and evidence.words[pair.place].stem not in stems
    ]
    unsaid = [at for at in zone - match.said - theirs if evidence.is_content(at)]
    own = [at for at, pair in match.pairs.items() if pair.place in zone - theirs and pair.likeness >= 0.7 and not is_verb(claim.words, at)]
    named = any(at in match.read.names for at in own)
    if only_theirs and unsaid and (not own or (not named and any(evidence.is_name(at) for at in unsaid))):
        return unsaid
    return []


def _find_zone(match: Alignment, figure: Figure) -> range:
    """Return the places around a figure, up to the comma or "and" that parts it from the next figure of its kind."""
    evidence = match.evidence
    others = [each for each in evidence.figures if each is not figure and _is_rival(each, figure)]
    low = max((each.end for each in others if each.end <= figure.first), default=0)
    high = min((each.first for each in others if each.first >= figure.end), default=len(evidence.words))
    if low:
        low = ([low, *_find_separators(match, low, figure.first + 1)])[-1]
    if _BRACKET.search(evidence.text, 0, evidence.words[min(figure.first, len(evidence.words) - 1)].start):
        before = _find_separators(match, 1, figure.first)  # "the opera (1910)" is said of the opera
        return range(max([*(each for each in before if each < figure.first), 0]), figure.end)
    if high < len(evidence.words):
        after = _find_separators(match, figure.end, high + 1) or [high]
        high = after[-1] if figure.first <= 2 else after[0]
    return range(low, high)


def _find_separators(match: Alignment, start: int, end: int) -> list[int]:
    words, text = match.evidence.words, match.evidence.text
    return [
        at
        for at in range(max(1, start), min(end, len(words)))
        if re.search(r"[,;()]", text[words[at - 1].end : words[at].start]) or words[at].text.casefold() in _SEPARATORS
    ]


def check_unit_words(match: Alignment) -> Iterator[SupportProblem]:
    """Yield a unit, weekday or season of the claim in whose place the statement has another: "almost a year" for "almost a month"."""
    claim, evidence = match.claim, match.evidence
    everywhere = {word.stem for each in match.read.sources.statements for word in each.words}
    for at, word in enumerate(claim.words):
        kind, unit = _UNITS.get(_name_unit(word.text)), _name_unit(word.text)
        if kind is None or at in claim.figured or (word.stem in everywhere and kind not in _DATING):
            continue
        if at in match.pairs and not _is_other_unit(evidence.words[match.pairs[at].place].text, unit, kind):
            continue
        if word.text.casefold() in _TIMES and word.stem not in everywhere:
            yield SupportProblem("unit", f"The sources do not say “{word.text}”.")
        for place, other in enumerate(evidence.words):
            is_free = place not in match.said or (at in match.pairs and match.pairs[at].place == place)
            if is_free and place not in evidence.figured and _is_other_unit(other.text, unit, kind):
                yield SupportProblem("unit", f"The sources say “{other.text}”, not “{word.text}”.")
                break


def _name_unit(text: str) -> str:
    """Return a unit in the singular, and "week" for "weekly"; other words as they are."""
    low = text.casefold()
    low = _FORMS.get(low, low)
    return low if low in _UNITS else low.removesuffix("s")


def _is_other_unit(text: str, unit: str, kind: str) -> bool:
    """Return whether a word is another unit of one kind."""
    name = _name_unit(text)
    return name != unit and _UNITS.get(name) == kind


def check_limits(match: Alignment) -> Iterator[SupportProblem]:
    """Yield a "best" or "largest" that the statement does not have."""
    for at in match.read.words:
        word = match.claim.words[at]
        low = word.text.casefold()
        is_most = low != "least" and (low.endswith("est") or low in {"best", "worst"})
        if is_most and at not in match.pairs and is_superlative(word):
            yield SupportProblem("degree", f"The sources do not say “{word.text}”.")
