"""A model behind an endpoint, against a real HTTP server: what arrives, what is sent, what is tried again, and what each failure says."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from sayso import Agent, sequential, step
from sayso.agents.messages import NativeCall, ProviderData, Reply, Sampling, UserMessage
from sayso.agents.models.event_stream import LONGEST_EVENT
from sayso.agents.models.model import CallDelta, Delta, Finished, ModelRequest, ReasoningDelta, TextDelta
from sayso.agents.models.openai_chat import OpenAIChat, Retrying
from sayso.tools.errors import ModelError, UsageError
from sayso.workflows import Usage

from .fake_openai import Body, BreaksOff, FakeOpenAI, FallsSilent, HttpError, Line, Raw

HELLO = ModelRequest((UserMessage("hello"),))


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_left_open() -> Iterator[None]:
    yield
    gc.collect()  # a socket left open warns here, and a warning fails the test


class Naps(list[float]):
    """A sleep that takes no time and is remembered."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def chat(server: FakeOpenAI, **options: Any) -> OpenAIChat:
    return OpenAIChat("fake", base_url=server.base_url, **{"sleep": Naps(), **options})


async def all_of(model: OpenAIChat, request: ModelRequest = HELLO) -> list[Delta]:
    return [delta async for delta in model.stream(request)]


async def text_of(model: OpenAIChat, request: ModelRequest = HELLO) -> str:
    return "".join(delta.text for delta in await all_of(model, request) if isinstance(delta, TextDelta))


# ---- what arrives ----


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 7, 100])
async def test_a_reply_is_the_same_however_the_network_cuts_it(cut: int) -> None:
    reply = Reply("Grüße, 1 🍔 für dich", reasoning="hm, ja", usage=Usage(12, 5))
    with FakeOpenAI([reply], pieces=9, cut=cut) as server:
        kept = ProviderData(f"chat {urlsplit(server.base_url).netloc}", {"message": {"reasoning_content": "hm, ja"}})
        assert await all_of(chat(server)) == [
            ReasoningDelta("hm, ja"),
            TextDelta("Grüße, 1 "),
            TextDelta("🍔 für dic"),
            TextDelta("h"),
            Finished("stop", Usage(12, 5, model_calls=1), kept),
        ]


async def test_the_pieces_of_two_native_calls_come_interleaved_and_numbered() -> None:
    calls = (NativeCall("a1", "search", '{"query": 1}'), NativeCall("b2", "ORDER", '{"item": "Burger"}'))
    with FakeOpenAI([Reply("Let me see.", calls)], pieces=11) as server:
        assert await all_of(chat(server)) == [
            TextDelta("Let me see."),
            CallDelta(0, "a1", "search", ""),  # its name is complete: another call follows
            CallDelta(0, arguments='{"query": 1'),
            CallDelta(1, "b2", "ORDER", '{"item": "B'),
            CallDelta(0, arguments="}"),
            CallDelta(1, arguments='urger"}'),
            Finished("tool_calls", Usage(model_calls=1)),
        ]


async def test_an_endpoint_that_does_not_stream_is_read_whole() -> None:
    calls = (NativeCall("a1", "search", "{}"),)

    def whole(body: Body) -> Raw:
        from .fake_openai import completion

        return Raw(json.dumps(completion(Reply("Yes.", calls, usage=Usage(2, 3)), body)), "application/json; charset=utf-8")

    with FakeOpenAI([whole]) as server:
        assert await all_of(chat(server)) == [
            TextDelta("Yes."),
            CallDelta(0, "a1", "search", "{}"),
            Finished("tool_calls", Usage(2, 3, model_calls=1)),
        ]


async def test_a_reply_may_be_empty() -> None:
    with FakeOpenAI([""]) as server:
        assert await all_of(chat(server)) == [Finished("stop", Usage(model_calls=1))]


async def test_a_cut_off_reply_says_so() -> None:
    with FakeOpenAI([Reply("I would", finish="length")]) as server:
        assert (await all_of(chat(server)))[-1] == Finished("length", Usage(model_calls=1))


async def test_comments_blank_lines_and_carriage_returns_between_events_are_passed_over() -> None:
    events = (
        ": PROCESSING\r\n\r\n"
        'data: {"choices": [{"index": 0, "delta": {"content": "ok"}}]}\r\n\r\n'
        ": PROCESSING\r\n\r\n"
        'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\r\n\r\n'
        "data: [DONE]\r\n\r\n"
    )
    with FakeOpenAI([Raw(events)]) as server:
        assert await text_of(chat(server)) == "ok"


