"""Which share of an answer's claims the sources support."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..support import Finding
from ..values import CaseRun, ScoreResult, SourceText
from .grading import check_flag, check_least, leave_out, measure, read_question, say_why_no_answer, set_name, shorten, show
from .grounding import Claim, Support, check_claim, find_claims
from .judge_asking import JudgeReply, ask_judge

if TYPE_CHECKING:
    from ...models.model import Model

NO_SOURCES = "The run has read no source, so nothing is there to be faithful to."
NO_CLAIM = "The answer makes no claim."
SUPPORTED = (
    "You are shown sources and a numbered list of claims. For each claim, say whether it follows from the sources alone; what you know "
    'from elsewhere does not count. Reply as {"verdicts": [true, false]}, one for each claim, in order.'
)


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Measure which share of an answer's claims its sources support. Deterministic without a model.

    RAGAS' faithfulness (Es et al. 2024): supported claims by all claims. There a model splits the answer into claims and judges them; here
    a claim is a sentence, and code judges it. A claim is *contradicted* if a fact of it disagrees with the run's sources or is not there: a
    figure, unit, date, name, negation, limit, comparison, or who does what. It is *not shown* if nothing disagrees, but less than half of
    what it says is there in these or like words. Otherwise it is *supported*, in whatever words. The details name the claims of both other
    kinds. Code does not reason: it takes some true claims in very different words for contradicted, and does not see a detail that is
    invented in plain words, nor every exchange of two things that the sources both name.

    With `graded`, the value is not the share of supported claims but the mean of how well each is supported: above a half if it is, up to 1
    for the sources' own words in their order; below a half if not, the lower, the more speaks against it. That tells two answers apart
    where both are right, or both wrong, in most claims.

    With a `model` each claim that the code supports is put to it as well, and counts only if it agrees: the model may take away and never
    add. No value where the run has read nothing, or the answer claims nothing.
    """

    model: str | Model | None = None
    graded: bool = False
    least: float | None = None
    name: str = ""

    @property
    def is_deterministic(self) -> bool:
        """Return whether code alone judges."""
        return self.model is None

    def __post_init__(self) -> None:
        check_flag(self, graded=self.graded)
        check_least(self, self.least)
        set_name(self, "faithfulness")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return the share of the claims that are supported."""
        sources = run.record.sources
        if why := say_why_no_answer(run.record) or ("" if sources else NO_SOURCES):
            return leave_out(self.name, why, self.least)
        claims = find_claims(run.record.text, sources, read_question(run))
        if not claims:
            return leave_out(self.name, NO_CLAIM, self.least)
        supports = [check_claim(claim, sources) for claim in claims]
        details = [
            f"{each.finding.capitalize()}: {say_claim(claim, each)}"
            for claim, each in zip(claims, supports, strict=True)
            if not each.supported
        ]
        cost = 0.0
        if self.model is not None:
            verdict = await ask_support(self.model, claims, sources, run.record.models)
            cost = verdict.usage.cost_usd
            if verdict.value is None:
                return leave_out(self.name, verdict.problem, self.least, [*verdict.notes, *details], cost)
            supports, more = _take_away(claims, supports, verdict.value)
            details += [*more, *verdict.notes]
        count = sum(each.strength if self.graded else each.supported for each in supports)
        return measure(self.name, count / len(claims), self.least, _count_findings(supports), details, cost)


def say_claim(claim: Claim, support: Support) -> str:
    """Return a claim and why it is not supported, for people."""
    return f"“{shorten(claim.sentence.rstrip('.'))}”. {support.reason}".rstrip()


def _count_findings(supports: Sequence[Support]) -> str:
    """Return how many claims are supported, contradicted and not shown, in a sentence."""
    count = sum(each.supported for each in supports)
    others = {kind: sum(not each.supported and each.finding is kind for each in supports) for kind in Finding}
    more = "".join(f", {number} {kind.value}" for kind, number in others.items() if number and kind is not Finding.SUPPORTED)
    return f"{count} of {len(supports)} claims are supported{more}."


def _take_away(claims: Sequence[Claim], supports: Sequence[Support], said: Sequence[bool]) -> tuple[list[Support], list[str]]:
    """Return the supports that the model agrees with, and where the two differ."""
    both, details = list[Support](), list[str]()
    for claim, support, agrees in zip(claims, supports, said, strict=True):
        both.append(support if agrees else Support(False, support.reason, support.finding))
        if support.supported != agrees:
            what = "does not see this supported" if support.supported else "sees this supported, which does not count"
            details.append(f"The model {what}: {shorten(claim.sentence)}")
    return both, details


async def ask_support(
    model: str | Model, claims: Sequence[Claim], sources: Sequence[SourceText], answered_by: tuple[str, ...]
) -> JudgeReply[list[bool]]:
    """Ask a model which claims follow from the sources."""

    def read(value: Any) -> list[bool]:
        verdicts = value.get("verdicts") if isinstance(value, dict) else None
        if not isinstance(verdicts, list) or len(verdicts) != len(claims) or not all(isinstance(each, bool) for each in verdicts):
            raise ValueError(f"“verdicts” is to be a list of {len(claims)} times true or false, and the reply is {show(value)}.")
        return verdicts

    texts = {f"source {source.id}": source.text for source in sources}
    texts["the claims"] = "\n".join(f"{number}. {claim.sentence}" for number, claim in enumerate(claims, 1))
    return await ask_judge(
        model, SUPPORTED, texts, read, answered_by=answered_by, is_better=_says_more, plain=("the claims", "source the answer")
    )


def _says_more(one: Sequence[bool], other: Sequence[bool]) -> bool:
    """Return whether a model sees a claim supported by sources that it does not see supported without what may speak to it."""
    return any(first and not second for first, second in zip(one, other, strict=True))
