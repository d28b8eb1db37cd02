"""The agent on each provider's path: the same stories, whole and streamed, against the provider's own rules (`sayso.testing`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from sayso import Agent, Approve, Image, Sampling, ScriptedModel, engine, tool
from sayso.agents import Message, Reply, call, messages
from sayso.testing import PROVIDERS, ProviderServer, RefusedRequest, Rule
from sayso.testing.rules import Body, Given
from sayso.tools.errors import IncompleteReply, ModelError
from sayso.workflows import RunEnded, RunResult, Usage

DONE: list[str] = []
PATHS = pytest.mark.parametrize("provider", PROVIDERS)
WAYS = pytest.mark.parametrize("way", ["whole", "streamed"])


@tool.read(trust="tool", secrecy="public")
def price(item: str) -> str:
    """Return the price of an item."""
    return f"{item} costs $5"


@tool.read(trust="tool", secrecy="public")
def photo(item: str) -> Image:
    """Return a photo of an item."""
    return Image(data=b"\x89PNG\r\n\x1a\n", name=f"{item}.png")


@tool.write(card="Order {item}")
def order(item: str) -> str:
    """Order an item."""
    DONE.append(item)
    return f"{item} is on its way"


def asks(*items: str, name: str = "price", finish: str = "stop") -> Reply:
    """A reply that asks for the tool once for each item."""
    return Reply("", tuple(call(name, item=item) for item in items), finish=finish)


async def run(way: str, agent: Agent[Any], asked: object, **options: Any) -> RunResult[Any]:
    """Run the agent where nobody listens, or to a listener."""
    if way == "whole":
        return await agent.run(asked, **options)
    events = [event async for event in agent.stream_emitted(asked, **options)]
    assert isinstance(events[-1], RunEnded)
    return events[-1].result


@PATHS
@WAYS
async def test_two_turns_with_a_tool_and_a_second_run_after_them(provider: str, way: str) -> None:
    with ProviderServer(provider, asks("bun"), "Five dollars.", asks("roll", "cup"), "Five each.") as server:
        agent = Agent(server.model(), tools=[price], instructions="Be brief.")
        first = await run(way, agent, "How much is a bun?")
        second = await run(way, agent, "And a roll and a cup?", history=first.messages)
        assert (first.output, second.output, server.refusals) == ("Five dollars.", "Five each.", [])
        kept = messages.from_json(json.dumps(messages.to_json(second.messages)))
        assert kept == second.messages
        # Anthropic's replies may be long, and Ollama's slow: both are streamed although nobody listens.
        streams = way == "streamed" or provider in ("ollama", "anthropic", "anthropic-compatible")
        assert [bool(request.get("stream")) for request in server.requests] == [streams] * 4


@PATHS
@WAYS
async def test_a_run_that_is_paused_for_an_approval_goes_on_from_its_database(provider: str, way: str, tmp_path: Path) -> None:
    DONE.clear()
    with ProviderServer(provider, asks("bun"), asks("bun", name="order"), "It is on its way.") as server:
        agent = Agent(server.model(), tools=[price, order])
        paused = await run(way, agent, "One bun.", engine=engine(f"sqlite:///{tmp_path}/runs.db"), run_id="r1")
        (request,) = paused.pending
        ended = await engine(f"sqlite:///{tmp_path}/runs.db").resume("r1", {request.digest: Approve()})
        assert (ended.output, DONE, server.refusals) == ("It is on its way.", ["bun"], [])


@PATHS
@WAYS
async def test_a_history_of_one_provider_is_taken_by_every_other(
    provider: str, way: str, histories: dict[str, tuple[Message, ...]]
) -> None:
    for other, history in histories.items():
        with ProviderServer(provider, asks("roll"), "Five, too.") as server:
            result = await run(way, Agent(server.model(), tools=[price]), "And a roll?", history=history)
            assert (other, result.output, server.refusals) == (other, "Five, too.", [])


@pytest.fixture(scope="module")
def histories() -> dict[str, tuple[Message, ...]]:
    """A conversation with a call, held with each provider."""
    held: dict[str, tuple[Message, ...]] = {}
    for provider in PROVIDERS:
        with ProviderServer(provider, asks("bun"), "Five dollars.") as server:
            held[provider] = Agent(server.model(), tools=[price]).run_sync("How much is a bun?").messages
    return held


class Price(BaseModel):
    """A price."""

    dollars: int


@PATHS
@WAYS
async def test_an_answer_of_a_type_after_a_call(provider: str, way: str) -> None:
    with ProviderServer(provider, asks("bun"), '{"dollars": 5}') as server:
        result = await run(way, Agent(server.model(), tools=[price], output=Price), "How much is a bun?")
        assert (result.output, server.refusals) == (Price(dollars=5), [])


@PATHS
@WAYS
async def test_bad_names_broken_arguments_and_silence_are_mended(provider: str, way: str) -> None:
    unknown = Reply("", (call("shop.prices:all", item="bun"), call("price")))
    with ProviderServer(provider, unknown, asks("bun"), "", "Five dollars.") as server:
        result = await run(way, Agent(server.model(), tools=[price]), "How much is a bun?")
        assert (result.output, server.refusals) == ("Five dollars.", [])


@PATHS
@WAYS
async def test_images_in_a_question_and_in_a_result(provider: str, way: str) -> None:
    with ProviderServer(provider, asks("bun", name="photo"), "A bun.") as server:
        asked = ["What is it?", Image(url="https://example.org/bun.png")]
        result = await run(way, Agent(server.model(), tools=[photo]), asked)
        assert (result.output, server.refusals) == ("A bun.", [])
        assert "https://example.org/bun.png" in json.dumps(server.requests[0])
        assert "iVBORw0KGgo=" in json.dumps(server.requests[1])


@PATHS
@WAYS
async def test_settings_that_a_provider_refuses_are_left_out(provider: str, way: str) -> None:
    with ProviderServer(provider, "Hello.", "Hello again.") as server:
        agent = Agent(server.model(), sampling=Sampling(temperature=0.5, top_k=3, max_tokens=300, stop=["END"], seed=3))
        assert ((await run(way, agent, "Hi")).output, (await run(way, agent, "Hi")).output) == ("Hello.", "Hello again.")
        assert len(server.refusals) <= 4  # each is refused once, and remembered


@PATHS
@WAYS
async def test_what_was_used_is_counted(provider: str, way: str) -> None:
    with ProviderServer(provider, Reply("Hello.", usage=Usage(12, 5))) as server:
        used = (await run(way, Agent(server.model()), "Hi")).usage
        assert (used.input_tokens, used.output_tokens, used.model_calls) == (12, 5, 1)


async def test_cached_and_reasoning_tokens_are_counted_over_a_run() -> None:
    used = Usage(100, 20, model_calls=1, cached_tokens=64, reasoning_tokens=15)
    result = await Agent(ScriptedModel(asks("bun")._replace(usage=used), Reply("Five.", usage=used)), tools=[price]).run("How much?")
    assert (result.usage.cached_tokens, result.usage.reasoning_tokens) == (128, 30)


@PATHS
@WAYS
async def test_a_reply_that_was_cut_off_is_no_answer(provider: str, way: str) -> None:
    with ProviderServer(provider, Reply("First, heat", finish="length")) as server, pytest.raises(IncompleteReply, match="cut off"):
        await run(way, Agent(server.model()), "How?")


@PATHS
@WAYS
async def test_a_busy_provider_is_asked_again_and_a_wrong_key_is_not(provider: str, way: str) -> None:
    with ProviderServer(provider, RefusedRequest(429, "Slow down.", {"retry-after": "1"}), RefusedRequest(503), "Hello.") as server:
        assert (await run(way, Agent(server.model()), "Hi")).output == "Hello."
    with ProviderServer(provider, RefusedRequest(401, "Wrong key."), "Hello.") as server:
        with pytest.raises(ModelError, match="401"):
            await run(way, Agent(server.model()), "Hi")
        assert len(server.requests) == 1


GIVEN = Given({"a": {"tool_calls": [{"extra_content": {"google": {"thought_signature": "s"}}}], "reasoning_details": [{"text": "Hm."}]}})


def after_a_call(more: Body, call_more: Body | None = None) -> Body:
    """A request after a call and its result; `more` is in the model's message, `call_more` in its call."""
    called = {"id": "a", "function": {"name": "price", "arguments": "{}"}, **(call_more or {})}
    asked = {"role": "user", "content": "Hi"}
    return {
        "messages": [asked, {"role": "assistant", "tool_calls": [called], **more}, {"role": "tool", "tool_call_id": "a", "content": "5"}]
    }