# ---- what is sent ----


async def test_the_request_carries_messages_tools_and_what_the_endpoint_takes_of_the_sampling() -> None:
    sampling = Sampling(
        temperature=0.5, top_p=0.9, top_k=40, max_tokens=99, repetition_penalty=1.1, logit_bias={"7": -100}, stop=("END",), seed=3
    )
    tool = {"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}
    with FakeOpenAI(["ok"]) as server:
        await all_of(chat(server), ModelRequest((UserMessage("hello"),), (tool,), sampling))
        assert server.requests == [
            {
                "model": "fake",
                "messages": [{"role": "user", "content": "hello"}],
                "stream": True,
                "stream_options": {"include_usage": True},
                "tools": [tool],
                "temperature": 0.5,
                "top_p": 0.9,
                "max_tokens": 99,
                "stop": ["END"],
                "seed": 3,
                "logit_bias": {"7": -100},
                "top_k": 40,
                "repetition_penalty": 1.1,
                "repeat_penalty": 1.1,
            }
        ]


async def test_the_sampling_of_the_request_goes_before_that_of_the_model() -> None:
    with FakeOpenAI(["ok"]) as server:
        model = chat(server, sampling=Sampling(temperature=1.0, seed=1))
        await all_of(model, ModelRequest((UserMessage("hello"),), sampling=Sampling(temperature=0.0)))
        assert (server.requests[0]["temperature"], server.requests[0]["seed"]) == (0.0, 1)


async def test_a_schema_is_sent_as_a_response_format() -> None:
    schema = {"title": "My Plan", "type": "object", "properties": {"steps": {"type": "integer"}}}
    with FakeOpenAI(['{"steps": 3}']) as server:
        await all_of(chat(server), ModelRequest((UserMessage("hello"),), schema=schema))
        assert server.requests[0]["response_format"] == {
            "type": "json_schema",
            "json_schema": {"name": "My_Plan", "schema": schema, "strict": False},
        }


KEYS = {
    "given": ({}, "sk-given", "Bearer sk-given"),
    "OpenAI's, for another host": ({"OPENAI_API_KEY": "sk-environment"}, None, "Bearer none"),
    "given with a host by the environment": (
        {"OPENAI_API_KEY": " sk-environment\n", "OPENAI_BASE_URL": "AT"},
        None,
        "Bearer sk-environment",
    ),
    "given before the environment": ({"OPENAI_API_KEY": "sk-environment"}, "sk-given", "Bearer sk-given"),
    "none": ({}, None, "Bearer none"),
}


@pytest.mark.parametrize(("environment", "given", "sent"), KEYS.values(), ids=KEYS)
async def test_the_key_is_the_given_one_or_that_of_the_environment(
    environment: dict[str, str], given: str | None, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeOpenAI(["ok"]) as server:
        for name, value in environment.items():
            monkeypatch.setenv(name, server.base_url if value == "AT" else value)
        await all_of(chat(server, api_key=given))
        assert set(server.authorizations) == {sent}


async def test_a_proxy_for_the_web_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with FakeOpenAI(["ok"]) as server:
        assert await text_of(chat(server)) == "ok"


# ---- what an endpoint does not take ----

SCHEMA = {"type": "object"}


def refuses(field: str, message: str, status: int = 400) -> Line:
    """An endpoint that takes all but one field."""
    return lambda body: HttpError(status, message) if field in body else "ok"


REFUSED = {
    "stream_options": ("stream_options", "Extra inputs are not permitted: stream_options", 422),
    "the newer word for the length": ("max_tokens", "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", 400),
    "a temperature": ("temperature", "Unsupported value: 'temperature' does not support 0.2 with this model.", 400),
    "top_k": ("top_k", "property 'top_k' is unsupported", 400),
    "seed": ("seed", "Unrecognized request argument supplied: seed", 400),
    "every response format": ("response_format", "This response_format type is unavailable now", 400),
}


@pytest.mark.parametrize(("field", "message", "status"), REFUSED.values(), ids=REFUSED)
async def test_what_the_endpoint_refuses_is_left_out_and_remembered(field: str, message: str, status: int) -> None:
    request = ModelRequest((UserMessage("hello"),), sampling=Sampling(temperature=0.2, max_tokens=9, top_k=4, seed=5), schema=SCHEMA)
    with FakeOpenAI([refuses(field, message, status)], repeat=True) as server:
        model = chat(server)
        assert await text_of(model, request) == "ok"
        asked = len(server.requests)
        assert await text_of(model, request) == "ok"
        assert [field in body for body in server.requests] == [True] * (asked - 1) + [False, False]
        assert field != "max_tokens" or server.requests[-1]["max_completion_tokens"] == 9


async def test_a_json_schema_falls_back_to_json_and_then_to_nothing() -> None:
    def kind(body: Body) -> str | None:
        return (body.get("response_format") or {}).get("type")

    def only_text(body: Body) -> str | HttpError:
        return HttpError(400, f"response_format {kind(body)!r} is not supported") if kind(body) else "ok"

    with FakeOpenAI([only_text], repeat=True) as server:
        assert await text_of(chat(server), ModelRequest((UserMessage("hello"),), schema=SCHEMA)) == "ok"
        assert [kind(body) for body in server.requests] == ["json_schema", "json_object", None]
    with FakeOpenAI([only_text], repeat=True) as server:  # a list is not a JSON object: it is asked for in words at once
        assert await text_of(chat(server), ModelRequest((UserMessage("hello"),), schema={"type": "array"})) == "ok"
        assert [kind(body) for body in server.requests] == ["json_schema", None]


async def test_a_refusal_that_ends_in_failure_is_not_remembered() -> None:
    replies: list[Line] = [HttpError(400, "response_format: unsupported"), HttpError(400, "the context is too long"), "ok"]
    with FakeOpenAI(replies) as server:
        model, request = chat(server), ModelRequest((UserMessage("hello"),), schema=SCHEMA)
        with pytest.raises(ModelError, match="the context is too long"):
            await all_of(model, request)
        assert await text_of(model, request) == "ok"
        assert server.requests[2]["response_format"]["type"] == "json_schema"


async def test_a_value_that_is_out_of_range_is_an_error_and_not_left_out() -> None:
    with (
        FakeOpenAI([HttpError(400, "temperature must be at most 2")]) as server,
        pytest.raises(ModelError, match="temperature must be at most 2"),
    ):
        await all_of(chat(server), ModelRequest((UserMessage("hello"),), sampling=Sampling(temperature=5)))


# ---- what is tried again ----


async def test_a_rate_limit_is_waited_for_as_long_as_the_endpoint_asks() -> None:
    naps, told = Naps(), list[Retrying]()
    with FakeOpenAI([HttpError(429, "slow down", {"Retry-After": "7"}), HttpError(429, "", {"retry-after-ms": "1500"}), "ok"]) as server:
        assert await text_of(chat(server, sleep=naps, on_retry=told.append)) == "ok"
    assert naps == [7.0, 1.5]
    assert told == [
        Retrying(1, 7.0, f"{server.base_url} is asked too often (429): slow down. It asks to wait 7 s."),
        Retrying(2, 1.5, f"{server.base_url} is asked too often (429). It asks to wait 1.5 s."),
    ]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
async def test_trouble_that_may_pass_is_tried_again_with_growing_waits(status: int) -> None:
    naps = Naps()
    with FakeOpenAI([HttpError(status), HttpError(status), HttpError(status), "ok"]) as server:
        assert await text_of(chat(server, sleep=naps)) == "ok"
    assert [low <= nap <= low + 0.25 for nap, low in zip(naps, (0.5, 1.0, 2.0), strict=True)] == [True] * 3


async def test_after_max_tries_the_error_says_how_often_it_was_tried() -> None:
    with FakeOpenAI([HttpError(503, "overloaded")], repeat=True) as server:
        with pytest.raises(ModelError, match=r"has trouble \(503\): overloaded\. Tried 3 times\.$") as caught:
            await all_of(chat(server, max_tries=3))
        assert (caught.value.retryable, len(server.requests)) == (True, 3)


async def test_a_limit_per_minute_is_waited_for_although_it_speaks_of_quota_and_billing() -> None:
    over = "You exceeded your current quota, please check your plan and billing details. Please retry in 1m2.5s."
    listed = [{"error": {"code": 429, "message": over, "status": "RESOURCE_EXHAUSTED"}}]
    again = {"error": {"message": f"{over} https://models.example.org/settings/billing", "code": 429}}
    naps = Naps()
    with FakeOpenAI([HttpError(429, body=listed), Raw(f"data: {json.dumps(again)}\n\n"), "ok"]) as server:
        assert await text_of(chat(server, sleep=naps)) == "ok"
    assert naps == [62.5, 62.5]


@pytest.mark.parametrize(
    "line", [HttpError(429, "Tokens per day limit exceeded."), Raw('data: {"error": {"code": "insufficient_quota"}}\n\n')]
)
async def test_a_quota_that_is_used_up_is_not_asked_again(line: Line) -> None:
    with FakeOpenAI([line, "ok"]) as server:
        with pytest.raises(ModelError) as caught:
            await all_of(chat(server))
        assert (len(server.requests), caught.value.retryable) == (1, False)


async def test_a_wait_that_was_too_short_grows() -> None:
    naps = Naps()
    with FakeOpenAI([HttpError(429, "Please try again in 8ms.")] * 3 + ["ok"]) as server:
        assert await text_of(chat(server, sleep=naps)) == "ok"
    assert [naps[0], naps[1] >= 1.0, naps[2] >= 2.0] == [0.008, True, True]


async def test_a_wait_of_an_hour_is_not_waited_for() -> None:
    naps = Naps()
    with (
        FakeOpenAI([HttpError(429, "later", {"Retry-After": "3600"}), "ok"]) as server,
        pytest.raises(ModelError, match="It asks to wait 3600 s, more than the 60 s that are waited for") as caught,
    ):
        await all_of(chat(server, sleep=naps))
    assert (naps, caught.value.retryable, caught.value.retry_after_seconds) == ([], True, 3600.0)


WORDLESS: dict[str, Line] = {
    "broken after the role": BreaksOff(Reply("lost words"), 1),
    "broken before all": BreaksOff(Reply("lost words"), 0),
    "ended before all": Raw(""),
    "an error for now": Raw('data: {"error": {"message": "upstream is overloaded", "code": 502}}\n\n'),
    "an error without a number": Raw('data: {"error": {"message": "engine died"}}\n\n'),
}


@pytest.mark.parametrize("line", WORDLESS.values(), ids=WORDLESS)
async def test_an_answer_that_breaks_before_its_first_word_is_tried_again(line: Line) -> None:
    with FakeOpenAI([line, "ok"]) as server:
        assert await text_of(chat(server)) == "ok"


async def test_a_reply_that_breaks_off_half_way_is_not_begun_again() -> None:
    with FakeOpenAI([BreaksOff(Reply("Your order is on its way"), 2), "ok"]) as server:
        deltas = aiter(chat(server).stream(HELLO))
        assert await anext(deltas) == TextDelta("Your or")
        with pytest.raises(ModelError, match="broke off") as caught:
            await anext(deltas)
        assert (caught.value.retryable, len(server.requests)) == (True, 1)


# ---- what each failure says ----

WRONG_KEY = "sk-proj-1234567890abcdef"
FAILURES: dict[str, tuple[Line, str]] = {
    "a wrong key": (
        HttpError(401, f"Incorrect API key provided: {WRONG_KEY}."),
        "AT refuses the key given as api_key= (401): Incorrect API key provided: ***. "
        "Give api_key=, or set OPENAI_BASE_URL to this address and OPENAI_API_KEY to its key.",
    ),
    "a key that may not": (HttpError(403, "No access."), "AT does not let the key given as api_key= use 'fake' (403): No access."),
    "no such model": (HttpError(404, "model 'fake' not found"), "There is no model 'fake' at AT (404): model 'fake' not found."),
    "no credit": (
        HttpError(429, "You exceeded your current quota, please check your plan and billing details."),
        "The account behind the key given as api_key= has no credit left at AT (429): "
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "a bad request": (HttpError(400, "the messages are empty"), "AT refuses the request for 'fake' (400): the messages are empty."),
    "a body of its own making": (
        HttpError(422, body={"detail": [{"loc": ["body", "messages"], "msg": "empty"}]}),
        'AT refuses the request for \'fake\' (422): {"detail": [{"loc": ["body", "messages"], "msg": "empty"}]}.',
    ),
    "a page that refuses": (
        HttpError(405, body="<html><h1>Not Allowed</h1></html>"),
        "AT refuses the request for 'fake' (405): Not Allowed.",
    ),
    "no tools": (
        HttpError(400, "registry/gemma:2b does not support tools"),
        "'fake' at AT takes no tools (400): registry/gemma:2b does not support tools. With takes_tools=False calls are written as text.",
    ),
    "no tools, said as trouble": (
        HttpError(500, "tools param requires --jinja flag"),
        "'fake' at AT takes no tools (500): tools param requires --jinja flag. With takes_tools=False calls are written as text.",
    ),
    "a filtered request": (
        HttpError(400, body={"error": {"message": "The response was filtered.", "code": "content_filter"}}),
        "The content filter of AT refuses the request (400): The response was filtered.",
    ),
    "a filtered reply": (
        Reply("", finish="content_filter"),
        "The content filter of AT stopped the reply of 'fake'. Word the request differently.",
    ),
    "a web page": (
        Raw("<!DOCTYPE html><title>Sign in</title><script>x()</script><p>Welcome to the hotel Wi-Fi", "text/html"),
        "AT answered with a web page: Sign in Welcome to the hotel Wi-Fi. Is it the base URL of an OpenAI-compatible API (.../v1)?",
    ),
    "JSON that is no completion": (
        Raw('{"status": "ok"}', "application/json"),
        'AT answered with something that is not a chat completion: {"status": "ok"}. '
        "Is it the base URL of an OpenAI-compatible API (.../v1)?",
    ),
    "an error in place of a reply": (
        Raw('data: {"error": {"message": "no such model", "code": 404}}\n\n'),
        "There is no model 'fake' at AT (404): no such model.",
    ),
}


@pytest.mark.parametrize(("line", "message"), FAILURES.values(), ids=FAILURES)
async def test_a_failure_says_what_was_seen_and_what_to_do(line: Line, message: str) -> None:
    with FakeOpenAI([line]) as server, pytest.raises(ModelError) as caught:
        await all_of(chat(server, api_key=WRONG_KEY))
    assert str(caught.value) == re.sub(r"\bAT\b", server.base_url, message)
    assert (caught.value.retryable, len(server.requests)) == (False, 1)


BROKEN = {
    "no finish": ('data: {"choices": [{"delta": {"content": "Hi"}}]}\n\ndata: [DONE]\n\n', "it ended without a finish reason."),
    "an error": (
        'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\ndata: {"error": {"message": "out of memory"}}\n\n',
        "out of memory.",
    ),
    "no JSON": ('data: {"choices": [{"delta": {"content": "Hi"}}]}\n\ndata: {"cho\n\n', "a piece of it is not JSON"),
    "no UTF-8": (b'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\ndata: "\xff"\n\n', "a piece of it is not JSON"),
}


@pytest.mark.parametrize(("events", "why"), BROKEN.values(), ids=BROKEN)
async def test_a_reply_that_breaks_in_the_middle_says_why(events: str | bytes, why: str) -> None:
    with FakeOpenAI([Raw(events)]) as server, pytest.raises(ModelError) as caught:
        await all_of(chat(server))
    assert str(caught.value).startswith(f"The answer of 'fake' at {server.base_url} broke off: {why}")


ENDLESS: dict[str, Callable[[], Line]] = {
    "a whole answer": lambda: Raw(" " * (LONGEST_EVENT + 1), "application/json"),
    "an event": lambda: Raw("data: " + "x" * LONGEST_EVENT),
}


@pytest.mark.parametrize("make_line", ENDLESS.values(), ids=ENDLESS)
async def test_of_an_answer_without_an_end_only_so_much_is_read(make_line: Callable[[], Line]) -> None:
    with (
        FakeOpenAI([make_line()]) as server,
        pytest.raises(ModelError, match="is not read: more than 67,108,864 bytes without an end") as caught,
    ):
        await all_of(chat(server))
    assert (caught.value.retryable, len(server.requests)) == (False, 1)


async def test_a_count_that_is_no_number_counts_nothing() -> None:
    reply = '{"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]'
    body = f'{reply}, "usage": {{"prompt_tokens": NaN, "completion_tokens": 1e999}}}}'
    with FakeOpenAI([Raw(body, "application/json")]) as server:
        assert (await chat(server).complete(HELLO)).usage == Usage(model_calls=1)


async def test_an_endpoint_that_is_not_there_is_named() -> None:
    with FakeOpenAI() as server:
        pass
    naps = Naps()
    with pytest.raises(ModelError, match=r"cannot be reached: Connection refused\. Is the server running") as caught:
        await all_of(chat(server, sleep=naps))
    assert server.base_url in str(caught.value)
    assert (caught.value.retryable, len(naps)) == (True, 3)


def asked_in_sync(model: OpenAIChat) -> None:
    Agent(model).run_sync("Hi")


def asked_in_a_loop(model: OpenAIChat) -> None:
    asyncio.run(Agent(model).run("Hi"))


def asked_in_a_stream(model: OpenAIChat) -> None:
    async def listen() -> None:
        async for _ in Agent(model).stream_emitted("Hi"):
            pass

    asyncio.run(listen())


def asked_in_a_workflow(model: OpenAIChat) -> None:
    sequential(Agent(model, name="writer"), step(str.strip)).run_sync("Hi")


def asked_while_another_error_is_handled(model: OpenAIChat) -> None:
    try:
        Path("/no/such/file").read_text()
    except OSError:
        asked_in_sync(model)


def asked_in_a_loop_while_another_error_is_handled(model: OpenAIChat) -> None:
    async def ask() -> None:
        try:
            raise KeyError("price")
        except KeyError:
            await Agent(model).run("Hi")

    asyncio.run(ask())


ASKED = [
    asked_in_sync,
    asked_in_a_loop,
    asked_in_a_stream,
    asked_in_a_workflow,
    asked_while_another_error_is_handled,
    asked_in_a_loop_while_another_error_is_handled,
]


@pytest.mark.parametrize("ask", ASKED)
@pytest.mark.parametrize(
    ("url", "reason"),
    {
        "nobody listens": ("http://127.0.0.1:{closed}/v1", "Connection refused. Is the server running?"),
        "nobody listens, by name": ("http://localhost:{closed}/v1", "Connection refused. Is the server running?"),
        "no such name": ("http://no-such-host.invalid/v1", "(Name or service|nodename|No address).* Is the address right"),
        "https where http is spoken": ("https://127.0.0.1:{open}/v1", r"no secure connection \(.+\)"),
    }.values(),
)
def test_the_real_reason_is_told_wherever_it_is_asked_from(ask: Callable[[OpenAIChat], None], url: str, reason: str) -> None:
    with FakeOpenAI() as server:
        closed = urlsplit(server.base_url).port
    with FakeOpenAI() as server:
        there = url.format(closed=closed, open=urlsplit(server.base_url).port)
        model = OpenAIChat("fake", base_url=there, max_tries=1, takes_tools=True)
        with pytest.raises(ModelError, match=f"cannot be reached: {reason}"):
            ask(model)


async def test_an_endpoint_that_says_nothing_is_given_up() -> None:
    with FakeOpenAI([FallsSilent(Reply("Hello"), 1)]) as server:
        with pytest.raises(ModelError, match=r"sent nothing for 0\.5 s. If 'fake' needs longer, give timeout_seconds=\."):
            await all_of(chat(server, timeout_seconds=0.5))
        assert len(server.requests) == 1


async def test_openai_without_a_key_is_refused_before_any_call() -> None:
    with pytest.raises(ModelError, match=r"There is no key for 'gpt-5-mini' at OpenAI\. Set OPENAI_API_KEY"):
        await all_of(OpenAIChat("gpt-5-mini"))


# ---- whose it is, and how long it lives ----


def test_one_model_serves_one_event_loop_after_another() -> None:
    with FakeOpenAI(["first", "second"]) as server:
        model = chat(server)
        assert asyncio.run(text_of(model)) == "first"
        gc.collect()
        assert asyncio.run(text_of(model)) == "second"


def test_a_reply_that_is_left_in_the_middle_leaves_nothing_open() -> None:
    async def first_piece(model: OpenAIChat) -> Delta:
        async with aclosing(model.stream(HELLO)) as deltas:  # type: ignore[type-var]
            return await anext(deltas)

    with FakeOpenAI([FallsSilent(Reply("Hello and goodbye"), 2)]) as server:
        assert asyncio.run(first_piece(chat(server))) == TextDelta("Hello a")
        assert server.hung_up.wait(60)


@pytest.mark.parametrize("events", [0, 2], ids=["before the first word", "after it"])
async def test_a_cancelled_reply_hangs_up(events: int) -> None:
    with FakeOpenAI([FallsSilent(Reply("Hello and goodbye"), events)]) as server:
        begun = asyncio.Event()

        async def listen() -> None:
            async for _ in chat(server).stream(HELLO):
                begun.set()

        task = asyncio.create_task(listen())
        if events:
            await begun.wait()
        else:
            await asyncio.to_thread(server.asked.wait, 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.hung_up.wait, 60)


@pytest.mark.parametrize("slots", [1, 2])
async def test_no_more_is_asked_at_once_than_the_endpoint_works_on(slots: int) -> None:
    under_way: list[int] = []
    # Passed only where two requests are under way: they are waited for as long as it takes where there may be two.
    two = threading.Barrier(2, timeout=0.2 if slots == 1 else 60)

    def line(body: Body) -> str:
        with suppress(threading.BrokenBarrierError):
            two.wait()
            under_way.append(2)
        return "hi"

    pages = {"/props": {"chat_template_caps": {"supports_tools": True}, "total_slots": slots}}
    with FakeOpenAI([line], repeat=True, pages=pages) as server:
        model = chat(server)
        assert await asyncio.gather(*(text_of(model) for _ in range(4))) == ["hi"] * 4
    assert under_way == ([2] * 4 if slots == 2 else [])


async def test_many_replies_at_once_do_not_mix() -> None:
    with FakeOpenAI([lambda body: f"reply to {body['messages'][0]['content']}"], repeat=True) as server:
        model = chat(server)
        texts = await asyncio.gather(*(text_of(model, ModelRequest((UserMessage(str(number)),))) for number in range(40)))
    assert texts == [f"reply to {number}" for number in range(40)]


async def test_no_client_follows_a_redirect() -> None:
    with (
        FakeOpenAI(["ok"]) as elsewhere,
        FakeOpenAI([HttpError(307, headers={"Location": f"{elsewhere.base_url}/chat/completions"})]) as server,
    ):
        async with httpx2.AsyncClient(follow_redirects=True) as client:
            with pytest.raises(ModelError, match="It was not sent there"):
                await all_of(chat(server, http_client=client))
    assert elsewhere.requests == []


def test_the_key_is_not_in_the_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    model = OpenAIChat("m", base_url="http://ada:secret@localhost:1/v1", api_key=WRONG_KEY)
    assert repr(model) == "OpenAIChat('m', base_url='http://localhost:1/v1')"
    assert WRONG_KEY not in repr(vars(model))


@pytest.mark.parametrize("url", ["localhost:11434/v1", "ftp://localhost/v1", "http://", "http://localhost:99999/v1", "http://[::1/v1"])
def test_what_is_no_base_url_is_said_at_once(url: str) -> None:
    with pytest.raises(UsageError, match="is not a base URL"):
        OpenAIChat("m", base_url=url)


def test_a_key_that_can_be_no_key_is_said_at_once_and_not_shown() -> None:
    with pytest.raises(UsageError, match="The key given as api_key= holds a character") as caught:
        OpenAIChat("m", api_key="sk-ключ")
    assert "ключ" not in str(caught.value)


async def test_the_key_of_the_environment_is_not_sent_over_plain_http_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    from sayso.agents.models.endpoint import find_endpoint

    monkeypatch.setenv("OPENAI_API_KEY", WRONG_KEY)
    assert find_endpoint("m", "http://10.0.0.7:8000/v1", None, 1).key == "none"
    assert find_endpoint("m", "http://10.0.0.7:8000/v1", "mine", 1).key == "mine"
    assert find_endpoint("m", "https://models.example.org/v1", None, 1).key == "none"
    monkeypatch.setenv("OPENAI_BASE_URL", "https://models.example.org/v1")
    assert find_endpoint("m", None, None, 1).key == WRONG_KEY


def test_importing_it_does_not_import_the_openai_client() -> None:
    code = (
        "import sys, sayso.agents.models.openai_chat, sayso.agents.models.named as n; n.model_from('m', base_url='http://localhost:1/v1');"
    )
    heavy = "print([m for m in ('openai', 'httpx2', 'pydantic', 'tenacity', 'genai_prices') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + heavy], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("[]\n", "")
