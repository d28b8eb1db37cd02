"""What does not fit is said in a sentence that names it and what to do: when it is built where that is possible, else when it is run."""

# What is built here is wrong on purpose.
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from sayso import research
from sayso.agents import Agent, ScriptedModel
from sayso.tools import UsageError, WorkflowError
from sayso.workflows import (
    App,
    Draft,
    Failed,
    Limits,
    RoundsUsedUp,
    Run,
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

from .small_steps import one_more, size_of


async def words(text: str) -> str:
    return text


async def anything(value):  # type: ignore[no-untyped-def]
    return value


async def drafts(task: str | Draft) -> str:
    return str(task)


async def lies(number: int) -> int:
    return "one"  # type: ignore[return-value]


async def no_text(task: Any) -> str:
    return 3  # type: ignore[return-value]


async def several(number: int) -> AsyncIterator[int]:
    yield number


async def scaled(number: int, *, scale: int) -> int:
    return number * scale


class Scale:
    async def __call__(self, number: int) -> int:
        return number


class Size(Enum):
    BIG = 1


def size(number: int) -> Size:
    return Size.BIG


def another() -> Any:
    async def one_more(number: int) -> int:
        return number + 2

    return one_more


BUILT: dict[str, tuple[Callable[[], object], str]] = {
    "a hand-over": (lambda: sequential(one_more, words), "sequential: one_more returns an int, but words takes a str. Change one of them"),  # pyright: ignore[reportArgumentType]
    "a join of another arity": (
        lambda: parallel(one_more, one_more, join=lambda a: a),  # pyright: ignore[reportArgumentType, reportCallIssue]
        "has 2 branches, and its join '<lambda>' cannot take 2",
    ),
    "no way": (lambda: conditional(one_more, {}), "conditional has no cases to choose from."),
    "ways without choices": (lambda: conditional(one_more, [one_more]), "Write them as a dict from choices to steps."),  # type: ignore[call-overload]
    "no rounds": (lambda: iterate(one_more, until=bool, max_rounds=0), "max_rounds=0; it takes a whole number, at least one."),
    "rounds as text": (
        lambda: iterate(one_more, until=bool, max_rounds="3"),  # type: ignore[arg-type]
        "iterate has max_rounds='3'; it takes a whole number",
    ),
    "half a round": (lambda: iterate(one_more, until=bool, max_rounds=2.5), "has max_rounds=2.5; it takes a whole"),  # type: ignore[arg-type]
    "no rounds to reflect": (lambda: reflect(anything, anything, rounds=0), "rounds=0; it takes a whole number"),
    "no tries": (lambda: best_of(one_more, 0, score=bool), "best_of has n=0; it takes a whole number"),
    "nobody at once": (lambda: map_each(one_more, concurrency=0), "concurrency=0; it takes a whole number"),
    "a word for failures": (lambda: map_each(one_more, on_error="ignore"), "on_error='ignore'; it takes 'cancel' or"),  # type: ignore[call-overload]
    "another word for failures": (lambda: parallel(one_more, on_error=None), "on_error=None; it takes 'cancel' or"),  # type: ignore[call-overload]
    "a number for a join": (lambda: parallel(one_more, join=3), "parallel has join=3; it takes a function of"),  # type: ignore[call-overload]
    "a step that was called": (
        lambda: sequential(one_more(1)),  # pyright: ignore[reportArgumentType]
        "one_more was called where it is wanted as a step. Pass one_more itself.",
    ),  # type: ignore[call-overload]
    "a lambda": (lambda: sequential(lambda n: n), "<lambda> is not async, so it cannot be awaited as a step. Wrap it: step(lambda"),  # type: ignore[call-overload]
    "no function to lift": (lambda: step(3), "step() takes a function, not 3."),  # type: ignore[call-overload]
    "fewer tries than none": (lambda: step(one_more, retries=-1), "The step one_more has retries=-1; it takes a number, not below zero."),
    "a time as text": (lambda: step(one_more, timeout_seconds="3"), "timeout_seconds='3'; it takes a number"),  # type: ignore[call-overload]
    "a name with a slash": (lambda: sequential(one_more, name="a/b"), "A sequential cannot be named 'a/b': its name is part of"),
    "a step's name with a slash": (lambda: step(one_more, name="a/b"), "A step cannot be named 'a/b'"),
    "a name that is none": (lambda: parallel(one_more, name=""), "A parallel cannot be named ''"),
    "limits as a dict": (lambda: sequential(one_more, limits={"seconds": 3}), "Write limits=Limits(model_calls=10, cost_usd"),  # type: ignore[call-overload]
    "a limit below zero": (lambda: Limits(seconds=-1), "Limits(seconds=-1): a limit is a number, not below zero"),
    "a limit as text": (lambda: Limits(tokens="3"), "Limits(tokens='3'): a limit is a number"),  # type: ignore[arg-type]
    "a limit that is not a number": (lambda: Limits(cost_usd=float("nan")), "Limits(cost_usd=nan): a limit is a number"),
    "ways that all take another": (
        lambda: sequential(one_more, conditional(bool, {True: words, False: words})),  # pyright: ignore[reportArgumentType]
        "but conditional takes a str",
    ),
    "then another": (lambda: sequential(one_more).then(words), "sequential: one_more returns an int, but words takes a str."),  # pyright: ignore[reportArgumentType]
    "branches that take another": (lambda: sequential(one_more, parallel(anything, words)), "but parallel takes a str"),  # pyright: ignore[reportArgumentType]
    "a critic of another": (lambda: reflect(drafts, one_more), "reflect: drafts returns a str, but one_more takes an int."),  # pyright: ignore[reportArgumentType]
    "a writer of no drafts": (lambda: reflect(words, words), "words takes a str, and from the second round on it is given a Draft"),  # pyright: ignore[reportArgumentType]
    "no steps": (lambda: sequential(), "sequential() needs at least one step."),  # type: ignore[call-overload]
    "a number": (lambda: sequential(one_more, 7), "7 cannot be a step. A step is an async function, a tool, an agent"),  # type: ignore[call-overload]
    "a sync function": (lambda: sequential(len), "Write async def len(...), or wrap it: step(len)."),  # type: ignore[call-overload]
    "a class": (lambda: sequential(Scale), "Scale is a class, but a step is one of its objects. Pass Scale(...)."),  # type: ignore[arg-type]
    "what yields": (lambda: sequential(several), "several yields values, but a step returns one. Let it return them as a list."),  # type: ignore[call-overload]
    "what yields, lifted": (lambda: step(several), "several yields values, but a step returns one"),
    "an argument by name": (
        lambda: sequential(scaled),  # pyright: ignore[reportArgumentType]
        "scaled needs scale=, but a step is given one value. Bind it: functools.partial(scaled, ",
    ),  # type: ignore[call-overload]
    "a truth for a number": (lambda: best_of(one_more, True, score=int), "best_of has n=True; it takes a whole number"),
    "ways by another word than is chosen": (
        lambda: conditional(size, {"big": one_more}),
        "size returns a Size, so it never chooses 'big'. Use the values",
    ),
    "two flows of one name": (lambda: App(flows=[sequential(one_more), sequential(words)]), "two flows named 'sequential'"),
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
        "words chose 'z', but the choices are 'a'. Add it, or a",
    ),
    "a way that can be none": (conditional(lambda _: [1], {"a": words}), "z", "chose [1], but the choices are"),
    "handed to the first": (sequential(one_more), "x", "sequential: it was given a str, but one_more takes an int."),
    "handed on": (sequential(anything, one_more), "x", "sequential: anything returned a str, but one_more takes an int."),
    "another type than said": (sequential(lies), 1, "sequential: lies is annotated to return an int, but returned a str."),
    "another than said in a branch": (parallel(one_more, lies), 1, "parallel: lies is annotated to return an int, but returned a str."),
    "another than said for an item": (map_each(lies), [1], "map_each: lies is annotated to return an int, but returned a str."),
    "another than said in a try": (best_of(lies, 2, score=len), 1, "best_of: lies is annotated to return an int, but returned a str."),  # pyright: ignore[reportArgumentType]
    "another than said on a way": (
        conditional(bool, {True: lies}),
        1,
        "conditional: lies is annotated to return an int, but returned",
    ),
    "another than said in a round": (
        iterate(lies, until=bool, max_rounds=2),
        1,
        "iterate: lies is annotated to return an int, but returned a str.",
    ),
    "another draft than said": (reflect(no_text, anything), 1, "reflect: no_text is annotated to return a str, but returned an int."),
    "no list but a number": (map_each(one_more), 3, "map_each was given an int; it takes a list"),
    "handed to a branch": (parallel(anything, one_more), "x", "parallel: it was given a str, but one_more takes an int."),
    "an item": (map_each(one_more), [1, "x"], "map_each: it was given a str, but one_more takes an int."),
    "no list": (map_each(one_more), "abc", "map_each was given a str; it takes a list, and executes one_more for each item."),
    "then a step": (sequential(anything).then(one_more), "x", "sequential: anything returned a str, but one_more takes an int."),
    "handed down a way": (conditional(bool, {True: one_more}), "x", "conditional: it was given a str, but one_more takes an int."),
    "handed back": (iterate(step(str, name="text"), until=bool, max_rounds=2), 1, ""),
    "a score that is none": (best_of(one_more, 2, score=lambda _: None), 1, "returned None, which cannot be compared. A score is a number"),  # pyright: ignore[reportArgumentType]
    "a score that is not a number": (best_of(one_more, 2, score=lambda _: math.nan), 1, "<lambda> returned nan, which cannot be compared"),
    "what a critic reads": (reflect(anything, one_more), "x", "reflect: it was given a str, but one_more takes an int."),
}


