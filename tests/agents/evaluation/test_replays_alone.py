"""500 recorded cases are replayed in seconds by a process that may open no socket and write no file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sayso import Agent, Approve, Edit, Limits, Reject, ScriptedModel, tool
from sayso.agents import Reply, call
from sayso.agents.evaluation import make_recording, write_recording
from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.tools.errors import LimitReached
from sayso.workflows import MemoryEngine

ALONE = Path(__file__).with_name("replay_alone.py")
HOW = "Take the order."


@tool.write(card="Order {quantity} x {item}")
async def order(item: str, quantity: int) -> str:
    """Order food."""
    return f"{quantity} x {item} ordered"


@tool.egress(trust="untrusted", secrecy="public")
async def menu(kind: str) -> str:
    """Return what there is to eat."""
    return f"{kind}: burger 5, fries 3"


DECISIONS: tuple[Decision | None, ...] = (Approve(by="ada"), Reject("too dear"), Edit({"item": "fries", "quantity": 2}), None)


@pytest.fixture
async def recordings(tmp_path: Path) -> Path:
    """The recordings of five runs: approved, rejected, edited, waiting, and ended by a limit."""
    memory = MemoryEngine(strict=True)
    for number, decision in enumerate((*DECISIONS, None)):

        async def decide(request: ApprovalRequest, decision: Decision | None = decision) -> Decision | None:
            return Approve() if isinstance(decision, Edit) and "fries" in request.arguments else decision

        script = Reply(calls=(call("menu", kind="lunch"),)), Reply(calls=(call("order", item="burger", quantity=1),)), "That is all."
        agent = Agent(ScriptedModel(*script), name="waiter", instructions=HOW, tools=[menu, order])
        limits = Limits(model_calls=1) if number == len(DECISIONS) else None
        try:
            await agent.run("One burger", engine=memory, run_id=f"run{number}", approve=decide, limits=limits)
        except LimitReached:
            assert limits is not None
        write_recording(await make_recording(memory, f"run{number}"), tmp_path / "recordings" / f"run{number}.json")
    return tmp_path / "recordings"


def replay_alone(recordings: Path, instructions: str, rounds: int) -> dict[str, Any]:
    command = [sys.executable, "-B", str(ALONE), str(recordings), instructions, str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=recordings.parent, timeout=120)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


async def test_500_cases_are_replayed_without_a_socket_or_a_write(recordings: Path) -> None:
    result = replay_alone(recordings, HOW, 100)
    assert result["differences"] == [""] * 500
    assert result["seen"] == []
    assert result["seconds"] < 10
    assert not (recordings.parent / "kitchen.txt").exists()


async def test_one_changed_prompt_names_the_first_difference_of_each(recordings: Path) -> None:
    result = replay_alone(recordings, "Take the order politely.", 1)
    assert result["differences"] == [
        f"run{number}, step 1: at 'model:0' the code sends the model something else.\n"
        "  - system: Take the order.\n  + system: Take the order politely."
        for number in range(5)
    ]
    assert result["seen"] == []
