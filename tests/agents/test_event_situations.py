"""Many programs, one rule: what is told while a run goes on is what is read of it afterwards, whole, balanced, as JSON and as spans.

The situations are those of public reports about other frameworks: events that are missing where calls run side by side or fail, members
that nobody can place, interrupts told twice or once of two, branches that are cut off, values that no JSON has.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sayso import Agent, App, Approve, Limits, Reject, Run, ScriptedModel, engine, events, iterate, parallel, sequential, tool
from sayso.agents import Reply, call
from sayso.agents.models.model import Delta, ModelRequest, TextDelta
from sayso.spans import SpanRecord, SpanRecorder, write_otlp
from sayso.tools import ToolError
from sayso.workflows import DurableEngine, MemoryEngine, Workflow

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
Flow = Workflow[Any, Any]


@tool.read(trust="tool", secrecy="public")
async def look(item: str) -> str:
    """Look an item up."""
    await asyncio.sleep(0)
    return f"{item}: 520 kcal"


@tool.read(trust="tool", secrecy="public")
async def refuses(item: str) -> str:
    """Refuse."""
    raise ToolError("no such item")


@tool.read(trust="tool", secrecy="public")
async def crashes(item: str) -> str:
    """Crash."""
    raise KeyError("db")


@tool.write(card="Mail to {to}")
async def mail(to: str) -> str:
    """Send a mail."""
    return f"sent to {to}"


@tool.write(card="Bad {to}")
async def breaks(to: str) -> str:
    """Break in the middle."""
    raise RuntimeError("connection reset")


@tool.read(trust="tool", secrecy="public")
async def odd() -> object:
    """Return what JSON has no word for."""
    return {"when": date(2026, 1, 2), "nan": math.nan, "bytes": b"\xff\x00", "half": "\ud800", "large": 2**70, "set": {1}}


def clerk(*replies: Any, name: str = "clerk", **options: Any) -> Agent[str]:
    return Agent(ScriptedModel(*replies), name=name, tools=[look, refuses, crashes, mail, breaks, odd], **options)


def calls(*made: Any) -> Reply:
    return Reply(calls=made)


async def shout(value: str) -> str:
    return f"{value}!"


async def fails(value: str) -> str:
    await asyncio.sleep(0)
    raise ValueError("boom")


async def never_ends(value: str) -> str:
    await asyncio.Event().wait()
    return value


async def emits_and_waits(run: Run, value: str) -> str:
    await run.emit({"hello": value})
    return f"{value} {await run.wait('topic', timeout_seconds=0.01)}"


class Hesitates:
    """A model that says one word and then nothing."""

    name, takes_tools = "hesitates", False

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        yield TextDelta("Well")
        await asyncio.Event().wait()


def delegating(*inner: Any) -> Flow:
    errand = sequential(clerk(*inner), name="errand").as_tool(description="Run the errand.")
    return Agent(ScriptedModel(calls(call("errand", task="go")), "Told."), name="boss", tools=[errand])


def fails_once() -> Flow:
    tries = itertools.count()

    async def sometimes(value: str) -> str:
        if not next(tries):
            raise ValueError("down")
        return value

    return sequential(clerk(calls(call("look", item="a")), "Fine."), sequential(sometimes, name="risky"), name="again")


def two_branches() -> Flow:
    one, two = (clerk(calls(call("mail", to=name)), name, name=name) for name in ("ada", "bo"))
    return parallel(one, two, join=lambda first, second: first + second, name="both")


SITUATIONS: dict[str, Callable[[], Flow]] = {
    "calls side by side, one refused, one raised": lambda: clerk(
        calls(*(call(name, item="a") for name in ("look", "look", "refuses", "crashes"))), "Ok."
    ),
    "two branches ask at once": two_branches,
    "one reply asks twice": lambda: clerk(calls(call("mail", to="ada"), call("mail", to="bo")), "Done."),
    "a write of which nobody knows": lambda: clerk(calls(call("breaks", to="ada")), "Done."),
    "a workflow in a tool of an agent": lambda: delegating(calls(call("look", item="z")), "Inside."),
    "an agent in a tool that is down": lambda: delegating(ConnectionError("down")),
    "a model that fails after a call": lambda: clerk(calls(call("look", item="a")), ValueError("bad key")),
    "a limit": lambda: clerk(*[calls(call("look", item="a"))] * 9, limits=Limits(model_calls=3)),
    "values that JSON has no word for": lambda: clerk(calls(call("odd"), call("look", item="x" * 200_000)), "Ok \ud800."),
    "calls of what there is not": lambda: clerk(calls(call("nope", x=1), call("look", wrong=1)), "Ok."),
    "workflows in workflows, one branch fails": lambda: sequential(
        shout, parallel(sequential(shout, shout), sequential(shout, fails), on_error="collect", join=lambda *both: str(both)), name="nest"
    ),
    "rounds": lambda: sequential(iterate(shout, until=lambda text: len(text) > 8, max_rounds=9), name="rounds"),
    "own events and a signal that never comes": lambda: sequential(emits_and_waits, name="own"),
    "a branch that is cut off when the one beside it fails": lambda: parallel(
        sequential(never_ends, name="left"), sequential(fails, name="right"), join=lambda left, right: left, name="cut"
    ),
    "a child that fails, and succeeds when the run is resumed": fails_once,
    "a model that fails, and answers when the run is resumed": lambda: clerk(ConnectionError("down"), "Fine."),
    "a run that is cancelled in the middle of a reply": lambda: Agent(Hesitates(), name="hesitant"),
}


@pytest.fixture(params=["memory", "sqlite"])
def listened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[MemoryEngine | DurableEngine, list[events.AnyEvent]]]:
    """An engine, and what its listener was told."""
    told: list[events.AnyEvent] = []
    made = (
        engine(listeners=[told.append]) if request.param == "memory" else engine(f"sqlite:///{tmp_path}/runs.db", listeners=[told.append])
    )
    yield made, told
    if isinstance(made, DurableEngine):
        made.close()


async def play(flow: Flow, home: MemoryEngine | DurableEngine) -> None:
    """Execute a flow, cancel it where it hesitates, decide all that it asks, yes and no in turn, and resume it once where it failed."""
    with suppress(Exception):
        async with aclosing(flow.run_events("Lunch?", engine=home, run_id="r1")) as told:
            async for event in told:
                if isinstance(event, events.TextPiece) and event.text == "Well":
                    await home.cancel("r1")
    answers = itertools.cycle((Approve(by="ada"), Reject("no", by="bo")))
    for _ in range(3):
        with suppress(Exception):
            await home.resume("r1", {request.digest: next(answers) for request in await home.requests("r1")})


def spans_of(told: list[events.AnyEvent]) -> list[SpanRecord]:
    recorder = SpanRecorder(content=True)
    return [span for event in told for span in recorder.take(event)]


@pytest.mark.parametrize("make", SITUATIONS.values(), ids=SITUATIONS)
async def test_afterwards_the_same_is_told(
    make: Callable[[], Flow], listened: tuple[MemoryEngine | DurableEngine, list[events.AnyEvent]]
) -> None:
    home, live = listened
    await play(make(), home)
    stored = [event async for event in home.events("r1")]
    assert [repr(event) for event in live] == [repr(event) for event in stored]  # nan is not equal to itself
    assert [repr(events.from_dict(json.loads(json.dumps(events.to_dict(event))))) for event in stored] == [repr(event) for event in stored]
    middle = len(stored) // 2
    assert [repr(event) async for event in home.events("r1", since=middle)] == [repr(event) for event in stored[middle:]]
    assert isinstance(stored[-1], events.RunFinished)


PAIRS: dict[type[events.RunEvent], tuple[type[events.RunEvent], ...]] = {
    events.ChildBegan: (events.ChildFinished,),
    events.StepBegan: (events.StepFinished,),
    events.ModelRequested: (events.ModelReplied, events.ModelFailed),
    events.RunBegan: (events.RunFinished, events.RunPaused),
}


@pytest.mark.parametrize("make", SITUATIONS.values(), ids=SITUATIONS)
async def test_what_begins_also_ends_and_every_span_has_its_parent(make: Callable[[], Flow]) -> None:
    home = engine()
    await play(make(), home)
    stored = [event async for event in home.events("r1")]
    for began, ended in PAIRS.items():
        assert Counter((event.run, event.position) for event in stored if isinstance(event, began)) == Counter(
            (event.run, event.position) for event in stored if isinstance(event, ended)
        ), began.__name__
    performed = Counter((event.run, event.call) for event in stored if isinstance(event, events.ToolBegan))
    over = Counter((event.run, event.call) for event in stored if isinstance(event, events.ToolFinished))
    assert not performed - over
    spans = spans_of(stored)
    assert json.dumps(write_otlp(spans), ensure_ascii=False).encode()  # no half of a surrogate pair is left
    ids = [span.span_id for span in spans]
    assert len(set(ids)) == len(ids)
    assert {span.parent_id for span in spans} <= {"", *ids}
    assert [span.parent_id for span in spans].count("") == 1


TAKEN_OVER = (
    "two branches ask at once",
    "one reply asks twice",
    "a write of which nobody knows",
    "a limit",
    "an agent in a tool that is down",
)


class Remembers:
    """A listener that makes spans, and is told what was before it."""

    def __init__(self) -> None:
        self.told: list[events.AnyEvent] = []
        self.spans: list[SpanRecord] = []
        self._recorder = SpanRecorder(content=True)

    def __call__(self, event: events.AnyEvent) -> None:
        self.told.append(event)
        self.spans += self._recorder.take(event)

    def recall(self, earlier: list[events.AnyEvent]) -> None:
        for event in earlier:
            list(self._recorder.take(event))


@pytest.mark.parametrize("situation", TAKEN_OVER)
async def test_programs_that_take_a_run_over_from_each_other_tell_what_its_journal_tells(situation: str, tmp_path: Path) -> None:
    flow, told, spans = SITUATIONS[situation](), list[events.AnyEvent](), list[SpanRecord]()
    app, answers = App(flows=[flow]), itertools.cycle((Approve(by="ada"), Reject("no", by="bo")))
    for number in range(3):
        listener = Remembers()
        home = engine(f"sqlite:///{tmp_path}/runs.db", app=app, listeners=[listener])  # as another program would open it
        with suppress(Exception):
            if not number:
                await flow.run("Lunch?", engine=home, run_id="r1")
            await home.resume("r1", {request.digest: next(answers) for request in await home.requests("r1")})
        told += listener.told
        spans += listener.spans
        home.close()
    home = engine(f"sqlite:///{tmp_path}/runs.db", app=app)
    stored = [event async for event in home.events("r1")]
    home.close()
    assert told == stored
    assert spans == spans_of(stored)
