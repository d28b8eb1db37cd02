"""Models that pydantic-ai asks: its own adapter against a strict server on loopback, and its FunctionModel in a provider's place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai.exceptions import ModelConnectionError, ModelHTTPError, UserError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ThinkingPart, ToolCallPart
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.function import AgentInfo, DeltaThinkingPart, DeltaToolCall, FunctionModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.usage import RequestUsage

from sayso import Agent, Approve, engine, tool
from sayso.agents import PydanticAI, model_from
from sayso.agents.messages import AssistantMessage, NativeCall, Reply, Sampling, ToolMessage, UserMessage
from sayso.agents.models.model import CallDelta, Downgraded, Finished, ModelRequest, Notice, ReasoningDelta, TextDelta
from sayso.tools import ToolCall, ToolResult
from sayso.tools.errors import ModelError, UsageError
from sayso.workflows import Usage

from .fake_anthropic import FakeAnthropic, Refused, Said, redacted, text, think, use

HELLO = ModelRequest((UserMessage("hello"),))


class Naps(list[float]):
    """A sleep that takes no time and is remembered."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


async def yes(request: object) -> Approve:
    return Approve()


@tool.read
def search(query: str) -> str:
    """Search."""
    return f"found {query}"


ordered: list[str] = []


@tool.write
def order(item: str) -> str:
    """Order."""
    ordered.append(item)
    return f"ordered {item}"


@pytest.fixture(autouse=True)
def _nothing_is_ordered() -> None:
    ordered.clear()


@contextmanager
def bridged(*replies: Any, model: str = "claude-opus-5", **options: Any) -> Iterator[tuple[PydanticAI, FakeAnthropic]]:
    """pydantic-ai's own adapter for Anthropic, and the server that it asks."""
    with FakeAnthropic(list(replies)) as server:
        provider = AnthropicProvider(api_key="key", base_url=server.base_url)
        yield PydanticAI(AnthropicModel(model, provider=provider), sleep=Naps(), **options), server


async def run(agent: Agent[Any], asked: str, streamed: bool, **options: Any) -> Any:
    """Run an agent, with somebody who listens or without."""
    if not streamed:
        return await agent.run(asked, **options)
    *_, ended = [event async for event in agent.stream_emitted(asked, **options)]
    return ended.result


LOOK = Said([think("I should look."), redacted(), text("Let me see."), use("search", {"query": "x"})])
AGAIN = Said([think("Once more."), use("search", {"query": "y"}), use("search", {"query": "z"})])


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-haiku-4-5"])
@pytest.mark.parametrize("effort", [None, "high"])
async def test_thinking_goes_back_over_the_bridge(streamed: bool, model: str, effort: str | None) -> None:
    with bridged(LOOK, AGAIN, "Found.", model=model) as (claude, server):
        agent = Agent(claude, tools=[search], sampling=Sampling(reasoning_effort=effort))
        result = await run(agent, "Find x.", streamed)
        assert (result.output, server.refusals) == ("Found.", [])
        sent = [[block["type"] for block in message["content"]] for message in server.requests[2]["messages"][1:]]
        assert sent == [
            ["thinking", "redacted_thinking", "text", "tool_use"],
            ["tool_result"],
            ["thinking", "tool_use", "tool_use"],
            ["tool_result", "tool_result"],
        ]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_run_over_the_bridge_goes_on_from_the_database(tmp_path: Path, streamed: bool) -> None:
    both = Said([think("Both."), use("search", {"query": "x"}), use("order", {"item": "tea"})])
    with bridged(LOOK, both, "Done.", model="claude-opus-5-5") as (claude, server):
        url = f"sqlite:///{tmp_path / 'runs.db'}"
        paused = await run(Agent(claude, tools=[search, order]), "Order tea.", streamed, engine=engine(url), run_id="tea")
        assert (len(paused.pending), ordered) == (1, [])
        result = await run(Agent(claude, tools=[search, order]), "Order tea.", streamed, engine=engine(url), run_id="tea", approve=yes)
        assert (result.output, ordered, server.refusals) == ("Done.", ["tea"], [])


