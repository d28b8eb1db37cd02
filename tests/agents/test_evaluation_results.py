"""The results of an evaluation: as a table, as JSON and back, and against a baseline."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sayso.agents.evaluation import ApprovalRecord, CallRecord, Case, CaseResult, CaseStatus, Evaluation, NotRun, RunRecord, ScoreResult
from sayso.agents.evaluation.baselines import compare_with_baseline
from sayso.agents.evaluation.evaluation_runs import leave_out_evaluations, name_case_run
from sayso.agents.evaluation.results_table import format_evaluation
from sayso.agents.evaluation.stored_results import read_evaluation, write_evaluation
from sayso.tools.calls import Outcome
from sayso.tools.errors import UsageError
from sayso.workflows import Usage


def make_result(name: str, value: float | None = 1.0, **more: object) -> CaseResult:
    """A case named so, of which the score "contains" has this value."""
    passed = None if value is None else value >= 0.5
    score = ScoreResult(score="contains", value=value, passed=passed, reason="" if passed else "It is not there.", kind="contains")
    record = RunRecord(run_id=f"e.1-{name}", flow="desk", input="?", text="an answer", seconds=0.25, usage=Usage(10, 5, 0.01, 1))
    made = CaseResult(case=Case(name=name, input="?", place=f"cases.yaml:{len(name)}"), record=record, scores=(score,))
    return replace(made, **more)  # type: ignore[arg-type]


def make_evaluation(*results: CaseResult, **more: object) -> Evaluation:
    return replace(Evaluation(id="e.1", suite="cases", subject="desk", results=results), **more)  # type: ignore[arg-type]


FULL = make_evaluation(
    make_result("good"),
    make_result("bad", 0.0),
    make_result("none", None),
    make_result(
        "slow", difference="step 3: other words", record=RunRecord(run_id="e.1-4", flow="", input="?", error="No time.", finished=False)
    ),
    make_result(
        "asked",
        repeat=1,
        record=RunRecord(
            run_id="e.1-5",
            flow="desk",
            input="?",
            output={"day": "Sunday"},
            calls=(CallRecord("mail", {"to": "ada"}, None), CallRecord("look", {}, Outcome.DONE, "closed")),
            approvals=(ApprovalRecord("mail", {"to": "ada"}, "Mail ada", "edited", "", {"to": "bob"}),),
            models=("gpt",),
        ),
    ),
    not_run=(NotRun(Case(name="left", input="?"), 0, "The money is spent."),),
    repeat=2,
)


def test_results_are_the_same_after_they_were_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(write_evaluation(FULL), "utf-8")
    read = read_evaluation(path)
    assert [(each.case.name, each.repeat, each.status, each.reason, each.scores) for each in read.results] == [
        (each.case.name, each.repeat, each.status, each.reason, each.scores) for each in FULL.results
    ]
    assert [each.record.calls for each in read.results] == [each.record.calls for each in FULL.results]
    assert [each.record.approvals for each in read.results] == [each.record.approvals for each in FULL.results]
    assert format_evaluation(read) == format_evaluation(FULL)
    assert write_evaluation(read) == write_evaluation(FULL)


NO_RESULTS = {
    "not there": (None, "cannot be read"),
    "no JSON": ("format: x", "it is not JSON"),
    "a list": ("[]", 'it has no "format"'),
    "a case file": ('{"cases": []}', 'it has no "format"'),
    "a later version": ('{"format": "sayso-evaluation/9"}', "this version of Sayso reads 'sayso-evaluation/1'"),
    "half of it": ('{"format": "sayso-evaluation/1", "evaluation": "e"}', "holds no complete results"),
    "no results in it": (write_evaluation(FULL).replace('"run":', '"ran":'), "holds no complete results"),
}


@pytest.mark.parametrize(("text", "message"), NO_RESULTS.values(), ids=NO_RESULTS)
def test_what_holds_no_results_is_told(text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=re.escape(message)):
        read_evaluation(path)


def test_a_long_table_has_rows_for_what_did_not_pass_only() -> None:
    many = [make_result(f"case-{number}", 0.0 if number == 7 else 1.0) for number in range(60)]
    shown = format_evaluation(make_evaluation(*many))
    assert re.findall(r"^case-\d+", shown, re.MULTILINE) == ["case-7", "case-7"]  # its row, and why
    assert "59 of 60 passed, 1 failed." in shown
    assert len(re.findall(r"^case-\d+ ", format_evaluation(make_evaluation(*many[:20])), re.MULTILINE)) == 20 + 1


def test_cases_that_check_nothing_are_named() -> None:
    evaluation = make_evaluation(make_result("good"), make_result("bare", scores=()))
    assert "Nothing is checked in bare: a case without a condition passes when its run ends." in " ".join(
        format_evaluation(evaluation).split()
    )
    assert "Nothing is checked" not in format_evaluation(make_evaluation(make_result("good")))


def test_half_a_character_of_a_model_is_written_as_json_has_it(tmp_path: Path) -> None:
    half = make_result("half")
    half = replace(half, record=replace(half.record, text="half \ud83d"))
    file = tmp_path / "results.json"
    file.write_text(write_evaluation(make_evaluation(half)), encoding="utf-8")
    assert read_evaluation(file).results[0].record.text == "half \ud83d"


def test_text_of_a_model_cannot_control_the_terminal() -> None:
    bad = make_result("bad\x1b[2J", 0.0)
    bad = replace(bad, record=replace(bad.record, text="\x1b]0;x\x07\u202eevil"))
    shown = format_evaluation(make_evaluation(bad))
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", shown)


def test_scores_of_single_cases_are_one_column_and_those_of_several_are_not() -> None:
    def score(name: str, kind: str) -> ScoreResult:
        return ScoreResult(score=name, value=1.0, kind=kind)

    results = [
        make_result("a", scores=(score("contains “x”", "contains"), score("polite", "judge"))),
        make_result("b", scores=(score("contains “y”", "contains"), score("polite", "judge"), score("kind", "judge"))),
    ]
    assert {label: set(names) for label, names in make_evaluation(*results).columns.items()} == {
        "contains": {"contains “x”", "contains “y”"},
        "polite": {"polite"},
        "kind": {"kind"},
    }


def test_a_score_without_a_value_counts_as_none_and_not_as_zero() -> None:
    shown = format_evaluation(make_evaluation(make_result("a"), make_result("b", None), make_result("c", 0.0)))
    row = next(line.split() for line in shown.splitlines() if line.startswith("contains "))
    assert row[:2] == ["contains", "0.50"]
    assert row[-3:] == ["1", "of", "3"]
    assert make_result("b", None).status is CaseStatus.UNJUDGED


def test_a_baseline_is_compared_case_by_case() -> None:
    before = make_evaluation(
        make_result("same"), make_result("worse"), make_result("better", 0.0), make_result("other"), make_result("old")
    )
    changed = make_result("other")
    changed = replace(changed, case=replace(changed.case, input="another question"))
    now = make_evaluation(make_result("same"), make_result("worse", 0.0), make_result("better"), changed, make_result("new"))
    comparison = compare_with_baseline(now, before)
    assert (comparison.broken, comparison.repaired, comparison.changed, comparison.added, comparison.gone) == (
        ("worse",),
        ("better",),
        ("other",),
        ("new",),
        ("old",),
    )
    assert {row.name: (row.before, row.now, row.difference.cases) for row in comparison.rows if row.is_score} == {
        "passed": (2 / 3, 2 / 3, 3),
        "contains": (2 / 3, 2 / 3, 3),
    }
    assert comparison.worse == ()
    for words in ("passed before, and not now: worse", "passes now, and not before: better", "only in the baseline: old"):
        assert words in format_evaluation(now, comparison)


def test_worse_is_only_what_an_interval_shows() -> None:
    names = [f"case-{number}" for number in range(12)]
    good, bad = make_evaluation(*map(make_result, names)), make_evaluation(*(make_result(name, 0.0) for name in names))
    assert [row.name for row in compare_with_baseline(bad, good).worse] == ["passed", "contains"]
    assert compare_with_baseline(good, bad).worse == ()
    one_bad = make_evaluation(make_result("case-0", 0.0), *map(make_result, names[1:]))
    assert compare_with_baseline(one_bad, good).worse == ()


def test_a_case_that_has_no_like_in_the_baseline_is_no_comparison() -> None:
    comparison = compare_with_baseline(make_evaluation(make_result("a")), make_evaluation(make_result("b")))
    assert (comparison.rows, comparison.added, comparison.gone) == ((), ("a",), ("b",))
    assert "1 of 1 passed" in format_evaluation(make_evaluation(make_result("a")), comparison)


class Row:
    """A run as a database lists it."""

    def __init__(self, id: str, flow: str = "desk") -> None:
        self.id, self.flow = id, flow


def test_runs_of_evaluations_are_told_from_those_of_users() -> None:
    evaluation = "opening-hours-0123abcd.1"
    theirs = [Row("r1"), Row("order-1"), Row("chat.2"), Row("evaluation-1", "evaluation"), Row(f"{evaluation}-x")]
    ours = [Row(evaluation, "evaluation"), *(Row(name_case_run(evaluation, 0, repeat, 3)) for repeat in range(3))]
    ours.append(Row(name_case_run(evaluation, 11, 0, 1)))
    left, number = leave_out_evaluations([*ours, *theirs])
    assert ([each.id for each in left], number) == ([each.id for each in theirs], len(ours))


def test_the_document_says_what_the_page_says() -> None:
    document = json.loads(write_evaluation(FULL))
    assert document["counts"] == {"passed": 2, "failed": 1, "error": 1, "unjudged": 1, "not_run": 1}
    assert document["not_run"] == [{"case": "left", "place": "", "repeat": 0, "reason": "The money is spent."}]
    assert document["scores"][0] == {
        "score": "contains",
        "mean": 0.75,
        "low": document["scores"][0]["low"],
        "high": document["scores"][0]["high"],
        "values": 4,
        "passed": 3,
        "failed": 1,
        "of": 5,
    }
