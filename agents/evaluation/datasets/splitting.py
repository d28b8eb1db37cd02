"""Train, validation and test by conversation: no conversation, and nothing nearly like it, is in two of them.

Where a conversation goes is decided by a hash of the first of its group, so that rows that are added later move none that were there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from sayso.tools.errors import UsageError

from .duplicates import FEWEST_TEXTS, NEAR, find_near, normalise
from .example import Example, iter_texts

LONG_TURN = 30
"""From how many letters on a question is not asked twice by chance."""
NAMES = ("train", "validation", "test")


class SplitExamples(NamedTuple):
    """The examples by the name of their split, and what a person should know of it, in sentences."""

    parts: Mapping[str, tuple[Example, ...]]
    notes: tuple[str, ...] = ()


def read_shares(text: str) -> tuple[float, ...]:
    """Return the shares in "80/10/10" or "0.9/0.1", in parts of 1: of train, validation and test.

    Raises UsageError for what does not add up to 100 (or to 1), or is no share.
    """
    try:
        numbers = [float(part) for part in text.replace(",", "/").split("/")]
    except ValueError:
        raise UsageError(f"{text!r} are not shares. Write 80/10/10 for train, validation and test, or 90/10.") from None
    total = 100 if sum(numbers) > 2 else 1
    if len(numbers) > len(NAMES) or not all(0 <= number <= 100 for number in numbers):
        raise UsageError(f"{text!r} are not shares of train, validation and test. Write 80/10/10, or 90/10.")
    if abs(sum(numbers) - total) > 1e-6:
        raise UsageError(f"The shares {text} add up to {sum(numbers):g}, and not to {total}. Write 80/10/10, or 90/10.")
    if numbers[0] == 0:
        raise UsageError(f"The shares {text} leave nothing to train on.")
    return tuple(number / total for number in numbers)


def split_examples(examples: Sequence[Example], shares: Sequence[float], *, near: float = NEAR, seed: str = "") -> SplitExamples:
    """Return the examples in splits of about these shares, none of whose groups is in two of them.

    A split that would be empty takes the group whose hash is nearest to it, which a note tells. Raises UsageError where there are fewer
    groups than splits: no split of them would be without a leak.
    """
    groups = group_examples(examples, near=near)
    wanted = [name for name, share in zip(NAMES, shares, strict=False) if share > 0]
    if len(examples) < len(wanted):
        raise UsageError(f"{len(examples)} example{'s' * (len(examples) != 1)} cannot be split into {', '.join(wanted)}.")
    if len(groups) < len(wanted):
        kept = f"{len(groups)} group{'s' * (len(groups) != 1)} of one conversation, or of near duplicates"
        raise UsageError(
            f"The {len(examples)} examples cannot be split into {', '.join(wanted)} without a leak: they are {kept}. "
            "Add other conversations, take another --near, or leave the split out."
        )
    points = sorted((_find_point(examples[group[0]], seed), group) for group in groups)
    placed, notes = _place(points, dict(zip(NAMES, shares, strict=False))), list[str]()
    for name in wanted:
        if not placed[name]:
            fullest = max(placed, key=lambda each: len(placed[each]))
            placed[name].append(placed[fullest].pop(0 if NAMES.index(fullest) > NAMES.index(name) else -1))
            notes.append(f"The split {name} would have been empty, so it was given a group of {fullest}; more examples may move it back.")
    largest = max(len(group) for group in groups)
    if largest > len(examples) / 2 and len(examples) > len(wanted):
        notes.append(f"{largest} of the {len(examples)} examples are one group, so the splits are not of the shares that were asked for.")
    places = {name: sorted(place for group in placed[name] for place in group) for name in wanted}
    return SplitExamples({name: tuple(examples[place] for place in found) for name, found in places.items()}, tuple(notes))


def group_examples(examples: Sequence[Example], *, near: float = NEAR) -> list[list[int]]:
    """Return the places of the examples in groups that must stay together, each in order.

    Together are those of one conversation; those that share a question with its answer, or a long question, as the turns of a conversation
    do of which a program sends only the latest; and those whose prompts, last questions or whole texts are near duplicates.
    """
    links = [*_link_conversations(examples), *_link_turns(examples)]
    questions = [text if len(text) >= LONG_TURN else "" for text in map(_find_question, examples)]
    for texts in ([example.prompt_text for example in examples], [example.text for example in examples], questions):
        links += [(pair.first, pair.second) for pair in find_near(texts, near)]
    parents = list(range(len(examples)))

    def find(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    for one, other in links:
        low, high = sorted((find(one), find(other)))
        parents[high] = low
    groups = defaultdict[int, list[int]](list)
    for place in range(len(examples)):
        groups[find(place)].append(place)
    return list(groups.values())


def _link_conversations(examples: Sequence[Example]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    return [(first.setdefault(name, place), place) for place, each in enumerate(examples) if (name := each.origin.conversation)]


def _link_turns(examples: Sequence[Example]) -> list[tuple[int, int]]:
    """Return the pairs of examples that share a turn. What more than half of ten or more share, such as a greeting, does not count."""
    turns = [set(_find_turns(example)) for example in examples]
    counts = Counter(turn for each in turns for turn in each)
    often = len(examples) / 2 if len(examples) >= FEWEST_TEXTS else len(examples)
    first: dict[tuple[str, ...], int] = {}
    return [(first.setdefault(turn, place), place) for place, each in enumerate(turns) for turn in sorted(each) if counts[turn] <= often]


def _find_turns(example: Example) -> Iterator[tuple[str, ...]]:
    """Yield the questions of an example with what was answered first, and the long questions by themselves."""
    asked = ""
    for message in _spoken(example):
        text = normalise(" ".join(iter_texts([message])))
        if message["role"] == "assistant" and asked:
            yield asked, text
            asked = ""
        elif message["role"] == "user":
            asked = text
            if len(text) >= LONG_TURN:
                yield (text,)


def _find_question(example: Example) -> str:
    return normalise(" ".join(iter_texts(example.prompt[-1:])))


def _spoken(example: Example) -> list[dict[str, object]]:
    return [message for message in (*example.prompt, *example.answer) if message["role"] not in ("system", "developer")]


def _find_point(example: Example, seed: str) -> float:
    """Return a number from 0 to 1 by the conversation of an example, or by its prompt where it is of none."""
    key = example.origin.conversation or normalise(example.prompt_text)
    digest = sha256(f"{seed}\x00{key}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _place(points: Sequence[tuple[float, list[int]]], shares: Mapping[str, float]) -> dict[str, list[list[int]]]:
    placed: dict[str, list[list[int]]] = {name: [] for name in shares}
    for point, group in points:
        limit = 0.0
        for name, share in shares.items():
            limit += share
            if point < limit or name == list(shares)[-1]:
                placed[name].append(group)
                break
    return placed
