"""An agent that is a tool of another: what it is given, what it may do, what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from sayso.agents import Agent, Message, Reply, ScriptedModel, call
from sayso.agents.messages import AssistantMessage, ToolMessage
from sayso.tools import Approve, LimitReached, NotFinished, Outcome, Reject, ToolContext, UsageError, tool
from sayso.tools.effects import Effect, Secrecy
from sayso.workflows import Limits, RunResult, engine, map_each, sequential, step


@tool.write(card="E-mail to {to}: {text}")
async def mail(to: str, text: str, context: ToolContext[list[str]]) -> str:
    """Sends an e-mail."""
    context.deps.append(f"{to}: {text}")
    return f"sent to {to}"


@tool.egress
async def look_up(query: str) -> str:
    """Searches the web."""
    return f"a stranger says: {query} is green"


@tool.read
async def diary(day: str) -> str:
    """Reads the diary."""
    return "dinner with Ada"


@tool.read(secrecy=Secrecy.PUBLIC)
async def clock() -> str:
    """Tells the time."""
    return "noon"


def shown(message: Message) -> list[tuple[Outcome, str]]:
    assert isinstance(message, ToolMessage)
    return [(result.outcome, result.text) for result in message.results]


def asking(*tasks: tuple[str, str]) -> Reply:
    return Reply(calls=tuple(call(name, task=task) for name, task in tasks))


async def test_an_agent_asks_another_and_reads_its_answer() -> None:
    searcher = Agent(ScriptedModel(Reply(calls=(call("look_up", query="grass"),)), "Grass is green."), name="searcher", tools=[look_up])
    chief = Agent(
        ScriptedModel(asking(("searcher", "What colour is grass?")), "It is green."),
        tools=[searcher.as_tool(description="Finds things out on the web.")],
    )
    result = await chief.run("the colour of grass, please")
    assert result.output == "It is green."
    assert shown(result.messages[-2]) == [(Outcome.DONE, "Grass is green.")]
    (answer,) = result.messages[-2].results  # type: ignore[union-attr]
    assert (answer.origin, answer.trust, answer.secrecy) == ("searcher", "untrusted", "public")  # what it read sticks to what it says
    assert (result.usage.model_calls, result.usage.tool_calls) == (4, 2)


def test_its_schema_has_one_task_and_its_effect_is_the_widest_inside() -> None:
    def effect(*tools: Any) -> Effect:
        return Agent("m", name="a", instructions="Helps.", tools=tools).as_tool().effect

    assert [effect(), effect(clock), effect(clock, look_up), effect(mail, look_up)] == ["read", "read", "egress", "write"]
    writing = Agent("m", name="clerk", instructions="Writes letters.", tools=[mail]).as_tool(name="LETTERS")
    assert effect(writing) is Effect.WRITE
    schema = writing.openai_schema()["function"]
    assert (schema["name"], schema["description"]) == ("LETTERS", "Asks an agent that is told: Writes letters.")
    assert list(schema["parameters"]["properties"]) == schema["parameters"]["required"] == ["task"]
    assert schema["parameters"]["properties"]["task"]["type"] == "string"


def test_it_needs_a_name_that_can_be_called_and_words_for_what_it_is() -> None:
    with pytest.raises(UsageError, match=r"'my clerk', because models could not call it. Write \.as_tool\(name='\.\.\.'\)"):
        Agent("m", name="my clerk", instructions="Helps.").as_tool()
    with pytest.raises(UsageError, match=r"clerk\.as_tool\(description='\.\.\.'\)"):
        Agent("m", name="clerk").as_tool()


def chief_with_clerk(*, clerk_says: Sequence[Reply | str] = ("I have written to Ada.",)) -> Agent[str]:
    clerk = Agent(
        ScriptedModel(Reply(calls=(call("mail", to="ada@example.org", text="hello"),)), *clerk_says),
        name="clerk",
        instructions="Writes letters.",
        tools=[mail],
    )
    return Agent(ScriptedModel(asking(("clerk", "write to Ada")), "Done."), tools=[clerk.as_tool()])


@pytest.mark.parametrize("strict", [False, True])
async def test_a_write_inside_asks_as_always_and_the_whole_run_waits(strict: bool) -> None:
    sent: list[str] = []
    result = await chief_with_clerk().run("write to Ada", deps=sent, engine=engine(strict=strict), run_id="r1")
    (request,) = result.pending  # the call of the clerk itself asks nobody
    assert (request.run_id, request.card, sent) == ("r1/clerk:0.0", "E-mail to ada@example.org: hello", [])
    with pytest.raises(NotFinished):
        _ = result.output
    result = await result.resume({request.digest: Approve()})
    assert (result.output, sent) == ("Done.", ["ada@example.org: hello"])
    assert (result.usage.model_calls, result.usage.tool_calls) == (4, 2)


async def test_a_no_is_told_to_the_agent_inside() -> None:
    sent: list[str] = []
    result = await chief_with_clerk(clerk_says=["It was refused."]).run("write to Ada", deps=sent)
    result = await result.resume({result.pending[0].digest: Reject("not now")})
    assert (result.output, sent) == ("Done.", [])
    assert shown(result.messages[-2]) == [(Outcome.DONE, "It was refused.")]


async def test_the_approver_of_the_caller_answers() -> None:
    async def yes(request: object) -> Approve:
        return Approve()

    sent: list[str] = []
    assert (await chief_with_clerk().run("write to Ada", deps=sent, approve=yes)).output == "Done."
    assert sent == ["ada@example.org: hello"]


async def test_what_the_chief_has_read_holds_for_the_agent_it_asks() -> None:
    searcher = Agent(ScriptedModel(Reply(calls=(call("look_up", query="Ada"),)), "Found."), name="searcher", tools=[look_up])
    chief = Agent(
        ScriptedModel(Reply(calls=(call("look_up", query="x"), call("diary", day="today"))), asking(("searcher", "Who is Ada?")), "Done."),
        tools=[look_up, diary, searcher.as_tool(description="Searches.")],
    )
    result = await chief.run("who is Ada?")
    (request,) = result.pending  # a search after private and untrusted text is asked about, wherever it stands
    assert (request.tool, request.run_id.partition("/")[2]) == ("look_up", "searcher:1.0")


async def test_agents_asked_in_one_reply_work_side_by_side() -> None:
    both = asyncio.Barrier(2)

    @tool.read
    async def meet(who: str) -> str:
        """Waits for the other."""
        await both.wait()
        return who

    def worker(name: str) -> Agent[str]:
        return Agent(ScriptedModel(Reply(calls=(call("meet", who=name),)), f"{name} was here."), name=name, tools=[meet])

    tools = [worker("ann").as_tool(description="Works."), worker("bob").as_tool(description="Works."), clock]
    model = ScriptedModel(Reply(calls=(call("clock"), call("ann", task="go"), call("bob", task="go"), call("clock"))), "Both were there.")
    result = await asyncio.wait_for(Agent(model, tools=tools).run("go"), 60)
    assert shown(result.messages[-2]) == [(Outcome.DONE, text) for text in ("noon", "ann was here.", "bob was here.", "noon")]
    assert result.output == "Both were there."


class Sum(BaseModel):
    total: int


async def test_a_typed_answer_comes_back_as_data_and_no_answer_as_a_failure() -> None:
    adder = Agent(ScriptedModel('{"total": 5}', "five", "five"), name="adder", output=Sum, output_tries=2)
    chief = Agent(
        ScriptedModel(asking(("adder", "2+3")), asking(("adder", "2+3")), "5"), name="chief", tools=[adder.as_tool(description="Adds.")]
    )
    result = await chief.run("2+3")
    told = [shown(message) for message in result.messages if isinstance(message, ToolMessage)]
    assert told[0] == [(Outcome.DONE, '{"total": 5}')]
    assert [(outcome, text.partition(":")[0]) for outcome, text in told[1]] == [(Outcome.FAILED, "adder gave no valid answer in 2 tries")]


def endless(name: str, limits: Limits | None) -> Agent[str]:
    return Agent(ScriptedModel(*[Reply(calls=(call("clock"),))] * 30), name=name, tools=[clock], limits=limits)


@pytest.mark.parametrize("strict", [False, True])
async def test_its_own_limit_is_a_failure_that_the_chief_is_told(strict: bool) -> None:
    tools = [endless("worker", Limits(model_calls=3)).as_tool(description="Works.")]
    result = await Agent(ScriptedModel(asking(("worker", "go")), "It gave up."), tools=tools).run("go", engine=engine(strict=strict))
    assert result.output == "It gave up."
    assert shown(result.messages[-2]) == [(Outcome.FAILED, "worker used up its limit: model_calls = 3.")]
    assert result.usage.model_calls == 5


async def test_the_limits_of_the_run_hold_inside() -> None:
    tools = [endless("worker", None).as_tool(description="Works.")]
    with pytest.raises(LimitReached) as reached:
        await Agent(ScriptedModel(asking(("worker", "go"))), tools=tools).run("go", limits=Limits(model_calls=4))
    assert (reached.value.limit, reached.value.allowed) == ("model_calls", 4)
    assert isinstance(reached.value.partial, RunResult)
    assert reached.value.partial.usage.model_calls == 4


def split(text: str) -> list[str]:
    return text.split(", ")


async def test_a_workflow_is_a_tool_too_and_each_step_may_have_a_model_of_its_own() -> None:
    plan = Agent(ScriptedModel("one, two"), name="plan")  # a large model plans, a light one does
    work = Agent(ScriptedModel("did one", "did two"), name="work")
    flow = sequential(plan, step(split, name="split"), map_each(work, concurrency=1), name="crew")
    chief = Agent(ScriptedModel(asking(("crew", "two things")), "All done."), tools=[flow.as_tool(description="Does several things.")])
    result = await chief.run("two things")
    assert shown(result.messages[-2]) == [(Outcome.DONE, '["did one", "did two"]')]
    assert isinstance(result.messages[-1], AssistantMessage)


async def test_workflow_code_calls_it_like_any_tool() -> None:
    searcher = Agent(ScriptedModel("Green."), name="searcher").as_tool(description="Finds things out.")
    assert (await sequential(searcher).run("What colour is grass?")).output == "Green."
