"""Whether an answer cites what supports it, and nothing beside it: ALCE's citation recall and precision. Deterministic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..values import CaseRun, ScoreResult, SourceText
from .faithfulness import NO_CLAIM, say_claim
from .grading import check_least, leave_out, measure, read_question, say_why_no_answer, set_name
from .grounding import Claim, Support, check_claim, find_claims, match_source


@dataclass(frozen=True, slots=True)
class CitationRecall:
    """Measure which share of an answer's claims is supported by what they cite. Deterministic.

    ALCE's citation recall (Gao et al. 2023): a sentence counts if the passages that it cites, taken together, entail it; one without a
    citation does not. ALCE's judge of entailment is the model TRUE; here it is the code that `Faithfulness` describes. Sentences that claim
    nothing are left out, and a citation behind several sentences stands for all of them since the one before.
    """

    least: float | None = None
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        check_least(self, self.least)
        set_name(self, "citation recall")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return the share of the claims that their citations support."""
        if why := say_why_no_answer(run.record):
            return leave_out(self.name, why, self.least)
        claims = find_claims(run.record.text, run.record.sources, read_question(run))
        if not claims:
            return leave_out(self.name, NO_CLAIM, self.least)
        checked = [check_cited(claim, run.record.sources) for claim in claims]
        count = sum(each.supported for each in checked)
        details = [say_claim(claim, each) for claim, each in zip(claims, checked, strict=True) if not each.supported]
        return measure(
            self.name, count / len(claims), self.least, f"{count} of {len(claims)} claims are supported by what they cite.", details
        )


@dataclass(frozen=True, slots=True)
class CitationPrecision:
    """Measure which share of an answer's citations its claims need. Deterministic.

    ALCE's citation precision (Gao et al. 2023): a citation counts if all that its claim cites supports the claim, and if it supports the
    claim alone or the others do not without it. The judge of entailment is as at `CitationRecall`. A citation of something that is not
    among the sources counts as not needed; ALCE leaves it out. No value where nothing is cited.
    """

    least: float | None = None
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        check_least(self, self.least)
        set_name(self, "citation precision")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return the share of the citations that their claims need."""
        if why := say_why_no_answer(run.record):
            return leave_out(self.name, why, self.least)
        claims = [claim for claim in find_claims(run.record.text, run.record.sources, read_question(run)) if claim.cited]
        if not claims:
            return leave_out(self.name, "The answer cites nothing.", self.least)
        needed, details = 0, list[str]()
        for claim in claims:
            reasons = explain_citations(claim, run.record.sources)
            needed += sum(not reason for reason in reasons.values())
            details += [f"[{cited}] {reason} {claim.sentence}" for cited, reason in reasons.items() if reason]
        total = sum(len(claim.cited) for claim in claims)
        return measure(self.name, needed / total, self.least, f"{needed} of {total} citations are needed.", details)


def check_cited(claim: Claim, sources: Sequence[SourceText]) -> Support:
    """Return whether the passages that a claim cites support it together."""
    if not claim.cited:
        return Support(False, "Nothing is cited for this.")
    found = {cited: match_source(cited, sources) for cited in claim.cited}
    unknown = [cited for cited, source in found.items() if source is None]
    if unknown:
        return Support(False, f"[{unknown[0]}] is not among the sources.")
    return check_claim(claim, [source for source in found.values() if source])


def explain_citations(claim: Claim, sources: Sequence[SourceText]) -> dict[str, str]:
    """Return for each citation of a claim why it does not count; empty where it does."""
    found = {cited: match_source(cited, sources) for cited in claim.cited}
    known = {cited: source for cited, source in found.items() if source is not None}
    reasons = {cited: "is not among the sources:" for cited in claim.cited if cited not in known}
    if not known or not check_claim(claim, list(known.values())).supported:
        return reasons | dict.fromkeys(known, "does not support this:")
    for cited, source in known.items():
        others = [other for each, other in known.items() if each != cited]
        is_idle = bool(others) and not check_claim(claim, [source]).supported and check_claim(claim, others).supported
        reasons[cited] = "is not needed for this:" if is_idle else ""
    return reasons
