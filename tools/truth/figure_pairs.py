"""Which figure of a statement is which of a sentence: the one of equal value that stands among the same words."""

from __future__ import annotations

from decimal import Decimal

from .figures import Figure, measure
from .reading import Reading
from .words import alike, is_light


def match_figures(sentence: Reading, evidence: Reading) -> dict[int, int]:
    """Match each figure of the sentence with one of the statement: the one of equal value that stands among the same words."""
    found = dict[int, int]()
    for number, figure in enumerate(sentence.figures):
        taken = {found[mine] for mine in found if sentence.figures[mine].shown != figure.shown}
        equal = [at for at, each in enumerate(evidence.figures) if is_same_value(figure, each) and at not in taken]
        repeated = sum(each.value == figure.value for each in sentence.figures[: number + 1])
        if len(equal) >= repeated or (equal and repeated > 1 and not _in_list(sentence, figure)):
            found[number] = max(
                equal, key=lambda at: (at not in found.values(), _count_shared(sentence, figure, evidence, evidence.figures[at]), -at)
            )
    return found


def _in_list(sentence: Reading, figure: Figure) -> bool:
    """Return whether a figure stands beside another of its kind: each of a list needs a place of its own."""
    return any(each is not figure and each.kind == figure.kind and abs(each.first - figure.first) < 4 for each in sentence.figures)


def _count_shared(sentence: Reading, figure: Figure, evidence: Reading, other: Figure) -> int:
    segment = evidence.segments[find_segment(evidence, other)]
    near = [word for word in evidence.words[segment.first : segment.end] if not is_light(word)]
    return (
        2 * (figure.unit == other.unit)
        - 3 * other.old
        + sum(any(alike(word, each) for each in near) for at, word in enumerate(sentence.words) if sentence.is_content(at))
    )


def is_same_value(figure: Figure, other: Figure) -> bool:
    """Return whether two figures have one value, whatever their units."""
    if figure.kind == "date" or other.kind == "date":
        if isinstance(figure.value, tuple) and isinstance(other.value, tuple):
            return all(mine is None or mine == theirs for mine, theirs in zip(figure.value, other.value, strict=True))
        return False
    if isinstance(figure.value, Decimal) and isinstance(other.value, Decimal):
        return figure.value == other.value or (measure(figure) is not None and measure(figure) == measure(other))
    return str(figure.value) == str(other.value) or _bare(figure) == _bare(other)


def _bare(figure: Figure) -> str:
    return "".join(letter for letter in str(figure.value) if letter.isalnum())


def find_segment(reading: Reading, figure: Figure) -> int:
    return reading.segment_of[min(figure.first, len(reading.segment_of) - 1)] if reading.segment_of else 0


def find_segment_of(reading: Reading, number: int) -> int:
    return find_segment(reading, reading.figures[number])