async def test_a_conversation_goes_on_over_runs_and_from_another_provider() -> None:
    with bridged(LOOK, "It is x.", AGAIN, "It is y.") as (claude, server):
        first = await Agent(claude, tools=[search]).run("What?")
        foreign = [
            UserMessage("Before."),
            AssistantMessage("", (ToolCall("0.0", "web.search", {"q": "half \ud83d"}),), True),
            ToolMessage((ToolResult("0.0", ""),), True),
            AssistantMessage(" "),
            ToolMessage((ToolResult("9.9", "nobody asked"),), True),
        ]
        second = await Agent(claude, tools=[search]).run("And then?", history=[*foreign, *first.messages])
        assert (second.output, server.refusals) == ("It is y.", [])


async def test_a_conversation_with_calls_goes_over_the_bridge_to_an_agent_without_tools() -> None:
    with bridged(LOOK, "It is x.", "x.", '{"name": "Rome", "people": 3}') as (claude, server):
        first = await Agent(claude, tools=[search]).run("What?")
        assert (await Agent(claude).run("In short?", history=first.messages)).output == "x."
        assert (await Agent(claude, output=City).run("Where?", history=first.messages)).output.people == 3
        assert [request.get("tool_choice") for request in server.requests[2:]] == [{"type": "none"}] * 2
        assert server.refusals == []


class City(BaseModel):
    name: str
    people: int


@pytest.mark.parametrize("tools", [[], [search]], ids=["no tools", "tools"])
async def test_a_typed_answer_over_the_bridge(tools: list[Any]) -> None:
    with bridged(*([LOOK] if tools else []), '{"name": "Rome", "people": 3}') as (claude, server):
        result = await Agent(claude, tools=tools, output=City).run("Which?")
        assert (result.output, server.refusals) == (City(name="Rome", people=3), [])
        assert ("format" in server.requests[0].get("output_config", {})) is not bool(tools)


