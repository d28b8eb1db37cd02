"""Ask scores what they say of a run: one that raises loses no case, and a run that ended with an error is judged without asking a model."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sayso.tools.errors import ModelError, SaysoError

from .values import CaseRun, Score, ScoreResult

ENDED_WITH_ERROR = "The run ended with an error."


class Judged(NamedTuple):
    """What a score says, and whether its model could not be asked: then it says nothing, and may be asked again."""

    result: ScoreResult
    is_outage: bool = False


def needs_repeats(score: Score) -> bool:
    """Return whether a score compares the repeats of a case, instead of judging each."""
    return hasattr(score, "judge_repeats")


def asks_model(score: Score) -> bool:
    """Return whether a score asks a model, so that what it says is stored by itself: it was paid for."""
    return getattr(score, "model", None) is not None


async def judge(score: Score, run: CaseRun) -> Judged:
    """Return what a score says of a run. An error of the score's is a result that has not passed, with the error as reason."""
    expects_error = bool(getattr(score, "expects_error", False))
    if run.record.error and not expects_error:
        return Judged(fail(score, 0.0, ENDED_WITH_ERROR))
    judged = await _take(score, lambda: score(run))
    return judged._replace(result=replace(judged.result, expects_error=expects_error))


async def judge_repeats(score: Any, runs: Sequence[CaseRun]) -> Judged:
    """Return what a score says of all repeats of a case."""
    return await _take(score, lambda: score.judge_repeats(runs))


async def judge_all(scores: Iterable[Score], run: CaseRun) -> tuple[ScoreResult, ...]:
    """Return what scores say that ask no model."""
    return tuple([(await judge(score, run)).result for score in scores])


def fail(score: Score, value: float | None, reason: str) -> ScoreResult:
    """Return the result of a score that has not passed."""
    return ScoreResult(score=score.name, value=value, passed=False, reason=reason, kind=find_kind(score))


async def _take(score: Score, ask: Callable[[], object]) -> Judged:
    try:
        said = ask()
        result = await said if inspect.isawaitable(said) else said  # a plain function will do
    except ModelError as error:
        return Judged(fail(score, None, f"Its model could not be asked: {error}"), is_outage=True)
    except (Exception, SystemExit) as error:  # noqa: BLE001  a score is anybody's code, and its bug must not lose the case
        why = str(error) if isinstance(error, SaysoError) else f"{type(error).__name__}: {error}"
        return Judged(fail(score, None, f"The score raised an error: {why}"))
    if not isinstance(result, ScoreResult):
        return Judged(fail(score, None, f"The score returned {result!r:.80}, and no ScoreResult."))
    value = result.value
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1):
        why = f"The score gave the value {value!r}, which is not a number from 0 to 1."
        return Judged(fail(score, None, why))
    return Judged(replace(result, score=score.name, kind=find_kind(score)))


def find_kind(score: Score) -> str:
    """Return what tables call all scores of a class: JsonMatch is "json match". A class that stands for many says it by its `kind`."""
    return getattr(score, "kind", "") or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(score).__name__).lower()
