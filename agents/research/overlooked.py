"""What a model overlooked on pages: what the extractive reader quotes from them is not unknown, whatever a model says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .gating import gate_claims
from .report_values import Claim
from .stage_prompts import Findings
from .state import VisitedPage, check_quotes

if TYPE_CHECKING:
    from .aspects import Aspect

FEWEST = 0.5
"""A model that finds fewer claims than this share of what the extractive reader finds has overlooked too much of a page."""


def find_overlooked(
    questions: Sequence[str], found: Sequence[Claim], pages: Sequence[VisitedPage], company: str, aspects: Sequence[Aspect]
) -> tuple[Claim, ...]:
    """Return quotes of the pages that a model's claims are to be filled up with.

    `questions` are those of the find stage that the model was asked. Where it found little, all that the extractive reader finds is added;
    otherwise what that finds about aspects of which the model found nothing.
    """
    from ..models.extractive import find_claims  # late, for load time

    quoted = list[Claim]()
    for question in questions:
        claims, _ = check_quotes(Findings.model_validate(find_claims(question)), pages, aspects, company)
        publishable, _ = gate_claims(claims, pages, company)
        quoted += publishable
    if len(found) < FEWEST * len(quoted):
        return tuple(quoted)
    known = {claim.topic for claim in found}
    return tuple(claim for claim in quoted if claim.topic not in known)
