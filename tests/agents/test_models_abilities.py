"""Servers that cannot say what they do yet: loading, down or busy. What they did not answer is asked again, not remembered."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

import pytest

from sayso.agents import Agent
from sayso.agents.models.abilities import UNANSWERED
from sayso.agents.models.openai_chat import OpenAIChat
from sayso.tools import tool

from .fake_openai import FakeOpenAI, HttpError
from .test_models_openai_chat import Naps, chat

# As llama.cpp's server says it, in answer to every path (build 11549 of 2026).
LOADING = HttpError(503, '{"error":{"message":"Loading model","type":"unavailable_error","code":503}}')
NO_TOOLS = {"chat_template_caps": {"supports_tools": False}, "total_slots": 1}
BAD_GATEWAY = HttpError(502, "<html>502 Bad Gateway</html>")


@tool.read
def weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: sunny"


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def in_turn(*pages: object) -> dict[str, object]:
    """Return the pages of a server whose /props answers in turn; the last answer stays."""
    answers: Iterator[object] = chain(pages[:-1], repeat(pages[-1]))
    return {"/props": lambda: next(answers)}


async def test_a_model_that_is_loading_is_waited_for_and_not_sent_tools_that_it_would_drop() -> None:
    naps = Naps()
    with FakeOpenAI(["weather(Oslo)", "Sunny."], pages=in_turn(LOADING, LOADING, LOADING, NO_TOOLS)) as server:
        agent = Agent(chat(server, sleep=naps), tools=[weather])
        assert (await agent.run("How is the weather in Oslo?")).output == "Sunny."
    assert naps == [1.0, 1.0, 1.0]
    assert [("tools" in body, body["stream"]) for body in server.requests] == [(False, True), (False, True)]


async def test_a_model_that_loads_for_longer_than_the_longest_silence_is_asked_all_the_same() -> None:
    naps = Naps()
    with FakeOpenAI(["Hello."], pages=in_turn(LOADING)) as server:
        assert (await Agent(chat(server, sleep=naps, timeout_seconds=2)).run("Hi")).output == "Hello."
    assert naps == [1.0, 1.0]


SILENT = {
    "a proxy whose server is not up": in_turn(BAD_GATEWAY, BAD_GATEWAY, NO_TOOLS),
    "a server that is overloaded": in_turn(HttpError(503, "busy"), HttpError(503, "busy"), NO_TOOLS),
}


@pytest.mark.parametrize("pages", SILENT.values(), ids=SILENT)
async def test_what_a_server_did_not_answer_is_asked_again_in_the_next_run(pages: dict[str, object]) -> None:
    with FakeOpenAI(["I cannot tell.", "weather(Oslo)", "Sunny."], pages=pages) as server:
        agent = Agent(chat(server), tools=[weather])
        assert (await agent.run("How is the weather in Oslo?")).output == "I cannot tell."
        assert (await agent.run("How is the weather in Oslo?")).output == "Sunny."
    assert [("tools" in body, body.get("stream", False)) for body in server.requests] == [(True, False), (False, True), (False, True)]
    assert server.looked_at == ["/props"] * 3


async def test_a_server_that_is_not_started_yet_has_answered_nothing() -> None:
    model = OpenAIChat("fake", base_url="http://127.0.0.1:9/v1")  # the discard port: nobody listens
    assert await model.abilities() == UNANSWERED


async def test_a_server_elsewhere_that_is_known_by_its_url_only_streams_to_nobody_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeOpenAI(["Hello."], pages=in_turn(NO_TOOLS)) as server:
        monkeypatch.setenv("HTTP_PROXY", server.base_url.removesuffix("/v1"))  # it plays every host
        assert (await Agent("http://llama.example:8080/v1#fake").run("Hi")).output == "Hello."
    assert (server.looked_at, server.requests[0]["stream"]) == (["/props"], True)
