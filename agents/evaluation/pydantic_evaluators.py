"""The evaluators of pydantic-evals, judged from the record of a run instead of OpenTelemetry spans. Definitions: pydantic-evals 2.62."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sayso.tools.calls import Outcome
from sayso.tools.canonical import to_jsonable
from sayso.tools.errors import UsageError

from .problems import suggest_name
from .score_names import make_score
from .values import CallRecord, CaseRun, Score, ScoreResult

Judged = tuple[bool | float, str]
_NOT_JUDGED = "{} is not an evaluator that Sayso has, so it is not judged. It is kept, and written back with the cases."


@dataclass(frozen=True, slots=True)
class PydanticEvaluator:
    """An evaluator as a file of pydantic-evals names it, with the score that judges the same, where there is one.

    `arguments` are a mapping of names, a tuple with the first one, or None, as they stand in the file: so it is written back unchanged.
    """

    evaluator: str
    arguments: Mapping[str, object] | tuple[object] | None = None
    score: Score | None = field(default=None, compare=False)
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            own = self.arguments.get("evaluation_name") if isinstance(self.arguments, Mapping) else None
            object.__setattr__(self, "name", own if isinstance(own, str) and own else self.evaluator)

    @property
    def kind(self) -> str:
        """Return what tables call all evaluators of this name."""
        return self.evaluator

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return what the score says, under the evaluator's name; no value where there is no score for it."""
        if self.score is None:
            return ScoreResult(score=self.name, value=None, reason=_NOT_JUDGED.format(self.evaluator))
        return replace(await self.score(run), score=self.name)


@dataclass(frozen=True, slots=True)
class _Judgement:
    """A score made of a function over the run."""

    name: str
    judge: Callable[[CaseRun], Judged] = field(repr=False)

    async def __call__(self, run: CaseRun) -> ScoreResult:
        if run.record.error or not run.record.finished:
            why = (
                f"The run failed: {run.record.error}"
                if run.record.error
                else "The run has no answer: it waits for a decision, or was cancelled."
            )
            return ScoreResult(score=self.name, value=0.0, passed=False, reason=why)
        value, reason = self.judge(run)
        if isinstance(value, bool):
            return ScoreResult(score=self.name, value=float(value), passed=value, reason=reason)
        return ScoreResult(score=self.name, value=value, reason=reason)


def make_evaluator(name: str, arguments: Mapping[str, Any] | tuple[Any] | None) -> PydanticEvaluator:
    """Return an evaluator by the name and arguments of a file; one that Sayso does not have judges nothing.

    Raises UsageError for arguments that an evaluator of pydantic-evals does not take.
    """
    make = _EVALUATORS.get(_fold(name))
    if make is None:
        return PydanticEvaluator(name, arguments)
    known = {name: each for name, each in inspect.signature(make).parameters.items() if each.kind is not inspect.Parameter.VAR_KEYWORD}
    takes_more = len(known) < len(inspect.signature(make).parameters)
    given = dict(arguments) if isinstance(arguments, Mapping) else dict(zip(known, arguments or (), strict=False))
    given.pop("evaluation_name", None)
    if unknown := [key for key in given if key not in known and not takes_more]:
        near = suggest_name(unknown[0], known, {"substring": "value", "text": "value", "expected": "value"})
        raise UsageError(f"{name} has no argument {unknown[0]!r}.{near} {name} takes {', '.join(known)}.")
    if missing := [key for key, each in known.items() if each.default is inspect.Parameter.empty and key not in given]:
        raise UsageError(f"{name} needs {missing[0]}.")
    try:
        return PydanticEvaluator(name, arguments, make(**given))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name}: {error}") from None


def is_known(name: str) -> bool:
    """Tell whether an evaluator of this name is judged."""
    return _fold(name) in _EVALUATORS


def _fold(name: str) -> str:
    """Return a name as all versions of pydantic-evals write it: LLMJudge, llm_judge."""
    return name.replace("_", "").casefold()


def _equals(value: Any) -> Score | None:
    return None if value is None else make_score("exact", {"expected": value})


def _equals_expected() -> Score:
    return make_score("exact")


def _contains(value: Any, case_sensitive: bool = True, as_strings: bool = False) -> Score:
    def judge(run: CaseRun) -> Judged:
        output = run.record.output
        if as_strings or (isinstance(value, str) and isinstance(output, str)):
            whole, part = str(output), str(value)
            found = part in whole if case_sensitive else part.lower() in whole.lower()
        else:
            whole = to_jsonable(output)
            if isinstance(whole, dict) and isinstance(value, dict):
                found = all(key in whole and whole[key] == item for key, item in value.items())
            else:
                found = isinstance(whole, (dict, list, str)) and (not isinstance(whole, str) or isinstance(value, str)) and value in whole
        return found, "" if found else f"The output does not contain {value!r}."

    return _Judgement("Contains", judge)


def _is_instance(type_name: str) -> Score:
    def judge(run: CaseRun) -> Judged:
        kind = type(run.record.output)
        found = any(type_name in (each.__name__, each.__qualname__) for each in kind.__mro__)
        return found, "" if found else f"The output is of the type {kind.__name__}, not {type_name}."

    return _Judgement("IsInstance", judge)


def _max_duration(seconds: Any) -> Score | None:
    return make_score("max_seconds", {"seconds": seconds}) if isinstance(seconds, (int, float)) else None


def _max_model_requests(max_requests: Any) -> Score:
    return make_score("max_turns", {"turns": max_requests})


def _max_tool_calls(max_calls: int, include_failed: bool = True) -> Score:
    def judge(run: CaseRun) -> Judged:
        count = len(_list_made(run, include_failed))
        return count <= max_calls, "" if count <= max_calls else f"{count} calls of tools were made."

    return _Judgement("MaxToolCalls", judge)


