"""Good runs of the past as examples: chosen, found by the question, shown, and the same after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from sayso import Agent, ScriptedModel, engine, sequential
from sayso.agents import Message, examples_from, past_runs
from sayso.tools import UsageError
from sayso.tools.calls import Content
from sayso.tools.effects import Secrecy, Trust

ANSWERS = {"The printer is stuck.": "Press the red button.", "Who helps with passwords?": "Extension 4400.", "Is there coffee?": "Yes."}


def support(*answers: str) -> Agent[str]:
    return Agent(ScriptedModel(*answers), name="support", instructions="Help.")


def texts(messages: tuple[Message, ...]) -> list[str]:
    return [getattr(message, "text", "") for message in messages]


def test_the_nearest_runs_are_shown_the_best_last() -> None:
    agent = support(*ANSWERS.values())
    results = [agent.run_sync(question) for question in ANSWERS]
    shown = Agent(ScriptedModel("Press it."), examples=examples_from(results))
    assert texts(shown.run_sync("My printer is stuck, who helps?").messages) == [
        "Who helps with passwords?",
        "Extension 4400.",
        "The printer is stuck.",
        "Press the red button.",
        "My printer is stuck, who helps?",
        "Press it.",
    ]


def test_a_conversation_goes_on_without_the_examples_of_its_last_question() -> None:
    agent = support(*ANSWERS.values())
    shown = Agent(ScriptedModel("Press it.", "Yes, there is."), examples=examples_from([agent.run_sync(question) for question in ANSWERS]))
    first = shown.run_sync("My printer is stuck.")
    second = shown.run_sync("And is there coffee?", history=first.messages)
    assert texts(second.messages) == [
        "Is there coffee?",
        "Yes.",
        "My printer is stuck.",
        "Press it.",
        "And is there coffee?",
        "Yes, there is.",
    ]


async def test_runs_of_a_database_are_chosen_in_plain_python(tmp_path: Path) -> None:
    agent, stored = support(*ANSWERS.values()), engine(f"sqlite:///{tmp_path / 'runs.db'}")
    for number, question in enumerate(ANSWERS):
        await agent.run(question, engine=stored, run_id=f"r{number}")
    past = await past_runs(stored, "support")
    assert {run.question: run.text for run in past} == ANSWERS
    assert await past_runs(stored, "another") == []
    shown = Agent(ScriptedModel("Press it."), examples=examples_from(run for run in past if run.text != "Yes."))
    told = texts((await shown.run("Is there coffee beside the printer?")).messages)
    assert told == ["The printer is stuck.", "Press the red button.", "Is there coffee beside the printer?", "Press it."]
    stored.close()


async def test_what_is_shown_is_a_step_so_a_replay_shows_the_same() -> None:
    past = examples_from([await support("Press the red button.").run("The printer is stuck.")])
    shown = Agent(ScriptedModel("Press it."), examples=past)
    result = await shown.run("My printer is stuck.", engine=(memory := engine(strict=True)), run_id="r1")
    past.add("My printer is stuck.", "Buy a new one.")
    again = await memory.resume("r1", {})
    assert texts(again.messages) == texts(result.messages)


def test_answers_keep_the_labels_of_their_runs() -> None:
    agent = support("It is 4711.")
    private = agent.run_sync(Content("What is the code of the shed?", "mail", Trust.UNTRUSTED, Secrecy.PRIVATE))
    shown = Agent(ScriptedModel("4711."), examples=examples_from([private]))
    labels = shown.run_sync("What is the code of the shed today?").labels
    assert labels.untrusted
    assert labels.private


def test_a_result_that_does_not_know_what_it_was_asked_is_told_about() -> None:
    async def shout(text: str) -> str:
        return text.upper()

    with pytest.raises(UsageError, match="has no transcript with its question"):
        examples_from([sequential(shout).run_sync("hello")])