async def test_errors_of_the_provider_are_ours_and_what_passes_is_tried_again() -> None:
    overloaded = Refused(529, "overloaded_error", "Overloaded")
    with bridged(overloaded, Refused(429, "rate_limit_error", "slow down", {"retry-after": "7"}), "Hello.") as (claude, server):
        assert (await claude.complete(HELLO)).text == "Hello."
        assert len(server.requests) == 3
    wrong_key = Refused(401, "authentication_error", "invalid x-api-key")
    with bridged(wrong_key) as (claude, _), pytest.raises(ModelError, match="refuses the key"):
        await claude.complete(HELLO)
    too_long = Refused(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")
    with bridged(too_long) as (claude, _), pytest.raises(ModelError, match="longer than its context"):
        await claude.complete(HELLO)


async def test_a_setting_that_is_refused_is_left_out_and_told() -> None:
    told: list[Notice] = []
    refused = Refused(400, "invalid_request_error", "stop_sequences: not supported here")
    with bridged(refused, "Hello.") as (claude, server):
        request = ModelRequest(HELLO.messages, sampling=Sampling(stop=["END"]), notify=told.append)
        assert (await claude.complete(request)).text == "Hello."
        assert [notice.without for notice in told if isinstance(notice, Downgraded)] == ["stop"]
        assert ["stop_sequences" in sent for sent in server.requests] == [True, False]


async def test_an_option_that_the_model_has_not_is_left_out_and_told() -> None:
    class Silent(FunctionModel):
        unsupported_settings = frozenset({"stop_sequences", "seed", "timeout"})  # it warns of each that is sent, and that fails a test

    told: list[Notice] = []
    sampling = Sampling(stop=["END"], temperature=0, repetition_penalty=1.1)
    model = PydanticAI(Silent(say(TextPart("Well."))))
    await model.complete(ModelRequest(HELLO.messages, sampling=sampling, notify=told.append))
    assert {notice.without for notice in told if isinstance(notice, Downgraded)} == {"stop", "repetition_penalty"}


def test_run_sync_twice_over_the_bridge() -> None:
    with bridged("One.", "Two.") as (claude, _):
        assert [Agent(claude).run_sync("Hi").output for _ in range(2)] == ["One.", "Two."]


# ---- with a function in the provider's place ----

Answer = Callable[[list[ModelMessage], AgentInfo], ModelResponse]


def say(*parts: Any, **more: Any) -> Answer:
    return lambda messages, info: ModelResponse(list(parts), usage=RequestUsage(input_tokens=9, output_tokens=3), **more)


def fail(error: Exception) -> Answer:
    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        raise error

    return answer


async def complete(answer: Answer, request: ModelRequest = HELLO, **options: Any) -> Reply:
    return await PydanticAI(FunctionModel(answer), sleep=Naps(), **options).complete(request)


async def test_a_response_becomes_a_reply() -> None:
    thought = ThinkingPart("hm", signature="sig", provider_name="function")
    reply = await complete(say(thought, TextPart("Well."), ToolCallPart("search", {"query": "x"}, "c1"), finish_reason="tool_call"))
    assert reply._replace(provider_data=None) == Reply(
        "Well.", (NativeCall("c1", "search", '{"query":"x"}'),), "hm", Usage(9, 3, 0.0, 1), "tool_calls"
    )
    assert reply.provider_data is not None
    assert reply.provider_data.provider == "pydantic-ai function function"
    assert (await complete(say(TextPart("Well.")))).provider_data is None


@pytest.mark.parametrize(
    ("reason", "finish"),
    [(None, "stop"), ("stop", "stop"), ("length", "length"), ("content_filter", "content_filter"), ("error", "error")],
)
async def test_how_a_response_ended(reason: Any, finish: str) -> None:
    assert (await complete(say(TextPart("Well."), finish_reason=reason))).finish == finish


async def test_a_stream_of_pydantic_ai_becomes_deltas() -> None:
    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[Any]:
        yield {0: DeltaThinkingPart(content="h")}
        yield {0: DeltaThinkingPart(content="m", signature="sig")}
        yield "We"
        yield "ll."
        yield {1: DeltaToolCall("search", '{"query"', tool_call_id="c1")}
        yield {1: DeltaToolCall(json_args=': "x"}')}

    model = PydanticAI(FunctionModel(stream_function=stream))
    deltas = [delta async for delta in model.stream(HELLO)]
    assert deltas[:-1] == [
        ReasoningDelta("h"),
        ReasoningDelta("m"),
        TextDelta("We"),
        TextDelta("ll."),
        CallDelta(0, "c1", "search", '{"query":"x"}'),
    ]
    assert isinstance(deltas[-1], Finished)
    assert deltas[-1].provider_data is not None


async def test_an_option_becomes_pydantic_ais_setting() -> None:
    seen: list[Any] = []

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        seen.append(info.model_settings)
        return ModelResponse([TextPart("Well.")])

    sampling = Sampling(temperature=0.5, stop=["END"], tool_choice="search", parallel_tool_calls=False, extra_headers={"x": "y"})
    await complete(answer, ModelRequest(HELLO.messages, (search.openai_schema(),), sampling), timeout_seconds=9)
    assert seen == [
        {
            "temperature": 0.5,
            "stop_sequences": ["END"],
            "tool_choice": ["search"],
            "parallel_tool_calls": False,
            "extra_headers": {"x": "y"},
            "max_retries": 0,
            "timeout": 9,
        }
    ]


ERRORS: dict[str, tuple[Exception, type[Exception], str]] = {
    "a status": (ModelHTTPError(403, "m", {"message": "no access"}), ModelError, "does not let the key"),
    "tools are refused": (UserError("Tools are not supported by the model."), ModelError, "takes_tools=False"),
    "an option is refused": (UserError("`prompt` is wrong"), UsageError, "`prompt` is wrong"),
    "an SDK's own": (OSError("Unable to locate credentials"), ModelError, "OSError: Unable to locate credentials"),
    "no connection": (ModelConnectionError("m", "Connection refused"), ModelError, "cannot be reached.*Tried 4 times"),
}


@pytest.mark.parametrize(("error", "kind", "words"), ERRORS.values(), ids=ERRORS)
async def test_what_pydantic_ai_raises_is_ours(error: Exception, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        await complete(fail(error))


@pytest.mark.parametrize(
    ("name", "words"),
    {
        "groq:openai/gpt-oss-120b": "pydantic-ai-slim\\[groq\\]",
        "nobody:model": "Unknown model",
        "anthropic:claude-opus-5": "ANTHROPIC_API_KEY",
    }.items(),
)
def test_what_is_missing_is_said_before_anything_is_asked(name: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
    with pytest.raises(UsageError, match=words):
        model_from(f"pydantic-ai:{name}")
