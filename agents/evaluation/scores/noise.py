"""How often an answer is wrong because of what was read: RAGAS' noise sensitivity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sayso.tools.canonical import prompt_text
from sayso.tools.errors import UsageError

from ..values import CaseRun, ScoreResult, SourceText
from .faithfulness import NO_CLAIM, NO_SOURCES, ask_support
from .grading import check_least, leave_out, measure, read_question, say_why_no_answer, set_name, shorten
from .grounding import Claim, check_claim, find_claims

if TYPE_CHECKING:
    from ...models.model import Model


@dataclass(frozen=True, slots=True)
class NoiseSensitivity:
    """Measure in which share of an answer's claims no source led to an error: 1 minus RAGAS' noise sensitivity.

    Deterministic without a model.

    RAGAS' noise sensitivity (lower is better) is the share of the answer's claims that the reference does not support although a source
    does: that of sources which support a claim of the reference with `mode="relevant"`, of the other sources alone with
    `mode="irrelevant"`. The reference is the case's expected output. All values here are better the higher they are, so this is 1 minus it;
    the reason names RAGAS' number. Who judges support is the `model`, as in RAGAS, or without one the code that `Faithfulness` describes.
    """

    mode: Literal["relevant", "irrelevant"] = "relevant"
    model: str | Model | None = None
    least: float | None = None
    name: str = ""

    @property
    def is_deterministic(self) -> bool:
        """Return whether code alone judges."""
        return self.model is None

    def __post_init__(self) -> None:
        if self.mode not in ("relevant", "irrelevant"):
            raise UsageError(f"NoiseSensitivity: mode={self.mode!r} is neither 'relevant' nor 'irrelevant'.")
        check_least(self, self.least)
        set_name(self, f"1 - noise sensitivity ({self.mode})")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 minus the share of claims that noise made wrong."""
        sources, expected = run.record.sources, run.case.expected
        why = say_why_no_answer(run.record) or ("" if sources else NO_SOURCES)
        if why or expected is None:
            return leave_out(self.name, why or "The case expects no output, and that is the reference.", self.least)
        claims = find_claims(run.record.text, sources, read_question(run))
        reference = SourceText("the reference", prompt_text(expected))
        wanted = find_claims(reference.text, ())
        if not claims or not wanted:
            return leave_out(self.name, NO_CLAIM if not claims else "The reference makes no claim.", self.least)
        table = _Supports(self.model, run.record.models)
        right = await table.find(claims, reference)
        found = {source.id: (any(await table.find(wanted, source)), await table.find(claims, source)) for source in sources}
        if table.problem:
            return leave_out(self.name, table.problem, self.least, (), table.cost)
        relevant = [said for is_relevant, said in found.values() if is_relevant]
        others = [said for is_relevant, said in found.values() if not is_relevant]
        details = list[str]()
        for place, claim in enumerate(claims):
            by_relevant, by_other = any(said[place] for said in relevant), any(said[place] for said in others)
            if not right[place] and (by_relevant if self.mode == "relevant" else by_other and not by_relevant):
                details.append(f"A source led to this, which the reference does not support: {shorten(claim.sentence)}")
        share = len(details) / len(claims)
        return measure(self.name, 1 - share, self.least, f"RAGAS' noise sensitivity is {share:.3g}.", details, table.cost)


class _Supports:
    """Which claims a text supports, by code or by a model; what asking it cost, and why it could not be asked."""

    def __init__(self, model: str | Model | None, answered_by: tuple[str, ...]) -> None:
        self._model, self._answered_by = model, answered_by
        self.cost, self.problem = 0.0, ""

    async def find(self, claims: Sequence[Claim], text: SourceText) -> list[bool]:
        """Return for each claim whether the text supports it; all False once the model could not be asked."""
        if self._model is None:
            return [check_claim(claim, [text]).supported for claim in claims]
        if self.problem:
            return [False] * len(claims)
        verdict = await ask_support(self._model, claims, [text], self._answered_by)
        self.cost += verdict.usage.cost_usd
        self.problem = verdict.problem if verdict.value is None else ""
        return verdict.value or [False] * len(claims)
