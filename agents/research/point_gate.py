"""The gate for a model's comparison: each part of a sentence has to be stated by the claims that the sentence names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sayso.tools.truth import check_statement

from .gating import find_reason
from .report_values import Claim, Competitor, Point, Withdrawn

NO_CLAIM = "it names no claim that it rests on"
_PARTS = re.compile(r"\s*[;—]\s*|,?\s+(?:while|whereas|but|and so)\s+|\.\s+(?=[A-Z])")


def gate_points(points: Sequence[Point], columns: Sequence[Competitor]) -> tuple[tuple[Point, ...], tuple[Withdrawn, ...]]:
    """Return the sentences that the claims they name state, and those that are left out, each with its reason.

    The numbers of a point are those of the columns' claims, counted from 1 in their order.
    """
    told = [(column.name, claim) for column in columns for claim in column.claims]
    kept: list[Point] = []
    withdrawn: list[Withdrawn] = []
    for point in points:
        named = tuple(number for number in dict.fromkeys(point.claims) if 1 <= number <= len(told) and not told[number - 1][1].old)
        reason = _find_reason(point.text, [told[number - 1] for number in named]) if named else NO_CLAIM
        if reason:
            withdrawn.append(Withdrawn("", point.text, reason))
        else:
            kept.append(Point(point.text, named))
    return tuple(kept), tuple(withdrawn)


def _find_reason(text: str, claims: Sequence[tuple[str, Claim]]) -> str:
    """Return why the claims do not state a sentence; empty where they do. Each claim is told as its company's."""
    passage = "\n\n".join(claim.text if name in claim.text else f"{name}: {_name_owner(claim.text, name)}" for name, claim in claims)
    names = {name for name, _ in claims}
    subject = next(iter(names)) if len(names) == 1 else ""
    for part in filter(None, (part.strip() for part in _PARTS.split(text))):
        if reason := find_reason(check_statement(part, passage, subject=subject)):
            return reason
    return ""


def _name_owner(text: str, name: str) -> str:
    """Return a claim's text with the company's name in the place of "we"."""
    return re.sub(r"^We (?=are\b|have\b|were\b)", f"{name} ", text)
