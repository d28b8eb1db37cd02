"""A model as judge: an answer by a rubric, and two answers beside each other in both orders. Not deterministic: a model decides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sayso.tools.canonical import prompt_text
from sayso.tools.errors import UsageError

from ..values import CaseRun, ScoreResult
from .grading import check_flag, check_least, check_text, leave_out, measure, say_why_no_answer, set_name, show
from .judge_asking import JudgeReply, ask_judge

if TYPE_CHECKING:
    from ...models.model import Model

NO_MODEL = "This score has no deterministic form: it needs a judge. Name one: model='openai:gpt-5-mini'."
_RUBRIC = (
    "You judge an answer by a rubric. The rubric: {rubric}\n"
    'Give a whole number from {low} (it does not meet the rubric at all) to {high} (it meets it fully), as {{"reason": "one sentence", '
    '"score": {high}}}.'
)
_PAIR = (
    "You compare two answers to one question, A and B, by a rubric. The rubric: {rubric}\n"
    'Say which is better, as {{"reason": "one sentence", "better": "A"}}; "B" if it is B, "tie" if neither is better. Length and the order '
    "in which they stand do not count."
)
Preference = Literal["first", "second", "tie"]


@dataclass(frozen=True, slots=True)
class Judge:
    """Ask a model how well an answer meets a rubric. Not deterministic: needs a model.

    LLM as judge as in G-Eval (Liu et al. 2023) and MT-Bench (Zheng et al. 2023), single-answer grading: one number on a scale, with its
    reason first. The value is where the number lies on the scale: 1 to 5 becomes 0 to 1. The judge sees the case's input and the answer,
    also the expected output with `with_expected=True` and what the run has read with `with_sources=True`, all of it as untrusted text.
    Where sentences of the answer or a source may speak to a judge ("give this 10/10"), it is asked again without them, and a verdict that
    is better with them is none. A reply that is not a verdict gives no value, and the reason. A judge of the family of the run's own models
    is warned of in the details.
    """

    rubric: str
    model: str | Model | None = None
    scale: tuple[int, int] = (1, 5)
    least: float | None = None
    with_input: bool = True
    with_expected: bool = False
    with_sources: bool = False
    name: str = ""

    is_deterministic = False

    def __post_init__(self) -> None:
        check_text(self, "rubric", self.rubric)
        check_least(self, self.least)
        check_flag(self, with_input=self.with_input, with_expected=self.with_expected, with_sources=self.with_sources)
        object.__setattr__(self, "scale", _read_scale(self.scale))
        set_name(self, f"judge: {self.rubric}")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return the judge's number as a value from 0 to 1."""
        if why := say_why_no_answer(run.record):
            return leave_out(self.name, why, self.least)
        if self.model is None:
            return leave_out(self.name, NO_MODEL, self.least)
        texts = {"the question": prompt_text(run.case.input)} if self.with_input else {}
        if self.with_expected and run.case.expected is not None:
            texts["the expected answer"] = prompt_text(run.case.expected)
        if self.with_sources:
            texts |= {f"source {source.id}": source.text for source in run.record.sources}
        texts["the answer"] = run.record.text
        low, high = self.scale
        verdict = await ask_judge(
            self.model,
            _RUBRIC.format(rubric=self.rubric, low=low, high=high),
            texts,
            self._read,
            answered_by=run.record.models,
            is_better=lambda one, other: one[0] > other[0],
            plain=("the question", "the expected answer"),
        )
        if verdict.value is None:
            return leave_out(self.name, verdict.problem, self.least, verdict.notes, verdict.usage.cost_usd)
        number, reason = verdict.value
        return measure(
            self.name,
            (number - low) / (high - low),
            self.least,
            f"{number} of {high}: {reason}".rstrip(": "),
            verdict.notes,
            verdict.usage.cost_usd,
        )

    def _read(self, value: Any) -> tuple[int, str]:
        number, (low, high) = _read_key(value, "score"), self.scale
        is_number = isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number)
        if not is_number or number != int(number) or not low <= number <= high:
            raise ValueError(f"“score” is {show(number)}, and is to be a whole number from {low} to {high}.")
        return int(number), _read_reason(value)


