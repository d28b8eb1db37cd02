"""Recorded cases in an evaluation: the run of a user, replayed over the present code. No model is asked and nothing acts."""

from __future__ import annotations

from pathlib import Path

import pytest

from sayso import Agent, App, ScriptedModel, engine, tool
from sayso.agents import ModelRequest
from sayso.agents.evaluation import Case, CaseStatus, evaluate, make_recording, write_recording
from sayso.agents.evaluation.scores import CallNotMade, Contains
from sayso.tools import approve_all
from sayso.tools.errors import Cancelled, UsageError

ASKED: list[str] = []
SENT: list[str] = []


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    ASKED.clear()
    SENT.clear()


@tool.write(card="E-mail to {to}")
async def mail(to: str) -> str:
    """Send an e-mail."""
    SENT.append(to)
    return "sent"


def answer(request: ModelRequest) -> str:
    ASKED.append("model")
    return "Done, Ada." if hasattr(request.messages[-1], "results") else 'mail(to="ada@example.org")'


def make_desk(instructions: str = "Be kind.") -> Agent[str]:
    return Agent(ScriptedModel(answer, repeat=True), name="desk", tools=[mail], instructions=instructions)


async def record(folder: Path, *, approved: bool = True, cancelled: bool = False) -> Case:
    """Return the case of a run in which a mail was sent, in which one waits, or that was cancelled before it was."""
    store = engine(strict=True)
    await make_desk().run("mail Ada", engine=store, run_id="r1", approve=approve_all if approved else None)
    if cancelled:
        await store.cancel("r1")
        with pytest.raises(Cancelled):
            await store.resume("r1", {})
    path = write_recording(await make_recording(store, "r1"), folder / "r1.json")
    ASKED.clear()
    SENT.clear()
    return Case(name="r1", input="mail Ada", recording=str(path))


def touch(case: Case) -> None:
    """Change the file of a recording."""
    path = Path(case.recording)
    path.write_text(path.read_text() + "\n")


@pytest.mark.parametrize("approved", [True, False], ids=["done", "waits"])
async def test_a_recorded_run_is_replayed_and_passes_where_nothing_has_changed(tmp_path: Path, approved: bool) -> None:
    case = await record(tmp_path, approved=approved)
    evaluation = await evaluate([case], make_desk())
    assert (evaluation.passed, ASKED, SENT) == (True, [], [])
    assert evaluation.results[0].record.text == ("Done, Ada." if approved else "")


async def test_a_run_that_was_cancelled_is_judged_by_what_it_did_until_then(tmp_path: Path) -> None:
    case = await record(tmp_path, approved=False, cancelled=True)
    (result,) = (await evaluate([case], make_desk(), scores=[CallNotMade("mail")])).results
    assert (result.status, result.difference, result.record.error, ASKED, SENT) == (CaseStatus.PASSED, "", "", [], [])
    (result,) = (await evaluate([case], make_desk(), scores=[Contains("Done")])).results
    assert (result.status, result.reason) == (
        CaseStatus.FAILED,
        "contains “Done”: The run has no answer: it waits for a decision, or was cancelled.",
    )
    (result,) = (await evaluate([case], make_desk("Be brief."))).results
    assert result.status is CaseStatus.UNJUDGED


async def test_scores_judge_what_was_recorded(tmp_path: Path) -> None:
    case = await record(tmp_path)
    evaluation = await evaluate([case], make_desk(), scores=[Contains("Bob")])
    assert (evaluation.results[0].status, ASKED) == (CaseStatus.FAILED, [])


async def test_another_prompt_is_told_with_what_differs_and_is_no_success(tmp_path: Path) -> None:
    case = await record(tmp_path)
    (result,) = (await evaluate([case], make_desk("Be brief."), scores=[Contains("Done")])).results
    assert (result.status, result.scores, ASKED, SENT) == (CaseStatus.UNJUDGED, (), [], [])
    assert "Be brief." in result.reason


async def test_live_goes_on_with_the_model_once_and_writes_nothing(tmp_path: Path) -> None:
    case = await record(tmp_path)
    store = tmp_path / "runs.db"
    first = await evaluate([case], make_desk("Be brief."), live=True, store=store, keep_open=True)
    asked = len(ASKED)
    assert (asked > 0, SENT) == (True, [])
    again = await evaluate([case], make_desk("Be brief."), live=True, store=store, keep_open=True)
    assert len(ASKED) == asked  # what a model has said live is stored
    assert [(each.status, each.reason, each.record.calls, each.record.approvals) for each in again.results] == [
        (each.status, each.reason, each.record.calls, each.record.approvals) for each in first.results
    ]


async def test_a_whole_app_is_the_subject_of_recorded_cases_only(tmp_path: Path) -> None:
    app = App(agents=[make_desk(), Agent("gpt-5-mini", name="other")])
    case = await record(tmp_path)
    assert (await evaluate([case], app)).passed
    with pytest.raises(UsageError, match="An App has several flows, and an evaluation is of one, unless every case has a recording"):
        await evaluate([case, Case(name="b", input="x")], app)


async def test_a_recording_that_cannot_be_used_is_an_error_of_its_case(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    case = await record(tmp_path)
    cases = [case, *(Case(name=name, input="x", recording=str(tmp_path / name)) for name in ("broken.json", "gone.json"))]
    evaluation = await evaluate(cases, make_desk())
    assert [each.status for each in evaluation.results] == [CaseStatus.PASSED, CaseStatus.ERROR, CaseStatus.ERROR]
    assert all(name in each.reason for name, each in zip(("broken.json", "gone.json"), evaluation.results[1:], strict=True))


async def test_another_recording_is_another_evaluation(tmp_path: Path) -> None:
    case = await record(tmp_path)
    store = tmp_path / "runs.db"
    first = await evaluate([case], make_desk(), store=store, keep_open=True)
    touch(case)
    assert (await evaluate([case], make_desk(), store=store, keep_open=True)).id != first.id
