"""Money that tools spend: stated, set aside before, settled after, and counted once from wherever a run goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sayso import Agent, ScriptedModel
from sayso.agents import Reply, call
from sayso.tools import ToolError, UsageError, tool
from sayso.tools.errors import LimitReached
from sayso.workflows import CallFailed, Limits, Run, Usage, engine, parallel, sequential
from sayso.workflows.runs.limits import Meter
from sayso.workflows.runs.protocols import Scope

from .replays import yes

SEARCHED: list[str] = []


@tool.egress(cost_usd=lambda arguments: 0.1 * len(arguments["words"].split()))
async def paid_search(words: str) -> str:
    """Searches; each word costs ten cents."""
    SEARCHED.append(words)
    if words == "broken":
        raise ToolError("the search is down")
    return f"found {words}"


@tool.write(cost_usd=2.0)
async def buy(item: str) -> str:
    """Buys."""
    if item == "nothing":
        raise ToolError("sold out")
    return f"bought {item}"


def searcher(*searches: str) -> Agent[str]:
    """Searches for all of them in one reply."""
    asked = Reply(calls=tuple(call("paid_search", words=words) for words in searches))
    script = lambda request: asked if len(request.messages) < 2 else "Done."  # noqa: E731
    return Agent(ScriptedModel(script, repeat=True), name="searcher", tools=[paid_search])


ASKED = {
    "one": (["a b"], 0.2),
    "several at once": (["a b", "c"], 0.3),
    "one of them down": (["a b", "broken"], 0.2),
    "arguments that do not fit": (["a", ["b"]], 0.1),
}


@pytest.mark.parametrize(("searches", "spent"), ASKED.values(), ids=ASKED)
async def test_a_read_costs_what_the_tool_says_where_it_brought_something(searches: Any, spent: float) -> None:
    result = await searcher(*searches).run("go", limits=Limits(spend_usd=1))
    assert (result.output, round(result.usage.spend_usd, 6), result.usage.tool_calls) == ("Done.", spent, len(searches))


async def test_reads_that_cost_too_much_together_are_not_begun() -> None:
    SEARCHED.clear()
    with pytest.raises(LimitReached, match="spend_usd") as reached:
        await searcher("a b", "c").run("go", limits=Limits(spend_usd=0.25))
    assert (SEARCHED, reached.value.partial.usage.spend_usd) == ([], 0.0)


@pytest.mark.parametrize("stated", [-1.0, float("nan"), float("inf"), "much", None])
async def test_a_cost_that_is_no_amount_is_refused_before_anything_happens(stated: Any) -> None:
    @tool.write(cost_usd=lambda _: stated)
    async def odd(item: str) -> str:
        """Buys."""
        raise AssertionError(item)

    with pytest.raises(UsageError, match="odd says that a call costs"):
        await sequential(odd).run("a", approve=yes)


async def shops(run: Run, item: str) -> str:
    """Searches, tries to buy what is not there, buys what is, and says how it went."""
    await run.call(paid_search, words="a b c")
    try:
        await run.call(buy, item="nothing")
    except ToolError as error:
        return f"{error}; {await run.call(buy, item=item)}"
    return "odd"


async def test_money_is_the_same_from_every_cut() -> None:
    flow = parallel(sequential(shops, name="first"), sequential(shops, name="second"), searcher("a"), name="all")
    home = engine(strict=True)
    whole = await flow.run("tea", approve=yes, engine=home, run_id="r1")
    assert (whole.usage._replace(spend_usd=round(whole.usage.spend_usd, 6))) == Usage(0, 0, 0.0, 2, 7, 4.7)
    entries = home.journal("r1")
    for cut in range(len(entries) + 1):
        again = engine(strict=True).restore(flow.execute, "tea", "r1", entries[:cut], lambda: Scope(approve=yes))
        try:
            usage = (await again.execute(suspends=True)).usage
        except CallFailed:  # cut between a write's intent and its receipt: nobody knows, and nobody tries again
            continue
        assert usage.spend_usd == pytest.approx(4.7), f"cut after {cut}"


async def test_money_that_came_back_may_be_spent_by_another_branch_after_a_restart() -> None:
    came_back = asyncio.Event()

    async def fails(run: Run, value: str) -> str:
        try:
            await run.call(buy, item="nothing")
        except ToolError:
            came_back.set()
        return "sold out"

    async def after(_: str) -> bool:
        return await came_back.wait()

    async def patient(run: Run, value: str) -> Any:
        await run.step("after", after, value)
        return await run.call(buy, item=value)

    # The one that buys later comes first, so that after a restart it is at its purchase before the other has gone over its own.
    flow = parallel(sequential(patient, name="patient"), sequential(fails, name="fails"), name="both")
    home = engine(strict=True)
    result = await flow.run("tea", approve=yes, engine=home, run_id="r1", limits=Limits(spend_usd=2.0))
    assert (result.output, result.usage.spend_usd) == (("bought tea", "sold out"), 2.0)
    entries = home.journal("r1")
    bought = next(place for place, entry in enumerate(entries) if "patient" in entry.run and entry.name.startswith("intent:"))

    again = engine(strict=True).restore(
        flow.execute, "tea", "r1", entries[:bought], lambda: Scope(approve=yes, meter=Meter(Limits(spend_usd=2.0)))
    )
    resumed = await again.execute(suspends=True)
    assert (resumed.output, resumed.usage.spend_usd) == (("bought tea", "sold out"), 2.0)
