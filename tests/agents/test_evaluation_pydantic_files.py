"""Datasets of pydantic-evals: read with what they mean there, written back without loss, judged as the package judges."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic_evals import Case as TheirCase
from pydantic_evals import Dataset
from pydantic_evals.evaluators import (
    ArgumentCorrectness,
    ConfusionMatrixEvaluator,
    Contains,
    Equals,
    EqualsExpected,
    Evaluator,
    EvaluatorContext,
    GEval,
    HasMatchingSpan,
    IsInstance,
    LLMJudge,
    MaxDuration,
    MaxModelRequests,
    MaxToolCalls,
    ToolCorrectness,
    TrajectoryMatch,
)
from pydantic_evals.otel.span_tree import SpanNode, SpanTree

from sayso.agents.evaluation import CallRecord, Case, CaseFileError, CaseRun, RunRecord, Score, Suite, evaluate, read_suite, write_suite
from sayso.agents.evaluation.scores import CallMade, CitationRecall, Exact, Judge, SecondsAtMost
from sayso.agents.evaluation.scores import Contains as OurContains
from sayso.tools import UsageError
from sayso.tools.calls import Outcome
from sayso.workflows.runs.limits import Usage

AnyDataset = Dataset[Any, Any, Any]


def make_dataset() -> AnyDataset:
    """Every evaluator that the package has, in the forms in which it writes them."""
    return AnyDataset(
        name="everything",
        cases=[
            TheirCase(name="text", inputs="Hi", expected_output="no", metadata={"difficulty": "easy"}, evaluators=[EqualsExpected()]),
            TheirCase(inputs={"query": "2 + 2", "date": "2026-11-30"}, expected_output=4, metadata=["a", "list"]),
            TheirCase(
                name="calls",
                inputs=None,
                evaluators=[
                    ToolCorrectness(expected_tools=["order"], allow_extra=True),
                    TrajectoryMatch(expected_trajectory=["find", "order"], order="exact"),
                    ArgumentCorrectness(tool_name="order", expected_arguments={"item": "burger"}),
                    MaxToolCalls(max_calls=3),
                    MaxModelRequests(max_requests=2),
                    HasMatchingSpan(query={"has_attributes": {"gen_ai.tool.name": "order"}}),
                    HasMatchingSpan(query={"and_": [{"name_contains": "x"}, {"min_duration": 1.0}]}, evaluation_name="slow"),
                ],
            ),
            TheirCase(
                name="values",
                inputs=[1, 2.5, True],
                evaluators=[
                    Equals(value={"a": 1}),
                    Equals(value=[1]),
                    Contains(value="x", case_sensitive=False),
                    Contains(value={"a": 1}),
                    Contains(value="yes"),
                    Contains(value="1e3"),
                    MaxDuration(seconds=5.0),
                ],
            ),
        ],
        evaluators=[
            IsInstance(type_name="str"),
            LLMJudge(rubric="It is polite."),
            LLMJudge(
                rubric="It is short.", include_input=True, model="openai:gpt-5-mini", score={"evaluation_name": "short"}, assertion=False
            ),
            GEval(criteria="It is coherent.", evaluation_steps=["Read.", "Judge."]),
        ],
        report_evaluators=[ConfusionMatrixEvaluator()],
    )


def dump(dataset: AnyDataset) -> Any:
    return dataset.model_dump(mode="json", context={"use_short_form": True})


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_a_dataset_is_written_back_as_the_package_wrote_it(tmp_path: Path, ending: str) -> None:
    path, again = tmp_path / f"theirs.{ending}", tmp_path / f"ours.{ending}"
    make_dataset().to_file(path)
    suite = read_suite(path)
    assert [case.name for case in suite.cases] == ["text", "Case 2", "calls", "values"]
    write_suite(suite, again)
    assert dump(AnyDataset.from_file(again)) == dump(AnyDataset.from_file(path)) == dump(make_dataset())
    written = again.read_text(encoding="utf-8")
    assert "theirs_schema.json" in written.splitlines()[0 if ending == "yaml" else 1]
    assert read_suite(again).cases[1].input == {"query": "2 + 2", "date": "2026-11-30"}


def test_what_is_not_judged_is_said_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(
        "cases:\n- inputs: a\n  evaluators:\n  - Polite\n  - Longer: {least: 3, most: 5}\nevaluators:\n- Polite\n"
        "report_evaluators:\n- ConfusionMatrixEvaluator\n- Own: {a: [1]}\n"
    )
    suite = read_suite(path)
    assert [note.partition(": ")[2].partition(",")[0] or note for note in suite.notes] == [
        "Report evaluators of pydantic-evals are kept for writing back, and not computed.",
        "Sayso has no evaluator Polite",
        "Sayso has no evaluator Longer",
    ]
    write_suite(suite, tmp_path / "again.json")
    again = json.loads((tmp_path / "again.json").read_text())
    assert again["cases"][0]["evaluators"] == ["Polite", {"Longer": {"least": 3, "most": 5}}]
    assert again["evaluators"] == ["Polite"]
    assert again["report_evaluators"] == ["ConfusionMatrixEvaluator", {"Own": {"a": [1]}}]
    with pytest.raises(UsageError, match="A case file cannot name"):
        write_suite(suite, tmp_path / "own.yaml", "sayso")


async def test_an_evaluator_of_your_own_is_a_score_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text("cases:\n- inputs: a\n  evaluators:\n  - Says: Hi\n")
    suite = read_suite(path, {"Says": OurContains})
    assert suite.notes == ()
    result = await suite.cases[0].scores[0](make_run("Hi there"))
    assert (result.score, result.passed) == ("Says", True)
    write_suite(suite, tmp_path / "again.yaml")
    assert "- Says: Hi" in (tmp_path / "again.yaml").read_text()


async def test_tables_show_each_evaluator_by_its_name(tmp_path: Path) -> None:
    async def echo(text: str) -> str:
        return text

    path = tmp_path / "cases.yaml"
    path.write_text(
        "cases:\n- inputs: a\n  evaluators:\n  - Contains: a\n  - MaxDuration: 5\n- inputs: b\n  expected_output: b\n  evaluators:\n"
        "  - EqualsExpected\n  - Contains: b\n- inputs: c\n  evaluators: [Polite]\nevaluators:\n- MaxDuration: 9\n"
    )
    evaluation = await evaluate(read_suite(path), echo)
    assert {each.score: (each.passed, each.failed, len(each.values)) for each in evaluation.summaries} == {
        "Contains": (2, 0, 2),
        "MaxDuration": (3, 0, 3),
        "MaxDuration_2": (1, 0, 1),
        "EqualsExpected": (1, 0, 1),
        "Polite": (0, 0, 0),
    }
    assert not evaluation.passed  # what nobody has judged is no success


WORDS = "no yes on 0123 0x1F 1_000 1e3 12:30 2026-11-30 ~ true .5 +4 4 4.0 text 'no' \"4\" .inf =".split()


@pytest.mark.parametrize("word", WORDS)
def test_a_word_means_what_it_means_to_the_package(tmp_path: Path, word: str) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(f"name: x\ncases:\n- inputs: {word}\n  expected_output: [{word}]\n  evaluators: []\n")
    try:
        theirs = dump(AnyDataset.from_file(path))["cases"][0]
    except Exception:  # noqa: BLE001  PyYAML does not read every word of YAML 1.1
        theirs = {"inputs": word, "expected_output": [word]}
    ours = read_suite(path).cases[0]
    expected = theirs["inputs"] if word != ".inf" else ".inf"  # no JSON number
    assert (ours.input, type(ours.input)) == (expected, type(expected))


WRONG = {
    "an argument that it does not take": (
        "- inputs: a\n  evaluators:\n  - Contains: {substring: x}",
        "3: Contains has no argument 'substring'.",
    ),
    "an argument too few": ("- inputs: a\n  evaluators: [Contains]", "2: Contains needs value."),
    "a field that it does not have": (
        "- inputs: a\n  expected: b\n  evaluators: []",
        "2: a case of pydantic-evals has no field 'expected'. Did you mean expected_output?",
    ),
    "a field of ours": (
        "- inputs: a\n  contains: b\n  evaluators: []",
        "2: a case of pydantic-evals has no field 'contains'. It is a field of Sayso's own form",
    ),
    "no inputs": ("- name: a\n  evaluators: []\n- inputs: b", "1: the case has no `inputs`."),
    "two of one name": ("- {inputs: a, name: x}\n- {inputs: b, name: x}", "2: two cases have the name 'x'"),
    "evaluators that are no list": ("- inputs: a\n  evaluators: {Contains: x}", "2: `evaluators` is a mapping and no list."),
    "an evaluator that is a number": ("- inputs: a\n  evaluators: [5]", "2: an evaluator is the number 5."),
    "two evaluators in one": ("- inputs: a\n  evaluators: [{Contains: x, Equals: y}]", "2: an evaluator is a mapping."),
}


@pytest.mark.parametrize(("cases", "said"), WRONG.values(), ids=WRONG)
def test_mistakes_are_told_with_their_line(tmp_path: Path, cases: str, said: str) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(f"{cases}\n" if cases.startswith("cases") else f"{'cases:'}\n{cases}\n")
    line, _, rest = said.partition(":")
    with pytest.raises(CaseFileError) as caught:
        read_suite(path)
    assert any(each.startswith(f"{path}:{int(line) + 1}:{rest}") for each in caught.value.problems), caught.value.problems


def make_run(
    output: object, *, expected: object = None, calls: Sequence[tuple[str, Mapping[str, object], Outcome]] = (), seconds: float = 1.0
) -> CaseRun:
    record = RunRecord(
        run_id="r",
        flow="f",
        input="a",
        output=output,
        text=output if isinstance(output, str) else json.dumps(output),
        calls=tuple(CallRecord(tool, arguments, outcome) for tool, arguments, outcome in calls),
        usage=Usage(model_calls=2),
        seconds=seconds,
    )
    return CaseRun(Case(name="a", input="a", expected=expected), record)


def make_context(run: CaseRun) -> EvaluatorContext[Any, Any, Any]:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    spans = [
        SpanNode(
            name="running tool",
            trace_id=1,
            span_id=number,
            parent_span_id=None,
            start_timestamp=now + timedelta(seconds=number),
            end_timestamp=now + timedelta(seconds=number + 1),
            attributes={"gen_ai.tool.name": call.tool, "tool_arguments": json.dumps(call.arguments)},
            status="error" if call.outcome is Outcome.FAILED else "ok",
        )
        for number, call in enumerate(run.record.calls, 1)
    ]
    tree = SpanTree()
    tree.add_spans(spans)
    return EvaluatorContext(
        name="a",
        inputs="a",
        metadata=None,
        expected_output=run.case.expected,
        output=run.record.output,
        duration=run.record.seconds,
        _span_tree=tree,
        attributes={},
        metrics={"requests": run.record.turns},
    )


FOUND = ("find", {"what": "burger"}, Outcome.DONE)
ORDERED = ("order", {"item": "burger", "count": 2}, Outcome.DONE)
FAILED = ("order", {"item": "fries"}, Outcome.FAILED)
RUNS = {
    "text": make_run("Hello World", expected="Hello World"),
    "other text": make_run("hello", expected="Hello"),
    "an object": make_run({"a": 1, "b": [2]}, expected={"a": 1, "b": [2]}),
    "a list": make_run([1, "x"], expected=[1]),
    "a number": make_run(4, expected=4),
    "nothing expected": make_run("x"),
    "slow": make_run("x", seconds=9.0),
    "calls": make_run("x", calls=[FOUND, ORDERED]),
    "calls in another order": make_run("x", calls=[ORDERED, FOUND, FOUND]),
    "a failed call": make_run("x", calls=[FOUND, FAILED, ORDERED]),
}
EVALUATORS: list[Evaluator[Any, Any, Any]] = [
    Equals(value="Hello World"),
    Equals(value={"a": 1, "b": [2]}),
    EqualsExpected(),
    Contains(value="World"),
    Contains(value="WORLD", case_sensitive=False),
    Contains(value={"a": 1}),
    Contains(value={"a": 2}),
    Contains(value="a"),
    Contains(value=1),
    Contains(value=4, as_strings=True),
    IsInstance(type_name="str"),
    IsInstance(type_name="dict"),
    MaxDuration(seconds=5),
    MaxModelRequests(max_requests=1),
    MaxModelRequests(max_requests=2),
    MaxToolCalls(max_calls=2),
    MaxToolCalls(max_calls=2, include_failed=False),
    ToolCorrectness(expected_tools=["find", "order"]),
    ToolCorrectness(expected_tools=["find"], allow_extra=True),
    ToolCorrectness(expected_tools=["order", "order"], include_failed=True, allow_extra=True),
    TrajectoryMatch(expected_trajectory=["find", "order"], order="exact"),
    TrajectoryMatch(expected_trajectory=["find", "order"]),
    TrajectoryMatch(expected_trajectory=["find", "order"], order="any_order"),
    TrajectoryMatch(expected_trajectory=[]),
    ArgumentCorrectness(tool_name="order", expected_arguments={"item": "burger"}),
    ArgumentCorrectness(tool_name="order", expected_arguments={"item": "burger"}, match_mode="exact"),
    ArgumentCorrectness(tool_name="order", expected_arguments={"item": "fries"}, include_failed=True, occurrence="first"),
    ArgumentCorrectness(tool_name="find", expected_arguments={"what": "burger"}, occurrence=1),
    HasMatchingSpan(query={"has_attributes": {"gen_ai.tool.name": "find"}}),
]


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
async def test_a_run_is_judged_as_the_package_judges_it(tmp_path: Path, run: CaseRun) -> None:
    path = tmp_path / "cases.json"
    AnyDataset(name="x", cases=[TheirCase(inputs="a", evaluators=EVALUATORS)]).to_file(path, schema_path=None)
    (case,) = read_suite(path).cases
    for score, evaluator in zip(case.scores, EVALUATORS, strict=True):
        theirs = evaluator.evaluate(make_context(run))
        value: Any = getattr(theirs, "value", theirs)
        ours = await score(run)
        expected = (None, None) if value == {} else (float(value), value if isinstance(value, bool) else None)
        assert (ours.value, ours.passed) == (pytest.approx(expected[0]) if expected[0] is not None else None, expected[1]), evaluator


TRANSLATED: dict[str, tuple[Score, Evaluator[Any, Any, Any]]] = {
    "the expected output": (Exact(), EqualsExpected()),
    "a value": (Exact([1]), Equals(value=[1])),
    "a text": (OurContains("x"), Contains(value="x")),
    "a text in any case": (OurContains("x", ignore_case=True), Contains(value="x", case_sensitive=False)),
    "seconds": (SecondsAtMost(5), MaxDuration(seconds=5)),
    "a call": (CallMade("order"), ToolCorrectness(expected_tools=["order"], allow_extra=True, include_failed=True)),
}


@pytest.mark.parametrize(("score", "evaluator"), TRANSLATED.values(), ids=TRANSLATED)
def test_cases_of_ours_are_written_for_the_package(tmp_path: Path, score: Score, evaluator: Evaluator[Any, Any, Any]) -> None:
    path = tmp_path / "cases.yaml"
    write_suite(Suite("ours", (Case(name="a", input="b", expected="c", scores=(score,)),)), path, "pydantic-evals")
    assert dump(AnyDataset.from_file(path)) == dump(
        AnyDataset(name="ours", cases=[TheirCase(name="a", inputs="b", expected_output="c", evaluators=[evaluator])])
    )


def test_their_cases_are_written_in_our_form_where_a_score_of_ours_means_the_same(tmp_path: Path) -> None:
    evaluators: list[Evaluator[Any, Any, Any]] = [Equals(value={"a": 1}), MaxDuration(seconds=5), LLMJudge(rubric="It is polite.")]
    AnyDataset(name="theirs", cases=[TheirCase(name="a", inputs="b", evaluators=evaluators)]).to_file(tmp_path / "theirs.yaml")
    write_suite(read_suite(tmp_path / "theirs.yaml"), tmp_path / "ours.yaml", "sayso")
    (case,) = read_suite(tmp_path / "ours.yaml").cases
    assert sorted(case.scores, key=lambda score: score.name) == [
        SecondsAtMost(5),
        Exact({"a": 1}),
        Judge("It is polite.", scale=(0, 1), least=1.0, with_input=False),
    ]


def test_what_the_package_has_no_words_for_is_refused(tmp_path: Path) -> None:
    for case in (Case(name="a", input="b", scores=(CitationRecall(),)), Case(name="a", input="b", recording="r.json")):
        with pytest.raises(UsageError, match="pydantic-evals has no"):
            write_suite(Suite("ours", (case,)), tmp_path / "cases.yaml", "pydantic-evals")
    assert not (tmp_path / "cases.yaml").exists()
