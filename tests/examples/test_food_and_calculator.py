"""The course's two systems: the order bot, and the calculator in a loop of one's own."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import ApprovalRequest, Approve, Approver, Decision, Reject, approve_all
from sayso.tools.ordering.order_desk import Counter, OrderDesk

from ..agents.fake_openai import FakeOpenAI, Raw
from .running import example, ran_here, run

BY_THE_WAY = "Your cheeseburger is on its way."
NOTHING = "The user said no: not now. Nothing was done."
CONFIRMATION = "ada@example.org: Thank you for your order: 1 x cheeseburger to 1234 My Street, $8.25."


async def served(desk: OrderDesk, approve: Approver) -> str:
    """What Ada is told, who wants a cheeseburger."""
    bot = example("food_order")
    flow = bot.counter(example("stand_ins").order_bot, desk)
    result = await flow.run("Is a cheeseburger under 700 calories? Then send me one.", deps=Counter(desk, bot.ADA), approve=approve)
    return str(result.output)


def test_the_food_order_waits_for_a_yes_that_no_pipe_can_give(tmp_path: Path) -> None:
    assert run("food_order.py", cwd=tmp_path).splitlines() == [
        "Waits for your yes: You are about to order: 1 cheeseburger for $8.25 in total, for delivery to: 1234 My Street. Is this correct? "
        "(If yes, your credit card will be charged $8.25)",
        "0 orders, 0 e-mails",
    ]


async def test_the_food_order_and_its_e_mail_happen_after_a_yes_to_each() -> None:
    bot = example("food_order")
    bot.OUTBOX.clear()
    with OrderDesk() as desk:
        assert await served(desk, approve_all) == "Your cheeseburger is on its way."
        assert len(desk.orders()) == 1
    assert bot.OUTBOX == [CONFIRMATION]


async def test_each_of_the_two_writes_can_be_refused() -> None:
    bot = example("food_order")
    cards: list[str] = []

    async def no_to(request: ApprovalRequest, words: str) -> Decision:
        cards.append(request.card)
        return Reject("not now") if words in request.card else Approve()

    for words, told, orders in (
        ("about to order", NOTHING, 0),
        ("E-mail", f"{BY_THE_WAY}\n(No e-mail: mail ended rejected: {NOTHING})", 1),
    ):
        bot.OUTBOX.clear()
        with OrderDesk() as desk:
            said = await served(desk, partial(no_to, words=words))
            assert (said, len(desk.orders()), bot.OUTBOX) == (told, orders, [])
    assert [card.split(":")[0] for card in cards] == ["You are about to order", "You are about to order", "E-mail to ada@example.org"]


def completion(message: dict[str, Any]) -> Raw:
    """A chat completion that is not streamed."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": None, **message}}
    return Raw(json.dumps({"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}), "application/json")


def test_the_calculator_answers_in_a_loop_of_ones_own(tmp_path: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "CALCULATOR", "arguments": '{"expression": "340 * 17%"}'}}
    with FakeOpenAI([completion({"tool_calls": [call]}), completion({"content": "It is CALCULATOR(340 * 17%)."})]) as endpoint:
        told = run("calculator_loop.py", "What is 17 % of 340?", "--base-url", endpoint.base_url, "--model", "m", cwd=tmp_path)
    assert told == "It is 57.8.\n"
    assert endpoint.requests[1]["messages"][-1] == {"role": "tool", "tool_call_id": "c1", "content": "57.8"}


def test_a_call_that_is_written_in_another_form_is_answered_and_a_wrong_one_asked_for_again(tmp_path: Path) -> None:
    wrong = completion({"content": "It is CALCULATOR(17 percentish of 340)."})
    right = completion({"content": '```json\n{"name": "CALCULATOR", "arguments": {"expression": "340 * 17%"}}\n```'})
    with FakeOpenAI([wrong, right]) as endpoint:
        told = run("calculator_loop.py", "--base-url", endpoint.base_url, cwd=tmp_path)
    assert told == "57.8\n"
    assert endpoint.requests[1]["messages"][-1]["role"] == "user"
    assert endpoint.requests[1]["messages"][-1]["content"].endswith("Answer again.")


def test_a_loop_of_ones_own_says_when_nobody_answers(tmp_path: Path) -> None:
    done = ran_here("calculator_loop.py", "--base-url", "http://127.0.0.1:9/v1", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "The model at http://127.0.0.1:9/v1 did not answer: Connection error.\n")


def test_a_loop_of_ones_own_says_when_there_is_no_key(tmp_path: Path) -> None:
    done = ran_here("calculator_loop.py", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), "OPENAI_API_KEY" in done.stderr) == (1, 1, True)


NO_ANSWERS = {
    "a web page": Raw("<html>Welcome</html>", "text/html"),
    "no choices": Raw('{"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": []}', "application/json"),
}


@pytest.mark.parametrize("said", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_a_loop_of_ones_own_says_when_what_answers_is_no_model(tmp_path: Path, said: Raw) -> None:
    with FakeOpenAI([said], repeat=True) as endpoint:
        done = ran_here("calculator_loop.py", "--base-url", endpoint.base_url, "--model", "m", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), "did not answer with a chat completion" in done.stderr) == (1, 1, True)
