"""Judge whether any passage answers a question: a decision of its own, so that a model can take it instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 1.0
"""The least strength of evidence that a question is answered. `benchmarks/documents.py` prints what other values would mean."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether any passage answers a question, and the reason in a sentence."""

    fits: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against that a passage answers a question.

    `strength` is how much of what is asked about the best passage has, itself or in words that are used alike: 0 is nothing, 1 just enough.
    `missing` are the words of the question that no passage holds; `misses_name`, whether one of them is a name or a number.
    """

    strength: float
    missing: tuple[str, ...] = ()
    misses_name: bool = False


def judge(evidence: Evidence, least: float = LEAST) -> Judgement:
    """Return whether the evidence is strong enough."""
    missing = f" No passage has {_quote(evidence.missing)}." if evidence.missing else ""
    if evidence.strength >= least:
        return Judgement(True, f"The nearest passage has enough of what is asked about ({evidence.strength:.2f} of {least:g}).{missing}")
    return Judgement(False, f"The nearest passage has too little of what is asked about ({evidence.strength:.2f} of {least:g}).{missing}")


def _quote(words: Sequence[str], most: int = 3) -> str:
    return ", ".join(f"“{word}”" for word in words[:most])
