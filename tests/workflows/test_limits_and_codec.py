"""Limits that hold for everything below, and values that come back from a journal as they went in."""

from __future__ import annotations

import asyncio
import enum
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from sayso import engine
from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.tools import LimitReached, ToolError, tool
from sayso.tools.errors import InvalidArguments, OutputError, UsageError
from sayso.workflows import Limits, RunResult, Usage, parallel, sequential
from sayso.workflows.runs.codec import DEEPEST, Lost, NotJson, from_json, to_json
from sayso.workflows.runs.limits import Meter

from .replays import nothing_left_running, yes


@tool.read
async def look(what: str) -> str:
    """Looks."""
    return what


@tool.write(cost_usd=lambda arguments: arguments["amount"])
async def pay(amount: float) -> str:
    """Pays."""
    return f"paid {amount}"


CALLS = Reply(calls=(call("look", what="a"), call("look", what="b")), usage=Usage(100, 10, 0.01, 1))
REACHED: dict[str, tuple[Limits, str]] = {
    "model calls": (Limits(model_calls=1), "model_calls = 1"),
    "tool calls": (Limits(tool_calls=1), "tool_calls = 1"),
    "tokens": (Limits(tokens=100), "tokens = 100"),
}


@pytest.mark.parametrize(("limits", "told"), REACHED.values(), ids=REACHED)
async def test_a_limit_on_a_workflow_covers_the_agents_inside_it(limits: Limits, told: str) -> None:
    flow = sequential(Agent(ScriptedModel(CALLS, repeat=True), tools=[look]))
    with pytest.raises(LimitReached, match=told) as caught:
        await flow.run("go", limits=limits, run_id="r1")
    assert caught.value.run_id == "r1"
    assert isinstance(caught.value.partial, RunResult)


async def test_seconds_end_a_run_and_leave_nothing_running() -> None:
    async def forever(value: int) -> int:
        await asyncio.Event().wait()
        return value

    with pytest.raises(LimitReached, match="seconds"):
        await parallel(forever, forever).run(1, limits=Limits(seconds=0.01))
    await nothing_left_running()


async def test_money_that_tools_spend_is_reserved_before_and_the_last_dollar_goes_once() -> None:
    flow = parallel(pay, pay, on_error="collect")
    results = (await flow.run(1.0, approve=yes, limits=Limits(spend_usd=1.5))).output
    assert sorted(str(getattr(each, "error", each))[:13] for each in results) == ["Limit reached", "paid 1.0"]


@given(st.lists(st.tuples(st.integers(1, 50), st.booleans()), max_size=30))
def test_under_any_interleaving_no_more_is_reserved_than_allowed(steps: list[tuple[int, bool]]) -> None:
    parent = Meter(Limits(cost_usd=1.0))
    children = [Meter(None, parent), Meter(Limits(model_calls=5), parent)]
    open_calls: list[tuple[Meter, Usage]] = []
    for cents, ends in steps:
        if ends and open_calls:
            meter, reserved = open_calls.pop(0)
            meter.end_model_call(Usage(1, 1, reserved.cost_usd / 2, 1), reserved)
            continue
        reserved = Usage(10, 10, cents / 100)
        try:
            children[cents % 2].begin_model_call(reserved)
        except LimitReached:
            continue
        open_calls.append((children[cents % 2], reserved))
        assert parent.cost_usd <= 1.0 + 1e-9
    assert parent.model_calls == sum(child.model_calls for child in children)
    assert children[1].model_calls <= 5


class Colour(enum.StrEnum):
    RED = "red"


class Point(NamedTuple):
    x: int
    y: Any


@dataclass(frozen=True)
class Box:
    name: str
    inside: Any = None


class Card(BaseModel):
    title: str
    at: date


VALUES = {
    "a model": Card(title="x", at=date(2026, 1, 2)),
    "a dataclass in a tuple": (Box("a", (1, 2)), Box("b", {"k": [Point(1, None)]})),
    "an enum": [Colour.RED],
    "money and time": [Decimal("1.10"), Fraction(1, 3), datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2)],
    "a dollar key": {"$": 1, "=": 2},
    "a set": frozenset({1, 2}),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert from_json(json.loads(json.dumps(to_json(value)))) == value
    assert type(from_json(to_json(value))) is type(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(JSON)
def test_any_json_and_any_tuple_come_back(value: Any) -> None:
    assert from_json(json.loads(json.dumps(to_json(value)))) == value


def test_an_error_comes_back_with_its_sentence_and_its_facts() -> None:
    error = from_json(to_json(InvalidArguments("ORDER", ["'item' is missing"])))
    assert (type(error), str(error), error.tool, error.problems) == (
        InvalidArguments,
        "ORDER was not called: 'item' is missing.",
        "ORDER",
        ("'item' is missing",),
    )
    gone = {"$": "nowhere:Gone", "=": {"message": "broken", "attributes": {}}}
    assert (type(from_json(gone)), str(from_json(gone))) == (Lost, "broken")


def test_a_journal_cannot_name_code_into_the_program() -> None:
    for name in ("antigravity:fly", "os:system", "subprocess:Popen", "builtins:eval"):
        with pytest.raises((NotJson, ToolError)):
            from_json({"$": name, "=": {"args": "true"}})


def test_what_cannot_be_kept_is_named_by_its_place() -> None:
    class Local(NamedTuple):
        x: int

    for value, told in (({"a": [1, object()]}, r"value\.a\[1\] is a builtins\.object"), (Local(1), "move the class out of the function")):
        with pytest.raises(NotJson, match=told):
            to_json(value)


def nest(depth: int, kind: type = list) -> Any:
    """Return a list or dict in lists or dicts, so deep."""
    value: Any = "x"
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


async def make_deep(depth: int) -> Any:
    """Return a value so deep."""
    return nest(depth, dict)


async def take(value: Any) -> str:
    """Take any value."""
    return "taken"


class Anything(BaseModel):
    """An answer that may be anything."""

    value: Any


DEEP = {
    "a step's result": (lambda depth, home: sequential(make_deep, take).run(depth, engine=home), NotJson, r"the result of 'make_deep.0'"),
    "a flow's output": (lambda depth, home: sequential(make_deep).run(depth, engine=home), NotJson, r"the result of 'make_deep.0'"),
    "a flow's input": (lambda depth, home: sequential(take).run(nest(depth), engine=home), UsageError, "input .*nested"),
    "a question": (
        lambda depth, home: Agent(ScriptedModel("Yes."), name="asked").run(nest(depth), engine=home),
        UsageError,
        "input .*nested",
    ),
    "an answer": (
        lambda depth, home: Agent(
            ScriptedModel(f'{{"value": {"[" * depth}{"]" * depth}}}', repeat=True), output=Anything, name="answering"
        ).run("x", engine=home),
        OutputError,
        "recursion limit",
    ),
}


@pytest.mark.parametrize("depth", [600, 3000])
@pytest.mark.parametrize(("execute", "error", "told"), DEEP.values(), ids=DEEP)
async def test_what_is_nested_too_deep_is_refused_in_words(execute: Any, error: type[Exception], told: str, depth: int) -> None:
    with pytest.raises(error, match=told):
        await execute(depth, engine(strict=True))


@pytest.mark.parametrize("kind", [list, dict])
def test_a_value_comes_back_from_as_deep_as_may_be_stored(kind: type) -> None:
    assert from_json(json.loads(json.dumps(to_json(nest(DEEPEST, kind))))) == nest(DEEPEST, kind)
    with pytest.raises(NotJson, match="nested more than 250 deep"):
        to_json(nest(DEEPEST + 2, kind))
