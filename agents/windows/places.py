"""Places in a conversation, and the references under which a model and a program find them again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

Ranges = Sequence[tuple[int, int]]
"""Places from the first to the last of each range, in order, with a gap between two of them."""


def refer_to(place: int, number: int | None = None) -> str:
    """Return the reference of a message by its place in the conversation, or of one of the results in it."""
    return f"m{place + 1}" if number is None else f"m{place + 1}.{number + 1}"


def join_places(ranges: Ranges, places: Iterable[int]) -> Ranges:
    """Return the ranges with more places in them."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted([*ranges, *((place, place) for place in places)]):
        if joined and joined[-1][1] >= first - 1:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


def find_added(before: Ranges, after: Ranges) -> Ranges | None:
    """Return what comes after `before` in `after`; None where places before that have changed, too."""
    end = before[-1][1]
    added = [(max(first, end + 1), last) for first, last in after if last > end]
    return added if list(join_places(before, ())) == [(first, min(last, end)) for first, last in after if first <= end] else None


def find_gaps(first: int, end: int, places: Sequence[int]) -> Ranges:
    """Return the ranges from `first` to before `end` that have none of these places in them."""
    ends = [first - 1, *sorted(places), end]
    return [(before + 1, after - 1) for before, after in pairwise(ends) if after - before > 1]


def name_ranges(ranges: Ranges) -> tuple[str, ...]:
    """Return ranges as references: "m1-m9" for the first nine messages."""
    return tuple(refer_to(first) if first == last else f"{refer_to(first)}-{refer_to(last)}" for first, last in ranges)


def count_places(ranges: Ranges) -> int:
    """Return how many places there are in the ranges."""
    return sum(last - first + 1 for first, last in ranges)


def iter_places(ranges: Ranges) -> Iterator[int]:
    """Yield the places in the ranges, in order."""
    for first, last in ranges:
        yield from range(first, last + 1)
