"""ALCE's two measures besides citations (Gao et al. 2023): whether an answer is right, and whether it reads well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sayso.tools.canonical import prompt_text
from sayso.tools.errors import UsageError

from ..values import CaseRun, ScoreResult, SourceText
from .faithfulness import ask_support
from .grading import check_least, check_text, leave_out, measure, say_why_no_answer, set_name, shorten
from .grounding import Claim, check_claim
from .judges import Judge
from .repeating import fold_answer

if TYPE_CHECKING:
    from ...models.model import Model

FLUENT = (
    "The answer is fluent: whole sentences in good grammar that read well one after the other, without repetition, broken-off text or "
    "marks that belong to no sentence. Whether it is true or useful does not count."
)


@dataclass(frozen=True, slots=True)
class Correctness:
    """Measure which share of what is expected an answer says. Deterministic with `answers`; with `claims` too, where no model is given.

    ALCE's correctness in two of its forms. `answers` are short answers that have to stand in the text, as ASQA's (exact-match recall):
    each a text, or a list of spellings of which one is enough, compared as SQuAD does. `claims` are sentences that the answer has to
    entail, as ELI5's (claim recall); code judges that, or the `model`, alone. Without either, the case's expected output counts:
    a list as `answers`, a text as one of them.
    """

    answers: Sequence[Any] = ()
    claims: Sequence[str] = ()
    model: str | Model | None = None
    least: float | None = None
    name: str = ""

    @property
    def is_deterministic(self) -> bool:
        """Return whether code alone judges."""
        return self.model is None or not self.claims

    def __post_init__(self) -> None:
        if self.answers and self.claims:
            raise UsageError("Correctness takes answers= or claims=, and was given both. Use two scores with a name= each.")
        for claim in _read_list("claims", self.claims):
            check_text(self, "claims", claim)
        _read_answers(self.answers)
        check_least(self, self.least)
        set_name(self, "correctness")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return the share of the expected answers or claims that the answer has."""
        if why := say_why_no_answer(run.record):
            return leave_out(self.name, why, self.least)
        if self.claims:
            return await self._judge_claims(run)
        expected = self.answers or run.case.expected
        answers = _read_answers([expected] if isinstance(expected, str) else expected or ())
        if not answers:
            return leave_out(self.name, "Nothing is expected: give answers=, claims=, or the case an expected output.", self.least)
        said = f" {fold_answer(run.record.text)} "
        missing = [spellings for spellings in answers if not any(f" {fold_answer(each)} " in said for each in spellings)]
        count = len(answers) - len(missing)
        details = [f"Not in the answer: {' or '.join(spellings)}." for spellings in missing]
        return measure(self.name, count / len(answers), self.least, f"{count} of {len(answers)} expected answers are there.", details)

    async def _judge_claims(self, run: CaseRun) -> ScoreResult:
        claims, answer = [Claim(claim) for claim in self.claims], SourceText("the answer", run.record.text)
        cost, notes = 0.0, tuple[str, ...]()
        if self.model is None:
            said = [check_claim(claim, [answer]).supported for claim in claims]
        else:
            verdict = await ask_support(self.model, claims, [answer], run.record.models)
            cost, notes = verdict.usage.cost_usd, verdict.notes
            if verdict.value is None:
                return leave_out(self.name, verdict.problem, self.least, notes, cost)
            said = verdict.value
        details = [f"Not in the answer: {shorten(claim.sentence)}" for claim, is_said in zip(claims, said, strict=True) if not is_said]
        return measure(
            self.name, sum(said) / len(said), self.least, f"{sum(said)} of {len(said)} claims are there.", [*details, *notes], cost
        )


@dataclass(frozen=True, slots=True)
class Fluency:
    """Ask a model how well an answer reads, from 0 to 1. Not deterministic: has no other form, and needs a judge.

    ALCE measures fluency by MAUVE (Pillutla et al. 2021), which compares the distribution of all answers with that of texts by people in
    the vectors of GPT-2 large: a number for a whole suite, which needs hundreds of texts and says nothing of one answer. This is its
    stand-in for a single answer: a judge's grade for grammar and coherence, as in G-Eval (Liu et al. 2023). The two must not be compared.
    """

    model: str | Model | None = None
    least: float | None = None
    name: str = ""

    is_deterministic = False

    def __post_init__(self) -> None:
        check_least(self, self.least)
        set_name(self, "fluency")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return the judge's grade."""
        return await Judge(FLUENT, model=self.model, least=self.least, with_input=False, name=self.name)(run)


def _read_list(option: str, value: object) -> Sequence[Any]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise UsageError(f"Correctness: {option}={value!r} is not a list. Write {option}=[{value!r}].")
    return value


def _read_answers(answers: object) -> list[tuple[str, ...]]:
    """Return the spellings of each expected answer. Raises UsageError for a list that holds something else than texts and numbers."""
    found = list[tuple[str, ...]]()
    for item in _read_list("answers", answers):
        spellings = tuple(prompt_text(each) for each in (item if isinstance(item, (list, tuple)) else [item]))
        if not spellings or not all(fold_answer(each) for each in spellings):
            raise UsageError(f"Correctness: answers has {item!r}, in which no word is.")
        found.append(spellings)
    return found
