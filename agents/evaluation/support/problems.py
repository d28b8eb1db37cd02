"""What speaks against a claim: a kind of fact, and a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sayso.tools.truth.reading import Reading


class SupportProblem(NamedTuple):
    """A fact of a claim that its sources contradict or do not have."""

    kind: str
    what: str


def quote_words(reading: Reading, places: Iterable[int], most: int = 6) -> str:
    """Return words of a statement in quotation marks, in their order."""
    return f"“{' '.join(reading.words[at].text for at in sorted(set(places))[:most])}”"
