"""Steps that do not fit are named, both of them: when the workflow is built where their hints say so, else when the value comes."""

# What is built here is wrong on purpose, and pyright does not infer what a lambda takes.
# pyright: reportArgumentType=false, reportCallIssue=false, reportOperatorIssue=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from sayso.agents import Agent, ScriptedModel
from sayso.tools import WorkflowError
from sayso.workflows import Run, engine, iterate, map_each, parallel, sequential, step

from .replays import everywhere
from .small_steps import one_more, size_of


async def length(text: str) -> int:
    return len(text)


async def half(number: int) -> float:
    return number / 2


async def untyped(value):  # type: ignore[no-untyped-def]
    return value


async def as_text(value: Any) -> Any:
    return str(value)


async def code(run: Run, number: int) -> str:
    return str(await run.step("one_more", one_more, number))


class Reads:
    """An object that is called like an async function."""

    async def __call__(self, text: str) -> int:
        return len(text)


BUILT: dict[str, tuple[Callable[[], Any], str]] = {
    "two functions": (lambda: sequential(half, length), "half returns a float, but length takes a str"),  # pyright: ignore[reportArgumentType]
    "workflow code": (lambda: sequential(length, code, one_more), "code returns a str, but one_more takes an int"),  # pyright: ignore[reportArgumentType]
    "a workflow inside": (
        lambda: sequential(sequential(length, half, name="halves"), code),  # pyright: ignore[reportArgumentType]
        "halves returns a float, but code takes an int",
    ),
    "a function without hints": (lambda: sequential(length, step(str.upper), step(half)), ""),  # pyright: ignore[reportArgumentType]
    "a lifted function with hints": (lambda: sequential(half, step(length, retries=1)), "half returns a float, but length takes a str"),  # pyright: ignore[reportArgumentType]
    "a tool": (lambda: sequential(size_of, one_more), "size_of returns a str, but one_more takes an int"),  # pyright: ignore[reportArgumentType]
    "an object that is called": (lambda: sequential(half, Reads()), "half returns a float, but Reads takes a str"),  # pyright: ignore[reportArgumentType]
    "a list where one is wanted": (lambda: sequential(map_each(length), half), "map_each returns a list, but half takes an int"),  # pyright: ignore[reportArgumentType]
    "a tuple where one is wanted": (
        lambda: sequential(parallel(one_more, one_more), one_more),  # pyright: ignore[reportArgumentType]
        "parallel returns a tuple, but one_more takes an int",
    ),
    "its own value": (lambda: iterate(half, until=bool, max_rounds=3), "half returns a float, but half takes an int"),  # pyright: ignore[reportArgumentType]
    "an int where a float will do": (lambda: sequential(one_more, step(round)), ""),
    "no hints": (lambda: sequential(length, untyped, length), ""),
    "Any": (lambda: sequential(half, as_text, length), ""),
}


@pytest.mark.parametrize(("build", "told"), BUILT.values(), ids=BUILT)
def test_hints_that_disagree_are_an_error_when_it_is_built(build: Callable[[], Any], told: str) -> None:
    if not told:
        build()
        return
    with pytest.raises(WorkflowError, match=told):
        build()


RUN: dict[str, tuple[Any, Any, str]] = {
    "from a step": (sequential(untyped, length, name="flow"), 3, "flow: untyped returned an int, but length takes a str"),
    "from the caller": (sequential(length, name="flow"), 3, "flow: it was given an int, but length takes a str"),
    "nothing": (sequential(untyped, code), None, "untyped returned None, but code takes an int"),
    "no list": (map_each(one_more), 3, "map_each was given an int; it takes a list"),
    "text is not a list": (map_each(one_more), "abc", "map_each was given a str"),
}


@pytest.mark.parametrize(("flow", "value", "told"), RUN.values(), ids=RUN)
async def test_a_value_of_another_type_is_an_error_when_it_comes(flow: Any, value: Any, told: str) -> None:
    with pytest.raises(WorkflowError, match=told):
        await flow.run(value)


@dataclass
class Account:
    """What a step may ask for."""

    name: str


class StandIn:
    """Has a name as well."""

    name = "stand-in"


async def named(account: Account) -> str:
    return account.name


async def test_a_stand_in_for_a_class_is_not_judged_but_a_number_is() -> None:
    assert (await sequential(named).run(StandIn())).output == "stand-in"  # type: ignore[arg-type]
    with pytest.raises(WorkflowError, match="named takes an Account"):
        await sequential(untyped, named).run(3)


async def test_true_is_a_number_and_a_number_is_a_float() -> None:
    async def doubled(value: float) -> float:
        return value * 2

    assert (await sequential(untyped, doubled).run(3)).output == 6
    assert (await sequential(untyped, one_more).run(True)).output == 2


async def test_an_agent_takes_anything_and_gives_its_output() -> None:
    agent = Agent(ScriptedModel("five"), name="counts")
    assert (await sequential(length, agent, length).run("hello")).output == 4


async def test_a_sync_tool_is_lifted_for_the_checkers_sake() -> None:
    assert await everywhere(sequential(length, step(size_of)), "hello") == "small"
    assert await step(size_of)(30) == "big"


async def test_objects_and_partial_functions_are_steps_by_their_names() -> None:
    async def add(left: int, right: int) -> int:
        return left + right

    home = engine(strict=True)
    flow = sequential(Reads(), partial(add, 10), as_text, step(Reads()))
    assert (await flow.run("hello", engine=home, run_id="r1")).output == 2
    assert [entry.name for entry in home.journal("r1")] == ["Reads.0", "add.1", "as_text.2", "Reads.3"]


async def test_a_lambda_as_a_step_is_refused_by_its_place_where_runs_outlive_the_program() -> None:
    flow = sequential(length, parallel(step(lambda number: number * 2), one_more, join=lambda a, b: a + b, name="both"), name="flow")  # pyright: ignore[reportOperatorIssue]
    assert (await flow.run("abc")).output == 10
    with pytest.raises(WorkflowError, match="Step 0 of flow/both is a lambda"):
        await flow.run("abc", engine=engine(strict=True))
    named_one = sequential(length, parallel(step(lambda number: number * 2, name="twice"), one_more, join=lambda a, b: a + b))  # pyright: ignore[reportOperatorIssue]
    assert await everywhere(named_one, "abc") == 10
