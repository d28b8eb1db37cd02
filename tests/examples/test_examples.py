"""Every example runs, as a user would run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..agents.fake_openai import FakeOpenAI, Raw
from ..cli.commands import environment

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str, *arguments: str, cwd: Path, **more: str) -> str:
    """What the example prints."""
    command = [sys.executable, "-W", "error", EXAMPLES / name, *arguments]
    ran = subprocess.run(command, cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_food_order_waits_for_a_yes_that_no_pipe_can_give(tmp_path: Path) -> None:
    told = run("food_order.py", cwd=tmp_path)
    assert told.splitlines() == [
        "Waits for your yes: You have ordered: 1 cheeseburger for delivery to: 1234 My Street. Is this correct? "
        "(If yes, your credit card will be charged)",
        "0 orders, 0 e-mails",
    ]


def test_the_food_order_and_its_e_mail_happen_after_a_yes_to_each(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
sys.path.insert(0, {str(EXAMPLES)!r})
import food_order
from sayso import ScriptedModel
from sayso.tools import approve_all
from sayso.tools.order_desk import OrderDesk
with OrderDesk() as desk:
    print(asyncio.run(food_order.serve(ScriptedModel(*food_order.SCRIPT), "Send me a cheeseburger", desk, approve_all)))
    print(len(desk.orders()), food_order.OUTBOX)
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [
        "Your cheeseburger (630 calories) is on its way, and a confirmation is in your inbox.",
        "1 ['ada@example.org: One cheeseburger is on its way to you.']",
    ]


def completion(message: dict[str, Any]) -> Raw:
    """A chat completion that is not streamed."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": None, **message}}
    return Raw(json.dumps({"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}), "application/json")


def test_the_calculator_answers_in_a_loop_of_ones_own(tmp_path: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "CALCULATOR", "arguments": '{"expression": "340 * 17%"}'}}
    with FakeOpenAI([completion({"tool_calls": [call]}), completion({"content": "It is CALCULATOR(340 * 17%)."})]) as endpoint:
        told = run("calculator_loop.py", "What is 17 % of 340?", cwd=tmp_path, OPENAI_API_KEY="k", OPENAI_BASE_URL=endpoint.base_url)
    assert told == "It is 57.8.\n"
    assert endpoint.requests[1]["messages"][-1] == {"role": "tool", "tool_call_id": "c1", "content": "57.8"}
