"""What a site's pages say, found by computing: what a model is asked about them, what the extractive reader answers, and what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sayso.tools.canonical import readable_json

from .aspects import Aspect, take_built_in
from .choosing import judge
from .field_claims import claim_fields
from .gating import gate_claims
from .profile import ClientProfile
from .ranking import rank_claims
from .report_values import Claim, Considered, Withdrawn
from .site_reading import Part, measure_coverage, order_parts, pack_parts
from .state import Visit, VisitedPage, check_quotes


@dataclass(frozen=True, slots=True)
class QuotedAnswer:
    """What the extractive reader answers to a question, as JSON text, and what comes of it: claims, and those that passed the gate."""

    text: str
    claims: tuple[Claim, ...]
    missing: tuple[str, ...]
    kept: tuple[Claim, ...]
    withdrawn: tuple[Withdrawn, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """The claims that a visit has, and the sentences that were taken away."""

    claims: tuple[Claim, ...]
    withdrawn: tuple[Withdrawn, ...]

    def put_into(self, visit: Visit) -> Visit:
        """Return the visit with these."""
        dropped = sum(1 for each in self.withdrawn if not each.replaced)
        return replace(visit, claims=self.claims, withdrawn=self.withdrawn, dropped=dropped)


@dataclass(frozen=True, slots=True)
class SiteFindings:
    """All that the extractive reader finds on a site: its questions and answers, what is kept before them, and what after them."""

    questions: tuple[tuple[Part, ...], ...]
    answers: tuple[QuotedAnswer, ...]
    first: Kept
    last: Kept


def examine_site(
    profile: ClientProfile, before: Considered, others: Sequence[str], visit: Visit, aspects: Sequence[Aspect], kind: str
) -> tuple[Considered, SiteFindings | None]:
    """Return whether a site competes, now that its pages were read, and what they say if it does."""
    after = judge(profile, before, visit.pages, others)
    if not after.competes:
        return after, None
    return after, find_on_site(replace(visit, candidate=replace(visit.candidate, name=after.name)), aspects, kind)


def find_on_site(visit: Visit, aspects: Sequence[Aspect], kind: str, first: int = 0) -> SiteFindings:
    """Return what the extractive reader finds on the pages from number `first` on."""
    from ..models.extractive import find_claims  # late, for load time
    from .stage_prompts import Findings  # late, for load time

    pages, name = visit.pages, visit.candidate.name
    aspects = take_built_in(aspects)
    questions = make_questions(pages, first, aspects)
    answers: list[QuotedAnswer] = []
    for question in questions:
        found = find_claims(write_question(question, pages, aspects, name, kind))
        claims, missing = check_quotes(Findings.model_validate(found), pages, aspects, name)
        answers.append(QuotedAnswer(readable_json(found), claims, tuple(missing), *gate_claims(claims, pages, name)))
    claims = tuple(claim for answer in answers for claim in answer.kept)
    withdrawn = tuple(each for answer in answers for each in answer.withdrawn)
    before, after = (keep_best(visit, aspects, *found) for found in (((), ()), (claims, withdrawn)))
    return SiteFindings(tuple(questions), tuple(answers), before, after)


def make_questions(pages: Sequence[VisitedPage], first: int, aspects: Sequence[Aspect]) -> list[tuple[Part, ...]]:
    """Return the parts of the pages from number `first` on, as many in a question as fit."""
    covered = measure_coverage(pages[:first], aspects)
    return pack_parts([part for part in order_parts(pages, aspects, covered) if part.page >= first])


def write_question(parts: Sequence[Part], pages: Sequence[VisitedPage], aspects: Sequence[Aspect], name: str, kind: str) -> str:
    """Return the text of the question about some parts."""
    from .stage_prompts import findings_question  # late, for load time

    blocks = [(part.page + 1, pages[part.page].title, pages[part.page].url, part.text) for part in parts]
    return findings_question(name, kind, aspects, blocks)


def keep_best(visit: Visit, aspects: Sequence[Aspect], claims: Sequence[Claim], withdrawn: Sequence[Withdrawn]) -> Kept:
    """Return these claims beside those that the visit has and those that its pages hold as data, each said once."""
    pages, name = visit.pages, visit.candidate.name
    kept = rank_claims((*claim_fields(pages, name, aspects), *visit.claims, *claims), pages, name, aspects)
    return Kept(kept, (*visit.withdrawn, *withdrawn))
