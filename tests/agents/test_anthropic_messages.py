"""Claude by Anthropic's own API, against a server on loopback that refuses what the real one refuses: whole runs, whole and streamed."""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from sayso import Agent, Approve, Reject, engine, tool
from sayso.agents.agent_events import ModelDowngraded
from sayso.agents.messages import AssistantMessage, NativeCall, ProviderData, Reply, Sampling, UserMessage
from sayso.agents.models.anthropic_client import find_anthropic_endpoint
from sayso.agents.models.anthropic_messages import AnthropicMessages
from sayso.agents.models.event_stream import LONGEST_EVENT
from sayso.agents.models.model import CallDelta, Delta, Downgraded, Finished, ModelRequest, Notice, ReasoningDelta, TextDelta
from sayso.agents.models.reply_usage import read_anthropic_usage
from sayso.agents.models.scripted import ScriptedModel, call
from sayso.testing.anthropic_rules import sign
from sayso.tools.errors import IncompleteReply, ModelError, UsageError
from sayso.workflows import Usage

from .fake_anthropic import FakeAnthropic, Json, Raw, Refused, Said, redacted, text, think, use

HELLO = ModelRequest((UserMessage("hello"),))
MODELS = ("claude-opus-5-5", "claude-haiku-4-5", "claude-sonnet-4-6", "claude-sonnet-5-5")
THOUGHTFUL = Sampling(reasoning_effort="high")


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    names = "API_KEY AUTH_TOKEN BASE_URL CUSTOM_HEADERS PROFILE".split()
    for name in (
        *(f"ANTHROPIC_{name}" for name in names),
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_left_open() -> Iterator[None]:
    yield
    gc.collect()  # a socket left open warns here, and a warning fails the test


class Naps(list[float]):
    """A sleep that takes no time and is remembered."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def claude(server: FakeAnthropic, model: str = "claude-opus-5-5", **options: Any) -> AnthropicMessages:
    return AnthropicMessages(model, base_url=server.base_url, api_key="key", **{"sleep": Naps(), **options})


@tool.read
def search(query: str) -> str:
    """Search."""
    return f"found {query}"


ordered: list[str] = []


async def yes(request: object) -> Approve:
    return Approve()


async def no(request: object) -> Reject:
    return Reject("not today")


@tool.write
def order(item: str) -> str:
    """Order."""
    ordered.append(item)
    return f"ordered {item}"


@pytest.fixture(autouse=True)
def _nothing_is_ordered() -> None:
    ordered.clear()


LOOK = Said([think("I should look."), redacted(), text("Let me see."), use("search", {"query": "x"})])
AGAIN = Said([think("Once more."), use("search", {"query": "y"}), use("search", {"query": "z"})])


async def run(agent: Agent[Any], asked: str, streamed: bool, **options: Any) -> Any:
    """Run an agent, with somebody who listens, or without: replies that are short come in one piece."""
    if not streamed:
        return await agent.run(asked, sampling=Sampling(max_tokens=4_000), **options)
    *_, ended = [event async for event in agent.stream_emitted(asked, **options)]
    return ended.result


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("effort", [None, "high"])
async def test_a_model_thinks_and_calls_through_two_turns(model: str, streamed: bool, effort: str | None) -> None:
    with FakeAnthropic([LOOK, AGAIN, "Found."]) as server:
        agent = Agent(claude(server, model), tools=[search], sampling=Sampling(reasoning_effort=effort))
        result = await run(agent, "Find x.", streamed)
        assert (result.output, server.refusals) == ("Found.", [])
        assert server.requests[2]["messages"][1:] == [
            {"role": "assistant", "content": server.issued["toolu_01"]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_01", "content": "found x"}]},
            {"role": "assistant", "content": server.issued["toolu_02"]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_02", "content": "found y"},
                    {"type": "tool_result", "tool_use_id": "toolu_03", "content": "found z", "cache_control": {"type": "ephemeral"}},
                ],
            },
        ]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("effort", [None, "high"])
@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-haiku-4-5"])
async def test_a_run_that_waits_for_approval_goes_on_from_the_database(
    tmp_path: Path, model: str, effort: str | None, streamed: bool
) -> None:
    both = Said([think("Both."), use("search", {"query": "x"}), text("And:"), use("order", {"item": "tea"})])
    with FakeAnthropic([LOOK, both, "Done."]) as server:
        url = f"sqlite:///{tmp_path / 'runs.db'}"

        def make() -> Agent[str]:
            return Agent(claude(server, model), tools=[search, order], sampling=Sampling(reasoning_effort=effort))

        paused = await run(make(), "Order tea.", streamed, engine=engine(url), run_id="tea")
        assert (len(paused.pending), ordered) == (1, [])
        result = await run(make(), "Order tea.", streamed, engine=engine(url), run_id="tea", approve=yes)
        assert (result.output, ordered, server.refusals) == ("Done.", ["tea"], [])
        assert server.requests[2]["messages"][3] == {"role": "assistant", "content": server.issued["toolu_02"]}
        assert [block["content"] for block in server.requests[2]["messages"][4]["content"]] == ["found x", "ordered tea"]


async def test_a_refused_write_is_an_error_in_the_results() -> None:
    with FakeAnthropic([Said([think("Order."), use("order", {"item": "tea"}), use("search", {"query": "x"})]), "Then not."]) as server:
        result = await Agent(claude(server), tools=[search, order], approve=no).run("Order tea.")
        assert (result.output, ordered) == ("Then not.", [])
        results = server.requests[1]["messages"][2]["content"]
        assert [(block["type"], block.get("is_error")) for block in results] == [("tool_result", True), ("tool_result", None)]


@pytest.mark.parametrize("effort", [None, "high"])
@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-haiku-4-5"])
async def test_a_conversation_goes_on_over_runs(model: str, effort: str | None) -> None:
    with FakeAnthropic([LOOK, "It is x.", AGAIN, "It is y."]) as server:
        agent = Agent(claude(server, model), tools=[search], sampling=Sampling(reasoning_effort=effort))
        first = await agent.run("What?")
        second = await agent.run("And then?", history=first.messages)
        assert (second.output, server.refusals) == ("It is y.", [])
        assert server.requests[3]["messages"][1] == {"role": "assistant", "content": server.issued["toolu_01"]}


@pytest.mark.parametrize("effort", [None, "high"])
@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-haiku-4-5"])
async def test_a_conversation_with_another_provider_goes_on_here_and_back(model: str, effort: str | None) -> None:
    openai = ProviderData("responses api.openai.com", {"items": [{"type": "reasoning", "id": "rs_1", "encrypted_content": "x"}]})
    scripted = ScriptedModel(Reply(calls=(NativeCall("call_1", "search", '{"query": "x"}'),), provider_data=openai), "It is x.")
    first = await Agent(scripted, tools=[search]).run("What?")
    with FakeAnthropic([LOOK, "It is y."]) as server:
        agent = Agent(claude(server, model), tools=[search], sampling=Sampling(reasoning_effort=effort))
        second = await agent.run("And then?", history=first.messages)
        assert (second.output, server.refusals) == ("It is y.", [])
        kept = [message.provider_data for message in second.messages if isinstance(message, AssistantMessage)]
        assert [data and data.provider for data in kept] == ["responses api.openai.com", None, "anthropic 127.0.0.1", None]


async def test_a_run_that_another_provider_began_is_resumed_here(tmp_path: Path) -> None:
    """The model with a thinking budget may not think about calls that came without its thinking."""
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    await Agent(ScriptedModel(Reply(calls=(call("order", item="tea"),))), tools=[order]).run("Order tea.", engine=engine(url), run_id="tea")
    with FakeAnthropic(["Done."]) as server:
        agent = Agent(claude(server, "claude-haiku-4-5"), tools=[order], sampling=THOUGHTFUL)
        result = await agent.run("Order tea.", engine=engine(url), run_id="tea", approve=yes)
        assert (result.output, server.refusals, "thinking" in server.requests[0]) == ("Done.", [], False)


class City(BaseModel):
    name: str
    people: int


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", [*MODELS, "claude-3-haiku-20240307"])
async def test_a_typed_answer_after_a_call(model: str, streamed: bool) -> None:
    with FakeAnthropic([LOOK, '{"name": "Rome", "people": 3}']) as server:
        result = await run(Agent(claude(server, model), tools=[search], output=City), "Which?", streamed)
        assert (result.output, server.refusals) == (City(name="Rome", people=3), [])


# ---- what a reply may look like ----


async def deltas_of(server: FakeAnthropic, request: ModelRequest = HELLO, **options: Any) -> list[Delta]:
    return [delta async for delta in claude(server, **options).stream(request)]


USED = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 300,
    "cache_read_input_tokens": 2_000,
    "output_tokens": 50,
    "output_tokens_details": {"thinking_tokens": 20},
}
USAGE = Usage(2_310, 50, 0.0, 1, cached_tokens=2_000, reasoning_tokens=20)


async def test_a_reply_is_the_same_whole_and_streamed() -> None:
    said = Said(
        [think("hm, ja"), text("Grüße 🍔"), use("a", {"x": [1]}), use("b")], usage=USED | {"output_tokens_details": {"thinking_tokens": 20}}
    )
    with FakeAnthropic([said, said], pieces=6) as server:
        whole = await claude(server).complete(ModelRequest(HELLO.messages, sampling=Sampling(max_tokens=100)))
        calls = (NativeCall("toolu_01", "a", '{"x": [1]}'), NativeCall("toolu_02", "b", ""))
        kept = server.issued["toolu_01"]
        assert whole == Reply("Grüße 🍔", calls, "hm, ja", USAGE, "tool_calls", ProviderData(server.provider, {"content": kept}))
        deltas = await deltas_of(server)
        kept = server.issued["toolu_03"]
        assert deltas[:2] == [ReasoningDelta("hm, ja"), TextDelta("Grüße ")]
        assert deltas[2:] == [
            TextDelta("🍔"),
            CallDelta(0, "toolu_03", "a", '{"x": '),
            CallDelta(0, arguments="[1]}"),
            CallDelta(1, "toolu_04", "b"),
            Finished("tool_calls", USAGE, ProviderData(server.provider, {"content": kept})),
        ]
        assert [request["stream"] for request in server.requests] == [False, True]


async def test_a_runs_usage_tells_what_was_cached_and_what_was_thought(tmp_path: Path) -> None:
    """Also of one that waited for approval: what it had used before is counted."""
    look = Said([think("Order."), use("order", {"item": "tea"})], usage=USED)
    with FakeAnthropic([look, Said([text("Done.")], usage=USED)]) as server:
        url = f"sqlite:///{tmp_path / 'runs.db'}"
        agent = Agent(claude(server), tools=[order])
        paused = await agent.run("Order tea.", engine=engine(url), run_id="tea")
        assert (paused.usage.cached_tokens, paused.usage.reasoning_tokens) == (2_000, 20)
        result = await agent.run("Order tea.", engine=engine(url), run_id="tea", approve=yes)
        assert (result.usage.cached_tokens, result.usage.reasoning_tokens, result.usage.input_tokens) == (4_000, 40, 4_620)


def test_what_was_read_from_the_cache_and_written_to_it_costs_what_anthropic_asks() -> None:
    at = find_anthropic_endpoint("claude-haiku-4-5", None, "key", 1)
    dollars_a_million = 10 * 1 + 300 * 1.25 + 2_000 * 0.1 + 50 * 5
    assert read_anthropic_usage(at, USED).cost_usd == pytest.approx(dollars_a_million / 1_000_000)


async def test_a_reply_that_may_be_long_is_streamed_also_where_nobody_listens() -> None:
    with FakeAnthropic(["Hello."]) as server:
        reply = await claude(server).complete(HELLO)
        assert (reply.text, server.requests[0]["stream"], server.requests[0]["max_tokens"]) == ("Hello.", True, 128_000)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("something_new", "something_new"),
    ],
)
async def test_why_a_reply_ended(reason: str, finish: str) -> None:
    with FakeAnthropic([Said([text("It")], reason)] * 2) as server:
        assert (await claude(server).complete(HELLO)).finish == finish
        assert (await deltas_of(server))[-1] == Finished(finish, Usage(100, 10, 0.0, 1))


async def test_a_reply_that_was_cut_off_is_no_answer() -> None:
    with FakeAnthropic([Said([text("It is")], "max_tokens")]) as server:
        with pytest.raises(IncompleteReply, match="cut off") as caught:
            await Agent(claude(server)).run("What?")
        assert (caught.value.text, caught.value.finish) == ("It is", "length")


async def test_a_call_that_was_cut_off_is_written_again() -> None:
    cut = Said([think("Now."), {**use("search"), "input": '{"query": "x'}], "max_tokens")
    with FakeAnthropic([cut, LOOK, "Found."]) as server:
        events = [event async for event in Agent(claude(server), tools=[search]).stream_emitted("Find x.")]
        assert (events[-1].result.output, server.refusals) == ("Found.", [])
        assert server.requests[1]["messages"][1]["content"][1]["input"] == {}


async def test_nothing_said_after_a_call_is_asked_again() -> None:
    with FakeAnthropic([LOOK, Said([]), "Found."]) as server:
        result = await Agent(claude(server), tools=[search]).run("Find x.")
        assert (result.output, server.refusals) == ("Found.", [])


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_refusal_is_no_answer_and_the_next_model_is_asked(streamed: bool) -> None:
    with FakeAnthropic([LOOK, Said([], "refusal"), LOOK, Said([], "refusal")]) as server:
        agent = Agent(claude(server), tools=[search], fallback=[ScriptedModel("It is x.")])
        assert (await run(agent, "Find x.", streamed)).output == "It is x."
        with pytest.raises(IncompleteReply, match="content filter"):
            await run(Agent(claude(server), tools=[search]), "Find x.", streamed)


@tool.read
def now() -> str:
    """Tell the time."""
    return "noon"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_call_without_arguments(streamed: bool) -> None:
    with FakeAnthropic([Said([text("Hm."), use("now")]), "Noon."]) as server:
        assert (await run(Agent(claude(server), tools=[now]), "When?", streamed)).output == "Noon."
        assert server.requests[1]["messages"][1]["content"] == [text("Hm."), use("now", {}, "toolu_01")]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_reply_that_ends_without_saying_why(streamed: bool) -> None:
    with FakeAnthropic([Said([use("now")], "none"), Said([text("Noon.")], "none")]) as server:
        assert (await run(Agent(claude(server), tools=[now]), "When?", streamed)).output == "Noon."


async def test_a_tool_that_is_required_is_called_once_and_thinking_rests_meanwhile() -> None:
    refused = Refused(400, "invalid_request_error", "Thinking may not be enabled when tool_choice forces tool use.")
    with FakeAnthropic([refused, Said([use("search", {"query": "x"})]), "Found."]) as server:
        sampling = Sampling(tool_choice="required", reasoning_effort="high")
        result = await Agent(claude(server, "claude-opus-4-6"), tools=[search], sampling=sampling).run("Find x.")
        assert (result.output, server.refusals) == ("Found.", [])
        sent = [("thinking" in request, request.get("tool_choice")) for request in server.requests]
        assert sent == [(True, {"type": "any"}), (False, {"type": "any"}), (True, None)]


async def test_thinking_that_is_not_shown_goes_back() -> None:
    hidden = {"type": "thinking", "thinking": "", "signature": sign("")}
    with FakeAnthropic([Said([hidden, use("search", {"query": "x"})]), "Found."]) as server:
        result = await Agent(claude(server), tools=[search]).run("Find x.")
        assert (result.output, server.refusals) == ("Found.", [])


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_turn_of_the_providers_own_tools_goes_on_until_it_ends(streamed: bool) -> None:
    searched = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}}
    web = {"type": "web_search_20250305", "name": "web_search", "input_schema": {"type": "object"}}
    parts = [Said([think("a"), text("I look. "), searched], "pause_turn"), Said([text("Found. "), use("search", {"query": "y"})]), "Done."]
    with FakeAnthropic(parts) as server:
        agent = Agent(claude(server), tools=[search], sampling=Sampling(extra_body={"tools": [web]}))
        result = await run(agent, "Find x.", streamed)
        assert (result.output, server.refusals, len(server.requests)) == ("Done.", [], 3)
        assert [tool["name"] for tool in server.requests[0]["tools"]] == ["search", "web_search"]
        assert server.requests[1]["messages"][-1] == {"role": "assistant", "content": [think("a"), text("I look. "), searched]}
        assert [block["type"] for block in server.requests[2]["messages"][1]["content"]] == [
            "thinking", "text", "server_tool_use", "text", "tool_use"
        ]  # fmt: skip


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_servers_that_speak_like_anthropic_and_not_quite(streamed: bool) -> None:
    """Events without names, thinking without a signature, the same id for each call, names that nobody takes."""
    unsigned = {"type": "thinking", "thinking": "hm", "signature": ""}
    first = Said([unsigned, use("functions.search", {"query": "x"}, "call_0")])
    second = Said([unsigned, use("search", {"query": "y"}, "call_0")])
    with FakeAnthropic([first, second, "Found."], named_events=False, strict=False) as server:
        result = await run(Agent(claude(server, "kimi-k3"), tools=[search]), "Find x.", streamed)
        assert result.output == "Found."
        kept = [message["content"] for message in server.requests[2]["messages"] if message["role"] == "assistant"]
        assert [[block.get("thinking") or block["id"] for block in blocks] for blocks in kept] == [["hm", "call_0"], ["hm", "call00001"]]


async def test_a_server_whose_model_takes_no_tools_is_asked_for_calls_as_text() -> None:
    refused = Refused(400, "invalid_request_error", "registry.ollama.ai/library/gemma does not support tools")
    with FakeAnthropic([refused, "search(query='x')", "Found.", "Hello."], strict=False) as server:
        agent = Agent(claude(server, "gemma"), tools=[search])
        assert ((await agent.run("Find x.")).output, (await agent.run("Hi")).output) == ("Found.", "Hello.")
        assert ["tools" in request for request in server.requests] == [True, False, False, False]


# ---- what is refused, and what is tried again ----

MENDED: dict[str, tuple[Refused, Json, str]] = {
    "the longest reply": (
        Refused(400, "invalid_request_error", "max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for x"),
        {},
        "max_tokens above 64000",
    ),
    "the rest of the context": (
        Refused(400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease"),
        {},
        "max_tokens above 11760",
    ),
    "temperature": (
        Refused(400, "invalid_request_error", "`temperature` is deprecated for this model."),
        {"temperature": 0.5},
        "temperature",
    ),
    "temperature that this endpoint does not know": (
        Refused(400, "invalid_request_error", "temperature: Extra inputs are not permitted"),
        {"temperature": 0.5},
        "temperature",
    ),
    "temperature and top_p": (
        Refused(400, "invalid_request_error", "`temperature` and `top_p` cannot both be specified for this model. Please use only one."),
        {"extra_body": {"temperature": 0.5}, "top_p": 0.5},
        "top_p",
    ),
    "thinking": (
        Refused(400, "invalid_request_error", "adaptive thinking is not supported on this model"),
        {"reasoning_effort": "low"},
        "reasoning_effort",
    ),
    "effort": (
        Refused(400, "invalid_request_error", "This model does not support the effort parameter."),
        {"reasoning_effort": "low"},
        "reasoning_effort",
    ),
    "stop": (Refused(400, "invalid_request_error", "stop_sequences: Extra inputs are not permitted"), {"stop": ["END"]}, "stop"),
}


@pytest.mark.parametrize(("refused", "sampling", "without"), MENDED.values(), ids=MENDED)
async def test_what_is_refused_is_left_out_and_told(refused: Refused, sampling: Json, without: str) -> None:
    told: list[Notice] = []
    with FakeAnthropic([refused, "Hello."], strict=False) as server:
        model = claude(server, "claude-opus-4-6")
        reply = await model.complete(ModelRequest(HELLO.messages, sampling=Sampling(**sampling), notify=told.append))
        assert (reply.text, [notice.without for notice in told if isinstance(notice, Downgraded)][:1]) == ("Hello.", [without])
        assert server.requests[0] != server.requests[1]


async def test_one_way_of_thinking_that_is_refused_leaves_the_others() -> None:
    refused = Refused(400, "invalid_request_error", '"thinking.type.disabled" is not supported for this model.')
    with FakeAnthropic([refused, "One.", "Two."], strict=False) as server:
        model = claude(server, "claude-sonnet-6")
        for effort in ("none", "high"):
            await model.complete(ModelRequest(HELLO.messages, sampling=Sampling(reasoning_effort=effort)))
        assert [request.get("thinking") for request in server.requests] == [{"type": "disabled"}, None, {"type": "adaptive"}]


async def test_a_forced_tool_that_is_refused_is_left_to_the_model() -> None:
    refused = Refused(400, "invalid_request_error", "tool_choice: type 'any' is not supported for this model")
    with FakeAnthropic([refused, LOOK, "Found."]) as server:
        result = await Agent(claude(server, "claude-opus-5"), tools=[search], sampling=Sampling(tool_choice="required")).run("Find x.")
        assert (result.output, [request.get("tool_choice") for request in server.requests]) == ("Found.", [{"type": "any"}, None, None])


async def test_thinking_that_no_longer_fits_is_left_out_and_stays_out() -> None:
    stale = Refused(
        400,
        "invalid_request_error",
        "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation.",
    )
    with FakeAnthropic([LOOK, "It is x.", stale, AGAIN, "It is y."]) as server:
        agent = Agent(claude(server), tools=[search])
        first = await agent.run("What?")
        second = await agent.run("And then?", history=first.messages)
        assert (second.output, server.refusals) == ("It is y.", [])
        kinds = [[block["type"] for block in request["messages"][1]["content"]] for request in server.requests[2:]]
        assert kinds == [["thinking", "redacted_thinking", "text", "tool_use"], ["text", "tool_use"], ["text", "tool_use"]]
        assert server.requests[4]["messages"][-2]["content"][0] == think("Once more.")


ERRORS: dict[str, tuple[Refused, str]] = {
    "a wrong key": (Refused(401, "authentication_error", "invalid x-api-key"), "refuses the key given as api_key="),
    "no credit": (
        Refused(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing"),
        "no credit left",
    ),
    "billing": (Refused(402, "billing_error", "There is an issue with your billing."), "no credit left"),
    "no such model": (Refused(404, "not_found_error", "model: claude-x"), "There is no model"),
    "too long": (Refused(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), "longer than its context"),
    "too large": (Refused(413, "request_too_large", "Request exceeds the maximum size"), "(413)"),
    "not allowed": (Refused(403, "permission_error", "Your API key does not have permission"), "does not let the key"),
    "a day's limit": (
        Refused(429, "rate_limit_error", "This request would exceed your organization's rate limit of 1,000 requests per day"),
        "quota of more than a minute",
    ),
    "spend limit": (
        Refused(400, "invalid_request_error", "You have reached your specified API usage limits."),
        "(400)",
    ),
}


@pytest.mark.parametrize(("refused", "words"), ERRORS.values(), ids=ERRORS)
async def test_what_cannot_be_mended_is_said(refused: Refused, words: str) -> None:
    with FakeAnthropic([refused]) as server:
        with pytest.raises(ModelError, match=re.escape(words)) as caught:
            await claude(server).complete(HELLO)
        assert (len(server.requests), caught.value.retryable, "key-" in str(caught.value)) == (1, False, False)


WAITS: dict[str, tuple[Refused, float | None]] = {
    "overloaded": (Refused(529, "overloaded_error", "Overloaded"), None),
    "an error of theirs": (Refused(500, "api_error", "Internal server error"), None),
    "a limit of a minute, in the header": (Refused(429, "rate_limit_error", "too many", {"retry-after": "7"}), 7.0),
}


@pytest.mark.parametrize(("refused", "wait"), WAITS.values(), ids=WAITS)
async def test_what_passes_is_waited_for(refused: Refused, wait: float | None) -> None:
    naps = Naps()
    with FakeAnthropic([refused, "Hello."]) as server:
        assert (await claude(server, sleep=naps).complete(HELLO)).text == "Hello."
    assert len(naps) == 1
    assert wait is None or naps == [wait]


OVERLOADED = {"type": "overloaded_error", "message": "Overloaded", "details": None}
INTERRUPTED: dict[str, Said] = {
    "an error before the first word": Said([text("Hello.")], breaks_after=2, error=OVERLOADED),
    "an error in the middle": Said([text("Hello, you.")], breaks_after=4, error=OVERLOADED),
    "the connection cut": Said([text("Hello, you.")], breaks_after=4),
    "no end": Said([text("Hello, you.")], breaks_after=6, error={"type": "api_error", "message": "Internal server error"}),
}


@pytest.mark.parametrize("broken", INTERRUPTED.values(), ids=INTERRUPTED)
async def test_what_breaks_while_nobody_listens_is_tried_again(broken: Said) -> None:
    naps = Naps()
    with FakeAnthropic([broken, "Hello."]) as server:
        assert (await claude(server, sleep=naps).complete(HELLO)).text == "Hello."
    assert len(naps) == 1


async def test_what_breaks_after_the_first_word_is_told_to_who_heard_it() -> None:
    with FakeAnthropic([INTERRUPTED["an error in the middle"]]) as server:
        heard = claude(server).stream(HELLO)
        assert await anext(heard) == TextDelta("Hello, ")
        with pytest.raises(ModelError, match="Overloaded") as caught:
            await anext(heard)
        assert caught.value.retryable


STALLED = Said([text("Hello, you.")], breaks_after=4, stalls=True)


async def test_who_stops_listening_hangs_up() -> None:
    with FakeAnthropic([STALLED]) as server:
        heard = claude(server).stream(HELLO)
        assert await anext(heard) == TextDelta("Hello, ")
        await heard.aclose()
        assert await asyncio.to_thread(server.hung_up.wait, 60)


SILENT = Said([], breaks_after=0, stalls=True)


async def test_a_server_that_falls_silent_is_not_waited_for() -> None:
    with FakeAnthropic([SILENT]) as server:
        with pytest.raises(ModelError, match=r"sent nothing for 0.5 s"):
            await claude(server, timeout_seconds=0.5).complete(HELLO)
        assert await asyncio.to_thread(server.hung_up.wait, 60)


async def test_a_whole_reply_that_takes_long_is_streamed_from_then_on() -> None:
    short = ModelRequest(HELLO.messages, sampling=Sampling(max_tokens=99))
    with FakeAnthropic([SILENT, "One.", "Two."]) as server:
        model = claude(server, timeout_seconds=2)
        assert [(await model.complete(short)).text for _ in range(2)] == ["One.", "Two."]
        assert [request["stream"] for request in server.requests] == [False, True, True]


async def test_of_an_answer_without_an_end_only_so_much_is_read() -> None:
    told = "is not read: more than 67,108,864 bytes without an end"
    with FakeAnthropic([Raw(" " * (LONGEST_EVENT + 1), "application/json")]) as server, pytest.raises(ModelError, match=told):
        await claude(server).complete(HELLO)


async def test_an_answer_that_is_no_message() -> None:
    for answer, words in {
        Raw("<html>Log in</html>", "text/html"): "a web page",
        Raw('{"choices": []}', "application/json"): "not a message.*API like Anthropic's",
        Raw("", "text/event-stream"): "ended without",
    }.items():
        with FakeAnthropic([answer]) as server, pytest.raises(ModelError, match=words):
            await claude(server, max_tries=1).complete(HELLO)


# ---- where the key goes ----


async def test_the_key_of_the_environment_goes_to_the_host_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret-key")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Team: secret-team")
    with FakeAnthropic(["Hello."] * 3) as server:
        await AnthropicMessages("claude-opus-5", base_url=server.base_url).complete(HELLO)
        await AnthropicMessages("claude-opus-5", base_url=f"{server.base_url}/v1/", api_key="given").complete(HELLO)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        await AnthropicMessages("claude-opus-5").complete(HELLO)
        sent = [(headers["authorization"], headers["x-api-key"], headers.get("x-team")) for headers in server.headers]
        assert sent == [
            ("Bearer none", "none", None),
            ("Bearer given", "given", None),
            ("Bearer secret-key", "secret-key", "secret-team"),
        ]


async def test_without_a_key_nothing_is_sent() -> None:
    with pytest.raises(ModelError, match="ANTHROPIC_API_KEY"):
        await AnthropicMessages("claude-opus-5").complete(HELLO)


def test_an_address_that_is_none() -> None:
    with pytest.raises(UsageError, match="not a base URL"):
        AnthropicMessages("claude-opus-5", base_url="localhost:8000")


def test_run_sync_twice_uses_a_client_for_each_loop() -> None:
    with FakeAnthropic(["One.", "Two."]) as server:
        agent = Agent(claude(server))
        assert [agent.run_sync("Hi").output, agent.run_sync("Hi").output] == ["One.", "Two."]


async def test_events_say_what_the_model_did_not_take() -> None:
    with FakeAnthropic(["Hello."]) as server:
        agent = Agent(claude(server), sampling=Sampling(temperature=0))
        events = [event async for event in agent.stream_emitted("Hi")]
        assert [(event.without, event.why) for event in events if isinstance(event, ModelDowngraded)] == [
            ("temperature", "claude-opus-5-5 does not take it")
        ]
