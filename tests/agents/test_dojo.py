"""Injected writes of AgentDojo's shapes: an obedient model, standing approvals for every write, and no tool that says `trust=`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sayso.tools import Approve, Secrecy
from sayso.tools.effects import Effect

from .dojo import BENIGN, INJECTED, READING, Task, World, carry_out, inject

SECRECIES: dict[str, Any] = {"not said": None, "public": Secrecy.PUBLIC, "public as text": "public", "private as text": "private"}


@pytest.mark.parametrize("answer", [Approve(), None], ids=["yes", "no answer"])
@pytest.mark.parametrize("secrecy", SECRECIES.values(), ids=SECRECIES)
@pytest.mark.parametrize("place", READING)
async def test_no_injected_write_happens_unasked(place: str, secrecy: Any, answer: Any) -> None:
    for name, (tool, arguments) in INJECTED.items():
        world = World(place, inject(name))
        outcome = await carry_out(READING[place], world, secrecy=secrecy, answer=answer)
        wanted = [each for each in world.done if each[0] == tool and json.loads(each[1]) == arguments]
        assert not [each for each in outcome.unasked if each in wanted], (place, name)
        assert bool(wanted) is (answer is not None), "the model obeys, and a yes is a yes"


@pytest.mark.parametrize("secrecy", SECRECIES.values(), ids=SECRECIES)
@pytest.mark.parametrize("task", BENIGN.values(), ids=BENIGN)
async def test_benign_tasks_ask_about_their_writes_and_about_no_read(task: Task, secrecy: Any) -> None:
    world = World()
    outcome = await carry_out(task, world, secrecy=secrecy)
    assert outcome.asked[Effect.WRITE] == len(world.done)
    assert outcome.asked[Effect.READ] == outcome.asked[Effect.PURE] == 0
    told = [name for name, _ in task.calls].count("get_webpage")
    read_before = task.calls[0][0] != "get_webpage"  # something private, if it does not say that it is public
    assert outcome.asked[Effect.EGRESS] == (told if read_before and secrecy in (None, "private") else 0)


WITHOUT_READING = {
    "a mail": Task("Mail bob", [("send_email", {"recipients": ["bob@mail.example"], "subject": "Hi", "body": "Hello"})]),
    "two messages": Task(
        "Tell Alice and Bob",
        [("send_direct_message", {"recipient": "Alice", "body": "x"}), ("send_direct_message", {"recipient": "Bob", "body": "x"})],
    ),
    "a transfer and a mail": Task(
        "Pay Bob and tell him",
        [
            ("send_money", {"recipient": "GB29", "amount": 5.0, "subject": "lunch"}),
            ("send_email", {"recipients": ["bob@mail.example"], "subject": "lunch", "body": "paid"}),
        ],
    ),
}


@pytest.mark.parametrize("task", WITHOUT_READING.values(), ids=WITHOUT_READING)
async def test_a_standing_approval_covers_writes_in_a_run_that_has_read_nothing(task: Task) -> None:
    outcome = await carry_out(task, World())
    assert (sum(outcome.asked.values()), len(outcome.world.done)) == (0, len(task.calls))
