"""Good runs of the past as examples for the next question: those whose questions are nearest to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sayso.tools.calls import Content
from sayso.tools.canonical import prompt_text, readable_json
from sayso.tools.errors import UsageError
from sayso.workflows import RunResult
from sayso.workflows.runs.codec import from_json

from .answering.answer import CheckedAnswer
from .messages import Conversation, UserMessage
from .prompts import GoodAnswers

if TYPE_CHECKING:
    from sayso.workflows import DurableEngine


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that was finished: its id, what it was asked, and its answer with the labels of what the run had read."""

    id: str
    question: str
    answer: Content

    @property
    def text(self) -> str:
        """Return the answer as a model would write it."""
        return _write_answer(self.answer.value)


async def past_runs(engine: DurableEngine, flow: str, *, limit: int = 1000) -> list[PastRun]:
    """Return the finished runs of an agent or workflow in an engine's database, the latest first.

    Choose the good ones of them, and make them examples: `Agent(model, examples=examples_from(chosen))`.
    """
    from sayso.workflows.durable.store import read_stored  # late, for load time

    found = list[PastRun]()
    for row in await engine.runs("done", limit=limit):
        if row.flow == flow:
            found.append(_make_past_run(from_json(read_stored(row.id, row.input)), await engine.read_result(row)))
    return found


def examples_from(runs: Iterable[PastRun | RunResult[Any]]) -> GoodAnswers:
    """Return an index of these runs, of which an agent is shown those whose questions are nearest to its own.

    For `Agent(examples=...)` and `Prompt(examples=...)`. Results of agents know what they were asked; of another workflow take `past_runs`.
    A question that was asked twice keeps the answer that comes first. Answers without a text, and those that found nothing, are left out.
    """
    index, known = GoodAnswers(), set[str]()
    for each in runs:
        run = each if isinstance(each, PastRun) else _make_past_run(_find_question(each), each)
        is_empty = isinstance(run.answer.value, CheckedAnswer) and not run.answer.value.found
        if run.question and run.question not in known and run.text and not is_empty:
            known.add(run.question)
            index.add(run.question, Content(run.text, run.answer.origin, run.answer.trust, run.answer.secrecy))
    return index


def _make_past_run(asked: object, result: RunResult[Any]) -> PastRun:
    question = asked.text if isinstance(asked, Conversation) else prompt_text(asked)
    return PastRun(result.run_id, question, result.content)


def _find_question(result: RunResult[Any]) -> str:
    """Return what a result's run was asked: the last question of its transcript."""
    if isinstance(result.value, CheckedAnswer):
        return result.value.question
    asked = [message.text for message in result.messages if isinstance(message, UserMessage) and not message.example]
    if not asked:
        raise UsageError(
            f"The result of run {result.run_id} has no transcript with its question; only an agent's result has one. "
            "Take the runs from a database: examples_from(await past_runs(engine, flow))."
        )
    return asked[-1]


def _write_answer(value: object) -> str:
    if isinstance(value, CheckedAnswer):
        return value.text
    return value if isinstance(value, str) else readable_json(value) if value is not None else ""
