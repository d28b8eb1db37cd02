"""A log in which somebody has changed a value is still read to its end: the row that says what it cannot is named, and nothing raises."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sayso import Agent, Approve, ScriptedModel, engine, events, tool
from sayso.web.chat import describe_end
from sayso.web.story import Story
from sayso.workflows.durable.chain import Row
from sayso.workflows.durable.log_events import LogEvents
from sayso.workflows.events.timeline import Timeline

FORGED = (None, 10**30, float("inf"), [], {"$": "tuple", "=": {"a": 1}})


@tool.read
async def look(item: str) -> str:
    """Look an item up."""
    return f"{item}: 520 kcal"


@tool.write(card="Mail to {to}")
async def mail(to: str) -> str:
    """Send a mail."""
    return f"sent to {to}"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    return asyncio.run(write_log(f"sqlite:///{tmp_path_factory.mktemp('changed') / 'runs.db'}"))


async def write_log(url: str) -> list[Row]:
    model, runs = ScriptedModel("look(item='fries')", "mail(to='ada@example.org')", "Done."), engine(url)
    try:
        result = await Agent(model, tools=[look, mail], name="bot").run("mail ada@example.org", engine=runs, run_id="r")
        await result.resume({each.digest: Approve(by="bob") for each in result.pending})
        return list(await runs.log("r"))
    finally:
        runs.close()


async def test_a_changed_output_and_a_changed_request_are_none(tmp_path: Path) -> None:
    await write_log(f"sqlite:///{tmp_path / 'runs.db'}")
    runs = engine(f"sqlite:///{tmp_path / 'runs.db'}")
    try:
        assert len(await runs.find_asked("r")) == 1
        with sqlite3.connect(tmp_path / "runs.db") as database:
            database.execute("UPDATE sayso_runs SET output = 'no JSON'")
            database.execute("UPDATE sayso_log SET value = 'null' WHERE name = 'ApprovalAsked'")
        assert await runs.find_asked("r") == {}
        assert describe_end(await runs.run("r"), Story("r"))["error"] == "The output cannot be read here."
    finally:
        runs.close()


def change_each_part(value: object, forged: object) -> Iterator[object]:
    """Yield the value once for each part of it, with another one in its place."""
    yield forged
    if isinstance(value, dict):
        yield from ({**value, key: changed} for key, part in value.items() for changed in change_each_part(part, forged))
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from ([*value[:index], changed, *value[index + 1 :]] for changed in change_each_part(part, forged))


@pytest.mark.parametrize("forged", FORGED, ids=lambda each: repr(each)[:20])
def test_a_changed_value_is_told_or_named_and_the_rest_is_read(log: list[Row], forged: object) -> None:
    named = 0
    for index, row in enumerate(log):
        for value in change_each_part(json.loads(row.value), forged):
            reader, story, timeline = LogEvents("r"), Story("r"), Timeline()
            for each in (*log[:index], row._replace(value=json.dumps(value)), *log[index + 1 :]):
                for event in reader.take(each):
                    timeline.add(event)
                    named += isinstance(event, events.OwnEvent) and event.name == "UnreadableRow"
                    json.dumps(story.tell(event), allow_nan=False)
    assert named


def test_a_log_as_it_was_written_has_no_unreadable_row(log: list[Row]) -> None:
    told = [event for row in log for event in LogEvents("r").take(row)]
    assert not any(isinstance(event, events.OwnEvent) for event in told)
