"""Any nesting of shapes does what plain functions do: from any cut of its journal, and through any order of decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.tools import Approve, ToolContext, tool
from sayso.workflows import Run, best_of, conditional, engine, iterate, map_each, parallel, reflect, sequential

from .replays import everywhere, nothing_left_running

Plain = Callable[[int, list[int]], int]
"""The plain function: the value, and where it says what it wrote."""
Pair = tuple[Any, Plain]


async def one_more(value: int) -> int:
    return value + 1


async def twice(value: int) -> int:
    return value * 2 % 1000


@tool.write(idempotent=True, card="Write {value}")
async def put(value: int, context: ToolContext[dict[str, int]]) -> int:
    """Writes a number, each key once."""
    context.deps.setdefault(context.key, value)
    return value + 3


async def code(run: Run, value: int) -> int:
    first = await run.step("first", one_more, value)
    return int(await run.call(put, value=first))


def written(value: int, world: list[int]) -> int:
    world.append(value)
    return value + 3


LEAVES: list[Pair] = [
    (one_more, lambda value, world: value + 1),
    (twice, lambda value, world: value * 2 % 1000),
    (put, written),
    (code, lambda value, world: written(value + 1, world)),
]


async def three(value: int) -> list[int]:
    return [value, value + 1, value + 2]


def in_order(parts: list[Pair]) -> Pair:
    def plain(value: int, world: list[int]) -> int:
        for _, each in parts:
            value = each(value, world)
        return value

    return sequential(*[flow for flow, _ in parts]), plain


def added(parts: list[Pair]) -> Pair:
    return parallel(
        *[flow for flow, _ in parts], join=lambda *v: sum(v) % 1000
    ), lambda value, world: sum([each(value, world) for _, each in parts]) % 1000


def chosen(parts: list[Pair]) -> Pair:
    ways = {index: flow for index, (flow, _) in enumerate(parts)}
    return conditional(lambda v: v % len(parts), ways), lambda value, world: parts[value % len(parts)][1](value, world)


def repeated(part: Pair) -> Pair:
    flow, each = part

    def plain(value: int, world: list[int]) -> int:
        for _ in range(3):
            value = each(value, world)
            if value % 3 == 0:
                return value
        return value

    async def in_three(run: Run, value: int) -> int:
        seen = [0]

        def until(v: int) -> bool:
            seen[0] += 1
            return v % 3 == 0 or seen[0] == 3

        return int(await run.child("loop", iterate(flow, until=until, max_rounds=3).carry, value))

    return in_three, plain


def for_each(part: Pair) -> Pair:
    flow, each = part

    async def total(values: list[int]) -> int:
        return sum(values) % 1000

    return sequential(
        three, map_each(flow, concurrency=2), total
    ), lambda value, world: sum([each(value + index, world) for index in range(3)]) % 1000


def best(part: Pair) -> Pair:
    flow, each = part
    return best_of(flow, 2, score=lambda v: v), lambda value, world: max([each(value, world) for _ in range(2)])


def reflected(part: Pair) -> Pair:
    flow, each = part

    async def rewrite(task: Any) -> int:
        return int(getattr(task, "text", task)) + 5

    def plain(value: int, world: list[int]) -> int:
        text = value + 5
        return text if each(text, world) % 2 else text + 5

    return reflect(rewrite, flow, rounds=1, accept=lambda said: said % 2 == 1), plain


def larger(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        some.map(in_order), some.map(added), some.map(chosen), *[inner.map(make) for make in (repeated, for_each, best, reflected)]
    )


nested = st.recursive(st.sampled_from(LEAVES), larger, max_leaves=6)


@settings(max_examples=40, deadline=None)
@given(nested, st.integers(0, 30))
def test_any_nesting_goes_on_from_every_cut_to_what_plain_functions_give(pair: Pair, value: int) -> None:
    flow, plain = pair
    world: dict[str, int] = {}
    expected: list[int] = []
    output = asyncio.run(everywhere(sequential(flow), value, deps=lambda: world))
    assert output == plain(value, expected)
    assert sorted(world.values()) == sorted(expected)


@settings(max_examples=40, deadline=None)
@given(nested, st.integers(0, 30), st.randoms(use_true_random=False), st.booleans())
def test_any_order_of_decisions_leads_to_the_same_end_and_writes_each_once(pair: Pair, value: int, chance: Any, strict: bool) -> None:
    flow, plain = pair
    expected: list[int] = []
    output = plain(value, expected)

    async def main() -> None:
        world: dict[str, int] = {}
        paused = await sequential(flow).run(value, deps=world, engine=engine(strict=strict))
        for _ in range(200):
            if not paused.pending:
                break
            some = chance.sample(paused.pending, chance.randint(1, len(paused.pending)))
            paused = await paused.resume({request.digest: Approve() for request in some})
        assert paused.output == output
        assert sorted(world.values()) == sorted(expected)
        await nothing_left_running()

    asyncio.run(main())
