"""Stand-ins: what tools return in an evaluation instead of being performed: no server is needed, and a case is the same each day."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sayso import Agent, Limits, ScriptedModel, ToolError, step, tool
from sayso.agents import ModelRequest
from sayso.agents.evaluation import Case, CaseStatus, evaluate, read_suite, write_suite
from sayso.agents.evaluation.suites import Suite
from sayso.tools.calls import Outcome
from sayso.tools.errors import UsageError

PERFORMED: list[str] = []


@pytest.fixture(autouse=True)
def nothing_performed() -> None:
    PERFORMED.clear()


@tool.read(trust="tool")
async def get_weather(city: str) -> str:
    """Ask a server."""
    PERFORMED.append(f"weather in {city}")
    return "It snows."


@tool.egress(trust="tool", cost_usd=0.5)
async def search(query: str) -> str:
    """Ask a search engine, which costs money."""
    PERFORMED.append(f"search for {query}")
    return "Found."


@tool.write(card="Book {city}")
async def book(city: str) -> str:
    """Book a hotel."""
    PERFORMED.append(f"booked {city}")
    return "booked"


def answer(request: ModelRequest) -> str:
    last = request.messages[-1]
    if results := getattr(last, "results", ()):
        return " | ".join(str(each.text) for each in results)
    return str(getattr(last, "text", ""))


def make_guide() -> Agent[str]:
    return Agent(ScriptedModel(answer, repeat=True), name="guide", tools=[get_weather, search, book])


RAINS = {"get_weather": "It rains."}
TOLD = {
    # what the model writes, the stand-ins, the answer, and what was really performed
    "a read": ('get_weather(city="Rome")', RAINS, "It rains.", []),
    "two of one": ('get_weather(city="Rome")\nget_weather(city="Oslo")', RAINS, "It rains. | It rains.", []),
    "one of two": ('get_weather(city="Rome")\nsearch(query="x")', RAINS, "It rains. | Found.", ["search for x"]),
    "one that costs": ('search(query="x")', {"search": ["a", "b"]}, '["a", "b"]', []),
    "two that cost": ('search(query="x")\nget_weather(city="Oslo")', {"search": "a"}, "a | It snows.", ["weather in Oslo"]),
    "a function": ('get_weather(city="Rome")', {"get_weather": lambda city: f"Sun in {city}."}, "Sun in Rome.", []),
}


@pytest.mark.parametrize(("said", "stand_ins", "told", "performed"), TOLD.values(), ids=TOLD)
@pytest.mark.parametrize("in_case", [False, True], ids=["evaluation", "case"])
async def test_a_stand_in_answers_for_a_tool(
    said: str, stand_ins: dict[str, object], told: str, performed: list[str], in_case: bool
) -> None:
    case = Case(name="a", input=said, stand_ins=stand_ins if in_case else {})
    result = (await evaluate([case], make_guide(), stand_ins={} if in_case else stand_ins)).results[0]
    assert (result.record.text, PERFORMED) == (told, performed)
    assert all(each.outcome is Outcome.DONE for each in result.record.calls)


async def test_wrong_arguments_are_refused_as_by_the_tool() -> None:
    result = (await evaluate([Case(name="a", input="get_weather(town=1)", stand_ins=RAINS)], make_guide())).results[0]
    assert {each.outcome for each in result.record.calls} == {Outcome.FAILED}


async def test_a_stand_in_may_fail_as_a_tool_does() -> None:
    def fail(city: str) -> str:
        raise ToolError(f"There is no {city}.")

    result = (
        await evaluate([Case(name="a", input='get_weather(city="Atlantis")')], make_guide(), stand_ins={"get_weather": fail})
    ).results[0]
    assert (result.record.text, result.record.calls[0].outcome) == ("There is no Atlantis.", Outcome.FAILED)


WRITES = {"ask": "", "reject": "The user said no. Nothing was done.", "pretend": "Room 7.", "perform": "Room 7."}


@pytest.mark.parametrize(("writes", "told"), WRITES.items())
async def test_a_write_with_a_stand_in_is_never_performed(writes: str, told: str) -> None:
    case = Case(name="a", input='book(city="Rome")')
    result = (await evaluate([case], make_guide(), writes=writes, stand_ins={"book": "Room 7."})).results[0]
    assert (result.record.text, PERFORMED) == (told, [])


async def test_a_stand_in_for_no_tool_is_refused() -> None:
    with pytest.raises(UsageError, match=r"stand_ins names 'get_wether', and guide has no such tool\. Tools: get_weather, search, book\."):
        await evaluate([Case(name="a", input="x", stand_ins={"get_wether": "x"})], make_guide())
    outer = Agent(ScriptedModel("x"), name="outer", tools=[make_guide().as_tool(description="Guides.")])
    with pytest.raises(UsageError, match="guide is a workflow as a tool"):
        await evaluate([Case(name="a", input="x")], outer, stand_ins={"guide": "x"})


async def test_stand_ins_reach_agents_inside_a_function() -> None:
    async def ask(question: str) -> str:
        return (await make_guide().run(question)).output

    result = (await evaluate([Case(name="a", input='get_weather(city="Rome")', stand_ins=RAINS)], ask)).results[0]
    assert (result.record.text, PERFORMED) == ("It rains.", [])


@pytest.mark.parametrize("name", ["cases.yaml", "cases.json"])
async def test_a_file_has_stand_ins(tmp_path: Path, name: str) -> None:
    suite = Suite(name="weather", cases=(Case(name="a", input='get_weather(city="Rome")', stand_ins=RAINS),))
    write_suite(suite, tmp_path / name)
    read = read_suite(tmp_path / name)
    assert read.cases[0].stand_ins == RAINS
    assert (await evaluate(read, make_guide())).results[0].record.text == "It rains."


async def test_other_stand_ins_are_another_evaluation(tmp_path: Path) -> None:
    ids = {
        (await evaluate([Case(name="a", input="x", stand_ins={"book": said})], make_guide(), store=tmp_path / "runs.db", keep_open=True)).id
        for said in ("a", "b", "a")
    }
    assert len(ids) == 2


async def test_a_case_that_hangs_ends_with_its_time() -> None:
    async def hang(question: str) -> str:
        await asyncio.Event().wait()
        return question

    evaluation = await evaluate([Case(name="a", input="x"), Case(name="b", input="y")], step(hang), limits=Limits(seconds=0.05))
    assert [(each.status, "seconds" in each.reason) for each in evaluation.results] == [(CaseStatus.ERROR, True)] * 2