BARE_THOUGHT = {"role": "assistant", "content": "x", "reasoning_content": "y"}
BROKEN: dict[str, tuple[str, Body, str]] = {
    "a result without a call": ("openai-chat", {"messages": [{"role": "tool", "tool_call_id": "a", "content": "x"}]}, "each result"),
    "a call without a result": ("openai-chat", {"messages": after_a_call({})["messages"][:2]}, "each result"),
    "an empty message": ("openai-chat", {"messages": [{"role": "user", "content": ""}]}, "no message is empty"),
    "a field of another provider": ("openai-chat", {"messages": [], "top_k": 3}, "no field"),
    "no key of Azure's": ("azure-chat", {"messages": []}, "the key"),
    "a temperature": ("kimi", {"messages": [], "temperature": 0}, "temperature 1"),
    "no thought with a call": ("kimi", after_a_call({}), "reasoning goes back"),
    "no thought with a call at another": ("deepseek", after_a_call({}), "reasoning goes back"),
    "a thought without a call": (
        "deepseek",
        {"messages": [BARE_THOUGHT]},
        "reasoning does not",
    ),
    "no signature": ("gemini", after_a_call({}), "signatures"),
    "a signature of its own": ("gemini", after_a_call({}, {"extra_content": {"google": {"thought_signature": "t"}}}), "signatures"),
    "changed details": ("openrouter", after_a_call({"reasoning_details": [{"text": "Hm"}]}), "details"),
    "a name with a dot": ("ollama", after_a_call({}, {"function": {"name": "a.b", "arguments": "{}"}}), "names are"),
    "a parameter of another protocol": ("openai-responses", {"model": "m", "input": "Hi", "messages": []}, "no parameter"),
    "a call without an output": (
        "azure-responses",
        {"model": "m", "input": [{"type": "function_call", "call_id": "a", "name": "price", "arguments": "{}"}]},
        "each call has one output",
    ),
    "no version": ("anthropic", {"model": "m", "messages": [], "max_tokens": 9}, "a key, a version"),
    "no content": ("ollama", {"messages": [{"role": "assistant", "content": None}]}, "no message is empty"),
}


@pytest.mark.parametrize(("provider", "body", "rule"), BROKEN.values(), ids=BROKEN)
def test_the_server_refuses_what_the_provider_refuses(provider: str, body: Body, rule: str) -> None:
    (meant,) = [each for each in PROVIDERS[provider].rules if each.name.startswith(rule)]
    assert meant.find_fault(body, GIVEN, {})


def test_every_rule_has_a_source() -> None:
    rules = {rule for provider in PROVIDERS.values() for rule in provider.rules}
    assert all(isinstance(rule, Rule) and rule.name and rule.source for rule in rules)
    assert all(provider.rules for provider in PROVIDERS.values())