def _tool_correctness(expected_tools: Sequence[str], allow_extra: bool = False, include_failed: bool = False) -> Score:
    def judge(run: CaseRun) -> Judged:
        made, expected = Counter(call.tool for call in _list_made(run, include_failed)), Counter(expected_tools)
        missing, extra = expected - made, Counter() if allow_extra else made - expected
        said = [f"not called: {_list_tools(missing)}"] * bool(missing) + [f"not expected: {_list_tools(extra)}"] * bool(extra)
        return not said, "; ".join(said).capitalize()

    return _Judgement("ToolCorrectness", judge)


def _trajectory_match(expected_trajectory: Sequence[str], order: str = "in_order", include_failed: bool = False) -> Score:
    if order not in ("exact", "in_order", "any_order"):
        raise UsageError(f"TrajectoryMatch: order={order!r} is not one of exact, in_order and any_order.")

    def judge(run: CaseRun) -> Judged:
        made, expected = [call.tool for call in _list_made(run, include_failed)], list(expected_trajectory)
        said = "" if made == expected else f"Called {', '.join(made) or 'nothing'}; expected {', '.join(expected) or 'nothing'}."
        if order == "exact" or not made or not expected:
            return float(made == expected), said
        common = _count_in_order(expected, made) if order == "in_order" else sum((Counter(expected) & Counter(made)).values())
        # F1 of precision common/made and recall common/expected
        return 2 * common / (len(made) + len(expected)), said

    return _Judgement("TrajectoryMatch", judge)


def _argument_correctness(
    tool_name: str,
    expected_arguments: Mapping[str, Any],
    match_mode: str = "subset",
    occurrence: str | int = "first",
    include_failed: bool = False,
) -> Score:
    def judge(run: CaseRun) -> Judged:
        made = [call for call in _list_made(run, include_failed) if call.tool == tool_name]
        at = {"first": 0, "last": len(made) - 1}.get(occurrence, -1) if isinstance(occurrence, str) else occurrence
        if not 0 <= at < len(made):
            return False, f"{tool_name} was called {len(made)} times."
        given = to_jsonable(made[at].arguments)
        wrong = [f"{key} is {given.get(key)!r}, not {value!r}" for key, value in expected_arguments.items() if given.get(key) != value]
        if match_mode == "exact":
            wrong += [f"{key} was not expected" for key in given if key not in expected_arguments]
        return not wrong, f"{tool_name}: {'; '.join(wrong)}." if wrong else ""

    return _Judgement("ArgumentCorrectness", judge)


def _has_matching_span(query: Any = None, **others: Any) -> Score | None:
    """Return a check of a call where a span is looked for by its tool; any other span is nothing that a record has."""
    if others or not isinstance(query, dict) or not set(query) <= {"has_attributes", "name_equals"}:
        return None
    attributes, name = query.get("has_attributes"), query.get("name_equals", "running tool")
    if not isinstance(attributes, dict) or list(attributes) != ["gen_ai.tool.name"]:
        return None
    tool = attributes["gen_ai.tool.name"]
    return make_score("calls", {"tool": tool}) if isinstance(tool, str) and name in ("running tool", f"execute_tool {tool}") else None


def _llm_judge(
    rubric: str,
    model: str | None = None,
    include_input: bool = False,
    include_expected_output: bool = False,
    model_settings: object = None,
    score: object = False,
    assertion: object = True,
) -> Score:
    """Return a judge that says yes or no where the evaluator asserts, and one on a scale where it only scores."""
    scale = {"scale": (0, 1), "least": 1.0} if assertion is not False else {}
    return make_score(
        "judge", {"rubric": rubric, "model": model, "with_input": include_input, "with_expected": include_expected_output, **scale}
    )


def _g_eval(
    criteria: str,
    evaluation_steps: Sequence[str],
    score_range: Sequence[int] = (1, 5),
    include_input: bool = False,
    model: str | None = None,
    model_settings: object = None,
) -> Score:
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(evaluation_steps, 1))
    options = {"rubric": f"{criteria}\nSteps:\n{steps}", "model": model, "scale": tuple(score_range), "with_input": include_input}
    return make_score("judge", options)


def _list_made(run: CaseRun, include_failed: bool) -> list[CallRecord]:
    """Return the calls that were executed; pydantic-evals leaves those out that were deferred, and here those that were rejected."""
    outcomes = (Outcome.DONE, Outcome.FAILED, Outcome.UNKNOWN) if include_failed else (Outcome.DONE,)
    return [call for call in run.record.calls if call.outcome in outcomes]


def _list_tools(tools: Counter[str]) -> str:
    return ", ".join(name if count == 1 else f"{name} ({count} times)" for name, count in sorted(tools.items()))


def _count_in_order(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    before = [0] * (len(other) + 1)
    for left in one:
        now = [0]
        for at, right in enumerate(other, 1):
            now.append(before[at - 1] + 1 if left == right else max(before[at], now[-1]))
        before = now
    return before[-1]


_EVALUATORS: Mapping[str, Callable[..., Score | None]] = {
    "equals": _equals,
    "equalsexpected": _equals_expected,
    "contains": _contains,
    "isinstance": _is_instance,
    "maxduration": _max_duration,
    "maxmodelrequests": _max_model_requests,
    "maxtoolcalls": _max_tool_calls,
    "toolcorrectness": _tool_correctness,
    "trajectorymatch": _trajectory_match,
    "argumentcorrectness": _argument_correctness,
    "hasmatchingspan": _has_matching_span,
    "llmjudge": _llm_judge,
    "geval": _g_eval,
}
