"""What does not fit is said in a sentence that names it and what to do: when it is built where that is possible, else when it is run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import UsageError
from sayso.workflows import App, RoundsUsedUp, Run, best_of, conditional, engine, iterate, map_each, parallel, reflect, sequential, step


async def more(number: int) -> int:
    return number + 1


async def words(text: str) -> str:
    return text


async def anything(value):  # type: ignore[no-untyped-def]
    return value


async def lies(number: int) -> int:
    return "one"  # type: ignore[return-value]


def another() -> Any:
    async def more(number: int) -> int:
        return number + 2

    return more


BUILT: dict[str, tuple[Callable[[], object], str]] = {
    "a hand-over": (lambda: sequential(more, words), "sequential: more gives an int, and words takes a str. Change one of them"),
    "a join of another arity": (lambda: parallel(more, more, join=lambda a: a), "has 2 branches, and its join '<lambda>' cannot take 2"),
    "no way": (lambda: conditional(more, {}), "conditional has no ways to choose from."),
    "no rounds": (lambda: iterate(more, until=bool, max_rounds=0), "max_rounds=0; it needs at least one."),
    "no rounds to reflect": (lambda: reflect(words, words, rounds=0), "rounds=0; it needs at least one."),
    "no tries": (lambda: best_of(more, 0, score=bool), "n=0; it needs at least one try."),
    "nobody at once": (lambda: map_each(more, concurrency=0), "concurrency=0; it needs at least one."),
    "no steps": (lambda: sequential(), "sequential() needs at least one step."),  # type: ignore[call-overload]
    "a number": (lambda: sequential(more, 7), "7 is no step. A step is an async function, a tool, an agent"),  # type: ignore[call-overload]
    "a sync function": (lambda: sequential(len), "Write async def len(...), or lift it: step(len)."),  # type: ignore[call-overload]
    "two flows of one name": (lambda: App(flows=[sequential(more), sequential(words)]), "two flows named 'sequential'"),
}


@pytest.mark.parametrize(("build", "said"), BUILT.values(), ids=BUILT)
def test_it_is_said_when_it_is_built(build: Callable[[], object], said: str) -> None:
    with pytest.raises(UsageError) as wrong:
        build()
    assert said in str(wrong.value)


RUN: dict[str, tuple[Any, object, str]] = {
    "an unknown way": (
        conditional(words, {"a": words}),
        "z",
        "words chose 'z', and there is no such way (ways: 'a'). Add it, or a",
    ),
    "a way that can be none": (conditional(lambda _: [1], {"a": words}), "z", "chose [1], and there is no such way"),
    "handed to the first": (sequential(more), "x", "sequential: it was handed a str, and more takes an int."),
    "handed on": (sequential(anything, more), "x", "sequential: anything gave a str, and more takes an int."),
    "another type than said": (sequential(lies), 1, "sequential: lies says that it gives an int, and gave a str."),
    "handed to a branch": (parallel(anything, more), "x", "parallel: it was handed a str, and more takes an int."),
    "an item": (map_each(more), [1, "x"], "map_each: it was handed a str, and more takes an int."),
    "no list": (map_each(more), "abc", "map_each was handed a str; it takes a list, and does more for each item."),
    "handed down a way": (conditional(bool, {True: more}), "x", "conditional: it was handed a str, and more takes an int."),
    "handed back": (iterate(step(str, name="text"), until=bool, max_rounds=2), 1, ""),
    "a score that is none": (best_of(more, 2, score=lambda _: None), 1, "gave None, which cannot be compared. A score is a number"),
    "what a critic reads": (reflect(anything, more), "x", "reflect: it was handed a str, and more takes an int."),
}


@pytest.mark.parametrize(("flow", "value", "said"), RUN.values(), ids=RUN)
async def test_it_is_said_when_it_is_run(flow: Any, value: object, said: str) -> None:
    if not said:  # what fits goes through
        assert (await flow.run(value)).output == "1"
        return
    with pytest.raises(UsageError) as wrong:
        await flow.run(value)
    assert said in str(wrong.value)


async def test_what_was_best_so_far_is_in_the_error_of_rounds_used_up() -> None:
    with pytest.raises(RoundsUsedUp, match="not done after 3 rounds") as used_up:
        await iterate(more, until=lambda _: False, max_rounds=3).run(1)
    assert used_up.value.best == 4


async def twice(run: Run, number: int) -> int:
    await run.step("count", more, number)
    return int(await run.step("count", more, number))


DURABLE: dict[str, tuple[Any, str]] = {
    "a lambda": (sequential(more, step(lambda n: n)), "Step 1 of sequential is a lambda"),
    "a lambda deep inside": (sequential(parallel(more, step(lambda n: n), name="both")), "Step 1 of sequential/both is a lambda"),
    "two functions of one name": (sequential(more, another()), "sequential has two different steps named 'more'"),
    "a step twice in code": (
        sequential(twice),
        "has two steps named 'count'; a name is a position and stands once. Give",
    ),
}


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize(("flow", "said"), DURABLE.values(), ids=DURABLE)
async def test_a_journal_needs_names_that_tell(flow: Any, said: str, durable: bool, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as wrong:
        await flow.run(1, engine=engine(f"sqlite:///{tmp_path}/runs.db") if durable else engine(strict=True))
    assert said in str(wrong.value)


async def test_one_function_may_stand_twice_in_a_shape() -> None:
    assert (await sequential(more, more, step(more, retries=1)).run(1, engine=engine(strict=True))).output == 4
