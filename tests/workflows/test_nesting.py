"""Whatever is nested in whatever: it gives what plain functions give, from every cut, through pauses, and stops without a trace."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.tools import Approve, LimitReached, ToolContext, tool
from sayso.workflows import (
    Draft,
    Limits,
    Run,
    RunResult,
    best_of,
    conditional,
    engine,
    iterate,
    map_each,
    parallel,
    reflect,
    sequential,
    step,
)
from sayso.workflows.events import BranchEnded, BranchStarted, RoundEnded, StepEnded, StepStarted, WriteSettled, WriteStarted
from sayso.workflows.run import Scope

from .replays import everywhere, nothing_left_running, yes
from .small_steps import twice


class Pair(NamedTuple):
    """A step, and the plain function that does the same."""

    flow: Any
    plain: Callable[[int], int]


ONCE = (StepStarted, StepEnded, BranchStarted, BranchEnded, RoundEnded, WriteStarted, WriteSettled)


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


async def one_more(value: int) -> int:
    await asyncio.sleep(0)
    return value + 1


async def by_steps(run: Run, value: int) -> int:
    """Workflow code."""
    for index in range(2):
        value = await run.step(f"one_more.{index}", one_more, value)
    return int(await run.call(looked, value=value))


LEAVES = [
    Pair(one_more, lambda v: v + 1),
    Pair(twice, lambda v: v * 2),
    Pair(step(lambda v: v - 3, name="less"), lambda v: v - 3),
    Pair(looked, lambda v: v - 1),
    Pair(by_steps, lambda v: v + 1),
    Pair(written, lambda v: v + 5),
]


def in_order(parts: list[Pair]) -> Pair:
    def plain(value: int) -> int:
        for part in parts:
            value = part.plain(value)
        return value

    return Pair(sequential(*[part.flow for part in parts]), plain)


def added(parts: list[Pair]) -> Pair:
    return Pair(parallel(*[part.flow for part in parts], join=lambda *v: sum(v)), lambda v: sum(part.plain(v) for part in parts))


def chosen(parts: list[Pair]) -> Pair:
    ways = {index: part.flow for index, part in enumerate(parts)}
    return Pair(conditional(lambda v: v % len(parts), ways), lambda v: parts[v % len(parts)].plain(v))


def again(parts: list[Pair]) -> Pair:
    """Three rounds, counted by the workflow's own code: whatever the body does to the number."""

    async def counted(run: Run, value: int) -> int:
        rounds = iter(range(1, 9))
        return int(await run.child("rounds", iterate(parts[0].flow, until=lambda _: next(rounds) == 3, max_rounds=9).carry, value))

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
        return int(await run.child("write", sequential(parts[0].flow).carry, task.text if isinstance(task, Draft) else task))

    async def critique(text: int) -> str:
        return "again"

    return Pair(reflect(write, critique, rounds=1), lambda v: parts[0].plain(parts[0].plain(v)))


