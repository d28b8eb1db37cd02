"""Models and prompts side by side on the same cases: which is better at what, and only where the intervals carry it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from sayso import Agent, ScriptedModel, sequential
from sayso.agents import ModelRequest, Reply
from sayso.agents.evaluation import Case, Comparison, compare, compare_evaluations, list_findings, list_notes
from sayso.agents.evaluation.comparison_text import format_interval
from sayso.agents.evaluation.scores import Contains
from sayso.agents.models.model import Delta, Finished, TextDelta
from sayso.tools.errors import ModelError, UsageError
from sayso.workflows import Usage

Says = Callable[[ModelRequest], Reply | str]


def make_cases(count: int) -> list[Case]:
    return [Case(name=f"case {number}", input=str(number), scores=(Contains("yes", name="says yes"),)) for number in range(count)]


def make_model(name: str, says: Says | str) -> ScriptedModel:
    return ScriptedModel(says, repeat=True, name=name)


def says_yes_up_to(last: int) -> Says:
    return lambda request: "yes" if int(request.question) < last else "no"


def show(comparison: Comparison, measure: str) -> list[str]:
    row = next(row for row in comparison.rows if row.measure.name == measure)
    return [format_interval(interval, row.measure.unit) for interval in row.intervals]


async def test_a_difference_is_claimed_where_the_interval_carries_it() -> None:
    models = [make_model("small", says_yes_up_to(12)), make_model("large", says_yes_up_to(27))]
    comparison = await compare(make_cases(30), models=models)
    assert show(comparison, "cases passed") == ["40 % (23 to 60)", "90 % (74 to 98)"]
    findings = list_findings(comparison)
    assert findings[0].startswith("large is better at cases passed")
    assert findings[1] == "Cases passed: +50 (+25 to +69) points for large over 30 cases."
    assert findings[-2:] == (
        "Passed by large and not by small: case 12, case 13, case 14, case 15, case 16, case 17, case 18, case 19 and 7 more.",
        "Passed by small and not by large: none.",
    )


async def test_a_small_difference_is_not_claimed_and_the_cases_that_it_needs_are_told() -> None:
    models = [make_model("small", says_yes_up_to(12)), make_model("large", says_yes_up_to(14))]
    findings = list_findings(await compare(make_cases(30), models=models))
    assert "large and small show no difference in cases passed" in findings[0]
    assert findings[1] == (
        "Cases passed: no difference seen: +7 (−7 to +22) points for large over 30 cases; "
        "about 120 cases would be needed to see one of this size."
    )


async def test_two_that_do_the_same_are_not_called_equal() -> None:
    findings = list_findings(await compare(make_cases(30), models=[make_model("a", "yes"), make_model("b", "yes")]))
    assert "Cases passed: no difference in any of 30 cases; the true one may be −12 to +12 points." in findings


async def test_one_case_is_an_anecdote() -> None:
    comparison = await compare(make_cases(1), models=[make_model("a", "no"), make_model("b", "yes")])
    assert list_findings(comparison)[0].startswith("b and a show no difference in cases passed")
    assert any(note.startswith("One case is an anecdote") for note in list_notes(comparison))


async def test_a_prompt_takes_the_place_of_the_agents_instructions(tmp_path: Path) -> None:
    def obey(request: ModelRequest) -> str:
        return "yes" if "say yes" in str(request.messages[0]) else "no"

    agent = Agent(make_model("m", obey), name="desk", instructions="Say no.")
    (tmp_path / "polite.txt").write_text("\ufeffPlease say yes.\n", "utf-8")
    comparison = await compare(make_cases(10), agent, prompts=["own", tmp_path / "polite.txt", "Always say yes, whatever is asked."])
    assert [variant.name for variant in comparison.variants] == ["own", "polite", "Always say yes, whatever …"]
    assert show(comparison, "cases passed") == ["0 % (0 to 31)", "100 % (69 to 100)", "100 % (69 to 100)"]
    assert comparison.confidence == pytest.approx(0.975)  # two differences hold together with 95 %
    assert agent.spec.instructions == "Say no."


async def test_the_grid_has_each_model_with_each_prompt() -> None:
    agent = Agent(make_model("m", "yes"), instructions="Be short.")
    models = {"a": make_model("m", "yes"), "b": make_model("m", "no")}
    comparison = await compare(make_cases(3), agent, models=models, prompts={"old": "own", "new": "Be kind."})
    assert [variant.name for variant in comparison.variants] == ["a + old", "a + new", "b + old", "b + new"]


async def test_scores_that_each_case_names_for_itself_are_one_row() -> None:
    cases = [
        Case(name=f"case {number}", input=str(number), scores=(Contains("yes"), Contains(f"number {number}"), Contains("please")))
        for number in range(12)
    ]
    models = [make_model("a", "yes"), make_model("b", lambda request: f"yes, please, number {request.question}")]
    comparison = await compare(cases, models=models)
    rows = [row.measure.name for row in comparison.rows if row.measure.unit == "share"]
    assert rows == ["cases passed", "contains “yes”", "contains", "contains “please”"]
    assert show(comparison, "contains") == ["0 % (0 to 27)", "100 % (74 to 100)"]
    assert comparison.confidence == pytest.approx(1 - 0.05 / 4)


async def test_one_model_under_two_names_is_asked_for_both() -> None:
    twin = make_model("m", "yes")
    comparison = await compare(make_cases(6), models={"a": twin, "b": twin})
    assert show(comparison, "cases passed") == ["100 % (54 to 100)", "100 % (54 to 100)"]
    assert twin.requests == 12


async def test_runs_that_fail_count_as_failed_and_are_told() -> None:
    def fail_half(request: ModelRequest) -> str:
        if int(request.question) % 2:
            raise ModelError("The model is overloaded.")
        return "yes"

    comparison = await compare(make_cases(20), models=[make_model("steady", "yes"), make_model("shaky", fail_half)])
    assert show(comparison, "cases passed") == ["100 % (83 to 100)", "50 % (27 to 73)"]
    assert list_findings(comparison)[0].startswith("steady is better at cases passed")
    assert any(
        note == "shaky: 10 of 20 runs failed; they count as not passed, and not in cost and times. The first: The model is overloaded."
        for note in list_notes(comparison)
    )


def usage(cost_usd: float) -> Usage:
    return Usage(input_tokens=9, output_tokens=1, cost_usd=cost_usd, model_calls=1)


async def test_a_model_that_fails_or_counts_no_tokens_is_not_called_cheap() -> None:
    def fail_half(request: ModelRequest) -> Reply:
        if int(request.question) % 2:
            raise ModelError("The model is overloaded.")
        return Reply("yes", usage=usage(0.01))

    models = [
        make_model("steady", lambda request: Reply("yes", usage=usage(0.01))),
        make_model("shaky", fail_half),
        make_model("uncounted", lambda request: Reply("yes", usage=Usage(model_calls=1))),
        make_model("cheap", lambda request: Reply("yes", usage=usage(0.001))),
    ]
    comparison = await compare(make_cases(20), models=models)
    assert show(comparison, "cost") == ["$0.01 ($0.01 to $0.01)", "$0.01 ($0.01 to $0.01)", "unknown", "$0.001 ($0.001 to $0.001)"]
    assert not any(re.search(r"(shaky|uncounted) is better at [^;]*cost", finding) for finding in list_findings(comparison))
    assert any(re.match(r"cheap is better at [^;]*cost", finding) for finding in list_findings(comparison))
    assert "uncounted: cost is unknown, for tokens were not counted." in list_notes(comparison)


async def test_a_variant_whose_every_run_fails_says_nothing_but_that() -> None:
    def fail(request: ModelRequest) -> str:
        raise ModelError("There is no model b.")

    comparison = await compare(make_cases(8), models=[make_model("a", "yes"), make_model("b", fail)])
    assert list_findings(comparison) == ("Every run of b failed, so nothing is said of it. The first: There is no model b.",)


class SlowModel:
    """Writes two pieces, each after the time that it takes."""

    takes_tools = True

    def __init__(self, name: str, seconds: float) -> None:
        self.name, self.seconds = name, seconds

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        for piece in ("y", "es"):
            end = perf_counter() + self.seconds
            while perf_counter() < end:
                pass
            yield TextDelta(piece)
        yield Finished(usage=Usage(output_tokens=2, model_calls=1))


async def test_the_time_to_the_first_token_is_that_of_the_model_and_unknown_for_whole_replies() -> None:
    models = [SlowModel("slow", 0.02), SlowModel("quick", 0.004), make_model("whole", "yes")]
    comparison = await compare(make_cases(10), models=models)
    first_token = next(row for row in comparison.rows if row.measure.name == "first token")
    slow, quick, whole = first_token.intervals
    assert slow is not None
    assert quick is not None
    assert slow.mean >= 0.02
    assert quick.mean >= 0.004
    assert whole is None
    assert "whole: time to the first token is unknown, for the replies came in one piece." in list_notes(comparison)


async def test_a_stored_comparison_goes_on_and_takes_another_model_in(tmp_path: Path) -> None:
    first, second, third = make_model("a", "yes"), make_model("b", "no"), make_model("c", "yes")
    store = tmp_path / "compare.db"
    before = await compare(make_cases(6), models=[first, second], store=store)
    again = await compare(make_cases(6), models=[first, second, third], store=store)
    assert [model.requests for model in (first, second, third)] == [6, 6, 6]
    assert show(again, "cases passed")[:2] == show(before, "cases passed")
    assert (await compare(make_cases(6), models=[first, second], store=store, anew=True)).complete
    assert first.requests == 12


async def test_times_of_an_earlier_hour_are_not_compared() -> None:
    models = [make_model("a", "yes"), make_model("b", "yes")]
    comparison = await compare(make_cases(12), models=models)
    names = [f"case {number}" for number in range(12)]
    hours = [dict.fromkeys(names, 0.0), dict.fromkeys(names, 3600.0)]
    apart = compare_evaluations(comparison.variants, comparison.evaluations, begun=hours)
    assert "seconds" not in list_findings(apart)[0]
    why = "no case of b began within ten minutes of that of a, and the machine may have been busier"
    assert f"Seconds: not compared, for {why}." in list_findings(apart)
    resumed = [dict.fromkeys(names, 0.0), {name: 10.0 if place < 9 else 3600.0 for place, name in enumerate(names)}]
    rows = compare_evaluations(comparison.variants, comparison.evaluations, begun=resumed).rows
    assert [row.differences[1].cases for row in rows if row.measure.name == "seconds" and row.differences[1]] == [8]


async def test_the_variants_take_turns_so_that_a_busy_hour_is_not_that_of_one() -> None:
    order: list[str] = []

    def note(name: str) -> Says:
        return lambda request: (order.append(name), "yes")[1]

    await compare(make_cases(5), models=[make_model("a", note("a")), make_model("b", note("b"))])
    assert order == ["a", "b"] * 5


async def test_the_money_is_for_all_variants_together() -> None:
    dear = Reply("yes", usage=Usage(input_tokens=10, output_tokens=1, cost_usd=0.01, model_calls=1))
    models = [make_model("a", lambda request: dear), make_model("b", lambda request: dear)]
    comparison = await compare(make_cases(10), models=models, max_cost_usd=0.15)
    assert not comparison.complete
    assert [len(evaluation.not_run) for evaluation in comparison.evaluations] == [2, 3]
    assert any(note.startswith("b: 3 runs were not executed: ") for note in list_notes(comparison))


AGENT = Agent(ScriptedModel("yes", repeat=True, name="m"), name="desk", instructions="Be short.")
BAD: dict[str, tuple[object, dict[str, Any], str]] = {
    "nothing to compare": (AGENT, {}, "One model with one prompt is not a comparison"),
    "one prompt": (AGENT, {"prompts": ["Be kind."]}, "'own' means the agent's own instructions"),
    "no model": (None, {"prompts": ["Be kind.", "Be short."]}, "There is no model to compare"),
    "a model twice": (AGENT, {"models": ["gpt-5-mini", "gpt-5-mini"]}, "The model 'gpt-5-mini' is given twice"),
    "a prompt twice": (AGENT, {"prompts": ["own", "own"]}, "The prompt 'own' is given twice"),
    "no such prompt file": (
        AGENT,
        {"prompts": ["own", "prompts/new.txt"]},
        r"There is no prompt file prompts/new.txt \(the current folder",
    ),
    "a path that is not there": (AGENT, {"prompts": ["own", Path("new prompt.txt")]}, "There is no prompt file new prompt.txt"),
    "a file without its ending": (AGENT, {"prompts": ["own", "new_prompt"]}, "A prompt's own text has a space in it"),
    "a path with a space": (AGENT, {"prompts": ["own", "my prompts/new.txt"]}, "There is no prompt file my prompts/new.txt"),
    "a folder": (AGENT, {"prompts": ["own", "/tmp"]}, "The prompt /tmp is a folder"),
    "an empty prompt": (AGENT, {"prompts": ["own", " "]}, "A prompt has no name and no text"),
    "own of no agent": (None, {"models": [ScriptedModel("a", name="m")], "prompts": ["own", "Be kind."]}, "no agent was given"),
    "a workflow": (sequential(AGENT, name="flow"), {"prompts": ["own", "Be kind."]}, "Give the agent itself"),
    "an unknown provider": (AGENT, {"models": ["nobody:some-model", "m2"]}, "nobody"),
}


@pytest.mark.parametrize(("agent", "options", "says"), BAD.values(), ids=BAD)
async def test_what_is_no_comparison_is_refused_before_anything_is_asked(agent: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        await compare(make_cases(2), agent, **options)


@pytest.mark.parametrize(("content", "says"), [(b"", "is empty"), (b"\xff\xfe\x00", "is not text in UTF-8")])
async def test_a_prompt_file_without_a_text_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "new.txt").write_bytes(content)
    with pytest.raises(UsageError, match=says):
        await compare(make_cases(2), AGENT, prompts=["own", tmp_path / "new.txt"])
