"""Texts that are the same, or nearly: exact after normalisation, and by the Jaccard similarity of their runs of three words.

The similarity is computed, not estimated: only texts that share one of their rarest runs of words can be near, so few pairs are compared
(prefix filtering; Bayardo, Ma, Srikant, "Scaling Up All Pairs Similarity Search", WWW 2007). There is no chance in it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

NEAR = 0.8
"""From which similarity on two texts are near duplicates: the share of their runs of three words that both have."""
RUN = 3
FEWEST_TEXTS = 10
"""From how many texts on it tells something that more than half of them share a run of words."""
_WORDS = re.compile(  # a sign is a word of its own: 2 + 2
    # scripts that write no spaces between words count by the letter: Thai, Lao, Myanmar, Khmer, kana, and Chinese characters
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"
    r"|[^\W_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+|_|[^\w\s]"
)


class NearPair(NamedTuple):
    """Two texts, by their places, and how similar they are."""

    first: int
    second: int
    similarity: float


def normalise(text: str) -> str:
    """Return a text in the spelling in which equal texts are equal: width, case and white space do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def find_near(texts: Sequence[str], near: float = NEAR) -> list[NearPair]:
    """Return the pairs of texts that are at least so similar, by place; of several that are equal, each beside the first of them.

    Runs of words that stand in more than half of ten texts or more tell nothing of one of them (a template, a greeting) and do not count.
    Texts without a run of their own are near to none but their equals.
    """
    runs = [_find_runs(text) for text in texts]
    common = Counter(run for each in runs for run in each)
    often = len(texts) / 2 if len(texts) >= FEWEST_TEXTS else len(texts)
    first: dict[tuple[str, ...], int] = {}
    pairs: list[NearPair] = []
    holders = defaultdict[str, list[int]](list)
    sets: dict[int, frozenset[str]] = {}
    for place, every in enumerate(runs):
        own = sorted((run for run in every if common[run] <= often), key=lambda run: (common[run], run))
        if not texts[place].strip():
            continue
        if (earlier := first.setdefault(tuple(own) or (f"={normalise(texts[place])}",), place)) != place:
            pairs.append(NearPair(earlier, place, 1.0))
            continue
        sets[place] = frozenset(own)
        prefix = own[: len(own) - math.ceil(near * len(own) - 1e-9) + 1] if own else []
        for other in sorted({other for run in prefix for other in holders[run]}):
            similarity = len(sets[place] & sets[other]) / len(sets[place] | sets[other])
            if similarity >= near:
                pairs.append(NearPair(other, place, similarity))
        for run in prefix:
            holders[run].append(place)
    return sorted(pairs)


def measure_similarity(one: str, other: str) -> float:
    """Return how similar two texts are, from 0 to 1."""
    left, right = _find_runs(one), _find_runs(other)
    return len(left & right) / len(left | right) if left or right else float(normalise(one) == normalise(other))


def _find_runs(text: str) -> set[str]:
    """Return the runs of three words in a text; of a shorter one, all its words as one. A run that is there again has its number."""
    words = _WORDS.findall(normalise(text))
    runs = [" ".join(words[at : at + RUN]) for at in range(max(1, len(words) - RUN + 1))] if words else []
    seen, found = Counter[str](), set[str]()
    for run in runs:
        found.add(f"{run} {seen[run]}" if seen[run] else run)
        seen[run] += 1
    return found