def nested(leaves: list[Pair]) -> st.SearchStrategy[Pair]:
    """Any nesting of all shapes."""

    def larger(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
        some, one = st.lists(inner, min_size=1, max_size=3), st.lists(inner, min_size=1, max_size=1)
        wide = [some.map(make) for make in (in_order, added, chosen)]
        return st.one_of(*wide, *[one.map(make) for make in (again, each, best, reflected)])

    return st.recursive(st.sampled_from(leaves), larger, max_leaves=5)


@settings(max_examples=60, deadline=None)
@given(nested(LEAVES), st.integers(-3, 30))
def test_any_nesting_gives_what_plain_functions_give_from_every_cut(pair: Pair, value: int) -> None:
    async def main() -> None:
        flow = sequential(pair.flow)
        assert (await flow.run(value, approve=yes, deps=World())).output == pair.plain(value)
        home = engine(strict=True)
        await flow.run(value, engine=home, run_id="r1", approve=yes, deps=World())
        if len(home.journal("r1")) <= 60:
            assert await everywhere(flow, value, deps=World) == pair.plain(value)
        await nothing_left_running()

    asyncio.run(main())


@settings(max_examples=60, deadline=None)
@given(nested(LEAVES), st.integers(-3, 30), st.data())
def test_any_nesting_goes_on_through_pauses_however_its_writes_are_approved(pair: Pair, value: int, data: st.DataObject) -> None:
    async def main() -> None:
        world, flow = World(), sequential(pair.flow)
        home = engine(strict=data.draw(st.booleans()))
        result: RunResult[Any] = await flow.run(value, deps=world, engine=home, run_id="r1")
        asked = 0
        while result.pending:
            some = data.draw(st.lists(st.sampled_from(result.pending), min_size=1, unique_by=lambda request: request.digest))
            asked += len(some)
            result = await result.resume({request.digest: Approve() for request in some})
        assert result.output == pair.plain(value)
        assert len(world.done) == asked  # each write once, each with a key of its own
        told = Counter((type(event), *event) for event in [e async for e in home.events("r1")] if isinstance(event, ONCE))
        assert set(told.values()) <= {1}  # and nothing is told twice
        await nothing_left_running()

    asyncio.run(main())


@settings(max_examples=80, deadline=None)
@given(nested(LEAVES), st.integers(1, 60), st.integers(1, 3))
def test_a_cancellation_at_any_moment_leaves_nothing_running_and_the_run_can_go_on(pair: Pair, turns: int, times: int) -> None:
    async def main() -> None:
        world, home, flow = World(), engine(strict=True), sequential(pair.flow)
        task = asyncio.ensure_future(flow.run(3, approve=yes, deps=world, engine=home, run_id="r1"))
        for _ in range(turns):
            await asyncio.sleep(0)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.wait({task})
        await nothing_left_running()
        kept = home.journal("r1")
        again = engine(strict=True).restore(flow.carry, 3, "r1", kept, lambda: Scope(approve=yes, deps=world))
        assert (await again.carry(suspends=True)).output == pair.plain(3)
        await nothing_left_running()

    asyncio.run(main())


@tool.write(cost_usd=lambda arguments: arguments["cents"] / 100)
async def pay(cents: int, context: ToolContext[list[int]]) -> int:
    """Pays."""
    for _ in range(cents % 4):
        await asyncio.sleep(0)
    context.deps.append(cents)
    return cents


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(1, 4), st.integers(10, 120))
def test_branches_never_spend_more_than_they_may_together(cents: list[int], concurrency: int, allowed: int) -> None:
    async def main() -> None:
        paid: list[int] = []
        flow = map_each(sequential(hesitant, pay), concurrency=concurrency, on_error="collect")
        result = await flow.run(cents, approve=yes, deps=paid, limits=Limits(spend_usd=allowed / 100))
        refused = [each for each in result.output if not isinstance(each, int)]
        assert sum(paid) <= allowed
        assert all(isinstance(each.error, LimitReached) for each in refused)
        assert not refused or sum(paid) + max(cents) > allowed
        assert round(result.usage.spend_usd * 100) == sum(paid)

    asyncio.run(main())


async def hesitant(value: int) -> int:
    for _ in range(value % 5):
        await asyncio.sleep(0)
    return value


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(10, 120), st.booleans(), st.data())
def test_nor_do_they_when_the_run_pauses_between_and_its_writes_are_approved_in_any_order(
    cents: list[int], allowed: int, strict: bool, data: st.DataObject
) -> None:
    async def main() -> None:
        paid: list[int] = []
        flow = map_each(sequential(hesitant, pay, limits=Limits(spend_usd=0.5)), on_error="collect")
        result = await flow.run(cents, deps=paid, limits=Limits(spend_usd=allowed / 100), engine=engine(strict=strict), run_id="r1")
        while result.pending:
            result = await result.resume({data.draw(st.sampled_from(result.pending)).digest: Approve()})
        assert sum(paid) <= allowed
        assert max(paid, default=0) <= 50
        assert sorted(each for each in result.output if isinstance(each, int)) == sorted(paid)
        assert round(result.usage.spend_usd * 100) == sum(paid)

    asyncio.run(main())