@pytest.mark.parametrize(("flow", "value", "said"), RUN.values(), ids=RUN)
async def test_it_is_said_when_it_is_run(flow: Any, value: object, said: str) -> None:
    if not said:  # what fits goes through
        assert (await flow.run(value)).output == "1"
        return
    with pytest.raises(UsageError) as wrong:
        await flow.run(value)
    assert said in str(wrong.value)


OFFERED: dict[str, tuple[dict[str, Any], str]] = {
    "an engine's place": ({"engine": "sqlite:///x.db"}, "Write engine=sayso.engine('sqlite:///x.db')."),
    "limits as a dict": ({"limits": {"seconds": 3}}, "limits={'seconds': 3} is not a Limits. Write limits=Limits("),
    "a word for an approver": (
        {"approve": "yes"},
        "approve='yes' cannot answer approval requests. Pass an async function that",
    ),
    "a path for a run's id": ({"run_id": "a/b"}, "'a/b' cannot be a run id. Use a text without a slash"),
    "a number for a run's id": ({"run_id": 3}, "3 cannot be a run id. Use a text without a slash"),
}


@pytest.mark.parametrize(("options", "said"), OFFERED.values(), ids=OFFERED)
async def test_a_run_says_which_of_its_options_is_none(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as wrong:
        await sequential(one_more).run(1, **options)
    assert said in str(wrong.value)


OPTIONS = "approve, deps, engine, grants, limits, run_id, user"
RESEARCH_OPTIONS = (
    "again, approve, cache_age, choose, competitors, concurrency, dialect, engine, kind, limits, max_cost, max_pages, "
    "minutes, model, pages, reader, rounds, run_id, search, second_opinion, sites, snapshots, user, web"
)
UNKNOWN: dict[str, tuple[Callable[[], object], str]] = {
    "a workflow": (lambda: sequential(one_more).run_sync(1, limit=None), f"no option 'limit'. Their options are: {OPTIONS}."),  # type: ignore[call-arg]
    "a history": (lambda: sequential(one_more).run_sync(1, history=()), f"no option 'history'. Their options are: {OPTIONS}."),  # type: ignore[call-arg]
    "a stream": (lambda: sequential(one_more).run_stream(1, approved=True), "no option 'approved'."),  # type: ignore[call-arg]
    "an agent": (
        lambda: Agent(ScriptedModel("x")).run_sync("x", approved=True),  # type: ignore[call-arg]
        "no option 'approved'. Their options are: approve, deps, engine, grants, history, limits, run_id, sampling, user.",
    ),
    "a research": (lambda: research.run_sync("x", competitor=5), f"no option 'competitor'. Their options are: {RESEARCH_OPTIONS}."),  # type: ignore[call-arg]
    "deps of a research": (lambda: research.run_sync("x", deps=3), f"no option 'deps'. Their options are: {RESEARCH_OPTIONS}."),  # type: ignore[call-arg]
}


@pytest.mark.parametrize(("run", "message"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_option_is_a_type_error_that_lists_those_there_are(run: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError) as wrong:
        run()
    assert message in str(wrong.value)


async def test_failures_that_are_collected_are_no_wrong_type() -> None:
    async def picky(number: int) -> int:
        raise ValueError(str(number))

    both = await parallel(picky, one_more, on_error="collect").run(1)
    assert [isinstance(each, Failed) for each in both.output] == [True, False]
    assert [str(each.error) for each in (await map_each(picky, on_error="collect").run([1])).output if isinstance(each, Failed)] == ["1"]


async def test_what_was_best_so_far_is_in_the_error_of_rounds_used_up() -> None:
    with pytest.raises(RoundsUsedUp, match="not done after 3 rounds") as used_up:
        await iterate(one_more, until=lambda _: False, max_rounds=3).run(1)
    assert used_up.value.best == 4


async def twice(run: Run, number: int) -> int:
    await run.step("count", one_more, number)
    return int(await run.step("count", one_more, number))


async def steps_of_an_agent(run: Run, number: int) -> Any:
    return await run.step("ask", Agent(ScriptedModel("x")), number)


async def steps_of_a_tool(run: Run, number: int) -> Any:
    return await run.step("look", size_of, number)  # type: ignore[arg-type]


async def calls_a_function(run: Run, number: int) -> Any:
    return await run.call(one_more, value=number)  # type: ignore[arg-type]


MISUSED: dict[str, tuple[Any, str]] = {
    "an agent as a function": (
        steps_of_an_agent,
        "<agent agent> as the step 'ask'; it is more than a function. Write run.child('ask', ...).",
    ),
    "a tool as a function": (
        steps_of_a_tool,
        "<read tool size_of> as the step 'look'; it is more than a function. Write run.call(tool, ...)",
    ),
    "a function as a tool": (calls_a_function, "run.call takes a tool, not <function one_more at"),
}


@pytest.mark.parametrize(("code", "said"), MISUSED.values(), ids=MISUSED)
async def test_workflow_code_is_told_which_door_to_take(code: Any, said: str) -> None:
    with pytest.raises(WorkflowError) as wrong:
        await sequential(code).run(1)
    assert said in str(wrong.value)


DURABLE: dict[str, tuple[Any, str]] = {
    "a lambda": (sequential(one_more, step(lambda n: n)), "Step 1 of sequential is a lambda"),
    "a lambda deep inside": (sequential(parallel(one_more, step(lambda n: n), name="both")), "Step 1 of sequential/both is a lambda"),
    "two functions of one name": (sequential(one_more, another()), "sequential has two different steps named 'one_more'"),
    "two agents of one name": (
        parallel(*[Agent(ScriptedModel("x"), instructions=said) for said in ("Write.", "Grade.")]),
        "parallel has two different steps named 'agent'",
    ),
    "a step twice in code": (
        sequential(twice),
        "has two steps named 'count'; a name is a position and can be used once. Give",
    ),
}


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize(("flow", "said"), DURABLE.values(), ids=DURABLE)
async def test_a_journal_needs_names_that_tell(flow: Any, said: str, durable: bool, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as wrong:
        await flow.run(1, engine=engine(f"sqlite:///{tmp_path}/runs.db") if durable else engine(strict=True))
    assert said in str(wrong.value)


async def test_several_of_one_kind_may_have_one_name() -> None:
    writers = [Agent(ScriptedModel("x"), instructions="Write.") for _ in range(3)]
    assert (await parallel(*writers).run("x", engine=engine(strict=True))).output == ("x", "x", "x")


async def test_one_function_may_stand_twice_in_a_shape() -> None:
    assert (await sequential(one_more, one_more, step(one_more, retries=1)).run(1, engine=engine(strict=True))).output == 4
