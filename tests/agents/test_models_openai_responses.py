"""Models over OpenAI's Responses API: what arrives, settings, refusals, errors, and where there is no such API."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest

from sayso import Agent
from sayso.agents.agent_events import ReasoningStreamed
from sayso.agents.messages import NativeCall, ProviderData, Reply, Sampling, UserMessage
from sayso.agents.models.model import CallDelta, Delta, Finished, ModelRequest, ReasoningDelta, TextDelta
from sayso.agents.models.openai_responses import OpenAIResponses
from sayso.testing.responses_rules import Body, ResponsesRules
from sayso.tools.errors import ModelError
from sayso.workflows import Usage

from .fake_openai import HttpError, Raw
from .fake_responses import Calls, FakeResponses, Says, Thinks, Turn
from .responses_desk import SEARCHES, WAYS, Naps, read, responses, run, search, tell, types

HELLO = ModelRequest((UserMessage("hello"),))


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_left_open() -> Iterator[None]:
    yield
    gc.collect()  # a socket left open warns here, and a warning fails the test


async def stream(model: OpenAIResponses, request: ModelRequest = HELLO) -> list[Delta]:
    return [delta async for delta in model.stream(request)]


# ---- what arrives ----

EVERY_KIND = [Thinks("They greet."), Says("Hello.", phase="commentary"), Calls("search", {"query": "Grüße"}), Calls("read")]


def kept_of_every_kind(server: FakeResponses) -> ProviderData:
    output = [
        {
            "id": "rs_0001",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "They greet."}],
            "encrypted_content": "gAAA0001c90=",
        },
        {
            "id": "msg_0002",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hello.", "annotations": [], "logprobs": []}],
            "phase": "commentary",
        },
        {
            "id": "fc_0003",
            "type": "function_call",
            "status": "completed",
            "call_id": "call_0003xyz",
            "name": "search",
            "arguments": '{"query": "Gr\\u00fc\\u00dfe"}',
        },
        {"id": "fc_0004", "type": "function_call", "status": "completed", "call_id": "call_0004xyz", "name": "read", "arguments": "{}"},
    ]
    return ProviderData(f"responses {urlsplit(server.base_url).netloc}", {"output": output})


COUNTED = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 80, "cache_write_tokens": 0},
    "output_tokens": 50,
    "output_tokens_details": {"reasoning_tokens": 40},
    "total_tokens": 150,
}
USED = Usage(100, 50, model_calls=1, cached_tokens=80, reasoning_tokens=40)


@pytest.mark.parametrize("ignores_stream", [False, True], ids=["streamed", "answered whole all the same"])
async def test_the_deltas_of_a_reply(ignores_stream: bool) -> None:
    with FakeResponses([Turn(EVERY_KIND, usage=COUNTED)], pieces=99, ignores_stream=ignores_stream) as server:
        deltas = await stream(responses(server))
        assert deltas == [
            ReasoningDelta("They greet."),
            TextDelta("Hello."),
            CallDelta(0, "call_0003xyz", "search", '{"query": "Gr\\u00fc\\u00dfe"}'),
            CallDelta(1, "call_0004xyz", "read", "{}"),
            Finished("tool_calls", USED, kept_of_every_kind(server)),
        ]
        assert server.requests[0]["stream"] is True


@pytest.mark.parametrize("ignores_stream", [False, True], ids=["whole", "streamed all the same"])
async def test_a_whole_reply(ignores_stream: bool) -> None:
    with FakeResponses([Turn(EVERY_KIND, usage=COUNTED)], ignores_stream=ignores_stream) as server:
        assert await responses(server).complete(HELLO) == Reply(
            "Hello.",
            (NativeCall("call_0003xyz", "search", '{"query": "Gr\\u00fc\\u00dfe"}'), NativeCall("call_0004xyz", "read", "{}")),
            "They greet.",
            USED,
            "tool_calls",
            kept_of_every_kind(server),
        )
        assert "stream" not in server.requests[0]


async def test_the_pieces_of_a_reply() -> None:
    with FakeResponses([[Thinks("hm, ja"), Says("Grüße für dich"), Calls("search", {"q": 1})]], pieces=5) as server:
        deltas = await stream(responses(server))
        assert [delta for delta in deltas if not isinstance(delta, Finished)] == [
            ReasoningDelta("hm, j"),
            ReasoningDelta("a"),
            TextDelta("Grüße"),
            TextDelta(" für "),
            TextDelta("dich"),
            CallDelta(0, "call_0003xyz", "search", '{"q":'),
            CallDelta(0, arguments=" 1}"),
        ]


async def test_a_refusal_is_what_was_said() -> None:
    with FakeResponses([[Says("I cannot help with that.", refusal=True)]] * 2) as server:
        assert (await responses(server).complete(HELLO)).text == "I cannot help with that."
        assert (
            "".join(delta.text for delta in await stream(responses(server)) if isinstance(delta, TextDelta)) == "I cannot help with that."
        )


# ---- what came with a turn and is refused ----


@WAYS
async def test_thoughts_of_another_organisation_are_left_out(way: str) -> None:
    with FakeResponses([SEARCHES, "Two.", SEARCHES, "Here.", "Bye."]) as server:
        agent = Agent(responses(server), tools=[search])
        history = (await run(way, agent, "Where?")).messages
        server.forget_keys()
        result = await run(way, agent, "Where exactly?", history=history)
        assert (result.output, len(server.refused)) == ("Here.", 1)
        assert types(server.requests[3])[1:] == [
            *("function_call", "function_call_output", "assistant", "user"),
            *("reasoning", "function_call", "function_call_output"),
        ]
        assert (await run(way, agent, "Bye", history=result.messages)).output == "Bye."
        assert len(server.refused) == 1, "it is remembered"


async def test_thoughts_that_are_left_out_are_told() -> None:
    with FakeResponses([SEARCHES, "Two.", "Here."]) as server:
        agent = Agent(responses(server), tools=[search])
        history = (await agent.run("Where?")).messages
        server.forget_keys()
        assert await tell("", agent, "Where exactly?", history=history) == ("Here.", ["the reasoning of earlier turns"])


async def test_in_the_middle_of_a_run_a_key_is_changed() -> None:
    def change_key(body: Body) -> Sequence[Any]:
        server.forget_keys()
        return [Thinks(), Calls("read", {"page": 1})]

    with FakeResponses([SEARCHES, change_key, "Two."]) as server:
        answer, without = await tell("", Agent(responses(server), tools=[search, read]), "Where?")
        assert (answer, without, len(server.refused)) == ("Two.", ["the reasoning of earlier turns"], 1)
        assert types(server.requests[2])[1:] == ["function_call", "function_call_output"] * 2


@WAYS
async def test_another_model_that_does_not_reason(way: str) -> None:
    with FakeResponses([SEARCHES, "Two.", SEARCHES[1:], "Here."]) as server:
        history = (await run(way, Agent(responses(server), tools=[search]), "Where?")).messages
        server.rules = ResponsesRules(reasons=False)
        agent = Agent(responses(server), tools=[search])
        assert (await run(way, agent, "Where exactly?", history=history)).output == "Here."
        assert len(server.refused) == 2, "include, then the reasoning"
        assert server.requests[3].get("include") is None


@WAYS
async def test_ids_that_are_looked_up_in_vain_are_left_out(way: str) -> None:
    with FakeResponses([SEARCHES, "Two."], rules=ResponsesRules(takes_ids_of_nothing_stored=False)) as server:
        assert (await run(way, Agent(responses(server), tools=[search]), "Where?")).output == "Two."
        assert len(server.refused) == 1
        assert types(server.requests[1])[1:] == ["reasoning", "function_call", "function_call_output"]
        assert all("id" not in item for item in server.requests[1]["input"])


@WAYS
async def test_ids_that_are_looked_up_in_vain_and_required(way: str) -> None:
    rules = ResponsesRules(takes_ids_of_nothing_stored=False, needs_ids=True)
    with FakeResponses([SEARCHES, [Thinks(), Calls("read", {"page": 1})], "Two."], rules=rules) as server:
        assert (await run(way, Agent(responses(server), tools=[search, read]), "Where?")).output == "Two."
        assert types(server.requests[2])[1:] == ["function_call", "function_call_output"] * 2
        assert len(server.refused) == 3, "the ids, the thought, and the next thought"


@WAYS
async def test_what_the_user_stores_goes_back_by_its_ids(way: str) -> None:
    stored = Sampling(extra_body={"store": True, "include": []})
    with FakeResponses([SEARCHES, "Two."], rules=ResponsesRules(takes_ids_of_nothing_stored=False)) as server:
        assert (await run(way, Agent(responses(server, sampling=stored), tools=[search]), "Where?")).output == "Two."
        assert server.refused == []


async def test_what_is_left_out_once_is_left_out_and_then_the_run_fails() -> None:
    never = HttpError(400, "Item 'rs_0001' of type 'reasoning' was provided without its required following item.")
    with FakeResponses([SEARCHES, never, never]) as server:
        with pytest.raises(ModelError, match="required following item"):
            await Agent(responses(server), tools=[search]).run("Where?")
        assert len(server.requests) == 3


# ---- settings ----


async def test_what_a_reasoning_model_refuses_is_left_out_remembered_and_told() -> None:
    sampling = Sampling(temperature=0.5, top_p=0.9, max_tokens=5, reasoning_effort="low", seed=1)
    with FakeResponses(["One.", "Two."]) as server:
        agent = Agent(responses(server, sampling=sampling))
        assert await tell("", agent, "Hi") == ("One.", ["seed", "temperature", "top_p"])
        assert await tell("", agent, "Hi") == ("Two.", [])
        assert len(server.refused) == 2
        assert server.requests[1]["max_output_tokens"] == 16
        assert server.requests[1]["reasoning"] == {"effort": "low"}


async def test_a_model_that_does_not_reason_is_not_asked_for_thoughts_again() -> None:
    with FakeResponses(["One.", "Two."], rules=ResponsesRules(reasons=False)) as server:
        model = responses(server, sampling=Sampling(reasoning_effort="low", temperature=0.5))
        assert await tell("", Agent(model), "Hi") == ("One.", ["reasoning_effort"])
        assert await tell("", Agent(model), "Hi") == ("Two.", [])
        assert [name for name in ("include", "reasoning", "temperature") if name in server.requests[1]] == ["temperature"]


async def test_an_organisation_that_may_not_stream_gets_whole_replies() -> None:
    words = "Your organization must be verified to stream this model. Please go to: https://platform.openai.com/settings"
    error = {"message": words, "type": "invalid_request_error", "param": "stream", "code": "unsupported_value"}
    with FakeResponses([HttpError(400, body={"error": error}), "One.", "Two."]) as server:
        agent = Agent(responses(server))
        assert await tell("", agent, "Hi") == ("One.", ["streaming"])
        assert await tell("", agent, "Hi") == ("Two.", [])
        assert [body.get("stream") for body in server.requests] == [True, None, None]


async def test_the_thoughts_that_may_be_shown_are_streamed() -> None:
    sampling = Sampling(extra_body={"reasoning": {"summary": "auto"}})
    with FakeResponses([[Thinks("They greet."), Says("Hello.")]]) as server:
        events = [event async for event in Agent(responses(server, sampling=sampling)).stream_emitted("Hi")]
        assert "".join(event.text for event in events if isinstance(event, ReasoningStreamed)) == "They greet."
        assert server.requests[0]["reasoning"] == {"summary": "auto"}


# ---- who is asked ----


@WAYS
async def test_azure_is_asked_at_its_address_with_a_header_of_its_own(way: str) -> None:
    with FakeResponses([SEARCHES, "Two."], path="/openai/v1") as server:
        model = OpenAIResponses("deployment", base_url=f"{server.base_url}?api-version=preview", api_key="secret", takes_tools=True)
        assert (await run(way, Agent(model, tools=[search]), "Where?")).output == "Two."
        assert server.refused == []
        assert set(server.paths) == {"/openai/v1/responses?api-version=preview"}
        assert [(sent.get("api-key"), sent.get("authorization")) for sent in server.headers] == [("secret", None)] * 2
        assert server.requests[0]["model"] == "deployment"


@WAYS
async def test_the_key_and_headers_of_the_users_own(way: str) -> None:
    sampling = Sampling(extra_headers={"X-Team": "blue"}, extra_body={"prompt_cache_key": "desk", "metadata": {"run": "1"}})
    with FakeResponses(["Hello."]) as server:
        await run(way, Agent(responses(server, sampling=sampling)), "Hi")
        assert (server.headers[0]["authorization"], server.headers[0].get("x-team")) == ("Bearer key", "blue")
        assert (server.requests[0]["prompt_cache_key"], server.requests[0]["metadata"]) == ("desk", {"run": "1"})


def test_openai_without_a_key() -> None:
    with pytest.raises(ModelError, match=r"There is no key for 'gpt-5\.6' at OpenAI"):
        Agent(OpenAIResponses("gpt-5.6")).run_sync("Hi")


# ---- errors ----

FAILED: dict[str, tuple[Turn, str, bool]] = {
    "the server failed": (Turn([], failed=("server_error", "An error occurred.")), "broke off: An error occurred", True),
    "a limit by minute": (
        Turn([], failed=("rate_limit_exceeded", "Rate limit reached for gpt on tokens per min (TPM). Please try again in 3s.")),
        "is asked too often",
        True,
    ),
    "no credit": (Turn([], failed=("insufficient_quota", "You exceeded your current quota, check billing.")), "no credit left", False),
    "a forbidden prompt": (Turn([], failed=("invalid_prompt", "Invalid prompt: it was flagged.")), "refuses the request", False),
    "a policy": (Turn([], failed=("bio_policy", "Not allowed.")), "refuses the request", False),
    "a bad image": (Turn([], failed=("image_too_large", "The image is too large.")), "refuses the request", False),
    "too long": (
        Turn([], failed=("context_length_exceeded", "Your input exceeds the context window of this model.")),
        "longer than its context",
        False,
    ),
    "an event of an error": (Turn([], error_event=("server_error", "Down."), events=2), "broke off: Down", True),
    "an event of an error that is final": (
        Turn([], error_event=("context_length_exceeded", "Your input exceeds the context window of this model."), events=1),
        "longer than its context",
        False,
    ),
    "cut off before the first word": (Turn([Says("Hello.")], events=2), "broke off", True),
}


@WAYS
@pytest.mark.parametrize(("turn", "words", "passes"), FAILED.values(), ids=FAILED)
async def test_a_response_that_failed(way: str, turn: Turn, words: str, passes: bool) -> None:
    with FakeResponses([turn] * 4) as server:
        naps = Naps()
        with pytest.raises(ModelError, match=words):
            await run(way, Agent(responses(server, sleep=naps)), "Hi")
        assert (len(server.requests), len(naps)) == ((4, 3) if passes else (1, 0))
    if passes:
        with FakeResponses([turn, "Hello."]) as server:
            assert (await run(way, Agent(responses(server)), "Hi")).output == "Hello."


async def test_a_connection_that_is_cut_in_a_reply_is_tried_again_where_nobody_listens() -> None:
    cut = Turn([Says("Hello, you there.")], events=6)
    with FakeResponses([cut, "Hello."]) as server:
        assert (await Agent(responses(server)).run("Hi")).output == "Hello."
    with FakeResponses([cut, "Hello."]) as server:
        with pytest.raises(ModelError, match="broke off"):
            await run("streamed", Agent(responses(server)), "Hi")
        assert len(server.requests) == 1


async def test_thoughts_that_cannot_be_read_may_be_told_in_the_stream() -> None:
    words = "The encrypted content gAAA...c90= could not be verified."
    bad = Turn([], failed=("invalid_encrypted_content", words))
    with FakeResponses([SEARCHES, bad, "Two."]) as server:
        assert await tell("", Agent(responses(server), tools=[search]), "Where?") == ("Two.", ["the reasoning of earlier turns"])
        assert types(server.requests[2])[1:] == ["function_call", "function_call_output"]


NO_REPLIES = {
    "a web page": (Raw("<!doctype html><p>Log in", "text/html"), "answered with a web page"),
    "half a JSON text": (Raw('{"object": "response", "output": [', "application/json"), "in the middle of its JSON"),
    "JSON without a bottom": (Raw('{"output":' + "[" * 9999 + "]" * 9999 + "}", "application/json"), "something that is not"),
    "nothing": (Raw("", "text/event-stream"), "broke off"),
    "a chat completion": (Raw('{"choices": []}', "application/json"), "something that is not"),
}


@WAYS
@pytest.mark.parametrize(("answer", "words"), NO_REPLIES.values(), ids=NO_REPLIES)
async def test_what_is_no_response(way: str, answer: Raw, words: str) -> None:
    with FakeResponses([answer] * 4) as server, pytest.raises(ModelError, match=words):
        await run(way, Agent(responses(server)), "Hi")
