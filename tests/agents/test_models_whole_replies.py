"""Replies that nobody listens to: fetched whole, tried again wherever they break off, and streamed where whole is too long a silence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pytest

from sayso import Agent
from sayso.agents.agent_events import ModelDowngraded
from sayso.agents.messages import NativeCall, Reply, Sampling, UserMessage
from sayso.agents.models.model import Downgraded, ModelRequest
from sayso.agents.models.openai_chat import OpenAIChat
from sayso.tools import tool
from sayso.tools.errors import ModelError, UsageError
from sayso.workflows import Usage

from .fake_openai import Body, BreaksOff, FakeOpenAI, FallsSilent, HttpError, Line, Raw, completion, events_of
from .test_models_openai_chat import Naps, chat

HELLO = ModelRequest((UserMessage("hello"),))
CALLS = Reply("Let me see.", (NativeCall("a1", "search", '{"q": 1}'),), "hm", Usage(12, 5))


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def as_events(reply: Reply, body: Body) -> str:
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events_of(reply, body | {"stream_options": {"include_usage": True}}))


async def test_a_run_that_nobody_listens_to_asks_for_whole_replies() -> None:
    with FakeOpenAI(["Hello.", "Hello."]) as server:
        agent = Agent(chat(server, takes_tools=True))
        assert (await agent.run("Hi")).output == "Hello."
        assert [event async for event in agent.stream_emitted("Hi")]
        assert [body.get("stream", False) for body in server.requests] == [False, True]
        assert ["stream_options" in body for body in server.requests] == [False, True]


SHAPES: dict[str, Any] = {
    "whole": lambda body: Raw(json.dumps(completion(CALLS, body)), "application/json"),
    "streamed all the same": lambda body: Raw(as_events(CALLS, body)),
    "streamed, and called JSON": lambda body: Raw(as_events(CALLS, body), "application/json"),
    "streamed, and called text": lambda body: Raw(as_events(CALLS, body) + "data: [DONE]\n\n", "text/plain"),
    "whole, and called text": lambda body: Raw(json.dumps(completion(CALLS, body)), "text/plain; charset=utf-8"),
    "whole, called nothing": lambda body: Raw(json.dumps(completion(CALLS, body)), ""),
}


@pytest.mark.parametrize("answer", SHAPES.values(), ids=SHAPES)
async def test_how_it_came_is_read_from_the_answer(answer: Any) -> None:
    with FakeOpenAI([answer]) as server:
        reply = await chat(server).complete(HELLO)
    assert (reply.text, reply.calls, reply.finish) == ("Let me see.", CALLS.calls, "tool_calls")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (12, 5)


BROKEN: dict[str, Line] = {
    "in the middle of the words": BreaksOff(Reply("Your order is on its way"), 3),
    "without a finish": Raw('data: {"choices": [{"delta": {"content": "Your order"}}]}\n\ndata: [DONE]\n\n'),
    "with an error": Raw(
        'data: {"choices": [{"delta": {"content": "Your"}}]}\n\ndata: {"error": {"message": "overloaded", "code": 502}}\n\n'
    ),
    "with the finish of an error": Raw(
        'data: {"choices": [{"delta": {"content": "Your"}}]}\n\n'
        'data: {"choices": [{"delta": {}, "finish_reason": "error", "error": {"code": 502, "message": "upstream died"}}]}\n\n'
    ),
    "empty": Raw("", "application/json"),
    "no choices while the model loads": Raw('{"id": "x", "object": "chat.completion", "choices": []}', "application/json"),
    "null for choices": Raw('{"choices": null}', "application/json"),
    "half of its JSON": BreaksOff(Reply("Your order"), 1),
    "half of its JSON, and no length that says so": Raw('{"choices": [{"index": 0, "mess', "application/json"),
    "half of an event under another type": Raw('data: {"choices": [{"index": 0, "del', "text/plain"),
    "a model that loads": HttpError(503, "Loading model"),
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
async def test_a_reply_that_breaks_off_is_fetched_again_while_nobody_has_heard_it(line: Line) -> None:
    naps = Naps()
    with FakeOpenAI([line, "Your order is ready."]) as server:
        result = await Agent(chat(server, takes_tools=True, sleep=naps)).run("Where is it?")
        assert (result.output, len(server.requests), len(naps)) == ("Your order is ready.", 2, 1)


LOADING: dict[str, tuple[Line, float]] = {
    "llama.cpp": (HttpError(503, body={"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}), 5.0),
    "hugging face": (HttpError(503, body={"error": "Model some/model is currently loading", "estimated_time": 20.0}), 20.0),
}


@pytest.mark.parametrize(("line", "seconds"), LOADING.values(), ids=LOADING)
async def test_a_model_that_loads_is_waited_for(line: Line, seconds: float) -> None:
    naps = Naps()
    with FakeOpenAI([line, "Hello."]) as server:
        assert (await chat(server, sleep=naps).complete(HELLO)).text == "Hello."
    assert naps == [seconds]


async def test_what_breaks_off_again_and_again_is_an_error_that_says_why() -> None:
    with (
        FakeOpenAI([Raw('{"choices": []}', "application/json")], repeat=True) as server,
        pytest.raises(ModelError, match=r"broke off: there is nothing in it\. Tried 4 times"),
    ):
        await chat(server).complete(HELLO)


async def test_a_whole_reply_that_takes_too_long_is_asked_for_as_a_stream_from_then_on() -> None:
    with FakeOpenAI([FallsSilent(), "One.", "Two."]) as server:
        model = chat(server, timeout_seconds=2)
        assert [(await model.complete(HELLO)).text, (await model.complete(HELLO)).text] == ["One.", "Two."]
        assert [body.get("stream", False) for body in server.requests] == [False, True, True]


@pytest.mark.parametrize("status", [504, 524])
async def test_a_proxy_that_does_not_wait_is_asked_to_stream(status: int) -> None:
    with FakeOpenAI([HttpError(status, "timed out"), "One."]) as server:
        assert (await chat(server).complete(HELLO)).text == "One."
        assert server.requests[1]["stream"]


async def test_an_endpoint_that_is_silent_both_ways_is_given_up() -> None:
    with (
        FakeOpenAI([FallsSilent(), FallsSilent()]) as server,
        pytest.raises(ModelError, match=r"sent nothing for 0\.2 s"),
    ):
        await chat(server, timeout_seconds=0.2).complete(HELLO)


PAGES = {
    "llama.cpp": {"/props": {"chat_template_caps": {"supports_tools": True}}},
    "ollama": {"/api/version": {"version": "0.9"}, "/api/show": {"capabilities": ["tools"]}},
}


@pytest.mark.parametrize("pages", PAGES.values(), ids=PAGES)
async def test_a_server_on_slow_hardware_streams_although_nobody_listens(pages: dict[str, object]) -> None:
    with FakeOpenAI(["Hello."], pages=pages) as server:
        assert (await Agent(chat(server)).run("Hi")).output == "Hello."
        assert server.requests[0]["stream"]


def only_streams(body: Body) -> str | HttpError:
    return "ok" if body.get("stream") else HttpError(400, "This model only support stream mode, please enable the stream parameter")


def never_streams(body: Body) -> str | HttpError:
    return HttpError(400, "Your organization must be verified to stream this model.") if body.get("stream") else "ok"


async def test_who_only_streams_is_asked_to_and_who_cannot_is_not() -> None:
    told: list[object] = []
    with FakeOpenAI([only_streams], repeat=True) as server:
        model = chat(server)
        assert [(await model.complete(HELLO)).text for _ in range(2)] == ["ok", "ok"]
        assert len(server.requests) == 3
    with FakeOpenAI([never_streams], repeat=True) as server:
        model, request = chat(server), ModelRequest(HELLO.messages, notify=told.append)
        for _ in range(2):
            assert [delta async for delta in model.stream(request)]
        assert len(server.requests) == 3
    assert [notice.without for notice in told if isinstance(notice, Downgraded)] == ["streaming"]


# ---- what came with a turn ----


@tool.read(trust="tool", secrecy="public")
def weather(city: str) -> str:
    """Tell the weather."""
    return "sunny"


THOUGHT = Reply(calls=(NativeCall("c1", "weather", '{"city": "Rome"}'),), reasoning="I need the weather.")
SIGNED: dict[str, object] = {"extra_content": {"google": {"thought_signature": "sig=="}}}


def signed(body: Body) -> Raw:
    whole = completion(Reply(calls=(NativeCall("c1", "weather", '{"city": "Rome"}'),)), body)
    whole["choices"][0]["message"]["tool_calls"][0] |= SIGNED
    whole["choices"][0]["message"]["reasoning_details"] = [{"type": "reasoning.encrypted", "data": "xyz"}]
    return Raw(json.dumps(whole), "application/json")


def thought(body: Body) -> Raw:
    whole = completion(THOUGHT, body)
    whole["choices"][0]["message"]["reasoning_content"] = "I need the weather."
    return Raw(json.dumps(whole), "application/json")


def assistants(server: FakeOpenAI) -> Iterator[Body]:
    return (message for message in server.requests[-1]["messages"] if message["role"] == "assistant")


async def test_what_came_with_a_call_goes_back_unchanged_and_to_nobody_else() -> None:
    with FakeOpenAI([signed, "Sunny.", "Still."]) as server, FakeOpenAI(["Yes."]) as other:
        agent = Agent(chat(server, takes_tools=True), tools=[weather])
        result = await agent.run("Rome?")
        first = next(assistants(server))
        assert first["tool_calls"][0] == {
            **SIGNED,
            "id": "call00000",
            "type": "function",
            "function": {"name": "weather", "arguments": '{"city": "Rome"}'},
        }
        assert first["reasoning_details"] == [{"type": "reasoning.encrypted", "data": "xyz"}]
        await Agent(chat(other, takes_tools=True), tools=[weather]).run("Still?", history=result.messages)
        assert "extra_content" not in json.dumps(other.requests)
        assert "reasoning_details" not in json.dumps(other.requests)


async def test_a_thought_that_the_endpoint_does_not_take_back_is_left_out_without_a_word() -> None:
    def strict(body: Body) -> str | HttpError:
        if "reasoning_content" in json.dumps(body["messages"]):
            return HttpError(
                400, "'messages.1' : for 'role:assistant' the following must be satisfied[property 'reasoning_content' is unsupported]"
            )
        return "Sunny."

    with FakeOpenAI([thought, strict, strict, strict]) as server:
        agent = Agent(chat(server, takes_tools=True), tools=[weather])
        events = [event async for event in agent.stream_emitted("Rome?")]
        assert not [event for event in events if isinstance(event, ModelDowngraded)]
        assert len(server.requests) == 3


async def test_calls_of_another_model_get_the_thought_that_the_endpoint_misses() -> None:
    def demanding(body: Body) -> str | HttpError:
        calls = [message for message in body["messages"] if message.get("tool_calls")]
        if not all(message.get("reasoning_content") for message in calls):
            return HttpError(400, "thinking is enabled but reasoning_content is missing in assistant tool call message at index 1")
        return "Still sunny."

    with FakeOpenAI([Reply(calls=THOUGHT.calls), "Sunny."]) as server:
        result = await Agent(chat(server, takes_tools=True), tools=[weather]).run("Rome?")
    with FakeOpenAI([demanding], repeat=True) as server:
        again = await Agent(chat(server, takes_tools=True), tools=[weather]).run("Still?", history=result.messages)
        assert (again.output, len(server.requests)) == ("Still sunny.", 2)


NO_TOOLS_GIVEN = {
    "bedrock": "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
    "litellm": "litellm.UnsupportedParamsError: Anthropic expects the `tools=` param to be passed in. Pass `tools=` or set modify_params.",
    "anthropic": "Requests which include `tool_use` or `tool_result` blocks must define tools",
}


@pytest.mark.parametrize("words", NO_TOOLS_GIVEN.values(), ids=NO_TOOLS_GIVEN)
async def test_a_history_with_calls_goes_to_an_agent_without_tools(words: str) -> None:
    def strict(body: Body) -> str | HttpError:
        return HttpError(400, words) if "tool_calls" in json.dumps(body["messages"]) else "Sunny, as I said."

    with FakeOpenAI([Reply(calls=THOUGHT.calls), "Sunny.", strict, strict]) as server:
        result = await Agent(chat(server, takes_tools=True), tools=[weather]).run("Rome?")
        again = await Agent(chat(server, takes_tools=True)).run("And?", history=result.messages)
        assert again.output == "Sunny, as I said."
        assert [(message["role"], message["content"]) for message in server.requests[-1]["messages"]] == [
            ("user", "Rome?"),
            ("assistant", '[called weather with {"city": "Rome"}]'),
            ("user", "[result of weather]\nsunny\n[end of result]"),
            ("assistant", "Sunny."),
            ("user", "And?"),
        ]


# ---- what is sent along ----


async def test_headers_and_fields_of_the_users_go_out_and_a_client_of_his_is_used() -> None:
    import httpx2

    sampling = Sampling(extra_headers={"X-Title": "Sayso"}, extra_body={"provider": {"sort": "price"}})
    seen: list[str] = []

    async def note(request: httpx2.Request) -> None:
        seen.append(request.url.path)

    with FakeOpenAI(["Hello."]) as server:
        async with httpx2.AsyncClient(event_hooks={"request": [note]}) as client:
            model = OpenAIChat("fake", base_url=server.base_url, takes_tools=True, sampling=sampling, http_client=client)
            assert (await Agent(model).run("Hi")).output == "Hello."
            assert not client.is_closed
        assert server.headers[0]["x-title"] == "Sayso"
        assert server.requests[0]["provider"] == {"sort": "price"}
    assert seen == ["/v1/chat/completions"]


async def test_what_is_not_json_in_the_users_fields_is_converted_or_refused_by_name() -> None:
    fields: dict[str, Any] = {"a": MappingProxyType({"b": (1, 2)}), "c": frozenset({"x"})}
    with FakeOpenAI(["Hello."]) as server:
        await chat(server, sampling=Sampling(extra_body=fields)).complete(HELLO)
        assert (server.requests[0]["a"], server.requests[0]["c"]) == ({"b": [1, 2]}, ["x"])
        with pytest.raises(UsageError, match=r"<object .*> in a request to a model is not JSON"):
            await chat(server, sampling=Sampling(extra_body={"a": object()})).complete(HELLO)


async def test_halves_of_characters_are_replaced_wherever_they_stand() -> None:
    @tool.read(trust="tool", secrecy="public")
    def page() -> str:
        """Read a page. \ud83d"""
        return "half \ud83d and whole \ud83d\ude00"

    calls = Reply(calls=(NativeCall("c1", "page", "{}"),))
    with FakeOpenAI([calls, "Read."]) as server:
        assert (await Agent(chat(server, takes_tools=True), tools=[page]).run("Read \udc00")).output == "Read."
        assert server.requests[1]["messages"][0]["content"] == "Read \ufffd"
        assert server.requests[1]["messages"][-1]["content"].endswith("half \ufffd and whole 😀")
