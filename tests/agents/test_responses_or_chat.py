"""Where a model is asked over the other protocol: no Responses API, or nothing else."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from sayso import Agent
from sayso.agents.messages import NativeCall, Reply, Sampling
from sayso.agents.models.openai_chat import OpenAIChat
from sayso.agents.models.openai_responses import OpenAIResponses
from sayso.testing.responses_rules import Body
from sayso.tools.errors import ModelError

from .fake_openai import FakeOpenAI, HttpError
from .fake_responses import FakeResponses
from .responses_desk import SEARCHES, WAYS, Naps, responses, run, search, tell, types


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_left_open() -> Iterator[None]:
    yield
    gc.collect()  # a socket left open warns here, and a warning fails the test


# ---- where there is no Responses API ----

NONE: dict[str, HttpError] = {
    "Ollama, llama.cpp, an older version": HttpError(404, body="404 page not found"),
    "FastAPI": HttpError(404, body={"detail": "Not Found"}),
    "OpenAI, behind a proxy": HttpError(404, "Invalid URL (POST /v1/responses)"),
    "Azure, an older version": HttpError(404, body={"error": {"code": "404", "message": "Resource not found"}}),
    "a server that has the path for something else": HttpError(405, body={"detail": "Method Not Allowed"}),
    "a model for the other API": HttpError(404, "This model is only supported in v1/chat/completions and not in v1/responses."),
    "a model for the other API, in other words": HttpError(400, "The requested model 'gpt' is not supported in the v1/responses endpoint."),
    "Azure": HttpError(400, "The responses operation does not work with the specified model, gpt. Please choose different model."),
    "a gateway": HttpError(400, "gpt does not support the Responses API"),
}


@WAYS
@pytest.mark.parametrize("answer", NONE.values(), ids=NONE)
async def test_a_model_without_the_responses_api_goes_on_over_chat_completions(way: str, answer: HttpError) -> None:
    calls = Reply("", (NativeCall("a", "search", '{"query": "burgers"}'),))
    with FakeOpenAI([calls, "Two.", "Here."], pages={"/v1/responses": answer}) as server:
        model = OpenAIResponses("gpt", base_url=server.base_url, takes_tools=True)
        assert (await run(way, Agent(model, tools=[search]), "Where?")).output == "Two."
        assert (await run(way, Agent(model), "Where exactly?")).output == "Here."
        assert len([seen for seen in server.looked_at if seen.startswith("/v1/responses")]) == 1


async def test_going_on_over_chat_completions_is_told_once() -> None:
    with FakeOpenAI(["One.", "Two."]) as server:
        agent = Agent(OpenAIResponses("gpt", base_url=server.base_url, takes_tools=True))
        assert await tell("", agent, "Hi") == ("One.", ["the Responses API"])
        assert await tell("", agent, "Hi") == ("Two.", [])


ONLY_RESPONSES = {
    "gpt-5-pro": "This model is only supported in v1/responses and not in v1/chat/completions.",
    "gpt-5.4": "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. "
    "Please use /v1/responses instead.",
    "gpt-5.6": "Function tools with reasoning_effort are not supported for gpt-5.6-terra in /v1/chat/completions. "
    "To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
}


@WAYS
@pytest.mark.parametrize("words", ONLY_RESPONSES.values(), ids=ONLY_RESPONSES)
async def test_a_model_that_has_only_the_responses_api_is_asked_so_from_then_on(way: str, words: str) -> None:
    with FakeResponses([SEARCHES, "Two.", "Bye."], pages={"/v1/chat/completions": HttpError(400, words)}) as server:
        model = OpenAIChat("gpt", base_url=server.base_url, takes_tools=True, sampling=Sampling(reasoning_effort="low"))
        agent = Agent(model, tools=[search])
        result = await run(way, agent, "Where?")
        assert result.output == "Two."
        assert (await run(way, agent, "Bye", history=result.messages)).output == "Bye."
        assert server.refused == []
        assert [path for path in server.paths if "/v1/" in path] == ["/v1/chat/completions", *["/v1/responses"] * 3]
        assert types(server.requests[2]) == ["user", "reasoning", "function_call", "function_call_output", "message", "user"]
        assert server.requests[0]["reasoning"] == {"effort": "low"}


async def test_going_on_over_the_responses_api_is_told_once() -> None:
    with FakeResponses(["One.", "Two."], pages={"/v1/chat/completions": HttpError(404, ONLY_RESPONSES["gpt-5-pro"])}) as server:
        agent = Agent(OpenAIChat("gpt", base_url=server.base_url, takes_tools=True))
        assert await tell("", agent, "Hi") == ("One.", ["chat completions"])
        assert await tell("", agent, "Hi") == ("Two.", [])


@WAYS
async def test_a_model_that_is_asked_in_no_way(way: str) -> None:
    neither = HttpError(400, ONLY_RESPONSES["gpt-5-pro"])
    with FakeOpenAI([neither], pages={"/v1/responses": NONE["a gateway"]}) as server:
        for made in (OpenAIChat, OpenAIResponses):
            server.requests.clear()
            with pytest.raises(ModelError) as raised:
                await run(way, Agent(made("gpt", base_url=server.base_url, takes_tools=True)), "Hi")
            assert "is not asked so over chat completions (400)" in str(raised.value)
            assert "is not asked so over the Responses API (400)" in str(raised.value)


@WAYS
@pytest.mark.parametrize("words", [ONLY_RESPONSES["gpt-5.4"], ONLY_RESPONSES["gpt-5.6"]])
async def test_a_gateway_without_the_responses_api_gives_tools_without_reasoning(way: str, words: str) -> None:
    def answer(body: Body) -> HttpError | Reply | str:
        if body.get("reasoning_effort") != "none":
            return HttpError(400, words)
        return "Two." if body["messages"][-1]["role"] == "tool" else Reply("", (NativeCall("a", "search", '{"query": "burgers"}'),))

    with FakeOpenAI([answer] * 6) as server:
        agent = Agent(OpenAIChat("gpt", base_url=server.base_url, takes_tools=True), tools=[search])
        assert (await run(way, agent, "Where?")).output == "Two."
        assert (await run(way, agent, "Where?")).output == "Two."
        assert [body.get("reasoning_effort") for body in server.requests] == [None, *["none"] * 4]
        assert len([seen for seen in server.looked_at if seen.startswith("/v1/responses")]) == 1


async def test_tools_without_reasoning_are_told() -> None:
    lines = [HttpError(400, ONLY_RESPONSES["gpt-5.6"]), "Hello."]
    with FakeOpenAI(lines) as server:
        agent = Agent(OpenAIChat("gpt", base_url=server.base_url, takes_tools=True), tools=[search])
        assert await tell("", agent, "Hi") == ("Hello.", ["chat completions", "reasoning"])


@WAYS
async def test_a_model_that_is_not_there_is_no_missing_api(way: str) -> None:
    with FakeResponses([HttpError(404, "The model 'gpt' does not exist or you do not have access to it.")]) as server:
        with pytest.raises(ModelError, match="There is no model 'gpt'"):
            await run(way, Agent(responses(server)), "Hi")
        assert server.paths == ["/v1/responses"]


@WAYS
async def test_what_an_endpoint_says_after_a_try_that_failed_counts_too(way: str) -> None:
    down = HttpError(503, "down")
    with FakeResponses([down, HttpError(400, "Tools are not supported with this model."), 'search("burgers")', "Two."]) as server:
        assert (await run(way, Agent(responses(server, takes_tools=None), tools=[search]), "Where?")).output == "Two."
    with FakeOpenAI([down, HttpError(400, ONLY_RESPONSES["gpt-5-pro"])], pages={"/v1/responses": NONE["a gateway"]}) as chat:
        model = OpenAIChat("gpt", base_url=chat.base_url, takes_tools=True, sleep=Naps())
        with pytest.raises(ModelError, match="is not asked so over the Responses API"):
            await run(way, Agent(model), "Hi")


@WAYS
async def test_runs_at_one_time_go_on_together(way: str) -> None:
    refusal = HttpError(400, ONLY_RESPONSES["gpt-5.6"])
    with FakeResponses(["Hello."] * 5, pages={"/v1/chat/completions": refusal}) as server:
        agent = Agent(OpenAIChat("gpt", base_url=server.base_url, takes_tools=True))
        results = await asyncio.gather(*(run(way, agent, "Hi") for _ in range(5)))
        assert [result.output for result in results] == ["Hello."] * 5
        assert len(server.requests) == 5
