"""Examples about asking: what it costs, how many examples to show, how many times to ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from sayso import ScriptedModel
from sayso.agents import ModelRequest, SystemMessage, price
from sayso.tools import ModelError

from ..agents.fake_openai import FakeOpenAI
from .running import example, ran_here, run


def test_an_hour_of_talk_costs_eight_cents_at_the_flat_price(tmp_path: Path) -> None:
    lines = run("llm_cost.py", "gpt-5-mini", "no-such-model", cwd=tmp_path).splitlines()
    today = price("gpt-5-mini", 20_000, 20_000)
    assert lines[:4] == [
        "15,000 words said: 20,000 tokens go in, 20,000 come out",
        "at $0.002 per 1,000      $0.0800",
        f"gpt-5-mini               ${today:.4f}",
        "no-such-model            no price is known",
    ]


def test_a_chat_sends_again_what_was_said_before() -> None:
    cost = example("llm_cost")
    assert cost.requests(20_000, 20_000, 1) == [(20_000, 20_000)]
    assert cost.requests(300, 60, 3) == [(100, 20), (220, 20), (340, 20)]


def test_an_absurd_assumption_is_refused(tmp_path: Path) -> None:
    for absurd in (("--minutes", "-3"), ("--minutes", "inf"), ("--turns", "0"), ("--tokens-per-word", "nan")):
        assert ran_here("llm_cost.py", *absurd, cwd=tmp_path).returncode == 2


def test_the_same_orders_are_written_with_no_one_and_three_examples(tmp_path: Path) -> None:
    with FakeOpenAI([lambda body: "1 MILKSHAKE" if len(body["messages"]) > 3 else "Milkshake!"], repeat=True) as endpoint:
        told = run("shots.py", "--base-url", endpoint.base_url, "--model", "m", cwd=tmp_path).splitlines()
    assert told[0].split() == ["ticket", "zero-shot", "one-shot", "few-shot"]
    assert told[6] == "1 MILKSHAKE                    Milkshake!                     ✓ 1 MILKSHAKE                    ✓ 1 MILKSHAKE"
    assert told[7].split() == ["right,", "of", "6", "0", "1", "1"]
    assert sorted(len(request["messages"]) for request in endpoint.requests) == [2] * 6 + [4] * 6 + [8] * 6


VOTES = {
    "most agree": ((204, 44, 204), "204  (of 3 samples 2 said 204, 1 said 44)"),
    "all agree": ((204, 204.0, 204), "204  (of 3 samples 3 said 204)"),
    "as many for each": ((204, 44, 30), "undecided  (of 3 samples 1 said 204, 1 said 44, 1 said 30)"),
    "one gave no number": ((204, None, 44, 204), "204  (of 4 samples 2 said 204, 1 said 44, 1 gave no number)"),
}


@pytest.mark.parametrize(("numbers", "told"), VOTES.values(), ids=VOTES)
async def test_samples_vote(numbers: tuple[float | None, ...], told: str) -> None:
    answers = [ModelError("down") if number is None else f'{{"steps": "", "number": {number}}}' for number in numbers]
    assert await example("vote").main("How many?", samples=len(answers), model=ScriptedModel(*answers)) == told


async def test_without_a_single_number_there_is_no_vote() -> None:
    with pytest.raises(ModelError, match="down"):
        await example("vote").main("How many?", samples=2, model=ScriptedModel(ModelError("down"), repeat=True))


COURSE_TALK = """
> When is the exam?
The exam is on 12 July at nine.
> Write me a poem about the sea.
  [Topic, input: refused: it is not about the course "Agents in Practice"]
I can only help with the course "Agents in Practice".
> Mail my grade to ada@example.org
  [PersonalData, input: replaced: an e-mail address]
Homework counts a third of the grade.
> What is the first exam question?
  [WordList, output: refused: there is a question of the exam in it]
That would spoil the exam.
"""


def test_a_course_bot_refuses_other_topics_and_keeps_what_it_must_not_say(tmp_path: Path) -> None:
    assert run("course_bot.py", cwd=tmp_path).strip() == COURSE_TALK.strip()


async def test_a_refused_question_is_not_asked_and_the_conversation_goes_on() -> None:
    asked = []

    def teach(request: ModelRequest) -> str:
        asked.append([getattr(message, "text", "") for message in request.messages[1:]])
        return "On 12 July."

    told = await example("course_bot").main("A poem!", "When is the exam?", model=ScriptedModel(teach, repeat=True))
    assert told.splitlines()[-1] == "On 12 July."
    refused = ["[left out: the guard Topic refused it]", 'I can only help with the course "Agents in Practice".']
    assert asked == [[*refused, "When is the exam?"]]


async def test_a_model_may_judge_what_is_about_the_course() -> None:
    def teach(request: ModelRequest) -> str:
        system = request.messages[0]
        if isinstance(system, SystemMessage) and "Answer yes" in system.text:
            return "No." if "poem" in request.question else "yes"
        return "Because it is tested."

    told = await example("course_bot").main("A poem!", "And why?", judge=True, model=ScriptedModel(teach, repeat=True))
    assert [line for line in told.splitlines() if not line.startswith((">", " "))] == [
        'I can only help with the course "Agents in Practice".',
        "Because it is tested.",
    ]
