"""The events of a run: what is told, the same while it goes on and afterwards, in memory and in a database, as values and as JSON."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import pytest

from sayso import Agent, Approve, Limits, Reject, ScriptedModel, Secret, engine, events, parallel, sequential, tool
from sayso.agents import Reply, call
from sayso.agents.models.model import Delta, ModelRequest, TextDelta
from sayso.tools.errors import LimitReached, UsageError
from sayso.workflows import DurableEngine, MemoryEngine, RunEnded, Usage


@tool.read(trust="tool", secrecy="public")
async def calories(item: str) -> str:
    """Look an item up."""
    return "520 kcal"


@tool.write(card="Mail to {to}: {text}", trust="tool")
async def mail(to: str, text: str) -> str:
    """Send a mail."""
    return f"sent to {to}"


@tool.read(trust="tool", secrecy="public")
async def log_in(name: str, password: Annotated[str, Secret()]) -> str:
    """Log in."""
    return f"welcome, {password}"


def desk() -> Agent[str]:
    """An agent that looks two things up at once, writes one mail, and answers."""
    return Agent(
        ScriptedModel(
            Reply("", calls=(call("calories", item="burger"), call("calories", item="fries")), usage=Usage(10, 5, 0.25)),
            Reply(calls=(call("mail", to="ada", text="1040 kcal"),)),
            "Done.",
        ),
        name="desk",
        tools=[calories, mail],
    )


def both(one: str, two: str) -> str:
    return f"{one} and {two}"


class Typist:
    """A model that writes its replies letter by letter."""

    name, takes_tools = "typist", False

    def __init__(self, *replies: str) -> None:
        self.replies = iter(replies)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        for letter in next(self.replies):
            yield TextDelta(letter)


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryEngine | DurableEngine]:
    """An engine that keeps runs, in memory or in a file."""
    made = engine() if request.param == "memory" else engine(f"sqlite:///{tmp_path}/runs.db")
    yield made
    if isinstance(made, DurableEngine):
        made.close()


def tell(event: events.AnyEvent) -> str:
    """An event in a few words."""
    match event:
        case events.ModelRequested():
            return f"ask {event.turn}: {'; '.join(each.text for each in event.messages if each.role != 'system')}"
        case events.ModelReplied():
            return f"reply {event.turn}: {event.text or [each.tool for each in event.calls]} ${event.cost_usd}"
        case events.ToolBegan():
            return f"{event.position} {json.dumps(event.arguments)}"
        case events.ToolFinished():
            return f"{event.position} {event.outcome}: {event.result} ({event.trust or 'unvouched'}, {event.secrecy})"
        case events.ApprovalRequested():
            return f"{event.position} asked: {event.request.card}"
        case events.ApprovalTaken():
            return f"{event.position} {event.decision} by {event.by} from {event.place}"
        case events.RunFinished():
            used = f"after {event.model_calls} and {event.tool_calls} calls, ${event.cost_usd}"
            return f"{event.state}: {event.output or event.error_type} {used}"
        case _:
            return type(event).__name__


STORY = [
    "RunBegan",
    "ask 0: Lunch?",
    "reply 0: ['calories', 'calories'] $0.25",
    'calories:0.0 {"item": "burger"}',
    'calories:0.1 {"item": "fries"}',
    "calories:0.0 done: 520 kcal (tool, public)",
    "calories:0.1 done: 520 kcal (tool, public)",
    "ask 1: calories: 520 kcal\ncalories: 520 kcal",
    "reply 1: ['mail'] $0.0",
    "mail:1.0 asked: Mail to ada: 1040 kcal",
    "RunPaused",
    "RunBegan",
    "mail:1.0 approve by ada from phone",
    'mail:1.0 {"text": "1040 kcal", "to": "ada"}',
    "mail:1.0 done: sent to ada (tool, public)",
    "ask 2: mail: sent to ada",
    "reply 2: Done. $0.0",
    "done: Done. after 3 and 3 calls, $0.25",
]


async def test_a_run_is_told_whole_and_the_same_afterwards(place: MemoryEngine | DurableEngine) -> None:
    heard: list[events.AnyEvent] = []
    place.listeners = (heard.append,)
    result = await desk().run("Lunch?", engine=place, run_id="r1", user="ada")
    await result.resume({result.pending[0].digest: Approve(by="ada", place="phone")})
    stored = [event async for event in place.events("r1")]
    assert [tell(event) for event in stored] == STORY
    assert [event.number for event in stored] == list(range(len(STORY)))
    assert heard == stored
    assert [event async for event in place.events("r1", since=9)] == stored[9:]
    assert {event.run for event in stored} == {"r1"}
    assert all(later.time >= earlier.time > 0 for earlier, later in pairwise(stored))
    began = stored[0]
    assert isinstance(began, events.RunBegan)
    assert (began.flow, began.user, began.input) == ("desk", "ada", {"text": "Lunch?"})
    asked = stored[9]
    assert isinstance(asked, events.ApprovalRequested)
    assert asked.request == result.pending[0]
    for event in stored:
        assert events.from_dict(json.loads(json.dumps(events.to_dict(event)))) == event
    assert events.to_dict(asked)["request"]["values"] == {"to": "ada", "text": "1040 kcal"}


async def test_what_streams_comes_in_between_and_has_no_number(place: MemoryEngine | DurableEngine) -> None:
    agent = Agent(
        ScriptedModel(Reply(calls=(call("calories", item="burger"),), reasoning="Let me see."), "It has 520 kcal."), tools=[calories]
    )
    told = [event async for event in agent.run_events("How many?", engine=place, run_id="r1")]
    streamed = [event for event in told if event.number is None]
    assert "".join(each.text for each in streamed if isinstance(each, events.TextPiece)) == "It has 520 kcal."
    assert "".join(each.text for each in streamed if isinstance(each, events.ThoughtPiece)) == "Let me see."
    assert [each.tool for each in streamed if isinstance(each, events.CallOpened)] == ["calories"]
    assert json.loads("".join(each.text for each in streamed if isinstance(each, events.ArgumentsPiece))) == {"item": "burger"}
    assert [event for event in told if event.number is not None] == [event async for event in place.events("r1")]
    assert [each.first_token_seconds is not None for each in told if isinstance(each, events.ModelReplied)] == [True, True]
    kinds = [type(event) for event in told]
    assert kinds[0] is events.RunBegan
    assert kinds[-1] is events.RunFinished
    assert kinds.index(events.ModelRequested) < kinds.index(events.ThoughtPiece) < kinds.index(events.ModelReplied)


async def test_a_call_that_is_written_as_text_streams_too() -> None:
    written = 'Wait. <tool_call>{"name": "calories", "arguments": {"item": "burger"}}</tool_call>'
    agent = Agent(Typist(written, "520."), tools=[calories], dialect="hermes")
    told = [event async for event in agent.run_events("How many?")]
    opened = [event for event in told if isinstance(event, events.CallOpened)]
    assert [(each.turn, each.call, each.tool) for each in opened] == [(0, 0, "calories")]
    assert "burger" in "".join(each.text for each in told if isinstance(each, events.ArgumentsPiece))
    began = [event for event in told if isinstance(event, events.ToolBegan)]
    assert [each.arguments for each in began] == [{"item": "burger"}]


async def test_children_know_their_parents(place: MemoryEngine | DurableEngine) -> None:
    one, two = (Agent(ScriptedModel(word, repeat=True), name=word) for word in ("salt", "pepper"))
    flow = sequential(parallel(one, two, join=both), desk(), name="lunch")
    result = await flow.run("Spices?", engine=place, run_id="r1")
    stored = [event async for event in place.events("r1")]
    children = [event for event in stored if isinstance(event, events.ChildBegan)]
    assert {each.parent for each in children} <= {"r1", *(each.run for each in children)}
    replied = {event.run: event.text for event in stored if isinstance(event, events.ModelReplied) and event.text}
    assert sorted(replied.values()) == ["pepper", "salt"]
    branch = next(run for run, text in replied.items() if text == "salt")
    assert {event.run for event in [each async for each in place.events(branch)] if event.number is not None} == {branch}
    assert [type(event) for event in stored][-1] is events.RunPaused
    used = result.usage
    assert stored[-1] == events.RunPaused(
        run="r1",
        time=stored[-1].time,
        number=len(stored) - 1,
        waits_for=(result.pending[0].digest,),
        model_calls=used.model_calls,
        tool_calls=used.tool_calls,
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        cost_usd=used.cost_usd,
    )


ENDS = {
    "said no": (Limits(), Reject("too late", by="bo"), "mail:1.0 rejected: The user said no: too late. (tool, public)"),
    "a limit": (Limits(model_calls=2), Approve(by="bo"), "failed: LimitReached after 2 and 3 calls, $0.25"),
}


@pytest.mark.parametrize(("limits", "decision", "expected"), ENDS.values(), ids=ENDS)
async def test_what_goes_wrong_is_told(
    place: MemoryEngine | DurableEngine, limits: Limits, decision: Approve | Reject, expected: str
) -> None:
    result = await desk().run("Lunch?", engine=place, run_id="r1", limits=limits)
    try:
        await result.resume({result.pending[0].digest: decision})
    except LimitReached:
        hit = [event async for event in place.events("r1") if isinstance(event, events.LimitHit)]
        assert [(each.limit, each.allowed) for each in hit] == [("model_calls", 2)]
    assert expected in [tell(event) async for event in place.events("r1")]


async def test_a_secret_is_in_no_event(place: MemoryEngine | DurableEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_SECRET_KEY", "a" * 64)
    agent = Agent(ScriptedModel(Reply(calls=(call("log_in", name="ada", password="sesame-9"),)), "In."), tools=[log_in], name="desk")
    told = [event async for event in agent.run_events("Log me in", engine=place, run_id="r1")]
    told += [event async for event in place.events("r1")]
    assert [each.outcome for each in told if isinstance(each, events.ToolFinished)] == ["done", "done"]
    assert "sesame-9" not in json.dumps([events.to_dict(event) for event in told])


async def test_a_listener_that_raises_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: events.AnyEvent) -> None:
        raise RuntimeError("out of paper")

    heard: list[events.AnyEvent] = []
    place = engine(listeners=[broken, heard.append])
    assert (await Agent(ScriptedModel("Hello."), name="desk").run("Hi", engine=place)).output == "Hello."
    assert isinstance(heard[-1], events.RunFinished)
    assert "out of paper" in caplog.text
    with pytest.raises(UsageError, match="listeners="):
        engine(listeners="print")  # type: ignore[arg-type]


async def test_a_stream_tells_the_same_events_and_then_the_result() -> None:
    greeter = Agent(ScriptedModel("Hello.", repeat=True), name="greeter")
    told = [type(event) async for event in greeter.run_events("Hi")]
    streamed = [event async for event in greeter.run_stream("Hi")]
    assert [type(event) for event in streamed] == [*told, RunEnded]
    *_, finished, end = streamed
    assert isinstance(finished, events.RunFinished)
    assert isinstance(end, RunEnded)
    assert (end.result.output, finished.output) == ("Hello.", "Hello.")
    asks = Agent(ScriptedModel(Reply(calls=(call("mail", to="ada", text="x"),)), repeat=True), name="asks", tools=[mail])
    *_, paused, ended = [event async for event in asks.run_stream("Write to Ada")]
    assert isinstance(paused, events.RunPaused)
    assert isinstance(ended, RunEnded)
    assert [request.digest for request in ended.result.pending] == list(paused.waits_for)


async def test_who_leaves_early_ends_the_run_and_nothing_is_left() -> None:
    async def wait(value: str) -> str:
        await asyncio.Event().wait()
        return value

    place = engine()
    following = sequential(wait, name="long").run_events("x", engine=place, run_id="r1")
    async for event in following:
        if isinstance(event, events.StepBegan):
            break
    await following.aclose()
    stored = [event async for event in place.events("r1")]
    assert [event.state for event in stored if isinstance(event, events.RunFinished)] == ["interrupted"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_one_that_follows_a_started_run_is_told_of_its_pause_and_goes_on_through_it_if_asked(
    place: MemoryEngine | DurableEngine,
) -> None:
    await place.start(desk(), "Lunch?", run_id="r1")
    told: list[Any] = [event async for event in place.events("r1") if event.number is not None]
    assert isinstance(told[-1], (events.RunPaused, events.ApprovalRequested))

    async def follow() -> list[str]:
        return [tell(event) async for event in place.events("r1", through_pauses=True) if event.number is not None]

    following = asyncio.create_task(follow())
    asked = next(event for event in told if isinstance(event, events.ApprovalRequested))
    await place.signal("r1", asked.request.topic, Approve(by="ada", place="phone"))
    assert await place.result("r1") == "Done."
    assert (await following)[-1] == STORY[-1]


UNREADABLE = {
    "no event": ({}, "has no 'event'"),
    "a text": ("model_replied", "has no 'event'"),
    "a newer version": ({"event": "run_began", "version": 2}, "version 2; this Sayso reads version 1"),
    "no version": ({"event": "run_began"}, "version None"),
    "an unknown kind": ({"event": "run_flew", "version": 1}, "no event 'run_flew'"),
    "a field missing": ({"event": "tool_began", "version": 1, "run": "r1", "time": 1.0}, "cannot be read"),
}


@pytest.mark.parametrize(("data", "why"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_event_is_refused_by_name(data: object, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        events.from_dict(data)


def test_fields_that_a_later_sayso_added_are_passed_over() -> None:
    event = events.RoundFinished(run="r1/a", time=1.0, round=2)
    assert events.from_dict({**events.to_dict(event), "seconds": 3}) == event


async def test_the_log_is_silent_until_a_program_wants_it(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    def make() -> Agent[str]:
        return Agent(ScriptedModel(Reply(calls=(call("calories", item="bur\x1b[31mger"),)), "520."), tools=[calories], name="desk")

    await make().run("How many?", run_id="quiet")
    assert (caplog.text, capsys.readouterr().err) == ("", "")
    with caplog.at_level(logging.INFO, logger="sayso"):
        await make().run("How many?", run_id="loud")
    lines = [record.getMessage() for record in caplog.records if record.name == "sayso.events"]
    assert lines[0] == "loud: desk begins"
    assert [line.partition(" in ")[0] for line in lines if "calories" in line and "done" in line] == ["loud calories:0.0: calories done"]
    assert lines[-1].startswith("loud: done (2 model calls, 1 tool calls")
    assert all("\n" not in line and "\x1b" not in line for line in lines)
    assert {record.run for record in caplog.records if record.name == "sayso.events"} == {"loud"}  # type: ignore[attr-defined]
