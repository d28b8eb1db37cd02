"""Limits and what is below them: branches, nested workflows, agents, writes; and that what was done is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sayso.agents import Agent, Reply, Sampling, ScriptedModel
from sayso.tools import LimitReached, tool
from sayso.workflows import Limits, Run, RunResult, Usage, Workflow, best_of, conditional, iterate, map_each, parallel, reflect, sequential
from sayso.workflows.runs.limits import Meter

from .replays import nothing_left_running, yes


@tool.read
async def look(what: str) -> str:
    """Looks."""
    return what


@tool.write(cost_usd=1.0)
async def pay(what: str) -> str:
    """Pays a dollar."""
    return what


async def by_hand(run: Run, what: str) -> str:
    """Workflow code around it."""
    return await run.child("inner", INNER, what)


INNER = sequential(look, look, limits=Limits(tool_calls=1), name="inner")
AROUND: dict[str, tuple[Workflow[Any, Any], Any]] = {
    "alone": (INNER, "x"),
    "sequential": (sequential(INNER), "x"),
    "parallel": (parallel(INNER), "x"),
    "map_each": (map_each(INNER), ["x"]),
    "best_of": (best_of(INNER, 1, score=len), "x"),
    "conditional": (conditional(len, {1: INNER}), "x"),
    "iterate": (iterate(INNER, until=len, max_rounds=1), "x"),
    "reflect": (reflect(INNER, look), "x"),  # pyright: ignore[reportArgumentType]
    "workflow code": (sequential(by_hand), "x"),
    "two levels down": (parallel(sequential(parallel(INNER))), "x"),
}


@pytest.mark.parametrize(("flow", "value"), AROUND.values(), ids=AROUND)
async def test_the_limits_of_a_nested_workflow_hold_in_every_shape(flow: Workflow[Any, Any], value: Any) -> None:
    with pytest.raises(LimitReached, match="tool_calls = 1"):
        await flow.run(value)
    await nothing_left_running()


@pytest.mark.parametrize(
    "flow",
    [sequential(look, look, look), parallel(look, look, look), parallel(sequential(look, look), look)],
    ids=["in order", "beside each other", "a sequence in a branch"],
)
async def test_what_children_use_counts_on_their_parents(flow: Workflow[Any, Any]) -> None:
    assert (await flow.run("x", limits=Limits(tool_calls=3))).usage.tool_calls == 3
    with pytest.raises(LimitReached) as caught:
        await flow.run("x", limits=Limits(tool_calls=2), run_id="r1")
    partial = caught.value.partial
    assert isinstance(partial, RunResult)
    assert (caught.value.run_id, partial.run_id, partial.finished, partial.usage.tool_calls) == ("r1", "r1", False, 2)


async def test_a_limit_that_one_branch_reaches_can_be_collected_by_the_others() -> None:
    tight = sequential(look, look, limits=Limits(tool_calls=1), name="tight")
    good, bad = (await parallel(look, tight, on_error="collect").run("x")).output
    assert (good, bad.name, type(bad.error)) == ("x", "tight.1", LimitReached)


@pytest.mark.parametrize(
    "flow", [parallel(pay, pay, pay, on_error="collect"), map_each(pay, on_error="collect")], ids=["parallel", "map_each"]
)
async def test_the_last_dollar_is_spent_once(flow: Workflow[Any, Any]) -> None:
    value: Any = ["x", "x", "x"] if flow.kind == "map_each" else "x"
    result = await flow.run(value, approve=yes, limits=Limits(spend_usd=2))
    assert sum(each == "x" for each in result.output) == 2
    assert result.usage.spend_usd == 2.0


async def test_two_agents_side_by_side_do_not_both_take_the_last_model_call() -> None:
    agents = [Agent(ScriptedModel(Reply("done", usage=Usage(10, 10, 0.01, 1)), repeat=True), name=name) for name in ("ada", "bob", "eve")]
    results = (await parallel(*agents, on_error="collect").run("go", limits=Limits(model_calls=2))).output
    assert [type(each) for each in results].count(str) == 2
    assert all(isinstance(each, str) or isinstance(each.error, LimitReached) for each in results)


async def test_seconds_of_a_branch_end_that_branch_alone() -> None:
    async def forever(value: Any) -> Any:
        await asyncio.Event().wait()

    slow = sequential(forever, limits=Limits(seconds=0.01), name="slow")
    bad, good = (await parallel(slow, look, on_error="collect").run("x")).output
    assert (good, type(bad.error), bad.error.limit) == ("x", LimitReached, "seconds")
    await nothing_left_running()


def test_what_is_refused_is_not_counted_anywhere() -> None:
    parent = Meter(Limits(tool_calls=10, model_calls=10, tokens=100, cost_usd=1, spend_usd=1))
    child = Meter(Limits(tool_calls=1, model_calls=1, tokens=50, cost_usd=0.5, spend_usd=0.5), parent)
    before = (child.usage, parent.usage)
    for refused in (
        lambda: child.count_tool_calls(2),
        lambda: child.begin_model_call(Usage(40, 20)),
        lambda: child.begin_model_call(Usage(1, 1, 0.6)),
        lambda: child.spend(0.6),
    ):
        with pytest.raises(LimitReached):
            refused()
    assert (child.usage, parent.usage) == before
    child.begin_model_call(Usage(10, 10, 0.4))
    child.end_model_call(Usage(5, 1, 0.1), Usage(10, 10, 0.4))
    assert child.usage == parent.usage == Usage(5, 1, pytest.approx(0.1), 1, 0, 0.0)  # pyright: ignore[reportArgumentType]


def test_ten_dimes_make_a_dollar() -> None:
    meter = Meter(Limits(spend_usd=1))
    for _ in range(10):
        meter.spend(0.1)
    with pytest.raises(LimitReached, match="spend_usd"):
        meter.spend(0.01)


@pytest.mark.parametrize("limits", [Limits(tool_calls=0), Limits(seconds=0), Limits(model_calls=0)], ids=str)
async def test_nothing_allowed_means_nothing_done(limits: Limits) -> None:
    async def wait(value: Any) -> Any:
        await asyncio.Event().wait()

    model = ScriptedModel(Reply("done"), repeat=True)
    flow = sequential(wait) if limits.seconds == 0 else sequential(look) if limits.tool_calls == 0 else sequential(Agent(model))
    with pytest.raises(LimitReached):
        await flow.run("x", limits=limits)
    await nothing_left_running()


def speaking(said: Sampling | None = None, of_the_model: Sampling | None = None) -> Agent[str]:
    model = ScriptedModel("x")
    model.sampling = of_the_model  # type: ignore[attr-defined]
    return Agent(model, sampling=said)


LENGTHS = {
    "nobody says": (speaking(), 4096),
    "the agent says": (speaking(Sampling(max_tokens=50), Sampling(max_tokens=70)), 50),
    "the model says": (speaking(of_the_model=Sampling(max_tokens=70)), 70),
}


@pytest.mark.parametrize(("agent", "tokens"), LENGTHS.values(), ids=LENGTHS)
async def test_a_reply_is_counted_as_long_as_it_may_be_and_the_error_says_so(agent: Agent[str], tokens: int) -> None:
    with pytest.raises(LimitReached, match=rf"a reply of up to {tokens} tokens would make it .*sampling=Sampling\(max_tokens=") as caught:
        await agent.run("x", limits=Limits(tokens=tokens))
    assert caught.value.partial.usage == Usage()


COUNTED = {
    "the schema of a tool": (Agent(ScriptedModel("x"), tools=[look], sampling=Sampling(max_tokens=1)), "x"),
    "a script of long characters": (Agent(ScriptedModel("x"), sampling=Sampling(max_tokens=1)), "日本語" * 9),
}


@pytest.mark.parametrize(("agent", "question"), COUNTED.values(), ids=COUNTED)
async def test_all_that_is_sent_is_counted_before(agent: Agent[str], question: str) -> None:
    with pytest.raises(LimitReached, match="tokens = 20 "):
        await agent.run(question, limits=Limits(tokens=20))
