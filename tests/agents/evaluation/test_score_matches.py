"""Scores that compare: outputs, texts, JSON, calls, approvals and what a run used."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from sayso.agents.evaluation import ApprovalRecord, CallRecord, Case, CaseRun, RunRecord, Score, ScoreResult
from sayso.agents.evaluation.scores import (
    CallMade,
    CallNotMade,
    Contains,
    CostAtMost,
    EndsWithError,
    Exact,
    JsonMatch,
    NotContains,
    NotRegex,
    PersonAsked,
    PersonNotAsked,
    Regex,
    SecondsAtMost,
    SelfConsistency,
    TokensAtMost,
    ToolCallAccuracy,
    TurnsAtMost,
)
from sayso.tools.calls import Outcome
from sayso.tools.errors import UsageError
from sayso.workflows import Usage


@dataclass(frozen=True)
class City:
    name: str
    people: int


def run_of(output: object, expected: object = None, **record: Any) -> CaseRun:
    text = output if isinstance(output, str) else ""
    return CaseRun(
        Case(name="case", input="a question", expected=expected),
        RunRecord(run_id="r1", flow="desk", input="a question", output=output, text=text, **record),
    )


def judge(score: Score, run: CaseRun) -> ScoreResult:
    return asyncio.run(score(run))


PASSING: dict[str, tuple[Score, CaseRun]] = {
    "the same text": (Exact(), run_of("Paris", "Paris")),
    "white space around it": (Exact(), run_of(" Paris\n", "Paris")),
    "letters composed in two ways": (Exact(), run_of("Cafe\u0301", "Caf\u00e9")),
    "a number that is expected, in a text": (Exact(), run_of("4", 4)),
    "1 and 1.0": (Exact(), run_of({"n": 1.0}, {"n": 1})),
    "a dataclass and a mapping": (Exact(), run_of(City("Oslo", 700_000), {"people": 700_000, "name": "Oslo"})),
    "case and space folded": (Exact("new  york", ignore_case=True, ignore_space=True), run_of("New York")),
    "a text over a line break": (Contains("New York"), run_of("I love New\nYork.")),
    "one of several": (Contains(["Rome", "Paris"], any_of=True), run_of("Paris")),
    "none of several": (NotContains(["Rome", "Milan"]), run_of("Paris")),
    "a pattern somewhere": (Regex(r"\d+ euros"), run_of("It costs 12 euros.")),
    "a pattern over all": (Regex(r"\d+", whole=True), run_of(" 12 ")),
    "no pattern": (NotRegex(r"\d"), run_of("twelve")),
    "JSON in a fence": (JsonMatch(), run_of('```json\n{"b": [1, 2], "a": 1.0}\n```', {"a": 1, "b": [1, 2]})),
    "JSON with more keys": (JsonMatch({"a": {"b": 1}}, subset=True), run_of({"a": {"b": 1, "c": 2}, "d": 3})),
    "a list in any order": (JsonMatch([{"a": 1}, {"a": 2}], ordered=False), run_of('[{"a": 2}, {"a": 1}]')),
    "any order where the first fit is no fit": (
        JsonMatch([{"a": 1}, {"a": 1, "b": 2}], ordered=False, subset=True),
        run_of('[{"a": 1, "b": 2}, {"a": 1}]'),
    ),
    "a number nearly the same": (JsonMatch({"price": 9.99}, tolerance=0.01), run_of('{"price": 10.0}')),
    "a run that is refused": (EndsWithError("topic"), run_of(None, error="Not about the Topic.")),
}
FAILING: dict[str, tuple[Score, CaseRun, str]] = {
    "another text": (Exact(), run_of("paris", "Paris"), 'Expected "Paris", got "paris".'),
    "True is not 1": (Exact(), run_of({"n": True}, {"n": 1}), "$.n: expected the number 1, got true."),
    "a number as text": (JsonMatch(), run_of('{"n": "5"}', {"n": 5}), '$.n: expected the number 5, got the text "5".'),
    "a missing key": (JsonMatch(), run_of('{"a": 1}', {"a": 1, "b c": 2}), '$["b c"]: expected 2, and it is not there.'),
    "a key too many": (JsonMatch(), run_of('{"a": 1, "b": 2}', {"a": 1}), '$: has "b", which is not expected.'),
    "lists in another order": (JsonMatch(), run_of("[2, 1]", [1, 2]), "$[0]: expected 1, got 2."),
    "a key twice": (JsonMatch(), run_of('{"a": 1, "a": 2}', {"a": 2}), "The output is not JSON: the key 'a' is there twice."),
    "JSON in prose": (JsonMatch(), run_of('Here: {"a": 1}', {"a": 1}), "The output is not JSON:"),
    "a text that is missing": (Contains(["Rome", "Paris"]), run_of("Paris"), 'The answer does not contain "Rome".'),
    "a pattern that never ends": (Regex("(a+)+$"), run_of("a" * 40 + "b"), "The search for (a+)+$ was given up after 2 seconds."),
    "a run that failed": (NotContains("x"), run_of(None, error="Limit reached."), "The run failed: Limit reached."),
    "a run that waits": (Contains("x"), run_of(None, finished=False), "The run has no answer: it waits for a decision, or was cancelled."),
    "a run that is not refused": (EndsWithError(), run_of("Paris"), 'The run ended without an error: "Paris".'),
}


@pytest.mark.parametrize(("score", "run"), PASSING.values(), ids=PASSING)
def test_what_fits_passes(score: Score, run: CaseRun) -> None:
    result = judge(score, run)
    assert (result.value, result.passed, result.reason) == (1.0, True, "")


@pytest.mark.parametrize(("score", "run", "reason"), FAILING.values(), ids=FAILING)
def test_what_does_not_fit_fails_and_says_why(score: Score, run: CaseRun, reason: str) -> None:
    result = judge(score, run)
    assert not result.value
    assert result.passed is False
    assert reason in result.reason


def test_nothing_is_compared_where_nothing_is_expected() -> None:
    assert judge(Exact(), run_of("Paris")) == ScoreResult(
        score="exact", value=None, reason="The case expects no output, so there is nothing to compare with."
    )


CALLS = (
    CallRecord("search", {"query": "burgers", "top": 3}, Outcome.DONE),
    CallRecord("search", {"query": "fries", "top": 3}, Outcome.FAILED),
    CallRecord("mail", {"to": "ada"}, Outcome.REJECTED),
    CallRecord("order", {"dish": "soup"}, None),
)
APPROVALS = (ApprovalRecord("mail", {"to": "ada"}, "Mail to ada", "rejected"), ApprovalRecord("order", {"dish": "soup"}, "Order soup", ""))
DID = run_of("done", calls=CALLS, approvals=APPROVALS)
OF_CALLS: dict[str, tuple[Score, bool]] = {
    "a call with one of its arguments": (CallMade("search", {"query": "burgers"}), True),
    "a call with exactly these": (CallMade("search", {"query": "burgers"}, exact=True), False),
    "twice, once in vain": (CallMade("search", times=2), True),
    "a rejected call is not made": (CallNotMade("mail"), True),
    "but was proposed": (CallNotMade("mail", proposed=True), False),
    "a waiting call is not made": (CallMade("order"), False),
    "no call at all": (CallNotMade(), False),
    "asked and rejected": (PersonAsked("mail", {"to": "ada"}, decision="rejected"), True),
    "asked and approved": (PersonAsked("mail", decision="approved"), False),
    "asked and open": (PersonAsked("order", decision="open"), True),
    "nobody asked": (PersonNotAsked(), False),
    "nobody asked about this": (PersonNotAsked("search"), True),
    "all calls, in any order": (ToolCallAccuracy([{"tool": call.tool, "arguments": call.arguments} for call in reversed(CALLS)]), True),
    "all calls, in order": (ToolCallAccuracy([{"tool": call.tool, "arguments": call.arguments} for call in CALLS], ordered=True), True),
    "a call too few": (ToolCallAccuracy([{"tool": call.tool, "arguments": call.arguments} for call in CALLS[1:]]), False),
}


@pytest.mark.parametrize(("score", "passed"), OF_CALLS.values(), ids=OF_CALLS)
def test_calls_and_approvals(score: Score, passed: bool) -> None:
    assert judge(score, DID).passed is passed


def test_ragas_counts_the_share_of_the_arguments() -> None:
    expected = [{"tool": "search", "arguments": {"query": "burgers", "top": 5}}, {"tool": "search", "arguments": {"query": "fries"}}]
    made = run_of("done", calls=CALLS[:2])
    result = judge(ToolCallAccuracy(expected, counting="ragas", least=0.5), made)
    assert (result.value, result.passed, result.reason) == (0.75, True, "search.top: expected 5, got 3.")
    assert judge(ToolCallAccuracy(expected[:1], counting="ragas"), made).value == 0.0
    assert judge(ToolCallAccuracy([], counting="ragas"), run_of("done")).value == 1.0


USED = Usage(input_tokens=900, output_tokens=100, cost_usd=0.02, model_calls=3)
OF_USE: dict[str, tuple[Score, bool | None, str]] = {
    "cost": (CostAtMost(0.01), False, "The run cost $0.02."),
    "no more cost": (CostAtMost(0.02), True, ""),
    "tokens": (TokensAtMost(999), False, "The run used 1000 tokens."),
    "turns": (TurnsAtMost(2), False, "A model was asked 3 times."),
    "seconds": (SecondsAtMost(1.5), False, "The run took 2 seconds."),
}


@pytest.mark.parametrize(("score", "passed", "reason"), OF_USE.values(), ids=OF_USE)
def test_what_a_run_used(score: Score, passed: bool, reason: str) -> None:
    result = judge(score, run_of("done", usage=USED, seconds=2.0, models=("gpt-5-mini",)))
    assert (result.passed, result.reason) == (passed, reason)


def test_an_unknown_price_is_not_taken_for_none() -> None:
    free = run_of("done", usage=Usage(model_calls=1), models=("my-own-model",))
    result = judge(CostAtMost(0.01), free)
    assert (result.value, result.passed) == (None, False)
    assert "No price is known of my-own-model" in result.reason
    assert judge(CostAtMost(0.01, unpriced_is_free=True), free).passed is True


def test_repeats_agree_by_the_answer_that_most_give() -> None:
    said = ["The answer is 12.", "the answer is  12", "It is 7, so the answer is 13."]
    runs = [run_of(text) for text in said] + [run_of(None, error="down")]
    whole = asyncio.run(SelfConsistency().judge_repeats(runs))
    assert (whole.value, whole.details[-1]) == (0.5, "1 of 4: no answer")
    by_number = asyncio.run(SelfConsistency(r"answer is\s+(\d+)", least=0.6).judge_repeats(runs[:3]))
    assert (by_number.value, by_number.passed) == (pytest.approx(2 / 3), True)
    assert judge(SelfConsistency(), runs[0]).reason == "There is one run of this case. Repeat it to see whether the answers agree."


WRONG: dict[str, tuple[type, dict[str, Any], str]] = {
    "no text": (Contains, {"text": 2026}, "Contains: text=2026 is not text. Put it in quotes: text='2026'."),
    "an empty text": (Contains, {"text": ""}, "Contains: text is empty, which every text contains. Give at least one letter."),
    "no pattern": (Regex, {"pattern": "("}, "Regex: '(' is not a regular expression"),
    "a flag in words": (Exact, {"ignore_case": "no"}, "Exact: ignore_case='no' is neither true nor false."),
    "a percentage": (
        SelfConsistency,
        {"least": 90},
        "SelfConsistency: least=90 is not a number from 0 to 1. Write least=0.9 for nine tenths.",
    ),
    "a decision that does not exist": (PersonAsked, {"tool": "mail", "decision": "refused"}, "decision='refused' is not one of"),
    "no call": (ToolCallAccuracy, {"expected": ["search"]}, 'ToolCallAccuracy: item 0 of expected is "search".'),
    "a cost below nothing": (CostAtMost, {"usd": -1}, "CostAtMost: usd=-1 is not a number from 0."),
}


@pytest.mark.parametrize(("kind", "options", "message"), WRONG.values(), ids=WRONG)
def test_wrong_options_are_refused_when_the_score_is_made(kind: type, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        kind(**options)
    assert message in str(refused.value)
