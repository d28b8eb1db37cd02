"""Replay: changed code is told from the journal's, and nothing is ever done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sayso import Agent, ScriptedModel
from sayso.agents import Reply, call
from sayso.tools import ToolContext, tool
from sayso.tools.errors import WorkflowError
from sayso.workflows import Run, engine, parallel, replay, sequential

from .replays import yes


@tool.write(card="Note: {text}")
async def note(text: str, context: ToolContext[list[str]]) -> str:
    """Notes."""
    context.deps.append(text)
    return f"noted {text}"


async def shout(value: str) -> str:
    return value.upper()


async def whisper(value: str) -> str:
    return value.lower()


def model() -> ScriptedModel:
    """Asks for a note, then says that it is done."""
    return ScriptedModel(Reply(calls=(call("note", text="HELLO"),)), "It is noted.")


def flow(*, first: Any = shout, instructions: str = "Note it.", lines: ScriptedModel | None = None, extra: tuple[Any, ...] = ()) -> Any:
    writer = Agent(lines or model(), name="writer", instructions=instructions, tools=[note])
    return sequential(first, parallel(whisper, shout, join=lambda low, high: high), writer, *extra, name="flow")


CHANGES = {
    "nothing": ({}, True, ""),
    "a prompt": (
        {"instructions": "Note it well."},
        False,
        "r1/writer.2, step 1: at 'model:0' the code sends the model something else.\n  - system: Note it.\n  + system: Note it well.",
    ),
    "another step": ({"first": whisper}, False, "r1, step 1: the journal has 'shout.0', the code asks for 'whisper.0'."),
    "a step more": ({"extra": (shout,)}, False, "the journal ends, the code asks for 'shout.3'."),
}


@pytest.mark.parametrize(("change", "same", "told"), CHANGES.values(), ids=CHANGES)
async def test_what_changed_is_told_and_nothing_is_done(change: dict[str, Any], same: bool, told: str) -> None:
    home, notes = engine(strict=True), list[str]()
    result = await flow().run("hello", engine=home, run_id="r1", approve=yes, deps=notes)
    assert notes == ["HELLO"]
    untouched = ScriptedModel()
    replayed = await replay(
        flow(lines=untouched, **change).execute, "hello", home.journal("r1"), output=result.output, prompts=home.prompts("r1")
    )
    assert (replayed.same, notes, untouched.requests) == (same, ["HELLO"], 0)
    assert told in str(replayed.difference or "")
    if same:
        assert (replayed.output, replayed.steps) == ("It is noted.", len(home.journal("r1")))


async def test_code_that_ends_early_or_answers_otherwise_is_a_difference() -> None:
    home = engine(strict=True)
    await sequential(shout, whisper, name="flow").run("Hello", engine=home, run_id="r1")
    shorter = await replay(sequential(shout, name="flow").execute, "Hello", home.journal("r1"))
    assert str(shorter.difference) == "r1, step 2: the journal has 'whisper.1', the code ends."

    async def code(run: Run, value: str) -> str:
        await run.step("shout.0", shout, value)
        return await run.step("whisper.1", whisper, value) + "!"

    async def as_flow(run: Run, value: str) -> str:
        return await code(run, value)

    other = await replay(as_flow, "Hello", home.journal("r1"), output="hello")
    assert "after step 2: the run returned 'hello', the code returns 'hello!'" in str(other.difference)


async def test_a_step_of_a_name_that_was_used_before_is_refused_in_the_replay_too() -> None:
    async def twice(run: Run, value: str) -> str:
        await run.step("loud", shout, value)
        return await run.step("loud", shout, value)

    home = engine(strict=True)
    with pytest.raises(WorkflowError, match="two steps named 'loud'") as refused:
        await sequential(twice, name="flow").run("Hello", engine=home, run_id="r1")
    replayed = await replay(sequential(twice, name="flow").execute, "Hello", home.journal("r1"), error=refused.value)
    assert (replayed.same, replayed.waits) == (True, ())


async def test_a_run_that_waits_is_replayed_to_where_it_waits(tmp_path: Path) -> None:
    home, notes = engine(f"sqlite:///{tmp_path}/runs.db"), list[str]()
    await flow().run("hello", engine=home, run_id="r1", deps=notes)
    replayed = await replay(flow(lines=ScriptedModel()).execute, "hello", await home.read_journal("r1"), finished=False)
    assert (replayed.same, notes, len(replayed.waits)) == (True, [], 1)
    assert "approve:" in replayed.waits[0]
    home.close()


async def test_timed_waits_of_a_durable_run_are_replayed(tmp_path: Path) -> None:
    async def naps(run: Run, value: str) -> str:
        await run.wait(None, 0.01)
        return str(await run.wait("never", 0.01)) + await run.step("shout", shout, value)

    home = engine(f"sqlite:///{tmp_path}/runs.db")
    result = await sequential(naps, name="naps").run("a", engine=home, run_id="r1")
    replayed = await replay(sequential(naps, name="naps").execute, "a", await home.read_journal("r1"), output=result.output)
    assert (replayed.same, replayed.output) == (True, "NoneA")
    home.close()


async def test_an_application_is_not_asked_again_for_what_a_kept_request_holds(tmp_path: Path) -> None:
    def addressed(arguments: Mapping[str, Any], context: ToolContext[Any]) -> Mapping[str, Any]:
        return {"to": context.deps["address"]}

    @tool.write(card="Send {item} to {to}", prepare=addressed)
    async def send(item: str, to: str = "") -> str:
        """Sends."""
        return f"sent {item} to {to}"

    home = engine(f"sqlite:///{tmp_path}/runs.db")
    flow = sequential(send.using(item="a burger"), name="sending")
    waiting = await flow.run("", engine=home, run_id="r1", deps={"address": "1 Oak Road"})
    (request,) = waiting.pending
    replayed = await replay(flow.execute, "", await home.read_journal("r1"), finished=False, waits_for=[("r1", f"wait:{request.topic}")])
    assert (replayed.same, len(replayed.waits)) == (True, 1)
    home.close()
