"""How well an answer fits its question by meaning: RAGAS' response relevancy, and the likeness of question and answer."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sayso.tools.canonical import prompt_text
from sayso.tools.errors import UsageError

from ..values import CaseRun, ScoreResult
from .grading import check_least, leave_out, measure, say_why_no_answer, set_name, shorten
from .judge_asking import ask_judge

if TYPE_CHECKING:
    from sayso.tools.documents.embedding import Embedder

    from ...models.model import Model

NO_EMBEDDER = (
    "This score compares meanings and needs an embedder: embedder='minilm' (extra embed), or one like 'openai:text-embedding-3-small'."
)
_QUESTIONS = (
    "You are shown an answer. Write {count} different questions, each of which this answer answers fully, in the answer's language. Say "
    "also whether the answer is noncommittal: evasive, vague, or that it is not known. Reply as "
    '{{"questions": ["..."], "noncommittal": false}}.'
)


@dataclass(frozen=True, slots=True)
class ResponseRelevancy:
    """Measure how well an answer fits its question. Not deterministic: needs a model and an embedder.

    RAGAS' Response Relevancy (Es et al. 2024): a model writes questions that the answer answers; the value is the mean cosine of their
    vectors with the question's, 0 if the answer is noncommittal, and 0 where the mean is below it. It says nothing of whether the answer is
    true. Without an embedder or without a model there is no value; `QuestionSimilarity` needs no model.
    """

    embedder: str | Embedder | None = None
    model: str | Model | None = None
    questions: int = 3
    least: float | None = None
    name: str = ""

    is_deterministic = False

    def __post_init__(self) -> None:
        if isinstance(self.questions, bool) or not isinstance(self.questions, int) or not 1 <= self.questions <= 10:
            raise UsageError(f"ResponseRelevancy: questions={self.questions!r} is not a whole number from 1 to 10.")
        check_least(self, self.least)
        set_name(self, "response relevancy")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return the mean cosine of the question with those that the answer answers."""
        if why := say_why_no_answer(run.record) or ("" if self.embedder else NO_EMBEDDER):
            return leave_out(self.name, why, self.least)
        if self.model is None:
            return leave_out(self.name, "A model is needed to write the questions that the answer answers: model='...'.", self.least)
        verdict = await ask_judge(
            self.model, _QUESTIONS.format(count=self.questions), {"the answer": run.record.text}, self._read, answered_by=run.record.models
        )
        cost = verdict.usage.cost_usd
        if verdict.value is None:
            return leave_out(self.name, verdict.problem, self.least, verdict.notes, cost)
        questions, is_noncommittal = verdict.value
        notes = [*verdict.notes, *(f"It answers: {shorten(question)}" for question in questions)]
        if is_noncommittal:
            return measure(self.name, 0.0, self.least, "The answer is noncommittal.", notes, cost)
        cosines = await _compare(self.embedder, prompt_text(run.case.input), questions, "query")
        if isinstance(cosines, str):
            return leave_out(self.name, cosines, self.least, notes, cost)
        return measure(self.name, _clip(sum(cosines) / len(cosines)), self.least, "", notes, cost)

    def _read(self, value: Any) -> tuple[list[str], bool]:
        questions = value.get("questions") if isinstance(value, dict) else None
        if not isinstance(questions, list) or not questions or not all(isinstance(each, str) and each.strip() for each in questions):
            raise ValueError("it is to be a JSON object with “questions”, a list of texts.")
        if not isinstance(value.get("noncommittal"), bool):
            raise ValueError("“noncommittal” is to be true or false.")
        return questions[: self.questions], value["noncommittal"]


@dataclass(frozen=True, slots=True)
class QuestionSimilarity:
    """Measure how near an answer is to its question by meaning. Deterministic for one embedder: needs an embedder, and no model.

    The cosine of the two vectors, 0 where it is below. It is not RAGAS' response relevancy, which compares questions with questions: an
    answer that only repeats its question is nearest, and a short right one ("Paris.") is far. Use it to find answers that are beside the
    point, not to rank good ones.
    """

    embedder: str | Embedder | None = None
    least: float | None = None
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        check_least(self, self.least)
        set_name(self, "question similarity")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return the cosine of question and answer."""
        if why := say_why_no_answer(run.record) or ("" if self.embedder else NO_EMBEDDER):
            return leave_out(self.name, why, self.least)
        cosines = await _compare(self.embedder, prompt_text(run.case.input), [run.record.text], "passage")
        return leave_out(self.name, cosines, self.least) if isinstance(cosines, str) else measure(self.name, _clip(cosines[0]), self.least)


async def _compare(embedder: str | Embedder | None, question: str, texts: Sequence[str], kind: Any) -> list[float] | str:
    """Return the cosine of the question with each text, or why there is none. Raises ModelError where the embedder cannot be asked."""
    try:
        return await asyncio.to_thread(_compare_now, embedder, question, texts, kind)
    except UsageError as error:
        return f"There is no embedder: {shorten(str(error))}"


def _compare_now(embedder: Any, question: str, texts: Sequence[str], kind: Any) -> list[float] | str:
    embedder = make_embedder(embedder) if isinstance(embedder, str) else embedder
    asked = [float(number) for number in embedder.embed([question], "query")[0]]
    rows = [[float(number) for number in row] for row in embedder.embed(list(texts), kind)]
    lengths = [_measure_length(row) for row in (asked, *rows)]
    if not all(lengths):
        return "The embedder knows nothing of the question or of the answer: they are empty, or not in its language."
    return [sum(map(float.__mul__, asked, row)) / (lengths[0] * length) for row, length in zip(rows, lengths[1:], strict=True)]


def _measure_length(row: Sequence[float]) -> float:
    return math.hypot(*row)


def make_embedder(name: str) -> Embedder:
    """Return the embedder of that name: "mpnet" or "minilm" on this machine, or one as `Embeddings` takes it. Raises UsageError."""
    if name.strip().casefold() in ("mpnet", "minilm"):
        from sayso.tools.documents.installed_embedder import share_embedder  # late: only with the extra

        return share_embedder(name.strip().casefold())
    from ...models.embeddings import Embeddings  # late, for load time

    return Embeddings(name)


def _clip(cosine: float) -> float:
    return min(1.0, max(0.0, cosine))
