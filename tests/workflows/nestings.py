"""Any nesting of the shapes, each with the plain function that does the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from sayso.agents import Agent, ModelRequest, Reply, ScriptedModel, ToolMessage, call
from sayso.tools import ToolContext, tool
from sayso.workflows import Draft, Failed, Run, best_of, conditional, iterate, map_each, parallel, reflect, sequential, step

from .small_steps import twice


class Pair(NamedTuple):
    """A step, and the plain function that does the same."""

    flow: Any
    plain: Callable[[int], int]


class World:
    """What writes change: a number for each key."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}


@tool.write(idempotent=True)
async def written(value: int, context: ToolContext[World]) -> int:
    """Writes."""
    context.deps.done[context.key] = value
    await asyncio.sleep(0)
    return value + 5


@tool.read
async def looked(value: int) -> int:
    """Looks."""
    await asyncio.sleep(0)
    return value - 1


async def picky(value: int) -> int:
    await asyncio.sleep(0)
    if value % 3 == 0:
        raise ValueError(f"{value} is three times something")
    return value


def plainly_picky(value: int) -> int:
    """The same, without waiting."""
    if value % 3 == 0:
        raise ValueError
    return value


def looks_first(request: ModelRequest) -> str | Reply:
    """A model that looks at what it is asked, and says what it saw."""
    last = request.messages[-1]
    return last.results[0].text if isinstance(last, ToolMessage) else Reply(calls=(call("looked", value=int(request.question)),))


async def one_more(value: int) -> int:
    await asyncio.sleep(0)
    return value + 1


async def by_steps(run: Run, value: int) -> int:
    """Workflow code."""
    for index in range(2):
        value = await run.step(f"one_more.{index}", one_more, value)
    return int(await run.call(looked, value=value))


async def down_at_first(run: Run, value: int) -> int:
    """Fails in its first try, after a step."""
    value = await run.step("one_more", one_more, value)
    if run.id.endswith(".0"):
        raise ConnectionError("down")
    return value


LEAVES = [
    Pair(step(down_at_first, retries=1, backoff_seconds=0), lambda v: v + 1),
    Pair(one_more, lambda v: v + 1),
    Pair(twice, lambda v: v * 2),
    Pair(step(lambda v: v - 3, name="less"), lambda v: v - 3),  # pyright: ignore[reportOperatorIssue]
    Pair(looked, lambda v: v - 1),
    Pair(by_steps, lambda v: v + 1),
    Pair(written, lambda v: v + 5),
    Pair(picky, plainly_picky),
    Pair(sequential(Agent(ScriptedModel(looks_first, repeat=True), tools=[looked]), step(int)), lambda v: v - 1),
]


def in_order(parts: list[Pair]) -> Pair:
    def plain(value: int) -> int:
        for part in parts:
            value = part.plain(value)
        return value

    return Pair(sequential(*[part.flow for part in parts]), plain)


def added(parts: list[Pair]) -> Pair:
    return Pair(parallel(*[part.flow for part in parts], join=lambda *v: sum(v)), lambda v: sum(part.plain(v) for part in parts))


def collected(parts: list[Pair]) -> Pair:
    """Failures count as nothing."""

    def total(*values: Any) -> int:
        return sum(0 if isinstance(each, Failed) else each for each in values)

    def plain(value: int) -> int:
        return sum(end for part in parts if isinstance(end := plain_end(part, value), int))

    return Pair(parallel(*[part.flow for part in parts], join=total, on_error="collect"), plain)


def plain_end(pair: Pair, value: int) -> int | type[ValueError]:
    """What the plain function gives, or the class of what it raises."""
    try:
        return pair.plain(value)
    except ValueError:
        return ValueError


def chosen(parts: list[Pair]) -> Pair:
    ways = {index: part.flow for index, part in enumerate(parts)}
    return Pair(conditional(lambda v: v % len(parts), ways), lambda v: parts[v % len(parts)].plain(v))


def again(parts: list[Pair]) -> Pair:
    """Three rounds, counted by the workflow's own code: whatever the body does to the number."""

    async def counted(run: Run, value: int) -> int:
        rounds = iter(range(1, 9))
        return int(await run.child("rounds", iterate(parts[0].flow, until=lambda _: next(rounds) == 3, max_rounds=9).execute, value))

    def plain(value: int) -> int:
        for _ in range(3):
            value = parts[0].plain(value)
        return value

    return Pair(counted, plain)


def each(parts: list[Pair]) -> Pair:
    async def some(value: int) -> list[int]:
        return [value, value + 1, value + 2]

    flow = sequential(some, map_each(parts[0].flow, concurrency=2), step(sum, name="sum"))
    return Pair(flow, lambda v: sum(parts[0].plain(v + i) for i in range(3)))


def best(parts: list[Pair]) -> Pair:
    return Pair(best_of(parts[0].flow, 2, score=lambda v: -v), parts[0].plain)


def reflected(parts: list[Pair]) -> Pair:
    """Write once, be told so, write again: the second text is the part's value on the first."""

    async def write(run: Run, task: Any) -> int:
        return int(await run.child("write", sequential(parts[0].flow).execute, task.text if isinstance(task, Draft) else task))

    async def critique(text: int) -> str:
        return "again"

    return Pair(reflect(write, critique, rounds=1), lambda v: parts[0].plain(parts[0].plain(v)))


def nested(leaves: list[Pair]) -> st.SearchStrategy[Pair]:
    """Any nesting of all shapes."""

    def larger(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
        some, one = st.lists(inner, min_size=1, max_size=3), st.lists(inner, min_size=1, max_size=1)
        wide = [some.map(make) for make in (in_order, added, collected, chosen)]
        return st.one_of(*wide, *[one.map(make) for make in (again, each, best, reflected)])

    return st.recursive(st.sampled_from(leaves), larger, max_leaves=5)
