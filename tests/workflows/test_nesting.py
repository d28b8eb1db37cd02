"""Whatever is nested in whatever: it gives what plain functions give, from every cut, through pauses, and stops without a trace."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import aclosing, suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.tools import Approve, LimitReached, ToolContext, tool
from sayso.workflows import Limits, RunResult, engine, map_each, sequential
from sayso.workflows.runs.events import BranchEnded, BranchStarted, RoundEnded, StepEnded, StepStarted, WriteSettled, WriteStarted
from sayso.workflows.runs.protocols import Scope

from .nestings import LEAVES, Pair, World, nested, plain_end
from .replays import end_of, everywhere, nothing_left_running, yes

ONCE = (StepStarted, StepEnded, BranchStarted, BranchEnded, RoundEnded, WriteStarted, WriteSettled)


@settings(max_examples=80, deadline=None)
@given(nested(LEAVES), st.integers(-3, 30), st.sets(st.integers(0, 300), min_size=10, max_size=30))
def test_any_nesting_gives_what_plain_functions_give_from_every_cut(pair: Pair, value: int, cuts: set[int]) -> None:
    async def main() -> None:
        flow, end = sequential(pair.flow), plain_end(pair, value)
        assert await end_of(flow.run(value, approve=yes, deps=World())) == end
        home = engine(strict=True)
        await end_of(flow.run(value, engine=home, run_id="r1", approve=yes, deps=World()))
        some = None if len(home.journal("r1")) <= 60 else cuts
        assert await everywhere(flow, value, deps=World, cuts=some) == end
        await nothing_left_running()

    asyncio.run(main())


@settings(max_examples=80, deadline=None)
@given(nested(LEAVES), st.integers(-3, 30), st.data())
def test_any_nesting_goes_on_through_pauses_however_its_writes_are_approved(pair: Pair, value: int, data: st.DataObject) -> None:
    async def main() -> None:
        world, flow = World(), sequential(pair.flow)
        home = engine(strict=data.draw(st.booleans()))
        approved = 0

        async def carried() -> RunResult[Any]:
            nonlocal approved
            result: RunResult[Any] = await flow.run(value, deps=world, engine=home, run_id="r1")
            while result.pending:
                some = data.draw(st.lists(st.sampled_from(result.pending), min_size=1, unique_by=lambda request: request.digest))
                approved += len(some)
                result = await result.resume({request.digest: Approve() for request in some})
            return result

        end = await end_of(carried())
        assert end == plain_end(pair, value)
        assert len(world.done) <= approved  # each write once, each with a key of its own; a failure beside it may come before a write
        assert len(world.done) == approved or end is ValueError
        told = Counter((type(event), *event) for event in [e async for e in home.follow_emitted("r1")] if isinstance(event, ONCE))
        assert set(told.values()) <= {1}  # and nothing is told twice
        await nothing_left_running()

    asyncio.run(main())


async def stopped_after(turns: int, work: Coroutine[Any, Any, Any], times: int) -> None:
    """Cancel the task that the work is done in, so many times."""
    task = asyncio.ensure_future(work)
    await some_turns(turns)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait({task})


async def some_turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def left_after(events: int, stream: Any) -> None:
    """Leave a stream after so many events."""
    async with aclosing(stream) as told:
        async for _ in told:
            events -= 1
            if not events:
                break


async def cancelled_after(turns: int, work: Coroutine[Any, Any, Any], home: Any) -> None:
    """Have the engine cancel the run."""
    task = asyncio.ensure_future(work)
    await some_turns(turns)
    await home.cancel("r1")
    await asyncio.wait({task})


@settings(max_examples=150, deadline=None)
@given(nested(LEAVES), st.integers(1, 80), st.sampled_from(["once", "thrice", "engine", "stream"]))
def test_a_cancellation_at_any_moment_leaves_nothing_running_and_the_run_can_go_on(pair: Pair, moment: int, how: str) -> None:
    async def main() -> None:
        world, home, flow = World(), engine(strict=True), sequential(pair.flow)
        with suppress(ValueError):
            match how:
                case "stream":
                    await left_after(moment, flow.stream_emitted(4, approve=yes, deps=world, engine=home, run_id="r1"))
                case "engine":
                    await cancelled_after(moment, flow.run(4, approve=yes, deps=world, engine=home, run_id="r1"), home)
                case _:
                    run = flow.run(4, approve=yes, deps=world, engine=home, run_id="r1")
                    await stopped_after(moment, run, times=1 if how == "once" else 3)
        await nothing_left_running()
        kept = home.journal("r1")
        again = engine(strict=True).restore(flow.execute, 4, "r1", kept, lambda: Scope(approve=yes, deps=world))
        assert await end_of(again.execute(suspends=True)) == plain_end(pair, 4)
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
