"""Judge whether any passage answers a question: a decision of its own, so that a model can take it instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 0.33
"""The least share of what is asked about that a passage has to hold: a third of the question's words, rare ones counting more."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether any passage answers a question, and the reason in a sentence."""

    fits: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the passages nearest to a question.

    `coverage` (0 to 1) is the share of what is asked about that the best of them holds; `missing` are words that no passage holds.
    """

    coverage: float
    missing: tuple[str, ...] = ()


def judge(evidence: Evidence, least: float = LEAST) -> Judgement:
    """Return whether the nearest passages hold enough of what is asked about."""
    if evidence.coverage >= least:
        return Judgement(True, f"A passage holds {evidence.coverage:.0%} of what is asked about.")
    missing = f"; no passage has {_quote(evidence.missing)}" if evidence.missing else ""
    return Judgement(False, f"The nearest passage holds {evidence.coverage:.0%} of what is asked about{missing}.")


def _quote(words: Sequence[str], most: int = 3) -> str:
    return ", ".join(f"“{word}”" for word in words[:most])