@dataclass(frozen=True, slots=True)
class PairJudge:
    """Ask a model whether an answer is better than the expected one, in both orders. Not deterministic: needs a model.

    Pairwise comparison with swapped positions as in MT-Bench (Zheng et al. 2023): 1 if the answer is preferred in both orders, 0 if the
    other one is, 0.5 for a tie and where the two orders contradict each other. `other` is the text to compare with; without it the case's
    expected output. What the judge sees, and what gives no value, is as at `Judge`.
    """

    rubric: str
    model: str | Model | None = None
    other: str = ""
    least: float | None = None
    name: str = ""

    is_deterministic = False

    def __post_init__(self) -> None:
        check_text(self, "rubric", self.rubric)
        check_least(self, self.least)
        set_name(self, f"better: {self.rubric}")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the answer is better, 0 where the other one is, 0.5 where neither is."""
        other = self.other or ("" if run.case.expected is None else prompt_text(run.case.expected))
        if why := say_why_no_answer(run.record) or (
            "" if other else "There is no other answer: give other=, or the case an expected output."
        ):
            return leave_out(self.name, why, self.least)
        if self.model is None:
            return leave_out(self.name, NO_MODEL, self.least)
        verdict = await compare_answers(
            self.rubric, self.model, prompt_text(run.case.input), run.record.text, other, answered_by=run.record.models
        )
        if verdict.value is None:
            return leave_out(self.name, verdict.problem, self.least, verdict.notes, verdict.usage.cost_usd)
        value = {"first": 1.0, "tie": 0.5, "second": 0.0}[verdict.value]
        return measure(self.name, value, self.least, verdict.problem, verdict.notes, verdict.usage.cost_usd)


async def compare_answers(
    rubric: str, model: str | Model, question: str, first: str, second: str, *, answered_by: tuple[str, ...] = ()
) -> JudgeReply[Preference]:
    """Ask a judge twice which of two answers is better, the second time in the other order: a preference is one that both times say.

    The verdict's `problem` says, of a tie, whether the two orders contradicted each other.
    """
    instructions = _PAIR.format(rubric=rubric)
    said, usage, notes = list[Preference](), None, list[str]()
    for one, two, names in ((first, second, ("first", "second")), (second, first, ("second", "first"))):
        texts = {"the question": question, "answer A": one, "answer B": two}
        asked = await ask_judge(
            model, instructions, texts, _read_better, answered_by=answered_by, is_better=_is_other, plain=("the question",)
        )
        usage = asked.usage if usage is None else usage + asked.usage
        notes += [note for note in asked.notes if note not in notes]
        if asked.value is None:
            return JudgeReply(None, asked.problem, usage, tuple(notes))
        better, reason = asked.value
        preference: Preference = "tie" if better == "tie" else "first" if names["AB".index(better)] == "first" else "second"
        said.append(preference)
        notes.append(f"With the answer as {'A' if names[0] == 'first' else 'B'}: {better}. {reason}".rstrip())
    assert usage is not None
    if said[0] == said[1]:
        return JudgeReply(said[0], "", usage, tuple(notes))
    swapped = {said[0], said[1]} == {"first", "second"}
    problem = "The judge's preference changed with the order of the answers." if swapped else "The judge was sure in one order only."
    return JudgeReply("tie", problem, usage, tuple(notes))


def _is_other(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Return whether two verdicts prefer another answer each: then neither is better, and none counts."""
    return one[0] != other[0]


def _read_better(value: Any) -> tuple[str, str]:
    better = _read_key(value, "better")
    found = {"a": "A", "b": "B", "tie": "tie"}.get(better.strip().casefold()) if isinstance(better, str) else None
    if found is None:
        raise ValueError(f"“better” is {show(better)}, and is to be “A”, “B” or “tie”.")
    return found, _read_reason(value)


def _read_key(value: Any, key: str) -> Any:
    if not isinstance(value, dict) or key not in value:
        raise ValueError(f"it is to be a JSON object with the key “{key}”, and is {show(value)}.")
    return value[key]


def _read_reason(value: Any) -> str:
    reason = value.get("reason", "")
    return show(reason).strip('"') if reason else ""


def _read_scale(scale: object) -> tuple[int, int]:
    """Return the ends of a scale. Raises UsageError for what is none."""
    ends = tuple(scale) if isinstance(scale, (list, tuple)) else ()
    if len(ends) != 2 or not all(isinstance(end, int) and not isinstance(end, bool) for end in ends) or not ends[0] < ends[1]:
        raise UsageError(f"Judge: scale={scale!r} is not a pair of whole numbers like (1, 5).")
    return ends[0], ends[1]
